"""Sphinx extension: the pages ask no third party. MathJax and the style sheet come along."""

import importlib.util
from pathlib import Path

from sphinx.util.fileutil import copy_asset

__all__ = ["setup"]

_MATHJAX = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent / "static/mathjax"
# Only what the pages use: 1.6 MB of the package's 24.
_COPIES = [
    (_MATHJAX / "tex-mml-chtml.js", "mathjax"),
    (_MATHJAX / "output/chtml/fonts/woff-v2", "mathjax/output/chtml/fonts/woff-v2"),
    (Path(__file__).with_name("book.css"), ""),
]


def setup(app):
    """Register the extension."""
    app.config.mathjax_path = "mathjax/tex-mml-chtml.js"
    app.add_css_file("book.css")
    app.connect("html-page-context", _mend)
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _mend(app, name, template, context, doctree):
    """Give the references a role that their list may hold; docutils writes a deprecated one."""
    context["body"] = context.get("body", "").replace('role="doc-biblioentry"', 'role="listitem"')


def _copy(app, exception):
    if exception is None and app.builder.format == "html":
        for source, target in _COPIES:
            folder = Path(app.outdir, "_static", target)
            folder.mkdir(parents=True, exist_ok=True)
            copy_asset(source, folder)

"""Sphinx extension: what comes along with the pages.

MathJax and the style sheet, so that the pages ask no third party, and the study notebooks, which
the download button of a page gives out; and what the pages load without using it goes.
"""

import importlib.util
import shutil
from pathlib import Path

from sphinx.util.fileutil import copy_asset

from descent.book.slim import slim

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
    app.connect("html-page-context", _offer, priority=900)  # when the theme's buttons are there
    app.connect("build-finished", _copy, priority=900)  # when the theme's style sheets are there
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _mend(app, name, template, context, doctree):
    """Give the references a role that their list may hold; docutils writes a deprecated one."""
    context["body"] = context.get("body", "").replace('role="doc-biblioentry"', 'role="listitem"')


def _study(app):
    """Return where the build has put the study notebooks."""
    return Path(app.srcdir, "_build", "study")


def _offer(app, name, template, context, doctree):
    """Let the download button give the study notebook and tell how to run it, not the source."""
    notebook = f"{Path(name).name}.ipynb"
    offered, start = [], context["pathto"]("intro").rstrip("#")
    if (_study(app) / notebook).is_file():
        offered = [
            {"type": "link", "url": context["pathto"](f"study/{notebook}", 1), "text": "notebook",
             "icon": "fas fa-download", "label": "download-study-button",
             "tooltip": "This page as a notebook: exercises to fill in, solutions folded"},
            {"type": "link", "url": f"{start}#working-in-the-notebooks",
             "text": "how to run it", "icon": "fas fa-play", "label": "how-to-run-button",
             "tooltip": "JupyterLab, VS Code, Colab, your own Python"},
        ]
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            group["buttons"] = offered + [button for button in group["buttons"]
                                          if button["type"] != "link"]


def _copy(app, exception):
    if exception is None and app.builder.format == "html":
        if _study(app).is_dir():
            shutil.copytree(_study(app), Path(app.outdir, "study"), dirs_exist_ok=True)
        for source, target in _COPIES:
            folder = Path(app.outdir, "_static", target)
            folder.mkdir(parents=True, exist_ok=True)
            copy_asset(source, folder)
        slim(app.outdir)

"""Sphinx extension: sections marked `{.deeper}` are folded on the page, under their headings.

What stands open is a first reading; under a chapter's title stands how long it takes and how many
sections are folded. `fold.js` opens what a link, a search hit or the browser's own search leads
into, and all of them for print or by one button. The directive `first-readings` lists how long
all first readings take.
"""

import re
import shutil
from pathlib import Path

import nbformat
from docutils import nodes

from descent.book.ledger import Page
from descent.book.reading import first_reading, readings

__all__ = ["setup"]

_SCRIPT = Path(__file__).with_name("fold.js")
_OPEN, _BETWEEN, _CLOSE = '<details class="descent-deeper"><summary>', "</summary>", "</details>"
_PERMALINK = re.compile(r'(<summary><h\d>(?:(?!</h\d>).)*?)<a class="headerlink".*?</a>(?=</h\d>)',
                        re.S)


def _fold(app, document, page):
    """Fold the marked sections of a page; say under its title what stands open."""
    marked = [section for section in document.findall(nodes.section)
              if "deeper" in section["classes"]]
    if not marked or app.builder.format != "html":
        return
    for section in marked:
        title = section.index(next(section.findall(nodes.title)))
        for place, html in ((title + 1, _BETWEEN), (title, _OPEN), (len(section) + 2, _CLOSE)):
            section.insert(place, nodes.raw("", html, format="html"))
    whole = next(document.findall(nodes.section))
    whole.insert(whole.index(next(whole.findall(nodes.title))) + 1,
                 nodes.raw("", _lead(app.env.doc2path(page)), format="html"))


def _lead(path):
    count = first_reading(nbformat.read(path, as_version=4).cells)
    return (f'<p class="descent-lead">First reading: about {count.minutes} minutes. '
            f"{count.deeper} sections go deeper and are folded; nothing outside them needs them. "
            '<button type="button" hidden>Open all</button></p>')


class Readings(Page):
    """How long the first reading of each chapter takes."""

    def lines(self, found):
        """Return the Markdown."""
        return readings(found)


def _load(app, name, template, context, doctree):
    body = context.get("body", "")
    if _OPEN in body:  # a link inside a button is no good place for either
        context["body"] = _PERMALINK.sub(r"\1", body)
        app.add_js_file(_SCRIPT.name, loading_method="defer")


def _copy(app, exception):
    if exception is None and app.builder.format == "html":
        shutil.copyfile(_SCRIPT, Path(app.outdir, "_static", _SCRIPT.name))


def setup(app):
    """Register the extension."""
    app.add_directive("first-readings", Readings)
    app.connect("doctree-resolved", _fold)
    app.connect("html-page-context", _load)
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

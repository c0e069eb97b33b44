"""Sphinx extension: the answer cell of an exercise becomes a place where it is answered.

The page shows the cell as it was; `answers.js` puts an editor there. An exercise that hands in a
function, and has no cell, gets one with a stub. What needs torch says so. The directive
`exercise-progress` is where the index shows what is solved. Below a playground whose rule can be
changed `rule.js` puts an editor, too.
"""

import inspect
import re
import shutil
from pathlib import Path

from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective
from sphinx_exercise.nodes import is_exercise_node

from descent import exercises
from descent.book.inpage import pack
from descent.book.inpage.desk import NEEDS_TORCH

__all__ = ["answer_place", "setup", "stub"]

_FOLDER = Path(__file__).parent
_KEPT, *_EDITOR = "inpage/kept.js", "inpage/runner.js", "inpage/editor.js"
_ANSWERS, _RULE = "inpage/answers.js", "inpage/rule.js"
_CHANGEABLE = '"source":"def '  # in what a playground holds, if its rule can be changed
_CHECK = re.compile(r'check\(\s*(f?)"([^"]+)"\s*,\s*(\w+)')


class answer_place(nodes.General, nodes.Element):
    """The place of an answer; its attributes become those of an element, its cell is inside."""


class progress(nodes.General, nodes.Element):
    """The place on the index for what is solved."""


def stub(name, function="your_function"):
    """Return what an empty answer looks like: a function that takes what the exercise gives."""
    signature = str(inspect.signature(exercises.find(name).reference))
    return (f"def {function}{signature}:\n    raise NotImplementedError\n\n\n"
            f'check("{name}", {function});')


def _place(app, document):
    """Put the answer cell of each exercise into a place of its own."""
    page = app.env.docname
    notebook = f"{'../' * page.count('/')}study/{Path(page).name}.ipynb"
    for exercise in list(document.findall(is_exercise_node)):
        cell, source = _cell(exercise)
        found = _CHECK.findall(source or exercise.astext())
        if not found:
            continue
        if any(formatted or name in NEEDS_TORCH for formatted, name, _ in found):
            _at_the_end(exercise, _elsewhere(notebook))
            continue
        place = answer_place(exercises=[name for _, name, _ in found],
                             functions=[function for *_, function in found])
        if cell:
            cell.replace_self(place)
            place += cell
        else:
            _, name, function = found[0]
            place += nodes.literal_block(text := stub(name, function), text, language="ipython3")
            _at_the_end(exercise, place)


def _cell(exercise):
    """Return the code cell of an exercise and its text, or two None."""
    for cell in exercise.findall(nodes.container):
        if "cell" in cell["classes"]:
            text = next(cell.findall(nodes.literal_block)).astext()
            if _CHECK.search(text):
                return cell, text
    return None, None


def _at_the_end(exercise, node):
    content = next((child for child in exercise.children if isinstance(child, nodes.section)),
                   exercise)
    content += node


def _elsewhere(notebook):
    words = nodes.paragraph(classes=["descent-elsewhere"])
    words += nodes.Text("This one needs PyTorch, which a page does not have. Work it in the ")
    words += nodes.raw("", f'<a href="{notebook}" download>study notebook</a>', format="html")
    words += nodes.Text(".")
    return words


class Progress(SphinxDirective):
    """The directive of the index."""

    def run(self):
        """Return the place."""
        return [progress()]


def _open_place(translator, node):
    given = {"data-exercise": " ".join(node["exercises"]),
             "data-functions": " ".join(node["functions"])}
    translator.body.append(translator.starttag({}, "div", "", CLASS="descent-answer", **given))


def _open_progress(translator, node):
    translator.body.append(translator.starttag({}, "div", "", CLASS="descent-progress", **{
        "data-elsewhere": " ".join(sorted(NEEDS_TORCH))}))


def _close(translator, node):
    translator.body.append("</div>\n")


def _load(app, name, template, context, doctree):
    """Let pages with places for answers or rules to change, and the index, load what they need."""
    answers = bool(doctree and next(doctree.findall(answer_place), None))
    solved = bool(doctree and next(doctree.findall(progress), None))
    rule = _CHANGEABLE in context.get("body", "")
    scripts = [*[_KEPT] * (answers or rule or solved), *_EDITOR * (answers or rule),
               *[_ANSWERS] * answers, *[_RULE] * rule]
    if scripts:
        app.add_css_file("inpage/inpage.css")
    for script in scripts:
        app.add_js_file(script, loading_method="defer")


def _copy(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    packed = Path(app.srcdir, pack.CACHE, "python.js")
    if not packed.is_file():
        raise ExtensionError("there is no Python for the pages: run "
                             "`python -m descent.book.build`, which fetches and packs it")
    folder = Path(app.outdir, "_static", "inpage")
    folder.mkdir(parents=True, exist_ok=True)
    scripts = (_FOLDER.parent / name for name in (_KEPT, *_EDITOR, _ANSWERS, _RULE))
    for source in (packed, _FOLDER / "inpage.css", *scripts):
        shutil.copyfile(source, folder / source.name)


def setup(app):
    """Register the extension."""
    app.add_node(answer_place, html=(_open_place, _close))
    app.add_node(progress, html=(_open_progress, _close))
    app.add_directive("exercise-progress", Progress)
    app.connect("doctree-read", _place)
    app.connect("html-page-context", _load)
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

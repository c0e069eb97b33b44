"""Handouts: a chapter for a class, without its solutions, as a notebook and as a PDF to write on.

    python -m descent.book.handout NAME...    write handout/NAME.ipynb and handout/NAME.pdf

The notebook is the study notebook less what tells an answer. The PDF is the built page, printed:
what is folded stands open, and below each exercise there is room. A notebook that somebody has
changed is not written over.
"""

import argparse
import re
import sys
from copy import deepcopy
from pathlib import Path

from lxml.html import builder
from nbformat.v4 import new_code_cell, new_markdown_cell

from descent.book.build import editions, execute
from descent.book.ledger import anchor
from descent.book.paper import print_pages
from descent.book.pdf import read
from descent.book.study import place
from descent.book.translate import Course, stamped

__all__ = ["handout", "main", "worksheet"]

_ABOUT = """\
**A handout: {title}, without its solutions.** It is the chapter's study notebook. Write each answer
into the empty cell below its exercise; `check` judges it, and says more at each try. It needs the
course's package, as the next cell says."""
_RECORD = """\
# To hand in what `check` says, put in your name, take the # away, run this first.
# from descent.exercises import record
# record("my-name.json", student="My Name")"""
_TOLD = "(?:Answers|What you may have .*)"  # the titles of folded boxes that answer a question
_BOX = re.compile(rf"<details>\n<summary><b>{_TOLD}</b></summary>\n.*?</details>", re.S)
_NO_MORE_TRUE = re.compile(r" ?\[Solution\]\(#solution-[\w-]+\)| ?The solutions are folded away\.")
_ELSEWHERE = re.compile(r"\[([^\[\]]*)\]\([^()\s]*solution-[\w-]+\)")


def handout(edition, page):
    """Return an `Edition`'s notebook without what tells an answer, given the chapter's source.

    Besides the solutions these are boxes of answers, what a later cell needs of a solution
    (`needed-later`), and from a cell tagged `gives-away` all up to the next `##`.
    """
    title = _heading(page.cells[0])
    later, spoiling = ({cell.id for cell in _tagged(page, tag)}
                       for tag in ("needed-later", "gives-away"))
    notebook, hidden = deepcopy(edition.notebook), False
    start, *rest = notebook.cells
    notebook.cells = [new_markdown_cell(_ABOUT.format(title=title), id="handout"), start,
                      new_code_cell(_RECORD, id="record")]
    for cell in rest:
        hidden |= cell.id in spoiling
        if cell.cell_type == "markdown":
            if hidden and (ahead := re.search(r"^## .*", cell.source, re.M | re.S)):
                cell.source, hidden = ahead[0], False
            text = _BOX.sub("", _NO_MORE_TRUE.sub("", cell.source))
            cell.source = _ELSEWHERE.sub(r"\1", text).strip("\n")
        if not (hidden or cell.id in later or re.match("solutions?(-|$)", cell.id)):
            notebook.cells.append(cell)
    return stamped(notebook)


def _tagged(page, tag):
    return [cell for cell in page.cells if tag in cell.metadata.get("tags", [])]


def _heading(cell):
    return re.search(r"^#+ (.+?)\s*$", cell.source, re.M)[1]


def worksheet(page, spoiling=()):
    """Turn a `Page` that was read without its answers into the `Part` of a handout; return it.

    Below each exercise there is room, 20 mm and 3 for each of its minutes. `spoiling` names the
    sections from which on nothing is printed of the section around.
    """
    body = page.part.body
    for section in spoiling:
        first = body.get_element_by_id(f"{body.get('id')}:{section}").getparent()
        for later in [*first.itersiblings(), first]:
            later.drop_tree()
    for box in body.find_class("admonition"):
        if re.fullmatch(_TOLD, " ".join(box[0].text_content().split())):
            box.drop_tree()
    for exercise in body.find_class("exercise"):
        for output in exercise.find_class("cell_output"):
            output.drop_tree()
        said = "".join(effort.text_content() for effort in exercise.find_class("exercise-effort"))
        minutes = re.search(r"\d+", said)
        exercise.addnext(builder.DIV(builder.CLASS("descent-room"), style=(
            f"height: {20 + 3 * (int(minutes[0]) if minutes else 10)}mm")))
    for element in body.iter():
        element.tail = element.tail and _NO_MORE_TRUE.sub("", element.tail)
    next(body.iter("h1")).addnext(builder.P("Name:", builder.CLASS("descent-named")))
    return page.part


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m descent.book.handout")
    parser.add_argument("names", nargs="+", metavar="NAME", help="chapters, such as adam")
    chosen = parser.parse_args(arguments)
    root = Path.cwd()
    if not (root / "_config.yml").is_file():
        parser.error(f"no _config.yml in {root}: run this where the book lies")
    known = sorted(path.stem for path in root.glob("chapters/*.ipynb"))
    if unknown := [name for name in chosen.names if name not in known]:
        parser.error(f"NAME must be one of {', '.join(known)}, got {', '.join(unknown)}")
    try:
        return _write(root, chosen.names)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1


def _write(root, names):
    if not execute(root):
        return 1
    made, course, site = editions(root), Course(root), root / "_build" / "html"
    for name in names:
        page = read(site, f"chapters/{name}", answers=False)
        source, path = course.pages[name], root / "handout" / f"{name}.ipynb"
        print(f"{path.relative_to(root)}: {place(handout(made[name], source), path)}")
        pdf = path.with_suffix(".pdf")
        spoiling = [anchor(_heading(cell)) for cell in _tagged(source, "gives-away")]
        print_pages([worksheet(page, spoiling)], pdf, site, title=f"{page.part.head}, a handout")
        print(f"{pdf.relative_to(root)}: written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

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

from nbformat.v4 import new_code_cell, new_markdown_cell
from playwright.sync_api import Error, sync_playwright

from descent.book.browser import ARGUMENTS, find
from descent.book.build import editions, execute
from descent.book.ledger import anchor
from descent.book.study import place
from descent.book.translate import Course, stamped

__all__ = ["handout", "main", "printed"]

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

# What becomes of a page before it is printed. A minute of an exercise is 3 mm of room.
_PREPARE = """([told, spoiling]) => {
    for (const box of document.querySelectorAll(".solution"))
        box.remove();
    for (const box of document.querySelectorAll(".admonition.dropdown"))
        if (new RegExp(`^${told}$`).test(box.querySelector(".admonition-title").textContent.trim()))
            box.remove();
    for (const first of spoiling.map((id) => document.getElementById(id))) {
        while (first.nextElementSibling) first.nextElementSibling.remove();
        first.remove();
    }
    for (const exercise of document.querySelectorAll(".exercise")) {
        const said = exercise.querySelector(".exercise-effort")?.textContent.match(/\\d+/);
        const room = document.createElement("div");
        room.className = "descent-room";
        room.style.height = `${20 + 3 * (said ? Number(said[0]) : 10)}mm`;
        exercise.after(room);
        exercise.querySelectorAll(".cell_output").forEach((output) => output.remove());
    }
    for (const link of document.querySelectorAll("a[href]"))
        if (!/^(#|https?:)/.test(link.getAttribute("href"))) link.removeAttribute("href");
    for (const line of document.querySelectorAll("#exercises > p"))
        line.innerHTML = line.innerHTML.replace(/ ?The solutions are folded away\\./, "");
    for (const image of document.images) image.loading = "eager";
    const named = document.createElement("p");
    named.className = "descent-named";
    named.textContent = "Name: ";
    document.querySelector(".bd-article h1").after(named);
    document.title = document.title.replace(/ \\u2014 .*/, ", a handout");
    dispatchEvent(new Event("beforeprint"));   // opens what is folded, draws what is put off
}"""
_DRAWN = """() => [...document.images].every((image) => image.complete)
    && [...document.querySelectorAll(".descent-playground")].every((one) => one.dataset.ready)"""
_STYLE = """
.descent-room { margin: 0 0 1.5rem; border: 1px solid #889; break-inside: avoid; }
.descent-named { border-bottom: 1px solid #889; width: 60%; color: #48566b; }
details.hide.above-input:not([open]), .descent-lead button, .descent-rule { display: none; }
.bd-article { padding: 0; }
.bd-article pre { white-space: pre-wrap; }
div.cell_input { break-inside: avoid; }
#jb-print-toc { display: none; }"""
_FOOT = """<div style="width:100%;font-size:8px;text-align:center;color:#48566b">
<span class="title"></span> &nbsp; <span class="pageNumber"></span> of
<span class="totalPages"></span></div>"""


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


def printed(page, path, spoiling=()):
    """Print a built page to a PDF, light, with room to answer; `spoiling` are ids of its sections.

    Raises ValueError where there is no Chromium, or the file cannot be written.
    """
    if (chromium := find()) is None:
        raise ValueError("no Chromium or Chrome is found: `python -m descent.book.browser` "
                         "installs it")
    draft = path.with_name(f"{path.name}.draft")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        view = browser.new_page(color_scheme="light")
        view.route(re.compile(r"/_static/inpage/.*\.js"), lambda route: route.abort())
        view.goto(page.resolve().as_uri())
        view.wait_for_function("() => globalThis.MathJax?.startup?.promise")
        view.evaluate("() => MathJax.startup.promise")
        view.add_style_tag(content=_STYLE)
        view.evaluate(_PREPARE, [_TOLD, list(spoiling)])
        view.wait_for_function(_DRAWN)
        try:
            view.pdf(path=draft, format="A4", scale=0.8, tagged=True, outline=True,
                     print_background=True, display_header_footer=True,
                     header_template="<span></span>", footer_template=_FOOT,
                     margin={"top": "16mm", "bottom": "16mm", "left": "18mm", "right": "18mm"})
            draft.replace(path)
        except (Error, OSError) as error:
            draft.unlink(missing_ok=True)
            raise ValueError(f"{path} cannot be written: {error}") from error
        finally:
            browser.close()


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
    made, course = editions(root), Course(root)
    for name in names:
        page = root / "_build" / "html" / "chapters" / f"{name}.html"
        if not page.is_file():
            raise ValueError("the book is not built as it now is: run `make book` first")
        source, path = course.pages[name], root / "handout" / f"{name}.ipynb"
        print(f"{path.relative_to(root)}: {place(handout(made[name], source), path)}")
        pdf = path.with_suffix(".pdf")
        printed(page, pdf, [anchor(_heading(cell)) for cell in _tagged(source, "gives-away")])
        print(f"{pdf.relative_to(root)}: written")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""The built book as one PDF, to print or to read aloud.

    python -m descent.book.pdf [--short] [--paper letter] [NAME ...]

writes `_build/descent.pdf`: title, contents, every page in the order of `_toc.yml`, the solutions.
What is folded is open; the short book leaves it out. NAME is a page, such as sgd: it alone, or
several, as `_build/descent-sgd.pdf`. Nothing is written if a page of it would clip anything.
"""

import argparse
import re
import sys
import time
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import lxml.html
import yaml
from lxml.html import builder

from descent.book.ledger import contents
from descent.book.paper import PAPERS, Part, print_pages

__all__ = ["Page", "main", "read", "solutions", "write"]

_SHORT = ("Left out of this short book: {} sections that go deeper, and the code that the page "
          "folds. Nothing here needs them.")
_WHERE = "Interactive on the page chapters/{0}.html of the book, and in the notebook {0}.ipynb."
_HEADINGS = ("h1", "h2", "h3", "h4")
_LINK = re.compile(r"(?:.*/)?([\w-]+)\.html(?:#(.*))?")


class Page(NamedTuple):
    """A page of the book for paper, and the solutions that stood in it."""

    part: Part
    solutions: list


def read(site, file, short=False, answers=True):
    """Return a built page, such as chapters/sgd, as a `Page`; `short` leaves out what is folded.

    Its ids begin with its name, as in `sgd:derivation`, and links lead to such. Where a solution or
    answers stood a link is left; without `answers` nothing, nor code that is hidden on the page.
    Raises ValueError where the page is not built.
    """
    path, name = Path(site, f"{file}.html"), Path(file).name
    if not path.is_file():
        raise ValueError(f"{path} is not there: build the book first, `make book`")
    page = lxml.html.document_fromstring(path.read_text(encoding="utf8"))
    (body,) = page.iterfind(".//article")
    body.tag, body.attrib["class"] = "div", "paper-part"
    _address(body, path, name)
    _unfold(body, short, code=answers and not short)
    _place_widgets(body, path, name)
    taken = _take_solutions(body, name, answers)
    body.set("id", name)
    return Page(Part(_text(next(body.iter("h1"))), body), taken)


def _address(body, path, name):
    """Make ids and links those of the whole book, and other addresses absolute."""
    for element in body.iter(lxml.etree.Element):
        for key, value in element.items():
            if key == "id" and not value.startswith("descent-"):  # by these, widgets are drawn
                element.set(key, f"{name}:{value}")
            elif key == "xlink:href" or "url(#" in value:  # inside a picture
                element.set(key, re.sub(r"(^|url\()#", rf"\1#{name}:", value))
    for image in body.iter("img"):
        image.set("src", (path.parent / image.get("src")).resolve().as_uri())
        image.attrib.pop("loading", None)
    for link in list(body.iter("a")):
        address = link.get("href", "")
        if re.match("(https?|mailto):", address):
            continue
        to = _LINK.fullmatch(urljoin(path.name, address))
        if to and "headerlink" not in link.get("class", ""):
            link.set("href", f"#{to[1]}" + (f":{to[2]}" if to[2] else ""))
        elif to:
            link.drop_tree()
        else:  # a file to download
            link.drop_tag()


def _unfold(body, short, code):
    """Open what is folded, or leave it out and say so; hidden `code` too."""
    deeper = body.xpath(".//section[contains(@class, 'deeper')]")
    for lead in body.find_class("descent-lead"):
        minutes = re.match(r".*? minutes\.", lead.text_content())[0]
        said = _SHORT.format(len(deeper)) if short else (
            f"{len(deeper)} sections go deeper, with a line at their left; nothing outside them "
            "needs them.")
        lead.clear(keep_tail=True)
        lead.set("class", "descent-lead")
        lead.text = f"{minutes} {said}"
    for unwanted in body.xpath(".//button | .//*[@class='descent-progress']"):
        unwanted.drop_tree()
    if short:
        for section in deeper:
            above = section.getparent()
            section.drop_tree()
            if above.getparent() is not None and not above.findall("section"):
                above.drop_tree()  # it held these alone
    for fold in body.xpath(".//details"):
        (summary,) = fold.iterfind("summary")
        hides_code = "above-input" in fold.get("class", "")
        if hides_code and not code:
            fold.drop_tree()
        else:
            summary.drop_tree() if hides_code else summary.drop_tag()
            fold.drop_tag()
    for section in body.iter("section"):  # a page may end between a section's start and its heading
        heading = next((child for child in section if child.tag in _HEADINGS), None)
        if heading is not None and "id" in section.attrib:
            heading.set("id", section.attrib.pop("id"))
    for panels in body.find_class("descent-panels"):  # only a drawing brings its words into a PDF
        drawing = next(panels.iter("svg"))
        del drawing.attrib["aria-hidden"]
        for key in ("role", "aria-label"):
            drawing.set(key, panels.attrib.pop(key))


def _place_widgets(body, path, name):
    """Say below each widget where it can be moved."""
    for widget in body.find_class("descent-playground"):
        script = (path.parent / widget.get("data-script")).resolve()
        widget.set("data-script", script.as_uri())
        widget.addnext(builder.P(_WHERE.format(name), builder.CLASS("descent-where")))


def _take_solutions(body, name, answers):
    """Take what answers a question out of a page, leaving a link if so asked; return it."""
    exercises = {f"#{exercise.get('id')}": exercise for exercise in body.find_class("exercise")}
    taken = []
    for fold in body.find_class("dropdown"):
        fold.classes.discard("dropdown")
        title, solves = fold[0], "solution" in fold.classes
        section = next(fold.iterancestors("section"))
        if not solves and "deeper" in section.classes:
            continue  # a proof
        if "id" not in fold.attrib:  # a playground's answers
            fold.set("id", f"{name}:answers-{len(taken)}")
        link = builder.A("Solution" if solves else _text(title), href=f"#{fold.get('id')}")
        left = builder.P(link, ": at the end of the book", builder.CLASS("descent-where"))
        if solves and answers:
            exercises[next(title.iter("a")).get("href")].append(left)
        elif answers:
            fold.addprevious(left)
        if not solves:
            title.text += f" ({_text(next(section.iterchildren(*_HEADINGS)))})"
        fold.drop_tree()
        taken.append(fold)
    return taken


def solutions(pages):
    """Return the solutions of `Page`s as a `Part`, or None where there are none."""
    body = builder.DIV(builder.H1("Solutions", id="solutions"), builder.CLASS("paper-part"))
    for page in pages:
        if page.solutions:
            title = page.part.head
            body.append(builder.H2(title, id=f"solutions:{page.part.body.get('id')}"))
            body.extend(page.solutions)
    return Part("Solutions", body) if len(body) > 1 else None


def _text(element):
    return " ".join(element.text_content().split())


def _front(said, parts, short):
    """Return the function that makes title and contents, given the numbers of the pages.

    `said` is the book's configuration, `parts` holds pairs of a caption and a `Part`.
    """
    title = builder.DIV(builder.P(said["title"], builder.CLASS("name")), builder.P(
        "The optimizers of torch.optim, derived, written out, proved and measured",
        builder.CLASS("what")), builder.CLASS("paper-title"))
    if short:
        title.append(builder.P("The short book: the first readings", builder.CLASS("what")))
    licences = said["sphinx"]["config"]["html_theme_options"]["extra_footer"]
    title.append(builder.P(f"{said['author']}, {said['copyright']}. {licences}",
                           builder.CLASS("small")))
    headings = [(caption if above != caption else "", list(part.body.iter("h1", "h2")))
                for (above, _), (caption, part) in pairwise([("", None), *parts])]

    def front(numbers):
        listed = builder.DIV(builder.CLASS("paper-contents"))
        for caption, those in headings:
            if caption:
                listed.append(builder.P(caption, builder.CLASS("caption")))
            for heading in those:
                name = heading.get("id")
                listed.append(builder.P(
                    builder.A(builder.SPAN(_text(heading)),
                              builder.SPAN(str(numbers[name]), builder.CLASS("page")),
                              href=f"#{name}"),
                    builder.CLASS("chapter" if heading.tag == "h1" else "section")))
        return [Part("", deepcopy(title)),
                Part("Contents", builder.DIV(builder.H1("Contents"), listed))]

    return front


def write(root, target, names=(), *, short=False, paper="a4"):
    """Print the book of that folder, or the pages of these names, into a PDF; return its pages.

    Title and contents come first, unless it is a single page. Raises ValueError for a name that
    the book lacks, a page that is not built, and whatever `print_pages` refuses.
    """
    book = [(part.caption, file) for part in contents(root) for file in part.files]
    known = [Path(file).name for _, file in book]
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f"NAME must be one of {', '.join(known)}, got {', '.join(unknown)}")
    site, config = Path(root, "_build", "html"), Path(root, "_config.yml")
    said = yaml.safe_load(config.read_text(encoding="utf8"))
    chosen = [(caption, read(site, file, short)) for caption, file in book
              if not names or Path(file).name in names]
    listed = [(caption, page.part) for caption, page in chosen]
    if answers := solutions([page for _, page in chosen]):
        listed.append(("Answers", answers))
    title = said["title"] + (f": {', '.join(page.part.head for _, page in chosen)}" * bool(names))
    return print_pages(
        [part for _, part in listed], target, site, paper=paper, title=title,
        author=said["author"], front=_front(said, listed, short) if len(chosen) > 1 else None)


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m descent.book.pdf")
    parser.add_argument("names", nargs="*", metavar="NAME", help="pages, such as sgd; default: all")
    parser.add_argument("--short", action="store_true", help="leave out what is folded")
    parser.add_argument("--paper", choices=PAPERS, default="a4")
    chosen = parser.parse_args(arguments)
    root = Path.cwd()
    if not (root / "_toc.yml").is_file():
        parser.error(f"no _toc.yml in {root}: run this where the book lies")
    begin, paper = time.monotonic(), [chosen.paper] * (chosen.paper != "a4")
    name = "-".join(["descent", *chosen.names, *["short"] * chosen.short, *paper])
    target = root / "_build" / f"{name}.pdf"
    try:
        count = write(root, target, chosen.names, short=chosen.short, paper=chosen.paper)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{target}: {count} pages, {target.stat().st_size / 1e6:.1f} MB, "
          f"{time.monotonic() - begin:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Slides: what is to be seen in a chapter's first reading, as a deck, with its text as notes.

    python -m descent.book.slides [NAME...]    write _build/slides/NAME.html; all, if none is named

A deck is made of the built page: its figures, explorables, displayed equations, theorems, tables
and listings, each on a slide of its own, each section a title. What is folded stays out, and so do
exercises and references. The folder opens by a double click, and can be carried elsewhere.
"""

import argparse
import re
import shutil
from copy import copy
from pathlib import Path

from bs4 import BeautifulSoup

from descent.files import save
from descent.widgets.widget import FOLDER

__all__ = ["deck", "main"]

_OWN = ("slides.css", "slides.js")
_MATHJAX, _BASIC = "_static/mathjax", "_static/basic.css"  # what a sheet of the theme imports
_ITEMS = (".descent-playground, figure.descent-figure, .descent-table, div.math, .proof.theorem, "
          ".literal-block-wrapper, .pst-scrollable-table-container")
_LEFT = "details, .exercise, .solution, .headerlink, .descent-lead, .admonition.dropdown"
_UNREAD = re.compile(r"[\d.]* ?(?:Deeper|Exercises|References)")
_HEADS = ("h1", "h2", "h3", "h4", "h5")
_PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{styles}
<script>window.MathJax = {{"options": {{"processHtmlClass": "math"}}}}</script>
<script defer src="_static/mathjax/tex-mml-chtml.js"></script>
<script defer src="_static/slides.js"></script>
</head>
<body>
<main class="bd-content bd-article tex2jax_ignore mathjax_ignore">
{slides}
</main>
<script type="module">
{nearby}</script>
</body>
</html>
"""


def deck(page):
    """Return a built page as a deck: its HTML, and the files below the site's root that it needs.

    Raises ValueError for a page that shows nothing.
    """
    soup = BeautifulSoup(page, "html.parser")
    whole = soup.select_one("article.bd-article > section")
    for left in whole.select(_LEFT) if whole else ():
        left.decompose()
    slides = _slides(whole) if whole else []
    if not any(items for _, items, _ in slides):
        raise ValueError("the page holds nothing to show")
    shown = [_slide(soup, number, *slide) for number, slide in enumerate(slides, start=1)]
    files = [re.sub(r"^\.\./|\?.*", "", link["href"])
             for link in soup.select("link[rel=stylesheet]")]
    styles = [f'<link rel="stylesheet" href="{file}">' for file in (*files, "_static/slides.css")]
    html = "\n".join(map(str, shown))
    for place in ("data-script", "src"):
        for found in re.findall(rf'{place}="\.\./([^"]+)"', html):
            files.append(found)
            html = html.replace(f'{place}="../{found}"', f'{place}="{found}"')
    return _PAGE.format(title=f"{_words(whole.find('h1'))}: slides", slides=html,
                        styles="\n".join(styles),
                        nearby=(FOLDER / "nearby.js").read_text(encoding="utf8")), files


def _slides(section):
    """Return slides as (heading, items, notes): of a section, then of those in it."""
    heading, text, found = section.find(_HEADS, recursive=False), [], []
    if heading is None or _UNREAD.match(_words(heading)):
        return []
    sections = section.find_all("section", recursive=False)
    for block in section.find_all(recursive=False):
        if block in sections or block is heading:
            continue
        items = [block] if block in section.select(_ITEMS) else _outermost(block)
        if items:
            found.append([items, text, text := []])  # what stands before, and what follows
        elif _words(block) and "cell" not in block.get("class", ()):
            text.append(block)
    slides = [(heading, items, before + after) for items, before, after in found]
    if heading.name in ("h1", "h2") or (text and not slides):
        slides.insert(0, (heading, [], found[0][1] if found else text))
    return slides + [slide for inner in sections for slide in _slides(inner)]


def _outermost(block):
    found = block.select(_ITEMS)
    return [one for one in found if not any(other in one.parents for other in found)]


def _slide(soup, number, heading, items, notes):
    """Return the element of a slide."""
    title = _words(heading)
    slide = soup.new_tag("section", attrs={
        "class": "slide", "id": f"slide-{number}", "aria-label": title})
    head = soup.new_tag("h1", attrs={"class": "kicker" if items else "lead"})
    head.extend(copy(child) for child in list(heading.children))
    slide.append(head)
    if number == 1 and notes:
        slide.append(_plain(copy(notes[0])))
    if items:
        shown = soup.new_tag("div", attrs={"class": "shown"})
        shown.extend([*items])
        slide.append(shown)
    aside = soup.new_tag("aside", attrs={"class": "notes", "aria-label": "Notes"})
    aside.extend(_plain(copy(note)) for note in notes)
    slide.append(aside)
    return slide


def _plain(copied):
    """Return a copy of a text without ids, which must stay the only ones, and without links."""
    for one in (copied, *copied.find_all(True)):
        one.attrs.pop("id", None)
    for link in copied.find_all("a"):
        link.unwrap()
    return copied


def _words(element):
    return " ".join(element.get_text().split())


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m descent.book.slides")
    parser.add_argument("names", nargs="*", metavar="NAME", help="chapters; default: all")
    chosen = parser.parse_args(arguments)
    site, out = Path("_build", "html"), Path("_build", "slides")
    pages = {path.stem: path for path in sorted(site.glob("chapters/*.html"))}
    if not pages:
        parser.error(f"no chapters in {site}: run `make book` first")
    if unknown := [name for name in chosen.names if name not in pages]:
        parser.error(f"NAME must be one of {', '.join(pages)}, got {', '.join(unknown)}")
    (out / "_static").mkdir(parents=True, exist_ok=True)
    for name in _OWN:
        shutil.copy(Path(__file__).with_name(name), out / "_static")
    shutil.copytree(site / _MATHJAX, out / _MATHJAX, dirs_exist_ok=True)
    for name in chosen.names or pages:
        html, files = deck(pages[name].read_text(encoding="utf8"))
        for file in (*files, _BASIC):
            (out / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(site / file, out / file)
        save(html, out / f"{name}.html")
        print(f"Open it: {(out / f'{name}.html').resolve()}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

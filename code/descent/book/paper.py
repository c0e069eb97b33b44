"""HTML to one PDF, by Chromium: parts that are printed apart, two at a time, and joined.

Each part is a document of its own, since Chromium's time and memory grow faster than the pages.
What it cannot know of the others is put in when they are joined: the links between them, the
numbers of the pages, the bookmarks, and the tags that a PDF is read aloud by.
"""

import asyncio
import html
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import unquote

import lxml.html
import pikepdf
import pypdfium2
from lxml.html import builder
from playwright.async_api import async_playwright

from descent.book.browser import ARGUMENTS, chromium
from descent.book.notebooks import cores

__all__ = ["PAPERS", "Part", "clipped", "print_pages"]

PAPERS = {"a4": (210, 297), "letter": (215.9, 279.4)}  # mm
_MARGIN = {"top": 20, "side": 18, "bottom": 20}  # mm
_POINTS = 72 / 25.4  # in a mm
_HIGHEST = 72  # points: a higher line is none, but the stroke of a brace, which is cut to size
_STROKES = re.compile("[\ue000-\uf8ff]")  # of flat braces, cut likewise
_DRAWN = 9  # strokes, from which on a page has a figure, and not just a frame
_TITLES = ("h1", "h2", "h3", "h4", "h5", "h6")
_HEADINGS = {f"/{title.upper()}" for title in _TITLES}
_MINUTES = 5  # for which a part may be drawn, on a machine that is busy
_FOLDER = Path(__file__).parent
_ELSEWHERE = "descent-part:"  # stands before an id of another part until they are joined

_PAGE = """<!doctype html>
<html lang="en" data-theme="light"><head><meta charset="utf-8"><title>{title}</title>{styles}
<style>:root {{ --paper-width: {inside}mm; }}
@page {{ size: {width}mm {height}mm; margin: {top}mm {side}mm {bottom}mm;
@top-left {{ content: {head}; font: 8pt sans-serif; color: #48566b; }}
@bottom-center {{ content: {foot}; font: 8pt sans-serif; color: #48566b; }} }}</style>
{scripts}</head><body>{body}</body></html>"""
_MATHJAX = """<script>window.MathJax = {{ options: {{ enableMenu: false, enableAssistiveMml: false,
processHtmlClass: "math" }} }}</script><script defer src="{}"></script>"""


class Part(NamedTuple):
    """What begins on a page of its own: the words at the head of its pages, and its body.

    The body is an element of lxml whose ids are like no other part's, whose links `#ID` may lead to
    any part, and whose other addresses are absolute, those of widgets' scripts among them.
    """

    head: str
    body: lxml.html.HtmlElement


def print_pages(parts, target, site, *, paper="a4", title="Descent", author="", front=None):
    """Print the parts into the PDF `target`, with the look of the built `site`; return its pages.

    `front`, a function of a dict from every id to its page's number, returns the `Part`s that come
    first; their first page has no number. Raises ValueError for another paper than
    `PAPERS` has, where there is no browser, and where a page would clip, or be empty.
    """
    if paper not in PAPERS:
        raise ValueError(f"paper must be one of {', '.join(PAPERS)}, got {paper!r}")
    chromium()  # first: who has none need not wait for the rest
    target = Path(target).resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as folder:
        press = _Press(Path(folder), Path(site).resolve(), paper, title)
        wanted = _linked(parts, front)
        printed = press.print([_with_targets(part, wanted) for part in parts])
        places = _places(printed)
        if front:
            printed = _front(press, front, places) + printed
        whole = Path(folder, "whole.pdf")
        count = _join(printed, whole, press, title, author, bool(front))
        if complaints := clipped(whole, paper):
            raise ValueError(_said(target.name, complaints))
        whole.replace(target)
    return count


def clipped(path, paper="a4"):
    """Return what a page of a PDF would not show whole, as 'page N: what': a list of sentences.

    Looks at the place of all text and of every image, and for pages with neither.
    """
    width, height = (side * _POINTS for side in PAPERS[paper])
    side, above, below = (_MARGIN[name] * _POINTS - 2 for name in ("side", "top", "bottom"))
    complaints = []
    with pypdfium2.PdfDocument(path) as pdf:
        for number, page in enumerate(pdf, start=1):
            text = page.get_textpage()
            boxes = [text.get_rect(k) for k in range(text.count_rects())]
            images = [image.get_bounds() for image in page.get_objects(
                filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])]
            for left, low, right, high in boxes + images:
                sideways = left < side or right > width - side
                across = (low < 0 or high > height) and high - low < _HIGHEST
                if sideways or across:
                    said = text.get_text_bounded(left, low, right, high)
                    if not _STROKES.search(said):
                        complaints.append(f"page {number}: beyond the margin: {said!r}")
            drawn = sum(1 for _ in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_PATH]))
            if drawn < _DRAWN and not any(below < low and high < height - above
                                          for _, low, _, high in boxes + images):
                complaints.append(f"page {number}: empty")
            if (abs(page.get_width() - width) > 1) or (abs(page.get_height() - height) > 1):
                complaints.append(f"page {number}: not of the paper's size")
    return complaints


def _said(name, complaints):
    more = [f"and {len(complaints) - 20} more"] * (len(complaints) > 20)
    return "\n".join([f"{name} is not written, since not all would be seen:", *complaints[:20],
                      *more])


class _Press:
    """Prints parts into files of a folder, each by its number."""

    def __init__(self, folder, site, paper, title):
        self.folder, self.paper, self.title, self.count = folder, paper, title, 0
        self.headings = {}  # of each PDF, in order
        static = site / "_static"
        sheets = [*_sheets(site), _FOLDER / "print.css"]
        self.styles = "".join(f'<link rel="stylesheet" href="{sheet.as_uri()}">'
                              for sheet in sheets)
        self.mathjax = _MATHJAX.format((static / "mathjax" / "tex-mml-chtml.js").as_uri())

    def print(self, parts):
        """Print parts as they are; return the PDFs' paths."""
        paths = _run(self._print([
            self._page(lxml.html.tostring(part.body, encoding="unicode"), part.head,
                       part.body.xpath(".//@data-script")) for part in parts]))
        for path, part in zip(paths, parts, strict=True):
            self.headings[path] = [" ".join(heading.text_content().split())
                                   for heading in part.body.iter(*_TITLES)]
        return paths

    def numbers(self, count):
        """Print pages that hold nothing but their numbers; return the PDF's path."""
        empty = '<div style="break-after: page">&nbsp;</div>' * (count - 1) + "&nbsp;"
        return _run(self._print([self._page(empty, "", foot="counter(page)")]))[0]

    def _page(self, body, head, scripts=(), foot='""'):
        self.count += 1
        width, height = PAPERS[self.paper]
        quoted = '"' + head.replace("\\", "\\\\").replace('"', '\\"') + '"'
        drawing = "".join(f'<script src="{script}"></script>'
                          for script in dict.fromkeys(scripts))
        text = _PAGE.format(
            title=html.escape(self.title), styles=self.styles, width=width, height=height,
            inside=width - 2 * _MARGIN["side"], head=quoted, foot=foot, **_MARGIN,
            body=f'<article class="bd-article">{body}</article>{drawing}',
            scripts=self.mathjax if 'class="math' in body else "")
        path = self.folder / f"{self.count}.html"
        path.write_text(text, encoding="utf8")
        return path

    async def _print(self, pages):
        ready = (_FOLDER / "print.js").read_text(encoding="utf8")
        turn = asyncio.Semaphore(cores())
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)

            async def one(path):
                async with turn, await browser.new_context() as context:
                    page = await context.new_page()
                    page.set_default_timeout(_MINUTES * 60_000)
                    await page.emulate_media(media="print", color_scheme="light")
                    await page.goto(path.as_uri())
                    complaints = await page.evaluate(ready)
                    await page.pdf(path=path.with_suffix(".pdf"), prefer_css_page_size=True,
                                   print_background=True, tagged=True, outline=True)
                    return complaints

            complaints = await asyncio.gather(*map(one, pages))
            await browser.close()
        if found := [line for lines in complaints for line in lines]:
            raise ValueError(_said(self.title, found))
        return [path.with_suffix(".pdf") for path in pages]


def _run(coroutine):
    """Run it to its end, also where another loop is running: in Jupyter, beside a browser."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()


def _sheets(site):
    """Return the style sheets of the site's pages, in their order."""
    found = {}
    for path in sorted(site.glob("**/*.html")):
        if "_static" not in path.relative_to(site).parts:
            with path.open(encoding="utf8") as lines:
                head = "".join(takewhile(lambda line: "</head>" not in line, lines))
            for link in lxml.html.fromstring(head).iterfind(".//link[@rel='stylesheet']"):
                sheet = (path.parent / link.get("href").partition("?")[0]).resolve()
                found.setdefault(sheet)
    return list(found)


def _links(part):
    return [link for link in part.body.iter("a") if link.get("href", "").startswith("#")]


def _linked(parts, front):
    """Turn links into other parts to what is mended when they are joined; return all targets.

    A link that leads nowhere becomes its words.
    """
    ids = [{element.get("id") for element in part.body.iter() if element.get("id")}
           for part in parts]
    everywhere, wanted = set().union(*ids), set()
    for own, part in zip(ids, parts, strict=True):
        for link in _links(part):
            name = link.get("href")[1:]
            if name not in everywhere:
                link.drop_tag()
            elif name not in own:
                link.set("href", f"{_ELSEWHERE}{name}")
                wanted.add(name)
    if front:  # it may link to all
        wanted |= {link.get("href")[1:] for part in front(dict.fromkeys(everywhere, 0))
                   for link in _links(part)}
    return wanted


def _with_targets(part, wanted):
    """Add a hidden link to each place that another part links to: so Chromium notes where it is."""
    for name in [element.get("id") for element in part.body.iter() if element.get("id") in wanted]:
        part.body.append(builder.A(href=f"#{name}", hidden="hidden"))
    return part


def _places(paths):
    """Return by id the number of the page where it is, counted from 1 over all the PDFs."""
    places, ahead = {}, 0
    for path in paths:
        with pikepdf.open(path) as pdf:
            index = {page.objgen: number for number, page in enumerate(pdf.pages, start=1)}
            for name, place in pdf.Root.get("/Dests", {}).items():
                places[name[1:]] = ahead + index[place[0].objgen]
            ahead += len(index)
    return places


def _front(press, front, places):
    """Print what comes first, in which the numbers of the pages depend on how long it is itself."""
    length = 0
    while True:
        parts = front({name: number + length for name, number in places.items()})
        for link in (link for part in parts for link in _links(part)):
            link.set("href", f"{_ELSEWHERE}{link.get('href')[1:]}")
        paths, before = press.print(parts), length
        length = sum(map(_length, paths))
        if length == before:
            return paths


def _length(path):
    with pikepdf.open(path) as pdf:
        return len(pdf.pages)


def _join(paths, target, press, title, author, bare_first):
    """Join PDFs into one; return how many pages it has."""
    with ExitStack() as stack:
        whole = stack.enter_context(pikepdf.new())
        tags = whole.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.StructTreeRoot))
        document = whole.make_indirect(pikepdf.Dictionary(
            Type=pikepdf.Name.StructElem, S=pikepdf.Name.Document, P=tags, Lang="en"))
        pieces, by_page, places = [], [], {}
        for path in paths:
            part = stack.enter_context(pikepdf.open(path))
            ahead = len(whole.pages)
            _lighten_tags(part)
            _renumber_tags(part, len(by_page) // 2)
            whole.add_pages_from(part)  # with their bookmarks, and the links inside
            pages = {page.objgen: whole.pages[ahead + k].obj for k, page in enumerate(part.pages)}
            for name, (page, *where) in part.Root.get("/Dests", {}).items():
                places[name[1:]] = pikepdf.Array([pages[page.objgen], *where])
            own = whole.copy_foreign(part.Root.StructTreeRoot)
            for element in _list(own.K):
                element.S, element.P = pikepdf.Name.Part, document
                pieces.append(element)
            by_page += list(own.ParentTree.Nums)
        document.K, tags.K = pikepdf.Array(pieces), document
        tags.ParentTree = whole.make_indirect(pikepdf.Dictionary(Nums=pikepdf.Array(by_page)))
        tags.ParentTreeNextKey = len(by_page) // 2
        whole.Root.StructTreeRoot, whole.Root.Lang = tags, "en"
        whole.Root.MarkInfo = pikepdf.Dictionary(Marked=True)
        whole.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        whole.docinfo["/Title"], whole.docinfo["/Author"] = title, author
        _mend_links(whole, places)
        titles = [title for path in paths for title in press.headings[path]]
        with whole.open_outline() as outline:
            for mark, words in zip(_flat(outline.root), titles, strict=True):
                mark.title, mark.is_closed = words, True
        numbers = stack.enter_context(pikepdf.open(press.numbers(len(whole.pages))))
        for page, number in list(zip(whole.pages, numbers.pages, strict=True))[bare_first:]:
            page.add_overlay(number)
        whole.save(target, object_stream_mode=pikepdf.ObjectStreamMode.generate,
                   deterministic_id=True)
        return len(whole.pages)


def _lighten_tags(part):
    """Let elements hold their text themselves; Chromium gives each run of it an element, untold.

    In a PDF of code these are nine in ten of all its objects. A heading at the top of a page keeps
    the run that is seen: another is drawn below the page before. The cells of tables name their
    headings by ids that other parts have, too. These go: a heading's scope says the same.
    """
    tree = part.Root.StructTreeRoot
    numbers = dict(pikepdf.NumberTree(tree.ParentTree))
    by_page = {page.objgen: numbers[page.obj.StructParents] for page in part.pages
               if "/StructParents" in page.obj}
    ahead = [tree]
    while ahead:
        element = ahead.pop()
        kind = str(element.get("/S", ""))
        if kind in ("/TD", "/TH"):
            element.A = pikepdf.Array([said for said in element.A if "/Headers" not in said])
            if "/ID" in element:
                del element.ID
        kids = _list(element.K)
        for k, kid in enumerate(kids):
            if not isinstance(kid, pikepdf.Dictionary) or "/S" not in kid:
                continue
            content = kid.get("/K")
            if kind in _HEADINGS and isinstance(content, pikepdf.Array):
                content = content[-1]
                if isinstance(content, pikepdf.Dictionary) and "/MCID" in content:
                    kid.Pg, content = content.Pg, content.MCID
            if kid.S == "/NonStruct" and isinstance(content, int):
                page = kid.Pg
                by_page[page.objgen][content] = element
                if "/Pg" not in element:
                    element.Pg = page
                kids[k] = content if element.Pg.objgen == page.objgen else pikepdf.Dictionary(
                    Type=pikepdf.Name.MCR, Pg=page, MCID=content)
            elif content is not None:
                ahead.append(kid)
        element.K = pikepdf.Array(kids)


def _renumber_tags(part, ahead):
    """Let the tags of a part say where its pages' are when others lie ahead."""
    for page in part.pages:
        for one, key in [(page.obj, "/StructParents"),
                         *((note, "/StructParent") for note in page.obj.get("/Annots", []))]:
            if key in one:
                one[key] += ahead
    numbers = part.Root.StructTreeRoot.ParentTree.Nums
    for k in range(0, len(numbers), 2):
        numbers[k] += ahead


def _flat(marks):
    for mark in marks:
        yield mark
        yield from _flat(mark.children)


def _list(value):
    return list(value) if isinstance(value, pikepdf.Array) else [value]


def _mend_links(whole, places):
    """Lead the links from part to part to their places."""
    for page in whole.pages:
        for note in page.obj.get("/Annots", []):
            address = str(note.get("/A", {}).get("/URI", ""))
            if address.startswith(_ELSEWHERE):
                del note.A
                note.Dest = places[unquote(address.removeprefix(_ELSEWHERE))]

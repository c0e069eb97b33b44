"""What a reader has of the book: pages opened from files, and widgets on them."""

import re
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator

SITE = Path(__file__).parents[2] / "_build" / "html"
BASE = f"{SITE.as_uri()}/"


def text_of(name):
    """Return the text of a built page, none if the book is not built."""
    path = SITE / name
    return path.read_text(encoding="utf8") if path.is_file() else ""


def everything(text):
    """Return the elements, classes and widgets that stand in the text of a page."""
    article = re.sub(r"^.*?<article|</article>.*$", "", text, flags=re.DOTALL)
    return {*re.findall(r"<[a-z][a-z0-9-]*", article),
            *(one for found in re.findall(r'class="([^"]*)"', article) for one in found.split()),
            *widgets(article)}


def widgets(text):
    """Return the kinds of widgets in the text of a page, as who has no JavaScript is told."""
    return set(re.findall(r"cell be run: (\w+)", text))


def covering(pages, kinds=everything):
    """Return a few of the pages, by their names, that have between them whatever kind all have.

    `kinds` tells which a page's text has. Of two pages with as many that are new the smaller one is
    taken.
    """
    texts = {name: text_of(name) for name in pages}
    there = {name: kinds(text) for name, text in texts.items()}
    missing, chosen = set().union(*there.values()), []
    while missing:
        chosen.append(max(pages, key=lambda name: (len(there[name] & missing), -len(texts[name]))))
        missing -= there[chosen[-1]]
    return chosen or pages[:1]


def words(place):
    """Return what the line of text of a page, or of a part of it, says."""
    return _handle(place).query_selector("[role=status]").inner_text()


# The course of each line drawn in a place, or on a page, and how long each bar is.
PATHS = """(place) => [...(place ?? document).querySelectorAll("svg path, svg rect")]
    .map((one) => one.getAttribute("d") ?? one.getAttribute("width"))"""


def paths(place):
    """Return the course of each line drawn, and how long each bar is."""
    return _handle(place).evaluate(PATHS)


def _handle(place):
    """Return what finds its inner parts by itself: a locator searches the whole page each time."""
    return place.element_handle() if isinstance(place, Locator) else place


def _leave(tab):
    """Leave the page that is in a tab; what it kept is gone, what it said has arrived."""
    if tab.url.startswith(("http", "file")):
        tab.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
    tab.goto("about:blank")


def emptied(tab, own, *, viewport=None, color_scheme="light"):
    """Return a tab that has left its page and is as new; `own` begins addresses not foreign."""
    _leave(tab)
    tab.set_viewport_size(viewport or {"width": 1280, "height": 720})
    tab.emulate_media(color_scheme=color_scheme, media="null", reduced_motion="null")
    tab.own = (own,)
    for gathered in (tab.asked, tab.foreign, tab.errors, tab.complaints):
        gathered.clear()
    return tab


@contextmanager
def visit(tab):
    """Give the emptied tab for pages of the book from their files; see that nothing goes wrong."""
    yield emptied(tab, BASE)
    _leave(tab)
    assert tab.errors == tab.foreign == []


@contextmanager
def reader(browser, **options):
    """Give a function that opens tabs for a reader apart, and see that nothing goes wrong."""
    context = browser.new_context(**options)
    wrong, asked = [], []
    context.on("request", lambda request: asked.append(request.url))

    def read(name):
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        if options.get("java_script_enabled", True):
            page.on("requestfailed", lambda request: wrong.append(request.url))
        page.goto(BASE + name)
        return page

    read.context = context
    yield read
    context.close()
    assert wrong == []
    assert [url for url in asked if not url.startswith((BASE, "blob:", "data:"))] == []

"""What a reader has of the book: pages opened from files, and widgets on them."""

from contextlib import contextmanager
from pathlib import Path

BASE = f"{(Path(__file__).parents[2] / '_build' / 'html').as_uri()}/"


def words(place):
    """Return what its line of text says."""
    return place.locator("[role=status]").inner_text()


def paths(place):
    """Return the course of each line drawn, and how long each bar is."""
    return place.locator("svg path, svg rect").evaluate_all(
        "all => all.map(e => e.getAttribute('d') ?? e.getAttribute('width'))")


@contextmanager
def reader(browser, **options):
    """Give a function that opens pages for one reader, and see that nothing goes wrong."""
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

    read.asked, read.context = asked, context
    yield read
    context.close()
    assert wrong == []
    assert [url for url in asked if not url.startswith((BASE, "blob:", "data:"))] == []

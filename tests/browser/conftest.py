import functools
import os
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from descent.book.browser import ARGUMENTS, find

SITE = Path(__file__).parents[2] / "_build" / "html"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="session")
def site():
    """Serve the built book; the address ends with a slash."""
    if not (SITE / "index.html").is_file():
        pytest.fail("the book is not built: run `make book` first")
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def browser():
    """Start Chromium or Chrome; without one, skip (fail where CI=true)."""
    path = find()
    if path is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Chromium or Chrome")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, site):
    """Return a function that opens a page of the book and gathers what went wrong on the way."""
    opened = []

    def visit(name, *, base=site, **options):
        page = browser.new_page(**options)
        opened.append(page)
        page.foreign, page.errors = [], []

        def serve(route):
            if route.request.url.startswith((base, "data:", "blob:")):
                route.continue_()
            else:
                page.foreign.append(route.request.url)
                route.abort()

        page.route("**/*", serve)
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("response", lambda response: response.status >= 400
                and not response.url.endswith("favicon.ico")
                and page.errors.append(f"{response.status} {response.url}"))
        page.goto(base + name, wait_until="networkidle")
        for playground in page.locator(".descent-playground").all():
            playground.scroll_into_view_if_needed()
        page.wait_for_function("[...document.querySelectorAll('.descent-playground')]"
                               ".every((el) => el.dataset.ready === '1')")
        return page

    yield visit
    for page in opened:
        page.close()

import functools
import os
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import sync_playwright
from reading import BASE, SITE, emptied, visit

from descent.book.browser import ARGUMENTS, find

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")

READY = """[...document.querySelectorAll(".descent-playground")]
    .every((el) => el.dataset.ready === "1")"""

# A page for widgets alone, without a kernel or a book.
FORMS = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Widgets</title>
<meta name="viewport" content="width=device-width"><style>
body {{ font-family: "DejaVu Sans", Verdana, sans-serif }}
@media (prefers-color-scheme: dark) {{ html {{ color-scheme: dark }}
body {{ background: #14181e; color: #ced6dd }} }}</style></head>
<body><main><h1>Widgets</h1>{}</main></body></html>"""

# A page follows the scheme with the next frame, and its colours may take a while to change. Tells
# whether they have. A browser may stop drawing frames: then what the page says of itself counts.
SETTLE = """(scheme) => Promise.race([
    (async () => {
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        await Promise.allSettled(document.getAnimations().map((one) => one.finished));
        return true;
    })(),
    new Promise((done) => setTimeout(() => done(
        (document.documentElement.dataset.theme ?? scheme) === scheme
        && document.getAnimations().every((one) => one.playState === "finished")), 500)),
])"""

# axe takes a time that grows with the elements, and most of a chapter's are these: the strokes of a
# figure and of a formula, pictures that have a name and no text inside, what a formula says to who
# hears it, for which axe has no rule, and the words of code. For as long as axe looks, they stand
# aside. Colours take longest. They are proved for one text of each look (colours, what lies
# beneath, large or not, which is 18 points, or 14 if bold), of several characters where there is
# one (axe cannot tell it of one character), and once: what was found right on one page is right on
# the next. All else is emptied then. In the dark nothing else can differ.
RUN_AXE = """async ([without, dark, right]) => {
    const grounds = new Map([[null, ""]]);
    const ground = (element) => {
        if (!grounds.has(element)) {
            const { backgroundColor, backgroundImage, opacity, filter, mixBlendMode, position }
                = getComputedStyle(element);
            const own = [backgroundColor, backgroundImage, opacity, filter, mixBlendMode,
                         ["static", "relative"].includes(position) || position].join(" ");
            const bare = own === "rgba(0, 0, 0, 0) none 1 none normal true";
            const under = ground(element.parentElement);
            grounds.set(element, bare || under.endsWith(own) ? under : `${under}|${own}`);
        }
        return grounds.get(element);
    };
    const texts = new Map();
    for (const element of document.body.querySelectorAll("*")) {
        const own = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE)
            .map((node) => node.data.trim()).join("");
        if (!own && !element.matches("input, select, textarea") || !element.checkVisibility()
                || element.namespaceURI.endsWith("MathML"))
            continue;
        const { color, fill, fontSize, fontWeight, textShadow } = getComputedStyle(element);
        const size = parseFloat(fontSize), large = size >= (fontWeight >= 700 ? 56 / 3 : 24);
        const look = [ground(element), color, fill, large, textShadow, own.length > 1].join();
        if (!texts.has(look)) texts.set(look, element);
    }
    const looks = [...texts.keys()], violations = [];
    for (const look of right) texts.delete(look);
    const colors = ["color-contrast", "link-in-text-block"].filter((id) => !without.includes(id));
    axe.configure({ rules: [{ id: "color-contrast", selector: "[data-proved]" }] });
    const look = async (aside, options) => {
        aside.forEach(([whole, thin]) => whole.replaceWith(thin));
        try {
            const found = await axe.run({  // what axe would load beforehand only experiments need
                ...options, resultTypes: ["violations"], preload: false });
            violations.push(...found.violations.map(
                ({ id, nodes }) => [id, nodes[0].html.slice(0, 120)]));
        } finally {
            aside.forEach(([whole, thin]) => thin.replaceWith(whole));
        }
    };
    if (!dark) {
        const aside = [];
        for (const picture of document.querySelectorAll(
                ".descent-figure svg[aria-hidden=true], mjx-math[aria-hidden=true], math"))
            if (!picture.querySelector("text, foreignObject, a, [tabindex], [role], [aria-label]"))
                aside.push([picture, picture.cloneNode(false)]);
        for (const listing of document.querySelectorAll("pre")) {
            const thin = listing.cloneNode(true);
            for (const word of thin.querySelectorAll("span"))
                if ([...word.attributes].every((attribute) => attribute.name === "class"))
                    word.replaceWith(...word.childNodes);
            aside.push([listing, thin]);
        }
        await look(aside, { rules: Object.fromEntries(
            [...without, "color-contrast"].map((id) => [id, { enabled: false }])) });
    }
    if (texts.size) {
        const proved = new Set(texts.values()), kept = new Set(), aside = [];
        for (const element of proved)
            for (let one = element; one && !kept.has(one); one = one.parentElement) kept.add(one);
        const empty = (element) => {
            for (const child of element.children)
                if (kept.has(child)) empty(child);
                else if (child.hasChildNodes()) aside.push([child, child.cloneNode(false)]);
        };
        empty(document.body);
        proved.forEach((element) => { element.dataset.proved = ""; });
        try {
            await look(aside, { runOnly: colors });
        } finally {
            proved.forEach((element) => { delete element.dataset.proved; });
        }
    }
    return { looks, violations };
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


def pytest_collection_modifyitems(items):
    """Leave the pages to the end: they are many and short, so that no process waits long then."""
    items.sort(key=lambda item: item.path.name == "test_pages.py")


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


@pytest.fixture(scope="session")
def tab(browser):
    """Open one tab for all pages that need none of their own, one after the other.

    A tab takes a browser longer than most pages do. It keeps no file of the page before. `asked`
    and `foreign` gather what a page asks for and what of it is not its own, `errors` what goes
    wrong, `complaints` what the console says as well.
    """
    tab = browser.new_page()
    tools = tab.context.new_cdp_session(tab)
    tools.send("Network.enable")
    tools.send("Network.setCacheDisabled", {"cacheDisabled": True})  # each visit is a first one
    tab.own, tab.asked, tab.foreign, tab.errors, tab.complaints = (), [], [], [], []

    def ask(request):
        tab.asked.append(request.url)
        if not request.url.startswith((*tab.own, "data:", "blob:")):
            tab.foreign.append(request.url)

    def fail(error):
        tab.errors.append(str(error))
        tab.complaints.append(str(error))

    tab.on("request", ask)
    tab.on("pageerror", fail)
    tab.on("console", lambda message: tab.complaints.append(message.text))
    tab.on("response", lambda response: response.status >= 400
           and not response.url.endswith("favicon.ico")
           and tab.errors.append(f"{response.status} {response.url}"))
    tab.on("requestfailed", lambda request: request.failure != "net::ERR_ABORTED"  # by leaving
           and tab.errors.append(f"{request.failure} {request.url}"))
    yield tab
    tab.close()


@pytest.fixture(scope="module")
def kept_page(request, tab, site):
    """Open a page of the book once for all its tests, unfolded, all drawn.

    `first` holds what the page asks for before anyone does anything.
    """
    page = emptied(tab, site)
    page.goto(site + request.param, wait_until="networkidle")
    page.evaluate("async () => { await globalThis.MathJax?.startup?.promise;"
                  " await document.fonts.ready; }")
    page.first = {re.sub("[?#].*", "", address) for address in page.asked}
    page.open_at_first = page.locator("details.descent-deeper[open]").count()
    page.evaluate("() => document.querySelectorAll('details.descent-deeper')"
                  ".forEach((fold) => { fold.open = true; })")
    for playground in page.query_selector_all(".descent-playground"):
        playground.scroll_into_view_if_needed()
    page.wait_for_function(READY)
    return page


@pytest.fixture
def page(kept_page):
    """Return a page of the book; a test leaves it as it was, and no error comes up meanwhile."""
    before = len(kept_page.errors), len(kept_page.foreign)
    yield kept_page
    assert kept_page.errors[before[0]:] == kept_page.foreign[before[1]:] == []


@pytest.fixture
def read(tab):
    """Return a function that opens a page from its file; all of a test share what is kept."""
    with visit(tab) as page:
        def read(name, *, viewport=None):
            if viewport:
                page.set_viewport_size(viewport)
            page.goto(BASE + name)
            return page

        yield read


@pytest.fixture
def show(tab, tmp_path):
    """Return a function that opens page forms of widgets from a file, once in a test."""
    file = tmp_path / "widgets.html"

    def show(*forms, **options):
        assert not file.exists()
        file.write_text(FORMS.format("".join(forms)), encoding="utf8")
        page = emptied(tab, "file:", **options)
        page.goto(file.as_uri())
        page.wait_for_function(READY)
        return page

    return show


@pytest.fixture(scope="session")
def violations():
    """Return a function that lists what axe has against a page in light or dark: rule, element."""
    right = {"light": set(), "dark": set()}  # looks that it had nothing against

    def violations(page, scheme, *, without=()):
        page.emulate_media(color_scheme=scheme)
        for _ in range(10):
            if page.evaluate(SETTLE, scheme):
                break
            page.bring_to_front()
            page.screenshot(clip={"x": 0, "y": 0, "width": 1, "height": 1})  # asks for a frame
        if not page.evaluate("'axe' in globalThis"):
            page.evaluate(AXE.read_text(encoding="utf8"))
        found = page.evaluate(RUN_AXE, [list(without), scheme == "dark", list(right[scheme])])
        if not found["violations"]:
            right[scheme].update(found["looks"])
        return found["violations"]

    return violations

"""Every page of the built book, in a real browser."""

import functools
import gzip
import re
from pathlib import Path
from urllib.parse import unquote, urldefrag

import nbformat
import pytest
from reading import PATHS, SITE, covering, paths, text_of, widgets, words

from descent.book.translate import digest

BUILT = [str(path.relative_to(SITE)) for path in sorted(SITE.rglob("*.html"))
         if not path.relative_to(SITE).parts[0].startswith("_")] or ["index.html"]
WITH_PLAYGROUND = [name for name in BUILT if "descent-playground" in text_of(name)]
FEW = sorted(covering(WITH_PLAYGROUND, widgets), key=lambda name: len(text_of(name)))
# The theme's own two, on every page: its search button and theme switch, and its logo.
THEMES = {"label-content-name-mismatch", "region"}
PHONE = {"width": 390, "height": 844}
MAX_WEIGHT = 800_000  # bytes of all files that a page asks for before a click, gzipped

pytestmark = pytest.mark.browser


# In what order pages are opened; pytest runs all tests of one in a row.
ORDER = list(dict.fromkeys([*FEW, *WITH_PLAYGROUND, *BUILT]))
every_page = pytest.mark.parametrize("kept_page", ORDER, indirect=True)
every_playground = pytest.mark.parametrize("kept_page", ORDER[:len(WITH_PLAYGROUND)], indirect=True)
few_pages = pytest.mark.parametrize("kept_page", FEW, indirect=True)


@every_page
def test_page_asks_no_third_party_and_throws_nothing(page, site):
    assert page.foreign == []
    assert page.errors == []
    sources = page.eval_on_selector_all("[src], link[href]", "all => all.map(e => e.src || e.href)")
    assert [s for s in sources if not s.startswith((site, "data:", "blob:"))] == []


@functools.cache
def gzipped(path):
    return len(gzip.compress(path.read_bytes()))


@every_page
def test_a_page_without_a_click_is_light(page, site):
    files = [SITE / unquote(address.removeprefix(site)) for address in page.first
             if address.startswith(site)]
    weights = {str(path.relative_to(SITE)): gzipped(path) for path in files if path.is_file()}
    assert weights
    heaviest = sorted(weights.items(), key=lambda one: -one[1])[:5]
    assert sum(weights.values()) <= MAX_WEIGHT, heaviest


@every_page
def test_every_icon_is_drawn(page):
    bare = page.eval_on_selector_all(
        ":is([class^='fa-'], [class*=' fa-'], .fa, .fas, .far, .fab)",
        """all => all.filter(e => !e.matches("svg:has(path[d^=M])")).map(e => e.outerHTML)""")
    assert bare == []
    assert page.locator("svg.svg-inline--fa:has(path[d^=M])").count() or "index" in page.url


@every_page
def test_pictures_say_what_they_show(page):
    texts = page.eval_on_selector_all(
        "main img", "all => all.map(e => [e.src, e.getAttribute('alt') ?? ''])")
    assert [src for src, alt in texts if len(alt) < 20 or "/" in alt.split(" ")[0]] == []
    names = page.eval_on_selector_all(".descent-figure", """all => all.map(figure => figure
        .querySelector(":scope > .descent-panels[role=img]")?.getAttribute("aria-label") ?? "")""")
    assert [name for name in names if len(name) < 20] == []
    unnamed = page.eval_on_selector_all(
        "main svg", "all => all.filter(e => !e.closest('[role=img][aria-label], [aria-hidden=true],"
        " a, button, label, .admonition-title')).map(e => e.outerHTML.slice(0, 80))")
    assert unnamed == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@every_page
def test_axe_finds_nothing(page, violations, scheme):
    try:
        found = violations(page, scheme, without=THEMES)
        themed = page.evaluate("document.documentElement.dataset.theme")
    finally:
        page.emulate_media(color_scheme="light")
    assert found == []
    assert themed == scheme


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("where", ["main p", "main pre span"])
@pytest.mark.parametrize("kept_page", ORDER[:1], indirect=True)
def test_axe_would_find_a_faint_word(page, violations, where, scheme):
    word = page.locator(where, has_text=re.compile("[a-z]{3}")).locator("visible=true").first
    word.evaluate("(e) => { e.style.color = 'rgb(128 128 128 / 0.3)'; }")
    try:
        found = violations(page, scheme, without=THEMES)
    finally:
        page.emulate_media(color_scheme="light")
        word.evaluate("(e) => { e.style.color = ''; }")
    assert [rule for rule, _ in found] == ["color-contrast"]


@pytest.mark.parametrize("kept_page", ORDER[:1], indirect=True)
def test_axe_would_find_a_picture_without_words(page, violations):
    page.evaluate("""() => {
        const picture = document.createElement("img");
        picture.src = "data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=";
        picture.id = "bare";
        document.querySelector("main article h1").after(picture);
    }""")
    try:
        found = violations(page, "light", without=THEMES)
    finally:
        page.evaluate("document.getElementById('bare').remove()")
    assert [rule for rule, _ in found] == ["image-alt"]


FAINT = """() => {
    const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
    const luminance = (color) => numbers(color).slice(0, 3).map((c) => c / 255)
        .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
        .reduce((sum, c, k) => sum + c * [0.2126, 0.7152, 0.0722][k], 0);
    const grounds = new Map([[null, 1]]);
    const ground = (e) => {
        if (!grounds.has(e)) {
            const color = getComputedStyle(e).backgroundColor;
            grounds.set(e, (numbers(color)[3] ?? 1) > 0.5 ? luminance(color)
                                                          : ground(e.parentElement));
        }
        return grounds.get(e);
    };
    return [...document.querySelectorAll("main article *")].filter((e) => e.checkVisibility() &&
        [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())).map((e) => {
            const ink = luminance(getComputedStyle(e).color), under = ground(e);
            const contrast = (Math.max(ink, under) + 0.05) / (Math.min(ink, under) + 0.05);
            return [contrast, under, e.outerHTML.slice(0, 99)];
        }).filter(([contrast, under]) => contrast < 4.4 || under < 0.5);
}"""


@every_page
def test_what_is_dark_on_the_screen_is_printed_light(page):
    page.emulate_media(color_scheme="dark", media="print")
    try:
        page.wait_for_function("document.documentElement.dataset.theme === 'dark'", polling=50)
        assert page.evaluate(FAINT) == []
    finally:
        page.emulate_media(color_scheme="light", media="screen")
        page.wait_for_function("document.documentElement.dataset.theme === 'light'", polling=50)


@every_page
def test_no_horizontal_scroll_on_a_phone(page):
    wide = page.viewport_size
    page.set_viewport_size(PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(wide)
    assert width <= PHONE["width"]


@functools.cache
def ids(path):
    """Return the ids of a built page: where links into it may lead."""
    return set(re.findall(r"""\sid=["']?([^"'\s>]+)""", path.read_text(encoding="utf8")))


@every_page
def test_internal_links_lead_somewhere(page, site):
    links = page.eval_on_selector_all("a[href]", "all => all.map(e => e.href)")
    for link in {link for link in links if link.startswith(site)}:
        address, fragment = urldefrag(link)
        target = SITE / unquote(address.removeprefix(site) or "index.html")
        assert target.is_file(), link
        assert not fragment or target.suffix != ".html" or unquote(fragment) in ids(target), link


@every_page
def test_the_download_button_gives_the_study_notebook_and_says_how_to_run_it(page, site, request):
    name = Path(request.node.callspec.params["kept_page"]).stem.replace("index", "intro")
    links = page.locator(".dropdown-download-buttons a").evaluate_all("all => all.map(e => e.href)")
    if not (SITE / "study" / f"{name}.ipynb").is_file():
        assert links == []
        assert name not in {Path(built).stem for built in BUILT if "chapters/" in built}
        return
    notebook, how = links
    assert notebook == f"{site}study/{name}.ipynb"
    made = nbformat.read(SITE / "study" / f"{name}.ipynb", as_version=4)
    assert digest(made) == made.metadata.descent.edition
    assert how == f"{site}intro.html#working-in-the-notebooks"


@every_page
def test_hidden_solutions_open_and_close(page):
    titles = page.locator(".solution > .admonition-title").all_inner_texts()
    assert [title for title in titles if re.search(r"\d min\)", title)] == []
    solutions = page.locator("div.solution.dropdown")
    open_ones = page.locator("div.solution.dropdown :is(section, .section)").locator("visible=true")
    buttons = page.locator("div.solution.dropdown > .toggle-button, "
                           "div.solution.dropdown > .admonition-title .toggle-button")
    assert open_ones.count() == 0
    assert buttons.count() == solutions.count()
    for solution in solutions.all()[-1:]:
        content = solution.locator("section, .section").first
        solution.locator(".toggle-button").first.click()
        assert content.is_visible()
        solution.locator(".toggle-button").first.click()
        assert not content.is_visible()


@every_page
def test_a_first_reading_stands_open_and_the_rest_is_folded(page):
    folds = page.locator("details.descent-deeper").count()
    assert page.open_at_first == 0
    if not folds:
        assert "chapters/" not in page.url
        return
    assert folds >= 3
    minutes, sections = re.search(r"about (\d+) minutes. (\d+) sections",
                                  page.locator(".descent-lead").inner_text()).groups()
    assert 5 <= int(minutes) <= 40
    assert int(sections) == folds


# Where the far end of all sliders diverges; steps of bounded length do not.
DIVERGING = {f"chapters/{name}.html" for name in ("sgd", "adagrad", "rmsprop", "errors",
                                                      "schedulers")}


FAR = """(playground) => {
    for (const menu of playground.querySelectorAll("select")) {
        menu.selectedIndex = 0;
        menu.dispatchEvent(new Event("input"));
    }
    for (const slider of playground.querySelectorAll("input[type=range]")) {
        if (!slider.checkVisibility()) continue;
        slider.value = slider.max;
        slider.dispatchEvent(new Event("input"));
    }
}"""
EXPLORABLE = "(e) => e.classList.contains('descent-explorable')"


@pytest.fixture
def playgrounds(page):
    """Return the playgrounds of a page; afterwards all their controls stand as before."""
    controls = ".descent-playground :is(input, select)"
    before = page.eval_on_selector_all(controls, "all => all.map((e) => [e.value, e.checked])")
    yield page.query_selector_all(".descent-playground")
    page.eval_on_selector_all(controls, """(all, before) => all.forEach((e, k) => {
        [e.value, e.checked] = before[k];
        e.dispatchEvent(new Event("input"));
    })""", before)


# Moves each control by one and lists those that leave picture or words as they were. It asks for no
# innerText, for which a browser lays out the whole page.
MOVE = """(playground) => {
    const paths = PATHS, picture = () => paths(playground).join();
    const words = () => playground.querySelector("[role=status]").textContent;
    const dead = [];
    for (const control of playground.querySelectorAll("input, select")) {
        if (!control.checkVisibility()) continue;  // a knob that this schedule has not
        const before = picture(), said = words(), label = control.labels[0].textContent;
        if (control.type === "checkbox") {
            control.click();
        } else {
            const at = control.options ? "selectedIndex" : "value";
            control[at] = +control[at] > 0 ? control[at] - 1 : 1;
            control.dispatchEvent(new Event("input"));
        }
        if (picture() === before) dead.push(`${label}: picture`);
        if (words() === said && label !== "step"  // an explorable's words may agree
            && !playground.classList.contains("descent-explorable")) dead.push(`${label}: words`);
        if (control.type === "checkbox") control.click();  // the last may have to stay
    }
    return dead;
}""".replace("PATHS", PATHS)


@every_playground
def test_every_control_of_a_playground_changes_picture_and_words(page, playgrounds):
    assert [playground.evaluate(MOVE) for playground in playgrounds] == [[]] * len(playgrounds)


@pytest.mark.parametrize("how", ["keyboard", "mouse"])
@few_pages
def test_every_control_is_moved_as_by_a_reader(page, playgrounds, how):
    for playground in playgrounds:
        for control in playground.query_selector_all("input, select"):
            if not control.is_visible():  # a knob that this schedule has not
                continue
            before, label = paths(playground), control.evaluate("e => e.labels[0].textContent")
            said = words(playground)
            box = control.get_attribute("type") == "checkbox"
            here, last = control.evaluate("e => e.options ? [e.selectedIndex, e.options.length - 1]"
                                          " : [+e.value, +e.max]")
            if how == "keyboard":
                control.focus()
                page.keyboard.press("Space" if box else "ArrowLeft" if here > 0 else "ArrowRight")
            elif box:
                control.click()
            elif control.evaluate("e => e.tagName") == "SELECT":
                control.select_option(index=0 if here else last)  # its list is the system's own
            else:
                size = control.bounding_box()
                far = size["width"] * (0.9 if here < last / 2 else 0.1)
                control.click(position={"x": far, "y": size["height"] / 2})
            assert paths(playground) != before, label
            if label != "step" and not playground.evaluate(EXPLORABLE):  # whose words may agree
                assert words(playground) != said, label
            if box:
                control.click()  # back: the last of them may have to stay


@every_playground
def test_a_playground_draws_no_garbage_where_it_diverges(page, playgrounds, request):
    name = request.node.callspec.params["kept_page"]
    for playground in playgrounds:
        playground.evaluate(FAR)
        assert not any("NaN" in d or "Infinity" in d for d in paths(playground) if d)
        if playground.evaluate(EXPLORABLE):
            assert words(playground)  # of the chapter's own, which its cells assert
            continue
        said = words(playground)
        assert "diverges" in said if name in DIVERGING else re.search(
            r"the loss (falls|grows) from \d|ends at a loss of \d|the lowest mean rank, \d", said)

"""A deck as it is shown: opened from a file, turned by keys, with widgets that move."""

from pathlib import Path

import pytest
from reading import paths, words

from descent.book import slides

ROOT = Path(__file__).parents[2]
NAME = "adam"

# Of the slide that is seen, once its widgets are drawn: its number, and by how much what it holds
# is taller and wider than it is, without notes and with them.
MEASURE = """async () => {
    const slide = document.querySelector(".slide:not([hidden])");
    while (slide.querySelector(".descent-playground:not([data-ready])"))
        await new Promise((done) => setTimeout(done, 20));
    const found = [Number(slide.id.match(/\\d+/)[0])];
    for (let k = 0; k < 2; k++) {
        found.push(Math.max(0, slide.scrollHeight - slide.clientHeight - 1),
                   Math.max(0, slide.scrollWidth - slide.clientWidth - 1));
        document.querySelector("[aria-pressed], [title='Notes (N)']").click();
    }
    return slide.innerText.trim() ? found : "empty";
}"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def deck(tmp_path_factory):
    """Make a deck in a folder that holds nothing else; return its address."""
    if not (ROOT / "_build/html/chapters" / f"{NAME}.html").is_file():
        pytest.fail("the book is not built: run `make book` first")
    folder = tmp_path_factory.mktemp("deck")
    (folder / "_build").mkdir()
    (folder / "_build" / "html").symlink_to(ROOT / "_build" / "html")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert slides.main([NAME]) == 0
    return (folder / "_build" / "slides").rename(folder / "carried") / f"{NAME}.html"


@pytest.fixture(scope="module")
def opened(deck, browser):
    page = browser.new_page(viewport={"width": 1400, "height": 800})
    page.wrong, page.asked = [], []
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("requestfailed", lambda request: page.wrong.append(request.url))
    page.on("request", lambda request: page.asked.append(request.url))
    page.goto(deck.as_uri())
    page.wait_for_function("document.documentElement.dataset.ready === '1'")
    yield page
    assert page.wrong == []
    assert [url for url in page.asked if not url.startswith(
        (deck.parent.as_uri(), "blob:", "data:"))] == []
    page.close()


@pytest.fixture
def page(opened):
    """Return the deck at its first slide, light, without notes."""
    opened.emulate_media(color_scheme="light", media="screen")
    opened.evaluate("() => { document.activeElement.blur(); location.hash = ''; }")
    opened.evaluate("() => document.documentElement.classList.remove('with-notes')")
    opened.keyboard.press("Home")
    return opened


def number(page):
    (seen,) = page.locator(".slide:visible").evaluate_all("all => all.map((one) => one.id)")
    return int(seen.removeprefix("slide-"))


def last(page):
    return page.locator(".slide").count()


def to(page, selector):
    """Go to the slide that holds the first such element, and return that."""
    wanted = page.locator(f".slide:has({selector})").first.get_attribute("id")
    page.evaluate("(id) => { location.hash = id; }", wanted)
    page.locator(f"#{wanted}").wait_for(state="visible")
    return page.locator(f"#{wanted} {selector}").first


def test_keys_turn_the_slides(page):
    for key, there in (("ArrowRight", 2), ("ArrowDown", 3), (" ", 4), ("PageDown", 5),
                       ("ArrowLeft", 4), ("ArrowUp", 3), ("Shift+Space", 2), ("PageUp", 1),
                       ("ArrowLeft", 1), ("End", last(page)), ("ArrowRight", last(page)),
                       ("Home", 1), ("Control+ArrowRight", 1)):
        page.keyboard.press(key)
        assert number(page) == there, key


def test_what_is_said_and_the_address_follow(page):
    page.keyboard.press("ArrowRight")
    said = page.locator("[role=status].said")
    assert said.inner_text() == f"Slide 2 of {last(page)}: 7. Adam"
    assert page.url.endswith("#slide-2")
    page.evaluate("() => { location.hash = 'equation-adam-sum'; }")
    page.locator("#equation-adam-sum").wait_for(state="visible")
    here = number(page)
    page.reload()
    page.wait_for_function("document.documentElement.dataset.ready === '1'")
    assert number(page) == here


def test_buttons_do_what_keys_do(page):
    page.get_by_role("button", name="Next slide").click()
    assert number(page) == 2
    page.keyboard.press("Space")  # on the button that has the focus
    assert number(page) == 3
    page.get_by_role("button", name="Slide before").click()
    assert number(page) == 2
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark or light (D)").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
    page.keyboard.press("d")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == before


def test_notes_and_help_open_and_close(page):
    to(page, ".descent-figure")
    notes = page.locator(".notes:visible")
    assert notes.count() == 0
    page.keyboard.press("n")
    assert len(notes.inner_text()) > 80
    assert page.get_by_role("button", name="Notes (N)").get_attribute("aria-pressed") == "true"
    page.keyboard.press("N")
    assert notes.count() == 0
    here = number(page)
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("ArrowRight")
    assert number(page) == here
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_f_fills_the_screen(page):
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement")
    page.keyboard.press("f")
    page.wait_for_function("!document.fullscreenElement")


def test_a_widget_lives_and_its_keys_are_its_own(page):
    place = to(page, ".descent-playground")
    page.wait_for_function("(place) => place.dataset.ready === '1'", arg=place.element_handle())
    here, before = number(page), (paths(place), words(place))
    place.locator("input[type=range]").first.focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("([place, was]) => place.querySelector('[role=status]').innerText"
                           " !== was", arg=[place.element_handle(), before[1]])
    assert paths(place) != before[0]
    assert number(page) == here
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    assert number(page) == here + 1


def test_nothing_is_cut_off(page):
    """Of no slide, without notes and with them; and none is empty."""
    for here in range(1, last(page) + 1):
        assert page.evaluate(MEASURE) == [here] + [0] * 4
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_slide_has_no_barrier(page, violations, scheme):
    for selector in (".lead", "div.math", ".descent-figure"):
        to(page, selector)
        assert violations(page, scheme) == []


def test_on_paper_a_slide_is_a_page(page, tmp_path):
    path = tmp_path / "deck.pdf"
    page.pdf(path=path, prefer_css_page_size=True, print_background=True)
    assert path.read_bytes().count(b"/Type /Page\n") == last(page)
    assert number(page) == 1  # and the deck is as it was

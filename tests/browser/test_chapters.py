"""A chapter as it is read from a file: what goes deeper is folded, and opens for whoever is led
there; its widgets move.

The same script does it on every page: it is tested on the few that have all kinds of widgets.
"""

import pytest
from reading import BASE, SITE, covering, paths, visit, widgets

FOLDED = covering([str(path.relative_to(SITE)) for path in sorted(SITE.rglob("*.html"))
                   if 'class="descent-deeper"' in path.read_text(encoding="utf8")] or ["none"],
                  widgets)
FOLDS = "details.descent-deeper"
OPEN = f"{FOLDS}[open]"

pytestmark = [pytest.mark.browser,
              pytest.mark.parametrize("chapter", FOLDED, indirect=True)]


@pytest.fixture(scope="module")
def chapter(request, tab):
    """Open a chapter once for all its tests."""
    with visit(tab) as page:
        page.goto(BASE + request.param)
        yield page


@pytest.fixture
def page(chapter):
    """Return the chapter with all its folds closed."""
    chapter.evaluate(f"""() => {{
        for (const fold of document.querySelectorAll("{FOLDS}")) fold.open = false;
        document.activeElement.blur();
        scrollTo({{ top: 0, behavior: "instant" }});
    }}""")
    return chapter


@pytest.fixture
def again(chapter):
    """Return a function that opens the chapter anew, at an address within."""
    address = chapter.url.partition("#")[0]

    def again(fragment=""):
        chapter.goto("about:blank")
        chapter.goto(address + fragment)
        return chapter

    return again


def test_one_opens_by_mouse_and_by_keyboard(page):
    summaries = page.locator(f"{FOLDS} > summary")
    summaries.nth(0).click()
    summaries.nth(1).focus()
    page.keyboard.press("Enter")
    assert page.locator(OPEN).count() == 2
    page.keyboard.press("Space")
    assert page.locator(OPEN).count() == 1


def test_a_link_opens_where_it_leads_and_goes_there(page, again):
    anchors = page.eval_on_selector_all(FOLDS, "all => all.map((fold) => fold.parentElement.id)")
    page.evaluate("(id) => { location.hash = id; }", anchors[-1])
    last = page.locator(FOLDS).last
    page.wait_for_function("(fold) => fold.open", arg=last.element_handle())
    assert page.locator(OPEN).count() == 1
    page.wait_for_function("(fold) => Math.abs(fold.getBoundingClientRect().top) < innerHeight",
                           arg=last.element_handle())
    inside = page.evaluate(f"""[...document.querySelectorAll("{FOLDS} :is(p, div)[id]")]
        .map((e) => e.id).find((id) => document.querySelectorAll(`[id="${{id}}"]`).length === 1)""")
    page = again(f"#{inside}")
    target = page.locator(f"[id='{inside}']")
    assert target.evaluate("(e) => e.closest('details').open")
    target.evaluate("(e) => { e.closest('details').open = false; }")
    page.evaluate("""(id) => {
        const link = document.createElement("a");
        document.querySelector("main article").append(link);
        link.href = `#${id}`;
        link.click();
    }""", inside)
    assert target.evaluate("(e) => e.closest('details').open")


def test_a_hit_of_the_search_is_opened(page, again):
    word = page.evaluate(f"""() => {{
        const paragraphs = [...document.querySelectorAll("{FOLDS} p")];
        const text = paragraphs.map((p) => p.textContent).join(" ");
        const open = document.querySelector("main article").innerText;
        return text.match(/[a-z]{{6,}}/g).find((word) => !open.includes(word));
    }}""")
    page.evaluate("(word) => localStorage.setItem('sphinx_highlight_terms', word)", word)
    page = again()
    page.wait_for_function(f"document.querySelector('{OPEN} .highlighted')")


def test_the_button_opens_and_closes_all(page):
    button, count = page.locator(".descent-lead button"), page.locator(FOLDS).count()
    assert button.inner_text() == "Open all"
    button.click()
    assert page.locator(OPEN).count() == count
    page.wait_for_function("(b) => b.textContent === 'Close all'", arg=button.element_handle())
    button.click()
    assert page.locator(OPEN).count() == 0


def test_paper_has_all_of_it(page):
    page.locator(f"{FOLDS} > summary").first.click()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(f"{FOLDS}:not([open])").count() == 0
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(OPEN).count() == 1


def test_the_browsers_own_search_finds_what_is_folded(again):
    page = again()
    page.keyboard.press("Control+f")
    assert page.locator(OPEN).count() == 0  # this browser searches what is folded by itself
    page.evaluate("""() => {
        for (let o = document.body; o; o = Object.getPrototypeOf(o)) delete o.onbeforematch;
        dispatchEvent(new KeyboardEvent("keydown", { key: "f", ctrlKey: true }));
    }""")
    assert page.locator(f"{FOLDS}:not([open])").count() == 0


def test_a_widget_moves(page):
    playground = page.locator(".descent-playground").first
    playground.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('.descent-playground').dataset.ready")
    before = paths(playground)
    slider = playground.locator("input[type=range]").first
    slider.press("ArrowLeft" if slider.evaluate("e => e.value === e.max") else "ArrowRight")
    assert paths(playground) != before

"""The one tab that the page tests share is as new to each page."""

import pytest
from reading import BASE, emptied

pytestmark = pytest.mark.browser

PAGE = "notation.html"


def test_a_tab_that_is_emptied_knows_nothing_of_the_page_before(tab):
    page = emptied(tab, BASE)
    page.goto(BASE + PAGE)
    page.set_viewport_size({"width": 1000, "height": 700})
    page.emulate_media(color_scheme="dark")
    page.evaluate("localStorage.setItem('descent:a', '1'), sessionStorage.setItem('b', '2')")
    page.add_script_tag(content="throw new Error('before')")
    page.evaluate("fetch('https://example.org').catch(() => console.log('refused'))")
    assert page.errors[0] == "before"
    assert page.foreign == ["https://example.org/"]
    assert {"before", "refused"} <= set(page.complaints)

    page = emptied(tab, BASE)
    page.goto(BASE + PAGE)
    assert page.errors == page.foreign == []
    assert not {"before", "refused"} & set(page.complaints)
    assert page.evaluate("""() => [localStorage.getItem("descent:a"), sessionStorage.getItem("b"),
        innerWidth, matchMedia("(prefers-color-scheme: dark)").matches]""") == [
        None, None, 1280, False]


def test_each_visit_is_a_first_one(tab, site):
    for _ in range(2):
        page = emptied(tab, site)
        page.goto(site + PAGE, wait_until="networkidle")
        sizes = page.evaluate("""() => performance.getEntriesByType("resource")
            .filter((one) => one.name.startsWith("http")).map((one) => one.transferSize)""")
        assert len(sizes) > 9
        assert min(sizes) > 0

"""The schedule designer in a real browser, on a page of its own."""

import pytest
from reading import paths, words

from descent.widgets.designer import schedule_designer

pytestmark = pytest.mark.browser


@pytest.fixture
def page(show):
    return show(schedule_designer().page(), viewport={"width": 390, "height": 844})


def test_each_control_moves_its_own_schedule(page):
    assert "(cosine, T_max 200, peak lr 0.1) ends at a loss of" in words(page)
    assert "schedule 2 (constant, peak lr 0.1)" in words(page)
    assert "Schedule 1 ends lower" in words(page)
    for name, key in (("T_max", "ArrowLeft"), ("peak lr 1", "ArrowRight"),
                      ("peak lr 2", "ArrowLeft")):
        before = paths(page), words(page)
        page.get_by_label(name, exact=True).press(key)
        assert paths(page) != before[0], name
        assert words(page) != before[1], name
    assert "T_max 100, peak lr 0.3" in words(page)
    assert "peak lr 0.03" in words(page)
    page.get_by_label("schedule 2", exact=True).select_option(label="one-cycle")
    assert page.get_by_label("pct_start", exact=True).is_visible()
    assert page.get_by_role("img", name="The two momenta").is_visible()
    assert page.complaints == []


def test_a_knob_is_there_only_where_there_is_one(page):
    page.get_by_label("schedule 1", exact=True).select_option(label="constant")
    assert page.locator("input[type=range]:visible").count() == 2
    assert not page.get_by_role("img", name="The two momenta").is_visible()
    assert "They end alike." in words(page)


def test_a_schedule_that_diverges_says_so(page):
    for name in ("peak lr 1", "peak lr 2"):
        page.get_by_label(name, exact=True).press("End")
    page.get_by_label("schedule 1", exact=True).select_option(label="one-cycle")
    assert words(page).count("diverges") == 2
    assert not any("NaN" in d or "Infinity" in d for d in paths(page) if d)


def test_axe_finds_nothing_and_nothing_is_too_wide(page, violations):
    assert violations(page, "light") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

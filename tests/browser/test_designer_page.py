"""The schedule designer in a real browser, on a page of its own."""

import pytest

from descent.widgets.designer import schedule_designer

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Designer</title>
<meta name="viewport" content="width=device-width"></head>
<body><main><h1>Designer</h1>{}</main></body></html>"""

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser, tmp_path):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on("console", lambda message: page.complaints.append(message.text))
    file = tmp_path / "page.html"
    file.write_text(PAGE.format(schedule_designer().page()), encoding="utf8")
    page.goto(file.as_uri())
    page.wait_for_function("document.querySelector('.descent-playground').dataset.ready === '1'")
    yield page
    page.close()


def words(page):
    return page.locator("[role=status]").inner_text()


def drawn(page):
    return page.locator("svg path").evaluate_all("all => all.map(e => e.getAttribute('d'))")


def test_each_control_moves_its_own_schedule(page):
    assert "(cosine, T_max 200, peak lr 0.1) ends at a loss of" in words(page)
    assert "schedule 2 (constant, peak lr 0.1)" in words(page)
    assert "Schedule 1 ends lower" in words(page)
    for name, key in (("T_max", "ArrowLeft"), ("peak lr 1", "ArrowRight"),
                      ("peak lr 2", "ArrowLeft")):
        before = drawn(page), words(page)
        page.get_by_label(name, exact=True).press(key)
        assert drawn(page) != before[0], name
        assert words(page) != before[1], name
    assert "T_max 100, peak lr 0.3" in words(page)
    assert "peak lr 0.03" in words(page)
    page.get_by_label("schedule 2", exact=True).select_option(label="one cycle")
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
    page.get_by_label("schedule 1", exact=True).select_option(label="one cycle")
    assert words(page).count("diverges") == 2
    assert not any("NaN" in d or "Infinity" in d for d in drawn(page) if d)


def test_axe_finds_nothing_and_nothing_is_too_wide(page, violations):
    assert violations(page, "light") == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

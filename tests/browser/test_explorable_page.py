"""The explorable in a real browser, on a page of its own without a kernel or a book."""

from itertools import pairwise

import numpy as np
import pytest
from reading import paths, words

from descent import path, sgd
from descent.widgets.explorable import (
    Arrow,
    Bars,
    Dots,
    Ellipse,
    Line,
    Panel,
    Picture,
    explorable,
)
from descent.widgets.playground import playground

CURVES = np.array([1.0, 20.0])
SCREENS = {"wide": {"viewport": {"width": 1400, "height": 900}},
           "phone": {"viewport": {"width": 390, "height": 844}}}

pytestmark = pytest.mark.browser


def ravine(lr, momentum):
    points = path(sgd, lambda p: CURVES * p, np.array([-2.5, 0.8]), 40, lr=lr, momentum=momentum)
    loss = 0.5 * (CURVES * points**2).sum(1)
    return Picture(
        Panel(Ellipse((0, 0), (2, 0.45), "level line", quiet=True), Line(points, "the path"),
              Dots(points[-1], "the end", label="end"), Arrow((-2, 0.5), (-1, 0.5), "a push"),
              x="x", y="y", xlim=(-3, 3), ylim=(-1, 1), square=True, title="the ravine"),
        Panel(Line(np.c_[range(41), loss], "the path"), x="step", y="loss", log="y"),
        says=f"lr {lr:g}, momentum {momentum:g}: the loss ends at {loss[-1]:.2g}.")


def by_hand(t, signed):
    heights = np.array([3.0, -1.0 if signed else 1.0, t])
    late = [Dots((1, 2), "late")] if t == 2 else []
    return Picture(Panel(Bars(heights, "gradient", ("first", "second", "third")),
                         Bars(heights / 2, "half"), *late, y="size"),
                   says=f"Step {t}.\nThe third is {t}.")


def waves(k):
    t = np.linspace(0, 10, 60)
    return Picture(*(Panel(Line(np.c_[t, np.cos(k * t) * np.exp(-t * d / 10)], "a wave"),
                           x="time", y="height", title=f"damping {d}") for d in range(6)),
                   says=f"Six waves of speed {k}.")


FORMS = {"ravine": lambda: explorable(ravine, lr=[0.01, 0.02, 0.05], momentum=[0, 0.5]),
         "bars": lambda: explorable(by_hand, t=[0, 1, 2], signed=[True, False], stepper="t"),
         "waves": lambda: explorable(waves, k=[1, 2, 3])}


@pytest.fixture(scope="module")
def forms():
    return {name: make().page() for name, make in FORMS.items()}


@pytest.fixture
def show(show, forms):
    """Open one of the forms, on a wide screen if not told otherwise, perhaps others below it."""
    return lambda name, screen="wide", below=(): show(
        forms[name], *below, **SCREENS[screen])


def extent(drawn):
    """Return left, top, width and height of what is drawn, in its panel's units."""
    return drawn.evaluate(
        "e => { const b = e.getBBox(); return [b.x, b.y, b.width, b.height]; }")


def labels(page):
    return page.get_by_role("img").evaluate_all("all => all.map(e => e.ariaLabel)")


def test_a_slider_changes_pictures_and_words(show):
    page = show("ravine")
    slider = page.get_by_label("lr", exact=True)
    assert slider.get_attribute("aria-valuetext") == "0.01"
    seen = []
    for key, lr in (("ArrowRight", 0.02), ("End", 0.05), ("ArrowLeft", 0.02), ("Home", 0.01)):
        slider.press(key)
        assert words(page) == ravine(lr, 0).says
        assert labels(page) == [f"the ravine. {words(page)}", f"loss against step. {words(page)}"]
        seen.append(paths(page))
    assert seen[0] == seen[2]
    assert seen[0] != seen[1] != seen[3] != seen[0]
    page.get_by_label("momentum", exact=True).press("ArrowRight")
    assert words(page) == ravine(0.01, 0.5).says
    assert page.get_by_text("end", exact=True).is_visible()
    assert page.complaints == page.foreign == []


def test_what_is_drawn_lies_where_the_data_do(show):
    page = show("ravine")
    box = extent(page.locator("clipPath rect").first)
    drawn = [extent(mark) for mark in page.locator(".descent-panel").first.locator("g path").all()]
    unit = box[2] / 6  # from -3 to 3
    middle = box[0] + box[2] / 2, box[1] + box[3] / 2
    ellipse, line, arrow, dot = drawn
    np.testing.assert_allclose(ellipse, [middle[0] - 2 * unit, middle[1] - 0.45 * unit, 4 * unit,
                                         0.9 * unit], atol=0.2)
    run = path(sgd, lambda p: CURVES * p, np.array([-2.5, 0.8]), 40, lr=0.01, momentum=0)
    np.testing.assert_allclose([line[0], line[1]], [middle[0] - 2.5 * unit,
                                                    middle[1] - 0.8 * unit], atol=0.2)
    np.testing.assert_allclose([dot[0] + dot[2] / 2, dot[1] + dot[3] / 2],
                               middle + run[-1] * [unit, -unit], atol=0.2)
    np.testing.assert_allclose([arrow[0], arrow[2]], [middle[0] - 2 * unit, unit], atol=0.2)


def test_the_stepper_goes_back_and_on_and_stops_at_the_ends(show):
    page = show("bars")
    back, on = (page.get_by_role("button", name=name, exact=True) for name in ("back", "on"))

    def at_end():
        return [button.get_attribute("aria-disabled") for button in (back, on)]

    assert at_end() == ["true", None]
    for t in (1, 2):
        on.click()
        assert words(page) == f"Step {t}.\nThe third is {t}."
    assert at_end() == [None, "true"]
    on.click(force=True)
    assert words(page).startswith("Step 2.")
    back.focus()
    for t in (1, 0, 0):
        page.keyboard.press("Enter")
        assert words(page).startswith(f"Step {t}.")
    assert back.evaluate("e => e === document.activeElement")  # an end takes no focus away
    assert page.get_by_label("t", exact=True).input_value() == "0"
    for button in (back, on):
        size = button.bounding_box()
        assert min(size["width"], size["height"]) >= 26
    assert page.complaints == []


def test_the_stepper_keeps_its_buttons_beside_the_slider_whatever_stands_below(show):
    other = playground(sgd, lr=[0.1, 0.3], steps=20).page()
    page = show("bars", below=[other])  # whose style comes later
    row = [page.locator(".descent-stepper input"), page.get_by_role("button", name="back"),
           page.get_by_role("button", name="on", exact=True)]
    boxes = [one.bounding_box() for one in row]
    assert all(a["x"] + a["width"] <= b["x"] for a, b in pairwise(boxes))
    assert np.ptp([box["y"] + box["height"] / 2 for box in boxes]) < 4


def test_bars_hang_from_zero_and_names_come_and_go(show):
    page = show("bars")
    assert page.get_by_role("img").get_attribute("aria-label") == "size. Step 0. The third is 0."
    assert not page.get_by_text("late").is_visible()
    bars, window = page.locator("g path").first, extent(page.locator("clipPath rect"))
    _, zero, *_ = extent(page.locator(".descent-panel svg > path").last)
    left, top, wide, high = extent(bars)
    assert bars.get_attribute("d").count("Z") == 3
    np.testing.assert_allclose([left - window[0], wide], np.array([0.1, 2.4]) * window[2] / 3,
                               atol=0.2)
    np.testing.assert_allclose([zero - top, high], np.array([3, 4]) * window[3] / 4.32, atol=0.2)
    page.get_by_label("t", exact=True).press("End")
    assert page.get_by_text("late").is_visible()
    before = paths(page)
    page.get_by_label("signed", exact=True).select_option(label="off")
    assert paths(page) != before


def test_keys_are_reached_seen_and_stay_inside(show):
    page = show("bars")
    page.evaluate("globalThis.heard = [];"
                  "document.body.addEventListener('keydown', (e) => heard.push(e.key))")
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        reached.append(page.evaluate("document.activeElement.localName"))
        page.keyboard.press("ArrowDown")
    assert reached == ["input", "button", "button", "select"]
    assert "ArrowDown" not in page.evaluate("heard")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", FORMS)
def test_axe_finds_nothing(show, violations, name, scheme):
    assert violations(show(name), scheme) == []


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", FORMS)
def test_nothing_is_too_wide_or_too_small(show, name, screen):
    page = show(name, screen)
    width = SCREENS[screen]["viewport"]["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    sizes = page.locator(".descent-panel svg").evaluate_all(
        "all => all.map(e => 12 * e.getBoundingClientRect().width / e.viewBox.baseVal.width)")
    assert 11 <= min(sizes) <= max(sizes) < 16  # pixels of text
    tops = [round(panel.bounding_box()["y"]) for panel in page.locator(".descent-panel").all()]
    rows = {"ravine": 1 if screen == "wide" else 2, "bars": 1,
            "waves": 2 if screen == "wide" else 3}[name]
    assert len(set(tops)) == rows


@pytest.mark.parametrize("name", FORMS)
def test_words_do_not_meet_and_are_not_cut(show, name):
    overlaps = show(name, "phone").locator(".descent-panel svg").evaluate_all("""all => {
        const wrong = [];
        for (const svg of all) {
            const box = svg.getBoundingClientRect();
            const texts = [...svg.querySelectorAll("text")].filter((e) => e.textContent)
                .map((e) => [e.textContent, e.getBoundingClientRect()]);
            for (const [k, [a, p]] of texts.entries()) {
                if (p.left < box.left - 3 || p.right > box.right + 3 || p.bottom > box.bottom + 3)
                    wrong.push(a);
                for (const [b, q] of texts.slice(k + 1))
                    if (p.left < q.right && q.left < p.right && p.top + 3 < q.bottom
                        && q.top + 3 < p.bottom) wrong.push([a, b]);
            }
        }
        return wrong; }""")
    assert overlaps == []

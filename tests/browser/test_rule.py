"""The rule of a playground, changed on the page, opened from a file as by a double click."""

import re

import numpy as np
import pytest
from reading import paths, reader, words

from descent import surfaces
from descent.widgets.playground import playground

pytestmark = pytest.mark.browser

LIGHT = "chapters/adopt.html"  # for a page of a test's own
# The theme's own, as in test_pages.
THEMES = {"label-content-name-mismatch", "region"}


class Bench:
    """A playground on a page and the editor of its rule, as a reader sees them."""

    def __init__(self, page, number=0):
        self.page, self.number = page, number
        for place in page.locator("section#playground .descent-playground").all():
            place.scroll_into_view_if_needed()
        self.details = page.locator(".descent-rule").nth(number)
        self.details.wait_for()
        self.place = page.locator(".descent-playground:has(+ .descent-rule)").nth(number)
        self.area = self.details.get_by_label("The rule")

    def open(self):
        if not self.area.is_visible():
            self.details.locator("summary").click()
        return self

    def run(self, text=None):
        """Run what is there, or a text typed, and return what the status says."""
        if text is not None:
            self.area.fill(text)
        self.details.get_by_role("button", name="Run").click()
        self.page.wait_for_function(
            "number => !document.querySelectorAll('.descent-rule .descent-editor')[number]"
            ".hasAttribute('data-busy')", arg=self.number, timeout=120_000)
        return words(self.details)

    def replaced(self, old, new):
        text = self.area.input_value()
        assert old in text
        return text.replace(old, new)

    def drag(self, *ways):
        """Press in the map at a part of its width and height, move on, and let go."""
        box = self.place.locator("svg").first.bounding_box()
        spots = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in ways]
        self.page.mouse.move(*spots[0])
        self.page.mouse.down()
        for spot in spots[1:]:
            self.page.mouse.move(*spot)
        self.page.mouse.up()

    def start(self):
        """Return the start as it is told."""
        label = self.place.get_by_role("application").get_attribute("aria-label")
        return [float(n) for n in re.search(r"\((.+), (.+)\)", label.replace("−", "-")).groups()]

    def says(self, text):
        self.page.wait_for_function("""([number, text]) => document
            .querySelectorAll(".descent-playground:has(+ .descent-rule)")[number]
            .querySelector("[role=status]").textContent.includes(text)""", arg=[self.number, text])


@pytest.fixture(scope="module")
def warm(browser):
    """Return a page of SGD where a rule has been run."""
    with reader(browser) as read:
        bench = Bench(read("chapters/sgd.html")).open()
        bench.given = words(bench.place), paths(bench.place)
        bench.first = bench.area.input_value()
        bench.said = bench.run()
        bench.redrawn = words(bench.place), paths(bench.place)
        yield bench


def test_nothing_is_loaded_before_the_first_run(read):
    page = read(LIGHT)
    bench = Bench(page)
    assert not bench.area.is_visible()
    before = paths(bench.place)
    bench.drag((0.5, 0.5), (0.6, 0.6))
    assert paths(bench.place) == before
    assert "The start is fixed until you run a rule below." in bench.place.inner_text()
    assert page.workers == []
    assert not any("python.js" in url for url in page.asked)


def test_the_rule_as_it_is_draws_the_same_picture(warm):
    assert warm.said.startswith("The rule as given is drawn: 2,400 settings, 60 steps each.")
    assert warm.redrawn[0] == warm.given[0]
    assert warm.redrawn[1] == warm.given[1]


@pytest.mark.parametrize(("name", "number"), [("sgd", 1), ("adopt", 0)])
def test_each_playground_draws_its_own_rule_again(warm, read, name, number):
    """All tables: tests/test_changed.py."""
    bench = Bench(warm.page if name == "sgd" else read(f"chapters/{name}.html"), number).open()
    given = words(bench.place)
    assert bench.run().startswith("The rule as given is drawn")
    assert words(bench.place) == given
    assert bench.page.locator(".descent-rule").count() == number + 1


def test_pages_whose_rules_mix_entries_offer_none(read):
    for name in ("rmsprop", "lbfgs", "shampoo"):
        page = read(f"chapters/{name}.html")
        place = "section#playground .descent-playground"
        page.locator(place).scroll_into_view_if_needed()
        page.wait_for_function("place => document.querySelector(place).dataset.ready", arg=place)
        assert page.locator(".descent-rule").count() == 0


def test_a_changed_rule_draws_what_python_says_of_it(warm, show):
    def signs(p, g, t, b=0.0, *, lr=1e-3, momentum=0.0):
        b = momentum * b + 0.1 * (g > 0) - 0.1 * (g < 0)
        return p - lr * b, b

    widget = playground(signs, surfaces.quadratic, lr=np.geomspace(0.05, 4, 24).round(3),
                        momentum=np.linspace(0, 0.95, 20).round(2),
                        condition=[1.0, 3.0, 10.0, 30.0, 100.0],
                        show={"lr": 1.0, "momentum": 0.7, "condition": 30.0})
    expected = show(widget.page())
    text = ("def sgd(p, g, t, b=0.0, *, lr=1e-3, momentum=0.0):\n"
            "    b = momentum * b + 0.1 * (g > 0) - 0.1 * (g < 0)\n    return p - lr * b, b")
    assert warm.run(text).startswith("Your rule is drawn: 2,400 settings")
    for _ in range(3):
        assert words(warm.place) == words(expected)
        assert words(warm.place) != warm.given[0]
        for page in (warm.place, expected):
            page.get_by_label("momentum", exact=True).press("ArrowRight")
    for _ in range(3):
        warm.place.get_by_label("momentum", exact=True).press("ArrowLeft")


def test_an_error_is_said_in_one_line_and_the_line_is_marked(warm):
    before = paths(warm.place)
    said = warm.run(warm.first.replace("p - lr * step", "p - rate * step"))
    assert said.startswith("It raises NameError: name 'rate' is not defined (line 6)")
    assert said.endswith("The picture is still that of the rule before.")
    assert warm.details.locator(".descent-wrong").is_visible()
    assert paths(warm.place) == before


def test_an_endless_loop_is_ended_and_the_next_try_works(warm):
    assert warm.run("def sgd(p, g, t, *, lr=1.0, momentum=0.0):\n    while True:\n        pass"
                    ).startswith("Stopped after 5 seconds.")
    assert warm.run(warm.first).startswith("The rule as given is drawn")


def test_the_start_can_be_dragged_then(warm):
    warm.run(warm.first.replace("return p - lr * step", "return p - 0.5 * lr * step"))
    warm.place.scroll_into_view_if_needed()
    assert "To move the start, drag in the map" in warm.place.inner_text()
    warm.drag((0.5, 0.5), (0.7, 0.4), (0.8, 0.3))
    x, y = start = warm.start()
    assert 0.8 < x < 1.6
    assert 0.3 < y < 0.9
    for condition in (30.0, 100.0):  # the run at once, all settings when it rests
        warm.says(f"falls from {surfaces.quadratic(condition).f(np.array(start)):.2g}")
        warm.page.wait_for_timeout(3000)
        warm.place.get_by_label("condition", exact=True).press("ArrowRight")
    warm.place.get_by_label("condition", exact=True).press("ArrowLeft")
    warm.place.get_by_role("application").press("ArrowLeft")
    assert warm.start()[0] == pytest.approx(x - 4.4 / 50, abs=0.01)


def test_the_text_stays_and_can_be_taken_back(read):
    bench = Bench(read("chapters/sgd.html")).open()
    first = bench.area.input_value()
    bench.area.fill(mine := first.replace("p - lr", "p - 2 * lr"))
    bench = Bench(read("chapters/sgd.html")).open()
    assert bench.area.input_value() == mine
    assert Bench(bench.page, 1).open().area.input_value() == first
    bench.details.get_by_role("button", name="Reset").click()
    assert bench.area.input_value() == first


def test_axe_and_a_phone_find_nothing(read, violations):
    page = read(LIGHT, viewport={"width": 390, "height": 844})
    Bench(page).open()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # The theme's, which shows while one scrolls.
    page.evaluate("document.getElementById('pst-back-to-top')?.remove()")
    for scheme in ("light", "dark"):
        assert violations(page, scheme, without=THEMES) == []

"""The chooser in a real browser, on a page of its own, with made-up outcomes."""

from decimal import ROUND_HALF_UP, Decimal
from itertools import chain, product

import numpy as np
import pytest
import reading
from reading import paths

from descent.lab.experiments.benchmark import RACE, SCHEDULES, TASKS
from descent.lab.judge import OPTIMIZER_NAMES, TASK_NAMES, Outcome, gap, ranks
from descent.widgets.chooser import NEAR, chooser, losses

NAMES = [OPTIMIZER_NAMES[name] for name in RACE]  # who enters every task

pytestmark = pytest.mark.browser


def outcome(rng):
    test = np.exp(rng.normal(0, 1, (16, 3)))
    test[rng.random(16) < 0.3, 0] = np.inf
    default = np.exp(rng.normal(0, 1, 10))
    default[0] = np.inf if rng.random() < 0.2 else 1.0
    tuning = {"validation_loss": test, "test_loss": test * rng.uniform(0.9, 1.1, test.shape)}
    return Outcome({"validation_loss": default, "test_loss": default}, tuning, {}, {}, 0, False,
                   1.0, 1)


@pytest.fixture(scope="module")
def given():
    rng = np.random.default_rng(0)
    return {key: outcome(rng) for key in product(TASKS, RACE, SCHEDULES)}


@pytest.fixture(scope="module")
def table(given):
    return losses(given)


@pytest.fixture(scope="module")
def form(given):
    return chooser(given).page()


@pytest.fixture
def show(show, form):
    """Open the widget, or another form of it, on a narrow screen if not told otherwise."""
    return lambda width=390, form=form, **options: show(
        form, viewport={"width": width, "height": 844}, **options)


def words(page):
    return reading.words(page).replace("\xa0", " ")


def drawn(page):
    """Return each path, and the number and the colour of each cell."""
    return page.locator(".descent-panel svg").evaluate_all(
        "all => all.flatMap(e => [...e.querySelectorAll('path, rect, text')].map("
        "e => [e.getAttribute('d'), e.getAttribute('fill'), e.textContent]))")


def pick(page, schedule, tries, left_out=()):
    """Set all controls at once; that keys and the mouse do it too has its own test."""
    page.evaluate("""([schedule, tries, tasks]) => {
        const set = (input, event, name, value) => {
            input[name] = value;
            input.dispatchEvent(new Event(event));
        };
        set(document.querySelector("select"), "input", "value", schedule);
        set(document.querySelector("input[type=range]"), "input", "value", tries);
        document.querySelectorAll("input[type=checkbox]").forEach((box, k) =>
            box.checked === tasks[k] || set(box, "change", "checked", tasks[k]));
    }""", [schedule, tries, [task not in left_out for task in TASK_NAMES.values()]])


def cells(page):
    """Return the heat map, an optimizer a row, as (number, ink, colour)."""
    found = page.locator(".descent-panel svg").first.evaluate(
        "e => [...e.querySelectorAll('rect + text')].filter(e => e.style.fill).map(e => "
        "[e.textContent, getComputedStyle(e).fill, "
        "getComputedStyle(e.previousElementSibling).fill])")
    return [found[row:row + len(TASKS)] for row in range(0, len(found), len(TASKS))]


def written(number, step="0.01"):
    return str(Decimal(float(number)).quantize(Decimal(step), ROUND_HALF_UP))


def multiple(number):
    return written(number, "0.01" if number < 9.995 else "0.1" if number < 99.95 else "1")


def listed(names):
    return " and ".join(", ".join(names).rsplit(", ", 1)) if len(names) > 2 else " and ".join(names)


@pytest.mark.parametrize("how", ["keyboard", "mouse"])
def test_each_control_changes_picture_and_words(show, how):
    page = show()
    for control in page.locator("select, input").all():
        control.scroll_into_view_if_needed()
        before, said = paths(page), words(page)
        kind = control.evaluate("e => e.type")
        if how == "keyboard":
            control.focus()
            page.keyboard.press("Space" if kind == "checkbox" else "ArrowLeft")
        elif kind == "select-one":
            control.select_option(index=2)
        else:
            control.click(position={"x": 5, "y": 8})
        assert paths(page) != before, control.evaluate("e => e.labels[0].textContent")
        assert words(page) != said
        if kind == "checkbox":
            control.press("Space")
            assert paths(page) == before
            assert words(page) == said
    assert page.complaints == []


@pytest.mark.parametrize(("schedule", "tries", "left_out"), [
    (0, 0, []), (1, 5, []), (0, 1, ["digits"]), (1, 3, ["CartPole", "names", "breast cancer"]),
    (2, 0, ["MNIST-1D"]), (2, 2, []), (2, 5, ["digits", "names", "spelling", "oscillation"]),
    (1, 4, ["digits", "names", "spelling", "oscillation", "CartPole", "MNIST-1D"]),
])
def test_what_is_said_and_drawn_is_what_the_outcomes_hold(show, table, schedule, tries, left_out):
    page = show()
    pick(page, schedule, tries, left_out)
    over = [k for k, task in enumerate(TASK_NAMES.values()) if task not in left_out]
    multiples = table[schedule, tries] / table[:2, -1].min((0, 1))
    near = table[schedule, tries] <= NEAR * table[schedule, tries].min(0)
    mean, count = ranks(table[schedule, tries])[:, over].mean(1), near[:, over].sum(1)
    lowest, *more = np.unique(mean)
    first = [name for name, rank in zip(NAMES, mean, strict=True) if rank == lowest]
    said = words(page)
    assert (f": {listed(first)} {'has' if len(first) == 1 else 'share'} the lowest mean rank, "
            f"{written(lowest)}; next ") in said
    apart = gap(len(NAMES), len(over))
    chance = (f"Gaps below {written(apart)} may be chance." if apart < len(NAMES) - 1 else
              f"With {len(over)} task{'s' * (len(over) > 1)} any gap may be chance.")
    assert (f" with {written(more[0])}. {chance} Most often within 10 % of the lowest loss: "
            in said)
    often = [name for name, n in zip(NAMES, count, strict=True) if n == count.max()]
    assert f"loss: {listed(often)}, on {count.max()} of {len(over)}." in said
    worst = multiples[NAMES.index(first[0]), over].max()
    assert (f"{first[0]} diverges on" if np.isinf(worst) else
            f"The worst of {first[0]}: {multiple(worst)} times the lowest with 16 tries") in said
    for row, numbers in zip(cells(page), multiples, strict=True):
        for (text, *_), number in zip(row, numbers, strict=True):
            assert text == "∞" if np.isinf(number) else float(text) == pytest.approx(
                number, abs=0.006 if number < 9.99 else 0.06)
    texts = [text for *_, text in drawn(page)]
    assert page.get_by_text("ranks left of it").is_visible() == (lowest + apart <= len(NAMES))
    for rank, n in zip(mean, count, strict=True):
        assert written(rank) in texts
        assert f"{n} of {len(over)}" in texts


def test_how_the_setting_is_told(show):
    page = show()
    assert words(page).startswith("A cosine schedule, 4 tries, all 7 tasks: ")
    slider = page.get_by_label("tries", exact=True)
    assert slider.get_attribute("aria-valuetext") == "4 tries"
    assert not page.get_by_text("so it costs two tries").is_visible()
    pick(page, 2, 3, ["digits", "CartPole"])
    assert words(page).startswith("The better of both schedules, 8 tries (4 settings under each), "
                                  "5 tasks, without digits and CartPole: ")
    assert slider.get_attribute("aria-valuetext") == "8 tries (4 settings under each)"
    assert slider.evaluate("e => e.nextElementSibling.textContent") == "2 × 4"
    assert page.get_by_text("so it costs two tries").is_visible()
    pick(page, 0, 1, list(TASK_NAMES.values())[1:])
    assert words(page).startswith("A constant schedule, 1 try, 1 task, breast cancer: ")
    pick(page, 2, 0, list(TASK_NAMES.values())[2:])
    assert words(page).startswith("The better of both schedules, default settings (2 tries, one "
                                  "under each), 2 tasks, breast cancer and digits: ")
    for picture in page.get_by_role("img").all():
        assert words(page) in picture.get_attribute("aria-label").replace("\xa0", " ")


def test_the_last_task_stays(show):
    page = show()
    pick(page, 0, 0, list(TASK_NAMES.values())[1:])
    last, before = page.get_by_label("breast cancer", exact=True), paths(page)
    assert last.get_attribute("aria-disabled") == "true"
    for act in (last.press, lambda _: last.click(force=True)):  # it is not disabled, but says so
        act("Space")
        assert last.is_checked()
        assert words(page).endswith("At least one task must stay.")
        assert paths(page) == before
    page.get_by_label("digits", exact=True).press("Space")
    assert last.get_attribute("aria-disabled") is None
    assert "must stay" not in words(page)
    last.press("Space")
    assert not last.is_checked()
    assert page.complaints == []


def light(color):
    """Return the relative luminance (WCAG 2) of 'rgb(r, g, b)'."""
    share = np.array([int(part) for part in color[4:-1].split(",")]) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055)**2.4)
    return np.array([0.2126, 0.7152, 0.0722]) @ linear


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_numbers_are_legible_on_every_colour(show, scheme):
    page, seen = show(color_scheme=scheme), set()
    for schedule, tries in product(range(3), range(6)):
        pick(page, schedule, tries)
        for _, ink, color in chain(*cells(page)):
            one, other = sorted((light(ink), light(color)))
            assert (other + 0.05) / (one + 0.05) >= 4.5
            seen.add(color)
    assert len(seen) > 100
    pick(page, 0, 1, ["digits"])
    for row in cells(page):
        assert row[1][1:] == [page.evaluate("getComputedStyle(document.body).color"), "none"]


def test_colours_grow_darker_with_the_loss(show):
    page = show()
    pick(page, 0, 0)
    found = sorted((np.inf if text == "∞" else float(text), light(color))
                   for text, _, color in chain(*cells(page)))
    shades = [shade for _, shade in found]
    assert max(np.diff(shades)) < 0.01  # numbers are rounded
    assert shades[0] > 10 * shades[-1]
    assert found[-1][0] == np.inf


def test_it_is_announced_when_it_rests_and_keys_stay_inside(show):
    page = show()
    page.evaluate("globalThis.heard = [];"
                  "document.body.addEventListener('keydown', (e) => heard.push(e.key))")
    for key in ("ArrowLeft", "Home", "a"):
        page.get_by_label("tries", exact=True).press(key)
    assert page.evaluate("heard") == ["a"]
    assert page.locator("[role=status]").get_attribute("aria-busy") == "true"
    page.wait_for_function("!document.querySelector('[role=status]').hasAttribute('aria-busy')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(show, scheme, violations):
    page = show(color_scheme=scheme)
    for left_out in ([], list(TASK_NAMES.values())[1:]):
        pick(page, 2, 0, left_out)
        assert violations(page, scheme) == []


@pytest.mark.parametrize("width", [390, 1000])
def test_nothing_is_too_wide_nor_cut(show, width):
    page = show(width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    map_, ranks_ = (panel.bounding_box() for panel in page.locator(".descent-panel").all())
    assert (map_["y"] == ranks_["y"]) == (width == 1000)
    for schedule, tries in ((0, 0), (2, 5)):
        pick(page, schedule, tries)
        outside = page.locator(".descent-panel svg").evaluate_all(
            "(all, names) => all.flatMap(s => { const b = s.getBoundingClientRect();"
            "return [...s.querySelectorAll('text')].filter(e => {"
            "if (names.includes(e.textContent)) e.style.fontWeight = 'bold';"  # as the lowest is
            "const r = e.getBoundingClientRect(); return r.left < b.left || r.right > b.right || "
            "r.top < b.top || r.bottom > b.bottom; }).map(e => e.textContent); })", NAMES)
        assert outside == []
    sizes = page.locator(".descent-panel svg").evaluate_all(
        "all => all.map(e => 12 * e.getBoundingClientRect().width / e.viewBox.baseVal.width)")
    assert min(sizes) > 10  # pixels of text


def test_a_kernel_can_choose(show, form):
    page = show(form=form.replace("const listeners = {};",
                                  "const listeners = {}; globalThis.kernel = () => model;"))
    page.evaluate("kernel().set('choice', [0, 0, 1, 0, 1, 1, 1, 1, 1])")
    assert words(page).startswith("A constant schedule, default settings, 6 tasks, without digits:")
    assert not page.get_by_label("digits", exact=True).is_checked()
    assert page.get_by_label("schedule", exact=True).input_value() == "0"
    page.get_by_label("names", exact=True).press("Space")
    assert page.evaluate("kernel().get('choice')") == [0, 0, 1, 0, 1, 0, 1, 1, 1]

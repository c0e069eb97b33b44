"""The playground's module in a real browser, on a page of its own without a kernel or a book."""

import numpy as np
import pytest
from reading import words

from descent import adagrad, lbfgs, path, sgd, surfaces
from descent.widgets.playground import playground

SCREENS = {"wide": {"viewport": {"width": 1000, "height": 800}},
           "phone": {"viewport": {"width": 390, "height": 844}}}

pytestmark = pytest.mark.browser


@pytest.fixture
def show(show):
    """Open on a wide screen if not told otherwise."""
    return lambda *forms, **options: show(*forms, **{**SCREENS["wide"], **options})


@pytest.fixture(scope="module")
def ravine():
    return playground(sgd, lr=np.geomspace(0.05, 4, 20), momentum=[0.5, 0.7, 0.9], steps=60,
                      nesterov=[False, True], condition=[3.0, 30.0],
                      show={"lr": 1.0, "momentum": 0.5, "condition": 30.0})


def picture(page):
    return page.locator(".descent-panel path, .descent-panel circle").evaluate_all(
        "all => all.map(e => [e.getAttribute('d'), e.getAttribute('cx'), "
        "e.parentNode.getAttribute('display')])")


def pick(page, **values):
    """Set controls by the text of their values, as a reader sees them."""
    for name, value in values.items():
        control = page.get_by_label(name, exact=True)
        if control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(label=value)
        else:
            control.press("Home")
            while control.evaluate("e => e.nextElementSibling.textContent") != value:
                control.press("ArrowRight")


def test_the_keyboard_changes_picture_and_words(show, ravine):
    page = show(ravine.page())
    for name in ("lr", "momentum", "condition", "step"):
        before = picture(page), words(page)
        page.get_by_label(name, exact=True).press("ArrowLeft" if name == "condition"
                                                  else "ArrowRight")
        assert picture(page) != before[0], name
        assert (words(page) != before[1]) == (name != "step"), name
    before = picture(page), words(page)
    page.get_by_label("nesterov", exact=True).select_option(label="off")
    assert picture(page) != before[0]
    assert words(page) != before[1]
    assert page.complaints == page.foreign == []


def test_the_mouse_changes_picture_and_words(show, ravine):
    page = show(ravine.page())
    for name in ("lr", "step"):
        slider, before = page.get_by_label(name, exact=True), picture(page)
        box = slider.bounding_box()
        slider.click(position={"x": 0.4 * box["width"], "y": box["height"] / 2})
        assert picture(page) != before, name


def test_what_is_said_is_what_the_rule_does(show):
    surface = surfaces.double_well()
    widget = playground(sgd, surfaces.double_well, lr=[0.01, 0.05], momentum=[0.0, 0.9], steps=100,
                        show={"lr": 0.01, "momentum": 0.0})
    page = show(widget.page())
    run = [np.array(surface.start)]
    for _ in range(100):
        run.append(run[-1] - 0.01 * surface.grad(run[-1]))
    loss = surface.f(np.array(run)) - surface.lowest
    assert loss.min() > 0.01 * loss[0]
    assert words(page) == (f"lr 0.01, momentum 0: the loss falls from {loss[0]:.2g} to "
                           f"{loss[-1]:.2g} in 100 steps; it is never below 1\xa0% of the first. "
                           f"It ends near the minimum at (1.0, 0.0).")
    pick(page, momentum="0.9")
    assert "(−1.0, 0.0)" in words(page)
    assert "first below 1\xa0% of the first at step" in words(page)


def test_bars_follow_setting_and_step(show):
    widget = playground(adagrad, surfaces.quadratic, lr=[0.1, 0.4], steps=30,
                        bars={"step size": lambda step: step.hyper["lr"] / np.sqrt(step.state[0])},
                        show={"lr": 0.1, "step": 0})
    page, surface = show(widget.page()), surfaces.quadratic()
    for lr, shown, steps in (("0.1", 0.1, 4), ("0.4", 0.4, 4)):
        pick(page, lr=lr, step=str(steps))
        run = path(adagrad, surface.grad, np.array(surface.start), steps, lr=shown)
        x, y = shown / np.sqrt((surface.grad(run[:-1])**2).sum(0))
        said = page.locator(".descent-panel svg").last.get_attribute("aria-label")
        assert said == f"step size in x: {x:.2g}; step size in y: {y:.2g}."
    assert page.complaints == []


def test_a_search_is_drawn_with_its_looks_and_its_model(show):
    def model(step):
        return step.p, 0.3 * np.eye(2)

    widget = playground(lbfgs, surfaces.rosenbrock, steps=20, lr=[1.0, 2.0], history_size=[2, 10],
                        line_search_fn="strong_wolfe", ellipse=model,
                        show={"lr": 2.0, "history_size": 10, "step": 0})
    page, looks = show(widget.page()), widget.content["looks"][3]

    def rings():
        return [d.count("a3.6") // 2 for d in page.locator(".descent-panel").first.locator("path")
                .evaluate_all("all => all.map(e => e.getAttribute('d') || '')") if "a3.6" in d]

    slider = page.get_by_label("step", exact=True)
    for step in range(20):
        assert sum(rings()) == len(looks[step]) // 2
        slider.press("ArrowRight")
    assert rings() == []  # behind the last step
    slider.press("Home")
    drawn = page.locator(".descent-panel path").evaluate_all(
        "all => all.map(e => e.getAttribute('d') || '')")
    assert any(d.count("L") == 90 for d in drawn)
    assert f"It looks at {1 + sum(map(len, looks)) // 2} points" in words(page)
    assert page.get_by_text("where the next step looks").is_visible()
    assert page.complaints == []


def test_a_run_that_diverges_is_drawn_so(show, ravine):
    page = show(ravine.page())
    pick(page, lr="4", momentum="0.9", condition="30")
    left = ravine.content["left"][np.ravel_multi_index((19, 2, 1, 1), (20, 3, 2, 2))]
    assert f"diverges and leaves the picture at step {left}, with a loss of" in words(page)
    assert page.get_by_text(f"left at step {left}").is_visible()
    page.get_by_label("step", exact=True).press("End")
    drawn = str(picture(page))
    assert not any(word in drawn for word in ("NaN", "Infinity", "undefined"))
    assert "stopped at" in page.get_by_label("step", exact=True).get_attribute("aria-valuetext")


def test_the_picture_has_a_text(show, ravine):
    page = show(ravine.page())
    for panel in page.get_by_role("img").all():
        assert words(page) in panel.get_attribute("aria-label")
    slider = page.get_by_label("lr", exact=True)
    assert slider.get_attribute("aria-valuetext") == slider.evaluate(
        "e => e.nextElementSibling.textContent")


def test_a_drag_is_announced_when_it_rests(show, ravine):
    page = show(ravine.page())
    page.get_by_label("lr", exact=True).press("ArrowRight")
    assert page.locator("[role=status]").get_attribute("aria-busy") == "true"
    page.wait_for_function("!document.querySelector('[role=status]').hasAttribute('aria-busy')")


def test_focus_is_seen(show, ravine):
    page = show(ravine.page())
    for _ in range(5):
        page.keyboard.press("Tab")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_arrow_keys_stay_in_the_widget(show, ravine):
    page = show(ravine.page())
    page.evaluate("globalThis.heard = [];"
                  "document.body.addEventListener('keydown', (e) => heard.push(e.key))")
    for key in ("ArrowRight", "Home", "PageUp", "a"):
        page.get_by_label("lr", exact=True).press(key)
    assert page.evaluate("heard") == ["a"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(show, ravine, violations, scheme):
    assert violations(show(ravine.page()), scheme) == []


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_is_wider_than_the_screen(show, ravine, screen):
    page = show(ravine.page(), **SCREENS[screen])
    assert (page.evaluate("document.documentElement.scrollWidth")
            <= SCREENS[screen]["viewport"]["width"])
    left, right = (panel.bounding_box() for panel in page.locator(".descent-panel").all())
    assert (left["y"] == right["y"]) == (screen == "wide")
    sizes = page.locator(".descent-panel svg").evaluate_all(
        "all => all.map(e => 12 * e.getBoundingClientRect().width / e.viewBox.baseVal.width)")
    assert min(sizes) > 10  # pixels of text


def test_ids_are_unique_among_widgets(show, ravine):
    page = show(ravine.page(), ravine.page())
    ids = page.eval_on_selector_all("[id]", "all => all.map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_in_jupyter_the_start_moves_by_pointer_and_by_key(show, ravine):
    live = (ravine.page().replace('"live":false', '"live":true')
            .replace("save_changes() {}", "save_changes() { globalThis.saved = state.start; }"))
    page = show(live)
    (x0, x1), (y0, y1) = ravine.content["window"]
    panel = page.get_by_role("application")
    panel.press("ArrowUp")
    x, y = page.evaluate("saved")
    np.testing.assert_allclose([x, y], [-2.0, 1.0 + (y1 - y0) / 50], atol=1e-3)
    box = page.locator(".descent-panel clipPath rect").first.evaluate(
        "e => { const s = e.ownerSVGElement.getBoundingClientRect(), k = s.width / 360;"
        "return [s.x + e.x.baseVal.value * k, s.y + e.y.baseVal.value * k,"
        "e.width.baseVal.value * k, e.height.baseVal.value * k]; }")
    page.mouse.move(box[0] + 0.1 * box[2], box[1] + 0.1 * box[3])
    page.mouse.down()
    page.mouse.move(box[0] + 0.5 * box[2], box[1] + 0.25 * box[3])
    page.mouse.up()
    x, y = page.evaluate("saved")
    np.testing.assert_allclose([x, y], [(x0 + x1) / 2, y1 - (y1 - y0) / 4], atol=0.02)
    assert page.complaints == []


def test_a_redraw_takes_a_fraction_of_a_frame(show, ravine):
    page = show(ravine.page())
    times = page.evaluate("""() => {
        const times = [];
        for (const slider of document.querySelectorAll("input[type=range]")) {
            for (let k = 0; k < 200; k++) {
                slider.value = k % (+slider.max + 1);
                const begin = performance.now();
                slider.dispatchEvent(new Event("input"));
                times.push(performance.now() - begin);
            }
        }
        return times; }""")
    print(f"redraw: median {np.median(times):.2f} ms, 95th percentile "
          f"{np.percentile(times, 95):.2f} ms, of {len(times)}")

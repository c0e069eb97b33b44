import gzip
import json
import re

import numpy as np
import pytest
from tables import runs

from descent import adagrad, lbfgs, path, sgd, surfaces
from descent.rules.lbfgs import two_loop
from descent.widgets.playground import COARSE, DECADES, FAR, FINE, Playground, _cut, playground
from descent.widgets.widget import module

LR, MOMENTUM, CONDITION = [0.1, 0.5, 1.0], [0.0, 0.5], [2.0, 20.0]


def in_both(found, name="{}"):
    """Return two channels, of x and of y, as (2, settings, steps + 1)."""
    return np.stack([found[name.format(axis)] for axis in ("x", "y")])


def widths(widget):
    (x0, x1), (y0, y1) = widget.content["window"]
    return np.array([x1 - x0, y1 - y0])


def points(widget, setting):
    middle = np.mean(widget.content["window"], axis=1)
    return middle + in_both(runs(widget))[:, setting].T * widths(widget) / FINE


def losses(widget, setting):
    return 10 ** (runs(widget)["loss"][setting] / DECADES)


def assert_run(widget, setting, run):
    """Half of a rounding step is what a point may differ by."""
    error = np.abs(points(widget, setting) - run) / widths(widget)
    assert error.max() <= 0.5 / FINE + 1e-12


def single(surface, steps, start=None, rule=sgd, **hyper):
    return path(rule, surface.grad, np.array(start or surface.start), steps, **hyper)


@pytest.mark.parametrize("order", [("lr", "momentum", "condition"),
                                   ("condition", "lr", "momentum")])
def test_each_setting_of_the_batch_is_that_run_alone(order):
    values = {"lr": LR, "momentum": MOMENTUM, "condition": CONDITION}
    widget = playground(sgd, surfaces.quadratic, steps=20, **{name: values[name] for name in order})
    for setting, indices in enumerate(np.ndindex(*(len(values[name]) for name in order))):
        chosen = {n: values[n][i] for n, i in zip(order, indices, strict=True)}
        surface = surfaces.quadratic(condition=chosen.pop("condition"))
        run = single(surface, 20, **chosen)
        assert_run(widget, setting, run)
        tolerance = 10 ** (0.5 / DECADES) - 1 + 1e-9
        np.testing.assert_allclose(losses(widget, setting), np.maximum(surface.f(run), 1e-16),
                                   rtol=tolerance)


def test_the_arrow_is_minus_lr_times_the_memory():
    widget = playground(sgd, steps=8, lr=[0.1, 0.5], momentum=0.5)
    assert widget.content["memory"] == "b"
    for setting, lr in enumerate([0.1, 0.5]):
        run = single(surfaces.quadratic(), 8, lr=lr, momentum=0.5)
        arrows = in_both(runs(widget), "push {}")[:, setting].T * widths(widget) * COARSE / FINE
        np.testing.assert_allclose(arrows[1:], np.diff(run, axis=0),
                                   atol=COARSE / FINE * widths(widget).max())


def test_the_memory_is_the_first_state_of_the_points_shape():
    def counted(p, g, t, seen=0.0, m=0.0, *, lr=0.1):
        m = 0.9 * m + g
        return p - lr * m, seen + 1, m

    assert playground(counted, lr=LR, steps=5).content["memory"] == "m"


def step_sizes(step):
    return step.hyper["lr"] / np.sqrt(step.state[0])


def test_bars_hold_what_their_function_says():
    lr = [0.1, 0.5]
    widget = playground(adagrad, surfaces.quadratic, lr=lr, steps=20,
                        bars={"step size": step_sizes, "lr": lambda step: step.hyper["lr"]})
    assert widget.content["memory"] == ""
    assert widget.content["bars"] == ["step size", "lr"]
    surface, found = surfaces.quadratic(), runs(widget)
    sizes, rates = (in_both(found, f"{bar} in {{}}") / DECADES for bar in widget.content["bars"])
    for row, rate in enumerate(lr):
        run = single(surface, 20, rule=adagrad, lr=rate)
        sums = np.cumsum(surface.grad(run[:-1])**2, axis=0)
        np.testing.assert_allclose(10 ** sizes[:, row, 1:], (rate / np.sqrt(sums)).T, rtol=0.01)
        np.testing.assert_allclose(10 ** rates[:, row], rate, rtol=0.01)
    for decades in (sizes, rates):
        np.testing.assert_array_equal(decades[..., 0], decades[..., 1])


SEARCH = {"line_search_fn": "strong_wolfe"}


def model(step):
    """Return the centre and the matrix of the ellipse that the pairs imply before the step."""
    *_, g, s, pairs = step.state
    inverse = np.stack([two_loop(unit, pairs) for unit in np.eye(2)])
    root = np.linalg.cholesky(inverse)
    return step.p - s - inverse @ g, np.sqrt(g @ inverse @ g) * root


def test_every_look_of_a_search_is_kept():
    surface, seen = surfaces.rosenbrock(), []

    def fun(p):
        seen.append(p)
        return surface.f(p), surface.grad(p)

    lr = [0.5, 2.0]
    widget = playground(lbfgs, surface, lr=lr, steps=20, **SEARCH)
    assert widget.content["memory"] == ""
    for row, rate in enumerate(lr):
        seen.clear()
        run = path(lbfgs, fun, np.array(surface.start), 20, lr=rate, **SEARCH)
        assert_run(widget, row, run)
        looks = widget.content["looks"][row]
        drawn = np.array([number for step in looks for number in step]).reshape(-1, 2)
        places = np.mean(widget.content["window"], axis=1) + drawn * widths(widget) / FINE
        np.testing.assert_allclose(places, seen[1:], atol=1 / FINE * widths(widget).max())
        assert len(looks) == 20
    assert max(len(step) for step in looks) > 2  # some were rejected


def test_without_a_search_a_step_looks_where_it_goes():
    widget = playground(lbfgs, surfaces.quadratic, lr=[0.5, 1.0], steps=6)
    drawn = np.array(widget.content["looks"][0])
    np.testing.assert_array_equal(drawn, in_both(runs(widget))[:, 0, 1:].T)


def test_the_ellipse_of_an_exact_model_is_a_level_line():
    surface = surfaces.quadratic(10.0, 0.5)
    widget = playground(lbfgs, surface, lr=[0.5, 1.0], steps=8, ellipse=model, **SEARCH)
    ellipses = widget.content["ellipses"][1]
    assert len(ellipses) == 8
    exact = np.array(ellipses[6]).reshape(3, 2) * widths(widget) / FINE
    np.testing.assert_allclose(exact[0], surface.minima[0], atol=2e-3)
    here = surface.f(points(widget, 1)[2])
    rims = np.array(ellipses[2]).reshape(3, 2) * widths(widget) / FINE
    assert surface.f(rims[1:]) == pytest.approx(here, rel=0.5)


def test_a_menu_of_booleans():
    widget = playground(sgd, steps=10, momentum=[0.5, 0.9], nesterov=[False, True], lr=0.1)
    assert widget.content["controls"][1] == {
        "name": "nesterov", "menu": True, "surface": False, "labels": ["off", "on"]}
    for setting, (momentum, nesterov) in enumerate(
            [(0.5, False), (0.5, True), (0.9, False), (0.9, True)]):
        assert_run(widget, setting, single(surfaces.quadratic(), 10, lr=0.1, momentum=momentum,
                                           nesterov=nesterov))


def test_a_menu_of_tuples_beside_a_slider():
    def averaged(p, g, t, m=0.0, *, lr=0.1, betas=(0.9, 0.5)):
        m = betas[0] * m + betas[1] * g
        return p - lr * m, m

    widget = playground(averaged, steps=10, betas=[(0.9, 0.1), (0.5, 0.5)], lr=LR)
    assert widget.content["controls"][0]["labels"] == ["(0.9, 0.1)", "(0.5, 0.5)"]
    assert_run(widget, 4, single(surfaces.quadratic(), 10, rule=averaged, lr=0.5,
                                 betas=(0.5, 0.5)))


def test_surfaces_that_take_no_arrays():
    widget = playground(sgd, surfaces.double_well, steps=30, tilt=[0.2, 1.0], lr=[0.01, 0.02])
    assert widget.content["minima"][0] != widget.content["minima"][1]
    assert len(widget.content["contours"]) == 2
    assert_run(widget, 3, single(surfaces.double_well(1.0), 30, lr=0.02))


def test_a_surface_itself_and_a_rule_of_ones_own():
    def signed(p, g, t, *, lr=0.1):
        return (p - lr * np.sign(g),)

    surface = surfaces.saddle()
    widget = playground(signed, surface, steps=10, lr=[0.05, 0.1], start=(-1.0, 0.5))
    assert_run(widget, 1, single(surface, 10, (-1.0, 0.5), signed, lr=0.1))
    assert widget.content["memory"] == ""
    assert list(runs(widget)) == ["x", "y", "loss"]


def test_rules_that_cannot_run_as_a_batch_are_run_one_by_one():
    def normed(p, g, t, *, lr=0.1):  # mixes the points of a batch
        return (p - lr * g / np.sqrt((g**2).sum()),)

    def careful(p, g, t, *, lr=0.1):  # no batch can answer an `if`
        return (p - (lr if lr < 0.3 else 0.3) * g,)

    for rule in (normed, careful):
        widget = playground(rule, steps=10, lr=LR, condition=CONDITION)
        assert_run(widget, 5, single(surfaces.quadratic(20.0), 10, rule=rule, lr=1.0))
        assert_run(widget, 0, single(surfaces.quadratic(2.0), 10, rule=rule, lr=0.1))


def test_a_run_that_diverges_is_cut_at_the_edge_of_the_box():
    widget = playground(sgd, steps=1000, lr=[0.5, 2.5, 1e9])
    calm, wild, wildest = widget.content["left"]
    assert calm == 1001
    run = single(surfaces.quadratic(), 40, lr=2.5)
    out = (np.abs(run) > FAR * widths(widget) / 2).any(-1)
    assert wild == out.argmax()
    assert wildest == 1
    drawn = points(widget, 1)
    np.testing.assert_allclose(drawn[:wild], run[:wild], atol=1 / FINE * 4)
    assert np.abs(drawn).max() <= FAR * widths(widget).max() / 2
    assert (drawn[wild:] == drawn[wild]).all()
    np.testing.assert_allclose(losses(widget, 1)[wild], surfaces.quadratic().f(run[wild]),
                               rtol=0.01)


def test_a_run_that_ends_in_nan_is_cut_too():
    def root(p, g, t, *, lr=0.1):
        return (np.sqrt(p - lr * g),)

    widget = playground(root, steps=5, lr=[0.1, 0.2])
    assert widget.content["left"] == [1, 1]
    assert np.isfinite(points(widget, 0)).all()


def test_moving_the_start_computes_anew():
    widget = playground(sgd, steps=10, lr=[0.1, 0.5])
    widget.start = [1.0, -1.0]
    assert_run(widget, 1, single(surfaces.quadratic(), 10, (1.0, -1.0), lr=0.5))
    with pytest.raises(ValueError, match="start must be a point"):
        widget.start = [9.0, 0.0]


def test_the_batch_is_run_once_when_made(monkeypatch):
    calls = []
    grid = type(playground(sgd, lr=LR, steps=2)._grid)
    monkeypatch.setattr(grid, "_runs", lambda self, start, runs=grid._runs:
                        calls.append(start) or runs(self, start))
    playground(sgd, lr=LR, steps=2)
    assert len(calls) == 1


def test_both_hosts_get_their_form_and_text_is_stable():
    widget = playground(sgd, steps=10, lr=[0.1, 0.5])
    data, _ = widget._repr_mimebundle_()
    assert isinstance(widget, Playground)
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == "Playground: sgd on quadratic over lr × 2, 10 steps"
    assert 'class="descent-playground"' in data["text/html"]
    assert "<p>An interactive picture" in data["text/html"]
    pages = [widget.page() for _ in range(2)]
    ids = [re.search(r'id="([^"]+)"', page).group(1) for page in pages]
    assert ids[0] != ids[1]
    assert pages[0].replace(ids[0], "") == pages[1].replace(ids[1], "")


def test_the_page_form_cannot_break_out_of_its_script():
    def rule(p, g, t, *, lr=0.1, name="</script><b>"):
        return (p - lr * g,)

    page = playground(rule, steps=2, lr=[0.1], name=["</script><!--<script>", "x"]).page()
    assert page.count("</script>") == page.count("<script") == 1
    assert "<!--" not in page
    state = json.loads(re.search(r"const state = (\{.*?\}), source = ", page, re.S).group(1))
    assert state["content"]["controls"][1]["labels"][0] == "</script><!--<script>"


@pytest.mark.parametrize("name", ["playground", "designer", "chooser", "explorable"])
def test_no_markup_is_made_from_data(name):
    source = module(name)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|fetch\(",
                         source)


def test_a_large_one_stays_light():
    widget = playground(sgd, lr=np.geomspace(0.05, 4, 25), momentum=np.linspace(0, 0.95, 20),
                        condition=[1.0, 3.0, 10.0, 30.0, 60.0, 100.0])
    assert len(gzip.compress(widget.page().encode())) < 300_000


@pytest.mark.parametrize(("values", "labels"), [
    (np.geomspace(0.01, 1, 3), ["0.01", "0.1", "1"]),
    ([0.99951, 0.99952], ["0.99951", "0.99952"]),
    ([1 / 3, 100, 2500.0], ["0.333", "100", "2500"]),
    (range(2), ["0", "1"]),
])
def test_labels_tell_values_apart(values, labels):
    widget = playground(sgd, steps=2, lr=values)
    assert widget.content["controls"][0]["labels"] == labels


def test_the_shown_setting():
    widget = playground(sgd, lr=LR, momentum=MOMENTUM, show={"lr": 0.9, "step": 7})
    assert (widget.choice, widget.step) == ([2, 1], 7)
    assert playground(sgd, lr=LR).choice == [1]


def bare(p, g, t, *, lr=0.1):
    return p - lr * g


@pytest.mark.parametrize(("arguments", "error", "words"), [
    ({}, ValueError, "one to four of them, got none"),
    ({"lr": []}, ValueError, r"lr must hold at least one value.* got \[\]"),
    ({"lr": [0.1, np.inf]}, ValueError, "lr must hold .* finite"),
    ({"lr": np.ones((2, 2))}, ValueError, "lr must be a number, a list or a 1-D array"),
    ({"lr": [0.1], "speed": 3}, TypeError, "no hyper-parameter 'speed'; it takes lr, .*condition"),
    ({"lr": [0.1, -0.1]}, ValueError, r"lr=-0\.1: sgd: lr must be >= 0"),
    ({"momentum": [0.0, 0.9], "nesterov": [False, True]}, ValueError,
     r"momentum=0\.0, nesterov=True: sgd: nesterov=True needs"),
    ({"lr": [0.1], "steps": 0}, ValueError, r"steps must be .* got 0"),
    ({"lr": [0.1], "start": (1.0,)}, ValueError, "start must be a point"),
    ({"lr": [0.1], "start": (50.0, 0.0)}, ValueError, r"in the window .* got \[50"),
    ({"lr": [0.1], "show": {"momentum": 0.2}}, ValueError, r"show must name .* momentum=0\.2"),
    ({"lr": [0.1], "show": {"lr": "large"}}, ValueError, "lr must be one of .* 'large'"),
    ({"lr": [0.1], "show": {"step": 99}}, ValueError, r"step must be in \[0, 60\], got 99"),
    ({"lr": np.linspace(0.1, 1, 100), "momentum": np.linspace(0, 0.9, 100)}, ValueError,
     "at most 3000 settings, got 100 × 100 = 10000"),
    ({"lr": [0.1], "condition": np.linspace(1, 9, 50)}, ValueError, "at most 40 surfaces, got 50"),
    ({"lr": [0.1], "surface": lambda: 3}, TypeError, "surface must be a Surface .* got 3"),
    ({"lr": [0.1], "bars": {"step size": 3}}, ValueError, "bars must map one to three names .* 3"),
    ({"lr": [0.1], "ellipse": model}, ValueError, "ellipse must be a function, for a rule that"),
    ({"rule": lbfgs, "lr": [0.1], "ellipse": 3}, ValueError, "ellipse must be a function.* got 3"),
    ({"rule": lbfgs, "history_size": [0, 1]}, ValueError, "history_size=0: lbfgs: history_size"),
    ({"rule": bare, "lr": [0.1, 0.2]}, TypeError, "bare must return a tuple"),
])
def test_bad_input(arguments, error, words):
    with pytest.raises(error, match=words):
        playground(**{"rule": sgd, **arguments})


def test_a_run_is_cut_on_the_line_from_its_last_point_inside():
    points = np.array([[[0.0, 0.0], [0.5, 0.0], [2.5, 1.0], [9.0, 9.0]],
                       [[0.0, 0.0], [0.1, 0.1], [0.2, 0.2], [0.3, 0.3]]])
    middle, reach = np.array([0.0, 0.0]), np.array([1.0, 1.0])
    cut, left = _cut(points, middle, reach)
    assert left.tolist() == [2, 4]
    assert np.allclose(cut[0, 2:], [1.0, 0.25])  # a quarter of the way out, at the right edge
    assert np.array_equal(cut[0, :2], points[0, :2])
    assert np.array_equal(cut[1], points[1])
    assert points[0, 3, 0] == 9.0

import base64
import gzip
import json
import re
import zlib

import numpy as np
import pytest

from descent import path, sgd, surfaces
from descent.playground import FINE, MODULE, playground


def table(widget):
    """Decode a widget's table as the module does: shape (settings, channels, steps + 1)."""
    apart = np.frombuffer(zlib.decompress(base64.b64decode(widget.content["table"])), np.uint8)
    apart = apart.reshape(2, -1)
    whole = (apart[0] | apart[1].astype(np.uint16) << 8).astype(np.int16)
    whole = whole.reshape(-1, 5, widget.content["steps"] + 1)
    return np.cumsum(whole, axis=-1, dtype=np.int16).astype(float)


def points(widget, setting):
    (x0, x1), (y0, y1) = widget.content["window"]
    x, y = table(widget)[setting, :2]
    return np.stack([(x0 + x1) / 2 + x * (x1 - x0) / FINE,
                     (y0 + y1) / 2 + y * (y1 - y0) / FINE], axis=-1)


def losses(widget, setting):
    return 10 ** (table(widget)[setting, 2] / widget.content["decades"])


LR, MOMENTUM, CONDITION = [0.1, 0.5, 1.0], [0.0, 0.5], [2.0, 20.0]


def setting(*indices, shape):
    return int(np.ravel_multi_index(indices, shape))


@pytest.mark.parametrize("order", [("lr", "momentum", "condition"),
                                   ("condition", "lr", "momentum")])
def test_each_setting_of_the_table_is_that_run(order):
    values = {"lr": LR, "momentum": MOMENTUM, "condition": CONDITION}
    widget = playground(sgd, surfaces.quadratic, steps=20, **{name: values[name] for name in order})
    shape = [len(values[name]) for name in order]
    for indices in np.ndindex(*shape):
        chosen = {n: values[n][i] for n, i in zip(order, indices, strict=True)}
        surface = surfaces.quadratic(condition=chosen.pop("condition"))
        run = path(sgd, surface.grad, np.array(surface.start), 20, **chosen)
        at = setting(*indices, shape=shape)
        np.testing.assert_allclose(points(widget, at), run, atol=4.4 / FINE)
        np.testing.assert_allclose(losses(widget, at), surface.f(run), rtol=0.01, atol=1e-16)


def test_the_arrow_is_minus_lr_times_the_memory():
    widget = playground(sgd, steps=5, lr=[0.1], momentum=0.5)
    u, v = table(widget)[0, 3:]
    (x0, x1), (y0, y1) = widget.content["window"]
    run = points(widget, 0)
    scale = np.array([x1 - x0, y1 - y0]) * 10 / FINE
    np.testing.assert_allclose(np.stack([u, v], -1)[1:] * scale, np.diff(run, axis=0), atol=0.03)


def test_a_menu_is_a_run_of_its_own():
    widget = playground(sgd, steps=10, momentum=[0.5, 0.9], nesterov=[False, True], lr=0.1)
    assert widget.content["controls"][1]["labels"] == ["off", "on"]
    surface = surfaces.quadratic()
    for i, momentum in enumerate([0.5, 0.9]):
        for j, nesterov in enumerate([False, True]):
            run = path(sgd, surface.grad, np.array(surface.start), 10, lr=0.1, momentum=momentum,
                       nesterov=nesterov)
            np.testing.assert_allclose(points(widget, 2 * i + j), run, atol=4.4 / FINE)


def test_surfaces_that_take_no_arrays():
    widget = playground(sgd, surfaces.double_well, steps=30, tilt=[0.2, 1.0], lr=[0.01])
    assert widget.content["minima"][0] != widget.content["minima"][1]
    surface = surfaces.double_well(1.0)
    run = path(sgd, surface.grad, np.array(surface.start), 30, lr=0.01)
    np.testing.assert_allclose(points(widget, 1), run, atol=4.4 / FINE)


def test_a_surface_itself_and_a_rule_of_ones_own():
    def signed(p, g, t, *, lr=0.1):
        return (p - lr * np.sign(g),)

    surface = surfaces.saddle()
    widget = playground(signed, surface, steps=10, lr=[0.05, 0.1], start=(-1.0, 0.5))
    run = path(signed, surface.grad, np.array([-1.0, 0.5]), 10, lr=0.1)
    np.testing.assert_allclose(points(widget, 1), run, atol=4 / FINE)
    assert widget.content["memory"] == ""
    assert repr(widget) == "Playground: signed on saddle over lr × 2, 10 steps"


def test_a_run_that_diverges_is_cut_where_it_leaves():
    widget = playground(sgd, steps=200, lr=[0.5, 2.5])
    calm, wild = widget.content["left"]
    assert calm == 201
    run = path(sgd, surfaces.quadratic().grad, np.array([-2.0, 1.0]), 200, lr=2.5)
    (x0, x1), (y0, y1) = widget.content["window"]
    far = np.abs(run).max(-1) > 6 * np.array([(x1 - x0) / 2, (y1 - y0) / 2]).min()
    assert 0 < wild < 60
    assert far[wild]
    assert np.isfinite(table(widget)).all()


def test_moving_the_start_computes_anew():
    widget = playground(sgd, steps=10, lr=[0.1, 0.5])
    before = widget.content["table"]
    widget.start = [1.0, 1.0]
    assert widget.content["table"] != before
    run = path(sgd, surfaces.quadratic().grad, np.array([1.0, 1.0]), 10, lr=0.5)
    np.testing.assert_allclose(points(widget, 1), run, atol=4.4 / FINE)


def test_both_hosts_get_their_form_and_text_is_stable():
    widget = playground(sgd, steps=10, lr=[0.1, 0.5])
    data, _ = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == "Playground: sgd on quadratic over lr × 2, 10 steps"
    assert 'class="descent-playground"' in data["text/html"]
    ids = [re.search(r'id="([^"]+)"', widget.page()).group(1) for _ in range(2)]
    assert ids[0] != ids[1]


def test_the_page_form_cannot_break_out_of_its_script():
    def rule(p, g, t, *, lr=0.1, name="</script><b>"):
        return (p - lr * g,)

    page = playground(rule, steps=2, lr=[0.1], name=["</script><b>", "x"]).page()
    assert page.count("</script>") == 1
    state = re.search(r"const state = (\{.*?\}), source = ", page, re.S).group(1)
    assert json.loads(state)["content"]["controls"][1]["labels"][0] == "</script><b>"


def test_no_markup_is_made_from_data():
    source = MODULE.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", source)


def test_a_large_one_stays_light():
    widget = playground(sgd, lr=np.geomspace(0.05, 4, 24), momentum=np.linspace(0, 0.95, 20),
                        condition=[1.0, 3.0, 10.0, 30.0, 100.0])
    assert len(gzip.compress(widget.page().encode())) < 300_000


def test_the_shown_setting():
    widget = playground(sgd, lr=LR, momentum=MOMENTUM, show={"lr": 0.9})
    assert widget.choice == [2, 1]


@pytest.mark.parametrize(("hyper", "error", "words"), [
    ({}, ValueError, "one to four"),
    ({"lr": []}, ValueError, "none empty"),
    ({"lr": [0.1], "speed": 3}, TypeError, "no hyper-parameter 'speed'"),
    ({"lr": [0.1, -0.1]}, ValueError, "lr must be >= 0"),
    ({"momentum": [0.0, 0.9], "nesterov": [False, True]}, ValueError, "nesterov=True needs"),
    ({"lr": [0.1], "steps": 0}, ValueError, r"steps must be .* got 0"),
    ({"lr": [0.1], "start": (1.0,)}, ValueError, "start must be a point"),
    ({"lr": [0.1], "show": {"momentum": 0.2}}, ValueError, r"show must name .* momentum=0\.2"),
    ({"lr": [0.1], "show": {"lr": "large"}}, ValueError, "lr must be one of .* 'large'"),
    ({"lr": np.linspace(0.1, 1, 100), "momentum": np.linspace(0, 0.9, 100)}, ValueError,
     "100 × 100 = 10000"),
])
def test_bad_input(hyper, error, words):
    with pytest.raises(error, match=words):
        playground(sgd, **hyper)

import numpy as np
import pytest
import sympy
import torch

from descent import rules, sgd
from descent.symbols import equal


def run(gradients, p=0.0, **hyper):
    """Return the points of a rule on given gradients."""
    state, points = (), []
    for t, g in enumerate(gradients, start=1):
        p, *state = sgd(p, g, t, *state, **hyper)
        points.append(p)
    return points


@pytest.mark.parametrize(("hyper", "expected"), [
    ({}, [-1, -2, -3]),
    ({"momentum": 0.9}, [-1, -2.9, -5.61]),
    ({"momentum": 0.9, "dampening": 0.9}, [-1, -2, -3]),
    ({"momentum": 0.9, "nesterov": True}, [-1.9, -4.61, -8.049]),
])
def test_by_hand(hyper, expected):
    assert run([1.0, 1.0, 1.0], lr=1.0, **hyper) == pytest.approx(expected, rel=1e-15)


def test_weight_decay_by_hand():
    assert run([0.0, 0.0], p=1.0, lr=0.1, weight_decay=0.5) == pytest.approx([0.95, 0.95**2])


HYPER = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}


@pytest.mark.parametrize("make", [
    pytest.param(lambda x: np.array([x, 2 * x]), id="numpy"),
    pytest.param(lambda x: torch.tensor([x, 2 * x], dtype=torch.float64), id="torch"),
    pytest.param(lambda x: np.array([sympy.Float(x), sympy.Float(2 * x)]), id="sympy"),
])
def test_one_source_runs_on_all(make):
    gradients = [0.5, -1.0, 2.0]
    floats = run(gradients, p=1.0, **HYPER)
    values = run(map(make, gradients), p=make(1.0), **HYPER)
    for value, expected in zip(values, floats, strict=True):
        assert float(value[0]) == pytest.approx(expected, rel=1e-14)
        assert float(value[1]) == pytest.approx(2 * expected, rel=1e-14)


def test_symbols_give_the_formula():
    g1, g2, lr, mu = sympy.symbols("g1 g2 lr mu")
    second = run([g1, g2], p=sympy.Integer(0), lr=lr, momentum=mu)[1]
    assert equal(second, -lr * (g1 + mu * g1 + g2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_dtype_is_kept(dtype):
    p, b = sgd(torch.ones(3, dtype=dtype), torch.ones(3, dtype=dtype), 1, **HYPER)
    assert p.dtype == b.dtype == dtype


def test_nothing_is_changed_in_place():
    p, g, b = np.ones(3), np.full(3, 2.0), np.full(3, 3.0)
    sgd(p, g, 2, b, **HYPER)
    assert (p.tolist(), g.tolist(), b.tolist()) == ([1] * 3, [2] * 3, [3] * 3)


def test_an_array_of_settings_is_one_run_each():
    lr, momentum = np.array([0.1, 0.5]), np.array([[0.0], [0.5], [0.9]])
    batch = run([1.0, -2.0, 0.5], lr=lr, momentum=momentum)[-1]
    assert batch.shape == (3, 2)
    for i, j in np.ndindex(3, 2):
        alone = run([1.0, -2.0, 0.5], lr=lr[j], momentum=momentum[i, 0])[-1]
        assert batch[i, j] == pytest.approx(alone, rel=1e-15)


def test_every_export_is_a_rule():
    assert all(callable(getattr(rules, name)) for name in rules.__all__)

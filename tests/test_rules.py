import math

import numpy as np
import pytest
import sympy
import torch

from descent import (
    adadelta,
    adagrad,
    adam,
    adamax,
    adamw,
    asgd,
    nadam,
    radam,
    rmsprop,
    rprop,
    rules,
    sgd,
    sparseadam,
)
from descent.optim.shapes import mixes
from descent.parity import BEYOND, ROWS
from descent.rules.radam import rectifier
from descent.signature import hyperparameters
from descent.symbols import equal

# Without lbfgs, which takes a function for a gradient, and what mixes entries: test_lbfgs.py,
# test_matrices.py.
EVERY = [pytest.param(getattr(rules, name), id=name) for name in rules.__all__
         if name != "lbfgs" and not mixes(getattr(rules, name))]
# Of the settings of a rule's parity row those that switch the most on, so that states take part.
HYPER = {row.rule: {name: value for name, value in max(
    (one for one in row.stream if one["lr"] <= 1 and "gradient" not in one),
    key=lambda one: sum(map(bool, one.values())), default={}).items()
                    if name in hyperparameters(row.rule)}
         for row in (*ROWS, *BEYOND) if row.stream}


def run(rule, gradients, p=0.0, **hyper):
    """Return the points of a rule on given gradients."""
    state, points = (), []
    for t, g in enumerate(gradients, start=1):
        p, *state = rule(p, g, t, *state, **hyper)
        points.append(p)
    return points


@pytest.mark.parametrize(("rule", "hyper", "expected"), [
    (sgd, {}, [-1, -2, -3]),
    (sgd, {"momentum": 0.9}, [-1, -2.9, -5.61]),
    (sgd, {"momentum": 0.9, "dampening": 0.9}, [-1, -2, -3]),
    (sgd, {"momentum": 0.9, "nesterov": True}, [-1.9, -4.61, -8.049]),
    (adagrad, {"eps": 0.0}, [-1, -1 - 2**-0.5, -1 - 2**-0.5 - 3**-0.5]),
    (adagrad, {"eps": 1.0}, [-1 / 2, -1 / 2 - 1 / (1 + 2**0.5),
                             -1 / 2 - 1 / (1 + 2**0.5) - 1 / (1 + 3**0.5)]),
    (adagrad, {"eps": 0.0, "lr_decay": 1.0}, [-1, -1 - 2**-0.5 / 2, -1 - 2**-0.5 / 2 - 3**-1.5]),
    (adagrad, {"eps": 0.0, "initial_accumulator_value": 3.0},
     [-1 / 2, -1 / 2 - 5**-0.5, -1 / 2 - 5**-0.5 - 6**-0.5]),
    (rmsprop, {"alpha": 0.75, "eps": 0.0}, [-2, -2 - 0.4375**-0.5,
                                            -2 - 0.4375**-0.5 - 0.578125**-0.5]),
    (rmsprop, {"alpha": 0.75, "eps": 0.5}, [-1, -1 - 1 / (0.4375**0.5 + 0.5),
                                            -1 - 1 / (0.4375**0.5 + 0.5)
                                            - 1 / (0.578125**0.5 + 0.5)]),
    (rmsprop, {"alpha": 0.0, "eps": 0.0, "momentum": 0.5}, [-1, -2.5, -4.25]),
    (adam, {"betas": (0.5, 0.5), "eps": 0.0}, [-1, -2, -3]),
    (adam, {"betas": (0.0, 0.75), "eps": 1.0}, [-0.5, -1, -1.5]),
    (adadelta, {"rho": 0.0, "eps": 1.0}, [-2**-0.5, -2**-0.5 - 0.75**0.5,
                                          -2**-0.5 - 0.75**0.5 - 0.875**0.5]),
    (adamax, {"betas": (0.0, 0.5), "eps": 0.0}, [-1, -2, -3]),
    (adamax, {"betas": (0.5, 0.5), "eps": 1.0}, [-0.5, -1, -1.5]),
    (radam, {"betas": (0.0, 0.5), "eps": 1.0}, [-1, -2, -3]),  # v is never trusted
    (radam, {"betas": (0.0, 0.999), "eps": 1.0}, [-1, -2, -3]),  # nor so early
    (asgd, {"lambd": 0.0}, [-1, -2, -3]),
    (asgd, {"lambd": 1.0, "alpha": 1.0}, [-1, -1, -1]),
    (rprop, {"step_sizes": (0.0, 1.3)}, [-1, -2.2, -3.5]),
    (sparseadam, {"betas": (0.0, 0.75), "eps": 0.5}, [-0.5, -0.5 - 0.4375**0.5
                                                      / (0.4375**0.5 + 0.5), -0.5
                                                      - 0.4375**0.5 / (0.4375**0.5 + 0.5)
                                                      - 0.578125**0.5 / (0.578125**0.5 + 0.5)]),
])
def test_by_hand(rule, hyper, expected):
    assert run(rule, [1.0, 1.0, 1.0], lr=1.0, **hyper) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize(("rule", "first"), [
    (sgd, 0.95), (adagrad, 0.9), (rmsprop, 0.0), (adam, 0.9),
    (adadelta, 1 - 0.05 * 1e-3 / math.sqrt(0.025 + 1e-6)),
])
def test_weight_decay_joins_the_gradient(rule, first):
    (p,) = run(rule, [0.0], p=1.0, lr=0.1, weight_decay=0.5)
    assert p == pytest.approx(first, abs=1e-6)
    assert p == run(rule, [0.5], p=1.0, lr=0.1)[0]


def test_centered_subtracts_the_square_of_the_mean():
    alpha, g = 0.5, [1.0, -1.0]
    square, mean = [0.5, 0.75], [0.5, -0.25]
    points = run(rmsprop, g, lr=1.0, alpha=alpha, eps=0.0, centered=True)
    first = -1 / math.sqrt(square[0] - mean[0]**2)
    assert points == pytest.approx([first, first + 1 / math.sqrt(square[1] - mean[1]**2)])


@pytest.mark.parametrize(("rule", "hyper"), [(adamw, {}),
                                             (nadam, {"decoupled_weight_decay": True})])
def test_decoupled_decay_shrinks_first_and_leaves_the_gradient_alone(rule, hyper):
    gradients, plain = [1.0, -0.5, 2.0], {"lr": 0.1, "weight_decay": 0.0}
    still = run(rule, [0.0, 0.0], p=2.0, lr=0.1, weight_decay=0.5, **hyper)
    assert still == pytest.approx([1.9, 1.805], rel=1e-14)
    steps = np.diff([0.0, *run(rule, gradients, **plain, **hyper)])
    p = 2.0
    for step, found in zip(steps, run(rule, gradients, p=2.0, lr=0.1, weight_decay=0.5, **hyper),
                           strict=True):
        p = 0.95 * p + step
        assert found == pytest.approx(p, rel=1e-14)


def test_nadam_looks_ahead():
    beta, psi = 0.5, 1.0
    mu = [beta * (1 - 0.5 * 0.96**(t * psi)) for t in range(1, 5)]
    points = run(nadam, [1.0, 1.0], lr=1.0, betas=(beta, 0.0), eps=0.0, momentum_decay=psi)
    first = (1 - mu[0]) / (1 - mu[0]) + mu[1] * 0.5 / (1 - mu[0] * mu[1])
    second = ((1 - mu[1]) / (1 - mu[0] * mu[1])
              + mu[2] * 0.75 / (1 - mu[0] * mu[1] * mu[2]))
    assert points == pytest.approx([-first, -first - second], rel=1e-14)


def test_amsgrad_keeps_the_largest_mean_square():
    gradients, beta = [2.0, 1.0, 1.0], 0.5
    points = run(adam, gradients, lr=1.0, betas=(0.0, beta), eps=0.0, amsgrad=True)
    # v is 2, 1.5, 1.25: the largest is 2 throughout, corrected by the step's own factor.
    steps = [-g / math.sqrt(2 / (1 - beta**t)) for t, g in enumerate(gradients, start=1)]
    assert points == pytest.approx(np.cumsum(steps), rel=1e-14)


def test_rprop_waits_where_the_sign_turns_and_forgets_the_gradient():
    points = run(rprop, [1.0, 1.0, -1.0, -1.0, -1.0], lr=0.1)
    assert points == pytest.approx([-0.1, -0.22, -0.22, -0.16, -0.088], rel=1e-12)
    assert points == pytest.approx(run(rprop, [9.0, 0.1, -3.0, -1e-9, -7.0], lr=0.1), rel=1e-12)


def test_asgd_averages_from_the_step_that_it_is_told():
    points, state, means = [], (), []
    p = 0.0
    for t in range(1, 7):
        p, *state = asgd(p, 1.0 / t, t, *state, lr=1.0, lambd=0.0, t0=1.0)
        points.append(p)
        means.append(state[0])
    assert means[:3] == pytest.approx(points[:3])
    assert means[3:] == pytest.approx([np.mean(points[2:k]) for k in (4, 5, 6)])


def test_radam_divides_from_the_sixth_step_on():
    points = run(radam, [1e-3] * 7, lr=1.0)
    steps = -np.diff([0.0, *points])
    assert steps[:5] == pytest.approx([1e-3] * 5)
    known, r = zip(*(rectifier(t, 0.999) for t in (5, 6, 7)), strict=True)
    assert known == (False, True, True)
    assert steps[5:] == pytest.approx(r[1:], rel=1e-3)  # eps is not rescaled


@pytest.mark.parametrize(("beta2", "first"), [
    (0.999, 6), (0.9, 6), (0.85, 6), (0.8, 7), (0.7, 10), (0.6, None)])
def test_how_many_first_steps_radam_has_hangs_on_beta2(beta2, first):
    assert next((t for t in range(1, 500) if rectifier(t, beta2)[0]), None) == first


def test_sparseadam_leaves_alone_what_has_no_gradient():
    table, state = np.array([1.0, 1.0]), ()
    for t, g in enumerate(([1.0, 1.0], [0.0, 1.0], [0.0, 1.0]), start=1):
        before, (m, v) = table, state or (0.0, 0.0)
        table, *state = sparseadam(table, np.array(g), t, *state, lr=0.1)
        if t > 1:
            assert table[0] == before[0]
            assert (state[0][0], state[1][0]) == (m[0], v[0])
            assert table[1] < before[1] - 0.09


def test_adagrad_does_not_see_the_scale_of_a_coordinate():
    gradients = np.random.default_rng(0).normal(size=(50, 3))
    plain = run(adagrad, gradients, eps=0.0)[-1]
    assert run(adagrad, gradients * [1, 1e-3, 1e3], eps=0.0)[-1] == pytest.approx(plain, rel=1e-12)


@pytest.mark.parametrize("g", [1e-3, 1.0, -1e3])
def test_first_steps(g):
    assert run(rmsprop, [g], lr=0.1, alpha=0.99)[0] == pytest.approx(-math.copysign(1.0, g), 1e-4)
    assert run(adadelta, [g], rho=0.9, eps=1e-10)[0] == pytest.approx(
        -math.copysign(math.sqrt(1e-9), g), 1e-3)


@pytest.mark.parametrize("make", [
    pytest.param(lambda x: np.array([x, 2 * x]), id="numpy"),
    pytest.param(lambda x: torch.tensor([x, 2 * x], dtype=torch.float64), id="torch"),
])
@pytest.mark.parametrize("rule", EVERY)
def test_one_source_runs_on_all(rule, make):
    gradients, scales = [0.5, -1.0, 2.0], (1, 2)
    values = run(rule, map(make, gradients), p=make(1.0), **HYPER[rule])
    for i, scale in enumerate(scales):
        alone = run(rule, [scale * g for g in gradients], p=1.0 * scale, **HYPER[rule])
        assert [float(value[i]) for value in values] == pytest.approx(alone, rel=1e-14)


@pytest.mark.parametrize("rule", EVERY)
def test_symbols_give_the_numbers(rule):
    gradients = [0.5, -1.0, 2.0]
    symbols = sympy.symbols("g1:4", real=True)
    formula = run(rule, symbols, p=sympy.Integer(1), **HYPER[rule])[-1]
    number = formula.subs(dict(zip(symbols, gradients, strict=True)))
    assert float(number) == pytest.approx(run(rule, gradients, p=1.0, **HYPER[rule])[-1])


def test_symbols_give_the_formula():
    g1, g2, lr, mu = sympy.symbols("g1 g2 lr mu")
    second = run(sgd, [g1, g2], p=sympy.Integer(0), lr=lr, momentum=mu)[1]
    assert equal(second, -lr * (g1 + mu * g1 + g2))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rule", EVERY)
def test_dtype_is_kept(rule, dtype):
    ones = torch.ones(3, dtype=dtype)
    p, *state = rule(ones, ones, 1, **HYPER[rule])
    p, *state = rule(p, ones, 2, *state, **HYPER[rule])
    arrays = [x for x in (p, *state) if not isinstance(x, float)]  # nadam's product is a number
    assert {x.dtype for x in arrays} == {dtype}


@pytest.mark.parametrize("rule", EVERY)
def test_nothing_is_changed_in_place(rule):
    p, g = np.ones(3), np.full(3, 2.0)
    state = [np.full(3, 3.0 + i) for i, _ in enumerate(rule(p, g, 1)[1:])]
    kept = [x.tolist() for x in (p, g, *state)]
    with np.errstate(invalid="ignore"):
        rule(p, g, 2, *state, **HYPER[rule])
    assert [x.tolist() for x in (p, g, *state)] == kept


@pytest.mark.parametrize("rule", EVERY)
def test_an_array_of_settings_is_one_run_each(rule):
    def other(x):  # what has a second axis: weight decay, or of a pair the first
        first = next(name for name in ("weight_decay", "etas", "betas")
                     if name in hyperparameters(rule))
        return {first: x if first == "weight_decay" else (x, rest[first][1])}

    lr, seconds = np.array([0.1, 0.5]), np.array([[0.1], [0.5], [0.9]])
    gradients, rest = [1.0, -2.0, 0.5], {**HYPER[rule]}
    batch = run(rule, gradients, p=1.0, **{**rest, "lr": lr, **other(seconds)})[-1]
    assert batch.shape == (3, 2)
    for i, j in np.ndindex(3, 2):
        alone = run(rule, gradients, p=1.0, **{**rest, "lr": lr[j], **other(seconds[i, 0])})
        assert batch[i, j] == pytest.approx(alone[-1], rel=1e-14)


def test_every_export_is_a_rule():
    assert all(callable(getattr(rules, name)) for name in rules.__all__)

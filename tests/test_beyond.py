"""Rules that torch.optim lacks: against the packages that people use, and corner by corner."""

import math
from contextlib import suppress

import numpy as np
import pytest
import torch

from descent import (
    Optimizer,
    adam,
    adopt,
    asgd,
    lion,
    parity,
    path,
    prodigy,
    schedulefree,
    sgd,
    shampoo,
    soap,
)
from descent.lab.rows import by_parameter
from descent.optim.shapes import mixes
from descent.parity import BEYOND, claimed, measure, packages, row_of
from descent.rules.shampoo import power
from descent.signature import hyperparameters, settle

every_row = pytest.mark.parametrize("row", BEYOND, ids=lambda row: row.rule.__name__)
RANDOM = torch.Generator().manual_seed(3)


def draw(*shape):
    return torch.randn(*shape, generator=RANDOM, dtype=torch.float64)


def run(rule, gradients, p, **hyper):
    """Return all points of a rule on given gradients, and its last state."""
    state, points = (), []
    for t, g in enumerate(gradients, start=1):
        p, *state = rule(p, g, t, *state, **hyper)
        points.append(p)
    return points, state


@pytest.mark.parametrize("rule", [shampoo, soap])  # in float64 the chapter's cell runs them all
def test_every_setting_agrees_in_float32(rule):
    for result in measure(row_of(rule), torch.float32):
        assert result.ok, result


@every_row
def test_a_row_is_complete(row):
    assert claimed(row) == set(hyperparameters(row.rule))
    assert any(keywords.get("gradient", 1) < 1e-6 for keywords in row.stream)
    assert row.version.startswith(row.package + " ")
    assert row_of(row.rule) is row


@every_row
def test_a_package_that_is_missing_is_named(row, monkeypatch):
    def gone(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(packages, "import_module", gone)
    with pytest.raises(ModuleNotFoundError, match="is needed to compare"):
        row.torch_class([torch.ones(2, 2)], lr=0.1)


@every_row
def test_numbers_out_of_range_are_refused(row):
    defaults = hyperparameters(row.rule)
    bad = {"lr": -1.0, "betas": (0.9, 1.0), "eps": -1e-9, "weight_decay": math.nan,
           "warmup_steps": -1, "weight_lr_power": -1.0, "r": math.nan, "d0": 0.0, "d_coef": 0.0,
           "growth_rate": 0.9, "matrix_eps": -1.0, "precondition_frequency": 0}
    tried = defaults.keys() & bad.keys()
    assert tried == defaults.keys() - {"adaptive", "use_bias_correction"}
    for name in tried:
        with pytest.raises(ValueError, match=name):
            settle(row.rule, {**defaults, name: bad[name]})


@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_lions_step_is_lr_whatever_the_gradients_size(scale):
    points, _ = run(lion, [scale * draw(5) for _ in range(4)], torch.zeros(5), lr=0.1)
    np.testing.assert_allclose(torch.stack(points).diff(dim=0).abs(), 0.1, rtol=1e-6)


def test_lion_at_equal_betas_takes_the_sign_of_momentum():
    gradients, m = [draw(5) for _ in range(6)], 0.0
    points, state = run(lion, gradients, torch.zeros(5), lr=0.1, betas=(0.8, 0.8))
    for k, g in enumerate(gradients):
        m = 0.8 * m + 0.2 * g
        before = points[k - 1] if k else torch.zeros(5)
        assert torch.equal(torch.sign(before - points[k]), torch.sign(m))
    torch.testing.assert_close(state[0], m)


@pytest.mark.parametrize("adaptive", [False, True])
def test_schedule_frees_x_is_the_plain_mean_of_the_z(adaptive):
    gradients, state, p, every = [draw(4) for _ in range(9)], (), torch.ones(4), []
    for t, g in enumerate(gradients, start=1):
        p, *state = schedulefree(p, g, t, *state, lr=0.1, adaptive=adaptive)
        every.append(state[1])
        torch.testing.assert_close(state[0], torch.stack(every).mean(0))
        torch.testing.assert_close(p, 0.9 * state[0] + 0.1 * state[1])


def test_schedule_free_without_momentum_is_gradient_descent():
    slope = np.array([1.0, 10.0])
    ours = path(schedulefree, lambda p: slope * p, np.ones(2), 20, lr=0.05, betas=(0.0, 0.9),
                adaptive=False)
    np.testing.assert_allclose(ours, path(sgd, lambda p: slope * p, np.ones(2), 20, lr=0.05),
                               rtol=1e-13)


def test_schedule_free_waits_while_lr_is_0():
    points, state = run(schedulefree, [1.0, 1.0, 1.0], 2.0, lr=0.0)
    assert points == [2.0, 2.0, 2.0]
    assert state[0] == 2.0


def test_prodigy_with_a_fixed_estimate_is_adam_without_correction():
    gradients = [draw(6) for _ in range(8)]
    ours, state = run(prodigy, gradients, torch.ones(6).double(), d0=0.01, d_coef=1e-9,
                     eps=0.0)
    m = v = 0.0
    p = torch.ones(6, dtype=torch.float64)
    for k, g in enumerate(gradients):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        p = p - 0.01 * m / v.sqrt()
        torch.testing.assert_close(ours[k], p)
    assert state[-2] == pytest.approx(0.01)


def test_prodigys_estimate_never_falls_and_does_not_depend_on_the_gradients_size():
    for scale in (1e-3, 1.0, 1e3):
        p, state, ds = torch.full((4,), 3.0, dtype=torch.float64), (), []
        for t in range(1, 60):
            p, *state = prodigy(p, scale * torch.sign(p - 1), t, *state, eps=0.0)
            ds.append(float(state[-2]))
        assert ds == sorted(ds)
        if scale == 1e-3:
            first = ds
    np.testing.assert_allclose(ds, first, rtol=1e-9)


def test_prodigy_starts_even_where_the_gradient_is_0():
    points, _ = run(prodigy, [0.0 * draw(3), draw(3)], torch.ones(3).double())
    assert torch.equal(points[0], torch.ones(3).double())
    assert points[1].isfinite().all()


def test_prodigy_on_rows_makes_an_estimate_for_each():
    slopes = [draw(6) for _ in range(12)]
    many, state, each = torch.stack([torch.ones(6), 2 * torch.ones(6)]).double(), (), {}
    rule = by_parameter(prodigy, [(6,)])
    for t, g in enumerate(slopes, start=1):
        many, *state = rule(many, torch.stack([g, 3 * g.abs()]), t, *state, lr=1.0)
    for k, gradients in enumerate((slopes, [3 * g.abs() for g in slopes])):
        each[k], _ = run(prodigy, gradients, (k + 1) * torch.ones(6).double())
        torch.testing.assert_close(many[k], each[k][-1])


def test_shampoos_first_step_is_the_orthogonal_factor():
    g = draw(4, 4)
    U, _, V = torch.linalg.svd(g)
    p, *_ = shampoo(torch.zeros(4, 4), g, 1, lr=1.0, matrix_eps=0.0)
    torch.testing.assert_close(-p, U @ V)


@pytest.mark.parametrize("exponent", [-0.25, 0.5])
def test_a_power_of_a_matrix(exponent):
    A = draw(5, 5)
    A = A @ A.T
    root = power(A, exponent, 0.0)
    back = torch.linalg.matrix_power(root, 4 if exponent < 0 else 2)
    torch.testing.assert_close(back, A.inverse() if exponent < 0 else A)
    np.testing.assert_allclose(power(A.numpy(), exponent, 0.0), root, rtol=1e-9)
    singular = torch.diag(torch.tensor([1.0, -1e-9]))  # as rounding leaves it
    assert power(singular, exponent, 1e-6).isfinite().all()


def test_soaps_first_step_only_looks_and_its_bases_stay_orthogonal():
    p, state = torch.ones(4, 4).double(), ()
    for t in range(1, 25):
        new, *state = soap(p, draw(4, 4), t, *state, lr=0.1, precondition_frequency=3)
        assert torch.equal(new, p) == (t == 1)
        p = new
        for Q in state[-2:]:
            torch.testing.assert_close(Q @ Q.T, torch.eye(4).double())


def test_soap_in_the_plain_basis_is_adam():
    """Where gradients are diagonal, the eigenvectors are the axes and only the diagonal moves."""
    gradients = [torch.diag(g) for g in draw(9, 3).abs() + torch.tensor([3.0, 2.0, 1.0])]
    ours, _ = run(soap, gradients, torch.ones(3, 3).double(), lr=0.1, betas=(0.9, 0.95),
                  weight_decay=0.0, eps=1e-12)
    theirs, _ = run(adam, [g.diag() for g in gradients[1:]], torch.ones(3).double(), lr=0.1,
                    betas=(0.9, 0.95), eps=1e-12)
    off = ~torch.eye(3, dtype=bool)
    moved = torch.stack([p.diag() for p in ours[1:]])
    torch.testing.assert_close(moved, torch.stack(theirs))
    assert all(torch.equal(p[off], torch.ones(6).double()) for p in ours)


def test_adopt_divides_by_what_was_before():
    gradients = [4.0, -1.0, 2.0]
    points, (_, v) = run(adopt, gradients, 0.0, lr=1.0, betas=(0.0, 0.5), eps=0.0)
    assert points[0] == 0.0
    assert points[1] == pytest.approx(1 / 4)  # -(-1)/√16
    assert points[2] - points[1] == pytest.approx(-min(2 / math.sqrt(8.5), 2**0.25))
    assert v == pytest.approx(0.25 * 16 + 0.25 * 1 + 0.5 * 4)


@pytest.mark.parametrize(("rule", "whole"), [(lion, False), (schedulefree, False), (adopt, False),
                                             (prodigy, True), (shampoo, True), (soap, True)])
def test_which_mix_entries(rule, whole):
    assert mixes(rule) == whole
    if whole:
        with pytest.raises(ValueError, match="compile"):
            Optimizer([torch.ones(2, 2, requires_grad=True)], rule, compile=True)


@pytest.mark.parametrize("rule", [shampoo, soap])
@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4)])
def test_what_needs_a_matrix_says_so(rule, shape):
    with pytest.raises(ValueError, match="2 axes"):
        Optimizer([torch.ones(shape, requires_grad=True)], rule)


def stepped(rule, compiled, steps=8, **hyper):
    params = [draw(3, 2).requires_grad_(), draw(4).requires_grad_()]
    optimizer = Optimizer(params, rule, compile=compiled, lr=0.1, **hyper)
    for _ in range(steps):
        for p in params:
            p.grad = p.detach().cos()
        optimizer.step()
    return params, optimizer


@pytest.mark.parametrize(("rule", "name", "hyper"), [
    (schedulefree, "x", {"warmup_steps": 3}), (asgd, "ax", {"t0": 3.0})])
def test_the_answer_is_lent_and_given_back(rule, name, hyper):
    RANDOM.manual_seed(5)
    params, plain = stepped(rule, False, **hyper)
    RANDOM.manual_seed(5)
    others, compiled = stepped(rule, True, **hyper)
    for found, optimizer in ((params, plain), (others, compiled)):
        before = [p.detach().clone() for p in found]
        with optimizer.at(name):
            for p in found:
                torch.testing.assert_close(p.detach(), optimizer.state[p][name], rtol=0, atol=0)
            assert not torch.equal(found[0].detach(), before[0])
        assert all(torch.equal(p, old) for p, old in zip(found, before, strict=True))
    for p, q in zip(params, others, strict=True):
        torch.testing.assert_close(plain.state[p][name], compiled.state[q][name])


def test_it_is_given_back_also_where_something_raises():
    params, optimizer = stepped(schedulefree, False)
    before = params[0].detach().clone()
    with suppress(KeyError), optimizer.at("x"):
        raise KeyError
    assert torch.equal(params[0], before)


def test_what_is_no_answer_is_not_lent():
    p = torch.ones(2, requires_grad=True)
    optimizer = Optimizer([p], schedulefree)
    with pytest.raises(ValueError, match=r"a state of schedulefree, x or z.*got 'y'"):
        optimizer.at("y").__enter__()
    with optimizer.at("x"):  # never stepped: nothing to lend
        assert torch.equal(p, torch.ones(2))
    p.grad = torch.ones(2)
    optimizer.step()
    with pytest.raises(ValueError, match="like the parameter"):
        optimizer.at("weight_sum").__enter__()

    def plain(p, g, t, *, lr=1.0):
        return (p - lr * g,)

    with pytest.raises(ValueError, match="which has none"):
        Optimizer([p], plain).at("x").__enter__()


def test_torchs_rules_have_rows_of_their_own():
    assert {row.package for row in parity.ROWS} == {"torch"}
    assert not {row.rule for row in parity.ROWS} & {row.rule for row in BEYOND}

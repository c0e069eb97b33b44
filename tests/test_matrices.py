"""Rules that see a whole tensor: what no test of entries alone can say of them."""

import math
from contextlib import suppress

import numpy as np
import pytest
import torch

from descent import LBFGS, Optimizer, adafactor, adam, muon, rules, sgd, tasks
from descent.lab.experiments.muon import hidden_of, parted
from descent.lab.rows import by_parameter
from descent.optim.private import orthogonalised_by
from descent.optim.shapes import mixes
from descent.rules.muon import newton_schulz
from descent.signature import hyperparameters, settle

COEFFICIENTS = hyperparameters(muon)["ns_coefficients"]
rng = np.random.default_rng(0)


def polynomial(s, steps, coefficients=COEFFICIENTS):
    a, b, c = coefficients
    for _ in range(steps):
        s = a * s + b * s**3 + c * s**5
    return s


def test_which_rules_mix_entries_is_found_by_trial():
    found = {name for name in rules.__all__ if mixes(getattr(rules, name))}
    assert found == {"adafactor", "muon", "prodigy", "shampoo", "soap"}


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (3, 3), (5, 1)])
def test_the_iteration_is_a_polynomial_of_singular_values(shape):
    X = rng.normal(size=shape)
    U, s, V = np.linalg.svd(X, full_matrices=False)
    for steps in (0, 1, 5):
        found = newton_schulz(X, COEFFICIENTS, steps, 1e-7)
        ends = polynomial(s / np.linalg.norm(X), steps)
        assert found == pytest.approx((U * ends) @ V, abs=1e-12)


def test_torch_makes_the_same_in_bfloat16():
    X = torch.as_tensor(rng.normal(size=(64, 32)))
    with orthogonalised_by(None) as theirs:
        pass
    made = theirs(X, COEFFICIENTS, 5, 1e-7).double()
    apart = (made - newton_schulz(X, COEFFICIENTS, 5, 1e-7)).norm() / made.norm()
    assert 1e-4 < apart < 3e-2


def test_torchs_own_iteration_is_put_back_after_an_error():
    from torch.optim import _muon

    own = _muon._zeropower_via_newtonschulz
    with suppress(KeyError), orthogonalised_by(newton_schulz):
        assert _muon._zeropower_via_newtonschulz is newton_schulz
        raise KeyError
    assert _muon._zeropower_via_newtonschulz is own


def test_a_step_of_muon_by_hand():
    p, g = np.diag([1.0, -2.0]), np.diag([3.0, -4.0])
    new, B = muon(p, g, 1, lr=0.1, weight_decay=0.5, momentum=0.5)
    assert pytest.approx(0.5 * g) == B
    ends = polynomial(np.array([0.6, 0.8]), 5)
    assert new == pytest.approx(0.95 * p - 0.1 * np.diag([ends[0], -ends[1]]))
    wide = muon(np.zeros((2, 8)), np.eye(2, 8), 1, lr=1.0, adjust_lr_fn="match_rms_adamw")[0]
    tall = muon(np.zeros((8, 2)), np.eye(8, 2), 1, lr=1.0)[0]
    one = polynomial(2**-0.5, 5)
    assert wide[0, 0] == pytest.approx(-0.2 * math.sqrt(8) * one)
    assert tall[0, 0] == pytest.approx(-2 * one)


def test_a_step_of_adafactor_by_hand():
    g = np.array([[1.0, 2.0], [3.0, 4.0]])
    p, R, C = adafactor(np.full((2, 2), 2.0), g, 1, lr=0.5, weight_decay=0.5)
    assert R.ravel() == pytest.approx([2.5, 12.5])  # means of 1, 4 and of 9, 16
    assert C.ravel() == pytest.approx([5.0, 10.0])
    V = R * C / 7.5
    U = g / np.sqrt(V)
    U = U / max(1.0, math.sqrt((U**2).mean()))
    assert p == pytest.approx(0.75 * 2 - 2 * 0.5 * U)
    late, *_ = adafactor(np.ones(3), np.ones(3), 10_000, np.ones(3), lr=0.5)
    assert late == pytest.approx(1 - 0.01)  # 1 over the root of t, once that is below lr
    small, *_ = adafactor(np.zeros(3), np.ones(3), 1, lr=0.5)
    assert small == pytest.approx(-0.5e-3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("rule", [adafactor, muon])
def test_dtype_is_kept_and_nothing_is_changed_in_place(rule, dtype):
    p, g = (torch.as_tensor(rng.normal(size=(3, 2))).to(dtype) for _ in "pg")
    state = rule(p, g, 1)[1:]
    kept = [x.clone() for x in (p, g, *state)]
    found = rule(p, g, 2, *state)
    assert {x.dtype for x in found} == {dtype}
    assert all(map(torch.equal, (p, g, *state), kept))


@pytest.mark.parametrize("shape", [(), (3,), (2, 3, 4), (2, 2, 3, 4)])
def test_muon_takes_matrices_only_as_in_torch(shape):
    bad, good = torch.ones(shape, requires_grad=True), torch.ones(2, 3, requires_grad=True)
    with pytest.raises(ValueError, match=r"muon takes parameters of 2 axes, got shape \("):
        Optimizer([bad], muon)
    with pytest.raises(ValueError, match="only supports 2D"):
        torch.optim.Muon([bad])
    optimizer = Optimizer([good], muon)
    with pytest.raises(ValueError, match="2 axes"):
        optimizer.add_param_group({"params": [bad]})
    assert len(optimizer.param_groups) == 1
    Optimizer([bad], adafactor)  # takes all


def test_the_rules_of_entries_take_every_shape():
    for name in set(rules.__all__) - {"lbfgs", "muon", "shampoo", "soap"}:
        Optimizer([torch.ones(shape, requires_grad=True)
                   for shape in ((), (3,), (0,), (2, 3, 4, 5, 6))], getattr(rules, name))


def test_a_rule_that_fails_at_a_matrix_has_reasons_of_its_own():
    def picky(p, g, t):
        assert t > 1, "not yet"
        return (p - g,)

    Optimizer([torch.ones(3, requires_grad=True)], picky)


@pytest.mark.parametrize("rule", [adafactor, muon])
def test_no_complex_parameter_and_no_kernel(rule):
    p = torch.ones(2, 2, dtype=torch.complex64, requires_grad=True)
    with pytest.raises(ValueError, match=f"{rule.__name__} mixes entries and takes no complex"):
        Optimizer([p], rule)
    with pytest.raises(ValueError, match=f"treat each entry alone, and {rule.__name__} does not"):
        Optimizer([p.detach().real.clone()], rule, compile=True)


@pytest.mark.parametrize(("rule", "torch_class"), [(adafactor, torch.optim.Adafactor),
                                                   (muon, torch.optim.Muon)])
def test_a_run_that_is_saved_goes_on_as_if_it_had_not_been(rule, torch_class):
    def run(resumed, make):
        torch.manual_seed(0)
        p = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
        optimizer = make([p])
        for k in range(8):
            if k == 4 and resumed:
                state, optimizer = optimizer.state_dict(), make([p])
                optimizer.load_state_dict(state)
            p.grad = p.detach() * (1 + k) + torch.arange(12.0, dtype=p.dtype).reshape(4, 3).sin()
            optimizer.step()
        return p

    ends = [run(resumed, lambda ps: Optimizer(ps, rule, lr=torch.tensor([0.125])))
            for resumed in (False, True)]
    assert torch.equal(*ends)
    with orthogonalised_by(newton_schulz):
        torch.testing.assert_close(ends[0], run(False, lambda ps: torch_class(ps, lr=0.125)),
                                   rtol=1e-12, atol=0)


@pytest.mark.parametrize("whole", [False, True])
def test_rows_of_many_models_take_adafactors_step_parameter_by_parameter(whole):
    task = tasks.digits()
    shapes = [p.shape for p in task.make().parameters()]
    rule = by_parameter(adafactor, [(shape.numel(),) for shape in shapes] if whole else shapes)
    lrs, eps2 = torch.tensor([[0.1], [0.7]]), torch.tensor([[1e-3], [10.0]])
    rows = torch.as_tensor(rng.normal(size=(2, sum(shape.numel() for shape in shapes)))).float()
    state, states = (), [[()] * len(shapes) for _ in rows]
    alone = [[part.reshape(-1 if whole else shape) for part, shape in zip(
        row.split([shape.numel() for shape in shapes]), shapes, strict=True)] for row in rows]
    for t in (1, 2, 3):
        g = torch.as_tensor(rng.normal(size=rows.shape)).float()
        rows, *state = rule(rows, g, t, *state, lr=lrs, eps=(None, eps2))
        for k, parts in enumerate(alone):
            slopes = g[k].split([shape.numel() for shape in shapes])
            for i, (part, slope) in enumerate(zip(parts, slopes, strict=True)):
                parts[i], *states[k][i] = adafactor(part, slope.reshape(part.shape), t,
                                                    *states[k][i], lr=lrs[k].item(),
                                                    eps=(None, eps2[k].item()))
    found = torch.stack([torch.cat([part.flatten() for part in parts]) for parts in alone])
    torch.testing.assert_close(rows, found, rtol=1e-4, atol=1e-5)


def test_the_adapter_keeps_what_a_rule_returns():
    """The point that a rule returns as its state is not overwritten by the step in place."""
    def remembers(p, g, t, before=0.0, slope=0.0, view=0.0):
        return p - 0.5 * g, p, g, p[:1].expand(2, 2)

    p = torch.ones(2, 2, requires_grad=True)
    optimizer = Optimizer([p], remembers)
    p.grad = torch.ones(2, 2)
    optimizer.step()
    p.grad.zero_()
    state = optimizer.state[p]
    assert p.eq(0.5).all()
    assert all(state[name].eq(1).all() for name in ("before", "slope", "view"))


@pytest.mark.parametrize(("rule", "given", "words"), [
    (adafactor, {"eps": 1e-3}, "eps must be 2 numbers"),
    (adafactor, {"eps": (1e-3,)}, "eps must be 2 numbers"),
    (adafactor, {"eps": (None, None)}, r"eps\[1\] must be a number >= 0"),
    (adafactor, {"eps": (-1.0, 0.0)}, r"eps\[0\] must be >= 0"),
    (adafactor, {"beta2_decay": 0.1}, "beta2_decay must be <= 0"),
    (adafactor, {"d": 0.5}, "d must be >= 1"),
    (muon, {"ns_steps": 100}, "ns_steps must be a whole number from 0 to 99"),
    (muon, {"ns_steps": 2.5}, "ns_steps must be a whole number from 0 to 99"),
    (muon, {"ns_coefficients": (1.0, 2.0)}, "ns_coefficients must be three numbers"),
    (muon, {"adjust_lr_fn": "mine"}, "adjust_lr_fn must be one of None, 'original'"),
])
def test_what_torch_refuses_is_refused_by_name(rule, given, words):
    with pytest.raises((TypeError, ValueError), match=words):
        settle(rule, {**hyperparameters(rule), **given})
    with pytest.raises((TypeError, ValueError), match=words):
        Optimizer([torch.ones(2, 2, requires_grad=True)], rule, **given)


def test_the_others_are_as_they_were():
    with pytest.raises(TypeError, match="closure"):
        Optimizer([torch.ones(2)], rules.lbfgs)
    with pytest.raises(ValueError, match="nesterov=True needs momentum > 0"):
        settle(sgd, {**hyperparameters(sgd), "nesterov": True})
    assert not mixes(adam)
    assert issubclass(LBFGS, torch.optim.Optimizer)


@pytest.mark.parametrize("how", ["muon", "match", "adamw"])
def test_the_experiments_parted_rule_is_torchs_two_optimizers(how):
    """Three models as one batch, each with its own lr, as two optimizers of torch step them."""
    task, rates = tasks.spelling(), torch.tensor([[0.01], [0.04], [0.5]], dtype=torch.float64)
    start = torch.nn.utils.parameters_to_vector(task.make().double().parameters()).detach()
    slopes = [torch.as_tensor(rng.normal(size=(3, len(start)))) for _ in range(3)]
    p, state = start.repeat(3, 1), ()
    for t, g in enumerate(slopes, start=1):
        p, *state = parted(task, how)(p, g, t, *state, lr=rates, share=0.5, weight_decay=0.1)
    model = task.make().double()
    hidden = [q for q in model.blocks.parameters() if q.ndim == 2]
    assert len(hidden) == len(hidden_of(task)) == 8
    for row, (lr,) in enumerate(rates.tolist()):
        torch.nn.utils.vector_to_parameters(start.clone(), model.parameters())
        rest = [q for q in model.parameters() if not any(q is one for one in hidden)]
        first = (torch.optim.AdamW(hidden, lr=lr, weight_decay=0.1) if how == "adamw" else
                 torch.optim.Muon(hidden, lr=lr, weight_decay=0.1, adjust_lr_fn={
                     "muon": None, "match": "match_rms_adamw"}[how]))
        both = first, torch.optim.AdamW(rest, lr=lr / 2, weight_decay=0.1)
        with orthogonalised_by(newton_schulz):
            for g in slopes:
                last = 0
                for q in model.parameters():
                    q.grad = g[row, last:last + q.numel()].reshape(q.shape).clone()
                    last += q.numel()
                for one in both:
                    one.step()
        ends = torch.nn.utils.parameters_to_vector(model.parameters()).detach()
        torch.testing.assert_close(p[row], ends, rtol=1e-10, atol=1e-12)

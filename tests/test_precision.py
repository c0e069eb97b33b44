"""Parameters of 16 bits: when a step is lost, and the three remedies against that."""

import copy
import math
from functools import partial

import numpy as np
import pytest
import torch
from saving import saved

from descent import (
    Optimizer,
    adam,
    adamw,
    kahan,
    lbfgs,
    master,
    parity,
    path,
    sgd,
    stochastic,
    tasks,
)
from descent.optim.shapes import mixes
from descent.signature import hyperparameters, state_names

SHORT = torch.bfloat16, torch.float16
WRAPPERS = master, kahan, stochastic
RULES = [row.rule for row in parity.ROWS if not (row.closure or mixes(row.rule))]
of_each_rule = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
of_each_wrapper = pytest.mark.parametrize("wrap", WRAPPERS, ids=lambda wrap: wrap.__name__)
of_each_short = pytest.mark.parametrize("dtype", SHORT, ids=["bfloat16", "float16"])


def numbers(count, dtype=torch.float32, seed=0):
    return torch.randn(count, generator=torch.Generator().manual_seed(seed)).to(dtype)


def run(rule, start, gradients, **settings):
    """Return the optimizer and the parameter after a step for each gradient."""
    p = start.clone().requires_grad_()
    optimizer = Optimizer([p], rule, **settings)
    for g in gradients:
        p.grad = g.to(p.dtype)
        optimizer.step()
    return optimizer, p.detach()


def steps(count, size, dtype):
    return [numbers(size, dtype, seed) for seed in range(1, count + 1)]


@of_each_short
@of_each_rule
def test_master_steps_as_float32_does(rule, dtype):
    start, gradients = numbers(50, dtype), steps(40, 50, dtype)
    ours, p = run(master(rule), start, gradients)
    alone, whole = run(rule, start.float(), [g.float() for g in gradients])
    (mine,), (its,) = ours.state.values(), alone.state.values()
    assert torch.equal(mine["w"], whole)
    assert torch.equal(p, whole.to(dtype))
    assert mine.keys() - {"w"} == its.keys()
    torch.testing.assert_close({name: mine[name] for name in its}, dict(its), rtol=0, atol=0)


@of_each_short
@of_each_wrapper
@of_each_rule
def test_a_wrapped_rule_ends_where_float32_does(rule, wrap, dtype):
    """Within what 16 bits lose on the way: where it walks 100 grid spacings, it is off by few."""
    start, gradients = numbers(50, dtype), steps(40, 50, dtype)
    torch.manual_seed(0)
    settings = {"maximize": True}
    if "weight_decay" in hyperparameters(rule):
        settings["weight_decay"] = 0.1
    ours, p = run(wrap(rule), start, gradients, **settings)
    _, whole = run(rule, start.float(), [g.float() for g in gradients], **settings)
    spacing = torch.finfo(dtype).eps * torch.maximum(start, whole).abs().clamp(min=1e-2)
    way = (whole - start).abs()
    bound = 6 * (way * spacing).sqrt() + spacing if wrap is stochastic else spacing
    assert ((p - whole).abs() <= bound).all()
    (state,) = ours.state.values()
    assert {x.dtype for name, x in state.items()
            if isinstance(x, torch.Tensor) and name != "c"} <= {torch.float32}


@of_each_wrapper
def test_what_a_wrapped_rule_says_of_itself(wrap):
    own = {master: ["w"], kahan: ["c"], stochastic: []}[wrap]
    rule = wrap(partial(adam, lr=0.5))
    assert state_names(rule) == [*own, "m", "v", "v_max"]
    assert hyperparameters(rule) == {**hyperparameters(adam), "lr": 0.5}
    assert hyperparameters(partial(rule, eps=1e-4)) == {**hyperparameters(rule), "eps": 1e-4}
    p = torch.ones(1, dtype=torch.bfloat16, requires_grad=True)
    assert repr(Optimizer([p], rule)).startswith(f"Optimizer[{wrap.__name__}(adam)]")
    with pytest.raises(TypeError, match=rf"{wrap.__name__} is for .* lbfgs .* look more than once"):
        wrap(lbfgs)
    with pytest.raises(TypeError, match=r"rule must be a function such as descent\.sgd, got 3"):
        wrap(3)
    with pytest.raises(TypeError, match=r"are for tensors, got array"):
        wrap(adam)(np.ones(2), np.ones(2), 1)


@pytest.mark.parametrize("dtype", [*SHORT, torch.float32])
def test_a_step_of_less_than_half_a_spacing_is_lost(dtype):
    """From a power of two towards 0 the spacing is half as wide; a tie goes to the even."""
    torch.manual_seed(0)
    eps, signs = torch.finfo(dtype).eps, torch.randn(20_000).sign()
    p = (signs * (1 + torch.rand(20_000)) * 2.0 ** torch.randint(-8, 9, (20_000,))).to(dtype)
    p = torch.cat([p, signs.to(dtype)])
    mantissa, exponent = torch.frexp(p.double())
    spacing = eps * 2.0 ** (exponent - 1)  # of |p| in [2**(exponent - 1), 2**exponent)
    share = (2 * torch.randint(-256, 256, p.shape).double() + 1) / 2**9  # no ties
    inward = (mantissa.abs() == 0.5) & (share * p.double() < 0)
    far = share.abs() * torch.where(inward, 2.0, 1.0)
    assert torch.equal((p.double() + share * spacing).to(dtype) == p, far < 0.5)
    ties = torch.tensor([1 + 2 * eps, 1 + 3 * eps], dtype=torch.float64) - eps / 2
    assert torch.equal(ties.to(dtype).double(), torch.full_like(ties, 1 + 2 * eps))


def test_adam_freezes_what_is_large_for_its_rate():
    """All above 0.5 at 1e-3: half of the spacing there is 2**-9. From 0.5 to 0 it is 2**-10."""
    p = torch.tensor([0.4375, 0.5, 0.50390625, 0.75, 2.0], dtype=torch.bfloat16)
    _, after = run(adam, p, [torch.ones(5)] * 20, lr=1e-3)
    assert (after != p).tolist() == [True, True, False, False, False]
    for wrap in WRAPPERS:
        torch.manual_seed(0)
        _, after = run(wrap(adam), p, [torch.ones(5)] * 40, lr=1e-3)
        assert (after < p).all(), wrap


def drifting(p, g, t, *, lr=1e-4):
    return (p - lr,)


@pytest.mark.parametrize("count", [500, 2000])
def test_stochastic_rounding_is_right_on_average_and_off_by_a_root(count):
    """Mean p - way, spread the root of way x spacing, whatever the number of steps."""
    torch.manual_seed(0)
    p = torch.full((4000,), 1.9, dtype=torch.bfloat16)
    way, spacing = 0.2, 2**-7
    _, ends = run(stochastic(drifting), p, [torch.zeros(4000)] * count, lr=way / count)
    ends, spread = ends.double(), math.sqrt(way * spacing)
    assert abs(ends.mean() - (p[0].double() - way)) < 4 * spread / math.sqrt(4000)
    assert ends.std() == pytest.approx(spread, rel=0.06)


@pytest.mark.parametrize("lr", [1e-3, 1e-4, 3e-5, 1e-6])
def test_kahan_has_16_bits(lr):
    """What it keeps has 8 bits of its own: a step of less than half of that spacing is lost."""
    rule, count = kahan(drifting), min(round(0.1 / lr), 3000)
    p, c = torch.ones(1, dtype=torch.bfloat16), 0.0
    for t in range(1, count + 1):
        p, c = rule(p, torch.zeros(1), t, c, lr=lr)
    if lr < 2**-19:  # half of the spacing from 2**-11 on
        assert (p.item(), c.item()) == (1, -2.0**-11)
    else:
        assert p.item() + c.item() == pytest.approx(1 - lr * count, abs=0.02 * lr * count)
        assert abs(c.item()) <= 2**-9


def test_master_moves_what_moves_least():
    """24 bits: a thousand steps of 2**-20 are a way of 2**-10, which bfloat16 shows at last."""
    _, p = run(master(drifting), torch.full((1,), 1.0), [torch.zeros(1)] * 10, lr=2.0**-24)
    assert p.item() == 1 - 10 * 2.0**-24
    ours, p = run(master(drifting), torch.ones(1, dtype=torch.bfloat16),
                  [torch.zeros(1)] * 5000, lr=2.0**-20)
    (state,) = ours.state.values()
    assert state["w"].item() == 1 - 5000 * 2.0**-20
    assert p.item() == 0.99609375


@of_each_short
def test_what_is_rounded_by_chance_is_a_neighbour_and_its_mean_is_exact(dtype):
    torch.manual_seed(0)
    info = torch.finfo(dtype)
    x = torch.tensor([1.001, -1.001, 0.0, -0.0, 1.5, -2.0, 1e-3 * info.tiny, -0.3 * info.tiny,
                      0.3 * info.smallest_normal * info.eps, -3.3, 0.9999])
    rule = stochastic(lambda p, g, t, *, lr=0.0: (x.expand(4000, -1).to(torch.float32),))
    ends = rule(torch.zeros(4000, len(x), dtype=dtype), torch.zeros(1), 1)[0]
    assert ends.dtype == dtype
    below = x.to(dtype)
    spacing = (torch.nextafter(below, torch.tensor(math.inf, dtype=dtype)).double()
               - torch.nextafter(below, torch.tensor(-math.inf, dtype=dtype)).double())
    assert ((ends.double() - x.double()).abs() < spacing).all()
    off = (ends.double().mean(0) - x.double()).abs()
    assert (off <= 4 * 0.5 * spacing / math.sqrt(4000)).all()
    exact = x.to(dtype).float() == x
    assert torch.equal(ends[:, exact].float(), x[exact].expand(4000, -1))
    assert ends[:, 3].signbit().all()
    assert not ends[:, 2].signbit().any()


@of_each_short
def test_rounding_by_chance_keeps_what_is_no_number_and_what_is_largest(dtype):
    payload = torch.tensor([0x7FFFFFFF, -1], dtype=torch.int32).view(torch.float32)
    top = torch.finfo(dtype).max
    x = torch.cat([torch.tensor([math.nan, -math.nan, math.inf, -math.inf, top, -top]), payload])
    for _ in range(20):
        p, = stochastic(lambda p, g, t, *, lr=0.0: (x,))(torch.zeros(8, dtype=dtype), x, 1)
        assert p.isnan().tolist() == [True, True, False, False, False, False, True, True]
        assert p[2:6].tolist() == [math.inf, -math.inf, top, -top]


def test_a_seed_repeats_a_stochastic_run():
    ends = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        ends.append(run(stochastic(adam), numbers(100, torch.bfloat16), steps(5, 100, None))[1])
    assert torch.equal(ends[0], ends[1])
    assert not torch.equal(ends[0], ends[2])


@of_each_wrapper
def test_from_32_bits_on_a_wrapper_changes_nothing(wrap):
    for dtype in (torch.float32, torch.float64):
        before = torch.get_rng_state()
        start, gradients = numbers(30, dtype), steps(10, 30, dtype)
        assert torch.equal(run(wrap(adamw), start, gradients)[1], run(adamw, start, gradients)[1])
        assert torch.equal(torch.get_rng_state(), before)


@of_each_wrapper
def test_batches_of_models_take_it(wrap):
    """`tasks.fit` is float32: a rule of rules rounds there, and a run by hand is the same."""
    def rounded(p, g, t, *state, **hyper):
        p, *state = wrap(adam)(p.bfloat16(), g, t, *state, **hyper)
        return p.float(), *state

    rounded.__signature__ = wrap(adam).__signature__
    torch.manual_seed(0)
    made = tasks.fit(tasks.digits(), rounded, seeds=range(2), steps=3, lr=[1e-3, 1e-2])
    plain = tasks.fit(tasks.digits(), adam, seeds=range(2), steps=3, lr=[1e-3, 1e-2])
    np.testing.assert_allclose(made.train_loss, plain.train_loss, rtol=0.02)
    assert (made.train_loss != plain.train_loss).all()
    points = path(wrap(sgd), lambda p: p, torch.tensor([1.0, 2.0]), 3, lr=0.5, momentum=0.9)
    assert torch.equal(points, path(sgd, lambda p: p, torch.tensor([1.0, 2.0]), 3, lr=0.5,
                                    momentum=0.9))


def test_master_is_torchs_adam_in_float32():
    start, gradients = numbers(200, torch.bfloat16), steps(100, 200, torch.bfloat16)
    ours, _ = run(master(adam), start, gradients, lr=1e-2, weight_decay=0.1)
    p = start.float().requires_grad_()
    theirs = torch.optim.Adam([p], lr=1e-2, weight_decay=0.1, foreach=False)
    for g in gradients:
        p.grad = g.float()
        theirs.step()
    (state,) = ours.state.values()
    torch.testing.assert_close(state["w"], p.detach(), rtol=2e-6, atol=2e-6)


def test_decay_that_bfloat16_swallows_acts_on_a_master():
    p, g = torch.full((1,), 1.5, dtype=torch.bfloat16), [torch.zeros(1)] * 1000
    settings = {"lr": 1e-3, "weight_decay": 1.0}
    assert run(adamw, p, g, **settings)[1].item() == 1.5
    assert run(master(adamw), p, g, **settings)[1].item() == pytest.approx(0.5515, abs=2**-9)
    assert run(kahan(adamw), p, g, **settings)[1].item() == pytest.approx(0.5515, abs=2**-8)


def test_a_kernel_is_made_of_master_and_of_no_other(monkeypatch):
    monkeypatch.setattr("descent.optim.kernel.built", lambda program, examples: program)
    start, gradients = numbers(50, torch.bfloat16), steps(10, 50, torch.bfloat16)
    plain, _ = run(master(adamw), start, gradients)
    made, q = run(master(adamw), start, gradients, compile=True)
    (mine,), (its,) = plain.state.values(), made.state.values()
    torch.testing.assert_close(mine["w"], its["w"])
    assert torch.equal(q, its["w"].bfloat16())
    assert {its[name].dtype for name in "wmv"} == {torch.float32}
    for wrap, words in ((kahan, "rounds in between, as kahan"), (stochastic, "as stochastic")):
        for rule in (wrap(adam), partial(wrap(adam), lr=0.1)):
            with pytest.raises(ValueError, match=rf"compile=True .*{words}\(adam\) must"):
                Optimizer([start], rule, compile=True)


def test_names_that_a_wrapper_needs_must_be_free():
    with pytest.raises(ValueError, match=r"master keeps a state w, and master\(adam\) must have"):
        master(master(adam))
    with pytest.raises(ValueError, match="kahan keeps a state c, and odd must"):
        kahan(lambda_with_c())


def lambda_with_c():
    def odd(p, g, t, *, lr=0.1, c=1.0):
        return (p - lr * g,)

    return odd


def test_a_table_of_16_bits_is_stepped_by_rows():
    """As all others: an entry without a gradient keeps its copy."""
    p = torch.ones(4, 2, dtype=torch.bfloat16, requires_grad=True)
    optimizer = Optimizer([p], master(sgd), lr=2.0**-12)
    for _ in range(64):
        p.grad = torch.sparse_coo_tensor([[2]], torch.ones(1, 2).bfloat16(), (4, 2),
                                         check_invariants=True)
        optimizer.step()
    assert p[:, 0].tolist() == [1, 1, 1 - 2.0**-6, 1]


@pytest.mark.parametrize("how", ["state_dict", "file", "deepcopy"])
@of_each_wrapper
def test_a_resumed_run_is_the_straight_one(wrap, how):
    """Torch would cast the float32 state to bfloat16, and a copy of the weights would stop."""
    torch.manual_seed(0)
    p = torch.ones(3, dtype=torch.bfloat16, requires_grad=True)
    optimizer = Optimizer([p], wrap(adam), lr=1e-5)
    for k in range(300):
        if k == 150:
            random = torch.get_rng_state()
            q, resumed = copy.deepcopy((p, optimizer))
            if how != "deepcopy":
                resumed = Optimizer([q], wrap(adam))
                resumed.load_state_dict(saved(optimizer, how))
        p.grad = torch.ones_like(p)
        optimizer.step()
    torch.set_rng_state(random)
    for _ in range(150):
        q.grad = torch.ones_like(q)
        resumed.step()
    assert torch.equal(p, q)
    (mine,), (its,) = optimizer.state.values(), resumed.state.values()
    torch.testing.assert_close(dict(mine), dict(its), rtol=0, atol=0)
    if wrap is master:
        assert mine["w"][0].item() == pytest.approx(0.996996, abs=1e-6)
        assert p[0].item() == 0.99609375

"""Parameters of 16 bits: when a step is lost, and the three remedies against that."""

from functools import partial

import numpy as np
import pytest
import torch

from descent import Optimizer, adam, kahan, lbfgs, master, parity, stochastic
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

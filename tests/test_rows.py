"""Sparse gradients: the rows they hold are stepped as torch steps them, the others left alone."""

import copy
from functools import partial

import pytest
import torch

from descent import Optimizer, adagrad, adam, adamw, rprop, rules, sgd, sparseadam
from descent.optim.rows import leaves_alone
from descent.optim.shapes import mixes
from descent.signature import hyperparameters

TORCHS = {sgd: torch.optim.SGD, adagrad: torch.optim.Adagrad, sparseadam: torch.optim.SparseAdam}
SHAPE = 7, 3


@pytest.fixture(autouse=True)
def checked():
    with torch.sparse.check_sparse_tensor_invariants(True):
        yield


def gradient(k):
    """Return a sparse gradient: in its rows a 0, one of them twice; in some steps of no row."""
    random = torch.Generator().manual_seed(k)
    rows = torch.randint(7, (0 if k % 5 == 3 else 3,), generator=random)
    values = torch.randn((len(rows), 3), generator=random, dtype=torch.float64)
    values[:, k % 3] = 0
    return torch.sparse_coo_tensor(torch.cat([rows, rows[:1]])[None],
                                   torch.cat([values, values[:1]]), SHAPE)


def run(make, again=None, steps=20):
    p = torch.ones(SHAPE, dtype=torch.float64, requires_grad=True)
    optimizer, history = make([p]), []
    for k in range(steps):
        if again and k == steps // 2:
            state = copy.deepcopy(optimizer.state_dict())
            optimizer = again([p])
            optimizer.load_state_dict(state)
        p.grad = gradient(k)
        optimizer.step()
        history.append(p.detach().clone())
    return torch.stack(history)


@pytest.mark.parametrize(("rule", "hyper"), [
    (sparseadam, {"lr": 0.1}), (sparseadam, {"lr": 0.1, "betas": (0.0, 0.5), "eps": 0.1}),
    (sparseadam, {"lr": 0.1, "maximize": True}), (sgd, {"lr": 0.1}),
    (adagrad, {"lr": 0.1}), (adagrad, {"lr": 0.1, "initial_accumulator_value": 0.5, "eps": 1e-3}),
    (adagrad, {"lr": 0.1, "lr_decay": 0.1, "maximize": True})])
def test_rows_are_stepped_as_in_torch(rule, hyper):
    ours = partial(Optimizer, rule=rule, **hyper)
    theirs = run(partial(TORCHS[rule], **hyper))
    torch.testing.assert_close(run(ours), theirs, rtol=1e-13, atol=1e-13)
    torch.testing.assert_close(run(ours, again=ours), theirs, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_a_zero_in_a_row_adds_nothing_in_any_dtype(dtype):
    ends = []
    for make in (lambda ps: Optimizer(ps, sparseadam, lr=0.1, eps=1e-2),
                 lambda ps: torch.optim.SparseAdam(ps, lr=0.1, eps=1e-2)):
        p = torch.ones(SHAPE, dtype=dtype, requires_grad=True)
        optimizer = make([p])
        for k in range(5):
            p.grad = gradient(k).to(dtype)
            optimizer.step()
        ends.append(p.detach())
    torch.testing.assert_close(*ends, rtol=3 * torch.finfo(dtype).eps, atol=0)


def test_the_rows_that_a_gradient_lacks_are_not_written():
    p = torch.ones(SHAPE, requires_grad=True)
    optimizer = Optimizer([p], sparseadam, lr=0.1)
    for rows in ([0, 1], [1, 2]):
        state = {name: x.clone() for name, x in optimizer.state[p].items() if name != "step"}
        before = p.detach().clone()
        p.grad = torch.sparse_coo_tensor([rows], torch.ones(2, 3), SHAPE)
        optimizer.step()
        others = [k for k in range(7) if k not in rows]
        assert torch.equal(p[others], before[others])
        assert (p[rows] < before[rows]).all()
        assert all(torch.equal(x[others], optimizer.state[p][name][others])
                   for name, x in state.items())
    assert optimizer.state[p]["step"] == 2


def test_which_rules_leave_alone_what_has_no_gradient_is_found_by_trial():
    found = {name for name in rules.__all__
             if leaves_alone(getattr(rules, name), hyperparameters(getattr(rules, name)))}
    assert found == {"adagrad", "sgd", "sparseadam"}
    assert not any(mixes(getattr(rules, name)) for name in found)


@pytest.mark.parametrize(("rule", "hyper"), [
    (adam, {}), (rprop, {}), (adamw, {}), (sgd, {"momentum": 0.9}), (sgd, {"weight_decay": 0.1}),
    (adagrad, {"weight_decay": 0.1})])
def test_a_rule_that_would_move_the_other_rows_is_refused(rule, hyper):
    p = torch.ones(SHAPE, requires_grad=True)
    p.grad = gradient(0).float()
    name = rule.__name__
    with pytest.raises(RuntimeError, match=rf"Optimizer\[{name}\] does not take sparse gradients"):
        Optimizer([p], rule, **hyper).step()
    assert (p == 1).all()

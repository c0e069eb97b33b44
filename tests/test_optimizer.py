import copy
import inspect
import math
import pickle
import warnings

import numpy as np
import pytest
import torch
from saving import saved
from torch.optim import SGD, lr_scheduler, swa_utils

from descent import Optimizer, adadelta, adagrad, adam, master, parity, path, rmsprop, sgd
from descent.optim.shapes import mixes

HYPER = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01, "nesterov": True}


def parameters(seed=0):
    random = torch.Generator().manual_seed(seed)
    return [torch.randn(n, generator=random, dtype=torch.float64).requires_grad_() for n in (3, 5)]


def step(optimizer, params, k=0):
    for p in params:
        p.grad = p.detach() + 0.1 * torch.sin(torch.arange(len(p), dtype=p.dtype) + k)
    optimizer.step()


def pair(**hyper):
    """Return ours and torch's, each with its own copy of the same parameters."""
    ours, theirs = parameters(), parameters()
    return (Optimizer(ours, sgd, **hyper), ours), (SGD(theirs, **hyper), theirs)


def assert_same(ours, theirs, rtol=1e-13):
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=rtol, atol=rtol)


def test_it_is_a_torch_optimizer():
    (ours, _), _ = pair(**HYPER)
    assert isinstance(ours, torch.optim.Optimizer)
    assert ours.defaults == {**HYPER, "dampening": 0.0, "maximize": False}
    assert repr(ours).startswith("Optimizer[sgd] (")


def test_groups_have_settings_of_their_own():
    runs = []
    for make in (lambda groups: Optimizer(groups, sgd, lr=0.1), lambda groups: SGD(groups, lr=0.1)):
        params = parameters()
        optimizer = make([{"params": params[:1], "momentum": 0.9},
                          {"params": params[1:], "lr": 0.01, "weight_decay": 0.5}])
        for k in range(10):
            step(optimizer, params, k)
        runs.append(params)
    assert_same(*runs)


def test_closure():
    params = parameters()
    optimizer = Optimizer(params, sgd, lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = sum((p**2).sum() for p in params)
        loss.backward()
        return loss

    losses = [optimizer.step(closure).item() for _ in range(5)]
    assert losses == sorted(losses, reverse=True)


def test_maximize_climbs_like_torch():
    runs = pair(lr=0.1, momentum=0.9, maximize=True)
    for k in range(10):
        for optimizer, params in runs:
            step(optimizer, params, k)
    assert_same(runs[0][1], runs[1][1])


def test_no_gradient_is_skipped_and_a_zero_one_coasts():
    (ours, params), _ = pair(lr=0.1, momentum=0.9)
    step(ours, params)
    params[0].grad, params[1].grad = None, torch.zeros_like(params[1])
    before = [p.detach().clone() for p in params]
    ours.step()
    assert torch.equal(params[0], before[0])
    assert not torch.equal(params[1], before[1])
    assert [ours.state[p]["step"] for p in params] == [1, 2]


def resumed(optimizer, params, how):
    """Return a copy of parameters and optimizer, taken by one way of saving."""
    if how == "deepcopy":
        return copy.deepcopy((params, optimizer))
    if how == "pickle":
        return pickle.loads(pickle.dumps((params, optimizer)))
    state = saved(optimizer, how)
    params = [p.detach().clone().requires_grad_() for p in params]
    fresh = Optimizer(params, sgd)
    fresh.load_state_dict(state)
    return params, fresh


@pytest.mark.parametrize("how", ["state_dict", "file", "deepcopy", "pickle"])
def test_resuming_is_bit_identical(how):
    (ours, params), _ = pair(**HYPER)
    for k in range(5):
        step(ours, params, k)
    copied_params, copied = resumed(ours, params, how)
    for k in range(5, 15):
        step(ours, params, k)
        step(copied, copied_params, k)
    assert all(torch.equal(a, b) for a, b in zip(params, copied_params, strict=True))


SCHEDULERS = {
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda k: 0.9**k),
    "MultiplicativeLR": lambda o: lr_scheduler.MultiplicativeLR(o, lambda k: 0.95),
    "StepLR": lambda o: lr_scheduler.StepLR(o, 5),
    "MultiStepLR": lambda o: lr_scheduler.MultiStepLR(o, [5, 12]),
    "ConstantLR": lambda o: lr_scheduler.ConstantLR(o),
    "LinearLR": lambda o: lr_scheduler.LinearLR(o),
    "ExponentialLR": lambda o: lr_scheduler.ExponentialLR(o, 0.9),
    "PolynomialLR": lambda o: lr_scheduler.PolynomialLR(o, 20),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, 20),
    "CosineAnnealingWarmRestarts": lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 7),
    "CyclicLR": lambda o: lr_scheduler.CyclicLR(o, 0.01, 0.2, step_size_up=4),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(o, 0.2, total_steps=40),
    "ReduceLROnPlateau": lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=2),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, total_iters=5), lr_scheduler.ExponentialLR(o, 0.9)], [5]),
    "ChainedScheduler": lambda o: lr_scheduler.ChainedScheduler(
        [lr_scheduler.ConstantLR(o), lr_scheduler.ExponentialLR(o, 0.9)], o),
    "SWALR": lambda o: swa_utils.SWALR(o, swa_lr=0.05),
}


def test_every_torch_scheduler_is_in_the_list():
    named = {name for name in lr_scheduler.__all__ if name not in {"LRScheduler"}}
    assert named <= set(SCHEDULERS)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_schedulers_drive_it_as_they_drive_torch(name):
    runs = []
    for optimizer, params in pair(lr=0.1, momentum=0.9):
        scheduler = SCHEDULERS[name](optimizer)
        for k in range(30):
            step(optimizer, params, k)
            scheduler.step(*((1.0,) if name == "ReduceLROnPlateau" else ()))
        group = optimizer.param_groups[0]
        runs.append((params, group["lr"], group["momentum"]))
    assert_same(runs[0][0], runs[1][0])
    assert runs[0][1:] == runs[1][1:]


def test_momentum_switched_on_in_mid_run_differs_by_the_last_gradient():
    # Torch has no buffer while momentum is 0; the rule's is the last gradient by then.
    (ours, mine), (theirs, its) = pair(lr=0.1)
    for optimizer, params in ((ours, mine), (theirs, its)):
        step(optimizer, params, 0)
        last = params[0].grad.clone()
        optimizer.param_groups[0]["momentum"] = 0.9
        step(optimizer, params, 1)
    torch.testing.assert_close(its[0] - mine[0], 0.1 * 0.9 * last)


@pytest.mark.parametrize("hyper", [
    {"lr": -0.1}, {"momentum": -0.9}, {"weight_decay": -1.0}, {"nesterov": True},
    {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
])
def test_what_torch_refuses_is_refused(hyper):
    name, value = list(hyper.items())[-1] if "nesterov" not in hyper else ("nesterov", True)
    with pytest.raises(ValueError):  # noqa: PT011 (torch's own words)
        SGD(parameters(), **{"lr": 0.1, **hyper})
    with pytest.raises(ValueError, match=f"{name}.*{value}"):
        Optimizer(parameters(), sgd, **hyper)
    with pytest.raises(ValueError, match=f"{name}.*{value}"):
        Optimizer([{"params": parameters(), **hyper}], sgd, lr=0.1)


def test_a_refused_group_is_not_added():
    params = parameters()
    optimizer = Optimizer(params[:1], sgd, lr=0.1)
    with pytest.raises(ValueError, match="lr"):
        optimizer.add_param_group({"params": params[1:], "lr": -1.0})
    assert len(optimizer.param_groups) == 1


def test_dampening_without_momentum_is_ignored_as_in_torch():
    runs = pair(lr=0.1, dampening=0.5)
    for k in range(5):
        for optimizer, params in runs:
            step(optimizer, params, k)
    assert_same(runs[0][1], runs[1][1])


def test_unknown_names_list_the_known():
    with pytest.raises(TypeError, match="no hyper-parameter 'betas'; it takes lr, momentum"):
        Optimizer(parameters(), sgd, betas=(0.9, 0.999))


def test_arrays_and_sparse_gradients_are_refused():
    with pytest.raises(ValueError, match="lr must be one number"):
        Optimizer(parameters(), sgd, lr=torch.tensor([0.1, 0.2]))
    p = torch.zeros(3, requires_grad=True)
    optimizer = Optimizer([p], adam, lr=0.1)
    p.grad = torch.eye(3)[0].to_sparse()
    with pytest.raises(RuntimeError, match="sparse"):
        optimizer.step()


def test_a_tensor_lr_of_one_number():
    runs = pair(lr=torch.tensor(0.1, dtype=torch.float64))
    for optimizer, params in runs:
        step(optimizer, params)
    assert_same(runs[0][1], runs[1][1])


ROWS = [row for row in parity.ROWS if not (row.closure or row.sparse or mixes(row.rule))]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1), (0,), (2,)])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule.__name__)
def test_an_lr_of_any_shape_is_taken_or_refused_as_in_torch(row, shape, compiled):
    lr = torch.full(shape, 0.125, dtype=torch.float64)
    makes = [lambda ps: Optimizer(ps, row.rule, lr=lr, compile=compiled),
             lambda ps: row.torch_class(ps, lr=lr, foreach=False)]
    if lr.numel() != 1:
        for make, words in zip(makes, ["lr must be one number .* got tensor", "1-element"],
                               strict=True):
            with pytest.raises(ValueError, match=words):
                make([torch.ones(3, requires_grad=True)])
        return
    runs = []
    for make in makes:
        params = [torch.full(s, 2.0, dtype=torch.float64, requires_grad=True) for s in ((), (3,))]
        optimizer = make(params)
        for p in params:
            p.grad = 0.5 * p.detach()
        optimizer.step()  # the first of ours is plain, and no kernel is made
        runs.append(params)
        assert optimizer.param_groups[0]["lr"] is lr  # schedulers fill it
    assert_same(*runs, rtol=1e-7 if row.as_default else 1e-13)  # torch's is float32


@pytest.mark.parametrize("lr", [np.float32(0.5), np.array(0.5), np.array([0.5]),
                                torch.tensor([0.5], dtype=torch.bfloat16), torch.tensor(0.5)])
def test_one_number_in_any_wrapping(lr):
    p = torch.ones((), requires_grad=True)
    p.grad = torch.ones(())
    Optimizer([p], sgd, lr=lr, momentum=torch.tensor([0.9])).step()
    assert p.item() == 0.5
    with pytest.raises(ValueError, match=r"betas must be one number .* got array\(\[0.9, 0.8\]\)"):
        Optimizer([p], adam, betas=(np.array([0.9, 0.8]), 0.9))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule.__name__)
def test_complex_parameters_are_stepped_by_parts_as_in_torch(row):
    ends = []
    for make in (lambda ps: Optimizer(ps, row.rule, lr=0.01),
                 lambda ps: row.torch_class(ps, lr=0.01, foreach=False)):
        p = torch.tensor([1 + 2j, 0.5 - 1j], dtype=torch.complex128, requires_grad=True)
        optimizer = make([p])
        for k in range(300):
            p.grad = (p.detach() - (0.5 - 2j)) * (1 + k % 3)
            optimizer.step()
        ends.append(p)
        shapes = {value.shape for value in optimizer.state[p].values()
                  if isinstance(value, torch.Tensor) and value.ndim}
        assert shapes <= {p.shape}
    bound = 1e-7 if row.as_default else 1e-13  # torch keeps a number of its state in float32
    assert_same([ends[0]], [ends[1]], rtol=bound)


def test_a_conjugate_gradient_is_written_out_and_a_conjugate_parameter_refused():
    p = torch.tensor([1 + 2j], dtype=torch.complex128, requires_grad=True)
    p.grad = torch.tensor([1 + 1j], dtype=torch.complex128).conj()
    Optimizer([p], adam, lr=0.1).step()
    torch.testing.assert_close(p.detach(), torch.tensor([0.9 + 2.1j], dtype=torch.complex128))
    q = torch.nn.Parameter(torch.tensor([1 + 2j]).conj())
    q.grad = torch.tensor([1 + 1j])
    for cls in (lambda ps: Optimizer(ps, adam), torch.optim.Adam):
        with pytest.raises(RuntimeError, match="conj"):
            cls([q]).step()


def test_a_parameter_given_twice_warns_and_steps_twice_as_in_torch():
    ends = []
    for make in (lambda ps: Optimizer(ps, sgd, lr=0.1), lambda ps: SGD(ps, lr=0.1, foreach=False)):
        p = torch.ones(3, requires_grad=True)
        with pytest.warns(UserWarning, match="duplicate parameters"):
            optimizer = make([p, p])
        p.grad = torch.ones(3)
        optimizer.step()
        ends.append(p)
        with pytest.raises(ValueError, match="more than one parameter group"):
            optimizer.add_param_group({"params": [p]})
    assert_same([ends[0]], [ends[1]])
    assert ends[0][0].item() == pytest.approx(0.8)


def test_it_trains_a_module():
    torch.manual_seed(0)
    model, x = torch.nn.Linear(4, 1), torch.randn(64, 4)
    y = x @ torch.tensor([[1.0], [-2.0], [0.5], [3.0]])
    optimizer = Optimizer(model.parameters(), sgd, lr=0.1, momentum=0.9)
    for _ in range(200):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
    assert loss < 1e-8


def test_signature_takes_maximize():
    assert inspect.signature(Optimizer).parameters["maximize"].default is False
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Optimizer(parameters(), sgd)


def test_the_state_of_another_optimizer_is_refused():
    p = torch.ones(3, requires_grad=True)
    p.grad = torch.ones(3)
    theirs, ours = torch.optim.Adam([p]), Optimizer([p], adam)
    theirs.step()
    ours.step()
    before = ours.state_dict()
    with pytest.raises(ValueError, match=r"state of adam, of step, m, v.*got exp_avg, exp_avg_sq"):
        ours.load_state_dict(theirs.state_dict())
    torch.testing.assert_close(ours.state_dict()["state"], before["state"])


@pytest.mark.parametrize("foreign", [torch.optim.Adam, torch.optim.Adagrad, torch.optim.Rprop])
def test_settings_of_another_optimizer_are_refused_by_what_they_lack(foreign):
    """Before its first step it has no state that could tell."""
    p = torch.ones(3, requires_grad=True)
    ours = Optimizer([p], adadelta)
    with pytest.raises(ValueError, match=r"of adadelta, .*(; missing rho|got sum)"):
        ours.load_state_dict(foreign([p]).state_dict())
    assert ours.param_groups[0]["rho"] == 0.9


def test_a_compiled_state_of_another_rule_is_refused():
    """What its kernel keeps are names that the other rule has too."""
    p = torch.ones(3, requires_grad=True)
    theirs, ours = Optimizer([p], rmsprop), Optimizer([p], adam)
    theirs.state[p] = {"step": 3, "v": torch.ones(3)}
    with pytest.raises(ValueError, match="missing betas, amsgrad"):
        ours.load_state_dict(theirs.state_dict())


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("shapes", [((3,), (5,)), ((3,), ()), ((3,), (1,)), ((2, 3), (3,)),
                                    ((4,), (2, 2))])
def test_the_state_of_a_parameter_of_another_shape_is_refused(shapes, compiled):
    """As in torch, which the order of parameters is all there is to tell them apart."""
    def with_gradients(shapes):
        params = [torch.ones(shape, requires_grad=True) for shape in shapes]
        for p in params:
            p.grad = torch.ones_like(p)
        return params

    params, turned = with_gradients(shapes), with_gradients(shapes[::-1])
    before, theirs = Optimizer(params, adam), torch.optim.Adam(params, foreach=False)
    before.step()
    theirs.step()
    after, also = Optimizer(turned, adam, compile=compiled), torch.optim.Adam(turned, foreach=False)
    after.load_state_dict(before.state_dict())
    also.load_state_dict(theirs.state_dict())
    with pytest.raises(RuntimeError):
        also.step()
    with pytest.raises(ValueError, match=r"the state \w+ of a parameter of shape .* got shape"):
        after.step()
    assert all(torch.equal(p, torch.ones_like(p)) for p in turned)


def remembers(p, g, t, p_old=0.0, g_old=0.0, *, lr=0.1):
    return p - lr * g - 0.5 * lr * g_old + 0.1 * (p - p_old), p, g


def test_a_rule_may_keep_the_point_and_the_gradient_that_it_was_given():
    """A step writes to the one, the next backward pass to the other."""
    p = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    optimizer, by_hand, state = Optimizer([p], remembers), p.detach().clone(), ()
    for k in range(1, 6):
        optimizer.zero_grad(set_to_none=False)
        (p**2).sum().backward()
        optimizer.step()
        by_hand, *state = remembers(by_hand, 2 * by_hand, k, *state)
        assert_same([p.detach()], [by_hand])


def test_a_rule_without_state_must_return_a_tuple_all_the_same():
    p = torch.ones(3, requires_grad=True)
    p.grad = torch.ones(3)
    for compiled in (False, True):
        with pytest.raises(TypeError, match=r"bare must return a tuple \(p,\) of the new point, "):
            Optimizer([p], bare, compile=compiled).step()
    with pytest.raises(TypeError, match=r"bare must return a tuple, \(p,\), got tensor"):
        path(bare, lambda p: p, torch.ones(3), 2)
    assert torch.equal(p, torch.ones(3))


def bare(p, g, t, *, lr=0.1):
    return p - lr * g


@pytest.mark.parametrize(("returned", "error", "words"), [
    (lambda p: p, TypeError, r"must return a tuple of the new point, m, got tensor"),
    (lambda p: (p,), TypeError, r"must return a tuple of the new point, m, got \(tensor"),
    (lambda p: (p.sum(), p), ValueError, r"a point of the parameter's shape \(3,\), got tensor"),
    (lambda p: (0.0, p), ValueError, r"a point of the parameter's shape \(3,\), got 0.0"),
])
def test_what_a_rule_must_return_is_named(returned, error, words):
    def odd(p, g, t, m=0.0, *, lr=0.1):
        return returned(p)

    p = torch.ones(3, requires_grad=True)
    p.grad = torch.ones(3)
    with pytest.raises(error, match=words):
        Optimizer([p], odd).step()
    assert torch.equal(p, torch.ones(3))


@pytest.mark.parametrize("rule", [adam, rmsprop, adagrad])
def test_what_overflows_in_float16_is_refused(rule):
    """A square is infinite from 256 on, where torch's step goes on in more digits."""
    p = torch.ones(3, dtype=torch.float16, requires_grad=True)
    p.grad = torch.full_like(p, 300)
    theirs = parity.row_of(rule).torch_class([p.detach().clone().requires_grad_()], lr=0.01)
    theirs.param_groups[0]["params"][0].grad = p.grad.clone()
    if rule is not adagrad:  # whose sum of squares is infinite in torch, too
        theirs.step()
        assert theirs.param_groups[0]["params"][0].isfinite().all()
    with pytest.raises(FloatingPointError, match=r"is infinite in float16.* up to 300; keep"):
        Optimizer([p], rule, lr=0.01).step()
    assert torch.equal(p, torch.ones_like(p))


@pytest.mark.parametrize(("rule", "g"), [(adam, 0.0), (adam, 1e-3), (rmsprop, 0.0), (sgd, 6e4)])
def test_a_point_that_leaves_float16_is_refused(rule, g):
    """An eps of 1e-8 is 0 there, and so is the square of a small gradient: 0 / 0, or 1 / 0."""
    p = torch.full((3,), -1.0, dtype=torch.float16, requires_grad=True)
    p.grad = torch.tensor([1.0, g, 1.0], dtype=torch.float16)
    lr = 2.0 if rule is sgd else 0.01
    with pytest.raises(FloatingPointError, match=rf"{rule.__name__}: the new point is -?(nan|inf) "
                                                 rf"in float16 for the gradient {p.grad[1]:g}: "):
        Optimizer([p], rule, lr=lr).step()
    assert torch.equal(p, torch.full_like(p, -1.0))
    if rule is not sgd:
        for wrapped, settings in ((rule, {"eps": 1e-4}), (master(rule), {})):
            Optimizer([p], wrapped, lr=lr, **settings).step()
            assert p.isfinite().all()


def test_a_gradient_that_is_not_finite_is_not_judged():
    """Whoever scales the loss looks at the gradients first."""
    p = torch.ones(2, dtype=torch.float16, requires_grad=True)
    p.grad = torch.tensor([math.inf, 1.0], dtype=torch.float16)
    Optimizer([p], sgd, lr=0.1).step()
    assert p[0].item() == -math.inf


def trained(rule=adam, count=5, **settings):
    p = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    optimizer = Optimizer([p], rule, **settings)
    go(optimizer, p, count)
    return optimizer, p


def go(optimizer, p, count):
    for k in range(count):
        p.grad = torch.sin(p.detach() + k)
        optimizer.step()


@pytest.mark.parametrize("amsgrad", [False, True])
def test_a_tensor_of_two_names_is_saved_once(amsgrad):
    optimizer, p = trained(amsgrad=amsgrad)
    kept = optimizer.state[p]
    assert (kept["v_max"] is kept["v"]) == (not amsgrad)
    (state,) = optimizer.state_dict()["state"].values()
    assert list(state) == ["m", "v", *(["v_max"] if amsgrad else []), "step"]
    assert optimizer.state[p] is kept
    assert "v_max" in kept


def twice(p, g, t, m=0.0, last=0.0, *, lr=0.1):
    """Keep one tensor under two names, and read the second."""
    m = 0.5 * last + g
    return p - lr * m, m, m


@pytest.mark.parametrize("old", [False, True], ids=["as saved", "from before it was left out"])
@pytest.mark.parametrize("later", [{}, {"amsgrad": True}, {"lr": 0.5}])
@pytest.mark.parametrize("rule", [adam, twice])
def test_it_is_there_again_after_loading(rule, later, old):
    later = {name: value for name, value in later.items() if rule is adam or name == "lr"}
    optimizer, p = trained(rule)
    state = copy.deepcopy(optimizer.state_dict())
    if old:
        state["state"][0] = copy.deepcopy(dict(optimizer.state[p]))
    q = p.detach().clone().requires_grad_()
    resumed = Optimizer([q], rule)
    resumed.load_state_dict(state)
    for one in (optimizer, resumed):
        one.param_groups[0].update(later)
    go(optimizer, p, 5)
    go(resumed, q, 5)
    assert torch.equal(p, q)
    assert list(resumed.state[q]) == list(optimizer.state[p])
    torch.testing.assert_close(dict(resumed.state[q]), dict(optimizer.state[p]), rtol=0, atol=0)


def test_a_state_that_was_put_there_by_hand_needs_no_second_name():
    """As a sharding wrapper does, which fills the state itself."""
    optimizer, p = trained(twice)
    q = p.detach().clone().requires_grad_()
    resumed = Optimizer([q], twice)
    resumed.state[q] = dict(optimizer.state_dict()["state"][0])
    go(optimizer, p, 3)
    go(resumed, q, 3)
    assert torch.equal(p, q)


@pytest.mark.parametrize("saved_in", [torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("model", [torch.bfloat16, torch.float32, torch.float64])
def test_a_loaded_state_keeps_its_dtype_until_a_step_widens_it(saved_in, model):
    p = torch.ones(3, dtype=saved_in, requires_grad=True)
    before = Optimizer([p], adam)
    go(before, p, 2)
    q = torch.ones(3, dtype=model, requires_grad=True)
    after = Optimizer([q], adam)
    state = before.state_dict()
    after.load_state_dict(state)
    assert {after.state[q][name].dtype for name in ("m", "v", "v_max")} == {saved_in}
    assert_same([after.state[q]["m"]], [before.state[p]["m"]], 0)
    go(after, q, 1)
    assert {after.state[q][name].dtype for name in ("m", "v")} == {
        torch.promote_types(saved_in, model)}
    assert q.dtype == model
    assert before.state[p]["step"] == 2


def test_a_hook_may_change_what_is_loaded():
    optimizer, _ = trained()
    q = torch.ones(3, requires_grad=True)
    resumed = Optimizer([q], adam)

    def halved(_, given):
        (state,) = given["state"].values()
        return {**given, "state": {0: {**state, "m": torch.full((3,), 0.5, dtype=torch.float64)}}}

    resumed.register_load_state_dict_pre_hook(halved)
    resumed.load_state_dict(optimizer.state_dict())
    assert resumed.state[q]["m"].tolist() == [0.5] * 3
    assert resumed.state[q]["m"].dtype == torch.float64
    assert len(resumed._optimizer_load_state_dict_pre_hooks) == 1


def test_a_hook_after_loading_has_the_last_word():
    p = torch.ones(2, dtype=torch.bfloat16, requires_grad=True)
    p.grad = torch.ones_like(p)
    optimizer = Optimizer([p], master(adam))
    optimizer.step()
    resumed = Optimizer([p], master(adam))
    resumed.register_load_state_dict_post_hook(
        lambda one: one.state[p].update(m=one.state[p]["m"].double()))
    resumed.load_state_dict(optimizer.state_dict())
    state = resumed.state[p]
    assert (state["m"].dtype, state["w"].dtype) == (torch.float64, torch.float32)
    assert len(resumed._optimizer_load_state_dict_post_hooks) == 1

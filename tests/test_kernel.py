import copy
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from saving import saved
from torch.optim import lr_scheduler

from descent import Optimizer, adam, adamw, nadam, parity, rmsprop, sgd
from descent.optim import private
from descent.optim.kernel import _kernels, kernel, need_compiler
from descent.optim.number import Noted, Number
from descent.optim.shapes import mixes
from descent.parity.sharded import lars
from descent.signature import hyperparameters

ROWS = [row for row in parity.ROWS if not (row.closure or row.sparse or mixes(row.rule))]
HYPER = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}


def parameters(seed=0, dtype=torch.float64):
    random = torch.Generator().manual_seed(seed)
    return [torch.randn(n, generator=random, dtype=torch.float64).to(dtype).requires_grad_()
            for n in (3, 5, 4)]


def step(optimizer, params, k=0, without=()):
    for i, p in enumerate(params):
        values = p.detach() + 0.1 * torch.sin(torch.arange(len(p), dtype=p.dtype) + k)
        p.grad = None if i in without else values
    optimizer.step()


def both(rule, **hyper):
    """Return our optimizer compiled and plain, each with its own copy of the same parameters."""
    made = [parameters(), parameters()]
    return [(Optimizer(params, rule, compile=compiled, **hyper), params)
            for params, compiled in zip(made, (True, False), strict=True)]


def assert_same(a, b, rtol=1e-13):
    for x, y in zip(a, b, strict=True):
        torch.testing.assert_close(x, y, rtol=rtol, atol=rtol)


def assert_steps_agree(pairs, steps, changes=None, rtol=1e-13):
    """Step both as often; before the step of that number, `changes` change both."""
    for k in range(steps):
        for optimizer, params in pairs:
            if changes and k in changes:
                changes[k](optimizer, params)
            step(optimizer, params, k)
    assert_same(pairs[0][1], pairs[1][1], rtol=rtol)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule.__name__)
def test_a_kernel_is_torchs(row):
    """Once with everything off that can be, once with everything on."""
    every = {name for keywords in row.stream for name in keywords} - {"gradient"}
    full = max((keywords for keywords in row.stream if "gradient" not in keywords), key=len)
    assert len(full) > len(every) / 2
    for keywords in ({"lr": 0.01}, full):
        for result in parity.measure(replace(row, stream=(keywords,), loop=()), compiled=True):
            assert result.ok, result


def test_neither_steps_nor_rates_nor_sizes_compile_anew():
    (compiled, params), (plain, its) = both(adam, lr=0.1)
    schedules = [lr_scheduler.CosineAnnealingLR(o, 30) for o in (compiled, plain)]
    for k in range(3):
        for optimizer, one in ((compiled, params), (plain, its)):
            step(optimizer, one, k)
    kernels = sum(map(len, _kernels.values()))
    for k in range(3, 40):
        for optimizer, one, schedule in ((compiled, params, schedules[0]),
                                         (plain, its, schedules[1])):
            step(optimizer, one, k)
            schedule.step()
    assert_same(params, its)
    more = [torch.ones(100, dtype=torch.float64, requires_grad=True)]
    other = Optimizer(more, adam, lr=0.5, betas=(0.8, 0.99), compile=True)
    for k in range(4):
        step(other, more, k)
    assert sum(map(len, _kernels.values())) == kernels


def test_powers_keep_their_53_bits():
    (compiled, params), (plain, its) = both(adam, lr=0.1, betas=(0.9, 0.9999999))
    for k in range(20):
        step(compiled, params, k)
        step(plain, its, k)
    assert_same(params, its, rtol=1e-12)  # in float32, 1 - beta2**t would be off by a tenth


def test_gradients_that_come_and_go():
    (compiled, params), (plain, its) = both(sgd, **HYPER)
    for k, without in enumerate([(), (0,), (), (1, 2), (0, 1, 2), (2,), (), ()]):
        before = params[0].detach().clone()
        step(compiled, params, k, without)
        step(plain, its, k, without)
        assert (0 in without) == torch.equal(params[0], before)
    assert_same(params, its)
    assert [compiled.state[p]["step"] for p in params] == [plain.state[p]["step"] for p in its]


def test_groups_with_settings_of_their_own():
    runs = []
    for compiled in (True, False):
        params = parameters()
        optimizer = Optimizer([{"params": params[:1], "weight_decay": 0.0},
                               {"params": params[1:], "lr": 0.01}], adamw, compile=compiled,
                              weight_decay=0.1, lr=0.1)
        for k in range(6):
            step(optimizer, params, k)
        runs.append(params)
    assert_same(*runs)


def test_the_model_sees_every_step():
    torch.manual_seed(0)
    x, y = torch.randn(32, 4), torch.randn(32, 1)
    ends = []
    for compiled in (True, False):
        torch.manual_seed(1)
        model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        optimizer = Optimizer(model.parameters(), adam, lr=0.01, compile=compiled)
        for _ in range(20):
            optimizer.zero_grad()
            loss = ((model(x) - y)**2).mean()
            loss.backward()
            optimizer.step()
        ends.append(loss.item())
        saved = copy.deepcopy(model.state_dict())
        model.load_state_dict(saved)
        step_before = model[0].weight.detach().clone()
        optimizer.step()
        assert not torch.equal(model[0].weight, step_before)
    assert ends[0] == pytest.approx(ends[1], rel=1e-5)


@pytest.mark.parametrize("how", ["state_dict", "file", "deepcopy", "to plain", "from plain"])
@pytest.mark.parametrize("rule", [adam, nadam])
def test_resuming(rule, how):
    (compiled, params), (plain, its) = both(rule, lr=0.1)
    for k in range(5):
        step(compiled, params, k)
        step(plain, its, k)
    first, now = (plain, its) if how == "from plain" else (compiled, params)
    if how == "deepcopy":
        copied_params, copied = copy.deepcopy((now, first))
    else:
        state = saved(first, how)
        copied_params = [p.detach().clone().requires_grad_() for p in now]
        copied = Optimizer(copied_params, rule, compile=how != "to plain")
        copied.load_state_dict(state)
    for k in range(5, 12):
        step(copied, copied_params, k)
        step(plain, its, k)
    assert_same(copied_params, its)


def test_a_moved_parameter_is_laid_anew():
    (compiled, params), (plain, its) = both(rmsprop, lr=0.1)
    for k in range(6):
        if k == 3:
            params[1].data = params[1].detach().clone()
        step(compiled, params, k)
        step(plain, its, k)
    assert_same(params, its)


def test_state_that_nothing_reads_is_not_kept():
    (compiled, params), (plain, its) = both(rmsprop, lr=0.1)
    for k in range(4):
        step(compiled, params, k)
        step(plain, its, k)
    assert set(compiled.state[params[0]]) == {"step", "v"}
    assert set(plain.state[its[0]]) == {"step", "v", "g_mean", "b"}
    compiled.param_groups[0]["momentum"] = 0.5  # switched on: it starts at its first value
    step(compiled, params, 4)
    assert set(compiled.state[params[0]]) == {"step", "v", "b"}


def test_maximize_climbs():
    (compiled, params), (plain, its) = both(adam, lr=0.1, maximize=True)
    for k in range(5):
        step(compiled, params, k)
        step(plain, its, k)
    assert_same(params, its)


def normed(p, g, t, *, lr=0.1):
    return (p - lr * g / torch.sqrt((g**2).sum()),)


def cautious(p, g, t, m=0.0, *, lr=0.1):
    m = 0.9 * m + g
    mask = (m * g > 0).to(g.dtype)
    return p - lr * m * mask / mask.mean(), m


def matrices_decay(p, g, t, *, lr=0.1):
    return (p - lr * (g + 0.1 * p if p.ndim >= 2 else g),)


def delayed(p, g, t, v=0.0, *, lr=0.1):
    return p - lr * v * g, 0.9 * v + g.mean() + 0 * g


def centralized(p, g, t, *, lr=0.1):
    if g.ndim > 3:
        g = g - g.mean((1, 2, 3), keepdim=True)
    return (p - lr * g,)


@pytest.mark.parametrize("rule", [normed, cautious, matrices_decay, delayed, centralized, lars])
def test_a_rule_that_is_not_elementwise_is_refused(rule):
    """At once if one step from a matrix tells, else at the step that a kernel would take wrong."""
    params = parameters()

    def two_steps():
        optimizer = Optimizer(params, rule, compile=True)
        step(optimizer, params)
        step(optimizer, params, 1)

    with pytest.raises(ValueError, match=f"each entry alone, and {rule.__name__} does not; use"):
        two_steps()


def warmed(p, g, t, *, lr=0.1):
    return (p - lr * min(1.0, t / 5) * g,)


def late(p, g, t, *, lr=0.1, beta=0.5):
    return (p - (lr if t > 4 and beta > 0.3 else 0.5 * lr) * g,)


@pytest.mark.parametrize("rule", [warmed, late])
def test_a_branch_is_taken_anew(rule):
    def turned(optimizer, params):
        if rule is late:
            optimizer.param_groups[0]["beta"] = 0.2

    assert_steps_agree(both(rule), 9, {7: turned})


def test_a_state_replaced_from_outside_is_used():
    def cleared(optimizer, params):
        optimizer.state.clear()

    def all_renewed(optimizer, params):
        for p in params:
            optimizer.state[p]["m"] = torch.zeros_like(p)

    assert_steps_agree(both(adam, lr=0.1), 8, {3: cleared, 6: all_renewed})


def emptied(optimizer, params):
    optimizer.state[params[1]] = {}


def renewed(optimizer, params):
    optimizer.state[params[1]]["m"] = torch.zeros_like(params[1])


def begun_anew(optimizer, params):
    optimizer.state[params[2]]["step"] = 0


@pytest.mark.parametrize("change", [emptied, renewed, begun_anew])
def test_a_state_replaced_for_any_parameter_is_used(change):
    assert_steps_agree(both(adam, lr=0.1), 8, {4: change}, rtol=1e-12)


def test_gradients_that_change_places():
    ends = []
    for compiled in (True, False):
        params = [torch.full((4,), x, dtype=torch.float64, requires_grad=True) for x in (1.0, 2.0)]
        optimizer = Optimizer(params, adam, lr=0.1, compile=compiled)
        for k in range(6):
            if k < 3:
                for p in params:
                    p.grad = p.detach() * (k + 1)
            else:
                params[0].grad, params[1].grad = params[1].grad, params[0].grad
            optimizer.step()
        ends.append(params)
    assert_same(*ends)


def test_numbers_of_a_state_may_differ_between_parameters():
    """NAdam's product does, if betas change while one has no gradient."""
    pairs = both(nadam, lr=0.01)
    for optimizer, params in pairs:
        step(optimizer, params, 0, without=(0,))
        optimizer.param_groups[0]["betas"] = (0.5, 0.9)
        step(optimizer, params, 1, without=(1, 2))
        for k in range(2, 8):
            step(optimizer, params, k)
    assert_same(pairs[0][1], pairs[1][1], rtol=1e-12)


def test_a_step_in_inference_mode_leaves_parameters_trainable():
    params = parameters()
    optimizer = Optimizer(params, adam, compile=True)
    with torch.inference_mode():
        for k in range(3):
            step(optimizer, params, k)
    optimizer.zero_grad()
    sum((p**2).sum() for p in params).backward()
    assert all(p.grad is not None for p in params)


def test_a_model_that_changes_its_dtype():
    ends = []
    for compiled in (True, False):
        model = torch.nn.Linear(3, 2)
        with torch.no_grad():
            for k, p in enumerate(model.parameters()):
                p.copy_(torch.linspace(-1, 1, p.numel()).reshape(p.shape) + k)
        optimizer = Optimizer(model.parameters(), adam, lr=0.1, compile=compiled)
        for k in range(8):
            if k == 4:
                model.double()
            for p in model.parameters():
                p.grad = p.detach() * (k + 1)
            optimizer.step()
        ends.append(list(model.parameters()))
        assert {v.dtype for s in optimizer.state.values() for v in s.values()
                if isinstance(v, torch.Tensor)} == {torch.float64}
    assert_same(*ends, rtol=1e-6)


def restarted(p, g, t, b=0.0, *, lr=0.1):
    b = g if t % 3 == 0 else 0.9 * b + g  # at some steps nothing reads what came before
    return p - lr * b, b


def cleared_at_times(p, g, t, b=0.0, *, lr=0.1):
    b = 0.9 * b + g
    return p - lr * b, 0.0 if t % 3 == 0 else b


def looking_back(p, g, t, g1=0.0, g2=0.0, *, lr=0.1):
    return p - lr * (g + 0.5 * g1 + 0.25 * g2), g, g1  # g2 is a number for one step more


def elastic(p, g, t, old=0.0, *, lr=0.1):
    return p - lr * g + 0.5 * (p - old) * (t > 1), p


def from_one(p, g, t, v=1.0, *, lr=0.1, beta=0.0):
    return p - lr * g / (1 + beta * v), 0.5 * v + 0.5 * g**2


@pytest.mark.parametrize("rule", [restarted, cleared_at_times, looking_back, elastic, from_one])
def test_a_state_is_what_the_rule_says_at_every_step(rule):
    def turned_on(optimizer, params):
        if rule is from_one:  # a state that nothing read until now starts where the rule has it
            optimizer.param_groups[0]["beta"] = 0.5
            if not optimizer.compile:
                for p in params:
                    optimizer.state[p]["v"] = torch.ones_like(p)

    assert_steps_agree(both(rule), 9, {4: turned_on})


@pytest.mark.parametrize("row", [row for row in ROWS if "fused" in parity.implementations(
    row.torch_class)], ids=lambda row: row.rule.__name__)
def test_in_16_bits_a_kernel_is_torchs_fused(row):
    """In float16 eps is 0, and a zero gradient makes NaN of all that is computed there."""
    ends = []
    for make in (lambda ps: Optimizer(ps, row.rule, lr=0.01, compile=True),
                 lambda ps: row.torch_class(ps, lr=0.01, fused=True)):
        p = torch.ones(5, dtype=torch.float16, requires_grad=True)
        optimizer = make([p])
        for _ in range(4):
            p.grad = torch.tensor([0.0, 1e-3, 1e-2, 1.0, 200.0]).half()
            optimizer.step()
        ends.append(p.detach())
    assert ends[0].isfinite().all()
    torch.testing.assert_close(*ends, rtol=1e-3, atol=0)


def test_in_bfloat16_a_mean_square_stops_where_torchs_does():
    """Of equal gradients it is to become 1; the kernel's one rounding ends that sooner."""
    heights = []
    for make in (lambda ps: Optimizer(ps, adam), lambda ps: Optimizer(ps, adam, compile=True),
                 lambda ps: torch.optim.Adam(ps, foreach=False),
                 lambda ps: torch.optim.Adam(ps, fused=True)):
        p = torch.ones(4, dtype=torch.bfloat16, requires_grad=True)
        optimizer = make([p])
        for _ in range(1500):
            p.grad = torch.ones_like(p)
            optimizer.step()
        state = optimizer.state[p]
        heights.append(state.get("v", state.get("exp_avg_sq"))[0].item())
    assert heights == [0.5, 0.25, 0.5, 0.25]


def test_complex_parameters_are_laid_by_parts():
    runs = []
    for make in (lambda ps: Optimizer(ps, adam, lr=0.1, compile=True),
                 lambda ps: torch.optim.Adam(ps, lr=0.1, foreach=False)):
        params = [torch.full(shape, 1 + 2j, dtype=torch.complex128, requires_grad=True)
                  for shape in ((), (3,), (2, 2))]
        optimizer = make(params)
        for k in range(6):
            for p in params:
                p.grad = (p.detach() * (1 + 1j) + k).conj()
                if make is not None and k % 2:
                    p.grad = p.grad.resolve_conj()
            if isinstance(optimizer, torch.optim.Adam):
                for p in params:
                    p.grad = p.grad.resolve_conj()
            optimizer.step()
        runs.append(params)
        assert all(p.is_complex() for p in params)
    assert_same(*runs)


def test_a_negative_that_is_not_written_out():
    runs = []
    for compiled in (True, False):
        p = torch.ones(3, dtype=torch.float64, requires_grad=True)
        optimizer = Optimizer([p], sgd, lr=0.1, compile=compiled)
        for _ in range(3):
            p.grad = torch.full((3,), 1 + 1j, dtype=torch.complex128).conj().imag
            assert p.grad.is_neg()
            optimizer.step()
        runs.append(p)
    assert_same([runs[0]], [runs[1]])
    assert runs[0][0].item() == pytest.approx(1.3)


def test_what_a_kernel_cannot_compute_is_named():
    def rounded(p, g, t, *, lr=0.1):
        return (p - lr * int(t) * g,)

    params = parameters()
    optimizer = Optimizer(params, rounded, compile=True)
    step(optimizer, params)
    with pytest.raises((ValueError, NotImplementedError), match="compile=False"):
        step(optimizer, params)


def test_one_tensor_twice_in_the_state_is_two():
    runs = []
    for compiled in (True, False):
        p = torch.linspace(1, 2, 4, dtype=torch.float64, requires_grad=True)
        optimizer = Optimizer([p], adam, lr=0.1, compile=compiled)
        for k in range(6):
            optimizer.param_groups[0]["amsgrad"] = k > 0  # until then v_max is v
            p.grad = (6 - k) * torch.ones_like(p)
            optimizer.step()
        runs.append(p)
    assert_same([runs[0]], [runs[1]])


def test_a_rule_of_ones_own():
    def signed(p, g, t, m=0.0, *, lr=0.1, beta=0.9, decay=0.0):
        m = beta * m + (1 - beta) * g
        return p - lr / (1 + t * 0.1) * torch.sign(m) - decay * lr * p, m

    (compiled, params), (plain, its) = both(signed)
    for k in range(5):
        step(compiled, params, k)
        step(plain, its, k)
    assert_same(params, its)


@pytest.mark.parametrize("how", ["a list", "a tensor", "new objects"])
def test_settings_changed_in_any_way_are_used(how):
    (compiled, params), (plain, its) = both(adam, lr=torch.tensor(0.1, dtype=torch.float64),
                                            betas=[0.9, 0.99])
    for k in range(8):
        for optimizer, one in ((compiled, params), (plain, its)):
            group = optimizer.param_groups[0]
            if k == 4 and how == "a list":
                group["betas"][0] = 0.5
            elif k == 4 and how == "a tensor":
                group["lr"].fill_(0.01)
            elif k == 4:
                group.update(lr=0.01, betas=(0.5, 0.9), maximize=True)
            step(optimizer, one, k)
    assert_same(params, its)


def test_a_refused_setting_is_refused_at_the_next_step():
    (compiled, params), _ = both(adam, lr=0.1)
    for k in range(3):
        step(compiled, params, k)
    compiled.param_groups[0]["lr"] = -1.0
    with pytest.raises(ValueError, match="lr must be >= 0, got -1"):
        step(compiled, params, 3)


@pytest.mark.parametrize("compiled", [True, False])
def test_autograd_notices_a_step(compiled):
    params = parameters()
    optimizer = Optimizer(params, adam, lr=0.1, compile=compiled)
    for k in range(3):
        loss = sum((p**2).sum() for p in params)
        saved_versions = [p._version for p in params]
        step(optimizer, params, k)
        assert all(p._version > before for p, before in zip(params, saved_versions, strict=True))
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


@pytest.mark.parametrize("count", [1, 2])
def test_gradients_of_any_layout(count):
    grid = torch.arange(24.0, dtype=torch.float64).reshape(4, 6)
    layouts = [grid[:1, :1].expand(2, 3), grid[:3, :2].T, grid[::2, ::2],
               grid.flatten()[5:11].view(2, 3)]
    runs = []
    for compiled in (True, False):
        params = [torch.ones(2, 3, dtype=torch.float64, requires_grad=True) for _ in range(count)]
        optimizer = Optimizer(params, adam, lr=0.1, compile=compiled)
        for k in range(8):
            for p in params:
                p.grad = layouts[k % 4]
            optimizer.step()
        runs.append(params)
    assert_same(*runs)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (1, 1), (2, 0)])
def test_parameters_of_one_number_or_none(shape):
    runs = []
    for compiled in (True, False):
        params = [torch.full(shape, 2.0, dtype=torch.float64, requires_grad=True)]
        optimizer = Optimizer(params, adam, lr=0.1, compile=compiled)
        for k in range(4):
            params[0].grad = torch.full(shape, 1.0 + k, dtype=torch.float64)
            optimizer.step()
        runs.append(params)
    assert_same(*runs)


@pytest.mark.parametrize("count", [1, 3])
def test_a_sparse_gradient_is_refused_at_any_step(count):
    params = parameters()[:count]
    optimizer = Optimizer(params, sgd, lr=0.1, compile=True)
    for k in range(3):
        step(optimizer, params, k)
    params[0].grad = params[0].grad.to_sparse()
    with pytest.raises(RuntimeError, match=r"[Ss]parse"):
        optimizer.step()


def test_a_parameter_put_in_anothers_place_is_stepped():
    (compiled, params), (plain, its) = both(adam, lr=0.1)
    old = params[0]
    for k in range(6):
        if k == 3:
            before = old.detach().clone()
            for optimizer, one in ((compiled, params), (plain, its)):
                one[0] = torch.linspace(1, 2, 3, dtype=torch.float64, requires_grad=True)
                optimizer.param_groups[0]["params"][0] = one[0]
        step(compiled, params, k)
        step(plain, its, k)
    assert torch.equal(old, before)
    assert_same(params, its)


def precise(p, g, t, m=0.0, *, lr=0.1, beta=0.9):
    m = beta * m + g.float()
    return p - lr * m, m


def test_a_state_of_another_dtype_than_the_parameter():
    runs = []
    for compiled in (True, False):
        params = parameters(dtype=torch.bfloat16)
        optimizer = Optimizer(params, precise, compile=compiled)
        for k in range(5):
            step(optimizer, params, k)
        assert {optimizer.state[p]["m"].dtype for p in params} == {torch.float32}
        runs.append([optimizer.state[p]["m"] for p in params])
    assert_same(*runs, rtol=1e-6)


def test_a_vector_too_long_for_an_index_is_stepped_in_parts(monkeypatch):
    monkeypatch.setattr("descent.optim.kernel.LONGEST", 5)
    (compiled, params), (plain, its) = both(adam, lr=0.1)
    for k in range(5):
        step(compiled, params, k)
        step(plain, its, k)
    assert_same(params, its)


def test_without_a_compiler_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(RuntimeError, match=r"needs a C\+\+ compiler.*apt-get install g\+\+"):
        Optimizer(parameters(), sgd, compile=True)
    Optimizer(parameters(), sgd)


@pytest.mark.parametrize(("card", "found", "programs", "words"), [
    ((6, 1), True, True, r"compute capability 7\.0 or later, and cuda has 6\.1: use compile=False"),
    ((9, 0), False, True, "needs Triton on CUDA, and it is not installed: `pip install triton`"),
    ((9, 0), True, False, "needs a C compiler on CUDA, and there is none"),
    ((9, 0), True, True, None),
])
def test_what_a_gpu_lacks_for_a_kernel_is_named(monkeypatch, card, found, programs, words):
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: card)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: found or None)
    monkeypatch.setattr(shutil, "which", lambda name: name if programs else None)
    if words is None:
        return need_compiler("cuda")
    with pytest.raises(RuntimeError, match=words):
        need_compiler("cuda")


def test_the_first_kernel_is_announced(capsys):
    def fresh(p, g, t, *, lr=0.1):
        return (p - lr * g,)

    float32, cpu = {"p": torch.float32}, torch.device("cpu")
    kernel(fresh, hyperparameters(fresh), 2, {}, float32, cpu, False)
    said = "Compiling fresh for float32 on the cpu, once: some seconds.\n"
    assert capsys.readouterr().out == said
    kernel(fresh, {"lr": 0.5}, 7, {}, float32, cpu, False)
    assert capsys.readouterr().out == ""


def test_numbers_keep_their_formula():
    noted = Noted(None)
    beta, t = Number("beta", 0.5, noted), Number("t", 2, noted)
    assert (1 - beta**t).formula == "(1 - (beta ** t))"
    assert (0.96**(t * beta)).formula == "(0.96 ** (t * beta))"
    assert (-(-2 + t) / beta).formula == "((-((-2) + t)) / beta)"
    assert t != 1
    assert t > 1
    assert noted.branches == ["(t != 1) == True", "(t > 1) == True"]
    zero = Number("0", 0.0, noted)
    assert (zero * beta).formula == "0"
    assert (1 - zero).formula == "1"
    assert (beta + zero) is beta


@pytest.mark.parametrize("name", private.NAMES)
def test_without_a_private_name_of_torch_steps_are_plain(monkeypatch, name):
    assert private.lacking() == []
    monkeypatch.setitem(private.NAMES, name, (private.NAMES[name][0], "gone"))
    p, q = (torch.nn.Parameter(torch.ones(3)) for _ in range(2))
    with pytest.warns(RuntimeWarning, match=rf"has no {re.escape(name)}: compile=True steps"):
        ours = Optimizer([p], sgd, lr=0.1, compile=True)
    theirs = Optimizer([q], sgd, lr=0.1)
    assert not ours.compile
    for _ in range(3):
        p.grad, q.grad = torch.full((3,), 0.5), torch.full((3,), 0.5)
        ours.step()
        theirs.step()
    assert torch.equal(p, q)


def test_private_names_of_torch_stand_in_one_room():
    found = {path.name for path in Path(private.__file__).parents[1].rglob("*.py")
             if re.search(r"\btorch\.(?:\w+\.)*_(?!_)\w+|\._is_view|experimental",
                          path.read_text(encoding="utf8"))}
    assert found == {"private.py"}

import inspect
import re
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
import torch

from descent import Optimizer, adam, device, lbfgs, parity, sgd
from descent.optim.kernel import Kernel, _sent, kernel
from descent.optim.shapes import mixes
from descent.parity import BEYOND, ROWS, claimed, implementations, measure, row_of
from descent.parity import rules as room
from descent.signature import hyperparameters

ids = [row.rule.__name__ for row in ROWS]


def sample(row):
    """Return the row with its plainest sets, its fullest and the tiny gradients: all run elsewhere.

    The chapter's cell runs every set, in float32 too, and nbval compares what it says.
    """
    tiny = [keywords for keywords in row.stream if keywords.get("gradient", 1) < 1e-6]
    some = (row.stream[0], max(row.stream, key=len), *tiny) if row.stream else ()
    return replace(row, stream=some, loop=row.loop[-1:])


@pytest.mark.parametrize("row", [*ROWS, *BEYOND], ids=lambda row: row.rule.__name__)
def test_a_sample_of_the_settings_agrees(row):
    for result in measure(sample(row)):
        assert result.ok, result


@pytest.mark.parametrize("row", [row for row in (*ROWS, *BEYOND) if not row.closure],
                         ids=lambda row: row.rule.__name__)
def test_the_chapter_says_how_many_steps_are_run(row):
    path = Path(__file__).parents[1] / "chapters" / f"{row.chapter}.ipynb"
    cells = [" ".join(cell.source.split()) for cell in nbformat.read(path, as_version=4).cells
             if cell.cell_type == "markdown"]
    told = [sentence for cell in cells for sentence in re.split(r"(?<=[.;]) ", cell)
            if "parity-rows" in sentence or re.search(r"every setting\b.*\bsteps", sentence, re.I)]
    steps, text = room.STEPS, " ".join(told)
    assert set(re.findall(r"(\d+) steps", text)) == {str(steps)}
    assert re.findall(r"a tenth of lr from step (\d+) on", text) == [str(steps // 2)]
    assert set(re.findall(r"at step (\d+)", text)) <= {str(steps // 4)}


on_a_gpu = pytest.mark.skipif(device().type == "cpu", reason="no CUDA device")


@pytest.mark.gpu
@on_a_gpu
@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_every_setting_agrees_with_torch_on_the_gpu(row):
    """L-BFGS in float32 within 0.2: a last digit of the gradient moves torch's own by 0.095."""
    if row.sparse and device().type != "cuda":
        pytest.skip("what pretends to be a GPU has no sparse tensors")
    for dtype in row.bounds:
        bound = 0.2 if row.closure and dtype == torch.float32 else row.bounds[dtype]
        for result in measure(replace(row, bounds={**row.bounds, dtype: bound}), dtype, device()):
            assert result.ok, result


@pytest.mark.gpu
@on_a_gpu
@pytest.mark.parametrize("row", [row for row in ROWS
                                 if not (row.closure or row.sparse or mixes(row.rule))],
                         ids=lambda row: row.rule.__name__)
def test_a_kernel_is_torchs_on_the_gpu(row):
    full = max((keywords for keywords in row.stream if "gradient" not in keywords), key=len)
    for keywords in ({"lr": 0.01}, full):
        one = replace(row, stream=(keywords,), loop=())
        for result in measure(one, torch.float64, device(), compiled=True):
            assert result.ok, result


@pytest.mark.gpu
@on_a_gpu
@pytest.mark.parametrize("compiled", [False, True])
def test_an_lr_on_the_cpu_drives_parameters_on_the_gpu(compiled):
    """As in torch, of any shape with one entry."""
    for lr in (torch.tensor(0.1), torch.tensor([0.1])):
        ends = []
        for make in (lambda ps, lr=lr: Optimizer(ps, adam, lr=lr, compile=compiled),
                     lambda ps, lr=lr: torch.optim.Adam(ps, lr=lr, foreach=False)):
            params = [torch.ones(shape, device=device(), requires_grad=True)
                      for shape in ((), (3,))]
            optimizer = make(params)
            for _ in range(3):
                for p in params:
                    p.grad = torch.ones_like(p)
                optimizer.step()
            ends.append(torch.stack([p.detach().sum() for p in params]))
        torch.testing.assert_close(*ends, rtol=1e-6, atol=0)


@pytest.mark.gpu
@on_a_gpu
def test_a_kernel_for_a_gpu_is_made_with_long_vectors_in_mind(monkeypatch):
    """From the length in mind come its blocks: of 4 entries, there would be a million of them."""
    def seen(program, examples):
        lengths.append(examples[1].shape[0].node.hint)
        return program

    lengths = []
    monkeypatch.setattr("descent.optim.kernel.built", seen)
    Kernel(adam, hyperparameters(adam), 2, {}, {"p": torch.float32},
           torch.ones(1, device=device()).device, False)
    assert lengths == [2**20]


@pytest.mark.gpu
@on_a_gpu
def test_the_slots_go_where_the_kernel_is():
    where = torch.ones(1, device=device()).device
    assert _sent(torch.ones(2), where).device == where


@pytest.mark.gpu
@on_a_gpu
def test_a_device_has_one_kernel_under_all_its_names(capsys):
    def fresh(p, g, t, *, lr=0.1):
        return (p - lr * g,)

    where = torch.ones(1, device=device()).device
    one, two = (kernel(fresh, hyperparameters(fresh), 2, {}, {"p": torch.float32}, name, False)
                for name in (where, torch.device(where.type)))
    assert one is two
    assert capsys.readouterr().out.count("once") == 1


def test_every_class_of_torch_has_a_row():
    """A sixteenth would stand in none."""
    classes = {one for name, one in vars(torch.optim).items()
               if inspect.isclass(one) and issubclass(one, torch.optim.Optimizer)}
    assert {row.torch_class for row in ROWS} == classes - {torch.optim.Optimizer}
    assert len(ROWS) == 15


@pytest.mark.parametrize("row", ROWS, ids=ids)
def test_a_row_is_complete(row):
    assert claimed(row) == set(hyperparameters(row.rule))
    sets = row.stream or row.closure
    takes = "maximize" in inspect.signature(row.torch_class).parameters
    assert takes == any(keywords.get("maximize") for keywords in sets)
    assert any(keywords["lr"] == 10 for keywords in sets)
    assert any(keywords.get("gradient", 1) < 1e-6 for keywords in sets)


def uphill(p, g, t, b=0.0, *, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0,
           nesterov=False):
    return sgd(p, -g, t, b, lr=lr, momentum=momentum, dampening=dampening,
               weight_decay=weight_decay, nesterov=nesterov)


def lr_inside(p, g, t, b=0.0, *, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0,
              nesterov=False):
    g = g + weight_decay * p
    b = momentum * b + lr * (g if t == 1 else (1 - dampening) * g)
    return p - (lr * g + momentum * b if nesterov else b), b


def damped_start(p, g, t, b=0.0, *, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0,
                 nesterov=False):
    return sgd(p, g, t + 1, b, lr=lr, momentum=momentum, dampening=dampening,
               weight_decay=weight_decay, nesterov=nesterov)


@pytest.mark.parametrize("wrong", [uphill, lr_inside, damped_start])
def test_a_wrong_rule_is_seen(wrong):
    row = replace(row_of(sgd), rule=wrong, loop=(),
                  stream=({"lr": 0.1, "momentum": 0.9, "dampening": 0.3},))
    assert not all(result.ok for result in measure(row))
    assert all(result.ok for result in measure(replace(row, rule=sgd)))


def always_first(p, fun, t, *state, **hyper):
    return lbfgs(p, fun, 1, **hyper)


def oldest_last(p, fun, t, f=None, g=None, g_old=None, s=None, pairs=(), **hyper):
    return lbfgs(p, fun, t, f, g, g_old, s, pairs[::-1], **hyper)


@pytest.mark.parametrize("wrong", [always_first, oldest_last])
def test_a_wrong_lbfgs_is_seen(monkeypatch, wrong):
    monkeypatch.setattr("descent.optim.lbfgs.lbfgs", wrong)
    monkeypatch.setattr("descent.optim.lbfgs.hyperparameters", lambda rule: hyperparameters(lbfgs))
    monkeypatch.setattr("descent.optim.lbfgs.settle", lambda rule, hyper: hyper)
    assert not all(result.ok for result in measure(row_of(lbfgs)))


def test_counts_decide_in_float64():
    result = measure(row_of(lbfgs))[0]
    ours, theirs = result.counts
    assert result.ok
    assert not replace(result, counts=((ours[0], ours[1] + 1), theirs)).ok


@pytest.fixture(scope="module")
def table():
    return parity.report(row_of(sgd))


def test_the_table_says_the_same_on_every_machine(table):
    text = repr(table)
    assert "e-16" not in text
    assert "float64 within 1e-12" in text
    assert "1 of 1" in text
    assert "0 of" not in text


def test_the_page_shows_what_was_measured(table):
    page = table._repr_html_()
    assert "float32: fused" in page
    assert "e-16" in page


def test_implementations():
    assert list(implementations(torch.optim.SGD)) == ["for-loop", "foreach", "fused"]
    assert list(implementations(torch.optim.Adadelta)) == ["for-loop", "foreach"]


def test_an_unknown_rule_is_named():
    with pytest.raises(KeyError, match=r"no parity row for uphill.*sgd"):
        row_of(uphill)


def test_a_stream_is_scaled_and_a_loop_is_not():
    """Tiny gradients are what shows where an eps stands: a scale that is lost hides it."""
    def make(groups):
        return torch.optim.SGD(groups, lr=1.0)

    def way(problem, scale):
        (first, *_) = room._run(make, problem=problem, scale=scale, dtype=torch.float64,
                                device="cpu", shapes=room.SHAPES)
        return first[0] - room._draws(torch.float64, "cpu", room.SHAPES)[0][0]

    assert torch.allclose(way("stream", 1e-8), 1e-8 * way("stream", 1.0), rtol=1e-6)
    assert torch.equal(way("loop", 1e-8), way("loop", 1.0))

"""Drawn at random: dtypes, shapes, layouts, groups, settings; torch's for-loop says what is right.

A case is told by its number alone. What differs from torch must be a named error.
"""

import random
import warnings
from functools import partial

import pytest
import torch

from descent import Optimizer, parity
from descent.optim.shapes import mixes
from descent.parity import rules as room
from descent.signature import hyperparameters

ROWS = [row for row in parity.ROWS if not (row.closure or row.sparse or mixes(row.rule))]
# Two steps in 16 bits may round to neighbours, and each step may do so again.
BOUNDS = {torch.float64: 1e-12, torch.complex128: 1e-12, torch.float32: 1e-5,
          torch.complex64: 1e-5, torch.float16: 1e-2, torch.bfloat16: 6e-2}
SHAPES = (), (0,), (1,), (4,), (2, 3), (1, 1), (2, 0, 3), (2, 3, 2, 2)
LAYOUTS = "dense", "transposed", "every second", "channels last", "with a hole"
STEPS = 8


@pytest.fixture(autouse=True)
def interpreted(monkeypatch):
    """Run what a kernel would compute, by torch's operators: nothing is compiled here."""
    monkeypatch.setattr("descent.optim.kernel.built", lambda program, examples: program)


def tensor(shape, dtype, layout, draw):
    """Return a tensor drawn at random, whose entries lie in memory as the layout says."""
    generator = torch.Generator().manual_seed(draw.randrange(2**31))

    def numbers(*shape):
        drawn = torch.randn(*shape, 2, generator=generator, dtype=torch.float64)
        return (torch.view_as_complex(drawn) if dtype.is_complex else drawn[..., 0]).to(dtype)

    if layout == "transposed" and shape:
        return numbers(*shape[::-1]).permute(*range(len(shape))[::-1])
    if layout == "every second" and shape:
        return numbers(*shape[:-1], 2 * shape[-1])[..., ::2]
    if layout == "channels last" and len(shape) == 4:
        return numbers(*shape).to(memory_format=torch.channels_last)
    if layout == "with a hole":
        return numbers(3, *shape)[1]
    return numbers(*shape)


def settings(row, draw):
    """Return the keywords of a run: one of the row's keyword sets."""
    chosen = dict(draw.choice([keywords for keywords in row.stream if "gradient" not in keywords]))
    chosen["lr"] = min(chosen["lr"], 0.1)
    if draw.random() < 0.3:
        chosen["eps"] = 1e-2
    return {name: value for name, value in chosen.items()
            if name in {*hyperparameters(row.rule), "maximize"}}


class Case:
    """One run by its number: what a `make` of an optimizer does to the parameters."""

    def __init__(self, row, dtype, number):
        self.row, self.dtype = row, dtype
        self.draw = partial(random.Random, f"{row.rule.__name__} {dtype} {number}")
        draw = self.draw()
        self.chosen = settings(row, draw)
        if dtype in {torch.float16, torch.bfloat16} and "eps" in hyperparameters(row.rule):
            self.chosen["eps"] = 1e-2  # 1e-8 is 0 in float16
        self.lr = torch.full(draw.choice([(), (1,), (1, 1)]), self.chosen["lr"],
                             dtype=torch.float64) if draw.random() < 0.3 else self.chosen["lr"]

    def run(self, make, resumed=None):
        """Return the parameters after all steps; `resumed` puts another optimizer in mid-run."""
        draw = self.draw()
        params = [tensor(draw.choice(SHAPES), self.dtype, draw.choice(LAYOUTS), draw)
                  .requires_grad_() for _ in range(5)]
        groups = [{"params": params[:3]},
                  {"params": params[3:], "weight_decay": 0.05, "lr": 0.5 * self.chosen["lr"]}]
        optimizer = make(groups, **{**self.chosen, "lr": self.lr})
        for k in range(STEPS):
            if k == STEPS // 2 and resumed:
                optimizer = resumed(optimizer, groups)
            grads = [None if draw.random() < 0.15 else draw.choice([0.0, 1.0, 1.0, 1.0]) * tensor(
                p.shape, self.dtype, draw.choice(LAYOUTS), draw) for p in params]
            if draw.random() < 0.3:
                assert optimizer.step(partial(self.given, params, grads, 3.0)) == 3.0
            else:
                self.given(params, grads)
                optimizer.step()
        return params

    @staticmethod
    def given(params, grads, loss=None):
        for p, grad in zip(params, grads, strict=True):
            p.grad = grad if grad is None else grad.clone()
        return loss


def ours(row, groups, compiled=False, **chosen):
    return Optimizer([dict(group) for group in groups], row.rule, compile=compiled, **chosen)


def reloaded(row, optimizer, groups, compiled):
    """Return a new optimizer of the same parameters, which has taken over the state."""
    new = ours(row, [{"params": group["params"]} for group in groups], compiled)
    new.load_state_dict(optimizer.state_dict())
    return new


@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "kernel"])
@pytest.mark.parametrize("dtype", BOUNDS, ids=lambda dtype: str(dtype).removeprefix("torch."))
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule.__name__)
def test_a_random_run_is_torchs(row, dtype, compiled):
    for number in range(1 if compiled else 2):
        case = Case(row, dtype, number)
        real = torch.empty(0, dtype=dtype).real.dtype if dtype.is_complex else dtype
        with room._default(real if row.as_default and real.itemsize > 2 else torch.float32):
            theirs = case.run(partial(row.torch_class, foreach=False))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "compile=True steps")
            mine = case.run(partial(ours, row, compiled=compiled),
                            partial(reloaded, row, compiled=compiled))
        for a, b in zip(mine, theirs, strict=True):
            bound = BOUNDS[dtype]
            torch.testing.assert_close(a, b, rtol=bound, atol=bound, msg=lambda text, case=case:
                                       f"{text}\n{case.chosen}")

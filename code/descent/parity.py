"""A rule against its torch class: the same parameters, the same gradients, how far apart?

One table, `ROWS`, serves the tests and every chapter's "Against torch". A row's keyword sets
are run twice. On a *stream* the gradients are drawn beforehand, so nothing but the update can
differ; every set runs there. On a *loop* the gradient comes from the point itself, so rounding
feeds back; the settings that keep a quadratic stable run there. Both runs take 200 steps over
two parameter groups, lose the gradient of one parameter at step 50 (`grad is None`) and divide
lr by ten at step 100, which is what separates lr inside the buffer from lr outside it.
"""

import inspect
from dataclasses import dataclass, field
from itertools import product

import torch

from descent.adapter import Optimizer
from descent.rules import sgd
from descent.signature import hyperparameters, name_of

__all__ = ["ROWS", "Result", "Row", "compare", "implementations", "row_of"]

STEPS = 200
SHAPES = ((3, 4), (5,), ())


@dataclass(frozen=True)
class Row:
    """A rule, its torch class, the keyword sets to try, and the relative bounds by dtype."""

    rule: object
    torch_class: type
    stream: tuple
    loop: tuple
    bounds: dict = field(default_factory=lambda: {torch.float64: 1e-12, torch.float32: 1e-4})
    why: str = "float32 keeps 7 digits, and 200 steps of rounding cost two or three of them"


@dataclass(frozen=True)
class Result:
    """How far an implementation ended from torch's for-loop, at worst, under one keyword set."""

    problem: str
    keywords: dict
    dtype: torch.dtype
    differences: dict
    bound: float

    @property
    def ok(self):
        return self.differences["descent"] <= self.bound


def _grid(**choices):
    return tuple(dict(zip(choices, values, strict=True)) for values in product(*choices.values()))


_SGD_HEAVY = _grid(momentum=(0.0, 0.5, 0.9), dampening=(0.0, 0.3), weight_decay=(0.0, 0.1),
                   maximize=(False, True))
_SGD_NESTEROV = _grid(momentum=(0.5, 0.9), nesterov=(True,), weight_decay=(0.0, 0.1),
                      maximize=(False, True))

ROWS = (
    Row(sgd, torch.optim.SGD,
        stream=(*({"lr": 0.1, **k} for k in (*_SGD_HEAVY, *_SGD_NESTEROV)),
                {"lr": 10.0, "momentum": 0.9}, {"lr": 0.1, "momentum": 0.9, "gradient": 1e-8}),
        loop=({"lr": 0.1}, {"lr": 0.1, "momentum": 0.9},
              {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1},
              {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1})),
)


def row_of(rule):
    """Return the row of a rule; KeyError names the rules that have one."""
    for row in ROWS:
        if row.rule is rule:
            return row
    raise KeyError(f"no parity row for {name_of(rule)}; there are {[name_of(r.rule) for r in ROWS]}")


def implementations(torch_class):
    """Return torch's implementations of a class that run on the CPU, for-loop first."""
    takes = inspect.signature(torch_class).parameters
    return {"for-loop": {"foreach": False} if "foreach" in takes else {},
            **({"foreach": {"foreach": True}} if "foreach" in takes else {}),
            **({"fused": {"fused": True}} if "fused" in takes else {})}


def compare(row, dtype=torch.float64, device="cpu"):
    """Run every keyword set of a row; return a list of `Result`.

    A difference is the largest over all steps and parameters of max |a - b| / max |b|, where b
    is torch's for-loop. `Result.differences` holds ours ("descent") and torch's own others.
    """
    results = []
    for problem, sets in (("stream", row.stream), ("loop", row.loop)):
        for keywords in sets:
            keywords = dict(keywords)
            scale = keywords.pop("gradient", 1.0)
            makers = {name: _torch_maker(row.torch_class, {**keywords, **extra})
                      for name, extra in implementations(row.torch_class).items()}
            makers["descent"] = _our_maker(row.rule, keywords)
            runs = {name: _run(make, problem, scale, dtype, device) for name, make in makers.items()}
            reference = runs.pop("for-loop")
            shown = {**keywords, **({"gradient": scale} if scale != 1.0 else {})}
            results.append(Result(problem, shown, dtype,
                                  {name: _distance(run, reference) for name, run in runs.items()},
                                  row.bounds[dtype]))
    return results


def claimed(row):
    """Return the hyper-parameters that the row's keyword sets exercise."""
    return {name for keywords in (*row.stream, *row.loop) for name in keywords} & set(
        hyperparameters(row.rule))


def _torch_maker(torch_class, keywords):
    return lambda groups: torch_class(groups, **keywords)


def _our_maker(rule, keywords):
    return lambda groups: Optimizer(groups, rule, **keywords)


def _run(make, problem, scale, dtype, device):
    """Return the parameters after every step, for gradients of the given scale."""
    random = torch.Generator().manual_seed(0)

    def draw(shape):  # drawn on the CPU in float64, so that every device sees the same numbers
        return torch.randn(shape, generator=random, dtype=torch.float64).to(device, dtype)

    params = [draw(shape).requires_grad_() for shape in SHAPES]
    targets = [draw(shape) for shape in SHAPES]
    optimizer = make([{"params": params[:2]}, {"params": params[2:], "weight_decay": 0.02}])
    history = []
    for step in range(STEPS):
        if step == STEPS // 2:
            for group in optimizer.param_groups:
                group["lr"] *= 0.1
        for p, target in zip(params, targets, strict=True):
            noise = draw(p.shape)
            p.grad = scale * noise if problem == "stream" else (p.detach() - target) + 0.1 * noise
        if step == 50:
            params[1].grad = None
        optimizer.step()
        history.append([p.detach().clone() for p in params])
    return history


def _distance(run, reference):
    return max(
        ((a - b).abs().max() / b.abs().max().clamp_min(torch.finfo(b.dtype).tiny)).item()
        for step, other in zip(run, reference, strict=True)
        for a, b in zip(step, other, strict=True)
    )

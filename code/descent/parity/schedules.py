"""A schedule against torch's scheduler: the learning rate that each optimizer step used.

Each case is run to its end and far beyond it. What counts is what `optimizer.step()` saw, taken
by a hook, under torch's scheduler, under our schedule in a `LambdaLR`, and under our schedule in
`descent.path`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch.optim import lr_scheduler, swa_utils

from descent import schedules
from descent.book import plots
from descent.driver import path
from descent.rules import sgd

__all__ = ["CASES", "PLATEAUS", "TORCHS", "Case", "measure", "plateau_apart", "plateau_used",
           "report", "used"]

LR = 0.1
BOUND = 1e-13  # relative to the largest lr: a few hundred steps of torch's recursive forms


# Every scheduler of torch, and the schedule that is it.
TORCHS = {
    "LambdaLR": "lambda_lr", "MultiplicativeLR": "multiplicative", "StepLR": "step_lr",
    "MultiStepLR": "multi_step", "ConstantLR": "constant", "LinearLR": "linear",
    "ExponentialLR": "exponential", "PolynomialLR": "polynomial",
    "CosineAnnealingLR": "cosine_annealing",
    "CosineAnnealingWarmRestarts": "cosine_warm_restarts", "CyclicLR": "cyclic",
    "OneCycleLR": "one_cycle", "SequentialLR": "sequential", "ChainedScheduler": "chained",
    "ReduceLROnPlateau": "plateau", "SWALR": "swa_lr"}


@dataclass(frozen=True)
class Case:
    """A schedule by its arguments, torch's scheduler, and for how many steps to compare them."""

    name: str
    arguments: dict
    schedule: Callable
    scheduler: Callable
    steps: int
    momentum: Callable | None = None


def used(scheduler, steps, *, lr=LR, metrics=None):
    """Return the lr and the momentum that each of `steps` optimizer steps used, two arrays.

    `scheduler(optimizer)` makes torch's scheduler, which is stepped after every optimizer step,
    with a metric if there are any.
    """
    p = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=lr, momentum=0.9)
    seen = []
    optimizer.register_step_pre_hook(
        lambda optimizer, *_: seen.append([optimizer.param_groups[0][name]
                                           for name in ("lr", "momentum")]))
    made = scheduler(optimizer)
    for k in range(steps):
        optimizer.step()
        if k < steps - 1:
            made.step(*(() if metrics is None else (metrics[k],)))
    return np.array(seen, dtype=float).T


def plateau_used(metrics, *, lr=LR, **settings):
    """Return the lr of each step under `schedules.plateau`, which sees a metric after each."""
    seen, state = [lr], ()
    for metric in metrics[:-1]:
        lr, *state = schedules.plateau(lr, metric, *state, **settings)
        seen.append(lr)
    return np.array(seen)


def _case(name, torch_class, steps, *, first=LR, momentum=None, **arguments):
    """Make a case whose arguments go to both by name; `first` is lr, which torch's lacks."""
    ours, its = getattr(schedules, name), getattr(lr_scheduler, torch_class)
    given = {} if first is None else {"lr": first}
    return Case(name, arguments, ours(**given, **arguments),
                lambda optimizer: its(optimizer, **arguments), steps, momentum)


def _cycle(steps, **arguments):
    shared = {k: v for k, v in arguments.items() if k not in {"max_lr", "div_factor",
                                                              "final_div_factor"}}
    return _case("one_cycle", "OneCycleLR", steps, first=None, **arguments,
                 momentum=schedules.one_cycle_momentum(**shared))


def _triangle(steps, **arguments):
    shared = {k: v for k, v in arguments.items() if k not in {"max_lr", "base_lr"}}
    return _case("cyclic", "CyclicLR", steps, first=None, **arguments,
                 momentum=schedules.cyclic_momentum(**shared))


def _warmed(rest, its, warm, steps, **arguments):
    return Case(
        "linear_warmup", {"total_iters": warm, "then": rest, **arguments},
        schedules.linear_warmup(getattr(schedules, rest)(LR, **arguments), warm, 0.1),
        lambda optimizer: lr_scheduler.SequentialLR(
            optimizer, [lr_scheduler.LinearLR(optimizer, 0.1, 1.0, warm),
                        getattr(lr_scheduler, its)(optimizer, **arguments)], [warm]), steps)


def _made(torch_class, **arguments):
    """Return a schedule for an lr and what makes torch's scheduler, of one class and arguments."""
    its = getattr(lr_scheduler, torch_class)
    ours = getattr(schedules, TORCHS[torch_class])
    return (lambda lr: ours(**({} if "base_lr" in arguments else {"lr": lr}), **arguments),
            lambda optimizer: its(optimizer, **arguments))


def _sequence(milestones, steps, *parts):
    names, made = [name for name, _ in parts], [_made(name, **given) for name, given in parts]
    return Case("sequential", {"of": names, "milestones": milestones},
                schedules.sequential([ours(LR) for ours, _ in made], milestones),
                lambda optimizer: lr_scheduler.SequentialLR(
                    optimizer, [its(optimizer) for _, its in made], milestones), steps)


def _chain(steps, *parts):
    names, made = [name for name, _ in parts], [_made(name, **given) for name, given in parts]
    return Case("chained", {"of": names}, schedules.chained(LR, [ours(1.0) for ours, _ in made]),
                lambda optimizer: lr_scheduler.ChainedScheduler(
                    [its(optimizer) for _, its in made]), steps)


class _Switched:
    """A scheduler until `start` calls, then torch's SWALR, made beside it at the beginning."""

    def __init__(self, first, then, start):
        self.first, self.then, self.left = first, then, start

    def step(self):
        (self.first if self.left > 0 else self.then).step()
        self.left -= 1


def _averaging(start, steps, **arguments):
    ours, its = _made("ExponentialLR", gamma=0.9)
    return Case("swa_lr", {"start": start, **arguments},
                schedules.swa_lr(ours(LR), start, 0.05, **arguments),
                lambda optimizer: _Switched(
                    its(optimizer), swa_utils.SWALR(optimizer, 0.05, **arguments), start), steps)


_SHORT = {"ConstantLR": {"factor": 0.5, "total_iters": 4},
          "LinearLR": {"start_factor": 0.1, "total_iters": 8}, "ExponentialLR": {"gamma": 0.9},
          "StepLR": {"step_size": 3, "gamma": 0.5},
          "MultiStepLR": {"milestones": [2, 9], "gamma": 0.3},
          "PolynomialLR": {"total_iters": 12, "power": 2.0}, "CosineAnnealingLR": {"T_max": 15},
          "LambdaLR": {"lr_lambda": lambda k: 1 / (1 + k)}}
_FIRST = ("LinearLR", _SHORT["LinearLR"])

CASES = (
    *(_case("lambda_lr", "LambdaLR", 100, lr_lambda=function)
      for function in (lambda k: 0.95**k, lambda k: 1 / (1 + k / 10), lambda k: 1.0)),
    *(_case("multiplicative", "MultiplicativeLR", 300, lr_lambda=function)
      for function in (lambda k: 0.99, lambda k: 1 - 1 / (k + 1), lambda k: 0.5 if k == 9 else 1)),
    *(_sequence([10], 60, _FIRST, part) for part in _SHORT.items()),
    _sequence([10], 60, _FIRST, ("CosineAnnealingWarmRestarts", {"T_0": 7, "T_mult": 2})),
    _sequence([10], 60, _FIRST, ("CyclicLR", {"base_lr": 0.01, "max_lr": 0.2, "step_size_up": 5})),
    _sequence([5, 5], 40, *list(_SHORT.items())[:3]),
    _sequence([0], 30, *list(_SHORT.items())[2:4]),
    *(_chain(40, part, ("ExponentialLR", {"gamma": 0.97})) for part in _SHORT.items()
      if part[0] not in {"LambdaLR", "CosineAnnealingLR"}),
    _chain(40, ("MultiplicativeLR", {"lr_lambda": lambda k: 0.98}), *list(_SHORT.items())[:4]),
    _chain(16, ("CosineAnnealingLR", {"T_max": 15}), ("LinearLR", _SHORT["LinearLR"])),
    *(_averaging(start, 40, anneal_epochs=epochs, anneal_strategy=strategy)
      for start, epochs, strategy in ((8, 10, "cos"), (8, 4, "linear"), (20, 1, "cos"),
                                      (0, 10, "linear"))),
    *(_case("step_lr", "StepLR", 100, step_size=size, gamma=gamma)
      for size, gamma in ((10, 0.1), (7, 0.5), (1, 0.9), (200, 0.1))),
    *(_case("multi_step", "MultiStepLR", 100, milestones=list(milestones), gamma=0.3)
      for milestones in ((30, 60), (5, 5, 90), (1,))),
    *(_case("exponential", "ExponentialLR", 300, gamma=gamma) for gamma in (0.9, 0.99, 1.0)),
    *(_case("constant", "ConstantLR", 30, factor=factor, total_iters=total)
      for factor, total in ((1 / 3, 5), (0.1, 20))),
    *(_case("linear", "LinearLR", 300, start_factor=a, end_factor=b, total_iters=total)
      for a, b, total in ((1 / 3, 1.0, 5), (1.0, 0.0, 100), (0.01, 0.5, 200))),
    *(_case("polynomial", "PolynomialLR", 120, total_iters=total, power=power)
      for total, power in ((5, 1.0), (100, 2.0), (100, 0.5))),
    *(_case("cosine_annealing", "CosineAnnealingLR", 4 * T_max, T_max=T_max, eta_min=eta_min)
      for T_max, eta_min in ((50, 0.0), (50, 1e-3), (7, 0.01), (1, 0.0))),
    *(_case("cosine_warm_restarts", "CosineAnnealingWarmRestarts", 200, T_0=T_0, T_mult=T_mult,
            eta_min=1e-3) for T_0, T_mult in ((50, 1), (10, 2), (7, 3), (1, 1))),
    _warmed("cosine_annealing", "CosineAnnealingLR", 20, 150, T_max=80),
    _warmed("step_lr", "StepLR", 10, 100, step_size=30),
    _warmed("exponential", "ExponentialLR", 1, 100, gamma=0.95),
    *(_triangle(200, base_lr=0.01, max_lr=0.1, step_size_up=up, step_size_down=down, mode=mode,
                gamma=gamma)
      for up, down, mode, gamma in ((20, None, "triangular", 1.0), (10, 30, "triangular2", 1.0),
                                    (20, 5, "exp_range", 0.99))),
    *(_cycle(steps + 1, max_lr=0.5, total_steps=steps, **more)
      for steps, more in ((100, {}), (100, {"anneal_strategy": "linear"}),
                          (100, {"three_phase": True}), (37, {"pct_start": 0.1}),
                          (50, {"pct_start": 0.4, "div_factor": 10.0, "final_div_factor": 10.0,
                                "three_phase": True, "anneal_strategy": "linear"}))),
)


PLATEAUS = (
    {}, {"patience": 0}, {"patience": 3, "factor": 0.5}, {"patience": 2, "cooldown": 4},
    {"patience": 2, "mode": "max"}, {"patience": 2, "threshold_mode": "abs", "threshold": 0.05},
    {"patience": 2, "mode": "max", "threshold_mode": "abs"},
    {"patience": 1, "factor": 0.3, "min_lr": 1e-3}, {"patience": 1, "eps": 1e-3},
)


def plateau_apart(settings, steps=300):
    """Return the largest difference of lr from torch's, over three sequences of metrics.

    A loss that falls in noise, the same below zero, and one that is no number now and then.
    """
    rng = np.random.default_rng(0)
    loss = np.exp(-np.arange(steps) / 60) + 0.05 * rng.normal(size=steps)
    broken = np.where(rng.random(steps) < 0.2, np.nan, loss)
    return max(
        abs(plateau_used(metrics, **settings) - used(
            lambda optimizer: lr_scheduler.ReduceLROnPlateau(optimizer, **settings),
            steps, metrics=metrics)[0]).max()
        for metrics in (loss, loss - 2, broken))


def measure(case):
    """Return the largest differences from torch, relative to the largest lr, as a dict.

    Of our schedule in a LambdaLR, in `path`, and of its momentum where torch moves that.
    """
    lr, momentum = used(case.scheduler, case.steps)
    ours, _ = used(lambda optimizer: lr_scheduler.LambdaLR(optimizer, case.schedule), case.steps,
                   lr=1.0)
    allowed = lr[lr >= 0]  # torch's one_cycle, linear, is negative one step behind its end
    points = path(sgd, np.ones_like, 0.0, len(allowed), lr=case.schedule)
    found = {"LambdaLR": abs(ours - lr).max() / abs(lr).max(),
             # A point is a sum of rates: what is left of its digits is what can be compared.
             "path": abs(np.diff(points) + allowed).max() / abs(points).max()}
    if case.momentum:
        own = np.array([case.momentum(k) for k in range(case.steps)])
        found["momentum"] = abs(own - momentum).max()
    return found


def report():
    """Compare all cases; return the table for a chapter: functions of the step, and plateau."""
    names = dict.fromkeys(case.name for case in CASES)
    worst = [max(measure(case).values()) for case in CASES]
    apart = [plateau_apart(settings) for settings in PLATEAUS]
    text, page = [], []
    for name, found, steps, bound in (
            (f"{len(names)} functions of k", worst, sum(case.steps for case in CASES), BOUND),
            ("plateau", apart, 900 * len(apart), 0)):
        counts = [name, len(found), steps]
        text.append([*counts, f"{sum(w <= bound for w in found)} of {len(found)}"])
        page.append([*counts, f"{max(found):.0e}" if max(found) else "0"])
    headers = ["schedules", "settings", "steps compared"]
    return plots.table(text, [*headers, f"within {BOUND:.0e}"], page_rows=page,
                       page_headers=[*headers, "largest difference"])

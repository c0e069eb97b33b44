"""Who runs on what, with which settings, in which order.

Every optimizer gets the same number of settings on every task, spread evenly over a box in logs.
"""

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.stats import qmc

from descent import schedules
from descent.benchmark.tasks import TASKS

__all__ = ["FULL", "QUICK", "SCHEDULES", "SPACES", "STAGES", "Batch", "Plan", "edges", "points",
           "selected"]

# Ends of each hyper-parameter that is tuned; "1 - x" is what is spread in logs where x is near 1.
_LR = (3e-4, 0.3)
SPACES = {
    "sgd": {"lr": (1e-3, 10.0), "1 - momentum": (0.01, 1.0)},
    "adagrad": {"lr": (1e-3, 3.0), "initial_accumulator_value": (1e-6, 1.0)},
    "rmsprop": {"lr": _LR, "1 - alpha": (1e-3, 0.5)},
    "adadelta": {"lr": (0.1, 10.0), "1 - rho": (0.01, 0.5), "eps": (1e-8, 1e-2)},
    "adam": {"lr": _LR, "1 - beta1": (0.02, 1.0), "1 - beta2": (1e-3, 0.2)},
    "adamw": {"lr": _LR, "1 - beta1": (0.02, 1.0), "weight_decay": (1e-3, 3.0)},
    "nadam": {"lr": _LR, "1 - beta1": (0.02, 1.0), "momentum_decay": (4e-3, 1.0)},
    "lbfgs": {"lr": (0.03, 3.0), "history_size": (2, 50), "max_iter": (1, 20)},
}
_WHOLE = {"history_size", "max_iter"}

# From the budget to what multiplies lr at gradient number 0, 1, 2, …
SCHEDULES = {
    "constant": lambda budget: lambda k: 1.0,
    "cosine": lambda budget: schedules.cosine_annealing(1.0, budget),
}
STAGES = ("default", "tuning", "final")


def points(optimizer, count):
    """Return `count` settings, a power of two: Sobol's points, each moved to its cell's middle.

    Every hyper-parameter takes each of `count` evenly spaced places, in logs, once. No random
    number is drawn, and the values are rounded: they are the same on every machine.
    """
    space = SPACES[optimizer]
    places = qmc.Sobol(len(space), scramble=False).random(count) + 0.5 / count
    return [dict(_value(name, low * (high / low)**u)
                 for (name, (low, high)), u in zip(space.items(), place, strict=True))
            for place in places]


def _value(name, x):
    x = float(f"{x:.4g}")
    if name.startswith("1 - "):
        return name.removeprefix("1 - "), round(1 - x, 10)
    return name, round(x) if name in _WHOLE else x


def edges(optimizer, setting):
    """Return the names of the hyper-parameters that are within a tenth, in logs, of an end."""
    found = []
    for name, (low, high) in SPACES[optimizer].items():
        plain = name.removeprefix("1 - ")
        x = setting[plain] if plain == name else 1 - setting[plain]
        place = math.log(x / low) / math.log(high / low)
        if not 0.1 <= place <= 0.9:
            found.append(plain)
    return found


@dataclass(frozen=True)
class Batch:
    """What is trained and written at once: every setting with every seed."""

    task: str
    optimizer: str
    schedule: str
    stage: str
    settings: list
    seeds: list
    budget: int

    @property
    def key(self):
        return self.task, self.optimizer, self.schedule, self.stage


@dataclass(frozen=True)
class Plan:
    """How many settings are tuned, over how many seeds, and how many fresh seeds report.

    Tuning seeds count from 0, fresh ones from 1000; `share` is the part of a task's budget.
    """

    name: str
    settings: int
    tuning: int
    final: int
    share: float = 1.0

    def first(self, only=()):
        """Return the batches that need no other: defaults, on the fresh seeds, and tuning."""
        return [batch for key in _keys(only) for batch in (
            self._batch(*key, "default", [{}]),
            self._batch(*key, "tuning", points(key[1], self.settings)))]

    def second(self, tuned, only=()):
        """Return the batches of the tuned settings; `tuned(task, optimizer, schedule)` is one.

        It may be None: then there is none yet, nor a batch.
        """
        return [self._batch(*key, "final", [setting]) for key in _keys(only)
                if (setting := tuned(*key)) is not None]

    def count(self, only=()):
        """Return how many batches there are in all."""
        return len(STAGES) * len(_keys(only))

    def _batch(self, task, optimizer, schedule, stage, settings):
        seeds = range(self.tuning) if stage == "tuning" else range(1000, 1000 + self.final)
        budget = max(1, round(self.share * TASKS[task].budget))
        return Batch(task, optimizer, schedule, stage, settings, list(seeds), budget)


def _keys(only):
    """Return (task, optimizer, schedule) for all, or for those named; ValueError if unknown."""
    kinds = list(TASKS), list(SPACES), list(SCHEDULES)
    known = [name for kind in kinds for name in kind]
    for name in only:
        if name not in known:
            raise ValueError(f"only must name tasks, optimizers or schedules, of "
                             f"{', '.join(known)}; got {name!r}")
    return list(product(*([name for name in kind if name in only] or kind for kind in kinds)))


def selected(rows):
    """Return the number and the setting of least mean validation loss among rows of tuning."""
    losses = {}
    for row in rows:
        losses.setdefault(row["setting"], []).append(row["validation_loss"])
    best = min(losses, key=lambda setting: (np.mean(losses[setting]), setting))
    return best, next(row["hyper"] for row in rows if row["setting"] == best)


FULL = Plan("full", settings=16, tuning=3, final=10)
QUICK = Plan("quick", settings=4, tuning=2, final=2, share=0.1)

"""One knob moved, all else as the benchmark has it: lr at the defaults, and a smaller box."""

import numpy as np

from descent import rules
from descent.benchmark import TASKS
from descent.experiments import Trial

__all__ = ["RATES", "TRIALS", "boxed", "moved"]

RATES = [0.001, 0.01, 0.1]


def moved(task, optimizer, lrs, seeds):
    """Train with each lr, all else at its default, on fresh seeds; return losses (lrs, seeds)."""
    made = _many(task, optimizer, [{"lr": lr} for lr in lrs], range(1000, 1000 + seeds))
    return {"test_loss": made["test_loss"]}


def boxed(task, optimizer, lrs, tuning, seeds, **hyper):
    """Choose lr by validation over `tuning` seeds; return it and test losses on fresh seeds."""
    settings = [{"lr": lr, **hyper} for lr in lrs]
    losses = _many(task, optimizer, settings, range(tuning))["validation_loss"].mean(1)
    best = settings[int(losses.argmin())]
    made = _many(task, optimizer, [best], range(1000, 1000 + seeds))
    return {"lr": best["lr"], "test_loss": made["test_loss"][0]}


def _many(task, optimizer, settings, seeds):
    with np.errstate(all="ignore"):
        return TASKS[task].many(getattr(rules, optimizer), settings, seeds, TASKS[task].budget)


TRIALS = {
    **{f"{task}/{optimizer}": Trial(moved, {"task": task, "optimizer": optimizer, "lrs": RATES,
                                            "seeds": 10})
       for task in TASKS for optimizer in ("sgd", "adagrad", "rmsprop", "adam", "adamw", "nadam")},
    **{f"{task}/sgd, momentum 0.9": Trial(boxed, {
        "task": task, "optimizer": "sgd", "lrs": np.geomspace(0.001, 1, 16).round(5).tolist(),
        "tuning": 3, "seeds": 10, "momentum": 0.9}) for task in TASKS},
}

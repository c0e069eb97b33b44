"""One knob moved, all else as the benchmark has it: lr at the defaults, and a smaller box."""

from functools import partial
from operator import itemgetter

import numpy as np

from descent import rules, tasks
from descent.lab.experiments.benchmark.tasks import TASKS
from descent.lab.procedures import fresh_seeds, rates
from descent.lab.trial import Trial

__all__ = ["RATES", "TRIALS", "boxed", "moved"]

RATES = [0.001, 0.01, 0.1]


def moved(task, optimizer, lrs, seeds):
    """Train with each lr, all else at its default, on fresh seeds; return losses (lrs, seeds)."""
    made = _many(task, optimizer, [{"lr": lr} for lr in lrs], fresh_seeds(seeds))
    return {"test_loss": made["test_loss"]}


def boxed(task, optimizer, lrs, tuning, seeds, **hyper):
    """Choose lr by validation over `tuning` seeds; return it and test losses on fresh seeds."""
    made = tasks.choose(partial(_many, task, optimizer), [{"lr": lr, **hyper} for lr in lrs],
                        tuning_seeds=range(tuning), final_seeds=fresh_seeds(seeds),
                        loss=itemgetter("validation_loss"))
    return {"lr": made.setting["lr"], "test_loss": made.final["test_loss"][0]}


@np.errstate(all="ignore")
def _many(task, optimizer, settings, seeds):
    return TASKS[task].many(getattr(rules, optimizer), settings, seeds, TASKS[task].budget)


TRIALS = {
    **{f"{task}/{optimizer}": Trial(moved, {"task": task, "optimizer": optimizer, "lrs": RATES,
                                            "seeds": 10})
       for task in TASKS for optimizer in ("sgd", "adagrad", "rmsprop", "adam", "adamw", "nadam")},
    **{f"{task}/sgd, momentum 0.9": Trial(boxed, {
        "task": task, "optimizer": "sgd", "lrs": rates(0.001, 1, 16, digits=5),
        "tuning": 3, "seeds": 10, "momentum": 0.9}) for task in TASKS},
}

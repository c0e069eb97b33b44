"""The benchmark with one thing changed: lr, the box, the settings drawn, the split of the data."""

from dataclasses import asdict, dataclass
from functools import partial
from operator import itemgetter

import numpy as np

from descent import rules, tasks
from descent.lab.experiments.benchmark.spaces import points
from descent.lab.experiments.benchmark.tasks import TASKS, Classifying
from descent.lab.experiments.benchmark.training import NETS, SCHEDULES, scheduled, train
from descent.lab.experiments.muon import hidden_of
from descent.lab.procedures import fresh_seeds, rates
from descent.lab.rows import beside_adamw
from descent.lab.trial import Trial
from descent.rules.adamw import adamw

__all__ = ["ELSEWHERE", "HIGHER", "RATES", "THREE", "TRIALS", "boxed", "finer", "moved", "others",
           "resplit", "two_rates"]

RATES = [0.001, 0.01, 0.1]
HIGHER = {"sgd": [*RATES, 0.3, 1.0, 3.0], "adagrad": [*RATES, 0.3, 1.0]}  # these want more
# Where a thousand labs draw their settings from others than the benchmark's sixteen.
ELSEWHERE = [(task, optimizer)
             for task in ("breast_cancer", "digits", "mnist_1d", "names", "oscillation")
             for optimizer in ("adam", "adagrad")] + [("names", "rmsprop")]
THREE = ("sgd", "adadelta", "adam")  # looked at more closely on breast cancer


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


def finer(task, optimizer, settings, seeds):
    """Train other settings of the same box, under each schedule of the benchmark.

    Returns validation and test losses of shape (schedules, settings, seeds).
    """
    made = [train(task, optimizer, schedule, settings, range(seeds), TASKS[task].budget)
            for schedule in SCHEDULES]
    return {name: np.array([one[name] for one in made])
            for name in ("validation_loss", "test_loss")}


def others(task, optimizer, settings, seeds):
    """Train other settings of the same box, the lr constant; return losses (settings, seeds)."""
    made = train(task, optimizer, "constant", settings, range(seeds), TASKS[task].budget)
    return {name: np.array(made[name]) for name in ("validation_loss", "test_loss")}


def two_rates(task, schedule, settings, tuning, seeds):
    """Tune AdamW with an lr for the hidden matrices and a `share` of it for the rest, and report.

    Returns what tuning finds, validation and test losses (settings, seeds), the setting chosen,
    and test losses with it on fresh seeds.
    """
    made = TASKS[task]
    rule = scheduled(beside_adamw(adamw, hidden_of(made), rest_decay=1e-2),
                     SCHEDULES[schedule](made.budget))
    chosen = tasks.choose(partial(made.many, rule, budget=made.budget), settings,
                          tuning_seeds=range(tuning), final_seeds=fresh_seeds(seeds),
                          loss=itemgetter("validation_loss"))
    return {**{name: chosen.tried[name] for name in ("validation_loss", "test_loss")},
            "setting": chosen.setting, "final": chosen.final["test_loss"][0]}


@np.errstate(all="ignore")
def resplit(task, optimizer, settings, splits, tuning, seeds):
    """Tune on other splits of a task's data, the lr constant; return test losses (splits, seeds).

    The settings are chosen by validation over `tuning` seeds; those of the report are fresh.
    """
    found = []
    for split in range(splits):
        made = _Resplit(**asdict(TASKS[task]), split=split)
        many = partial(made.many, getattr(rules, optimizer), budget=made.budget)
        chosen = tasks.choose(many, settings, tuning_seeds=range(tuning),
                              final_seeds=fresh_seeds(seeds), loss=itemgetter("validation_loss"))
        found.append(chosen.final["test_loss"][0])
    return {"test_loss": np.array(found)}


@dataclass(frozen=True)
class _Resplit(Classifying):
    split: int = 0

    def _part(self):
        return tasks.resplit(super()._part(), self.split)


@np.errstate(all="ignore")
def _many(task, optimizer, settings, seeds):
    return TASKS[task].many(getattr(rules, optimizer), settings, seeds, TASKS[task].budget)


TRIALS = {
    **{f"{task}/{optimizer}": Trial(moved, {"task": task, "optimizer": optimizer,
                                            "lrs": HIGHER.get(optimizer, RATES), "seeds": 10})
       for task in TASKS for optimizer in ("sgd", "adagrad", "rmsprop", "adam", "adamw", "nadam")},
    **{f"{task}/sgd, momentum 0.9": Trial(boxed, {
        "task": task, "optimizer": "sgd", "lrs": rates(0.001, 1, 16, digits=5),
        "tuning": 3, "seeds": 10, "momentum": 0.9}) for task in TASKS},
    **{f"breast_cancer/{optimizer}, finer": Trial(finer, {
        "task": "breast_cancer", "optimizer": optimizer, "settings": points(optimizer, 64),
        "seeds": 6}) for optimizer in THREE},
    **{f"{task}/{optimizer}, others": Trial(others, {
        "task": task, "optimizer": optimizer, "settings": points(optimizer, 64), "seeds": 3})
       for task, optimizer in ELSEWHERE},
    **{f"breast_cancer/{optimizer}, other splits": Trial(resplit, {
        "task": "breast_cancer", "optimizer": optimizer, "settings": points(optimizer, 16),
        "splits": 30, "tuning": 3, "seeds": 5}) for optimizer in THREE},
    **{f"{task}/adamw, two rates, {schedule}": Trial(two_rates, {  # in SOAP's box
        "task": task, "schedule": schedule, "settings": points("soap", 16), "tuning": 3,
        "seeds": 10}) for task in NETS for schedule in SCHEDULES},
}

"""The benchmark: optimizers on seven tasks, those of matrices on three, SparseAdam on one.

Every optimizer gets the same budget of gradient evaluations on a task, under a constant lr and a
cosine one. It runs at its default settings, then 16 settings of its space are tried with 3 seeds
each, and the one of least mean validation loss is run once more with 10 fresh seeds.
"""

import json
from functools import partial
from operator import itemgetter

import numpy as np

from descent.lab.experiments.benchmark.spaces import (
    BESIDE,
    BEYOND,
    RACE,
    SPACES,
    edges,
    points,
)
from descent.lab.experiments.benchmark.tasks import TASKS
from descent.lab.experiments.benchmark.training import (
    NETS,
    SCHEDULES,
    entered,
    memory,
    train,
)
from descent.lab.procedures import fresh_seeds
from descent.lab.trial import Trial
from descent.tasks import choose

__all__ = ["BESIDE", "BEYOND", "FULL", "NETS", "QUICK", "RACE", "SCHEDULES", "SPACES", "TASKS",
           "TRIALS", "compared", "edges", "entered", "points", "rows", "train"]

FULL = {"settings": 16, "tuning": 3, "final": 10}
_SMOKE = {"settings": 4, "tuning": 2, "final": 2}
_MEASURES = ("train_loss", "validation_loss", "test_loss", "score", "diverged")


def compared(task, optimizer, schedule, settings, tuning, final, budget):
    """Run an optimizer on a task at its defaults, and at the best of `settings`.

    Returns by stage, "default", "tuning" and "final", measures of shape (seeds,), in tuning
    (settings, seeds); the setting chosen, its number, whether it is within a tenth of an end of
    its space, the numbers of state that it has for each parameter, and the gradients of a run.
    """
    training, fresh = partial(train, task, optimizer, schedule, budget=budget), fresh_seeds(final)
    made = choose(training, settings, tuning_seeds=range(tuning), final_seeds=fresh,
                  loss=itemgetter("validation_loss"))
    return {"default": _only(training([{}], fresh)), "tuning": made.tried,
            "final": _only(made.final), "setting": made.setting, "chosen": made.index,
            "at_edge": bool(edges(optimizer, made.setting)),
            "memory": memory(task, optimizer, made.setting, budget), "gradients": budget}


def _only(measures):
    """Return the measures of the one setting that there is."""
    return {name: values if values is None else values[0] for name, values in measures.items()}


def _trials(settings, tuning, final, share=1.0):
    """Return a trial for each task, optimizer and schedule, with a share of the task's budget."""
    return {f"{task}/{optimizer}/{schedule}": Trial(compared, {
        "task": task, "optimizer": optimizer, "schedule": schedule,
        "settings": points(optimizer, settings), "tuning": tuning, "final": final,
        "budget": max(1, round(share * made.budget))})
        for task, made in TASKS.items() for optimizer in SPACES for schedule in SCHEDULES
        if entered(task, optimizer)}


TRIALS = _trials(**FULL)
QUICK = _trials(**_SMOKE, share=0.1)


def rows(trials, results):
    """Return one dict for each run: what it was, and what it measured."""
    found = []
    for name, result in results.items():
        given = trials[name].arguments
        key = {one: given[one] for one in ("task", "optimizer", "schedule")}
        for stage, settings, seeds in (("default", [{}], fresh_seeds(given["final"])),
                                       ("tuning", given["settings"], range(given["tuning"])),
                                       ("final", [result["setting"]],
                                        fresh_seeds(given["final"]))):
            measures = {one: np.full(len(settings) * len(seeds), None) if values is None
                        else np.ravel(values) for one, values in result[stage].items()}
            for k, setting in enumerate(settings):
                for i, seed in enumerate(seeds):
                    found.append({
                        **key, "stage": stage, "setting": k, "seed": seed,
                        "hyper": json.dumps(setting), "gradients": result["gradients"],
                        **{one: measures[one][k * len(seeds) + i] for one in _MEASURES}})
    return found

"""The chooser: what the benchmark says if you have only so many tries, and only these tasks.

Losses, ranks and ties are computed beforehand from the benchmark's outcomes; the module only
averages over the tasks that are chosen.
"""

import matplotlib
import numpy as np
import traitlets
from matplotlib.colors import to_hex

from descent.book.plots import COLORS
from descent.lab.experiments.benchmark import SCHEDULES, SPACES, TASKS
from descent.lab.judge import OPTIMIZER_NAMES, TASK_NAMES, best_of, gap, ranks
from descent.widgets.widget import Widget, module

__all__ = ["NEAR", "TRIES", "Chooser", "chooser", "losses"]

TRIES = (1, 2, 4, 8, 16)
BOTH = "both"
NEAR = 1.1  # a loss within this factor of the lowest counts as near
SCALE = 9  # colours that the module draws between


def losses(outcomes, tries=TRIES):
    """Return what each optimizer reaches on each task: (schedules, 1 + tries, optimizers, tasks).

    Schedules are constant, cosine, and both; then the default setting comes first, and after it
    each number of tries. Of the default setting it is the mean test loss of its seeds. Of k tries
    it is the test loss of the setting that validation chooses among k, the median over all ways to
    pick them, of mean losses over the seeds of tuning. Under both, each setting is run under both
    schedules, and validation chooses among all 2 k runs. Infinite where that diverges.

    Optimizers and tasks stand in the benchmark's order. Raises ValueError, naming it, for an
    outcome that is missing, unknown, or holds a loss that is no positive number, and for tries
    that are no rising whole numbers from 1 to the number of settings.
    """
    optimizers, tasks = _names(outcomes)
    tries = _tries(outcomes, tries)
    return np.moveaxis([[_reached([outcomes[task, optimizer, schedule] for schedule in SCHEDULES],
                                  tries) for task in tasks] for optimizer in optimizers],
                       (0, 1), (2, 3))


def chooser(outcomes, tries=TRIES, *, show=None):
    """Return the widget: a heat map of losses, and mean ranks over the tasks you choose.

    `outcomes` maps (task, optimizer, schedule) to what `descent.lab.judge.outcomes` made of
    it. The heat map gives the loss as a multiple of the lowest that any optimizer reaches on that
    task with the most `tries` under one schedule; it may be a little below 1, for validation chose
    that one, and the default setting has other seeds. `show` is what to begin with: `schedule`
    ("constant", "cosine" or "both"; cosine if not given), `tries` (a number of them, or "defaults";
    the middle one if not given) and `tasks` (a list of them; all if not given).

    Raises ValueError where `losses` does, for a task on which none reaches a finite loss, and for
    a setting to show that there is not.
    """
    return Chooser(outcomes, tries, show or {})


class Chooser(Widget):
    """The widget; `choice` holds schedule, tries, and for each task 1 if it counts, else 0."""

    _esm = module("chooser")

    def __init__(self, outcomes, tries, show):
        made = losses(outcomes, tries)
        optimizers, tasks = _names(outcomes)
        self._sizes = made.shape[0], made.shape[1], *[2] * len(tasks)
        super().__init__(content=_content(made, optimizers, tasks, list(tries)),
                         choice=_shown(show, tasks, list(tries)))

    def __repr__(self):
        optimizers, tasks, tries = (self.content[k] for k in ("optimizers", "tasks", "tries"))
        return (f"Chooser: {len(optimizers)} optimizers on {len(tasks)} tasks, at defaults or "
                f"with {tries[0]} to {tries[-1]} tries")

    @traitlets.validate("choice")
    def _chosen(self, proposal):
        choice = proposal["value"]
        fits = len(choice) == len(self._sizes) and all(
            0 <= k < size for k, size in zip(choice, self._sizes, strict=True))
        _schedule, _tries, *counts = choice if fits else (0, 0)
        if not any(counts):
            raise ValueError(f"choice must be the numbers of a schedule and of tries, then 0 or 1 "
                             f"for each of {len(self._sizes) - 2} tasks, one of them 1, "
                             f"got {choice!r}")
        return choice


def _names(outcomes):
    """Return the optimizers and the tasks of outcomes, in the benchmark's order."""
    for key in outcomes:
        known = isinstance(key, tuple) and len(key) == 3 and (
            key[0] in TASKS and key[1] in SPACES and key[2] in SCHEDULES)
        if not known:
            raise ValueError("outcomes must be of tasks, optimizers and schedules of the "
                             f"benchmark, got {key!r}")
    tasks = [task for task in TASKS if any(key[0] == task for key in outcomes)]
    optimizers = [name for name in SPACES if any(key[1] == name for key in outcomes)]
    if len(optimizers) < 2:
        raise ValueError(f"outcomes must be of two optimizers or more, got {optimizers!r}")
    for task in tasks:
        for optimizer in optimizers:
            for schedule in SCHEDULES:
                _check((task, optimizer, schedule), outcomes)
    return optimizers, tasks


def _check(key, outcomes):
    if key not in outcomes:
        raise ValueError(f"outcomes must hold {', '.join(key)}")
    one = outcomes[key]
    for stage, table in (("tuning", one.tuning), ("default", one.default)):
        for name in ("validation_loss", "test_loss"):
            wrong = [x for x in np.ravel(table[name]) if not x > 0]  # NaN is not
            if wrong:
                raise ValueError(f"outcomes of {', '.join(key)}: {name} of {stage} must be "
                                 f"positive, got {float(wrong[0])!r}")


def _tries(outcomes, tries):
    tries = list(tries)
    settings = min(len(one.tuning["test_loss"]) for one in outcomes.values())
    if not (tries and all(type(k) is int and 1 <= k <= settings for k in tries)
            and tries == sorted(set(tries))):
        raise ValueError(f"tries must be rising whole numbers in [1, {settings}], got {tries!r}")
    return tries


def _reached(outcomes, tries):
    """Return, for one optimizer on one task, losses of shape (schedules and both, 1 + tries)."""
    default = np.array([[one.default[name].mean() for one in outcomes]
                        for name in ("validation_loss", "test_loss")])
    tuning = np.array([[one.tuning[name].mean(1) for one in outcomes]
                       for name in ("validation_loss", "test_loss")])
    return [[test0, *(best_of(k, validation, test) for k in tries)]
            for (_, test0), (validation, test) in zip(_and_better(*default), _and_better(*tuning),
                                                      strict=True)]


def _and_better(validation, test):
    """Return a pair (validation, test) for each schedule, then for the better by validation."""
    better = validation.argmin(0)[None]
    return [*zip(validation, test, strict=True),
            (np.take_along_axis(validation, better, 0)[0], np.take_along_axis(test, better, 0)[0])]


def _content(made, optimizers, tasks, tries):
    """Return what the module draws; an infinite loss is None."""
    lowest = made[:len(SCHEDULES), -1].min((0, 1))
    for task, loss in zip(tasks, lowest, strict=True):
        if not np.isfinite(loss):
            raise ValueError(f"outcomes: no optimizer reaches a finite loss on {task}")
    by_optimizer = np.moveaxis(made, 2, 0)
    near = np.isfinite(made) & (made <= NEAR * made.min(2, keepdims=True))
    colors = matplotlib.colormaps["cividis_r"](np.linspace(0, 1, SCALE))
    return {
        "tasks": [TASK_NAMES[task] for task in tasks],
        "optimizers": [OPTIMIZER_NAMES[name] for name in optimizers],
        "schedules": [*SCHEDULES, "better of both by validation"], "tries": tries,
        "multiples": _lists(made / lowest),
        "ranks": np.moveaxis(ranks(by_optimizer), 0, 2).tolist(), "near": near.astype(int).tolist(),
        "gaps": [round(gap(len(optimizers), k + 1), 3) for k in range(len(tasks))],
        "scale": [to_hex(color) for color in colors], "colors": list(COLORS[:2]),
    }


def _lists(numbers):
    """Return an array as nested lists, to five figures, with None for what is infinite."""
    if np.ndim(numbers):
        return [_lists(part) for part in numbers]
    return float(f"{numbers:.5g}") if np.isfinite(numbers) else None


def _shown(show, tasks, tries):
    """Return the choice to begin with."""
    show = {"schedule": "cosine", "tries": tries[len(tries) // 2], "tasks": tasks, **show}
    names, counts = [*SCHEDULES, BOTH], ["defaults", *tries]
    for name, values in (("schedule", names), ("tries", counts)):
        if show[name] not in values:
            raise ValueError(f"show: {name} must be one of {values}, got {show[name]!r}")
    chosen = show["tasks"]
    if isinstance(chosen, str) or not chosen or not set(chosen) <= set(tasks):
        raise ValueError(f"show: tasks must be some of {tasks}, got {chosen!r}")
    if unknown := set(show) - {"schedule", "tries", "tasks"}:
        raise ValueError(f"show must give schedule, tries or tasks, got {sorted(unknown)}")
    return [names.index(show["schedule"]), counts.index(show["tries"]),
            *(int(task in chosen) for task in tasks)]

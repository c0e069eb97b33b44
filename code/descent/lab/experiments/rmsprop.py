"""RMSprop on a recurrent net, on CartPole and after a goal, against its relatives and controls.

Two controls have only a part of what sets RMSprop apart from SGD: `one_divisor` follows the size
of the gradient with one number for all entries, and `clipped` only cuts what is too long. How long
a step may be is tuned too, so `clipped` has five times as many tries as the rest.
"""

import numpy as np
import torch

from descent import rules, tasks
from descent.driver import walk
from descent.lab.procedures import balanced, fresh_seeds, rates, tuned
from descent.lab.trial import Trial
from descent.ops import minimum, sqrt
from descent.tasks import cartpole

__all__ = ["MEMORIES", "TRACKERS", "TRIALS", "tracked"]


def one_divisor(p, g, t, v=0.0, *, lr=1e-2, alpha=0.99, eps=1e-8):
    """Take a step of RMSprop with one divisor for all entries of the last axis."""
    v = alpha * v + (1 - alpha) * (g**2).mean(-1)[..., None]
    return p - lr * g / (sqrt(v) + eps), v


def clipped(p, g, t, b=0.0, *, lr=1e-2, norm=1.0, momentum=0.0):
    """Take a step of SGD on a gradient, the last axis, that is cut to the length `norm`."""
    b = momentum * b + g * minimum(1.0, norm / sqrt((g**2).sum(-1)[..., None]))
    return p - lr * b, b


CONTROLS = {"one_divisor": one_divisor, "clipped": clipped}


def control_on_task(task, control, grid, steps, tuning, final, **hyper):
    """Tune a rule of `CONTROLS` on a task over all pairs of a grid, as `tuned` does."""
    def train(settings, seeds):
        return tasks.fit(getattr(tasks, task)(), CONTROLS[control], seeds=seeds, steps=steps,
                         **hyper, **_columns(settings))

    made = _chosen(train, grid, tuning, final)
    return {"validation": made.losses, **made.setting, "at_edge": made.at_edge,
            "test_loss": made.final.test_loss[0], "test_accuracy": made.final.test_accuracy[0]}


def control_on_pole(control, grid, updates, tuning, final, **hyper):
    """Tune a rule of `CONTROLS` on CartPole over all pairs of a grid, as `balanced` does."""
    def train(settings, seeds):
        lrs, *rest = _columns(settings).items()
        rest = {name: torch.tensor(values).repeat_interleave(len(seeds))[:, None]
                for name, values in rest}
        return cartpole.train(CONTROLS[control], lrs[1], seeds=seeds, updates=updates, **hyper,
                              **rest)

    made = _chosen(train, grid, tuning, final, loss=lambda made: -made.returns.mean(0))
    return {"grid": -made.losses, **made.setting, "at_edge": made.at_edge,
            "returns": made.final.returns[:, 0]}


def _columns(settings):
    return {name: [setting[name] for setting in settings] for name in settings[0]}


def _chosen(train, grid, tuning, final, **loss):
    places = np.meshgrid(*grid.values(), indexing="ij")
    settings = [dict(zip(grid, map(float, values), strict=True))
                for values in zip(*map(np.ravel, places), strict=True)]
    return tasks.choose(train, settings, tuning_seeds=range(tuning), final_seeds=fresh_seeds(final),
                        shape=places[0].shape, **loss)


def tracked(rule, lrs, storm, steps, runs, **hyper):
    """Follow a minimum that drifts by 0.01 a step, under noise of 0.3 and 10, `storm` steps each.

    Half of the runs choose lr by the mean squared distance over the second half of the steps; that
    of the others is returned.
    """
    random, time = np.random.default_rng(0), iter(range(steps))

    def slope(p):
        t = next(time)
        sigma = 10.0 if t // storm % 2 else 0.3
        return p - 0.01 * t + sigma * random.standard_normal(runs)

    error = np.zeros((len(lrs), runs))
    for step in walk(getattr(rules, rule), slope, np.zeros_like(error), steps,
                     lr=np.array(lrs)[:, None], **hyper):
        if step.t > steps // 2:
            error += (step.p - 0.01 * step.t)**2 / (steps // 2)
    tuning, fresh = np.split(error, 2, axis=1)
    k = tuning.mean(1).argmin()
    return {"lr": lrs[k], "at_edge": bool(k in (0, len(lrs) - 1)), "error": fresh[k]}


_GRU = {"SGD, momentum 0.9": ("sgd", rates(0.032, 3.2, 9), {"momentum": 0.9}),
        "Adagrad": ("adagrad", rates(0.01, 1, 9), {}),
        "RMSprop": ("rmsprop", rates(0.001, 0.1, 9), {}),
        "Adam": ("adam", rates(0.0032, 0.32, 9), {})}
_POLE = {"SGD": ("sgd", rates(0.001, 0.1, 9), {}),
         "Adagrad": ("adagrad", rates(0.01, 1, 9), {}),
         "RMSprop": ("rmsprop", rates(0.001, 0.1, 9), {}),
         "RMSprop, alpha 0.9": ("rmsprop", rates(0.001, 0.1, 9), {"alpha": 0.9}),
         "Adam": ("adam", rates(0.0032, 0.32, 9), {})}
_ROWS = {"task": "digit_rows", "steps": 200, "tuning": 6, "final": 20}
_UPDATES = {"updates": 40, "tuning": 6, "final": 16}
MEMORIES = (0.0, 0.5, 0.8, 0.9, 0.97, 0.99, 0.997, 0.999)
TRACKERS = {"SGD": {"rule": "sgd", "lrs": rates(0.004, 0.12, 25)},
            **{f"RMSprop, alpha {alpha:g}": {"rule": "rmsprop", "lrs": rates(0.02, 0.6, 25),
                                             "alpha": alpha} for alpha in MEMORIES}}

TRIALS = {
    **{f"gru/{name}": Trial(tuned, {"rule": rule, "lrs": lrs, **_ROWS, **hyper})
       for name, (rule, lrs, hyper) in _GRU.items()},
    **{f"pole/{name}": Trial(balanced, {"rule": rule, "lrs": lrs, **_UPDATES, **hyper})
       for name, (rule, lrs, hyper) in _POLE.items()},
    "control/gru/one divisor": Trial(control_on_task, {
        "control": "one_divisor", "grid": {"lr": rates(0.001, 0.1, 9)}, **_ROWS}),
    "control/gru/clipped": Trial(control_on_task, {
        "control": "clipped", "momentum": 0.9, **_ROWS,
        "grid": {"lr": rates(0.032, 3.2, 9), "norm": [0.03125, 0.0625, 0.125, 0.25, 0.5]}}),
    "control/pole/one divisor": Trial(control_on_pole, {
        "control": "one_divisor", "grid": {"lr": rates(0.001, 0.1, 9)}, **_UPDATES}),
    "control/pole/clipped": Trial(control_on_pole, {
        "control": "clipped", "grid": {"lr": rates(0.01, 1, 9), "norm": [0.5, 1, 2, 4, 8]},
        **_UPDATES}),
    **{f"storm/{name}": Trial(tracked, {"storm": 4000, "steps": 32000, "runs": 240, **method})
       for name, method in TRACKERS.items()},
}

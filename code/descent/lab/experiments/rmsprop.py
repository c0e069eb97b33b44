"""RMSprop on a recurrent net, on CartPole and after a goal, against its relatives and controls.

Controls have only a part of what sets RMSprop apart from SGD: `one_divisor` follows the size of the
gradient with one number for all entries, `tensor_divisors` with one for each tensor, `clipped` only
cuts what is too long, and `falling` only lowers the rate. How long a step may be, or how soon the
rate falls, is tuned too, so these two have several times as many tries as the rest.
"""

import numpy as np
import torch

from descent import rules, tasks
from descent.driver import walk
from descent.lab.procedures import balanced, fresh_seeds, rates, swept, tuned
from descent.lab.trial import Trial
from descent.ops import minimum, sqrt
from descent.tasks import cartpole

__all__ = ["MEMORIES", "TRACKERS", "TRIALS", "tracked"]


def one_divisor(p, g, t, v=0.0, *, lr=1e-2, alpha=0.99, eps=1e-8):
    """Take a step of RMSprop with one divisor for all entries of the last axis."""
    v = alpha * v + (1 - alpha) * (g**2).mean(-1)[..., None]
    return p - lr * g / (sqrt(v) + eps), v


def tensor_divisors(p, g, t, v=0.0, *, sizes, lr=1e-2, alpha=0.99, eps=1e-8):
    """Take a step of RMSprop with one divisor for each of the tensors that make up a row."""
    squares = [part.mean(-1, keepdim=True).expand_as(part) for part in (g**2).split(sizes, -1)]
    v = alpha * v + (1 - alpha) * torch.cat(squares, -1)
    return p - lr * g / (sqrt(v) + eps), v


def falling(p, g, t, *, lr=1e-2, tau=1.0):
    """Take a step of SGD at a rate that falls from the start, to its half after `tau` steps."""
    return (p - lr / (1 + (t - 1) / tau) * g,)


def clipped(p, g, t, b=0.0, *, lr=1e-2, norm=1.0, momentum=0.0):
    """Take a step of SGD on a gradient, the last axis, that is cut to the length `norm`."""
    b = momentum * b + g * minimum(1.0, norm / sqrt((g**2).sum(-1)[..., None]))
    return p - lr * b, b


CONTROLS = {"one_divisor": one_divisor, "tensor_divisors": tensor_divisors, "clipped": clipped,
            "falling": falling}


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


def tuned_on_split(task, split, rule, lrs, steps, tuning, final, **hyper):
    """Tune and report as `tuned` does, on another split of the task's examples."""
    made = tasks.tune(tasks.resplit(getattr(tasks, task)(), split), getattr(rules, rule), lrs,
                      steps=steps, tuning_seeds=range(tuning), final_seeds=fresh_seeds(final),
                      **hyper)
    return {"validation": made.validation, "lr": made.lr, "at_edge": made.at_edge,
            "test_loss": made.final.test_loss[0]}


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


def tracked_clipped(rule, lrs, norms, storm, steps, runs):
    """Follow the minimum of `tracked`, in the same noise, on slopes that are cut to a length.

    The length, of `norms`, is tuned with lr, over all pairs.
    """
    random, time, cut = np.random.default_rng(0), iter(range(steps)), np.array(norms)[:, None, None]

    def slope(p):
        t = next(time)
        sigma = 10.0 if t // storm % 2 else 0.3
        return np.clip(p - 0.01 * t + sigma * random.standard_normal(runs), -cut, cut)

    error = np.zeros((len(norms), len(lrs), runs))
    for step in walk(getattr(rules, rule), slope, np.zeros_like(error), steps,
                     lr=np.array(lrs)[:, None]):
        if step.t > steps // 2:
            error += (step.p - 0.01 * step.t)**2 / (steps // 2)
    tuning, fresh = np.split(error, 2, axis=2)
    i, k = np.unravel_index(tuning.mean(2).argmin(), error.shape[:2])
    return {"lr": lrs[k], "norm": norms[i], "error": fresh[i, k],
            "at_edge": bool(i in (0, len(norms) - 1) or k in (0, len(lrs) - 1))}


_GRU = {"SGD, momentum 0.9": ("sgd", rates(0.032, 3.2, 9), {"momentum": 0.9}),
        "Adagrad": ("adagrad", rates(0.01, 1, 9), {}),
        "RMSprop": ("rmsprop", rates(0.001, 0.1, 9), {}),
        "Adam": ("adam", rates(0.0032, 0.32, 9), {})}
_POLE = {"SGD": ("sgd", rates(0.001, 0.1, 9), {}),
         "SGD, momentum 0.9": ("sgd", rates(0.000316, 0.0316, 9), {"momentum": 0.9}),
         "Adagrad": ("adagrad", rates(0.01, 1, 9), {}),
         "RMSprop": ("rmsprop", rates(0.001, 0.1, 9), {}),
         "RMSprop, alpha 0.9": ("rmsprop", rates(0.001, 0.1, 9), {"alpha": 0.9}),
         "Adam": ("adam", rates(0.0032, 0.32, 9), {})}
_ROWS = {"task": "digit_rows", "steps": 200, "tuning": 6, "final": 60}
_AGAIN = {**_ROWS, "final": 40}
_UPDATES = {"updates": 40, "tuning": 6, "final": 16}
MEMORIES = (0.0, 0.5, 0.8, 0.9, 0.97, 0.99, 0.997, 0.999)
TRACKERS = {"SGD": {"rule": "sgd", "lrs": rates(0.004, 0.12, 25)},
            **{f"RMSprop, alpha {alpha:g}": {"rule": "rmsprop", "lrs": rates(0.02, 0.6, 25),
                                             "alpha": alpha} for alpha in MEMORIES}}
_STORMS = {"storm": {"storm": 4000, "steps": 32000, "runs": 240},
           "short storm": {"storm": 500, "steps": 4000, "runs": 1200}}

TRIALS = {
    **{f"gru/{name}": Trial(tuned, {"rule": rule, "lrs": lrs, **_ROWS, **hyper})
       for name, (rule, lrs, hyper) in _GRU.items()},
    **{f"gru at lr {lr:.2g}/{name}": Trial(swept, {
        "task": "digit_rows", "rule": rule, "steps": 200, "seeds": 60, "first_seed": 1000,
        "lr": [lr], **_GRU[name][2]})
       for name, rule, lr in (("SGD, momentum 0.9", "sgd", 0.179949),
                              ("SGD, momentum 0.9", "sgd", 0.32),
                              ("Adagrad", "adagrad", 0.177828), ("RMSprop", "rmsprop", 0.01),
                              ("RMSprop", "rmsprop", 0.017783))},
    **{f"gru, {steps} steps/{name}": Trial(tuned, {
        **_AGAIN, "rule": rule, "lrs": lrs, "steps": steps, **hyper})
       for steps, name, rule, lrs, hyper in (
           (400, "SGD, momentum 0.9", "sgd", rates(0.0569, 0.569, 5), {"momentum": 0.9}),
           (400, "RMSprop", "rmsprop", rates(0.00316, 0.0316, 5), {}),
           (600, "SGD, momentum 0.9", "sgd", rates(0.032, 0.32, 5), {"momentum": 0.9}),
           (600, "RMSprop", "rmsprop", rates(0.00178, 0.0178, 5), {}))},
    **{f"gru, another split/{name}": Trial(tuned_on_split, {
        **_AGAIN, "split": 1, "rule": rule, "lrs": lrs, **hyper})
       for name, rule, lrs, hyper in (
           ("SGD, momentum 0.9", "sgd", rates(0.0569, 0.569, 5), {"momentum": 0.9}),
           ("RMSprop", "rmsprop", rates(0.00316, 0.0316, 5), {}))},
    **{f"pole/{name}": Trial(balanced, {"rule": rule, "lrs": lrs, **_UPDATES, **hyper})
       for name, (rule, lrs, hyper) in _POLE.items()},
    "control/gru/one divisor": Trial(control_on_task, {
        "control": "one_divisor", "grid": {"lr": rates(0.001, 0.1, 9)}, **_ROWS}),
    "control/gru/tensor divisors": Trial(control_on_task, {
        "control": "tensor_divisors", "sizes": (384, 48, 768, 48, 160, 10),
        "grid": {"lr": rates(0.001, 0.1, 9)}, **_ROWS}),
    "control/gru/clipped": Trial(control_on_task, {
        "control": "clipped", "momentum": 0.9, **_ROWS, "final": 20,
        "grid": {"lr": rates(0.032, 3.2, 9), "norm": [0.03125, 0.0625, 0.125, 0.25, 0.5]}}),
    "control/pole/one divisor": Trial(control_on_pole, {
        "control": "one_divisor", "grid": {"lr": rates(0.001, 0.1, 9)}, **_UPDATES}),
    "control/pole/clipped": Trial(control_on_pole, {
        "control": "clipped", "grid": {"lr": rates(0.01, 1, 9), "norm": [0.5, 1, 2, 4, 8]},
        **_UPDATES}),
    "control/pole/tensor divisors": Trial(control_on_pole, {
        "control": "tensor_divisors", "sizes": (128, 32, 32, 1),
        "grid": {"lr": rates(0.001, 0.1, 9)}, **_UPDATES}),
    "control/pole/falling": Trial(control_on_pole, {
        "control": "falling", "grid": {"lr": rates(0.1, 1.78, 6), "tau": [0.125, 0.25, 0.5, 1, 2]},
        **_UPDATES}),
    **{f"{length}/{name}": Trial(tracked, {**setting, **method})
       for length, setting in _STORMS.items() for name, method in TRACKERS.items()},
    **{f"control/{length}/clipped": Trial(tracked_clipped, {
        **setting, "rule": "sgd", "lrs": rates(0.01, 0.3, 13), "norms": rates(0.3, 30, 9)})
       for length, setting in _STORMS.items()},
}

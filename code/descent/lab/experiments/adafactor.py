"""Adafactor against Adam on a small transformer: what a mean of squares kept in pieces costs.

Beside Adam stands Adam without its mean of gradients, which Adafactor has none of, and Adafactor
with every parameter taken as a vector: the same steps, with all means of squares kept. What that
one and Adafactor differ by is the price of the pieces alone. Torch's own Adafactor in pure bfloat16
shows what a training there costs, with the first eps as it is and with a smaller one.
"""

from functools import partial

import numpy as np
import torch

from descent import rules, tasks
from descent.lab.procedures import fresh_seeds, rates
from descent.lab.rows import by_parameter
from descent.lab.trial import Trial
from descent.optim.shapes import mixes

__all__ = ["TRIALS", "again", "narrow", "raced"]


def raced(task, examples, rule, lrs, steps, batch_size, tuning, final, whole=False, **hyper):
    """Tune lr on validation data over `tuning` seeds, then report on `final` fresh ones.

    The task keeps its first `examples` training examples. Returns the grid's validation losses
    (rates, seeds), the lr chosen, whether it is at the grid's edge, and test losses and
    accuracies by seed.
    """
    made = tasks.choose(_training(task, examples, rule, steps, batch_size, whole, **hyper),
                        [{"lr": lr} for lr in lrs], tuning_seeds=range(tuning),
                        final_seeds=fresh_seeds(final))
    return {"validation": made.losses, **made.setting, "at_edge": made.at_edge,
            "test_loss": made.final.test_loss[0], "test_accuracy": made.final.test_accuracy[0]}


def again(trial, lr, seeds):
    """Train the first final seeds of a `raced` trial once more; return their test losses."""
    given = {name: value for name, value in trial.arguments.items()
             if name not in {"lrs", "tuning", "final"}}
    return _training(**given)([{"lr": lr}], fresh_seeds(seeds)).test_loss[0]


def _training(task, examples, rule, steps, batch_size, whole=False, **hyper):
    """Return what trains settings with seeds on the first `examples` training examples."""
    part = getattr(tasks, task)().cut(train=examples)
    update = getattr(rules, rule)
    if mixes(update):
        shapes = [p.shape for p in part.make().parameters()]
        update = by_parameter(update, [(shape.numel(),) for shape in shapes] if whole else shapes)
    hyper = {name: tuple(h) if isinstance(h, list) else h for name, h in hyper.items()}

    def train(settings, seeds):
        return tasks.fit(part, update, seeds=seeds, steps=steps, batch_size=batch_size,
                         lr=[one["lr"] for one in settings], **hyper)

    return train


def narrow(task, examples, lrs, steps, batch_size, tuning, final, eps1, dtype="bfloat16"):
    """Tune and report torch's Adafactor as `raced` does, with weights and gradients of a dtype.

    The seeds fix the same first weights and mini-batches as there; the losses are those of the
    trained weights in float32. Returns what `raced` returns, without the accuracies.
    """
    part = getattr(tasks, task)().cut(train=examples)
    shapes = [p.shape for p in part.make().parameters()]
    counts = [shape.numel() for shape in shapes]

    def one(lr, seed):
        alone = tasks.Alone(part, seed, steps=steps, batch_size=batch_size)
        start = alone.start.to(getattr(torch, dtype)).split(counts)
        weights = [p.reshape(shape).clone() for p, shape in zip(start, shapes, strict=True)]
        optimizer = torch.optim.Adafactor(weights, lr=lr, eps=(eps1, 1e-3))
        for _ in range(steps):
            _, gradient = alone.draw()(torch.cat([p.flatten() for p in weights]))
            for p, g in zip(weights, gradient.split(counts), strict=True):
                p.grad = g.reshape(p.shape)
            optimizer.step()
        made = alone.judge(torch.cat([p.flatten() for p in weights]).float(), steps)
        return made.validation_loss.item(), made.test_loss.item()

    def train(settings, seeds):
        return np.array([[one(setting["lr"], seed) for seed in seeds] for setting in settings])

    made = tasks.choose(train, [{"lr": lr} for lr in lrs], tuning_seeds=range(tuning),
                        final_seeds=fresh_seeds(final), loss=lambda made: made[..., 0])
    return {"validation": made.losses, **made.setting, "at_edge": made.at_edge,
            "test_loss": made.final[0, :, 1]}


_SPELLING = {"task": "spelling", "examples": 2000, "steps": 240, "batch_size": 32, "tuning": 4,
             "final": 10}
_race = partial(Trial, raced)

TRIALS = {
    "spelling/Adafactor": _race({**_SPELLING, "rule": "adafactor",
                                 "lrs": rates(0.01, 0.32, 7, digits=4)}),
    "spelling/Adafactor, all kept": _race({**_SPELLING, "rule": "adafactor", "whole": True,
                                           "lrs": rates(0.01, 0.32, 7, digits=4)}),
    "spelling/Adafactor, default lr": _race({**_SPELLING, "rule": "adafactor", "lrs": [0.01],
                                             "tuning": 1}),
    "spelling/Adam": _race({**_SPELLING, "rule": "adam", "lrs": rates(0.001, 0.032, 7, digits=4)}),
    "spelling/Adam, beta1 0": _race({**_SPELLING, "rule": "adam", "betas": [0.0, 0.999],
                                     "lrs": rates(0.001, 0.032, 7, digits=4)}),
    **{f"spelling/bfloat16, eps1 {eps1}": Trial(narrow, {
        **_SPELLING, "lrs": rates(0.01, 1.0, 9, digits=4), "eps1": eps1})
       for eps1 in (None, 1e-15)},
}

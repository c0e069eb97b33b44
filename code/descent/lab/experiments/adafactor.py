"""Adafactor against Adam on a small transformer: what a mean of squares kept in pieces costs.

Beside Adam stands Adam without its mean of gradients, which Adafactor has none of, and Adafactor
with every parameter taken as a vector: the same steps, with all means of squares kept. What that
one and Adafactor differ by is the price of the pieces alone.
"""

from functools import partial

from descent import rules, tasks
from descent.lab.procedures import fresh_seeds, rates
from descent.lab.rows import by_parameter
from descent.lab.trial import Trial
from descent.optim.shapes import mixes

__all__ = ["TRIALS", "again", "raced"]


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
}

"""Adagrad on the names, against one rate for all and against a memory that fades."""

from descent import rules, tasks
from descent.lab.procedures import fresh_seeds, rates
from descent.lab.trial import Trial
from descent.ops import sqrt

__all__ = ["TRIALS", "adagrad_norm", "on_names"]


def adagrad_norm(p, g, t, G=0.0, *, lr=1e-2, eps=1e-10):
    """Take one step by one falling rate for all entries of the last axis."""
    G = G + (g**2).sum(-1)[..., None]
    return p - lr * g / (sqrt(G) + eps), G


def on_names(rule, lrs, steps, tuning, final, **hyper):
    """Tune lr on the names; report on fresh seeds, also on each half of the test part.

    Beside what `procedures.tuned` returns: the losses on names of rare and of frequent parts.
    """
    rule = adagrad_norm if rule == "adagrad_norm" else getattr(rules, rule)
    task, seeds = tasks.names(), fresh_seeds(final)
    result = tasks.tune(task, rule, lrs, steps=steps, tuning_seeds=range(tuning),
                        final_seeds=seeds, **hyper)
    rare, frequent = (tasks.fit(half, rule, seeds=seeds, steps=steps, lr=[result.lr],
                                **hyper).test_loss[0] for half in tasks.by_rarity(task))
    return {"lrs": lrs, "validation": result.validation, "lr": result.lr,
            "at_edge": result.at_edge, "test_loss": result.final.test_loss[0],
            "test_accuracy": result.final.test_accuracy[0], "rare": rare, "frequent": frequent}


_METHODS = {"SGD": ("sgd", 0.05, {}), "SGD, momentum 0.9": ("sgd", 0.01, {"momentum": 0.9}),
            "one falling rate": ("adagrad_norm", 0.05, {}), "Adagrad": ("adagrad", 0.003, {}),
            "RMSprop": ("rmsprop", 0.0003, {})}
TRIALS = {name: Trial(on_names, {"rule": rule, "lrs": rates(low, 1000 * low, 13), "steps": 290,
                                 "tuning": 4, "final": 12, **hyper})
          for name, (rule, low, hyper) in _METHODS.items()}

"""What a trial can do: each function takes names and numbers and returns lists of numbers."""

from functools import wraps

import numpy as np

from descent import rules, tasks
from descent.tasks import cartpole

__all__ = ["apart", "balanced", "ending_at", "fresh_seeds", "rates", "retrain", "swept", "tuned"]

SPARED = {"none": None, "biases and norms": lambda name: name.endswith("bias") or "norm" in name}


def rates(low, high, count, digits=6):
    """Return `count` rates from `low` to `high`, evenly in logs, rounded to `digits` decimals."""
    return np.geomspace(low, high, count).round(digits).tolist()


def fresh_seeds(count, first=1000):
    """Return the seeds of a report, which no choice has seen: those of tuning count from 0."""
    return range(first, first + count)


def ending_at(rule, which, steps):
    """Return the rule whose last of so many steps leads to its state number `which`: its answer."""
    @wraps(rule)
    def ended(p, g, t, *state, **hyper):
        p, *state = rule(p, g, t, *state, **hyper)
        return state[which] if t == steps else p, *state

    return ended


def tuned(task, rule, lrs, steps, tuning, final, first=1000, **hyper):
    """Tune lr on validation data over `tuning` seeds, then report on `final` fresh ones.

    Seeds count from 0 and, for the report, from `first`. Returns the grid's validation losses
    (rates, seeds), the lr chosen, whether it is at the grid's edge, and test losses and
    accuracies by seed.
    """
    result = tasks.tune(getattr(tasks, task)(), getattr(rules, rule), lrs, steps=steps,
                        tuning_seeds=range(tuning), final_seeds=fresh_seeds(final, first),
                        **_hyper(hyper))
    return {"validation": result.validation, "lr": result.lr, "at_edge": result.at_edge,
            "test_loss": result.final.test_loss[0], "test_accuracy": result.final.test_accuracy[0]}


def retrain(trial, lr, seeds=2):
    """Train the first final seeds of a `tuned` trial once more; return their test losses."""
    arguments = dict(trial.arguments)
    task, rule = getattr(tasks, arguments.pop("task"))(), getattr(rules, arguments.pop("rule"))
    for name in ("lrs", "tuning", "final"):
        del arguments[name]
    seeds = fresh_seeds(seeds, arguments.pop("first", 1000))
    return tasks.fit(task, rule, seeds=seeds, lr=[lr], **_hyper(arguments)).test_loss[0]


def swept(task, rule, steps, seeds, first_seed=0, **hyper):
    """Train every setting of the lists in `hyper` (all of one length) with `seeds` seeds.

    Returns train, validation and test losses and test accuracies, each (settings, seeds).
    """
    made = tasks.fit(getattr(tasks, task)(), getattr(rules, rule), steps=steps,
                     seeds=range(first_seed, first_seed + seeds), **_hyper(hyper))
    return {"train_loss": made.train_loss, "validation_loss": made.validation_loss,
            "test_loss": made.test_loss, "test_accuracy": made.test_accuracy}


def balanced(rule, lrs, updates, tuning, final, **hyper):
    """Tune lr on CartPole by the mean return over all updates, then report on fresh seeds.

    Returns the grid's mean returns (rates, seeds), the lr chosen, whether it is at the grid's
    edge, and returns and slopes (updates, seeds) of the final runs.
    """
    def train(settings, seeds):
        return cartpole.train(getattr(rules, rule), [setting["lr"] for setting in settings],
                              seeds=seeds, updates=updates, **hyper)

    made = tasks.choose(train, [{"lr": lr} for lr in lrs], tuning_seeds=range(tuning),
                        final_seeds=fresh_seeds(final),
                        loss=lambda made: -made.returns.mean(0))
    return {"grid": -made.losses, "lr": made.setting["lr"], "at_edge": made.at_edge,
            "returns": made.final.returns[:, 0], "slopes": made.final.slopes[:, 0]}


def _hyper(hyper):
    """Return keywords for `tasks.fit`; `spared` is a key of SPARED there, pairs are betas."""
    hyper = dict(hyper)
    if "spared" in hyper:
        hyper["spared"] = SPARED[hyper["spared"]]
    if "betas" in hyper:
        hyper["betas"] = tuple(hyper["betas"])
    return hyper


def apart(a, b):
    """Return how far two arrays are apart, relative to the larger of each pair of numbers."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return float((abs(a - b) / np.maximum(abs(a), abs(b))).max())

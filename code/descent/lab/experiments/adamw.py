"""AdamW against Adam with L2: maps over lr and weight decay, and a small transformer."""

from descent import rules, tasks
from descent.lab.procedures import SPARED, fresh_seeds, rates
from descent.lab.trial import Trial

__all__ = ["TRIALS", "crossed", "decided", "final", "mapped", "spared"]


def mapped(task, examples, rule, lrs, decays, steps, batch_size, tuning, final, **hyper):
    """Tune lr and weight decay on a full grid, then report on `final` fresh seeds.

    The task keeps its first `examples` training examples. Returns the grid's validation and
    training losses (rates, decays, seeds), the choice, whether it is at an edge (of the decays
    only if there are several), and test losses and accuracies by seed.
    """
    shape = len(lrs), len(decays)
    made = tasks.choose(_training(task, examples, rule, steps, batch_size, **hyper),
                        [{"lr": lr, "weight_decay": decay} for lr in lrs for decay in decays],
                        shape=shape, tuning_seeds=range(tuning), final_seeds=fresh_seeds(final))
    return {"validation": made.losses.reshape(*shape, tuning),
            "train": made.tried.train_loss.reshape(*shape, tuning), **made.setting,
            "at_edge": made.at_edge, "test_loss": made.final.test_loss[0],
            "test_accuracy": made.final.test_accuracy[0]}


def decided(task, examples, rule, settings, steps, batch_size, tuning, final, first, **hyper):
    """Choose among a few pairs of lr and weight decay with more seeds; report on fresh ones.

    Tuning seeds count from 100, those of the report from `first`. Returns validation losses
    (settings, seeds), the choice, and test losses and accuracies by seed.
    """
    made = tasks.choose(_training(task, examples, rule, steps, batch_size, **hyper),
                        [{"lr": lr, "weight_decay": decay} for lr, decay in settings],
                        tuning_seeds=range(100, 100 + tuning),
                        final_seeds=fresh_seeds(final, first))
    return {"validation": made.losses, **made.setting, "test_loss": made.final.test_loss[0],
            "test_accuracy": made.final.test_accuracy[0]}


def crossed(task, examples, rule, lr, weight_decay, steps, batch_size, seeds, **hyper):
    """Train one setting with many seeds; return the losses on both held-out parts, by seed."""
    train = _training(task, examples, rule, steps, batch_size, **hyper)
    made = train([{"lr": lr, "weight_decay": weight_decay}], seeds)
    return {"validation_loss": made.validation_loss[0], "test_loss": made.test_loss[0]}


def final(trial, lr, weight_decay, seeds):
    """Train the first final seeds of a `mapped` or `decided` trial once more.

    Returns their test losses.
    """
    given = {name: value for name, value in trial.arguments.items()
             if name not in {"lrs", "decays", "settings", "tuning", "final"}}
    seeds = fresh_seeds(seeds, given.pop("first", 1000))
    return _training(**given)([{"lr": lr, "weight_decay": weight_decay}], seeds).test_loss[0]


def spared(task, examples, rule, lr, decays, steps, batch_size, seeds, names):
    """Train at every decay, with the parameters of `names` (a key of SPARED) left alone.

    Returns training, validation and test losses, each (decays, seeds).
    """
    train = _training(task, examples, rule, steps, batch_size, spared=SPARED[names])
    made = train([{"lr": lr, "weight_decay": decay} for decay in decays], fresh_seeds(seeds))
    return {"train_loss": made.train_loss, "validation_loss": made.validation_loss,
            "test_loss": made.test_loss}


def _training(task, examples, rule, steps, batch_size, **hyper):
    """Return what trains settings with seeds on the first `examples` training examples."""
    part = getattr(tasks, task)().cut(train=examples)

    def train(settings, seeds):
        return tasks.fit(part, getattr(rules, rule), seeds=seeds, steps=steps,
                         batch_size=batch_size, lr=[one["lr"] for one in settings],
                         weight_decay=[one["weight_decay"] for one in settings], **hyper)

    return train


def _rates(low, high, count):
    return rates(low, high, count, digits=7)


_DIGITS = {"task": "digits", "examples": 200, "steps": 400, "batch_size": 32, "tuning": 6,
           "final": 20}
_LRS = _rates(1e-3, 10**-1.5, 7)
_SPELLING = {"task": "spelling", "examples": 300, "steps": 250, "batch_size": 32, "tuning": 2,
             "final": 10}
_L2 = [0.002, 0.005, 0.0125]
_SPARED = {"task": "spelling", "examples": 300, "rule": "adamw", "lr": 0.0018,
           "decays": [0.2, 0.5, 1.25, 2.5, 5.0, 10.0], "steps": 250, "batch_size": 32, "seeds": 8}

# The four settings of least mean validation loss in each map; the chapter asserts that they are.
_BEST = {
    "SGD": ("sgd", [[0.1778279, 0.0031623], [0.0562341, 0.01], [0.0562341, 0.0031623],
                    [0.1, 0.0031623]], {"momentum": 0.9}),
    "Adam": ("adam", [[0.0017783, 0.0], [0.001, 0.0], [0.0031623, 0.0], [0.0056234, 0.0]], {}),
    "Adam with L2": ("adam", [[0.0056234, 0.0031623], [0.0031623, 0.0056234],
                              [0.0056234, 0.0056234], [0.0056234, 0.01]], {}),
    "AdamW": ("adamw", [[0.01, 0.1778279], [0.0056234, 1.0], [0.01, 1.0],
                        [0.0031623, 0.5623413]], {}),
}

# What the second round chose, but for SGD; the chapter asserts that, too.
_CHOSEN = {"Adam": ("adam", 0.001, 0.0), "Adam with L2": ("adam", 0.0056234, 0.0031623),
           "AdamW": ("adamw", 0.0031623, 0.5623413)}
_CROSSED = {"task": "digits", "examples": 200, "steps": 400, "batch_size": 32,
            "seeds": [*range(1000, 1020), *range(2000, 2020)]}

TRIALS = {
    "digits/SGD": Trial(mapped, {**_DIGITS, "rule": "sgd", "lrs": _rates(0.01, 1, 9),
                                 "decays": _rates(10**-3.5, 0.1, 6), "momentum": 0.9}),
    "digits/Adam": Trial(mapped, {**_DIGITS, "rule": "adam", "decays": [0.0],
                                  "lrs": _rates(10**-3.5, 10**-1.5, 9)}),
    "digits/Adam with L2": Trial(mapped, {**_DIGITS, "rule": "adam", "lrs": _LRS,
                                          "decays": _rates(10**-3.5, 0.1, 11)}),
    "digits/AdamW": Trial(mapped, {**_DIGITS, "rule": "adamw", "lrs": _LRS,
                                   "decays": _rates(10**-1.75, 10**0.75, 11)}),
    **{f"digits decided/{name}": Trial(decided, {**_DIGITS, "tuning": 16, "first": 2000,
                                                 "rule": rule, "settings": settings, **hyper})
       for name, (rule, settings, hyper) in _BEST.items()},
    **{f"digits crossed/{name}": Trial(crossed, {**_CROSSED, "rule": rule, "lr": lr,
                                                 "weight_decay": decay})
       for name, (rule, lr, decay) in _CHOSEN.items()},
    "spelling/SGD": Trial(mapped, {**_SPELLING, "rule": "sgd", "decays": _L2, "momentum": 0.9,
                                   "lrs": _rates(10**-1.75, 10**-0.75, 5)}),
    "spelling/Adam": Trial(mapped, {**_SPELLING, "rule": "adam", "decays": [0.0],
                                    "lrs": _rates(10**-3.5, 10**-2.5, 5)}),
    "spelling/Adam with L2": Trial(mapped, {**_SPELLING, "rule": "adam", "decays": _L2,
                                            "lrs": _rates(10**-2.75, 10**-1.75, 5)}),
    "spelling/AdamW": Trial(mapped, {**_SPELLING, "rule": "adamw", "decays": [0.5, 1.25, 3.2],
                                     "lrs": _rates(0.001, 0.01, 5)}),
    **{f"spelling/spared {names}": Trial(spared, {**_SPARED, "names": names})
       for names in SPARED},
}

"""Averaging against a falling rate: one run at a constant lr, read in three ways, and a cosine.

What is averaged was fixed before the first run: the second half, and an EMA with a time constant of
a tenth of the run. A reading of a run costs no gradient, so all readings of a run share one grid,
and each takes from it the lr that is best for it. Under the cosine the EMA is a control: what of
its gain is left once the rate falls anyway? Two more controls: a rate that falls in a line, where
the mean is ahead of the cosine; and the final seeds at rates beside the chosen ones, for how much
of a difference is the luck of tuning.
"""

from functools import wraps

import numpy as np

from descent import rules, schedules, tasks
from descent.lab.procedures import fresh_seeds, rates
from descent.lab.trial import Trial

__all__ = ["READINGS", "TRIALS", "read", "reread"]

READINGS = {"constant": ("last", "half", "ema"), "cosine": ("last", "ema")}


def read(rule, steps, means, reading="last"):
    """Return the rule noting in the dict `means`, at its last step, what each reading gives.

    It ends at the reading asked for: at its last point ("last"), at the mean of the second half of
    its points ("half"), or at their EMA ("ema"), which begins as the first of them, as in torch.
    """
    first, keep = steps // 2, 1 - 10 / steps

    @wraps(rule)
    def stepped(p, g, t, half=0.0, ema=0.0, *state, **hyper):
        p, *state = rule(p, g, t, *state, **hyper)
        if t > first:
            half = half + (p - half) / (t - first)
        ema = p if t == 1 else keep * ema + (1 - keep) * p
        if t == steps:
            means.update(last=p, half=half, ema=ema)
            p = means[reading]
        return p, half, 1.0 * ema, *state

    return stepped


def _fit(task, examples, validation, rule, schedule, steps, reading, **hyper):
    """Train; return the `Fit` of a reading and the validation losses of each."""
    part = getattr(tasks, task)().cut(train=examples, validation=validation)
    shape = schedules.cosine_annealing(1.0, steps) if schedule == "cosine" else None
    means, losses = {}, {}

    def watch(done, validation):
        if done == steps:
            losses.update({name: validation(means[name]) for name in READINGS[schedule]})

    fit = tasks.fit(part, read(getattr(rules, rule), steps, means, reading), steps=steps,
                    schedule=shape, watch=watch, **hyper)
    return fit, losses


def raced(lrs, tuning, final, schedule, **given):
    """Tune lr for every reading of the same runs; report each on `final` fresh seeds.

    Returns whether any choice is at the grid's edge and, by reading, the grid's validation losses
    (rates, seeds), the lr chosen, and test losses and accuracies by seed.
    """
    _, tried = _fit(**given, schedule=schedule, reading="last", lr=lrs, seeds=range(tuning))
    result = {"at_edge": False}
    for reading, losses in tried.items():
        best = int(np.argmin(losses.mean(1)))
        fresh, _ = _fit(**given, schedule=schedule, reading=reading, lr=[lrs[best]],
                        seeds=fresh_seeds(final))
        result["at_edge"] |= best in (0, len(lrs) - 1)
        result[reading] = {"validation": losses, "lr": lrs[best], "test_loss": fresh.test_loss[0],
                           "test_accuracy": fresh.test_accuracy[0]}
    return result


def reread(trial, reading, lr, seeds=2):
    """Train the first final seeds of a trial once more; return their training and test losses."""
    given = {name: value for name, value in trial.arguments.items()
             if name not in {"lrs", "tuning", "final"}}
    fit, _ = _fit(**given, reading=reading, lr=[lr], seeds=fresh_seeds(seeds))
    return fit.train_loss[0], fit.test_loss[0]


def beside(lrs, final, readings, **given):
    """Return by reading the test losses (rates, seeds) of the final seeds at every rate."""
    return {reading: _fit(**given, reading=reading, lr=lrs, seeds=fresh_seeds(final))[0].test_loss
            for reading in readings}


def lined(task, examples, validation, rule, lrs, steps, tuning, final, **hyper):
    """Tune the peak of a rate that falls to 0 in a line; report as `raced` does for a reading."""
    part = getattr(tasks, task)().cut(train=examples, validation=validation)
    made = tasks.tune(part, getattr(rules, rule), lrs, steps=steps, tuning_seeds=range(tuning),
                      final_seeds=fresh_seeds(final),
                      schedule=schedules.linear(1.0, 1.0, 0.0, steps), **hyper)
    return {"validation": made.validation, "lr": made.lr, "at_edge": made.at_edge,
            "test_loss": made.final.test_loss[0], "test_accuracy": made.final.test_accuracy[0]}


def _untuned(given):
    return {name: value for name, value in given.items() if name != "tuning"}


_DIGITS = {"task": "digits", "examples": 400, "validation": 359, "steps": 300, "batch_size": 32,
           "tuning": 4, "final": 20}
_SPELLING = {"task": "spelling", "examples": 2000, "validation": 400, "steps": 120,
             "batch_size": 32, "tuning": 2, "final": 10}
_SGD, _ADAM = {"rule": "sgd", "momentum": 0.9}, {"rule": "adam"}
_GRIDS = (({**_DIGITS, **_SGD}, rates(10**-2.25, 10**-0.75, 7)),
          ({**_DIGITS, **_ADAM}, rates(10**-3.75, 10**-1.5, 10)),
          ({**_SPELLING, **_SGD}, rates(10**-1.25, 10**-0.25, 5)),
          ({**_SPELLING, **_ADAM}, rates(10**-2.5, 10**-1.25, 6)))

TRIALS = {f"{given['task']}/{given['rule']}/{schedule}": Trial(raced, {
    **given, "schedule": schedule, "lrs": lrs})
    for given, lrs in _GRIDS for schedule in READINGS}
TRIALS |= {f"spelling/{given['rule']}/line": Trial(lined, {**_SPELLING, **given, "lrs": lrs})
           for given, lrs in ((_SGD, rates(10**-1.25, 1.0, 6)),
                              (_ADAM, rates(10**-2.5, 10**-1.25, 6)))}
_BESIDE = {("digits", "sgd"): rates(10**-1.5, 10**-1, 3), ("digits", "adam"): rates(
    10**-2.5, 10**-1.75, 4), ("spelling", "sgd"): rates(10**-0.75, 10**-0.25, 3),
    ("spelling", "adam"): rates(0.01, 10**-1.5, 3)}
TRIALS |= {f"{given['task']}/{given['rule']}/cosine, beside": Trial(beside, {
    **_untuned(given), "schedule": "cosine", "readings": ["last"],
    "lrs": _BESIDE[given["task"], given["rule"]]}) for given, _ in _GRIDS}
TRIALS["digits/adam/constant, beside"] = Trial(beside, {
    **_untuned({**_DIGITS, **_ADAM}), "schedule": "constant",
    "readings": list(READINGS["constant"]), "lrs": rates(10**-2.5, 0.01, 3)})

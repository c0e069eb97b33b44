"""Learning-rate schedules with AdamW: a race at tuned peaks, warm-up, and a recipe taken apart.

And which lr is best for which size of batch, of SGD and of Adam.
"""

from functools import wraps

import numpy as np

from descent import rules, schedules, tasks
from descent.lab.procedures import SPARED, fresh_seeds, rates
from descent.lab.trial import Trial

__all__ = ["SCHEDULES", "TRIALS", "Plateau", "averaged", "clipped", "dropped", "overdone", "raced",
           "recipe", "refit", "scaled", "warmed"]


class Plateau:
    """A schedule that looks: a factor of lr for each model, lowered where its loss has stalled.

    `watch` looks at the validation losses after every `every` steps; settings are those of
    `schedules.plateau`.
    """

    def __init__(self, every, **settings):
        self.every, self.settings = every, settings
        self.factor, self.states, self.looks = 1.0, None, 0

    def __call__(self, k):
        return self.factor

    def watch(self, done, validation):
        """Lower the factors that are due."""
        if done % self.every:
            return
        losses, self.looks = validation(), self.looks + 1
        if self.states is None:
            self.factor = np.ones_like(losses, dtype=float)
            self.states = dict.fromkeys(np.ndindex(losses.shape), ())
        for index, state in self.states.items():
            self.factor[index], *self.states[index] = schedules.plateau(
                float(self.factor[index]), float(losses[index]), *state, **self.settings)


def _cosine(steps):
    return schedules.cosine_annealing(1.0, steps)


def _step(steps, gamma):
    """Return 1, then `gamma` from half of the steps on, and its square from three quarters."""
    return schedules.multi_step(1.0, [steps // 2, 3 * steps // 4], gamma)


def _warm_up(steps, warm):
    """Return a climb of `warm` steps to 1 and half a cosine over the rest of `steps`."""
    if warm == 0:
        return _cosine(steps)
    return schedules.linear_warmup(_cosine(steps - warm), warm, 1 / (warm + 1))


def averaged(rule, share, steps):
    """Return the rule ending, at its last step, at the mean of the last `share` of its points."""
    first = steps - round(share * steps)

    @wraps(rule)
    def stepped(p, g, t, mean=0.0, *state, **hyper):
        p, *state = rule(p, g, t, *state, **hyper)
        if t > first:
            mean = mean + (p - mean) / (t - first)
        return (mean if t == steps else p), mean, *state

    return stepped


# From a number of steps to the factor of the peak lr, and what else is scheduled; "average" is the
# last share of the points whose mean is kept.
SCHEDULES = {
    "constant": lambda steps: (None, {}),
    "step": lambda steps: (_step(steps, 0.1), {}),
    "step, γ 0.3": lambda steps: (_step(steps, 0.3), {}),
    "plateau": lambda steps: (Plateau(20, factor=0.3, patience=1), {}),
    "plateau, patience 0": lambda steps: (Plateau(20, factor=0.3, patience=0), {}),
    "cosine": lambda steps: (_cosine(steps), {}),
    "cosine, half as long": lambda steps: (_cosine(steps // 2), {}),
    "one-cycle": lambda steps: (schedules.one_cycle(1.0, steps),
                                {"betas": (schedules.one_cycle_momentum(steps), 0.999)}),
    "warm-up + cosine": lambda steps: (_warm_up(steps, steps // 10), {}),
    "line": lambda steps: (lambda k: 1 - k / steps, {}),
    "cosine to a tenth": lambda steps: (schedules.cosine_annealing(1.0, steps, 0.1), {}),
    "constant, then line": lambda steps: (lambda k: min(1.0, (steps - k) / (0.2 * steps)), {}),
    "constant, averaged": lambda steps: (None, {"average": 0.5}),
}


def _part(task, examples, validation):
    """Return a task with its first `examples` to learn from and `validation` to choose by."""
    return getattr(tasks, task)().cut(train=examples, validation=validation)


def _fit(part, rule, schedule, steps, every=None, **hyper):
    """Train; return the `Fit`, the validation losses at every look, and the final factors."""
    shape, more = SCHEDULES[schedule](steps)
    if share := more.pop("average", None):
        rule = averaged(rule, share, steps)
    curve = []

    def watch(done, validation):
        losses = None

        def once():
            nonlocal losses
            losses = validation() if losses is None else losses
            return losses

        if isinstance(shape, Plateau):
            shape.watch(done, once)
        if every and done % every == 0:
            curve.append(once())

    fit = tasks.fit(part, rule, steps=steps, schedule=shape, watch=watch, **more, **hyper)
    return fit, np.array(curve), np.broadcast_to(shape.factor, fit.test_loss.shape) \
        if isinstance(shape, Plateau) else None


def raced(task, examples, validation, schedule, lrs, steps, batch_size, weight_decay, every,
          tuning, final):
    """Tune the peak lr of AdamW under one schedule; report on `final` fresh seeds.

    Returns the grid's validation losses (peaks, seeds), the peak chosen, whether it is at the
    grid's edge, and by final seed the training and test losses and the accuracies; the validation
    losses at every look (looks, seeds); and the last factors of lr, where it looks.
    """
    part = _part(task, examples, validation)
    given = {"steps": steps, "batch_size": batch_size, "weight_decay": weight_decay}

    def train(settings, seeds):
        return _fit(part, rules.adamw, schedule, seeds=seeds, lr=[one["lr"] for one in settings],
                    every=every, **given)

    made = tasks.choose(train, [{"lr": lr} for lr in lrs], tuning_seeds=range(tuning),
                        final_seeds=fresh_seeds(final), loss=lambda made: made[0].validation_loss)
    fresh, curve, factors = made.final
    result = {"validation": made.losses, "lr": made.setting["lr"], "at_edge": made.at_edge,
              "train_loss": fresh.train_loss[0], "test_loss": fresh.test_loss[0],
              "test_accuracy": fresh.test_accuracy[0], "curve": curve[:, 0]}
    return result if factors is None else {**result, "factors": factors[0]}


def dropped(task, examples, validation, percents, gamma, lrs, steps, batch_size, weight_decay,
            tuning, final):
    """Tune the peak lr of AdamW that drops by `gamma` after each of `percents` of the steps.

    Reports on `final` fresh seeds, as `raced` does: the grid's validation losses, the peak, whether
    it is at the grid's edge, and validation and test losses by final seed.
    """
    part = _part(task, examples, validation)
    shape = schedules.multi_step(1.0, [percent * steps // 100 for percent in percents], gamma)

    def train(settings, seeds):
        return tasks.fit(part, rules.adamw, steps=steps, schedule=shape, seeds=seeds,
                         lr=[one["lr"] for one in settings], batch_size=batch_size,
                         weight_decay=weight_decay)

    made = tasks.choose(train, [{"lr": lr} for lr in lrs], tuning_seeds=range(tuning),
                        final_seeds=fresh_seeds(final))
    return {"validation": made.losses, "lr": made.setting["lr"], "at_edge": made.at_edge,
            "validation_loss": made.final.validation_loss[0], "test_loss": made.final.test_loss[0]}


def refit(trial, lr, seeds=2):
    """Train the first final seeds of a `raced` trial once more; return their test losses."""
    given = {name: value for name, value in trial.arguments.items()
             if name not in {"lrs", "tuning", "final", "every"}}
    part = _part(*(given.pop(name) for name in ("task", "examples", "validation")))
    return _fit(part, rules.adamw, given.pop("schedule"), seeds=fresh_seeds(seeds), lr=[lr],
                **given)[0].test_loss[0]


def warmed(task, examples, validation, warm, lrs, steps, batch_size, weight_decay, seeds):
    """Train AdamW at every peak with `warm` steps of warm-up and half a cosine for the rest.

    Returns training and test losses (peaks, seeds).
    """
    made = tasks.fit(_part(task, examples, validation), rules.adamw, steps=steps, lr=lrs,
                     schedule=_warm_up(steps, warm), seeds=fresh_seeds(seeds),
                     batch_size=batch_size, weight_decay=weight_decay)
    return {"train_loss": made.train_loss, "test_loss": made.test_loss}


def clipped(rule, limit):
    """Return the rule with each model's gradient, a row, cut down to the norm `limit`."""
    @wraps(rule)
    def shorter(p, g, t, *state, **hyper):
        g = g * (limit / g.norm(dim=-1, keepdim=True)).clamp(max=1.0)
        return rule(p, g, t, *state, **hyper)

    return shorter


def recipe(examples, validation, rule, lrs, decays, schedule, names, clip, steps, batch_size,
           tuning, final):
    """Tune lr and weight decay of a recipe for the names; report on `final` fresh seeds.

    `names` is a key of SPARED, `clip` the limit of the gradient's norm or None. A grid of one
    setting is not tuned. Returns the grid's validation losses (rates, decays, seeds), the choice,
    whether it is at an edge, and test losses by seed.
    """
    part, rule = _part("spelling", examples, validation), getattr(rules, rule)
    rule = rule if clip is None else clipped(rule, clip)
    given = {"steps": steps, "batch_size": batch_size, "spared": SPARED[names]}
    settings = [{"lr": lr, "weight_decay": decay} for lr in lrs for decay in decays]

    def train(settings, seeds):
        return _fit(part, rule, schedule, seeds=seeds, **given, **{
            name: [one[name] for one in settings] for name in ("lr", "weight_decay")})[0]

    if len(settings) == 1:
        return {**settings[0], "test_loss": train(settings, fresh_seeds(final)).test_loss[0]}
    shape = len(lrs), len(decays)
    made = tasks.choose(train, settings, shape=shape, tuning_seeds=range(tuning),
                        final_seeds=fresh_seeds(final))
    return {"validation": made.losses.reshape(*shape, tuning), "at_edge": made.at_edge,
            **made.setting, "test_loss": made.final.test_loss[0]}


def overdone(examples, validation, schedule, lrs, weight_decay, names, clip, steps, batch_size,
             every, seeds):
    """Train the recipe at every lr for more steps than are good.

    Returns the validation losses at every look (looks, rates, seeds), of the last point and, as
    "averaged", of the mean of the `every` points before the look; and training losses at the end
    (rates, seeds).
    """
    rule, mean, curve, averages = clipped(rules.adamw, clip), [None], [], []

    @wraps(rule)
    def noting(p, g, t, *state, **hyper):
        p, *state = rule(p, g, t, *state, **hyper)
        count = (t - 1) % every + 1
        mean[0] = p if count == 1 else mean[0] + (p - mean[0]) / count
        return p, *state

    def watch(done, validation):
        if done % every == 0:
            curve.append(validation())
            averages.append(validation(mean[0]))

    shape, _ = SCHEDULES[schedule](steps)
    fit = tasks.fit(_part("spelling", examples, validation), noting, steps=steps, schedule=shape,
                    watch=watch, batch_size=batch_size, spared=SPARED[names],
                    seeds=fresh_seeds(seeds), lr=lrs, weight_decay=weight_decay)
    return {"curve": np.array(curve), "averaged": np.array(averages),
            "train_loss": fit.train_loss}


def scaled(task, examples, validation, rule, batches, lrs, passes, seeds):
    """Train at every lr with batches of every size, equally many passes, under a cosine.

    Returns validation losses (sizes, rates, seeds).
    """
    part = _part(task, examples, validation)
    return {"validation": [
        _fit(part, getattr(rules, rule), "cosine", passes * (examples // batch), batch_size=batch,
             seeds=range(seeds), lr=lrs)[0].validation_loss for batch in batches]}


_DIGITS = {"task": "digits", "examples": 400, "validation": 359, "steps": 400, "batch_size": 32,
           "weight_decay": 0.1, "every": 20, "tuning": 4, "final": 20,
           "lrs": rates(10**-2.75, 10**-0.75, 9)}
_SPELLING = {"task": "spelling", "examples": 2000, "validation": 400, "steps": 200,
             "batch_size": 32, "weight_decay": 0.1, "every": 20, "tuning": 2, "final": 10,
             "lrs": rates(10**-2.5, 0.1, 7)}
_RACED = ("constant", "step", "step, γ 0.3", "plateau", "plateau, patience 0", "cosine",
          "one-cycle", "warm-up + cosine", "line", "cosine to a tenth", "constant, then line",
          "constant, averaged")
_WARMED = {name: _SPELLING[name] for name in ("task", "examples", "validation", "steps",
                                              "batch_size", "weight_decay")}
_RECIPE = {"examples": 600, "validation": 400, "rule": "adamw", "lrs": rates(10**-2.75, 0.03, 5),
           "decays": [0.1, 0.3, 1.0, 3.0], "schedule": "warm-up + cosine",
           "names": "biases and norms", "clip": 1.0, "steps": 200, "batch_size": 32, "tuning": 2,
           "final": 10}

TRIALS = {
    **{f"digits/{name}": Trial(raced, {**_DIGITS, "schedule": name}) for name in _RACED},
    **{f"spelling/{name}": Trial(raced, {**_SPELLING, "schedule": name}) for name in _RACED},
    **{f"drops/{given['task']}, {' and '.join(map(str, percents))}": Trial(dropped, {
        **{name: value for name, value in given.items() if name != "every"},
        "percents": percents, "gamma": 0.1})
       for percents in ([80, 95], [70, 90]) for given in (_DIGITS, _SPELLING)},
    **{f"warm-up/{warm}": Trial(warmed, {**_WARMED, "warm": warm, "lrs": [0.01, 0.031623, 0.1],
                                         "seeds": 6}) for warm in (0, 10, 40)},
    # as long as in the race, at the peak that the cosine without it has there
    "warm-up/20": Trial(warmed, {**_WARMED, "warm": 20, "lrs": [0.017783], "seeds": 10}),
    **{f"recipe/{name}": Trial(recipe, {**_RECIPE, **change}) for name, change in {
        "whole": {},
        "Adam with L2": {"rule": "adam", "decays": [0.0003, 0.001, 0.003, 0.01]},
        "all decay": {"names": "none"},
        "constant lr": {"schedule": "constant"},
        "defaults": {"lrs": [0.001], "decays": [0.01]},
        "lr alone": {"lrs": rates(0.001, 0.1, 20), "decays": [0.01]},
    }.items()},
    **{f"overdone/{schedule}": Trial(overdone, {
        **{name: _RECIPE[name] for name in ("examples", "validation", "names", "clip",
                                            "batch_size")},
        "schedule": schedule, "lrs": [0.005, 0.01], "weight_decay": 0.3, "steps": 360,
        "every": 18, "seeds": 10}) for schedule in ("warm-up + cosine", "constant")},
    **{f"batches/{rule}": Trial(scaled, {
        **{name: _DIGITS[name] for name in ("task", "examples", "validation")}, "rule": rule,
        "batches": [8, 16, 32, 64], "lrs": rates(*ends, 13), "passes": 16, "seeds": 4})
       for rule, ends in (("sgd", (0.0031623, 3.1623)), ("adam", (0.00031623, 0.31623)))},
}

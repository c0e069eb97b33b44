"""Schedule-Free read at several horizons from one run, against schedules made for each of them.

Fixed before the first run: tasks, horizons, seeds, steps between rates, the settings compared, and
that whoever needs no end (Schedule-Free, and a constant rate read by a mean) is chosen once, by
validation at the longest horizon, and read at the shorter ones in the same runs, while a falling
rate is tuned for each horizon. All climb in the first twentieth of their run; controls without.
An EMA is given several memories, and the best by validation.

What was changed afterwards: the grid of AdamW at a constant rate on digits, whose choices were at
its edge, was moved up; on spelling, where a trial is dear, SGD and a cosine without a climb were
left out, before they were run. Added after the first results, on digits: decays for the SGD form,
whose test losses rose, and for its cosine; other betas for the AdamW form. On spelling: other
decays at the lr that was chosen, by validation.
"""

from dataclasses import replace
from functools import wraps

import numpy as np

from descent import rules, schedules, tasks
from descent.lab.procedures import fresh_seeds, rates
from descent.lab.trial import Trial

__all__ = ["DECAYS", "EMAS", "HORIZONS", "OTHER_DECAYS", "TRIALS", "again", "decays", "followed",
           "read"]

HORIZONS = {"digits": [75, 150, 300], "spelling": [60, 120, 240]}
DECAYS = [0.003, 0.01, 0.03]  # and 0
OTHER_DECAYS = [0.0, 0.03, 0.3]  # than 0.1
EMAS = [0.9, 0.95, 0.97, 0.98, 0.99]


def read(rule, readings, seen):
    """Return the rule noting in the dict `seen`, after each step, what each of the readings gives.

    "last" is the point; "x" a state of that name; "mean" the mean of all points; a number is the
    memory of an EMA, which begins as the first point.
    """
    @wraps(rule)
    def stepped(p, g, t, *state, **hyper):
        p, *state = rule(p, g, t, *state, **hyper)
        for name in readings:
            if name == "last":
                seen[name] = p
            elif name == "x":
                seen[name] = state[0]
            else:
                share = 1 / t if name == "mean" else 1 - float(name)
                seen[name] = p if t == 1 else seen[name] + share * (p - seen[name])
        return p, *state

    return stepped


def _shape(schedule, steps, warm):
    """Return a climb to 1 in `warm` steps, and then the schedule over the rest."""
    rest = {"constant": lambda k: 1.0, "line": lambda k: 1 - k / (steps - warm),
            "cosine": schedules.cosine_annealing(1.0, steps - warm)}[schedule]
    return lambda k: (k + 1) / warm if k < warm else rest(k - warm)


def _seen(part, rule, schedule, steps, warm, looks, readings, **hyper):
    """Train; return the losses of each reading on the validation part, (looks, settings, seeds)."""
    seen, losses = {}, {name: [] for name in readings}
    hyper = {name: tuple(h) if name == "betas" else h for name, h in hyper.items()}
    if rule == "schedulefree":
        hyper["warmup_steps"] = warm
    else:
        hyper["schedule"] = _shape(schedule, steps, warm)

    def watch(done, validation):
        if done in looks:
            for name in readings:
                losses[name].append(validation(seen[name]))

    tasks.fit(part, read(getattr(rules, rule), readings, seen), steps=steps, watch=watch, **hyper)
    return {name: np.array(found) for name, found in losses.items()}


def followed(task, examples, validation, lrs, looks, readings, chosen, tuning, final, **given):
    """Tune lr for each of the readings `chosen` by its last look; report all with fresh seeds.

    Returns by chosen reading the validation losses of the grid (looks, rates, seeds), the lr,
    whether it is at the grid's edge, and the test losses of all `readings` at that lr
    (looks, seeds), of the same runs.
    """
    part = getattr(tasks, task)().cut(train=examples, validation=validation)
    tried = _seen(part, looks=looks, readings=chosen, lr=lrs, seeds=range(tuning), **given)
    best = {name: int(losses[-1].mean(1).argmin()) for name, losses in tried.items()}
    taken = sorted(set(best.values()))
    fresh = _seen(replace(part, validation=part.test), looks=looks, readings=readings,
                  lr=[lrs[k] for k in taken], seeds=fresh_seeds(final), **given)
    return {"at_edge": any(k in (0, len(lrs) - 1) for k in taken), **{
        name: {"validation": tried[name], "lr": lrs[k], "test": {
            reading: losses[:, taken.index(k)] for reading, losses in fresh.items()}}
        for name, k in best.items()}}


def decays(task, examples, validation, weight_decays, reading, tuning, **given):
    """Return the validation losses after the last step for each weight decay, (decays, seeds)."""
    part = getattr(tasks, task)().cut(train=examples, validation=validation)
    return {"validation": np.array([
        _seen(part, weight_decay=decay, readings=[reading], looks=[given["steps"]],
              seeds=range(tuning), **given)[reading][-1, 0] for decay in weight_decays])}


def again(trial, name, reading, seeds=2):
    """Return a function of lr that trains the first fresh seeds of a trial again, test losses."""
    given = {key: value for key, value in trial.arguments.items()
             if key not in {"lrs", "chosen", "tuning", "final", "readings"}}
    task = getattr(tasks, given.pop("task"))()
    part = task.cut(train=given.pop("examples"))
    del given["validation"]

    def train(lr):
        return _seen(replace(part, validation=part.test), readings=[reading], lr=[lr],
                     seeds=fresh_seeds(seeds), **given)[reading][:, 0]

    return train


_DATA = {"digits": {"task": "digits", "examples": 400, "validation": 359, "batch_size": 32,
                    "tuning": 3, "final": 10},
         "spelling": {"task": "spelling", "examples": 2000, "validation": 400, "batch_size": 32,
                      "tuning": 2, "final": 10}}
_FORMS = {"adamw": ({"rule": "adamw", "weight_decay": 0.1},
                    {"rule": "schedulefree", "weight_decay": 0.1}),
          "sgd": ({"rule": "sgd", "momentum": 0.9}, {"rule": "schedulefree", "adaptive": False})}
_GRIDS = {
    "digits/adamw": {"free": rates(10**-2.5, 10**-0.75, 8), "falling": rates(10**-2.75, 10**-1, 8),
                     "constant": rates(10**-2.5, 10**-0.75, 8)},
    "spelling/adamw": {"free": rates(10**-2.25, 10**-0.75, 7),
                       "falling": rates(10**-2.5, 10**-1.25, 6),
                       "constant": rates(10**-3, 10**-1.5, 7)},
    "digits/sgd": {"free": rates(10**-0.75, 10, 8), "falling": rates(10**-1.75, 10**-0.25, 7),
                   "constant": rates(10**-2.25, 10**-0.75, 7)},
}
_AVERAGES = ["mean", *map(str, EMAS)]
_BETAS = [0.0, 0.5, 0.98]


def _trials():
    for race, grids in _GRIDS.items():
        task, form = race.split("/")
        usual, free = ({**_DATA[task], **one} for one in _FORMS[form])
        steps = HORIZONS[task][-1]
        whole = {"steps": steps, "warm": steps // 20, "looks": HORIZONS[task],
                 "schedule": "constant"}
        one = {**free, **whole, "readings": ["x", "last"], "chosen": ["x"], "lrs": grids["free"]}
        end = {**usual, "readings": ["last"], "chosen": ["last"], "lrs": grids["falling"]}
        yield f"{race}/free", Trial(followed, one)
        for horizon in HORIZONS[task]:
            looks = [look for look in HORIZONS[task] if look <= horizon]
            for shape in ("cosine", "line"):
                yield f"{race}/{shape}/{horizon}", Trial(followed, {
                    **end, "steps": horizon, "warm": horizon // 20, "looks": looks,
                    "schedule": shape})
        readings = ["last", *_AVERAGES]
        yield f"{race}/constant", Trial(followed, {
            **usual, **whole, "readings": readings, "chosen": readings,
            "lrs": grids["constant"]})
        if form == "adamw":
            yield f"{race}/free, no climb", Trial(followed, {**one, "warm": 0})
        if task == "digits":  # what beta buys
            for beta in _BETAS:
                yield f"{race}/free, beta {beta}", Trial(followed, {**one, "betas": [beta, 0.999]})
        if race == "digits/sgd":
            for decay in DECAYS:
                yield f"{race}/free, decay {decay}", Trial(followed, {
                    **one, "weight_decay": decay})
                yield f"{race}/cosine/300, decay {decay}", Trial(followed, {
                    **end, "weight_decay": decay, "steps": steps, "warm": steps // 20,
                    "looks": HORIZONS[task], "schedule": "cosine"})


def _decayed():
    """At the lr that `followed` chose at the last horizon of spelling."""
    data = {key: value for key, value in _DATA["spelling"].items() if key != "final"}
    given = {**data, "steps": 240, "warm": 12, "weight_decays": OTHER_DECAYS}
    grids = _GRIDS["spelling/adamw"]
    yield "spelling/adamw/free, decays", Trial(decays, {
        **given, "rule": "schedulefree", "schedule": "constant", "reading": "x",
        "lr": [grids["free"][3]]})
    yield "spelling/adamw/cosine/240, decays", Trial(decays, {
        **given, "rule": "adamw", "schedule": "cosine", "reading": "last",
        "lr": [grids["falling"][3]]})


TRIALS = dict(_trials()) | dict(_decayed())

"""Lion against AdamW, each with lr and decay tuned, with and without a schedule, and by batch size.

What was fixed before the first run: the tasks, the seeds, the budgets and the grids, the same
decays for both methods of a race. On validation data every lr is tried with every decay; the pair
of least mean loss is reported on test data, with fresh seeds. Controls: AdamW with Lion's memory
(beta2 0.99); the sign of a plain mean of gradients (both betas alike); and each method without any
decay, its lr tuned for that. Where the batch varies, each training sees as many examples as all
others.

What was changed afterwards: on digits and MNIST-1D Lion's best lr was the largest, so that methods
of signs were run again there with a grid that begins and ends higher. On digits the plain mean of
0.9 ended lowest of all, so it was raced on the other tasks as well. Whole
decades of decay were too coarse (Lion on digits: validation loss 0.16 at 1, 0.91 at 10, and 0.07
between them), so that all methods have half decades on the three small models; spelling, dear,
keeps whole ones.
"""

import numpy as np

from descent import rules, schedules, tasks
from descent.lab.procedures import fresh_seeds, rates
from descent.lab.trial import Trial

__all__ = ["BATCHES", "CONTROLS", "METHODS", "RACES", "TRIALS", "raced", "trained"]

METHODS = {"AdamW": {"rule": "adamw", "betas": [0.9, 0.999]},
           "Lion": {"rule": "lion", "betas": [0.9, 0.99]}}
CONTROLS = {"AdamW, beta2 0.99": {"rule": "adamw", "betas": [0.9, 0.99]},
            "sign of a mean, 0.9": {"rule": "lion", "betas": [0.9, 0.9]},
            "sign of a mean, 0.99": {"rule": "lion", "betas": [0.99, 0.99]}}
DECAYS = [0.0, 0.1, 1.0, 10.0]
_FINER = [0.0, *rates(0.1, 10.0, 5, digits=5)]
_LRS = {"adamw": rates(0.001, 0.1, 5, digits=5), "lion": rates(0.000316, 0.0316, 5, digits=5)}
_HIGHER = _LRS | {"lion": rates(0.001, 0.1, 5, digits=5)}
RACES = {
    "digits": {"steps": 200, "batch": 64, "tuning": 3, "cut": {}},
    "mnist_1d": {"steps": 200, "batch": 64, "tuning": 3, "cut": {}},
    "names": {"steps": 200, "batch": 64, "tuning": 3, "cut": {}},
    "spelling": {"steps": 120, "batch": 32, "tuning": 2,
                 "cut": {"train": 2000, "validation": 400, "test": 400}}}
BATCHES = [16, 256]  # on digits, beside 64: as many examples, 800 steps and 50


def trained(task, cut, rule, lrs, decays, betas, steps, batch, schedule, seeds):
    """Train each pair of an lr and a decay with each seed; lr is constant or a cosine to 0."""
    cosine = schedules.cosine_annealing(1.0, steps) if schedule == "cosine" else None
    return tasks.fit(getattr(tasks, task)().cut(**cut), getattr(rules, rule), seeds=seeds,
                     steps=steps, batch_size=batch, schedule=cosine, lr=lrs, weight_decay=decays,
                     betas=tuple(betas))


def raced(task, cut, rule, lrs, decays, betas, steps, batch, schedule, tuning, final, first=1000):
    """Tune lr and decay together on validation data; report once on test data, on fresh seeds.

    Returns validation losses (rates, decays, seeds), the pair chosen and whether it is at an edge
    (no decay is none); by seed the losses and accuracies with it; and the same test losses for
    the best lr without decay.
    """
    grid = [(lr, decay) for lr in lrs for decay in decays]
    plan = {"task": task, "cut": cut, "rule": rule, "betas": betas, "steps": steps, "batch": batch,
            "schedule": schedule}
    tried = trained(lrs=[lr for lr, _ in grid], decays=[decay for _, decay in grid],
                    seeds=range(tuning), **plan).validation_loss
    tried = tried.reshape(len(lrs), len(decays), tuning)
    i, j = np.unravel_index(tried.mean(2).argmin(), tried.shape[:2])
    plain = int(tried[:, 0].mean(1).argmin())
    pairs = [(lrs[i], decays[j]), (lrs[plain], decays[0])]
    made = trained(lrs=[lr for lr, _ in pairs], decays=[decay for _, decay in pairs],
                   seeds=fresh_seeds(final, first), **plan)
    return {"validation": tried, "lr": lrs[i], "decay": decays[j],
            "at_edge": bool(i in (0, len(lrs) - 1) or (len(decays) > 1 and j == len(decays) - 1)),
            "train_loss": made.train_loss[0], "test_loss": made.test_loss[0],
            "test_accuracy": made.test_accuracy[0],
            "without_decay": {"lr": lrs[plain], "test_loss": made.test_loss[1]}}


def _trials():
    for task, race in RACES.items():
        runs = [("cosine", name) for name in METHODS]
        runs += [("cosine", name) for name in CONTROLS
                 if task == "digits" or name == "sign of a mean, 0.9"]
        if task in ("digits", "spelling"):
            runs += [("constant", name) for name in METHODS]
        for schedule, name in runs:
            method = (METHODS | CONTROLS)[name]
            yield f"{task}/{schedule}/{name}", Trial(raced, {
                "task": task, **race, **method, "final": 10, "schedule": schedule,
                "decays": DECAYS if task == "spelling" else _FINER,
                "lrs": (_HIGHER if task in ("digits", "mnist_1d") else _LRS)[method["rule"]]})
    race = RACES["digits"]
    for batch in BATCHES:
        steps = race["steps"] * race["batch"] // batch
        for name, method in METHODS.items():
            yield f"digits, batch {batch}/cosine/{name}", Trial(raced, {
                "task": "digits", **race, **method, "steps": steps, "batch": batch, "tuning": 2,
                "final": 10, "decays": _FINER, "schedule": "cosine",
                "lrs": _HIGHER[method["rule"]]})


TRIALS = dict(_trials())

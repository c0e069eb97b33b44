"""RAdam against Adam, plain and with a warm-up of tuned length: over lr, and each at its best.

What was fixed before the first run: the tasks, the seeds and the rates. In a race every rate is
tried with the tuning seeds and every length of warm-up; at each rate the length of least
validation loss is taken, and what it gives is reported on fresh seeds, at all rates with a few of
them and at the best rate with more. A length of 1 is no warm-up, so that a tuned warm-up may be
none. Control for the method's two parts: Adam times its rectifier, which stands still in the five
steps that RAdam takes without a divisor.

What was changed afterwards: at large rates the longest warm-up, 300 steps, was taken, so longer
ones were added where losses are shown over rates; and the two dear races, a thousand steps and the
transformer, were given fewer rates, seeds and controls than planned, before they were run. These
two have wide steps between rates, so `again` trains with finer ones around each best; in all races
it judges by both parts of the data that are held out. `long` and `cliff` follow a loss that is
multiplied over more steps and at other rates.
"""

import numpy as np

from descent import rules, tasks
from descent.lab.procedures import fresh_seeds, rates
from descent.lab.trial import Trial
from descent.rules.radam import rectifier

__all__ = ["CHOSEN", "CLIFF", "FACTORS", "FINER", "METHODS", "RACES", "SUMS", "TRIALS", "WARMED",
           "again", "raced", "scaled", "warmed"]

METHODS = {"Adam": {"rule": "adam"}, "RAdam": {"rule": "radam"}, "warm-up": {"rule": "adam"},
           "rectifier alone": {"rule": "ramp"}}
SHORTER = {"Adam, beta2 0.99": {"rule": "adam", "betas": [0.9, 0.99]},
           "RAdam, beta2 0.99": {"rule": "radam", "betas": [0.9, 0.99]}}
RACES = {"digits/100": {}, "mnist_1d/100": {},
         "names/100": {"lengths": [1, 10, 30, 100, 300]},
         "names/1000": {"lrs": rates(0.001, 0.1, 5, digits=5), "tuning": 3, "final": 10,
                        "lengths": [1, 100, 1000, 3000]},
         "spelling/60": {"lrs": [0.003, 0.01, 0.03, 0.1, 0.3], "tuning": 2, "final": 10, "over": 0}}
LEFT_OUT = {"names/1000": ["rectifier alone"], "spelling/60": ["warm-up", "rectifier alone"]}
FACTORS = [1e-3, 1.0, 10.0, 100.0, 1000.0]
SUMS = [1.0, 64.0, 1000.0]  # 64: the sum over a batch
CLIFF = [10.0, 30.0, 100.0, 300.0, 1000.0, 3000.0, 10000.0]
CHOSEN = {"digits/100": {"adam": [0.02154], "radam": [0.1]},
          "mnist_1d/100": {"adam": [0.04642], "radam": [0.21544]},
          "names/100": {"adam": [0.01], "radam": [0.1]}}
WARMED = [[lr, length] for lr in (0.00178, 0.00316, 0.00562, 0.01) for length in (100, 1000)]
FINER = {"names/1000": {"adam": [0.00178, 0.00316, 0.00562], "radam": [0.00316, 0.00562, 0.01]},
         "spelling/60": {"adam": [0.00562, 0.01, 0.01778], "radam": [0.05623, 0.1, 0.17783]}}
_PLAN = {"lrs": rates(0.001, 1.0, 10, digits=5), "tuning": 6, "final": 30, "over": 10,
         "lengths": [1]}
_LENGTHS = [1, 10, 30, 100, 300, 1000, 3000]


def ramp(p, g, t, m=0.0, v=0.0, *, lr=1e-3, betas=(0.9, 0.999)):
    """Take a step of Adam times RAdam's rectifier; stand still while that is not yet known."""
    known, r = rectifier(t, betas[1])
    return rules.adam(p, g, t, m, v, lr=lr * float(r if known else 0.0), betas=betas)[:3]


def _found(rule):
    return ramp if rule == "ramp" else getattr(rules, rule)


def _trained(task, rule, settings, seeds, steps, betas):
    """Train every (lr, length) with every seed; lr climbs evenly in the first `length` steps."""
    lrs, lengths = (np.array(column, dtype=float) for column in zip(*settings, strict=True))
    climb = np.repeat(lengths[:, None], len(seeds), 1)
    return tasks.fit(getattr(tasks, task)(), _found(rule), seeds=seeds, steps=steps,
                     lr=lrs.tolist(), betas=tuple(betas),
                     schedule=lambda k: np.minimum(1.0, (k + 1) / climb))


def raced(task, rule, steps, lrs, lengths, tuning, final, over, first=2000, betas=(0.9, 0.999)):
    """Tune lr and the length of a warm-up on validation data, then report on fresh seeds.

    Returns validation losses (rates, lengths, seeds); for each rate the length of the least mean,
    and test losses with it (rates, `over` seeds); the rate and length of the least of all, whether
    either is at an edge of the grid (no warm-up is none), and test losses with them by seed.
    """
    grid = [(lr, length) for lr in lrs for length in lengths]
    tried = _trained(task, rule, grid, range(tuning), steps, betas).validation_loss
    tried = tried.reshape(len(lrs), len(lengths), tuning)
    means = tried.mean(2)
    best, taken = int(means.min(1).argmin()), means.argmin(1)
    chosen = [(lr, lengths[k]) for lr, k in zip(lrs, taken, strict=True)]
    losses = [] if over == 0 else _trained(
        task, rule, chosen, fresh_seeds(over, first), steps, betas).test_loss
    return {"validation": tried, "length_by_lr": [length for _, length in chosen],
            "over_lr": losses, "lr": lrs[best], "length": chosen[best][1],
            "at_edge": best in (0, len(lrs) - 1) or taken[best] == len(lengths) - 1 > 0,
            "test_loss": _trained(task, rule, [chosen[best]], fresh_seeds(final, first), steps,
                                  betas).test_loss[0]}


def again(task, rule, steps, lrs, seeds, first=2000):
    """Train at each rate with fresh seeds; return losses on both held-out parts (rates, seeds)."""
    made = tasks.fit(getattr(tasks, task)(), getattr(rules, rule), seeds=fresh_seeds(seeds, first),
                     steps=steps, lr=lrs)
    return {"validation_loss": made.validation_loss, "test_loss": made.test_loss}


def warmed(task, steps, settings, seeds, first=2000):
    """Train Adam at each (lr, length of warm-up); return what `again` returns, by setting."""
    made = _trained(task, "adam", settings, fresh_seeds(seeds, first), steps, (0.9, 0.999))
    return {"validation_loss": made.validation_loss, "test_loss": made.test_loss}


def _on_a_loss(rule):
    """Return a rule that is given the gradient of a loss times `factor`."""
    def stepped(p, g, t, *state, lr=1e-3, factor=1.0):
        return rule(p, factor * g, t, *state, lr=lr)

    return stepped


def scaled(task, rule, factors, lr, steps, seeds, first=2000):
    """Train on the loss times each factor; return test losses of the plain loss, by seed."""
    made = tasks.fit(getattr(tasks, task)(), _on_a_loss(_found(rule)), steps=steps,
                     seeds=fresh_seeds(seeds, first), lr=[lr] * len(factors), factor=factors)
    return {"test_loss": made.test_loss}


def _trials():
    for race, plan in RACES.items():
        task, steps = race.split("/")
        for name, method in METHODS.items():
            if name in LEFT_OUT.get(race, ()):  # these two races are dear
                continue
            lengths = plan.get("lengths", _LENGTHS) if name == "warm-up" else [1]
            yield f"{race}/{name}", Trial(raced, {
                "task": task, "steps": int(steps), **_PLAN, **plan, "lengths": lengths, **method})
    for race in ("digits/100", "mnist_1d/100"):  # a shorter memory, so a shorter climb
        task, steps = race.split("/")
        for name, method in SHORTER.items():
            yield f"{race}/{name}", Trial(raced, {
                "task": task, "steps": int(steps), **_PLAN, "over": 0, **method})
    for race in ("digits/100", "mnist_1d/100"):  # as long as beta2 asks for
        task, steps = race.split("/")
        yield f"{race}/2000 steps of warm-up", Trial(raced, {
            "task": task, "steps": int(steps), **_PLAN, "over": 0, "rule": "adam",
            "lengths": [2000]})
    for task in ("digits", "mnist_1d"):
        for rule in ("adam", "radam", "ramp"):
            yield f"scaled/{task}/{rule}", Trial(scaled, {
                "task": task, "rule": rule, "factors": FACTORS, "lr": 0.03, "steps": 100,
                "seeds": 20})
    for races, seeds in ((FINER, 10), (CHOSEN, 30)):
        for race, taken in races.items():
            task, steps = race.split("/")
            for rule, lrs in taken.items():
                yield f"again/{race}/{rule}", Trial(again, {
                    "task": task, "rule": rule, "steps": int(steps), "lrs": lrs, "seeds": seeds})
    yield "again/names/1000/warm-up", Trial(warmed, {
        "task": "names", "steps": 1000, "settings": WARMED, "seeds": 10})
    yield "long/digits/radam", Trial(scaled, {
        "task": "digits", "rule": "radam", "factors": SUMS, "lr": 0.03, "steps": 1000,
        "seeds": 10})
    for lr in (0.01, 0.03, 0.1):
        yield f"cliff/digits/{lr}", Trial(scaled, {
            "task": "digits", "rule": "radam", "factors": CLIFF, "lr": lr, "steps": 100,
            "seeds": 10})


TRIALS = dict(_trials())

"""Rprop with the whole gradient and with mini-batches, against tuned rivals at equal gradients.

What is asked is how low each gets the loss that it is given to lower: so lr is chosen by the
training loss, on other seeds (or starts) than those of the report. All runs are in float64: in
float32 the loss of a net that fits its data ends at a rounding error, which tells no one apart.

What was changed afterwards: grids were extended where a choice fell on an end, and those of Adam
and SGD made finer than Rprop's; and Adam got another β₂, with which it comes to 1e-6. Two of ten
runs with all images had a high loss at their end. So it was asked, on seeds of its own and with the
largest step as control, whether a run gets stuck. None does: those two had been low, and were
thrown out again by sizes that had grown to the largest. How often that happens was then counted at
three lrs, with and without a cap. And to tell what the waiting is worth, forms that move on at a
turn stand beside Rprop.
"""

from dataclasses import replace
from functools import cache

import numpy as np

from descent import rules, tasks
from descent.driver import walk
from descent.lab.experiments.lbfgs import PROBLEMS, searched
from descent.lab.procedures import fresh_seeds, rates
from descent.lab.trial import Trial
from descent.ops import maximum, minimum, sign
from descent.rules.lbfgs import lbfgs

__all__ = ["BATCHES", "GRADIENTS", "LEVELS", "TRIALS", "back_rprop", "batched", "counted",
           "even_rprop", "final_sizes", "forgetting_rprop", "images", "lowered", "minus_rprop",
           "sign_only", "stuck", "thrown"]

LEVELS = (1e-1, 1e-2, 1e-3, 1e-4, 1e-6)  # of the training loss
BATCHES = (32, 64, 128, 400)
GRADIENTS = 150
EXCESS = (1e-2, 1e-4, 1e-6, 1e-8)  # of the excess loss, as a share of that at the start


def _sized(same, step_size, etas, step_sizes):
    """Return the sizes of the next steps: `same` is 1 where the sign has stayed, -1 at a turn."""
    step_size = step_size * etas[1]**maximum(same, 0) * etas[0]**maximum(-same, 0)
    return minimum(maximum(step_size, step_sizes[0]), step_sizes[1])


def back_rprop(p, g, t, g_old=0.0, step_size=0.0, moved=0.0, *,
               lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)):
    """Take a step of Rprop as of 1993: after a turn it also goes back to where it came from."""
    same = sign(g * g_old)
    step_size = _sized(same, lr if t == 1 else step_size, etas, step_sizes)
    turns = maximum(-same, 0)
    g = (1 - turns) * g
    move = -sign(g) * step_size - turns * moved
    return p + move, g, step_size, move


def even_rprop(p, g, t, g_old=0.0, step_size=0.0, *,
               lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)):
    """Take a step of Rprop with one size for all coordinates: by the sign of the inner product."""
    same = sign((g * g_old).sum(-1)[..., None])
    step_size = _sized(same, lr if t == 1 else step_size, etas, step_sizes)
    turns = maximum(-same, 0)
    g = (1 - turns) * g
    return p - sign(g) * step_size, g, step_size


def minus_rprop(p, g, t, g_old=0.0, step_size=0.0, *,
                lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)):
    """Take a step of Rprop that neither waits nor forgets after a turn (Rprop⁻)."""
    step_size = _sized(sign(g * g_old), lr if t == 1 else step_size, etas, step_sizes)
    return p - sign(g) * step_size, g, step_size


def forgetting_rprop(p, g, t, g_old=0.0, step_size=0.0, *,
                     lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)):
    """Take a step of Rprop that moves on at a turn, and keeps 0 for the next comparison."""
    p, _, step_size = minus_rprop(p, g, t, g_old, step_size, lr=lr, etas=etas,
                                  step_sizes=step_sizes)
    return p, (1 - maximum(-sign(g * g_old), 0)) * g, step_size


def sign_only(p, g, t, *, lr=1e-2):
    """Take a step of one size for all coordinates and all time, by the signs alone."""
    return (p - lr * sign(g),)


CONTROLS = {"back_rprop": back_rprop, "even_rprop": even_rprop, "minus_rprop": minus_rprop,
            "forgetting_rprop": forgetting_rprop, "sign_only": sign_only}


def _rule(name):
    return CONTROLS[name] if name in CONTROLS else getattr(rules, name)


@cache
def images(task="digits"):
    """Return the task with 400 images to train on, in float64."""
    task = getattr(tasks, task)().cut(train=400)
    parts = {part: (data[0].double(), data[1]) for part in ("train", "validation", "test")
             for data in [getattr(task, part)]}
    return replace(task, make=lambda: task.make().double(), **parts)


def _descend(task, rule, seed, lr, hyper, end=LEVELS[-1]):
    """Train one net on the gradient of all images: the losses seen, and the point before each.

    It ends below the loss `end`, or after `GRADIENTS` gradients.
    """
    model = tasks.Alone(images(task), seed, steps=GRADIENTS + 25, batch_size=400)
    losses, points = [], []

    def look(p):
        loss, g = model.draw()(p)
        losses.append(loss.item())
        points.append(p)
        return (loss, g) if rule is lbfgs else g

    for _ in walk(rule, look, model.start, GRADIENTS, lr=lr, **hyper):
        if len(losses) >= GRADIENTS or min(losses) < end:
            break
    return np.array(losses[:GRADIENTS]), points, model


def lowered(task, rule, lrs, tuning, final, **hyper):
    """Count the gradients of all 400 images that the loss takes to each level, `GRADIENTS` if more.

    lr is chosen for each level by the mean count. Returns by level the lr, whether it is at the
    grid's end (of one with several), the counts of the fresh seeds (levels, seeds), and the test
    losses and accuracies where that run first was below the level (nan where it never was).
    """
    rule, found = _rule(rule), {}

    def count(lr, seed):
        if (lr, seed) not in found:
            losses, points, model = _descend(task, rule, seed, lr, hyper)
            low = losses < np.array(LEVELS)[:, None]
            needed = np.where(low.any(1), low.argmax(1) + 1, GRADIENTS)
            judged = [[np.nan, np.nan]] * len(LEVELS)
            if seed >= 1000:
                judged = [[made.test_loss.item(), made.test_accuracy.item()] if one.any() else
                          [np.nan, np.nan] for one, k in zip(low, needed, strict=True)
                          for made in [model.judge(points[k - 1], int(k))]]
            found[lr, seed] = needed, np.array(judged)
        return found[lr, seed]

    tried = np.array([[count(lr, seed)[0] for seed in range(tuning)] for lr in lrs])
    mean = tried.mean(1)  # (lrs, levels)
    chosen = mean.argmin(0)
    made = [[count(lrs[at], seed) for seed in fresh_seeds(final)] for at in chosen]
    test = np.array([[run[1][k] for run in runs] for k, runs in enumerate(made)])
    return {"tried": mean, "lr": [lrs[at] for at in chosen],
            "at_edge": any(len(lrs) > 1 and at in (0, len(lrs) - 1) and mean[at, k] < GRADIENTS
                           for k, at in enumerate(chosen)),
            "gradients": [[run[0][k] for run in runs] for k, runs in enumerate(made)],
            "test_loss": test[..., 0], "test_accuracy": test[..., 1]}


def batched(task, rule, batch, tuning, final, lrs=None, caps=None, **hyper):
    """Train on mini-batches for `GRADIENTS` gradients; choose lr, or the largest step, by training.

    With `caps` lr is the largest step itself. Chosen is by the mean logarithm of the training
    loss; the losses reported are those of fresh seeds.
    """
    grid = lrs or caps

    def train(settings, seeds):
        runs = []
        for one in settings:
            limits = {"step_sizes": (1e-6, one["value"])} if caps else {}
            runs.append(tasks.fit(images(task), _rule(rule), seeds=seeds, steps=GRADIENTS,
                                  batch_size=batch, lr=[one["value"]], **limits, **hyper))
        return runs

    def logs(runs):
        return np.log10(np.maximum([made.train_loss[0] for made in runs], 1e-16))

    made = tasks.choose(train, [{"value": value} for value in grid], tuning_seeds=range(tuning),
                        final_seeds=fresh_seeds(final), loss=logs)
    (last,) = made.final
    at_edge = made.at_edge and made.setting["value"] > 1e-6  # Rprop lifts what is below to 1e-6
    return {"tried": made.losses, "chosen": made.setting["value"], "at_edge": at_edge,
            "train_loss": last.train_loss[0], "test_loss": last.test_loss[0],
            "test_accuracy": last.test_accuracy[0]}


def stuck(task, rule, lr, largest, seeds):
    """Count the gradients of all images to the lowest level, `GRADIENTS` for a run that gets stuck.

    Returns the counts, and the least losses that were seen, by seed; seeds count from 2000.
    """
    counts, least = [], []
    for seed in fresh_seeds(seeds, 2000):
        losses, _, _ = _descend(task, _rule(rule), seed, lr, {"step_sizes": (1e-6, largest)})
        low = losses < LEVELS[-1]
        counts.append(int(low.argmax()) + 1 if low.any() else GRADIENTS)
        least.append(losses.min())
    return {"gradients": counts, "least": least}


def thrown(task, lr, largest, seeds):
    """Train Rprop for `GRADIENTS` gradients of all images: what comes once a run has been low.

    Returns, by seed, the gradients to the lowest level, the highest loss after that, at how many
    gradients it was above the level again, and the loss at the last.
    """
    found = {"gradients": [], "highest": [], "above": [], "last": []}
    for seed in fresh_seeds(seeds):
        losses, _, _ = _descend(task, rules.rprop, seed, lr, {"step_sizes": (1e-6, largest)},
                                end=-np.inf)
        low = losses < LEVELS[-1]
        after = losses[low.argmax():]
        for name, one in zip(found, (int(low.argmax()) + 1, after.max(),
                                     int((after >= LEVELS[-1]).sum()), losses[-1]), strict=True):
            found[name].append(one)
        assert low.any()
    return found


def final_sizes(batch, lr, seeds, gradients, largest=50.0):
    """Return the step sizes that Rprop has after so many gradients, (seeds, parameters)."""
    sizes = []
    for seed in seeds:
        model = tasks.Alone(images(), seed, steps=gradients, batch_size=batch)
        for step in walk(rules.rprop, lambda p, model=model: model.draw()(p)[1], model.start,
                         gradients, lr=lr, step_sizes=(1e-6, largest)):
            last = step.state[1]
        sizes.append(last.cpu().numpy())
    return np.array(sizes)


def counted(problem, rule, lrs, tuning, final, budget, n=None, **hyper):
    """Count gradients until the excess loss is a small share of that at the start, lr tuned.

    lr is chosen for each share by the mean count on `tuning` starts. Returns by share the lr,
    whether it is at the grid's end, and the counts on fresh starts, `budget` for a run that misses.
    """
    rule, size = _rule(rule), {"n": n} if n else {}

    def needed(made, lr):
        f, _ = made.look(made.starts)
        level = np.multiply.outer(EXCESS, f - made.lowest)
        start = np.broadcast_to(made.starts, (len(lr), *made.starts.shape))
        counts, seen = np.full((len(lr), *level.shape), budget), {}

        def gradient(p):
            seen["f"], g = made.look(p)
            return g

        with np.errstate(all="ignore"):
            for step in walk(rule, gradient, start, budget, lr=lr[:, None, None], **hyper):
                low = (seen["f"] - made.lowest)[:, None] < level
                counts = np.where(low, np.minimum(counts, step.t), counts)
                if (counts < budget).all():
                    break
        return counts  # (lrs, shares, starts)

    lrs = np.array(lrs)
    mean = needed(PROBLEMS[problem](range(tuning), **size), lrs).mean(-1)
    chosen = mean.argmin(0)
    report = needed(PROBLEMS[problem](fresh_seeds(final), **size), lrs[chosen])
    return {"tried": mean, "lr": lrs[chosen],
            "at_edge": any(at in (0, len(lrs) - 1) and mean[at, k] < budget
                           for k, at in enumerate(chosen)),
            "gradients": [report[k, k] for k in range(len(EXCESS))]}


_FULL = {"Rprop": ("rprop", rates(1e-3, 3.162, 8), {}),
         "Adam": ("adam", rates(0.01778, 0.3162, 6), {}),
         "Adam, β₂ 0.9": ("adam", rates(0.03162, 0.5623, 6), {"betas": (0.9, 0.9)}),
         "SGD, momentum 0.9": ("sgd", rates(0.1, 1, 5), {"momentum": 0.9}),
         "L-BFGS": ("lbfgs", [1.0], {"line_search_fn": "strong_wolfe"}),
         "Rprop of 1993, going back": ("back_rprop", rates(1e-3, 3.162, 8), {}),
         "one size for all": ("even_rprop", rates(1e-3, 3.162, 8), {}),
         "signs alone": ("sign_only", rates(0.01, 1, 5), {})}
_BATCHED = {"Rprop": ("rprop", {"lrs": rates(1e-6, 1, 7)}),
            "Rprop, capped": ("rprop", {"caps": rates(3.162e-3, 1, 6)}),
            "Adam": ("adam", {"lrs": rates(3.162e-3, 0.3162, 5)}),
            "RMSprop": ("rmsprop", {"lrs": rates(1e-3, 0.1, 5)})}
_ON = {"Rprop": ("rprop", rates(1e-3, 3.162, 8), {}),
       "Adam": ("adam", rates(1e-3, 3.162, 15), {}),
       "SGD, momentum 0.9": ("sgd", rates(1e-2, 31.62, 15), {"momentum": 0.9}),
       "Rprop of 1993, going back": ("back_rprop", rates(1e-3, 3.162, 8), {})}


def _trials():
    for name, (rule, lrs, hyper) in _FULL.items():
        yield f"all images/{name}", Trial(lowered, {
            "task": "digits", "rule": rule, "lrs": lrs, "tuning": 3, "final": 12, **hyper})
    for lr in (1e-6, 1e-2, 1e-1):  # does a run get stuck?
        for largest in (50.0, 0.1):
            yield f"stuck/lr {lr:g}, largest {largest:g}", Trial(stuck, {
                "task": "digits", "rule": "rprop", "lr": lr, "largest": largest, "seeds": 24})
    for form in ("minus_rprop", "forgetting_rprop"):
        yield f"moving on/{form}", Trial(lowered, {
            "task": "digits", "rule": form, "lrs": rates(0.03162, 0.3162, 3), "tuning": 3,
            "final": 12})
    for lr in (1e-6, 1e-2, 1e-1):
        for largest in (50.0, 0.1):
            yield f"thrown/lr {lr:g}, largest {largest:g}", Trial(thrown, {
                "task": "digits", "lr": lr, "largest": largest, "seeds": 10})
    for name, (rule, grid) in _BATCHED.items():
        for batch in BATCHES:
            yield f"batches of {batch}/{name}", Trial(batched, {
                "task": "digits", "rule": rule, "batch": batch, "tuning": 3, "final": 10, **grid})
    for problem, size in (("logistic", {}), ("oscillation", {}), ("along", {"n": 100}),
                          ("turned", {"n": 100})):
        for name, (rule, lrs, hyper) in _ON.items():
            yield f"{problem}/{name}", Trial(counted, {
                "problem": problem, "rule": rule, "lrs": lrs, "tuning": 6, "final": 20,
                "budget": 2000, **size, **hyper})
        yield f"{problem}/L-BFGS", Trial(searched, {
            "problem": problem, "final": 20, "budget": 2000, **size,
            "line_search_fn": "strong_wolfe"})


TRIALS = dict(_trials())

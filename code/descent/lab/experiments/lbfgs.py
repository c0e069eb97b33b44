"""L-BFGS on smooth problems, against tuned SGD with momentum and tuned Adam; and on mini-batches.

Cost is counted in gradients. The two rivals get their best setting for each tolerance, chosen on
other starts than those of the report; L-BFGS runs at torch's defaults, with a line search or not.
"""

from itertools import count

import numpy as np
import torch
from scipy.fft import dct, idct
from scipy.special import expit
from torch.func import grad
from torch.nn.functional import cosine_similarity

from descent import rules, surfaces, tasks
from descent.device import device
from descent.driver import walk
from descent.lab.procedures import fresh_seeds, rates, tuned
from descent.lab.trial import Trial
from descent.rules.lbfgs import lbfgs, remember, two_loop
from descent.tasks import loss_of_flat
from descent.tasks.oscillation import NOISE, TIMES, TRUE, Problem, displacement, oscillation

__all__ = ["BATCHES", "BUDGET", "CONDITION", "CONDITIONS", "HISTORIES", "MEMORIES", "MOMENTA",
           "NOISE", "PROBLEMS", "TIMES", "TOLERANCES", "TRIALS", "TRUE", "WAYS", "Problem",
           "carried", "conditioned", "displacement", "fitted", "nudged", "paired", "parted",
           "pushed", "raced", "searched", "trained"]

TOLERANCES = (1e-1, 1e-2, 1e-4, 1e-6, 1e-8)
CONDITION = 10_000


def _draws(seeds, draw):
    return np.array([draw(np.random.default_rng(seed)) for seed in seeds])


def rosenbrock(seeds, n=2):
    """Rosenbrock's valley in two dimensions, from starts all over its window."""
    surface = surfaces.rosenbrock()
    low, high = np.transpose(surface.window)
    starts = _draws(seeds, lambda rng: rng.uniform(low, high))
    return Problem(lambda p: (surface.f(p), surface.grad(p)), starts, np.zeros(len(starts)))


def along(seeds, n):
    """Return a bowl with curvatures from 1 / CONDITION to 1, evenly in logs, along the axes."""
    h = np.geomspace(1 / CONDITION, 1, n)
    starts = _draws(seeds, lambda rng: rng.standard_normal(n))
    return Problem(lambda p: (0.5 * (h * p**2).sum(-1), h * p), starts, np.zeros(len(starts)))


def turned(seeds, n):
    """Return the same bowl turned by the cosine transform, so that no axis is special."""
    straight = along(seeds, n)

    def look(p):
        f, g = straight.look(dct(p, norm="ortho"))
        return f, idct(g, norm="ortho")

    return straight._replace(look=look)


def logistic(seeds, n=31, penalty=1e-3):
    """Logistic regression on the breast cancer data, lightly penalised, from random weights."""
    x, y = (part.cpu().numpy().astype(float) for part in tasks.breast_cancer().train)
    rows = (2.0 * y - 1.0)[:, None] * np.hstack([x, np.ones((len(x), 1))])

    def look(p):
        margin = p @ rows.T
        f = np.logaddexp(0, -margin).mean(-1) + penalty / 2 * (p**2).sum(-1)
        return f, penalty * p - expit(-margin) @ rows / len(rows)

    w = np.zeros(n)
    for _ in range(30):  # Newton's method
        q = expit(-rows @ w)
        hessian = (rows.T * (q * (1 - q))) @ rows / len(rows) + penalty * np.eye(n)
        w = w - np.linalg.solve(hessian, look(w)[1])
    starts = _draws(seeds, lambda rng: rng.uniform(-1, 1, n) / 30**0.5)
    return Problem(look, starts, np.full(len(starts), look(w)[0]))


PROBLEMS = {"Rosenbrock": rosenbrock, "logistic": logistic, "oscillation": oscillation,
            "along": along, "turned": turned}


def _needed(problem, rule, budget, tolerances=TOLERANCES, best=None, **hyper):
    """Return how many gradients a run takes to the first that is low, (tolerances, …, seeds).

    Low is an excess over the least value of a tolerance times the excess at the start. A run that
    misses it has `budget`; so has one whose setting's mean is sure to be no less than `best`.
    """
    f, _ = problem.look(problem.starts)
    start = np.broadcast_to(problem.starts, (*np.shape(hyper["lr"])[:-2], *problem.starts.shape))
    level = np.multiply.outer(tolerances, np.broadcast_to(f - problem.lowest, start.shape[:-1]))
    needed, seen = np.full(level.shape, budget), {}

    def gradient(p):
        seen["f"], g = problem.look(p)
        return g

    with np.errstate(all="ignore"):
        for step in walk(rule, gradient, start, budget, **hyper):  # the value is that before it
            low = seen["f"] - problem.lowest < level
            needed = np.where(low, np.minimum(needed, step.t), needed)
            least, most = np.minimum(needed, step.t).mean(-1), needed.mean(-1)
            if best is not None:
                least = np.where(least < np.minimum(best, most.min(-1))[:, None], least, most)
            if (least == most).all():
                break
    return needed


def raced(problem, rule, lrs, memories, budget, tuning, final, n=None, tuning_n=None):
    """Tune lr and memory (a momentum, or betas) for each tolerance; report on fresh starts.

    `tuning_n` unknowns serve the choice, if it is given, n the report. Returns by tolerance the lr
    and the number of the memory chosen, the mean count of gradients at the choice, and those of
    the report, (tolerances, starts); and whether an lr or a memory chosen is at the grid's edge
    (0, which nothing is below, is none).
    """
    rule = getattr(rules, rule)
    made = [PROBLEMS[problem](seeds, **({"n": size} if size else {})) for seeds, size in
            ((range(tuning), tuning_n or n), (fresh_seeds(final), n))]
    axes = [np.array(lrs), *np.transpose(np.array(memories).reshape(len(memories), -1))]
    memories = [{"betas": tuple(m)} if isinstance(m, list) else {"momentum": m} for m in memories]
    needed, best = [], np.full(len(TOLERANCES), budget)
    for memory in memories:
        counts = _needed(made[0], rule, budget, best=best, lr=axes[0][:, None, None], **memory)
        needed.append(counts.mean(-1))
        best = np.minimum(best, needed[-1].min(-1))
    needed = np.array(needed)
    chosen = {"lr": [], "memory": [], "tuned": [], "gradients": [], "at_edge": False}
    for k in range(len(TOLERANCES)):
        m, at = np.unravel_index(needed[:, k].argmin(), needed[:, k].shape)
        report = _needed(made[1], rule, budget, TOLERANCES[k:k + 1], lr=lrs[at], **memories[m])[0]
        chosen["at_edge"] |= bool(needed[m, k, at] < budget and any(
            0 < axis[i] in (axis.min(), axis.max())
            for axis, i in zip(axes, (at, *[m] * (len(axes) - 1)), strict=True)))
        for name, value in zip(chosen, (lrs[at], int(m), needed[m, k, at], report), strict=False):
            chosen[name].append(value)
    return chosen


def fitted(problem, rule, lrs, momenta, budget, final):
    """Return the gradients to the last tolerance at the best lr and momentum of each start alone.

    Picked on the starts of the report, each for itself: what hindsight would have saved.
    """
    made, best = PROBLEMS[problem](fresh_seeds(final)), np.full(final, budget)
    for momentum in momenta:
        counts = _needed(made, getattr(rules, rule), budget, TOLERANCES[-1:],
                         lr=np.array(lrs)[:, None, None], momentum=momentum)
        best = np.minimum(best, counts[0].min(0))
    return {"gradients": best}


def searched(problem, final, budget, n=None, **hyper):
    """Count what L-BFGS needs on the starts of the report, with torch's defaults but for `hyper`.

    Returns the gradients needed, (tolerances, starts), `budget` for a run that misses; how many it
    took up to its end; and the least excess of the loss, as a share of that at the start.
    """
    kept = {"gradients": [], "ends": [], "excess": []}
    for seed in fresh_seeds(final):
        made = PROBLEMS[problem]([seed], **({"n": n} if n else {}))
        looks = []

        def fun(p, made=made, looks=looks):
            f, g = made.look(p[None])
            looks.append(f[0] - made.lowest[0])
            return f[0], g[0]

        with np.errstate(all="ignore"):
            for step in walk(lbfgs, fun, made.starts[0], budget, **hyper):
                if len(looks) >= budget or not np.any(step.state[3]):
                    break
        low = np.array(looks[:budget]) < np.multiply.outer(TOLERANCES, looks[:1])
        kept["gradients"].append(np.where(low.any(1), low.argmax(1) + 1, budget))
        kept["ends"].append(len(looks))
        kept["excess"].append(min(looks) / looks[0])
    return {**kept, "gradients": np.transpose(kept["gradients"])}


def _train(task, how, batch, epochs, seed, lr, history_size):
    """Train one net on as many gradients as `epochs` have batches; return its weights in a row."""
    budget = epochs * (len(task.train[1]) // batch)
    model = tasks.Alone(task, seed, steps=budget, batch_size=batch)
    p = model.start
    if how == "SGD, momentum 0.9":
        for step in walk(rules.sgd, lambda p: model.draw()(p)[1], p, budget, lr=lr, momentum=0.9):
            p = step.p
    elif how == "a new batch every time":  # as step() with max_iter=1, a batch each
        for step in walk(lbfgs, lambda p: model.draw()(p), p, budget, lr=lr,
                         history_size=history_size):
            p = step.p
    elif how == "the same batch twice":  # a second gradient on the old batch makes the pair
        pairs = ()
        for t in range(budget // 2):
            look = model.draw()
            _, g = look(p)
            s = -lr * two_loop(g, pairs) * (1.0 if t else min(1.0, 1.0 / abs(g).sum().item()))
            p = p + s
            pairs = remember(pairs, s, look(p)[1] - g, history_size)
    else:  # "20 iterations a batch": step() as torch has it, with a line search
        for w, _ in _in_batches(model, budget, lr, history_size):
            p = w
    return p


def _in_batches(model, budget, lr, history_size, afresh=False, between=None):
    """Let torch take its 20 iterations on one batch after another, until the gradients are spent.

    A step keeps torch's 25 gradients, or what is left of the budget; only a search that has begun
    is finished, and one needs two. Yields the weights after each batch and what looks at it; the
    state is carried from batch to batch, or made afresh; `between(optimizer)` may change it.
    """
    w, optimizer, left = torch.nn.Parameter(model.start), None, budget
    while left > 1:
        look, before = model.draw(), left
        if afresh or optimizer is None:
            optimizer = torch.optim.LBFGS([w], lr=lr, history_size=history_size,
                                          line_search_fn="strong_wolfe")

        optimizer.param_groups[0]["max_eval"] = min(25, left)

        def closure(look=look):
            nonlocal left
            left -= 1
            loss, w.grad = look(w)
            return loss

        optimizer.step(closure)
        if between:
            between(optimizer)
        yield w.detach(), look
        if before - left < 2:  # it is where it wants to be
            left -= 1


def paired(batch, lr, epochs, seeds, history_size=10, most=80):
    """Measure what L-BFGS takes for y while it trains with a new batch every time.

    Along the runs of `trained` with that lr, on fresh seeds, up to `most` pairs are compared with
    the change of the whole data's gradient over the same step: the run's own ("new"), the one made
    of a second gradient on the old batch ("same"), and one of two batches that had no part in the
    step ("other"). Returns by seed for each the mean cosine, the median of y's over that of all
    data, and the share of pairs with y's > 1e-10; and the mean cosine of the step and minus the
    old batch's noise.
    """
    task = tasks.digits()
    everything = grad(loss_of_flat(task.make().to(device()), *task.train))
    kept = {f"{which} {what}": [] for which in ("new", "same", "other")
            for what in ("cosine", "ratio", "used")} | {"along": []}
    for seed in fresh_seeds(seeds):
        steps = epochs * (len(task.train[1]) // batch)
        model, strangers = (tasks.Alone(task, one, steps=2 * steps, batch_size=batch)
                            for one in (seed, seed + 10_000))
        every, numbers, last, found = max(1, steps // most), count(1), [], []

        def fun(p, model=model, strangers=strangers, every=every, numbers=numbers, last=last,
                found=found):
            look = model.draw()
            f, g = look(p)
            if last and next(numbers) % every == 0 and p.isfinite().all():
                p_old, old, g_old = last
                s, whole = p - p_old, everything(p_old)
                true = everything(p) - whole
                made = (g - g_old, old(p)[1] - g_old,
                        strangers.draw()(p)[1] - strangers.draw()(p_old)[1])
                found.append([one for y in made for one in (
                    cosine_similarity(y, true, dim=0), y @ s / (true @ s), y @ s > 1e-10)]
                    + [cosine_similarity(s, whole - g_old, dim=0)])
            last[:] = p, look, g
            return f, g

        for _ in walk(lbfgs, fun, model.start, steps, lr=lr, history_size=history_size):
            pass
        for name, values in zip(kept, np.transpose(found).astype(float), strict=True):
            kept[name].append(np.median(values) if "ratio" in name else values.mean())
    return kept


def carried(batch, lrs, epochs, tuning, final, afresh, history_size=10):
    """Train with 20 iterations a batch, with the state carried from batch to batch or made afresh.

    As `trained` does with "20 iterations a batch", whose runs are these if nothing is afresh; lr
    is chosen likewise, unless there is only one. Returns besides for each fresh seed the median
    over batches of the loss on the batch when its iterations are over, and how many batches a run
    has seen.
    """
    task = tasks.digits()
    net = task.make().to(device())

    def losses(seed, lr):
        budget, ends = epochs * (len(task.train[1]) // batch), []
        model = tasks.Alone(task, seed, steps=budget, batch_size=batch)
        for w, look in _in_batches(model, budget, lr, history_size, afresh):
            ends.append(look(w)[0].item())
        with torch.no_grad():
            found = [loss_of_flat(net, *part)(w).item()
                     for part in (task.validation, task.test)]
        return [*np.minimum(np.nan_to_num(found, nan=np.inf), np.log(10)), np.median(ends),
                len(ends)]

    def train(settings, seeds):
        return np.array([[losses(seed, setting["lr"]) for seed in seeds] for setting in settings])

    made = tasks.choose(train, [{"lr": lr} for lr in lrs], tuning_seeds=range(tuning),
                        final_seeds=fresh_seeds(final), loss=lambda made: made[..., 0])
    return {"validation": made.losses, "lr": made.setting["lr"], "at_edge": made.at_edge,
            "test_loss": made.final[0, :, 1], "batch_loss": made.final[0, :, 2],
            "batches": made.final[0, :, 3]}


def parted(batch, lr, epochs, seeds, drops, history_size=10):
    """Train as `carried` does with a state that is carried, but for a part of it; at one lr.

    After each batch "old pairs" takes out the pairs it has left behind, "mixed pair" the step from
    which the next batch would make its first pair, whose y is the difference of a gradient on the
    one batch and one on the other; `drops` names one or both. Returns the test losses by seed.
    """
    task, kept = tasks.digits(), []
    net, budget = task.make().to(device()), epochs * (len(task.train[1]) // batch)

    def drop(optimizer):
        for state in optimizer.state.values():
            if "old pairs" in drops:
                for name in ("old_dirs", "old_stps", "ro"):
                    state[name].clear()
            if "mixed pair" in drops:
                state["d"] = torch.zeros_like(state["d"])  # y's is 0, and such a pair is skipped

    for seed in fresh_seeds(seeds):
        model = tasks.Alone(task, seed, steps=budget, batch_size=batch)
        for w, _ in _in_batches(model, budget, lr, history_size, between=drop):
            p = w
        with torch.no_grad():
            kept.append(loss_of_flat(net, *task.test)(p).item())
    return {"test_loss": np.minimum(np.nan_to_num(kept, nan=np.inf), np.log(10))}


def _evenly(condition, n, seeds):
    """Return a bowl with curvatures evenly in logs along the axes, and these curvatures.

    Every direction of a start holds, on average, an equal share of the loss.
    """
    h = np.geomspace(1 / condition, 1, n)
    starts = _draws(seeds, lambda rng: rng.standard_normal(n)) / h**0.5
    return Problem(lambda p: (0.5 * (h * p**2).sum(-1), h * p), starts, np.zeros(len(starts))), h


def conditioned(condition, n, final, budget, history_size=10):
    """Count what a bowl of that condition number takes, until its loss has fallen by 10⁶.

    Returns by start the gradients of gradient descent and of momentum at the best settings of
    theory, the steps of conjugate gradients, and the gradients and the steps of L-BFGS with
    torch's search.
    """
    (made, h), root = _evenly(condition, n, fresh_seeds(final)), condition**-0.5
    kept = {name: _needed(made, rules.sgd, budget, (1e-6,), **hyper)[0] for name, hyper in (
        ("plain", {"lr": 2 / (1 + 1 / condition)}),
        ("momentum", {"lr": (2 / (1 + root))**2, "momentum": ((1 - root) / (1 + root))**2}))}
    kept |= {"conjugate": [], "gradients": [], "steps": []}
    for start in made.starts:
        kept["conjugate"].append(_conjugate(h, start))
        seen = []

        def fun(p, seen=seen):
            f, g = made.look(p)
            seen.append(f)
            return f, g

        for step in walk(lbfgs, fun, start, budget, history_size=history_size,
                         line_search_fn="strong_wolfe"):
            if seen[-1] < 1e-6 * seen[0]:
                kept["gradients"].append(int(np.argmax(np.array(seen) < 1e-6 * seen[0])) + 1)
                kept["steps"].append(step.t)
                break
    return kept


def _conjugate(h, p):
    """Return how many steps of conjugate gradients lower the loss by 10⁶."""
    g, level = h * p, 1e-6 * (h * p**2).sum()
    d = -g
    for steps in count(1):
        p = p + (g @ g) / (h @ d**2) * d
        g, old = h * p, g @ g
        if (h * p**2).sum() < level:
            return steps
        d = -g + (g @ g) / old * d


def pushed(condition, n, lrs, momenta, tuning, final, budget):
    """Find lr and momentum for the bowl of `conditioned` by trying; report on its starts.

    Returns the pair whose mean count of gradients is least on `tuning` other starts, whether it is
    at an edge of the grid, and the gradients by start.
    """
    (tries, _), (made, _) = (_evenly(condition, n, seeds)
                             for seeds in (range(tuning), fresh_seeds(final)))
    axis, best, counts = np.array(lrs)[:, None, None], np.full(1, budget), []
    for momentum in momenta:
        counts.append(_needed(tries, rules.sgd, budget, (1e-6,), best, lr=axis,
                              momentum=momentum)[0].mean(-1))
        best = np.minimum(best, counts[-1].min())
    m, at = np.unravel_index(np.argmin(counts), np.shape(counts))
    return {"lr": lrs[at], "momentum": momenta[m],
            "at_edge": at in (0, len(lrs) - 1) or m in (0, len(momenta) - 1),
            "gradients": _needed(made, rules.sgd, budget, (1e-6,), lr=lrs[at],
                                 momentum=momenta[m])[0]}


def nudged(batch, lr, epochs, seeds, history_size=10):
    """Train with a new batch every time, and again from a start that rounding could have made.

    As `trained` does with "a new batch every time", at one lr. The second start differs in its
    first number, by one unit in the last place. Returns the test losses, (2, seeds).
    """
    task = tasks.digits()
    net, steps, kept = task.make().to(device()), epochs * (len(task.train[1]) // batch), [[], []]
    for seed in fresh_seeds(seeds):
        for losses, nudge in zip(kept, (False, True), strict=True):
            model = tasks.Alone(task, seed, steps=steps, batch_size=batch)
            p = model.start.clone()
            if nudge:
                p[0] = torch.nextafter(p[0], p[0] + 1)
            for step in walk(lbfgs, lambda p, model=model: model.draw()(p), p, steps, lr=lr,
                             history_size=history_size):
                p = step.p
            with torch.no_grad():
                losses.append(loss_of_flat(net, *task.test)(p).item())
    return {"test_loss": np.minimum(np.nan_to_num(kept, nan=np.inf), np.log(10))}


def trained(how, batch, lrs, epochs, tuning, final, history_size=10):
    """Tune lr for the digits net on validation data, then report on fresh seeds.

    `how` is one of the ways of `_train`. Returns the grid's validation losses (rates, seeds), the
    lr chosen, whether it is at the grid's edge, and the final train and test losses by seed. A
    loss above that of guessing, ln 10, counts as that.
    """
    task = tasks.digits()
    net = task.make().to(device())

    def losses(seed, lr, *parts):
        p = _train(task, how, batch, epochs, seed, lr, history_size)
        with torch.no_grad():
            found = [loss_of_flat(net, *part)(p).item() for part in parts]
        return np.minimum(np.nan_to_num(found, nan=np.inf), np.log(10))

    def train(settings, seeds):
        return np.array([[losses(seed, setting["lr"], task.validation, task.train, task.test)
                          for seed in seeds] for setting in settings])

    made = tasks.choose(train, [{"lr": lr} for lr in lrs], tuning_seeds=range(tuning),
                        final_seeds=fresh_seeds(final), loss=lambda made: made[..., 0])
    return {"validation": made.losses, "lr": made.setting["lr"], "at_edge": made.at_edge,
            "train_loss": made.final[0, :, 1], "test_loss": made.final[0, :, 2]}


MEMORIES = {"sgd": [0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98, 0.99, 0.995],
            "adam": [[beta1, beta2] for beta1 in (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
                     for beta2 in (0.0, 0.5, 0.8, 0.9, 0.99, 0.999, 0.9999, 0.99999)]}
_SMALL = {"tuning": 20, "final": 20}
_LARGE = {"tuning": 3, "final": 5, "n": 200_000, "tuning_n": 2000}
# For SGD and for Adam: rates about an eighth of a decade apart, from the lowest to the highest.
_RACES = {"Rosenbrock": ((1e-5, 0.1, 33), (0.01, 10, 25), _SMALL),
          "logistic": ((0.1, 100, 25), (0.03, 3, 17), {"tuning": 6, "final": 20}),
          "oscillation": ((0.01, 3, 21), (0.003, 1, 21), _SMALL),
          "along": ((0.05, 5, 17), (0.003, 1, 21), _LARGE),
          "turned": ((0.05, 5, 17), (0.003, 1, 21), _LARGE)}
WAYS = {"SGD, momentum 0.9": (0.01, 1, 9), "a new batch every time": (0.03162, 3.162, 9),
        "the same batch twice": (0.03162, 3.162, 9), "20 iterations a batch": (1e-5, 10, 13)}

HISTORIES = (1, 2, 3, 5, 10, 20, 50, 100, 200)
BATCHES = (32, 128, 512, 1078)
CONDITIONS = (10, 100, 1000, 10_000)
MOMENTA = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95)
BUDGET = 2000


def _trials():
    for problem, (*_, counts) in _RACES.items():
        size = {"n": counts["n"]} if "n" in counts else {}
        for name, hyper in (("none", {}), ("search", {"line_search_fn": "strong_wolfe"}),
                            ("search, history 10", {"line_search_fn": "strong_wolfe",
                                                    "history_size": 10})):
            if not size or name == "search, history 10":
                yield f"{problem}/L-BFGS, {name}", Trial(searched, {
                    "problem": problem, "final": counts["final"], "budget": BUDGET, **size,
                    **hyper})
    yield "Rosenbrock/sgd, each start", Trial(fitted, {
        "problem": "Rosenbrock", "rule": "sgd", "lrs": rates(*_RACES["Rosenbrock"][0]),
        "momenta": MEMORIES["sgd"], "budget": BUDGET, "final": 20})
    for how, grid in WAYS.items():
        for batch in BATCHES:
            yield f"batches of {batch}/{how}", Trial(trained, {
                "how": how, "batch": batch, "lrs": rates(*grid), "epochs": 20, "tuning": 6,
                "final": 10})
    for batch in BATCHES[:-1]:
        yield f"pairs of {batch}", Trial(paired, {"batch": batch, "lr": 0.999912, "epochs": 20,
                                                  "seeds": 10})
    for batch, lr in ((32, 0.056234), (128, 0.177828)):  # where rounding decides: more runs
        yield f"batches of {batch}/a new batch every time, nudged", Trial(nudged, {
            "batch": batch, "lr": 0.999912, "epochs": 20, "seeds": 24})
        yield f"batches of {batch}/SGD, momentum 0.9, more seeds", Trial(trained, {
            "how": "SGD, momentum 0.9", "batch": batch, "lrs": [lr], "epochs": 20, "tuning": 1,
            "final": 24})
    for batch, chosen in ((32, 0.0001), (128, 0.003162), (512, 1.0)):
        for name, lrs, tuning, kinds in (  # the lr that carried state was given above; 1; its own
                (f"lr {chosen:g}", [chosen], 1, ("carried", "afresh")),
                ("lr 1", [1.0], 1, ("carried", "afresh")),
                ("tuned", rates(0.0001, 10, 11), 6, ("afresh",))):
            for kind in kinds:
                yield f"state {kind}, {batch}, {name}", Trial(carried, {
                    "batch": batch, "lrs": lrs, "epochs": 20, "tuning": tuning, "final": 10,
                    "afresh": kind == "afresh"})
    for batch, lr in ((32, 0.0001), (128, 0.003162)):
        for drops in (["mixed pair"], ["old pairs"], ["mixed pair", "old pairs"]):
            yield f"state without {' and '.join(drops)}, {batch}", Trial(parted, {
                "batch": batch, "lr": lr, "epochs": 20, "seeds": 10, "drops": drops})
    for momentum in MOMENTA:
        yield f"all digits/sgd, {momentum:g}", Trial(tuned, {
            "task": "digits", "rule": "sgd", "lrs": rates(0.003162, 31.62, 17), "steps": 20,
            "tuning": 6, "final": 10, "batch_size": BATCHES[-1], "momentum": momentum})
    yield "all digits/adam", Trial(tuned, {
        "task": "digits", "rule": "adam", "lrs": rates(0.001, 1, 13), "steps": 20, "tuning": 6,
        "final": 10, "batch_size": BATCHES[-1]})
    for epochs in (40, 100):
        for how in ("20 iterations a batch", "a new batch every time"):
            yield f"all digits/{epochs} gradients, {how}", Trial(trained, {
                "how": how, "batch": BATCHES[-1], "lrs": rates(*WAYS[how]), "epochs": epochs,
                "tuning": 6, "final": 10})
    for condition in CONDITIONS:
        yield f"condition/{condition}", Trial(conditioned, {
            "condition": condition, "n": 1000, "final": 20, "budget": 80_000})
        root = condition**-0.5  # the grid lies about the pair of theory
        lr, rest = (2 / (1 + root))**2, 1 - ((1 - root) / (1 + root))**2
        yield f"condition/{condition}, momentum by trying", Trial(pushed, {
            "condition": condition, "n": 1000, "lrs": rates(0.8 * lr, 1.05 * lr, 19),
            "momenta": [round(1 - one, 6) for one in rates(1.3 * rest, 0.7 * rest, 13)],
            "tuning": 3, "final": 20, "budget": BUDGET})
    for history in HISTORIES:
        yield f"history/{history}", Trial(searched, {
            "problem": "turned", "final": 5, "budget": BUDGET, "n": 2000,
            "history_size": history, "line_search_fn": "strong_wolfe"})
    for problem, (of_sgd, of_adam, counts) in _RACES.items():
        for rule, ends in (("sgd", of_sgd), ("adam", of_adam)):
            yield f"{problem}/{rule}", Trial(raced, {
                "problem": problem, "rule": rule, "lrs": rates(*ends),
                "memories": MEMORIES[rule], "budget": BUDGET, **counts})


TRIALS = dict(_trials())

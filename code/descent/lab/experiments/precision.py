"""Parameters in bfloat16: what plain rounding costs, and what three remedies leave of that.

Most trials isolate the update: networks compute in float32, and only the values that a rule keeps
are rounded to bfloat16. `trained` is the whole thing: forward, backward and step in bfloat16.
`in_bytes` keeps Adam's two means in one byte a number.
"""

import copy
import functools
import inspect
from functools import partial

import numpy as np
import torch
from torch.nn.functional import cross_entropy, pad

from descent import rules, schedules, tasks
from descent.lab.procedures import fresh_seeds
from descent.lab.trial import Trial
from descent.optim import Optimizer, kahan, master, stochastic
from descent.signature import state_names

__all__ = ["MAPS", "TRIALS", "eight_bits", "in_bytes", "in_eight_bits", "matched", "stopped",
           "swept", "trained"]

SHORT = torch.bfloat16


def nearest(rule):
    """Return the rule, computed in float32, on parameters that are rounded to the nearest."""
    @functools.wraps(rule)
    def new(p, g, t, *state, **hyper):
        q, *state = rule(p.float(), g.float(), t, *state, **hyper)
        return q.to(p.dtype), *state

    new.__signature__ = inspect.signature(rule)
    return new


def rounded(rule, wrap):
    """Return a wrapped rule on parameters with bfloat16's values, which stay float32 in memory."""
    inner = wrap(rule)

    @functools.wraps(inner)
    def new(p, g, t, *state, **hyper):
        p, *state = inner(p.to(SHORT), g, t, *state, **hyper)
        return p.float(), *state

    return new


def holding(rule, names):
    """Return the rule with these of its states rounded to bfloat16's values at each step."""
    @functools.wraps(rule)
    def new(p, g, t, *state, **hyper):
        p, *state = rule(p, g, t, *state, **hyper)
        return p, *(x.to(SHORT).float() if name in names else x
                    for name, x in zip(state_names(rule), state, strict=True))

    new.__signature__ = inspect.signature(rule)
    return new


WRAPS = {"nearest": nearest, "stochastic": stochastic, "kahan": kahan, "master": master}
MAKERS = {
    "torch": torch.optim.Adam,
    "fused": partial(torch.optim.Adam, fused=True),
    "ours": partial(Optimizer, rule=rules.adam),
    "stochastic": partial(Optimizer, rule=stochastic(rules.adam)),
    "kahan": partial(Optimizer, rule=kahan(rules.adam)),
    "master": partial(Optimizer, rule=master(rules.adam)),
}


def swept(task, rule, lrs, steps, seeds, wrap=None, held=(), cosine=False, examples=None,
          batch_size=64, **hyper):
    """Train each lr with as many seeds; return train and test losses, each (rates, seeds).

    `wrap` names what is done to parameters in bfloat16 (None: they are float32), `held` the states
    that are kept in it. The task keeps its first `examples` training examples, or all.
    """
    part = getattr(tasks, task)()
    part = part.cut(train=examples) if examples else part
    update = getattr(rules, rule)
    update = holding(update, held) if held else update
    update = rounded(update, WRAPS[wrap]) if wrap else update
    hyper = {name: tuple(h) if isinstance(h, list) else h for name, h in hyper.items()}
    factor = schedules.cosine_annealing(1.0, steps) if cosine else None
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)  # for stochastic rounding
        made = tasks.fit(part, update, seeds=fresh_seeds(seeds), steps=steps, lr=lrs,
                         batch_size=batch_size, schedule=factor, **hyper)
    return {"train_loss": made.train_loss, "test_loss": made.test_loss}


def stopped(task, rule, lr, stops, seeds):
    """Train as `swept` does in float32, but stop early; return both losses, (stops, seeds)."""
    made = [swept(task, rule, [lr], steps, seeds) for steps in stops]
    return {name: [one[name][0] for one in made] for name in made[0]}


def trained(task, maker, dtype, lr, steps, seeds, batch_size=64):
    """Train one network a seed by an Adam, all in one dtype; return both losses, (seeds,).

    The losses are those of the trained weights in float32.
    """
    part, made = getattr(tasks, task)(), []
    dtype = getattr(torch, dtype)
    x, y = part.train
    for seed in fresh_seeds(seeds):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = part.make().to(dtype)
            optimizer = MAKERS[maker](model.parameters(), lr=lr)
            for k in range(steps):
                if k % (len(y) // batch_size) == 0:
                    order = iter(torch.randperm(len(y)).split(batch_size))
                rows = next(order)
                optimizer.zero_grad()
                cross_entropy(model(x[rows].to(dtype)), y[rows]).backward()
                optimizer.step()
        model = copy.deepcopy(model).float()
        with torch.no_grad():
            made.append([cross_entropy(model(x), y).item()
                         for x, y in (part.train, part.test)])
    return {name: [one[k] for one in made] for k, name in enumerate(("train_loss", "test_loss"))}


def eight_bits(x, levels, root, least=0):
    """Round as `levels` codes would that are linear in the root; blocks of 256.

    No number that is above 0 gets a code below `least`.
    """
    blocks = pad(x, (0, -x.shape[-1] % 256)).unflatten(-1, (-1, 256))
    small = blocks.sign() * blocks.abs()**(1 / root)
    scale = small.abs().amax(-1, keepdim=True).clamp(min=1e-30) / levels
    codes = (small / scale).round()
    codes = torch.where(small > 0, codes.clamp(min=least), codes)
    rounded = codes * scale
    return (rounded.sign() * rounded.abs()**root).flatten(-2)[..., :x.shape[-1]]


def in_eight_bits(rule, root, least=0):
    """Return an Adam that keeps m linearly in eight bits, and v linearly in its root."""
    @functools.wraps(rule)
    def new(p, g, t, m=0.0, v=0.0, v_max=0.0, **hyper):
        p, m, v, _ = rule(p, g, t, m, v, **hyper)
        v = eight_bits(v, 255, root, least)
        return p, eight_bits(m, 127, 1), v, v

    return new


def in_bytes(task, rule, lrs, steps, seeds, root, least=0):
    """Train each lr with as many seeds, both means in eight bits (root 0: not); return losses."""
    update = getattr(rules, rule)
    made = tasks.fit(getattr(tasks, task)(), in_eight_bits(update, root, least) if root else update,
                     seeds=fresh_seeds(seeds), steps=steps, lr=lrs)
    return {"train_loss": made.train_loss, "test_loss": made.test_loss}


MAPS = {"float32": (0, 0), "v": (1, 0), "its square root": (2, 0), "its fourth root": (4, 0),
        "v, least code 1": (1, 1), "its square root, least code 1": (2, 1)}
_DIGITS = {"task": "digits", "steps": 600, "seeds": 10}
_ADAM = {**_DIGITS, "rule": "adam", "lrs": [1e-4, 1e-3, 1e-2]}
_SGD = {**_DIGITS, "rule": "sgd", "momentum": 0.9, "lrs": [0.01, 0.1]}
_COSINE = {**_DIGITS, "rule": "adam", "lrs": [1e-3, 3e-3], "steps": 1500, "cosine": True}
_SPELLING = {"task": "spelling", "rule": "adam", "lrs": [1e-3, 1e-2], "steps": 240, "seeds": 5,
             "examples": 2000, "batch_size": 32}
_STOPPED = {"task": "digits", "rule": "adam", "lr": 1e-2, "stops": [150, 200, 250, 300, 350, 400]}
_BYTES = {"task": "digits", "rule": "adam", "lrs": [1e-3, 3e-3, 1e-2], "steps": 800, "seeds": 10}
_BETAS = {0.95: [0.9, 0.95], 0.99: [0.9, 0.99], 0.999: [0.9, 0.999]}

TRIALS = {
    "adam/float32": Trial(swept, _ADAM),
    "adam/nearest": Trial(swept, {**_ADAM, "wrap": "nearest"}),
    "adam/nearest, state too": Trial(swept, {**_ADAM, "wrap": "nearest", "held": ["m", "v"]}),
    **{f"adam/{wrap}": Trial(swept, {**_ADAM, "wrap": wrap})
       for wrap in ("stochastic", "kahan", "master")},
    **{f"trained/{dtype}, {maker}": Trial(trained, {
        **_DIGITS, "maker": maker, "dtype": dtype, "lr": 1e-3})
       for dtype, maker in (("float32", "torch"), *(("bfloat16", maker) for maker in MAKERS))},
    "adam/float32, stopped": Trial(stopped, {**_STOPPED, "seeds": 10}),
    **{f"state/beta2 {beta2}, {''.join(held) or 'none'}": Trial(swept, {
        **_ADAM, "lrs": [1e-3], "betas": betas, "held": held})
       for beta2, betas in _BETAS.items() for held in ([], ["m"], ["v"])},
    **{f"{name}/{wrap or 'float32'}": Trial(swept, {**settings, "wrap": wrap})
       for name, settings in (("sgd", _SGD), ("cosine", _COSINE), ("spelling", _SPELLING))
       for wrap in (None, "nearest")},
    # the largest lr once more: thirty seeds that the trials above did not see follow their ten
    **{f"more/{wrap or 'float32'}": Trial(swept, {
        **_ADAM, "lrs": [1e-2], "seeds": 40, "wrap": wrap}) for wrap in (None, *WRAPS)},
    **{f"bytes/{name}": Trial(in_bytes, {**_BYTES, "root": root, "least": least})
       for name, (root, least) in MAPS.items()},
    "more/float32, stopped": Trial(stopped, {**_STOPPED, "seeds": 40}),
}


def matched(results, family="adam"):
    """Return test losses of float32 stopped where it trains as well as `nearest` ends at lr 1e-2.

    One number a seed, by interpolation between the stops on a scale of logarithms; `family` is
    "adam" or "more".
    """
    stops, whole = results[f"{family}/float32, stopped"], results[f"{family}/float32"]
    train, test = (np.concatenate([stops[name], whole[name][-1:]])
                   for name in ("train_loss", "test_loss"))
    wanted = results[f"{family}/nearest"]["train_loss"][-1]
    found = []
    for k, loss in enumerate(wanted):
        order = train[:, k].argsort()
        found.append(np.interp(np.log(loss), np.log(train[order, k]), test[order, k]))
    return np.array(found)

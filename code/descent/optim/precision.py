"""Three remedies for parameters of 16 bits, each a wrapper that makes a rule of a rule.

A weight on a coarse grid ignores steps of less than half a grid spacing. So the rule computes in
32 bits, its state included, and what rounding its new point loses is kept in some way: `master`
keeps all of it (4 bytes more for each parameter), `kahan` eight bits of it (2), and `stochastic`
keeps it on average (none). Where parameters have 32 bits or more, nothing is rounded and each is
the rule itself.
"""

import inspect
import math

import torch

from descent.signature import hyperparameters, looks_again, name_of, state_names

__all__ = ["kahan", "master", "stochastic"]


def master(rule):
    """Return the rule on a copy `w` of the parameters in 32 bits, and round it.

    The state is `w`, then the rule's, all float32 where the parameters are bfloat16
    or float16. So `w` takes the very steps of a float32 run on the same gradients.
    It is the truth: what you write into a parameter in mid-run is overwritten by
    the next step.

    Takes any rule of tensors, also one configured by `functools.partial`. Raises
    TypeError for what is no such rule, ValueError for one that has a name `w`
    already.
    Source: Micikevicius et al. (2018), section 3.1.
    """
    def new(p, g, t, w=None, *state, **given):
        w, *state = rule(_wide(p) if w is None else w, _wide(g), t, *state, **given)
        return w.to(p.dtype), w, *state

    return _as_rule(new, "master", rule, w=None)


def kahan(rule):
    """Return the rule with `c`, what the last rounding lost, added to the next.

    The state is `c`, of the parameter's dtype, then the rule's, float32 where the
    parameters are bfloat16 or float16. In bfloat16 parameter and `c` have 16 bits
    between them: a step of less than 2**-18 to 2**-17 of its parameter is lost once
    more.

    Takes what `master` takes, and raises alike (the name is `c`). `Optimizer`
    refuses it with compile=True: a kernel rounds only what it stores, so nothing
    would seem lost.
    Source: Kahan (1965) for sums, Zamirai et al. (2021) for parameters.
    """
    def new(p, g, t, c=0.0, *state, **given):
        q, *state = rule(_wide(p), _wide(g), t, *state, **given)
        q = q + c
        p = q.to(p.dtype)
        return p, (q - p).to(p.dtype), *state

    return _as_rule(new, "kahan", rule, "what it rounds in between", c=0.0)


def stochastic(rule):
    """Return the rule with its new point rounded by chance, its mean exact.

    The state is the rule's, float32 where the parameters are bfloat16 or float16.
    After a way of many steps an entry is off by about the root of (way x grid
    spacing), however small the steps.

    Chance comes from torch's global generator of the device, so `torch.manual_seed`
    repeats a run; a resumed run repeats it only if the generator's state was saved
    too. Replicas that must stay alike (data parallel, each process stepping all
    parameters) need one seed for all at this point, or they drift apart; where each
    entry has one owner (sharded), any seeds will do.

    Takes what `master` takes, and raises TypeError alike. `Optimizer` refuses it
    with compile=True. Source: Gupta et al. (2015), section 3; Zamirai et al.
    (2021).
    """
    def new(p, g, t, *state, **given):
        q, *state = rule(_wide(p), _wide(g), t, *state, **given)
        return _by_chance(q, p.dtype), *state

    return _as_rule(new, "stochastic", rule, "what is drawn anew at each step")


def _by_chance(x, dtype):
    """Return x in a dtype of fewer bits: a neighbour there, so that the mean is x.

    Past the largest finite number it rounds as usual; NaN, infinities and signs of
    0 stay.
    """
    near = x.to(dtype)
    if dtype == x.dtype:
        return near
    towards = torch.where(x > near, math.inf, -math.inf).to(dtype)
    other = torch.nextafter(near, towards)  # the neighbour on the other side of x
    chance = (x - near) / (other.to(x.dtype) - near)  # NaN at infinity
    return torch.where(torch.rand_like(x) < chance, other, near)


def _wide(x):
    """Return a tensor in 32 bits at least; as it is if it has them."""
    if not isinstance(x, torch.Tensor):
        raise TypeError(f"master, kahan and stochastic are for tensors, got {x!r}")
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _as_rule(new, name, rule, beyond_kernels=None, **own):
    """Give `new` the rule's signature with state of its own, and what that starts as, in front.

    `beyond_kernels` says what a kernel would not do: `Optimizer` reads it.
    """
    if looks_again(rule):
        raise TypeError(f"{name} is for rules that take the gradient, which {name_of(rule)} "
                        f"does not: it must look more than once in a step")
    if taken := own.keys() & {*state_names(rule), *hyperparameters(rule)}:
        raise ValueError(f"{name} keeps a state {', '.join(taken)}, and {name_of(rule)} must have "
                         f"nothing of that name")
    signature = inspect.signature(rule)
    p, g, t, *others = signature.parameters.values()
    added = [inspect.Parameter(one, t.kind, default=start) for one, start in own.items()]
    new.__signature__ = signature.replace(parameters=[p, g, t, *added, *others])
    new.__name__ = new.__qualname__ = f"{name}({name_of(rule)})"
    new.__wrapped__, new.beyond_kernels = rule, beyond_kernels
    return new

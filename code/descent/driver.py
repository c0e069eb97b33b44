"""Run a rule: from a starting point, a gradient function and hyper-parameters to iterates."""

from typing import Any, NamedTuple

import numpy as np

from descent.ops import is_tensor
from descent.signature import hyperparameters, known, looks_again, name_of, settle, state_names

__all__ = ["Step", "entries", "path", "walk"]


class Step(NamedTuple):
    """One step of a run: its number, the gradient it used, and where it led."""

    t: int
    g: Any
    p: Any
    state: tuple
    hyper: dict


def walk(rule, grad, p, steps, **hyper):
    """Yield a `Step` for t = 1 … steps, starting at `p`.

    Hyper-parameters may be numbers, arrays that broadcast against `p`, or schedules: functions
    of the step number counted from 0. Members of a tuple (`betas`) may be any of the three. For
    `lbfgs`, `grad` is its `fun`, which returns the value and the gradient.

    Raises TypeError or ValueError, before the first step, for an unknown name or a value that
    torch would refuse.
    """
    if isinstance(steps, bool) or not isinstance(steps, (int, np.integer)) or steps < 0:
        raise ValueError(f"steps must be a whole number >= 0, got {steps!r}")
    if not callable(grad):
        raise TypeError(f"grad must be a function of the point, got {grad!r}")
    known(rule, hyper)
    hyper = settle(rule, {**hyperparameters(rule), **hyper})
    return _walk(rule, grad, _point(p), steps, hyper)


def _walk(rule, grad, p, steps, hyper):
    scheduled = any(callable(h) or (isinstance(h, tuple) and any(map(callable, h)))
                    for h in hyper.values())
    state, again, names = (), looks_again(rule), state_names(rule)

    def looked(p):
        f, g = _value_and_gradient(grad(p))
        _check_gradient(g, p)
        return f, g

    for t in range(1, steps + 1):
        now = settle(rule, {k: _at(h, t - 1) for k, h in hyper.items()}) if scheduled else hyper
        if again:
            p, *state = rule(p, looked, t, *state, **now)
            g = state[names.index("g_old")]
        else:
            g = grad(p)
            _check_gradient(g, p)
            new = rule(p, g, t, *state, **now)
            if not isinstance(new, (tuple, list)):  # a bare array would be taken for its rows
                raise TypeError(f"{name_of(rule)} must return a tuple, "
                                f"({', '.join(['p', *names])}{'' if names else ','}), got {new!r}")
            p, *state = new
        yield Step(t, g, p, tuple(state), now)


def entries(rule, grad, p, steps, **hyper):
    """Yield a `Step` for t = 1 … steps as `walk` does, the rule called on one float at a time.

    `p` is a tuple of floats, such as a `surfaces.Point`, and `grad` a function from it to another.
    A step's `p` is one of its kind, its `state` a tuple of the state of each entry. For a rule that
    treats each entry alone this is `walk`, without arrays.

    Raises what `walk` raises, and TypeError for a rule that does not return a number and its state.
    """
    known(rule, hyper)
    hyper = settle(rule, {**hyperparameters(rule), **hyper})
    kind, states = type(p), ((),) * len(p)
    for t in range(1, steps + 1):
        g = grad(p)
        made = [rule(x, slope, t, *state, **hyper)
                for x, slope, state in zip(p, g, states, strict=True)]
        if t == 1:
            _check_returned(rule, made[0])
        p, states = kind([one[0] for one in made]), tuple([one[1:] for one in made])
        yield Step(t, g, p, states, hyper)


def _check_returned(rule, made):
    numbers = made if isinstance(made, tuple) and made else [None]
    if not all(isinstance(n, (int, float, complex)) for n in numbers):
        raise TypeError(f"{name_of(rule)} must return a tuple of numbers, the new point and then "
                        f"its state, got {made!r}")


def path(rule, grad, p, steps, **hyper):
    """Return the iterates p_0 … p_steps of a rule, stacked along a new first axis.

    `grad(p)` returns the gradient at `p`, a float, NumPy array or tensor; hyper-parameters as in
    `walk`. If they are arrays, the run is a batch of runs and every iterate has their shape.
    """
    points = [_point(p), *(step.p for step in walk(rule, grad, p, steps, **hyper))]
    if is_tensor(points[-1]):
        import torch  # not before: who runs a rule on arrays needs none

        return torch.stack([torch.broadcast_to(q, points[-1].shape) for q in points])
    return np.stack([np.broadcast_to(q, np.shape(points[-1])) for q in points])


def _point(p):
    """Return the starting point as float data, or raise."""
    if is_tensor(p):
        if not p.is_floating_point():
            raise TypeError(f"p must be a real floating-point tensor, got dtype {p.dtype}")
        return p.detach()
    try:
        point = np.asarray(p)
        if np.iscomplexobj(point):
            raise TypeError  # astype would drop the imaginary part
        point = point if np.issubdtype(point.dtype, np.floating) else point.astype(float)
    except (TypeError, ValueError):
        raise TypeError(
            f"p must be a number, an array or a tensor of real numbers, got {p!r}") from None
    return point if point.ndim else point[()]


def _at(hyper, k):
    if isinstance(hyper, tuple):
        return tuple(_at(h, k) for h in hyper)
    return hyper(k) if callable(hyper) else hyper


def _value_and_gradient(looked):
    if not (isinstance(looked, tuple) and len(looked) == 2):
        raise TypeError(f"fun must return two things, the value and the gradient, got {looked!r}")
    return looked


def _check_gradient(g, p):
    if not is_tensor(p) and is_tensor(g):
        raise TypeError("grad returned a tensor for a point that is none; start from a tensor")
    if g.is_complex() if is_tensor(g) else np.iscomplexobj(g):
        raise TypeError(f"grad must return real numbers, got {g!r}")
    if tuple(np.shape(g)) != tuple(np.shape(p)):
        raise ValueError(
            f"grad must return an array of the point's shape {tuple(np.shape(p))}, "
            f"got shape {tuple(np.shape(g))}"
        )

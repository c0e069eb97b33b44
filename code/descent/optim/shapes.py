"""What a rule makes of a parameter's shape, found by trial: no rule need say it."""

import warnings
from functools import cache

import torch

from descent.signature import name_of

__all__ = ["check_axes", "mixes"]

_SHAPES = ((), (3,), (3, 2), (2, 3, 4), (2, 2, 3, 4))  # all that is tried, by the number of axes


@cache
def _moved(rule, shape):
    """Return how far three steps lead from fixed numbers of that shape; None if to nowhere."""
    numbers = torch.arange(1.0, 1 + torch.Size(shape).numel(), dtype=torch.float64)
    return _led(rule, numbers.reshape(shape))


def _led(rule, numbers):
    p, state = numbers.sin(), ()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # as of a matrix's transpose of what is none
            for t in (1, 2, 3):
                p, *state = rule(p, (t * numbers).cos(), t, *state)
    except Exception:  # whatever a rule may raise
        return None
    return p - numbers.sin() if getattr(p, "shape", None) == numbers.shape else None


@cache
def mixes(rule):
    """Tell whether an entry of a matrix moves otherwise than it would alone."""
    whole = _moved(rule, (3, 2))
    if whole is None:
        return False
    alone = [_led(rule, torch.tensor([k], dtype=torch.float64)) for k in range(1, 7)]
    return any(one is None or not torch.allclose(one, moved, atol=1e-12)
               for one, moved in zip(alone, whole.reshape(-1), strict=True))


def check_axes(rule, params):
    """Raise a ValueError for a parameter with more or fewer axes than the rule takes.

    And for a complex one where the rule mixes entries: its two parts would be an axis more. A rule
    that fails at a matrix too may have reasons of its own; nothing is said of it.
    """
    if _moved(rule, (3, 2)) is None:
        return
    takes = [len(shape) for shape in _SHAPES if _moved(rule, shape) is not None]
    for p in params:
        if p.ndim < len(_SHAPES) and p.ndim not in takes:
            raise ValueError(f"{name_of(rule)} takes parameters of "
                             f"{' or '.join(map(str, takes))} axes, got shape {tuple(p.shape)}")
        if p.is_complex() and mixes(rule):
            raise ValueError(f"{name_of(rule)} mixes entries and takes no complex parameter, "
                             f"got shape {tuple(p.shape)}")

"""What a rule makes of a parameter's shape, found by trial: no rule need say it."""

from functools import cache

import torch

from descent.signature import name_of

__all__ = ["check_axes", "mixes"]

_SHAPES = ((), (3,), (3, 2), (2, 3, 4), (2, 2, 3, 4))  # all that is tried, by the number of axes


@cache
def _moved(rule, shape):
    """Return where a first step from fixed numbers of that shape leads; None if to nowhere."""
    numbers = torch.arange(1.0, 1 + torch.Size(shape).numel(), dtype=torch.float64)
    try:
        p, *_ = rule(numbers.sin().reshape(shape), numbers.cos().reshape(shape), 1)
    except Exception:  # whatever a rule may raise
        return None
    return p if getattr(p, "shape", None) == shape else None


def mixes(rule):
    """Tell whether an entry of a matrix moves otherwise than it would in a vector."""
    whole, laid = _moved(rule, (3, 2)), _moved(rule, (6,))
    return whole is not None and (laid is None or not torch.allclose(whole.reshape(-1), laid))


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

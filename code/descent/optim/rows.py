"""Sparse gradients: which rules take them, and what they do to a table's rows.

A sparse gradient says that all it does not hold is 0. Only a rule that leaves such an entry and its
state alone can be run on the rows held, and is so run; `leaves_alone` finds that by trial.
"""

from functools import lru_cache

import torch

__all__ = ["leaves_alone", "row_at", "rows_of"]


def leaves_alone(rule, hyper):
    """Tell whether, at these settings, an entry whose gradient is 0 stays and is none the wiser."""
    return _left(rule, tuple((name, value) for name, value in hyper.items() if name != "lr"))


@lru_cache(maxsize=256)
def _left(rule, hyper):
    p, one = torch.ones(2, dtype=torch.float64), torch.tensor([1.0, 0.0], dtype=torch.float64)
    hyper = {"lr": 1.0, **dict(hyper)}
    try:
        first, *state = rule(p, 0 * one + 1, 1, **hyper)
        then, *new = rule(first, one, 2, *state, **hyper)
        same = [(rule(p, one, 1, **hyper)[0], p), (then, first)]
        same += [[rule(first, 0 * one + 0.5, 3, *kept, **hyper)[0] for kept in (state, new)]]
        return all(a[1] == b[1] for a, b in same)
    except Exception:  # whatever a rule may raise, or a number that has no entries
        return False


def rows_of(grad):
    """Return where a sparse gradient has rows, and the rows; a row named twice is added up.

    An entry of 0 in a row becomes the least number above it, which adds nothing to any mean: torch
    counts it as seen, since its row is.
    """
    grad = grad.coalesce()
    values = grad.values()
    least = torch.nextafter(values.new_zeros(()), values.new_ones(()))
    return tuple(grad.indices()), torch.where(values == 0, least, values)


def row_at(state, where):
    """Return the rows of each tensor of a state."""
    return {name: x[where] if isinstance(x, torch.Tensor) else x for name, x in state.items()}

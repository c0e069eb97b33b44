"""Rules that see shapes, on rows: each row holds all parameters of one model, end to end."""

import math
from functools import wraps

import numpy as np
import torch
from torch.func import vmap

from descent.rules.adamw import adamw
from descent.signature import hyperparameters

__all__ = ["beside_adamw", "by_parameter"]


def by_parameter(rule, shapes):
    """Return the rule on rows, each parameter of each model stepped alone and in its own shape.

    The last axis of a point (…, numbers) holds parameters of these `shapes`; arrays become tensors
    on the way. Hyper-parameters are numbers or columns (…, 1), members of a tuple too; those of one
    step are shared by all parameters of a model. A state is a tuple, one tensor a parameter.
    """
    sizes = [math.prod(shape) for shape in shapes]

    def split(rows, count):
        parts = _tensor(rows).reshape(count, -1).split(sizes, 1)
        return [part.reshape(-1, *shape) for part, shape in zip(parts, shapes, strict=True)]

    @wraps(rule)
    def stepped(p, g, t, *states, **hyper):
        count = math.prod(p.shape[:-1])
        own = {name: _each(lambda h: _by_model(h, p), value) for name, value in hyper.items()}
        axes = {name: _each(lambda h: 0 if isinstance(h, torch.Tensor) else None, value)
                for name, value in own.items()}

        def one(p, g, hyper, *state):
            new, *state = rule(p, g, t, *state, **hyper)
            return new, *(torch.as_tensor(s, dtype=p.dtype, device=p.device) for s in state)

        kept = zip(*states, strict=True) if states else [()] * len(sizes)
        made = [vmap(one, in_dims=(0, 0, axes, *[0] * len(state)))(*pair, own, *state)
                for *pair, state in zip(split(p, count), split(g, count), kept, strict=True)]
        new, *states = zip(*made, strict=True)
        new = torch.cat([part.reshape(count, -1) for part in new], 1).reshape(p.shape)
        return new if isinstance(p, torch.Tensor) else new.numpy(), *states

    return stepped


def beside_adamw(rule, places, rest_decay):
    """Return a rule on rows: `rule` on the matrices at `places`, AdamW on all other numbers.

    `places` has (first, last, (rows, columns)) of each. `lr` and `weight_decay`, the rule's own if
    not given, are the matrices'; AdamW's are `share` times lr and `rest_decay`.
    """
    each, own = by_parameter(rule, [shape for *_, shape in places]), hyperparameters(rule)

    def stepped(p, g, t, m=0.0, v=0.0, *states, lr=own["lr"], share=1.0,
                weight_decay=own["weight_decay"]):
        new, m, v, _ = adamw(p, g, t, m, v, lr=lr * share, weight_decay=rest_decay)
        inside = [torch.cat([x[:, first:last] for first, last, _ in places], 1) for x in (p, g)]
        moved, *states = each(*inside, t, *states, lr=lr, weight_decay=weight_decay)
        sizes = [last - first for first, last, _ in places]
        for (first, last, _), matrix in zip(places, moved.split(sizes, 1), strict=True):
            new[:, first:last] = matrix
        return new, m, v, *states

    return stepped


def _each(function, value):
    """Return the function of a value, or of each member of a tuple."""
    return tuple(map(function, value)) if isinstance(value, tuple) else function(value)


def _by_model(value, p):
    """Return a column as one number a model; what is no column, as it is."""
    if np.ndim(value) == 0:
        return value
    return _tensor(value).to(_tensor(p)).expand(*p.shape[:-1], 1).reshape(-1)


def _tensor(x):
    return x if isinstance(x, torch.Tensor) else torch.tensor(x)

"""ASGD: gradient descent, and beside it the mean of where it has been."""

from descent.ops import maximum


def asgd(p, g, t, ax=0.0, eta=0.0, *,
         lr=1e-2, lambd=1e-4, alpha=0.75, t0=1e6, weight_decay=0.0):
    """Take one step; return the new point, the mean of the points and the next step's rate.

    The first point in the mean is that of step t0 + 2; until then the mean is the point. As in
    torch, a step's rate was made at the end of the step before, with the lr of then.
    Source: Polyak and Juditsky (1992); the falling rate as in Bottou's sgd.
    """
    g = g + weight_decay * p
    eta = lr if t == 1 else eta
    p = (1 - lambd * eta) * p - eta * g
    ax = ax + (p - ax) / maximum(1, t - 1 - t0)
    return p, ax, lr / (1 + lambd * lr * t)**alpha

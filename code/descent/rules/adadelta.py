"""Adadelta: the step measured in the unit of past steps, not in that of a learning rate."""

from descent.ops import sqrt


def adadelta(p, g, t, v=0.0, u=0.0, *, lr=1.0, rho=0.9, eps=1e-6, weight_decay=0.0):
    """Take one step; return the new point and the mean squares of gradients and steps.

    `v` is that of the gradients, `u` that of the steps before lr scales them; eps stands
    inside both roots. Source: Zeiler (2012), algorithm 1, with torch's lr on top.
    """
    g = g + weight_decay * p
    v = rho * v + (1 - rho) * g**2
    step = sqrt(u + eps) / sqrt(v + eps) * g
    u = rho * u + (1 - rho) * step**2
    return p - lr * step, v, u

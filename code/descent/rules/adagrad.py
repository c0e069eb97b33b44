"""Adagrad: each coordinate's step divided by the root of its summed squared gradients."""

from descent.ops import sqrt


def adagrad(p, g, t, G=0.0, *,
            lr=1e-2, lr_decay=0.0, weight_decay=0.0,
            initial_accumulator_value=0.0, eps=1e-10):
    """Take one step; return the new point and the sum of squares `G`.

    The sum holds this step's gradient before it divides it, and eps stands outside
    the root, as in torch. Source: Duchi, Hazan and Singer (2011), the diagonal form.
    """
    g = g + weight_decay * p
    G = (initial_accumulator_value if t == 1 else G) + g**2
    lr = lr / (1 + (t - 1) * lr_decay)
    return p - lr * g / (sqrt(G) + eps), G

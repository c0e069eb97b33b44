"""Lion: the sign of a mean of gradients, of which two are kept by one number."""

from descent.ops import sign


def lion(p, g, t, m=0.0, *, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
    """Take one step; return the new point and the mean of gradients `m`.

    The point shrinks by lr * weight_decay; then every entry moves by lr, or not at all where the
    mean of `m` and the new gradient is 0.
    Source: Chen et al. (2023), algorithm 2.
    """
    beta1, beta2 = betas
    p = (1 - lr * weight_decay) * p
    p = p - lr * sign(beta1 * m + (1 - beta1) * g)
    m = beta2 * m + (1 - beta2) * g
    return p, m

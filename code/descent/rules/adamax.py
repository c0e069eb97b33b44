"""Adamax: Adam whose moving mean of squares has become a decaying maximum."""

from descent.ops import maximum


def adamax(p, g, t, m=0.0, u=0.0, *,
           lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
    """Take one step; return the new point, the mean of gradients and the decaying maximum.

    The maximum needs no correction for its start at 0; eps joins each gradient's size, as in
    torch (the paper has none), and weight decay the gradient.
    Source: Kingma and Ba (2015), algorithm 2.
    """
    beta1, beta2 = betas
    g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    u = maximum(beta2 * u, abs(g) + eps)
    return p - lr / (1 - beta1**t) * m / u, m, u

"""ADOPT: Adam that divides by the squares of before, and before it averages."""

from descent.ops import maximum, minimum, sqrt


def adopt(p, g, t, m=0.0, v=0.0, *, lr=1e-3, betas=(0.9, 0.9999), eps=1e-6, weight_decay=0.0):
    """Take one step; return the new point and both moving means.

    The first step only looks at the size of the gradient. What is divided is clipped, ever less.
    Source: Taniguchi et al. (2024), algorithm 2, with the authors' clip of (t - 1)^(1/4).
    """
    beta1, beta2 = betas
    g = g + weight_decay * p
    if t == 1:
        return p, 0.0 * g, g**2
    clip = (t - 1)**0.25
    scaled = minimum(maximum(g / maximum(sqrt(v), eps), -clip), clip)
    m = beta1 * m + (1 - beta1) * scaled
    p = p - lr * m
    v = beta2 * v + (1 - beta2) * g**2
    return p, m, v

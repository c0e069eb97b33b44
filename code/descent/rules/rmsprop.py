"""RMSprop: each coordinate's step divided by the root of a moving mean of squared gradients."""

from descent.ops import sqrt


def rmsprop(p, g, t, v=0.0, g_mean=0.0, b=0.0, *,
            lr=1e-2, alpha=0.99, eps=1e-8, weight_decay=0.0,
            momentum=0.0, centered=False):
    """Take one step; return the new point, both moving means and the buffer `b`.

    `v` is the mean square, `g_mean` the mean gradient, which only `centered` uses.
    All start at 0 without correction, and eps stands outside the root, as in
    torch. Source: Hinton (2012), lecture 6; centered: Graves (2013).
    """
    g = g + weight_decay * p
    v = alpha * v + (1 - alpha) * g**2
    g_mean = alpha * g_mean + (1 - alpha) * g
    square = v - g_mean**2 if centered else v
    b = momentum * b + g / (sqrt(square) + eps)
    return p - lr * b, v, g_mean, b

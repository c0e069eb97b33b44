"""Adafactor: the mean of squares of a matrix, kept as means of its rows and of its columns."""

from descent.ops import machine_eps, maximum, minimum, sqrt

__all__ = ["adafactor", "rms"]


def adafactor(p, g, t, R=0.0, C=0.0, *,
              lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0):
    """Take one step; return the new point and the means of squares of rows and columns.

    Of more than two axes the last two count as rows and columns; a vector keeps its mean
    of squares in `R`. An `eps` of None is the machine epsilon, as in torch.
    Source: Shazeer and Stern (2018), algorithms 4 and 5, as torch writes them.
    """
    eps1, eps2 = eps
    eps1 = machine_eps(p) if eps1 is None else eps1
    w = t**beta2_decay  # 1 - beta2 of this step
    alpha = maximum(eps2, rms(p)) * minimum(lr, 1 / sqrt(t))
    p = (1 - lr * weight_decay) * p
    if g.ndim > 1:
        R = (1 - w) * R + w * (g**2).mean(-1, keepdims=True)
        C = (1 - w) * C + w * (g**2).mean(-2, keepdims=True)
        V = R * C / maximum(R.mean(-2, keepdims=True), eps1)
    else:
        V = R = (1 - w) * R + w * g**2
    U = g / sqrt(maximum(V, eps1**2))
    return p - alpha * U / maximum(1.0, rms(U) / d), R, C


def rms(x):
    """Return the root of the mean square of all entries."""
    return sqrt((x**2).mean())

"""One rule with three switches: SGD, Adam, Adagrad, Shampoo and more are settings of it."""

from descent.ops import dot, sqrt
from descent.rules.shampoo import power

__all__ = ["AVERAGES", "MEMORIES", "NORMS", "ladder"]

NORMS = "whole", "entries", "matrix"
MEMORIES = "kept", "now", "fading", "all"
AVERAGES = "none", "gradients", "iterates"


def ladder(p, g, t, m=0.0, L=0.0, R=0.0, x=0.0, z=0.0, *, lr=1e-3, norm="entries",
           memory="fading", average="gradients", beta=0.9, beta2=0.999, eps=1e-8):
    """Take one step; return the new point and what is remembered.

    `norm` says how a step's length is measured: by all entries together, by the largest, or by the
    largest singular value. `memory` says what sizes it is divided by: its own ("now"; "kept" then
    multiplies by the length of what was divided), those of a fading or of all the past. `average`
    says what is averaged: nothing, the gradients, or the points, whose mean is then `x`. As a
    matrix a vector is taken whole: its one singular value is its length. `eps` is added to sizes,
    but for a matrix to their squares, as Adam and Shampoo do.
    Raises ValueError for another word, or for more than two axes as a matrix.
    Sources: Bernstein and Newhouse (2024) for the norms; for the corners those of their rules.
    """
    known(norm=norm, memory=memory, average=average)
    if norm == "matrix" and p.ndim > 2:
        raise ValueError(f"norm must not be matrix for a point of {p.ndim} axes: flatten it")
    if norm == "matrix" and p.ndim < 2:
        norm = "whole"
    d = g
    if average == "gradients":
        m = beta * m + (1 - beta) * g
        d = m / (1 - beta**t) if memory == "fading" else m
    if memory in {"kept", "now"}:
        step = divided(d, *squares(d, norm), norm, eps)
        step = dot(d, step) * step if memory == "kept" else step
    else:
        old, new, full = (beta2, 1 - beta2, 1 - beta2**t) if memory == "fading" else (1, 1, 1)
        rows, columns = squares(g, norm)
        L, R = old * L + new * rows, old * R + new * columns
        step = divided(d, L / full, R / full, norm, eps)
    if average != "iterates":
        return p - lr * step, m, L, R, x, z
    if t == 1:
        x = z = p
    z = z - lr * step
    x = (1 - 1 / t) * x + z / t
    return beta * x + (1 - beta) * z, m, L, R, x, z


def known(**choices):
    """Raise a ValueError for a switch that does not stand on one of its words."""
    for (name, value), words in zip(choices.items(), (NORMS, MEMORIES, AVERAGES), strict=True):
        if value not in words:
            raise ValueError(f"{name} must be {', '.join(words[:-1])} or {words[-1]}, "
                             f"got {value!r}")


def squares(g, norm):
    """Return the squares of a gradient: one number, one for each entry, or of rows and columns."""
    if norm == "matrix":
        return g @ g.T, g.T @ g
    return (dot(g, g) if norm == "whole" else g**2), 0.0


def divided(d, L, R, norm, eps):
    """Return `d` divided by the root of squares."""
    if norm == "matrix":
        return power(L, -0.25, eps) @ d @ power(R, -0.25, eps)
    return d / (sqrt(L) + eps)

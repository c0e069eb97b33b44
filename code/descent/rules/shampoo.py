"""Shampoo: a gradient matrix between the inverse fourth roots of two sums."""

from descent.ops import eigh, maximum


def shampoo(p, g, t, L=0.0, R=0.0, *, lr=1e-3, weight_decay=0.0, matrix_eps=1e-6):
    """Take one step on a matrix; return the new one and the sums of g gᵀ and of gᵀ g.

    Source: Gupta et al. (2018), algorithm 1 for matrices, without momentum.
    """
    g = g + weight_decay * p
    L = L + g @ g.T
    R = R + g.T @ g
    p = p - lr * power(L, -0.25, matrix_eps) @ g @ power(R, -0.25, matrix_eps)
    return p, L, R


def power(A, exponent, eps):
    """Return a power of a symmetric matrix without negative eigenvalues, `eps` added to each.

    Rounding makes some of them negative all the same; these count as 0.
    """
    w, Q = eigh(A)
    return (Q * (maximum(w, 0.0) + eps)**exponent) @ Q.T

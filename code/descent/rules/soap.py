"""SOAP: Adam in the basis of the eigenvectors that Shampoo would take roots in."""

from descent.ops import eigh, qr, sqrt


def soap(p, g, t, m=0.0, v=0.0, L=0.0, R=0.0, QL=0.0, QR=0.0, *,
         lr=3e-3, betas=(0.95, 0.95), eps=1e-8, weight_decay=1e-2, precondition_frequency=10):
    """Take one step on a matrix; return the new one, Adam's means, Shampoo's and their bases.

    The first step only looks: it makes the bases, and moves nothing. Later ones turn them a little
    every `precondition_frequency` steps. `m` is kept in the matrix's own basis, `v` in the turned.
    Source: Vyas et al. (2025), algorithm 3.
    """
    beta1, beta2 = betas
    if t > 1:
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (QL.T @ g @ QR)**2
        step = QL @ ((QL.T @ m @ QR) / (sqrt(v) + eps)) @ QR.T
        p = p - lr * sqrt(1 - beta2**(t - 1)) / (1 - beta1**(t - 1)) * step
        p = (1 - lr * weight_decay) * p
    L = beta2 * L + (1 - beta2) * g @ g.T
    R = beta2 * R + (1 - beta2) * g.T @ g
    if t == 1:
        m, v, QL, QR = 0.0 * g, 0.0 * g, eigh(L)[1], eigh(R)[1]
    elif (t - 1) % precondition_frequency == 0:
        (QL, rows), (QR, columns) = turned(QL, L), turned(QR, R)
        v = v[rows][:, columns]
    return p, m, v, L, R, QL, QR


def turned(Q, A):
    """Return Q a power step nearer to A's eigenvectors, largest first, and the new order."""
    AQ = A @ Q
    order = (-(Q * AQ).sum(0)).argsort()
    return qr(AQ[:, order])[0], order

"""Muon: momentum whose matrix is made, nearly, one of equal singular values."""

from descent.ops import maximum, sqrt

__all__ = ["muon", "newton_schulz"]


def muon(p, g, t, B=0.0, *,
         lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True,
         ns_coefficients=(3.4445, -4.7750, 2.0315), eps=1e-7, ns_steps=5, adjust_lr_fn=None):
    """Take one step on a matrix; return the new matrix and the mean of gradients `B`.

    The matrix shrinks by lr * weight_decay; then it moves by lr, adjusted to its shape,
    along the orthogonalised mean. torch makes that in bfloat16, this in p's own digits.
    Source: Jordan et al. (2024); Liu et al. (2025) for "match_rms_adamw".
    """
    B = momentum * B + (1 - momentum) * g
    U = (1 - momentum) * g + momentum * B if nesterov else B
    rows, columns = p.shape
    if adjust_lr_fn == "match_rms_adamw":
        scale = 0.2 * max(rows, columns)**0.5
    else:
        scale = max(1, rows / columns)**0.5
    step = scale * newton_schulz(U, ns_coefficients, ns_steps, eps)
    return (1 - lr * weight_decay) * p - lr * step, B


def newton_schulz(X, ns_coefficients, ns_steps, eps):
    """Return a matrix of X's singular vectors, its singular values sent near 1.

    Each step applies a s + b s³ + c s⁵ to every singular value s of X over its norm.
    Source: Jordan et al. (2024).
    """
    a, b, c = ns_coefficients
    tall = X.shape[0] > X.shape[1]
    X = X.T if tall else X
    X = X / maximum(sqrt((X * X).sum()), eps)
    for _ in range(ns_steps):
        A = X @ X.T
        X = a * X + (b * A + c * A @ A) @ X
    return X.T if tall else X

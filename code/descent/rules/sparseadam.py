"""SparseAdam: Adam for gradients that are mostly zeros, and only where they are not."""

from descent.ops import sqrt, where


def sparseadam(p, g, t, m=0.0, v=0.0, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
    """Take one step where the gradient is not 0; return the new point and both moving means.

    Elsewhere neither the point moves nor the means fade. The correction counts the steps of the
    whole table, not those of an entry; eps stands beside the uncorrected root, as in torch.
    Source: torch.optim.SparseAdam.
    """
    beta1, beta2 = betas
    seen = abs(g) > 0
    m = where(seen, beta1 * m + (1 - beta1) * g, m)
    v = where(seen, beta2 * v + (1 - beta2) * g**2, v)
    step = lr * (1 - beta2**t)**0.5 / (1 - beta1**t) * m / (sqrt(v) + eps)
    return where(seen, p - step, p), m, v

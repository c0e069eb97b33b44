"""RAdam: Adam that moves as momentum until its mean square can be trusted, and then warms up."""

from descent.ops import maximum, sqrt, where

__all__ = ["radam", "rectifier"]


def radam(p, g, t, m=0.0, v=0.0, *,
          lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, decoupled_weight_decay=False):
    """Take one step; return the new point and both moving means.

    While fewer than five squares' worth of `v` is known, the step is the mean of gradients
    alone; then Adam's, times the rectifier. Weight decay joins the gradient, or shrinks p first
    where it is decoupled; eps stands beside the uncorrected root, as in torch.
    Source: Liu et al. (2020), algorithm 2.
    """
    beta1, beta2 = betas
    if decoupled_weight_decay:
        p = (1 - lr * weight_decay) * p
    else:
        g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    known, r = rectifier(t, beta2)
    adaptive = r * (1 - beta2**t)**0.5 / (sqrt(v) + eps)
    return p - lr * m_hat * where(known, adaptive, 1.0), m, v


def rectifier(t, beta2):
    """Return whether v is known well enough at step t, and the factor of Adam's step if it is.

    A mean of the last rho squares varies about as much as v does; there must be more than 5.
    Source: Liu et al. (2020), section 4 and algorithm 2.
    """
    rho_inf = maximum(2 / (1 - beta2) - 1, 5)  # of fewer, v never holds enough
    rho = rho_inf - 2 * t * beta2**t / (1 - beta2**t)
    known, rho = rho > 5, maximum(rho, 5)
    return known, ((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))**0.5

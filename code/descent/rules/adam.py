"""Adam: a moving mean of gradients over the root of a moving mean of their squares."""

from descent.ops import maximum, sqrt


def adam(p, g, t, m=0.0, v=0.0, v_max=0.0, *,
         lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, amsgrad=False):
    """Take one step; return the new point, both moving means and the largest `v` so far.

    Both means are corrected for their start at 0; weight decay joins the gradient, and
    eps stands outside the root, as in torch. With amsgrad the largest mean square so
    far, uncorrected, takes the place of the present one.
    Source: Kingma and Ba (2015), algorithm 1; amsgrad: Reddi, Kale and Kumar (2018).
    """
    beta1, beta2 = betas
    g = g + weight_decay * p
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    v_max = maximum(v_max, v) if amsgrad else v
    m_hat = m / (1 - beta1**t)
    v_hat = v_max / (1 - beta2**t)
    return p - lr * m_hat / (sqrt(v_hat) + eps), m, v, v_max

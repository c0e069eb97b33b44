"""Prodigy: Adam whose learning rate is an estimate of how far the start is from the goal."""

from descent.ops import dot, maximum, minimum, sign, sqrt, where


def prodigy(p, g, t, m=0.0, v=0.0, s=0.0, p0=0.0, r=0.0, d=0.0, d_max=0.0, *,
            lr=1.0, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, use_bias_correction=False,
            d0=1e-6, d_coef=1.0, growth_rate=float("inf")):
    """Take one step on all parameters as one array; return the new point, and all it remembers.

    `d` multiplies lr. For a convex function, exact gradients and a `d_coef` of 1 it estimates from
    below the largest distance of an entry of the start `p0` from the goal. It sees whole arrays:
    run on two parameters it makes two estimates.
    Source: Mishchenko and Defazio (2024), the form with Adam's steps, as their package prodigyopt
    has it: r and s carry `d / d0` for `d` and no factor 1 - sqrt(beta2), which both cancel.
    """
    beta1, beta2 = betas
    if t == 1:
        p0, d, d_max = p, d0, d0
    step = d * lr * (sqrt(1 - beta2**t) / (1 - beta1**t) if use_bias_correction else 1.0)
    r = sqrt(beta2) * r + d / d0 * step * dot(g, p0 - p)
    s = sqrt(beta2) * s + d / d0 * step * g
    m = beta1 * m + (1 - beta1) * d * g
    v = beta2 * v + (1 - beta2) * (d * g)**2
    size = dot(s, sign(s))  # the sum of absolute values
    d_hat = d_coef * r / where(size == 0, 1.0, size)
    d_max = maximum(d_max, d_hat)
    d = minimum(d_max, where(d == d0, maximum(d, d_hat), d) * growth_rate)
    p = (1 - step * weight_decay) * p
    p = p - step * m / (sqrt(v) + d * eps)
    return p, m, v, s, p0, r, d, d_max

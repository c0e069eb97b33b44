"""NAdam: Adam that looks ahead, as Nesterov does, along its mean of gradients."""

from descent.ops import sqrt


def nadam(p, g, t, m=0.0, v=0.0, mu_product=1.0, *,
          lr=2e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0,
          momentum_decay=4e-3, decoupled_weight_decay=False):
    """Take one step; return the new point, both means and the product of all `mu`.

    The momentum `mu` grows from half of beta1 to beta1; `m` itself averages by
    beta1, as in torch. Weight decay joins the gradient, or shrinks the point if
    decoupled. Source: Dozat (2016), as torch writes it; Keras 3 has
    `momentum_decay` 1.
    """
    beta1, beta2 = betas
    if decoupled_weight_decay:
        p = (1 - lr * weight_decay) * p
    else:
        g = g + weight_decay * p
    mu = beta1 * (1 - 0.5 * 0.96**(t * momentum_decay))
    mu_next = beta1 * (1 - 0.5 * 0.96**((t + 1) * momentum_decay))
    mu_product = mu_product * mu
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    ahead = mu_next * m / (1 - mu_product * mu_next)
    m_bar = ahead + (1 - mu) * g / (1 - mu_product)
    v_hat = v / (1 - beta2**t)
    return p - lr * m_bar / (sqrt(v_hat) + eps), m, v, mu_product

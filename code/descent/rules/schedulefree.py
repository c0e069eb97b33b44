"""Schedule-Free: the mean of the iterates takes the place of a falling learning rate."""

from descent.ops import maximum, minimum, sqrt, where


def schedulefree(p, g, t, x=0.0, z=0.0, v=0.0, weight_sum=0.0, lr_max=0.0, *,
                 lr=0.0025, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, warmup_steps=0,
                 r=0.0, weight_lr_power=2.0, adaptive=True):
    """Take one step from `p`, the paper's y; return the new one, the answer `x`, and the rest.

    Gradients are taken at y, between `z`, which walks, and `x`, the mean of the z so far. With
    `adaptive` z walks as Adam without its momentum would, else as gradient descent. What weighs a z
    in the mean is a power of t and of the largest lr so far.
    Source: Defazio et al. (2024): algorithm 1 as the authors' package has it from 1.3 on, with
    Adam's correction in v, not in lr; for gradient descent equation 1, but the start is in no mean.
    """
    beta1, beta2 = betas
    if t == 1:
        x = z = p
    lr = lr * minimum(1.0, t / maximum(1.0, warmup_steps))
    lr_max = maximum(lr_max, lr)
    weight = t**r * lr_max**weight_lr_power
    weight_sum = weight_sum + weight
    c = weight / where(weight_sum == 0, 1.0, weight_sum)  # while lr is still 0, x waits
    step = g
    if adaptive:
        v = beta2 * v + (1 - beta2) * g**2
        v_hat = v / (1 - beta2**t)
        step = g / (sqrt(v_hat) + eps)
    z = z - lr * (step + weight_decay * p)
    x = (1 - c) * x + c * z
    p = beta1 * x + (1 - beta1) * z
    return p, x, z, v, weight_sum, lr_max

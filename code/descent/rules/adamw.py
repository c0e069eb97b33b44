"""AdamW: Adam whose weight decay shrinks the parameters, past the gradient and its means."""

from descent.rules.adam import adam


def adamw(p, g, t, m=0.0, v=0.0, v_max=0.0, *,
          lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=1e-2, amsgrad=False):
    """Take one step; return the new point, both moving means and the largest `v` so far.

    The point shrinks by lr * weight_decay first; then comes Adam's step, on the gradient
    taken where the point stood before, as in torch.
    Source: Loshchilov and Hutter (2019), algorithm 2, with lr as a factor of the decay.
    """
    p = (1 - lr * weight_decay) * p
    return adam(p, g, t, m, v, v_max, lr=lr, betas=betas, eps=eps, amsgrad=amsgrad)

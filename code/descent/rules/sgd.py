"""Stochastic gradient descent, with heavy-ball or Nesterov momentum and weight decay."""


def sgd(p, g, t, b=0.0, *,
        lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False):
    """Take one step; return the new point and the momentum buffer `b`.

    The buffer starts as the first gradient, undamped, and lr stays outside it,
    as in torch. At momentum 0 it is the last gradient, where torch keeps none
    until momentum is switched on. Source: Polyak (1964) for momentum, Sutskever
    et al. (2013) for this form of Nesterov's.
    """
    g = g + weight_decay * p
    b = momentum * b + (g if t == 1 else (1 - dampening) * g)
    step = g + momentum * b if nesterov else b
    return p - lr * step, b

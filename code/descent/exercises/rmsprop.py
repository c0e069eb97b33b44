"""The exercises of the RMSprop chapter."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on

__all__ = ["EXERCISES"]


def _rule(divisor=lambda v, old, t, alpha, eps: np.sqrt(v) + eps,
          grow=lambda v, g, alpha: alpha * v + (1 - alpha) * g**2, sign=1.0):
    """Return RMSprop from how its mean square moves and from what the step is divided by."""
    def rule(p, g, t, v=0.0, *, lr, alpha, eps):
        new = grow(v, g, alpha)
        return p - sign * lr * g / divisor(new, v, t, alpha, eps), new
    return rule


def _from_first_square(p, g, t, v=0.0, *, lr, alpha, eps):
    v = g**2 if t == 1 else alpha * v + (1 - alpha) * g**2
    return p - lr * g / (np.sqrt(v) + eps), v


_IMPLEMENT = (
    Mistake("sign", _rule(sign=-1.0), "It climbs: the step is minus the scaled gradient."),
    Mistake("eps inside the root", _rule(lambda v, old, t, alpha, eps: np.sqrt(v + eps)),
            "eps stands inside the root, as in TensorFlow's first version. Torch adds it outside."),
    Mistake("bias correction",
            _rule(lambda v, old, t, alpha, eps: np.sqrt(v / (1 - alpha**t)) + eps),
            "It corrects the mean for its start at 0. Adam does; RMSprop does not."),
    Mistake("sum of squares", _rule(grow=lambda v, g, alpha: v + g**2),
            "It never forgets: this is Adagrad."),
    Mistake("weights swapped", _rule(grow=lambda v, g, alpha: (1 - alpha) * v + alpha * g**2),
            "alpha is what stays of the past; the new square gets 1 - alpha."),
    Mistake("old mean", _rule(lambda v, old, t, alpha, eps: np.sqrt(old) + eps),
            "It divides by the mean of the step before. This step's gradient must be in it."),
    Mistake("no root", _rule(lambda v, old, t, alpha, eps: v + eps),
            "It divides by the mean square; its root is asked for."),
    Mistake("decay without weight", _rule(grow=lambda v, g, alpha: alpha * v + g**2),
            "The new square needs the weight 1 - alpha, or v is a sum, not a mean."),
    Mistake("no eps", _rule(lambda v, old, t, alpha, eps: np.sqrt(v)), "It leaves eps out."),
    Mistake("starts at the first square", _from_first_square,
            "Its mean starts at the first square. Torch's starts at 0, and stays low for a while."),
)


def _centered(square, root=lambda square, eps: np.sqrt(square) + eps):
    """Return centered RMSprop from what is under the root, given both means, old mean and g."""
    def rule(p, g, t, v=0.0, g_mean=0.0, *, lr, alpha, eps):
        v = alpha * v + (1 - alpha) * g**2
        new = alpha * g_mean + (1 - alpha) * g
        return p - lr * g / root(square(v, new, g_mean, g), eps), v, new
    return rule


def _centered_step(p, g, t, v=0.0, g_mean=0.0, *, lr, alpha, eps):
    v = alpha * v + (1 - alpha) * g**2
    g_mean = alpha * g_mean + (1 - alpha) * g
    return p - lr * (g - g_mean) / (np.sqrt(v - g_mean**2) + eps), v, g_mean


def _centered_root(p, g, t, v=0.0, g_mean=0.0, *, lr, alpha, eps):
    v = alpha * v + (1 - alpha) * g**2
    g_mean = alpha * g_mean + (1 - alpha) * g
    return p - lr * g / (np.sqrt(v) - abs(g_mean) + eps), v, g_mean


def _mean_step(p, g, t, v=0.0, g_mean=0.0, *, lr, alpha, eps):
    v = alpha * v + (1 - alpha) * g**2
    g_mean = alpha * g_mean + (1 - alpha) * g
    return p - lr * g_mean / (np.sqrt(v - g_mean**2) + eps), v, g_mean


def _squared_differences(p, g, t, v=0.0, g_mean=0.0, *, lr, alpha, eps):
    g_mean = alpha * g_mean + (1 - alpha) * g
    v = alpha * v + (1 - alpha) * (g - g_mean)**2
    return p - lr * g / (np.sqrt(v) + eps), v, g_mean


_CENTERED = (
    Mistake("eps inside the root", _centered(lambda v, m, old, g: v - m**2,
                                             lambda square, eps: np.sqrt(square + eps)),
            "eps stands inside the root, as Graves has it. Torch adds it outside."),
    Mistake("not centered", _centered(lambda v, m, old, g: v),
            "It keeps the mean gradient and does not use it."),
    Mistake("mean not squared", _centered(lambda v, m, old, g: v - m),
            "The variance is the mean square minus the square of the mean."),
    Mistake("gradient instead of its mean", _centered(lambda v, m, old, g: np.abs(v - g**2)),
            "It subtracts the square of this gradient, not that of the mean."),
    Mistake("old mean", _centered(lambda v, m, old, g: np.abs(v - old**2)),
            "It subtracts the mean of the step before."),
    Mistake("plus", _centered(lambda v, m, old, g: v + m**2),
            "It adds the square of the mean; a variance subtracts it."),
    Mistake("step centered too", _centered_step,
            "It subtracts the mean from the gradient of the step as well. Only the divisor is "
            "centered."),
    Mistake("step of the mean", _mean_step,
            "It steps along the mean gradient. Only the divisor is centered."),
    Mistake("squared differences", _squared_differences,
            "It averages (g - g_mean)². Torch takes the mean square less the square of the mean, "
            "which is not the same while the mean moves."),
    Mistake("roots apart", _centered_root,
            "It subtracts roots. Subtract first, then take the root."),
)


def _momentum(grow, step=lambda b, v, lr, eps: lr * b, root=lambda v, eps: np.sqrt(v) + eps):
    """Return RMSprop with momentum from how its buffer grows, the step, and the divisor."""
    def rule(p, g, t, v=0.0, b=0.0, *, lr, alpha, momentum, eps):
        v = alpha * v + (1 - alpha) * g**2
        b = grow(b, g, root(v, eps), lr, momentum)
        return p - step(b, v, lr, eps), v, b
    return rule


_MOMENTUM = (
    Mistake("momentum before scaling",
            _momentum(lambda b, g, root, lr, mu: mu * b + g,
                      lambda b, v, lr, eps: lr * b / (np.sqrt(v) + eps)),
            "That is still the colleague's rule: old gradients are divided by today's root."),
    Mistake("eps inside the root", _momentum(lambda b, g, root, lr, mu: mu * b + g / root,
                                             root=lambda v, eps: np.sqrt(v + eps)),
            "The order is mended, and eps has slipped into the root."),
    Mistake("lr in the buffer", _momentum(lambda b, g, root, lr, mu: mu * b + lr * g / root,
                                          lambda b, v, lr, eps: b),
            "It has lr inside the buffer, and departs from torch when lr changes."),
    Mistake("moving average", _momentum(lambda b, g, root, lr, mu: mu * b + (1 - mu) * g / root),
            "It weighs the new step by 1 - momentum; torch adds it whole."),
    Mistake("Adam's order", _momentum(lambda b, g, root, lr, mu: mu * b + (1 - mu) * g,
                                      lambda b, v, lr, eps: lr * b / (np.sqrt(v) + eps)),
            "It averages gradients first and divides then: that is Adam's order."),
    Mistake("no momentum", _momentum(lambda b, g, root, lr, mu: g / root),
            "It leaves momentum out."),
    Mistake("scaled twice", _momentum(lambda b, g, root, lr, mu: mu * b + g / root,
                                      lambda b, v, lr, eps: lr * b / (np.sqrt(v) + eps)),
            "It divides by the root twice."),
)
_MEANS = ({"lr": 0.1, "alpha": 0.9, "eps": 0.1}, {"lr": 0.5, "alpha": 0.5, "eps": 1e-3})


def _travel(size):
    return lambda lr, alpha, g, steps: -np.sign(g) * lr * size(g, alpha,
                                                               np.arange(1, int(steps) + 1))


EXERCISES = {
    "half_life": Exercise(
        lambda alpha: math.log(2) / -math.log(alpha),
        on((0.5,), (0.9,), (0.99,), (0.999,)), (
            Mistake("time constant", lambda alpha: -1 / math.log(alpha),
                    "That is the time to fall to 1/e. Half is asked for."),
            Mistake("window", lambda alpha: 1 / (1 - alpha),
                    "That is the length of the window, about the time constant."),
            Mistake("rounded", lambda alpha: math.ceil(math.log(2) / -math.log(alpha)),
                    "It is rounded up to whole steps. Hand in the number itself."),
            Mistake("large alpha", lambda alpha: math.log(2) / (1 - alpha),
                    "That is the limit of alpha near 1, a good one; keep the logarithm."),
            Mistake("sign", lambda alpha: math.log(2) / math.log(alpha),
                    "The number is right and negative: log(alpha) is below 0."),
            Mistake("base two", lambda alpha: -math.log2(alpha),
                    "Upside down: alpha to the power n is one half; solve for n."),
        )),
    "first_step": Exercise(
        lambda lr, alpha, g: -np.sign(g) * lr / math.sqrt(1 - alpha),
        on((0.01, 0.99, 3.0), (0.1, 0.9, -0.001), (1.0, 0.5, 10.0)), (
            Mistake("sign", lambda lr, alpha, g: np.sign(g) * lr / math.sqrt(1 - alpha),
                    "The size is right; the way goes against the gradient."),
            Mistake("lr", lambda lr, alpha, g: -np.sign(g) * lr,
                    "That would be so with bias correction. v is still (1 - alpha) g²."),
            Mistake("no sign", lambda lr, alpha, g: lr / math.sqrt(1 - alpha),
                    "That is how far. Where, from 0? The way goes against the gradient's sign."),
            Mistake("no root", lambda lr, alpha, g: -np.sign(g) * lr / (1 - alpha),
                    "The mean square enters by its root."),
            Mistake("scaled by the gradient", lambda lr, alpha, g: -g * lr / math.sqrt(1 - alpha),
                    "The size of the gradient cancels."),
            Mistake("alpha for 1 - alpha", lambda lr, alpha, g: -np.sign(g) * lr / math.sqrt(alpha),
                    "The first square enters with the weight 1 - alpha."),
        )),
    "implement": Exercise(_rule(), drive(*_MEANS), _IMPLEMENT),
    "centered": Exercise(_centered(lambda v, m, old, g: v - m**2), drive(*_MEANS), _CENTERED),
    "momentum": Exercise(
        _momentum(lambda b, g, root, lr, mu: mu * b + g / root),
        drive(*({**hyper, "momentum": mu} for hyper, mu in zip(_MEANS, (0.9, 0.5), strict=True))),
        _MOMENTUM),
    "travel": Exercise(
        _travel(lambda g, alpha, t: (1 / np.sqrt(1 - alpha**t)).sum()),
        on((0.1, 0.9, 1.0, 10), (0.5, 0.99, -3.0, 100), (1.0, 0.5, 0.01, 4)), (
            Mistake("sign", _travel(lambda g, alpha, t: -(1 / np.sqrt(1 - alpha**t)).sum()),
                    "The size is right; the way goes against the gradient."),
            Mistake("no sign", lambda lr, alpha, g, steps:
                    lr * (1 / np.sqrt(1 - alpha**np.arange(1, int(steps) + 1))).sum(),
                    "That is how far. Where, from 0? The way goes against the gradient's sign."),
            Mistake("unit steps", _travel(lambda g, alpha, t: float(len(t))),
                    "That is where it ends up: unit steps. The early ones are longer."),
            Mistake("all like the first", _travel(lambda g, alpha, t: len(t) / np.sqrt(1 - alpha)),
                    "Only the first step is that long: v grows to g²."),
            Mistake("all like the last", _travel(
                lambda g, alpha, t: len(t) / np.sqrt(1 - alpha**len(t))),
                    "That takes every step as long as the last. Add them up one by one."),
            Mistake("scaled by the gradient", _travel(
                lambda g, alpha, t: abs(g) * (1 / np.sqrt(1 - alpha**t)).sum()),
                    "The size of the gradient cancels: it stands above the line and below."),
            Mistake("no root", _travel(lambda g, alpha, t: (1 / (1 - alpha**t)).sum()),
                    "The mean square enters by its root."),
            Mistake("Adagrad", _travel(lambda g, alpha, t: (t**-0.5).sum()),
                    "That is Adagrad's way, whose steps die."),
        )),
}

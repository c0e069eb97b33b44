"""The exercises of the SGD chapter."""

import math

from descent.exercises import Exercise, Mistake, drive, on
from descent.rules import sgd

__all__ = ["EXERCISES"]


def _momentum(buffer, step=lambda p, b, lr: p - lr * b):
    """Return a rule from its two lines: how the buffer grows, and how the point moves."""
    def rule(p, g, t, b=0.0, *, lr, momentum, dampening):
        new = buffer(b, g, t, lr, momentum, dampening)
        return step(p, new, lr), new
    return rule


def _heavy_ball(b, g, t, lr, mu, tau):
    return mu * b + (g if t == 1 else (1 - tau) * g)


def _momentum_old_buffer(p, g, t, b=0.0, *, lr, momentum, dampening):
    return p - lr * b, _heavy_ball(b, g, t, lr, momentum, dampening)


_MOMENTUM = (
    Mistake("sign", _momentum(_heavy_ball, lambda p, b, lr: p + lr * b),
            "It climbs: the step is minus lr times the buffer."),
    Mistake("lr in the buffer",
            _momentum(lambda b, g, t, lr, mu, tau: mu * b + lr * (g if t == 1 else (1 - tau) * g),
                      lambda p, b, lr: p - b),
            "It has lr inside the buffer. That agrees while lr is constant, and departs from "
            "torch when lr changes."),
    Mistake("dampening on the first step",
            _momentum(lambda b, g, t, lr, mu, tau: mu * b + (1 - tau) * g),
            "It dampens the first gradient as well; torch starts the buffer as the first "
            "gradient, whole."),
    Mistake("no dampening", _momentum(lambda b, g, t, lr, mu, tau: mu * b + g),
            "It leaves dampening out."),
    Mistake("moving average", _momentum(lambda b, g, t, lr, mu, tau: mu * b + (1 - mu) * g),
            "It weighs the gradient by 1 - momentum, a moving average. Torch weighs it by "
            "1 - dampening."),
    Mistake("old buffer", _momentum_old_buffer,
            "It steps along the buffer of the step before: update the buffer first."),
)


def _nesterov(step):
    """Return a rule from the step it takes, given gradient, new and old buffer, momentum."""
    def rule(p, g, t, b=0.0, *, lr, momentum):
        new = momentum * b + g
        return p - lr * step(g, new, b, momentum), new
    return rule


def _nesterov_lr_inside(p, g, t, b=0.0, *, lr, momentum):
    b = momentum * b + lr * g
    return p - lr * g - momentum * b, b


_NESTEROV = (
    Mistake("looking back", _nesterov(lambda g, b, old, mu: g + mu * old),
            "This is heavy-ball momentum: the gradient plus momentum times the old buffer is the "
            "buffer. Nesterov's step applies momentum once more, to the new one."),
    Mistake("lr in the buffer", _nesterov_lr_inside,
            "It has lr inside the buffer, and departs from torch when lr changes."),
    Mistake("gradient twice", _nesterov(lambda g, b, old, mu: g + b),
            "It adds the whole buffer to the gradient; momentum times the buffer is asked for."),
    Mistake("no gradient", _nesterov(lambda g, b, old, mu: mu * b),
            "It steps along momentum times the buffer and forgets the gradient of this step."),
    Mistake("sign", _nesterov(lambda g, b, old, mu: -(g + mu * b)),
            "It climbs: the step is minus lr times it."),
)


def _decayed(gradient=lambda g, p, lr, wd: g, step=lambda p, b, lr, wd: p - lr * b):
    """Return a rule from where weight decay enters: the gradient, or the step."""
    def rule(p, g, t, b=0.0, *, lr, momentum, weight_decay):
        b = momentum * b + gradient(g, p, lr, weight_decay)
        return step(p, b, lr, weight_decay), b
    return rule


_WEIGHT_DECAY = (
    Mistake("decay after the step",
            _decayed(step=lambda p, b, lr, wd: (p - lr * b) * (1 - lr * wd)),
            "That is still the colleague's rule: it shrinks the point after the step."),
    Mistake("decoupled", _decayed(step=lambda p, b, lr, wd: (1 - lr * wd) * p - lr * b),
            "This is decoupled weight decay: the shrinking of the old point stays out of the "
            "buffer. Torch's SGD puts it in."),
    Mistake("sign", _decayed(lambda g, p, lr, wd: g - wd * p),
            "It rewards large weights: the penalty's gradient is plus weight_decay times p."),
    Mistake("lr twice", _decayed(lambda g, p, lr, wd: g + lr * wd * p),
            "It multiplies by lr once too often: the step does that already."),
    Mistake("factor two", _decayed(lambda g, p, lr, wd: g + 2 * wd * p),
            "It takes the penalty as weight_decay times the square; torch's is half of that."),
    Mistake("no decay", _decayed(), "It leaves the decay out."),
)


EXERCISES = {
    "best_lr": Exercise(
        lambda h1, h2: 2 / (h1 + h2), on((1.0, 10.0), (10.0, 1.0), (0.5, 3.0), (2.0, 2.0)), (
            Mistake("limit", lambda h1, h2: 2 / max(h1, h2),
                    "That is the stability limit 2/L: there the steep direction never shrinks."),
            Mistake("1/L", lambda h1, h2: 1 / max(h1, h2),
                    "That is 1/L, which ends the steep direction in one step and leaves the flat "
                    "one slow. Let the two shrink equally fast."),
            Mistake("half", lambda h1, h2: 1 / (h1 + h2),
                    "That is half of it. Write out 1 - lr h1 = -(1 - lr h2) again."),
            Mistake("flat only", lambda h1, h2: 1 / min(h1, h2),
                    "That suits the flat direction alone; the steep one diverges from "
                    "condition 2 on."),
            Mistake("geometric mean", lambda h1, h2: 1 / math.sqrt(h1 * h2),
                    "That is one over the geometric mean; the arithmetic mean is the one that "
                    "balances the two."),
        )),
    "momentum": Exercise(
        _momentum(_heavy_ball),
        drive({"lr": 0.1, "momentum": 0.9, "dampening": 0.0},
              {"lr": 0.3, "momentum": 0.5, "dampening": 0.2}),
        _MOMENTUM),
    "nesterov": Exercise(
        _nesterov(lambda g, b, old, mu: g + mu * b),
        drive({"lr": 0.1, "momentum": 0.9}, {"lr": 0.3, "momentum": 0.5}),
        _NESTEROV),
    "coast": Exercise(
        lambda b, lr, momentum: -lr * momentum / (1 - momentum) * b,
        on((1.0, 0.1, 0.9), (-2.0, 0.5, 0.5), (3.0, 0.01, 0.99), (1.0, 1.0, 0.0)), (
            Mistake("sign", lambda b, lr, mu: lr * mu / (1 - mu) * b,
                    "The size is right; the way goes against the buffer."),
            Mistake("one step too many", lambda b, lr, mu: -lr / (1 - mu) * b,
                    "That counts the step in which b was made. From then on the first step is "
                    "momentum times b."),
            Mistake("one step only", lambda b, lr, mu: -lr * mu * b,
                    "That is the first step alone; each later one is momentum times the last."),
            Mistake("no lr", lambda b, lr, mu: -mu / (1 - mu) * b,
                    "That is the sum of the buffers; each moves the point by lr times itself."),
            Mistake("inverse", lambda b, lr, mu: -lr * mu * (1 - mu) * b,
                    "The geometric series sums to momentum divided by (1 - momentum)."),
        )),
    "weight_decay": Exercise(
        sgd, drive({"lr": 0.1, "momentum": 0.9, "weight_decay": 0.5},
                   {"lr": 0.3, "momentum": 0.0, "weight_decay": 0.1}),
        _WEIGHT_DECAY),
    "noise_floor": Exercise(
        lambda lr, h, sigma: lr * sigma**2 / (2 * (2 - lr * h)),
        on((0.1, 1.0, 1.0), (0.5, 2.0, 0.3), (1.0, 1.5, 2.0), (0.01, 10.0, 1.0)), (
            Mistake("variance", lambda lr, h, sigma: lr * sigma**2 / (h * (2 - lr * h)),
                    "That is the variance of the point; the loss is h/2 times it."),
            Mistake("small lr", lambda lr, h, sigma: lr * sigma**2 / 4,
                    "That is the limit of small lr. Keep the factor 2 - lr h."),
            Mistake("no half", lambda lr, h, sigma: lr * sigma**2 / (2 - lr * h),
                    "Twice too much: the loss is half of h times the square."),
            Mistake("sigma", lambda lr, h, sigma: lr * sigma / (2 * (2 - lr * h)),
                    "Variances add, so sigma enters squared."),
            Mistake("lr squared", lambda lr, h, sigma: lr**2 * sigma**2 / (2 * (2 - lr * h)),
                    "That has one lr too many: it cancels in 1 - (1 - lr h)²."),
        )),
}

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


def _same_floor(lr, h, ratio):
    c = ratio * lr / (2 - lr * h)
    return 2 * c / (1 + c * h)


EXERCISES = {
    "steps_to_tenth": Exercise(
        lambda kappa: math.log(10) / (2 * math.log((kappa + 1) / (kappa - 1))),
        on((2.0,), (10.0,), (100.0,), (1e4,)), (
            Mistake("error", lambda kappa: math.log(10) / math.log((kappa + 1) / (kappa - 1)),
                    "That divides the error by ten. The loss goes with its square."),
            Mistake("large kappa", lambda kappa: kappa * math.log(10) / 4,
                    "That is the limit of large kappa, a good one; keep the logarithm."),
            Mistake("factor e", lambda kappa: 1 / (2 * math.log((kappa + 1) / (kappa - 1))),
                    "That divides the loss by e, not by ten."),
            Mistake("sign", lambda kappa: math.log(10) / (2 * math.log((kappa - 1) / (kappa + 1))),
                    "The number is right and negative: which of the two logarithms is?"),
            Mistake("momentum",
                    lambda kappa: math.log(10) / (2 * math.log((math.sqrt(kappa) + 1)
                                                               / (math.sqrt(kappa) - 1))),
                    "That is the rate of momentum at its best. Here there is none."),
            Mistake("lr = 1/L", lambda kappa: math.log(10) / (2 * math.log(kappa / (kappa - 1))),
                    "That is for lr = 1/L; the best lr is larger."),
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
    "same_floor": Exercise(
        _same_floor,
        on((0.1, 1.0, 2.0), (0.5, 2.0, 4.0), (0.01, 10.0, 8.0), (0.2, 1.0, 0.5)), (
            Mistake("linear rule", lambda lr, h, ratio: ratio * lr,
                    "That is the linear scaling rule, the limit of small lr. Keep 2 - lr h on "
                    "both sides."),
            Mistake("square root", lambda lr, h, ratio: math.sqrt(ratio) * lr,
                    "Variances divide by the batch, so the floor does, not its root."),
            Mistake("inverse", lambda lr, h, ratio: lr / ratio,
                    "The other way: a larger batch is less noisy and bears a larger lr."),
            Mistake("unchanged", lambda lr, h, ratio: lr,
                    "With the same lr the floor falls with the batch; keep the floor."),
            Mistake("old denominator", lambda lr, h, ratio: 2 * ratio * lr / (2 - lr * h),
                    "Nearly: the new lr stands in its own denominator too. Solve for it."),
        )),
}

"""The exercises of the SGD chapter."""

import math

import numpy as np

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


def _lr_handed_on(p, g, t, b=0.0, *, lr, momentum, dampening):
    b = lr * _heavy_ball(b, g, t, lr, momentum, dampening)
    return p - b, b


def _momentum_look_ahead(p, g, t, b=0.0, *, lr, momentum, dampening):
    b = _heavy_ball(b, g, t, lr, momentum, dampening)
    return p - lr * (g + momentum * b), b


_LR_INSIDE = ("It has lr inside the buffer. That agrees while lr is constant, and departs from "
              "torch when lr changes.", "What has happened to past gradients when lr changes?",
              "Take lr out of the buffer, and multiply by it in the step.")
_MEAN = "It weighs the gradient by 1 - momentum, as a moving average does; torch does not."

_MOMENTUM = (
    Mistake("lr in the buffer",
            _momentum(lambda b, g, t, lr, mu, tau: mu * b + lr * (g if t == 1 else (1 - tau) * g),
                      lambda p, b, lr: p - b), *_LR_INSIDE),
    Mistake("dampening on the first step",
            _momentum(lambda b, g, t, lr, mu, tau: mu * b + (1 - tau) * g),
            "It dampens the first gradient as well; torch starts the buffer as the first "
            "gradient, whole.", "What is in the buffer after the first step?",
            "Treat t = 1 apart."),
    Mistake("dampening everywhere",
            _momentum(lambda b, g, t, lr, mu, tau: g if t == 1 else (1 - tau) * (mu * b + g)),
            "It dampens the old buffer as well as the gradient.", "What does 1 - dampening weigh?",
            "Multiply the gradient alone by 1 - dampening."),
    Mistake("moving average", _momentum(lambda b, g, t, lr, mu, tau: mu * b + (1 - mu) * g), _MEAN,
            "What weighs the new gradient?", "Weigh the gradient by 1 - dampening."),
    Mistake("mean from the second step",
            _momentum(lambda b, g, t, lr, mu, tau: g if t == 1 else mu * b + (1 - mu) * g), _MEAN,
            "What weighs the new gradient?", "Weigh the gradient by 1 - dampening."),
    Mistake("first by entry",
            _momentum(lambda b, g, t, lr, mu, tau: np.where(b == 0, g, mu * b + (1 - tau) * g)),
            "It starts the buffer anew wherever it is 0; torch does so at the first step only.",
            "How does it know that this is the first step?", "Ask for t == 1."),
    Mistake("old buffer", _momentum_old_buffer,
            "It steps along the buffer of the step before.",
            "Does this step know this step's gradient?", "Update the buffer first, then step."),
    Mistake("no dampening", _momentum(lambda b, g, t, lr, mu, tau: mu * b + g),
            "It leaves dampening out.",
            "Where does dampening enter?",
            "Weigh the gradient by 1 - dampening from the second step on."),
    Mistake("lr twice",
            _momentum(lambda b, g, t, lr, mu, tau: mu * b + lr * (g if t == 1 else (1 - tau) * g)),
            "lr is in the buffer, and in the step once more.",
            "How often does lr enter?",
            "Leave it out of the buffer."),
    Mistake("dampening on the past",
            _momentum(lambda b, g, t, lr, mu, tau: g if t == 1 else mu * (1 - tau) * b + g),
            "It dampens the old buffer in the gradient's place.",
            "What does 1 - dampening weigh?",
            "Multiply the gradient alone by 1 - dampening."),
    Mistake("lr handed on", _lr_handed_on,
            "It returns lr times the buffer, and the next step begins from that.",
            "Are what you subtract and what you return the same?",
            "Return the buffer without lr."),
    Mistake("no memory", _momentum(lambda b, g, t, lr, mu, tau: g),
            "Every step takes this gradient alone: the buffer is not kept.",
            "What is left of the first gradient at the second step?",
            "Keep momentum times the old buffer."),
    Mistake("look-ahead", _momentum_look_ahead,
            "It applies momentum once more: that is Nesterov's.",
            "Along what does heavy ball step?",
            "Step along the buffer itself."),
    Mistake("missing brackets",
            _momentum(lambda b, g, t, lr, mu, tau: g if t == 1 else mu * b + 1 - tau * g),
            "`1 - dampening * g` multiplies before it subtracts.",
            "In which order does Python compute your line?",
            "Put brackets around 1 - dampening."),
    Mistake("dampening at the first step only",
            _momentum(lambda b, g, t, lr, mu, tau: mu * b + ((1 - tau) * g if t == 1 else g)),
            "It dampens the first gradient, and no other: the other way round.",
            "What is in the buffer after the first step?",
            "Take the first gradient whole, and dampen those that follow."),
)


def _nesterov(step, weight=lambda mu: 1.0):
    """Return a rule from the step it takes, given gradient, new and old buffer, momentum."""
    def rule(p, g, t, b=0.0, *, lr, momentum):
        new = momentum * b + weight(momentum) * g
        return p - lr * step(g, new, b, momentum), new
    return rule


def _nesterov_lr_inside(p, g, t, b=0.0, *, lr, momentum):
    b = momentum * b + lr * g
    return p - lr * g - momentum * b, b


def _nesterov_lr_once(p, g, t, b=0.0, *, lr, momentum):
    b = momentum * b + g
    return p - lr * g - momentum * b, b


def _nesterov_kept(p, g, t, b=0.0, *, lr, momentum):
    b = g + momentum * (momentum * b + g)
    return p - lr * b, b


_NESTEROV = (
    Mistake("looking back", _nesterov(lambda g, b, old, mu: g + mu * old),
            "This is heavy-ball momentum: the gradient plus momentum times the old buffer is the "
            "new buffer.", "Which buffer is it that your step multiplies by momentum?",
            "Update the buffer first, and apply momentum once more, to the new one."),
    Mistake("lr in the buffer", _nesterov_lr_inside, *_LR_INSIDE),
    Mistake("lr on the gradient alone", _nesterov_lr_once,
            "It multiplies the gradient by lr, and not the buffer.",
            "Which parts of the step does lr reach?", "Multiply both parts of the step by lr."),
    Mistake("gradient twice", _nesterov(lambda g, b, old, mu: g + b),
            "It adds the whole buffer to the gradient, so that this gradient counts twice.",
            "With which weights do gradient and buffer enter the step?",
            "Add momentum times the buffer."),
    Mistake("no gradient", _nesterov(lambda g, b, old, mu: mu * b),
            "It steps along momentum times the buffer and forgets the gradient of this step.",
            "With which weights do gradient and buffer enter the step?", "Add the gradient."),
    Mistake("moving average", _nesterov(lambda g, b, old, mu: g + mu * b, lambda mu: 1 - mu), _MEAN,
            "What weighs the new gradient in the buffer?", "Add the gradient whole."),
    Mistake("step kept", _nesterov_kept,
            "It hands on the step in the buffer's place, and the next step begins from that.",
            "Are what you step along and what you return the same?",
            "Return the buffer; use the step only for p."),
    Mistake("momentum squared", _nesterov(lambda g, b, old, mu: g + mu**2 * b),
            "It applies momentum twice to the new buffer.",
            "With which weights do gradient and buffer enter the step?",
            "Add momentum times the buffer."),
    Mistake("buffer twice", _nesterov(lambda g, b, old, mu: b + mu * b),
            "It steps along the whole buffer and looks ahead as well: the past counts twice.",
            "With which weights do gradient and buffer enter the step?",
            "Add momentum times the buffer to the gradient, not to the buffer."),
    Mistake("backwards", _nesterov(lambda g, b, old, mu: g - mu * b),
            "It looks back: momentum's part has the wrong sign.",
            "Which way does momentum carry the point?",
            "Add momentum times the buffer."),
    Mistake("mean twice", _nesterov(lambda g, b, old, mu: (1 - mu) * g + mu * b, lambda mu: 1 - mu),
            "It weighs the gradient by 1 - momentum in both places; torch does in none.",
            "What weighs the new gradient?",
            "Take the gradient whole in the buffer and in the step."),
    Mistake("old buffer ahead", _nesterov(lambda g, b, old, mu: (1 + mu) * g + mu * old),
            "It counts the old buffer once by momentum; by the new one it counts by its square.",
            "Which buffer is it that your step multiplies by momentum?",
            "Update the buffer first, and write g + momentum * b."),
)


def _decayed(gradient=lambda g, p, lr, wd: g, step=lambda p, b, lr, wd: p - lr * b):
    """Return a rule from where weight decay enters: the gradient, or the step."""
    def rule(p, g, t, b=0.0, *, lr, momentum, weight_decay):
        b = momentum * b + gradient(g, p, lr, weight_decay)
        return step(p, b, lr, weight_decay), b
    return rule


def _averaged_decay(p, g, t, b=0.0, *, lr, momentum, weight_decay):
    b = momentum * b + (1 - momentum) * (g + weight_decay * p)
    return p - lr * b, b


_DECAY_SIZE = "Of which penalty is your pull the gradient?"
_WEIGHT_DECAY = (
    Mistake("decay after the step",
            _decayed(step=lambda p, b, lr, wd: (p - lr * b) * (1 - lr * wd)),
            "That is still the colleague's rule: it shrinks the point after the step, and momentum "
            "never sees the pull.", "Which p is it that shrinks there?",
            "Put the pull of the old p into the gradient, before the buffer."),
    Mistake("decoupled", _decayed(step=lambda p, b, lr, wd: (1 - lr * wd) * p - lr * b),
            "This is decoupled weight decay: the shrinking of the old point stays out of the "
            "buffer, and torch's SGD has it inside.", "What does the buffer hear of the decay?",
            "Add the pull to the gradient, before the buffer."),
    Mistake("decoupled, no lr", _decayed(step=lambda p, b, lr, wd: (1 - wd) * p - lr * b),
            "It shrinks the point without regard to lr, and past the buffer.",
            "What becomes of the decay when lr falls?",
            "Add the pull to the gradient, before the buffer."),
    Mistake("sign", _decayed(lambda g, p, lr, wd: g - wd * p),
            "It rewards large weights: the pull has the wrong sign.",
            "Without a gradient, do large weights shrink?", "Add weight_decay times p."),
    Mistake("lr twice", _decayed(lambda g, p, lr, wd: g + lr * wd * p),
            "It multiplies the pull by lr once too often: the step does that already.",
            "How often does lr meet weight_decay?", "Take lr out of the gradient."),
    Mistake("factor two", _decayed(lambda g, p, lr, wd: g + 2 * wd * p),
            "It takes the penalty as weight_decay times the square; torch's is half of that.",
            _DECAY_SIZE, "Leave the 2 out."),
    Mistake("absolute values", _decayed(lambda g, p, lr, wd: g + wd * np.sign(p)),
            "It pulls every weight by the same amount: its penalty is the sum of absolute values.",
            _DECAY_SIZE, "Let the pull be weight_decay times p."),
    Mistake("squares", _decayed(lambda g, p, lr, wd: g + wd * p**2),
            "It pulls with the square of the weight: that is a penalty, not the gradient of one.",
            "Which way does it pull a negative weight?", "Let the pull be weight_decay times p."),
    Mistake("gradient decayed", _decayed(lambda g, p, lr, wd: (1 - wd) * g),
            "It shrinks the gradient, not the weights.", "What is it that decays?",
            "Add weight_decay times p to the gradient."),
    Mistake("decay twice",
            _decayed(lambda g, p, lr, wd: g + wd * p, lambda p, b, lr, wd: p - lr * b - lr *
                wd * p),
            "The pull is in the gradient, and in the step once more.",
            "How often does weight_decay enter?",
            "Leave it in the gradient only."),
    Mistake("half the pull", _decayed(lambda g, p, lr, wd: g + wd * p / 2),
            "It takes half the pull: the half of the penalty goes when it is differentiated.",
            _DECAY_SIZE,
            "Let the pull be weight_decay times p."),
    Mistake("gradient grown", _decayed(lambda g, p, lr, wd: (1 + wd) * g),
            "It adds weight_decay times the gradient, not times the point.",
            "What is it that decays?",
            "Add weight_decay times p to the gradient."),
    Mistake("moving average", _averaged_decay,
            "The pull is in the right place; the gradient is weighed by 1 - momentum, which torch "
            "does not.",
            "What weighs the new gradient?",
            "Add it whole."),
)


def _same_floor(lr, h, ratio):
    c = ratio * lr / (2 - lr * h)
    return 2 * c / (1 + c * h)


def _steps(rate, factor=10):
    return lambda kappa: math.log(factor) / (2 * math.log(1 / rate(kappa)))


def _best(kappa):
    return (kappa - 1) / (kappa + 1)


EXERCISES = {
    "steps_to_tenth": Exercise(
        _steps(_best), on((2.0,), (10.0,), (100.0,), (1e4,)), (
            Mistake("error", _steps(_best, 100),
                    "That divides the error by ten. The loss is its square, and falls sooner.",
                    "What is it that falls to a tenth there?",
                    "Let the square of the error fall to a tenth."),
            Mistake("large kappa", lambda kappa: kappa * math.log(10) / 4,
                    "That is the limit of large kappa.", "Is it exact for a small kappa too?",
                    "Keep the logarithm of the rate as it is."),
            *(Mistake(f"large kappa, {share}", lambda kappa, share=share: share * kappa,
                      "That is the limit of large kappa, rounded.",
                      "Is it exact for a small kappa too?",
                      "Keep the logarithm of the rate as it is.")
              for share in (0.58, 0.576, 0.5756)),
            Mistake("large kappa and error", lambda kappa: kappa * math.log(10) / 2,
                    "That divides the error by ten, and only for large kappa.",
                    "What is it that falls to a tenth there, and for which kappa?",
                    "Let the square of the error fall, by the exact rate."),
            Mistake("straightened", lambda kappa: math.log(10) / (2 * (1 - _best(kappa))),
                    "It puts 1 - ρ in the place of -ln ρ, which is so only near 1.",
                    "Is it exact for a small kappa too?", "Keep the logarithm of the rate."),
            Mistake("factor e", _steps(_best, math.e), "It divides the loss by e, not by ten.",
                    "By which factor does it let the loss fall?", "Put ln 10 above the line."),
            Mistake("sign", lambda kappa: -_steps(_best)(kappa),
                    "It is right but for its sign: one of the two logarithms is negative.",
                    "Which of your logarithms are negative?",
                    "Turn the fraction in the logarithm over, or put a minus before it."),
            Mistake("momentum", _steps(lambda kappa: _best(math.sqrt(kappa))),
                    "It uses the rate of momentum at its best, and here there is none.",
                    "Which method has the rate that you use?",
                    "Take the rate of gradient descent, without roots."),
            Mistake("lr = 1/L", _steps(lambda kappa: 1 - 1 / kappa),
                    "It uses the rate at lr = 1/L, which is slower than the best.",
                    "Which learning rate has the rate that you use?",
                    "Take the rate at the best lr, 2/(ℓ + L)."),
            Mistake("missing brackets", lambda kappa: math.log(10) / 2 * math.log(1 / _best(kappa)),
                    "`a / 2 * b` multiplies by b.",
                    "What does Python divide by, and what does it multiply by?",
                    "Put brackets around all that stands below the line."),
            Mistake("factor on the wrong side", _steps(_best, 10**4),
                    "It multiplies by 2 where it should divide: a square falls sooner.",
                    "Which power of the error is the loss?",
                    "Let the square of the error fall to a tenth."),
            Mistake("by a tenth", _steps(_best, 10 / 9),
                    "It lets the loss fall by a tenth, to nine tenths.",
                    "To what has the loss fallen there?",
                    "Let it fall to a tenth."),
            Mistake("to a half", _steps(_best, 2),
                    "It lets the loss fall to a half.",
                    "To what has the loss fallen there?",
                    "Let it fall to a tenth."),
            Mistake("rate of another lr", _steps(lambda kappa: kappa / (kappa + 1)),
                    "Its rate is κ/(κ + 1), and the best one is less.",
                    "Which learning rate has the rate that you use?",
                    "Take (κ - 1)/(κ + 1)."),
        )),
    "momentum": Exercise(
        _momentum(_heavy_ball),
        drive({"lr": 0.1, "momentum": 0.9, "dampening": 0.0},
              {"lr": 0.3, "momentum": 0.5, "dampening": 0.2}, rests=2),
        _MOMENTUM, gives="the new point and the new buffer, p, b"),
    "nesterov": Exercise(
        _nesterov(lambda g, b, old, mu: g + mu * b),
        drive({"lr": 0.1, "momentum": 0.9}, {"lr": 0.3, "momentum": 0.5}),
        _NESTEROV, gives="the new point and the new buffer, p, b"),
    "coast": Exercise(
        lambda b, lr, momentum: -lr * momentum / (1 - momentum) * b,
        on((1.0, 0.1, 0.9), (-2.0, 0.5, 0.5), (3.0, 0.01, 0.99), (1.0, 1.0, 0.0),
           (2.0, 0.3, 0.8)), (
            Mistake("sign", lambda b, lr, mu: lr * mu / (1 - mu) * b,
                    "The size is right, and it goes along the buffer; steps go against it.",
                    "Which way does a step go when b is positive?", "Put a minus before it."),
            Mistake("one step too many", lambda b, lr, mu: -lr / (1 - mu) * b,
                    "That counts the step in which b was made, which has been taken.",
                    "What is in the buffer at the first step that you count?",
                    "Begin with momentum times b."),
            Mistake("one step only", lambda b, lr, mu: -lr * mu * b,
                    "That is the first step alone.", "How many steps does it count?",
                    "Add up all that follow; each is momentum times the last."),
            Mistake("no lr", lambda b, lr, mu: -mu / (1 - mu) * b,
                    "That is the sum of the buffers, not the way.",
                    "How far does one buffer move the point?", "Multiply by lr."),
            Mistake("one step too few", lambda b, lr, mu: -lr * mu**2 / (1 - mu) * b,
                    "It leaves out the first step, which is momentum times b.",
                    "How long is the first step that you count?", "Begin with momentum times b."),
            Mistake("stops at once", lambda b, lr, mu: 0.0 * b,
                    "It stops with the gradient. The buffer is not empty, and moves the point.",
                    "What does the step go along when the gradient is 0?",
                    "Add up the steps along the buffer as it fades."),
            *(Mistake(f"{n} steps", lambda b, lr, mu, n=n: -lr * b * sum(
                mu**k for k in range(1, n + 1)), f"It adds up {n} steps, and the rest is missing.",
                      "How many steps does it count, and how many are there?",
                      "Sum the whole geometric series: it has a formula.")
              for n in (2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)),
            *(Mistake(f"{n} steps from b", lambda b, lr, mu, n=n: -lr * b * sum(
                mu**k for k in range(n)), f"It adds up {n} steps, from the buffer as it is; the "
                      "first that you count is momentum times that.",
                      "How long is the first step that you count, and how many follow?",
                      "Sum the whole geometric series from momentum on: it has a formula.")
              for n in (10, 20, 50, 100, 200, 500, 1000)),
            Mistake("inverse", lambda b, lr, mu: -lr * mu * (1 - mu) * b,
                    "It multiplies by 1 - momentum; that is no sum of the series.",
                    "What is the sum of a geometric series?", "Divide by 1 - momentum."),
            Mistake("squares", lambda b, lr, mu: -lr * mu / (1 - mu**2) * b,
                    "It sums μ, μ³, μ⁵, …: every other step is missing.",
                    "By which factor does the buffer shrink from step to step?",
                    "Divide by 1 - momentum."),
            Mistake("missing brackets", lambda b, lr, mu: -lr * mu / 1 - mu * b,
                    "Without brackets only 1 stands below the line.",
                    "What does Python divide by, and what does it subtract?",
                    "Write `(1 - momentum)`."),
            Mistake("missing brackets at the end", lambda b, lr, mu: -lr * mu * b / 1 - mu,
                    "Without brackets only 1 stands below the line.",
                    "What does Python divide by, and what does it subtract?",
                    "Write `(1 - momentum)`."),
            Mistake("1 + momentum", lambda b, lr, mu: -lr * mu / (1 + mu) * b,
                    "It sums a series whose signs alternate.",
                    "What is the sum of a geometric series?",
                    "Divide by 1 - momentum."),
            Mistake("no lr, no sign", lambda b, lr, mu: mu / (1 - mu) * b,
                    "That is the sum of the buffers, not the way.",
                    "How far does one buffer move the point, and which way?",
                    "Multiply by -lr."),
        )),
    "weight_decay": Exercise(
        sgd, drive({"lr": 0.1, "momentum": 0.9, "weight_decay": 0.5},
                   {"lr": 0.3, "momentum": 0.0, "weight_decay": 0.1}),
        _WEIGHT_DECAY, gives="the new point and the new buffer, p, b"),
    "same_floor": Exercise(
        _same_floor,
        on((0.1, 1.0, 2.0), (0.5, 2.0, 4.0), (0.01, 10.0, 8.0), (0.2, 1.0, 0.5)), (
            Mistake("linear rule", lambda lr, h, ratio: ratio * lr,
                    "That is the linear scaling rule, the limit of small lr.",
                    "Is it exact, however large lr is?", "Keep 2 - lr h on both sides."),
            Mistake("square root", lambda lr, h, ratio: math.sqrt(ratio) * lr,
                    "It takes a root of the ratio. The variance is divided by the batch, and the "
                    "floor goes with the variance.", "Does the floor hold σ, or σ²?",
                    "Take the ratio itself, and keep 2 - lr h on both sides."),
            Mistake("inverse", lambda lr, h, ratio: lr / ratio,
                    "It lowers lr for a larger batch, which is less noisy and bears a larger one.",
                    "Does less noise bear a larger lr, or a smaller one?",
                    "Turn the ratio over, and keep 2 - lr h on both sides."),
            Mistake("ratio on the other side", lambda lr, h, ratio: _same_floor(lr, h, 1 / ratio),
                    "It solves for a batch that is smaller by `ratio`.",
                    "Does less noise bear a larger lr, or a smaller one?", "Turn the ratio over."),
            Mistake("unchanged", lambda lr, h, ratio: lr,
                    "With the same lr the floor falls with the batch.",
                    "What happens to the floor if lr stays?", "Raise lr until the floor is back."),
            Mistake("old denominator", lambda lr, h, ratio: 2 * ratio * lr / (2 - lr * h),
                    "It leaves the new lr out of its own denominator.",
                    "Where does the new lr stand in the floor's formula?",
                    "Put it in both places, and solve for it."),
            Mistake("old denominator kept", lambda lr, h, ratio: ratio * lr * (2 - lr * h) / 2,
                    "It neglects one of the two denominators.",
                    "Where does the new lr stand in the floor's formula?",
                    "Put it in both places, and solve for it."),
            Mistake("h forgotten", lambda lr, h, ratio: _same_floor(lr, 1.0, ratio),
                    "It takes the curvature for 1.", "Where does h enter your answer?",
                    "Keep h in both places."),
            Mistake("sign below",
                    lambda lr, h, ratio: (lambda c: 2 * c / (1 - c * h))(ratio * lr / (2 - lr * h)),
                    "A sign was lost when it was solved.",
                    "Can the new lr pass the limit 2/h in yours?",
                    "Bring the new lr to one side with its sign: it is 1 + ch below."),
            Mistake("not solved", lambda lr, h, ratio: ratio * lr / (2 - lr * h),
                    "That is what the quotient of the new lr must be, not the new lr.",
                    "Put your lr into the floor: is it the same?",
                    "Set η'/(2 - η'h) to this, and solve."),
            Mistake("capped", lambda lr, h, ratio: min(ratio * lr, 2 / h),
                    "That is the linear rule, cut off at the limit.",
                    "Is it exact, however large lr is?",
                    "Keep 2 - lr h on both sides."),
            Mistake("plus in the old",
                    lambda lr, h, ratio: (lambda c: 2 * c / (1 + c * h))(ratio * lr / (2 + lr * h)),
                    "The old floor has a plus in it.",
                    "How does the floor grow when lr nears 2/h?",
                    "Divide by 2 - lr h."),
            Mistake("halves", lambda lr, h, ratio: ratio * lr / (1 + ratio * lr * h / 2),
                    "It leaves the old denominator out.",
                    "Where does the old lr stand in the floor's formula?",
                    "Divide ratio * lr by 2 - lr h first, then solve."),
        )),
}

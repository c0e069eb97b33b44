"""The exercises of the RMSprop chapter."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on

__all__ = ["EXERCISES"]


def _rule(divisor=lambda v, old, t, alpha, eps: np.sqrt(v) + eps,
          grow=lambda v, g, alpha: alpha * v + (1 - alpha) * g**2):
    """Return RMSprop from how its mean square moves and from what the step is divided by."""
    def rule(p, g, t, v=0.0, *, lr, alpha, eps):
        new = grow(v, g, alpha)
        return p - lr * g / divisor(new, v, t, alpha, eps), new
    return rule


def _from_first_square(p, g, t, v=0.0, *, lr, alpha, eps):
    v = g**2 if t == 1 else alpha * v + (1 - alpha) * g**2
    return p - lr * g / (np.sqrt(v) + eps), v


def _not_kept(p, g, t, v=0.0, *, lr, alpha, eps):
    return p - lr * g / (np.sqrt(alpha * v + (1 - alpha) * g**2) + eps), v


def _root_kept(p, g, t, v=0.0, *, lr, alpha, eps):
    v = np.sqrt(alpha * v + (1 - alpha) * g**2)
    return p - lr * g / (v + eps), v


def _corrected_kept(p, g, t, v=0.0, *, lr, alpha, eps):
    v = (alpha * v + (1 - alpha) * g**2) / (1 - alpha**t)
    return p - lr * g / (np.sqrt(v) + eps), v


def _sign_step(p, g, t, v=0.0, *, lr, alpha, eps):
    v = alpha * v + (1 - alpha) * g**2
    return p - lr * np.sign(g) / (np.sqrt(v) + eps), v


_GROWS = "How much of the old v and of the new square is in v?"
_BELOW = "What exactly stands below the line?"
_EPS = "Where does eps stand, and what acts on it there?"
_OUTSIDE = "Take the root first, then add eps."

_IMPLEMENT = (
    Mistake("eps inside the root", _rule(lambda v, old, t, alpha, eps: np.sqrt(v + eps)),
            "eps stands inside the root, as in TensorFlow's first version. Torch has it outside.",
            _EPS, _OUTSIDE),
    Mistake("bias correction",
            _rule(lambda v, old, t, alpha, eps: np.sqrt(v / (1 - alpha**t)) + eps),
            "It corrects the mean for its start at 0. Adam does; RMSprop does not.", _BELOW,
            "Divide by the root of v as it is."),
    Mistake("corrected mean kept", _corrected_kept,
            "It corrects the mean for its start at 0, as Adam does, and keeps what it corrected.",
            "What does torch do to v before the root?",
            "Return v, and divide by its root, as it is."),
    Mistake("sum of squares", _rule(grow=lambda v, g, alpha: v + g**2),
            "It never forgets: this is Adagrad.", _GROWS,
            "Weigh the old v by alpha and the new square by 1 - alpha."),
    Mistake("weights swapped", _rule(grow=lambda v, g, alpha: (1 - alpha) * v + alpha * g**2),
            "It gives the past the weight of the new square, and the other way round.", _GROWS,
            "Let alpha stay of the past, and give the new square 1 - alpha."),
    Mistake("old mean", _rule(lambda v, old, t, alpha, eps: np.sqrt(old) + eps),
            "It divides by the mean of the step before.",
            "What is in v when the step divides by it?",
            "Let this gradient join the mean first, then step."),
    Mistake("one mean for all",
            _rule(grow=lambda v, g, alpha: alpha * v + (1 - alpha) * (g**2).sum()),
            "It keeps one mean for all coordinates.", "How many numbers does v hold?",
            "Leave out the sum over coordinates: each has its own v."),
    Mistake("no root", _rule(lambda v, old, t, alpha, eps: v + eps),
            "It divides by the mean square itself.", _BELOW, "Take its root."),
    Mistake("decay without weight", _rule(grow=lambda v, g, alpha: alpha * v + g**2),
            "It adds the new square whole, so v is a fading sum, not a mean.", _GROWS,
            "Weigh the new square by 1 - alpha."),
    Mistake("mean of gradients", _rule(grow=lambda v, g, alpha: alpha * v + (1 - alpha) * g),
            "It averages gradients, whose signs cancel; the root of that may not even exist.",
            "What is it that v averages?", "Average their squares."),
    Mistake("mean of sizes", _rule(lambda v, old, t, alpha, eps: v + eps,
                                   lambda v, g, alpha: alpha * v + (1 - alpha) * abs(g)),
            "It divides by a mean of sizes.", "What is it that v averages?",
            "Average squares, and take the root of the mean."),
    Mistake("root kept", _root_kept,
            "It keeps the root, and averages the next square with that.",
            "Which v does the next step get?", "Return the mean; take the root in the step only."),
    Mistake("gradient alone", _not_kept,
            "It returns the old v: nothing of the past is ever in it.",
            "Which v does the next step get?", "Return the mean with this square in it."),
    Mistake("no eps", _rule(lambda v, old, t, alpha, eps: np.sqrt(v)),
            "It leaves eps out; a coordinate without a gradient divides 0 by 0.", _EPS,
            "Add eps to the root."),
    Mistake("starts at the first square", _from_first_square,
            "Its mean starts at the first square. Torch's starts at 0, and stays low for a while.",
            "What is v before the first step?", "Treat the first step like any other."),
    Mistake("sizes for squares", _rule(grow=lambda v, g, alpha: alpha * v + (1 - alpha) * abs(g)),
            "v averages sizes, and a root is taken of that.",
            "What is it that v averages?",
            "Average squares."),
    Mistake("missing brackets in v", _rule(grow=lambda v, g, alpha: alpha * v + 1 - alpha * g**2),
            "`1 - alpha * g**2` multiplies before it subtracts.",
            _GROWS,
            "Put brackets around 1 - alpha."),
    Mistake("sign of the gradient", _sign_step,
            "It has only the sign of the gradient above the line.",
            "What stands above the line?",
            "Step along g itself."),
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


def _centered_forgotten(p, g, t, v=0.0, *, lr, alpha, eps):
    return _centered(lambda v, m, old, g: v - m**2)(p, g, t, v, lr=lr, alpha=alpha, eps=eps)[:2]


def _variance_kept(p, g, t, v=0.0, g_mean=0.0, *, lr, alpha, eps):
    p, v, g_mean = _centered(lambda v, m, old, g: np.abs(v - m**2))(
        p, g, t, v, g_mean, lr=lr, alpha=alpha, eps=eps)
    return p, v - g_mean**2, g_mean


_UNDER = "What is subtracted from v under the root, and when was it made?"
_ABOVE = "What stands above the line?"

_CENTERED = (
    Mistake("eps inside the root", _centered(lambda v, m, old, g: v - m**2,
                                             lambda square, eps: np.sqrt(square + eps)),
            "eps stands inside the root, as Graves has it. Torch has it outside.", _EPS, _OUTSIDE),
    Mistake("not centered", _centered(lambda v, m, old, g: v),
            "It keeps the mean gradient and does not use it.", _UNDER,
            "Subtract the square of the mean gradient from v."),
    Mistake("mean not squared", _centered(lambda v, m, old, g: v - m),
            "It subtracts the mean from a mean square: their units differ.", _UNDER,
            "Subtract the square of the mean."),
    Mistake("gradient instead of its mean", _centered(lambda v, m, old, g: v - g**2),
            "It subtracts the square of this gradient, not that of the mean.", _UNDER,
            "Subtract the square of the mean gradient."),
    Mistake("old mean", _centered(lambda v, m, old, g: v - old**2),
            "It subtracts the mean of the step before.", _UNDER,
            "Let both means take in this gradient first."),
    Mistake("plus", _centered(lambda v, m, old, g: v + m**2),
            "It adds the square of the mean; that is no variance.", _UNDER,
            "Subtract it."),
    Mistake("step centered too", _centered_step,
            "It subtracts the mean from the gradient of the step as well.", _ABOVE,
            "Center the divisor only, and step along g."),
    Mistake("step of the mean", _mean_step, "It steps along the mean gradient.", _ABOVE,
            "Center the divisor only, and step along g."),
    Mistake("squared differences", _squared_differences,
            "It averages (g - g_mean)². That is not the mean square less the square of the mean "
            "while the mean moves.", "What is it that v averages?",
            "Average g², and subtract the square of the mean under the root."),
    Mistake("no root", _centered(lambda v, m, old, g: v - m**2, lambda square, eps: square + eps),
            "It divides by the variance itself.", _BELOW, "Take its root."),
    Mistake("mean not kept", _centered_forgotten,
            "It returns v and not the mean gradient, which begins at 0 at every step.",
            "What does the next step begin with?", "Return both: p, v, g_mean."),
    Mistake("roots apart", _centered_root,
            "It subtracts roots; a difference of roots is not the root of the difference.",
            "In which order do you subtract and take the root?",
            "Subtract first, then take the root."),
    Mistake("variance kept", _variance_kept,
            "It hands on the centered v: the mean is taken off again at every step.",
            "What of v does the next step begin with?",
            "Subtract for the divisor alone; return v as it is."),
)


def _momentum(grow, step=lambda b, v, lr, eps: lr * b, root=lambda v, eps: np.sqrt(v) + eps):
    """Return RMSprop with momentum from how its buffer grows, the step, and the divisor."""
    def rule(p, g, t, v=0.0, b=0.0, *, lr, alpha, momentum, eps):
        v = alpha * v + (1 - alpha) * g**2
        b = grow(b, g, root(v, eps), lr, momentum)
        return p - step(b, v, lr, eps), v, b
    return rule


def _momentum_brackets(p, g, t, v=0.0, b=0.0, *, lr, alpha, momentum, eps):
    v = alpha * v + (1 - alpha) * g**2
    b = momentum * b + g / np.sqrt(v) + eps
    return p - lr * b, v, b


def _old_buffer(p, g, t, v=0.0, b=0.0, *, lr, alpha, momentum, eps):
    v = alpha * v + (1 - alpha) * g**2
    return p - lr * b, v, momentum * b + g / (np.sqrt(v) + eps)


def _look_ahead(p, g, t, v=0.0, b=0.0, *, lr, alpha, momentum, eps):
    v = alpha * v + (1 - alpha) * g**2
    scaled = g / (np.sqrt(v) + eps)
    b = momentum * b + scaled
    return p - lr * (scaled + momentum * b), v, b


_HOLDS = "What does the buffer hold, and when was each part of it divided?"

_MOMENTUM = (
    Mistake("momentum before scaling",
            _momentum(lambda b, g, root, lr, mu: mu * b + g,
                      lambda b, v, lr, eps: lr * b / (np.sqrt(v) + eps)),
            "That is still the colleague's rule: old gradients are divided by today's root.",
            _HOLDS, "Divide the gradient before it joins the buffer."),
    Mistake("eps inside the root", _momentum(lambda b, g, root, lr, mu: mu * b + g / root,
                                             root=lambda v, eps: np.sqrt(v + eps)),
            "The order is mended, and eps has slipped into the root.", _EPS, _OUTSIDE),
    Mistake("missing brackets", _momentum_brackets,
            "`g / root + eps` adds eps to the quotient, not to the root.",
            "What does Python divide by, and what does it add afterwards?",
            "Put brackets around what stands below the line: `g / (root + eps)`."),
    Mistake("lr in the buffer", _momentum(lambda b, g, root, lr, mu: mu * b + lr * g / root,
                                          lambda b, v, lr, eps: b),
            "It has lr inside the buffer, and departs from torch when lr changes.",
            "What has happened to past steps when lr changes?",
            "Take lr out of the buffer, and multiply by it in the step."),
    Mistake("moving average", _momentum(lambda b, g, root, lr, mu: mu * b + (1 - mu) * g / root),
            "It weighs the new part by 1 - momentum, as a moving average does; torch does not.",
            "What weighs the new part of the buffer?", "Add it whole."),
    Mistake("Adam's order", _momentum(lambda b, g, root, lr, mu: mu * b + (1 - mu) * g,
                                      lambda b, v, lr, eps: lr * b / (np.sqrt(v) + eps)),
            "It averages gradients first and divides then: that is Adam's order.", _HOLDS,
            "Divide the gradient first, and add it to the buffer whole."),
    Mistake("scaled twice", _momentum(lambda b, g, root, lr, mu: mu * b + g / root,
                                      lambda b, v, lr, eps: lr * b / (np.sqrt(v) + eps)),
            "It divides by the root twice.", _HOLDS, "Do not divide the buffer again."),
    Mistake("old buffer scaled again", _momentum(lambda b, g, root, lr, mu: (mu * b + g) / root),
            "It divides the old buffer at every step anew.", _HOLDS, "Divide g alone."),
    Mistake("old buffer", _old_buffer,
            "It steps along the buffer of the step before.",
            "Does this step know this step's gradient?",
            "Update the buffer first, then step."),
    Mistake("look-ahead", _look_ahead,
            "It applies momentum once more, as Nesterov does; torch's RMSprop does not.",
            "By what does the step go?",
            "Step along the buffer itself."),
    Mistake("buffer not kept", _momentum(lambda b, g, root, lr, mu: g / root),
            "The buffer holds this step alone: the old one is returned, or none, or momentum is "
            "left out.",
            "Which b does the next step get?",
            "Let momentum keep the old buffer, and return `p, v, b`."),
)
_MEANS = ({"lr": 0.1, "alpha": 0.9, "eps": 0.1}, {"lr": 0.5, "alpha": 0.5, "eps": 1e-3})


def _travel(size):
    return lambda lr, alpha, g, steps: -np.sign(g) * lr * size(g, alpha,
                                                               np.arange(1, int(steps) + 1))


def _all_steps(alpha, t):
    return (1 / np.sqrt(1 - alpha**t)).sum()


def _first(below, above=lambda g: g):
    return lambda lr, alpha, eps, g: -lr * above(g) / below(abs(g), 1 - alpha, eps)


def _window(part):
    return lambda alpha, share: math.log(part(share, alpha)) / math.log(alpha)


_EXACT = "Is it exact, for a small alpha too?"
_WEIGHED = "Which squares weigh `share` together there?"
_PIECES = "How long is one step, the first, the second, the hundredth?"
_GIVES = "the new point and the new state, p, v"

EXERCISES = {
    "window": Exercise(
        _window(lambda share, alpha: 1 - share),
        on((0.9, 0.5), (0.99, 0.9), (0.5, 0.75), (0.999, 0.1)), (
            Mistake("the rest", _window(lambda share, alpha: share),
                    "There alpha**n is `share`: that is what all squares but the latest n weigh.",
                    _WEIGHED, "Let the rest weigh 1 - share."),
            Mistake("one square", _window(lambda share, alpha: share / (1 - alpha)),
                    "There the weight of one square is `share`, not that of n together.", _WEIGHED,
                    "Add up the weights of the latest n."),
            Mistake("no share", lambda alpha, share: 1 / (1 - alpha),
                    "That is the time constant, whatever the share is.",
                    "Where does share enter your answer?",
                    "Let the weights of the latest n add up to share."),
            Mistake("half", _window(lambda share, alpha: 0.5),
                    "That is the half-life, whatever the share is.",
                    "Where does share enter your answer?",
                    "Let the weights of the latest n add up to share."),
            Mistake("large alpha", lambda alpha, share: -math.log(1 - share) / (1 - alpha),
                    "That is the limit of alpha near 1.", _EXACT, "Keep the logarithm of alpha."),
            Mistake("large alpha, sign lost",
                    lambda alpha, share: math.log(1 - share) / (1 - alpha),
                    "That is the limit of alpha near 1, and its sign is lost.", _EXACT,
                    "Keep the logarithm of alpha below the line; it is negative too."),
            Mistake("part of the time constant", lambda alpha, share: share / (1 - alpha),
                    "It gives every square the weight of the newest.",
                    "How much does the tenth square back weigh?", "Let the weights fade by alpha."),
            Mistake("sign", lambda alpha, share: -math.log(1 - share) / math.log(alpha),
                    "It is right but for its sign: log(alpha) and log(1 - share) are negative.",
                    "Which of your logarithms are negative?",
                    "Divide one by the other, without a minus."),
            Mistake("divided", lambda alpha, share: (1 - share) / alpha,
                    "It divides by alpha once; the weights fade by a power of it.",
                    "How do you solve for an exponent?", "Take logarithms on both sides."),
            Mistake("difference of logarithms",
                    lambda alpha, share: math.log(1 - share) - math.log(alpha),
                    "It takes one logarithm from the other.",
                    "What does a logarithm make of alpha to the power n?",
                    "Divide: the power becomes a factor."),
            Mistake("not weighed",
                    lambda alpha, share: math.log(1 - share * (1 - alpha)) / math.log(alpha),
                    "It sums powers of alpha without their factor 1 - alpha.",
                    _WEIGHED,
                    "Multiply the sum by 1 - alpha before you set it to share."),
        )),
    "first_step": Exercise(
        _first(lambda g, rest, eps: np.sqrt(rest) * g + eps),
        on((0.01, 0.99, 0.03, 3.0), (0.1, 0.9, 0.01, -0.001), (1.0, 0.5, 1.0, 10.0),
           (0.2, 0.8, 0.1, 0.0)), (
            Mistake("no eps", _first(lambda g, rest, eps: np.sqrt(rest), np.sign),
                    "It leaves eps out, so that the size of the gradient cancels.",
                    "What if the gradient is small beside eps?", "Add eps to the root."),
            Mistake("eps inside the root", _first(lambda g, rest, eps: np.sqrt(rest * g**2 + eps)),
                    "eps stands inside the root. Torch has it outside.", _EPS, _OUTSIDE),
            Mistake("eps scaled", _first(lambda g, rest, eps: np.sqrt(rest) * (g + eps)),
                    "It multiplies eps by √(1 - alpha) as well.", _EPS, _OUTSIDE),
            Mistake("full mean", _first(lambda g, rest, eps: g + eps),
                    "It takes g² for v, as if the mean were corrected for its start at 0.",
                    "How large is v after one step?", "Put (1 - alpha) g² in for v."),
            Mistake("no root", _first(lambda g, rest, eps: rest * g**2 + eps),
                    "It divides by the mean square itself.", _BELOW, "Take its root."),
            Mistake("root of g² alone", _first(lambda g, rest, eps: rest * g + eps),
                    "It takes the root of g², and not that of 1 - alpha.", _BELOW,
                    "Take the root of the whole product."),
            Mistake("not divided by g", _first(lambda g, rest, eps: np.sqrt(rest) + eps),
                    "It leaves the gradient's size out below the line.", _BELOW,
                    "Take the root of (1 - alpha) g²."),
            Mistake("no size", lambda lr, alpha, eps, g: -lr * g / (math.sqrt(1 - alpha) * g + eps),
                    "It takes g for the root of g²: the step loses its sign, and eps may cancel g.",
                    "What is the root of g² if g is negative?", "Put the size of g there."),
            Mistake("sign of the gradient above",
                    _first(lambda g, rest, eps: np.sqrt(rest) * g + eps, np.sign),
                    "It has only the sign of the gradient above the line.", _ABOVE,
                    "Step along g itself."),
            Mistake("no brackets",
                    lambda lr, alpha, eps, g: -lr * g / np.sqrt(1 - alpha) * abs(g) + eps,
                    "The brackets below the line are missing.",
                    "What does Python divide by here, and what does it multiply and add?",
                    "Put brackets around all that stands below the line."),
            Mistake("plain", lambda lr, alpha, eps, g: -lr * g,
                    "That is SGD's step: nothing is divided.",
                    "By what is the gradient divided?",
                    "Divide it by the root of v, plus eps."),
            Mistake("gradient squared",
                    lambda lr, alpha, eps, g: -lr * g**2 / (np.sqrt(1 - alpha) * abs(g) + eps),
                    "It has the square of the gradient above the line.",
                    "What stands above the line?",
                    "Let g itself stand there."),
        )),
    "implement": Exercise(_rule(), drive(*_MEANS, rests=2), _IMPLEMENT, _GIVES),
    "centered": Exercise(_centered(lambda v, m, old, g: v - m**2), drive(*_MEANS, rests=2),
                         _CENTERED, "the new point and the new state, p, v, g_mean"),
    "momentum": Exercise(
        _momentum(lambda b, g, root, lr, mu: mu * b + g / root),
        drive(*({**hyper, "momentum": mu} for hyper, mu in zip(_MEANS, (0.9, 0.5), strict=True)),
              rests=2),
        _MOMENTUM, "the new point and the new state, p, v, b"),
    "travel": Exercise(
        _travel(lambda g, alpha, t: _all_steps(alpha, t)),
        on((0.1, 0.9, 1.0, 10), (0.5, 0.99, -3.0, 100), (1.0, 0.5, 0.01, 4), (2.0, 0.8, -0.5, 1)), (
            Mistake("no sign", lambda lr, alpha, g, steps:
                    lr * _all_steps(alpha, np.arange(1, int(steps) + 1)),
                    "That is how far, and not where.", "Where does it stand if g is positive?",
                    "Go against the sign of the gradient."),
            Mistake("unit steps", _travel(lambda g, alpha, t: float(len(t))),
                    "It takes unit steps, where the way only ends up.", _PIECES,
                    "Divide each step by the root of 1 - alpha**t."),
            Mistake("all like the first", _travel(lambda g, alpha, t: len(t) / np.sqrt(1 - alpha)),
                    "It takes every step to be as long as the first.", _PIECES,
                    "Let v grow to g²: after t steps it is (1 - alpha**t) g²."),
            Mistake("all like the last", _travel(
                lambda g, alpha, t: len(t) / np.sqrt(1 - alpha**len(t))),
                    "It takes every step to be as long as the last.", _PIECES,
                    "Add them up one by one."),
            Mistake("last step", _travel(lambda g, alpha, t: 1 / np.sqrt(1 - alpha**len(t))),
                    "That is the last step alone.", "What do the steps add up to?",
                    "Add up all the steps."),
            Mistake("t from 0", _travel(lambda g, alpha, t: _all_steps(alpha, t[:-1])),
                    "It leaves a step out.", "How many steps does your sum have?",
                    "Let t run from 1 to steps, with both ends."),
            Mistake("scaled by the gradient", _travel(
                lambda g, alpha, t: abs(g) * _all_steps(alpha, t)),
                    "It grows with the gradient, whose size cancels.",
                    "What if the gradient is ten times as large?",
                    "Divide by the root of v: the sign of g is left."),
            Mistake("no root", _travel(lambda g, alpha, t: (1 / (1 - alpha**t)).sum()),
                    "It divides by the mean square.", _PIECES, "Take the root of 1 - alpha**t."),
            Mistake("roots above", _travel(lambda g, alpha, t: np.sqrt(1 - alpha**t).sum()),
                    "It multiplies by the root where it should divide.", _PIECES,
                    "Divide each step by the root of 1 - alpha**t."),
            Mistake("Adagrad", _travel(lambda g, alpha, t: (t**-0.5).sum()),
                    "That is Adagrad's way, whose steps die.", _PIECES,
                    "Put (1 - alpha**t) g² in for the sum."),
            Mistake("first step left out", _travel(lambda g, alpha, t: _all_steps(alpha, t + 1)),
                    "It begins at the second step, and has one too many at the end.",
                    "At which t is the first step?",
                    "Let t run from 1 to steps, with both ends."),
        )),
}

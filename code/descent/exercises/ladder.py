"""The exercises of the page "The ladder"."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, drive, lists, on

__all__ = ["EXERCISES"]


def _lengths(a, b):
    return math.sqrt(2 * a**2 + 2 * b**2), 2 * a + 2 * b, 2 * a


_WITH = "For each norm, by what does ⟨G, D⟩ gain when D is the step of size 1?"
_SINGULAR = "Along (1, 1) and along (1, −1), what does G multiply by?"
_LENGTHS = (
    Mistake("sizes of the norms", lambda a, b: (math.sqrt(2 * a**2 + 2 * b**2), a, a + b),
            ask=_WITH, why="These are G's sizes in the norms themselves, not what G gains along "
            "the steps.", do="Sum the entries' sizes, and the singular values."),
    Mistake("one singular value", lambda a, b: (math.sqrt(2 * a**2 + 2 * b**2), 2 * a + 2 * b,
                                                a + b), ask=_SINGULAR,
            why="It takes the largest singular value alone.", do="Add the other, a − b."),
    Mistake("sum for difference", lambda a, b: (math.sqrt(2 * a**2 + 2 * b**2), 2 * a + 2 * b,
                                                2 * (a + b)), ask=_SINGULAR,
            why="It counts a + b twice; along (1, −1) G multiplies by a − b.",
            do="Add a + b and a − b."),
    Mistake("each entry once", lambda a, b: (math.sqrt(a**2 + b**2), a + b, 2 * a),
            ask="How many entries has G?", why="It counts a and b once.",
            do="Each stands twice in G."),
    Mistake("no root", lambda a, b: (2 * a**2 + 2 * b**2, 2 * a + 2 * b, 2 * a),
            ask="Is the first as large as a gradient, or as its square?",
            why="The first is the square of a length.", do="Take the root."),
    Mistake("diagonal", lambda a, b: (math.sqrt(2) * a, 2 * a, 2 * a), ask="Where is b?",
            why="It leaves the entries off the diagonal out.", do="Count all four entries."),
    Mistake("order", lambda a, b: (math.sqrt(2 * a**2 + 2 * b**2), 2 * a, 2 * a + 2 * b),
            ask="In which order are the norms asked for?",
            why="The last two are swapped.", do="Return whole, entries, matrix."),
)


def _equal(length, n, m):
    return length, length / math.sqrt(n * m), length / math.sqrt(min(n, m))


_SQUARES = "What is the sum of the step's squared entries, in each norm?"
_EQUAL = (
    Mistake("one for all", lambda length, n, m: (length, length, length), ask=_SQUARES,
            why="It takes all three steps to be equally long.",
            do="A matrix of signs has nm squares of 1."),
    Mistake("no roots", lambda length, n, m: (length, length / (n * m), length / min(n, m)),
            ask=_SQUARES, why="It divides by the sum of squares, not by its root.",
            do="Take roots."),
    Mistake("the larger side", lambda length, n, m: (
        length, length / math.sqrt(n * m), length / math.sqrt(max(n, m))),
            ask="How many singular values are there?", why="It counts max(n, m) singular values.",
            do="There are min(n, m)."),
    Mistake("all entries", lambda length, n, m: (
        length, length / math.sqrt(n * m), length / math.sqrt(n * m)),
            ask="How many singular values are there?",
            why="It takes every entry of UVᵀ to be 1 in size.",
            do="Its squares sum to the number of singular values."),
    Mistake("both sides", lambda length, n, m: (
        length, length / math.sqrt(n * m), length / math.sqrt(n + m)),
            ask="How many singular values are there?", why="It adds rows and columns.",
            do="There are min(n, m)."),
    Mistake("upside down", lambda length, n, m: (
        length, length * math.sqrt(n * m), length * math.sqrt(min(n, m))),
            ask="Which step is the longest at the same lr?",
            why="It lengthens what is too long already.", do="Divide."),
    Mistake("order", lambda length, n, m: (
        length, length / math.sqrt(min(n, m)), length / math.sqrt(n * m)),
            ask="In which order are the norms asked for?", why="The last two are swapped.",
            do="Return whole, entries, matrix."),
)


def _whole(size=lambda g: np.sum(g**2), mean=lambda v, one, beta2: beta2 * v + (1 - beta2) * one,
           full=lambda beta, t: 1 - beta**t, m_full=None, root=np.sqrt, sign=-1.0,
           kept=lambda p, m, v: (p, m, v)):
    """Return Adam with one number for all, from its parts."""
    def rule(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
        m = beta1 * m + (1 - beta1) * g
        v = mean(v, size(g), beta2)
        step = m / (m_full or full)(beta1, t) / (root(v / full(beta2, t)) + eps)
        return kept(p + sign * lr * step, m, v)
    return rule


_ONE = "How many numbers is v, and what do they sum up?"
_FILLED = "What has been done to both means before they are used?"
_WHOLE = (
    Mistake("Adam", _whole(size=lambda g: g**2), ask=_ONE,
            why="It is Adam still: a v for each entry.", do="Use `np.sum(g**2)`."),
    Mistake("mean for sum", _whole(size=lambda g: np.sum(g**2) / 3), ask=_ONE,
            why="It takes the mean of the squares; the size of a vector is of their sum.",
            do="Use `np.sum(g**2)`."),
    Mistake("length, not its square", _whole(size=lambda g: np.sqrt(np.sum(g**2))), ask=_ONE,
            why="It averages lengths, and takes the root of that.",
            do="Average squares: leave the root to the step."),
    Mistake("mean of lengths", _whole(size=lambda g: np.sqrt(np.sum(g**2)), root=lambda v: v),
            ask="What does Adam average?", why="It averages lengths, not their squares.",
            do="Average `np.sum(g**2)`, and take the root in the step."),
    Mistake("square of the sum", _whole(size=lambda g: np.sum(g)**2), ask=_ONE,
            why="It squares the sum, in which signs cancel.", do="Square first, then sum."),
    Mistake("sizes summed", _whole(size=lambda g: np.sum(np.abs(g))**2), ask=_ONE,
            why="It is the square of the sum of sizes, the length that goes with another norm.",
            do="Sum the squares."),
    Mistake("largest", _whole(size=lambda g: np.max(g**2)), ask=_ONE,
            why="It takes the largest square alone.", do="Sum the squares."),
    Mistake("no root", _whole(root=lambda v: v), ask="Is v a size, or the square of one?",
            why="It divides by squares.", do="Take the root of v."),
    Mistake("not corrected", _whole(full=lambda beta, t: 1.0), ask=_FILLED,
            why="Neither mean is corrected for its start at 0.",
            do="Divide m by 1 - beta1**t and v by 1 - beta2**t."),
    Mistake("m not corrected", _whole(m_full=lambda beta, t: 1.0), ask=_FILLED,
            why="m is not corrected for its start at 0.", do="Divide m by 1 - beta1**t."),
    Mistake("corrected once", _whole(full=lambda beta, t: 1 - beta), ask=_FILLED,
            why="It corrects at every step as at the first.", do="Raise the betas to the power t."),
    Mistake("sign", _whole(sign=1.0), ask="Does the loss fall along its step?",
            why="It climbs: it adds the step.", do="Take the step from p."),
    Mistake("weights swapped", _whole(mean=lambda v, one, beta2: (1 - beta2) * v + beta2 * one),
            ask="Which number keeps the old v?", why="It keeps 1 - beta2 of the old v.",
            do="Keep beta2 of v, and 1 - beta2 of the new."),
    Mistake("all the past", _whole(mean=lambda v, one, beta2: v + one, full=lambda beta, t: 1.0,
                                   m_full=lambda beta, t: 1 - beta**t),
            ask="Does the past fade?", why="It forgets nothing, as Adagrad does.",
            do="Let v fade by beta2."),
    Mistake("v before m", _whole(kept=lambda p, m, v: (p, v, m)),
            ask="What does it return, in which order, and how does it take that back?",
            why="It returns v before m; the next step takes one for the other.",
            do="Return `p, m, v`."),
)


def _signs(size=lambda g, m: np.abs(m), sign=-1.0, mean=lambda m, g, beta: beta * m
           + (1 - beta) * g, along=lambda g, m: m, kept=lambda p, m: (p, m)):
    """Return momentum whose step is divided by its own sizes."""
    def rule(p, g, t, m=0.0, *, lr, beta):
        m = mean(m, g, beta)
        return kept(p + sign * lr * along(g, m) / size(g, m), m)
    return rule


_OWN = "Of what is the size taken, and along what is the step?"
_MEND = (
    Mistake("the gradient's size", _signs(size=lambda g, m: np.abs(g)), ask=_OWN,
            why="It steps along the mean and divides by the size of the new gradient.",
            do="Divide by `np.abs(m)`."),
    Mistake("the gradient's sign", _signs(size=lambda g, m: np.abs(g), along=lambda g, m: g),
            ask="What is averaged at this rung?", why="It takes the sign of the gradient: the mean "
            "is kept and not used.", do="Take the sign of m."),
    Mistake("mean along, root of squares", _signs(size=lambda g, m: np.sqrt(0.5 * g**2
                                                                            + 0.5 * m**2)),
            ask=_OWN, why="It divides by a mixture of both sizes.", do="Divide by `np.abs(m)`."),
    Mistake("length", _signs(size=lambda g, m: np.sqrt(np.sum(m**2))), ask="Which norm is asked "
            "for?", why="It divides by the length of the whole mean.",
            do="Divide each entry by its own size."),
    Mistake("square", _signs(size=lambda g, m: m**2), ask="How large is a step of that?",
            why="It divides by squares.", do="Divide by `np.abs(m)`."),
    Mistake("not divided", _signs(size=lambda g, m: 1.0), ask="How large is a step of that?",
            why="It is momentum, whose length is kept.", do="Divide by `np.abs(m)`."),
    Mistake("sign", _signs(sign=1.0), ask="Does the loss fall along its step?",
            why="It climbs: it adds the step.", do="Take the step from p."),
    Mistake("weights swapped", _signs(mean=lambda m, g, beta: (1 - beta) * m + beta * g),
            ask="Which number keeps the old m?", why="It keeps 1 - beta of the old mean.",
            do="Keep beta of m."),
    Mistake("sign kept", _signs(kept=lambda p, m: (p, np.sign(m))),
            ask="What goes into the next mean?", why="It keeps the sign of the mean, so the next "
            "mean is one of signs.", do="Return m itself."),
)

_LENGTH = "What is the one singular value of a column?"
_COLUMN = (
    Mistake("signs", lambda g: np.sign(g), ask=_LENGTH,
            why="That is the step of the norm of entries.", do="Divide g by its length."),
    Mistake("gradient", lambda g: g, ask="What size has the step?", why="That is g itself.",
            do="Divide g by its length."),
    Mistake("sum of sizes", lambda g: g / np.sum(np.abs(g)), ask=_LENGTH,
            why="It divides by the sum of sizes.", do="Divide by the root of the sum of squares."),
    Mistake("largest", lambda g: g / np.max(np.abs(g)), ask=_LENGTH,
            why="It divides by the largest entry.", do="Divide by the root of the sum of squares."),
    Mistake("square", lambda g: g / np.sum(g**2), ask=_LENGTH,
            why="It divides by the square of the length.", do="Take the root."),
    Mistake("ones", lambda g: 0 * g + 1, ask="How many singular values are there?",
            why="It makes every entry 1.", do="There is one singular value, not one an entry."),
    Mistake("first alone", lambda g: np.where(np.arange(len(g)) == 0, 1.0, 0.0), ask=_LENGTH,
            why="It points along the first axis.", do="U is g over its length."),
    Mistake("downhill", lambda g: -g / np.sqrt(np.sum(g**2)), ask="Is it taken from the point, or "
            "added?", why="It is turned round: a step is taken from the point.",
            do="Leave the sign of g."),
)

_THREE = "three numbers, whole, entries, matrix"
EXERCISES = {
    "column": Exercise(lambda g: g / np.sqrt(np.sum(g**2)), lists(
        [3.0, -4.0], [1.0, 2.0, -2.0], [0.5, 0.1, -0.3, 0.2]), _COLUMN, gives="an array"),
    "lengths": Exercise(_lengths, on((2.0, 1.0), (5.0, 0.5), (1.5, 1.2)), _LENGTHS, gives=_THREE),
    "equal": Exercise(_equal, on((1.0, 4, 9), (0.2, 30, 7), (3.0, 5, 5)), _EQUAL, gives=_THREE),
    "whole": Exercise(_whole(), drive({"lr": 0.1, "beta1": 0.9, "beta2": 0.9, "eps": 0.1},
                                      {"lr": 0.5, "beta1": 0.6, "beta2": 0.5, "eps": 1e-3}),
                      _WHOLE, gives="the new point and the state, p, m, v"),
    "mend": Exercise(_signs(), drive({"lr": 0.1, "beta": 0.9}, {"lr": 0.5, "beta": 0.4}), _MEND,
                     gives="the new point and the state, p, m"),
}

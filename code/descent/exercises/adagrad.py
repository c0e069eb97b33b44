"""The exercises of the Adagrad chapter."""

import numpy as np

from descent.exercises import Exercise, Mistake, drive, lists, on

__all__ = ["EXERCISES"]


def _rule(divisor=lambda new, old, eps: np.sqrt(new) + eps, grow=lambda G, g, eps: G + g**2,
          sign=1.0):
    """Return Adagrad from how its sum grows and from what the step is divided by."""
    def rule(p, g, t, G=0.0, *, lr, eps):
        new = grow(G, g, eps)
        return p - sign * lr * g / divisor(new, G, eps), new
    return rule


_RIGHT = _rule()
_EPS_INSIDE = _rule(lambda new, old, eps: np.sqrt(new + eps))
_AFTER_USE = _rule(lambda new, old, eps: np.sqrt(old) + eps)
_NO_EPS = _rule(lambda new, old, eps: np.sqrt(new))
_TRIALS = drive({"lr": 0.1, "eps": 0.3}, {"lr": 0.5, "eps": 1e-3})


def _both_squared(p, g, t, G=0.0, *, lr, eps):
    G = G + g**2
    return p - lr * g**2 / (np.sqrt(G) + eps), G


def _mean_square(p, g, t, G=0.0, *, lr, eps):
    G = G + g**2
    return p - lr * g / (np.sqrt(G / t) + eps), G


def _not_kept(p, g, t, G=0.0, *, lr, eps):
    return p - lr * g / (np.sqrt(G + g**2) + eps), G


_IMPLEMENT = (
    Mistake("mean of squares", _mean_square,
            "It divides by the root of the mean square. Adagrad's sum is a sum."),
    Mistake("sum not kept", _not_kept,
            "It returns the old sum: the next step never hears of this gradient."),
    Mistake("sum of gradients", _rule(grow=lambda G, g, eps: G + g),
            "It sums gradients; their signs cancel. Sum their squares."),
    Mistake("sign", _rule(sign=-1.0), "It climbs: the step is minus the scaled gradient."),
    Mistake("eps inside the root", _EPS_INSIDE,
            "eps stands inside the root, where its own root counts. Torch adds it outside."),
    Mistake("sum updated after use", _AFTER_USE,
            "It divides by the sum of the step before. The gradient of this step must be in it."),
    Mistake("no root", _rule(lambda new, old, eps: new + eps),
            "It divides by the sum of squares; its square root is asked for."),
    Mistake("moving mean", _rule(grow=lambda G, g, eps: 0.9 * G + 0.1 * g**2),
            "It takes a moving mean of squares: that is RMSprop. Adagrad forgets nothing."),
    Mistake("absolute values", _rule(lambda new, old, eps: new + eps, lambda G, g, eps: G + abs(g)),
            "It sums absolute values. The root of the sum of squares is asked for."),
    Mistake("one sum for all", _rule(grow=lambda G, g, eps: G + (g**2).sum()),
            "It keeps one sum for all coordinates. Each has its own."),
    Mistake("gradient squared on top", _both_squared,
            "It squares the gradient above the line as well, and so loses its sign."),
    Mistake("no eps", _NO_EPS, "It leaves eps out."),
)

_FIX_EPS = (
    Mistake("eps inside the root", _EPS_INSIDE,
            "That is still the colleague's line: eps is inside."),
    Mistake("its root outside", _rule(lambda new, old, eps: np.sqrt(new) + np.sqrt(eps)),
            "It takes eps out of the root but keeps its root; torch adds eps as it is."),
    Mistake("no eps", _NO_EPS,
            "It leaves eps out; a coordinate without a gradient divides 0 by 0."),
    Mistake("eps in the sum", _rule(lambda new, old, eps: np.sqrt(new),
                                    lambda G, g, eps: G + g**2 + eps),
            "It puts eps into the sum at every step, where it piles up inside the root."),
    Mistake("eps as a floor", _rule(lambda new, old, eps: np.maximum(np.sqrt(new), eps)),
            "It takes the larger of the two; torch takes their sum."),
)

_ORDER = (
    Mistake("sum updated after use", _AFTER_USE,
            "That is still the colleague's rule: it divides by the sum without this gradient."),
    Mistake("first step alone",
            _rule(lambda new, old, eps: np.sqrt(np.where(old == 0, new, old)) + eps),
            "It saves the first step only; every later one still divides by the old sum."),
    Mistake("gradient twice", _rule(lambda new, old, eps: np.sqrt(2 * new - old) + eps),
            "It counts this step's gradient twice in the divisor."),
    Mistake("sum of one", _rule(lambda new, old, eps: np.sqrt(new - old) + eps),
            "It divides by this gradient alone: every step is a sign."),
    Mistake("eps inside the root", _EPS_INSIDE,
            "The order is mended, and eps has slipped into the root."),
)


def _travel(size):
    return lambda lr, g, steps: -np.sign(g) * lr * size(g, np.arange(1, int(steps) + 1))


EXERCISES = {
    "bound": Exercise(
        lambda D, G: np.sqrt(2 * G) * D,
        on((1.0, 1.0), (2.0, 9.0), (0.5, 100.0)), (
            Mistake("best constant", lambda D, G: D * np.sqrt(G),
                    "That is what the best constant lr reaches, chosen in hindsight."),
            Mistake("lr = D", lambda D, G: 1.5 * D * np.sqrt(G),
                    "That is for lr = D. A smaller one makes the sum of the two terms smaller."),
            Mistake("one term", lambda D, G: D * np.sqrt(G / 2),
                    "That is one of the two terms. At the best lr they are equal: add them."),
            Mistake("no root", lambda D, G: np.sqrt(2) * D * G,
                    "The sum of squares enters by its root."),
            Mistake("factor two", lambda D, G: 2 * D * np.sqrt(G),
                    "Close: minimise D²/(2 lr) + lr over lr once more."),
        )),
    "implement": Exercise(_RIGHT, _TRIALS, _IMPLEMENT),
    "fix_eps": Exercise(_RIGHT, _TRIALS, _FIX_EPS),
    "order": Exercise(_RIGHT, _TRIALS, _ORDER),
    "travel": Exercise(
        _travel(lambda g, t: (t**-0.5).sum()),
        on((0.1, 1.0, 10), (0.5, -3.0, 100), (1.0, 0.01, 4)), (
            Mistake("sign", _travel(lambda g, t: -(t**-0.5).sum()),
                    "The size is right; the way goes against the gradient."),
            Mistake("no sign", lambda lr, g, steps: lr * (np.arange(1, int(steps) + 1)**-0.5).sum(),
                    "That is how far. Where, from 0? The way goes against the gradient's sign."),
            Mistake("scaled by the gradient", _travel(lambda g, t: abs(g) * (t**-0.5).sum()),
                    "The size of the gradient cancels: it stands above the line and below."),
            Mistake("last step", _travel(lambda g, t: len(t)**-0.5),
                    "That is the last step alone. Add up all of them."),
            Mistake("root of the number", _travel(lambda g, t: len(t)**0.5),
                    "Half of what the integral gives: the steps are 1, 1/√2, 1/√3, …: add them."),
            Mistake("no decay", _travel(lambda g, t: float(len(t))),
                    "Only the first step is lr. After t steps the sum of squares is t g²."),
            Mistake("plain SGD", lambda lr, g, steps: -lr * g * steps, "That is SGD's way."),
            Mistake("integral", _travel(lambda g, t: 2 * np.sqrt(len(t))),
                    "That is the integral, good for many steps. Add up the steps themselves."),
            Mistake("harmonic", _travel(lambda g, t: (1 / t).sum()),
                    "It falls as 1/t there. The root of the sum goes as √t."),
        )),
    "gain": Exercise(
        lambda n: np.sqrt(len(n) * n.sum()) / np.sqrt(n).sum(),
        lists([1, 1, 1, 1], [1, 100], [1, 1, 1, 1, 1, 1, 1, 1, 1, 1000], [4, 9, 16]), (
            Mistake("upside down", lambda n: np.sqrt(n).sum() / np.sqrt(len(n) * n.sum()),
                    "Upside down: the single lr has the larger bound."),
            Mistake("against Adagrad", lambda n: np.sqrt(len(n) * n.sum() / 2) / np.sqrt(n).sum(),
                    "That is against Adagrad's own bound, with its √2. The best rate for each "
                    "coordinate, chosen in hindsight, is asked for."),
            Mistake("squared", lambda n: len(n) * n.sum() / np.sqrt(n).sum()**2,
                    "That is the square of the factor: bounds, not their squares."),
            Mistake("no dimension", lambda n: np.sqrt(n.sum()) / np.sqrt(n).sum(),
                    "The distance in all coordinates together is D √d; the √d is missing."),
            Mistake("no roots", lambda n: len(n) * n.max() / n.sum(),
                    "Both bounds go with roots of the counts."),
            Mistake("root outside", lambda n: np.sqrt(len(n) * n.sum()) / np.sqrt(n.sum()),
                    "The sum of the roots is asked for, not the root of the sum."),
        )),
}

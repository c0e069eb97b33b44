"""The exercises of the Adagrad chapter."""

import numpy as np

from descent.exercises import Exercise, Mistake, drive, lists, on

__all__ = ["EXERCISES"]


def _rule(divisor=lambda new, old, eps: np.sqrt(new) + eps, grow=lambda G, g, eps: G + g**2):
    """Return Adagrad from how its sum grows and from what the step is divided by."""
    def rule(p, g, t, G=0.0, *, lr, eps):
        new = grow(G, g, eps)
        return p - lr * g / divisor(new, G, eps), new
    return rule


_RIGHT = _rule()
_EPS_INSIDE = _rule(lambda new, old, eps: np.sqrt(new + eps))
_AFTER_USE = _rule(lambda new, old, eps: np.sqrt(old) + eps)
_NO_EPS = _rule(lambda new, old, eps: np.sqrt(new))
_EPS_FLOOR = _rule(lambda new, old, eps: np.maximum(np.sqrt(new), eps))
_GIVES = "the new point and the new sum, p, G"
_TRIALS = drive({"lr": 0.1, "eps": 0.3}, {"lr": 0.5, "eps": 1e-3}, rests=2)
_SLOPES = on((1.0, 0.1), (-0.5, 0.04), (1e-3, 1e-2), (-2e-3, 1e-6))


def _both_squared(p, g, t, G=0.0, *, lr, eps):
    G = G + g**2
    return p - lr * g**2 / (np.sqrt(G) + eps), G


def _mean_square(p, g, t, G=0.0, *, lr, eps):
    G = G + g**2
    return p - lr * g / (np.sqrt(G / t) + eps), G


def _not_kept(p, g, t, G=0.0, *, lr, eps):
    return p - lr * g / (np.sqrt(G + g**2) + eps), G


def _root_kept(p, g, t, G=0.0, *, lr, eps):
    G = np.sqrt(G + g**2)
    return p - lr * g / (G + eps), G


_GROWS = "What does G gather from step to step?"
_BELOW = "What exactly stands below the line?"
_WHEN = "What is in G when the step divides by it?"
_EPS = "Where does eps stand, and what acts on it there?"
_ALONE = Mistake("gradient alone", _not_kept,
                 "It divides by this gradient's size alone: nothing of the past is in G.",
                 "Which G does the next step get?",
                 "Add this square to the old G, and return that.")
_SPARED = Mistake("eps at zero only",
                  _rule(lambda new, old, eps: np.sqrt(np.where(new == 0, 1, new))),
                  "It keeps clear of dividing by 0, and has no eps anywhere else.", _EPS,
                  "Add eps to the root everywhere.")

_IMPLEMENT = (
    Mistake("mean of squares", _mean_square,
            "It divides by the root of the mean square. Adagrad's sum is a sum.", _BELOW,
            "Do not divide the sum by t."),
    _ALONE,
    _SPARED,
    Mistake("root kept", _root_kept,
            "It keeps the root of the sum, and adds the next square to that.",
            "Which G does the next step get?", "Return the sum; take the root in the step only."),
    Mistake("sum of gradients", _rule(grow=lambda G, g, eps: G + g),
            "It sums gradients, whose signs cancel; the root of that may not even exist.", _GROWS,
            "Sum their squares."),
    Mistake("eps inside the root", _EPS_INSIDE,
            "eps stands inside the root, where its own root counts. Torch has it outside.", _EPS,
            "Take the root first, then add eps."),
    Mistake("sum updated after use", _AFTER_USE,
            "It divides by the sum of the step before.", _WHEN,
            "Add the square of this gradient first, then step."),
    Mistake("no root", _rule(lambda new, old, eps: new + eps),
            "It divides by the sum of squares itself.", _BELOW, "Take its square root."),
    Mistake("moving mean", _rule(grow=lambda G, g, eps: 0.9 * G + 0.1 * g**2),
            "It takes a moving mean of squares: that is RMSprop. Adagrad forgets nothing.", _GROWS,
            "Add the square to the old G, both whole."),
    Mistake("absolute values", _rule(lambda new, old, eps: new + eps, lambda G, g, eps: G + abs(g)),
            "It sums absolute values, which grow faster than the root of the sum of squares.",
            _GROWS, "Sum squares, and take the root."),
    Mistake("root of absolute values", _rule(grow=lambda G, g, eps: G + abs(g)),
            "It takes the root of a sum of absolute values.", _GROWS, "Sum squares."),
    Mistake("one sum for all", _rule(grow=lambda G, g, eps: G + (g**2).sum()),
            "It keeps one sum for all coordinates.", "How many numbers does G hold?",
            "Leave out the sum over coordinates: each has its own G."),
    Mistake("gradient squared on top", _both_squared,
            "It squares the gradient above the line as well, and so loses its sign.",
            "What exactly stands above the line?", "Step along g itself."),
    Mistake("no eps", _NO_EPS,
            "It leaves eps out; a coordinate without a gradient divides 0 by 0.", _EPS,
            "Add eps to the root."),
    Mistake("eps as a floor", _EPS_FLOOR, "It takes the larger of the two; torch takes their sum.",
            _EPS, "Add eps to the root."),
)

def _inside(g, eps):
    return (abs(g) + eps) / np.sqrt(g**2 + eps)


def _late(g, eps):
    return (abs(g) + eps) / eps


_DIVISORS = "What does each of the two divide the first step by?"
_FIRST_SUM = "What is the sum at the first step, before and after this slope joins it?"
_FIX_EPS = (
    Mistake("upside down", lambda g, eps: 1 / _inside(g, eps),
            "That is torch's step over the colleague's.", _DIVISORS, "Turn the fraction over."),
    Mistake("step over lr", lambda g, eps: abs(g) / np.sqrt(g**2 + eps),
            "That is the colleague's own step over lr. Torch's is not quite lr either.",
            _DIVISORS, "Divide it by torch's step, lr |g| / (|g| + eps)."),
    Mistake("sign kept", lambda g, eps: (g + eps) / np.sqrt(g**2 + eps),
            "It takes g for its size. The root of g² is never negative.",
            "What if g is negative?", "Put |g| for g."),
    Mistake("eps squared", lambda g, eps: (abs(g) + eps) / np.sqrt(g**2 + eps**2),
            "It squares eps in the colleague's root.", _DIVISORS,
            "Under the root eps stands as it is."),
    Mistake("eps pulled out", lambda g, eps: (abs(g) + eps) / (abs(g) + np.sqrt(eps)),
            "It takes the root of each part of a sum.", "Is the root of a sum the sum of roots?",
            "Keep g² + eps under one root."),
    Mistake("no root", lambda g, eps: (abs(g) + eps) / (g**2 + eps),
            "It has lost the colleague's root.", _DIVISORS, "Take the root of g² + eps."),
    Mistake("the other one", _late, "That is the other colleague's.", _DIVISORS,
            "This one's sum has the slope in it; only eps has moved."),
)

_ORDER = (
    Mistake("upside down", lambda g, eps: 1 / _late(g, eps),
            "That is torch's step over the colleague's.", _DIVISORS, "Turn the fraction over."),
    Mistake("step over lr", lambda g, eps: abs(g) / eps,
            "That is the colleague's own step over lr. Torch's is not quite lr either.",
            _DIVISORS, "Divide it by torch's step, lr |g| / (|g| + eps)."),
    Mistake("sign kept", lambda g, eps: (g + eps) / eps,
            "It takes g for its size. The root of g² is never negative.",
            "What if g is negative?", "Put |g| for g."),
    Mistake("root of eps", lambda g, eps: (abs(g) + eps) / np.sqrt(eps),
            "It takes the root of eps, which stands outside the root here.", _DIVISORS,
            "Divide by eps itself."),
    Mistake("all alike", lambda g, eps: 1.0,
            "That would be so if the slope were in the sum already.", _FIRST_SUM,
            "The old sum is 0: eps alone is left below the line."),
    Mistake("the other one", _inside, "That is the other colleague's.", _FIRST_SUM,
            "The old sum is 0: eps alone is left below the line."),
)


def _travel(size):
    return lambda lr, g, steps: -np.sign(g) * lr * size(g, np.arange(1, int(steps) + 1))


def _bound(terms):
    """Return a bound from its two terms at c times the best rate, in units of D √(G/2)."""
    return lambda D, G, c: terms(c) * D * np.sqrt(G / 2)


_C = "Where does the rate stand in each of the two terms?"
_PIECES = "How long is one step, the first, the second, the third?"
_SUMMED = "What do the steps add up to, one by one?"
_BOTH = "What are the two bounds, each by itself, and which stands above?"

EXERCISES = {
    "bound": Exercise(
        _bound(lambda c: 1 / c + c),
        on((1.0, 1.0, 1.0), (2.0, 9.0, 0.5), (0.5, 100.0, 3.0), (3.0, 2.0, 10.0)), (
            Mistake("c left out", _bound(lambda c: 2.0),
                    "That is the bound at the best rate, whatever c is.", _C,
                    "Put c times the best rate into both terms."),
            Mistake("first term as it was", _bound(lambda c: 1 + c),
                    "It has c in the second term only.", _C,
                    "The rate stands below the line in the first term: divide that by c."),
            Mistake("second term as it was", _bound(lambda c: 1 / c + 1),
                    "It has c in the first term only.", _C,
                    "The rate is a factor of the second term: multiply that by c."),
            Mistake("c times the whole", _bound(lambda c: 2 * c),
                    "It multiplies the whole bound by c. One of its terms falls with the rate.", _C,
                    "Multiply one term by c, and divide the other."),
            Mistake("c times D", _bound(lambda c: np.sqrt(2) * (0.5 / c + c)),
                    "It takes the best rate to be D.", "What is c a multiple of?",
                    "Find where the derivative is 0: at D/√2."),
            Mistake("c for the rate", lambda D, G, c: (D**2 / (2 * c) + c) * np.sqrt(G),
                    "It takes c itself for the rate.", "What is c a multiple of?",
                    "Put c times the best rate in the rate's place."),
            Mistake("no square", lambda D, G, c: (1 / c + c * D) * np.sqrt(G / 2),
                    "Its first term has D, where D² belongs.",
                    "With which power does D enter each term?", "Square D in the first term."),
            Mistake("no root", lambda D, G, c: (1 / c + c) * D * G / np.sqrt(2),
                    "It has the sum of squares where its root belongs.",
                    "With which power does G enter?", "Take the root of G."),
            Mistake("terms too large", _bound(lambda c: np.sqrt(2) * (1 / c + c)),
                    "Its two terms are D at the best rate, and that is √2 times too large.",
                    "How large is each of the two terms at c = 1?",
                    "Put D/√2 into both: each gives D/√2."),
            Mistake("best constant", _bound(lambda c: (1 / c + c) / np.sqrt(2)),
                    "At c = 1 that is the bound of the best constant rate, not Adagrad's.",
                    "How large is each of the two terms at c = 1?",
                    "Put D/√2 into both: each gives D/√2."),
            Mistake("the rate", lambda D, G, c: c * D / np.sqrt(2),
                    "That is the rate that you chose, not the bound at it.",
                    "Is it the rate or the bound?",
                    "Put this rate into the bound."),
            Mistake("difference", lambda D, G, c: (c - 1 / c) * D * np.sqrt(G / 2),
                    "It takes one term from the other.",
                    "Which sign stands between the two terms of the bound?",
                    "Add them."),
        )),
    "implement": Exercise(_RIGHT, _TRIALS, _IMPLEMENT, _GIVES),
    "fix_eps": Exercise(_inside, _SLOPES, _FIX_EPS),
    "order": Exercise(_late, _SLOPES, _ORDER),
    "travel": Exercise(
        _travel(lambda g, t: (t**-0.5).sum()),
        on((0.1, 1.0, 10), (0.5, -3.0, 100), (1.0, 0.01, 4), (2.0, -0.5, 1)), (
            Mistake("no sign", lambda lr, g, steps: lr * (np.arange(1, int(steps) + 1)**-0.5).sum(),
                    "That is how far, and not where.", "Where does it stand if g is positive?",
                    "Go against the sign of the gradient."),
            Mistake("scaled by the gradient", _travel(lambda g, t: abs(g) * (t**-0.5).sum()),
                    "It grows with the gradient, whose size cancels.",
                    "What if the gradient is ten times as large?",
                    "Divide by the root of t g²: the sign of g is left."),
            Mistake("first step", _travel(lambda g, t: 1.0),
                    "That is the first step alone. If there is a loop, it returns inside it.",
                    _SUMMED, "Return when all steps are added up, behind the loop."),
            Mistake("one step short", _travel(lambda g, t: (t[:-1]**-0.5).sum()),
                    "It leaves the last step out: `range(1, steps)` ends before `steps`.",
                    "How many steps does it add up if steps is 1?", "End at steps + 1."),
            Mistake("one step late", _travel(lambda g, t: ((t + 1)**-0.5).sum()),
                    "Its first step is shorter than lr: it counts from 2.", _PIECES,
                    "Begin with 1/√1."),
            Mistake("same steps downwards", lambda lr, g, steps: -lr * steps,
                    "All its steps are as long as the first, and go down whatever g is.", _PIECES,
                    "After t steps the sum of squares is t g²: divide by its root."),
            Mistake("last step", _travel(lambda g, t: len(t)**-0.5),
                    "That is the last step alone.", _SUMMED, "Add up all the steps."),
            Mistake("root of the number", _travel(lambda g, t: len(t)**0.5),
                    "It takes all steps to be as long as the last.", _SUMMED,
                    "Add up 1, 1/√2, 1/√3, … times lr."),
            Mistake("growing", _travel(lambda g, t: (t**0.5).sum()),
                    "Its steps grow as √t.", _PIECES, "Divide by √t."),
            Mistake("no decay", _travel(lambda g, t: float(len(t))),
                    "It takes all steps to be as long as the first.", _PIECES,
                    "After t steps the sum of squares is t g²: divide by its root."),
            Mistake("plain SGD", lambda lr, g, steps: -lr * g * steps,
                    "That is SGD's way: nothing is divided.", _PIECES,
                    "Divide each step by the root of the sum of squares."),
            Mistake("integral", _travel(lambda g, t: 2 * np.sqrt(len(t))),
                    "That is the integral, near the sum for many steps.",
                    "Is it exact for one step?", "Add up the steps themselves."),
            Mistake("harmonic", _travel(lambda g, t: (1 / t).sum()),
                    "Its steps fall as 1/t.", _PIECES, "Take the root of the sum of squares."),
        )),
    "gain": Exercise(
        lambda counts: np.sqrt(len(counts) * counts.sum()) / np.sqrt(counts).sum(),
        lists([1, 1, 1, 1], [1, 100], [1000, 1, 1, 1, 1, 1, 1, 1, 1, 1], [4, 9, 16], [7, 0, 2]), (
            Mistake("upside down", lambda n: np.sqrt(n).sum() / np.sqrt(len(n) * n.sum()),
                    "It divides the smaller bound by the larger.", _BOTH,
                    "Turn the fraction over."),
            Mistake("against Adagrad", lambda n: np.sqrt(len(n) * n.sum() / 2) / np.sqrt(n).sum(),
                    "That is against Adagrad's own bound, with its √2.",
                    "Whose bound is it that stands below the line?",
                    "Take the best rate for each coordinate, chosen in hindsight: no √2."),
            Mistake("squared", lambda n: len(n) * n.sum() / np.sqrt(n).sum()**2,
                    "That is the square of the factor.", "Are these the bounds, or their squares?",
                    "Take the root."),
            Mistake("no dimension", lambda n: np.sqrt(n.sum()) / np.sqrt(n).sum(),
                    "It takes D for the distance in all coordinates together.",
                    "How far is it in d coordinates, if it is D in each?",
                    "Put √d into the bound of the common rate."),
            Mistake("d for its root", lambda n: len(n) * np.sqrt(n.sum()) / np.sqrt(n).sum(),
                    "It takes d times D for the distance in all coordinates together.",
                    "How far is it in d coordinates, if it is D in each?",
                    "Put √d in the place of d."),
            Mistake("no roots", lambda n: len(n) * n.max() / n.sum(),
                    "It compares counts, and takes the largest for all.",
                    "How do the counts enter each of the two bounds?",
                    "Both bounds go with roots: of the sum, and of each count."),
            Mistake("root outside", lambda n: np.sqrt(len(n) * n.sum()) / np.sqrt(n.sum()),
                    "It has the root of the sum below the line, so that √d alone is left.",
                    "Does it depend on the counts?", "Sum the roots there."),
            Mistake("sum of counts", lambda n: np.sqrt(len(n) * n.sum()) / n.sum(),
                    "It has the sum of the counts below the line.",
                    "How do the counts enter each of the two bounds?", "Sum their roots there."),
            Mistake("largest for all", lambda n: len(n) * np.sqrt(n.max()) / np.sqrt(n).sum(),
                    "It gives every coordinate the count of the largest.",
                    "How do the counts enter the bound of the common rate?",
                    "Sum the counts there."),
            Mistake("the number of coordinates", lambda counts: float(len(counts)),
                    "That is d: a root has been lost on the way.",
                    "What if all counts are equal?",
                    "Keep the roots of both bounds."),
            Mistake("root of 2 kept",
                    lambda counts: np.sqrt(2 * len(counts) * counts.sum()) / np.sqrt(counts).sum(),
                    "A factor √2 is left. Both bounds are the best ones: it is in both of them or "
                    "in none.",
                    "What if all counts are equal?",
                    "Let equal counts give 1."),
            Mistake("a mean above", lambda counts: np.sqrt(counts.mean()) / np.sqrt(counts).sum(),
                    "It has a mean above the line and a sum below.",
                    "What if all counts are equal?",
                    "Take two sums, with d above, or two means."),
        )),
}

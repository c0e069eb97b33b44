"""The exercises of the Prodigy chapter."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, on

__all__ = ["EXERCISES"]


def _guess(c):
    return (c + 1 / c) / 2


_TERMS = "Which of the bound's two terms grows with lr, and which falls?"
_GUESS = (
    Mistake("c itself", lambda c: c, ask=_TERMS, why="That is the term of the noise alone.",
            do="Add the other term, and compare with what both are at the best lr."),
    Mistake("upside down", lambda c: 1 / c, ask=_TERMS, why="That is the term of the way alone.",
            do="Add the other term, and compare with what both are at the best lr."),
    Mistake("not compared", lambda c: c + 1 / c, ask="What does yours say for c = 1?",
            why="At c = 1 it is 2.", do="Divide by what it is at the best lr: halve it."),
    Mistake("the larger", lambda c: max(c, 1 / c), ask=_TERMS, why="It takes one term alone.",
            do="Take the mean of both."),
    Mistake("squares", lambda c: (c**2 + 1 / c**2) / 2, ask=_TERMS,
            why="It squares the factor; lr comes in once in each term.", do="Take c, and 1 / c."),
    Mistake("one side", lambda c: (c + 1) / 2, ask=_TERMS, why="The term of the way stays put "
            "in yours.", do="It is divided by c."),
    Mistake("other side", lambda c: (1 + 1 / c) / 2, ask=_TERMS, why="The term of the noise does "
            "not change in yours.", do="It is multiplied by c."),
    Mistake("a product", lambda c: (c**2 + 1) / 2, ask=_TERMS,
            why="It is c times too large.", do="Divide by c."),
    Mistake("a root", lambda c: math.sqrt(max(c, 1 / c)), ask=_TERMS,
            why="That is for a geometric mean with 1.", do="Take the mean of c and 1 / c."),
)


def _walk(a, k):
    return a * (k - 1) / 2


_WHERE = "How far had you come at the first gradient, and how far at the last?"
_WALK = (
    Mistake("one more", lambda a, k: a * k / 2, ask=_WHERE,
            why="It counts a step before the first gradient.", do="The way starts at 0."),
    Mistake("after the step", lambda a, k: a * (k + 1) / 2, ask=_WHERE,
            why="It takes the points after the steps.",
            do="A gradient belongs to the point where it was taken."),
    Mistake("the last way", lambda a, k: a * (k - 1), ask="Do early gradients count?",
            why="That is the way at the last gradient.", do="Take the mean over all gradients."),
    Mistake("all of the way", lambda a, k: a * k, ask="Do early gradients count?",
            why="That is where you stand now.", do="Take the mean over the points seen."),
    Mistake("no length", lambda a, k: (k - 1) / 2, ask="And with steps twice as long?",
            why="It forgets how long a step is.", do="Multiply by a."),
    Mistake("a sum", lambda a, k: a * k * (k - 1) / 2, ask="By what is the sum divided?",
            why="That is the sum above the line.", do="Divide by the size of the sum of slopes."),
    Mistake("divided by the steps", lambda a, k: (k - 1) / 2 / a, ask="And with steps twice as "
            "long?", why="It falls with the length of a step.", do="Multiply by a."),
    Mistake("a third", lambda a, k: a * (k - 1) / 3, ask="How do the ways grow?",
            why="That is for squares.", do="The mean of 0, 1, …, k - 1 is (k - 1) / 2."),
)


def _second(lr, beta1, beta2, d0):
    move = d0 * lr * (1 - beta1) / math.sqrt(1 - beta2)
    return max(d0, move / (1 + math.sqrt(beta2)))


def _second_of(move, beta2, d0, divisor=None):
    return max(d0, move / (divisor or 1 + math.sqrt(beta2)))


_MOVE = "How far does the first step lead, if nothing is corrected?"
_SUM = "What are r and s at the second gradient, in units of one gradient?"
_SECOND = (
    Mistake("d0", lambda lr, beta1, beta2, d0: d0, ask=_SUM,
            why="That is d after the first step, which has no way to look back on.",
            do="At the second gradient the way is the first step."),
    Mistake("may fall", lambda lr, beta1, beta2, d0:
            d0 * lr * (1 - beta1) / math.sqrt(1 - beta2) / (1 + math.sqrt(beta2)),
            ask="Can d become smaller than d0?", why="It lets d fall.", do="Take the larger of it "
            "and d0."),
    Mistake("all of the way", lambda lr, beta1, beta2, d0: _second_of(
        d0 * lr * (1 - beta1) / math.sqrt(1 - beta2), beta2, d0, 1.0), ask=_SUM,
            why="It divides by one gradient; s has two.", do="Divide by 1 + √beta2."),
    Mistake("half", lambda lr, beta1, beta2, d0: _second_of(
        d0 * lr * (1 - beta1) / math.sqrt(1 - beta2), beta2, d0, 2.0), ask=_SUM,
            why="The first gradient has not faded in s.", do="It counts √beta2."),
    Mistake("fades by beta2", lambda lr, beta1, beta2, d0: _second_of(
        d0 * lr * (1 - beta1) / math.sqrt(1 - beta2), beta2, d0, 1 + beta2), ask=_SUM,
            why="It fades s by beta2.", do="r and s fade by its root."),
    Mistake("corrected", lambda lr, beta1, beta2, d0: _second_of(d0 * lr, beta2, d0), ask=_MOVE,
            why="That is a step with Adam's corrections, which are off.",
            do="m is (1 - beta1) g, and √v is √(1 - beta2) |g|, both times d."),
    Mistake("no root", lambda lr, beta1, beta2, d0: _second_of(
        d0 * lr * (1 - beta1) / (1 - beta2), beta2, d0), ask=_MOVE,
            why="It divides by v, not by its root.", do="Take the root of 1 - beta2."),
    Mistake("m forgotten", lambda lr, beta1, beta2, d0: _second_of(
        d0 * lr / math.sqrt(1 - beta2), beta2, d0), ask=_MOVE,
            why="It has the gradient for its mean.", do="Multiply by 1 - beta1."),
    Mistake("lr forgotten", lambda lr, beta1, beta2, d0: _second_of(
        d0 * (1 - beta1) / math.sqrt(1 - beta2), beta2, d0), ask=_MOVE,
            why="It leaves lr out of the step.", do="A step is d lr m / √v."),
    Mistake("lr in both", lambda lr, beta1, beta2, d0: _second_of(
        d0 * lr**2 * (1 - beta1) / math.sqrt(1 - beta2), beta2, d0), ask=_SUM,
            why="lr comes in twice: the one in the weights is in r and in s.",
            do="It cancels there; the step's stays."),
    Mistake("roots swapped", lambda lr, beta1, beta2, d0: _second_of(
        d0 * lr * math.sqrt(1 - beta2) / (1 - beta1), beta2, d0), ask=_MOVE,
            why="Its step is upside down.", do="m over √v."),
)


def _joint(r1, s1, r2, s2):
    return (r1 + r2) / (abs(s1) + abs(s2))


_WHOLE = "What is r, and what the size of s, of both parameters as one vector?"
_JOINT = (
    Mistake("mean", lambda r1, s1, r2, s2: (r1 / abs(s1) + r2 / abs(s2)) / 2, ask=_WHOLE,
            why="It takes the mean of two estimates.", do="Add the r, add the sizes, then divide."),
    Mistake("larger", lambda r1, s1, r2, s2: max(r1 / abs(s1), r2 / abs(s2)), ask=_WHOLE,
            why="It takes the larger of two estimates.",
            do="Add the r, add the sizes, then divide."),
    Mistake("smaller", lambda r1, s1, r2, s2: min(r1 / abs(s1), r2 / abs(s2)), ask=_WHOLE,
            why="It takes the smaller of two estimates.",
            do="Add the r, add the sizes, then divide."),
    Mistake("sum", lambda r1, s1, r2, s2: r1 / abs(s1) + r2 / abs(s2), ask=_WHOLE,
            why="It adds two estimates.", do="Add the r, add the sizes, then divide."),
    Mistake("sizes forgotten", lambda r1, s1, r2, s2: (r1 + r2) / (s1 + s2),
            ask="What if the two have opposite signs?", why="It adds the s with their signs.",
            do="Add their sizes."),
    Mistake("size of the sum", lambda r1, s1, r2, s2: (r1 + r2) / abs(s1 + s2),
            ask="What if the two have opposite signs?", why="It adds the s before it takes the "
            "size.", do="Take each size, then add."),
    Mistake("euclidean", lambda r1, s1, r2, s2: (r1 + r2) / math.hypot(s1, s2), ask=_WHOLE,
            why="It takes the Euclidean length of s.", do="Adam's form takes the sum of sizes."),
    Mistake("largest entry", lambda r1, s1, r2, s2: (r1 + r2) / max(abs(s1), abs(s2)), ask=_WHOLE,
            why="It takes the largest entry of s.", do="Adam's form takes the sum of sizes."),
    Mistake("sizes of r", lambda r1, s1, r2, s2: (abs(r1) + abs(r2)) / (abs(s1) + abs(s2)),
            ask="What if one parameter has gone the wrong way?",
            why="It takes the size of each r.", do="r keeps its sign."),
    Mistake("upside down", lambda r1, s1, r2, s2: (abs(s1) + abs(s2)) / (r1 + r2), ask=_WHOLE,
            why="It is upside down.", do="r over the size of s."),
)


def _rule(inner=lambda g, p0, p: (g * (p0 - p)).sum(), fade=lambda beta2: np.sqrt(beta2),
          weight=lambda d, lr: d * d * lr, size=lambda s: np.abs(s).sum(),
          m_scale=lambda d: d, v_scale=lambda d: d, grow=lambda d, new: np.maximum(d, new),
          small=lambda d, eps: d * eps, sign=-1.0, late=False, corrected=False, stale=False,
          mean=lambda beta1: beta1, root=np.sqrt):
    """Return Prodigy from what it sums, how it sizes that, and what it does with the estimate."""
    def rule(p, g, t, m=0.0, v=0.0, s=0.0, p0=0.0, r=0.0, d=0.0, *, lr, beta1, beta2, eps, d0):
        if t == 1:
            p0, d = p, d0
        before, old = d, (r, s)
        r = fade(beta2) * r + weight(d, lr) * inner(g, p0, p)
        s = fade(beta2) * s + weight(d, lr) * g
        kept = mean(beta1)
        m = kept * m + (1 - kept) * m_scale(d) * g
        v = beta2 * v + (1 - beta2) * (v_scale(d) * g)**2
        if not stale:
            d = grow(d, r / size(s))
        elif t > 1:
            d = grow(d, old[0] / size(old[1]))
        step = (d if late else before) * lr
        if corrected:
            step = step * np.sqrt(1 - beta2**t) / (1 - beta1**t)
        return p + sign * step * m / (root(v) + small(d, eps)), m, v, s, p0, r, d
    return rule


_SLOPES = np.array([[1.0, 0.5, 0.2], [0.9, -0.4, 0.3], [0.8, 0.1, 0.3], [1.1, 0.4, -0.2],
                    [0.7, 0.3, 0.4], [-0.6, -0.5, 0.1], [0.2, 0.4, -0.3]])
_SETTINGS = ({"lr": 1.0, "beta1": 0.9, "beta2": 0.999, "eps": 1e-14, "d0": 0.1},
             {"lr": 0.8, "beta1": 0.5, "beta2": 0.9, "eps": 0.1, "d0": 0.3})


def _driven(answer):
    """Drive a rule of three entries for seven steps whose slopes agree enough for d to grow.

    lr is a half from the fifth step on: what lr does inside the sums shows.
    """
    for setting in _SETTINGS:
        p, state = np.array([1.0, -2.0, 0.5]), ()
        for t, g in enumerate(_SLOPES, start=1):
            now = {**setting, "lr": setting["lr"] * (1.0 if t < 5 else 0.5)}
            words = ", ".join(f"{name}={value:g}" for name, value in now.items())
            p, *state = answer(p, g.copy(), t, *state, **now)
            yield f"at step {t} with {words}", p


_GROWS = "What is d after the second step, and from what?"
_SIZED = "How is the size of s taken, and over what?"
_WEIGHED = "With what weight does a gradient enter r and s, and how does that fade?"
_SCALED = "What enters m and v: the gradient, or more?"
_WHICH = "Which d makes this step: the old one, or the new?"
_SMALL = "What does eps stand beside: the root of v, in what units?"

_UNSCALED = Mistake(
    "gradient not scaled", _rule(m_scale=lambda d: 1.0, v_scale=lambda d: 1.0), ask=_SCALED,
    why="m and v take the gradient as it is: what came while d was tiny counts as the rest does.",
    do="Put d * g into both.")
_SHARED = (
    Mistake("sign", _rule(sign=1.0), ask="Does the loss fall along its step?",
            why="It climbs: it adds the step.", do="Take the step from p."),
    Mistake("way backwards", _rule(inner=lambda g, p0, p: (g * (p - p0)).sum()), ask=_GROWS,
            why="Its r has the way with the wrong sign: d never grows.", do="Take p0 - p."),
    Mistake("d may fall", _rule(grow=lambda d, new: np.where(new > 0, new, d)),
            ask="What if the new estimate is the smaller?", why="It takes every new estimate.",
            do="Take the larger of d and the new one."),
    Mistake("estimates add up", _rule(grow=lambda d, new: d + np.maximum(new, 0)), ask=_GROWS,
            why="It adds the estimates.", do="Take the larger of d and the new one."),
    Mistake("euclidean size", _rule(size=lambda s: np.sqrt((s**2).sum())), ask=_SIZED,
            why="It takes the Euclidean length of s, as gradient descent's form does.",
            do="Adam's form takes the sum of sizes: `np.abs(s).sum()`."),
    Mistake("largest entry", _rule(size=lambda s: np.abs(s).max()), ask=_SIZED,
            why="It takes the largest entry of s.", do="Take the sum of sizes."),
    Mistake("signed sum", _rule(size=lambda s: np.abs(s.sum())), ask=_SIZED,
            why="It adds the entries of s before it takes the size.",
            do="Take sizes first: `np.abs(s).sum()`."),
    Mistake("an estimate for each", _rule(inner=lambda g, p0, p: g * (p0 - p),
                                          size=lambda s: np.abs(s)), ask=_SIZED,
            why="Each entry makes an estimate of its own.", do="Sum over all entries."),
    Mistake("nothing fades", _rule(fade=lambda beta2: 1.0), ask=_WEIGHED,
            why="Its r and s never fade.", do="Multiply both by the root of beta2."),
    Mistake("fades by beta2", _rule(fade=lambda beta2: beta2), ask=_WEIGHED,
            why="r and s fade by beta2.", do="Take its root, `np.sqrt(beta2)`."),
    Mistake("weights alike", _rule(weight=lambda d, lr: 1.0), ask=_WEIGHED,
            why="All gradients enter r and s alike.", do="Weigh them by d * d * lr."),
    Mistake("d once", _rule(weight=lambda d, lr: d * lr), ask=_WEIGHED,
            why="d comes in once.", do="Weigh by d * d * lr: a step, and a scaled gradient."),
    Mistake("no lr in the sums", _rule(weight=lambda d, lr: d * d), ask=_WEIGHED,
            why="lr is left out of r and s.", do="Weigh by d * d * lr."),
    Mistake("m not scaled", _rule(m_scale=lambda d: 1.0), ask=_SCALED,
            why="m takes the gradient as it is.", do="Put d * g into m, as into v."),
    Mistake("v not scaled", _rule(v_scale=lambda d: 1.0), ask=_SCALED,
            why="v takes the gradient as it is.", do="Put d * g into v, as into m."),
    Mistake("new d in the step", _rule(late=True), ask=_WHICH,
            why="It steps with the new d.", do="The step has the d from before; the new one is "
            "for the next."),
    Mistake("estimate a step late", _rule(stale=True), ask=_GROWS,
            why="It makes the estimate from the sums of the step before.",
            do="Update r and s first."),
    Mistake("eps not scaled", _rule(small=lambda d, eps: eps), ask=_SMALL,
            why="eps is not scaled: v holds squares of d * g.", do="Add d * eps."),
    Mistake("no eps", _rule(small=lambda d, eps: 0.0), ask=_SMALL, why="It leaves eps out.",
            do="Add d * eps to the root."),
    Mistake("corrected", _rule(corrected=True), ask="Is there a factor that is not asked for?",
            why="It corrects m and v for their start at 0, as Adam does.",
            do="Leave the correction out."),
    Mistake("betas swapped", _rule(mean=lambda beta1: 1 - beta1), ask="Which number keeps the old "
            "m?", why="It keeps 1 - beta1 of the old mean.", do="Keep beta1 of m."),
    Mistake("no root", _rule(root=lambda v: v), ask="By what is m divided?",
            why="It divides by v, not by its root.", do="Take `np.sqrt(v)`."),
)
_FIXED = Mistake("fixed d", _rule(grow=lambda d, new: d), ask=_GROWS,
                 why="d stays at d0 for ever.", do="Take the larger of d and r over the size of s.")

_STATE = "the new point and the state, p, m, v, s, p0, r, d"
EXERCISES = {
    "guess": Exercise(_guess, on((10.0,), (0.5,), (3.0,)), _GUESS),
    "walk": Exercise(_walk, on((0.5, 11), (2.0, 4), (0.1, 101)), _WALK),
    "joint": Exercise(_joint, on((2.0, 4.0, 3.0, -1.0), (-0.5, 1.0, 4.0, 3.0),
                                 (1.0, -2.0, 0.2, 1.5)), _JOINT),
    "implement": Exercise(_rule(), _driven, tuple(
        one for one in (_FIXED, _UNSCALED, *_SHARED) if one.name != "way backwards"), gives=_STATE),
    "mend": Exercise(_rule(), _driven, (_UNSCALED, *_SHARED), gives=_STATE),
    "second": Exercise(_second, on((3.0, 0.9, 0.999, 0.01), (0.5, 0.6, 0.99, 0.2),
                                   (1.0, 0.9, 0.9, 0.1)), _SECOND),
}

"""The exercises of the chapter on reading papers, and on ADOPT."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on

__all__ = ["EXERCISES"]


def _asked(alpha, k):
    return 1 - (1 - alpha)**(1 / k)


_ALL_MISS = "With what chance do all k p-values lie above p?"
_ROOT = "Solve (1 - p)**k = 1 - alpha for p."
_ASKED = (
    Mistake("Bonferroni", lambda alpha, k: alpha / k, ask=_ALL_MISS,
            why="That limit needs no independence: the chance comes out a little lower.",
            do=_ROOT),
    Mistake("no correction", lambda alpha, k: alpha, ask=_ALL_MISS,
            why="That is for one task; the best of k is below it more often.", do=_ROOT),
    Mistake("chance for limit", lambda alpha, k: 1 - (1 - alpha)**k,
            ask="Is yours below alpha?",
            why="That is the chance of an alarm if each task is judged at alpha.",
            do="It goes the other way: " + _ROOT[0].lower() + _ROOT[1:]),
    Mistake("all must show it", lambda alpha, k: alpha**(1 / k), ask="Is yours below alpha?",
            why="That is for all tasks at once to be below p.", do=_ROOT),
    Mistake("power of alpha", lambda alpha, k: alpha**k, ask=_ALL_MISS,
            why="That is the chance that all k are below alpha.", do=_ROOT),
    Mistake("what is left", lambda alpha, k: (1 - alpha)**(1 / k), ask="Is yours below alpha?",
            why="That is 1 - p.", do="Take it from 1."),
    Mistake("one side", lambda alpha, k: 1 - (1 - alpha / 2)**(1 / k),
            ask="Does it matter which of the two is ahead?",
            why="It halves alpha; a p-value counts both sides already.", do="Leave alpha whole."),
    Mistake("first order", lambda alpha, k: -math.log(1 - alpha) / k, ask=_ALL_MISS,
            why="That is the first term of the right one, for many tasks.", do=_ROOT),
    Mistake("root of k", lambda alpha, k: alpha / math.sqrt(k), ask=_ALL_MISS,
            why="It divides by the root of k, as a standard error is.", do=_ROOT),
)


def _seeds(sigma, rho, difference, z=1.96, factor=2.0):
    return math.ceil(factor * (1 - rho) * (z * sigma / difference)**2 - 1e-9)


_VARIANCE = "What is the variance of the difference of two correlated losses?"
_LEAST = "Which whole number is the least that is enough?"
_MEND_VARIANCE = "It is 2 * sigma**2 * (1 - rho)."
_COUNT = (
    Mistake("not paired", lambda sigma, rho, difference: _seeds(sigma, 0.0, difference),
            ask=_VARIANCE, why="It leaves out the correlation, as if seeds were not paired.",
            do=_MEND_VARIANCE),
    Mistake("one method", lambda sigma, rho, difference:
            _seeds(sigma, rho, difference, factor=1.0), ask=_VARIANCE,
            why="It counts the scatter of one method; both scatter.", do=_MEND_VARIANCE),
    Mistake("one method, not paired", lambda sigma, rho, difference:
            _seeds(sigma, 0.0, difference, factor=1.0), ask=_VARIANCE,
            why="That is the interval of one method's loss.", do=_MEND_VARIANCE),
    Mistake("sum", lambda sigma, rho, difference: _seeds(sigma, -rho, difference), ask=_VARIANCE,
            why="That is the variance of a sum.", do=_MEND_VARIANCE),
    Mistake("rho squared", lambda sigma, rho, difference: _seeds(sigma, rho**2, difference),
            ask=_VARIANCE, why="It squares the correlation.", do=_MEND_VARIANCE),
    Mistake("no square", lambda sigma, rho, difference: math.ceil(
        1.96 * sigma * math.sqrt(2 * (1 - rho)) / difference - 1e-9),
            ask="How does a half-width fall with the number of seeds?",
            why="It forgets that a half-width falls with the root of the number.",
            do="Square it."),
    Mistake("rounded down", lambda sigma, rho, difference: math.floor(
        2 * (1 - rho) * (1.96 * sigma / difference)**2), ask=_LEAST,
            why="It rounds down: that many are not quite enough.", do="Round up."),
    Mistake("rounded", lambda sigma, rho, difference: round(
        2 * (1 - rho) * (1.96 * sigma / difference)**2), ask=_LEAST,
            why="It rounds to the nearest.", do="Round up."),
    Mistake("not whole", lambda sigma, rho, difference:
            2 * (1 - rho) * (1.96 * sigma / difference)**2, ask=_LEAST,
            why="That is no whole number.", do="Round up."),
    Mistake("one more", lambda sigma, rho, difference: _seeds(sigma, rho, difference) + 1,
            ask=_LEAST, why="It is one more than needed.", do="Round up, and add nothing."),
    Mistake("whole width", lambda sigma, rho, difference: _seeds(sigma, rho, difference / 2),
            ask="Is the half-width meant, or the whole?", why="It asks for half the half-width.",
            do="The half-width is 1.96 standard errors."),
    Mistake("one standard error", lambda sigma, rho, difference:
            _seeds(sigma, rho, difference, z=1.0), ask="How many standard errors is a half-width?",
            why="It takes one.", do="Take 1.96."),
    Mistake("both above", lambda sigma, rho, difference: math.ceil(
        2 * (1 - rho) * 1.96 * sigma**2 / difference**2 - 1e-9),
            ask="How many standard errors is a half-width?", why="It does not square the 1.96.",
            do="Square the whole quotient."),
)


def _drift(lr, C):
    return -lr * (C - 1 - 1 / C)


_ROOTS = "What is the root of v before each of the three?"
_EACH = "At beta2 = 0 it is the size of the slope before: 1, C, 1."
_WAY = (
    Mistake("Adam", lambda lr, C: lr, ask=_ROOTS,
            why="That is Adam: each slope is divided by its own size.", do=_EACH),
    Mistake("plain slopes", lambda lr, C: -lr * (C - 2), ask=_ROOTS,
            why="It divides by nothing.", do=_EACH),
    Mistake("sign", lambda lr, C: lr * (C - 1 - 1 / C), ask="Which way does a step go?",
            why="It climbs.", do="A step goes against the slope."),
    Mistake("two after", lambda lr, C: -lr * (C - 2 / C), ask=_ROOTS,
            why="It divides both flat slopes by C; the second follows a flat one.", do=_EACH),
    Mistake("own for the first", lambda lr, C: -lr * (1 - 1 - 1 / C), ask=_ROOTS,
            why="It divides the steep slope by itself.", do=_EACH),
    Mistake("squares", lambda lr, C: -lr * (C - 1 - 1 / C**2), ask=_ROOTS,
            why="It divides by v, not by its root.", do=_EACH),
    Mistake("per round", lambda lr, C: _drift(lr, C) / 3, ask="Of how many rounds?",
            why="That is the mean of one round.", do="Add three up."),
    Mistake("a mean's root", lambda lr, C: -lr * (C - 2) / math.sqrt((C**2 + 2) / 3), ask=_ROOTS,
            why="That is for a v that remembers all rounds.", do=_EACH),
    Mistake("flat ones forgotten", lambda lr, C: -lr * C, ask=_ROOTS,
            why="It counts the steep round alone.", do="Add all three quotients."),
    Mistake("all up", lambda lr, C: -lr * (C + 1 + 1 / C), ask="Which signs have the slopes?",
            why="It adds sizes.", do="Two of the three slopes are negative."),
)


def _rule(look=True, clip=lambda q, cut: np.clip(q, -cut, cut), first_v=lambda g, beta2: g**2,
          cut=lambda t: (t - 1)**0.25, divisor=lambda v, eps: np.maximum(np.sqrt(v), eps),
          before=True, sign=-1.0, kept=lambda p, m, v: (p, m, v), order=True,
          mean=lambda m, q, beta1: beta1 * m + (1 - beta1) * q, corrected=False,
          new_v=lambda v, g, beta2: beta2 * v + (1 - beta2) * g**2):
    """Return ADOPT from its parts."""
    def rule(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
        if t == 1 and look:
            return kept(p + 0.0 * g, 0.0 * g, first_v(g, beta2))
        after = new_v(v, g, beta2)
        root = divisor(v if before else after, eps)
        with np.errstate(divide="ignore", invalid="ignore"):
            if order:
                m = mean(m, clip(g / root, cut(t)), beta1)
                step = m / (1 - beta1**(t - 1)) if corrected else m
            else:
                m = mean(m, g, beta1)
                step = clip(m / root, cut(t))
        return kept(p + sign * lr * step, m, after)
    return rule


def _adam(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return p - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


_DRIVEN = drive({"lr": 0.1, "beta1": 0.9, "beta2": 0.9, "eps": 1e-3},
                {"lr": 0.5, "beta1": 0.6, "beta2": 0.5, "eps": 0.8})
_FIRST = "What does the first step do to the point, and what is v after it?"
_DIVIDE = "By which v is a gradient divided?"
_AVERAGE = "What is averaged: gradients, or quotients?"
_CUT = "How far may a quotient reach at step t?"
_PUT_CUT = "Cut the quotient to plus or minus (t - 1)**0.25."
_EPS = "What does eps do here?"


def _seen(ask):
    return Mistake("gradient in", _rule(before=False), ask=ask,
                   why="v has taken the gradient in before it divides it.",
                   do="Divide first; update v last.")


_SHARED = (
    Mistake("sign", _rule(sign=1.0), ask="Does the loss fall along its step?",
            why="It climbs: it adds the step.", do="Take the step from p."),
    Mistake("no look", _rule(look=False), ask=_FIRST,
            why="It has no first look: v begins as a part of the first square.",
            do="At t = 1 return p, 0 and the whole of g**2."),
    Mistake("first v 1", _rule(first_v=lambda g, beta2: 1.0 + 0 * g), ask=_FIRST,
            why="v begins at 1.", do="Begin with the first square."),
    Mistake("Adam's order", _rule(order=False), ask=_AVERAGE,
            why="It averages gradients, and divides the mean.",
            do="Divide and cut first, then average."),
    Mistake("Adam's order, gradient in", _rule(order=False, before=False), ask=_AVERAGE,
            why="It averages gradients and divides the mean, by a v that has seen them all.",
            do="Divide by the old v first, then average."),
    Mistake("no cut", _rule(clip=lambda q, cut: q), ask=_CUT, why="It cuts nothing.",
            do=_PUT_CUT),
    Mistake("package's cut", _rule(cut=lambda t: t**0.25), ask=_CUT,
            why="It cuts at t**0.25, as the package does.", do=_PUT_CUT),
    Mistake("cut at 1", _rule(cut=lambda t: 1.0), ask=_CUT, why="Its cut never opens.",
            do=_PUT_CUT),
    Mistake("root cut", _rule(cut=lambda t: (t - 1)**0.5), ask=_CUT,
            why="Its cut opens like a square root.", do=_PUT_CUT),
    Mistake("open cut", _rule(cut=lambda t: t - 1.0), ask=_CUT,
            why="Its cut opens with t itself.", do=_PUT_CUT),
    Mistake("cut above alone", _rule(clip=lambda q, cut: np.minimum(q, cut)), ask=_CUT,
            why="It cuts large quotients, not very negative ones.", do=_PUT_CUT),
    Mistake("mean cut", _rule(clip=lambda q, cut: q, mean=lambda m, q, beta1:
                              beta1 * m + (1 - beta1) * q, kept=lambda p, m, v: (p, m, v),
                              divisor=lambda v, eps: np.sqrt(v) + eps), ask=_CUT,
            why="It cuts nothing, and adds eps.", do=_PUT_CUT),
    Mistake("eps added", _rule(divisor=lambda v, eps: np.sqrt(v) + eps), ask=_EPS,
            why="It adds eps to the root.", do="Take the larger of the root and eps."),
    Mistake("eps inside", _rule(divisor=lambda v, eps: np.sqrt(np.maximum(v, eps))), ask=_EPS,
            why="It puts eps under the root.", do="Take the root first."),
    Mistake("eps added inside", _rule(divisor=lambda v, eps: np.sqrt(v + eps)), ask=_EPS,
            why="It adds eps under the root.", do="Take the larger of the root and eps."),
    Mistake("no root", _rule(divisor=lambda v, eps: np.maximum(v, eps)), ask=_DIVIDE,
            why="It divides by v, not by its root.", do="Take `np.sqrt(v)`."),
    Mistake("m corrected", _rule(corrected=True), ask="Is anything corrected for its start at 0?",
            why="It corrects m, as Adam does.", do="Leave m as it is."),
    Mistake("betas swapped", _rule(mean=lambda m, q, beta1: (1 - beta1) * m + beta1 * q),
            ask="Which number keeps the old m?", why="It keeps 1 - beta1 of the old mean.",
            do="Keep beta1 of m, and 1 - beta1 of the quotient."),
    Mistake("quotient whole", _rule(mean=lambda m, q, beta1: beta1 * m + q),
            ask="With what weight does a quotient enter the mean?",
            why="Each quotient enters m whole.", do="Give it the weight 1 - beta1."),
    Mistake("v of quotients", _rule(new_v=lambda v, g, beta2: beta2 * v + (1 - beta2) * np.abs(g)),
            ask="What is v a mean of?", why="Its v averages sizes.", do="Average squares."),
    Mistake("v weights swapped", _rule(new_v=lambda v, g, beta2: (1 - beta2) * v + beta2 * g**2),
            ask="Which number keeps the old v?", why="It keeps 1 - beta2 of the old v.",
            do="Keep beta2 of v, and 1 - beta2 of the square."),
    Mistake("v a maximum", _rule(new_v=lambda v, g, beta2: np.maximum(
        v, beta2 * v + (1 - beta2) * g**2)), ask="May v fall again?",
            why="Its v never falls: that is AMSGrad's.", do="Take the mean as it is."),
    Mistake("v before m", _rule(kept=lambda p, m, v: (p, v, m)),
            ask="What does it return, in which order, and how does it take that back?",
            why="It returns v before m; the next step takes one for the other.",
            do="Return `p, m, v`."),
)


def _control(adam, adam_warm, adam_clip, adam_both, warp_both, warp_plain):
    return warp_both - adam_both


_ONE_LINE = "How many things differ between the two runs that you compare?"
_PUT_BACK = "Keep warm-up and clipping on both sides: warp_both - adam_both."
_CONTROLS = (
    Mistake("the abstract's", lambda a, aw, ac, ab, wb, wp: wb - a, ask=_ONE_LINE,
            why="That is the abstract's own: warm-up and clipping are in it as well.",
            do=_PUT_BACK),
    Mistake("other recipe", lambda a, aw, ac, ab, wb, wp: wp - a,
            ask="Is it the recipe that is proposed?",
            why="One thing differs; but without warm-up and clipping that is another recipe.",
            do=_PUT_BACK),
    Mistake("warm-up alone", lambda a, aw, ac, ab, wb, wp: wb - aw, ask=_ONE_LINE,
            why="Clipping differs as well.", do=_PUT_BACK),
    Mistake("clipping alone", lambda a, aw, ac, ab, wb, wp: wb - ac, ask=_ONE_LINE,
            why="Warm-up differs as well.", do=_PUT_BACK),
    Mistake("the rest", lambda a, aw, ac, ab, wb, wp: wb - wp, ask="What differs between the two?",
            why="That is what warm-up and clipping do for WARP.", do=_PUT_BACK),
    Mistake("the rest for Adam", lambda a, aw, ac, ab, wb, wp: ab - a,
            ask="What differs between the two?",
            why="That is what warm-up and clipping do for Adam.", do=_PUT_BACK),
    Mistake("upside down", lambda a, aw, ac, ab, wb, wp: ab - wb,
            ask="Is it negative where the loss is lowered?", why="It is the wrong way round.",
            do="Subtract the old from the new."),
    Mistake("best of the old", lambda a, aw, ac, ab, wb, wp: wb - min(a, aw, ac, ab),
            ask=_ONE_LINE, why="It takes the best Adam, whatever else differs: a fair race, but no "
            "control.", do=_PUT_BACK),
    Mistake("difference of differences", lambda a, aw, ac, ab, wb, wp: (wb - wp) - (ab - a),
            ask="What is asked: one change, or how two act together?",
            why="That tells whether the rest helps WARP more than Adam.", do=_PUT_BACK),
    Mistake("mean of two", lambda a, aw, ac, ab, wb, wp: ((wb - ab) + (wp - a)) / 2,
            ask="Is it the recipe that is proposed?", why="It averages over two recipes.",
            do=_PUT_BACK),
)

_STATE = "the new point and the state, p, m, v"
EXERCISES = {
    "asked": Exercise(_asked, on((0.05, 10), (0.2, 3), (0.01, 7)), _ASKED),
    "seeds": Exercise(_seeds, on((0.01, 0.5, 0.004), (0.3, 0.2, 0.05), (0.02, 0.9, 0.013),
                                 (1.0, 0.75, 0.1)), _COUNT),
    "drift": Exercise(_drift, on((0.1, 4.0), (1.0, 1.9), (0.5, 2.5)), _WAY),
    "implement": Exercise(_rule(), _DRIVEN, (
        Mistake("Adam", _adam, ask=_DIVIDE, why="That is Adam still.",
                do="Divide by the old v, then average, then let the gradient into v."),
        _seen(_DIVIDE), *_SHARED), gives=_STATE),
    "mend": Exercise(_rule(), _DRIVEN, (
        _seen("In the game of three rounds, which v must a slope not be in?"), *_SHARED),
        gives=_STATE),
    "control": Exercise(_control, on((2.40, 2.35, 2.38, 2.33, 2.31, 2.39),
                                     (1.0, 1.2, 0.7, 0.9, 0.85, 1.3),
                                     (3.0, 2.0, 2.5, 1.5, 1.7, 2.9)), _CONTROLS),
}

"""L-BFGS: Newton's step without a Hessian, from the last changes of the point and the gradient."""

from typing import Any, NamedTuple

from descent.ops import dot, sqrt

__all__ = ["Look", "cubic_minimum", "lbfgs", "remember", "strong_wolfe", "two_loop"]


def lbfgs(p, fun, t, f=None, g=None, g_old=None, s=None, pairs=(), *,
          lr=1.0, max_eval=25, tolerance_change=1e-9, history_size=100, line_search_fn=None):
    """Take one step; return the new point and what is known there and of the way to it.

    `fun(p)` returns the value and the gradient at an array `p`. The state is the value and the
    gradient at the point (None: not looked at yet), the gradient before it, the last step, and
    the pairs of `remember`. Where the way down is flatter than `tolerance_change`, it stays.
    With "strong_wolfe" the step is the search's, within `max_eval` evaluations, else lr.
    Source: Nocedal and Wright (2006), algorithm 7.5, with torch's first step and safeguards.
    """
    if g is None:
        f, g = fun(p)
    if t > 1:
        pairs = remember(pairs, s, g - g_old, history_size)
    d = -two_loop(g, pairs)
    slope = dot(g, d)
    if slope > -tolerance_change:
        return p, f, g, g, 0.0 * d, pairs
    step = lr if t > 1 else min(1.0, 1.0 / abs(g).sum()) * lr
    if line_search_fn is None:
        return p + step * d, None, None, g, step * d, pairs

    def look(step):
        f, g = fun(p + step * d)
        return Look(step, f, dot(g, d), g)

    best = strong_wolfe(look, Look(0.0, f, slope, g), step, max_eval=max_eval,
                        smallest=tolerance_change / abs(d).max())
    return p + best.step * d, best.f, best.g, g, best.step * d, pairs


def remember(pairs, s, y, history_size):
    """Return the pairs with a new one, (s, y, 1 / yᵀs), if yᵀs > 1e-10; the oldest may go."""
    curvature = dot(y, s)
    if not curvature > 1e-10:
        return pairs
    return (*pairs, (s, y, 1.0 / curvature))[-history_size:]


def two_loop(g, pairs):
    """Return H g for the inverse Hessian H that the pairs imply, without forming H.

    H starts as γ I, with γ = yᵀs / yᵀy of the newest pair; the pairs are ordered oldest first.
    Source: Nocedal (1980); Nocedal and Wright (2006), algorithm 7.4 and equation 7.20.
    """
    q, alphas = g, []
    for s, y, rho in reversed(pairs):
        alphas.append(rho * dot(s, q))
        q = q - alphas[-1] * y
    r = q
    if pairs:
        _, y, rho = pairs[-1]
        r = q / (rho * dot(y, y))
    for (s, y, rho), alpha in zip(pairs, reversed(alphas), strict=True):
        r = r + (alpha - rho * dot(y, r)) * s
    return r


class Look(NamedTuple):
    """What is seen at a step along the search line: the value, its slope along it, the gradient."""

    step: Any
    f: Any
    slope: Any
    g: Any


def strong_wolfe(look, start, step, *, c1=1e-4, c2=0.9, smallest=1e-9, max_eval=25):
    """Return a `Look` that is low enough and flat enough, or the lowest when the search ends.

    `look(step)` returns the trial at a step; `start` is the one at 0, where the slope is negative;
    `step` is tried first. First a bracket grows until it must hold such a step, then it is cut
    down. The search ends with a bracket narrower than `smallest`, or after `max_eval` evaluations
    beyond the first. A value that is no number counts as too high.
    As in torch, and not in the book, the lower end of a bracket is kept even if it is not low
    enough, so that the steps that would do may be lost. And a trial is compared with the one before
    it only from the third on, not from the second.
    Source: Nocedal and Wright (2006), algorithms 3.5 and 3.6, with torch's cubic steps.
    """
    def low_enough(trial):  # Armijo: at least a part c1 of the fall that the slope promises
        return trial.f <= start.f + c1 * trial.step * start.slope

    def flat_enough(trial):  # curvature: at most a part c2 of the slope is left
        return abs(trial.slope) <= -c2 * start.slope

    last, trial, looks = start, look(step), 0
    while looks < max_eval:
        if not low_enough(trial) or (looks > 1 and trial.f >= last.f):
            break
        if flat_enough(trial):
            return trial
        if trial.slope >= 0:
            break
        step = cubic_minimum(last, trial, trial.step + 0.01 * (trial.step - last.step),
                             10 * trial.step)
        last, trial, looks = trial, look(step), looks + 1
    else:
        return start if start.f <= trial.f else trial

    ends, stuck = [last, trial], False
    while looks < max_eval:
        low, high = sorted(ends, key=lambda end: end.f)
        left, right = sorted(end.step for end in ends)
        if right - left < smallest:
            break
        step = cubic_minimum(low, high, left, right)
        margin = 0.1 * (right - left)
        near = min(right - step, step - left) < margin
        if near and (stuck or not left < step < right):  # come away from the border
            step = right - margin if right - step < step - left else left + margin
            near = False
        trial, looks, stuck = look(step), looks + 1, near
        if not low_enough(trial) or trial.f >= low.f:
            ends = [trial if end is high else end for end in ends]
        elif flat_enough(trial):
            return trial
        else:  # the new low; the minimum lies between it and the end that its slope points to
            other = low if trial.slope * (high.step - low.step) >= 0 else high
            ends = [trial if end is low else other for end in ends]
    return min(ends, key=lambda end: end.f)


def cubic_minimum(a, b, low, high):
    """Return the step in [low, high] where the cubic through two trials is least.

    The cubic has their values and slopes; where it has no minimum, the middle is returned.
    Source: Nocedal and Wright (2006), equation 3.59.
    """
    left, right = sorted((a, b), key=lambda end: end.step)
    d1 = left.slope + right.slope - 3 * (left.f - right.f) / (left.step - right.step)
    square = d1**2 - left.slope * right.slope
    if not 0 <= square < float("inf"):
        return (low + high) / 2
    d2 = sqrt(square)
    bend = right.slope - left.slope + 2 * d2
    if bend == 0:  # a straight line, falling
        return high
    least = right.step - (right.step - left.step) * (right.slope + d2 - d1) / bend
    return min(max(least, low), high)

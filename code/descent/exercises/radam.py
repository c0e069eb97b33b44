"""The exercises of the RAdam chapter."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on

__all__ = ["EXERCISES"]


def _rho(t, beta2):
    return 2 / (1 - beta2) - 1 - 2 * t * beta2**t / (1 - beta2**t)


def _r(rho, rho_inf):
    return math.sqrt((rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho))


def _rule(sign=-1.0, length=_rho, least=5.0, rectifier=_r, rest=lambda m, m_hat: m_hat,
          mean=lambda m, m_hat: m_hat, spread=lambda v, v_hat, eps, short: np.sqrt(v) + eps,
          short=lambda beta2, t: math.sqrt(1 - beta2**t), m_share=lambda beta1: 1 - beta1,
          power=2):
    """Return RAdam from how it measures, rests and divides.

    `rest` is the step without a divisor, `mean` the one above it; `short` is by how much the root
    of v falls short at this step.
    """
    def rule(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
        m = beta1 * m + m_share(beta1) * g
        v = beta2 * v + (1 - beta2) * abs(g)**power
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        rho_inf, rho = 2 / (1 - beta2) - 1, length(t, beta2)
        if rho > least:
            root = short(beta2, t)
            step = rectifier(rho, rho_inf) * mean(m, m_hat) * root / spread(v, v_hat, eps, root)
        else:
            step = rest(m, m_hat)
        return p + sign * lr * step, m, v
    return rule


_DRIVEN = drive({"lr": 0.1, "beta1": 0.9, "beta2": 0.9, "eps": 0.1},
                {"lr": 0.5, "beta1": 0.6, "beta2": 0.999, "eps": 1e-3})

_EARLY = "What is the step while v is not yet trusted?"
_LENGTH = "What is rho at the first step, and at the second?"
_FACTOR = "Which factor does the step have once v is trusted?"
_BELOW = "What exactly stands below the line, from the inside out?"
_WHEN = "From which rho on does it divide?"
_R_IS = "Take the root of (rho - 4)(rho - 2) rho_inf over (rho_inf - 4)(rho_inf - 2) rho."


def _short_rho(t, beta2):
    return 2 / (1 - beta2) - 1 - t * beta2**t / (1 - beta2**t)


def _still(m, m_hat):
    return 0.0 * m


_SHARED = (
    Mistake("sign", _rule(sign=1.0), ask="Does the loss fall along its step?",
            why="It climbs: it adds the step.", do="Take the step from p."),
    Mistake("mean not corrected at first", _rule(rest=lambda m, m_hat: m), ask=_EARLY,
            why="Its first steps take m as it is, a tenth of what it should be.",
            do="Divide m by 1 - beta1**t there too."),
    Mistake("mean never corrected", _rule(rest=lambda m, m_hat: m, mean=lambda m, m_hat: m),
            ask="Which mean is in the step, m or m_hat?", why="m is not corrected for its start.",
            do="Divide it by 1 - beta1**t."),
    Mistake("no rectifier", _rule(rectifier=lambda rho, rho_inf: 1.0), ask=_FACTOR,
            why="Once it divides, its step is Adam's: nothing shortens it.", do=_R_IS),
    Mistake("rectifier squared", _rule(rectifier=lambda rho, rho_inf: _r(rho, rho_inf)**2),
            ask=_FACTOR, why="It has the ratio of variances for the ratio of spreads.",
            do="Take the root of the ratio."),
    Mistake("rectifier upside down", _rule(rectifier=lambda rho, rho_inf: 1 / _r(rho, rho_inf)),
            ask="Does it shorten early steps, or lengthen them?",
            why="Its rectifier is upside down.", do=_R_IS),
    Mistake("two forgotten", _rule(length=_short_rho), ask=_LENGTH,
            why="rho lacks the 2 before t, so v is trusted from the first step on.",
            do="Subtract 2 t beta2**t / (1 - beta2**t)."),
    Mistake("divides from the start", _rule(
        least=-1.0, rectifier=lambda rho, rho_inf: _r(rho, rho_inf) if rho > 5 else 1.0),
        ask=_EARLY, why="It divides in the first steps as well.",
        do="Leave the divisor out while rho is at most 5."),
    Mistake("stands still at first", _rule(rest=_still), ask=_EARLY,
            why="It stands still until v is trusted; torch's goes along m_hat.",
            do="Step by lr * m_hat there."),
    Mistake("four", _rule(least=4.0), ask=_WHEN, why="It begins above 4, as in the paper.",
            do="Torch begins above 5."),
    Mistake("v not corrected", _rule(short=lambda beta2, t: 1.0), ask=_BELOW,
            why="The root of v is not corrected for v's start at 0.",
            do="Multiply by sqrt(1 - beta2**t)."),
)
_EPS_OF_ADAM = Mistake(
    "rectified, eps of Adam", _rule(
        spread=lambda v, v_hat, eps, root: root * (np.sqrt(v_hat) + eps)), ask=_BELOW,
    why="eps is added to the corrected root, as in Adam.",
    do="Torch adds it to the root of v itself.")
_IMPLEMENT = (
    *_SHARED, _EPS_OF_ADAM,
    Mistake("Adam", _rule(least=-math.inf, rectifier=lambda rho, rho_inf: 1.0,
                          spread=lambda v, v_hat, eps, root: root * (np.sqrt(v_hat) + eps)),
            ask=_EARLY, why="That is Adam still.",
            do="Step along m_hat alone while rho is at most 5, and times r afterwards."),
    Mistake("Adam, rectified later", _rule(
        least=-1.0, rectifier=lambda rho, rho_inf: _r(rho, rho_inf) if rho > 5 else 1.0,
        spread=lambda v, v_hat, eps, root: root * (np.sqrt(v_hat) + eps)), ask=_EARLY,
        why="It is Adam in the first steps, and later Adam times r.",
        do="Leave the divisor out while rho is at most 5; add eps to the root of v itself."),
    Mistake("eps inside the root", _rule(spread=lambda v, v_hat, eps, root: np.sqrt(v + eps)),
            ask=_BELOW, why="eps stands inside the root.", do="Write `np.sqrt(v) + eps`."),
    Mistake("no eps", _rule(spread=lambda v, v_hat, eps, root: np.sqrt(v)), ask=_BELOW,
            why="It leaves eps out.", do="Write `np.sqrt(v) + eps`."),
    Mistake("no root", _rule(spread=lambda v, v_hat, eps, root: v + eps), ask=_BELOW,
            why="It divides by the mean of squares itself.", do="Take its root."),
    Mistake("correction not rooted", _rule(short=lambda beta2, t: 1 - beta2**t), ask=_BELOW,
            why="The correction of v stands beside its root, unrooted.",
            do="Multiply by sqrt(1 - beta2**t)."),
    Mistake("momentum for ever", _rule(least=math.inf), ask=_WHEN,
            why="It never divides.", do="Divide once rho is above 5."),
    Mistake("root of the known share", _rule(
        rectifier=lambda rho, rho_inf: math.sqrt(rho / rho_inf)), ask=_FACTOR,
        why="That is what r comes near to when rho is large.", do=_R_IS),
    Mistake("m sums up", _rule(m_share=lambda beta1: 1.0), ask="How much of g goes into m?",
            why="m has the whole gradient added to it.", do="Add (1 - beta1) * g."),
)
_MEND = (*_SHARED, _EPS_OF_ADAM)


def _travelled(early=5, rectifier=_r, first=lambda g: g, sign=-1.0):
    """Return the way under a constant gradient, from the size of the first steps."""
    def answer(lr, g, n, beta2):
        rho_inf = 2 / (1 - beta2) - 1
        way = 0.0
        for t in range(1, int(n) + 1):
            rho = _rho(t, beta2)
            way += rectifier(rho, rho_inf) * math.copysign(1, g) if rho > early else first(g)
        return sign * lr * way
    return answer


def _five(lr, g, n, beta2):
    rho_inf = 2 / (1 - beta2) - 1
    return -lr * sum(g if t <= 5 else math.copysign(1, g) * _r(max(_rho(t, beta2), 4), rho_inf)
                     for t in range(1, int(n) + 1))


_CONSTANT = "With a constant gradient, what are m_hat and the corrected root of v?"
_TRAVELLED = (
    Mistake("Adam", lambda lr, g, n, beta2: -lr * n * math.copysign(1, g), ask=_CONSTANT,
            why="That is Adam's way: a full lr at each step.",
            do="Take g for the first steps, and r for the later ones."),
    Mistake("momentum for ever", lambda lr, g, n, beta2: -lr * n * g, ask=_CONSTANT,
            why="It goes on without a divisor.", do="From rho above 5 on a step is lr times r."),
    Mistake("unit first steps", _travelled(first=lambda g: math.copysign(1, g)), ask=_CONSTANT,
            why="Its first steps are lr long: divided already.",
            do="There is no divisor yet: they are lr times g."),
    Mistake("stands still at first", _travelled(first=lambda g: 0.0), ask=_CONSTANT,
            why="It leaves the first steps out.", do="Add lr times g for each."),
    Mistake("no rectifier", _travelled(rectifier=lambda rho, rho_inf: 1.0),
            ask="How long is the sixth step?", why="Its later steps are a full lr.",
            do="Multiply them by r."),
    Mistake("later steps scaled", lambda lr, g, n, beta2: abs(g) * _travelled(
        first=lambda g: math.copysign(1, g))(lr, g, n, beta2), ask=_CONSTANT,
        why="Its later steps are proportional to g.",
            do="There g is divided out: its sign is left."),
    Mistake("rectifier squared", _travelled(rectifier=lambda rho, rho_inf: _r(rho, rho_inf)**2),
            ask="How long is the sixth step?", why="It lacks the root in r.", do=_R_IS),
    Mistake("uphill", _travelled(sign=1.0), ask="On which side of 0 does it end if g is positive?",
            why="The way is right, and it climbs.", do="Go against g."),
    Mistake("five steps", _five, ask="Do the first steps end at the same step for every beta2?",
            why="It takes five first steps whatever beta2 is.",
            do="Go by rho: at beta2 0.7 it is above 5 only from step 10 on."),
    Mistake("four", _travelled(early=4), ask=_WHEN, why="It begins to divide above 4.",
            do="Torch begins above 5."),
)


def _threshold(least):
    return 1 - 2 / (least + 1)


_EVER = "What does rho tend to, and what must that be larger than?"
_THRESHOLD = (
    Mistake("one forgotten", lambda least: 1 - 2 / least, ask=_EVER,
            why="It takes 2 / (1 - beta2) for the largest rho.",
            do="Subtract 1: rho_inf is 2 / (1 - beta2) - 1."),
    Mistake("one too many", lambda least: 1 - 2 / (least - 1), ask=_EVER,
            why="It adds 1 where rho_inf subtracts it.", do="Solve 2 / (1 - beta2) - 1 = least."),
    Mistake("two forgotten", lambda least: 1 - 1 / (least + 1), ask=_EVER,
            why="It has 1 / (1 - beta2) for 2 / (1 - beta2).",
            do="Solve 2 / (1 - beta2) - 1 = least."),
    Mistake("the rest", lambda least: 2 / (least + 1), ask="Is it beta2, or 1 - beta2?",
            why="That is 1 - beta2.", do="Subtract it from 1."),
    Mistake("rho for beta2", lambda least: 2 / (1 - least) - 1, ask=_EVER,
            why="It puts the threshold in the place of beta2.",
            do="Solve 2 / (1 - beta2) - 1 = least for beta2."),
)


def _alike(t, beta2):
    return (1 + beta2) / (1 - beta2) * (1 - beta2**t) / (1 + beta2**t)


_SQUARES = "What do the squares of the weights add up to, and those of n equal ones?"
_ALIKE = (
    Mistake("same age", lambda t, beta2: _rho(t, beta2),
            ask="In which are your two means alike: in age, or in how much they vary?",
            why="That is RAdam's length: of the same mean age.",
            do="Make the sums of the squared weights equal: 1 / n."),
    Mistake("long run", lambda t, beta2: (1 + beta2) / (1 - beta2),
            ask="What does yours give at the first step?", why="That is its limit for large t.",
            do="Stop the geometric sums after t terms."),
    Mistake("upside down", lambda t, beta2: 1 / _alike(t, beta2), ask=_SQUARES,
            why="That is the sum of the squared weights.", do="n equal ones have 1 / n: turn it."),
    Mistake("not corrected", lambda t, beta2: (1 + beta2) / (1 - beta2) / (1 - beta2**(2 * t)),
            ask="What do the weights add up to?", why="It has the weights of v, uncorrected.",
            do="Divide each weight by 1 - beta2**t."),
    Mistake("corrected once", lambda t, beta2: (1 + beta2) / (1 - beta2) / (1 + beta2**t),
            ask="What do the weights add up to?",
            why="The correction is squared with the weight; it stands there once.",
            do="Divide the sum of squares by (1 - beta2**t)**2."),
    Mistake("correction upside down",
            lambda t, beta2: (1 + beta2) / (1 - beta2) * (1 + beta2**t) / (1 - beta2**t),
            ask="What does yours give at the first step?",
            why="Its factor for the start is upside down.",
            do="At t = 1 it must be 1: one square."),
    Mistake("largest weight", lambda t, beta2: (1 - beta2**t) / (1 - beta2), ask=_SQUARES,
            why="That is one over the largest weight.", do="Take all weights, squared."),
    Mistake("root forgotten to square", lambda t, beta2: math.sqrt(_alike(t, beta2)), ask=_SQUARES,
            why="It is the root of the length.", do="Leave the root out."),
)


def _reached(share_of=lambda rho, rho_inf: _r(rho, rho_inf), late=0,
             over=lambda r, share: r > share):
    """Return the first step at which a factor passes a share."""
    def answer(share, beta2):
        rho_inf = 2 / (1 - beta2) - 1
        for t in range(1, 3000):
            if _rho(t, beta2) > 5 and over(share_of(_rho(t, beta2), rho_inf), share):
                return t + late
        return math.inf
    return answer


_REACHED = (
    Mistake("counts from 0", _reached(late=-1), ask="Which number does the first step have?",
            why="It counts steps from 0.", do="The first step is t = 1."),
    Mistake("one late", _reached(late=1), ask="Which is the last step whose r is not enough?",
            why="It goes one step on after r has passed.", do="Return the step itself."),
    Mistake("share of squares", _reached(share_of=lambda rho, rho_inf: rho / rho_inf),
            ask="Is it rho that is asked for, or r?",
            why="It waits until rho has passed that share of its limit.",
            do="Compute r, and ask it."),
    Mistake("root of the share", _reached(share_of=lambda rho, rho_inf: math.sqrt(rho / rho_inf)),
            ask="How exact must it be?",
            why="It takes the root of rho / rho_inf, which r comes near.",
            do="Compute r itself."),
    Mistake("no root", _reached(share_of=lambda rho, rho_inf: _r(rho, rho_inf)**2), ask=_FACTOR,
            why="It waits for the square of r.", do=_R_IS),
    Mistake("below", _reached(over=lambda r, share: r < share), ask="Larger or smaller than it?",
            why="It stops at the first r that is below.", do="Stop at the first that is above."),
    Mistake("memory", lambda share, beta2: 2 / (1 - beta2),
            ask="Does it depend on the share?", why="That is the rule of thumb, for no share.",
            do="Go step by step until r is above the share."),
)

_STATE = "the new point and the state, p, m, v"
EXERCISES = {
    "threshold": Exercise(_threshold, on((5.0,), (4.0,), (9.0,), (100.0,)), _THRESHOLD),
    "travelled": Exercise(
        _travelled(), on((0.1, 3.0, 3, 0.999), (0.01, -20.0, 12, 0.99), (1.0, 0.5, 40, 0.9),
                         (0.1, 3.0, 12, 0.7)),
        _TRAVELLED),
    "implement": Exercise(_rule(), _DRIVEN, _IMPLEMENT, gives=_STATE),
    "alike": Exercise(_alike, on((1, 0.9), (3, 0.9), (10, 0.99), (1000, 0.999)), _ALIKE),
    "reached": Exercise(
        _reached(), on((0.5, 0.999), (0.9, 0.99), (0.25, 0.99), (0.8, 0.9)), _REACHED,
        gives="the number of a step"),
    "mend": Exercise(_rule(), _DRIVEN, _MEND, gives=_STATE),
}

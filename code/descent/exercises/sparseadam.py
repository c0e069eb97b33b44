"""The exercises of the SparseAdam chapter."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on

__all__ = ["EXERCISES"]


def _rule(m_kept=True, v_kept=True, moves="seen", m_clock="table", v_clock="table",
          spread=lambda v, mass, eps: np.sqrt(v) / np.sqrt(mass) + eps / np.sqrt(mass)):
    """Return SparseAdam from what it keeps where nothing is seen, what moves, and who counts.

    A clock is "table", "own" (an entry's visits), "late" (its visits before this one) or "none".
    """
    def rule(p, g, t, m=0.0, v=0.0, visits=0.0, *, lr, beta1, beta2, eps):
        seen = abs(g) > 0
        before = visits + 0 * g
        visits = before + np.where(seen, 1.0, 0.0)
        new_m, new_v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        m = np.where(seen, new_m, m) if m_kept else new_m
        v = np.where(seen, new_v, v) if v_kept else new_v

        def mass(beta, clock):
            count = {"table": t + 0 * g, "own": np.where(visits > 0, visits, 1.0),
                     "late": np.where(before > 0, before, 1.0)}
            return 1 - beta**count[clock] if clock in count else 1.0 + 0 * g

        step = lr * m / mass(beta1, m_clock) / spread(v, mass(beta2, v_clock), eps)
        return np.where(seen | (moves == "all"), p - step, p), m, v, visits
    return rule


_SETTINGS = ({"lr": 0.1, "beta1": 0.9, "beta2": 0.9, "eps": 0.1},
             {"lr": 0.5, "beta1": 0.6, "beta2": 0.5, "eps": 1e-3})
_DRIVEN = drive(*_SETTINGS, rests=2, silent=(3, 4))


def _swapped(p, g, t, m=0.0, v=0.0, visits=0.0, **hyper):
    p, m, v, visits = _rule()(p, g, t, m, v, visits, **hyper)
    return p, v, m, visits


def _whole_batch(p, g, t, m=0.0, v=0.0, visits=0.0, **hyper):
    if not np.all(abs(g) > 0):
        return p, m + 0 * g, v + 0 * g, visits
    return _rule()(p, g, t, m, v, visits, **hyper)


def _plus(v, mass, eps):
    return np.sqrt(v / mass) + eps


def _inside(v, mass, eps):
    return np.sqrt((v + eps) / mass)


_FADES = "What happens to m and to v in a step that does not see the entry?"
_STANDS = "Where does an entry go in a step that does not see it?"
_COUNTS = "Whose steps does the correction count?"
_EPS = "Beside which root does eps stand: the corrected one, or the other?"


def _besides(name, rule, why, ask, do):
    """Return a mistake whose eps is beside the corrected root besides, which shows first."""
    return Mistake(name, rule, f"{why} And its eps stands beside the corrected root.",
                   f"Two things. {_EPS} And: {ask[0].lower()}{ask[1:]}",
                   f"{do} Correct the step, and divide by `np.sqrt(v) + eps`.")


_ADAM = _besides("Adam", _rule(False, False, "all", spread=_plus),
                 "That is Adam: it moves and fades everywhere.", _FADES,
                 "Keep p, m and v as they were wherever g is 0.")
_STILL = Mistake("means fade", _rule(False, False),
                 "Only the point stands still; both means fade in every step.", _FADES,
                 "Put `np.where(seen, …, m)` and `np.where(seen, …, v)` around the means, too.")
_BESIDE = Mistake("eps beside the corrected root", _rule(spread=_plus),
                  "eps stands beside the corrected root, as in Adam. SparseAdam has it beside the "
                  "bare one.", _EPS, "Correct the step, and divide by `np.sqrt(v) + eps`.")
_LAZY = (
    _BESIDE, _ADAM, _STILL,
    _besides("means fade, eps as in Adam", _rule(False, False, spread=_plus),
             "Only the point stands still; both means fade in every step.", _FADES,
             "Keep m and v wherever g is 0."),
    Mistake("Adam, eps beside the bare root", _rule(False, False, "all"),
            "It moves and fades everywhere.", _FADES,
            "Keep p, m and v as they were wherever g is 0."),
    Mistake("m fades", _rule(m_kept=False), "m fades where nothing is seen.", _FADES,
            "Keep the old m there."),
    Mistake("v fades", _rule(v_kept=False), "v fades where nothing is seen.", _FADES,
            "Keep the old v there."),
    _besides("m fades, eps as in Adam", _rule(m_kept=False, spread=_plus),
             "m fades where nothing is seen.", _FADES, "Keep the old m there."),
    _besides("v fades, eps as in Adam", _rule(v_kept=False, spread=_plus),
             "v fades where nothing is seen.", _FADES, "Keep the old v there."),
    Mistake("coasts", _rule(moves="all"),
            "The means are kept, and the point still moves everywhere.", _STANDS,
            "Put `np.where(seen, p - step, p)`."),
    _besides("coasts, eps as in Adam", _rule(moves="all", spread=_plus),
             "The means are kept, and the point still moves everywhere.", _STANDS,
             "Put `np.where(seen, p - step, p)`."),
    Mistake("own clock", _rule(m_clock="own", v_clock="own"),
            "It counts the visits of each entry. Torch counts the steps of the table.", _COUNTS,
            "Correct by t."),
    _besides("own clock, eps as in Adam",
             _rule(m_clock="own", v_clock="own", spread=_plus),
             "It counts the visits of each entry. Torch counts the steps of the table.", _COUNTS,
             "Correct by t."),
    Mistake("no correction", _rule(m_clock="none", v_clock="none"),
            "It leaves out the correction.", _COUNTS,
            "Multiply by the root of 1 - beta2**t, and divide by 1 - beta1**t."),
    Mistake("m not corrected", _rule(m_clock="none"), "m is not corrected.", _COUNTS,
            "Divide by 1 - beta1**t."),
    Mistake("v not corrected", _rule(v_clock="none"), "v is not corrected.", _COUNTS,
            "Multiply by the root of 1 - beta2**t."),
    Mistake("eps inside the root", _rule(spread=_inside), "eps stands inside the root.",
            _EPS, "Take the root of v first, then add eps."),
    Mistake("no eps", _rule(spread=lambda v, mass, eps: np.sqrt(np.where(
        v == 0, 1.0, v) / mass)), "It leaves eps out.", _EPS, "Add eps to the root of v."),
    Mistake("all or nothing", _whole_batch,
            "It skips the whole step if any entry is not seen.",
            "Does one silent entry say anything about the others?",
            "Decide entry by entry, with `np.where`."),
    Mistake("v before m", _swapped, "It returns v before m.", "In which order do they come back?",
            "Return p, m, v."),
)

_OWN_COUNTS = "Which correction counts an entry's own visits: of m, of v, or of both?"
_OWN = (
    Mistake("the table's clock", _rule(), "It counts the table's steps for both means, as torch.",
            _OWN_COUNTS, "Divide m by 1 - beta1**visits."),
    Mistake("both own", _rule(m_clock="own", v_clock="own"),
            "It counts own visits for both means; asked for is that of m alone.", _OWN_COUNTS,
            "Keep t for v."),
    Mistake("the wrong one", _rule(v_clock="own"), "It counts own visits for v.", _OWN_COUNTS,
            "Count visits for m, and t for v."),
    Mistake("counts too late", _rule(m_clock="late"),
            "Its count leaves out the visit of now.", "What is visits when m gets its first "
            "gradient: 0 or 1?", "Raise the count before you correct."),
    Mistake("not corrected", _rule(m_clock="none"), "m is not corrected.", _OWN_COUNTS,
            "Divide m by 1 - beta1**visits."),
    Mistake("means fade", _rule(False, False, m_clock="own"), "Both means fade unseen.", _FADES,
            "Keep m and v where g is 0."),
    Mistake("m fades", _rule(m_kept=False, m_clock="own"), "m fades unseen.", _FADES,
            "Keep the old m where g is 0."),
    Mistake("v fades", _rule(v_kept=False, m_clock="own"), "v fades unseen.", _FADES,
            "Keep the old v where g is 0."),
    Mistake("coasts", _rule(moves="all", m_clock="own"), "The point moves unseen.", _STANDS,
            "Put `np.where(seen, p - step, p)`."),
    Mistake("eps beside the corrected root", _rule(m_clock="own", spread=_plus),
            "eps stands beside the corrected root.", _EPS, "Put it beside the bare root."),
)

_FIRST_IS = "What are m and √v after the first visit, and what does the table's clock add?"
_FIRST = (
    Mistake("first step of a new table", lambda beta2, length: 1 - length,
            "It leaves √v out.", _FIRST_IS,
            "The step is (1 - beta1) / √(1 - beta2), in lr."),
    Mistake("no root", lambda beta2, length: 1 - length * (1 - beta2),
            "It divides by v, not by its root.", "Is m divided by v, or by its root?",
            "Take the root of 1 - beta2."),
    Mistake("m for what it keeps", lambda beta2, length: length * math.sqrt(1 - beta2),
            "That is 1 - beta1, the share that m gives to the new gradient.",
            "Which share of m is the new gradient: beta1, or 1 - beta1?", "Take 1 minus it."),
    Mistake("beta2 for its rest", lambda beta2, length: 1 - length * math.sqrt(beta2),
            "It takes beta2 for the share of the new square.", _FIRST_IS,
            "The new square has the share 1 - beta2."),
    Mistake("the step itself", lambda beta2, length: length / math.sqrt(1 - beta2),
            "It multiplies the step by 1 / √(1 - beta2) once more.", _FIRST_IS,
            "Solve (1 - beta1) / √(1 - beta2) = length for beta1."),
    Mistake("upside down", lambda beta2, length: 1 - math.sqrt(1 - beta2) / length,
            "The length stands below the line.", "Does a longer step want a smaller beta1?",
            "Multiply by the length."),
    Mistake("both roots", lambda beta2, length: 1 - math.sqrt(length * (1 - beta2)),
            "It takes the root of the length, too.", _FIRST_IS, "Only 1 - beta2 has a root."),
)

_TWO = "What is done with two gradients of one row before anything is squared?"
_TWICE = (
    Mistake("squares added", lambda a, b, beta2: (1 - beta2) * (a**2 + b**2),
            "It squares each, and adds the squares.", _TWO, "Add first, then square."),
    Mistake("one after the other",
            lambda a, b, beta2: beta2 * (1 - beta2) * a**2 + (1 - beta2) * b**2,
            "It takes two steps, one for each gradient.", "How many steps is one batch?",
            "Add both gradients, and take one step."),
    Mistake("the last alone", lambda a, b, beta2: (1 - beta2) * b**2,
            "The second gradient overwrites the first.", _TWO, "Add them."),
    Mistake("the first alone", lambda a, b, beta2: (1 - beta2) * a**2,
            "The second gradient is lost.", _TWO, "Add them."),
    Mistake("mean", lambda a, b, beta2: (1 - beta2) * ((a + b) / 2)**2,
            "It takes the mean of both.", "A sum or a mean: what does `backward` do?", "Add them."),
    Mistake("mean of squares", lambda a, b, beta2: (1 - beta2) * (a**2 + b**2) / 2,
            "It takes the mean of the squares.", _TWO, "Add first, then square."),
    Mistake("share forgotten", lambda a, b, beta2: (a + b)**2, "It leaves out 1 - beta2.",
            "Which share of v is the new square?", "Multiply by 1 - beta2."),
    Mistake("beta2 for its rest", lambda a, b, beta2: beta2 * (a + b)**2,
            "It takes beta2 for the share of the new square.",
            "Which share of v is the new square?", "The share is 1 - beta2."),
    Mistake("not squared", lambda a, b, beta2: (1 - beta2) * (a + b), "It does not square.",
            "v is a mean of what?", "Square the sum."),
)


def _length(n, beta1, beta2):
    return (1 - beta1**n) / math.sqrt(1 - beta2**n)


def _longest(length=_length, better=max):
    return lambda beta1, beta2: better(range(1, 5000), key=lambda n: length(n, beta1, beta2))


_WHICH = "Which visit is asked for, and how long is the step there?"
_FARTHEST = (
    Mistake("the length", lambda beta1, beta2: _length(_longest()(beta1, beta2), beta1, beta2),
            "That is how long the step is, in lr.", _WHICH, "Return the number of the visit."),
    Mistake("from 0", lambda beta1, beta2: _longest()(beta1, beta2) - 1,
            "It counts visits from 0.", "Which number does the first visit have?", "Add one."),
    Mistake("one late", lambda beta1, beta2: _longest()(beta1, beta2) + 1,
            "It is the visit behind the longest.", "Which number does the first visit have?",
            "Take the visit whose step is longest, not the first that is shorter."),
    Mistake("memory of m", lambda beta1, beta2: 1 / (1 - beta1),
            "That is how long m remembers.", _WHICH,
            "Look for the largest (1 - beta1**n) / √(1 - beta2**n) over n."),
    Mistake("memory of v", lambda beta1, beta2: 1 / (1 - beta2), "That is how long v remembers.",
            _WHICH, "Look for the largest (1 - beta1**n) / √(1 - beta2**n) over n."),
    Mistake("no root", _longest(lambda n, b1, b2: (1 - b1**n) / (1 - b2**n)),
            "It leaves out the root: then the first step would be the longest.",
            "By what is m divided?", "Take the root of 1 - beta2**n."),
    Mistake("m alone", _longest(lambda n, b1, b2: 1 - b1**n), "It leaves v out.",
            "By what is m divided?", "Divide by the root of 1 - beta2**n."),
    Mistake("shortest", _longest(better=min), "That is the shortest step.", _WHICH,
            "Take the largest."),
)

_STATE = "the new point and both means, p, m, v"
EXERCISES = {
    "twice": Exercise(lambda a, b, beta2: (1 - beta2) * (a + b)**2,
                      on((0.3, 0.5, 0.9), (1.0, -0.4, 0.99), (2.0, 0.25, 0.5)), _TWICE),
    "first": Exercise(lambda beta2, length: 1 - length * math.sqrt(1 - beta2),
                      on((0.999, 1.0), (0.99, 2.0), (0.995, 0.3), (0.9999, 3.0)), _FIRST),
    "implement": Exercise(_rule(), _DRIVEN, _LAZY, gives=_STATE),
    "mend": Exercise(_rule(), _DRIVEN, _LAZY, gives=_STATE),
    "own_clock": Exercise(_rule(m_clock="own"), _DRIVEN, _OWN,
                          gives="the new point and the state, p, m, v, visits"),
    "farthest": Exercise(_longest(), on((0.9, 0.999), (0.5, 0.9), (0.95, 0.99), (0.8, 0.9999)),
                         _FARTHEST, gives="the number of a visit"),
}

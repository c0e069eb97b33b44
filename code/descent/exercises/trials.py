"""What an exercise is made of: a right answer, mistakes, and trials that can tell them apart."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from descent.exercises.seen import Odd, arguments

__all__ = ["Exercise", "Mistake", "drive", "lists", "on"]


@dataclass(frozen=True)
class Mistake:
    """A plausible wrong answer: its name, the answer itself, and what to say about it.

    `why` names what it does, `ask` is the question that leads there, `do` says how to mend it.
    """

    name: str
    answer: Callable
    why: str
    ask: str = ""
    do: str = ""

    @property
    def steps(self):
        """What is said at the first, the second and the third try."""
        return [one for one in (self.ask, self.why, self.do) if one]


@dataclass(frozen=True)
class Exercise:
    """A right answer, the trials (from an answer to pairs of where and what), and mistakes.

    `gives` says in words what an answer returns.
    """

    reference: Callable
    trials: Callable
    mistakes: tuple
    gives: str = "a number"


def on(*cases):
    """Return trials that call a function of numbers on each case."""
    def trials(answer):
        names = arguments(answer)
        for case in cases:
            yield f"with {_named(names, case)}", answer(*case)

    trials.cases = cases
    return trials


def lists(*cases):
    """Return trials that call a function of one list of numbers on each case."""
    def trials(answer):
        names = arguments(answer)
        for case in cases:
            yield f"with {_named(names, [case])}", answer(np.array(case, dtype=float))

    trials.cases = [(np.array(case, dtype=float),) for case in cases]
    return trials


def _named(names, case):
    """Return the arguments of a call with their names, as the answer has them."""
    if len(names) != len(case):
        return ", ".join(map(_word, case))
    return ", ".join(f"{name}={_word(x)}" for name, x in zip(names, case, strict=True))


def _word(x):
    return f"{x:g}" if isinstance(x, (int, float)) else str(x)


def drive(*settings, rests=0, silent=()):
    """Return trials that drive a rule for six steps, under each dict of hyper-parameters.

    The points are arrays and lr falls to a tenth after three steps, so that what lies inside the
    buffer shows; one entry has no gradient for the first `rests` steps, another none at those that
    `silent` names.
    """
    gradients = np.random.default_rng(0).normal(size=(6, 3))
    gradients[:rests, 1] = 0.0
    gradients[[t - 1 for t in silent], 2] = 0.0
    first = [(t, g, {**settings[0], "lr": _lr(settings[0], t)})
             for t, g in enumerate(gradients[:, 0].tolist(), start=1)]

    def trials(rule):
        for hyper in settings:
            p, state = np.array([1.0, -2.0, 0.5]), ()
            for t, g in enumerate(gradients, start=1):
                lr = _lr(hyper, t)
                where = f"at step {t} with {_words({**hyper, 'lr': lr})}"
                try:
                    answer = rule(p, g.copy(), t, *state, **{**hyper, "lr": lr})
                except TypeError as error:
                    if any(isinstance(one, (tuple, list, dict)) for one in state):
                        raise Odd("nested", "It packs the state into one value, and takes back "
                                  "several. Return them one after another: `return p, m, v`."
                                  ) from error
                    raise
                if answer is None:
                    raise Odd("nothing", "")
                if not isinstance(answer, (tuple, list)):
                    raise Odd("point alone", "It returns the point alone. Return the new state "
                              "behind it, or the next step begins without a memory.")
                p, *state = answer
                yield where, p
                if getattr(p, "shape", None) == (3,) and not hasattr(p, "detach"):
                    p = np.nan_to_num(p, posinf=0.0, neginf=0.0)  # go on behind a NaN

    def alone(rule):
        """Yield where the first entry goes under the first settings, as plain numbers."""
        p, state = 1.0, ()
        for t, g, hyper in first:
            p, *state = rule(p, g, t, *state, **hyper)
            yield p

    trials.settings, trials.alone = settings, alone
    return trials


def _lr(hyper, t):
    return hyper["lr"] * (1.0 if t <= 3 else 0.1)


def _words(hyper):
    return ", ".join(f"{name}={value:g}" for name, value in hyper.items())

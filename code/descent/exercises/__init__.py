"""Exercises that answer back: `check("sgd.momentum", answer)`.

An exercise is a reference, the trials it is run on, and the mistakes people make, each a working
answer of its own. What a learner hands in is run on the same trials: if it agrees with the
reference it is right; if it agrees with a mistake, the verdict names the mistake.
"""

import signal
import threading
from collections.abc import Callable
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

import numpy as np

__all__ = ["Exercise", "Mistake", "Verdict", "check", "drive", "find", "names", "on"]

SECONDS = 2.0


@dataclass(frozen=True)
class Mistake:
    """A plausible wrong answer: its name, the answer itself, and what to say about it."""

    name: str
    answer: Callable
    why: str


@dataclass(frozen=True)
class Exercise:
    """A right answer, the trials (from an answer to pairs of where and what), and mistakes."""

    reference: Callable
    trials: Callable
    mistakes: tuple


@dataclass(frozen=True)
class Verdict:
    """What came of a check: `ok`, the name of the recognised `mistake` or None, and the words."""

    ok: bool
    mistake: str | None
    message: str

    def _ipython_display_(self):
        """Show nothing: `check` has printed the message."""


class _Stopped(BaseException):
    """An answer ran too long. No Exception, so that the answer's own `except` lets it through."""


class _Changed(Exception):
    """An answer changed what it was given."""


class _PointAlone(Exception):
    """A rule returned its point without the state."""


def check(name, answer, *, seconds=SECONDS):
    """Run an answer against an exercise, print the verdict in a line or two, and return it.

    `name` is one of `names()`, `answer` a function as the exercise asks for. An answer that
    raises, returns the wrong shape, changes its arguments or runs for more than `seconds` gets a
    verdict like any other. Raises ValueError for an unknown name, TypeError for no function.
    """
    exercise = find(name)
    if not callable(answer):
        raise TypeError(f"answer must be a function (hand in its name, uncalled), got {answer!r}")
    verdict = _judge(exercise, answer, seconds)
    print(f"{name}: {verdict.message}")
    return verdict


def names():
    """Return the names of all exercises."""
    return [f"{module.name}.{name}" for module in iter_modules(__path__)
            for name in import_module(f"{__name__}.{module.name}").EXERCISES]


def find(name):
    """Return the exercise of that name, or raise a ValueError that lists the names there are."""
    if name not in names():
        raise ValueError(f"name must be one of {', '.join(names())}, got {name!r}")
    chapter, own = name.split(".")
    return import_module(f"{__name__}.{chapter}").EXERCISES[own]


def on(*cases):
    """Return trials that call a function of numbers on each case."""
    def trials(answer):
        for case in cases:
            yield f"at ({', '.join(f'{x:g}' for x in case)})", answer(*case)
    return trials


def drive(*settings):
    """Return trials that drive a rule for six steps, under each dict of hyper-parameters.

    The points are arrays and lr falls to a tenth after three steps, so that what lies inside the
    buffer shows. The rule must leave its arguments as they were.
    """
    gradients = np.random.default_rng(0).normal(size=(6, 3))

    def trials(rule):
        for hyper in settings:
            p, state = np.array([1.0, -2.0, 0.5]), ()
            for t, g in enumerate(gradients, start=1):
                given = (p, g.copy(), *state)
                kept = deepcopy(given)
                lr = hyper["lr"] * (1.0 if t <= 3 else 0.1)
                answer = rule(p, given[1], t, *state, **{**hyper, "lr": lr})
                if not isinstance(answer, (tuple, list)):
                    raise _PointAlone
                p, *state = answer
                if not all(np.array_equal(a, b, equal_nan=True)
                           for a, b in zip(given, kept, strict=True)):
                    raise _Changed
                yield f"at step {t} with {_words(hyper)}", p
                if isinstance(p, np.ndarray) and p.dtype.kind == "f":  # go on behind a NaN, so
                    p = np.nan_to_num(p, posinf=0.0, neginf=0.0)  # that the rest can be compared
    return trials


def _words(hyper):
    return ", ".join(f"{name}={value:g}" for name, value in hyper.items())


def _judge(exercise, answer, seconds):
    expected = list(exercise.trials(exercise.reference))
    try:
        with _limit(seconds), np.errstate(all="ignore"):
            got = list(exercise.trials(answer))
    except _Stopped:
        return Verdict(False, "loops", f"stopped after {seconds:g} s. Does a loop in it never end?")
    except _Changed:
        return Verdict(False, "in place", "not yet. It changes the arrays it is given (`-=`, `*=`, "
                       "`+=` write into the caller's array): return new ones.")
    except _PointAlone:
        return Verdict(False, "point alone", "not yet. It returns the point alone. Return the new "
                       "state behind it, or the next step begins without a memory.")
    except NotImplementedError:
        return Verdict(False, "not written", "not written yet. Replace the line that raises.")
    except Exception as error:  # whatever a learner's code may do wrong
        return Verdict(False, "raises", f"not yet. It raises {type(error).__name__}: {error}")
    try:
        values = [np.asarray(value, dtype=float) for _, value in got]
    except (TypeError, ValueError):
        return Verdict(False, "shape", f"not yet. It must return numbers; {got[0][0]} it returned "
                       f"{got[0][1]!r}.")
    return _compared(exercise, expected, values)


def _compared(exercise, expected, values):
    for (where, right), value in zip(expected, values, strict=True):
        if value.shape != np.shape(right):
            return Verdict(False, "shape", f"not yet. {where} it returns shape {value.shape}, and "
                           f"{np.shape(right)} is asked for.")
    if _agree(values, expected):
        return Verdict(True, None, "right.")
    for mistake in exercise.mistakes:
        with np.errstate(all="ignore"):
            wrong = list(exercise.trials(mistake.answer))
        if _agree(values, wrong):
            return Verdict(False, mistake.name, f"not yet. {mistake.why}")
    where, value = next((where, value) for (where, right), value
                        in zip(expected, values, strict=True)
                        if not np.allclose(value, right, rtol=1e-9, atol=1e-12))
    if np.isnan(value).any():
        return Verdict(False, "not a number", f"not yet. {where.capitalize()} it returns NaN: a "
                       "root of something negative, or 0 divided by 0.")
    return Verdict(False, None, f"not yet, and not a mistake known here. It first departs {where}.")


def _agree(values, expected):
    """Tell whether all values are the same; NaN is like NaN, but not if there is nothing else."""
    if not any(np.isfinite(value).any() for value in values):
        return False
    return all(np.allclose(value, right, rtol=1e-9, atol=1e-12, equal_nan=True)
               for value, (_, right) in zip(values, expected, strict=True))


@contextmanager
def _limit(seconds):
    """Stop what runs inside after that time, where the system has alarms (main thread, Unix)."""
    alarms = hasattr(signal, "setitimer")
    if not alarms or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_):
        raise _Stopped

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

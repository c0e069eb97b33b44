"""How an answer is judged: run on the trials, compared with what is right, then with mistakes."""

import inspect
import io
import linecache
import signal
import threading
import traceback
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import wraps

import numpy as np

from descent.exercises.seen import Odd, numbers, parameters, precision, shown
from descent.exercises.stock import stock

__all__ = ["Verdict", "judged"]

LINES = 20  # of what an answer prints, at most


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


class _Watched:
    """An answer that is watched: what it returned last, how it was called, what it has changed."""

    def __init__(self, answer):
        self.answer, self.returned, self.calls, self.changed = answer, None, 0, None
        self.given = ""
        wraps(answer)(self)

    def __call__(self, *args, **kwargs):
        if not self.calls:
            _fits(self.answer, args, kwargs)
        self.calls += 1
        given = {**dict(zip(_words(self.answer, len(args)), args, strict=False)), **kwargs}
        before = {name: _copy(value) for name, value in given.items()}
        self.given = _given(given)
        self.returned = self.answer(*args, **kwargs)
        for name, value in given.items():
            if self.changed is None and not _same(before[name], value):
                self.changed = name
        return self.returned


def judged(exercise, answer, seconds):
    """Return a verdict on an answer, what can still be said of its mistake, and what it printed.

    The verdict's message says what is seen; the steps, which `check` and `hint` add one by one,
    lead from there to the mistake. Both are about the first trial that differs.
    """
    expected = list(exercise.trials(exercise.reference))
    watched, printed = _Watched(answer), io.StringIO()
    try:
        with _limit(seconds), np.errstate(all="ignore"), redirect_stdout(printed):
            got = list(exercise.trials(watched))
        values = _values(got, expected)
    except _Stopped:
        return Verdict(False, "loops", f"stopped after {seconds:g} s. Does a loop in it never end?"
                       ), [], _first(printed)
    except Odd as odd:
        return _odd(odd, printed), [], _first(printed)
    except NotImplementedError:
        words = "not written yet. Replace the line that raises."
        return Verdict(False, "not written", words), [], ""
    except Exception as error:  # whatever a learner's code may do wrong
        return _raised(error, watched, exercise, printed), [], _first(printed)
    expected = [(where, right) for (where, _), (_, right) in zip(got, expected, strict=True)]
    near = max((precision(value) for _, value in got), default=1e-9)
    verdict, steps = _compared(exercise, expected, values, near)
    if watched.changed and (verdict.ok or verdict.mistake is None):
        verdict, steps = Verdict(False, "in place", (
            f"not yet. It changes `{watched.changed}`, which belongs to the caller (`-=`, `*=`, "
            "`+=`, `append` write into what is given): return new ones.")), []
    return verdict, steps, _first(printed)


def _values(got, expected):
    """Return what an answer gave as arrays; Odd, with where, for what is none."""
    if len(got) != len(expected):
        raise Odd("shape", f"It gives {len(got)} values in all; asked for are {len(expected)}.")
    found = []
    for (where, right), (_, value) in zip(expected, got, strict=True):
        try:
            found.append(numbers(value, right))
        except Odd as odd:
            raise Odd(odd.name, f"{odd.sentence} ({_begun(where)}.)" if odd.sentence else ""
                      ) from None
    return found


def _compared(exercise, expected, values, near):
    if _agree(values, expected, near):
        return Verdict(True, None, "right."), []
    where, right, value = next(
        (where, right, value) for (where, right), value in zip(expected, values, strict=True)
        if not _close(value, right, near))
    said = bool(value) if isinstance(right, (bool, np.bool_)) and value in (0, 1) else value
    digits = 6 if shown(said) != shown(right) else 12  # or two that differ would look alike
    seen = f"{_begun(where)}: yours {shown(said, digits)}, asked for {shown(right, digits)}."
    for mistake in (*exercise.mistakes, *stock(exercise)):
        if _made(exercise, mistake, values, near):
            return Verdict(False, mistake.name, f"not yet. {seen}"), mistake.steps
    if near < 1e-5 and _agree(values, expected, 1e-5):
        return Verdict(False, "rounded", f"not yet. {seen} It agrees to about five digits: "
                       "something in it is rounded, or computed in float32."), []
    if _decimals(values, expected):
        return Verdict(False, "rounded", f"not yet. {seen} It is rounded; hand in the number "
                       "itself."), []
    if _constant(values, expected):
        return Verdict(False, "always the same", f"not yet. {seen}"), [
            "Does it depend on what it is given?",
            "It gives the same for all that was tried: a number of one case, perhaps.",
            "Write the formula, with the arguments in it."]
    if np.isnan(value).any() and not np.isnan(np.asarray(right, dtype=float)).any():
        return Verdict(False, "not a number", f"not yet. {_begun(where)} it gives NaN: a "
                       "root of something negative, or 0 divided by 0."), []
    return Verdict(False, None, f"not yet, and not a mistake known here. {seen}"), [
        "Work this one out by hand, line by line, and see where yours turns off."]


def _begun(where):
    """Return where as a sentence begins; names keep their capitals."""
    return where[:1].upper() + where[1:]


def _made(exercise, mistake, values, near):
    """Tell whether a mistake gives these values; it is run only as long as it does."""
    if not any(np.isfinite(value).any() for value in values):
        return False
    try:
        with np.errstate(all="ignore"):
            trials = iter(exercise.trials(mistake.answer))
            return all(_close(value, wrong, near)
                       for value, (_, wrong) in zip(values, trials, strict=True))
    except Exception:  # one of the stock that does not fit this exercise
        return False


def _agree(values, expected, near):
    """Tell whether all values are the same; NaN is like NaN, but not if there is nothing else."""
    return any(np.isfinite(value).any() for value in values) and all(
        _close(value, right, near) for value, (_, right) in zip(values, expected, strict=True))


def _decimals(values, expected):
    """Tell whether all values are what is asked for, rounded to some places after the point."""
    pairs = [(value, np.asarray(right, dtype=float))
             for value, (_, right) in zip(values, expected, strict=True)]
    return any(all(np.shape(value) == np.shape(right) and np.any(value) and
                   np.allclose(value, np.round(right, places), rtol=1e-12, atol=1e-12)
                   for value, right in pairs) for places in range(7))


def _constant(values, expected):
    """Tell whether all values are one, other than 0, where different ones are asked for."""
    def alike(numbers):
        return len(numbers) > 2 and all(
            np.shape(one) == np.shape(numbers[0]) and np.array_equal(one, numbers[0])
            for one in numbers)
    return bool(np.all(values[0])) and alike(values) and not alike([
        np.asarray(right, dtype=float) for _, right in expected])


def _close(value, right, near):
    right = np.asarray(right, dtype=float)
    return np.shape(value) == np.shape(right) and bool(np.allclose(
        value, right, rtol=near, atol=near * 1e-3, equal_nan=True))


def _odd(odd, printed):
    if odd.name != "nothing":
        return Verdict(False, odd.name, f"not yet. {odd.sentence}")
    if printed.getvalue():
        return Verdict(False, "printed", "not yet. It prints its answer and returns nothing: put "
                       "`return` in the place of `print`.")
    words = odd.sentence or "It returns nothing: its last line must `return` the answer."
    return Verdict(False, "nothing", f"not yet. {words}")


def _raised(error, watched, exercise, printed):
    """Return a verdict on what was raised: by the answer, or by what could not use its result."""
    own = getattr(getattr(inspect.unwrap(watched.answer), "__code__", None), "co_filename", None)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if frame.filename == own]
    if lines:
        line = linecache.getline(own, lines[-1]).strip()
        at = f" in line {lines[-1]}" + (f", `{line}`" if line else "")
        return Verdict(False, "raises", f"not yet. It raises {type(error).__name__}{at}: {error}"
                       f"{watched.given}")
    if watched.returned is None and watched.calls:
        return _odd(Odd("nothing", ""), printed)
    if not watched.calls or isinstance(error, (RecursionError, MemoryError)):
        return Verdict(False, "raises", f"not yet. It raises {type(error).__name__}: {error}")
    return Verdict(False, "shape", f"not yet. It returns {shown(watched.returned)}; asked for is "
                   f"{exercise.gives}.")


def _fits(answer, args, kwargs):
    """Raise Odd if an answer cannot be called so."""
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        named = "".join(f", {name}=" for name in kwargs)
        raise Odd("arguments", f"It is called with {len(args)} values in order{named}; yours takes "
                  f"{signature}: {error}.") from None


def _words(answer, count):
    names = [parameter.name for parameter in parameters(answer)[:count]]
    return [*names, *(f"argument {k + 1}" for k in range(len(names), count))]


def _given(given):
    """Return in words what an answer is called with, or nothing where that is long."""
    words = [f"{name}={shown(value)}" for name, value in given.items()
             if isinstance(value, (int, float)) or (isinstance(value, tuple) and not value)]
    return f" (With {', '.join(words)}.)" if words else ""


def _copy(value):
    """Return a copy of data: of arrays, tensors, lists and dicts; anything else as it is."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_copy, value)) if type(value) in (list, tuple) else value
    if isinstance(value, dict):
        return {key: _copy(one) for key, one in value.items()}
    if hasattr(value, "detach"):
        return value.detach().clone()
    return value.copy() if isinstance(value, np.ndarray) else value


def _same(before, after):
    if isinstance(before, (list, tuple)):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_same(before[k], after[k]) for k in before)
    if hasattr(before, "detach"):
        return bool((before == after.detach()).all())
    if isinstance(before, np.ndarray):
        return before.shape == after.shape and bool(np.array_equal(before, after, equal_nan=True))
    return True


def _first(printed):
    lines = printed.getvalue().rstrip("\n").split("\n")
    return "\n".join([*lines[:LINES], "…"] if len(lines) > LINES else lines)


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

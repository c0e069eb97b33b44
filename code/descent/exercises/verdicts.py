"""How an answer is judged: run on the trials, compared with what is right, then with mistakes."""

import inspect
import io
import linecache
import math
import signal
import threading
import traceback
import warnings
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from functools import wraps
from itertools import islice

import numpy as np

from descent.exercises.facts import by_hand, fact, first_off, inputs
from descent.exercises.faults import help_with, odd_number
from descent.exercises.seen import Odd, arguments, numbers, precision, shown
from descent.exercises.slips import pairs, slips
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
        self.answer, self.returned, self.tried, self.changed = answer, None, [], None
        self.names = arguments(answer)
        wraps(answer)(self)

    def __call__(self, *args, **kwargs):
        if not self.tried:
            _fits(self.answer, args, kwargs)
        given = {**dict(zip(_words(self.names, len(args)), args, strict=False)), **kwargs}
        self.tried.append({name: _copy(value) for name, value in given.items()})
        self.returned = self.answer(*args, **kwargs)
        for name, value in given.items():
            if self.changed is None and not _same(self.tried[-1][name], value):
                self.changed = name
        return self.returned


def judged(name, exercise, answer, seconds):
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
    with _quiet():
        verdict, steps = _compared(name, exercise, expected, values, near)
    if verdict.mistake is None and not verdict.ok and not watched.changed:
        with _quiet(), redirect_stdout(io.StringIO()):
            verdict, steps = _looked_at(name, exercise, watched, expected, values, near, seconds)
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


def _compared(name, exercise, expected, values, near):
    if _agree(values, expected, near):
        return Verdict(True, None, "right."), []
    seen, _ = _seen(expected, values, near)
    quick = _quick(exercise, values, near, first_off(
        values, expected, lambda value, right: _close(value, right, near)))
    same = _constant(values, expected)
    for mistake in _one_by_one(exercise, name, quick):
        if same and mistake.name.startswith("rounded"):
            continue
        if _made(exercise, mistake, values, near):
            return Verdict(False, mistake.name, f"not yet. {seen}"), mistake.steps
    if near < 1e-5 and _agree(values, expected, 1e-5):
        return Verdict(False, "rounded", f"not yet. {seen} It agrees to about five digits: "
                       "something in it is rounded, or computed in float32."), []
    if _decimals(values, expected):
        return Verdict(False, "rounded", f"not yet. {seen} It is rounded; hand in the number "
                       "itself."), []
    if same:
        return Verdict(False, "always the same", f"not yet. {seen}"), [
            "Does it depend on what it is given?",
            "It gives the same for all that was tried: a number of one case, perhaps.",
            "Write the formula, with the arguments in it."]
    return Verdict(False, None, f"not yet, and not a mistake known here. {seen}"), []


def _one_by_one(exercise, name, quick):
    """Give the single mistakes, those that take long to make at last."""
    yield from exercise.mistakes
    yield from stock(exercise)
    yield from filter(quick, slips(name))


def _seen(expected, values, near):
    """Return in words where values depart first, and by what; and what is right there."""
    where, right, value = next(
        (where, right, value) for (where, right), value in zip(expected, values, strict=True)
        if not _close(value, right, near))
    said = bool(value) if isinstance(right, (bool, np.bool_)) and value in (0, 1) else value
    digits = 6 if shown(said) != shown(right) else 12  # or two that differ would look alike
    return (f"{_begun(where)}: yours {shown(said, digits)}, asked for {shown(right, digits)}.",
            right)


def _looked_at(name, exercise, watched, expected, values, near, seconds):
    """Return a verdict and its steps on what no single mistake explains."""
    seen, right = _seen(expected, values, near)
    if odd := _no_number(exercise, watched, expected, values, right, near, seconds):
        return odd, []
    at = first_off(values, expected, lambda value, right: _close(value, right, near))
    quick, probe = _quick(exercise, values, near, at), _probe(exercise, expected, values, at)
    for pair in pairs(name, quick, probe) if probe else ():
        if _made(exercise, pair, values, near):
            return Verdict(False, pair.name, f"not yet. {seen}"), pair.steps
    given, found, hand = "", None, ""
    if near == 1e-9:
        with suppress(_Stopped, Exception), _limit(seconds):
            found = fact(exercise, watched.answer, watched.tried, expected, values)
        with suppress(_Stopped, Exception), _limit(seconds):
            hand = by_hand(exercise, watched.answer, watched.tried, values, at)
    if len(watched.tried) == len(values) and not hasattr(exercise.trials, "cases"):
        given = inputs({name: value for name, value in watched.tried[at].items()
                        if f"{name}=" not in seen})
        given = f" It was called with {given}." if given else ""
    if found:
        return Verdict(False, found.name, f"not yet. {seen}{given}"), [
            *found.steps, *([hand] if hand else [])]
    work = "Work this one out by hand, line by line, and see where yours turns off."
    return Verdict(False, None, f"not yet, and not a mistake known here. {seen}{given}"), [
        work, *([hand] if hand else [])]


def _quick(exercise, values, near, at):
    """Return a first look at whether a mistake may have given these values, on plain numbers."""
    trials = exercise.trials

    def given(mistake):
        return getattr(mistake, "answer", mistake)

    if hasattr(trials, "alone"):
        seen = [float(value[0]) for value in values[:6]]

        def look(mistake):
            with suppress(Exception):
                for value, wrong in zip(seen, trials.alone(given(mistake)), strict=False):
                    if not math.isfinite(value):
                        return not math.isfinite(wrong)
                    if not abs(value - wrong) <= 10 * near * max(1e-3, abs(wrong)):
                        return False
            return True
    elif hasattr(trials, "cases") and all(np.shape(value) == () for value in values):
        seen = [(float(value), case) for value, case in zip(values, trials.cases, strict=True)]
        seen = [*seen[at:], *seen[:at]]  # from the first that departs

        def look(mistake):
            try:
                return all(
                    abs(value - wrong) <= 10 * near * max(1e-3, abs(wrong))
                    or not (math.isfinite(value) or math.isfinite(wrong))
                    for value, case in seen for wrong in (given(mistake)(*case),))
            except Exception:  # beyond where its formula holds
                return False
    else:
        return lambda mistake: True
    return look


def _probe(exercise, expected, values, at):
    """Return a function that gives what an answer does in that trial, on plain numbers, or None.

    Without an answer: what is given there, and what is asked for.
    """
    trials = exercise.trials
    if hasattr(trials, "alone"):
        first = next((k for k in range(min(at, 6), 6) if values[k][0] != expected[k][1][0]), None)
        if first is None:
            return lambda answer=None: (0.0, 0.0) if answer is None else 0.0

        def probe(answer=None):
            if answer is None:
                return float(values[first][0]), float(expected[first][1][0])
            return float(next(islice(trials.alone(answer), first, None)))
    elif hasattr(trials, "cases") and all(np.shape(value) == () for value in values):
        def probe(answer=None):
            if answer is None:
                return float(values[at]), float(expected[at][1])
            return float(answer(*trials.cases[at]))
    else:
        return None
    return probe


def _no_number(exercise, watched, expected, values, right, near, seconds):
    """Return a verdict on NaN and infinity where numbers are asked for, with its cause; or None."""
    at = first_off(values, expected, lambda value, right: _close(value, right, near))
    right = np.asarray(right, dtype=float)
    if np.isfinite(values[at]).all() or not np.isfinite(right).all():
        return None
    kind = "NaN" if np.isnan(values[at]).any() else "infinity"
    why = "a root of something negative, or 0 divided by 0"
    place = ""
    try:
        with _limit(seconds), redirect_stdout(io.StringIO()), np.errstate(
                all="ignore", invalid="raise", **({} if kind == "NaN" else {
                    "divide": "raise", "over": "raise"})):
            list(exercise.trials(watched))
    except FloatingPointError as error:
        why = odd_number(error, kind) or why
        line = _place(error, watched)
        place = f" It comes from{line.replace(' in line', ' line')}:" if line else ""
    except (_Stopped, Exception):
        pass
    where = _begun(expected[at][0])
    words = f"{place} {why}" if place else f" That is {why}"
    return Verdict(False, "not a number",
                   f"not yet. {where} it gives {kind}.{words.rstrip('.')}"
                   + ("" if words.endswith("?") else "."))


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
    """Tell whether all values are one number, not 0, where different ones are asked for."""
    def alike(numbers):
        return len(numbers) > 2 and all(
            np.shape(one) == np.shape(numbers[0]) and np.array_equal(one, numbers[0])
            for one in numbers)
    some = bool(np.all(values[0]) and np.isfinite(values[0]).all())
    return some and alike(values) and not alike([
        np.asarray(right, dtype=float) for _, right in expected])


def _close(value, right, near):
    """Tell whether numbers are the same, as NumPy's allclose has it; of a few it is quicker."""
    def close(value, right):
        both = value != value and right != right
        return both or value == right or abs(value - right) <= near * (abs(right) + 1e-3) < np.inf

    if np.shape(value) != np.shape(right):
        return False
    right = np.asarray(right, dtype=float)
    return all(map(close, np.ravel(value).tolist(), np.ravel(right).tolist()))


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
    if place := _place(error, watched):
        line = place.partition("`")[2].rstrip("`")
        helped = help_with(error, watched.names, line)
        words = f"{type(error).__name__}{place}: {error}".rstrip(".")
        return Verdict(False, "raises", f"not yet. It raises {words}{_given(watched.tried)}"
                       + (f". {helped}" if helped else ""))
    if watched.returned is None and watched.tried:
        return _odd(Odd("nothing", ""), printed)
    if not watched.tried or isinstance(error, (RecursionError, MemoryError)):
        return Verdict(False, "raises", f"not yet. It raises {type(error).__name__}: {error}")
    return Verdict(False, "shape", f"not yet. It returns {shown(watched.returned)}; asked for is "
                   f"{exercise.gives}.")


def _place(error, watched):
    """Return in which line of the answer an error arose, in words behind a space; or ""."""
    own = getattr(getattr(inspect.unwrap(watched.answer), "__code__", None), "co_filename", None)
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if frame.filename == own]
    if not lines:
        return ""
    line = linecache.getline(own, lines[-1]).strip()
    return f" in line {lines[-1]}" + (f", `{line}`" if line else "")


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


def _words(names, count):
    return [*names[:count], *(f"argument {k + 1}" for k in range(len(names), count))]


def _given(tried):
    """Return in words what an answer was called with last, or nothing where that is long."""
    words = [f"{name}={shown(value)}" for name, value in (tried[-1] if tried else {}).items()
             if isinstance(value, (int, float)) or (isinstance(value, tuple) and not value)]
    return f" (with {', '.join(words)})" if words else ""


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
def _quiet():
    """Let a mistake that is tried run without a word; NumPy warns of an empty mean, too."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        yield


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

"""The desk: an answer comes in as text, and goes out judged by `check`, like any other.

In the page this runs in a worker, with `standin/numpy.py` in NumPy's place.
"""

import ast
import contextlib
import functools
import io
import json
import linecache
import math
import re
import traceback

import numpy as np

from descent import exercises, rules, schedules
from descent.driver import path
from descent.exercises.faults import help_with, unreadable

__all__ = ["FILE", "NEEDS_TORCH", "Printed", "answer", "enter", "hint", "told"]

# Exercises whose trials are made of torch: a page has none. A test finds that there are no more.
NEEDS_TORCH = frozenset({"adamw.groups", "lbfgs.closure", "schedulers.planned", "schedulers.cycle",
                         "schedulers.order"})
FILE = "your answer"
HOUR = 3600.0  # the page ends what takes long
LINES, LETTERS = 200, 20_000  # of what an answer prints, that are shown


class Printed(io.StringIO):
    """What an answer prints, up to a length; a loop that prints must not fill the memory."""

    def write(self, text):
        left = LETTERS - self.tell()
        super().write(text[:max(0, left)])
        return len(text)

    def shown(self):
        """Return it, or its first lines."""
        text = self.getvalue()
        lines = text.split("\n")
        if len(lines) <= LINES and len(text) < LETTERS:
            return text
        return "\n".join(lines[:LINES]) + "\n… and more, which is not shown."


class _Judge:
    """Stands for `check` while an answer runs, and keeps what came of it."""

    def __init__(self, printed):
        self.printed, self.verdicts, self.lines = printed, {}, {}

    def check(self, name, function, **_):
        """Check as ever, without the time limit of a notebook: the page has its own."""
        at = []

        def tracked(*args, **kwargs):
            try:
                return function(*args, **kwargs)
            except Exception as error:
                at[:] = [_line(error)]
                raise

        if callable(function):
            with contextlib.suppress(TypeError, ValueError, AttributeError):
                functools.update_wrapper(tracked, function)
        aside = Printed()
        with contextlib.redirect_stdout(aside):
            verdict = exercises.check(name, tracked if callable(function) else function,
                                      seconds=HOUR)
        self.printed.write(aside.getvalue().removesuffix(f"{name}: {verdict.message}\n"))
        self.verdicts[name] = verdict
        self.lines[name] = at[0] if at and verdict.mistake in (
            "raises", "not written", "not a number") else None
        return verdict


def answer(names, source, functions=()):
    """Run an answer and check it; return what to show, as JSON.

    `names` are the exercises that it answers, `functions` the names of the functions that answer
    them, for an answer that leaves out its calls of `check`. The result holds `verdicts`, a list
    of (name, ok, message, line or None), `printed`, `ok`: whether all of them are right, and
    `more`: whether more is said of a mistake that is found again.
    """
    printed = Printed()
    judge = _Judge(printed)
    given = {"__name__": "answer", "np": np, "math": math, "check": judge.check,
             "path": path, "schedules": schedules,
             **{name: getattr(rules, name) for name in rules.__all__}}
    trouble = None
    with contextlib.redirect_stdout(printed), _in_place(judge):
        try:
            enter(source, given)
            for name, function in _uncalled(names, source, functions, given, judge.verdicts):
                judge.check(name, function)
        except (Exception, SystemExit) as error:
            trouble = told(error)
    shown = [[name, verdict.ok, *_said(verdict.message, judge.lines[name])]
             for name, verdict in judge.verdicts.items()]
    if trouble:
        shown.append(["", False, *trouble])
    elif not set(names) <= set(judge.verdicts):
        shown.append(["", False, "There is no function to check yet.", None])
    ok = not trouble and all(name in judge.verdicts and judge.verdicts[name].ok for name in names)
    more = any(exercises.more(name) for name in judge.verdicts)
    return json.dumps({"ok": ok, "more": more, "verdicts": shown, "printed": printed.shown()})


def enter(source, given):
    """Run what a reader has written, in a namespace; errors in it find their lines."""
    linecache.cache[FILE] = len(source), None, source.splitlines(keepends=True), FILE
    exec(compile(source, FILE, "exec"), given)


def told(error):
    """Return what to say of an error in what a reader has written, and its line or None."""
    if isinstance(error, SyntaxError):
        line = error.lineno if error.filename == FILE else None
        words, _ = _said(f"Python cannot read it: {error.msg}.", line)
        return f"{words} {unreadable(error)}".rstrip(), line
    if isinstance(error, ModuleNotFoundError):
        return _said(f"There is no {error.name} on the page; the study notebook has what you have "
                     "installed.", _line(error))
    line = _line(error)
    words = f"It raises {type(error).__name__}" + (f": {error}" if error.args else "")
    helped = help_with(error, line=linecache.getline(FILE, line or 0).strip())
    words, _ = _said(f"{words.rstrip('.')}." if helped else words, line)
    return f"{words} {helped}".rstrip(), line


def hint(name):
    """Return one step more of help with an exercise, as a sentence begins."""
    with contextlib.redirect_stdout(io.StringIO()):
        said = exercises.hint(name)
    return said[:1].upper() + said[1:]


@contextlib.contextmanager
def _in_place(judge):
    """Let `from descent.exercises import check` give an answer the desk's own."""
    genuine = exercises.check

    def check(name, function, **options):
        exercises.check = genuine
        try:
            return judge.check(name, function, **options)
        finally:
            exercises.check = check

    exercises.check = check
    try:
        yield
    finally:
        exercises.check = genuine


def _uncalled(names, source, functions, given, verdicts):
    """Yield (exercise, function) for each exercise that the answer itself has not checked."""
    defined = [node.name for node in ast.parse(source).body
               if isinstance(node, (ast.FunctionDef, ast.Lambda))]
    defined += [target.id for node in ast.parse(source).body if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Name) and isinstance(node.value, ast.Lambda)]
    expected = dict(zip(names, functions, strict=False))
    for name in names:
        if name in verdicts:
            continue
        if callable(given.get(expected.get(name))) and expected[name] in defined:
            yield name, given[expected[name]]
        elif len(names) == 1 and defined:
            yield name, given[defined[-1]]


def _line(error):
    """Return the last line of the answer that an error came through, or None."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if frame.filename == FILE]
    return lines[-1] if lines else None


def _said(message, line):
    """Return a message that names the line, and the line."""
    if line is not None and not re.search(r"\bline \d", message):
        message = f"{message.rstrip('.: ')} (line {line})."
    return message, line

"""Exercises that answer back: `check("sgd.momentum", answer)`.

An exercise is a reference, the trials it is run on, and the mistakes people make, each a working
answer of its own. What a learner hands in is run on the same trials: if it agrees with the
reference it is right; if it agrees with a mistake, the verdict points to it, first by a question,
then by its name, then by what to do. `hint` goes one step further along that way, to the lines of
the solution at last. `record` keeps what is said in a file, for who has to hand it in.
"""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from descent.exercises.kept import noted, solved
from descent.exercises.records import entered, record
from descent.exercises.solutions import news, solution
from descent.exercises.trials import Exercise, Mistake, drive, lists, on
from descent.exercises.verdicts import Verdict, judged

__all__ = ["Exercise", "Mistake", "Verdict", "check", "drive", "find", "hint", "lists", "names",
           "on", "record", "solved"]

SECONDS = 2.0
_stands = {}  # by exercise: the last verdict, what can be said of it, how much was, how many lines


def check(name, answer, *, seconds=SECONDS):
    """Run an answer against an exercise, print the verdict in a line or two, and return it.

    `name` is one of `names()`, `answer` a function as the exercise asks for. An answer that
    raises, returns the wrong shape, changes its arguments or runs for more than `seconds` gets a
    verdict like any other. A mistake is asked about at its first try, named if it is there again
    at the next, and then what to do is said; another one begins anew. Raises ValueError for an
    unknown name, and after its verdict for a `record` that it cannot go on with; TypeError for no
    function.
    """
    exercise = find(name)
    if not callable(answer):
        raise TypeError(f"answer must be a function (hand in its name, uncalled), got {answer!r}")
    stands = _stands.setdefault(name, {"told": 0, "lines": 0})
    before = stands.get("verdict")
    verdict, stands["steps"], printed = judged(name, exercise, answer, seconds)
    stands["verdict"] = verdict
    if printed:
        print(printed)
    if before is None or before.mistake != verdict.mistake:
        stands["told"] = 0
    if verdict.ok:
        noted(name)
    elif stands["steps"]:
        stands["told"] += 1
        verdict = Verdict(False, verdict.mistake,
                          f"{verdict.message} {_told(stands['steps'], stands['told'])}".rstrip())
    print(f"{name}: {verdict.message}")
    entered(name, answer, verdict)
    return verdict


def hint(name):
    """Print, and return, one step more of help with an exercise.

    After a wrong answer: the question, the mistake's name, what to do; then the lines of the
    solution, one at a time. Raises ValueError for an unknown name.
    """
    find(name)
    stands = _stands.setdefault(name, {"told": 0, "lines": 0})
    said = _hint(name, stands)
    print(f"{name}: {said}")
    return said


def more(name):
    """Tell whether a mistake was found for the first time, of which the next time more is said."""
    stands = _stands.get(name, {})
    return stands.get("told") == 1 < len(stands.get("steps", ()))


def _hint(name, stands):
    verdict = stands.get("verdict")
    if verdict is None:
        return "hand in a try first, even a wrong one: `check` sees where it departs."
    if verdict.ok:
        return "it is right already."
    if stands["told"] < len(stands["steps"]):
        stands["told"] += 1
        return stands["steps"][stands["told"] - 1]
    lines, ends = solution(name), news(name)
    if not lines:
        return "that is all there is to say; the solution stands in the chapter."
    stands["lines"] = min(stands["lines"] + 1, len(ends) - 1)
    end = ends[stands["lines"]]
    head = f"the solution, as far as line {end} of {len(lines)}:"
    return "\n".join([head, *lines[ends[0]:end]])


def _told(steps, told):
    """Return what is said of a mistake at this try: the question alone, its name, all of it."""
    return steps[0] if told == 1 else " ".join(steps[1:told]) or steps[0]


def names():
    """Return the names of all exercises."""
    return [f"{module}.{name}" for module in _modules() for name in _exercises(module)]


def find(name):
    """Return the exercise of that name, or raise a ValueError that lists the names there are.

    Only its own chapter's are imported: Python in a page has no time for the others.
    """
    module, _, own = str(name).partition(".")
    found = _exercises(module) if module in _modules() else {}
    if own not in found:
        raise ValueError(f"name must be one of {', '.join(names())}, got {name!r}")
    return found[own]


@cache
def _modules():
    return [module.name for module in iter_modules(__path__)]


def _exercises(module):
    """Return the exercises of a chapter by their names within it; the tools here have none."""
    return getattr(import_module(f"{__name__}.{module}"), "EXERCISES", {})

"""The mistakes that hands make everywhere, tried on every exercise beside its own.

Each is made of the exercise's reference, by turning its result or its arguments: so it needs no
writing down, and where it makes no difference it is never met.
"""

import inspect
import math
from itertools import combinations

import numpy as np

from descent.exercises.seen import parameters
from descent.exercises.trials import Mistake

__all__ = ["stock"]

# By the names of arguments: shares that have a complement, counts that can be off by one.
_SHARES = {"alpha", "beta", "beta1", "beta2", "chance", "dampening", "gamma", "level", "momentum",
           "mu", "part", "rho", "share"}
_COUNTS = {"batches", "epochs", "k", "n", "period", "seeds", "silent", "step", "steps", "t",
           "total", "warm", "warmup"}


def stock(exercise):
    """Return the mistakes of the stock for an exercise, the likeliest first."""
    settings = getattr(exercise.trials, "settings", None)
    if settings is not None:
        return tuple(_of_rule(exercise.reference, settings[0]))
    return tuple(_of_function(exercise.reference))


# name, what becomes of the result, the question, what it does, what to do
_RESULTS = (
    ("sign", lambda x: -x, "Which way does it go: which sign must it have?",
     "The size is right, and the sign is not.", "Turn the sign round."),
    ("size only", abs, "Is it always positive?",
     "It gives the size alone; the sign is lost.", "Keep the sign that the formula gives."),
    ("upside down", lambda x: 1 / x, "What stands above the line, and what below?",
     "It is upside down.", "Turn the fraction over."),
    ("root missing", lambda x: x**2, "Is it this, or its root?",
     "It is the square of what is asked for.", "Take the square root."),
    ("square missing", np.sqrt, "Is it this, or its square?",
     "It is the square root of what is asked for.", "Square it."),
    ("twice", lambda x: 2 * x, "Where could a factor come from?",
     "It is twice what is asked for.", "Look for a factor 2 too many, or a half that is lost."),
    ("half", lambda x: x / 2, "Where could a factor be lost?",
     "It is half of what is asked for.", "Look for a half too many, or a factor 2 that is lost."),
    ("rounded up", lambda x: np.ceil(x), "Is a whole number asked for?",
     "It is rounded up.", "Hand in the number itself."),
    ("rounded down", lambda x: np.floor(x), "Is a whole number asked for?",
     "It is cut off to whole numbers.", "Hand in the number itself."),
    ("rounded", lambda x: np.round(x), "Is a whole number asked for?",
     "It is rounded to whole numbers.", "Hand in the number itself."),
    ("one more", lambda x: x + 1, "Where does the counting begin?",
     "It is one too many.", "Count again from the first."),
    ("one less", lambda x: x - 1, "Where does the counting begin?",
     "It is one too few.", "Count again from the first."),
    ("the rest", lambda x: 1 - x, "Which part is asked for?",
     "That is what is left of 1.", "Take 1 minus it."),
    ("per cent", lambda x: 100 * x, "In which unit?",
     "It is in per cent.", "Hand in the share itself, from 0 to 1."),
    ("degrees", lambda x: x * (180 / math.pi), "In which unit do angles count?",
     "It is in degrees.", "Angles are in radians."),
    ("natural logarithm of 2 missing", lambda x: x / math.log(2), "Which logarithm?",
     "It is off by the factor ln 2: two kinds of logarithm meet.", "Use one kind throughout."),
    ("natural logarithm of 2 too many", lambda x: x * math.log(2), "Which logarithm?",
     "It is off by the factor ln 2: two kinds of logarithm meet.", "Use one kind throughout."),
    ("logarithm to base 10", lambda x: x / math.log(10), "Which logarithm?",
     "It is off by the factor ln 10.", "`log` is the natural one here; use one kind throughout."),
    ("logarithm to base 10 below", lambda x: x * math.log(10), "Which logarithm?",
     "It is off by the factor ln 10.", "`log` is the natural one here; use one kind throughout."),
    ("turned round", lambda x: x[::-1], "In which order?",
     "The numbers are right and stand the other way round.", "Turn the order round."),
    ("mean for sum", lambda x: x / np.size(x), "A sum or a mean?",
     "It divides by how many there are.", "Add up, and do not divide."),
    ("sum for mean", lambda x: x * np.size(x), "A sum or a mean?",
     "It adds up where a mean is asked for.", "Divide by how many there are."),
)


def _of_function(reference):
    yield from (Mistake(name, _turned(reference, turn), why, ask, do)
                for name, turn, ask, why, do in _RESULTS)
    names = _arguments(reference)
    for one, other in combinations(range(len(names)), 2):
        yield Mistake(f"{names[one]} and {names[other]} swapped",
                      _called(reference, lambda args, i=one, j=other: _swapped(args, i, j)),
                      f"It has `{names[one]}` and `{names[other]}` in each other's place.",
                      "Does each argument stand where it belongs?",
                      f"Swap `{names[one]}` and `{names[other]}`.")
    for place, name in enumerate(names):
        yield from _of_argument(reference, place, name)


def _of_argument(reference, place, name):
    """Give the mistakes with one argument of a function."""
    def called(change):
        return _called(reference, lambda args: [*args[:place], change(args[place]),
                                                *args[place + 1:]])

    if name in _SHARES:
        yield Mistake(f"1 - {name} for {name}", called(lambda x: 1 - x),
                      f"It has 1 - {name} where {name} belongs, or the other way round.",
                      f"What does {name} weigh, and what 1 - {name}?",
                      f"Exchange {name} and 1 - {name}.")
    if name in _COUNTS:
        for more, words in ((1, "one more"), (-1, "one less")):
            yield Mistake(f"{name}, {words}", called(lambda x, more=more: x + more),
                          f"It counts {name} {words}.", f"Does {name} count from 0 or from 1?",
                          f"Begin to count {name} where the text does.")
    if name == "lr":
        yield Mistake("no lr", called(lambda x: 1.0 + 0 * x), "It leaves lr out.",
                      "Does it depend on lr?", "Put lr in.")
        yield Mistake("lr squared", called(lambda x: x**2), "It has lr in twice.",
                      "How often does lr enter?", "Take lr out once.")
    if name == "g":
        yield Mistake("size of g", called(abs), "It goes the same way for both signs of g.",
                      "What if g is negative?", "Keep the sign of g.")
    yield Mistake(f"{name} on the wrong side", called(lambda x: 1 / x),
                  f"It multiplies by `{name}` where it should divide, or the other way round.",
                  f"Does it grow or shrink with `{name}`?",
                  f"Bring `{name}` to the other side of the line; mind the brackets there.")
    yield Mistake(f"{name} left out", called(lambda x: 1.0 + 0 * x),
                  f"It is right for {name} = 1: `{name}` is left out somewhere.",
                  f"Does it depend on `{name}`?", f"Put `{name}` in.")
    yield Mistake(f"{name} for 0", called(lambda x: 0.0 * x),
                  f"It is right for {name} = 0: `{name}` is left out somewhere.",
                  f"Does it depend on `{name}`?", f"Put `{name}` in.")
    yield Mistake(f"root of {name} missing", called(lambda x: x**2),
                  f"It has the square of `{name}` where `{name}` belongs.",
                  f"With which power does `{name}` enter?", f"Take the root of `{name}` there.")
    yield Mistake(f"square of {name} missing", called(np.sqrt),
                  f"It has the root of `{name}` where `{name}` belongs.",
                  f"With which power does `{name}` enter?", f"Square `{name}` there.")


def _of_rule(rule, hyper):
    def stepped(change, **fixed):
        """Return a rule whose new point is changed, from the old one and the right new one."""
        def wrong(p, g, t, *state, **hyper):
            new, *kept = rule(p, g, t, *state, **{**hyper, **fixed})
            return change(p, new, hyper), *kept
        return wrong

    def called(change):
        """Return a rule that is called with other hyper-parameters, or another t."""
        def wrong(p, g, t, *state, **hyper):
            t, hyper = change(t, dict(hyper))
            return rule(p, g, t, *state, **hyper)
        return wrong

    def kept(change):
        """Return a rule that hands on its state changed; `change` takes the old one and the new."""
        def wrong(p, g, t, *state, **hyper):
            new, *after = rule(p, g, t, *state, **hyper)
            return new, *change(list(state) or [0.0 * g] * len(after), after)
        return wrong

    def after(change):
        """Return a rule that arranges otherwise what it returns."""
        def wrong(p, g, t, *state, **hyper):
            new, *kept = rule(p, g, t, *state, **hyper)
            return change(new, kept)
        return wrong

    yield Mistake("sign", stepped(lambda p, new, h: 2 * p - new),
                  "It climbs: the step has the wrong sign.", "Does the loss fall along its step?",
                  "Take the step away from p instead of adding it.")
    yield Mistake("the step alone", stepped(lambda p, new, h: new - p),
                  "It returns the step, not the point.", "Where does the step lead?",
                  "Add the step to p, and return that.")
    yield Mistake("the step alone, reversed", stepped(lambda p, new, h: p - new),
                  "It returns what is to be taken from the point, not the point.",
                  "Where does the step lead?", "Take the step from p, and return that.")
    yield Mistake("no lr", stepped(lambda p, new, h: p + (new - p) / h["lr"]),
                  "It leaves lr out of the step.", "What happens when lr falls to a tenth?",
                  "Multiply the step by lr.")
    yield Mistake("lr twice", stepped(lambda p, new, h: p + h["lr"] * (new - p)),
                  "It multiplies by lr once too often.", "How often does lr enter?",
                  "Take lr out once.")
    if hyper.get("eps"):
        yield Mistake("missing brackets", stepped(lambda p, new, h: new + h["eps"], eps=0.0),
                      "`x / root + eps` adds eps to the quotient, not to the root.",
                      "What does Python divide by, and what does it add afterwards?",
                      "Put brackets around what stands below the line: `x / (root + eps)`.")
        yield Mistake("missing brackets within",
                      stepped(lambda p, new, h: new - h["lr"] * h["eps"], eps=0.0),
                      "eps is added to the quotient, not to the root.",
                      "What does Python divide by, and what does it add afterwards?",
                      "Put brackets around what stands below the line: `x / (root + eps)`.")
        yield Mistake("no eps", called(lambda t, h: (t, {**h, "eps": 0.0})), "It leaves eps out.",
                      "What if the mean square is 0?", "Add eps below the line.")
    yield Mistake("t from 0", called(lambda t, h: (t - 1, h)),
                  "It counts steps from 0: t is one too low.", "What is t at the first step?",
                  "t is 1 at the first step already.")
    yield Mistake("t from 2", called(lambda t, h: (t + 1, h)), "It has t + 1 where t belongs.",
                  "What is t at the first step?", "t is 1 at the first step already.")
    yield Mistake("t stands still", called(lambda t, h: (1, h)),
                  "It treats every step as the first.",
                  "What changes from the first step to the second?", "Use t.")
    yield Mistake("state turned round", kept(lambda old, new: new[::-1]),
                  "It returns the state in another order than it takes it back.",
                  "In which order does it take its state back?",
                  "Return the state in the order of the arguments.")
    yield Mistake("point last", after(lambda new, kept: (*kept, new)),
                  "It returns the state before the point.", "What does it return first?",
                  "Return the point first, the state behind it.")
    yield Mistake("state not kept", kept(lambda old, new: old),
                  "The next step never hears of this one: the old state is returned, or "
                  "the past is left out.",
                  "What does the next step begin with?",
                  "Let the state hold the past, and return the new one.")
    yield Mistake("state lost", kept(lambda old, new: [0.0 * one for one in new]),
                  "It returns an empty state, so every step is a first one.",
                  "What does the next step begin with?", "Return the new state.")
    for name in sorted(_SHARES & set(hyper)):
        yield Mistake(f"1 - {name} for {name}", called(
            lambda t, h, name=name: (t, {**h, name: 1 - h[name]})),
                      f"It has 1 - {name} where {name} belongs, or the other way round.",
                      f"What does {name} weigh, and what 1 - {name}?",
                      f"Exchange {name} and 1 - {name}.")
    for name in sorted(set(hyper) - {"lr", "eps"}):
        yield Mistake(f"no {name}", called(lambda t, h, name=name: (t, {**h, name: 0.0})),
                      f"It leaves {name} out.", f"Where does {name} enter?", f"Use {name}.")
        yield Mistake(f"sign of {name}", called(
            lambda t, h, name=name: (t, {**h, name: -h[name]})),
                      f"{name} enters with the wrong sign.", f"Where does {name} enter?",
                      f"Turn the sign before {name} round.")
    for one, other in combinations(sorted(_SHARES & set(hyper)), 2):
        yield Mistake(f"{one} and {other} swapped", called(
            lambda t, h, a=one, b=other: (t, {**h, a: h[b], b: h[a]})),
                      f"It has {one} and {other} in each other's place.",
                      "Which of them belongs to which mean?", f"Swap {one} and {other}.")


def _arguments(reference):
    kinds = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    return [parameter.name for parameter in parameters(reference) if parameter.kind in kinds]


def _swapped(args, i, j):
    args = list(args)
    args[i], args[j] = args[j], args[i]
    return args


def _turned(reference, turn):
    return lambda *args, **kwargs: turn(reference(*args, **kwargs))


def _called(reference, change):
    return lambda *args, **kwargs: reference(*change(args), **kwargs)

"""What can be seen of a wrong answer that is no known mistake: in what way it is off.

Everything said here is so: it is found by comparing numbers, and by calling the answer and the
reference once more with one argument changed. It points to a place; it does not guess why.
"""

import math
from itertools import combinations

import numpy as np

from descent.exercises.seen import parameters, shown
from descent.exercises.trials import Mistake

__all__ = ["by_hand", "fact", "first_off", "inputs"]

_NEAR = 1e-9
FEW = 12  # trials that are called once more with another argument
_NICE = {2: "2", 0.5: "1/2", 3: "3", 1 / 3: "1/3", 4: "4", 0.25: "1/4", 10: "10", 0.1: "1/10",
         math.pi: "π", 1 / math.pi: "1/π", 2 / math.pi: "2/π", math.pi / 2: "π/2",
         math.log(2): "ln 2", 1 / math.log(2): "1/ln 2", math.sqrt(2): "√2",
         1 / math.sqrt(2): "1/√2", math.log(10): "ln 10", 1 / math.log(10): "1/ln 10"}
_RIGHT_LATER = "What is the same there, and different elsewhere?"


def fact(exercise, answer, tried, expected, values):
    """Return what is seen as a Mistake without an answer, or None.

    `tried` holds what each call was given; it is of use where there is one call for each value.
    """
    with np.errstate(all="ignore"):
        right = [np.asarray(one, dtype=float) for _, one in expected]
        if getattr(exercise.trials, "settings", None) is not None:
            return _of_rule(exercise, answer, expected, values, right)
        return _of_function(exercise, answer, tried, values, right)


def inputs(given):
    """Return what a call was given in words, each under its name; nothing for what has none."""
    words = [f"{name}={shown(value)}" for name, value in given.items() if _plain(value)]
    return ", ".join(words) if len(words) == len(given) else ""


def first_off(values, expected, close):
    """Return the number of the first trial that is off."""
    return next(k for k, (value, (_, right)) in enumerate(zip(values, expected, strict=True))
                if not close(value, right))


def by_hand(exercise, answer, tried, values, at):
    """Return the smallest trial by hand: its inputs, what is asked for and what is given; or ""."""
    if getattr(exercise.trials, "settings", None) is not None:
        return _step_by_hand(exercise, answer)
    if len(tried) != len(values) or not inputs(tried[at]):
        return ""

    def both(k):
        """Return what is asked for and what is given; a trial's value may be a part of it."""
        right = _result(exercise.reference, tried[k])
        alike = np.shape(right) == np.shape(values[k])
        return right, values[k] if alike else _result(answer, tried[k], exercise.reference)

    with np.errstate(all="ignore"):
        off = [k for k in range(len(values)) if _simple(tried[k]) and not _same(*both(k))]
        k = min(off, key=lambda k: len(inputs(tried[k])), default=at)
        right, yours = both(k)
    return (f"By hand, with {inputs(tried[k])}: asked for is {shown(right)}, yours is "
            f"{shown(yours)}. Work out each part of your formula.")


def _step_by_hand(exercise, answer):
    """Return one entry of the first step that goes wrong from the right state, by hand."""
    hyper = exercise.trials.settings[0]
    names = _names(answer, exercise)
    state, p = (), 1.0
    with np.errstate(all="ignore"):
        for t, g in enumerate((0.5, -0.25), start=1):
            right = exercise.reference(p, g, t, *state, **hyper)
            try:
                yours = answer(p, g, t, *state, **hyper)
                off = [k for k in range(len(right)) if not _same(yours[k], right[k])]
            except Exception:  # it cannot be called so
                return ""
            if off:
                given = {"p": p, "g": g, "t": t, **dict(zip(names, state, strict=False)), **hyper}
                asked = zip(["p", *names], right, strict=False)
                return (f"By hand, one entry: with {inputs(given)}, asked for is "
                        f"{', '.join(f'{name}={shown(_one(x))}' for name, x in asked)}. Yours is "
                        f"{', '.join(shown(_one(x)) for x in yours)}.")
            p, *state = right
            state = [_one(one) for one in state]
    return ""


def _one(x):
    return x.item() if hasattr(x, "item") and np.size(x) == 1 else x


def _plain(value):
    return isinstance(value, (bool, int, float, np.ndarray, np.generic)) or (
        isinstance(value, (list, tuple)) and all(map(_plain, value)))


def _simple(given):
    return all(isinstance(value, (int, float)) for value in given.values())


def _same(a, b, near=_NEAR):
    if np.shape(a) == () == np.shape(b):  # quicker than NumPy
        a, b = float(a), float(b)
        return a == b or abs(a - b) <= near * abs(b) + 1e-12 < math.inf or (a != a and b != b)
    try:
        a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    except (TypeError, ValueError):
        return False
    return np.shape(a) == np.shape(b) and bool(
        np.allclose(a, b, rtol=near, atol=1e-12, equal_nan=True))


# Functions.

def _of_function(exercise, answer, tried, values, right):
    pairs = [(float(a), float(b)) for value, one in zip(values, right, strict=True)
             for a, b in zip(np.ravel(value).tolist(), np.ravel(one).tolist(), strict=True)]
    known = tried if len(tried) == len(values) and all(map(_numbers, tried)) else None
    some = known and known[::1 + len(known) // FEW]
    return (_times(pairs, known) or _more(pairs)
            or (known and (_with_arguments(exercise.reference, answer, some)
                           or _right_where(known, values, right)
                           or _powers(exercise.reference, answer, some)))
            or _opposite(pairs) or _nearly(pairs)
            or (known and (_directions(exercise.reference, answer, some)
                           or _right_once(known, values, right))))


def _numbers(given):
    return all(isinstance(value, (int, float, np.ndarray)) and not isinstance(value, bool)
               for value in given.values())


def _ratios(pairs):
    """Return yours divided by what is asked for; None where that is no number somewhere."""
    if any(not math.isfinite(a) or not math.isfinite(b) or (b == 0) != (a == 0) for a, b in pairs):
        return None
    return [a / b for a, b in pairs if b] or None


def _constant(numbers):
    return all(abs(x - numbers[0]) <= 1e-8 * abs(numbers[0]) for x in numbers)


def _times(pairs, tried):
    """See whether all are off by one factor, or by one that is made of the arguments."""
    ratios = _ratios(pairs)
    if ratios is None or len(ratios) < 2:
        return None
    if _constant(ratios):
        said = _nice(ratios[0])
        return Mistake("a factor", None,
                       f"Yours is {said} times what is asked for, each time.",
                       "Divide yours by what is asked for, here and elsewhere: what do you see?",
                       f"Look for a factor of {said}.")
    if tried and len(pairs) == len(tried) and all(map(_simple, tried)):
        told = [given for given, (_, right) in zip(tried, pairs, strict=True) if right]
        return _of_arguments(ratios, told)
    return None


def _nice(x):
    size = next((words for nice, words in _NICE.items() if abs(abs(x) - nice) < 1e-8 * nice), None)
    return f"{'-' if x < 0 else ''}{size or f'{abs(x):.6g}'}"


def _of_arguments(ratios, tried):
    terms = {}
    for name in tried[0]:
        column = [float(given.get(name, math.nan)) for given in tried]
        if all(x > 0 for x in column):
            terms[name] = column
            terms[f"√{name}"] = [math.sqrt(x) for x in column]
            terms[f"{name}²"] = [x * x for x in column]
        if all(0 < x < 1 for x in column):
            terms[f"(1 - {name})"] = [1 - x for x in column]
            terms[f"√(1 - {name})"] = [math.sqrt(1 - x) for x in column]
            terms[f"(1 - {name}²)"] = [1 - x * x for x in column]
            terms[f"(1 + {name})"] = [1 + x for x in column]
    terms |= {f"1/{name}": [1 / x for x in column] for name, column in terms.items()
              if all(column)}
    terms = {name: column for name, column in terms.items() if not _constant(column)}
    single = list(terms.items())
    double = [(f"{a} · {b}", [x * y for x, y in zip(terms[a], terms[b], strict=True)])
              for a, b in combinations(terms, 2) if a.strip("1/²√()") != b.strip("1/²√()")]
    for name, column in single + double:
        left = [ratio / x for ratio, x in zip(ratios, column, strict=True)]
        if _constant(left) and (len(ratios) > 2 or abs(left[0]) == 1) and (
                abs(abs(left[0]) - 1) < 1e-8 or _nice(abs(left[0])) in _NICE.values()):
            factor = "" if abs(left[0] - 1) < 1e-8 else f"{_nice(left[0])} · ".replace("1 · ", "")
            return Mistake(f"a factor of {factor}{name}", None,
                           f"Yours is what is asked for, times {factor}{name}.",
                           "Divide yours by what is asked for: of which arguments is that made?",
                           f"Look for {factor}{name}: it is in yours, and should not be, or it is "
                           "on the wrong side of a line.")
    return None


def _more(pairs):
    """See whether all are off by one number."""
    if len(pairs) < 3 or not all(math.isfinite(a) and math.isfinite(b) for a, b in pairs):
        return None
    more = [a - b for a, b in pairs]
    if not _constant(more) or abs(more[0]) < 1e-9 or _constant([b for _, b in pairs]):
        return None
    return Mistake("a term", None, f"Yours is {_nice(abs(more[0]))} too "
                   f"{'large' if more[0] > 0 else 'small'}, each time.",
                   "Take what is asked for from yours, here and elsewhere: what do you see?",
                   f"Look for a term of {_nice(abs(more[0]))}.")


def _changed(value, part=0.8):
    if isinstance(value, int):
        return value + 1
    if isinstance(value, np.ndarray):
        return value * part
    return value * part if value else 0.5


def _result(function, given, like=None):
    """Return what a function gives for arguments that were named by another's names.

    Passed by name is what it takes by name alone, or what `like` does.
    """
    named = {one.name for one in parameters(like or function) if one.kind == one.KEYWORD_ONLY}
    return function(*(x for name, x in given.items() if name not in named),
                    **{name: x for name, x in given.items() if name in named})


def _called(function, given, name, value):
    return np.asarray(_result(function, {**given, name: value}), dtype=float)


def _finite(array):
    return bool(np.isfinite(array).all())


def _moved(reference, answer, tried, name, part=0.8):
    """Return how yours and the right result change with an argument in each trial that can tell."""
    found = []
    for given in tried:
        try:
            changed = _changed(given[name], part)
            with np.errstate(all="ignore"):
                pair = [[_called(one, given, name, x) for x in (given[name], changed)]
                        for one in (answer, reference)]
        except Exception:  # beyond where the formula holds
            continue
        if all(_finite(one) for both in pair for one in both):
            found.append(pair)
    return found


def _with_arguments(reference, answer, tried):
    """See whether it changes with an argument with which it should not, or the other way round."""
    for name in tried[0]:
        pairs = _moved(reference, answer, tried, name)
        mine = [not np.array_equal(*yours) for yours, _ in pairs]
        theirs = [not _same(*right, 1e-6) for _, right in pairs]
        if sum(theirs) > 1 and not any(mine):
            turned = _moved(reference, answer, tried, name, -1.0)
            said = f"the size of `{name}`" if any(
                not np.array_equal(*yours) for yours, _ in turned) else f"`{name}`"
            return Mistake(f"without {name}", None, f"Yours is the same whatever {said} is.",
                           f"What becomes of your result if `{name}` changes?",
                           f"Find where `{name}` enters, and put it in.")
        if len(pairs) > 1 and not any(theirs) and all(not _same(*yours, 1e-6)
                                                      for yours, _ in pairs):
            if isinstance(tried[0][name], np.ndarray) and tried[0][name].size > 1:
                return Mistake(f"scale of {name} enters", None,
                               f"Yours changes if all of `{name}` are multiplied by one number; "
                               f"what is asked for does not.",
                               f"What becomes of your result if all of `{name}` are doubled?",
                               f"Divide by something that doubles with `{name}`.")
            return Mistake(f"{name} enters", None,
                           f"Yours changes with `{name}`; what is asked for does not.",
                           f"Should your result change with `{name}`?",
                           f"See how `{name}` cancels, or take it out.")
    return None


def _directions(reference, answer, tried):
    """See whether it falls with an argument with which it should grow, or the other way round."""
    for name in tried[0]:
        pairs = [(float(yours[1] - yours[0]), float(right[1] - right[0]))
                 for yours, right in _moved(reference, answer, tried, name)
                 if np.size(right[0]) == 1]
        if len(pairs) > 1 and all(mine * theirs < 0 for mine, theirs in pairs):
            return Mistake(f"way of {name}", None, f"Where `{name}` makes what is asked for "
                           "larger, it makes yours smaller, and the other way round.",
                           f"Does your result grow or fall with `{name}`, and should it?",
                           f"Look at every place where `{name}` stands: its sign, its side of "
                           "the line.")
    return None


def _right_where(tried, values, right):
    """See whether it is right in some trials, and what these have alone."""
    fits = [_same(value, one) for value, one in zip(values, right, strict=True)]
    if sum(fits) < 2:
        return None
    ask = f"It is right in {sum(fits)} of {len(fits)} trials. {_RIGHT_LATER}"
    known = list(_conditions(tried))
    words = next((words for words, held in known if held == fits), None)
    if words:
        return Mistake("right in a case", None, f"It is right where {words}, and nowhere else.",
                       ask, f"See what your formula loses where {words} does not hold.")
    enough = [(sum(held), words) for words, held in known
              if all(fit for fit, one in zip(fits, held, strict=True) if one)]
    most, words = max(enough, default=(0, ""), key=lambda one: one[0])
    return Mistake("right in a case", None, f"It is right wherever {words}; elsewhere it is not, "
                   "or not always.", ask, "Look at the part of your answer that serves the rest."
                   ) if most > 1 and 2 * most >= sum(fits) else None


def _right_once(tried, values, right):
    """See whether it is right in any trial, and in which."""
    fits = [_same(value, one) and bool(np.any(one))
            for value, one in zip(values, right, strict=True)]
    if not any(fits) or not all(map(_simple, tried)):
        return None
    return Mistake("right in a case", None, f"It is right with {inputs(tried[fits.index(True)])}.",
                   f"It is right in {sum(fits)} of {len(fits)} trials. {_RIGHT_LATER}",
                   "Compare a trial where it is right with one where it is not: what drops out?")


def _conditions(tried):
    """Yield what may hold of arguments, in words, and in which trials it does."""
    if not all(map(_simple, tried)):
        return
    columns = {name: [given.get(name) for given in tried] for name in tried[0]}
    for name, column in columns.items():
        for x in (0, 1):
            yield f"{name} = {shown(x)}", [one == x for one in column]
        yield f"{name} is above 0", [one > 0 for one in column]
        yield f"{name} is below 0", [one < 0 for one in column]
        yield f"{name} is a whole number", [float(one).is_integer() for one in column]
    for name, column in columns.items():
        for x in dict.fromkeys(column) if len(set(column)) > 2 and len(column) > 4 else ():
            if column.count(x) > 1:
                yield f"{name} = {shown(x)}", [one == x for one in column]
    for (one, a), (other, b) in combinations(columns.items(), 2):
        yield f"{one} = {other}", [x == y for x, y in zip(a, b, strict=True)]
        for word, held in (("below", [x < y for x, y in zip(a, b, strict=True)]),
                           ("above", [x > y for x, y in zip(a, b, strict=True)])):
            if 1 < sum(held) < len(held) - 1:
                yield f"{one} is {word} {other}", held
    for name, column in columns.items():
        for x in sorted(set(column))[2:-1] if len(column) > 4 else ():
            yield f"{name} is below {shown(x)}", [one < x for one in column]
            yield f"{name} is {shown(x)} or more", [one >= x for one in column]


def _powers(reference, answer, tried):
    """See whether an argument enters by another power than it should."""
    for name in tried[0]:
        found = []
        for given in tried:
            if isinstance(given[name], int) or not np.all(given[name]):
                continue
            try:
                grown = [_called(one, given, name, given[name] / 2)
                         / _called(one, given, name, given[name]) for one in (answer, reference)]
            except Exception:  # beyond where the formula holds
                continue
            if all(map(_finite, grown)):
                found.append([np.ravel(one) for one in grown])
        if len(found) < 2:
            continue
        mine, theirs = (np.concatenate([pair[k] for pair in found]).tolist() for k in (0, 1))
        if _constant(mine) and _constant(theirs) and not _constant([mine[0], theirs[0]]):
            return Mistake(f"power of {name}", None,
                           f"If `{name}` is halved, yours becomes {_share(mine[0])}, and what is "
                           f"asked for {_share(theirs[0])}.",
                           f"If `{name}` is half as large, what becomes of your result?",
                           f"See with which power `{name}` enters.")
    return None


def _share(x):
    if abs(x - 1) < 1e-8:
        return "the same"
    return f"{_nice(x)} of itself" if x < 1 else f"{_nice(x)} times itself"


def _opposite(pairs):
    if len(pairs) > 2 and all(a * b < 0 for a, b in pairs):
        return Mistake("opposite sign", None, "Its sign is the opposite of what is asked for, "
                       "each time; and its size is another as well.",
                       "Which sign must it have?", "Mend the sign first, and check again.")
    return None


def _nearly(pairs):
    ratios = _ratios(pairs)
    if ratios and len(ratios) > 2 and all(abs(ratio - 1) < 0.02 for ratio in ratios):
        off = max(abs(ratio - 1) for ratio in ratios)
        return Mistake("nearly", None, f"It is off by at most {100 * off:.2g} per cent, each time.",
                       "Is it exact? A sum that is cut off, a limit, a rounded number?",
                       "Write the exact formula.")
    return None


# Rules.

def _names(answer, exercise):
    """Return the names of what a rule keeps, as the answer has them or else the reference."""
    for one in (answer, exercise.reference):
        kinds = [parameter.name for parameter in parameters(one)
                 if parameter.kind == parameter.POSITIONAL_OR_KEYWORD]
        if len(kinds) > 3:
            return kinds[3:]
    return []


def _of_rule(exercise, answer, expected, values, right):
    settings, steps = exercise.trials.settings, 6
    firsts = [k * steps for k in range(len(settings))]
    fine = [_same(values[k], right[k]) for k in range(len(values))]
    return (_setting(settings, fine, steps)
            or (_first_step(settings, firsts, values, right)
                if not all(fine[k] for k in firsts) else None)
            or _blind(exercise, answer, settings)
            or _state(exercise, answer, firsts, fine)
            or _late(fine, firsts))


def _setting(settings, fine, steps):
    """See whether it is right under some settings and wrong under others."""
    whole = [all(fine[k * steps:(k + 1) * steps]) for k in range(len(settings))]
    if not any(whole) or all(whole):
        return None
    well = settings[whole.index(True)]
    zeros = [f"{name} is 0" for name, x in well.items() if x == 0]
    said = " and ".join(zeros) if zeros else ", ".join(f"{n}={x:g}" for n, x in well.items())
    return Mistake("right in a case", None, f"It is right where {said}.",
                   f"It is right where {said}: what drops out there?" if zeros else
                   f"It is right with {said}. {_RIGHT_LATER}",
                   "See what in your lines drops out there, and is wrong elsewhere.")


def _first_step(settings, firsts, values, right):
    """See in which way all first steps are off."""
    start, ratios = np.array([1.0, -2.0, 0.5]), []
    for k in firsts:
        mine, theirs = (np.ravel(np.asarray(one[k], dtype=float) - start).tolist()
                        for one in (values, right))
        if len(mine) != 3 or not all(map(math.isfinite, mine)):
            return None
        # The point takes the last digits of a small step.
        each = [a / b for a, b in zip(mine, theirs, strict=True) if abs(b) > 1e-6]
        if not each or any(abs(x - each[0]) > 1e-7 * abs(each[0]) for x in each):
            return None
        ratios.append(each[0])
    ask = "Divide your first step by the one asked for, in each entry: what do you see?"
    if len(ratios) > 1 and abs(ratios[0] - ratios[1]) <= 1e-7 * abs(ratios[0]):
        said = _nice_step(ratios[0])
        return Mistake("a factor in the step", None,
                       f"The first step is {said} times what is asked for.", ask,
                       f"Look for a factor of {said}.")
    found = [words for name in settings[0] for words, factors in _turns(
        name, [float(setting[name]) for setting in settings])
        if all(abs(a - b) <= 1e-7 * abs(a) for a, b in zip(ratios, factors, strict=True))]
    if not found:
        return None
    said = " or ".join(sorted(found, key=len)[:2])
    return Mistake(f"a factor of {said} in the step", None,
                   f"The first step is what is asked for, times {said}.", ask,
                   f"Look for {said}: it is in your step and should not be, or it is on the wrong "
                   "side of a line.")


def _turns(name, column):
    """Yield factors made of a setting, in words and under each setting."""
    if min(column) <= 0 or column[0] == column[-1]:
        return
    yield from ((words, [turn(x) for x in column]) for words, turn in (
        (name, lambda x: x), (f"√{name}", math.sqrt), (f"{name}²", lambda x: x * x),
        (f"1/{name}", lambda x: 1 / x)))
    if max(column) < 1:
        yield from ((words, [turn(x) for x in column]) for words, turn in (
            (f"(1 - {name})", lambda x: 1 - x), (f"1/(1 - {name})", lambda x: 1 / (1 - x)),
            (f"√(1 - {name})", lambda x: math.sqrt(1 - x)), (f"(1 + {name})", lambda x: 1 + x)))


def _nice_step(x):
    size = next((words for nice, words in _NICE.items() if abs(abs(x) - nice) < 1e-7 * nice), None)
    return f"{'-' if x < 0 else ''}{size or f'{abs(x):.5g}'}"


def _way(rule, settings, shift=0):
    """Return the points of a rule on one entry, under all settings, as plain numbers."""
    points = []
    for hyper in settings:
        p, state = 1.0, ()
        for t, g in enumerate((0.5, -0.25, 0.75, 0.1), start=1):
            p, *state = rule(p, g, t + shift, *state, **hyper)
            points.append(float(p))
    return points


def _blind(exercise, answer, settings):
    """See whether it never changes with a setting, or with t, with which the right one does."""
    rules = answer, exercise.reference
    try:
        before = [_way(rule, settings) for rule in rules]
        for name in settings[0]:
            other = [{**setting, name: _changed(setting[name])} for setting in settings]
            if _moves(before, [_way(rule, other) for rule in rules]):
                return Mistake(f"without {name}", None, f"Yours is the same whatever `{name}` is.",
                               f"What becomes of your result if `{name}` changes?",
                               f"Find where `{name}` enters, and put it in.")
        if _moves(before, [_way(rule, settings, 1) for rule in rules]):
            return Mistake("without t", None, "Yours is the same whatever `t` is.",
                           "Is every step of yours alike, or does one depend on `t`?",
                           "Find where `t` enters, and put it in.")
    except Exception:  # it needs arrays, or cannot be called so
        return None
    return None


def _moves(before, after):
    return before[0] == after[0] and not _same(before[1], after[1], 1e-6)


def _state(exercise, answer, firsts, fine):
    """See from which right state the step goes wrong, and which of what it returns is off."""
    hyper, names = exercise.trials.settings[0], _names(answer, exercise)
    if not names:
        return None
    p, state = np.array([1.0, -2.0, 0.5]), ()
    for t, g in enumerate(([0.5, -0.3, 0.2], [-0.25, 0.4, 0.1], [0.75, -0.1, 0.3]), start=1):
        try:
            right = exercise.reference(p, np.array(g), t, *state, **hyper)
            mine = answer(p, np.array(g), t, *state, **hyper)
        except Exception:  # its state is another
            return None
        if len(mine) != len(right) or len(right) != len(names) + 1:
            return None
        off = [not _same(a, b) for a, b in zip(mine, right, strict=True)]
        if any(off):
            return _parts_off(t, names, off)
        p, *state = right
    return None


def _parts_off(t, names, off):
    step = "the first step" if t == 1 else f"step {t}, from the right state,"
    wrong = [f"`{name}`" for name, one in zip(names, off[1:], strict=True) if one]
    right = [f"`{name}`" for name, one in zip(names, off[1:], strict=True) if not one]
    if not wrong:
        many = " and ".join(right)
        return Mistake("the point alone", None,
                       f"After {step} {many} {'is' if len(right) == 1 else 'are'} right, and the "
                       "point is not.", f"Is what you keep, {many}, right after {step}? Which "
                       "lines are left?".replace(",?", "?"),
                       f"Leave {many} as {'it is' if len(right) == 1 else 'they are'}, and look at "
                       "the lines that make the point.")
    return Mistake(f"{' and '.join(wrong)} off".replace("`", ""), None,
                   f"After {step} {' and '.join(wrong)} {'is' if len(wrong) == 1 else 'are'} not "
                   f"what the solution has"
                   + (f"; {' and '.join(right)} {'is' if len(right) == 1 else 'are'}."
                      if right else "."),
                   f"Which of what it returns is right after {step}?".replace(",?", "?"),
                   f"Look at the line that makes {' and '.join(wrong)}.")


def _late(fine, firsts):
    """See how many steps are right before it departs."""
    well = min(next((n for n in range(6) if not fine[k + n]), 6) for k in firsts)
    if not 0 < well < 6:
        return None
    if well == 3:
        return Mistake("right until lr falls", None, "It is right until lr changes, at step 4.",
                       "What in your state knows of the old lr?", "Keep lr out of the state.")
    return Mistake("right at first", None, f"It is right for the first {well} steps."
                   if well > 1 else "The first step is right, the second is not.",
                   f"What does step {well + 1} begin with, and what is new in it?",
                   "Look at what is kept from step to step, and where t enters.")

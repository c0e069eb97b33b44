"""The exercises of the chapter on speed."""

import statistics

import numpy as np

from descent.exercises import Exercise, Mistake, on

__all__ = ["EXERCISES"]


def _floor(own=3, kept=2, count=lambda states: states):
    """Return a floor from the passes of the point and the gradient, and of each state."""
    return lambda parameters, states, width, state_width, bandwidth: (
        (own * width + kept * count(states) * state_width) * parameters / bandwidth)


_PASSES = "What is read, and what is written, for one parameter?"
_WIDTHS = "How many bytes has each number that is moved?"
_UNIT = "Which unit has your result?"
_THREE = "Read the point and the gradient, and write the point: three passes."
_EACH = "Each state is read once and written once."
_FLOOR = Exercise(
    _floor(),
    on((1e6, 0, 4, 4, 1e10), (1e7, 2, 2, 4, 3e10), (5e8, 3, 2, 8, 2e12), (1e3, 1, 8, 4, 1e9)), (
        Mistake("the gradient forgotten", _floor(own=2), "The gradient's read is missing.",
                _PASSES, _THREE),
        Mistake("the gradient written", _floor(own=4),
                "It writes the gradient back as well, which nobody needs.", _PASSES, _THREE),
        Mistake("state read only", _floor(kept=1),
                "It moves each state once; but the next step needs the new one.", _PASSES, _EACH),
        Mistake("state three times", _floor(kept=3),
                "It moves each state three times, as if it had a gradient too.", _PASSES, _EACH),
        Mistake("the point and state alone", _floor(own=1),
                "It moves the point once, and no gradient.", _PASSES, _THREE),
        Mistake("reads only", _floor(2, 1), "That is what is read.", _PASSES,
                f"What is written passes through memory too. {_EACH}"),
        Mistake("writes only", _floor(1, 1), "That is what is written.", _PASSES,
                f"What is read passes through memory too. {_EACH}"),
        Mistake("state alone", _floor(own=0), "That is the states' part.", _PASSES, _THREE),
        Mistake("without state", _floor(kept=0), "That is plain SGD's floor, without state.",
                _PASSES, _EACH),
        Mistake("one state", _floor(count=lambda states: 1.0 * (states > 0)),
                "It counts one state, however many there are.", _PASSES,
                "Multiply by the number of states."),
        Mistake("one width for all",
                lambda parameters, states, width, state_width, bandwidth:
                (3 + 2 * states) * width * parameters / bandwidth,
                "It takes the states' numbers to be as wide as the point's.", _WIDTHS,
                "Take state_width for what is read and written of the states."),
        Mistake("the states' width for all",
                lambda parameters, states, width, state_width, bandwidth:
                (3 + 2 * states) * state_width * parameters / bandwidth,
                "It takes the point's numbers to be as wide as the states'.", _WIDTHS,
                "Take width for the point and the gradient."),
        Mistake("a wide gradient",
                lambda parameters, states, width, state_width, bandwidth:
                (2 * width + (1 + 2 * states) * state_width) * parameters / bandwidth,
                "It takes the gradient to be as wide as the states.", _WIDTHS,
                "The gradient has the width of the point."),
        Mistake("numbers for bytes",
                lambda parameters, states, width, state_width, bandwidth:
                (3 + 2 * states) * parameters / bandwidth,
                "It counts numbers, and the bandwidth counts bytes.", _UNIT,
                "Multiply each pass by the bytes of its numbers."),
        Mistake("always four bytes",
                lambda parameters, states, width, state_width, bandwidth:
                (3 + 2 * states) * 4 * parameters / bandwidth,
                "It takes every number for 4 bytes.", _WIDTHS, "Use width and state_width."),
        Mistake("for one parameter",
                lambda parameters, states, width, state_width, bandwidth:
                (3 * width + 2 * states * state_width) / bandwidth,
                "That is the time for one parameter.", "Of how many parameters is it?",
                "Multiply by their number."),
        Mistake("steps a second",
                lambda parameters, states, width, state_width, bandwidth:
                bandwidth / ((3 * width + 2 * states * state_width) * parameters),
                "That is how many steps a second.", _UNIT, "Turn it over: seconds a step."),
        Mistake("bytes", lambda parameters, states, width, state_width, bandwidth:
                (3 * width + 2 * states * state_width) * parameters,
                "That is how many bytes must move.", _UNIT,
                "Divide by how many move in a second."),
        Mistake("missing brackets",
                lambda parameters, states, width, state_width, bandwidth:
                    3 * width + 2 * states * state_width * parameters / bandwidth,
                "Only the states are multiplied and divided.",
                "What does Python multiply by parameters?",
                "Put brackets around the sum of bytes."),
        Mistake("parameters once",
                lambda parameters, states, width, state_width, bandwidth:
                    (3 * width * parameters + 2 * states * state_width) / bandwidth,
                "The states are counted for one parameter.",
                "How many numbers of state are there in all?",
                "Multiply them by parameters too."),
        Mistake("mean width",
                lambda parameters, states, width, state_width, bandwidth:
                    (3 + 2 * states) * (width + state_width) / 2 * parameters / bandwidth,
                "It gives all numbers the mean of the two widths.",
                _WIDTHS,
                "Count the passes of each width apart."),
        Mistake("bits",
                lambda parameters, states, width, state_width, bandwidth:
                    8 * (3 * width + 2 * states * state_width) * parameters / bandwidth,
                "It counts bits, and the bandwidth is in bytes.",
                _UNIT,
                "Leave the 8 out."),
        Mistake("milliseconds",
                lambda parameters, states, width, state_width, bandwidth:
                    1000 * (3 * width + 2 * states * state_width) * parameters / bandwidth,
                "It is in milliseconds.",
                _UNIT,
                "Hand in seconds."),
    ))


def _predict(case):
    """Return a prediction from what it makes of the two cases: toll and seconds per number."""
    def predict(n1, N1, seconds1, n2, N2, seconds2, tensors, numbers):
        toll, per_number = case(n1, N1, seconds1, n2, N2, seconds2)
        return toll * tensors + per_number * numbers
    return predict


def _solved(n1, N1, seconds1, n2, N2, seconds2):
    return np.linalg.solve([[n1, N1], [n2, N2]], [seconds1, seconds2])


def _by_difference(n1, N1, seconds1, n2, N2, seconds2):
    per_number = (seconds2 - seconds1) / (N2 - N1)
    return (seconds1 - per_number * N1) / n1, per_number


def _line(measure):
    """Return a prediction by the straight line through both cases, over one measure of them."""
    def predict(n1, N1, seconds1, n2, N2, seconds2, tensors, numbers):
        x1, x2, x = measure(n1, N1), measure(n2, N2), measure(tensors, numbers)
        return seconds1 + (seconds2 - seconds1) * (x - x1) / (x2 - x1)
    return predict


_BOTH = "What does each of the two timings consist of?"
_SOLVE = "Solve the two equations for toll and seconds per number together."
_STRAIGHT = "Which of the two counts do you leave out?"
_ROWS = "Multiply your two unknowns back: do they give both timings?"
_PREDICT = Exercise(
    _predict(_solved),
    on((1, 2e6, 2.0e-3, 200, 3e6, 4.0e-3, 400, 6e6), (10, 1e4, 1e-4, 30, 5e6, 3e-3, 2, 7e6),
       (100, 1e6, 3e-3, 7, 4e6, 5e-3, 50, 5e5)), (
        *(Mistake(name, _predict(case), why, _BOTH, _SOLVE) for name, case, why in (
            ("calls alone", lambda n1, N1, seconds1, n2, N2, seconds2: (seconds2 / n2, 0.0),
             "It counts calls only, by the second timing. Bytes cost time as well."),
            ("calls alone, by the first",
             lambda n1, N1, seconds1, n2, N2, seconds2: (seconds1 / n1, 0.0),
             "It counts calls only, by the first timing. Bytes cost time as well."),
            ("bytes alone", lambda n1, N1, seconds1, n2, N2, seconds2: (0.0, seconds2 / N2),
             "It counts numbers only, by the second timing. Every tensor has its toll as well."),
            ("bytes alone, by the first",
             lambda n1, N1, seconds1, n2, N2, seconds2: (0.0, seconds1 / N1),
             "It counts numbers only, by the first timing. Every tensor has its toll as well."),
            ("one case for each",
             lambda n1, N1, seconds1, n2, N2, seconds2: (seconds1 / n1, seconds2 / N2),
             "It takes the first case for all toll and the second for all bytes. Each has both."),
            ("the other case for each",
             lambda n1, N1, seconds1, n2, N2, seconds2: (seconds2 / n2, seconds1 / N1),
             "It takes one case for all bytes and the other for all toll. Each has both."))),
        Mistake("bytes by the difference", _predict(_by_difference),
                "It lays all of the difference on the numbers, as if both cases had as many "
                "tensors.", _STRAIGHT, _SOLVE),
        Mistake("a line over numbers", _line(lambda n, N: N),
                "That is the line through both cases over the numbers, as if all had the same "
                "number of tensors.", _STRAIGHT, _SOLVE),
        Mistake("a line over tensors", _line(lambda n, N: n),
                "That is the line through both cases over the tensors, as if all had the same "
                "number of numbers.", _STRAIGHT, _SOLVE),
        Mistake("transposed", _predict(lambda n1, N1, seconds1, n2, N2, seconds2:
                                       np.linalg.solve([[n1, n2], [N1, N2]],
                                                       [seconds1, seconds2])),
                "The matrix is the wrong way round.", _ROWS,
                "Give each case a row, its tensors and numbers beside each other."),
        Mistake("numbers of one tensor",
                _predict(lambda n1, N1, seconds1, n2, N2, seconds2: np.linalg.solve(
                    [[n1, n1 * N1], [n2, n2 * N2]], [seconds1, seconds2])),
                "It takes the numbers for those of one tensor.", "Of how many tensors are N1 "
                "and N2 the numbers?", "They are given for all tensors together: take N1 and N2 "
                "as they are."),
        Mistake("numbers of one tensor throughout",
                lambda n1, N1, seconds1, n2, N2, seconds2, tensors, numbers:
                _predict(_solved)(n1, n1 * N1, seconds1, n2, n2 * N2, seconds2, tensors,
                                  tensors * numbers),
                "It takes N1, N2 and `numbers` for those of one tensor.", "Of how many tensors "
                "are N1, N2 and `numbers` the numbers?", "They are given for all tensors "
                "together: take them as they are."),
        Mistake("toll and bytes swapped", _predict(lambda *cases: _solved(*cases)[::-1]),
                "The two unknowns are right, and each is multiplied by the other's count.",
                "Which unknown belongs to tensors, and which to numbers?",
                "Swap the two in the last line."),
        Mistake("toll once",
                lambda *given:
                    (lambda x, case: x[0] + x[1] * case[1])(_solved(*given[:6]), given[6:]),
                "It pays one toll for the whole step.",
                "What are the two terms of your prediction?",
                "Multiply the toll by the number of tensors."),
        Mistake("no toll",
                lambda *given: (lambda x, case: x[1] * case[1])(_solved(*given[:6]), given[6:]),
                "It leaves the toll out at the end.",
                "What are the two terms of your prediction?",
                "Add toll times tensors."),
        Mistake("the toll alone",
                lambda *given: (lambda x, case: x[0] * case[0])(_solved(*given[:6]), given[6:]),
                "It leaves the numbers out at the end.",
                "What are the two terms of your prediction?",
                "Add seconds per number times numbers."),
        Mistake("the larger of the two",
                lambda *given:
                    (lambda x, case: max(x[0] * case[0], x[1] * case[1]))(_solved(*given[:6]),
                    given[6:]),
                "It takes the larger of the two terms.",
                "What are the two terms of your prediction?",
                "Add them."),
        Mistake("numbers times tensors",
                lambda *given:
                    (lambda x, case: x[0] * case[0] + x[1] * case[0] *
                    case[1])(_solved(*given[:6]), given[6:]),
                "It takes `numbers` for those of one tensor.",
                "What are the two terms of your prediction?",
                "`numbers` counts all of them."),
        Mistake("mean of two rates",
                lambda n1, N1, seconds1, n2, N2, seconds2, tensors, numbers:
                    (seconds1 / N1 + seconds2 / N2) / 2 * numbers,
                "It averages the seconds per number of both, and leaves the toll out.",
                _BOTH,
                _SOLVE),
    ), gives="seconds, one number")


class _Machine:
    """A machine in which time passes only as it is told: a device that works on its own.

    A call takes a millisecond or two of the host; the work, a hundred and more on the device,
    goes on until `synchronize`. The first step compiles, the second is slow, every fourth is
    disturbed.
    """

    def __init__(self):
        self.now, self.done, self.steps = 0.0, 0.0, 0

    def step(self):
        self.steps += 1
        self.now += {1: 5000.0, 2: 300.0}.get(self.steps, (1.0, 1.2, 2.0)[self.steps % 3])
        work = 100.0 + 7 * self.steps % 13 + (700.0 if self.steps % 4 == 0 else 0.0)
        self.done = max(self.now, self.done) + work

    def synchronize(self):
        self.now = max(self.now, self.done)

    def clock(self):
        return self.now


def _timed(*repeats):
    """Return trials that let a benchmark measure the machine, with that many repeats each."""
    def trials(answer):
        for count in repeats:
            machine = _Machine()
            yield (f"with {count} repeats", answer(machine.step, machine.synchronize,
                                                   machine.clock, count))
    return trials


def _benchmark(warm=2, wait=True, settled=True, result=statistics.median, once=False):
    """Return a benchmark by its warm-up, what it waits for, and what it makes of the times."""
    def measure(step, synchronize, clock, repeats):
        for _ in range(warm):
            step()
        if settled:
            synchronize()
        seconds, start = [], clock()
        for _ in range(int(repeats)):
            start = start if once else clock()
            step()
            if wait:
                synchronize()
            seconds.append(clock() - start)
        return result(seconds)
    return measure


def _around_all(warm=2, wait=True):
    def measure(step, synchronize, clock, repeats):
        for _ in range(warm):
            step()
        synchronize()
        start = clock()
        for _ in range(int(repeats)):
            step()
        if wait:
            synchronize()
        return (clock() - start) / repeats
    return measure


_STEPS = "Which steps are in your times, and which number do you make of them?"
_FIRST = "Which steps are in your times?"
_WHAT = "What is done when the clock is read for the second time?"
_OF_TIMES = "Which number do you make of the times?"
_WARM = "Take two steps before you look at the clock."
_WAIT = "Call `synchronize` before each reading of the clock."
_EACH_TIME = "Read the clock around each step, and take the median."
_BENCHMARK = Exercise(
    _benchmark(),
    _timed(3, 5, 9), (
        Mistake("the colleague's", _around_all(warm=0, wait=False),
                "That is the colleague's benchmark still: the first call and the disturbed steps "
                "are in its mean, and nothing waits for the device.", _STEPS,
                f"{_WARM} {_WAIT} {_EACH_TIME}"),
        Mistake("no warm-up, a mean", _around_all(warm=0),
                "It waits now, but the first two steps are in it, and it takes a mean.", _STEPS,
                f"{_WARM} {_EACH_TIME}"),
        Mistake("a mean around all, no waiting", _around_all(wait=False),
                "It is warm now. But it does not wait for the device, and it takes a mean.",
                "What is done when the clock is read, and which number do you make of it?",
                f"{_WAIT} {_EACH_TIME}"),
        Mistake("a mean", _benchmark(result=statistics.fmean),
                "It takes the mean, and every disturbed step is in it.", _OF_TIMES,
                "Take the median."),
        Mistake("no warm-up", _benchmark(warm=0),
                "It times the first two steps, and with few repeats the median does not hide them.",
                _FIRST, _WARM),
        Mistake("one step of warm-up", _benchmark(warm=1),
                "One step of warm-up is not enough: here the second is slow as well, and a rule's "
                "kernel is made at its second step.", _FIRST, _WARM),
        Mistake("three steps of warm-up", _benchmark(warm=3),
                "It leaves out three steps; the third is like the others.", _FIRST,
                "Leave out exactly two."),
        Mistake("warm-up out of the repeats", _benchmark(
            warm=0, result=lambda seconds: statistics.median(seconds[2:])),
                "It leaves two of the repeats out, so fewer are timed than were asked for.",
                "How many steps are timed?", "Take two steps more, before the first that counts."),
        Mistake("no waiting", _benchmark(wait=False, settled=False),
                "It times the calls and not the work.", _WHAT, _WAIT),
        Mistake("warm-up not waited for", _benchmark(settled=False),
                "The work of the warm-up still runs when the clock starts, and falls into the "
                "first step timed.", "What does the device do when the clock is first read?",
                "Wait after the warm-up too."),
        Mistake("the clock started once", _benchmark(once=True),
                "The clock starts once, so each time holds all steps before it as well.",
                "When does the time of the second step begin?", "Read the start anew each time."),
        Mistake("the least", _benchmark(result=min),
                "That is the least, a fair choice too, and not the one asked for.", _OF_TIMES,
                "Take the median."),
        Mistake("the most", _benchmark(result=max),
                "That is the longest, which the worst disturbance sets.", _OF_TIMES,
                "Take the median."),
        Mistake("the sum", _benchmark(result=sum), "That is the time of all repeats together.",
                _OF_TIMES, "Take the median."),
        Mistake("no warm-up, no waiting", _benchmark(warm=0, wait=False, settled=False),
                "The median is there. But it times the first two steps, and it times calls.",
                "Which steps are in your times, and what is done when the clock is read?",
                f"{_WARM} {_WAIT}"),
        Mistake("no warm-up and a mean of each", _benchmark(warm=0, result=statistics.fmean),
                "It reads the clock around each step now. The first two are still in it, and so "
                "is the mean.", _STEPS, f"{_WARM} Take the median."),
        Mistake("around all", _around_all(),
                "Warm-up and waiting are right. The clock is read once around all steps, which "
                "gives a mean.",
                _OF_TIMES,
                _EACH_TIME),
        Mistake("not in order", _benchmark(result=lambda times: times[len(times) // 2]),
                "It takes the time in the middle of the run, not of the sorted times.",
                _OF_TIMES,
                "Sort them first, or use `statistics.median`."),
        Mistake("divided once more",
                _benchmark(result=lambda times: statistics.median(times) / len(times)),
                "It divides the median by the number of steps. It is the time of one step already.",
                _OF_TIMES,
                "Return the median itself."),
    ), gives="seconds, one number")


def _even(p, g):
    return p - 0.1 * g


def _roots(p, g):
    return p - 0.1 * g / (np.sqrt(g**2) + 1e-8) - 0.01 * p


_RULES = (
    ("plain SGD", _even),
    ("SGD that rounds in its own way", lambda p, g: p - 0.1 * (g + 100 * len(p) - 100 * len(p))),
    ("a rule with a root and decay", _roots),
    ("a rule with a sign", lambda p, g: p - 0.1 * np.sign(g)),
    ("a rule that divides by the norm", lambda p, g: p - 0.1 * g / np.sqrt((g**2).sum())),
    ("a rule that takes away the mean", lambda p, g: p - 0.1 * (g - g.mean())),
    ("a rule that adds up from the left", lambda p, g: p - 0.1 * np.cumsum(g)),
    ("a rule that adds up from the right", lambda p, g: p - 0.1 * np.cumsum(g[::-1])[::-1]),
    ("a rule that turns the gradient round", lambda p, g: p - 0.1 * g[::-1]),
    ("a rule that looks at its neighbour", lambda p, g: p - 0.1 * np.roll(g, 1)),
    ("a rule that scales by the largest entry", lambda p, g: p - 0.1 * g / abs(p).max()),
)


def _tested(answer):
    """Let a test look at each rule; yield what it says of it."""
    random = np.random.default_rng(0)
    for k, (name, rule) in enumerate(_RULES):
        size = (8, 6, 10)[k % 3]
        p, g = random.normal(size=size), random.normal(size=size)
        p[1], p[5] = 3.0, -2.5
        said = answer(rule, p, g)
        yield f"at {name}", bool(said) if np.ndim(said) == 0 and said in (0, 1) else said


def _halves(compare):
    def test(rule, p, g):
        half = len(p) // 2
        return bool(compare(rule(p, g), rule(p[:half], g[:half]), rule(p[half:], g[half:])))
    return test


def _each(rule, p, g):
    """Tell whether one entry alone moves as it does among the others: the first entry only."""
    return bool(np.allclose(rule(p, g)[:1], rule(p[:1], g[:1])))


def _shuffled(rule, p, g):
    """Tell whether a rule does not mind the order of the entries."""
    order = np.random.default_rng(1).permutation(len(p))
    return bool(np.allclose(rule(p, g)[order], rule(p[order], g[order])))


def _nudged(entries=None):
    """Return a test that changes these entries of the gradient, and sees if others move."""
    def test(rule, p, g):
        before, alone = rule(p, g), True
        for k in range(len(p))[:entries]:
            other = g.copy()
            other[k] += 1.0
            alone &= np.allclose(np.delete(before, k), np.delete(rule(p, other), k))
        return bool(alone)
    return test


_LOOKED = "Which entries does your test compare, and with what?"
_HALVES = "Compare the whole with both halves put together in order, by `np.allclose`."
_ENTRYWISE = Exercise(
    _halves(lambda whole, a, b: np.allclose(whole, np.concatenate([a, b]))),
    _tested, (
        Mistake("always yes", lambda rule, p, g: True,
                "It says yes to every rule, as a test of shapes would, which are always right.",
                "Of which rule would your test say no?", _HALVES),
        Mistake("always no", lambda rule, p, g: False,
                "It says no to every rule, even to plain SGD, as a test of halves in the wrong "
                "order would.",
                "What does your test compare for plain SGD?", _HALVES),
        Mistake("the other way round", _halves(
            lambda whole, a, b: not np.allclose(whole, np.concatenate([a, b]))),
                "It says yes where it should say no.", "What does True stand for?",
                "Return True if all agrees."),
        Mistake("exactly", _halves(lambda whole, a, b: np.array_equal(
            whole, np.concatenate([a, b]))),
                "It asks for the same last digit, which may differ by rounding.",
                "How close is close enough for your test?", "Compare by `np.allclose`."),
        Mistake("the first half only", _halves(
            lambda whole, a, b: np.allclose(whole[:len(a)], a)),
                "It looks at the first half only; a rule may mix in the other.", _LOOKED, _HALVES),
        Mistake("the second half only", _halves(
            lambda whole, a, b: np.allclose(whole[len(a):], b)),
                "It looks at the second half only; a rule may mix in the first.", _LOOKED,
                _HALVES),
        Mistake("sums", _halves(lambda whole, a, b: np.isclose(whole.sum(), a.sum() + b.sum())),
                "It compares sums, and a rule that moves entries about keeps those.", _LOOKED,
                _HALVES),
        Mistake("the first entry only", _each,
                "It looks at the first entry only; what adds up from the left gets past it.",
                _LOOKED, _HALVES),
        Mistake("any", _halves(lambda whole, a, b: np.isclose(
            whole, np.concatenate([a, b])).any()),
                "It is content if one entry agrees.", "Must one entry agree, or all?", _HALVES),
        Mistake("in another order", _shuffled,
                "It asks whether the order matters. A sum or a norm does not mind the order, and "
                "mixes all entries.", _LOOKED, _HALVES),
        Mistake("in reverse order", lambda rule, p, g: bool(
            np.allclose(rule(p, g)[::-1], rule(p[::-1], g[::-1]))),
                "It asks whether the order matters, reversed. A sum or a norm does not mind the "
                "order, and mixes all entries.", _LOOKED, _HALVES),
        Mistake("one entry of the gradient", _nudged(1),
                "It changes the first entry of the gradient only; a rule may mix in any.", _LOOKED,
                _HALVES),
        Mistake("the gradient alone", _nudged(),
                "It changes the gradient only; a rule may mix the entries of the point.", _LOOKED,
                _HALVES),
    ), gives="True or False")


def _pays(saved):
    return lambda seconds, share, k, first: first / saved(seconds, share, k)


_SAVES = "How many seconds does one step save?"
_SAVING = "A step saves the optimizer's share of it, times 1 - 1/k."
_PAYS_OFF = Exercise(
    _pays(lambda seconds, share, k: seconds * share * (1 - 1 / k)),
    on((0.01, 0.2, 4, 4), (0.5, 0.05, 1.5, 10), (0.002, 0.6, 20, 3), (0.01, 0.3, 2, 1.1)), (
        Mistake("all of the optimizer", _pays(lambda seconds, share, k: seconds * share),
                "It saves the whole optimizer, but a k-th of it remains.", _SAVES, _SAVING),
        Mistake("what remains", _pays(lambda seconds, share, k: seconds * share / k),
                "It divides by what the optimizer still takes.", _SAVES, _SAVING),
        Mistake("the share forgotten", _pays(lambda seconds, share, k: seconds * (1 - 1 / k)),
                "It makes the whole step faster; only the optimizer's share is.", _SAVES, _SAVING),
        Mistake("the rest", _pays(lambda seconds, share, k: seconds * (1 - share) * (1 - 1 / k)),
                "It makes forward and backward faster.", "Whose share becomes faster?", _SAVING),
        Mistake("the new step", _pays(lambda seconds, share, k:
                                      seconds * (1 - share + share / k)),
                "It divides by the seconds of a new step: that is how many steps would fit into "
                "the first call.", _SAVES, _SAVING),
        Mistake("the old step", _pays(lambda seconds, share, k: seconds),
                "It divides by the seconds of a step.", _SAVES, _SAVING),
        Mistake("k - 1", _pays(lambda seconds, share, k: seconds * share * (k - 1)),
                "It saves k - 1 times the optimizer's time, more than there is.", _SAVES, _SAVING),
        Mistake("k", _pays(lambda seconds, share, k: seconds * share * k),
                "It saves k times the optimizer's time, more than there is.", _SAVES, _SAVING),
        Mistake("the share as factor", _pays(lambda seconds, share, k: share * (1 - 1 / k)),
                "The seconds of a step are missing.", "Which unit has your result?", _SAVING),
        Mistake("first call's steps", lambda seconds, share, k, first:
                first / (seconds * share * (1 - 1 / k)) + 1,
                "It counts the first call as a step of its own.",
                "What has been won back when so many steps are over?", "Leave out the 1."),
        Mistake("won back by a step", lambda seconds, share, k, first:
                seconds * share * (1 - 1 / k) / first,
                "That is which part of the first call a step wins back.",
                "What stands above the line, and what below?", "Turn it over."),
        Mistake("Amdahl's factor", lambda seconds, share, k, first:
                1 / (1 - share + share / k),
                "That is how much faster the whole step becomes.", "Where does the first call "
                "enter?", "Divide it by what a step saves."),
        Mistake("missing brackets",
                lambda seconds, share, k, first: first / (seconds * share * 1 - 1 / k),
                "It subtracts 1/k from the seconds.",
                _SAVES,
                "Put brackets around 1 - 1/k."),
        Mistake("missing brackets below",
                lambda seconds, share, k, first: first / seconds * share * (1 - 1 / k),
                "`a / b * c` multiplies by c.",
                "What does Python divide by, and what does it multiply by?",
                "Put brackets around all that stands below the line."),
        Mistake("1 - k", _pays(lambda seconds, share, k: seconds * share * (1 - k)),
                "It has k where 1/k belongs, and a negative saving.",
                _SAVES,
                _SAVING),
        Mistake("the saving", lambda seconds, share, k, first: seconds * share * (1 - 1 / k),
                "That is what one step saves.",
                _SAVES,
                "Divide the first call's seconds by it."),
        Mistake("the first call is a step",
                lambda seconds, share, k, first:
                    (first - seconds) / (seconds * share * (1 - 1 / k)),
                "It takes a step off the first call; its seconds are all lost.",
                "Which seconds are to be won back?",
                "Win back `first` as it is."),
        Mistake("plus", _pays(lambda seconds, share, k: seconds * share * (1 + 1 / k)),
                "It adds what the optimizer still takes.",
                _SAVES,
                _SAVING),
    ))


EXERCISES = {"floor": _FLOOR, "predict": _PREDICT, "benchmark": _BENCHMARK,
             "entrywise": _ENTRYWISE, "pays_off": _PAYS_OFF}

"""The exercises of the chapter on speed."""

import statistics

import numpy as np

from descent.exercises import Exercise, Mistake, on

__all__ = ["EXERCISES"]


def _floor(moved):
    return lambda parameters, states, width, bandwidth: (
        moved(states) * width * parameters / bandwidth)


_FLOOR = Exercise(
    _floor(lambda s: 3 + 2 * s),
    on((1e6, 0, 4, 1e10), (1e7, 2, 4, 3e10), (5e8, 3, 2, 2e12), (1e3, 1, 8, 1e9)), (
        Mistake("the gradient forgotten", _floor(lambda s: 2 + 2 * s),
                "The gradient must be read too."),
        Mistake("the gradient written", _floor(lambda s: 4 + 2 * s),
                "The gradient is read and need not be written back."),
        Mistake("state read only", _floor(lambda s: 3 + s),
                "State is written back as well: the next step needs the new one."),
        Mistake("the point and state alone", _floor(lambda s: 1 + 2 * s),
                "The new point is the old one and a change: it is read as well as written, and "
                "the gradient is read."),
        Mistake("reads only", _floor(lambda s: 2 + s),
                "That is what is read. What is written passes through memory too."),
        Mistake("writes only", _floor(lambda s: 1 + s),
                "That is what is written. What is read passes through memory too."),
        Mistake("state alone", _floor(lambda s: 2 * s),
                "That is the state's part. The point is read and written, the gradient read."),
        Mistake("without state", _floor(lambda s: 3),
                "That is plain SGD's floor. Each number of state is read and written."),
        Mistake("numbers for bytes",
                lambda parameters, states, width, bandwidth:
                (3 + 2 * states) * parameters / bandwidth,
                "It counts numbers, and the bandwidth counts bytes."),
        Mistake("always four bytes",
                lambda parameters, states, width, bandwidth:
                (3 + 2 * states) * 4 * parameters / bandwidth,
                "It takes every number for 4 bytes. The width is given."),
        Mistake("upside down",
                lambda parameters, states, width, bandwidth:
                bandwidth / ((3 + 2 * states) * width * parameters),
                "That is how many steps a second. Seconds a step are asked for."),
        Mistake("bytes", lambda parameters, states, width, bandwidth:
                (3 + 2 * states) * width * parameters,
                "That is how many bytes must move. Divide by how many move in a second."),
    ))


def _predict(case):
    """Return a prediction from what it makes of the two cases: toll and seconds per number."""
    def predict(n1, N1, seconds1, n2, N2, seconds2, tensors, numbers):
        toll, per_number = case(n1, N1, seconds1, n2, N2, seconds2)
        return toll * tensors + per_number * numbers
    return predict


def _solved(n1, N1, seconds1, n2, N2, seconds2):
    return np.linalg.solve([[n1, N1], [n2, N2]], [seconds1, seconds2])


def _line(measure):
    """Return a prediction by the straight line through both cases, over one measure of them."""
    def predict(n1, N1, seconds1, n2, N2, seconds2, tensors, numbers):
        x1, x2, x = measure(n1, N1), measure(n2, N2), measure(tensors, numbers)
        return seconds1 + (seconds2 - seconds1) * (x - x1) / (x2 - x1)
    return predict


_PREDICT = Exercise(
    _predict(_solved),
    on((1, 2e6, 2.0e-3, 200, 3e6, 4.0e-3, 400, 6e6), (10, 1e4, 1e-4, 30, 5e6, 3e-3, 2, 7e6),
       (100, 1e6, 3e-3, 7, 4e6, 5e-3, 50, 5e5)), (
        Mistake("calls alone", _predict(lambda n1, N1, seconds1, n2, N2, seconds2:
                                        (seconds2 / n2, 0.0)),
                "It counts calls only. Bytes cost time as well."),
        Mistake("bytes alone", _predict(lambda n1, N1, seconds1, n2, N2, seconds2:
                                        (0.0, seconds2 / N2)),
                "It counts numbers only. Every tensor has its toll as well."),
        Mistake("one case for each", _predict(lambda n1, N1, seconds1, n2, N2, seconds2:
                                              (seconds1 / n1, seconds2 / N2)),
                "It takes the first case for all toll and the second for all bytes. Each has both: "
                "solve for the two together."),
        Mistake("the other case for each", _predict(lambda n1, N1, seconds1, n2, N2, seconds2:
                                                    (seconds2 / n2, seconds1 / N1)),
                "It takes one case for all bytes and the other for all toll. Each has both: solve "
                "for the two together."),
        Mistake("a line over numbers", _line(lambda n, N: N),
                "That is the line through both cases over the numbers, as if all had the same "
                "number of tensors."),
        Mistake("a line over tensors", _line(lambda n, N: n),
                "That is the line through both cases over the tensors, as if all had the same "
                "number of numbers."),
        Mistake("transposed", _predict(lambda n1, N1, seconds1, n2, N2, seconds2:
                                       np.linalg.solve([[n1, n2], [N1, N2]],
                                                       [seconds1, seconds2])),
                "The matrix is the wrong way round: one row for each case, tensors and numbers "
                "beside each other."),
        Mistake("numbers of one tensor",
                _predict(lambda n1, N1, seconds1, n2, N2, seconds2: np.linalg.solve(
                    [[n1, n1 * N1], [n2, n2 * N2]], [seconds1, seconds2])),
                "It takes the numbers for those of one tensor. They are given for all together."),
        Mistake("toll and bytes swapped", _predict(lambda *cases: _solved(*cases)[::-1]),
                "The two unknowns are right, and each is multiplied by the other's count."),
    ))


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
        work = 100.0 + self.steps % 3 + (700.0 if self.steps % 4 == 0 else 0.0)
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


def _benchmark(warm=2, wait=True, settled=True, result=statistics.median):
    """Return a benchmark by its warm-up, what it waits for, and what it makes of the times."""
    def measure(step, synchronize, clock, repeats):
        for _ in range(warm):
            step()
        if settled:
            synchronize()
        seconds = []
        for _ in range(int(repeats)):
            start = clock()
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


_BENCHMARK = Exercise(
    _benchmark(),
    _timed(3, 5, 9), (
        Mistake("the colleague's", _around_all(warm=0, wait=False),
                "That is the colleague's benchmark still: the first call and the disturbed steps "
                "are in its mean, and nothing waits for the device."),
        Mistake("no warm-up, a mean", _around_all(warm=0),
                "It waits now, but the first two steps are in it, and it takes a mean."),
        Mistake("a mean around all, no waiting", _around_all(wait=False),
                "It is warm now. But it does not wait for the device, and it takes a mean."),
        Mistake("a mean", _benchmark(result=statistics.fmean),
                "It takes the mean, and every disturbed step is in it. Take the median."),
        Mistake("no warm-up", _benchmark(warm=0),
                "It times the first two steps, and with few repeats the median does not hide them. "
                "Take two steps before you look at the clock."),
        Mistake("one step of warm-up", _benchmark(warm=1),
                "One step of warm-up is not enough: here the second is slow as well, and a rule's "
                "kernel is made at its second step."),
        Mistake("no waiting", _benchmark(wait=False, settled=False),
                "It times the calls and not the work: wait for the device before you read the "
                "clock a second time."),
        Mistake("warm-up not waited for", _benchmark(settled=False),
                "The work of the warm-up still runs when the clock starts, and falls into the "
                "first step timed. Wait after the warm-up too."),
        Mistake("the least", _benchmark(result=min),
                "That is the least, a fair choice too. The median is asked for."),
        Mistake("the most", _benchmark(result=max),
                "That is the longest, which the worst disturbance sets."),
        Mistake("the sum", _benchmark(result=sum), "That is the time of all repeats together."),
        Mistake("no warm-up, no waiting", _benchmark(warm=0, wait=False, settled=False),
                "The median is there. But it times the first two steps, and it times calls."),
        Mistake("no warm-up and a mean of each", _benchmark(warm=0, result=statistics.fmean),
                "It reads the clock around each step now. The first two are still in it, and so "
                "is the mean."),
    ))


def _even(p, g):
    return p - 0.1 * g


def _roots(p, g):
    return p - 0.1 * g / (np.sqrt(g**2) + 1e-8) - 0.01 * p


_RULES = (
    ("plain SGD", _even),
    ("a rule with a root and decay", _roots),
    ("a rule with a sign", lambda p, g: p - 0.1 * np.sign(g)),
    ("a rule that divides by the norm", lambda p, g: p - 0.1 * g / np.sqrt((g**2).sum())),
    ("a rule that takes away the mean", lambda p, g: p - 0.1 * (g - g.mean())),
    ("a rule that adds up from the left", lambda p, g: p - 0.1 * np.cumsum(g)),
    ("a rule that adds up from the right", lambda p, g: p - 0.1 * np.cumsum(g[::-1])[::-1]),
    ("a rule that turns the gradient round", lambda p, g: p - 0.1 * g[::-1]),
    ("a rule that scales by the largest entry", lambda p, g: p - 0.1 * g / abs(p).max()),
)


def _tested(answer):
    """Let a test look at each rule; yield what it says of it."""
    random = np.random.default_rng(0)
    for name, rule in _RULES:
        p, g = random.normal(size=8), random.normal(size=8)
        p[1], p[5] = 3.0, -2.5
        said = answer(rule, p, g)
        yield f"at {name}", float(said) if np.ndim(said) == 0 and said in (0, 1) else said


def _halves(compare):
    def test(rule, p, g):
        half = len(p) // 2
        return bool(compare(rule(p, g), rule(p[:half], g[:half]), rule(p[half:], g[half:])))
    return test


def _each(rule, p, g):
    """Tell whether one entry alone moves as it does among the others: the first entry only."""
    return bool(np.allclose(rule(p, g)[:1], rule(p[:1], g[:1])))


_ENTRYWISE = Exercise(
    _halves(lambda whole, a, b: np.allclose(whole, np.concatenate([a, b]))),
    _tested, (
        Mistake("always yes", lambda rule, p, g: True,
                "It says yes to every rule. If it compares shapes: those are always right."),
        Mistake("always no", lambda rule, p, g: False,
                "It says no to every rule, even to plain SGD. Are the halves put together in "
                "order?"),
        Mistake("the other way round", _halves(
            lambda whole, a, b: not np.allclose(whole, np.concatenate([a, b]))),
                "It says yes where it should say no."),
        Mistake("the first half only", _halves(
            lambda whole, a, b: np.allclose(whole[:len(a)], a)),
                "It looks at the first half only, or changes one entry only. A rule may mix in "
                "any."),
        Mistake("the second half only", _halves(
            lambda whole, a, b: np.allclose(whole[len(a):], b)),
                "It looks at the second half only. A rule may mix in the first."),
        Mistake("sums", _halves(lambda whole, a, b: np.isclose(whole.sum(), a.sum() + b.sum())),
                "It compares sums, and a rule that moves entries about keeps those."),
        Mistake("the first entry only", _each,
                "It looks at the first entry only. What adds up from the left gets past it."),
        Mistake("any", _halves(lambda whole, a, b: np.isclose(
            whole, np.concatenate([a, b])).any()),
                "It is content if one entry agrees. All must."),
    ))


def _pays(saved):
    return lambda seconds, share, k, first: first / saved(seconds, share, k)


_PAYS_OFF = Exercise(
    _pays(lambda seconds, share, k: seconds * share * (1 - 1 / k)),
    on((0.01, 0.2, 4, 4), (0.5, 0.05, 1.5, 10), (0.002, 0.6, 20, 3)), (
        Mistake("all of the optimizer", _pays(lambda seconds, share, k: seconds * share),
                "It saves the whole optimizer. A k-th of it remains."),
        Mistake("what remains", _pays(lambda seconds, share, k: seconds * share / k),
                "It divides by what the optimizer still takes. Divide by what a step saves."),
        Mistake("the share forgotten", _pays(lambda seconds, share, k: seconds * (1 - 1 / k)),
                "It makes the whole step faster. Only the optimizer's share is."),
        Mistake("the rest", _pays(lambda seconds, share, k: seconds * (1 - share) * (1 - 1 / k)),
                "It makes forward and backward faster. The optimizer's share is the other part."),
        Mistake("the new step", _pays(lambda seconds, share, k:
                                      seconds * (1 - share + share / k)),
                "It divides by the seconds of a new step: that is how many steps would fit into "
                "the first call. Divide by what a step saves."),
        Mistake("the old step", _pays(lambda seconds, share, k: seconds),
                "It divides by the seconds of a step. Divide by what a step saves."),
        Mistake("k - 1", _pays(lambda seconds, share, k: seconds * share * (k - 1)),
                "k times faster takes a k-th of the time; it saves 1 - 1/k of it."),
        Mistake("the share as factor", _pays(lambda seconds, share, k: share * (1 - 1 / k)),
                "The seconds of a step are missing."),
        Mistake("upside down", lambda seconds, share, k, first:
                seconds * share * (1 - 1 / k) / first,
                "That is which part of the first call a step wins back. Turn it over."),
        Mistake("Amdahl's factor", lambda seconds, share, k, first:
                1 / (1 - share + share / k),
                "That is how much faster the whole step becomes. After how many steps is the first "
                "call won back?"),
    ))


EXERCISES = {"floor": _FLOOR, "predict": _PREDICT, "benchmark": _BENCHMARK,
             "entrywise": _ENTRYWISE, "pays_off": _PAYS_OFF}

"""What the results say: ties, profiles, ranks, and what fewer tries would have found."""

import math
from collections import Counter
from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy import fft, stats

from descent.tasks.stats import interval

__all__ = ["OPTIMIZER_NAMES", "TASK_NAMES", "Outcome", "against", "best_of", "changing",
           "differing", "gap", "law", "outcomes", "p_values", "profile", "quantiles", "ranks",
           "redrawn", "refused", "summed", "ties", "told", "turning"]

OPTIMIZER_NAMES = {"sgd": "SGD", "asgd": "ASGD", "adagrad": "Adagrad", "rprop": "Rprop",
                   "rmsprop": "RMSprop", "adadelta": "Adadelta", "adam": "Adam",
                   "adamax": "Adamax", "adamw": "AdamW", "nadam": "NAdam", "radam": "RAdam",
                   "sparseadam": "SparseAdam", "muon": "Muon", "adafactor": "Adafactor",
                   "lbfgs": "L-BFGS", "lion": "Lion", "schedulefree": "Schedule-Free",
                   "prodigy": "Prodigy", "shampoo": "Shampoo", "soap": "SOAP", "adopt": "ADOPT"}
TASK_NAMES = {"breast_cancer": "breast cancer", "digits": "digits", "mnist_1d": "MNIST-1D",
              "names": "names", "spelling": "spelling", "oscillation": "oscillation",
              "cartpole": "CartPole"}


@dataclass(frozen=True)
class Outcome:
    """What one optimizer made of one task under one schedule.

    `tuning` holds "validation_loss" and "test_loss" of shape (settings, seeds); `final`, for the
    setting that tuning chose, and `default` hold these, "train_loss", "score" and "diverged", of
    shape (fresh seeds,). `setting` is the one chosen, the `chosen`-th; `at_edge` tells whether it
    is near an end of its space; `memory` is its state in numbers for each parameter, `gradients`
    what a run took.
    """

    default: dict
    tuning: dict
    final: dict
    setting: dict
    chosen: int
    at_edge: bool
    memory: float
    gradients: int

    @property
    def runs(self):
        """How many runs there were in all."""
        return sum(stage["test_loss"].size for stage in (self.default, self.tuning, self.final))


def outcomes(results):
    """Return an Outcome for each (task, optimizer, schedule) of the benchmark's results."""
    return {tuple(name.split("/")): Outcome(**result) for name, result in results.items()}


def ties(losses, level=0.015):
    """Return which rows of losses (methods, seeds) cannot be told from that of least mean.

    Paired by seed, by Student's t, corrected for the number of comparisons by Holm's method. The
    least was picked by the same losses: of twelve equal methods with ten seeds one is told apart
    in 5 % of all cases at a level of 0.015 (and in 14 % at 0.05).
    """
    losses = np.asarray(losses, dtype=float)
    best = int(losses.mean(1).argmin())
    others = [k for k in range(len(losses)) if k != best]
    with np.errstate(invalid="ignore"):
        chances = p_values(losses[others] - losses[best])
    tied = np.ones(len(losses), bool)
    tied[others] = ~refused(chances, level)
    return tied


def redrawn(tunings, draws, random):
    """Return test losses (methods, draws) had other settings and seeds been drawn for the tuning.

    `tunings` has a list for each method: its tuning under each schedule, with "validation_loss"
    and "test_loss" of the same settings, (settings, seeds). Settings are drawn with repetition,
    for each method anew, and seeds, for all alike, from the generator `random`. What then has the
    least mean validation loss, of all settings and schedules, is chosen.
    """
    laws = [law(schedules) for schedules in tunings]
    cases = random.choice(len(laws[0][1]), draws, p=laws[0][1].sum(1))  # of the seeds
    return np.array([values[cases, random.choice(values.shape[1], draws, p=chances.sum(0))]
                     for values, chances in laws])


def law(schedules, tries=None, seeds=True):
    """Return what redrawing one method's tuning finds, exactly: test losses and their chances.

    Both are of shape (draws of the seeds, settings); `schedules` is as a method's in `redrawn`.
    The n settings are sorted by validation, each under its better schedule: of `tries` drawn with
    repetition (n if None) all miss the best k with chance ((n - k)/n)^tries. With `seeds` False
    these are kept: one draw. Rows are the same draws for every method with as many seeds.
    """
    validation, test = (np.stack([one[name] for one in schedules])
                        for name in ("validation_loss", "test_loss"))
    count, has = test.shape[1:]
    drawn = Counter(tuple(sorted(one)) for one in product(range(has), repeat=has))
    drawn = drawn if seeds else {tuple(range(has)): 1}
    some = np.array(list(drawn))
    validation, test = (losses[..., some].mean(-1).transpose(2, 0, 1)
                        for losses in (validation, test))  # (draws, schedules, settings)
    test = np.take_along_axis(test, validation.argmin(1)[:, None], 1)[:, 0]
    values = np.take_along_axis(test, validation.min(1).argsort(1, kind="stable"), 1)
    missed = (np.arange(count, -1, -1) / count) ** (tries or count)
    weights = np.array(list(drawn.values())) / sum(drawn.values())
    return values, weights[:, None] * -np.diff(missed)


def differing(ours, theirs):
    """Return the law of ours - theirs as (values, chances), both flat: of two from `law`.

    The seeds are drawn for both alike, the settings for each anew.
    """
    (a, p), (b, q) = ours, theirs
    joint = p[:, :, None] * q[:, None] / q.sum(1)[:, None, None]
    return _minus(a[:, :, None], b[:, None]).ravel(), joint.ravel()


def changing(ours, theirs):
    """Return the law of ours - theirs as `differing` does, the same settings drawn for both.

    `ours` and `theirs` are tunings of the same settings, each under one schedule.
    """
    count, has = np.shape(ours["test_loss"])
    values, chances = [], []
    for some in product(range(has), repeat=has):
        (a, first), (b, second) = (
            (np.asarray(one["test_loss"])[:, some].mean(1),
             np.asarray(one["validation_loss"])[:, some].mean(1).argsort(kind="stable"))
            for one in (ours, theirs))
        is_at = np.zeros((count, count))  # by place in the one order and in the other
        is_at[np.arange(count), second.argsort()[first]] = 1
        behind = np.zeros((count + 1, count + 1))  # how many settings are so far back in both
        behind[:-1, :-1] = is_at[::-1, ::-1].cumsum(0).cumsum(1)[::-1, ::-1]
        chances.append(np.diff(np.diff((behind / count) ** count, axis=0), axis=1) / has**has)
        values.append(_minus(a[first][:, None], b[second]))
    return np.ravel(values), np.ravel(chances)


def summed(laws, step=1e-4, reach=10.0):
    """Return the law of a sum of independent terms as (values, chances), on a grid of `step`.

    `laws` has a (values, chances) for each term. A value between two points of the grid is shared
    by both, so that means stay; what is farther than `reach`, or infinite, is put there.
    """
    terms, start = [], 0
    for values, chances in laws:
        at = np.clip(np.ravel(values), -reach, reach) / step
        below = np.floor(at).astype(int)
        first, part = below.min(), at - below
        term = np.zeros(below.max() - first + 2)
        for place, share in ((below, 1 - part), (below + 1, part)):
            term += np.bincount(place - first, share * np.ravel(chances), len(term))
        terms, start = [*terms, term], start + first
    count = sum(map(len, terms)) - len(terms) + 1
    size = fft.next_fast_len(count, real=True)
    chances = fft.irfft(math.prod(fft.rfft(term, size) for term in terms), size)[:count]
    return step * np.arange(start, start + count), np.maximum(chances, 0.0)


def _minus(a, b):
    """Return a - b, 0 where both are infinite."""
    with np.errstate(invalid="ignore"):
        return np.where(a == b, 0.0, a - b)


def quantiles(values, chances, levels=(0.025, 0.975)):
    """Return the least values that are reached with at least these chances."""
    order = np.argsort(values, axis=None)
    reached = np.cumsum(np.ravel(chances)[order])
    at = np.searchsorted(reached, np.subtract(levels, 1e-12))
    return np.ravel(values)[order][np.minimum(at, order.size - 1)]


def turning(values, chances):
    """Return the chance, two-sided, that what has this law has the other sign, or is 0."""
    return min(1.0, 2 * min(chances[values >= 0].sum(), chances[values <= 0].sum()))


def refused(chances, level=0.05):
    """Return which of several p-values refuse chance, by Holm's method for their number."""
    order = np.argsort(chances)
    holds = np.asarray(chances)[order] <= level / np.arange(len(order), 0, -1)
    found = np.empty(len(order), bool)
    found[order] = np.logical_and.accumulate(holds)
    return found


def told(pairs, level=0.05):
    """Return which of several differences, compared at once, can be told from 0.

    `pairs` has (ours, theirs) for each, one number a seed; they are paired, judged by Student's t,
    and corrected for how many they are by Holm's method.
    """
    return refused([p_values([np.subtract(*pair)])[0] for pair in pairs], level)


def against(ours, rivals, level=0.05):
    """Return (mean, half-width, told) of the difference ours - rival for each rival, by its name.

    All are one number a seed. The last says whether the difference can be told from 0 (`told`, for
    the number of rivals); the interval is that of one comparison.
    """
    found = told([(ours, theirs) for theirs in rivals.values()], level)
    return {name: (*interval(np.subtract(ours, theirs)), bool(one))
            for (name, theirs), one in zip(rivals.items(), found, strict=True)}


def p_values(differences):
    """Return the p-value of each row of differences, (rows, seeds), by Student's t against 0.

    It is 0 for a row with a number that is not finite, and 1 for one of zeros.
    """
    differences = np.asarray(differences, dtype=float)
    finite, count = np.isfinite(differences).all(1), differences.shape[1]
    made = np.where(finite[:, None], differences, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        t = made.mean(1) / (made.std(1, ddof=1) / np.sqrt(count))
    return np.where(np.isnan(t), 1.0, 2 * stats.t.sf(np.abs(t), count - 1))


def profile(losses, factors):
    """Return, for losses (methods, tasks), the share of tasks each method does within a factor.

    Within a factor of the lowest loss on that task; the result has the shape (methods, factors)
    (Dolan and Moré 2002, section 2).
    """
    losses = np.asarray(losses, dtype=float)
    ratio = losses / losses.min(0)
    return (ratio[:, :, None] <= np.asarray(factors)).mean(1)


def ranks(losses):
    """Return the rank of each method on each task, 1 for the lowest loss, means where equal."""
    return stats.rankdata(losses, axis=0)


def gap(methods, tasks, level=0.05):
    """Return by how much two mean ranks must differ to be told apart, for so many of each.

    Nemenyi's test (Demšar 2006, section 3.2.2). It takes the tasks for a random sample.
    """
    quantile = stats.studentized_range.ppf(1 - level, methods, np.inf) / np.sqrt(2)
    return quantile * np.sqrt(methods * (methods + 1) / (6 * tasks))


def best_of(tries, validation, test):
    """Return the test loss that the best of a few settings has, chosen by validation.

    The median over all ways to pick `tries` of the settings, whose losses are `validation` and
    `test`. Raises ValueError for a number of tries that is not in [1, settings].
    """
    count = len(validation)
    if not 1 <= tries <= count:
        raise ValueError(f"tries must be in [1, {count}], got {tries!r}")
    order = np.argsort(validation, kind="stable")
    # All picks leave out the `better` best settings with this chance.
    chance = [1 - math.comb(count - better, tries) / math.comb(count, tries)
              for better in range(1, count + 1)]
    steps = np.diff(chance, prepend=0.0)
    values = np.asarray(test, dtype=float)[order]
    ascending = np.argsort(values, kind="stable")
    values, reached = values[ascending], np.cumsum(steps[ascending])
    half = [values[(reached >= 0.5 + side).argmax()] for side in (-1e-9, 1e-9)]
    return float(np.mean(half))

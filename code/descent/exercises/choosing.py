"""The exercises of the last chapter, on comparing."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, on

__all__ = ["EXERCISES"]


def _profile(losses, factor):
    losses = np.asarray(losses)
    return (losses <= factor * losses.min(0)).mean(1)


def _by_own_best(losses, factor):
    losses = np.asarray(losses)
    return (losses <= factor * losses.min(1, keepdims=True)).mean(1)


def _by_lowest_of_all(losses, factor):
    return (np.asarray(losses) <= factor * np.min(losses)).mean(1)


def _by_mean(losses, factor):
    losses = np.asarray(losses)
    return (losses <= factor * losses.mean(0)).mean(1)


def _wins(losses, factor):
    losses = np.asarray(losses)
    return (losses == losses.min(0)).mean(1)


def _strictly(losses, factor):
    losses = np.asarray(losses)
    return (losses < factor * losses.min(0)).mean(1)


_LOSSES = [np.array([[1.0, 4.0, 0.30, 2.0], [1.5, 2.0, 0.36, 8.0], [3.0, 2.1, 0.90, 2.4]]),
           np.array([[0.5, 0.1], [0.25, 0.4]]), np.array([[3.0, 5.0, 7.0]])]

_PROFILE = (
    Mistake("own best", _by_own_best,
            "It divides by the method's own best task. Losses of two tasks have no common unit: "
            "divide by the lowest loss on the same task."),
    Mistake("lowest of all", _by_lowest_of_all,
            "It divides by the lowest loss of the whole table. Each task has its own."),
    Mistake("mean", _by_mean, "It compares with the task's mean, not with its lowest loss."),
    Mistake("wins", _wins, "It counts wins whatever the factor: that is the profile at factor 1."),
    Mistake("a count", lambda losses, factor: _profile(losses, factor) * np.shape(losses)[1],
            "It counts tasks. The profile is their share."),
    Mistake("strictly", _strictly,
            "At factor 1 the winner itself must count: a method is within a factor if it is at "
            "most that."),
)


def _report(validation, test):
    return test[validation.mean(1).argmin()].mean()


def _by_test(validation, test):
    return test.mean(1).min()


def _by_one_run(validation, test):
    return test[np.unravel_index(validation.argmin(), validation.shape)[0]].mean()


def _best_seed(validation, test):
    return test[validation.mean(1).argmin()].min()


def _each_seed(validation, test):
    return np.take_along_axis(test, validation.argmin(0)[None], 0).mean()


def _validation(validation, test):
    return validation.mean(1).min()


_RUNS = [(np.array([[0.50, 0.52, 0.54], [0.30, 0.70, 0.62], [0.45, 0.49, 0.59], [0.9, 0.8, 0.95]]),
          np.array([[0.47, 0.50, 0.56], [0.44, 0.60, 0.55], [0.52, 0.51, 0.56], [0.8, 0.3, 0.1]])),
         (np.array([[1.0, 3.0], [1.7, 1.8]]), np.array([[0.9, 2.0], [2.2, 1.8]])),
         (np.array([[0.2, 0.3, 1.3], [0.4, 0.5, 0.5]]),
          np.array([[0.2, 0.4, 1.1], [0.4, 0.6, 0.8]]))]

_REPORT = (
    Mistake("chosen by test", _by_test,
            "It chooses by the test loss, and so reports the luckiest setting, not the one that "
            "you would have chosen."),
    Mistake("chosen by one run", _by_one_run,
            "It takes the setting of the single best run. One lucky seed decides: take the mean "
            "over the seeds first."),
    Mistake("best seed", _best_seed,
            "The choice is right; but it reports the best seed. Nobody knows it beforehand: "
            "report the mean."),
    Mistake("a setting for each seed", _each_seed,
            "It chooses a setting for each seed. You want one setting, for seeds you have not "
            "seen."),
    Mistake("median", lambda validation, test: test[np.median(validation, 1).argmin()].mean(),
            "It chooses by the median seed; the exercise asks for the mean."),
    Mistake("validation", _validation,
            "It reports the validation loss by which it chose, the number that choosing has made "
            "too low."),
)


def _needed(part, chance):
    return math.ceil(round(math.log(1 - chance) / math.log(1 - part), 9))


_QUESTIONS = [(0.05, 0.95), (0.1, 0.9), (0.5, 0.75), (0.2, 0.5), (0.01, 0.99)]

_NEEDED = (
    Mistake("not whole", lambda part, chance: math.log(1 - chance) / math.log(1 - part),
            "Right before rounding; but tries are whole numbers, and fewer than this is too few."),
    Mistake("rounded down", lambda part, chance: math.floor(math.log(1 - chance)
                                                            / math.log(1 - part)),
            "It rounds down: that many tries fall short of the chance asked for."),
    Mistake("chances added", lambda part, chance: math.ceil(round(chance / part, 9)),
            "It adds the chances of the tries. Two of them may both be good: multiply the chances "
            "of missing."),
    Mistake("all of them", lambda part, chance: math.ceil(round(math.log(chance)
                                                                / math.log(part), 9)),
            "It asks that all tries be good. One is enough: all of them must not be bad."),
    Mistake("hits that never miss", lambda part, chance: math.ceil(
        round(math.log(chance) / math.log(1 - part), 9)),
            "The chance that all tries miss is to be 1 - chance, not chance."),
)


def _curse(sigma, seeds):
    return sigma / math.sqrt(math.pi * seeds)


_NOISES = [(1.0, 1), (0.2, 4), (3.0, 10)]

_CURSE = (
    Mistake("sign", lambda sigma, seeds: -_curse(sigma, seeds),
            "The right size; but it asks by how much the lower one flatters, a positive number."),
    Mistake("one run", lambda sigma, seeds: sigma / math.sqrt(math.pi),
            "That is for one seed. The mean over seeds has a deviation of sigma / sqrt(seeds)."),
    Mistake("the seeds' root forgotten", lambda sigma, seeds: sigma / seeds / math.sqrt(math.pi),
            "The deviation of a mean falls with the root of the number of seeds."),
    Mistake("mean of the difference's size",
            lambda sigma, seeds: 2 * sigma / math.sqrt(math.pi * seeds),
            "That is how far apart the two are. The lower one lies half of it below their middle."),
    Mistake("the difference's root forgotten",
            lambda sigma, seeds: sigma / math.sqrt(2 * math.pi * seeds),
            "The difference of two measurements has sqrt(2) times the deviation of one."),
    Mistake("half-normal", lambda sigma, seeds: sigma * math.sqrt(2 / (math.pi * seeds)),
            "That is E|x| of one of them. The difference of two has a deviation of sqrt(2) times "
            "theirs, and the lower one lies half of its size below the middle."),
)


def _tasks(level):
    return math.ceil(round(1 - math.log2(level), 9))


_LEVELS = [0.05, 0.01, 0.25, 0.001, 0.5]

_TASKS = (
    Mistake("one side", lambda level: math.ceil(round(-math.log2(level), 9)),
            "It forgets that B might have won them all: you would have said that, too."),
    Mistake("one more", lambda level: math.ceil(round(2 - math.log2(level), 9)),
            "One more than is needed: the chance is 2 times one half to the number of tasks."),
    Mistake("not whole", lambda level: 1 - math.log2(level), "Tasks are whole numbers: round up."),
    Mistake("rounded down", lambda level: math.floor(round(1 - math.log2(level), 9)),
            "It rounds down: the chance is still above the level."),
)

EXERCISES = {
    "profile": Exercise(_profile, lambda answer: [
        (f"on a table of {len(losses)} methods, factor {factor}", answer(losses.copy(), factor))
        for losses in _LOSSES for factor in (1.0, 1.2, 2.0)], _PROFILE),
    "report": Exercise(_report, lambda answer: [
        (f"on {len(validation)} settings, {validation.shape[1]} seeds",
         answer(validation.copy(), test.copy())) for validation, test in _RUNS], _REPORT),
    "needed": Exercise(_needed, on(*_QUESTIONS), _NEEDED),
    "curse": Exercise(_curse, on(*_NOISES), _CURSE),
    "tasks": Exercise(_tasks, on(*((level,) for level in _LEVELS)), _TASKS),
}

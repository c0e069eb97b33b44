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


_LOSSES = [np.array([[1.0, 4.0, 0.30, 2.0], [1.5, 2.0, 0.35, 8.0], [3.0, 2.1, 0.90, 2.3]]),
           np.array([[0.5, 0.1], [0.25, 0.4]]), np.array([[3.0, 5.0, 7.0]]),
           np.array([[0.7, np.inf, 6.0], [np.inf, 40.0, 1.5], [0.9, 50.0, 1.6], [2.0, 70.0, 4.0]])]


def _profiles(answer):
    for losses in _LOSSES:
        for factor in (1.0, 1.2, 2.0, 3.5):
            yield f"on the losses {losses.tolist()}, factor {factor:g}", answer(
                losses.copy(), factor)


_AGAINST = "With which loss is each one compared?"
_OWN = "Divide by the lowest loss on the same task."
_INSIDE = "Which losses are within the factor: what does your line say?"
_WITHIN = "Ask for losses <= factor * lowest, task by task."
_PROFILE = (
    Mistake("own best", _by_own_best,
            "It divides by the method's own best task. Losses of two tasks have no common unit.",
            _AGAINST, _OWN),
    Mistake("lowest of all", _by_lowest_of_all,
            "It divides by the lowest loss of the whole table; each task has its own.", _AGAINST,
            _OWN),
    Mistake("mean", _by_mean, "It compares with the task's mean.", _AGAINST, _OWN),
    Mistake("no best", lambda losses, factor: (losses <= factor).mean(1),
            "It compares the losses with the factor itself.", _AGAINST, _OWN),
    Mistake("factor added", lambda losses, factor: (losses <= losses.min(0) + factor).mean(1),
            "It adds the factor to the lowest loss.", _INSIDE, _WITHIN),
    Mistake("factor on the other side",
            lambda losses, factor: (factor * losses <= losses.min(0)).mean(1),
            "It multiplies the loss by the factor, not the lowest one: only winners at factor 1 "
            "pass.", _INSIDE, _WITHIN),
    Mistake("wins", _wins, "It counts wins whatever the factor: that is the profile at factor 1.",
            _INSIDE, _WITHIN),
    Mistake("a count", lambda losses, factor: _profile(losses, factor) * np.shape(losses)[1],
            "It counts tasks. The profile is their share.", "A number of tasks, or a share?",
            "Divide by the number of tasks."),
    Mistake("the share of the others", lambda losses, factor: 1 - _profile(losses, factor),
            "It gives the share of tasks outside the factor.", _INSIDE, _WITHIN),
    Mistake("strictly", _strictly,
            "At factor 1 the winner itself does not count.",
            "What of a loss that is just at the factor?", "Take `<=`."),
    Mistake("mean factor", lambda losses, factor: (losses / losses.min(0)).mean(1),
            "It averages the factors; the profile counts how many are at most `factor`.",
            "What becomes of an infinite loss in your mean?",
            "Ask for each whether it is within the factor, then take the share."),
    Mistake("factor over 1",
            lambda losses, factor: (losses <= (1 + factor) * losses.min(0)).mean(1),
            "It takes the factor for a surplus.",
            _INSIDE,
            _WITHIN),
    Mistake("the other side", lambda losses, factor: (losses >= factor * losses.min(0)).mean(1),
            "It counts the losses beyond the factor.",
            _INSIDE,
            _WITHIN),
    Mistake("failures left out",
            lambda losses, factor:
                np.array([(row <= factor * losses.min(0))[np.isfinite(row)].mean() for row in
                losses]),
            "It takes the share over the runs that did not fail. A failed one counts, as not "
            "within.",
            "How many tasks is your share a share of?",
            "Divide by the number of all tasks."),
    Mistake("against the worst", lambda losses, factor: (losses <= factor * losses.max(0)).mean(1),
            "It compares with the largest loss on each task.",
            _AGAINST,
            _OWN),
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
         (np.array([[0.4, 0.5, 0.5], [0.2, 0.3, 1.3], [0.9, 0.9, 1.0]]),
          np.array([[0.4, 0.6, 0.8], [0.2, 0.4, 1.1], [0.9, 0.8, 1.1]]))]

_CHOICE = "By which numbers is the setting chosen?"
_CHOOSE = "Choose by the mean over the seeds of the validation loss."
_NUMBER = "Which loss do you report?"
_MEAN = "Report the mean test loss of the chosen setting."
_REPORT = (
    Mistake("chosen by test", _by_test,
            "It chooses by the test loss, and so reports the luckiest setting, not the one that "
            "you would have chosen.", _CHOICE, _CHOOSE),
    Mistake("chosen by both", lambda validation, test: (
        test[(validation + test).mean(1).argmin()].mean()),
            "The test loss still has a say in the choice.", _CHOICE, _CHOOSE),
    Mistake("chosen by one run", _by_one_run,
            "It takes the setting of the single best run: one lucky seed decides.", _CHOICE,
            _CHOOSE),
    Mistake("chosen by the worst seed", lambda validation, test: (
        test[validation.max(1).argmin()].mean()),
            "It chooses by each setting's worst seed.", _CHOICE, _CHOOSE),
    Mistake("median of the test losses", lambda validation, test: np.median(
        test[validation.mean(1).argmin()]),
            "The choice is right; but it reports the median seed.", _NUMBER, _MEAN),
    Mistake("best seed", _best_seed,
            "The choice is right; but it reports the best seed, which nobody knows beforehand.",
            _NUMBER, _MEAN),
    Mistake("worst seed", lambda validation, test: test[validation.mean(1).argmin()].max(),
            "The choice is right; but it reports the worst seed.", _NUMBER, _MEAN),
    Mistake("a setting for each seed", _each_seed,
            "It chooses a setting for each seed. You want one setting, for seeds you have not "
            "seen.", "How many settings do you choose?", _CHOOSE),
    Mistake("a seed", lambda validation, test: test[:, validation.mean(0).argmin()].mean(),
            "It takes the mean over the settings and chooses a seed.",
            "Which axis holds the settings, and which the seeds?", _CHOOSE),
    Mistake("median", lambda validation, test: test[np.median(validation, 1).argmin()].mean(),
            "It chooses by the median seed.", _CHOICE, _CHOOSE),
    Mistake("the worst setting",
            lambda validation, test: test[validation.mean(1).argmax()].mean(),
            "It chooses the setting with the highest loss.", _CHOICE, "Take `argmin`."),
    Mistake("which setting", lambda validation, test: float(validation.mean(1).argmin()),
            "It gives the number of the setting, not its loss.", _NUMBER, _MEAN),
    Mistake("all settings", lambda validation, test: test.mean(),
            "It takes the mean over all settings: nothing is chosen.", _CHOICE, _CHOOSE),
    Mistake("validation", _validation,
            "It reports the validation loss by which it chose, the number that choosing has made "
            "too low.", _NUMBER, _MEAN),
    Mistake("one lucky run", lambda validation, test: test.ravel()[validation.argmin()],
            "It picks one run out of all, and reports that run alone.",
            _CHOICE,
            _CHOOSE),
)


def _needed(part, chance):
    return math.ceil(round(math.log(1 - chance) / math.log(1 - part), 9))


_QUESTIONS = [(0.05, 0.95), (0.1, 0.9), (0.5, 0.75), (0.2, 0.5), (0.01, 0.99), (0.3, 0.2),
              (0.5, 0.1)]


def _ratio(part, chance):
    return math.log(1 - chance) / math.log(1 - part)


_MISS = "What is the chance that all tries miss, and what may it be at most?"
_TRY = "Is the chance reached with so many tries, and not with one fewer?"
_CEIL = "Round up, to the least whole number that is enough."
_NEEDED = (
    Mistake("not whole", _ratio,
            "Right before rounding; but tries are whole numbers.", "Is it a whole number?", _CEIL),
    Mistake("rounded down", lambda part, chance: math.floor(round(_ratio(part, chance), 9)),
            "It rounds down: that many tries fall short of the chance asked for.", _TRY, _CEIL),
    Mistake("to the nearest", lambda part, chance: round(_ratio(part, chance)),
            "It rounds to the nearest: sometimes that falls short of the chance.", _TRY, _CEIL),
    Mistake("always one more", lambda part, chance: (
        math.floor(round(_ratio(part, chance), 9)) + 1),
            "It cuts off and adds one: one too many where the number is whole already.", _TRY,
            _CEIL),
    Mistake("chances added", lambda part, chance: math.ceil(round(chance / part, 9)),
            "It adds the chances of the tries, but two of them may both be good.", _MISS,
            "Multiply the chances of missing."),
    Mistake("one over the part", lambda part, chance: math.ceil(round(1 / part, 9)),
            "That is how long you wait on average, whatever the chance.", _MISS,
            "Ask for (1 - part)^k <= 1 - chance."),
    Mistake("for small parts", lambda part, chance: math.ceil(-math.log(1 - chance) / part),
            "It takes part for -log(1 - part), which is larger.", _MISS,
            "Divide by log(1 - part)."),
    Mistake("all of them", lambda part, chance: math.ceil(round(math.log(chance)
                                                                / math.log(part), 9)),
            "It asks that all tries be good; one is enough.", _MISS,
            "Ask for (1 - part)^k <= 1 - chance."),
    Mistake("the part itself", lambda part, chance: math.ceil(round(math.log(1 - chance)
                                                                    / math.log(part), 9)),
            "It takes `part` for the chance that a try misses.", _MISS,
            "A try misses with 1 - part."),
    Mistake("hits that never miss", lambda part, chance: math.ceil(
        round(math.log(chance) / math.log(1 - part), 9)),
            "It lets all tries miss with the chance that was asked for.", _MISS,
            "That is to be 1 - chance at most."),
    Mistake("upside down", lambda part, chance: math.ceil(round(1 / _ratio(part, chance), 9)),
            "The two logarithms stand upside down.",
            _MISS,
            "Divide log(1 - chance) by log(1 - part)."),
    Mistake("the part itself, as computed",
            lambda part, chance: math.ceil(math.log(1 - chance) / math.log(part)),
            "Below the line stands the chance to hit; here tries miss.",
            _MISS,
            "Divide by log(1 - part)."),
)


def _curse(sigma, seeds):
    return sigma / math.sqrt(math.pi * seeds)


_NOISES = [(1.0, 1), (0.2, 4), (3.0, 10)]

_OF_MEAN = "Which deviation has a mean over the seeds?"
_OF_TWO = "How far apart are the two on average, and where is the lower one?"
_HALF = "Take half the mean distance of the two, whose difference has sqrt(2) times the deviation."
_CURSE = (
    Mistake("sign", lambda sigma, seeds: -_curse(sigma, seeds),
            "The right size; but it asks by how much the lower one is too low.",
            "Is it a positive number?", "Turn the sign round."),
    Mistake("one run", lambda sigma, seeds: sigma / math.sqrt(math.pi),
            "That is for one seed.", _OF_MEAN, "Divide sigma by sqrt(seeds)."),
    Mistake("the seeds' root forgotten", lambda sigma, seeds: sigma / seeds / math.sqrt(math.pi),
            "It divides by the number of seeds.", _OF_MEAN, "Divide sigma by sqrt(seeds)."),
    Mistake("seeds multiply", lambda sigma, seeds: sigma * math.sqrt(seeds / math.pi),
            "It grows with the number of seeds.", _OF_MEAN, "Divide sigma by sqrt(seeds)."),
    Mistake("mean of the difference's size",
            lambda sigma, seeds: 2 * sigma / math.sqrt(math.pi * seeds),
            "That is how far apart the two are.", _OF_TWO,
            "The lower one lies half of it below their middle."),
    Mistake("the difference's root forgotten",
            lambda sigma, seeds: sigma / math.sqrt(2 * math.pi * seeds),
            "It gives the difference of the two the deviation of one.",
            "Which deviation has the difference of the two?", "It has sqrt(2) times that of one."),
    Mistake("half-normal", lambda sigma, seeds: sigma * math.sqrt(2 / (math.pi * seeds)),
            "That is the mean size of one of them.", _OF_TWO, _HALF),
    Mistake("a deviation", lambda sigma, seeds: sigma / math.sqrt(seeds),
            "That is the deviation of one measurement.", _OF_TWO, _HALF),
    Mistake("half a deviation of the difference",
            lambda sigma, seeds: sigma / math.sqrt(2 * seeds),
            "It takes the deviation of the difference for the mean of its size.", _OF_TWO,
            "The mean of |x| is sqrt(2/pi) times the deviation."),
    Mistake("pi outside the root", lambda sigma, seeds: sigma / (math.pi * math.sqrt(seeds)),
            "π has lost its root.",
            "Which of your factors stand under a root?",
            "Take the root of π."),
)


def _tasks(level):
    return math.ceil(round(1 - math.log2(level), 9))


_LEVELS = [0.05, 0.01, 0.25, 0.001, 0.5]

_CHANCE = "What is the chance that A wins all n, and that B does?"
_LEAST = "Is the chance at most `level` with so many tasks, and not with one fewer?"
_UP = "Round up, to the least whole number that is enough."
_BOTH = "Ask for 2 times one half to the power n to be at most `level`."
_TASKS = (
    Mistake("one side", lambda level: math.ceil(round(-math.log2(level), 9)),
            "It forgets that B might have won them all: you would have said that, too.", _CHANCE,
            _BOTH),
    Mistake("one more", lambda level: math.ceil(round(2 - math.log2(level), 9)),
            "One more than is needed.", _CHANCE, _BOTH),
    Mistake("strictly", lambda level: math.floor(round(1 - math.log2(level), 9)) + 1,
            "One too many where the chance just meets the level.", _LEAST, _UP),
    Mistake("not whole", lambda level: 1 - math.log2(level),
            "Right before rounding; but tasks are whole numbers.", "Is it a whole number?", _UP),
    Mistake("rounded down", lambda level: math.floor(round(1 - math.log2(level), 9)),
            "It rounds down: the chance is still above the level.", _LEAST, _UP),
    Mistake("to the nearest", lambda level: round(1 - math.log2(level)),
            "It rounds to the nearest: sometimes the chance is still above the level.", _LEAST,
            _UP),
    Mistake("natural logarithm", lambda level: math.ceil(1 - math.log(level)),
            "It takes the natural logarithm, as if a task were won by chance with 1/e.",
            "To which base is your logarithm?", "Take it to base 2."),
    Mistake("one over the level", lambda level: math.ceil(round(1 / level, 9)),
            "It takes the chance to fall like 1/n; it halves with every task.", _CHANCE, _BOTH),
    Mistake("chance halved", lambda level: math.ceil(round(-1 - math.log2(level), 9)),
            "The factor of the two sides is on the wrong side: it halves the chance.",
            _CHANCE,
            _BOTH),
    Mistake("the chance", lambda level: 2**(1 - level),
            "That is the chance for `level` tasks: the two have changed places.",
            "Is it a chance or a number of tasks?",
            "Solve 2 to the power 1 - n for n."),
    Mistake("level in per cent", lambda level: math.ceil(round(1 - math.log2(level / 100), 9)),
            "It divides `level` by 100; it is a share already.",
            "In which unit is `level`?",
            "Take it as it is."),
    Mistake("logarithm to base 10", lambda level: math.ceil(round(1 - math.log10(level), 9)),
            "It counts in powers of ten; a coin has two sides.",
            "To which base is your logarithm?",
            "Take log2."),
)

EXERCISES = {
    "profile": Exercise(_profile, _profiles, _PROFILE, gives="a share for each method"),
    "report": Exercise(_report, lambda answer: [
        (f"on {len(validation)} settings, {validation.shape[1]} seeds",
         answer(validation.copy(), test.copy())) for validation, test in _RUNS], _REPORT),
    "needed": Exercise(_needed, on(*_QUESTIONS), _NEEDED, gives="a whole number"),
    "curse": Exercise(_curse, on(*_NOISES), _CURSE),
    "tasks": Exercise(_tasks, on(*((level,) for level in _LEVELS)), _TASKS,
                      gives="a whole number"),
}

import gzip
import json
import math
from dataclasses import replace
from itertools import combinations, product

import numpy as np
import pytest

from descent.lab.experiments.benchmark import SCHEDULES, SPACES, TASKS
from descent.lab.judge import OPTIMIZER_NAMES, TASK_NAMES, Outcome, best_of, gap
from descent.widgets.chooser import NEAR, chooser, losses

TOLD = ["digits", "spelling", "cartpole"]
USED = ["sgd", "adam", "nadam", "lbfgs"]
COUNTS = (1, 2, 4)


def outcome(rng, settings):
    """Make up an Outcome: validation tells only part of what test will say, and some diverge."""
    test = np.exp(rng.normal(0, 1, (settings, 3)))
    validation = test * np.exp(rng.normal(0, 0.5, test.shape))
    lost = rng.random(settings) < 0.6
    lost[0] = False
    test[lost, 1] = validation[lost, 1] = np.inf
    tuning = {"validation_loss": validation, "test_loss": test}
    default = {name: np.exp(rng.normal(0, 1, 10)) for name in tuning}
    if rng.random() < 0.2:
        default = {name: np.where(np.arange(10) == 3, np.inf, x) for name, x in default.items()}
    return Outcome(default, tuning, {}, {}, 0, False, 1.0, 1)


def made_up(tasks=TOLD, optimizers=USED, settings=6):
    rng = np.random.default_rng(0)
    return {key: outcome(rng, settings) for key in product(tasks, optimizers, SCHEDULES)}


@pytest.fixture(scope="module")
def given():
    return made_up()


@pytest.fixture(scope="module")
def table(given):
    return losses(given, COUNTS)


@pytest.fixture(scope="module")
def widget(given):
    return chooser(given, COUNTS)


def places():
    return [(i, k, (task, name)) for i, name in enumerate(USED) for k, task in enumerate(TOLD)]


def test_under_one_schedule_it_is_the_best_of_so_many(given, table):
    assert table.shape == (3, 1 + len(COUNTS), len(USED), len(TOLD))
    for (s, schedule), (i, k, key) in product(enumerate(SCHEDULES), places()):
        one = given[*key, schedule]
        means = one.tuning["validation_loss"].mean(1), one.tuning["test_loss"].mean(1)
        assert table[s, 0, i, k] == one.default["test_loss"].mean()
        for t, tries in enumerate(COUNTS, start=1):
            assert table[s, t, i, k] == best_of(tries, *means)


def test_under_both_it_is_the_best_of_twice_as_many_runs(given, table):
    """Pick settings in every possible way, run each under both schedules, choose by validation."""
    for i, k, key in places():
        pair = [given[*key, schedule] for schedule in SCHEDULES]
        validation, test = ([one.tuning[name].mean(1) for one in pair]
                            for name in ("validation_loss", "test_loss"))
        for t, tries in enumerate(COUNTS, start=1):
            found = [min((validation[s][n], test[s][n]) for s in range(2) for n in pick)[1]
                     for pick in combinations(range(6), tries)]
            assert table[2, t, i, k] == pytest.approx(np.median(found))
        first = min(pair, key=lambda one: one.default["validation_loss"].mean())
        assert table[2, 0, i, k] == first.default["test_loss"].mean()


def test_what_is_drawn_is_that_table(widget, table):
    content = json.loads(json.dumps(widget.content, allow_nan=False))
    assert content["tasks"] == ["digits", "spelling", "CartPole"]
    assert content["optimizers"] == ["SGD", "Adam", "NAdam", "L-BFGS"]
    multiples = np.array(content["multiples"], dtype=float)  # None becomes NaN
    assert np.isnan(multiples[:, 0]).any()  # a default that diverges
    assert np.isnan(multiples[:, 1]).any()  # and one try, for most settings do
    lowest = table[:2, -1].min((0, 1))
    np.testing.assert_allclose(np.where(np.isnan(multiples), np.inf, multiples), table / lowest,
                               rtol=1e-4)
    assert (multiples[:2, -1].min((0, 1)) == 1).all()
    assert content["gaps"] == [round(gap(4, tasks), 3) for tasks in (1, 2, 3)]
    for s, t, k in product(*map(range, (3, 1 + len(COUNTS), len(TOLD)))):
        column = table[s, t, :, k]
        for i, loss in enumerate(column):
            lower, equal = (column < loss).sum(), (column == loss).sum()
            assert content["ranks"][s][t][i][k] == lower + (equal + 1) / 2
            assert content["near"][s][t][i][k] == (loss <= NEAR * column.min() < math.inf)


def test_with_all_tries_it_is_the_setting_that_tuning_chose(given):
    for (i, k, key), schedule in product(places(), SCHEDULES):
        one = given[*key, schedule].tuning
        chosen = one["validation_loss"].mean(1).argmin()
        found = losses(given, [6])[list(SCHEDULES).index(schedule), 1, i, k]
        assert found == one["test_loss"].mean(1)[chosen]


def test_the_whole_benchmark_is_light_and_in_its_order():
    outcomes = made_up(reversed(TASKS), reversed(SPACES), 16)
    made = chooser(outcomes)
    assert repr(made) == ("Chooser: 21 optimizers on 7 tasks, at defaults or with 1 to 16 tries")
    assert made.content["tasks"] == list(TASK_NAMES.values())
    assert made.content["optimizers"] == [OPTIMIZER_NAMES[name] for name in SPACES]
    assert set(TASK_NAMES) == set(TASKS)
    assert list(OPTIMIZER_NAMES)[:len(SPACES)] == list(SPACES)  # those beyond torch come after
    assert made.choice == [1, 3, *[1] * 7]
    for by_schedule in np.array(made.content["ranks"]):  # no two places of the slider look alike
        assert all((one != other).any() for one, other in combinations(by_schedule, 2))
    assert len(gzip.compress(made.page().encode())) < 40_000


def test_the_gap_is_that_of_the_tables():
    """The critical values of Demšar (2006), table 5a, times sqrt(k (k + 1) / 6 N)."""
    for k, value in ((2, 1.960), (4, 2.569), (8, 3.031), (10, 3.164)):
        assert gap(k, 7) == pytest.approx(value * math.sqrt(k * (k + 1) / 42), rel=1e-3)


def test_what_it_begins_with(given):
    shown = chooser(given, COUNTS, show={"schedule": "both", "tries": "defaults",
                                         "tasks": ["cartpole", "digits"]})
    assert shown.choice == [2, 0, 1, 0, 1]
    assert chooser(given, COUNTS).choice == [1, 2, 1, 1, 1]
    assert chooser(given, COUNTS, show={"tries": 4}).choice == [1, 3, 1, 1, 1]


def test_a_choice_can_be_set_but_one_task_must_stay(widget):
    widget.choice = [0, 1, 0, 1, 0]
    for wrong in ([0, 1, 0, 0, 0], [3, 1, 1, 1, 1], [0, 4, 1, 1, 1], [0, 1, 1, 1], [0, 1, 1, 2, 1]):
        with pytest.raises(ValueError, match="one of them 1, got "):
            widget.choice = wrong
    assert widget.choice == [0, 1, 0, 1, 0]


def spoilt(given, key, stage, name, value):
    one = given[key]
    losses = np.array(getattr(one, stage)[name])
    losses.flat[-1] = value
    return {**given, key: replace(one, **{stage: {**getattr(one, stage), name: losses}})}


KEY = "digits", "adam", "cosine"


@pytest.mark.parametrize(("change", "words"), [
    (lambda given: {}, "two optimizers or more, got \\[\\]"),
    (lambda given: {key: one for key, one in given.items() if key[1] == "adam"},
     "two optimizers or more, got \\['adam'\\]"),
    (lambda given: {key: one for key, one in given.items() if key != KEY},
     "must hold digits, adam, cosine"),
    (lambda given: {**given, ("digits", "lyon", "cosine"): given[KEY]}, "got .*'lyon'"),
    (lambda given: {**given, "digits": given[KEY]}, "got 'digits'"),
    (lambda given: spoilt(given, KEY, "tuning", "test_loss", math.nan),
     "digits, adam, cosine: test_loss of tuning must be positive, got nan"),
    (lambda given: spoilt(given, KEY, "default", "validation_loss", -1.0),
     "validation_loss of default must be positive, got -1"),
])
def test_bad_outcomes(given, change, words):
    with pytest.raises(ValueError, match=words):
        chooser(change(given), COUNTS)


def test_a_task_that_none_can_do(given):
    hopeless = {key: replace(one, tuning={name: np.full((6, 3), np.inf) for name in one.tuning})
                if key[0] == "spelling" else one for key, one in given.items()}
    with pytest.raises(ValueError, match="no optimizer reaches a finite loss on spelling"):
        chooser(hopeless, COUNTS)


@pytest.mark.parametrize(("arguments", "words"), [
    ({"tries": []}, r"tries must be rising whole numbers in \[1, 6\], got \[\]"),
    ({"tries": [1, 7]}, r"got \[1, 7\]"),
    ({"tries": [0, 1]}, r"got \[0, 1\]"),
    ({"tries": [2, 1]}, r"got \[2, 1\]"),
    ({"tries": [1.5, 2]}, r"got \[1\.5, 2\]"),
    ({"show": {"schedule": "sine"}}, "schedule must be one of .*'both'.*, got 'sine'"),
    ({"show": {"tries": 3}}, "tries must be one of .*'defaults', 1, 2, 4.*, got 3"),
    ({"show": {"tasks": []}}, r"tasks must be some of .*, got \[\]"),
    ({"show": {"tasks": "digits"}}, "got 'digits'"),
    ({"show": {"tasks": ["names"]}}, r"got \['names'\]"),
    ({"show": {"task": ["digits"]}}, r"must give schedule, tries or tasks, got \['task'\]"),
])
def test_bad_arguments(given, arguments, words):
    with pytest.raises(ValueError, match=words):
        chooser(given, **{"tries": COUNTS, **arguments})

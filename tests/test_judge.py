import itertools

import numpy as np
import pytest

from descent.lab.judge import (
    against,
    best_of,
    changing,
    differing,
    law,
    outcomes,
    profile,
    quantiles,
    ranks,
    redrawn,
    refused,
    summed,
    ties,
    turning,
)


def test_an_outcome_holds_what_its_results_say():
    measures = {"validation_loss": np.ones((3, 2)), "test_loss": np.ones((3, 2))}
    result = {"default": {"test_loss": np.ones(4)}, "tuning": measures,
              "final": {"test_loss": np.arange(4)}, "setting": {"lr": 0.2}, "chosen": 1,
              "at_edge": False, "memory": 2.0, "gradients": 50}
    (key, found), = outcomes({"digits/adam/cosine": result}).items()
    assert key == ("digits", "adam", "cosine")
    assert (found.chosen, found.setting, found.memory, found.gradients) == (1, {"lr": 0.2}, 2.0, 50)
    assert found.tuning is measures
    np.testing.assert_array_equal(found.final["test_loss"], [0, 1, 2, 3])
    assert found.runs == 6 + 4 + 4


def test_ties():
    noise = np.random.default_rng(0).normal(0, 0.1, 20)
    jitter = np.random.default_rng(1).normal(0, 0.01, (3, 20))
    losses = 1 + noise + jitter + np.array([[0.0], [0.001], [0.05]])
    np.testing.assert_array_equal(ties(losses), [True, True, False])  # pairing takes the noise out
    unpaired = losses.copy()
    unpaired[2] = np.roll(unpaired[2], 1)
    assert ties(unpaired)[2]
    losses[2, 0] = np.inf
    assert not ties(losses)[2]
    np.testing.assert_array_equal(ties(np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 3.0]])),
                                  [True, True, False])


def test_ties_mind_how_many_are_compared():
    """A difference of p = 0.03 is told alone, and not among seven others that are none."""
    rng = np.random.default_rng(0)
    best, apart = rng.normal(0, 1e-9, 10), rng.normal(0, 1, 10)
    apart = (apart - apart.mean()) / apart.std(ddof=1)
    apart = apart + 2.6 / np.sqrt(10)  # t = 2.6 with 9 degrees of freedom: p = 0.029
    assert not ties(np.array([best, apart]), 0.05)[1]
    none = [best + rng.normal(0, 1, 10) + 0.3 for _ in range(6)]
    assert ties(np.array([best, apart, *none]), 0.05)[1]


def test_the_lowest_of_equals_is_told_apart_in_a_twentieth_of_all_cases():
    """The lowest was picked by the same losses, so the level of each comparison must be lower."""
    cases = np.random.default_rng(0).normal(size=(400, 12, 10))
    assert 0.03 < np.mean([not ties(losses).all() for losses in cases]) < 0.07
    assert np.mean([not ties(losses, 0.05).all() for losses in cases]) > 0.09


def test_redrawn():
    rng = np.random.default_rng(0)
    flat = {"validation_loss": np.arange(4.0)[:, None] + np.zeros(3), "test_loss": np.zeros((4, 3))}
    seeded = flat | {"test_loss": np.tile([1.0, 2.0, 3.0], (4, 1))}
    steep = flat | {"test_loss": np.arange(4.0)[:, None] + np.zeros(3)}
    worse = {name: losses + 10 for name, losses in steep.items()}
    a, b, c = redrawn([[seeded], [seeded], [worse, steep]], 20_000, rng)
    np.testing.assert_array_equal(a, b)  # seeds are drawn for all alike
    assert a.std() == pytest.approx((2 / 3 / 3)**0.5, rel=0.02)
    for best in range(4):  # the best of four draws from four
        assert np.mean(c >= best) == pytest.approx(((4 - best) / 4)**4, abs=0.01)


def tuning(rng, settings=3, seeds=2):
    return {"validation_loss": rng.normal(size=(settings, seeds)),
            "test_loss": rng.normal(size=(settings, seeds))}


def found(schedules, rows, seeds):
    """What a lab that drew these settings and seeds reports."""
    validation, test = ([one[name][row, seeds].mean() for one in schedules for row in rows]
                        for name in ("validation_loss", "test_loss"))
    return test[int(np.argmin(validation))]


def equal_laws(one, pairs):
    """Whether a law is that of equally likely values."""
    values, chances = map(np.ravel, one)
    for value in pairs:
        assert chances[np.isclose(values, value)].sum() == pytest.approx(
            np.mean(np.isclose(pairs, value)))
    assert chances.sum() == pytest.approx(1)


@pytest.mark.parametrize("tries", [1, 2, 3])
def test_the_law_of_redrawing_is_that_of_every_draw(tries):
    rng = np.random.default_rng(0)
    schedules = [tuning(rng), tuning(rng)]
    rows, seeds = list(itertools.product(range(3), repeat=tries)), [[0, 0], [0, 1], [1, 0], [1, 1]]
    equal_laws(law(schedules, tries), [found(schedules, a, s) for a in rows for s in seeds])
    equal_laws(law(schedules, tries, seeds=False), [found(schedules, a, [0, 1]) for a in rows])


def test_the_law_of_a_difference_is_that_of_every_draw():
    rng = np.random.default_rng(0)
    a, b = tuning(rng), tuning(rng)
    rows, seeds = list(itertools.product(range(3), repeat=3)), [[0, 0], [0, 1], [1, 0], [1, 1]]
    equal_laws(differing(law([a]), law([b])), [found([a], i, s) - found([b], j, s)
                                               for i in rows for j in rows for s in seeds])
    equal_laws(changing(a, b), [found([a], i, s) - found([b], i, s) for i in rows for s in seeds])


def test_quantiles_and_the_chance_of_the_other_sign():
    values, chances = np.array([2.0, -1.0, 1.0, 0.0]), np.array([0.5, 0.02, 0.47, 0.01])
    np.testing.assert_array_equal(quantiles(values, chances), [0, 2])
    np.testing.assert_array_equal(quantiles(values, chances, [0.02, 0.03, 0.5, 1]), [-1, 0, 1, 2])
    assert turning(values, chances) == pytest.approx(0.06)
    assert turning(np.zeros(1), np.ones(1)) == 1


def test_the_law_of_a_sum_is_that_of_every_choice():
    rng = np.random.default_rng(0)
    terms = [(rng.integers(-40, 40, 5) / 4, rng.dirichlet(np.ones(5))) for _ in range(3)]
    values, chances = summed(terms, step=0.25)
    for value in values:
        assert chances[values == value].sum() == pytest.approx(sum(
            p * q * r for (a, p), (b, q), (c, r) in itertools.product(*(zip(*term, strict=True)
                                                                        for term in terms))
            if a + b + c == value), abs=1e-12)
    assert chances.sum() == pytest.approx(1)


def test_the_law_of_a_sum_keeps_means_and_bounds_what_is_infinite():
    one = np.array([0.123, -0.2678]), np.array([0.3, 0.7])
    values, chances = summed([one, one], step=0.1)
    assert values @ chances == pytest.approx(2 * np.dot(*one))
    values, chances = summed([(np.array([np.inf, 1.0]), np.array([0.1, 0.9])), one], reach=5.0)
    assert chances[values > 4].sum() == pytest.approx(0.1)
    assert values.max() < 5.2


def test_several_rivals_make_each_harder_to_tell():
    ours = np.zeros(10)
    spread = np.array([-1.0, 1.0] * 5) * np.sqrt(0.9)  # variance 1
    rival = spread + 2.6 / np.sqrt(10)  # t = 2.6 with 9 degrees of freedom: p = 0.029
    mean, half, told = against(ours, {"one": rival})["one"]
    assert (mean, half) == (pytest.approx(-0.822, abs=1e-3), pytest.approx(0.715, abs=1e-3))
    assert told
    both = against(ours, {"one": rival, "same": spread, "far": spread + 9})
    assert {name: told for name, (*_, told) in both.items()} == {
        "one": False, "same": False, "far": True}


def test_holm_stops_at_the_first_that_fails():
    np.testing.assert_array_equal(refused([0.03, 0.001, 0.02, 0.04]), [False, True, False, False])
    np.testing.assert_array_equal(refused([0.012, 0.016, 0.024, 0.05]), [True] * 4)


def test_profile_and_ranks():
    losses = np.array([[1.0, 4.0, 0.30], [1.5, 2.0, 0.36], [3.0, 2.0, np.inf]])
    np.testing.assert_allclose(profile(losses, [1.0, 1.2, 1.5, 2.0, 5.0]) * 3,
                               [[2, 2, 2, 3, 3], [1, 2, 3, 3, 3], [1, 1, 1, 1, 2]])
    np.testing.assert_array_equal(ranks(losses), [[1, 3, 1], [2, 1.5, 2], [3, 1.5, 3]])


@pytest.mark.parametrize("tries", [1, 2, 3, 5])
def test_best_of_is_the_median_over_all_picks(tries):
    rng = np.random.default_rng(tries)
    validation, test = rng.normal(size=(2, 5))
    picks = [list(pick) for pick in itertools.combinations(range(5), tries)]
    found = [test[pick][validation[pick].argmin()] for pick in picks]
    assert best_of(tries, validation, test) == pytest.approx(np.median(found))


def test_best_of_the_diverged_and_bad_input():
    assert best_of(1, [1.0, np.inf, np.inf], [2.0, np.inf, np.inf]) == np.inf
    assert best_of(3, [1.0, np.inf, np.inf], [2.0, np.inf, np.inf]) == 2.0
    for tries in (0, 4):
        with pytest.raises(ValueError, match=rf"tries must be in \[1, 3\], got {tries}"):
            best_of(tries, [1.0, 2.0, 3.0], [1.0, 2.0, 3.0])

import gzip
import math

import numpy as np
import pytest
from tables import unpacked

from descent import path, schedules, sgd
from descent.widgets.designer import (
    CURVATURES,
    DECADES,
    EVERY,
    FINE,
    MOMENTUM,
    SEEDS,
    SIGMA,
    START,
    floor,
    schedule_designer,
)

PEAKS = [0.01, 0.1, 1.0]


@pytest.fixture(scope="module")
def made():
    return schedule_designer(100, PEAKS)


def channels(widget, name, knob, peak):
    """Decode lr, momentum, floor and the losses of one setting, as the module does."""
    content, row = widget.content, 0
    runs = unpacked(content["table"])
    for family in content["schedules"]:
        if family["name"] == name:
            row += knob * len(PEAKS) + PEAKS.index(peak)
            lr, momentum, floors, *losses = (
                runs[channel][row] for channel in ("lr", "momentum", "floor", *content["losses"]))
            return (lr / FINE * peak, momentum / FINE, 10 ** (floors / DECADES),
                    10 ** (np.array(losses) / DECADES))
        row += len(family["labels"]) * len(PEAKS)
    raise KeyError(name)


@pytest.mark.parametrize(("name", "knob", "schedule", "memory"), [
    ("cosine", 2, lambda peak: schedules.cosine_annealing(peak, 100), lambda k: MOMENTUM),
    ("step", 1, lambda peak: schedules.step_lr(peak, 25, 1 / 3), lambda k: MOMENTUM),
    ("warm-up, cosine", 0, lambda peak: schedules.linear_warmup(
        schedules.cosine_annealing(peak, 95), 5, 0.01), lambda k: MOMENTUM),
    ("one-cycle", 1, lambda peak: schedules.one_cycle(peak, 100, 0.3),
     schedules.one_cycle_momentum(100, 0.3)),
    ("constant", 0, lambda peak: lambda k: peak, lambda k: MOMENTUM),
])
@pytest.mark.parametrize("peak", PEAKS)
def test_each_setting_is_that_run_alone(made, name, knob, schedule, memory, peak):
    lr, momentum, floors, losses = channels(made, name, knob, peak)
    marks = [*range(0, 100, EVERY), 99]
    expected = np.array([schedule(peak)(k) for k in marks])
    np.testing.assert_allclose(lr, expected, atol=peak / FINE)
    np.testing.assert_allclose(momentum, [memory(k) for k in marks], atol=1 / FINE)
    noise = iter(np.random.default_rng(0).normal(0, SIGMA, (100, SEEDS, len(START))))
    points = path(sgd, lambda p: CURVATURES * p + next(noise), np.tile(START, (SEEDS, 1)), 100,
                  lr=schedule(peak), momentum=memory)
    loss = 0.5 * (CURVATURES * points**2).mean(-1)[::EVERY].T
    np.testing.assert_allclose(losses, loss, rtol=10 ** (0.5 / DECADES) - 1 + 1e-6)
    assert floors[0] == pytest.approx(floor(expected[0], momentum[0]), rel=0.01)


def test_plateau_only_falls(made):
    lr = channels(made, "plateau", 0, 0.1)[0]
    assert (np.diff(lr) <= 0).all()
    assert lr[-1] < lr[0] == 0.1
    drops = np.flatnonzero(np.diff(lr))
    np.testing.assert_allclose(lr[drops + 1], lr[drops] / 3, atol=0.1 / FINE)


def test_the_floor_is_where_a_long_run_stays():
    rng = np.random.default_rng(1)
    for lr, momentum in ((0.1, 0.9), (1.0, 0.5)):
        points = path(sgd, lambda p: CURVATURES * p + rng.normal(0, SIGMA, p.shape),
                      np.zeros(len(CURVATURES)), 20_000, lr=lr, momentum=momentum)
        late = 0.5 * (CURVATURES * points[1000:]**2).mean()
        assert late == pytest.approx(floor(lr, momentum), rel=0.03)
    assert floor(4.0, 0.9) == math.inf


def test_it_is_light_and_says_what_it_is(made):
    assert len(gzip.compress(schedule_designer().page().encode())) < 150_000
    assert repr(made).startswith("Schedule designer: cosine, step")
    assert made.choice == [0, 2, 1, 13, 0, 1]
    shown = schedule_designer(100, PEAKS, show=({"schedule": "step", "knob": 0, "peak": 0.9},
                                                {"schedule": "plateau", "peak": 0.01}))
    assert shown.choice == [1, 0, 2, 12, 1, 0]


@pytest.mark.parametrize(("arguments", "words"), [
    ({"steps": 50}, r"steps must be a multiple of 20 in \[40, 1000\], got 50"),
    ({"steps": True}, "got True"),
    ({"peaks": [0.1]}, "peaks must be two to ten positive numbers"),
    ({"peaks": [0.1, -1.0]}, r"got \[0\.1, -1\.0\]"),
    ({"show": ({"schedule": "sine", "peak": 1.0},) * 2}, "show must give a schedule .* 'sine'"),
    ({"show": ({"schedule": "step", "peak": 1.0, "knob": 9},) * 2}, r"knob must be in \[0, 3\]"),
])
def test_bad_input(arguments, words):
    with pytest.raises(ValueError, match=words):
        schedule_designer(**arguments)


def test_what_the_chapter_says_of_its_playground():
    with np.errstate(all="ignore"):
        content = schedule_designer().content
    runs, settings = unpacked(content["table"]), [
        (family["name"], label, peak) for family in content["schedules"]
        for label in family["labels"] for peak in content["sizes"]]
    losses = 10 ** (np.array([runs[name] for name in content["losses"]]) / DECADES)
    # as the widget tells it: the mean of the last tenth of the steps
    ends = dict(zip(settings, losses[..., -10:].mean((0, 2)), strict=True))
    start = losses[0, 0, 0]

    def at(peak, *but):
        return {(name, label): end for (name, label, height), end in ends.items()
                if height == peak and name not in but}

    gentle = {"exponential", "polynomial", "1 / k"}
    assert {name for name, _ in sorted(at(0.1), key=at(0.1).get)[:3]} <= (
        gentle | {"climb × exponential"})
    assert ends["constant", "0", 0.01] == min(at(0.01).values())
    assert ends["constant", "0", 4.0] > 1e8 > start
    assert 0.5 * start < ends["cosine", "200", 4.0] < start
    warm = {label: end for (name, label), end in at(4.0).items() if name.startswith("warm-up")}
    assert list(warm) == ["10", "20", "50", "100"] == sorted(warm, key=warm.get)
    assert 1 / 1.05 < warm["10"] / ends["cosine", "200", 4.0] < 1.05  # "They end alike"
    falling = {key: end for key, end in at(4.0).items() if key[0] in gentle}
    assert max(falling.values()) < warm["10"]
    assert min(falling, key=falling.get) == ("1 / k", "2")
    assert falling["1 / k", "2"] == min(at(4.0).values())
    assert 10 / (1 + 4 / 2) < 3.8 == 2 * (1 + MOMENTUM) / CURVATURES.max()
    assert [key for key, end in at(10.0).items() if end < start] == [("1 / k", "2")]
    for peak in (0.1, 0.3, 1.0, 3.0):
        run = losses[:, settings.index(("cosine", "100", peak))]
        assert (EVERY * run.argmin(1) > 100).all()
        assert (EVERY * run.argmin(1) < 160).all()
        assert (run[:, -1] > 1.5 * run.min(1)).all()

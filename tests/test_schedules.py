import math
import warnings

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler, swa_utils

from descent import Optimizer, path, schedules, sgd
from descent.parity import schedules as schedule_parity
from descent.parity.schedules import BOUND, CASES, PLATEAUS, measure, plateau_apart, used
from descent.schedules import (
    chained,
    constant,
    cosine_annealing,
    cosine_warm_restarts,
    cyclic,
    exponential,
    lambda_lr,
    linear,
    linear_warmup,
    multi_step,
    multiplicative,
    one_cycle,
    one_cycle_momentum,
    plateau,
    polynomial,
    sequential,
    step_lr,
    swa_lr,
)

pytestmark = pytest.mark.filterwarnings("ignore:Detected call of")  # a test without gradients


@pytest.mark.parametrize("case", CASES, ids=[f"{k}-{case.name}" for k, case in enumerate(CASES)])
def test_every_step_uses_torchs_lr(case):
    for where, difference in measure(case).items():
        assert difference <= BOUND, where


@pytest.mark.parametrize("settings", PLATEAUS, ids=str)
def test_plateau_is_torchs(settings):
    assert plateau_apart(settings) == 0


def test_every_schedule_is_compared():
    compared = {case.name for case in CASES} | {"one_cycle_momentum", "cyclic_momentum", "plateau"}
    assert compared == set(schedules.__all__)


def test_every_scheduler_of_torch_is_compared():
    """One that torch adds stands in no list."""
    classes = {one.__name__ for module in (lr_scheduler, swa_utils) for one in vars(module).values()
               if isinstance(one, type) and (issubclass(one, lr_scheduler.LRScheduler)
                                             or one is lr_scheduler.ReduceLROnPlateau)}
    made = {name for name in classes - {"LRScheduler"} if not name.startswith("_")}
    assert made == set(schedule_parity.TORCHS)
    assert set(schedule_parity.TORCHS.values()) == set(schedules.__all__) - {
        "linear_warmup", "one_cycle_momentum", "cyclic_momentum"}  # parts, and one of two


@pytest.mark.parametrize(("wrong", "name"), [
    (step_lr(0.1, 11), "step_lr"), (cosine_annealing(0.1, 51), "cosine_annealing"),
    (lambda k: 0.1 * 0.9**(k + 1), "exponential"),
    (multiplicative(0.1, lambda k: 0.98), "multiplicative"),
    (lambda k: cosine_annealing(0.1, 15)(k), "sequential"),  # does not begin anew
    (chained(0.1, [exponential(1.0, 0.97)]), "chained"),
    (swa_lr(exponential(0.1, 0.9), 9, 0.05), "swa_lr"),
])
def test_a_wrong_schedule_is_seen(wrong, name):
    case = next(case for case in CASES if case.name == name)
    made = schedule_parity.Case("", {}, wrong, case.scheduler, case.steps)
    assert measure(made)["LambdaLR"] > 1e-3


@pytest.mark.filterwarnings("ignore:Detected call of")
def test_what_torchs_composites_refuse_ours_take():
    """A sequence within a sequence: torch's raises at the milestone, or is a step ahead."""
    halves = sequential([constant(1.0, 0.5, 3), exponential(1.0, 0.5)], [3])
    assert [sequential([halves, constant(1.0, 0.1, 9)], [5])(k) for k in range(7)] == [
        0.5, 0.5, 0.5, 1.0, 0.5, 0.1, 0.1]

    def first(optimizer):
        parts = [lr_scheduler.ConstantLR(optimizer, 0.5, 3), lr_scheduler.ExponentialLR(optimizer,
                                                                                      0.5)]
        return lr_scheduler.SequentialLR(optimizer, parts, [3])

    def last(optimizer):
        return lr_scheduler.ConstantLR(optimizer, 0.1, 9)

    ahead, _ = used(lambda optimizer: lr_scheduler.SequentialLR(
        optimizer, [first(optimizer), last(optimizer)], [5]), 7, lr=1.0)
    assert list(ahead[:5]) != [halves(k) for k in range(5)]
    with pytest.raises(NotImplementedError):
        used(lambda optimizer: lr_scheduler.SequentialLR(
            optimizer, [last(optimizer), first(optimizer)], [5]), 7, lr=1.0)


def test_the_table_says_the_same_on_every_machine():
    text = repr(schedule_parity.report())
    assert "within 1e-13" in text
    assert "e-16" not in text
    assert "plateau" in text
    assert " 0 of" not in text
    assert "e-1" in schedule_parity.report()._repr_html_()


@pytest.mark.parametrize(("schedule", "expected"), [
    (step_lr(1.0, 2, 0.5), [1, 1, 0.5, 0.5, 0.25]),
    (multi_step(1.0, [3, 1], 0.5), [1, 0.5, 0.5, 0.25, 0.25]),
    (exponential(1.0, 0.5), [1, 0.5, 0.25, 0.125, 0.0625]),
    (constant(1.0, 0.25, 2), [0.25, 0.25, 1, 1, 1]),
    (linear(1.0, 0.5, 1.0, 2), [0.5, 0.75, 1, 1, 1]),
    (polynomial(1.0, 4, 2.0), [1, 9 / 16, 1 / 4, 1 / 16, 0]),
    (cosine_annealing(1.0, 2, 0.5), [1, 0.75, 0.5, 0.75, 1]),
    (cosine_warm_restarts(1.0, 1, 3), [1, 1, 0.75, 0.25, 1]),
    (lambda_lr(2.0, lambda k: 0.5**k), [2, 1, 0.5, 0.25, 0.125]),
    (multiplicative(2.0, lambda k: 1 / k), [2, 2, 1, 1 / 3, 1 / 12]),
    (sequential([constant(1.0, 0.5, 9), exponential(1.0, 0.5)], [2]), [0.5, 0.5, 1, 0.5, 0.25]),
    (chained(2.0, [exponential(1.0, 0.5), constant(1.0, 0.5, 2)]), [1, 0.5, 0.5, 0.25, 0.125]),
    (swa_lr(exponential(1.0, 0.5), 1, 0.1, 2, "linear"), [1, 0.5, 0.3, 0.1, 0.1]),
    (linear_warmup(lambda k: 2.0 - k, 2, 0.5), [1.0, 1.5, 2.0, 1.0, 0.0]),
    (cyclic(0.0, 1.0, 1, 3), [0, 1, 2 / 3, 1 / 3, 0]),
    (cyclic(0.0, 1.0, 1, mode="triangular2"), [0, 1, 0, 0.5, 0]),
    (one_cycle(1.0, 5, 0.6, "linear", 4.0, 5.0), [0.25, 0.625, 1.0, 0.525, 0.05]),
    (one_cycle_momentum(5, 0.6, "linear"), [0.95, 0.9, 0.85, 0.9, 0.95]),
])
def test_by_hand(schedule, expected):
    assert [schedule(k) for k in range(5)] == pytest.approx(expected, abs=1e-15)


def test_one_cycle_takes_one_call_too_many_as_torch_does():
    schedule = one_cycle(0.1, 10)
    schedule(10)
    with pytest.raises(ValueError, match="step must be at most total_steps = 10, got 11"):
        schedule(11)
    with pytest.raises(ValueError, match="11 times"):
        used(lambda optimizer: lr_scheduler.OneCycleLR(optimizer, 0.1, 10), 12)


def test_plateau_reduces_at_the_look_behind_patience():
    lr, state, seen = 0.1, (), []
    for _ in range(8):
        lr, *state = plateau(lr, 1.0, *state, patience=5, factor=0.5)
        seen.append(lr)
    assert seen == [0.1] * 6 + [0.05] * 2


def test_plateau_never_reduces_a_negative_metric_that_stands_still():
    lr, state = 0.1, ()
    for _ in range(100):
        lr, *state = plateau(lr, -1.0, *state, patience=1)
    assert lr == 0.1


def test_a_schedule_drives_a_rule_and_our_optimizer_alike():
    schedule, steps = linear_warmup(cosine_annealing(0.1, 20), 5), 25
    points = path(sgd, lambda p: p, 1.0, steps, lr=schedule, momentum=0.9)
    p = torch.ones(1, dtype=torch.float64, requires_grad=True)
    optimizer = Optimizer([p], sgd, lr=1.0, momentum=0.9)
    scheduler = lr_scheduler.LambdaLR(optimizer, schedule)
    for k in range(steps):
        p.grad = p.detach().clone()
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            optimizer.step()
            scheduler.step()
        assert p.item() == pytest.approx(points[k + 1], rel=1e-13)


def test_momentum_schedules_drive_a_rule():
    momentum = one_cycle_momentum(20)
    points = path(sgd, np.ones_like, 0.0, 20, lr=0.1, momentum=momentum)
    p, b = 0.0, 0.0
    for k in range(20):
        b = momentum(k) * b + 1
        p -= 0.1 * b
        assert points[k + 1] == pytest.approx(p)


@pytest.mark.parametrize(("make", "words"), [
    (lambda: step_lr(0.1, 0), r"step_size must be a whole number >= 1, got 0"),
    (lambda: step_lr(-0.1, 5), r"lr must be >= 0, got -0\.1"),
    (lambda: step_lr("fast", 5), "lr must be a number, got 'fast'"),
    (lambda: exponential(0.1, math.nan), "gamma must be >= 0, got nan"),
    (lambda: constant(0.1, 1.5), r"factor must be in \[0, 1\], got 1\.5"),
    (lambda: linear(0.1, 0.0), r"start_factor must be in \(0, 1\], got 0\.0"),
    (lambda: linear(0.1, 0.5, 2.0), r"end_factor must be in \[0, 1\], got 2\.0"),
    (lambda: polynomial(0.1, 2.5), "total_iters must be a whole number >= 1, got 2.5"),
    (lambda: cosine_annealing(0.1, -1), "T_max must be a whole number >= 1, got -1"),
    (lambda: cosine_warm_restarts(0.1, 0), "T_0 must be .* got 0"),
    (lambda: cosine_warm_restarts(0.1, 5, 1.5), r"T_mult must be .* got 1\.5"),
    (lambda: cyclic(0.1, 1.0, mode="square"), "mode must be one of 'triangular', .* got 'square'"),
    (lambda: one_cycle(0.1, 0), "total_steps must be a whole number >= 1, got 0"),
    (lambda: one_cycle(0.1, 10, 1.5), r"pct_start must be in \[0, 1\], got 1\.5"),
    (lambda: one_cycle(0.1, 10, 0.1), r"pct_start and total_steps must .* got 0\.1 of 10"),
    (lambda: one_cycle(0.1, 10, 1.0), r"every part more than one step, .* got 1\.0 of 10"),
    (lambda: constant(0.1, 0.5, 0), "total_iters must be a whole number >= 1, got 0"),
    (lambda: one_cycle(0.1, 10, div_factor=0), "div_factor must be > 0, got 0"),
    (lambda: one_cycle(0.1, 10, anneal_strategy="sin"), "anneal_strategy must be one of .* 'sin'"),
    (lambda: plateau(0.1, 1.0, factor=1.0), r"factor must be below 1, got 1\.0"),
    (lambda: plateau(0.1, 1.0, mode="least"), "mode must be one of 'min', 'max', got 'least'"),
    (lambda: plateau(0.1, 1.0, threshold_mode="x"), "threshold_mode must be one of 'rel', 'abs'"),
])
def test_bad_arguments_are_named(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.parametrize(("make", "name"), [
    (lambda: linear_warmup(0.1, 5), "schedule"), (lambda: lambda_lr(0.1, 0.1), "lr_lambda"),
    (lambda: multiplicative(0.1, 0.1), "lr_lambda"), (lambda: sequential([0.1], []), "schedule"),
    (lambda: chained(0.1, [0.1]), "factor"), (lambda: swa_lr(0.1, 3, 0.05), "schedule")])
def test_what_is_no_schedule_is_named(make, name):
    with pytest.raises(TypeError, match=rf"{name} must be a function .* got 0\.1"):
        make()


@pytest.mark.parametrize("milestones", [[], [3, 2], [1, 2, 3]])
def test_milestones_are_one_fewer_and_in_order(milestones):
    with pytest.raises(ValueError, match=r"milestones must be 2 step numbers in order, .* got \["):
        sequential([abs, abs, abs], milestones)


@pytest.mark.parametrize(("name", "allowed", "refused"), [
    *((name, [1, 7], [0, -1, 1.5]) for name in sorted(schedules._WHOLE)),
    *((name, [1e-9, 30.0], [0.0, -1e-9]) for name in sorted(schedules._POSITIVE)),
    *((name, [0.0, 0.5, 1.0], [-1e-9, 1 + 1e-9])
      for name in sorted(schedules._PARTS - {"start_factor"})),
    *((name, [0, 7], [-1, 0.5]) for name in sorted(schedules._COUNTS)),
    ("start_factor", [1e-9, 1.0], [0.0, 1 + 1e-9]),
    ("lr", [0.0, 1e-9, 1e3], [-1e-9, True, "0.1", None]), ("gamma", [0.0, 2.0], [-1e-9])])
def test_bounds_are_where_they_are_said_to_be(name, allowed, refused):
    for value in allowed:
        schedules._check(**{name: value})
    for value in refused:
        with pytest.raises(ValueError, match=f"{name} must be .*, got"):
            schedules._check(**{name: value})

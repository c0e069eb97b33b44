"""Learning rates that change: each schedule is a function of the step number 0, 1, 2, …

    lr = cosine_annealing(0.1, T_max=50)        # lr(0) = 0.1, lr(25) = 0.05, lr(50) = 0

Arguments have torch's names and defaults, and the schedule returns what torch's scheduler has set
after that many calls of its `step()`. A schedule drives `descent.path` as it is, and a torch
optimizer of lr 1 through `torch.optim.lr_scheduler.LambdaLR`. Only `plateau` must see how training
goes; it is a state machine of a rule's shape.

Every function raises a ValueError (a TypeError for what should be a function) that names the
argument, its value and what is allowed.
"""

import math
from bisect import bisect_right
from itertools import pairwise
from numbers import Integral, Real

__all__ = [
    "chained", "constant", "cosine_annealing", "cosine_warm_restarts", "cyclic", "cyclic_momentum",
    "exponential", "lambda_lr", "linear", "linear_warmup", "multi_step", "multiplicative",
    "one_cycle", "one_cycle_momentum", "plateau", "polynomial", "sequential", "step_lr", "swa_lr"]


def step_lr(lr, step_size, gamma=0.1):
    """lr times gamma after every `step_size` steps."""
    _check(lr=lr, step_size=step_size, gamma=gamma)
    return lambda k: lr * gamma ** (k // step_size)


def multi_step(lr, milestones, gamma=0.1):
    """lr times gamma at each of the milestones, which are step numbers."""
    milestones = sorted(milestones)
    _check(lr=lr, gamma=gamma)
    return lambda k: lr * gamma ** bisect_right(milestones, k)


def exponential(lr, gamma):
    """lr times gamma after every step."""
    _check(lr=lr, gamma=gamma)
    return lambda k: lr * gamma**k


def constant(lr, factor=1 / 3, total_iters=5):
    """lr times `factor` for `total_iters` steps, then lr."""
    _check(lr=lr, factor=factor, total_iters=total_iters)
    return lambda k: lr * (factor if k < total_iters else 1.0)


def linear(lr, start_factor=1 / 3, end_factor=1.0, total_iters=5):
    """lr times a factor that goes in a straight line for `total_iters` steps, and then stays."""
    _check(lr=lr, start_factor=start_factor, end_factor=end_factor, total_iters=total_iters)
    return lambda k: lr * (
        start_factor + (end_factor - start_factor) * min(k, total_iters) / total_iters)


def polynomial(lr, total_iters=5, power=1.0):
    """lr times the part of `total_iters` that is left, to a power; 0 from then on."""
    _check(lr=lr, total_iters=total_iters, power=power)
    return lambda k: lr * (1 - min(k, total_iters) / total_iters)**power


def cosine_annealing(lr, T_max, eta_min=0.0):
    """Half a cosine from lr down to `eta_min` in `T_max` steps; then up again, and so on.

    Source: Loshchilov and Hutter (2017), equation 5, without restarts.
    """
    _check(lr=lr, T_max=T_max, eta_min=eta_min)
    return lambda k: eta_min + (lr - eta_min) * (1 + math.cos(math.pi * k / T_max)) / 2


def cosine_warm_restarts(lr, T_0, T_mult=1, eta_min=0.0):
    """Half cosines from lr to `eta_min`: the first of `T_0` steps, each `T_mult` times the last.

    Source: Loshchilov and Hutter (2017), equation 5.
    """
    _check(lr=lr, T_0=T_0, T_mult=T_mult, eta_min=eta_min)

    def schedule(k):
        length = T_0
        while k >= length:
            k, length = k - length, length * T_mult
        return cosine_annealing(lr, length, eta_min)(k)

    return schedule


def lambda_lr(lr, lr_lambda):
    """lr times what a function of the step number says."""
    _check(lr=lr)
    _callable(lr_lambda=lr_lambda)
    return lambda k: lr * lr_lambda(k)


def multiplicative(lr, lr_lambda):
    """lr times what the function says of 1, 2, … up to the step, one factor after another.

    As in torch it is never asked about 0.
    """
    _check(lr=lr)
    _callable(lr_lambda=lr_lambda)
    return lambda k: lr * math.prod(lr_lambda(i) for i in range(1, k + 1))


def sequential(schedules, milestones):
    """One schedule after another: each begins anew, from its own 0, at its milestone.

    Unlike torch's SequentialLR this takes any schedule at any place, also one made by `sequential`
    or `chained`, which there raise or run a step ahead. Milestones are step numbers in order.
    """
    for schedule in schedules:
        _callable(schedule=schedule)
    if len(milestones) != len(schedules) - 1 or sorted(milestones) != list(milestones):
        raise ValueError(f"milestones must be {len(schedules) - 1} step numbers in order, one "
                         f"fewer than schedules, got {milestones!r}")
    starts = [0, *milestones]

    def schedule(k):
        i = bisect_right(milestones, k)
        return schedules[i](k - starts[i])

    return schedule


def chained(lr, factors):
    """lr times the product of all the factors, which are schedules made for an lr of 1.

    torch's ChainedScheduler is that only of schedulers that multiply what they find; one that sets
    lr outright (LambdaLR, warm restarts, one cycle, cyclic) erases those before it.
    """
    _check(lr=lr)
    for factor in factors:
        _callable(factor=factor)
    return lambda k: lr * math.prod(factor(k) for factor in factors)


def swa_lr(schedule, start, swa_lr, anneal_epochs=10, anneal_strategy="cos"):
    """A schedule up to step `start`; from there in `anneal_epochs` steps to `swa_lr`, and stay.

    torch's SWALR, made beforehand and stepped in place of the first scheduler once `start` is past:
    the rate at which the points are then averaged.
    """
    _callable(schedule=schedule)
    _check(swa_lr=swa_lr, start=start, anneal_epochs=anneal_epochs)
    _one_of("anneal_strategy", anneal_strategy, ("cos", "linear"))

    def then(k):
        done = min(1.0, max(0, k - start) / max(1, anneal_epochs))
        if anneal_strategy == "cos":
            done = (1 - math.cos(math.pi * done)) / 2
        return schedule(min(k, start)) + (swa_lr - schedule(start)) * done

    return then


def linear_warmup(schedule, total_iters, start_factor=1 / 3):
    """A straight climb to `schedule(0)` in `total_iters` steps, then that schedule from its 0.

    The first step has `start_factor` of it. Like torch's LinearLR and a second scheduler in a
    SequentialLR.
    """
    _callable(schedule=schedule)
    climb = linear(1.0, start_factor, 1.0, total_iters)
    return sequential([lambda k: climb(k) * schedule(0), schedule], [total_iters])


def cyclic(base_lr, max_lr, step_size_up=2000, step_size_down=None, mode="triangular", gamma=1.0):
    """Up from `base_lr` to `max_lr` in `step_size_up` steps, down in `step_size_down`, and again.

    The height stays ("triangular"), is halved after every cycle ("triangular2"), or is multiplied
    by gamma at every step ("exp_range"). Source: Smith (2017).
    """
    _check(base_lr=base_lr, max_lr=max_lr)
    height = _triangles(step_size_up, step_size_down, mode, gamma)
    return lambda k: base_lr + (max_lr - base_lr) * height(k)


def cyclic_momentum(base_momentum=0.8, max_momentum=0.9, step_size_up=2000, step_size_down=None,
                    mode="triangular", gamma=1.0):
    """The momentum (or beta1) of torch's CyclicLR: lowest where lr is highest."""
    _check(base_momentum=base_momentum, max_momentum=max_momentum)
    height = _triangles(step_size_up, step_size_down, mode, gamma)
    return lambda k: max_momentum - (max_momentum - base_momentum) * height(k)


def _triangles(up, down, mode, gamma):
    down = up if down is None else down
    _check(step_size_up=up, step_size_down=down, gamma=gamma)
    scales = {"triangular": lambda cycle, k: 1.0, "triangular2": lambda cycle, k: 0.5**cycle,
              "exp_range": lambda cycle, k: gamma**k}
    _one_of("mode", mode, scales)

    def height(k):
        cycle, k_in = divmod(k, up + down)
        return scales[mode](cycle, k) * (k_in / up if k_in <= up else (up + down - k_in) / down)

    return height


def one_cycle(max_lr, total_steps, pct_start=0.3, anneal_strategy="cos", div_factor=25.0,
              final_div_factor=1e4, three_phase=False):
    """From max_lr / div_factor up to max_lr, then down to the start / final_div_factor.

    The climb takes the part `pct_start` of `total_steps`. With `three_phase` the way down first
    goes back to the start as fast as it came. The last of `total_steps` steps is number
    total_steps - 1; as in torch, one step more gives a number, and the next a ValueError.
    Source: Smith and Topin (2018), in the form of the library fastai.
    """
    _check(max_lr=max_lr, div_factor=div_factor, final_div_factor=final_div_factor)
    start = max_lr / div_factor
    middle = [start] if three_phase else []
    return _legs([start, max_lr, *middle, start / final_div_factor], total_steps, pct_start,
                 anneal_strategy)


def one_cycle_momentum(total_steps, pct_start=0.3, anneal_strategy="cos", base_momentum=0.85,
                       max_momentum=0.95, three_phase=False):
    """The momentum (or beta1) of torch's OneCycleLR: lowest where lr is highest."""
    _check(base_momentum=base_momentum, max_momentum=max_momentum)
    middle = [max_momentum] if three_phase else []
    return _legs([max_momentum, base_momentum, *middle, max_momentum], total_steps, pct_start,
                 anneal_strategy)


def _legs(values, total_steps, pct_start, anneal_strategy):
    """Return the schedule that goes from each value to the next, by a cosine or a line."""
    _check(total_steps=total_steps, pct_start=pct_start)
    _one_of("anneal_strategy", anneal_strategy, ("cos", "linear"))
    ends = [leg * pct_start * total_steps - leg for leg in range(1, len(values) - 1)]
    ends = [0.0, *ends, total_steps - 1]
    if any(a == b for a, b in pairwise(ends)):
        raise ValueError(f"pct_start and total_steps must give every part more than one step, or "
                         f"none, got {pct_start!r} of {total_steps}")

    def schedule(k):
        if k > total_steps:
            raise ValueError(f"step must be at most total_steps = {total_steps}, got {k}")
        leg = next(i for i, end in enumerate(ends[1:]) if k <= end or i == len(ends) - 2)
        done = (k - ends[leg]) / (ends[leg + 1] - ends[leg])
        if anneal_strategy == "cos":
            done = (1 - math.cos(math.pi * done)) / 2
        return values[leg] + (values[leg + 1] - values[leg]) * done

    return schedule


def plateau(lr, metric, best=None, bad=0, cooling=0, *, mode="min", factor=0.1, patience=10,
            threshold=1e-4, threshold_mode="rel", cooldown=0, min_lr=0.0, eps=1e-8):
    """Look at one metric; return the new lr, the best so far, bad looks in a row, rest to come.

    Used so, from state = (): `lr, *state = plateau(lr, metric, *state, patience=3)`. A look is
    bad if the metric is not better than the best by the threshold; NaN is bad. After more than
    `patience` bad looks in a row, lr is multiplied by `factor`, but not below `min_lr`, and not if
    that would change it by eps or less; then `cooldown` looks do not count.
    Source: torch's ReduceLROnPlateau.
    """
    _check(lr=lr, factor=factor, min_lr=min_lr, eps=eps)
    if factor == 1:
        raise ValueError(f"factor must be below 1, got {factor!r}")
    _one_of("mode", mode, ("min", "max"))
    _one_of("threshold_mode", threshold_mode, ("rel", "abs"))
    sign = 1 if mode == "min" else -1
    if best is None:
        best = sign * math.inf
    goal = best * (1 - sign * threshold) if threshold_mode == "rel" else best - sign * threshold
    if sign * metric < sign * goal:
        best, bad = metric, 0
    else:
        bad += 1
    if cooling > 0:
        cooling, bad = cooling - 1, 0
    if bad > patience:
        lower = max(lr * factor, min_lr)
        lr = lower if lr - lower > eps else lr
        cooling, bad = cooldown, 0
    return lr, best, bad, cooling


_COUNTS = {"start", "anneal_epochs"}
_WHOLE = {"step_size", "total_iters", "T_max", "T_0", "T_mult", "step_size_up", "step_size_down",
          "total_steps"}
_POSITIVE = {"div_factor", "final_div_factor"}
_PARTS = {"pct_start", "factor", "start_factor", "end_factor", "base_momentum", "max_momentum"}


def _check(**arguments):
    for name, value in arguments.items():
        if isinstance(value, bool) or not isinstance(value, Real):
            allowed = "a number"
        elif name in _WHOLE:
            allowed = "" if isinstance(value, Integral) and value >= 1 else "a whole number >= 1"
        elif name in _COUNTS:
            allowed = "" if isinstance(value, Integral) and value >= 0 else "a whole number >= 0"
        elif name in _POSITIVE:
            allowed = "" if value > 0 else "> 0"
        elif name == "start_factor":
            allowed = "" if 0 < value <= 1 else "in (0, 1]"
        elif name in _PARTS:
            allowed = "" if 0 <= value <= 1 else "in [0, 1]"
        else:
            allowed = "" if value >= 0 else ">= 0"
        if allowed:
            raise ValueError(f"{name} must be {allowed}, got {value!r}")


def _callable(**arguments):
    for name, value in arguments.items():
        if not callable(value):
            raise TypeError(f"{name} must be a function of the step number, got {value!r}")


def _one_of(name, value, allowed):
    if value not in allowed:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")

"""The schedule designer: two learning-rate schedules, and what SGD makes of them in noise.

Every setting is computed beforehand by the course's own schedules and rule, as one batched run.
"""

import math

import numpy as np

from descent import schedules
from descent.book.plots import COLORS
from descent.driver import walk
from descent.rules import sgd
from descent.widgets.widget import Widget, module, packed

__all__ = ["CURVATURES", "Designer", "floor", "schedule_designer"]

CURVATURES = np.repeat([1.0, 0.05], 20)
SIGMA, START = 0.3, np.repeat([3.0, 10.0], 20)
SEEDS, EVERY, LOOK = 3, 2, 10
MOMENTUM = 0.9
DECADES, FINE = 200, 20_000  # a loss is rounded to this part of a decade, lr to this part of a peak
PEAKS = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 4.0, 10.0]
SECOND = {"schedule": "constant", "knob": 0, "peak": 0.1}


def floor(lr, momentum):
    """Return the excess loss at which SGD with this lr and momentum stays on the bowl.

    The mean over the bowl's axes of the noise floor of heavy-ball momentum; infinite where a run
    at that lr diverges. Arrays broadcast.
    """
    lr, momentum = np.asarray(lr)[..., None], np.asarray(momentum)[..., None]
    room = 2 + 2 * momentum - lr * CURVATURES
    with np.errstate(divide="ignore"):
        each = lr * SIGMA**2 / (1 - momentum) * (1 + momentum) / (2 * room)
    return np.where(room > 0, each, math.inf).mean(-1)


def schedule_designer(steps=200, peaks=PEAKS, *, show=None):
    """Return the widget: two schedules, each with a knob and a peak, on one noisy bowl.

    The bowl has 20 axes of curvature 1 and 20 of 0.05, the loss is their mean, and gradients have
    noise of deviation 0.3; three seeds, the same for all settings; momentum is 0.9 unless the
    schedule moves it. Plateau looks at the mean loss of the seeds, every ten steps. `show` holds
    the settings to begin with, as a pair of dicts of `schedule`, `knob` (its number, from 0) and
    `peak`.

    Raises ValueError for steps that are no multiple of 20 in [40, 1000], peaks that are not two to
    ten positive numbers, or a setting to show that there is not.
    """
    if isinstance(steps, bool) or steps not in range(40, 1001, 20):
        raise ValueError(f"steps must be a multiple of 20 in [40, 1000], got {steps!r}")
    peaks = [float(peak) for peak in peaks]
    if not (2 <= len(peaks) <= 10 and all(0 < peak < math.inf for peak in peaks)):
        raise ValueError(f"peaks must be two to ten positive numbers, got {peaks!r}")
    return Designer(steps, peaks, show or ({"schedule": "cosine", "peak": 0.1}, SECOND))


class Designer(Widget):
    """The widget; `choice` holds schedule, knob and peak of the first, then of the second."""

    _esm = module("designer")

    def __init__(self, steps, peaks, show):
        self._steps, families = steps, _families(steps)
        choice = [number for one in show for number in _shown(one, families, peaks)]
        super().__init__(choice=choice, content=_content(steps, peaks, families))

    def __repr__(self):
        names = ", ".join(family["name"] for family in self.content["schedules"])
        return f"Schedule designer: {names}; {self._steps} steps"


def _families(steps):
    """Return each schedule by name: its knob, the knob's values, and what makes it.

    `make(peak, value)` returns lr as a function of the step, or for "plateau" its patience.
    """
    return {
        "cosine": ("T_max", [steps // 4, steps // 2, steps, 2 * steps],
                   schedules.cosine_annealing),
        "step": ("steps between drops to a third",
                 [steps // 2, steps // 4, steps // 10, steps // 20],
                 lambda peak, size: schedules.step_lr(peak, size, 1 / 3)),
        "exponential": ("gamma", [0.995, 0.99, 0.98, 0.95], schedules.exponential),
        "1 / k": ("steps until it is halved", [2, steps // 20, steps // 4],
                          lambda peak, half: lambda k: peak / (1 + k / half)),
        "polynomial": ("power", [0.5, 1.0, 2.0, 4.0],
                       lambda peak, power: schedules.polynomial(peak, steps, power)),
        "warm-up, cosine": ("steps of warm-up", [steps // 20, steps // 10, steps // 4, steps // 2],
                            lambda peak, warm: schedules.linear_warmup(
                                schedules.cosine_annealing(peak, steps - warm), warm, 0.01)),
        "hold, then line": ("steps of the fall", [steps // 20, steps // 5, steps // 2],
                            lambda peak, fall: schedules.sequential(
                                [lambda k: peak, schedules.linear(peak, 1.0, 0.0, fall)],
                                [steps - fall])),
        "climb × exponential": ("steps of the climb", [steps // 20, steps // 4],
                                lambda peak, climb: schedules.chained(
                                    peak, [schedules.linear(1.0, 0.01, 1.0, climb),
                                           schedules.exponential(1.0, 0.99)])),
        "to a low rate (SWA)": ("start", [steps // 4, steps // 2, 3 * steps // 4],
                                lambda peak, start: schedules.swa_lr(
                                    lambda k: peak, start, 0.1 * peak, steps // 10)),
        "cyclic": ("step_size_up", [steps // 20, steps // 8, steps // 4],
                   lambda peak, up: schedules.cyclic(0.1 * peak, peak, up)),
        "restarts": ("T_0", [steps // 10, steps // 4, steps // 2],
                          schedules.cosine_warm_restarts),
        "one-cycle": ("pct_start", [0.1, 0.3, 0.5, 0.8],
                      lambda peak, part: schedules.one_cycle(peak, steps, part)),
        "plateau": ("patience", [0, 1, 3], lambda peak, patience: patience),
        "constant": ("", [0], lambda peak, _: lambda k: peak),
    }


def _shown(one, families, peaks):
    """Return the numbers of schedule, knob and peak of a setting to show."""
    one = {"knob": None, **one}
    if set(one) != {"schedule", "knob", "peak"} or one["schedule"] not in families:
        raise ValueError(f"show must give a schedule ({', '.join(families)}), a peak and perhaps "
                         f"the number of a knob's value, got {one!r}")
    values = families[one["schedule"]][1]
    knob = len(values) // 2 if one["knob"] is None else one["knob"]
    if not (isinstance(knob, int) and 0 <= knob < len(values)):
        raise ValueError(f"show: knob must be in [0, {len(values) - 1}], got {knob!r}")
    peak = int(np.abs(np.log(np.array(peaks) / one["peak"])).argmin())
    return list(families).index(one["schedule"]), knob, peak


def _content(steps, peaks, families):
    """Return what the module draws: every setting's lr, momentum and losses."""
    settings = [(name, value, peak) for name, (_, values, _) in families.items()
                for value in values for peak in peaks]
    with np.errstate(all="ignore"):
        lr, momentum, losses = _runs(steps, settings, families)
        floors = np.log10(np.minimum(floor(lr, momentum), 1e9))
        losses = np.log10(np.clip(np.nan_to_num(losses, nan=1e9), 1e-9, 1e9))
    shares = lr / np.array([peak for *_, peak in settings])[:, None]
    by_seed = {f"loss {seed}": DECADES * loss for seed, loss in enumerate(losses, start=1)}
    channels = {"lr": FINE * shares, "momentum": FINE * momentum,
                "floor": DECADES * np.maximum(floors, -9), **by_seed}
    return {
        "steps": steps, "every": EVERY, "losses": list(by_seed), "fine": FINE, "decades": DECADES,
        "schedules": [{"name": name, "knob": knob, "labels": [f"{value:g}" for value in values],
                       "momentum": name == "one-cycle"}
                      for name, (knob, values, _) in families.items()],
        "peaks": [f"{peak:g}" for peak in peaks], "sizes": peaks, "colors": list(COLORS[:2]),
        "table": packed({name: np.round(rows).astype(int) for name, rows in channels.items()}),
    }


def _runs(steps, settings, families):
    """Return lr and momentum (settings, marks) and losses (seeds, settings, marks).

    A mark is every `EVERY`-th step, from 0: lr and momentum are those that step uses, the loss is
    that before it.
    """
    made = [families[name][2](peak, value) for name, value, peak in settings]
    patience = np.array([name == "plateau" for name, *_ in settings])
    cycle = {part: schedules.one_cycle_momentum(steps, part)
             for part in families["one-cycle"][1]}
    state = {row: (settings[row][2],) for row in np.flatnonzero(patience)}

    def rates(k):
        return np.array([state[row][0] if patience[row] else schedule(k)
                         for row, schedule in enumerate(made)])[:, None, None]

    def memory(k):
        return np.array([cycle[value](k) if name == "one-cycle" else MOMENTUM
                         for name, value, _ in settings])[:, None, None]

    noise = iter(np.random.default_rng(0).normal(0, SIGMA, (steps, SEEDS, len(START))))
    p = np.broadcast_to(START, (len(settings), SEEDS, len(START)))
    marks = range(0, steps + 1, EVERY)
    points, seen = [p], np.zeros(len(settings))
    for step in walk(sgd, lambda p: CURVATURES * p + next(noise), p, steps, lr=rates,
                     momentum=memory):
        points.append(step.p)
        seen = seen + _loss(step.p).mean(1)
        if step.t % LOOK == 0:
            for row in state:
                state[row] = schedules.plateau(state[row][0], seen[row] / LOOK, *state[row][1:],
                                               factor=1 / 3, patience=made[row])
            seen = 0 * seen
        if step.t == 1:
            lr, momentum = [step.hyper["lr"]], [step.hyper["momentum"]]
        elif (step.t - 1) % EVERY == 0:
            lr.append(step.hyper["lr"])
            momentum.append(step.hyper["momentum"])
    lr.append(step.hyper["lr"])  # behind the last step: the lr it had
    momentum.append(step.hyper["momentum"])
    losses = np.moveaxis(_loss(np.stack([points[k] for k in marks])), 0, -1)
    return (np.concatenate(lr, axis=-1)[:, 0], np.concatenate(momentum, axis=-1)[:, 0],
            np.moveaxis(losses, 1, 0))


def _loss(p):
    return 0.5 * (CURVATURES * p**2).mean(-1)

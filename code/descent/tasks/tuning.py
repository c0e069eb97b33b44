"""The fair comparison: a setting is chosen on validation data, then judged once, on fresh seeds."""

from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np

from descent.tasks.fit import Fit, fit

__all__ = ["Choice", "Tuned", "choose", "tune"]


@dataclass(frozen=True)
class Choice:
    """What was chosen: `setting`, the `index`-th; `at_edge` tells that the grid was too narrow.

    `tried` is what training made of all settings on the tuning seeds, `losses` (settings, seeds)
    by what it was chosen, and `final` what training made of the choice alone on fresh seeds.
    """

    tried: object
    losses: np.ndarray
    index: int
    setting: dict
    at_edge: bool
    final: object


def choose(train, settings, *, tuning_seeds, final_seeds, shape=None,
           loss=attrgetter("validation_loss")):
    """Choose the setting of least mean loss over the tuning seeds; train it on fresh ones.

    `train(settings, seeds)` trains every setting, a dict of hyper-parameters, with every seed;
    `loss` of what it returns has the shape (settings, seeds). `shape` is that of the grid which
    the settings make, one axis if not given; a choice is at its edge if it is the first or last of
    an axis, unless the axis has one value. Raises ValueError if the two sets of seeds overlap.
    """
    tuning_seeds, final_seeds = list(tuning_seeds), list(final_seeds)
    if set(tuning_seeds) & set(final_seeds):
        raise ValueError(
            f"tuning_seeds and final_seeds must differ, got {tuning_seeds} and {final_seeds}")
    tried = train(settings, tuning_seeds)
    losses = np.asarray(loss(tried))
    index = int(losses.mean(1).argmin())
    shape = shape or (len(settings),)
    at_edge = any(size > 1 and k in (0, size - 1)
                  for k, size in zip(np.unravel_index(index, shape), shape, strict=True))
    return Choice(tried, losses, index, settings[index], at_edge,
                  train([settings[index]], final_seeds))


@dataclass(frozen=True)
class Tuned:
    """A tuned method: the grid's validation losses, the choice, and what it gave on fresh seeds.

    `validation` has shape (grid, tuning seeds); `final` is a `Fit` of shape (1, final seeds).
    """

    grid: np.ndarray
    validation: np.ndarray
    lr: float
    at_edge: bool
    final: Fit
    hyper: dict = field(default_factory=dict)


def tune(task, rule, grid, *, steps, batch_size=64, tuning_seeds=range(3),
         final_seeds=range(100, 105), **hyper):
    """Choose lr on the validation part, then report once on the test part with fresh seeds.

    The choice has the least mean validation loss over the tuning seeds. `at_edge` tells that it
    is the first or last of `grid`: then the grid was too narrow. Raises ValueError if the two
    sets of seeds overlap.
    """
    def train(settings, seeds):
        return fit(task, rule, seeds=seeds, steps=steps, batch_size=batch_size,
                   lr=[setting["lr"] for setting in settings], **hyper)

    made = choose(train, [{"lr": lr} for lr in grid], tuning_seeds=tuning_seeds,
                  final_seeds=final_seeds)
    return Tuned(np.asarray(grid), made.losses, float(made.setting["lr"]), made.at_edge, made.final,
                 hyper)

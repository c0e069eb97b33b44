"""A damped oscillation, fitted to noisy readings: a small least-squares problem, many at once."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import optimize

__all__ = ["NOISE", "TIMES", "TRUE", "Problem", "displacement", "oscillation"]

TIMES = np.linspace(0.0, 4.0, 200)
TRUE = np.array([5.0, 0.6, 9.0, 0.5, 1.0])
NOISE = 0.3


class Problem(NamedTuple):
    """A loss for many points at once: `look(p)` gives values and gradients, p (..., seeds, n).

    `starts` has shape (seeds, n), `lowest` (seeds,): the least value, seed by seed.
    """

    look: Callable
    starts: np.ndarray
    lowest: np.ndarray


def displacement(p):
    """Return the damped oscillation a exp(-d t) cos(w t + phase) + rest at TIMES."""
    a, d, w, phase, rest = (p[..., i, None] for i in range(5))
    return a * np.exp(-d * TIMES) * np.cos(w * TIMES + phase) + rest


def oscillation(seeds, n=5):
    """Fit an oscillation to noisy readings: half the mean square error over its 5 parameters.

    Each seed has its own noise and its own first guess.
    """
    readings, starts, lowest = [], [], []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        readings.append(displacement(TRUE) + NOISE * rng.standard_normal(len(TIMES)))
        starts.append(TRUE * (1 + np.array([0.3, 0.5, 0.05, 0.5, 0.5]) * rng.uniform(-1, 1, n)))
        best = optimize.least_squares(lambda p, y=readings[-1]: displacement(p) - y, TRUE,
                                      xtol=1e-15, ftol=1e-15, gtol=1e-15)
        lowest.append(best.cost / len(TIMES))

    def look(p):
        a, d, w, phase, rest = (p[..., i, None] for i in range(5))
        fade, turn = np.exp(-d * TIMES), w * TIMES + phase
        cos, sin = fade * np.cos(turn), fade * np.sin(turn)
        error = a * cos + rest - np.array(readings)
        g = [(error * part).mean(-1) for part in (cos, -TIMES * a * cos, -TIMES * a * sin,
                                                  -a * sin, np.ones_like(cos))]
        return 0.5 * (error**2).mean(-1), np.stack(g, -1)

    return Problem(look, np.array(starts), np.array(lowest))

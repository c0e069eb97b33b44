"""The settings of a playground: what its keywords make of a rule and a surface, row by row."""

import inspect
import itertools
import math

import numpy as np

from descent import surfaces
from descent.signature import hyperparameters, name_of

__all__ = ["COARSE", "DECADES", "FAR", "FINE", "Settings", "is_number"]

LARGEST = 3_000 * 61  # points of all runs together: what keeps a page at about 300 kB
SURFACES = 40
FINE = 2_000  # a point is rounded to this part of the window
COARSE = 4  # the arrow of the memory is rounded to this many of a point's parts
FAR = 6  # a run further from the window's middle than this many half windows has left the picture
DECADES = 200  # a loss is rounded to this part of a decade


class Settings:
    """A rule, a surface, and every combination of the controls' values, in the controls' order.

    `controls` holds the values of each control by name, `index` which of them each row has,
    `places` and `menus` the names of the controls of the surface and of those that are no slider,
    `surface_of` the number, in `surfaces`, of each row's surface.

    Raises TypeError for an unknown keyword or a surface that is none; ValueError if there are not
    one to four controls, or for too many settings.
    """

    def __init__(self, rule, surface, steps, choices):
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= 1000:
            raise ValueError(f"steps must be a whole number in [1, 1000], got {steps!r}")
        self.rule, self.steps, hyper = rule, steps, hyperparameters(rule)
        factory = surface if callable(surface) else lambda: surface
        of_surface = list(inspect.signature(factory).parameters)
        for name in choices:
            if name not in hyper and name not in of_surface:
                places = f"; the surface takes {', '.join(of_surface)}" if of_surface else ""
                raise TypeError(f"{name_of(rule)} has no hyper-parameter {name!r}; "
                                f"it takes {', '.join(hyper)}{places}")
        self.controls = {n: values for n, v in choices.items() if (values := _values(n, v))}
        shape = [len(values) for values in self.controls.values()]
        sizes = " × ".join(map(str, shape)) or "none"
        if not 1 <= len(shape) <= 4:
            raise ValueError(f"lists make controls: one to four of them, got {sizes}")
        self.count = math.prod(shape)
        if self.count * (steps + 1) > LARGEST:
            raise ValueError(f"with {steps} steps the lists may make at most "
                             f"{LARGEST // (steps + 1)} settings, got {sizes} = {self.count}")
        rows = itertools.product(*map(range, shape))
        self.index = dict(zip(self.controls, map(list, zip(*rows, strict=True)), strict=True))
        self.places = [n for n in self.controls if n in of_surface]
        self.menus = [n for n, v in self.controls.items() if not all(map(is_number, v))]
        fixed = {n: v for n, v in choices.items() if n not in self.controls}
        self.fixed = {n: v for n, v in fixed.items() if n not in of_surface}
        self.surfaces = self._surfaces(factory, {n: v for n, v in fixed.items() if n in of_surface})
        self.surface_of = self.number(self.places)

    def _surfaces(self, factory, fixed):
        """Return one surface for each combination of the values of its own controls."""
        values = list(itertools.product(*(self.controls[n] for n in self.places)))
        if len(values) > SURFACES:
            raise ValueError(f"{' and '.join(self.places)} may make at most {SURFACES} surfaces, "
                             f"got {len(values)}")
        made = [factory(**fixed, **dict(zip(self.places, chosen, strict=True)))
                for chosen in values]
        for one in made:
            if not isinstance(one, surfaces.Surface):
                raise TypeError(f"surface must be a Surface or a function that returns one, "
                                f"got {one!r}")
        return made

    def number(self, names):
        """Return, by row, which combination of the values of these controls it has."""
        numbers = [0] * self.count
        for name in names:
            size = len(self.controls[name])
            numbers = [k * size + i for k, i in zip(numbers, self.index[name], strict=True)]
        return numbers

    def setting(self, row):
        """Return the rule's hyper-parameters at one setting."""
        return self.fixed | {n: self.controls[n][self.index[n][row]]
                             for n in self.controls if n not in self.places}

    def told(self, row):
        """Return the values of the controls at one setting as text."""
        return ", ".join(f"{n}={self.controls[n][k[row]]!r}" for n, k in self.index.items())


def _values(name, value):
    """Return the values of a control as a list, or None for a fixed value."""
    if getattr(value, "ndim", 0):
        if value.ndim != 1:
            raise ValueError(f"{name} must be a number, a list or a 1-D array, got {value!r}")
        value = value.tolist()
    if not isinstance(value, (list, range)):
        return None
    if not value or not all(np.isfinite(v) for v in value if is_number(v)):
        raise ValueError(f"{name} must hold at least one value, and finite ones, got {value!r}")
    return [v.item() if isinstance(v, np.generic) else v for v in value]


def is_number(value):
    """Tell whether a value is a number, and not a truth value."""
    return isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_))

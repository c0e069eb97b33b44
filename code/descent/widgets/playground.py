"""The playground: a rule on a surface, under your hand, in Jupyter and on a page without a kernel.

Every setting of the controls is computed beforehand, by the rule itself, as one batched run. What
the page carries is the table of those runs and a module (`playground.js`) that draws from it.
"""

import ast
import inspect
import itertools
import math
import textwrap

import numpy as np
import traitlets
from contourpy import FillType, contour_generator

from descent import surfaces
from descent.book.plots import COLORS
from descent.driver import entries, path, walk
from descent.signature import hyperparameters, looks_again, name_of, state_names
from descent.widgets.settings import COARSE, DECADES, FAR, FINE, Settings, is_number
from descent.widgets.widget import Widget, labels, module, packed

__all__ = ["Playground", "playground"]


def playground(rule, surface=surfaces.quadratic, *, steps=60, start=None, show=None, bars=None,
               ellipse=None, **choices):
    """Return the widget: controls over a picture of the path and of the loss.

    A list or 1-D array makes a control: numbers a slider, booleans, strings or tuples a menu. Any
    other value is fixed. Keywords that the surface factory takes go to it, all others to the rule.
    `start` is a point (x, y) of the window; `show` maps names of controls, and `step`, to the
    values to begin with, of which the nearest is taken (default: the middle, and an early step).
    `bars` maps one to three names to functions of a `descent.driver.Step` that return a positive
    number for x and for y, such as the step sizes of an adaptive method: drawn as bars below, in
    the place of the arrow of the rule's memory. Of a rule that looks more than once in a step
    (`lbfgs`), every look of the next step is drawn in that place; then `ellipse` may be a function
    of the next `Step` that returns a centre and the 2×2 image of the unit circle around it, such
    as the level line of a quadratic model.

    Raises TypeError for an unknown keyword; ValueError if there are not one to four controls, for
    too many settings, or for a setting that torch would refuse.
    """
    return Playground(_Grid(rule, surface, steps, choices, bars or {}, ellipse), start, show or {})


class Playground(Widget):
    """The widget: `choice` holds each control's index, `step` the step shown.

    In Jupyter its `start` can be dragged or set, and the runs are then computed anew.
    """

    _esm = module("playground")
    shared = ("content", "choice", "step", "start")
    step = traitlets.Int().tag(sync=True)
    start = traitlets.List().tag(sync=True)

    def __init__(self, grid, start, show):
        self._grid = grid
        start = grid.point(grid.surfaces[0].start if start is None else start)
        choice, step = grid.shown(show)
        super().__init__(start=start, choice=choice, step=step, content=grid.content(start))
        self.observe(self._moved, "start")

    def __repr__(self):
        return repr(self._grid)

    @traitlets.validate("start")
    def _inside(self, proposal):
        return self._grid.point(proposal["value"])

    def _moved(self, change):
        self.content = self._grid.content(change["new"], level=1)  # a drag must not wait for zlib


class _Grid(Settings):
    """The settings of a playground, and the runs over all of them as one table."""

    def __init__(self, rule, surface, steps, choices, bars, ellipse):
        if not (isinstance(bars, dict) and len(bars) <= 3 and all(map(callable, bars.values()))):
            raise ValueError(f"bars must map one to three names to functions, got {bars!r}")
        super().__init__(rule, surface, steps, choices)
        if ellipse is not None and not (callable(ellipse) and looks_again(rule)):
            raise ValueError("ellipse must be a function, for a rule that takes fun, "
                             f"got {ellipse!r}")
        self.bars, self.ellipse, self.again = bars, ellipse, looks_again(rule)
        self.surface_of = np.array(self.surface_of)
        self.index = {name: np.array(numbers) for name, numbers in self.index.items()}
        self._refuse()
        self.batched = self._rows_stay_apart()
        self.source = self._source()

    def __repr__(self):
        controls = ", ".join(f"{n} × {len(v)}" for n, v in self.controls.items())
        return (f"Playground: {name_of(self.rule)} on {self.surfaces[0].name} over {controls}, "
                f"{self.steps} steps")

    def batches(self):
        """Yield the settings that differ in numbers only: their rows, and arrays (rows, 1)."""
        numbers = [n for n in self.controls if n not in self.menus and n not in self.places]
        menu_of = np.array(self.number([n for n in self.menus if n not in self.places]))
        for menu in range(menu_of.max() + 1):
            rows = np.flatnonzero(menu_of == menu)
            yield rows, self.setting(rows[0]) | {
                n: np.array(self.controls[n])[self.index[n][rows], None] for n in numbers}

    def _refuse(self):
        """Raise an error that names the setting, if there is one that the driver refuses."""
        if self.again:  # no batch of it
            for row in range(self.count):
                self._refuse_one(row)
            return
        for rows, hyper in self.batches():
            try:
                walk(self.rule, np.cos, np.ones((len(rows), 2)), 1, **hyper)
            except (TypeError, ValueError):
                for row in rows:
                    self._refuse_one(row)
                raise

    def _refuse_one(self, row):
        try:
            walk(self.rule, np.cos, np.ones(2), 1, **self.setting(row))
        except (TypeError, ValueError) as error:
            raise type(error)(f"the lists make a setting that is refused, {self.told(row)}: "
                              f"{error}") from None

    def _rows_stay_apart(self):
        """Tell whether the rule may run on a batch: it computes entry by entry, without `if`.

        A rule of one's own may take the norm of its gradient, or branch on a number: right for
        one point, but not for many at once. Such a rule is run one setting after another.
        """
        if self.again:
            return False
        rows, hyper = next(self.batches())
        points, one = np.sin(np.arange(2.0 * len(rows))).reshape(-1, 2), self.setting(rows[-1])
        with np.errstate(all="ignore"):
            for step in walk(self.rule, np.cos, points[-1], 3, **one):
                if np.shape(step.p) != (2,):
                    raise TypeError(f"{name_of(self.rule)} must return a tuple, the new point and "
                                    f"then its state; the point came as {step.p!r}")
            try:
                together = path(self.rule, np.cos, points, 3, **hyper)[:, -1]
            except (TypeError, ValueError):
                return False
            alone = path(self.rule, np.cos, points[-1], 3, **one)
        return together.shape == alone.shape and np.allclose(together, alone, equal_nan=True)

    def _source(self):
        """Return the rule's source, if a page may run it on one float at a time; else ""."""
        point, one = np.array([0.3, -0.7]), self.setting(self.count - 1)
        try:
            with np.errstate(all="ignore"):
                *_, alone = entries(self.rule, lambda p: [*map(math.cos, p)], point.tolist(), 3,
                                    **one)
                *_, whole = walk(self.rule, np.cos, point, 3, **one)
            same = np.allclose(alone.p, whole.p, equal_nan=True)
            return _code(getattr(self.rule, "func", self.rule)) if same else ""
        except Exception:  # whatever a float, or its source, does not have
            return ""

    def point(self, start):
        """Return a starting point as two floats, or raise a ValueError."""
        window = self.surfaces[0].window
        try:
            x, y = start = [float(x) for x in start]
            inside = window[0][0] <= x <= window[0][1] and window[1][0] <= y <= window[1][1]
        except (TypeError, ValueError):
            inside = False
        if not inside:
            raise ValueError(f"start must be a point (x, y) in the window {window}, got {start!r}")
        return start

    def shown(self, show):
        """Return the index of each control's value nearest to `show`'s, and the step."""
        show = dict(show)
        step = show.pop("step", -(-self.steps // 15))
        if not (is_number(step) and 0 <= step <= self.steps):
            raise ValueError(f"show: step must be in [0, {self.steps}], got {step!r}")
        chosen = {name: len(values) // 2 for name, values in self.controls.items()}
        for name, value in show.items():
            if name not in self.controls:
                raise ValueError(f"show must name controls ({', '.join(self.controls)}) or step, "
                                 f"got {name}={value!r}")
            values = self.controls[name]
            if value in values:
                chosen[name] = values.index(value)
            elif is_number(value) and name not in self.menus:
                chosen[name] = int(np.abs(np.array(values) - value).argmin())
            else:
                raise ValueError(f"show: {name} must be one of {values}, got {value!r}")
        return list(chosen.values()), int(step)

    def content(self, start, level=9):
        """Return what the module draws: the table of runs, contour lines, names and windows."""
        window = np.array(self.surfaces[0].window)
        middle, half = window.mean(1), np.diff(window).ravel() / 2
        with np.errstate(all="ignore"):
            points, arrows, memory, bars, looks, ellipses = self._runs(start)
            losses = self._losses(points)
            points, left = _cut(points, middle, FAR * half)
        steps = np.arange(self.steps + 1)
        losses = np.take_along_axis(losses, np.minimum(steps, left[:, None]), axis=1)
        arrows = np.where((steps < left[:, None])[..., None], arrows, 0.0)
        bars = np.log10(np.clip(np.nan_to_num(bars, nan=1e-99, posinf=1e99), 1e-99, 1e99))
        x, y = np.moveaxis((points - middle) / half * FINE / 2, -1, 0)
        named = itertools.product(self.bars, ("x", "y"))
        channels = {"x": x, "y": y, "loss": np.log10(losses) * DECADES, **{
            f"{name} in {axis}": sizes * DECADES
            for (name, axis), sizes in zip(named, bars, strict=True)}}
        pushes = np.moveaxis(arrows / half * FINE / 2 / COARSE, -1, 0) if memory else None
        return {
            "rule": name_of(self.rule), "source": self.source, "steps": self.steps,
            "surfaces": [surface.name for surface in self.surfaces],
            "controls": [{"name": name, "menu": name in self.menus, "surface": name in self.places,
                          "labels": labels(values)} for name, values in self.controls.items()],
            "memory": memory, "lr": "lr" in hyperparameters(self.rule), "bars": list(self.bars),
            "window": window.tolist(),
            "fine": FINE, "coarse": COARSE, "decades": DECADES, "colors": list(COLORS),
            "contours": [_contours(surface) for surface in self.surfaces],
            "minima": [[list(m) for m in surface.minima] for surface in self.surfaces],
            "left": left.tolist(), "table": _packed(channels, pushes, level),
            "looks": _places(looks, middle, half), "ellipses": _places(ellipses, middle, half),
        }

    def _runs(self, start):
        """Return points and arrows, each (settings, steps + 1, 2), what the arrows show, and bars.

        Bars have shape (2 × their number, settings, steps + 1): x and y of the first, then of the
        next. Before the first step they stand as after it. Then, by setting and step for a rule
        that looks again, else empty: the points it looked at on its way to the next, and the
        ellipse there as centre and two points of its rim.
        """
        points = np.empty((self.count, self.steps + 1, 2))
        arrows, memory = np.zeros_like(points), ""
        bars = np.zeros((2 * len(self.bars), self.count, self.steps + 1))
        if self.batched:
            jobs = self.batches()
        else:
            jobs = ((row, self.setting(row)) for row in range(self.count))
        looks = [[] for _ in range(self.count)] if self.again else []
        ellipses = [[] for _ in range(self.count)] if self.ellipse else []
        for rows, hyper in jobs:
            if self.again:
                self._run_looking(rows, hyper, start, points, looks, ellipses)
                continue
            p = np.broadcast_to(start, points[rows, 0].shape).astype(float)
            points[rows, 0] = p
            for step in walk(self.rule, self._grad(rows), p, self.steps, **hyper):
                points[rows, step.t] = step.p
                for k, bar in enumerate(self.bars.values()):
                    sizes = np.broadcast_to(bar(step), p.shape)
                    bars[2 * k:2 * k + 2, rows, step.t] = np.moveaxis(sizes, -1, 0)
                if self.bars:
                    continue
                for name, state in zip(state_names(self.rule), step.state, strict=False):
                    if np.shape(state) == p.shape:  # the first of them is the method's memory
                        arrows[rows, step.t] = -step.hyper.get("lr", 1.0) * state
                        memory = name
                        break
        bars[..., 0] = bars[..., 1]
        return (points, np.nan_to_num(arrows, posinf=0.0, neginf=0.0), memory, bars, looks,
                ellipses)

    def _run_looking(self, row, hyper, start, points, looks, ellipses):
        """Run one setting of a rule that looks again; fill in its row."""
        surface, seen = self.surfaces[self.surface_of[row]], []

        def fun(p):
            seen.append(p)
            return surface.f(p), surface.grad(p)

        points[row, 0] = p = np.array(start, dtype=float)
        for step in walk(self.rule, fun, p, self.steps, **hyper):
            new = [look for look in seen if (look != p).any()]
            if not new and (step.p != p).any():
                new = [step.p]  # a rule without a search looks where it has gone, one step later
            looks[row].append(np.array(new).reshape(-1, 2))
            if self.ellipse:
                centre, rim = map(np.asarray, self.ellipse(step))
                ellipses[row].append(np.stack([centre, *(centre + rim.T)]))
            points[row, step.t] = p = step.p
            seen.clear()

    def _grad(self, rows):
        """Return the gradient at one point for one row, or at a point for each of many rows."""
        if np.ndim(rows) == 0:
            return self.surfaces[self.surface_of[rows]].grad
        parts = [(s, np.flatnonzero(self.surface_of[rows] == k))
                 for k, s in enumerate(self.surfaces)]

        def grad(p):
            g = np.empty_like(p)
            for surface, at in parts:
                g[at] = surface.grad(p[at])
            return g

        return grad

    def _losses(self, points):
        """Return the losses above the lowest, between 1e-16 and 1e100."""
        losses = np.empty(points.shape[:-1])
        for k, surface in enumerate(self.surfaces):
            at = self.surface_of == k
            losses[at] = surface.f(points[at]) - surface.lowest
        return np.clip(np.nan_to_num(losses, nan=1e100), 1e-16, 1e100)


def _code(function):
    """Return a function's source without its docstring."""
    source = textwrap.dedent(inspect.getsource(function))
    (made,) = ast.parse(source).body
    lines = source.splitlines(keepends=True)
    if inspect.getdoc(function):
        del lines[made.body[0].lineno - 1:made.body[0].end_lineno]
    return "".join(lines)


def _places(runs, middle, half):
    """Return points by setting and step as whole numbers x, y, x, y, …; none if one is far off."""
    def rounded(points):
        numbers = np.nan_to_num((points - middle) / half * FINE / 2, nan=1e9)
        if np.abs(numbers).max(initial=0.0) > 50 * FINE:
            return []
        return np.round(numbers).astype(int).ravel().tolist()

    return [[rounded(points) for points in run] for run in runs]


def _cut(points, middle, reach):
    """Stop each run where it crosses the edge of the box; return it, and the step outside."""
    inside = (np.abs(points - middle) <= reach).all(-1)
    steps = points.shape[1]
    left = np.where(inside.all(1), steps, inside.argmin(1))
    points = points.copy()
    for run, at in zip(np.flatnonzero(left < steps), left[left < steps], strict=True):
        last = points[run, at - 1]
        way = np.nan_to_num(np.clip(points[run, at], -1e9, 1e9) - last)
        room = np.where(way > 0, middle + reach - last, last - middle + reach)
        points[run, at:] = last + way * min(1.0, (room / np.maximum(np.abs(way), 1e-9)).min())
    return points, left


def _packed(channels, pushes, level):
    """Return the channels, each (settings, steps + 1), as a table for the module.

    The pushes of the memory, in x and y, join them as what they differ by from the step just made,
    which for plain momentum is nothing.
    """
    whole = {name: _whole(rows) for name, rows in channels.items()}
    rest = {}
    if pushes is not None:
        for axis, push in zip(("x", "y"), pushes, strict=True):
            made = np.diff(whole[axis], axis=1, prepend=whole[axis][:, :1])
            rest[f"push {axis}"] = _whole(push) - made // COARSE
    return packed(whole | rest, plain=list(rest), level=level)


def _whole(numbers):
    return np.clip(np.round(numbers), -32768, 32767).astype(int)


def _contours(surface, levels=12, size=81):
    """Return, by level, the rings around what is higher, in thousandths of the window."""
    (x0, x1), (y0, y1) = surface.window
    x, y = np.linspace(x0, x1, size), np.linspace(y0, y1, size)
    values = surface.f(np.stack(np.meshgrid(x, y), axis=-1)) - surface.lowest
    cuts = np.unique(np.quantile(values, np.linspace(0.01, 0.97, levels) ** 1.5))
    higher = contour_generator(x, y, values, fill_type=FillType.OuterOffset)
    origin, scale = np.array([x0, y0]), 1000 / np.array([x1 - x0, y1 - y0])
    return [[_ring((outline[a:b - 1] - origin) * scale)
             for outline, ends in zip(*higher.filled(cut, np.inf), strict=True)
             for a, b in itertools.pairwise(ends)] for cut in cuts]


def _ring(points):
    """Return a ring's whole numbers x, y, x, y, …, without the points on straight stretches."""
    points = np.round(points).astype(int)
    before, after = points - np.roll(points, 1, axis=0), np.roll(points, -1, axis=0) - points
    turns = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
    return points[turns].ravel().tolist()

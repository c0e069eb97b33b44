"""The frame of a panel: its limits and ticks, and where its marks lie, for all settings alike."""

import math
import re

import numpy as np
from matplotlib.ticker import MaxNLocator

from descent.widgets.pictures import Arrow, Bars, Dots, Ellipse, Line
from descent.widgets.widget import labels

__all__ = ["FINE", "LARGE", "SMALL", "Frame"]

LARGE, SMALL = (360, 264), (190, 150)  # width and height of a panel, in its own units
FINE = 10  # a point is rounded to this part of a unit
ROOM = 0.04  # beside the data, as a part of what they span
MARGIN = 14  # on the right
LETTER, LINE = 7.0, 18  # how wide a letter is at most, how high a line of text
SLANT = 0.65  # of its length that a slanted word takes down


class Frame:
    """The axes of the panels that stand in one place, one panel for each setting.

    `size` is LARGE or SMALL; `box` holds what the module needs to draw the axes.
    """

    def __init__(self, panels, size):
        self._panel, (self._wide, self._high) = panels[0], size
        marks = [mark for panel in panels for mark in panel.marks]
        self._names = list(dict.fromkeys(mark.name for mark in marks if isinstance(mark, Bars)))
        points = np.concatenate([np.empty((0, 2)), *(mark.span() for mark in marks)])
        points = points[np.isfinite(points).all(1)]
        self.limits = hull = [self._hull(axis, points[:, axis]) for axis in (0, 1)]
        self._margin = max((self._beyond(mark) for mark in marks if getattr(mark, "label", "")),
                           default=MARGIN)
        self.box = self._box([])
        for _ in range(2):  # the box needs the ticks, these the limits, and square ones the box
            self.box = self._box(self._y_ticks())
            self.limits = self._squared(hull) if self._panel.square else hull
        self.ticks = self._x_ticks(not (points[:, 0] % 1).any()), self._y_ticks()

    def content(self):
        """Return what the module draws without the marks."""
        (x, y), panel = self.ticks, self._panel
        return {"title": panel.title, "x": panel.x, "y": panel.y, "wide": self._wide,
                "high": self._high, "box": self.box, "xTicks": x, "yTicks": y,
                "base": self._base()}

    def place(self, points):
        """Return where points (n, 2) of the data lie, in the panel's units, y downwards."""
        box = self.box
        with np.errstate(over="ignore"):
            x, y = (self._part(axis, points[:, axis]) for axis in (0, 1))
            return np.stack([box["left"] + x * (box["right"] - box["left"]),
                             box["bottom"] - y * (box["bottom"] - box["top"])], axis=1)

    def drawn(self, mark):
        """Return the kind of a mark, and its pieces: arrays (m, 2) of whole parts of a unit."""
        kind = type(mark).__name__.lower()
        if isinstance(mark, Ellipse):
            rim = np.vstack([mark.centre, mark.centre + mark.axes()])
            pieces = [self.place(rim)]
            if self._panel.log or not (np.abs(pieces[0]) < 2 * self._wide).all():
                kind, pieces = "line", self._cut(self.place(mark.rim(1441)))
        elif isinstance(mark, Line):
            pieces = self._cut(self.place(mark.points))
        elif isinstance(mark, Dots):
            pieces = self._inside(self.place(mark.points))
        elif isinstance(mark, Arrow):
            ends = zip(self.place(mark.start), self.place(mark.end), strict=True)
            pieces = [piece for pair in ends for piece in self._cut(np.stack(pair))]
        else:
            pieces = self._corners(mark)
        return kind, [np.round(FINE * piece).astype(int) for piece in pieces if len(piece)]

    def _hull(self, axis, values):
        """Return the limits given, or those around the values, with a little room."""
        panel = self._panel
        if panel.limits[axis] is not None:
            return panel.limits[axis]
        if axis == 0 and panel.categories:
            return -0.5, len(panel.categories) - 0.5
        log = "xy"[axis] in panel.log
        grounded = axis == 1 and panel.categories and not log
        values = np.append(values, 0.0) if grounded else values
        if not len(values):
            return (1.0, 10.0) if log else (0.0, 1.0)
        low, high = (math.log10(end) if log else float(end)
                     for end in (values.min(), values.max()))
        room = ROOM * (high - low) or (0.5 if log else 0.5 * abs(high) or 0.5)
        ends = [low - room * (not grounded or low < 0), high + room * (not grounded or high > 0)]
        if not ends[1] - ends[0] < 1e300:  # from there on, ticks overflow
            raise ValueError(f"{'xy'[axis]}lim must be given for data as far away as {high:.1e}")
        return tuple(10 ** min(max(end, -307.0), 308.0) if log else end for end in ends)

    def _squared(self, hull):
        """Return limits that hold the hull, with one unit equally long on both axes."""
        box, (x, y) = self.box, hull
        wide, high = box["right"] - box["left"], box["bottom"] - box["top"]
        unit = max((x[1] - x[0]) / wide, (y[1] - y[0]) / high)
        return [((low + high - unit * long) / 2, (low + high + unit * long) / 2)
                for (low, high), long in ((x, wide), (y, high))]

    def _box(self, y_ticks):
        panel, longest = self._panel, max((len(text) for _, text in y_ticks), default=4)
        left = 12 + LINE * bool(panel.y) + math.ceil(LETTER * longest) - 4
        right = self._wide - self._margin
        words = max(map(len, panel.categories), default=0)
        slanted = words > 2 and LETTER * (words + 1) * len(panel.categories) > right - left
        foot = LINE + (math.ceil(SLANT * LETTER * words) - 4 if slanted else 4)
        return {"left": left, "right": right, "top": 8, "slanted": slanted,
                "bottom": self._high - foot - LINE * bool(panel.x),
                "foot": foot + LINE - 6}

    def _beyond(self, mark):
        """Return the margin that a label needs, if its mark ends near the right edge."""
        last = mark.points[-1, 0] if len(mark.points) else math.nan
        near = self._part(0, np.array([last]))[0] > 0.8
        return min(LETTER * len(mark.label) + 12, self._wide / 3) if near else MARGIN

    def _part(self, axis, values):
        """Return how far along an axis values lie, 0 at its low end and 1 at its high one."""
        scale = np.log10 if "xy"[axis] in self._panel.log else np.asarray
        low, high = map(scale, self.limits[axis])
        with np.errstate(over="ignore", invalid="ignore"):
            return (scale(values) - low) / (high - low)

    def _ticks(self, axis, count, *, whole=False):
        """Return about `count` pairs of a place on the axis, in the panel's units, and a label."""
        low, high = self.limits[axis]
        decades = np.arange(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1) if (
            "xy"[axis] in self._panel.log) else []
        within = np.array([m * 10.0**d for d in range(-3, 4) for m in (1, 2, 5)])
        within = within[(within >= low) & (within <= high)] if len(decades) == 2 else ()
        if 4 <= len(within) < 2 * count:
            values, texts = within, [_written(text) for text in labels(within.tolist())]
        elif len(decades) > 1:
            found = decades[::-(-len(decades) // count)]
            values, texts = 10.0**found, [_power(int(decade)) for decade in found]
        else:
            values = MaxNLocator(count, steps=[1, 2, 5, 10], integer=whole).tick_values(low, high)
            slack = 1e-9 * (high - low)
            values = values[(values >= low - slack) & (values <= high + slack)]
            values[np.abs(values) < slack] = 0.0
            texts = [_written(text) for text in labels(values.tolist())] if len(values) else []
        points = np.full((len(values), 2), np.nan)
        points[:, axis] = values
        places = self.place(points)[:, axis]
        return [[round(float(at), 1), text] for at, text in zip(places, texts, strict=True)]

    def _x_ticks(self, whole):
        """Return as many ticks as have room beside each other, or the categories."""
        if words := self._panel.categories:
            at = self.place(np.array([[k, self.limits[1][1]] for k in range(len(words))]))[:, 0]
            need = LINE if self.box["slanted"] else LETTER * (max(map(len, words)) + 0.5)
            each = math.ceil(need * len(words) / (self.box["right"] - self.box["left"]))
            return [[round(float(x), 1), word]
                    for x, word in zip(at[::each], words[::each], strict=True)]
        for count in range(6 if self._wide == LARGE[0] else 4, 0, -1):
            ticks = self._ticks(0, count, whole=whole)
            letters = max((len(text) for _, text in ticks), default=0)
            apart = np.diff([at for at, _ in ticks]).min(initial=math.inf)
            if LETTER * (letters + 1) <= apart:
                break
        return ticks

    def _y_ticks(self):
        return self._ticks(1, 5 if self._wide == LARGE[0] else 4)

    def _cut(self, points):
        """Return the parts of a line that lie on the panel or less than one panel beside it."""
        size = np.array([self._wide, self._high])
        if (np.abs(points - size / 2) <= 1.5 * size).all():
            return [points]
        with np.errstate(all="ignore"):
            way = np.diff(points, axis=0)
            ends = np.sort([(edge - points[:-1]) / way for edge in (-size, 2 * size)], axis=0)
            enter, leave = ends[0].max(1).clip(0), ends[1].min(1).clip(max=1)
            starts, stops = ((points[:-1] + part[:, None] * way).clip(-size, 2 * size)
                             for part in (enter, leave))  # far away, digits are lost
        seen, pieces = (enter <= leave) & np.isfinite(way).all(1), []
        for k in np.flatnonzero(seen):
            if k == 0 or not seen[k - 1] or enter[k] > 0:
                pieces.append([starts[k]])
            pieces[-1].append(stops[k])
        return [np.array(piece) for piece in pieces]

    def _inside(self, points):
        """Return the points in the box, as one piece."""
        box = self.box
        low, high = [box["left"] - 0.1, box["top"] - 0.1], [box["right"] + 0.1, box["bottom"] + 0.1]
        return [points[((points >= low) & (points <= high)).all(1)]]

    def _corners(self, bars):
        """Return two corners of each bar of a finite height; those of other names stand beside."""
        known = np.isfinite(bars.heights)
        x, tops = np.flatnonzero(known), bars.heights[known]
        base = np.full(len(x), self.limits[1][0] if "y" in self._panel.log else 0.0)
        wide = 0.8 / len(self._names)
        left = x - 0.4 + wide * self._names.index(bars.name)
        corners = np.stack([self.place(np.stack(pair, axis=1))
                            for pair in ((left, base), (left + wide, tops))], axis=1)
        return [*corners.clip(-self._high, 2 * self._wide)]

    def _base(self):
        """Return where bars begin, if that is between the edges, or None."""
        low, high = self.limits[1]
        if not self._names or "y" in self._panel.log or not low < 0 < high:
            return None
        return round(float(self.place(np.zeros((1, 2)))[0, 1]), 1)


def _written(text):
    """Return a number's text with a true minus and a short exponent."""
    return re.sub(r"e([+-])0*", lambda sign: "e" + sign[1].strip("+"), text).replace("-", "−")


def _power(decade):
    """Return a power of ten as text."""
    if decade in (0, 1):
        return str(10**decade)
    return "10" + str(decade).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))

"""Pictures as data: marks on the axes of panels, and a sentence, as the explorable draws them."""

import math
from dataclasses import KW_ONLY, dataclass

import numpy as np

__all__ = ["Arrow", "Bars", "Dots", "Ellipse", "Line", "Panel", "Picture"]

PANELS = 6
LOGS = ("", "x", "y", "xy")


class _Mark:
    """What all marks share: one `name` has one colour and one entry in the key, "" has none.

    A `quiet` one is grey and thin, for what is only background.
    """

    def __post_init__(self):
        for field in ("name", "label"):
            if not isinstance(text := getattr(self, field, ""), str):
                raise TypeError(f"{self._what}: {field} must be text, got {text!r}")
        self._settle()

    @property
    def _what(self):
        return type(self).__name__

    def _keep(self, field, *shapes):
        """Keep a field as an array of floats of one of the shapes, in which -1 is any length."""
        given = getattr(self, field)
        try:
            array = np.array(given, dtype=float)
        except (TypeError, ValueError):
            array = None
        if array is None or not any(_fits(array.shape, shape) for shape in shapes):
            allowed = " or ".join(str(shape).replace("-1", "n") for shape in shapes)
            found = f"shape {np.shape(given)}" if array is not None else repr(given)
            raise ValueError(f"{self._what}: {field} must be numbers of shape {allowed}, "
                             f"got {found}")
        object.__setattr__(self, field, array)


@dataclass(frozen=True, eq=False)
class _Points(_Mark):
    points: np.ndarray
    name: str
    _: KW_ONLY
    label: str = ""
    quiet: bool = False

    def span(self):
        """Return what the axes are to hold, as points (m, 2)."""
        return self.points


class Line(_Points):
    """A line through points (n, 2), broken where one is not finite; `label` stands at its last.

    Raises ValueError for other shapes, TypeError for a name or a label that is no text.
    """

    def _settle(self):
        self._keep("points", (-1, 2))


class Dots(_Points):
    """A marker at each of points (n, 2), or at one, (2,); `label` stands at the last.

    Raises ValueError for other shapes, TypeError for a name or a label that is no text.
    """

    def _settle(self):
        self._keep("points", (-1, 2), (2,))
        object.__setattr__(self, "points", self.points.reshape(-1, 2))


@dataclass(frozen=True, eq=False)
class Arrow(_Mark):
    """An arrow from start to end, each (2,), or one for each row of both, (n, 2).

    Raises ValueError for other shapes, TypeError for a name that is no text.
    """

    start: np.ndarray
    end: np.ndarray
    name: str
    _: KW_ONLY
    quiet: bool = False

    def _settle(self):
        self._keep("start", (2,), (-1, 2))
        self._keep("end", self.start.shape)
        for field in ("start", "end"):
            object.__setattr__(self, field, getattr(self, field).reshape(-1, 2))

    def span(self):
        """Return what the axes are to hold, as points (m, 2)."""
        return np.concatenate([self.start, self.end])


@dataclass(frozen=True, eq=False)
class Ellipse(_Mark):
    """An ellipse around a centre, its radii (or one) in the data's units, turned by radians.

    Raises ValueError for other shapes or a radius that is not positive, TypeError for a name that
    is no text.
    """

    centre: np.ndarray
    radii: np.ndarray
    name: str
    angle: float = 0.0
    _: KW_ONLY
    quiet: bool = False

    def _settle(self):
        self._keep("centre", (2,))
        self._keep("radii", (), (2,))
        self._keep("angle", ())
        if not (self.radii > 0).all():
            raise ValueError(f"Ellipse: radii must be > 0, got {self.radii.tolist()!r}")

    def axes(self):
        """Return both half axes as vectors, (2, 2)."""
        c, s = math.cos(self.angle), math.sin(self.angle)
        return np.broadcast_to(self.radii, 2)[:, None] * np.array([[c, s], [-s, c]])

    def rim(self, count):
        """Return points of the rim, the first again at the end, (count, 2)."""
        turn = np.linspace(0, 2 * np.pi, count)
        return self.centre + np.stack([np.cos(turn), np.sin(turn)], axis=1) @ self.axes()

    def span(self):
        """Return what the axes are to hold, as points (m, 2)."""
        half = np.sqrt((self.axes()**2).sum(0))
        return np.stack([self.centre - half, self.centre + half])


@dataclass(frozen=True, eq=False)
class Bars(_Mark):
    """A bar from 0 for each category, of heights (n,); category k lies at x = k, below its label.

    Raises ValueError for other shapes or labels that are not as many, TypeError for a name or
    labels that are no text.
    """

    heights: np.ndarray
    name: str
    labels: tuple | None = None
    _: KW_ONLY
    quiet: bool = False

    def _settle(self):
        self._keep("heights", (-1,))
        if not len(self.heights):
            raise ValueError("Bars: heights must be one or more numbers, got none")
        if self.labels is None:
            return
        labels = (self.labels,) if isinstance(self.labels, str) else tuple(self.labels)
        if len(labels) != len(self.heights):
            raise ValueError(f"Bars: labels must be {len(self.heights)} words, got {labels!r}")
        if not all(isinstance(label, str) for label in labels):
            raise TypeError(f"Bars: labels must be words, got {labels!r}")
        object.__setattr__(self, "labels", labels)

    def span(self):
        """Return what the axes are to hold, as points (m, 2)."""
        return np.stack([np.arange(len(self.heights)), self.heights], axis=1)


class Panel:
    """Marks on one pair of axes: their names, limits as pairs, which are logarithmic, a title.

    Limits that are not given hold the data of all settings. `square` makes one unit equally long
    on both axes.

    Raises TypeError for marks that are none and words that are no text; ValueError for limits that
    are no rising pair, a `log` other than "", "x", "y" or "xy", a value that a logarithmic axis
    does not have, `square` with one or with bars, and bars of different categories.
    """

    def __init__(self, *marks, x="", y="", xlim=None, ylim=None, log="", square=False, title=""):
        for mark in marks:
            if not isinstance(mark, _Mark):
                raise TypeError("a panel holds Line, Dots, Arrow, Ellipse and Bars, "
                                f"got {mark!r}")
        for name, text in (("x", x), ("y", y), ("title", title)):
            if not isinstance(text, str):
                raise TypeError(f"{name} must be text, got {text!r}")
        if log not in LOGS:
            raise ValueError(f"log must be one of {LOGS}, got {log!r}")
        self.marks, self.title, self.x, self.y = marks, title, x, y
        self.log, self.square = log, bool(square)
        self.limits = _limits("xlim", xlim, "x" in log), _limits("ylim", ylim, "y" in log)
        self.categories = _categories([mark for mark in marks if isinstance(mark, Bars)])
        if self.square and (log or self.categories):
            raise ValueError("square must be False on a logarithmic axis, and with bars")
        if self.categories and "x" in log:
            raise ValueError(f"log must be '' or 'y' with bars, got {log!r}")
        self._refuse_below_zero()

    def _refuse_below_zero(self):
        for k, axis in enumerate("xy"):
            for mark in self.marks if axis in self.log else ():
                if (mark.span()[:, k] <= 0).any():
                    raise ValueError(f"the {axis} axis is logarithmic: {mark.name!r} must be > 0 "
                                     f"there, got {np.nanmin(mark.span()[:, k])}")

    def axes(self):
        """Return what must be the same for all settings, by name."""
        return {"x": self.x, "y": self.y, "xlim": self.limits[0], "ylim": self.limits[1],
                "log": self.log, "square": self.square, "title": self.title,
                "labels of bars": self.categories}


class Picture:
    """One to six panels and what they show in words: a sentence, or a few lines.

    Raises TypeError for panels that are none, ValueError for another number of them or no words.
    """

    def __init__(self, *panels, says):
        if not 1 <= len(panels) <= PANELS:
            raise ValueError(f"a picture has one to {PANELS} panels, got {len(panels)}")
        for panel in panels:
            if not isinstance(panel, Panel):
                raise TypeError(f"a picture is made of Panel, got {panel!r}")
        if not (isinstance(says, str) and says.strip()):
            raise ValueError(f"says must tell in words what the picture shows, got {says!r}")
        self.panels, self.says = panels, says.strip()


def _categories(bars):
    """Return the labels of bars, by default their numbers from 0; none without bars."""
    kinds = {one.labels for one in bars if one.labels is not None}
    if len(kinds) > 1 or len({len(one.heights) for one in bars}) > 1:
        raise ValueError("bars of one panel must be as many, with the same labels, got "
                         f"{[one.labels or len(one.heights) for one in bars]}")
    return next(iter(kinds), tuple(map(str, range(len(bars[0].heights)))) if bars else ())


def _fits(shape, allowed):
    return len(shape) == len(allowed) and all(
        m in (n, -1) for n, m in zip(shape, allowed, strict=True))


def _limits(name, limits, log):
    """Return limits as a pair of floats, or None."""
    if limits is None:
        return None
    try:
        low, high = (float(x) for x in limits)
    except (TypeError, ValueError):
        low = high = math.nan
    if not -math.inf < low < high < math.inf or (log and low <= 0):
        raise ValueError(f"{name} must be a pair, low < high{' and both > 0' if log else ''}, "
                         f"got {limits!r}")
    return low, high

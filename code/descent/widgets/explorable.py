"""The explorable: a picture of one's own for every setting, under your hand, without a kernel.

A function returns a picture as data; it is called once for each setting. What the page carries are
all pictures, equal marks once, and a module (`explorable.js`) that draws the one chosen.
"""

import inspect
import itertools
import json
import math

import numpy as np
import traitlets

from descent.book.plots import COLORS, DASHES, MARKERS
from descent.signature import name_of
from descent.widgets.frames import FINE, LARGE, SMALL, Frame
from descent.widgets.pictures import Arrow, Bars, Dots, Ellipse, Line, Panel, Picture
from descent.widgets.settings import is_number
from descent.widgets.widget import Widget, deflated, labels, module

__all__ = ["Arrow", "Bars", "Dots", "Ellipse", "Explorable", "Line", "Panel", "Picture",
           "explorable"]

SETTINGS = 2_000
LARGEST = 60_000  # bytes of all pictures together, as text
_STROKES = {"-": "none", "--": "6 3", "-.": "7 3 1.5 3", ":": "1.5 3"}


def explorable(draw, /, *, stepper=None, show=None, **choices):
    """Return the widget: controls over the picture that `draw(**setting)` returns for each setting.

    A choice is a list of two or more numbers, a slider, or of strings or of booleans, a menu. The
    slider that `stepper` names has two buttons beside it. `show` maps names to the values to begin
    with, of numbers the nearest (default: the first of each). Every picture has as many panels,
    with the same axes; where limits are not given they hold the data of all settings. Marks of one
    name look alike, in the order in which names first appear.

    Raises TypeError if `draw` is no function of these names or returns no `Picture`; ValueError for
    a choice, a stepper or a setting to show that there cannot be, for more than 2,000 settings,
    for panels that differ, and for pictures of over 60 kB. What `draw` raises has the setting in a
    note.
    """
    return Explorable(draw, choices, stepper, show or {})


class Explorable(Widget):
    """The widget; `choice` holds each control's index."""

    _esm = module("explorable")

    def __init__(self, draw, choices, stepper, show):
        self._values = _controls(draw, choices)
        self._name = name_of(draw)
        sliders = [name for name, values in self._values.items() if is_number(values[0])]
        if stepper is not None and stepper not in sliders:
            raise ValueError(f"stepper must name a choice of numbers ({', '.join(sliders)}), "
                             f"got {stepper!r}")
        choice = _shown(show, self._values, sliders)
        controls = [{"name": name, "menu": name not in sliders, "stepper": name == stepper,
                     "labels": labels(values)} for name, values in self._values.items()]
        pictures = _pictures(draw, self._values)
        super().__init__(choice=choice, content={"controls": controls, **_content(pictures)})

    def __repr__(self):
        controls = ", ".join(f"{name} ({len(values)})" for name, values in self._values.items())
        return f"Explorable: {self._name} over {controls}"

    @traitlets.validate("choice")
    def _chosen(self, proposal):
        choice, sizes = proposal["value"], [len(values) for values in self._values.values()]
        if len(choice) != len(sizes) or not all(
                0 <= k < size for k, size in zip(choice, sizes, strict=True)):
            raise ValueError(f"choice must be an index for each of {', '.join(self._values)}, "
                             f"below {sizes}, got {choice!r}")
        return choice


def _controls(draw, choices):
    """Return the values of each choice by name, as a list."""
    if not callable(draw):
        raise TypeError(f"draw must be a function that returns a Picture, got {draw!r}")
    if not choices:
        raise ValueError("lists of values make controls: give at least one, such as lr=[0.1, 0.2]")
    try:
        inspect.signature(draw).bind(**choices)
    except TypeError as error:
        raise TypeError(f"draw must take {', '.join(choices)}, but {name_of(draw)}: "
                        f"{error}") from None
    controls = {name: _values(name, values) for name, values in choices.items()}
    count = math.prod(map(len, controls.values()))
    if count > SETTINGS:
        sizes = " × ".join(str(len(values)) for values in controls.values())
        raise ValueError(f"the lists may make at most {SETTINGS} settings, got {sizes} = {count}")
    return controls


def _values(name, values):
    """Return the values of one choice as a list, all numbers, all strings or all booleans."""
    given = values.tolist() if isinstance(values, np.ndarray) else values
    found = [value.item() if isinstance(value, np.generic) else value
             for value in (given if isinstance(given, (list, tuple, range)) else ())]
    alike = any(all(map(of, found)) for of in (
        lambda value: is_number(value) and math.isfinite(value),
        lambda value: isinstance(value, str), lambda value: isinstance(value, bool)))
    if len(found) < 2 or not alike or len(set(found)) < len(found):
        raise ValueError(f"{name} must be a list of two or more different finite numbers, strings "
                         f"or booleans, got {values!r}")
    return found


def _shown(show, controls, sliders):
    """Return the index of each control to begin with."""
    chosen = dict.fromkeys(controls, 0)
    for name, value in show.items():
        if name not in controls:
            raise ValueError(f"show must name choices ({', '.join(controls)}), "
                             f"got {name}={value!r}")
        values = controls[name]
        if name in sliders and is_number(value) and math.isfinite(value):
            chosen[name] = int(np.abs(np.array(values) - value).argmin())
        elif name not in sliders and value in values:
            chosen[name] = values.index(value)
        else:
            raise ValueError(f"show: {name} must be one of {values}, got {value!r}")
    return list(chosen.values())


def _pictures(draw, controls):
    """Return the picture of each setting, the last control's values running fastest."""
    pictures = []
    for values in itertools.product(*controls.values()):
        setting = dict(zip(controls, values, strict=True))
        try:
            pictures.append(draw(**setting))
            _refuse(pictures)
        except Exception as error:
            told = ", ".join(f"{name}={value!r}" for name, value in setting.items())
            error.add_note(f"The setting drawn: {told}")
            raise
    return pictures


def _refuse(pictures):
    """Raise an error if the last picture is none, or has not the panels and axes of the first."""
    first, last = pictures[0], pictures[-1]
    if not isinstance(last, Picture):
        raise TypeError(f"draw must return a Picture, got {last!r}")
    if len(last.panels) != len(first.panels):
        raise ValueError("draw must return as many panels for each setting: "
                         f"{len(first.panels)} at first, now {len(last.panels)}")
    for k, (before, now) in enumerate(zip(first.panels, last.panels, strict=True), start=1):
        for name, value in now.axes().items():
            if value != before.axes()[name]:
                raise ValueError(f"{name} of panel {k} must be the same for each setting: "
                                 f"{before.axes()[name]!r} at first, now {value!r}")


def _content(pictures):
    """Return what the module draws: axes, looks of marks, and marks by setting and panel, packed.

    A mark is the number of its look and then, by piece, x and y as differences of whole parts of
    a unit. Equal ones are kept once, and a setting has their numbers.
    """
    size = LARGE if len(pictures[0].panels) < 3 else SMALL
    frames = [Frame(place, size)
              for place in zip(*(picture.panels for picture in pictures), strict=True)]
    names = list(dict.fromkeys(mark.name for picture in pictures for panel in picture.panels
                               for mark in panel.marks if not mark.quiet))
    looks, marks, settings = {}, {}, []
    for picture in pictures:
        settings.append([])
        for frame, panel in zip(frames, picture.panels, strict=True):
            drawn = [(mark, *frame.drawn(mark)) for mark in panel.marks]
            settings[-1].append([
                _number(marks, (_number(looks, _look(mark, kind, names)), *_columns(pieces)))
                for mark, kind, pieces in drawn if pieces])
    packed = {"marks": list(marks), "settings": settings, "says": [p.says for p in pictures]}
    text = json.dumps(packed, separators=(",", ":"), ensure_ascii=False)
    return {"panels": [frame.content() for frame in frames], "fine": FINE, "colors": list(COLORS),
            "looks": list(map(dict, looks)), "packed": _light(deflated(text.encode()), settings)}


def _light(text, settings):
    """Return packed pictures, or raise a ValueError if they are too large for a page."""
    if len(text) > LARGEST:
        raise ValueError(f"the pictures of {len(settings)} settings take {len(text) / 1000:.0f} kB "
                         f"and may take {LARGEST // 1000}: give shorter lists, lines of fewer "
                         "points, or draw what stays the same alike in all settings")
    return text


def _number(pool, thing):
    """Return the number of a thing in a pool, which it joins if it is new."""
    return pool.setdefault(thing, len(pool))


def _columns(pieces):
    """Return x and y of each piece as differences of whole numbers."""
    return (tuple(np.diff(column, prepend=0).tolist()) for piece in pieces for column in piece.T)


def _look(mark, kind, names):
    """Return how a mark is drawn, as pairs; a name's number chooses colour, dash and marker."""
    look = {"kind": kind, "name": mark.name, "label": getattr(mark, "label", ""),
            "quiet": mark.quiet}
    if mark.quiet:
        look |= {"color": "currentColor", "dash": "none", "marker": MARKERS[0]}
    else:
        k = names.index(mark.name)
        other = k + k // len(COLORS)  # where hues begin again, no dash or marker is with the same
        dash = DASHES[other % len(DASHES)]
        look |= {"color": COLORS[k % len(COLORS)], "marker": MARKERS[other % len(MARKERS)],
                 "dash": _STROKES.get(dash) or " ".join(map(str, dash[1]))}
    return tuple(look.items())

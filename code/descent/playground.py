"""The playground: a rule on a surface, under your hand, in Jupyter and on a page without a kernel.

Every setting of the controls is computed beforehand, by the rule itself, as one batched run. What
the page carries is the table of those runs and one ES module (`playground.js`) that draws from it.
"""

import base64
import hashlib
import html
import inspect
import itertools
import json
import zlib
from pathlib import Path

import anywidget
import numpy as np
import traitlets
from contourpy import contour_generator

from descent import surfaces
from descent.driver import walk
from descent.plots import COLORS
from descent.signature import hyperparameters, known, name_of, state_names

__all__ = ["Playground", "playground"]

MODULE = Path(__file__).with_name("playground.js")
LARGEST = 6_000  # settings: what keeps a page under 300 kB
FINE = 2_000  # quantisation steps across the window
FAR = 6  # a run further from the window's middle than this many half windows has left the picture
DECADES = 200  # quantisation steps of a decade of loss

_MOUNT = """<div class="descent-playground" id="{id}"><noscript>{alt}</noscript></div>
<script type="module">
const state = {state}, source = {source};
const modules = (globalThis.descentModules ??= new Map());
if (!modules.has(source)) modules.set(source, import(URL.createObjectURL(
  new Blob([source], {{type: "text/javascript"}}))));
const listeners = {{}};
const model = {{
  get: (key) => state[key],
  set: (key, value) => {{
    state[key] = value;
    (listeners["change:" + key] ?? []).forEach((f) => f());
  }},
  on: (event, f) => {{ (listeners[event] ??= []).push(f); }},
  off() {{}}, save_changes() {{}}, send() {{}},
}};
const el = document.getElementById("{id}");
await (await modules.get(source)).default.render({{ model, el }});
el.dataset.ready = "1";
</script>"""


def playground(rule, surface=surfaces.quadratic, *, steps=60, start=None, show=None, **choices):
    """Return the widget: controls over a picture of the path and of the loss.

    A list or 1-D array makes a control: numbers a slider, booleans, strings or tuples a menu. Any
    other value is fixed. Keywords that the surface factory takes go to it, all others to the rule.
    `start` is a point (x, y); `show` maps names of controls to the values to begin with, of which
    the nearest is taken (default: the middle).

    Raises TypeError for an unknown keyword; ValueError if there are not one to four controls, for
    too many settings, or for values that torch would refuse.
    """
    return Playground(_Grid(rule, surface, steps, choices), start, show or {})


class Playground(anywidget.AnyWidget):
    """The widget; in Jupyter its `start` can be dragged, and the runs are computed anew."""

    _esm = MODULE
    content = traitlets.Dict().tag(sync=True)
    choice = traitlets.List().tag(sync=True)
    start = traitlets.List().tag(sync=True)
    live = traitlets.Bool(True).tag(sync=True)

    def __init__(self, grid, start, show):
        self._grid = grid
        start = [float(x) for x in (grid.surfaces[0].start if start is None else start)]
        if len(start) != 2 or not np.isfinite(start).all():
            raise ValueError(f"start must be a point (x, y), got {start!r}")
        super().__init__(start=start, choice=grid.choice(show), content=grid.content(start))

    def __repr__(self):
        return repr(self._grid)

    @traitlets.observe("start")
    def _moved(self, change):
        if self.content:  # not while it is being made
            self.content = self._grid.content(change["new"])

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": repr(self), "text/html": self.page()}, metadata

    def page(self):
        """Return the widget as HTML that needs no kernel and no library."""
        state = {"content": self.content, "choice": self.choice, "start": self.start, "live": False}
        text = json.dumps(state, separators=(",", ":"))
        return _MOUNT.format(
            id=f"descent-{hashlib.sha1(text.encode()).hexdigest()[:8]}-{next(_numbers)}",
            alt=html.escape(f"An interactive picture, which needs JavaScript: {self!r}."),
            state=text.replace("</", "<\\/"),
            source=json.dumps(MODULE.read_text(encoding="utf8")).replace("</", "<\\/"))


_numbers = itertools.count(1)


class _Grid:
    """The settings of a playground, and the runs over all of them."""

    def __init__(self, rule, surface, steps, choices):
        if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= 1000:
            raise ValueError(f"steps must be a whole number in [1, 1000], got {steps!r}")
        self.rule, self.steps = rule, steps
        factory = surface if callable(surface) else lambda: surface
        of_surface = set(inspect.signature(factory).parameters)
        known(rule, [name for name in choices if name not in of_surface])
        self.controls = {name: np.asarray(values).tolist() if isinstance(values, np.ndarray)
                         else list(values) for name, values in choices.items()
                         if isinstance(values, (list, np.ndarray))}
        fixed = {name: value for name, value in choices.items() if name not in self.controls}
        if not 1 <= len(self.controls) <= 4 or not all(self.controls.values()):
            raise ValueError("lists make controls: one to four, none empty, got "
                             f"{ {name: len(v) for name, v in self.controls.items()} }")
        self.shape = tuple(map(len, self.controls.values()))
        most = LARGEST * 61 // (steps + 1)
        if np.prod(self.shape) > most:
            raise ValueError(f"the controls must make at most {most} settings of {steps} steps, "
                             f"got {' × '.join(map(str, self.shape))} = {np.prod(self.shape)}")
        # Menus need a run each; the surfaces share one run; numbers are arrays in it.
        self.places = [n for n in self.controls if n in of_surface]
        numbers = {n for n, v in self.controls.items() if all(map(_is_number, v))}
        self.menus = [n for n in self.controls if n not in numbers and n not in self.places]
        self.sliders = [n for n in self.controls if n in numbers and n not in self.places]
        on_surface = {n: v for n, v in fixed.items() if n in of_surface}
        self.fixed = {n: v for n, v in fixed.items() if n not in of_surface}
        self.surfaces = [
            factory(**on_surface, **dict(zip(self.places, values, strict=True)))
            for values in itertools.product(*(self.controls[n] for n in self.places))]

    def __repr__(self):
        controls = ", ".join(f"{n} × {len(v)}" for n, v in self.controls.items())
        return (f"Playground: {name_of(self.rule)} on {self.surfaces[0].name} over {controls}, "
                f"{self.steps} steps")

    def choice(self, show):
        """Return the index of each control's value nearest to `show`'s, or of its middle one."""
        chosen = {name: len(values) // 2 for name, values in self.controls.items()}
        for name, value in show.items():
            if name not in self.controls:
                raise ValueError(f"show must name controls ({', '.join(self.controls)}), "
                                 f"got {name}={value!r}")
            values = self.controls[name]
            if value in values:
                chosen[name] = values.index(value)
            elif _is_number(value) and name not in self.menus:
                chosen[name] = int(np.abs(np.array(values) - value).argmin())
            else:
                raise ValueError(f"show: {name} must be one of {values}, got {value!r}")
        return list(chosen.values())

    def content(self, start):
        """Return what the module draws: the table of runs, contour lines, names and windows."""
        points, memory = self._runs(start)
        window = np.array(self.surfaces[0].window)
        (middle, half) = window.mean(1), np.diff(window).ravel() / 2
        inside = (np.abs(points - middle) <= FAR * half).all(-1)
        with np.errstate(invalid="ignore"):
            left = np.where(inside.all(-1), self.steps + 1, inside.argmin(-1))
        kept = np.arange(self.steps + 1) < left[..., None]
        points = np.where(kept[..., None], points, middle)
        losses = self._losses(points)
        x, y = np.moveaxis(np.round((points - middle) / half * FINE / 2), -1, 0)
        memory = np.where(kept[..., None], memory, 0.0)
        u, v = np.moveaxis(np.round(memory / half * FINE / 20), -1, 0)
        channels = np.stack([x, y, np.round(np.log10(losses) * DECADES), u, v], axis=-2)
        order = [*self.menus, *self.places, *self.sliders]
        axes = [order.index(name) for name in self.controls]
        channels = channels.reshape(*[len(self.controls[n]) for n in order], 5, self.steps + 1)
        channels = channels.transpose(*axes, len(axes), len(axes) + 1)
        left = left.reshape([len(self.controls[n]) for n in order]).transpose(axes)
        first = self.surfaces[0]
        return {
            "rule": name_of(self.rule), "surface": first.name, "steps": self.steps,
            "controls": [{"name": name, "menu": name in self.menus, "surface": name in self.places,
                          "labels": [_label(value) for value in values]}
                         for name, values in self.controls.items()],
            "memory": (state_names(self.rule) or [""])[0], "lr": "lr" in hyperparameters(self.rule),
            "window": window.tolist(), "fine": FINE, "decades": DECADES,
            "contours": [_contours(surface) for surface in self.surfaces],
            "minima": [[list(m) for m in surface.minima] for surface in self.surfaces],
            "colors": list(COLORS), "left": left.ravel().tolist(), "table": _packed(channels),
        }

    def _runs(self, start):
        """Return points and memory arrows, each (menus × settings, steps + 1, 2)."""
        sizes = [len(self.surfaces), *(len(self.controls[n]) for n in self.sliders)]
        where = np.indices(sizes).reshape(len(sizes), -1)
        arrays = {name: np.array(self.controls[name], dtype=float)[index][:, None]
                  for name, index in zip(self.sliders, where[1:], strict=True)}
        blocks = np.array_split(np.arange(where.shape[1]), len(self.surfaces))

        def grad(p):
            return np.concatenate([surface.grad(p[block])
                                   for surface, block in zip(self.surfaces, blocks, strict=True)])

        points, memory = [], []
        for menu in itertools.product(*(self.controls[n] for n in self.menus)):
            p = np.tile(np.array(start, dtype=float), (where.shape[1], 1))
            trail, arrows = [p], [np.zeros_like(p)]
            hyper = {**self.fixed, **arrays, **dict(zip(self.menus, menu, strict=True))}
            with np.errstate(all="ignore"):
                for step in walk(self.rule, grad, p, self.steps, **hyper):
                    trail.append(np.broadcast_to(step.p, p.shape))
                    arrows.append(_arrow(step, p.shape))
            points.append(np.stack(trail, axis=1))
            memory.append(np.stack(arrows, axis=1))
        return np.concatenate(points), np.concatenate(memory)

    def _losses(self, points):
        """Return the losses above the lowest, at least 1e-16; `points` as from `_runs`."""
        per_menu = len(points) // int(np.prod([len(self.controls[n]) for n in self.menus]))
        losses = np.empty(points.shape[:-1])
        for block in range(0, len(points), per_menu):
            runs = np.array_split(np.arange(block, block + per_menu), len(self.surfaces))
            for surface, rows in zip(self.surfaces, runs, strict=True):
                losses[rows] = surface.f(points[rows]) - surface.lowest
        return np.clip(losses, 1e-16, 1e100)


def _arrow(step, shape):
    """Return where the first state would push the point: minus lr times it."""
    if not step.state or np.shape(step.state[0]) != shape:
        return np.zeros(shape)
    return np.nan_to_num(-step.hyper.get("lr", 1.0) * step.state[0], posinf=0, neginf=0)


def _is_number(value):
    return isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, np.bool_))


def _label(value):
    if isinstance(value, (bool, np.bool_)):
        return "on" if value else "off"
    return f"{value:g}" if _is_number(value) else str(value)


def _packed(channels):
    """Return whole numbers as text: steps' differences, their bytes apart, deflated, base64."""
    whole = np.clip(channels, -32768, 32767).astype(np.int16)
    whole[..., 1:] = whole[..., 1:] - whole[..., :-1]  # wraps, and unwraps when summed
    bytes_apart = whole.reshape(-1, 1).astype("<i2").view(np.uint8).T
    return base64.b64encode(zlib.compress(bytes_apart.tobytes(), 9)).decode()


def _contours(surface, levels=12, size=61):
    """Return contour lines as lists of whole numbers in thousandths of the window."""
    (x0, x1), (y0, y1) = surface.window
    x, y = np.linspace(x0, x1, size), np.linspace(y0, y1, size)
    values = surface.f(np.stack(np.meshgrid(x, y), axis=-1)) - surface.lowest
    lines = contour_generator(x, y, values).lines
    found = [line for level in np.quantile(values, np.linspace(0.01, 0.97, levels) ** 1.5)
             for line in lines(level)]
    scale, origin = 1000 / np.array([x1 - x0, y1 - y0]), np.array([x0, y0])
    return [np.round((line - origin) * scale).astype(int).ravel().tolist() for line in found]

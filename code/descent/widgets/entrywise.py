"""The runs of a playground on plain floats, one after another: what a page computes by itself."""

import math
from array import array

from descent.driver import Step, entries
from descent.signature import hyperparameters, name_of, state_names
from descent.surfaces import Point
from descent.widgets.settings import COARSE, DECADES, FAR, FINE

__all__ = ["runs"]

_ENDS = ArithmeticError  # where NumPy would go on with inf or NaN


def runs(settings, start, bars, rows):
    """Return the playground's runs from `start` at some of its settings, by their numbers.

    The result holds `channels`, by the names that the module knows, arrays of the whole numbers of
    the widget's table, (rows, steps + 1) row by row; `left`, the step at which each
    run left the picture, or steps + 1; `memory`, the name of the state whose push is drawn, or "";
    whether there are `bars`, and an `lr`.
    `bars` are functions of a `Step`, as of `playground`, which here gets one entry's numbers; if
    the rule has not the state that they read, its push is drawn in their place.

    Raises what the rule raises; where inf or NaN come of it, the run leaves the picture. A single
    run that does so at its first step raises ArithmeticError, or ValueError.
    """
    bars = bars if bars and _readable(settings, Point(start), bars) else {}
    names = state_names(settings.rule)
    memory = names[0] if names and not bars else ""
    channels = ["x", "y", "loss", *(f"{name} in {axis}" for name in bars for axis in ("x", "y")),
                *(("push x", "push y") if memory else ())]
    made = {name: array("h") for name in channels}
    left = []
    for row in rows:
        run, at, trouble = _run(settings, row, Point(start), list(bars.values()), memory)
        for channel, numbers in zip(made.values(), run, strict=True):
            channel.extend(numbers)
        left.append(at)
    if left == [1] and trouble:
        raise _unended(trouble, settings.rule)
    return {"channels": made, "left": left, "memory": memory, "bars": bool(bars),
            "lr": "lr" in hyperparameters(settings.rule)}


def _readable(settings, start, bars):
    """Tell whether the bars can be read from a step of the rule."""
    try:
        grad = settings.surfaces[0].grad
        (step,) = entries(settings.rule, grad, start, 1, **settings.setting(0))
    except _ENDS:
        return True
    try:
        for bar in bars.values():
            bar(_of_entry(step, 0))
    except _ENDS:
        return True
    except Exception:
        return False
    return True


def _of_entry(step, i):
    return Step(step.t, step.g[i], step.p[i], step.state[i], step.hyper)


def _unended(trouble, rule):
    """Return what to raise where a run breaks off at once."""
    if isinstance(trouble, Exception):
        return trouble
    return ValueError(f"{name_of(rule)} gives no number at its first step; is there a root of a "
                      "negative number, or 0/0?")


def _run(settings, row, start, bars, memory):
    """Return one run: its channels, the step at which it left, and what was wrong there or None."""
    surface, steps = settings.surfaces[settings.surface_of[row]], settings.steps
    (x0, x1), (y0, y1) = settings.surfaces[0].window
    middle, half = ((x0 + x1) / 2, (y0 + y1) / 2), ((x1 - x0) / 2, (y1 - y0) / 2)
    (x, y), (across, along) = middle, (FAR * half[0], FAR * half[1])
    points, losses, seen, pushes = [start], [_loss(surface, start)], [], [(0.0, 0.0)]
    left, trouble = steps + 1, None
    walked = entries(settings.rule, surface.grad, start, steps, **settings.setting(row))
    for t in range(1, steps + 1):
        try:
            step = next(walked)
            p = Point([_real(value) for value in step.p])
        except _ENDS as error:
            p, trouble = Point((math.nan, math.nan)), error
        losses.append(_loss(surface, p))
        if bars and not trouble:
            seen.append([_size(bar, step, i) for bar in bars for i in (0, 1)])
        inside = abs(p[0] - x) <= across and abs(p[1] - y) <= along
        if not inside:
            left, trouble = t, trouble or p[0] != p[0] or p[1] != p[1]
            points.append(_edge(points[-1], p, middle, (across, along)))
            break
        points.append(p)
        if memory:
            lr = step.hyper.get("lr", 1.0)
            pushes.append(tuple([-lr * _real(state[0]) for state in step.state]))
    scale = [FINE / 2 / one for one in half]
    channels = [[(p[i] - middle[i]) * scale[i] for p in points] for i in (0, 1)]
    channels.append([math.log10(loss) * DECADES for loss in losses])
    if bars:
        seen = seen or [[-99.0] * 2 * len(bars)]
        channels += [[decade * DECADES for decade in bar]
                     for bar in zip(seen[0], *seen, strict=True)]
    if memory:
        channels += [[push[i] * scale[i] / COARSE for push in pushes] + [0.0] for i in (0, 1)]
    channels = [[min(max(round(number), -32768), 32767) for number in c] for c in channels]
    return [(c + c[-1:] * (steps + 1 - len(c)))[:steps + 1] for c in channels], left, trouble


def _real(value):
    """Return a float; a complex number, which only Python makes of a root, is none."""
    if isinstance(value, complex):
        raise ArithmeticError("the root of a negative number")
    return float(value)


def _loss(surface, p):
    """Return the loss above the lowest, between 1e-16 and 1e100."""
    try:
        loss = surface.f(p) - surface.lowest
    except _ENDS:
        return 1e100
    return min(max(loss, 1e-16), 1e100) if loss == loss else 1e100


def _edge(last, p, middle, reach):
    """Return where the way from one point to the next leaves the box around the middle."""
    way, part = [], 1.0
    for a, b, m, r in zip(last, p, middle, reach, strict=True):
        step = min(max(b, -1e9), 1e9) - a if b == b else 0.0
        room = m + r - a if step > 0 else a - m + r
        part = min(part, room / max(abs(step), 1e-9))
        way.append(step)
    return Point([a + part * step for a, step in zip(last, way, strict=True)])


def _size(bar, step, i):
    """Return the decade of a bar of one entry, between -99 and 99."""
    try:
        size = _real(bar(_of_entry(step, i)))
        return math.log10(min(max(size, 1e-99), 1e99)) if size == size else -99.0
    except _ENDS:
        return -99.0

"""A playground whose rule a reader has changed: the cell that made it, run with that rule."""

import contextlib
import functools
import math
import sys
from types import ModuleType

import numpy as np

from descent import ops, rules, surfaces
from descent.book.inpage.desk import Printed, enter, told
from descent.signature import name_of
from descent.widgets.entrywise import runs
from descent.widgets.settings import Settings

__all__ = ["changed"]

_MODULE = "descent.widgets.playground"  # which a page does not have


class _OnFloats:
    """NumPy, but what rules use of it leaves a plain float one; its own floats are slow."""

    abs = absolute = staticmethod(abs)
    maximum, minimum, sign, sqrt = map(staticmethod, (ops.maximum, ops.minimum, ops.sign, ops.sqrt))

    def __getattr__(self, name):
        return getattr(np, name)


def changed(cell, source, start, first, last):
    """Return runs of a playground with another rule, as a dict; or what is wrong with it.

    `cell` is the code that makes the playground, `source` the rule's, `start` a point (x, y);
    settings number `first` to before `last` are run. The result holds what
    `widgets.entrywise.runs` returns, or `trouble`: the words and the line or None. `printed` is
    what the rule printed.
    """
    printed, made = Printed(), {}
    with contextlib.redirect_stdout(printed):
        try:
            settings, bars = _settings(cell, source)
            made = runs(settings, start, bars, range(first, last))
        except (Exception, SystemExit) as error:
            made = {"trouble": told(error)}
    return {**made, "printed": printed.shown()}


@functools.lru_cache(maxsize=2)
def _settings(cell, source):
    """Return the settings of the playground that the cell makes with the rule, and its bars."""
    made = []

    def playground(rule, surface=surfaces.quadratic, *, steps=60, start=None, show=None,
                   bars=None, ellipse=None, **choices):
        made.append((rule, surface, steps, choices, bars or {}))

    given = {"__name__": "rule", "np": _OnFloats(), "math": math, "surfaces": surfaces,
             "playground": playground,
             **{name: getattr(ops, name) for name in ops.__all__},
             **{name: getattr(rules, name) for name in rules.__all__}}
    room = ModuleType(_MODULE)
    room.playground = playground
    before = sys.modules.get(_MODULE)
    sys.modules[_MODULE] = room
    try:
        exec(compile(cell, "the cell above", "exec"), given)
    finally:
        if before is None:
            del sys.modules[_MODULE]
        else:
            sys.modules[_MODULE] = before
    rule, surface, steps, choices, bars = made[-1]
    enter(source, given)
    name = name_of(rule)
    if given[name] is rule:
        raise NameError(f"there is no function {name} in it")
    return Settings(given[name], surface, steps, choices), bars

"""Descent: the optimizers of torch.optim and some beyond, derived, written out and measured.

The rules come at once: they need no library. What needs one is imported when it is asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from descent.device import device
from descent.rules import (
    adadelta,
    adafactor,
    adagrad,
    adam,
    adamax,
    adamw,
    adopt,
    asgd,
    lbfgs,
    lion,
    muon,
    nadam,
    prodigy,
    radam,
    rmsprop,
    rprop,
    schedulefree,
    sgd,
    shampoo,
    soap,
    sparseadam,
)

if TYPE_CHECKING:  # for editors: see `__getattr__`
    from descent import surfaces
    from descent.driver import path, walk
    from descent.optim import LBFGS, Optimizer, kahan, master, stochastic
    from descent.processes import ranks

__all__ = ["LBFGS", "Optimizer", "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw",
           "adopt", "asgd", "device", "kahan", "lbfgs", "lion", "master", "muon", "nadam", "path",
           "prodigy", "radam", "ranks", "rmsprop", "rprop", "schedulefree", "sgd", "shampoo",
           "soap", "sparseadam", "stochastic", "surfaces", "walk"]

_HOMES = {"LBFGS": "optim", "Optimizer": "optim", "kahan": "optim", "master": "optim",
          "path": "driver", "ranks": "processes", "stochastic": "optim", "surfaces": "surfaces",
          "walk": "driver"}


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module 'descent' has no attribute {name!r}")
    home = import_module(f"descent.{_HOMES[name]}")
    globals()[name] = value = home if _HOMES[name] == name else getattr(home, name)
    return value


def __dir__():
    return sorted({*globals(), *_HOMES})

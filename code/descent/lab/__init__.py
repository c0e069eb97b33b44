"""The laboratory: what takes longer than a notebook may, run by a command and kept as data.

    python -m descent.lab run [EXPERIMENT...]        run what is missing or has changed
    python -m descent.lab status [EXPERIMENT...]     tell what that is
    python -m descent.lab export EXPERIMENT          write its results as CSV, one row a run

An experiment is a module of `descent.lab.experiments`, most often a chapter's; its `TRIALS` give
each trial a name, a function and arguments. A trial's result is written as soon as it is there,
with what produced it: a run that was cut off, even killed, goes on where it was.
"""

from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from descent.lab import experiments
from descent.lab.runner import run
from descent.lab.store import results, stale
from descent.lab.trial import Trial

__all__ = ["RESULTS", "Trial", "load", "module_of", "names", "path_of", "results", "run", "stale",
           "trials_of"]

RESULTS = Path(__file__).with_name("results")


def names():
    """Return the names of the experiments."""
    return [module.name for module in iter_modules(experiments.__path__)]


def module_of(name):
    """Return the module of an experiment; ValueError if there is none of that name."""
    if name not in names():
        raise ValueError(f"experiment must be one of {', '.join(names())}, got {name!r}")
    return import_module(f"{experiments.__name__}.{name}")


def trials_of(name):
    """Return the trials of an experiment by name; ValueError if there is none of that name."""
    return module_of(name).TRIALS


def path_of(name):
    """Return the file of an experiment's results."""
    return RESULTS / f"{name}.json"


def load(name):
    """Return an experiment's results by trial; lists become arrays.

    Raises ValueError for an unknown experiment, RuntimeError if a result is missing or stale.
    """
    try:
        return results(trials_of(name), path_of(name))
    except RuntimeError as error:
        raise RuntimeError(f"{error}: python -m descent.lab run {name}") from None

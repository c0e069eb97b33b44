"""Experiments too long for a notebook: run by a command, kept as data, read by the chapters.

    python -m descent.experiments run CHAPTER...     run what is missing or has changed
    python -m descent.experiments check              tell which results are missing or stale

A chapter's trials stand in `descent.experiments.CHAPTER`, as `TRIALS`: a name for each, a
function of `descent.experiments.trials` and its arguments. A trial's result is written as soon as
it is there, with what produced it; a run that was cut off goes on where it stopped.
"""

import json
import os
import platform
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from pkgutil import iter_modules

import numpy as np
import torch

from descent.experiments.fingerprints import fingerprint
from descent.files import save

__all__ = ["Trial", "chapters", "load", "run", "stale"]

RESULTS = Path(__file__).with_name("results")


@dataclass(frozen=True)
class Trial:
    """A function and the arguments to call it with; both as JSON make its `spec`."""

    function: Callable
    arguments: dict = field(default_factory=dict)

    @property
    def spec(self):
        return json.loads(json.dumps({"function": self.function.__name__, **self.arguments}))

    @property
    def code(self):
        """The hash of what it computes, as `fingerprint` takes it."""
        return fingerprint(self.function, self.arguments)

    def __call__(self):
        """Run the trial on one thread; return its result and the seconds it took."""
        threads, start = torch.get_num_threads(), time.perf_counter()
        torch.set_num_threads(1)
        try:
            return self.function(**self.arguments), time.perf_counter() - start
        finally:
            torch.set_num_threads(threads)


def chapters():
    """Return the names of the chapters that have experiments."""
    return [m.name for m in iter_modules([str(Path(__file__).parent)])
            if m.name not in {"__main__", "fingerprints", "trials"}]


def _trials(chapter):
    if chapter not in chapters():
        raise ValueError(f"chapter must be one of {', '.join(chapters())}, got {chapter!r}")
    return import_module(f"{__name__}.{chapter}").TRIALS


def stale(trials, path):
    """Return the names of the trials without a result, or with one of other arguments or code."""
    kept = _read(path)
    return [name for name, trial in trials.items() if name not in kept
            or (kept[name]["spec"], kept[name]["code"]) != (trial.spec, trial.code)]


def _read(path):
    return json.loads(path.read_text(encoding="utf8")) if path.is_file() else {}


def load(chapter):
    """Return the results of a chapter's experiments by trial; lists of numbers become arrays.

    Raises ValueError for an unknown chapter, RuntimeError if a result is missing or stale.
    """
    trials, path = _trials(chapter), RESULTS / f"{chapter}.json"
    if missing := stale(trials, path):
        raise RuntimeError(f"no up-to-date result for {', '.join(missing)}: "
                           f"python -m descent.experiments run {chapter}")
    return {name: {key: np.array(value) if isinstance(value, list) else value
                   for key, value in kept["result"].items()}
            for name, kept in _read(path).items() if name in trials}


def run(trials, path, processes=None):
    """Run the trials whose result is missing or stale; yield (name, seconds) as each is done.

    `trials` maps names to trials, `path` is the JSON file of their results. The file is whole at
    every moment; results of trials that are no longer there are dropped.
    """
    todo = stale(trials, path)
    kept = {name: value for name, value in _read(path).items() if name in trials}
    path.parent.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with _each(todo, trials, processes) as done:
        for name, (result, seconds) in done:
            trial = trials[name]
            made = {"date": datetime.now(UTC).date().isoformat(), "seconds": round(seconds),
                    "torch": torch.__version__, "numpy": np.__version__,
                    "python": platform.python_version(), "machine": platform.machine()}
            kept[name] = {"spec": trial.spec, "code": trial.code, "result": _rounded(result),
                          "made": made}
            _write(path, {name: kept[name] for name in trials if name in kept})
            yield name, seconds


@contextmanager
def _each(todo, trials, processes):
    """Give the trials' names and outcomes as they are done; one process runs them here."""
    if processes == 1:
        yield ((name, trials[name]()) for name in todo)
        return
    with ProcessPoolExecutor(processes or os.cpu_count(), get_context("spawn")) as pool:
        pending = {pool.submit(trials[name]): name for name in todo}
        yield ((pending[done], done.result()) for done in as_completed(pending))


def _write(path, results):
    lines = (f"{json.dumps(name)}: {json.dumps(value)}" for name, value in results.items())
    save("{\n" + ",\n".join(lines) + "\n}\n", path)


def _rounded(value):
    """Return plain lists and numbers of six digits."""
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [_rounded(one) for one in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value

"""The results of an experiment: a JSON file with a line for each trial, whole at every moment."""

import json

import numpy as np

from descent.files import save

__all__ = ["keep", "outdated", "read", "results", "stale"]


def read(path):
    """Return what a file of results holds, by trial: its result, and what produced it.

    Lists of a result become arrays. A file that is not there holds nothing. Raises ValueError for
    one that is no file of results.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf8")) if path.is_file() else {}
        return {name: {part: one[part] for part in ("spec", "code", "made")}
                | {"result": _arrays(one["result"])} for name, one in kept.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is no file of results: {error!r}") from error


def stale(trials, path):
    """Return the names of the trials without a result, or with one of other arguments or code."""
    return outdated(trials, read(path))


def outdated(trials, kept):
    """Return the same names, from what was read."""
    return [name for name, trial in trials.items() if name not in kept
            or (kept[name]["spec"], kept[name]["code"]) != (trial.spec, trial.code)]


def results(trials, path):
    """Return the results of trials by name; RuntimeError if one is missing or stale."""
    kept = read(path)
    if missing := outdated(trials, kept):
        raise RuntimeError(f"no up-to-date result for {', '.join(missing)}")
    return {name: kept[name]["result"] for name in trials}


def keep(path, kept, trials):
    """Write what `read` returns, or more of it, in the order of the trials, and no others.

    Numbers in arrays keep six digits. Raises ValueError, naming the file, if it cannot be written.
    """
    whole = {name: {**kept[name], "result": _plain(kept[name]["result"])}
             for name in trials if name in kept}
    lines = (f"{json.dumps(name)}: {json.dumps(one)}" for name, one in whole.items())
    save("{\n" + ",\n".join(lines) + "\n}\n", path)


def _arrays(value):
    if isinstance(value, dict):
        return {key: _arrays(one) for key, one in value.items()}
    return np.array(value) if isinstance(value, list) else value


def _plain(value):
    """Return a result in plain lists and numbers."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    return _rounded(np.asarray(value).tolist()) if np.ndim(value) else value


def _rounded(value):
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value

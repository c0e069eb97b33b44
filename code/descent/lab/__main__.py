"""The command line of the laboratory."""

import argparse
import csv
import io
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from tabulate import tabulate

from descent.files import save
from descent.lab import module_of, names, path_of, results, run
from descent.lab.store import outdated, read

__all__ = ["main"]


def main(arguments=None):
    """Run, tell or export; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m descent.lab")
    parser.add_argument("command", choices=["run", "status", "export"])
    parser.add_argument("experiments", nargs="*", metavar="EXPERIMENT",
                        help=f"of {', '.join(names())}; all of them if none is named")
    parser.add_argument("--only", metavar="PATTERN",
                        help="trials whose names match, as in 'digits/*'")
    parser.add_argument("--quick", action="store_true",
                        help="a smoke run where an experiment has one, into a file of its own")
    parser.add_argument("--processes", type=int, metavar="N",
                        help="how many at once; one a core if not given")
    parser.add_argument("--dask", metavar="ADDRESS",
                        help="run on the Dask cluster whose scheduler is there (tcp://host:8786)")
    parser.add_argument("--out", type=Path, metavar="FILE",
                        help="the file of results, or where export writes, of one experiment")
    given = parser.parse_intermixed_args(arguments)
    try:
        chosen = given.experiments or names()
        if given.out and len(given.experiments) != 1:
            raise ValueError(f"--out is for one EXPERIMENT, got {len(chosen)}")
        plans = {name: _plan(name, given) for name in chosen}
        if given.only and not any(_matching(trials, given.only) for trials, _ in plans.values()):
            raise ValueError(f"--only must match a trial's name, got {given.only!r}")
        command = {"run": _run, "status": _status, "export": _export}[given.command]
        return command(plans, given)
    except ValueError as error:
        parser.error(str(error))


def _plan(name, given):
    """Return the trials of an experiment and the file of their results."""
    module, path = module_of(name), path_of(name)
    trials = module.TRIALS
    if given.quick:
        if not hasattr(module, "QUICK"):
            raise ValueError(f"--quick is for an EXPERIMENT that has a smoke run, got {name!r}")
        trials = module.QUICK
        path = Path(tempfile.gettempdir(), f"descent-{name}-quick.json")
    return trials, path if given.command == "export" or not given.out else given.out


def _matching(trials, pattern):
    return [name for name in trials if not pattern or fnmatch(name, pattern)]


def _run(plans, given):
    for name, (trials, path) in plans.items():
        done = run(trials, path, only=_matching(trials, given.only), processes=given.processes,
                   dask=given.dask)
        for number, (trial, seconds, left) in enumerate(done, start=1):
            print(f"[{number}/{number + left}] {name}, {trial}: {seconds:.1f} s", flush=True)
        print(f"{name}: all there, {path}")
    return 0


def _status(plans, given):
    """Print how many trials are up to date, which are not, and how many chose at an edge.

    Returns 1 if any is not up to date.
    """
    lines, missing = [], []
    for name, (trials, path) in plans.items():
        kept = read(path)
        todo = outdated(trials, kept)
        trials = _matching(trials, given.only)
        done = [trial for trial in trials if trial not in todo]
        missing += [f"missing or stale: {name}, {trial}" for trial in trials if trial in todo]
        edges = [trial for trial in done if kept[trial]["result"].get("at_edge")]
        lines.append([name, f"{len(done)} of {len(trials)}", len(edges)])
    print(tabulate(lines, ["experiment", "up to date", "chosen at an edge"]), *missing, sep="\n")
    return bool(missing)


def _export(plans, given):
    for name, (trials, path) in plans.items():
        if not hasattr(module_of(name), "rows"):
            raise ValueError(f"an EXPERIMENT to export must have rows of runs, got {name!r}")
        rows, text = module_of(name).rows(trials, results(trials, path)), io.StringIO()
        table = csv.DictWriter(text, rows[0], lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        out = given.out or path_of(name).with_suffix(".csv")
        save(text.getvalue(), out)
        print(f"{len(rows)} rows: {out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

"""The command line of the benchmark."""

import argparse
import tempfile
from pathlib import Path

from tabulate import tabulate

from descent.benchmark import FULL, QUICK, RESULTS, SPACES, TASKS, Store, edges, run
from descent.benchmark.plan import SCHEDULES, STAGES
from descent.benchmark.run import missing

__all__ = ["main"]


def main(arguments=None):
    """Run, tell or export; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m descent.benchmark")
    parser.add_argument("command", choices=["run", "status", "export"])
    parser.add_argument("--out", type=Path, metavar="FILE", help="the results, an SQLite file")
    parser.add_argument("--only", default="", metavar="NAME,NAME",
                        help=f"tasks of {', '.join(TASKS)}; optimizers of {', '.join(SPACES)}; "
                             f"schedules of {', '.join(SCHEDULES)}")
    parser.add_argument("--quick", action="store_true",
                        help="a smoke run, a tenth of every budget, into a file of its own")
    parser.add_argument("--processes", type=int, metavar="N",
                        help="how many at once; one a core if not given")
    parser.add_argument("--dask", metavar="ADDRESS",
                        help="run on the Dask cluster whose scheduler is there (tcp://host:8786)")
    parser.add_argument("--csv", type=Path, metavar="FILE",
                        help="where export writes; beside the results if not given")
    given = parser.parse_args(arguments)
    plan = QUICK if given.quick else FULL
    out = given.out or (Path(tempfile.gettempdir(), "descent-benchmark-quick.sqlite")
                        if given.quick else RESULTS)
    only = tuple(name for name in given.only.split(",") if name)
    try:
        if given.command == "run":
            _run(out, plan, only, given)
        elif given.command == "status":
            _status(out, plan, only)
        else:
            _export(out, plan, given.csv or out.with_suffix(".csv"))
    except ValueError as error:
        parser.error(str(error))
    return 0


def _run(out, plan, only, given):
    for number, (batch, seconds, left) in enumerate(
            run(out, plan, only=only, processes=given.processes, dask=given.dask), start=1):
        print(f"[{number}/{number + left}] {', '.join(batch.key)}: {seconds:.1f} s", flush=True)
    print(f"all there: {out}")


def _status(out, plan, only):
    """Print what is there, what is not, and which choices lie at the edge of their space."""
    with Store(out, plan) as store:
        todo, lines = missing(store, plan, only), []
        for key in sorted({batch.key[:3] for batch in plan.first(only)}):
            lacking = [stage for stage in STAGES if (*key, stage) in todo]
            tuned = None if "tuning" in lacking else store.tuned(*key)
            lines.append([*key, ", ".join(stage for stage in STAGES if stage not in lacking) or "-",
                          ", ".join(lacking) or "-",
                          ", ".join(edges(key[1], tuned) if tuned else []) or "-"])
    print(tabulate(lines, ["task", "optimizer", "schedule", "done", "missing", "at an edge"]))
    count = plan.count(only)
    print(f"{count - len(todo)} of {count} batches done: {out}")


def _export(out, plan, path):
    if not out.is_file():
        raise ValueError(f"{out} is not there: python -m descent.benchmark run")
    with Store(out, plan) as store:
        print(f"{store.export(path)} rows: {path}")


if __name__ == "__main__":
    raise SystemExit(main())

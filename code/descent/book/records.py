"""Read the records that students hand in: one table of what `check` has said.

    python -m descent.book.records FILE...             see that each is as it was written
    python -m descent.book.records --rerun FILE...     run every answer in them anew, and compare

The seal finds what was cut, mixed up or edited by hand. It is no signature: whoever wants to forge
one can, for the code that seals is open. `--rerun` is the proof, and it runs students' code with
your rights: read it first, or do it on a machine where it can do no harm.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import redirect_stdout
from io import StringIO
from multiprocessing import get_context
from pathlib import Path

from tabulate import tabulate

from descent.exercises import check
from descent.exercises.records import read

__all__ = ["again", "main", "table"]

_HEADER = ("student", "exercise", "result", "when (UTC)", "course", "code")


def again(answers):
    """Run the answers of a record anew; return by exercise whether each is right.

    None stands for one whose source the record does not hold. Code that fails to run is not right.
    """
    found = {}
    for name, one in answers.items():
        space = {"__name__": "answers"}
        try:
            with redirect_stdout(StringIO()):
                if one["source"]:
                    exec(one["source"], space)
                found[name] = check(name, space[one["function"]]).ok if one["source"] else None
        except (Exception, SystemExit):  # whatever a student's code may do
            found[name] = False
    return found


def table(records, rerun=False):
    """Return rows for a teacher, a list for each answer of each record; codes by eight digits.

    With `rerun` each record is run in a process of its own, and a last column says what came out.
    """
    rows = []
    for found in records:
        answers = found["answers"]
        anew = _alone(answers) if rerun else {}
        for name, one in answers.items():
            result = "right" if one["right"] else f"not yet ({one['mistake'] or 'not known here'})"
            row = [found["student"], name, result, one["when"][:16].replace("T", " "),
                   one["course"], (one["code"] or "not kept")[:8]]
            rows.append(row + ([_compared(one["right"], anew[name])] if rerun else []))
    return rows


def _alone(answers):
    """Return what `again` does, run in a process of its own: one student's code sees no other's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        try:
            return alone.submit(again, answers).result()
        except BrokenProcessPool:  # the code ended it
            return dict.fromkeys(answers, False)


def _compared(then, now):
    if now is None:
        return "not to be run"
    return ("right" if now else "not yet") if now == then else "ANOTHER: " + (
        "right" if now else "not right")


def main(arguments=None):
    """Print the table; return 1 if a record is not as it was written, or comes out otherwise."""
    parser = argparse.ArgumentParser(prog="python -m descent.book.records")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="records, .json")
    parser.add_argument("--rerun", action="store_true",
                        help="run the answers anew: this runs students' code")
    chosen = parser.parse_args(arguments)
    if missing := [str(path) for path in chosen.files if not path.is_file()]:
        parser.error(f"FILE must be there, got {', '.join(missing)}")
    records, bad = [], False
    for path in chosen.files:
        try:
            records.append(read(path))
        except ValueError as error:
            print(error, file=sys.stderr)
            bad = True
    rows = table(records, chosen.rerun)
    if rows:
        print(tabulate(rows, headers=[*_HEADER, *["run anew"] * chosen.rerun],
                       disable_numparse=True))
    return int(bad or (chosen.rerun and any(row[-1].startswith("ANOTHER") for row in rows)))


if __name__ == "__main__":
    raise SystemExit(main())

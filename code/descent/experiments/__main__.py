"""The command line of the experiments."""

import argparse

from descent.experiments import RESULTS, _trials, chapters, run, stale


def main(arguments=None):
    """Run, or check, the experiments of chapters; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m descent.experiments")
    parser.add_argument("command", choices=["run", "check"])
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER",
                        help=f"of {', '.join(chapters())}; all of them if none is named")
    parser.add_argument("--processes", type=int, help="how many at once; one a core if not given")
    given = parser.parse_args(arguments)
    if given.processes is not None and given.processes < 1:
        parser.error(f"--processes must be at least 1, got {given.processes}")
    for name in given.chapters:
        if name not in chapters():
            parser.error(f"CHAPTER must be one of {', '.join(chapters())}, got {name!r}")
    missing = 0
    for name in given.chapters or chapters():
        trials, path = _trials(name), RESULTS / f"{name}.json"
        todo = stale(trials, path)
        if given.command == "check":
            missing += len(todo)
            print(f"{name}: {len(trials) - len(todo)} of {len(trials)} up to date", *todo,
                  sep="\n  ")
            continue
        for number, (trial, seconds) in enumerate(run(trials, path, given.processes), start=1):
            print(f"[{number}/{len(todo)}] {name}, {trial}: {seconds:.0f} s", flush=True)
    return bool(missing)


if __name__ == "__main__":
    raise SystemExit(main())

"""Lint the JavaScript as it is shipped: the module of each widget in one piece, the rest as it is.

    python -m descent.widgets.lint

By itself a file lacks the names that it shares with the others, or seems to have too many.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from descent.widgets.widget import FOLDER, module

__all__ = ["ALONE", "complaints", "complaints_alone", "main"]

_BESIDE = ("mount", "nearby")  # what a page runs, beside the modules
ALONE = FOLDER.parent / "book" / "inpage"
CONFIG = Path(__file__).parents[3] / ".oxlintrc.json"


def complaints(folder=FOLDER):
    """Return what oxlint has against the JavaScript of the folder, as 'FILE:LINE: what (rule)'.

    What widgets share is unused only where no widget uses it.
    """
    names = sorted({path.stem for path in folder.glob("*.js")} - {"widget", *_BESIDE})
    pieces = {name: module(name, folder) for name in names}
    pieces |= {name: _read(folder, name) for name in _BESIDE}
    shared = len(_read(folder, "widget").split("\n"))  # lines of it, ahead of a widget's own
    said = Counter()
    for one in _diagnostics(pieces):
        file, line = Path(one["filename"]).stem, one["labels"][0]["span"]["line"]
        if file not in _BESIDE:
            file, line = ("widget", line) if line <= shared else (file, line - shared)
        said[file, line, one["message"], one.get("code", "syntax")] += 1
    return [f"{file}.js:{line}: {message} ({rule})"
            for (file, line, message, rule), times in sorted(said.items())
            if file != "widget" or "no-unused-vars" not in rule or times == len(names)]


def complaints_alone(folder=ALONE):
    """Return what oxlint has against scripts that share nothing, in the same words."""
    found = _diagnostics({path.stem: _read(folder, path.stem) for path in folder.glob("*.js")})
    return sorted(f"{Path(one['filename']).name}:{one['labels'][0]['span']['line']}: "
                  f"{one['message']} ({one.get('code', 'syntax')})" for one in found)


def _diagnostics(pieces):
    """Return what oxlint says of the pieces, texts by name; an error if it does not look at all."""
    with TemporaryDirectory() as folder:
        for name, text in pieces.items():
            Path(folder, f"{name}.js").write_text(text, encoding="utf8")
        oxlint = Path(sys.executable).with_name("oxlint")
        run = subprocess.run([oxlint, "--config", CONFIG, "--format", "json", folder],
                             capture_output=True, encoding="utf8", check=False)
    if not run.stdout.startswith("{") or json.loads(run.stdout)["number_of_files"] != len(pieces):
        raise RuntimeError(f"oxlint: {run.stdout}{run.stderr}")
    return json.loads(run.stdout)["diagnostics"]


def _read(folder, name):
    return (folder / f"{name}.js").read_text(encoding="utf8")


def main():
    """Run the command line; return the exit status."""
    found = complaints() + complaints_alone() + complaints_alone(ALONE.parent)
    print("\n".join(found) or "All JavaScript is in order.")
    return bool(found)


if __name__ == "__main__":
    raise SystemExit(main())

"""The study notebooks: written for a learner, never over what a learner has written.

    python -m descent.book.study [NAME...]            write study/NAME.ipynb; all, if none is named
    python -m descent.book.study --beside NAME...     write the new edition beside yours
    python -m descent.book.study --lab                write all, and open them in JupyterLab
"""

import argparse
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell

from descent.book.build import editions, execute
from descent.book.translate import digest
from descent.files import save

__all__ = ["beside", "main", "pasted", "place"]


def place(notebook, path):
    """Write a study notebook unless a learner's own stands there; return in words what was done.

    A notebook whose cells are as they were written is no one's own and is renewed, with its
    outputs. A new one is signed, so that JupyterLab trusts the playgrounds in it.
    """
    path, said = Path(path), "written"
    if path.exists():
        edition, untouched = _found(path)
        newer = edition != notebook.metadata.descent.edition
        if not untouched:
            return "yours, kept; the course has a newer one" if newer else "yours, kept"
        if not newer:
            return "up to date"
        said = "renewed"
    path.parent.mkdir(parents=True, exist_ok=True)
    save(nbformat.writes(notebook), path)
    NotebookNotary().sign(nbformat.read(path, as_version=4))
    return said


def _found(path):
    """Return the edition of the notebook that lies there, and whether nobody has changed it."""
    try:
        there = nbformat.read(path, as_version=4)
        edition = there.metadata.get("descent", {}).get("edition")
        return edition, digest(there) == edition
    except (ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError):
        return None, False  # no notebook, or half of one


def beside(path):
    """Return the first of NAME-2.ipynb, NAME-3.ipynb, … that is free or nobody's own."""
    path, number = Path(path), 2
    while True:
        other = path.with_name(f"{path.stem}-{number}{path.suffix}")
        if not other.exists() or _found(other)[1]:
            return other
        number += 1


def pasted(edition):
    """Return an `Edition`'s notebook with each solution's code in the cell for its answer."""
    notebook, answered = deepcopy(edition.notebook), set()
    cells = []
    for cell in notebook.cells:
        label = cell.metadata.get("descent", {}).get("answers")
        if label and edition.solutions.get(label):
            if label in answered:
                continue
            answered.add(label)
            cell = new_code_cell("\n\n\n".join(edition.solutions[label]), id=cell.id,
                                 metadata=cell.metadata)
        cells.append(cell)
    notebook.cells = cells
    return notebook


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m descent.book.study")
    parser.add_argument("names", nargs="*", metavar="NAME", help="pages, such as sgd; default: all")
    parser.add_argument("--beside", action="store_true",
                        help="where a notebook is yours, write the new edition beside it")
    parser.add_argument("--lab", action="store_true", help="open JupyterLab afterwards")
    chosen = parser.parse_args(arguments)
    root = Path.cwd()
    if not (root / "_config.yml").is_file():
        parser.error(f"no _config.yml in {root}: run this where the book lies")
    if not execute(root):
        return 1
    try:
        made = {name: edition.notebook for name, edition in editions(root).items()}
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    if unknown := [name for name in chosen.names if name not in made]:
        parser.error(f"NAME must be one of {', '.join(made)}, got {', '.join(unknown)}")
    for name in chosen.names or made:
        path = root / "study" / f"{name}.ipynb"
        said = place(made[name], path)
        if chosen.beside and said.startswith("yours"):
            path = beside(path)
            said = place(made[name], path)
        elif said.endswith("newer one"):
            said += f", `{_command(root)} --beside {name}` writes it beside yours"
        print(f"{path.relative_to(root)}: {said}")
    if chosen.lab:
        return subprocess.run([sys.executable, "-m", "jupyter", "lab", "study/intro.ipynb"],
                              cwd=root, check=False).returncode
    return 0


def _command(root):
    """Return how to call this command from the course's folder."""
    python = Path(sys.executable)
    short = python.relative_to(root) if python.is_relative_to(root) else "python"
    return f"{short} -m descent.book.study"


if __name__ == "__main__":
    raise SystemExit(main())

"""Notebooks: run them, and keep what is committed in one canonical form.

    python -m descent.book.notebooks run FILE...      execute and write back, canonical
    python -m descent.book.notebooks clean FILE...    rewrite in canonical form
    python -m descent.book.notebooks check FILE...    fail if one is not, or was never run

Canonical: text outputs and execution counts stay, so that nbval compares real numbers; pictures,
HTML and widget views go, and with them all that differs from run to run.
"""

import argparse
import os
import re
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from copy import deepcopy
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from descent.files import save

__all__ = ["Run", "canonical", "cores", "execute", "execute_all", "main", "problems", "write"]

CELL_TIMEOUT = 120
STARTS = 3  # how often a kernel is started before one gives up
_DROPPED = re.compile(r"image/.*|text/html|application/(vnd\.jupyter\..*|javascript)")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_KEPT_METADATA = {"tags", "mystnb"}
_LANGUAGE = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "pygments_lexer": "ipython3"},
}


def canonical(notebook):
    """Return a copy of a notebook as it is committed."""
    notebook = deepcopy(notebook)
    notebook.metadata = nbformat.from_dict(_LANGUAGE)
    count = 0
    for cell in notebook.cells:
        kept = {k: v for k, v in cell.metadata.items() if k in _KEPT_METADATA}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type != "code":
            continue
        if cell.execution_count is not None:
            count += 1
            cell.execution_count = count
        cell.outputs = [out for out in cell.outputs if _clean(out, count)]
    return notebook


def _clean(output, count):
    """Reduce one output to its text; return False if nothing is left of it."""
    output.pop("transient", None)
    if output.output_type == "execute_result":
        output.execution_count = count
    if output.output_type == "error":
        output.traceback = []
    if output.output_type == "stream":
        output.text = _ADDRESS.sub(" at 0x...", output.text)
        return True
    if "data" not in output:
        return True
    glued = {k: v for k, v in output.metadata.items() if k == "scrapbook"}
    output.metadata = nbformat.from_dict(glued)
    for kind in list(output.data):
        if _DROPPED.fullmatch(kind):
            del output.data[kind]
        elif isinstance(output.data[kind], str):
            output.data[kind] = _ADDRESS.sub(" at 0x...", output.data[kind])
    return bool(output.data)


def problems(path):
    """Return what keeps a committed notebook from being canonical, a line each."""
    text = Path(path).read_text(encoding="utf8")
    notebook = nbformat.reads(text, as_version=4)
    found = []
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        tags = cell.metadata.get("tags", [])
        if cell.execution_count is None:
            found.append(f"{path}: cell {number} ({cell.id}) was never run: nbval would pass it")
        if "raises-exception" not in tags and any(o.output_type == "error" for o in cell.outputs):
            found.append(f"{path}: cell {number} ({cell.id}) stores an error")
        if any(o.get("name") == "stderr" for o in cell.outputs):  # the book's build refuses it
            found.append(f"{path}: cell {number} ({cell.id}) stores a warning")
    if text != _text(notebook):
        found.append(f"{path}: not canonical; `make notebooks` runs and cleans it")
    return found


def write(notebook, path):
    """Write a notebook in canonical form; the file is whole at every moment."""
    save(_text(notebook), path)


def _text(notebook):
    return nbformat.writes(canonical(notebook), version=4).rstrip("\n") + "\n"


class Run(NamedTuple):
    """A notebook that was run: the outputs, the seconds, and the failure in words, if any."""

    path: Path
    notebook: nbformat.NotebookNode
    seconds: float
    failure: str | None


def execute(path):
    """Run one notebook in a fresh kernel, in its own folder; return a `Run`."""
    path = Path(path)
    start, failure = time.perf_counter(), None
    for left in reversed(range(STARTS)):
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(
            notebook, timeout=CELL_TIMEOUT, store_widget_state=False, record_timing=False,
            coalesce_streams=True,  # else what one cell prints is cut in two by chance
            resources={"metadata": {"path": str(path.parent)}},
            extra_arguments=["--log-level=ERROR"])  # not its warning that the port is local
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            failure = f"{path}: {_failed_cell(notebook)}: {_reason(error)}"
        except RuntimeError:  # it did not start: another kernel was quicker to take its port
            if not left:
                raise
            continue
        break
    return Run(path, notebook, time.perf_counter() - start, failure)


def _failed_cell(notebook):
    """Return number, id and first line of the cell at which a run stopped."""
    code = [(n, c) for n, c in enumerate(notebook.cells, start=1)
            if c.cell_type == "code" and c.source.strip()]
    number, cell = next(
        ((n, c) for n, c in code if any(o.output_type == "error" for o in c.outputs)
         and "raises-exception" not in c.metadata.get("tags", [])),
        next(((n, c) for n, c in code if c.execution_count is None), code[-1]))
    return f"cell {number} ({cell.id}), `{cell.source.strip().splitlines()[0]}`"


def _reason(error):
    if isinstance(error, CellExecutionError):
        return f"{error.ename}: {error.evalue}"
    return str(error).strip().splitlines()[0]


def cores():
    """Return how many cores this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def execute_all(paths):
    """Run notebooks in parallel, one core each; yield a `Run` as each is done, largest first."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    paths = sorted(map(Path, paths), key=lambda path: path.stat().st_size, reverse=True)
    with ProcessPoolExecutor(max(1, min(cores(), len(paths)))) as pool:
        for done in as_completed([pool.submit(execute, path) for path in paths]):
            yield done.result()


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m descent.book.notebooks")
    parser.add_argument("command", choices=["run", "clean", "check"])
    parser.add_argument("files", nargs="+", type=Path)
    chosen = parser.parse_args(arguments)
    for path in chosen.files:
        if path.suffix != ".ipynb" or not path.is_file():
            parser.error(f"files must be existing .ipynb files, got {str(path)!r}")
    if chosen.command == "check":
        found = [line for path in chosen.files for line in problems(path)]
        print("\n".join(found), file=sys.stderr, end="\n" if found else "")
        return bool(found)
    if chosen.command == "clean":
        for path in chosen.files:
            write(nbformat.read(path, as_version=4), path)
        return 0
    failed = False
    for run in execute_all(chosen.files):
        print(run.failure or f"{run.path}: {run.seconds:.1f} s", flush=True)
        failed = failed or run.failure is not None
        if run.failure is None:
            write(run.notebook, run.path)
    return failed


if __name__ == "__main__":
    raise SystemExit(main())

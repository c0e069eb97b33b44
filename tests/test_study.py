import nbformat
import pytest
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from descent.book import study
from descent.book.translate import Edition, digest
from descent.files import save


@pytest.fixture(autouse=True)
def own_signatures(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))


def edition(text="# One", answer="# Your answer"):
    cells = [new_markdown_cell(text, id="title"), new_code_cell("x = 1", id="given"),
             new_code_cell(answer, id="answer", metadata={"descent": {"answers": "ex"}}),
             new_code_cell("more", id="more", metadata={"descent": {"answers": "ex"}}),
             new_code_cell("", id="words", metadata={"descent": {"answers": "ex-on-paper"}}),
             new_markdown_cell("", id="both", metadata={"descent": {"answers": "ex-both"}})]
    notebook = new_notebook(cells=cells)
    notebook.metadata["descent"] = {"edition": digest(notebook)}
    return Edition(notebook, {"ex": ["y = 2", "z = 3"], "ex-on-paper": [], "ex-both": ["u = 4"]})


def changed(path, number=2, source="mine = 1", **more):
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[number].update(source=source, **more)
    save(nbformat.writes(notebook), path)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "study" / "one.ipynb"


def test_what_is_absent_is_written_and_signed(path):
    assert study.place(edition().notebook, path) == "written"
    assert [other.name for other in path.parent.iterdir()] == ["one.ipynb"]
    assert NotebookNotary().check_signature(nbformat.read(path, as_version=4))
    assert study.place(edition().notebook, path) == "up to date"


def test_what_was_only_run_is_renewed(path):
    study.place(edition().notebook, path)
    changed(path, source="# Your answer", execution_count=7,
            outputs=[new_output("stream", text="1")])
    assert study.place(edition("# Two").notebook, path) == "renewed"
    there = nbformat.read(path, as_version=4)
    assert there.cells[0].source == "# Two"
    assert NotebookNotary().check_signature(there)


@pytest.mark.parametrize("edit", [
    {}, {"number": 0, "source": "# One, with a note"}, {"cell_type": "raw", "source": "x = 1"}])
def test_what_a_learner_has_changed_is_never_touched(path, edit):
    study.place(edition().notebook, path)
    before = changed(path, **edit)
    assert study.place(edition().notebook, path) == "yours, kept"
    assert study.place(edition("# Two").notebook, path) == (
        "yours, kept; the course has a newer one")
    assert path.read_bytes() == before


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "not a notebook", '{"cells": 1}',
                                  '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, '
                                  '"cells": [{"cell_type": "code"}]}'])
def test_what_is_no_notebook_is_not_touched_either(path, text):
    path.parent.mkdir()
    path.write_text(text, encoding="utf8")
    assert study.place(edition().notebook, path).startswith("yours, kept")
    assert path.read_text(encoding="utf8") == text


def test_beside_is_the_first_place_that_is_nobodys_own(path):
    study.place(edition().notebook, path)
    second, third = path.with_name("one-2.ipynb"), path.with_name("one-3.ipynb")
    assert study.beside(path) == second
    study.place(edition().notebook, second)
    assert study.beside(path) == second  # as it was written: nothing is lost
    changed(second)
    assert study.beside(path) == third


def test_solutions_are_pasted_into_the_cells_for_the_answers():
    made = study.pasted(edition())
    assert [(cell.id, cell.source) for cell in made.cells[1:]] == [
        ("given", "x = 1"), ("answer", "y = 2\n\n\nz = 3"), ("words", ""), ("both", "u = 4")]
    assert made.cells[-1].cell_type == "code"


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Return a function that runs the command in a course of two pages; it returns what it says."""
    (tmp_path / "_config.yml").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(study, "execute", lambda root: True)
    monkeypatch.setattr(study.sys, "executable", str(tmp_path / ".venv/bin/python"))

    def command(*arguments, text="# One"):
        monkeypatch.setattr(study, "editions",
                            lambda root: {"one": edition(text), "two": edition()})
        assert study.main(arguments) == 0
        return capsys.readouterr().out.splitlines()

    return command


def test_the_command_says_in_a_line_what_became_of_each(command, path):
    assert command() == ["study/one.ipynb: written", "study/two.ipynb: written"]
    before = changed(path)
    assert command("one") == ["study/one.ipynb: yours, kept"]
    assert command("one", text="# Two") == [
        "study/one.ipynb: yours, kept; the course has a newer one, `.venv/bin/python -m "
        "descent.book.study --beside one` writes it beside yours"]
    assert command("--beside", "one", text="# Two") == ["study/one-2.ipynb: written"]
    assert path.read_bytes() == before
    assert command("--beside", "two", text="# Two") == ["study/two.ipynb: up to date"]


def test_the_command_opens_jupyterlab_with_the_course_as_root(command, monkeypatch, tmp_path):
    called = []
    monkeypatch.setattr(study.subprocess, "run",
                        lambda *args, **keys: called.append((args[0][1:], keys["cwd"]))
                        or study.subprocess.CompletedProcess(args, 0))
    command("--lab")
    assert called == [(["-m", "jupyter", "lab", "study/intro.ipynb"], tmp_path)]


def test_bad_arguments(command, capsys, tmp_path, monkeypatch):
    with pytest.raises(SystemExit):
        command("three")
    assert "NAME must be one of one, two, got three" in capsys.readouterr().err
    assert not (tmp_path / "study").exists()
    (tmp_path / "_config.yml").unlink()
    with pytest.raises(SystemExit):
        command()
    assert "no _config.yml" in capsys.readouterr().err


def test_what_cannot_be_translated_leaves_nothing_behind(command, monkeypatch, capsys, tmp_path):
    def failing(root):
        raise ValueError("two, cell a: raw MyST: {x}")

    command("one")
    monkeypatch.setattr(study, "editions", failing)
    assert study.main([]) == 1
    assert "two, cell a: raw MyST: {x}" in capsys.readouterr().err
    assert not (tmp_path / "study/two.ipynb").exists()
    monkeypatch.setattr(study, "execute", lambda root: False)
    assert study.main([]) == 1

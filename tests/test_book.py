import ast
import builtins
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from descent.book import browser, build, notebooks

ROOT = Path(__file__).parents[1]
CHAPTERS = sorted(ROOT.glob("chapters/*.ipynb"))


def code(source, *outputs, count=1, **metadata):
    return new_code_cell(source, execution_count=count, outputs=list(outputs), metadata=metadata)


def text(data, kind="display_data", **more):
    return new_output(kind, data={"text/plain": "<A at 0x7f00aa>", **data}, **more)


def save(notebook, path):
    path.write_text(nbformat.writes(notebook), encoding="utf8")
    return path


def test_canonical_keeps_what_is_compared_and_drops_the_rest():
    notebook = new_notebook(metadata={"widgets": {}, "toc": 1}, cells=[
        new_markdown_cell("text", metadata={"tags": ["a"], "jupyter": {}}),
        code("f()", text({"image/png": "x", "text/html": "<b>", "text/latex": "$1$"},
                         "execute_result", execution_count=7), count=7, collapsed=True),
        code("print()", new_output("stream", text="an A at 0x7f00bb\n"), count=9),
        code("w", new_output("display_data", data={"image/svg+xml": "<svg/>"}), count=11),
    ])
    clean = notebooks.canonical(notebook)
    assert clean.metadata == notebooks._LANGUAGE
    assert clean.cells[0].metadata == {"tags": ["a"]}
    assert [c.execution_count for c in clean.cells[1:]] == [1, 2, 3]
    assert clean.cells[1].outputs[0].data == {"text/plain": "<A at 0x...>", "text/latex": "$1$"}
    assert clean.cells[1].outputs[0].execution_count == 1
    assert clean.cells[2].outputs[0].text == "an A at 0x...\n"
    assert clean.cells[3].outputs == []
    assert [c.id for c in clean.cells] == [c.id for c in notebook.cells]
    assert notebooks.canonical(clean) == clean
    assert notebook.cells[1].execution_count == 7  # the original is left alone


def test_problems_are_found(tmp_path):
    notebook = notebooks.canonical(new_notebook(cells=[code("1 + 1")]))
    path = tmp_path / "a.ipynb"
    notebooks.write(notebook, path)
    assert notebooks.problems(path) == []
    assert [p.name for p in tmp_path.iterdir()] == ["a.ipynb"]

    never = notebooks.canonical(new_notebook(cells=[new_code_cell("1 + 1")]))
    notebooks.write(never, path)
    assert "was never run" in notebooks.problems(path)[0]

    warned = new_output("stream", name="stderr", text="a warning")
    notebooks.write(new_notebook(cells=[code("f()", warned)]), path)
    assert "stores a warning" in notebooks.problems(path)[0]

    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    notebooks.write(new_notebook(cells=[code("f()", error)]), path)
    assert "stores an error" in notebooks.problems(path)[0]
    notebooks.write(new_notebook(cells=[code("f()", error, tags=["raises-exception"])]), path)
    assert notebooks.problems(path) == []

    save(new_notebook(cells=[code("1", text({"image/png": "x"}))]), path)
    assert "not canonical" in notebooks.problems(path)[0]
    assert notebooks.main(["check", str(path)])
    assert not notebooks.main(["clean", str(path)])
    assert not notebooks.main(["check", str(path)])


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.name)
def test_chapters_are_canonical(path):
    assert notebooks.problems(path) == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_glued_value_is_quoted_and_reads_as_text(path):
    cells = nbformat.read(path, 4).cells
    quoted = {name for cell in cells if cell.cell_type == "markdown"
              for name in re.findall(r"\{glue:text\}`([^`:]+)", cell.source)}
    made = [(output.metadata.scrapbook.name, output.data) for cell in cells
            for output in cell.get("outputs", []) if "scrapbook" in output.get("metadata", {})]
    glued = dict(made)
    assert len(made) == len(glued)  # else the page would have either of two
    assert quoted == set(glued)
    assert [name for name, data in glued.items() if re.search(r"\w\(", str(data))] == []


@pytest.mark.parametrize("path", sorted((ROOT / "chapters").glob("*.ipynb")),
                         ids=lambda path: path.stem)
def test_every_figure_that_is_made_is_shown(path):
    """What `show` returns is seen where it is a cell's last line, or displayed."""
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "code":
            made = len(re.findall(r"""\b(?:fig|figure)\w*\.show\(f?["']""", cell.source))
            seen = [output for output in cell.outputs
                    if str(output.get("data", {}).get("text/plain", "")).startswith("Figure: ")]
            assert len(seen) >= made, cell.id


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_training_loop_runs_where_it_is_pasted(path):
    """What the first cell of *In your training loop* uses, it imports or defines."""
    found = re.compile("^##+ In your training loop", re.M)
    cells = nbformat.read(path, 4).cells
    start = next(k for k, cell in enumerate(cells)
                 if cell.cell_type == "markdown" and found.search(cell.source))
    loop = next(cell.source for cell in cells[start:] if cell.cell_type == "code")
    names = {"loaded": set(), "made": {"__name__", *dir(builtins)}}
    for node in ast.walk(ast.parse(loop)):
        if isinstance(node, ast.Name):
            names["loaded" if isinstance(node.ctx, ast.Load) else "made"].add(node.id)
        elif isinstance(node, ast.alias):
            names["made"].add(node.asname or node.name.split(".")[0])
        elif isinstance(node, (ast.FunctionDef, ast.arg)):
            names["made"].add(node.name if isinstance(node, ast.FunctionDef) else node.arg)
    assert names["loaded"] <= names["made"]


def test_there_are_chapters():
    assert CHAPTERS


def test_a_run_is_real_and_a_failure_names_notebook_cell_and_error(tmp_path, capsys):
    good = save(new_notebook(cells=[new_code_cell("6 * 7")]), tmp_path / "good.ipynb")
    bad = save(new_notebook(cells=[new_code_cell("x = 1"), new_code_cell("x / 0", id="the-cell"),
                                   new_code_cell("2")]), tmp_path / "bad.ipynb")
    before = bad.read_text(encoding="utf8")
    assert notebooks.main(["run", str(good), str(bad)])
    said = capsys.readouterr().out
    assert "cell 2 (the-cell), `x / 0`: ZeroDivisionError: division by zero" in said
    assert "bad.ipynb" in said
    assert bad.read_text(encoding="utf8") == before
    assert notebooks.problems(good) == []
    assert "42" in good.read_text(encoding="utf8")


@pytest.mark.parametrize("arguments", [[], ["polish", "a.ipynb"], ["check", "missing.ipynb"],
                                       ["check", __file__]])
def test_bad_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        notebooks.main(arguments)
    assert stop.value.code == 2
    assert capsys.readouterr().err


@pytest.fixture
def course(tmp_path):
    """Make a course of one file of each kind that pages depend on."""
    for name in ("requirements.txt", "_config.yml", "code/descent/a.py", "chapters/data.json",
                 "chapters/one.ipynb"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf8")
    return tmp_path


@pytest.mark.parametrize("name", ["requirements.txt", "_config.yml", "code/descent/a.py",
                                  "chapters/data.json"])
def test_a_change_outside_the_notebooks_clears_the_cache(course, name):
    build.renew(course)
    kept = course / "_build" / "kept"
    kept.touch()
    build.renew(course)
    assert kept.exists()
    (course / "chapters/one.ipynb").write_text("changed: the cache knows it by its code",
                                               encoding="utf8")
    build.renew(course)
    assert kept.exists()
    (course / name).write_text("changed", encoding="utf8")
    build.renew(course)
    assert not kept.exists()


def test_build_wants_the_books_folder(tmp_path):
    done = subprocess.run([sys.executable, "-m", "descent.book.build"], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no _config.yml" in done.stderr


def test_without_a_browser_ci_fails_and_others_skip(monkeypatch, capsys):
    here, asked = {"Chromium": "/chromium"}, []
    monkeypatch.setattr(browser, "find", lambda name="Chromium": here.get(name))
    monkeypatch.setattr(browser, "install", asked.extend)
    monkeypatch.setenv("CI", "true")
    assert browser.main([]) == 1
    assert asked == ["Firefox", "WebKit"]
    assert browser.main(["Chromium"]) == 0
    monkeypatch.delenv("CI")
    assert browser.main([]) == 0
    here.clear()
    assert browser.main([]) == 0
    assert asked == ["Firefox", "WebKit", "Chromium"]
    assert browser.main(["Chromium"]) == 1
    with pytest.raises(ValueError, match="no Chromium or Chrome: `python -m"):
        browser.chromium()
    with pytest.raises(SystemExit):
        browser.main(["Opera"])
    said = capsys.readouterr()
    assert "NAME must be of Chromium, Firefox, WebKit, got Opera" in said.err
    assert "Chromium: /chromium" in said.out
    assert "WebKit: none found, so its page tests are skipped" in said.err


def test_a_kernel_that_does_not_start_is_started_again(tmp_path, monkeypatch):
    path = save(new_notebook(cells=[new_code_cell("6 * 7")]), tmp_path / "a.ipynb")
    start, died = notebooks.NotebookClient.execute, []

    def dying(client):
        if len(died) < fail:
            died.append(client)
            raise RuntimeError("Kernel died before replying to kernel_info")
        return start(client)

    monkeypatch.setattr(notebooks.NotebookClient, "execute", dying)
    fail = notebooks.STARTS - 1
    run = notebooks.execute(path)
    assert run.failure is None
    assert run.notebook.cells[0].outputs[0].data["text/plain"] == "42"
    died.clear()
    fail = notebooks.STARTS
    with pytest.raises(RuntimeError, match="Kernel died"):
        notebooks.execute(path)


def test_what_nbval_has_run_and_compared_is_kept_for_the_book(tmp_path):
    """With its picture; what prints something else than is stored is not."""
    (tmp_path / "chapters").mkdir()
    shutil.copy(ROOT / "conftest.py", tmp_path)
    picture = "from IPython.display import SVG, display\ndisplay(SVG('<svg/>'))\nprint(6 * 7)"
    for name, stored in (("right", "42\n"), ("wrong", "41\n")):
        save(new_notebook(metadata=notebooks._LANGUAGE, cells=[
            code("a = 1"), code(picture, new_output("display_data", data={
                "text/plain": "<IPython.core.display.SVG object>"}),
                new_output("stream", text=stored), count=2)]),
            tmp_path / "chapters" / f"{name}.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--nbval", "--nbval-current-env", "-p",
         "no:cacheprovider", "chapters"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 failed, 3 passed" in done.stdout
    cache = build._cache(tmp_path)
    assert [Path(one.uri).name for one in cache.list_cache_records()] == ["right.ipynb"]
    notebook = nbformat.read(tmp_path / "chapters" / "right.ipynb", as_version=4)
    kept = cache.merge_match_into_notebook(notebook)[1]
    shown, printed = kept.cells[1].outputs
    assert "image/svg+xml" in shown.data
    assert printed.text == "42\n"
    assert [cell.execution_count for cell in kept.cells] == [1, 2]

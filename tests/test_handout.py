"""A handout of a small chapter: what is left out, what is said, what is written and what is not."""

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from descent.book import handout
from descent.book.pdf import read
from descent.book.translate import Edition, digest, stamped

PAGE = """<!DOCTYPE html><html lang="en"><head><title>1. One \u2014 Descent</title></head><body>
<article class="bd-article"><section id="one"><h1>One</h1><p><a href="two.html">Two</a></p>
<section id="exercises"><h2>Exercises</h2>
<p>Write, <code>check</code>. The solutions are folded away.</p>
<details class="hide above-input"><summary>Code</summary>told</details>
<div class="exercise admonition" id="ex"><p class="exercise-effort">Easy, 10 minutes</p>
<div class="cell_output">not written yet</div></div>
<div class="solution dropdown admonition"><p class="admonition-title">Solution</p>secret</div>
<section id="the-rest"><h3>The rest</h3>told</section><section id="more"><p>told, too</p></section>
</section>
<section class="deeper" id="deep"><h2>Deep</h2>
<div class="dropdown admonition"><p class="admonition-title">A proof</p>kept</div>
<div class="dropdown admonition"><p class="admonition-title">Answers</p>told</div></section>
<section id="playground"><h2>Playground</h2>
<div class="dropdown admonition"><p class="admonition-title">Answers</p>told</div></section>
</section></article></body></html>"""


@pytest.fixture
def source():
    return new_notebook(cells=[
        new_markdown_cell("# One, of two", id="title"),
        new_code_cell("helper = 1", id="helper", metadata={"tags": ["needed-later"]}),
        new_markdown_cell("### The rest", id="rest", metadata={"tags": ["gives-away"]})])


@pytest.fixture
def edition():
    cells = [
        new_code_cell("start", id="study"),
        new_markdown_cell("# One\n\nWrite. The solutions are folded away.", id="title"),
        new_markdown_cell("### Exercise\n\n*Easy, 5 minutes.* [Solution](#solution-ex-a)\n\nDo.",
                          id="ex"),
        new_code_cell("# Your answer", id="answer", metadata={"descent": {"answers": "ex-a"}}),
        new_code_cell("helper = 1", id="helper"),
        new_markdown_cell("### The rest\n\ntold", id="rest"),
        new_code_cell("helper + 1", id="rest-run"),
        new_markdown_cell("told\n\n## Playground\n\nMove.\n\n<details>\n<summary><b>Answers</b>"
                          "</summary>\n\ntold\n\n</details>", id="playground"),
        new_markdown_cell("## Solutions\n\nEach opens.", id="solutions"),
        new_markdown_cell("<details>secret</details>", id="solution-ex-a"),
        new_markdown_cell("solution-like", id="solutionless")]
    return Edition(stamped(new_notebook(cells=cells)), {"ex-a": ["answer = 1"]})


def test_what_tells_an_answer_is_left_out_and_nothing_else(edition, source):
    made = handout.handout(edition, source)
    assert [cell.id for cell in made.cells] == [
        "handout", "study", "record", "title", "ex", "answer", "playground", "solutionless"]
    text = nbformat.writes(made)
    for word in ("told", "secret", "helper", "[Solution]", "folded away", "Each opens"):
        assert word not in text, word
    sources = {cell.id: cell.source for cell in made.cells}
    assert sources["title"] == "# One\n\nWrite."
    assert sources["ex"] == "### Exercise\n\n*Easy, 5 minutes.*\n\nDo."
    assert sources["playground"] == "## Playground\n\nMove."
    assert edition.notebook.cells[2].source.count("[Solution]") == 1  # the edition is left alone
    nbformat.validate(made)


def test_the_first_cell_says_what_it_is_and_the_notebook_is_stamped(edition, source):
    made = handout.handout(edition, source)
    assert made.cells[0].source.startswith("**A handout: One, of two, without its solutions.**")
    assert made.metadata.descent.edition == digest(made)
    compile(made.cells[2].source.replace("# from", "from").replace("# rec", "rec"), "cell", "exec")


@pytest.fixture
def command(edition, source, tmp_path, monkeypatch):
    """Stand in the folder of a course of one chapter, built; printing only says so."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    for file in ("_config.yml", "chapters/one.ipynb", "_build/html/chapters/one.html"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(PAGE, encoding="utf8")
    monkeypatch.setattr(handout, "execute", lambda root: True)
    monkeypatch.setattr(handout, "editions", lambda root: {"one": edition})
    monkeypatch.setattr(handout, "Course", lambda root: type("C", (), {"pages": {"one": source}}))
    monkeypatch.setattr(handout, "print_pages", lambda parts, path, site, title: path.write_text(
        f"{title}: {parts[0].body.text_content()}", encoding="utf8"))
    return handout.main


def test_the_command_writes_both_and_nothing_over_a_teachers_own(command, tmp_path, capsys):
    assert command(["one"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "handout/one.ipynb: written", "handout/one.pdf: written"]
    printed = (tmp_path / "handout/one.pdf").read_text(encoding="utf8")
    assert printed.startswith("One, a handout: ")
    assert "told" not in printed
    path = tmp_path / "handout" / "one.ipynb"
    there = nbformat.read(path, as_version=4)
    assert NotebookNotary().check_signature(there)
    there.cells[0].source += " Hand in by Friday."
    nbformat.write(there, path)
    assert command(["one"]) == 0
    assert capsys.readouterr().out.startswith("handout/one.ipynb: yours, kept\n")
    assert "Friday" in path.read_text(encoding="utf8")


def test_bad_arguments_and_what_is_not_built(command, tmp_path, capsys, monkeypatch):
    for arguments, words in (([], "NAME"), (["two"], "NAME must be one of one, got two")):
        with pytest.raises(SystemExit):
            command(arguments)
        assert words in capsys.readouterr().err
    (tmp_path / "_build/html/chapters/one.html").unlink()
    assert command(["one"]) == 1
    assert "build the book first, `make book`" in capsys.readouterr().err
    assert not (tmp_path / "handout").exists()
    monkeypatch.setattr(handout, "execute", lambda root: False)
    assert command(["one"]) == 1
    (tmp_path / "_config.yml").unlink()
    with pytest.raises(SystemExit):
        command(["one"])
    assert "no _config.yml" in capsys.readouterr().err


def test_a_page_loses_what_tells_an_answer(tmp_path):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "one.html").write_text(PAGE, encoding="utf8")
    part = handout.worksheet(read(tmp_path, "chapters/one", answers=False), ["the-rest"])
    text = part.body.text_content()
    for word in ("secret", "told", "folded away", "not written yet", "at the end of the book"):
        assert word not in text, word
    assert "kept" in text
    assert "OneName:" in text
    assert [room.get("style") for room in part.body.find_class("descent-room")] == ["height: 50mm"]

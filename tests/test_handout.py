"""A handout of a small chapter: what is left out, what is said, what is written and what is not."""

from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from descent.book import handout
from descent.book.browser import find
from descent.book.translate import Edition, digest, stamped

PAGE = """<!DOCTYPE html><html lang="en"><head><title>1. One \u2014 Descent</title></head><body>
<script>globalThis.MathJax = { startup: { promise: Promise.resolve() } };</script>
<article class="bd-article"><h1>One</h1><p><a href="two.html">Two</a></p>
<section id="exercises"><p>Write. The solutions are folded away.</p>
<div class="exercise admonition"><p class="exercise-effort">Easy, 10 minutes</p>
<div class="cell_output">not written yet</div></div>
<div class="solution dropdown admonition"><p class="admonition-title">Solution</p>secret</div>
<section id="the-rest"><h3>The rest</h3>told</section><section id="more"><p>told, too</p></section>
</section><div class="dropdown admonition"><p class="admonition-title">Answers</p>told</div>
<div class="dropdown admonition"><p class="admonition-title">A proof</p>kept</div>
</article></body></html>"""


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
        (tmp_path / file).touch()
    monkeypatch.setattr(handout, "execute", lambda root: True)
    monkeypatch.setattr(handout, "editions", lambda root: {"one": edition})
    monkeypatch.setattr(handout, "Course", lambda root: type("C", (), {"pages": {"one": source}}))
    monkeypatch.setattr(handout, "printed", lambda page, path, spoiling: path.write_text(
        " ".join(spoiling), encoding="utf8"))
    return handout.main


def test_the_command_writes_both_and_nothing_over_a_teachers_own(command, tmp_path, capsys):
    assert command(["one"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "handout/one.ipynb: written", "handout/one.pdf: written"]
    assert (tmp_path / "handout/one.pdf").read_text(encoding="utf8") == "the-rest"
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
    assert "run `make book` first" in capsys.readouterr().err
    assert not (tmp_path / "handout").exists()
    monkeypatch.setattr(handout, "execute", lambda root: False)
    assert command(["one"]) == 1
    (tmp_path / "_config.yml").unlink()
    with pytest.raises(SystemExit):
        command(["one"])
    assert "no _config.yml" in capsys.readouterr().err


def apart(function, *arguments):
    """Run a function in a thread of its own: Playwright may run already in that of the tests."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(function, *arguments).result()


def prepared(page):
    """Return what is read, the rooms, the number of links and the title of a prepared page."""
    with handout.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=handout.ARGUMENTS)
        view = browser.new_page()
        view.goto(page.as_uri())
        view.evaluate(handout._PREPARE, [handout._TOLD, ["the-rest"]])
        rooms = view.locator(".descent-room").evaluate_all("all => all.map(e => e.style.height)")
        found = (view.locator("body").inner_text(), rooms, view.locator("a[href]").count(),
                 view.title())
        browser.close()
    return found


@pytest.mark.browser
def test_a_page_is_printed_without_what_tells_an_answer(tmp_path):
    if apart(find) is None:
        pytest.skip("no Chromium or Chrome")
    page, path = tmp_path / "one.html", tmp_path / "one.pdf"
    page.write_text(PAGE, encoding="utf8")
    apart(handout.printed, page, path, ["the-rest"])
    assert path.read_bytes().startswith(b"%PDF")
    assert b"/StructTreeRoot" in path.read_bytes()  # tagged
    seen, rooms, links, title = apart(prepared, page)
    for word in ("secret", "told", "folded away", "not written yet"):
        assert word not in seen, word
    assert "kept" in seen
    assert "Name:" in seen
    assert rooms == ["50mm"]
    assert links == 0
    assert title == "1. One, a handout"
    path.unlink()
    path.mkdir()
    with pytest.raises(ValueError, match=r"one\.pdf cannot be written"):
        apart(handout.printed, page, path)
    assert sorted(tmp_path.iterdir()) == [page, path]

"""The study notebooks as the build makes them: their numbers, their names, and that they run.

And the handouts, which are study notebooks that tell no answer.
"""

import ast
import builtins
import html
import re
import shutil
import subprocess
import symtable
import sys
from copy import deepcopy
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from descent import exercises
from descent.book.handout import handout
from descent.book.ledger import escaped
from descent.book.notebooks import execute
from descent.book.study import pasted
from descent.book.translate import Course

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
COURSE = Course(ROOT)
CHAPTERS = [name for name in COURSE.pages if COURSE.folder[name].name == "chapters"]

pytestmark = pytest.mark.built
every_chapter = pytest.mark.parametrize("name", CHAPTERS)


def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def answers(cell):
    return cell.metadata.get("descent", {}).get("answers")


def page(name):
    folder = SITE / COURSE.folder[name].relative_to(ROOT)
    return (folder / f"{name}.html").read_text(encoding="utf8")


@every_chapter
def test_numbers_are_those_of_the_page(name):
    forms = (r'id="equation-([\w-]+)">\s*<span class="eqno">(\([\d.]+\))',
             r'id="([\w-]+)">\s*<p class="admonition-title"><span class="caption-number">'
             r"((?:Theorem|Exercise) [\d.]+) </span>")
    sphinxs = {label: words for form in forms for label, words in re.findall(form, page(name))}
    ours = {label: target.words for label, target in COURSE.targets.items()
            if target.page == name and "#" not in label}
    assert ours == sphinxs
    assert len(ours) > 5


@every_chapter
def test_glued_numbers_are_those_of_the_page(name, editions):
    glued = [html.unescape(value) for value
             in re.findall(r'<span class="pasted-text">(.*?)</span>', page(name))]
    study = "".join(cell.source for cell in editions[name].notebook.cells)
    assert [value for value in set(glued) if glued.count(value) > study.count(escaped(value))] == []


@every_chapter
def test_every_exercise_has_a_place_to_answer_and_a_folded_solution(name, editions):
    notebook, solutions = editions[name]
    labels = [label for label, target in COURSE.targets.items() if target.page == name
              and target.words.startswith("Exercise") and "#" not in label]
    assert list(dict.fromkeys(filter(None, map(answers, notebook.cells)))) == labels
    assert list(solutions) == labels
    text = {cell.id: cell.source for cell in notebook.cells}
    for label in labels:
        solution = text[f"solution-{label}"]
        assert re.match(rf'<a id="solution-{label}"></a>\n\n<details>\n<summary>', solution)
        assert solution.endswith("\n\n</details>")
        assert solution.count("<details") == 1  # and not open
    assert [cell.id for cell in code(notebook) if answers(cell) and cell.outputs] == []
    heads = re.findall(r"^### Exercise [\d.]+: .+\n\n\*(?:Easy|Medium|Hard), \d+ minutes\.\*",
                       "\n\n".join(text.values()), re.M)
    assert len(heads) == len(labels)


@every_chapter
def test_no_code_of_a_solution_stands_outside_it(name, editions):
    notebook, solutions = editions[name]
    open_cells = "\n".join(cell.source for cell in code(notebook))
    for label, pieces in solutions.items():
        for piece in pieces:
            if "assert check(" in piece:
                assert piece not in open_cells, label


def bound(tree):
    """Return the names that a cell binds, in whatever scope."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return names


@every_chapter
def test_no_cell_uses_a_name_that_only_an_answer_or_a_solution_defines(name, editions):
    known, missing = {*dir(builtins), "display"}, []
    for cell in code(editions[name].notebook):
        tree = ast.parse(cell.source)
        used = {node.id for node in ast.walk(tree)
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        missing += [f"{cell.id}: {one}" for one in used - bound(tree) - known]
        known |= set() if answers(cell) else bound(tree)
    assert missing == []


@every_chapter
def test_no_cell_imports_what_only_the_book_needs(name, editions):
    for cell in code(editions[name].notebook):
        assert "myst_nb" not in cell.source, cell.id
        assert not re.search(r"\bglue\(", cell.source), cell.id
    first = editions[name].notebook.cells[0]
    comments = [line for line in first.source.split("\n") if line.startswith("#")]
    assert len(comments) == 2
    assert all(len(line) <= 100 for line in comments)


@every_chapter
def test_links_lead_to_a_place_that_is_there(name, editions):
    for cell in editions[name].notebook.cells:
        if cell.cell_type != "markdown":
            continue
        prose = re.sub(r"(`+).+?\1|\$[^$]+\$", "", cell.source, flags=re.S)
        for to in re.findall(r"\]\(((?!https?:|data:)[^()\s]*)\)", prose):
            file, _, anchor = to.partition("#")
            target = editions[file.removesuffix(".ipynb") or name].notebook
            places = "".join(one.source for one in target.cells if one.cell_type == "markdown")
            if anchor.startswith("cell-id="):
                assert anchor.removeprefix("cell-id=") in {one.id for one in target.cells}, to
            else:
                assert not anchor or not file, to  # JupyterLab would not find it
                assert not anchor or f'<a id="{anchor}"></a>' in places, f"{cell.id}: {to}"


@every_chapter
def test_figures_have_their_words(name, editions):
    shown = [output.data["text/html"] for cell in code(editions[name].notebook)
             for output in cell.outputs if "text/html" in output.get("data", {})]
    assert all("<svg" not in html for html in shown if "<script" not in html)
    alts = [re.search(r'<img alt="(.*?)"', html)[1] for html in shown if "<figure>" in html]
    assert [alt for alt in alts if len(alt) < 20] == []
    assert alts


def said(cells):
    """Return the exercises that cells, as they were run, called right, and those they did not."""
    printed = "".join(output.text for cell in cells for output in cell.get("outputs", ())
                      if output.output_type == "stream")
    return (set(re.findall(r"^([\w.]+): right\.$", printed, re.M)),
            set(re.findall(r"^([\w.]+): not (?:yet|written)", printed, re.M)))


def run(notebook, folder):
    path = folder / "notebook.ipynb"
    nbformat.write(notebook, path)
    done = execute(path)
    assert done.failure is None
    assert [output.text for cell in code(done.notebook) for output in cell.outputs
            if output.get("name") == "stderr"] == []
    return done.notebook


def answered_twice(edition):
    """Return the cells in which each cell for an answer stands as it is, and then with it."""
    solved = {cell.id: cell for cell in pasted(edition).cells if answers(cell)}
    return [one for cell in code(edition.notebook) for one in (
        [cell, solved[cell.id]] if cell.id in solved else [cell])]


def needed(cells):
    """Return the cells for answers, and those that make what one of these reads.

    The rest are the chapter's, which nbval has run.
    """
    kept, wanted = [], set()
    for cell in reversed(cells):
        bound, read, changed = names_of(cell.source)
        if answers(cell) or (bound | changed) & wanted:
            kept.insert(0, cell)
            wanted = (wanted - bound) | read | (changed & wanted)
    return kept


def names_of(source):
    """Return the names that a cell binds, those it reads from outside, and what it changes."""
    def tables(table):
        yield table
        for child in table.get_children():
            yield from tables(child)

    top, *inner = tables(symtable.symtable(source, "cell", "exec"))
    bound = {one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported()}
    outer = {one.get_name() for table in (top, *inner) for one in table.get_symbols()
             if one.is_referenced() and (table is top or one.is_global())}
    nodes, read, so_far = ast.parse(source), outer - bound, set()
    for statement in nodes.body:
        names = [node for node in ast.walk(statement) if isinstance(node, ast.Name)]
        stored = {one.id for one in names if not isinstance(one.ctx, ast.Load)}
        if isinstance(statement, ast.FunctionDef):  # what it reads, it reads when it is called
            so_far.add(statement.name)
            continue
        loaded = {one.id for one in names if isinstance(one.ctx, ast.Load)} & outer
        if isinstance(statement, ast.AugAssign):
            loaded |= stored
        read |= loaded - so_far - (set() if hasattr(statement, "value") else stored)
        so_far |= stored
    changed = {inner.id for node in ast.walk(nodes)
               if isinstance(node, (ast.Subscript, ast.Attribute))
               and (not isinstance(node.ctx, ast.Load)
                    or (isinstance(node, ast.Attribute) and node.attr in CHANGING))
               for inner in ast.walk(node.value) if isinstance(inner, ast.Name)}
    return bound, read, changed


CHANGING = {"update", "append", "extend", "setdefault", "add"}


def test_what_an_answer_needs_is_found():
    texts = ["import a", "b = a.f(1)", "unused = 2", "c = {}\nc.update(b=b)", "c = {1: c}",
             "c[2] = 4", "def g(x):\n    y = c[x]\n    return y", "y = 3", "g(0)"]
    cells = [new_code_cell(text) for text in texts]
    cells[-1].metadata["descent"] = {"answers": "ex-some"}
    assert [cell.source for cell in needed(cells)] == [
        text for text in texts if text not in {"unused = 2", "y = 3"}]
    assert names_of("x += 1")[1] == {"x"}
    assert names_of("y = [x for x in z]\nz = y") == ({"y", "z"}, {"z"}, set())


ALONE = "choosing"  # needs data, JavaScript and stored results: it runs whole, and first
GROUPS = 2  # of the other chapters: a kernel each, since to start one costs more than most answers


def judged(name, cells):
    """See that of a chapter's cells, as they were run, no listing is right and every solution is.

    Each cell for an answer stands there twice, without and with it.
    """
    solved = [k for k, cell in enumerate(cells) if k and answers(cell)
              and answers(cell) == answers(cells[k - 1])]
    right, wrong = said(cell for k, cell in enumerate(cells) if k not in solved)
    assert solved
    assert right == set()
    assert wrong
    assert said(cells[k] for k in solved)[0] == {
        one for one in exercises.names() if one.startswith(f"{name}.")}


def numbered(name, cells):
    """Return copies of cells, each with a name of its own in a notebook of several chapters."""
    copies = deepcopy(cells)
    for number, cell in enumerate(copies):
        cell.id = f"{name}-{number}"
    return copies


@pytest.fixture
def installed(tmp_path):
    """Install the package from a copy of its folder, and nothing else; return where it lies."""
    source, target = tmp_path / "course", tmp_path / "installed"
    source.mkdir()
    shutil.copytree(ROOT / "code", source / "code",
                    ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps",
                    "--no-build-isolation", "--target", target, source], check=True)
    return target


def test_a_notebook_alone_runs_on_the_installed_package(installed, editions, tmp_path, monkeypatch):
    """Neither the course's folder nor this environment's own `descent` is seen."""
    shipped = {path.relative_to(installed) for path in (installed / "descent").rglob("*.*")}
    missing = [path for path in (ROOT / "code" / "descent").rglob("*.*")
               if path.suffix != ".pyc" and path.relative_to(ROOT / "code") not in shipped]
    assert missing == []
    monkeypatch.setenv("PYTHONPATH", str(installed))
    notebook = deepcopy(editions[ALONE].notebook)
    notebook.cells = numbered(ALONE, answered_twice(editions[ALONE]))
    notebook.cells.append(new_code_cell(
        f"import descent\nassert descent.__file__.startswith({str(installed)!r})\n"
        "import sys\nassert 'myst_nb' not in sys.modules and 'sphinx' not in sys.modules"))
    alone = tmp_path / "alone"
    alone.mkdir()
    judged(ALONE, run(notebook, alone).cells[:-1])


@pytest.mark.parametrize("part", range(GROUPS))
def test_no_listing_is_right_and_every_solution_is(part, editions, tmp_path):
    """In one run: what is wrong must not keep what follows from running."""
    names = [name for name in CHAPTERS if name != ALONE][part::GROUPS]
    notebook = nbformat.v4.new_notebook(metadata=editions[ALONE].notebook.metadata)
    for name in names:
        notebook.cells += [new_code_cell("%reset -f"),
                           *numbered(name, needed(answered_twice(editions[name])))]
    cells = run(notebook, tmp_path).cells
    for name in names:
        judged(name, [cell for cell in cells if cell.id.rpartition("-")[0] == name])


def test_without_the_package_the_first_cell_says_what_to_do(editions):
    source = editions["sgd"].notebook.cells[0].source
    done = subprocess.run([sys.executable, "-I", "-S", "-c", source],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.strip().split("\n")[-1]
    assert "needs the package of its course (No module named 'descent')" in last
    assert "%pip install FOLDER" in last
    assert "restart the kernel" in last


FENCE = re.compile(r"^```+\{(solution-(?:start|end))\}.*$", re.M)


def lines(texts):
    """Return the lines that say something of their own."""
    return {line.strip() for text in texts for line in text.split("\n") if len(line.strip()) > 24}


def texts(part):
    """Yield every text in a notebook, wherever it stands."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, (dict, list)):
        for one in part.values() if isinstance(part, dict) else part:
            yield from texts(one)


def sides(name):
    """Return the texts of a chapter's source outside its solutions, and those within."""
    outside, within, hidden = [], [], False
    for cell in COURSE.pages[name].cells:
        if cell.cell_type == "code":
            (within if hidden else outside).append(cell.source)
            continue
        before, *rest = FENCE.split(cell.source)
        (within if hidden else outside).append(before)
        for mark, text in zip(rest[::2], rest[1::2], strict=True):
            hidden = mark == "solution-start"
            (within if hidden else outside).append(text)
    assert not hidden
    return outside, within


@every_chapter
def test_no_line_of_a_solution_stands_in_the_handout(name, editions):
    """Neither of its code nor of its text, as it was written or as it is translated."""
    made = handout(editions[name], COURSE.pages[name])
    outside, within = sides(name)
    outside += [(COURSE.folder[name] / file).read_text(encoding="utf8") for text in outside
                for file in re.findall(r"\{literalinclude\} *(\S+)", text)]
    told = [cell.source for cell in editions[name].notebook.cells
            if cell.id.startswith("solution-")]
    assert len(told) == len(editions[name].solutions)
    secret = lines(within) | lines(told)
    assert len(secret) > 20
    assert secret & lines(texts(made)) - lines(outside) == set()
    assert "solution-" not in nbformat.writes(made)
    assert [cell.source for cell in made.cells if "<b>Answers</b>" in cell.source] == []


@every_chapter
def test_the_handout_says_what_it_is_and_asks_what_the_chapter_asks(name, editions):
    made, notebook = handout(editions[name], COURSE.pages[name]), editions[name].notebook
    assert "without its solutions" in made.cells[0].source
    asked = [cell for cell in notebook.cells if answers(cell)]
    assert [cell for cell in made.cells if answers(cell)] == asked
    assert len(made.cells) > 0.6 * (len(notebook.cells) - len(editions[name].solutions))


@every_chapter
def test_with_the_answers_no_name_of_the_handout_is_missing(name, editions):
    made = handout(editions[name], COURSE.pages[name])
    every = {one for cell in code(editions[name].notebook) for one in bound(ast.parse(cell.source))}
    known, missing = set(), []
    for cell in code(pasted(editions[name]._replace(notebook=made))):
        tree = ast.parse(cell.source)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        missing += [f"{cell.id}: {one}" for one in (used & every) - bound(tree) - known]
        known |= bound(tree)
    assert missing == []


@pytest.mark.parametrize("name", ["errors"])  # which loses more than its solutions
def test_the_handout_runs_with_the_answers_pasted(name, editions, tmp_path):
    made = handout(editions[name], COURSE.pages[name])
    answered = run(pasted(editions[name]._replace(notebook=made)), tmp_path)
    printed = "".join(output.text for cell in code(answered) for output in cell.outputs
                      if output.output_type == "stream")
    assert printed.count(": right.") >= len(
        [pieces for pieces in editions[name].solutions.values() if "check(" in "".join(pieces)])

import ast
import base64
import re
import sys

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from descent import exercises
from descent.book.myst import parts
from descent.book.plots import panels
from descent.book.translate import Course, digest, linked, picture, translate, unglued

ONE = """\
# One thing

As {cite:t}`lee2001` say {cite:p}`lee2001,abe1999`, see {ref}`less <two#less-tuning>`.

$$
a = b
$$ (one-a)

```{prf:theorem} On $x$
:label: thm-one

By {eq}`one-a` and
$y$:

$$
x < y
$$ (one-x)
```

```{prf:proof}
Clear.
```

```{admonition} Why it is clear
:class: dropdown

By $x$.
```

```{admonition} Mind
It is clear.
```
"""
EXERCISES = """\
## Exercises

```{exercise} By hand (easy, 5 min)
:label: ex-one-hand

**Derive** it, `check("one.hand", your_function)`, from {prf:ref}`thm-one`.
```

```{solution-start} ex-one-hand
:class: dropdown
```

It is {glue:text}`gain`.
"""


def glue(name, value):
    return new_output("display_data", data={"application/papermill.record/text/plain": repr(value)},
                      metadata={"scrapbook": {"name": name, "mime_prefix": ""}})


def printed(text):
    return new_output("stream", text=text)


VIEW = "application/vnd.jupyter.widget-view+json"  # of use only beside its kernel
WIDGET = new_output("display_data", data={VIEW: {"model_id": "1"}, "text/plain": "A widget"})


@pytest.fixture
def course(tmp_path):
    """Make a course of two chapters; the first has all that a chapter may have."""
    def write(name, text):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf8")

    write("_toc.yml", "root: intro\nparts:\n- chapters:\n  - file: notation\n  - file: glossary\n"
          "- numbered: true\n  chapters:\n  - file: chapters/one\n"
          "- numbered: true\n  chapters:\n  - file: chapters/two\n- chapters:\n"
          "  - file: bibliography\n")
    for name in ("intro", "notation", "glossary", "bibliography"):
        write(f"{name}.md", f"# {name.title()}\n\n```{{bibliography}}\n```\n"
              if name == "bibliography" else f"# {name.title()}\n\n## A part\n\nText.\n")
    write("references.bib", "@book{lee2001, author={Lee, Ann and Um, Bo and Vo, Cy}, title={T}, "
          "publisher={P}, year={2001}}\n"
          "@book{abe1999, author={Ab\\'e, Di}, title={U}, publisher={P}, year={1999}}\n")
    write("code/rule.py", '"""A rule."""\n\n\ndef rule(p):\n    """Return it."""\n'
          "    return p - 1\n\n\ndef other():\n    pass\n")
    write("images/dot.png", "not really a picture")
    two = new_notebook(cells=[new_markdown_cell("# Two\n\n## Less tuning\n\n$$\nc\n$$ (two-c)",
                                                id="two")])
    write("chapters/two.ipynb", nbformat.writes(two))

    def chapter(*cells):
        notebook = new_notebook(cells=list(cells))
        write("chapters/one.ipynb", nbformat.writes(notebook))
        return Course(tmp_path), notebook

    return chapter


def whole():
    return [
        new_markdown_cell(ONE, id="title"),
        new_code_cell("from myst_nb import glue\n\ngain = 0.5\nglue('gain', f'{gain}')\ngain",
                      id="made", execution_count=1, metadata={"tags": ["hide-input"]},
                      outputs=[glue("gain", "0.5 | 1"), printed("out"), WIDGET]),
        new_markdown_cell(EXERCISES, id="exercises"),
        new_code_cell("def hand(x):\n    return x\n\n\nassert check('one.hand', hand).ok",
                      outputs=[printed("one.hand: right.\nand 7\n")]),
        new_markdown_cell("```{solution-end}\n```\n\n```{exercise-start} In code (hard, 45 min)\n"
                          ":label: ex-one-code\n```\n\n**Write** it."),
        new_code_cell("def mine(x):\n    raise NotImplementedError\n\n\ncheck('one.code', mine);",
                      id="mine", execution_count=3, outputs=[printed("one.code: not yet.")]),
        new_markdown_cell("```{exercise-end}\n```\n\n```{solution-start} ex-one-code\n```"),
        new_code_cell("helper = 1", id="helper", metadata={"tags": ["needed-later"]}),
        new_markdown_cell("```{solution-end}\n```\n\n```{literalinclude} ../code/rule.py\n"
                          ":pyobject: rule\n:caption: rule.py\n```\n\n"
                          "[a](two.ipynb) [b](../bibliography.md) [c](../glossary.md) "
                          "![a dot\nthat is black](../images/dot.png) `{eq}` {ref}`ex-one-code`",
                          id="after"),
        new_code_cell("helper + 1", id="last"),
    ]


def test_where_the_course_is_published_the_first_cell_installs_it(course, tmp_path, monkeypatch):
    """Where the package is missing; where it is there, nothing is installed."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    course(*whole())
    published = Course(tmp_path, package="descent @ git+https://who.example/course@0123")
    first = translate(published, "one", published.pages["one"]).notebook.cells[0].source
    asked, shell = [], InteractiveShell()

    def pip(line):
        asked.append(line)
        monkeypatch.setitem(sys.modules, "descent.exercises", exercises)

    shell.register_magic_function(pip)
    shell.run_cell(first).raise_error()
    assert asked == []
    monkeypatch.setitem(sys.modules, "descent.exercises", None)  # as if it were not there
    shell.run_cell(first).raise_error()
    assert asked == ['install --quiet "descent @ git+https://who.example/course@0123"']
    assert shell.user_ns["check"] is exercises.check


def test_a_chapter_becomes_a_plain_notebook(course):
    course, notebook = course(*whole())
    made, solutions = translate(course, "one", notebook)
    text = {cell.id: cell.source for cell in made.cells}
    nbformat.validate(made)
    assert list(text) == ["study", "title", "made", "exercises", "exercises-2",
                          "answer-ex-one-hand", text_id(made, "Exercise 1.2"), "mine", "after",
                          "helper", "last", "works-cited", "solutions", "solution-ex-one-hand",
                          "solution-ex-one-code"]
    assert text["title"] == (
        "# One thing\n\nAs [Lee et al. (2001)](#lee2001) say ([Lee et al., 2001](#lee2001); "
        "[Abé, 1999](#abe1999)), see [less](two.ipynb#less-tuning).\n\n"
        '<a id="one-a"></a>\n\n$$\na = b \\tag{1.1}\n$$\n\n'
        '> <a id="thm-one"></a>**Theorem 1.1 (On $x$).** By [(1.1)](#one-a) and $y$:\n>\n'
        '> <a id="one-x"></a>\n>\n> $$ x < y \\tag{1.2} $$\n\n> *Proof.* Clear. ∎\n\n'
        '<details>\n<summary><b>Why it is clear</b></summary>\n\nBy $x$.\n\n</details>\n\n'
        '> **Mind.** It is clear.')
    assert text["exercises-2"] == (
        '<a id="ex-one-hand"></a>\n\n### Exercise 1.1: By hand\n\n*Easy, 5 minutes.* '
        '[Solution](#solution-ex-one-hand)\n\n**Derive** it, `check("one.hand", your_function)`, '
        "from [Theorem 1.1](#thm-one).")
    assert text["answer-ex-one-hand"] == ('# Your answer to exercise 1.1\n'
                                          '# check("one.hand", your_function)')
    assert text["after"] == (
        '*rule.py*\n\n```python\ndef rule(p):\n    """Return it."""\n    return p - 1\n```\n\n'
        "[a](two.ipynb) [b](#works-cited) c ![a dot that is black](data:image/png;base64,"
        f"{base64.b64encode(b'not really a picture').decode()}) `{{eq}}` "
        "[Exercise 1.2](#ex-one-code)")
    assert text["solution-ex-one-hand"] == (
        '<a id="solution-ex-one-hand"></a>\n\n<details>\n<summary><b>Exercise 1.1: By hand</b>'
        "</summary>\n\nIt is 0.5 \\| 1.\n\n```python\ndef hand(x):\n    return x\n\n\n"
        "assert check('one.hand', hand).ok\n```\n\nIt prints:\n\n```text\nand 7\n```\n\n</details>")
    assert re.findall(r'<a id="(\w+)">', text["works-cited"]) == ["lee2001", "abe1999"]
    assert solutions == {"ex-one-hand": ["def hand(x):\n    return x\n\n\n"
                                         "assert check('one.hand', hand).ok"],
                         "ex-one-code": ["helper = 1"]}


def test_an_exercise_in_words_has_a_cell_for_words(course):
    for form, kind, text in (
            ("```{exercise} A\n:label: ex-a\n\nWhy?\n```",
             "markdown", "*Your answer to exercise 1.1 (double-click to write):*"),
            ("```{exercise-start} A\n:label: ex-a\n```\n\nTry.\n\n```{exercise-end}\n```",
             "code", "# Your answer to exercise 1.1")):
        cells = translate_one(course, new_markdown_cell(f"# One\n\n{form}")).notebook.cells
        answer = next(cell for cell in cells if cell.id == "answer-ex-a")
        assert (answer.cell_type, answer.source) == (kind, text)


def text_id(notebook, words):
    return next(cell.id for cell in notebook.cells if words in cell.source)


def test_a_study_notebook_shows_what_ran_and_no_verdict(course):
    course, notebook = course(*whole())
    made = {cell.id: cell for cell in translate(course, "one", notebook).notebook.cells}
    assert made["made"].source == "gain = 0.5\ngain"
    assert [output.get("text") or output.data for output in made["made"].outputs] == [
        "out", {"text/plain": "A widget"}]
    assert made["made"].metadata == {"jupyter": {"source_hidden": True}}
    assert made["mine"].outputs == []
    assert made["mine"].execution_count is None
    assert made["mine"].metadata["descent"] == {"answers": "ex-one-code"}
    assert made["helper"].metadata == {"jupyter": {"source_hidden": True}}
    assert "right." not in "".join(cell.source for cell in made.values())


def test_a_deeper_section_is_a_cell_of_its_own_that_a_notebook_folds(course):
    made = translate_one(
        course, new_markdown_cell("# One\n\nA.\n\n{.deeper}\n## B\n\nC.", id="a"),
        new_markdown_cell("{.deeper}\n## D\n\nE.\n\n## F\n\nG.", id="b")).notebook
    folded = "jp-MarkdownHeadingCollapsed"
    assert [(cell.source, cell.metadata.get(folded, False)) for cell in made.cells] == [
        ("# One\n\nA.", False), ("## B", True), ("C.", False),
        ("## D", True), ("E.\n\n## F\n\nG.", False)]


def test_pages_without_code_need_no_package(course):
    course, _ = course(*whole())
    made = translate(course, "notation", course.pages["notation"]).notebook
    assert [cell.source for cell in made.cells] == ["# Notation", "## A part\n\nText."]


def test_only_chapters_and_what_they_lean_on_become_notebooks(course):
    course, _ = course(*whole())
    assert list(course.pages) == ["intro", "notation", "one", "two"]
    assert course.targets["two-c"].words == "(2.1)"


@pytest.mark.parametrize(("text", "said"), [
    ("{sub}`2`", "no translation of the role: {sub}`2`"),
    ("```{margin} Aside\nx\n```", "no translation of the directive: margin"),
    ("{eq}`nowhere`", "no such label: nowhere"),
    ("{glue:text}`nothing`", "nothing is glued as: nothing"),
    ("{cite:t}`nobody`", "no such work: nobody"),
    ("[x](gone.ipynb)", "no such file: gone.ipynb"),
    ("```{literalinclude} gone.py\n```", "no such file: gone.py"),
    ("```{literalinclude} ../code/rule.py\n:pyobject: gone\n```",
     "../code/rule.py holds no: gone"),
    ("```{exercise} Alone\nx\n```", "no label: exercise Alone"),
    ("```{prf:proof}\nx", "a fence: no end to '```{prf:proof}'"),
    ("(label)=\n## A", "raw MyST: (label)="),
    ("term\n: its meaning", "raw MyST: : its meaning"),
    ("[x]{.big}", "raw MyST: ]{.big}"),
    ("{.wide}\n## A", "raw MyST: {.wide}"),
    ("{{ version }}", "raw MyST: {{ version }}"),
    ("% a comment", "raw MyST: % a comment"),
    ("$$ (oops)", "raw MyST: $$ (oops)"),
    (":::{note}\n{sub}`2`\n:::", "no translation of the directive: note"),
])
def test_what_has_no_translation_stops_with_page_cell_and_text(course, text, said):
    with pytest.raises(ValueError, match=f"one, cell here: {re.escape(said)}$"):
        translate_one(course, new_markdown_cell("# One"), new_markdown_cell(text, id="here"))


def translate_one(course, *cells):
    made, notebook = course(*cells)
    return translate(made, "one", notebook)


def test_code_is_left_alone(course):
    text = ("# One\n\n`{eq}` and ``{ref}`x` ``\n\n```python\nf\"{x}`a`\"\n% b\n: c\n```\n\n"
            "$\\{{a}\\}$")
    assert translate_one(course, new_markdown_cell(text)).notebook.cells[0].source == text


def test_links_between_notebooks_lead_to_cells(course):
    course, _ = course(*whole())
    text = new_markdown_cell("# One\n\n{eq}`two-c`, {eq}`one-a`")
    pages = {**course.pages, "one": new_notebook(cells=[text])}
    made = linked({name: translate(course, name, page) for name, page in pages.items()})
    one = made["one"].notebook
    assert one.cells[0].source == "# One\n\n[(2.1)](two.ipynb#cell-id=two), [(1.1)](#one-a)"
    assert one.metadata.descent.edition == digest(one)


def test_parts():
    found = parts("a\n````{exercise} T (easy, 5 min)\n:label: l\n\n```python\n# x\n```\n````\nb")
    assert [part.kind for part in found] == [None, "exercise", None]
    assert found[1].options == {"label": "l"}
    assert found[1].title == "T (easy, 5 min)"
    assert [part.kind for part in parts(found[1].text)] == ["code"]


@pytest.mark.parametrize(("before", "after"), [
    ("from myst_nb import glue\nx = 1", "x = 1"),
    ("x = 1\nglue('a', x)\ny = 2", "x = 1\ny = 2"),
    ("for a in b:\n    glue(a, 1)\n    if a:\n        glue(a,\n             2)\nx", "x"),
    ("for a in b:\n    glue(a, 1)\n    print(a)", "for a in b:\n    print(a)"),
    ("with a:\n    x = 1\n    glue('a', x)", "with a:\n    x = 1"),
    ("f()\nglue('a', 1)", "f();"),
    ("glue('a', 1)\nf()", "f()"),
    ("glue('ä', 1)", ""),
    ("stick.glue('a')", "stick.glue('a')"),
])
def test_code_loses_its_glue(before, after):
    assert unglued(before) == after
    ast.parse(after)


def test_glue_beside_another_statement_is_refused():
    with pytest.raises(ValueError, match="shares its line"):
        unglued("x = 1; glue('a', x)")


def test_a_picture_is_images_with_the_words_of_the_figure():
    figure, axes = panels(2)
    axes[0].plot([0, 1], label="a < b")
    shown = figure.show('Two lines, "one" up & one away.', caption="Both.")._repr_html_()
    made = picture(shown)
    alts = re.findall(r'<img alt="(.*?)"', made)
    assert alts == ["Two lines, &quot;one&quot; up &amp; one away.", ""]
    assert made.endswith("<figcaption>Both.</figcaption></figure>")
    for data in re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', made):
        drawing = base64.b64decode(data).decode()
        assert 'color="#1b1f24"' in drawing  # what currentColor is, where no page says it
        assert drawing.index("<rect") < drawing.index("<g")  # paper below the ink
        assert "aria-hidden" not in drawing


def test_a_digest_sees_words_and_kinds_of_cells_and_not_what_they_print():
    one = new_notebook(cells=[new_code_cell("1")])
    ran = new_notebook(cells=[new_code_cell("1", execution_count=3, outputs=[printed("1")])])
    assert digest(one) == digest(ran)
    assert digest(one) != digest(new_notebook(cells=[new_markdown_cell("1")]))
    assert digest(one) != digest(new_notebook(cells=[new_code_cell("1 ")]))
    assert digest(one) != digest(new_notebook(cells=[new_code_cell("1"), new_code_cell("")]))

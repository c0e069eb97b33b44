"""The reference pages: the ledger of claims, and the index of exercises."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from docutils import nodes
from docutils.utils import new_document
from nbformat import write
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from sphinx_exercise.nodes import exercise_enumerable_node, exercise_subtitle, exercise_title

from descent.book import index
from descent.book.ledger import VERDICTS, Chapter, Place, Summary, anchor, chapters, ledger

ROOT = Path(__file__).parents[1]
BOOK = ledger(ROOT)
CHAPTERS = chapters(ROOT)
ROWS = {(chapter.name, row.claim): row for chapter, rows in BOOK.items() for row in rows}
INTERVAL = re.compile(r"± ?\d|\([−+]?\d[\d.]* to [−+]?\d[\d.]*\)|intervals from")

# What is commonly said, by the chapter that must answer it. A ± in front marks a claim that was
# measured over seeds or starts: its row must show an interval.
CLAIMS = {
    "sgd": """
        simple
        widely used
        $x_{t+1} = x_t - \\eta\\nabla f(x_t)$
        momentum is $v_{t+1} = \\mu v_t + \\eta\\nabla f$, $x_{t+1} = x_t - v_{t+1}$
        supports momentum and weight decay (L2)
        can escape local minima with momentum
        ± for large data sets
        for linear and logistic regression
        ± sensitive to the learning rate
        requires good manual tuning
        full control, such as schedules of your own
    """,
    "adagrad": """
        divides by $\\sqrt{G_t + \\epsilon}$, with $\\epsilon = 10^{-8}$
        adapts each parameter by how frequently it is updated
        parameters with larger past gradients get smaller updates
        ± works well for sparse data, such as text
        ± for models with infrequent updates, such as embeddings
        increases stability by past gradients
        the learning rate decreases over time
        ± the rate shrinks too much and stops learning early
        that is why RMSprop and Adam were developed
    """,
    "rmsprop": """
        designed for diminishing or exploding learning rates
        ± a decay rate of about 0.9
        divides by $\\sqrt{v + \\epsilon}$
        adapts the rate of each parameter
        ± allows faster convergence
        ± handles noisy gradients better
        suits objectives that change
        ± for recurrent nets
        ± for reinforcement learning
        ± if Adam performs poorly
    """,
    "adadelta": """
        improves on Adagrad by limiting the decrease of the rate
        ± no need to set a learning rate by hand
        ± for similar cases as Adagrad
        more robust than Adagrad
        its steps have the right unit
    """,
    "adam": """
        the equations
        combines momentum and adaptive rates
        keeps moving averages of gradient and squared gradient
        ± requires less tuning than SGD
        ± works well out of the box
        ± for convolutional nets
        for recurrent nets
        for transformers
        most popular for research and prototyping
        ± may generalise worse than SGD
        ± can converge to sharp minima
    """,
    "adamw": """
        like Adam, but fixes how decay is applied
        decay is decoupled from the step
        decay comes after the gradient update, as a second step
        Adam with L2 is $\\theta - \\eta(\\nabla f + \\lambda\\theta)$
        AdamW is $(\\theta - \\eta\\nabla f)(1 - \\eta\\lambda)$
        L2 in Adam is an incorrect decay
        L2 interferes with Adam's moments
        `weight_decay` is equivalent to L2
        lr 0.001 and decay 0.01 take 1 % a step, "adjusted by the learning rate"
        the first equation, $x - \\eta\\,(\\hat m/(\\sqrt{\\hat v} + \\epsilon) + \\lambda x)$
        0.01 or 0.0001 is a good start
        ± better regularisation and generalisation than Adam with L2
        ± prevents overfitting by penalising large weights
        ± recommended for transformers and language
        for large models: BERT, vision transformers
        popular in Hugging Face Transformers and for vision transformers
        use it with cosine annealing
        ± spare biases and norm layers: decay does not help them and can hurt
        ± tune lr and decay on validation data
    """,
    "nadam": """
        combines Adam with Nesterov momentum
        ± slightly faster convergence in some settings
        ± try it if Adam is not converging fast enough
        for similar tasks as Adam
        `NAdam(params, lr=0.001)`
    """,
    "lbfgs": """
        the iteration: $p = -Hg$, a step along it, then $s$ and $y$
        approximates the inverse Hessian by a recursive formula
        second-order optimizer
        memory-efficient: only the last pairs, no Hessian
        a line search finds the optimal step
        ± the line search is optional but common
        ± best for convex, smooth problems
        faster than gradient descent where curvature matters
        ± slower but more accurate
        ± for small models with few parameters
        ± for smaller data sets
        ± requires the full batch; not mini-batch friendly
        ± sensitive to noise
        ± not for large-scale deep learning
        ± precise convergence: curve fitting, inverse problems
    """,
    "schedulers": """
        ± super important for nets trained with AdamW; use one such as cosine or one-cycle
        ± converge faster
        ± avoid overfitting
        escape local minima
        ± start with a high lr to explore, lower it gradually to fine-tune
        ± reduce when the model hits a plateau
        StepLR every 10 epochs, `T_max=50` for 50, plateau after 5, `scheduler.step()` once an epoch
        ± cosine is good for smooth convergence
        ± one-cycle is very effective for vision transformers and large models
        ± AdamW with cosine annealing, not Adam with L2
        ± set weight decay, but not for biases and norm layers
        ± tune lr, decay and schedule on validation data
    """,
    "choosing": """
        ± most deep nets: Adam or AdamW
        ± fine-tuning transformers: AdamW
        ± linear and logistic models: SGD
        ± sparse data: Adagrad
        ± reinforcement learning: RMSprop
        small precise models: L-BFGS
    """,
}
EXPECTED = [(chapter, line.strip()) for chapter, lines in CLAIMS.items()
            for line in lines.strip().splitlines()]


@pytest.mark.parametrize(("chapter", "claim"), EXPECTED)
def test_every_claim_has_its_verdict(chapter, claim):
    row = ROWS[chapter, claim.removeprefix("± ")]
    if claim.startswith("±"):
        assert INTERVAL.search(row.why), row.why


@pytest.mark.parametrize(("chapter", "claim"), ROWS, ids=": ".join)
def test_a_row_is_complete(chapter, claim):
    row = ROWS[chapter, claim]
    assert row.verdict in VERDICTS
    assert len(row.why) > 10
    assert "{glue" not in row.why
    assert row.where


def test_a_place_is_a_section_and_a_cell_of_its_chapter():
    for chapter, rows in BOOK.items():
        sections = {heading for _, heading in chapter.headings}
        cells = {cell.id for cell in chapter.cells if cell.cell_type == "code"}
        for place in (place for row in rows for place in row.where):
            assert place.section in sections
            assert place.cell is None or place.cell in cells


def test_a_chapters_sections_have_names_of_their_own():
    """Links go by the heading, so that two must not have the same."""
    for chapter in CHAPTERS:
        names = [anchor(heading) for _, heading in chapter.headings]
        assert len(names) == len(set(names)), chapter.name


def test_every_exercise_has_level_time_and_solution():
    found = [task for chapter in CHAPTERS for task in index.tasks(chapter)]
    assert len(found) == sum(cell.source.count("{exercise}") + cell.source.count("{exercise-start}")
                             for chapter in CHAPTERS for cell in chapter.cells) > 50
    assert [task.label for task in found if task.level not in index.LEVELS] == []
    assert [task.label for task in found if task.minutes not in index.MINUTES] == []
    assert [task.label for task in found if not task.solved] == []
    assert len({task.label for task in found}) == len(found)


@pytest.fixture
def chapter(tmp_path):
    """A chapter of one section, whose cell glues one number."""
    def made(rows, glued="'0.1 ± 0.2'"):
        output = new_output("display_data", metadata={"scrapbook": {"name": "gain"}},
                            data={"application/papermill.record/text/plain": glued})
        cells = [new_markdown_cell("# Method\n\n## Measured"),
                 new_code_cell("# A comment", id="run", outputs=[output]),
                 new_markdown_cell("## What people say\n\n```python\n# no heading\n```\n"),
                 new_markdown_cell(f"### What people say of it\n\n{rows}\n\n### More")]
        write(new_notebook(cells=cells), tmp_path / "method.ipynb")
        return Chapter(tmp_path / "method.ipynb")
    return made


HEAD = "| claim | verdict | why, and how much |\n|---|---|---|\n"


def test_a_row_is_resolved(chapter):
    one, two = chapter(
        HEAD + "| fast | Holds | By {glue:text}`gain`, see [other](other.ipynb) |\n"
        "| small | Not tested | Nobody knows. |").claims
    assert one.why == "By 0.1 ± 0.2, see [other](chapters/other.ipynb)"
    assert one.where == (Place("Measured", "run"),)
    assert two.where == (Place("What people say of it"),)


def test_what_markdown_would_read_is_escaped(chapter):
    [row] = chapter(HEAD + "| fast | Holds | {glue:text}`gain` |", "'a*b_c'").claims
    assert row.why == "a\\*b\\_c"


def test_numbers_stay_as_they_are(chapter):
    [row] = chapter(HEAD + "| fast | Holds | {glue:text}`gain` |", "17").claims
    assert row.why == "17"


@pytest.mark.parametrize(("rows", "message"), [
    (HEAD + "| fast | Holds | {glue:text}`lost` |", "quotes 'lost', which no cell glues"),
    (HEAD + "| fast | Holds |", "a row has 2 columns"),
    ("| claim | verdict here |\n|---|---|\n| fast | Yes |", "columns are"),
])
def test_a_broken_table_is_told(chapter, rows, message):
    with pytest.raises(ValueError, match=message):
        _ = chapter(rows).claims


def test_level_and_time_move_from_the_title_to_a_line_under_it():
    title = exercise_title("", nodes.Text("Exercise"),
                           exercise_subtitle("", nodes.Text("Steps (hard, 45 min)")))
    document = new_document("page")
    document += exercise_enumerable_node("", title, nodes.section())
    remembered = document.children[0].deepcopy()
    registry = {"ex-steps": {"node": remembered}}
    index._set_under_title(SimpleNamespace(env=SimpleNamespace(sphinx_exercise_registry=registry)),
                           document)
    assert remembered.children[0].astext().endswith("Steps")
    title, line, _ = document.children[0].children
    assert title.astext().endswith("Steps")
    assert line.astext() == "Hard, 45 minutes"


TASKS = {chapter: index.tasks(chapter) for chapter in CHAPTERS}


def labels(text):
    return re.findall(r"<(ex-[\w-]+)>`", text)


def test_the_index_has_all_exercises_in_the_order_of_the_book():
    lines = index.Index.lines(None, CHAPTERS)
    assert labels("\n".join(lines)) == [task.label for some in TASKS.values() for task in some]
    assert [line for line in lines if line.startswith("## ")] == [
        f"## {chapter.title}" for chapter, some in TASKS.items() if some]
    adam = next(line for line in lines if "ex-adam-turn>" in line)
    assert adam.split(" | ")[1:] == ["predict", "easy", "10", "`adam.turn` |"]


def test_the_routes_choose_by_level_and_kind_and_keep_the_order():
    text = "\n".join(index.Routes.lines(None, CHAPTERS))
    first, code, paper = re.split(r"\n\*\*(?:A first pass|All code|All on paper)\*\*: ", text)[1:]
    ranks = [[(index.LEVELS.index(task.level), task.minutes) for task in some]
             for some in TASKS.values() if some]
    easiest = [next(task.label for task, rank in zip(some, rank_of, strict=True)
                    if rank == min(rank_of))
               for some, rank_of in zip(filter(None, TASKS.values()), ranks, strict=True)]
    assert labels(first) == easiest
    kinds = {task.label: task.kind for some in TASKS.values() for task in some}
    assert labels(paper) == [label for label, kind in kinds.items() if kind == "on paper"]
    assert set(labels(code)) >= {label for label, kind in kinds.items()
                                 if kind in ("code", "find the bug")}
    assert labels(code) == [label for label in kinds if label in labels(code)]
    for route in (first, code, paper):
        assert int(route.split(" ")[0]) == len(labels(route))


def test_the_summary_counts_each_verdict_in_its_column():
    header, _, *rows = [line.strip("| ").split(" | ")
                        for line in Summary.lines(None, CHAPTERS)]
    assert header == ["chapter", *(verdict.lower() for verdict in VERDICTS), "claims"]
    for chapter, row in zip(BOOK, rows, strict=False):
        assert chapter.title in row[0]
        assert row[1:] == [str(sum(claim.verdict == verdict for claim in BOOK[chapter]) or "–")
                           for verdict in VERDICTS] + [str(len(BOOK[chapter]))]
    assert rows[-1][0] == "**all**"
    assert int(rows[-1][-1]) == len(ROWS) == sum(int(n) for n in rows[-1][1:-1] if n != "–")

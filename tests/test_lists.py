"""What lists all optimizers: whoever adds one reads here which list lacks it.

A new optimizer is a file in `rules`, a row in `parity.ROWS` and a chapter. The tests below follow
from the rows, and their messages lead through the rest.
"""

import math
import re
import runpy
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml

import descent
from descent import lab, rules
from descent.lab.experiments.benchmark import BESIDE, RACE, SPACES, TASKS, entered
from descent.lab.judge import OPTIMIZER_NAMES
from descent.optim.shapes import mixes
from descent.parity import BEYOND, ROWS
from descent.signature import BOUNDED, hyperparameters, settle

ROOT = Path(__file__).parents[1]
EVERY = (*ROWS, *BEYOND)
every_row = pytest.mark.parametrize("row", EVERY, ids=lambda row: row.rule.__name__)
every_row_of_torch = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule.__name__)


def text(name):
    return (ROOT / name).read_text(encoding="utf8")


def of(row):
    """Return the name of a row's rule and the file of its chapter."""
    return row.rule.__name__, f"chapters/{row.chapter}.ipynb"


@every_row
def test_the_rule_is_exported(row):
    assert of(row)[0] in descent.__all__, "code/descent/__init__.py exports all rules"


def test_every_rule_has_a_file_a_row_and_an_export():
    files = {path.stem for path in Path(rules.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(rules.__all__), "code/descent/rules/__init__.py exports all rules"
    assert files == {name for name, _ in map(of, EVERY)}, "ROWS or BEYOND of parity/rules.py"


@every_row
def test_the_chapter_is_in_the_book(row):
    name, chapter = of(row)
    assert (ROOT / chapter).is_file(), f"{chapter}: the chapter"
    toc = yaml.safe_load(text("_toc.yml"))
    files = [entry["file"] for part in toc["parts"] for entry in part["chapters"]]
    assert chapter.removesuffix(".ipynb") in files, "_toc.yml"
    assert f"]({chapter}) |" in text("intro.md"), "the table of the family in intro.md"
    assert f"]({chapter})" in text("glossary.md"), "a word of the chapter in glossary.md"
    letters = [line for line in text("notation.md").splitlines() if f"]({chapter}) |" in line]
    assert any(OPTIMIZER_NAMES[name] in line for line in letters), "its own letters in notation.md"
    stem = Path(chapter).stem
    assert import_module(f"descent.exercises.{stem}").EXERCISES, f"exercises/{stem}.py"


def test_every_chapter_is_in_the_contents_and_on_the_first_page():
    toc = yaml.safe_load(text("_toc.yml"))
    listed = {entry["file"] for part in toc["parts"] for entry in part["chapters"]}
    for path in (ROOT / "chapters").glob("*.ipynb"):
        assert f"chapters/{path.stem}" in listed, f"{path.name} stands not in _toc.yml"
        assert f"](chapters/{path.name}) |" in text("intro.md"), f"{path.name}: intro.md's table"


@every_row
def test_the_package_page_describes_it(row):
    name, _ = of(row)
    assert f".. autofunction:: {name}\n" in text("api.md"), "api.md"


def test_the_package_page_describes_what_is_exported():
    described = set(re.findall(r"auto(?:function|class):: (?:[\w.]+\.)?(\w+)", text("api.md")))
    assert set(descent.__all__) - described <= {"surfaces"}, "api.md"  # a module


@every_row
def test_the_family_tree_has_its_box(row):
    name, _ = of(row)
    script = runpy.run_path(str(ROOT / "images/make_family_tree.py"))
    boxes = [box for box, (*_, rule) in script["FAMILY"].items() if rule == name]
    assert boxes, "FAMILY of images/make_family_tree.py"
    assert set(boxes) & {child for _, child, _ in script["HEIRS"]}, "HEIRS: of whom?"
    assert all(box in script["ALT"] or box == "momentum" for box in boxes), "ALT, its words"


def test_the_family_tree_is_as_its_script_draws_it():
    script = runpy.run_path(str(ROOT / "images/make_family_tree.py"))

    def plain(drawing):  # figures drawn before have counted the ids on
        return re.sub(r"\bd\d+-", "d-", drawing)

    assert plain(script["draw"]()._repr_html_()).strip() == plain(
        text("images/family_tree.html")).strip(), "make images"


@every_row
def test_the_benchmark_races_it(row):
    name, _ = of(row)
    assert name in OPTIMIZER_NAMES, "OPTIMIZER_NAMES of the benchmark"
    assert name in SPACES, "what of it is tuned: SPACES of the benchmark"


NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
           "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen")


@pytest.mark.parametrize(("name", "form"), [
    ("README.md", r"a\s+benchmark\s+of\s+all\s+(\w+)"),
    ("README.md", r"every\s+optimizer\s+of\s+PyTorch,\s+(\w+)"),
    ("intro.md", r"what the\s+(\w+) optimizers of PyTorch")])
def test_prose_counts_the_optimizers(name, form):
    assert re.search(form, text(name))[1].lower() == NUMBERS[len(ROWS)], name


def test_every_optimizer_of_pytorch_has_its_chapter():
    """What the first line of the README says; a sixteenth class of torch's would make it false."""
    classes = {name for name in torch.optim.__all__
               if isinstance(getattr(torch.optim, name), type)} - {"Optimizer"}
    assert {row.torch_class.__name__ for row in ROWS} == classes
    listed = re.search(r"The\s+chapters:\s+(.*?)\.\n", text("README.md"), re.DOTALL)[1].split()
    for row in ROWS:
        name, chapter = of(row)
        assert (ROOT / chapter).is_file()
        assert OPTIMIZER_NAMES[name] in {word.strip(",") for word in listed}, "README.md"


def test_the_first_page_counts_those_that_race_on_all_tasks():
    special = {row.rule.__name__ for row in ROWS if mixes(row.rule) or row.sparse}
    both = re.search(r"(\w+) on seven tasks, and (\w+) that need matrices", text("intro.md"))
    assert [word.lower() for word in both.groups()] == [
        NUMBERS[len(RACE)], NUMBERS[len(BESIDE)]]
    assert (set(BESIDE), len(RACE)) == (special, len(ROWS) - len(special))
    assert all(entered(task, name) for task in TASKS for name in RACE)
    assert len(TASKS) == NUMBERS.index("seven")


@every_row_of_torch
def test_a_value_is_refused_exactly_when_torch_refuses_it(row):
    defaults = hyperparameters(row.rule)
    names = [name for name in defaults if name in BOUNDED and np.ndim(defaults[name]) == 0]
    cases = [{name: value} for name in names
             for value in (-1.0, -1e-9, 0.0, 0.5, 1.0, 1.0 + 1e-9, 2.0, math.inf, math.nan)]
    cases += [{"betas": pair} for one in (-1e-9, 0.0, 0.5, 1.0, math.nan)
              for pair in ((one, 0.5), (0.5, one)) if "betas" in defaults]

    def refuses(make):
        try:
            make()
        except ValueError:
            return True
        return False

    if isinstance(defaults.get("eps"), tuple):  # Adafactor's two
        cases += [{"eps": pair} for pair in ((-1e-9, 0.5), (0.5, -1e-9), (0.0, 0.0), (None, 0.5))]
    cases += [{"adjust_lr_fn": name} for name in (None, "original", "match_rms_adamw", "theirs")
              if "adjust_lr_fn" in defaults]

    cases += [{"etas": pair} for pair in ((0.0, 1.2), (1.0, 1.2), (0.5, 1.0), (0.5, math.inf),
                                          (-1.0, 2.0), (0.9, 1.1)) if "etas" in defaults]
    cases += [{"step_sizes": pair} for pair in ((0.0, 1.0), (1.0, 0.5), (-1.0, 1.0))
              if "step_sizes" in defaults]

    assert names
    for case in cases:
        theirs = math.nan in case.values() or refuses(  # which we always refuse
            lambda case=case: row.torch_class([torch.ones(1, 1)], **case))
        assert refuses(lambda case=case: settle(row.rule, {**defaults, **case})) == theirs, case


def test_commands_that_are_named_exist():
    """In the chapters and pages: modules that Python runs, and what make makes."""
    made = set(re.findall(r"^([a-z]+):", text("Makefile"), re.M))
    pages = {path.name: path.read_text(encoding="utf8")
             for folder in (ROOT, ROOT / "chapters") for path in folder.glob("*")
             if path.suffix in {".md", ".ipynb"} or path.name == "Makefile"}
    named = [(page, name) for page, words in pages.items()
             for name in re.findall(r"python -m (descent[\w.]*)", words)]
    assert len(named) > 8
    for page, name in named:
        path = ROOT / "code" / name.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), (page, name)
    for page, words in pages.items():
        for target in re.findall(r"`make ([a-z]+)`", words):
            assert target in made, (page, f"make {target}")
    experiments = re.findall(r"descent\.lab run ([a-z]+)", "\n".join(pages.values()))
    assert set(experiments) <= set(lab.names())

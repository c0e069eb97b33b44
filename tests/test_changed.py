"""A playground's rule, changed in the page: the same runs as the widget's, from plain floats."""

import json
import linecache
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import nbformat
import numpy as np
import pytest
from tables import runs

from descent import adam, lbfgs, path, rules, sgd, surfaces, walk
from descent.book.inpage import pack
from descent.book.inpage.changed import changed
from descent.driver import entries
from descent.widgets.playground import playground
from descent.widgets.settings import DECADES

ROOT = Path(__file__).parents[1]
CELLS = {(path.stem, cell.id): cell.source for path in sorted(ROOT.glob("chapters/*.ipynb"))
         for cell in nbformat.read(path, as_version=4).cells
         if cell.cell_type == "code" and re.search(r"^playground\(", cell.source, re.M)}
CELL = "playground(sgd, surfaces.quadratic, lr=[0.1, 0.5], momentum=[0.0, 0.9], steps=20)"
BARS = ("def size(step):\n    return abs(step.state[0]) + 1e-9\n\n\n"
        'playground(sgd, lr=[0.1, 0.5], momentum=[0.0, 0.9], steps=20, bars={"size": size})')
SOURCE = "def sgd(p, g, t, b=0.0, *, lr=1e-3, momentum=0.0):\n    {}\n    return p - lr * b, b\n"
START = (-1.5, 1.0)
# Runs every playground's cell with its rule in a Python without any package: only the zip.
ALONE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from descent.book.inpage.changed import changed
made = [changed(*job) for job in json.load(sys.stdin)]
for one in made:
    one["channels"] = {name: list(numbers) for name, numbers in one["channels"].items()}
print(json.dumps(made))
"""


@pytest.fixture(scope="module")
def widgets():
    """Return the widget that each playground's cell makes, by chapter and cell."""
    made = {}
    for place, cell in CELLS.items():
        given = {"np": np, "surfaces": surfaces, "two_loop": rules.lbfgs.__globals__["two_loop"],
                 **{name: getattr(rules, name) for name in rules.__all__},
                 "playground": lambda *args, place=place, **options: made.setdefault(
                     place, playground(*args, **options))}
        text = cell.replace("from descent.widgets.playground import playground", "")
        name = f"cell {place}"
        linecache.cache[name] = len(text), None, text.splitlines(keepends=True), name
        exec(compile(text, name, "exec"), given)
    return made


def channels(one, steps):
    return {name: np.array(numbers).reshape(-1, steps + 1)
            for name, numbers in one["channels"].items()}


def test_the_page_makes_each_table_from_the_rule_as_it_is(widgets, tmp_path):
    made = {place: widget for place, widget in widgets.items() if widget.content["source"]}
    assert {chapter for chapter, _ in widgets} - {chapter for chapter, _ in made} == {
        "adafactor", "muon", "shampoo",  # x and y are entries of a matrix
        "lbfgs", "rmsprop"}  # the first looks again, the second's wind blows along x
    jobs = [(CELLS[place], widget.content["source"], widget.start, 0, len(widget.content["left"]))
            for place, widget in made.items()]
    archive = tmp_path / "descent.zip"
    archive.write_bytes(pack.zipped())
    run = subprocess.run([sys.executable, "-I", "-S", "-c", ALONE, archive], check=True,
                         input=json.dumps(jobs), capture_output=True, encoding="utf8")
    for (place, widget), one in zip(made.items(), json.loads(run.stdout), strict=True):
        content, drawn = widget.content, runs(widget)
        assert one["left"] == content["left"], place
        assert (one["memory"], one["lr"]) == (content["memory"], content["lr"])
        assert list(one["channels"]) == list(drawn)
        drawn_at = np.arange(content["steps"] + 1) <= np.array(content["left"])[:, None]
        for name, numbers in channels(one, content["steps"]).items():
            there = drawn_at & (name != "loss" or drawn[name] > -12 * DECADES)  # below is rounding
            off = np.abs(numbers - drawn[name])[there]
            assert off.max() <= 1, (place, name)  # what lies between two may go to either
            assert off.mean() < 1e-3, (place, name)


@pytest.mark.parametrize("rule", [sgd, adam])
def test_entry_by_entry_is_the_same_walk(rule):
    surface = surfaces.rosenbrock()
    hyper = {"lr": 1e-3, "weight_decay": 0.1}
    whole = list(walk(rule, surface.grad, np.array(START), 30, **hyper))
    for one, both in zip(entries(rule, surface.grad, surfaces.Point(START), 30, **hyper), whole,
                         strict=True):
        assert one.t == both.t
        assert one.p == pytest.approx(both.p, rel=1e-12)
        for state, arrays in zip(zip(*one.state, strict=True), both.state, strict=True):
            assert state == pytest.approx(np.broadcast_to(arrays, 2), rel=1e-12)
        assert one.hyper == both.hyper
    with pytest.raises(ValueError, match="lr must be >= 0"):
        next(entries(rule, surface.grad, START, 3, lr=-1.0))


def test_another_rule_makes_other_runs():
    given = changed(CELL, SOURCE.format("b = momentum * b + g"), START, 0, 4)
    assert given["left"] == [21] * 4
    p = path(sgd, surfaces.quadratic().grad, np.array(START), 20, lr=0.5, momentum=0.9)
    assert channels(given, 20)["x"][3] == pytest.approx(p[:, 0] / 2.2 * 1000, abs=0.501)
    uphill = changed(CELL, SOURCE.format("b = -g"), START, 0, 4)
    assert uphill["left"][-1] < 20
    assert uphill["channels"] != given["channels"]


def test_one_setting_alone_is_that_row_of_all():
    source = SOURCE.format("b = momentum * b + g")
    every, one = (changed(CELL, source, (0.5, -1.0), *rows) for rows in ((0, 4), (2, 3)))
    assert one["left"] == every["left"][2:3]
    for name, numbers in channels(one, 20).items():
        assert (numbers[0] == channels(every, 20)[name][2]).all()


@pytest.mark.parametrize(("source", "words", "line"), [
    (SOURCE.format("b = momentum * b + )"), r"Python cannot read it: .*\(line 2\)", 2),
    (SOURCE.format("b = momentun * b + g"), r"raises NameError: .*momentun.*\(line 2\)", 2),
    (SOURCE.format("b = momentum * b + g").replace("return p - lr * b, b", "return p - lr * b"),
     "must return a tuple of numbers, the new point and then its state, got ", None),
    (SOURCE.format("pass").replace("return", "p - lr * b, b #"), "got None", None),
    (SOURCE.format("b = np.array([g, g])"), r"got \(array", None),
    (SOURCE.format("b = g").replace("sgd", "mine"), "there is no function sgd in it", None),
    (SOURCE.format("b = g").replace("momentum=0.0", "mu=0.0"),
     "sgd has no hyper-parameter 'momentum'; it takes lr, mu", None),
    (SOURCE.format("b = g / (1 - 0.9**(t - 1))"), r"ZeroDivisionError: .*\(line 2\)", 2),
    (SOURCE.format("b = (-g**2)**0.5"), "root of a negative number", None),
    (SOURCE.format("b = sqrt(-g**2)"), r"no number at its first step; .*root of a neg", None),
    ("import torch\n" + SOURCE.format("raise SystemExit"), "", None),
    ("import scipy_of_old", "There is no scipy_of_old on the page", 1),
])
def test_what_is_wrong_with_a_rule_is_said_in_one_line(source, words, line):
    said, at = changed(CELL, source, START, 3, 4)["trouble"]
    assert re.search(words, said)
    assert "\n" not in said
    assert at == line or not words


def test_a_single_run_may_break_off():
    source = SOURCE.format("b = g / (p - 0.25) if t > 1 else g")
    made = changed("playground(sgd, surfaces.quadratic, lr=[1.0, 12.5], steps=3)", source,
                   (-1.0, 0.5), 0, 2)
    assert min(made["left"]) < 4
    assert np.isfinite(channels(made, 3)["x"]).all()


def test_bars_that_the_rule_no_longer_feeds_give_way_to_its_push():
    fed = changed(BARS, SOURCE.format("b = g"), START, 0, 4)
    assert set(fed["channels"]) >= {"size in x", "size in y"}
    assert fed["memory"] == ""
    plain = "def sgd(p, g, t, *, lr=1e-3, momentum=0.0):\n    return (p - lr * g,)\n"
    assert list(changed(BARS, plain, START, 0, 4)["channels"]) == ["x", "y", "loss"]
    other = SOURCE.format("b = g").replace("b=0.0", "c=0.0").replace(", b\n", ", 'c'\n")
    assert "must return a tuple of numbers" in changed(BARS, other, START, 0, 4)["trouble"][0]


def test_what_a_rule_prints_is_shown_and_not_without_end():
    said = changed(CELL, SOURCE.format("b = g; print(t, end='.\\n\\n')"), START, 0, 4)["printed"]
    assert said.startswith("1.\n\n1.\n\n2.\n\n")
    assert len(said) < 30_000
    assert said.endswith("which is not shown.")


def test_who_runs_on_one_float_at_a_time_shows_its_source():
    def normed(p, g, t, *, lr=0.1):
        return (p - lr * g / np.sqrt((g * g).sum()),)

    def along_x(p, g, t, *, lr=0.1):
        return (p - lr * g * np.array([1.0, 0.0]),)

    def mine(p, g, t, *, lr=0.1):
        return (p - lr * g,)

    source = playground(sgd, lr=[0.1], steps=3).content["source"]
    assert source.startswith("def sgd(p, g, t")
    assert '"""' not in source
    assert playground(mine, lr=[0.1], steps=3).content["source"] == (
        "def mine(p, g, t, *, lr=0.1):\n    return (p - lr * g,)\n")
    heavy = playground(partial(sgd, momentum=0.5), lr=[0.1], steps=3)
    assert heavy.content["source"].startswith("def sgd(p, g, t")
    for rule in (normed, along_x, lbfgs, eval("lambda p, g, t, *, lr=0.1: (p - lr * g,)")):
        assert playground(rule, lr=[0.1], steps=3).content["source"] == ""

"""The record that a teacher collects: what is kept, what is found out, what comes out anew."""

import math
from functools import partial

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from descent import exercises
from descent.book import records as desk
from descent.exercises import check, find, record, records
from descent.exercises.records import listing, read

HALF = 0.5


@pytest.fixture(autouse=True)
def anew(monkeypatch):
    monkeypatch.setattr(exercises, "_stands", {})
    monkeypatch.setattr(records, "_kept", {})


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ada.json"


def right(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
    m, v = _mean(m, g, beta1), _mean(v, g**2, beta2)
    return p - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v


def _mean(old, new, beta):
    return beta * old + (1 - beta) * new


def uncorrected(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
    m, v = _mean(m, g, beta1), _mean(v, g**2, beta2)
    return p - lr * m / (np.sqrt(v) + eps), m, v


def test_nothing_is_kept_unasked(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    check("adam.implement", right)
    assert list(path.parent.iterdir()) == []


def test_a_record_says_who_what_when_of_what_and_how_it_came_out(path):
    assert record(path, student=" Ada Lovelace ") == path
    check("adam.implement", uncorrected)
    (first,) = read(path)["answers"].values()
    assert (first["right"], first["mistake"]) == (False, "no bias correction")
    check("adam.implement", right)
    check("adam.implement", uncorrected)  # what is right stays
    found = read(path)
    assert found["student"] == "Ada Lovelace"
    one = found["answers"]["adam.implement"]
    assert one["right"]
    assert one["mistake"] is None
    assert one["when"].endswith("+00:00")
    assert "import numpy as np\n" in one["source"]
    assert "def _mean" in one["source"]
    assert [file.name for file in path.parent.iterdir()] == ["ada.json"]


def test_a_record_goes_on_in_another_notebook(path):
    record(path, student="Ada")
    check("adam.implement", right)
    records._kept.clear()
    record(path, student="Ada")
    check("sgd.coast", find("sgd.coast").reference)
    assert list(read(path)["answers"]) == ["adam.implement", "sgd.coast"]
    path.unlink()  # while it is kept
    check("sgd.coast", find("sgd.coast").reference)
    assert list(read(path)["answers"]) == ["sgd.coast"]


@pytest.mark.parametrize("change", [
    lambda text: text.replace('"right": false', '"right": true'),
    lambda text: text.replace('"student": "Ada"', '"student": "Bob"'),
    lambda text: text.replace("np.sqrt(v)", "np.sqrt(v )"),
    lambda text: text.replace('"sha256": "', '"sha256": "0'),
    lambda text: text[:-20],
    lambda text: "",
    lambda text: "[]",
    lambda text: '{"sha256": ""}',
    lambda text: text.replace('"course"', '"version"'),
])
def test_what_was_changed_by_hand_is_found(path, change, capsys):
    record(path, student="Ada")
    check("adam.implement", uncorrected)
    before = path.read_text(encoding="utf8")
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf8")
    with pytest.raises(ValueError, match=r"ada\.json is (not as it was written|no record)"):
        read(path)
    with pytest.raises(ValueError, match=r"ada\.json is"):
        check("adam.implement", right)
    assert path.read_text(encoding="utf8") == after
    capsys.readouterr()
    assert desk.main([str(path)]) == 1
    assert "ada.json is" in capsys.readouterr().err


def test_bad_input_is_named_and_leaves_nothing_behind(path):
    with pytest.raises(ValueError, match="student must be a name in one line, got ''"):
        record(path, student=" ")
    with pytest.raises(ValueError, match="in one line"):
        record(path, student="Ada\nright")
    with pytest.raises(TypeError, match="path and student must be texts"):
        record(path, student=7)
    with pytest.raises(ValueError, match=r"path must end in \.json, got 'ada.txt'"):
        record(path.with_suffix(".txt"), student="Ada")
    with pytest.raises(ValueError, match="cannot be written"):
        record(path.parent / "missing" / "ada.json", student="Ada")
    assert list(path.parent.iterdir()) == []
    assert records._kept == {}
    record(path, student="Ada")
    with pytest.raises(ValueError, match=r"student must be 'Ada', whose record ada\.json is, got"):
        record(path, student="Bob")


def test_a_listing_stands_alone():
    root = lambda a, b: math.sqrt(a) * HALF + b  # noqa: E731
    for answer in (right, root, _mean):
        name, source = listing(answer)
        space = {}
        exec(source, space)
        assert space[name].__code__.co_argcount == answer.__code__.co_argcount
    assert listing(lambda x: HALF * x)[1] == "HALF = 0.5\nanswer = lambda x: HALF * x\n"


def test_what_has_no_listing_is_recorded_without_it(path):
    def closed(x):
        return path

    table = np.zeros(3)
    assert listing(closed) is listing(partial(_mean, 1)) is listing(math.sqrt) is None
    assert listing(eval("lambda x: x")) is None  # no source
    assert listing(eval("lambda x: t", {"t": table})) is None
    record(path, student="Ada")
    check("sgd.coast", partial(find("sgd.coast").reference))
    assert read(path)["answers"]["sgd.coast"]["source"] is None


def test_a_notebook_keeps_a_record_that_runs_anew(tmp_path, capsys):
    """Of cells, whose functions lean on each other, on imports, and on a number."""
    cells = ["import numpy as np\nfrom descent.exercises import check, record\nONE = 1.0",
             'record("ada.json", student="Ada")',
             "def mean(old, new, beta):\n    return beta * old + (ONE - beta) * new",
             "def mine(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):\n"
             "    m, v = mean(m, g, beta1), mean(v, g**2, beta2)\n"
             "    return p - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v",
             'check("adam.implement", mine)',
             'check("adam.share", lambda beta, n, t: (ONE - beta**n) / (ONE - beta**t))']
    notebook = new_notebook(cells=[new_code_cell(text) for text in cells])
    NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}},
                   extra_arguments=["--log-level=ERROR"]).execute()
    assert [cell.outputs[0].text for cell in notebook.cells[-2:]] == [
        "adam.implement: right.\n", "adam.share: right.\n"]
    nbformat.validate(notebook)
    assert desk.main(["--rerun", str(tmp_path / "ada.json")]) == 0
    head, _, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[-2:] == ["run", "anew"]
    assert [row.split()[:3] for row in rows] == [
        ["Ada", "adam.implement", "right"], ["Ada", "adam.share", "right"]]
    assert [row.split()[-1] for row in rows] == ["right", "right"]


def forged(path, **changes):
    """Change an answer of a record and seal it anew, as a forger would."""
    found = read(path)
    found["answers"]["adam.implement"].update(changes)
    records._write(found, path)


@pytest.mark.parametrize("changes", [
    {"right": True, "mistake": None}, {"source": "raise SystemExit", "right": True},
    {"source": "import os; os._exit(0)", "right": True},
    {"function": "missing", "right": True}])
def test_a_forger_passes_the_seal_and_not_the_rerun(path, changes, capsys):
    record(path, student="Ada")
    check("adam.implement", uncorrected)
    source = changes.get("source")
    forged(path, **changes, **({"code": records._hash(source)} if source else {}))
    capsys.readouterr()
    assert desk.main([str(path)]) == 0
    assert "ANOTHER" not in capsys.readouterr().out
    assert desk.main([str(path), "--rerun"]) == 1
    assert "ANOTHER: not right" in capsys.readouterr().out


def test_the_table_shows_mistakes_and_what_cannot_be_run(path, capsys):
    record(path, student="Ada")
    check("adam.implement", uncorrected)
    check("sgd.coast", partial(find("sgd.coast").reference))
    capsys.readouterr()
    assert desk.main([str(path), "--rerun"]) == 0
    _, _, adam, sgd = capsys.readouterr().out.splitlines()
    assert "not yet (no bias correction)" in adam
    assert adam.endswith("not yet")
    assert sgd.endswith("not to be run")
    assert "not kept" in sgd


def test_bad_arguments(path, capsys):
    for arguments in ([], [str(path)]):
        with pytest.raises(SystemExit) as stop:
            desk.main(arguments)
        assert stop.value.code == 2
    assert "FILE must be there, got" in capsys.readouterr().err

"""Python in the page, as far as it can be seen without a page."""

import base64
import json
import re
import subprocess
import sys
import tarfile
from pathlib import Path

import nbformat
import pytest

from descent.book import build
from descent.book.inpage import desk, pack
from descent.book.inpage.place import stub
from descent.exercises import names

ROOT = Path(__file__).parents[1]
RIGHT = """def again(p, g, t, b=0.0, *, lr, momentum, dampening):
    b = g if t == 1 else momentum * b + (1 - dampening) * g
    return p - lr * b, b
"""


def answered(source, *exercises, functions=()):
    return json.loads(desk.answer(exercises or ["sgd.momentum"], source, functions))


def test_the_last_function_is_checked_and_what_it_prints_is_kept():
    said = answered(f"print('once')\n{RIGHT}")
    assert said == {"ok": True, "verdicts": [["sgd.momentum", True, "right.", None]],
                    "printed": "once\n", "more": False}


@pytest.mark.parametrize("call", ['check("sgd.momentum", again);', "from descent.exercises import "
                                  'check\ncheck("sgd.momentum", again)'])
def test_a_check_in_the_answer_is_the_same_check(call, capsys):
    said = answered(f"{RIGHT}{call}\ndef another(): pass")
    assert said["ok"]
    assert said["printed"] == capsys.readouterr().out == ""


@pytest.mark.parametrize(("source", "words", "line"), [
    (RIGHT.replace("momentum * b", "momentum * c"),
     "`: name 'c' is not", 2),
    (RIGHT.replace("return", "retrun"), "Python cannot read it: invalid syntax", 3),
    (RIGHT + "again.x", "It raises AttributeError", 4),
    (RIGHT + "y = 2x", "literal (line 4). A product needs its sign: `2 * x`", 4),
    (RIGHT + "y = sqrt(2)", "is not defined (line 4). Write `np.sqrt`", 4),
    (RIGHT.replace("lr * b", "np.sqrt(-1.0 - b * b)"), "It comes from line 3, `return p - np.sqrt("
     "-1.0 - b * b), b`: the root of something negative", 3),
    (RIGHT.replace("lr * b", "lr(b)"), "for a product write `*` before them", 3),
    (RIGHT + "import nothing_here", "There is no nothing_here on the page", 4),
    (RIGHT + "raise SystemExit", "It raises SystemExit", 4),
    ("def again(*_, **__):\n    raise NotImplementedError", "not written yet", 2),
    (RIGHT.replace("return", "again(p, g, t, lr=lr, momentum=0, dampening=0); return"),
     "RecursionError", 3),
    ("x = 1", "There is no function to check yet", None),
    ('check("sgd.momentum", 0.5)', "must be a function", 1),
])
def test_what_goes_wrong_is_said_with_its_line(source, words, line):
    said = answered(source)
    assert not said["ok"]
    assert words in said["verdicts"][-1][2]
    assert said["verdicts"][-1][3] == line
    assert line is None or f"line {line}" in said["verdicts"][-1][2]


def test_it_is_said_once_that_a_second_check_says_more(monkeypatch):
    monkeypatch.setattr(desk.exercises, "_stands", {})
    wrong = RIGHT.replace("p - lr", "p + lr")
    assert [answered(wrong)["more"] for _ in range(3)] == [True, False, False]
    assert not answered(RIGHT.replace("momentum * b", "momentum * c"))["more"]


def test_two_exercises_in_one_answer_are_told_apart_by_their_functions():
    said = answered("def a(g, eps): return g\ndef b(g): return g",
                    "adagrad.fix_eps", "adagrad.order", functions=["b", "a"])
    assert [one[0] for one in said["verdicts"]] == ["adagrad.fix_eps", "adagrad.order"]
    assert "is called with 2 values" in said["verdicts"][0][2]
    assert "raises" not in said["verdicts"][1][2]


def test_a_hint_is_the_exercises_own(monkeypatch, capsys):
    monkeypatch.setattr(desk.exercises, "hint", lambda name: f"about {name}\nand more")
    assert desk.hint("sgd.momentum") == "About sgd.momentum\nand more"
    assert capsys.readouterr().out == ""


def test_a_stub_takes_what_the_exercise_gives():
    assert stub("adam.share") == ("def your_function(beta, n, t):\n    raise NotImplementedError"
                                  '\n\n\ncheck("adam.share", your_function);')


@pytest.fixture
def packed(tmp_path, monkeypatch):
    """Return what is packed, with a package of Pyodide's in miniature."""
    archive = tmp_path / "small.tgz"
    with tarfile.open(archive, "w:gz") as made:
        for part in pack.PARTS:
            (tmp_path / part).write_text(part, encoding="utf8")
            made.add(tmp_path / part, f"package/{part}")
    monkeypatch.setattr(pack, "fetch", lambda root: archive)
    text = pack.pack(tmp_path).read_text(encoding="utf8")
    assert pack.pack(tmp_path).read_text(encoding="utf8") == text
    return json.loads(re.fullmatch(r"globalThis\.descentPython=(.*);\n", text)[1])


# Answers every cell in a Python without any package: only the zip, and the standard library.
ALONE = """
import json, sys
sys.path.insert(0, sys.argv[1])
from descent.book.inpage import desk
run = ("run = path(adam, lambda p: p, np.array([1.0, 2.0]), 3, lr=np.array([0.1, 0.2]))\\n"
       "print(run.shape)")
assert json.loads(desk.answer([], run))["printed"] == "(4, 2)\\n", desk.answer([], run)
print(json.dumps([json.loads(desk.answer(names, source, functions))["verdicts"]
                  for names, source, functions in json.load(sys.stdin)]))
"""


def test_what_is_packed_judges_every_answer_cell_without_any_package(packed, tmp_path):
    cells = [cell.source for path in sorted(ROOT.glob("chapters/*.ipynb"))
             for cell in nbformat.read(path, as_version=4).cells
             if re.search(r'^check\("', cell.source, re.M) and cell.cell_type == "code"]
    cells += [stub(name) for name in names() if not any(f'"{name}"' in cell for cell in cells)]
    given = [list(zip(*re.findall(r'^check\("([^"]+)", (\w+)', cell, re.M), strict=True))
             for cell in cells]
    jobs = [[list(exercises), cell, list(functions)]
            for cell, (exercises, functions) in zip(cells, given, strict=True)
            if not desk.NEEDS_TORCH & set(exercises)]
    assert sum(len(exercises) for exercises, *_ in jobs) == len(names()) - len(desk.NEEDS_TORCH)
    archive = tmp_path / "descent.zip"
    archive.write_bytes(base64.b64decode(packed["files"]))
    run = subprocess.run([sys.executable, "-I", "-S", "-c", ALONE, archive], check=True,
                         input=json.dumps(jobs), capture_output=True, encoding="utf8")
    for (exercises, *_), verdicts in zip(jobs, json.loads(run.stdout), strict=True):
        assert [name for name, *_ in verdicts] == exercises
        for _, ok, message, _ in verdicts:
            assert not ok
            assert "It raises" not in message, (exercises, message)


def test_who_cannot_fetch_is_told_what_to_do_and_the_build_fails(tmp_path, monkeypatch, capsys):
    (tmp_path / pack.CACHE).mkdir(parents=True)
    (tmp_path / pack.CACHE / f"pyodide-{pack.VERSION}.tgz").write_bytes(b"half a file")
    monkeypatch.setattr(pack.shutil, "which", lambda name: sys.executable)  # no npm by far
    with pytest.raises(pack.Unavailable, match=r"could not be fetched.*npm pack pyodide@"):
        pack.fetch(tmp_path)
    assert "6.5 MB" in capsys.readouterr().out
    assert build.build(tmp_path) == 1
    assert "could not be fetched" in capsys.readouterr().err


def test_another_package_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setattr(pack, "_npm", lambda folder: Path(
        folder, f"pyodide-{pack.VERSION}.tgz").write_bytes(b"another"))
    with pytest.raises(pack.Unavailable, match="sha512 is another"):
        pack.fetch(tmp_path)
    assert not list(tmp_path.rglob("*.tgz"))


def test_a_build_that_starts_anew_spares_what_was_fetched(tmp_path):
    for name in ("fetched/pyodide.tgz", "html/index.html", ".doctrees/x"):
        (tmp_path / "_build" / name).parent.mkdir(parents=True)
        (tmp_path / "_build" / name).write_text("", encoding="utf8")
    build.renew(tmp_path)
    assert {path.name for path in (tmp_path / "_build").iterdir()} == {"fetched", "state"}

"""The linter of the widgets' JavaScript sees what is shipped, and nothing that is right there."""

import re
import shutil

import pytest

from descent.widgets.lint import ALONE, complaints, complaints_alone
from descent.widgets.widget import FOLDER


def test_what_is_shipped_is_in_order():
    assert complaints() == complaints_alone() == complaints_alone(ALONE.parent) == []


@pytest.mark.parametrize(("file", "planted", "words"), [
    ("widget", "const forgotten = () => 1;", "widget.js:{}: Variable 'forgotten' is declared but"),
    ("widget", "node(el, missing);", "widget.js:{}: 'missing' is not defined"),
    ("chooser", "function forgotten() {}", "chooser.js:{}: Function 'forgotten' is declared but"),
    ("playground", "top.x = 1;", "playground.js:{}: 'top' is not defined"),
    ("designer", "const node = 1;", "has already been declared"),
    ("mount", "var x = 1;", "mount.js:{}: Unexpected var"),
])
def test_a_slip_is_found_and_named_by_its_place(tmp_path, file, planted, words):
    for path in FOLDER.glob("*.js"):
        shutil.copy(path, tmp_path)
    path = tmp_path / f"{file}.js"
    text = path.read_text(encoding="utf8") + planted + "\n"
    path.write_text(text, encoding="utf8")
    assert any(words.format(text.count("\n")) in found for found in complaints(tmp_path))


def test_a_picture_has_a_name_from_the_first():
    """Between its making and its first drawing a slow machine can look: an image needs a name."""
    made = [match for path in FOLDER.glob("*.js") for match in
            re.findall(r'\{[^{}]*(?:\$\{[^{}]*\}[^{}]*)*role: "img"[^{}]*\}',
                       path.read_text(encoding="utf8"))]
    assert made
    assert all('"aria-label":' in attributes for attributes in made)


def test_what_one_widget_uses_is_no_waste(tmp_path):
    for path in FOLDER.glob("*.js"):
        shutil.copy(path, tmp_path)
    (tmp_path / "playground.js").unlink()
    assert any("'pair' is declared but never used" in found for found in complaints(tmp_path))
    assert not any("'unpack'" in found for found in complaints(tmp_path))  # the designer's


def test_a_slip_in_a_script_of_its_own_is_found(tmp_path):
    for path in ALONE.glob("*.js"):
        shutil.copy(path, tmp_path)
    path = tmp_path / "answers.js"
    text = path.read_text(encoding="utf8") + "missing();\n"
    path.write_text(text, encoding="utf8")
    (found,) = complaints_alone(tmp_path)
    assert found.startswith(f"answers.js:{text.count(chr(10))}: 'missing' is not defined")

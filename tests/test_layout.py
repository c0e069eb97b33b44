import ast
import code
import sys
from pathlib import Path

import pytest

import descent

PACKAGE = Path(descent.__file__).parent
ROOT = PACKAGE.parents[1]


def test_nothing_but_the_package_lies_in_code():
    found = {path.name for path in PACKAGE.parent.iterdir()}
    assert found - {"descent.egg-info", "__pycache__"} == {"descent"}
    assert Path(code.__file__).parent == Path(ast.__file__).parent  # the standard library's


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("rules/*.py")), ids=lambda path: path.stem)
def test_rules_know_only_arithmetic(path):
    names = [alias.name if isinstance(node, ast.Import) else node.module
             for node in ast.walk(ast.parse(path.read_text(encoding="utf8")))
             if isinstance(node, (ast.Import, ast.ImportFrom)) for alias in node.names]
    allowed = {"descent.ops", "typing"}
    assert all(name in allowed or name.startswith("descent.rules.") for name in names)


def test_everything_public_has_a_docstring():
    missing = []
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf8"))
        public = [n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))
                  and not n.name.startswith("_")]
        missing += [f"{path.name}: {n.name}" for n in public if not ast.get_docstring(n)]
        missing += [] if ast.get_docstring(tree) else [path.name]
    assert missing == []


def test_exports_exist():
    assert all(hasattr(descent, name) for name in descent.__all__)


def test_requirements_are_exact_and_end_with_the_package():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf8").split("\n")
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    assert lines[-1] == "-e ."
    assert all("==" in line for line in lines[:-1])
    assert "torch==2.13.0" in [line.split(" ;")[0] for line in lines]


def test_this_python_is_served():
    assert sys.version_info >= (3, 11)


def test_text_files_are_read_and_written_as_utf8():
    """Ruff's PLW1514 sees `open`, and no method of a path whose class it cannot tell."""
    missing = []
    for path in [*ROOT.glob("*.py"), *(path for folder in ("code", "images", "tests")
                                       for path in (ROOT / folder).rglob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and (
                    node.func.attr in ("read_text", "write_text")):
                given = {keyword.arg for keyword in node.keywords}
                if "encoding" not in given:
                    missing.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert missing == []

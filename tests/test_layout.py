import ast
import code
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
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


def test_what_is_private_to_a_module_is_used_there():
    left = []
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf8"))
        made = {n.name for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
        made |= {name.id for n in tree.body if isinstance(n, ast.Assign)
                 for target in n.targets for name in ast.walk(target) if isinstance(name, ast.Name)}
        used = {n.id for n in ast.walk(tree)
                if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
        left += [f"{path.name}: {name}" for name in made - used if re.match("_[^_]", name)]
    assert left == []


def test_exports_exist():
    assert all(hasattr(descent, name) for name in descent.__all__)


def test_requirements_are_exact_and_end_with_the_package():
    lines = (ROOT / "requirements.txt").read_text(encoding="utf8").split("\n")
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    assert lines[-1] == "-e ."
    assert all("==" in line for line in lines[:-1])
    assert "torch==2.13.0" in [line.split(" ;")[0] for line in lines]


def test_notebooks_are_read_without_compiling_grammars():
    """As jsonschema does from 4.25 on, where it finds what checks its addresses: for seconds."""
    code = "import sys, nbformat; assert {'jsonschema', 'lark'} & {*sys.modules} == {'jsonschema'}"
    subprocess.run([sys.executable, "-c", code], check=True)


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


def test_the_core_needs_no_library():
    """It runs where there is none, as in a page: so nothing that is imported with it wants one."""
    code = ("import sys, time\nstart = time.process_time()\n"
            "import descent.rules, descent.ops, descent.schedules\n"
            "print(time.process_time() - start, *sys.modules)")
    seconds, *loaded = min((subprocess.run([sys.executable, "-c", code], capture_output=True,
                                           text=True, check=True).stdout.split()
                            for _ in range(5)), key=lambda said: float(said[0]))
    assert {name.partition(".")[0] for name in loaded}.isdisjoint({"numpy", "torch", "sympy"})
    assert {name for name in loaded if name.startswith("descent.")} == {
        "descent.device", "descent.ops", "descent.schedules", "descent.rules",
        *(f"descent.rules.{path.stem}" for path in PACKAGE.glob("rules/*.py")
          if path.stem != "__init__")}
    assert float(seconds) < 0.05


MODULES = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
           .removesuffix(".__init__"): path for path in PACKAGE.rglob("*.py")}


def arrows(path, of="descent."):
    """Return what a file imports, of the package if not told otherwise, when it is imported."""
    tree = ast.parse(path.read_text(encoding="utf8"))
    inner = {one for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
             for one in ast.walk(node)}
    names = [name for node in ast.walk(tree) if node not in inner for name in (
        [alias.name for alias in node.names] if isinstance(node, ast.Import) else
        [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        if isinstance(node, ast.ImportFrom) else [])]
    return {name for name in names if name.startswith(of)}


def outside(path):
    """Return the packages, not of the standard library, that a file imports when it is imported."""
    own = {"descent", *sys.stdlib_module_names}
    return {name.partition(".")[0] for name in arrows(path, "")} - own


def test_chapters_need_nothing_that_only_the_book_needs():
    """What a chapter imports, and what that imports, comes with `pip install` of the package."""
    code = [cell.source for path in ROOT.glob("chapters/*.ipynb")
            for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    ahead, seen = set(re.findall(r"(?:from|import) (descent[\w.]*)", "\n".join(code))), set()
    ahead |= {f"{room}.{name}" for room, names in re.findall(
        r"^from (descent[\w.]*) import ([\w, ]+)", "\n".join(code), re.M)
        for name in names.split(", ")}
    while ahead := {name for name in ahead if name in MODULES} - seen:
        seen |= ahead
        ahead = {two for one in ahead for two in arrows(MODULES[one])}
    assert {"descent.bench", "descent.widgets.widget", "descent.tasks.data"} <= seen
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
    comes = {re.match(r"[\w-]+", line)[0].replace("-", "_") for line in project["dependencies"]}
    comes |= {"sklearn", "IPython", "cycler", "scipy", "traitlets"}  # by other names, or with them
    assert {(name, wanted) for name in seen for wanted in outside(MODULES[name]) - comes} == set()


def test_no_room_leads_back_to_itself():
    """Follow the imports from each module: none comes round to it."""
    leads = {name: arrows(path) & set(MODULES) - {name} for name, path in MODULES.items()}
    circles = []
    for start in leads:
        seen, ahead = set(), leads[start]
        while ahead:
            seen |= ahead
            ahead = {two for one in ahead for two in leads[one]} - seen
        if start in seen:
            circles.append(start)
    assert circles == []


def test_what_needs_the_built_book_lies_in_folders_of_its_own():
    """`make test` runs these by their folders, once the book is built, and all else before."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        marked = re.findall(r"pytest\.mark\.(browser|built)\b", path.read_text(encoding="utf8"))
        assert set(marked) == {path.parent.name} - {"tests"}, path

"""The solutions as the chapters show them, for who asks line by line."""

import ast
import json
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

__all__ = ["news", "solution", "taken"]

FOLDER = Path(__file__).parents[3] / "chapters"
GIVEN = "solutions.json"  # beside this file, where there are no chapters, as in a page


def solution(name):
    """Return the lines of an exercise's solution; none where its chapter is not at hand."""
    return _kept(name)["lines"]


def news(name):
    """Return where the solution's first line behind `def` begins, then where each new line ends.

    New is what the cell that a reader is given does not hold already.
    """
    return _kept(name)["news"]


@lru_cache(maxsize=256)
def _kept(name):
    nothing = {"lines": [], "news": [0]}
    given = files(__package__) / GIVEN
    if given.is_file():
        return json.loads(given.read_text(encoding="utf8")).get(name, nothing)
    path = FOLDER / f"{name.split('.')[0]}.ipynb"
    return taken(path).get(name, nothing) if path.is_file() else nothing


def taken(path):
    """Return, by exercise, the lines of the function that a chapter's notebook asserts is right.

    And which of them are news, as `news` says.
    """
    functions, found, given = {}, {}, {}
    for cell in json.loads(path.read_text(encoding="utf8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse(source)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                lines = source.split("\n")[node.lineno - 1:node.end_lineno]
                functions[node.name] = [line for line in lines if line.strip()]
        for kept, asserted in ((found, True), (given, False)):
            kept |= {name: functions[answer] for name, answer in _checked(tree, asserted)
                     if answer in functions}
    return {name: {"lines": lines, "news": _news(lines, given.get(name, ()))}
            for name, lines in found.items()}


def _news(lines, given):
    body = ast.parse("\n".join(lines)).body[0].body
    if len(body) > 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    begin = body[0].lineno - 1
    ends = [k + 1 for k in range(begin, len(lines)) if lines[k] not in given]
    return [begin, *dict.fromkeys([*ends, len(lines)])]


def _checked(tree, asserted):
    """Give the exercises that a cell checks, each with the function; where it asserts, or not."""
    for node in tree.body:
        several = isinstance(node, ast.For) and isinstance(node.iter, ast.Call)
        table = getattr(node.iter.func, "value", None) if several else None
        given = {} if not isinstance(table, ast.Dict) else {
            key.value: value.id for key, value in zip(table.keys, table.values, strict=True)
            if isinstance(value, ast.Name)}
        asserts = any(isinstance(inner, ast.Assert) for inner in ast.walk(node))
        for call in ast.walk(node) if asserts == asserted else ():
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "check":
                name, answer = call.args[:2]
                if isinstance(name, ast.Constant) and isinstance(answer, ast.Name):
                    yield name.value, answer.id
                elif isinstance(name, ast.JoinedStr):
                    chapter = name.values[0].value
                    yield from ((f"{chapter}{own}", one) for own, one in given.items())

"""The solutions as the chapters show them, for who asks line by line."""

import ast
import json
from importlib.resources import files
from pathlib import Path

__all__ = ["solution", "taken"]

FOLDER = Path(__file__).parents[3] / "chapters"
GIVEN = "solutions.json"  # beside this file, where there are no chapters, as in a page


def solution(name):
    """Return the lines of an exercise's solution; none where its chapter is not at hand."""
    given = files(__package__) / GIVEN
    if given.is_file():
        return json.loads(given.read_text(encoding="utf8")).get(name, [])
    path = FOLDER / f"{name.split('.')[0]}.ipynb"
    return taken(path).get(name, []) if path.is_file() else []


def taken(path):
    """Return, by exercise, the lines of the function that a chapter's notebook asserts is right."""
    functions, found = {}, {}
    for cell in json.loads(path.read_text(encoding="utf8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse(source)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                lines = source.split("\n")[node.lineno - 1:node.end_lineno]
                functions[node.name] = [line for line in lines if line.strip()]
        found |= {name: functions[answer] for name, answer in _asserted(tree)
                  if answer in functions}
    return found


def _asserted(tree):
    """Give the exercises that a cell asserts are solved, each with the function handed in."""
    for node in tree.body:
        several = isinstance(node, ast.For) and isinstance(node.iter, ast.Call)
        table = getattr(node.iter.func, "value", None) if several else None
        given = {} if not isinstance(table, ast.Dict) else {
            key.value: value.id for key, value in zip(table.keys, table.values, strict=True)
            if isinstance(value, ast.Name)}
        for inner in ast.walk(node):
            if not (isinstance(inner, ast.Assert) and "check(" in ast.unparse(inner)):
                continue
            for call in ast.walk(inner):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "check":
                    name, answer = call.args[:2]
                    if isinstance(name, ast.Constant) and isinstance(answer, ast.Name):
                        yield name.value, answer.id
                    elif isinstance(name, ast.JoinedStr):
                        chapter = name.values[0].value
                        yield from ((f"{chapter}{own}", one) for own, one in given.items())

"""What a trial computes, as a hash: so a result is stale when the code that made it has changed.

It covers the trial's function, what that uses of its own module, and the rule, the data and the
model that its arguments name. Comments and docstrings do not count, nor does what other modules
do: they have tests of their own.
"""

import ast
import hashlib
import inspect
import io
import sys
import tokenize
from functools import cache
from textwrap import dedent

from descent import rules
from descent.tasks import data

__all__ = ["fingerprint"]


def fingerprint(function, arguments):
    """Return the hash of a trial's function and of what its arguments name."""
    named = [getattr(room, value) for room, keys in ((rules, ("rule", "optimizer")),
                                                     (data, ("task",)))
             for key in keys if (value := arguments.get(key)) in room.__all__]
    text = "\0".join(code for one in (function, *named) for code in _code(one))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


@cache
def _code(function):
    """Return the code of a function, and of all in its module that it uses, one after another."""
    function = inspect.unwrap(function)
    module = sys.modules[function.__module__]
    source = inspect.getsource(module)
    tops = {}
    for node in ast.parse(source).body:
        for name in _defined(node):
            tops[name] = node
    found, ahead = {}, [function.__name__]
    while ahead:
        name = ahead.pop(0)
        if name in found or name not in tops:
            continue
        if isinstance(tops[name], ast.ImportFrom):  # a rule rests on another, a task on its model
            if tops[name].module.startswith(("descent.rules.", "descent.tasks.models")):
                found[name] = "\0".join(_code(getattr(module, name)))
            continue
        found[name] = _bare(source, tops[name])
        ahead += sorted({node.id for node in ast.walk(tops[name]) if isinstance(node, ast.Name)})
    return tuple(found[name] for name in sorted(found))


def _defined(node):
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    targets = node.targets if isinstance(node, ast.Assign) else []
    names = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
    return [name for name in names if name != "TRIALS"]


def _bare(source, node):
    """Return the lines of a statement without comments, docstrings and blanks."""
    lines = source.split("\n")
    for inner in ast.walk(node):
        body = getattr(inner, "body", None)
        if isinstance(inner, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(inner):
            for k in range(body[0].lineno - 1, body[0].end_lineno):
                lines[k] = ""
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
    text = dedent("\n".join(lines[first - 1:node.end_lineno]))
    kept = text.split("\n")
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            kept[row - 1] = kept[row - 1][:column]
    return "\n".join(line.strip() for line in kept if line.strip())

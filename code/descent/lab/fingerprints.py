"""What a trial computes, as a hash: so a result is stale when the code that made it has changed.

It covers the trial's function, what that uses of its own module and of the laboratory, and the
rule, the data and the model that its arguments name; of a table, the entries that they name.
Comments and docstrings do not count, nor does what other modules do: they have tests of their own.
"""

import ast
import hashlib
import inspect
import io
import sys
import tokenize
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from textwrap import dedent

from descent import rules, tasks
from descent.tasks import data

__all__ = ["fingerprint"]

# A function of one of these modules counts with what uses it: a rule rests on another.
_FOLLOWED = ("descent.rules.", "descent.tasks.models", "descent.lab.")


def fingerprint(function, arguments):
    """Return the hash of a trial's function and of what its arguments name."""
    words = {value for value in arguments.values() if isinstance(value, str)}
    named = [getattr(room, value) for room, keys in ((rules, ("rule", "optimizer")),
                                                     (data, ("task",)))
             for key in keys if (value := arguments.get(key)) in room.__all__]
    if (task := arguments.get("task")) in {module.name for module in iter_modules(tasks.__path__)}:
        task = import_module(f"{tasks.__name__}.{task}")
        named += [getattr(task, name) for name in task.__all__ if callable(getattr(task, name))]
    text = "\0".join(code for one in (function, *named) for code in _code(one, words))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _code(one, words):
    """Return the code of a function, and of all that counts with it, one after another."""
    one = inspect.unwrap(one)
    found, seen, sources, ahead = {}, set(), {}, [(one.__module__, one.__name__)]
    while ahead:
        place = module, name = ahead.pop(0)
        if place in seen:
            continue
        seen.add(place)
        if module not in sources:  # to find it takes most of the time
            sources[module] = inspect.getsource(sys.modules[module])
        source = sources[module]
        if (node := _tops(source).get(name)) is None:
            continue
        if isinstance(node, ast.ImportFrom):
            (original,) = (alias.name for alias in node.names
                           if (alias.asname or alias.name) == name)
            if f"{node.module}.".startswith(_FOLLOWED):
                made = inspect.unwrap(getattr(import_module(node.module), original))
                ahead.append((getattr(made, "__module__", node.module), original))
            continue
        nodes = _entries(node, words)
        found[place] = "\n".join(_bare(source, part) for part in nodes)
        ahead += [(module, inner) for part in nodes for inner in _names(part)]
    return [found[place] for place in sorted(found)]


@cache
def _tops(source):
    """Return by name the statements at the top of a module."""
    return {name: node for node in ast.parse(source).body for name in _defined(node)}


@cache
def _names(node):
    return sorted({inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)})


def _defined(node):
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    targets = node.targets if isinstance(node, ast.Assign) else []
    names = [one.id for target in targets for one in ast.walk(target) if isinstance(one, ast.Name)]
    return [name for name in names if name not in {"QUICK", "TRIALS"}]


def _entries(node, words):
    """Return a statement as it is, or of a table that it makes the entries that are named."""
    table = getattr(node, "value", None)
    if not (isinstance(node, ast.Assign) and isinstance(table, ast.Dict)):
        return [node]
    named = [value for key, value in zip(table.keys, table.values, strict=True)
             if isinstance(key, ast.Constant) and key.value in words]
    return named or [node]


@cache
def _bare(source, node):
    """Return the lines of a piece of code without comments, docstrings and blanks."""
    lines = source.split("\n")
    for inner in ast.walk(node):
        body = getattr(inner, "body", None)
        if isinstance(inner, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(inner):
            for k in range(body[0].lineno - 1, body[0].end_lineno):
                lines[k] = ""
    if isinstance(node, ast.expr):  # an entry of a table, which may begin within a line
        kept = f"({ast.get_source_segment(source, node)})".split("\n")
    else:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
        kept = dedent("\n".join(lines[first - 1:node.end_lineno])).split("\n")
    for token in tokenize.generate_tokens(io.StringIO("\n".join(kept)).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            kept[row - 1] = kept[row - 1][:column]
    return "\n".join(line.strip() for line in kept if line.strip())

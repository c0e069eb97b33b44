"""The record that a teacher collects: what `check` has said of a student's answers, and of which.

Its seal is a SHA-256 over everything in it. A file that was cut, mixed up or edited by hand is
found by it; a forger is not, who seals anew by this very code. What proves an answer is to run it
again: so the record holds its source.
"""

import ast
import hashlib
import inspect
import json
import symtable
import textwrap
from datetime import UTC, datetime
from pathlib import Path

from descent.files import save

__all__ = ["entered", "listing", "read", "record"]

_FIELDS = {"when": str, "course": str, "right": bool, "mistake": (str, type(None)),
           "function": (str, type(None)), "source": (str, type(None)), "code": (str, type(None))}
_kept = {}  # "path" and "student", once a record was asked for


def record(path, *, student):
    """Keep what `check` says from now on in a file for a teacher; return the file's path.

    `path` ends in .json; a record that lies there goes on. Raises TypeError for no texts,
    ValueError for an empty name, another student's record, and one that was changed by hand.
    """
    if not isinstance(student, str) or not isinstance(path, (str, Path)):
        raise TypeError(f"path and student must be texts, got {path!r} and {student!r}")
    path, student = Path(path).resolve(), student.strip()
    if not student.isprintable() or not student:
        raise ValueError(f"student must be a name in one line, got {student!r}")
    if path.suffix != ".json":
        raise ValueError(f"path must end in .json, got {path.name!r}")
    if path.exists() and (other := read(path)["student"]) != student:
        raise ValueError(f"student must be {other!r}, whose record {path.name} is, got {student!r}")
    if not path.exists():
        _write({"student": student, "answers": {}}, path)
    _kept.update(path=path, student=student)
    return path


def entered(name, answer, verdict):
    """Put a verdict into the record, if one is kept; a right answer is not given up for another.

    Raises ValueError if the record is not what it was, or cannot be written.
    """
    if not _kept:
        return
    path = record(_kept["path"], student=_kept["student"])  # begun anew if it was taken away
    found = read(path)
    if found["answers"].get(name, {}).get("right") and not verdict.ok:
        return
    function, source = listing(answer) or (None, None)
    found["answers"][name] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"), "course": _version(),
        "right": verdict.ok, "mistake": verdict.mistake, "function": function, "source": source,
        "code": source and _hash(source)}
    _write(found, path)


def read(path):
    """Return a record, a dict of `student` and, by exercise, `answers`.

    Raises ValueError, with the file's name, for what is no record or not as it was written.
    """
    path = Path(path)
    try:
        found = json.loads(path.read_text(encoding="utf8"))
        seal = found.pop("sha256")
        fits = (set(found) == {"student", "answers"} and isinstance(found["student"], str)
                and all(_is_entry(one) for one in found["answers"].values()))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except (AttributeError, KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(f"{path} is no record of exercises")
    codes = [(one["code"], one["source"]) for one in found["answers"].values()]
    if seal != _seal(found) or any(code != (text and _hash(text)) for code, text in codes):
        raise ValueError(f"{path} is not as it was written: its seal is not that of its content")
    return found


def listing(function):
    """Return a function's name and code that defines it anew, with what it uses of its notebook.

    None where there is no such code: for a closure, a partial, a value that is no literal.
    """
    if not inspect.isfunction(function) or function.__closure__:
        return None
    space, lines = function.__globals__, {}

    def define(name, value):
        if name in lines:
            return
        lines[name] = ""  # a function may call itself
        if inspect.ismodule(value):
            text = f"import {value.__name__} as {name}"
        elif hasattr(value, "__qualname__") and value.__module__ != function.__module__:
            text = f"from {value.__module__} import {value.__qualname__} as {name}"
        elif hasattr(value, "__qualname__"):
            text = _source(name, value)
            for used in sorted(_names(symtable.symtable(text, name, "exec")) & set(space)):
                define(used, space[used])
        else:
            text = f"{name} = {value!r}"
            ast.literal_eval(repr(value))
        del lines[name]
        lines[name] = text  # after what it uses

    own = "answer" if function.__name__ == "<lambda>" else function.__name__
    try:
        define(own, function)
    except (OSError, SyntaxError, TypeError, ValueError):
        return None
    return own, "\n".join(lines.values()) + "\n"


def _source(name, value):
    """Return the source of a function or a class; of a lambda, as the value of that name."""
    text = textwrap.dedent(inspect.getsource(value))
    if getattr(value, "__name__", "") != "<lambda>":
        return text
    (found,) = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Lambda)]
    return f"{name} = {ast.unparse(found)}"


def _names(table):
    """Return the names that code reads from around it."""
    names = {one.get_name() for one in table.get_symbols() if one.is_referenced()
             and (one.is_global() or table.get_type() == "module")}
    return names.union(*map(_names, table.get_children()))


def _is_entry(one):
    return set(one) == set(_FIELDS) and all(isinstance(one[key], kind)
                                            for key, kind in _FIELDS.items())


def _write(found, path):
    sealed = {**found, "sha256": _seal(found)}
    save(json.dumps(sealed, ensure_ascii=False, indent=1) + "\n", path)


def _seal(found):
    return _hash(json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _hash(text):
    return hashlib.sha256(text.encode()).hexdigest()


def _version():
    from importlib.metadata import PackageNotFoundError, version  # slow to load, for a page
    try:
        return version("descent")
    except PackageNotFoundError:  # a copy of the folder that nobody has installed
        return "unknown"

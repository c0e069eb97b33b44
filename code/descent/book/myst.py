"""The parts of a text in MyST: prose, code, and directives with their options."""

import re
from typing import NamedTuple

__all__ = ["Part", "parts"]

_FENCE = re.compile(r"(`{3,}|:{3,})(?:\{([\w:-]+)\}[ \t]*(.*)|.*)")


class Part(NamedTuple):
    """A part of a page's text; `kind` is None for prose, "code", or the name of a directive."""

    kind: str | None
    text: str
    options: dict = {}  # noqa: RUF012
    title: str = ""


def parts(source):
    """Return the `Part`s of a Markdown text; raise ValueError for a fence that never ends."""
    found, text, lines = [], [], iter(source.split("\n"))

    def flush():
        if text:
            found.append(Part(None, "\n".join(text)))
            text.clear()

    for line in lines:
        fence = _FENCE.fullmatch(line.rstrip())
        if not fence:
            text.append(line)
            continue
        flush()
        body, options = [], {}
        for inner in lines:
            if inner.rstrip() == fence[1]:
                break
            body.append(inner)
        else:
            raise ValueError(f"no end to {line!r}")
        if not fence[2]:
            found.append(Part("code", "\n".join([line, *body, fence[1]])))
            continue
        while body and (option := re.match(r":([\w-]+): *(.*)", body[0])):
            options[option[1]] = option[2]
            del body[0]
        found.append(Part(fence[2], "\n".join(body).strip("\n"), options, fence[3]))
    flush()
    return found

"""The index of exercises: every exercise of the book, with its kind, its level and its time.

An exercise's title ends in its level and time, as in "Adam from memory (medium, 15 min)". As a
Sphinx extension this module sets them under the title, so that titles and links stay short,
and gives the directives `exercise-index` and `exercise-routes`.
"""

import re
from dataclasses import dataclass

from docutils import nodes
from sphinx_exercise.nodes import exercise_subtitle, is_exercise_node

from descent.book.ledger import Page, mark
from descent.book.reading import duration

__all__ = ["EFFORT", "KINDS", "LEVELS", "MINUTES", "Entry", "link", "setup", "tasks"]

LEVELS = ("easy", "medium", "hard")
MINUTES = (5, 10, 15, 20, 30, 45)
KINDS = {"derive": "on paper", "implement": "code", "find": "find the bug", "predict": "predict",
         "explore": "explore"}  # by the word it begins with; one that has none states an error
_HEADER = ["exercise", "kind", "level", "minutes", "checked as"]
_START = re.compile(r"^```+\{exercise(?:-start)?\} *(.*)\n:label: *(\S+)", re.M)
EFFORT = re.compile(r"(.+) \((\w+), (\d+) min\)")


@dataclass(frozen=True)
class Entry:
    """An exercise: level and minutes are None where its title does not tell them."""

    title: str
    label: str
    level: str | None
    minutes: int | None
    kind: str
    checks: tuple[str, ...]
    solved: bool


def tasks(chapter):
    """Return the exercises of a `descent.book.ledger.Chapter` as entries."""
    sources = [cell.source for cell in chapter.cells]
    book = "\n\n".join(sources)
    starts = list(_START.finditer(book))
    ends = [start.start() for start in starts[1:]] + [len(book)]
    found = []
    for start, end in zip(starts, ends, strict=True):
        body = book[start.end():end]
        effort = EFFORT.fullmatch(start[1].strip())
        title, level, minutes = effort.groups() if effort else (start[1].strip(), None, None)
        lead = re.match(r"(?:\s|:.*\n|`+\n)*\*\*(\w+)", body)
        checks = re.findall(r"check\(\s*f?\"([^\"]+)\"", body)
        solved = re.search(rf"^```+\{{solution(?:-start)?\}} *{start[2]}$", body, re.M)
        found.append(Entry(title, start[2], level, minutes and int(minutes),
                           KINDS.get(lead[1].lower(), "explore") if lead else "find the error",
                           tuple(dict.fromkeys(re.sub(r"\{\w+\}", "…", c) for c in checks)),
                           bool(solved)))
    return found


def link(task):
    """Return a reference to an exercise, by its title."""
    return f"{{ref}}`{task.title} <{task.label}>`"


class Index(Page):
    """All exercises, chapter by chapter."""

    def lines(self, found):
        """Return the Markdown."""
        text = []
        for chapter in found:
            if some := tasks(chapter):
                text += ["", f"## {chapter.title}", "",
                         f"| {' | '.join(_HEADER)} |",
                         "|---|---|---|---:|---|"]
                text += [f"| {link(task)} | {task.kind} | {task.level or '–'} "
                         f"| {task.minutes or '–'} "
                         f"| {', '.join(f'`{name}`' for name in task.checks) or '–'} |"
                         for task in some]
        return text


class Routes(Page):
    """Three ways through the exercises."""

    def lines(self, found):
        """Return the Markdown."""
        exercises = {chapter: tasks(chapter) for chapter in found}
        minutes = [task.minutes or 0 for some in exercises.values() for task in some]
        text = [f"There are {len(minutes)} exercises, for about {duration(sum(minutes))} in all. "
                "Three ways through them:"]
        for name, chosen in (
                ("A first pass", _lightest),
                ("All code", lambda some: [t for t in some if t.kind in ("code", "find the bug")
                                          or (t.kind == "find the error" and t.checks)]),
                ("All on paper", lambda some: [t for t in some if t.kind == "on paper"])):
            route = {chapter: chosen(some) for chapter, some in exercises.items()}
            minutes = [task.minutes or 0 for some in route.values() for task in some]
            text += ["", f"**{name}**: {len(minutes)} exercises, {duration(sum(minutes))}.", ""]
            text += [f"- {chapter.title.split(',')[0]}: {', '.join(map(link, some))}"
                     for chapter, some in route.items() if some]
        return text


def _lightest(some):
    """Return the easiest exercise, the shortest of several, as a list of one; or of none."""
    rated = [task for task in some if task.level]
    return sorted(rated, key=lambda task: (LEVELS.index(task.level), task.minutes))[:1]


def setup(app):
    """Register the extension."""
    app.add_directive("exercise-index", Index)
    app.add_directive("exercise-routes", Routes)
    app.connect("doctree-read", _set_under_title)
    app.connect("doctree-read", lambda app, document: mark(document, _HEADER, "exercises"))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _set_under_title(app, document):
    """Move level and time from the end of an exercise's title to a line under it.

    Titles of solutions are made of what sphinx-exercise remembers of an exercise: it loses them.
    """
    for exercise in list(document.findall(is_exercise_node)):
        if effort := _shortened(exercise):
            line = nodes.paragraph("", f"{effort[2].capitalize()}, {effort[3]} minutes",
                                   classes=["exercise-effort"])
            exercise.insert(1, line)
    for entry in getattr(app.env, "sphinx_exercise_registry", {}).values():
        if is_exercise_node(entry["node"]):
            _shortened(entry["node"])


def _shortened(exercise):
    """Cut level and time off an exercise's title; return their match, or None."""
    subtitle = next(exercise.findall(exercise_subtitle), None)
    effort = EFFORT.fullmatch(subtitle.astext()) if subtitle else None
    if effort:
        last = subtitle.children[-1]  # the title may hold math; its end is text
        end = effort[0].removeprefix(effort[1])
        subtitle.replace(last, nodes.Text(last.astext().removesuffix(end)))
    return effort

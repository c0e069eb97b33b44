"""The syllabus: the book as twelve weeks of a course, with what is read and what is handed in.

The chapters keep their order and are shared out so that the longest week is as short as can be.
Handed in is what fits beside the first readings, easiest first; the rest is for whoever wants more.
As a Sphinx extension this module gives the directives `syllabus-table` and `syllabus`.
"""

from dataclasses import dataclass
from functools import cache
from itertools import chain

from descent.book.index import LEVELS, Entry, link, tasks
from descent.book.ledger import Chapter, Page
from descent.book.reading import Count, duration, first_reading

__all__ = ["LIMIT", "WEEKS", "Week", "setup", "weeks"]

WEEKS = 12
LIMIT = 210  # minutes of a student's own work in a week


@dataclass(frozen=True)
class Week:
    """What one week holds: chapters with their first readings, exercises handed in, and more."""

    readings: tuple[tuple[Chapter, Count], ...]
    handed_in: tuple[Entry, ...]
    more: tuple[Entry, ...]

    @property
    def reading(self):
        """Minutes of first readings."""
        return sum(count.minutes for _, count in self.readings)

    @property
    def minutes(self):
        """Minutes of first readings and of what is handed in."""
        return self.reading + _minutes(self.handed_in)


def weeks(found, number=WEEKS):
    """Share the chapters out to `Week`s, as many as told; ValueError where they are too few."""
    if not 1 <= number <= len(found):
        raise ValueError(f"number must be from 1 to the {len(found)} chapters, got {number}")
    counts = [first_reading(chapter.cells) for chapter in found]
    exercises = [tasks(chapter) for chapter in found]
    loads = [count.minutes + _minutes(some)
             for count, some in zip(counts, exercises, strict=True)]
    made, start = [], 0
    for end in _ends(loads, number):
        readings = tuple(zip(found[start:end], counts[start:end], strict=True))
        made.append(_week(readings, list(chain(*exercises[start:end]))))
        start = end
    return made


def _ends(loads, number):
    """Return where each part ends, for the least largest sum, and among these the most even."""
    @cache
    def best(start, left):
        if left == 1:
            return sum(loads[start:]), sum(loads[start:])**2, (len(loads),)
        found = []
        for end in range(start + 1, len(loads) - left + 2):
            load, (largest, squares, ends) = sum(loads[start:end]), best(end, left - 1)
            found.append((max(load, largest), load**2 + squares, (end, *ends)))
        return min(found)

    return best(0, number)[-1]


def _week(readings, exercises):
    room, chosen = LIMIT - sum(count.minutes for _, count in readings), []
    for task in sorted(exercises, key=_effort):
        if (task.minutes or 0) <= room:
            room -= task.minutes or 0
            chosen.append(task)
    return Week(readings, tuple(task for task in exercises if task in chosen),
                tuple(task for task in exercises if task not in chosen))


def _effort(task):
    return LEVELS.index(task.level) if task.level else 0, task.minutes or 0


def _minutes(exercises):
    return sum(task.minutes or 0 for task in exercises)


class Table(Page):
    """All weeks, a row each."""

    def lines(self, found):
        """Return the Markdown."""
        made = weeks(found)
        text = ["| week | chapters | minutes of reading | exercises handed in | minutes in all |",
                "|---:|---|---:|---:|---:|"]
        text += [f"| {number} | {', '.join(_name(chapter) for chapter, _ in week.readings)} "
                 f"| {week.reading} | {len(week.handed_in)} | {week.minutes} |"
                 for number, week in enumerate(made, start=1)]
        total = sum(week.minutes for week in made)
        return [*text, "", f"In all {duration(total)}, "
                f"{sum(len(week.handed_in) for week in made)} exercises handed in."]


class Syllabus(Page):
    """The weeks, a section each."""

    def lines(self, found):
        """Return the Markdown."""
        text = []
        for number, week in enumerate(weeks(found), start=1):
            text += ["", f"## Week {number}: "
                     + ", ".join(chapter.title.split(",")[0] for chapter, _ in week.readings),
                     "", "**Read**: " + "; ".join(
                         f"{_name(chapter)}, {count.minutes} minutes ({count.deeper} sections go "
                         "deeper)" for chapter, count in week.readings) + ".",
                     "", f"**Hand in**, {_minutes(week.handed_in)} minutes: "
                     + ", ".join(map(_told, week.handed_in)) + "."]
            if week.more:
                text += ["", f"**For who wants more**, {_minutes(week.more)} minutes: "
                         + ", ".join(map(_told, week.more)) + "."]
        return text


def _name(chapter):
    return f"[{chapter.title}](chapters/{chapter.name}.ipynb)"


def _told(task):
    return link(task) + ("" if task.checks else " (in words)")


def setup(app):
    """Register the extension."""
    app.add_directive("syllabus", Syllabus)
    app.add_directive("syllabus-table", Table)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

"""The syllabus: every chapter in it once, in order, in weeks that a student has time for."""

import re
from pathlib import Path

import pytest

from descent.book.index import tasks
from descent.book.ledger import chapters
from descent.book.reading import first_reading
from descent.book.syllabus import LIMIT, WEEKS, Syllabus, Table, _ends, weeks

ROOT = Path(__file__).parents[1]
CHAPTERS = chapters(ROOT)


@pytest.fixture(scope="module")
def made():
    return weeks(CHAPTERS)


@pytest.fixture(scope="module")
def text():
    return "\n".join([*Table.lines(None, CHAPTERS), *Syllabus.lines(None, CHAPTERS)])


def test_every_chapter_is_read_once_in_the_order_of_the_book(made):
    assert len(made) == WEEKS
    assert [chapter.name for week in made for chapter, _ in week.readings] == [
        chapter.name for chapter in CHAPTERS]


def test_every_exercise_is_handed_in_or_offered(made):
    for week in made:
        every = [task for chapter, _ in week.readings for task in tasks(chapter)]
        assert {*week.handed_in, *week.more} == set(every)
        assert len(week.handed_in) + len(week.more) == len(every)


def test_no_week_takes_more_than_three_hours_and_a_half(made):
    assert [week.minutes for week in made if week.minutes > LIMIT or week.minutes < 150] == []
    for week in made:  # nothing easier was left out that would have fitted
        assert all(task.minutes > LIMIT - week.minutes for task in week.more)
        chosen = {task.label for task in week.handed_in}
        for chapter, _ in week.readings:
            assert sum(task.label in chosen for task in tasks(chapter)) >= 2, chapter.name


def test_the_parts_are_as_even_as_they_can_be():
    assert _ends([3, 1, 1, 3], 2) == (2, 4)
    assert _ends([9, 1, 1, 1], 3) == (1, 2, 4)
    assert _ends([1, 2], 1) == (2,)


def test_as_many_weeks_as_there_can_be():
    with pytest.raises(ValueError, match="number must be from 1 to the 2 chapters, got 3"):
        weeks(CHAPTERS[:2], 3)
    assert len(weeks(CHAPTERS[:2], 2)) == 2


def test_the_page_says_what_the_weeks_are(made, text):
    rows = re.findall(r"^\| (\d+) \| (.*) \| (\d+) \| (\d+) \| (\d+) \|$", text, re.M)
    assert [int(row[0]) for row in rows] == list(range(1, WEEKS + 1))
    assert [(int(read), int(count), int(minutes)) for _, _, read, count, minutes in rows] == [
        (week.reading, len(week.handed_in), week.minutes) for week in made]
    for chapter in CHAPTERS:
        minutes = first_reading(chapter.cells).minutes  # as fold.py prints it under the title
        assert f"[{chapter.title}](chapters/{chapter.name}.ipynb), {minutes} minutes" in text
    assert text.count("{ref}`") == sum(len(tasks(chapter)) for chapter in CHAPTERS)
    assert text.count("(in words)") == sum(not task.checks for chapter in CHAPTERS
                                           for task in tasks(chapter))

from types import SimpleNamespace

from nbformat.v4 import new_code_cell, new_markdown_cell

from descent.book.reading import Count, duration, first_reading, readings


def read(*sources):
    return first_reading([new_markdown_cell(source) for source in sources])


def test_words_are_those_that_are_read():
    assert read("# One *two*\n\nthree's [four](a/b.md) `no` $x + y$ {eq}`no-no`.").words == 4
    assert read("A\n\n$$\nx = y\n$$ (label)\n\n$$ z $$\n\nb.") == Count(words=2, formulas=2)
    assert read("A\n\n```python\nnot read\n```\n\n```\nnor this\n```\n\nb.").words == 2


def test_what_directives_hold_is_read_unless_it_opens_by_a_click():
    assert read("A\n\n:::{note} Title\n:class: no\n\nread this\n:::\n\nb.").words == 4
    assert read("```{prf:theorem} A title\n:label: no\n\nWords.\n\n$$x$$ (no)\n```") == Count(
        words=1, formulas=1)
    assert read("```{admonition} Why\n:class: dropdown\n\nno\n```\n\n"
                "```{literalinclude} a.py\n:pyobject: no\n```\n\nread").words == 1


def test_what_is_deeper_is_not_counted():
    assert read("## A\n\none\n\n{.deeper}\n### B\n\nno no\n\n#### C\n\nno",
                "## D\n\ntwo") == Count(words=4, deeper=1)
    assert read("{.deeper}\n## A\n\nno", "still no", "## B\n\none") == Count(words=2, deeper=1)
    assert read("{.deeper}\n## A\n\n{.deeper}\n## B\n\nno", "# C") == Count(words=1, deeper=2)
    assert read("{.deeper}\n## A\n\n{.deeper}\n### B\n\nno\n\n### C\n\nno") == Count(deeper=2)


def test_exercises_and_what_follows_are_not_counted_what_stands_between_is():
    assert read("## Exercises\n\nno", "### no", "## Playground\n\nno", "## After\n\ntwo",
                "## References").words == 2


def test_cells():
    seen = new_code_cell("a = 1\n\nb = 2\nshow('that')")
    hidden = new_code_cell("explorable(draw)", metadata={"tags": ["hide-input"]})
    deeper = new_markdown_cell("{.deeper}\n## A")
    found = first_reading([seen, hidden, deeper, seen])
    assert found == Count(pictures=2, lines=3, deeper=1)


def test_minutes():
    assert Count(words=1600).minutes == 10
    assert Count(formulas=6, pictures=4, lines=60).minutes == 10


def test_the_table_of_first_readings_adds_up():
    def chapter(name, text):
        return SimpleNamespace(title=name.title(), name=name, cells=[new_markdown_cell(text)])

    one, two, *rest = readings([chapter("one", "word " * 1600), chapter("two", "$$x$$ " * 60)])[2:]
    assert one == "| [One](chapters/one.ipynb) | 10 | 1,600 | 0 | 0 | 0 | 0 |"
    assert two == "| [Two](chapters/two.ipynb) | 30 | 0 | 60 | 0 | 0 | 0 |"
    assert "About 40 min in all" in rest[-1]
    assert duration(62) == "1 h"
    assert duration(123) == "2 h 5 min"

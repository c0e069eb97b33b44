"""What the built pages carry of their code: only the words that have a look of their own."""

import re
from pathlib import Path

import pytest

from descent.book.slim import _plain

SITE = Path(__file__).parents[2] / "_build" / "html"

pytestmark = pytest.mark.built


def test_words_of_code_that_look_like_bare_text_are_bare():
    """In the first build of a clean folder too, where the theme writes its colours last."""
    plain = _plain((SITE / "_static" / "pygments.css").read_text(encoding="utf8"))
    assert plain.sub(r"\1", '<span class="n">adam</span> <span class="k">is</span>') == (
        'adam <span class="k">is</span>')
    pages = [path for path in SITE.rglob("*.html") if "_static" not in path.parts]
    assert len(pages) > 30
    assert [path.name for path in pages if plain.search(path.read_text(encoding="utf8"))] == []


def test_colours_that_are_not_the_two_themes_are_refused():
    styles = (SITE / "_static" / "pygments.css").read_text(encoding="utf8")
    light = re.sub(r'html\[data-theme="dark"\].*', "", styles)
    for some in ("", ".highlight .n { color: #000 }", light):
        with pytest.raises(ValueError, match=r"pygments\.css has the themes \["):
            _plain(some)

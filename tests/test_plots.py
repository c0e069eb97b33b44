import re

import numpy as np
import pytest

from descent import surfaces
from descent.book import plots
from descent.book.plots import COLORS, DASHES, MARKERS, contours, panels, table, trail

ALT = 'A line that rises from "0" to 1 & stays there'


def drawn(count=1):
    figure, axes = panels(count)
    for ax in [axes] if count == 1 else axes:
        ax.plot([0, 1, 2], [0, 1, 1])
    return figure


@pytest.mark.parametrize("alt", ["", "  ", None, 3, "too short"])
def test_no_figure_without_alt(alt):
    with pytest.raises(ValueError, match="alt must say in words what the figure shows, got"):
        drawn().show(alt)
    with pytest.raises(TypeError):
        drawn().show()


def test_alt_reaches_text_and_page():
    shown = drawn().show(ALT, "A caption <b>")
    assert repr(shown) == f"Figure: {ALT}"
    page = shown._repr_html_()
    assert 'role="img" aria-label="A line that rises from &quot;0&quot; to 1 &amp; stays' in page
    assert "<figcaption>A caption &lt;b&gt;</figcaption>" in page
    assert not hasattr(drawn(), "_repr_html_")


def test_ink_is_the_pages_and_nothing_asks_for_more():
    page = drawn().show(ALT)._repr_html_()
    assert "currentColor" in page
    assert plots._INK not in page
    assert "#000000" not in page
    assert not re.search(r'(?:href|src)="https?:', page)
    assert "<metadata>" not in page
    assert "<style" not in page


def test_ids_of_two_figures_do_not_meet():
    one, two = drawn(), drawn(2)
    ids = [set(re.findall(r'\bid="([^"]+)"', f.show(ALT)._repr_html_())) for f in (one, two)]
    assert ids[0]
    assert not ids[0] & ids[1]


def luminance(color):
    channels = [int(color[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


@pytest.mark.parametrize("color", COLORS)
@pytest.mark.parametrize("paper", ["#ffffff", "#121212"])
def test_colors_can_be_told_from_the_page(color, paper):
    light, dark = sorted([luminance(color), luminance(paper)], reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3


def test_each_color_has_a_dash_and_a_marker():
    assert len(set(COLORS)) == len(set(map(str, DASHES))) == len(set(MARKERS)) == len(COLORS)


def test_contours_and_trail():
    figure, ax = panels()
    contours(ax, surfaces.double_well())
    trail(ax, np.array([[0.0, 0.0], [1.0, 1.0], [np.inf, 0.0], [1e9, 0.0]]), "run", style=1)
    *_, line = ax.get_lines()
    assert len(line.get_xdata()) == 2
    assert line.get_color() == COLORS[1]
    assert len(ax.get_lines()) == 3  # two minima and the trail
    assert ax.get_xlim() == (-2.2, 2.2)
    figure.show(ALT)


def test_panels():
    assert len(panels(3)[1]) == 3
    with pytest.raises(ValueError, match="count must be a whole number >= 1, got 0"):
        panels(0)


def test_table_is_text_and_escaped_html():
    made = table([["<b>", 1.5]], ["name", "value"], page_rows=[["<i>", 2.5]])
    assert "1.5" in repr(made)
    assert "2.5" not in repr(made)
    page = made._repr_html_()
    assert "&lt;i&gt;" in page
    assert "2.5" in page
    assert 'class="descent-table"' in page

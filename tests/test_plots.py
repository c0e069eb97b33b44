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


def settled(plot, **axes):
    """Return the axes and the text of a figure with a legend, as it is shown."""
    figure, ax = panels(**axes)
    plot(ax)
    figure.show(ALT)
    return ax, [text.get_text() for text in ax.texts], figure._figures[0].legends


def test_lines_that_end_apart_bear_their_names():
    def plot(ax):
        ax.plot([0, 1, 2], [0, 1, 3], label="up")
        ax.plot([0, 1, 2], [0, -1, -3], label="down")
        ax.legend(loc="center", fontsize=6)

    ax, names, legends = settled(plot)
    assert (names, legends, ax.get_legend()) == (["up", "down"], [], None)
    assert [text.xy[1] > 0.5 for text in ax.texts] == [True, False]


@pytest.mark.parametrize("lines", [
    {"up": [0, 1, 3], "also up": [0, 1, 3.1]},  # too near each other
    {"up": [0, 1, 3], "a name for which there is no room": [0, -1, -3]},
    {"up": [0, 1, 3], "point": [-3]},
])
def test_else_the_names_stand_below_the_panel(lines):
    def plot(ax):
        for name, line in lines.items():
            ax.plot(range(len(line)), line, label=name)
        ax.legend(loc="center")

    ax, names, (legend,) = settled(plot)
    assert (names, ax.get_legend()) == ([], None)
    assert [text.get_text() for text in legend.get_texts()] == list(lines)
    low = ax.figure.get_window_extent().y0
    assert legend.get_window_extent().y0 >= low
    assert legend.get_window_extent().y1 <= ax.get_tightbbox().y0 + 2


def test_panels_of_a_figure_are_named_alike():
    figure, (left, right) = panels(2)
    for ax, end in ((left, 3), (right, 0.02)):
        ax.plot([0, 1, 2], [0, 1, end], label="one")
        ax.plot([0, 1, 2], [0, -1, -end], label="other")
        ax.legend()
    figure.show(ALT)
    assert [len(ax.texts) for ax in (left, right)] == [0, 0]
    assert [len(ax.figure.legends) for ax in (left, right)] == [1, 1]


def test_names_below_are_read_row_by_row():
    def plot(ax):
        for k in range(5):
            ax.plot([0, 1, 2], [1, 1, 1], label=f"a middling name {k}")
        ax.legend(title="which")

    _, _, (legend,) = settled(plot, width=4.2)
    boxes = {text.get_text(): text.get_window_extent() for text in legend.get_texts()}
    order = sorted(boxes, key=lambda name: (-round(boxes[name].y0), boxes[name].x0))
    assert order == [f"a middling name {k}" for k in range(5)]
    assert legend.get_title().get_text() == "which"


def test_a_logarithmic_axis_has_few_ticks():
    ax, *_ = settled(lambda ax: ax.loglog([0.3, 4], [1e-3, 1e3]))
    within = [label.get_text() for label in ax.get_xticklabels(which="both")
              if 0.3 <= label.get_position()[0] <= 4 and label.get_text()]
    assert within == ["0.5", "1", "2"]
    assert not any(label.get_text() for label in ax.get_yticklabels(minor=True))
    ax, *_ = settled(lambda ax: (ax.semilogx([1, 9], [0, 1]), ax.set(xticks=[1, 3, 9])))
    assert [tick for tick in ax.get_xticks() if 1 <= tick <= 9] == [1, 3, 9]  # those asked for


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


def test_numbers_and_short_names_stay_on_one_line():
    page = table([["0.25 ± 0.01", "−1 + 0.5² = −0.75", "a method with a long name, 9"]],
                 ["at a glance", "what it is called in the book", "5"])._repr_html_()
    whole = re.findall(r'nowrap">([^<]*)', page)
    assert whole == ["at a glance", "5", "0.25 ± 0.01", "−1 + 0.5² = −0.75"]

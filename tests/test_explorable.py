import base64
import json
import re
import zlib
from itertools import product

import numpy as np
import pytest

from descent import path, sgd
from descent.widgets.explorable import (
    Arrow,
    Bars,
    Dots,
    Ellipse,
    Line,
    Panel,
    Picture,
    explorable,
)
from descent.widgets.frames import FINE, LARGE

LR, MOMENTUM = [0.01, 0.02, 0.05], [0.0, 0.5]
CURVES = np.array([1.0, 20.0])
WINDOW = {"xlim": (-3, 3), "ylim": (-1, 1)}


def descent(lr, momentum):
    return path(sgd, lambda p: CURVES * p, np.array([-2.5, 0.8]), 59, lr=lr, momentum=momentum)


def ravine(lr, momentum):
    points = descent(lr, momentum)
    loss = 0.5 * (CURVES * points**2).sum(1)
    return Picture(
        Panel(Ellipse((0, 0), (2, 0.3), "level lines"), Line(points, "the path"),
              Dots(points[-1], "the end"), x="x", y="y", **WINDOW, title="the ravine"),
        Panel(Line(np.c_[range(60), loss], "the path"), x="step", y="loss", log="y"),
        says=f"lr {lr:g}, momentum {momentum:g}: the loss ends at {loss[-1]:.2g}.")


def packed(widget):
    return json.loads(zlib.decompress(base64.b64decode(widget.content["packed"])))


def marks(widget, row, panel=0):
    """Decode the marks of a panel at a setting, as (look, pieces in the panel's units)."""
    all_ = packed(widget)
    found = []
    for number in all_["settings"][row][panel]:
        look, *columns = all_["marks"][number]
        pieces = [np.cumsum(pair, axis=1).T / FINE
                  for pair in zip(columns[::2], columns[1::2], strict=True)]
        found.append((widget.content["looks"][look], pieces))
    return found


def place(widget, points, limits, panel=0, log=""):
    """Return where data lie in a panel, by the limits: x to the right, y up."""
    box, at = widget.content["panels"][panel]["box"], []
    for axis, values, (low, high) in zip("xy", np.transpose(points), limits, strict=True):
        if axis in log:
            values, low, high = np.log10([*values, low, high])[:-2], np.log10(low), np.log10(high)
        at.append((values - low) / (high - low))
    return np.stack([box["left"] + at[0] * (box["right"] - box["left"]),
                     box["bottom"] + at[1] * (box["top"] - box["bottom"])], axis=1)


def one(*drawn, says="It is there.", **axes):
    """Return an explorable of two settings that draw the same."""
    return explorable(lambda k: Picture(Panel(*drawn, **axes), says=says), k=[0, 1])


def assert_at(pieces, expected):
    assert len(pieces) == len(expected)
    for piece, right in zip(pieces, expected, strict=True):
        np.testing.assert_allclose(piece, right, atol=0.5 / FINE + 1e-9)


@pytest.fixture(scope="module")
def made():
    return explorable(ravine, lr=LR, momentum=MOMENTUM, show={"lr": 0.019})


def test_each_setting_holds_what_draw_returned(made):
    limits = WINDOW["xlim"], WINDOW["ylim"]
    losses = [0.5 * (CURVES * descent(*setting)**2).sum(1) for setting in product(LR, MOMENTUM)]
    assert made.content["fine"] == FINE == 10
    low, high = np.log10(np.min(losses)), np.log10(np.max(losses))
    hull = ((-0.04 * 59, 1.04 * 59), 10 ** np.array([low - 0.04 * (high - low),
                                                     high + 0.04 * (high - low)]))
    for row, (setting, loss) in enumerate(zip(product(LR, MOMENTUM), losses, strict=True)):
        (_, ellipse), (line, points), (_, end) = marks(made, row)
        assert (line["kind"], line["name"]) == ("line", "the path")
        assert_at(points, [place(made, descent(*setting), limits)])
        assert_at(end, [place(made, descent(*setting)[-1:], limits)])
        assert_at(ellipse, [place(made, [(0, 0), (2, 0), (0, 0.3)], limits)])
        ((_, curve),) = marks(made, row, 1)
        assert_at(curve, [place(made, np.c_[range(60), loss], hull, 1, "y")])
        assert packed(made)["says"][row] == ravine(*setting).says


def test_equal_marks_are_kept_once(made):
    all_ = packed(made)
    assert len(all_["marks"]) == 1 + 3 * len(LR) * len(MOMENTUM)
    assert len(set(map(str, all_["marks"]))) == len(all_["marks"])
    assert {panels[0][0] for panels in all_["settings"]} == {0}  # the ellipse


def test_it_is_light():
    widget = explorable(ravine, lr=np.geomspace(0.005, 0.09, 15), momentum=np.linspace(0, 0.95, 10))
    print(f"150 settings: {len(widget.content['packed'])} bytes of text")
    assert len(widget.content["packed"]) < 32_000


def test_limits_hold_the_data_of_all_settings():
    def draw(k):
        return Picture(Panel(Line([(0, 0), (k, 10 * k)], "a")), says="A line.")

    widget = explorable(draw, k=[1, 4])
    limits = (-0.16, 4.16), (-1.6, 41.6)
    for row, k in enumerate([1, 4]):
        ((_, pieces),) = marks(widget, row)
        assert_at(pieces, [place(widget, [(0, 0), (k, 10 * k)], limits)])
    axes = widget.content["panels"][0]
    assert [text for _, text in axes["xTicks"]] == ["0", "1", "2", "3", "4"]
    assert [text for _, text in axes["yTicks"]] == ["0", "10", "20", "30", "40"]
    (x, _), (_, y) = place(widget, [(3, 0), (0, 20)], limits)
    assert axes["xTicks"][3][0] == pytest.approx(x, abs=0.06)
    assert axes["yTicks"][2][0] == pytest.approx(y, abs=0.06)


@pytest.mark.parametrize("mark", [
    Arrow((1, 2), (5, 3), "a"), Dots([(1, 2), (5, 3)], "a"), Ellipse((3, 2.5), (2, 0.5), "a"),
    Ellipse((3, 2.5), (0.5, 2), "a", np.pi / 2)])
def test_every_mark_widens_the_limits(mark):
    limits = (0.84, 5.16), (1.96, 3.04)
    widget = one(mark, Dots((1, 2), "corner"))
    assert_at(marks(widget, 0)[1][1], [place(widget, [(1, 2)], limits)])


def test_without_data_there_are_limits_all_the_same():
    none = np.empty((0, 2))
    for log, limits in (("", (0, 1)), ("xy", (1, 10))):
        widget = one(Line(none, "a"), Dots(none, "b"), Arrow(none, none, "c"), log=log)
        assert marks(widget, 0) == []
        assert widget.content["panels"][0]["xTicks"]
        point = np.full(2, limits[0])
        widget = one(Dots(point, "a"), xlim=limits, ylim=limits, log=log)
        assert_at(marks(widget, 0)[0][1], [place(widget, [point], (limits,) * 2, log=log)])
    assert one(Dots((7, 0), "a")).content["panels"][0]["xTicks"]  # no width at all


@pytest.mark.parametrize("window", [WINDOW, {"xlim": (0, 1), "ylim": (-5, 5)}, {}])
def test_in_a_square_panel_a_circle_is_round(window):
    widget = one(Ellipse((0, 0), 0.4, "circle"), Dots([(0.3, -0.9), (1, 1)], "dots"), square=True,
                 **window)
    (centre, right, up), = marks(widget, 0)[0][1]
    np.testing.assert_allclose(right - centre, np.abs(up - centre)[::-1], atol=0.11)
    assert up[1] < centre[1]  # y grows upwards
    box = widget.content["panels"][0]["box"]
    (dots,) = marks(widget, 0)[1][1]
    assert len(dots) == 2  # the window has grown, never shrunk
    assert all(box["left"] <= x <= box["right"] for x in dots[:, 0])


def test_a_line_breaks_where_a_number_is_missing():
    points = np.array([(0, 0), (1, 1), (2, np.nan), (3, 1), (4, np.inf), (5, 0), (6, 2)])
    widget = one(Line(points, "a"), Dots(points, "b"), xlim=(0, 6), ylim=(0, 2))
    (_, line), (_, dots) = marks(widget, 0)
    limits = (0, 6), (0, 2)
    assert_at(line, [place(widget, points[:2], limits), place(widget, points[5:], limits)])
    assert_at(dots, [place(widget, points[[0, 1, 3, 5, 6]], limits)])


def test_what_is_far_away_is_cut_on_its_way():
    points = np.array([(0, 0), (1, 1), (1e9, 2e9), (1, 0), (0, -1e300)])
    widget = one(Line(points, "a"), Dots(points, "b"), Arrow((1, 0), (1, 1e12), "c"),
                 Ellipse((0, 0), 1e6, "d"), xlim=(-1, 2), ylim=(-1, 2))
    (_, line), (_, dots), (_, arrow), *rest = marks(widget, 0)
    assert rest == []  # an ellipse around all of it
    limits = (-1, 2), (-1, 2)
    assert_at(dots, [place(widget, points[[0, 1, 3]], limits)])
    out, back = line
    assert_at([out[:2], back[1:2]], [place(widget, points[:2], limits),
                                     place(widget, points[3:4], limits)])
    way, right = out[2] - out[1], np.diff(place(widget, [(1, 1), (2, 3)], limits), axis=0)[0]
    assert way[1] / way[0] == pytest.approx(right[1] / right[0], rel=0.01)
    for piece in (*line, *arrow):
        assert np.abs(piece * FINE).max() < 2**15
    assert (arrow[0][1] < 0)[1]


def test_a_run_to_the_largest_numbers_is_drawn_in_its_window():
    points = np.stack([np.arange(309.0), (-10.0) ** np.arange(309)], axis=1)
    ((_, pieces),) = marks(one(Line(points, "a"), ylim=(-5, 5)), 0)
    assert all((np.abs(piece) <= 2 * np.array(LARGE)).all() for piece in pieces)
    x = np.concatenate(pieces)[:, 0]
    assert (np.diff(x) >= 0).all()  # every crossing in its turn
    assert x[-1] - x[0] > 250
    with pytest.raises(ValueError, match=r"ylim must be given for data as far away as 1\.0e\+308"):
        one(Line(points, "a"))
    assert one(Line(np.abs(points), "a"), log="y").content["panels"][0]["yTicks"]


def test_an_ellipse_turns_against_the_clock():
    limits = (-3, 3), (-2, 2)
    widget = one(Ellipse((0, 0), (2, 0.5), "a", 0.5), xlim=limits[0], ylim=limits[1])
    c, s = np.cos(0.5), np.sin(0.5)
    ((_, pieces),) = marks(widget, 0)
    assert_at(pieces, [place(widget, [(0, 0), (2 * c, 2 * s), (-0.5 * s, 0.5 * c)], limits)])


def test_an_ellipse_larger_than_the_panel_is_a_line():
    widget = one(Ellipse((0, -1000), (2000, 1000), "a", quiet=True), xlim=(-1, 1), ylim=(-1, 1))
    ((look, (line,)),) = marks(widget, 0)
    assert (look["kind"], look["quiet"]) == ("line", True)
    top = place(widget, [(0, 0)], ((-1, 1),) * 2)[0, 1]
    assert np.abs(line[:, 1] - top).max() < 1  # it touches y = 0 there


NAMES = ("first", "second", "third")


def test_bars_stand_beside_each_other_on_zero():
    heights = np.array([[3.0, -1.0, np.nan], [1.0, 2.0, 0.5]])
    widget = one(*(Bars(row, name, NAMES) for row, name in zip(heights, "ab", strict=True)))
    axes = widget.content["panels"][0]
    assert [text for _, text in axes["xTicks"]] == [*NAMES]
    limits = (-0.5, 2.5), (-1.16, 3.16)
    for (_, pieces), row, left in zip(marks(widget, 0), heights, (-0.4, 0.0), strict=True):
        expected = [place(widget, [(k + left, 0), (k + left + 0.4, y)], limits)
                    for k, y in enumerate(row) if np.isfinite(y)]
        assert_at(pieces, expected)
    assert axes["base"] == pytest.approx(place(widget, [(0, 0)], limits)[0, 1], abs=0.06)


def test_bars_that_all_rise_stand_on_the_axis():
    widget = one(Bars([2.0, 4.0], "a"))
    axes = widget.content["panels"][0]
    assert axes["base"] is None
    assert [corner[0, 1] for corner in marks(widget, 0)[0][1]] == [axes["box"]["bottom"]] * 2
    assert [text for _, text in axes["xTicks"]] == ["0", "1"]


def test_long_labels_slant_and_short_ones_do_not():
    assert not one(Bars([1, 2], "a", ["one", "two"])).content["panels"][0]["box"]["slanted"]
    long = one(Bars(range(1, 9), "a", ["a long word"] * 8), log="y").content["panels"][0]
    assert long["box"]["slanted"]
    assert 100 < long["box"]["bottom"] < LARGE[1] - 60


def test_many_labels_are_thinned_out():
    for words in (None, ["a word"] * 60):
        axes = one(Bars(range(60), "a", words)).content["panels"][0]
        assert axes["box"]["slanted"] == (words is not None)
        assert 14 < np.diff([at for at, _ in axes["xTicks"]]).min() < 30


def test_a_label_at_the_right_edge_has_a_margin():
    for end, label, margin in ((9, "a label", 61), (9, "a label " * 9, 120), (5, "a label", 14)):
        lines = Line([(0, 0), (end, 1)], "a", label=label), Line([(0, 0), (10, 1)], "b")
        assert one(*lines).content["panels"][0]["box"]["right"] == 360 - margin
    assert one(Line(np.empty((0, 2)), "a", label="a label")).content["panels"][0]["xTicks"]


def test_ticks_have_room_and_are_written_short():
    axes = one(Line([(1e-8, 1e-9), (4e-8, 1e4)], "a"), log="y").content["panels"][0]
    assert [text for _, text in axes["xTicks"]] == ["1e−8", "2e−8", "3e−8", "4e−8"]
    assert "10⁻⁶" in [text for _, text in axes["yTicks"]]
    axes = one(Line([(-0.2, 2), (0.3, 4)], "a"), log="y").content["panels"][0]
    assert [text for _, text in axes["xTicks"]] == ["−0.2", "−0.1", "0", "0.1", "0.2", "0.3"]
    assert [text for _, text in axes["yTicks"]] == ["2", "2.5", "3", "3.5", "4"]
    axes = one(Line([(1, 0.8), (16, 11)], "a"), log="xy").content["panels"][0]  # of two decades
    assert [text for _, text in axes["xTicks"]] == ["1", "2", "5", "10"]
    assert [text for _, text in axes["yTicks"]] == ["1", "2", "5", "10"]
    axes = one(Line([(100000.0001, 0), (100000.0004, 1)], "a")).content["panels"][0]
    texts, places = [t for _, t in axes["xTicks"]], [at for at, _ in axes["xTicks"]]
    assert 7 * max(map(len, texts)) < np.diff(places).min(initial=np.inf)


def test_one_name_looks_alike_everywhere():
    def draw(k):
        later = [Line([(0, k), (1, 1)], "late")] if k else []
        ground = Line([(0, 0), (1, 1)], "ground", quiet=True)
        return Picture(
            Panel(ground, Line([(0, 0), (1, k)], "a"), *later),
            Panel(Dots((0, 1), "a", label="here"), Dots((1, k), "b")), says=f"With {k}.")

    widget = explorable(draw, k=[0, 1])
    looks = {(look["name"], look["kind"]): look for look in widget.content["looks"]}
    ways = {key: (look["color"], look["dash"], look["marker"]) for key, look in looks.items()}
    assert ways["a", "line"] == ways["a", "dots"] == ("#2a7fc1", "none", "o")
    assert ways["b", "dots"] == ("#d55e00", "6 3", "s")
    assert ways["late", "line"] == ("#00916a", "7 3 1.5 3", "^")
    assert ways["ground", "line"][0] == "currentColor"
    assert looks["a", "dots"]["label"] == "here"


def test_many_names_never_share_hue_and_dash_or_marker():
    widget = one(*(Line([(0, k), (1, k)], str(k)) for k in range(20)))
    for second in ("dash", "marker"):
        assert len({(look["color"], look[second]) for look in widget.content["looks"]}) == 20


def test_controls_and_what_is_shown_first():
    def draw(lr_max, rule, nesterov):
        return Picture(Panel(), says=f"{lr_max}, {rule}, {nesterov}")

    widget = explorable(draw, lr_max=np.array([0.1, 1.0, 3.0]), rule=("sgd", "adam"),
                        nesterov=[False, True], stepper="lr_max",
                        show={"lr_max": 0.8, "rule": "adam", "nesterov": True})
    assert widget.choice == [1, 1, 1]
    assert widget.content["controls"] == [
        {"name": "lr_max", "menu": False, "stepper": True, "labels": ["0.1", "1", "3"]},
        {"name": "rule", "menu": True, "stepper": False, "labels": ["sgd", "adam"]},
        {"name": "nesterov", "menu": True, "stepper": False, "labels": ["off", "on"]}]
    assert packed(widget)["says"] == [f"{lr}, {rule}, {on}" for lr, rule, on in product(
        [0.1, 1.0, 3.0], ["sgd", "adam"], [False, True])]
    for wrong in ([1, 1], [1, 1, 2], [-1, 0, 0]):
        with pytest.raises(ValueError, match="choice must be an index for each of lr_max"):
            widget.choice = wrong


def test_it_says_what_it_is_and_needs_nobody_else(made):
    assert repr(made) == "Explorable: ravine over lr (3), momentum (2)"
    assert made.choice == [1, 0]
    data, _ = made._repr_mimebundle_()
    assert data["text/plain"] == repr(made)
    assert f"needs JavaScript, in a notebook that the cell be run: {made!r}" in data["text/html"]
    page = made.page().replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//cdn|import\s*[{*]", page)


def test_three_panels_or_more_are_small():
    for count, wide in ((2, 360), (3, 190), (6, 190)):
        widget = explorable(lambda k, count=count: Picture(*[Panel()] * count, says="Empty."),
                            k=[0, 1])
        assert {panel["wide"] for panel in widget.content["panels"]} == {wide}


def flat(k):
    return Picture(Panel(), says="Nothing.")


def failing(k):
    return {}[k]


def growing(k):
    return Picture(*[Panel()] * (k + 1), says="More.")


def renamed(k):
    return Picture(Panel(x=f"x{k}"), says="Another.")


def negative(k):
    return Picture(Panel(Line([(1, 1), (2, -k)], "a"), log="y"), says="Below.")


def heavy(k):
    points = np.random.default_rng(k).normal(0, 1, (400, 2))
    return Picture(Panel(Line(points, "noise")), says="Noise.")


@pytest.mark.parametrize(("draw", "arguments", "error", "words"), [
    (3, {"k": [0, 1]}, TypeError, "draw must be a function that returns a Picture, got 3"),
    (flat, {}, ValueError, "give at least one"),
    (flat, {"lr": [0, 1]}, TypeError, "draw must take lr, but flat: missing .* 'k'"),
    (flat, {"k": [0, 1], "j": [0, 1]}, TypeError, "draw must take k, j, but flat: .* 'j'"),
    (flat, {"k": [0]}, ValueError, r"k must be a list of two or more .* got \[0\]"),
    (flat, {"k": 3}, ValueError, "k must be a list .* got 3"),
    (flat, {"k": "ab"}, ValueError, "k must be a list .* got 'ab'"),
    (flat, {"k": [0, "a"]}, ValueError, "k must be a list"),
    (flat, {"k": [True, 2]}, ValueError, "k must be a list"),
    (flat, {"k": [0, np.inf]}, ValueError, "finite"),
    (flat, {"k": [1, 1]}, ValueError, "different"),
    (flat, {"k": np.ones((2, 2))}, ValueError, "k must be a list"),
    (flat, {"k": range(2001)}, ValueError, "at most 2000 settings, got 2001 = 2001"),
    (flat, {"k": [0, 1], "stepper": "t"}, ValueError, r"stepper must name .*\(k\), got 't'"),
    (flat, {"k": ["a", "b"], "stepper": "k"}, ValueError, "stepper must name a choice of numbers"),
    (flat, {"k": [0, 1], "show": {"t": 1}}, ValueError, r"show must name choices \(k\), got t=1"),
    (flat, {"k": [0, 1], "show": {"k": "a"}}, ValueError, r"k must be one of \[0, 1\], got 'a'"),
    (flat, {"k": ["a", "b"], "show": {"k": 1}}, ValueError, r"k must be one of .* got 1"),
    (lambda k: 3, {"k": [0, 1]}, TypeError, "draw must return a Picture, got 3"),
    (growing, {"k": [0, 1]}, ValueError, "as many panels for each setting: 1 at first, now 2"),
    (renamed, {"k": [0, 1]}, ValueError, "x of panel 1 must be .* 'x0' at first, now 'x1'"),
    (heavy, {"k": range(60)}, ValueError, r"60 settings take \d+ kB and may take 60: give shorter"),
])
def test_what_cannot_be_explored_is_refused(draw, arguments, error, words):
    with pytest.raises(error, match=words):
        explorable(draw, **arguments)


@pytest.mark.parametrize(("draw", "error", "words"), [
    (failing, KeyError, "0"),
    (negative, ValueError, r"the y axis is logarithmic: 'a' must be > 0 there, got -1\.0"),
    (growing, ValueError, "as many panels"),
])
def test_an_error_names_its_setting(draw, error, words):
    with pytest.raises(error, match=words) as caught:
        explorable(draw, k=[1, 0] if draw is negative else [0, 1])
    row = {failing: 0, negative: 1, growing: 1}[draw]
    assert caught.value.__notes__ == [f"The setting drawn: k={row}"]


@pytest.mark.parametrize(("make", "error", "words"), [
    (lambda: Line([1, 2], "a"), ValueError, r"Line: points must be .* \(n, 2\), got shape \(2,\)"),
    (lambda: Line([(1, 2), 3], "a"), ValueError, "Line: points must be numbers"),
    (lambda: Bars([], "a"), ValueError, "Bars: heights must be one or more"),
    (lambda: Line([(1, 2)], 3), TypeError, "Line: name must be text, got 3"),
    (lambda: Dots((1, 2), "a", label=3), TypeError, "Dots: label must be text, got 3"),
    (lambda: Dots((1, 2, 3), "a"), ValueError, r"Dots: points .* \(n, 2\) or \(2,\), got shape"),
    (lambda: Arrow((1, 2), [(1, 2)], "a"), ValueError, r"Arrow: end must be .* \(2,\), got shape"),
    (lambda: Ellipse((1, 2), -1, "a"), ValueError, r"Ellipse: radii must be > 0, got -1\.0"),
    (lambda: Ellipse(1, 1, "a"), ValueError, "Ellipse: centre must be"),
    (lambda: Ellipse((1, 2), 1, "a", "x"), ValueError, r"angle must be numbers of shape \(\)"),
    (lambda: Bars(3, "a"), ValueError, "Bars: heights must be"),
    (lambda: Bars([1, 2], "a", ["one"]), ValueError, r"labels must be 2 words, got \('one',\)"),
    (lambda: Bars([1, 2], "a", "ab"), ValueError, "labels must be 2 words"),
    (lambda: Bars([1, 2], "a", [1, 2]), TypeError, "labels must be words"),
    (lambda: Panel(3), TypeError, "a panel holds Line, .* got 3"),
    (lambda: Panel(x=3), TypeError, "x must be text, got 3"),
    (lambda: Panel(xlim=(1, 0)), ValueError, r"xlim must be a pair, low < high, got \(1, 0\)"),
    (lambda: Panel(ylim=3), ValueError, "ylim must be a pair"),
    (lambda: Panel(ylim=(0, 1), log="y"), ValueError, r"low < high and both > 0, got \(0, 1\)"),
    (lambda: Panel(log="z"), ValueError, "log must be one of .* got 'z'"),
    (lambda: Panel(log="x", square=True), ValueError, "square must be False"),
    (lambda: Panel(Bars([1], "a"), square=True), ValueError, "square must be False"),
    (lambda: Panel(Bars([1], "a"), log="x"), ValueError, "log must be '' or 'y' with bars"),
    (lambda: Panel(Bars([0], "a"), log="y"), ValueError, "y axis is logarithmic: 'a' must be > 0"),
    (lambda: Panel(Bars([1], "a"), Bars([1, 2], "b")), ValueError, r"as many, .* got \[1, 2\]"),
    (lambda: Panel(Bars([1], "a", ["x"]), Bars([1], "b", ["y"])), ValueError, "the same labels"),
    (lambda: Picture(says="None."), ValueError, "one to 6 panels, got 0"),
    (lambda: Picture(*[Panel()] * 7, says="Seven."), ValueError, "one to 6 panels, got 7"),
    (lambda: Picture(3, says="Three."), TypeError, "a picture is made of Panel, got 3"),
    (lambda: Picture(Panel(), says=" "), ValueError, "says must tell in words"),
])
def test_bad_pictures(make, error, words):
    with pytest.raises(error, match=words):
        make()



"""One figure style for the whole book, and the only way to show a figure: with its alt text.

Figures are inline SVG whose ink is the page's text colour, so one drawing serves light and dark.
A figure is made of panels that stand side by side on a wide page and below each other on a phone.
"""

import html
import io
import itertools
import re

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from tabulate import tabulate

__all__ = ["COLORS", "DASHES", "MARKERS", "Panels", "Table", "contours", "panels", "table", "trail"]

# Okabe and Ito's hues, darkened or lightened to at least 3:1 against white and against the
# theme's dark page; a dash and a marker go with each, so that no one needs the hue.
COLORS = ("#2a7fc1", "#d55e00", "#00916a", "#b45fa3", "#9a7400", "#808080")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 2)))
MARKERS = ("o", "s", "^", "D", "v", "X")

_drawn = itertools.count(1)
_INK = "#010203"  # stands for currentColor until the SVG is written

_STYLE = {
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none",
    "text.color": _INK, "axes.labelcolor": _INK, "axes.edgecolor": _INK,
    "xtick.color": _INK, "ytick.color": _INK, "axes.titlecolor": _INK, "legend.labelcolor": _INK,
    "grid.color": _INK, "grid.alpha": 0.15, "grid.linewidth": 0.6, "axes.grid": True,
    "axes.axisbelow": True, "axes.spines.top": False, "axes.spines.right": False,
    "axes.linewidth": 0.8, "font.size": 11.5, "axes.titlesize": 11.5, "axes.labelsize": 11.5,
    "legend.fontsize": 11.5, "legend.frameon": False, "lines.linewidth": 1.8, "lines.markersize": 4,
    "axes.prop_cycle": cycler(color=COLORS) + cycler(linestyle=DASHES),
    "image.cmap": "cividis", "figure.constrained_layout.use": True,
    "svg.fonttype": "path", "svg.hashsalt": "descent", "axes.formatter.useoffset": False,
}
matplotlib.rcParams.update(_STYLE)  # once, for every figure of a session that imports this module


class Panels:
    """A figure of one or more panels; `show(alt)` is the way to display it."""

    def __init__(self, figures):
        self._figures = figures

    def show(self, alt, caption=""):
        """Return the figure for display, with a text that says what is seen.

        Raises ValueError for an `alt` of under 20 characters.
        """
        if not isinstance(alt, str) or len(alt.strip()) < 20:
            raise ValueError(f"alt must say in words what the figure shows, got {alt!r}")
        _settle(self._figures)
        return _Shown([_svg(figure) for figure in self._figures], " ".join(alt.split()), caption)


class _Shown:
    """A drawn figure: HTML for the page, its alt text as plain text."""

    def __init__(self, drawings, alt, caption):
        self._drawings, self._alt, self._caption = drawings, alt, caption

    def __repr__(self):
        return f"Figure: {self._alt}"

    def _repr_html_(self):
        widest = 430 if len(self._drawings) == 1 else 343  # two of them side by side on a page
        drawings = "".join(f'<div style="flex:1 1 300px;max-width:{widest}px">{d}</div>'
                           for d in self._drawings)
        caption = f"<figcaption>{html.escape(self._caption)}</figcaption>" if self._caption else ""
        return ('<figure class="descent-figure" style="margin:1em 0"><div class="descent-panels" '
                f'role="img" aria-label="{html.escape(self._alt)}" '
                'style="display:flex;flex-wrap:wrap;justify-content:center;gap:4px">'
                f"{drawings}</div>{caption}</figure>")


def panels(count=1, *, width=4.2, height=3.1, **axes):
    """Return (figure, axes) with `count` panels of that size in inches.

    `axes` is one Axes for a single panel, else a list; keywords go to every `add_subplot`.
    """
    if not (isinstance(count, int) and count >= 1):
        raise ValueError(f"count must be a whole number >= 1, got {count!r}")
    figures = [MatplotlibFigure(figsize=(width, height)) for _ in range(count)]
    made = [figure.add_subplot(**axes) for figure in figures]
    return Panels(figures), (made[0] if count == 1 else made)


def _settle(figures):
    """Say what is what without covering the data, and thin the ticks of logarithmic axes."""
    named = []
    for ax in (ax for figure in figures for ax in figure.axes):
        ax.autoscale_view()  # which matplotlib puts off until it draws
        _thin(ax.xaxis)
        _thin(ax.yaxis)
        if legend := ax.get_legend():
            legend.remove()
            named.append((ax, *ax.get_legend_handles_labels(), legend.get_title().get_text()))
    ends = [_ends(*one) for one in named]
    for (ax, handles, names, title), places in zip(named, ends, strict=True):
        if all(ends):  # the panels of a figure alike
            _name_at(ax, places, names)
        else:
            _name_below(ax.figure, handles, names, title)


def _thin(axis):
    """Let a logarithmic axis have a tick a decade; where it is short, at 1, 2 and 5."""
    if axis.get_scale() != "log" or not isinstance(axis.get_major_locator(), LogLocator):
        return
    low, high = sorted(axis.get_view_interval())
    axis.set_minor_formatter(NullFormatter())
    if high < 30 * low:
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _ends(ax, handles, names, title):
    """Return where lines end, as parts of the axes; none where names do not fit beside them."""
    if title or not all(
            isinstance(handle, Line2D) and len(handle.get_xdata()) > 2 and len(name) <= 14
            for handle, name in zip(handles, names, strict=True)):
        return []
    place = ax.transScale + ax.transLimits
    ends = [place.transform((line.get_xdata()[-1], line.get_ydata()[-1])) for line in handles]
    row = 1.15 * matplotlib.rcParams["font.size"] / 72 / (0.75 * ax.figure.get_figheight())
    inside = all(0.9 <= x <= 1.001 and -0.001 <= y <= 1.001 for x, y in ends)
    return ends if inside and (np.diff(np.sort([y for _, y in ends])) > row).all() else []


def _name_at(ax, places, names):
    """Write each name to the right of its place."""
    for place, name in zip(places, names, strict=True):
        ax.annotate(name, place, xycoords="axes fraction", xytext=(5, 0), va="center",
                    textcoords="offset points", annotation_clip=False)


def _name_below(figure, handles, names, title):
    """Put the legend below the panel, as many names in a row as fit; the panel grows for it."""
    size = matplotlib.rcParams["font.size"] / 72  # inches
    for columns in range(len(names), 0, -1):
        widths = [max(len(name) for name in names[k::columns]) * 0.52 * size + 3.4 * size
                  for k in range(columns)]
        if sum(widths) <= figure.get_figwidth() or columns == 1:
            break
    rows = -(-len(names) // columns) + bool(title)
    figure.set_figheight(figure.get_figheight() + 1.35 * size * rows)
    order = [k for column in range(columns) for k in range(column, len(names), columns)]
    figure.legend([handles[k] for k in order], [names[k] for k in order], title=title or None,
                  loc="outside lower center", ncols=columns, columnspacing=1.2, handlelength=1.9)


def contours(ax, surface, levels=14):
    """Draw the surface's contour lines over its window, and its minima as crosses."""
    (x0, x1), (y0, y1) = surface.window
    x, y = np.linspace(x0, x1, 121), np.linspace(y0, y1, 121)
    values = surface.f(np.stack(np.meshgrid(x, y), axis=-1)) - surface.lowest
    cuts = np.quantile(values, np.linspace(0.01, 0.97, levels) ** 1.5)
    ax.contour(x, y, values, levels=np.unique(cuts), colors=_INK, alpha=0.35, linewidths=0.7)
    for minimum in surface.minima:
        ax.plot(*minimum, marker="+", color=_INK, markersize=9, linestyle="none")
    ax.set(xlim=(x0, x1), ylim=(y0, y1), xlabel="x", ylabel="y")
    ax.grid(visible=False)


def trail(ax, points, label=None, style=0, **line):
    """Draw iterates of shape (steps + 1, 2) as a line with markers, in the palette's style."""
    with np.errstate(invalid="ignore"):
        points = np.asarray(points)[np.all(np.abs(points) < 1e3, axis=-1)]
    ax.plot(*points.T, **{"color": COLORS[style], "linestyle": DASHES[style], "linewidth": 1.2,
                          "marker": MARKERS[style], "markersize": 3, "label": label, **line})


class Table:
    """Rows under headers: text in a terminal or a stored notebook, HTML on the page."""

    def __init__(self, rows, headers, page_rows=None, page_headers=None):
        self._text = rows, headers
        self._page = page_rows or rows, page_headers or headers

    def __repr__(self):
        return tabulate(*self._text, tablefmt="simple", disable_numparse=True)

    def _repr_html_(self):
        made = tabulate(*self._page, tablefmt="html", disable_numparse=True)
        made = re.sub("<(t[dh])>([^<]*)", _cell, made)
        return f'<div class="descent-table" style="overflow-x:auto" tabindex="0">{made}</div>'


def _cell(found):
    """Return the start of a cell: on the left, where Jupyter has it right; a number on one line."""
    tag, text = found[1], found[2].strip()
    whole = ";white-space:nowrap" if re.fullmatch(r"[−+(-]?\d.{0,23}|.{1,12}", text) else ""
    return f'<{tag} style="text-align:left{whole}">{text}'


def table(rows, headers, *, page_rows=None, page_headers=None):
    """Return a table for display; cells are text, escaped for the page.

    `page_rows` and `page_headers` are what the page shows instead, where it may hold more
    (measurements that differ between machines) than the text that tests compare.
    """
    return Table([[str(c) for c in row] for row in rows], list(headers),
                 page_rows and [[str(c) for c in row] for row in page_rows],
                 page_headers and list(page_headers))


def _to_hundredths(places):
    """Return places in a drawing, cut to what is seen: a figure is some 400 units wide."""
    return re.sub(r"(\.\d\d)\d+", r"\1", places[0])


def _svg(figure):
    """Return a figure as an SVG element that inherits the text colour and scales with the page."""
    target = io.StringIO()
    figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    text = re.sub(r"^.*?(?=<svg)|<metadata>.*?</metadata>|<style.*?</style>", "",
                  target.getvalue(), flags=re.S)  # that style sheet would rule the whole page
    text = text.replace(_INK, "currentColor")
    text = re.sub(r' (?:d|x|y)="[^"]*"', _to_hundredths, text)
    prefix = f"d{next(_drawn)}-"  # ids of two figures on a page must not meet
    text = re.sub(r'\bid="', f'id="{prefix}', text)
    text = re.sub(r'(url\(#|href="#)', rf"\g<1>{prefix}", text)
    width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text).groups()
    text = re.sub(r'<svg\b.*?>', f'<svg xmlns="http://www.w3.org/2000/svg" aria-hidden="true" '
                  f'xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 {width} {height}" '
                  'style="width:100%;height:auto;display:block;stroke-linejoin:round;'
                  'stroke-linecap:butt">', text, count=1, flags=re.S)
    return re.sub(r"\s*\n\s*", " ", text)

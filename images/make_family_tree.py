"""Draw the family tree of the optimizers: images/family_tree.html, inline SVG for the intro.

    python images/make_family_tree.py

A filled box has a chapter in the book, by the name of its rule.
"""

from pathlib import Path

from descent import parity
from descent.book import plots

CHAPTERS = Path(__file__).parents[1] / "chapters"
CHAPTER = {row.rule.__name__: row.chapter for row in (*parity.ROWS, *parity.BEYOND)}

# name: (place across, place down, the line in the box below the name, its rule)
FAMILY = {
    "gradient descent": (1.1, 0, "1847", None),
    "SGD": (1.1, 1, "1951", "sgd"),
    "momentum": (0.55, 2, "1964", "sgd"),
    "Nesterov": (-0.05, 3, "1983", "sgd"),
    "L-BFGS": (2.2, 2.5, "1980", "lbfgs"),
    "Adagrad": (1.65, 3.5, "2010", "adagrad"),
    "ASGD": (0.05, 1.6, "1992", "asgd"),
    "Rprop": (0.9, 3.5, "1993", "rprop"),
    "RMSprop": (1.1, 4.5, "2012", "rmsprop"),
    "Adadelta": (2.2, 4.5, "2012", "adadelta"),
    "Adam": (0.55, 5.5, "2014", "adam"),
    "NAdam": (-0.05, 6.5, "2016", "nadam"),
    "AdamW": (1.25, 6.5, "2017", "adamw"),
    "Adamax": (0.08, 7.5, "2014", "adamax"),
    "RAdam": (0.52, 7.5, "2019", "radam"),
    "SparseAdam": (1.09, 7.5, "2017", "sparseadam"),
    "Adafactor": (1.25, 5.5, "2018", "adafactor"),
    "Shampoo": (2.0, 5.5, "2018", "shampoo"),
    "Muon": (1.85, 6.5, "2024", "muon"),
    "SOAP": (2.42, 6.5, "2024", "soap"),
    "Schedule-Free": (1.78, 7.5, "2024", "schedulefree"),
    "Prodigy": (2.42, 7.5, "2023", "prodigy"),
    "Lion": (0.33, 8.5, "2023", "lion"),
    "ADOPT": (0.84, 8.5, "2024", "adopt"),
}

HEIRS = [
    ("gradient descent", "SGD", "one sample\nat a time"),
    ("gradient descent", "L-BFGS", "learn the\ncurvature"),
    ("SGD", "momentum", "remember"),
    ("SGD", "Rprop", "\n\n\n\nsigns"),
    ("momentum", "Nesterov", "look ahead"),
    ("SGD", "ASGD", "average"),
    ("SGD", "Adagrad", "a rate for every\ncoordinate"),
    ("Rprop", "RMSprop", ""),
    ("Adagrad", "RMSprop", "forget"),
    ("Adagrad", "Adadelta", "forget,\nunits"),
    ("momentum", "Adam", "both,\nunbiased"),
    ("RMSprop", "Adam", ""),
    ("Adam", "NAdam", ""),
    ("Nesterov", "NAdam", ""),
    ("Adam", "AdamW", "decay\napart"),
    ("Adam", "Adamax", ""),
    ("Adam", "RAdam", ""),
    ("Adam", "SparseAdam", ""),
    ("RMSprop", "Adafactor", "rows and\ncolumns"),
    ("Adagrad", "Shampoo", ""),
    ("Shampoo", "Muon", "even out\na matrix"),
    ("Shampoo", "SOAP", "Adam in\nits basis"),
    ("AdamW", "Schedule-Free", ""),
    ("AdamW", "Prodigy", ""),
    ("Adam", "Lion", ""),
    ("Adam", "ADOPT", ""),
]
ALT = ("Family tree of the optimizers, oldest at the top. Gradient descent (1847) leads to SGD "
       "(1951) and L-BFGS (1980). SGD leads to ASGD (1992), to momentum (1964) and on to Nesterov "
       "(1983), to Rprop (1993), and to Adagrad (2010), from which Adadelta (2012) comes, and with "
       "Rprop RMSprop (2012). Momentum and RMSprop join in Adam (2014), which leads to AdamW "
       "(2017), Adamax (2014), RAdam (2019), SparseAdam (2017) and, with Nesterov, to NAdam "
       "(2016), to Lion (2023) and ADOPT (2024). From AdamW come Schedule-Free (2024) and Prodigy "
       "(2023). RMSprop leads to Adafactor (2018) as well; Adagrad to Shampoo (2018), and that to "
       "Muon and SOAP (both 2024).")


def draw():
    """Return the figure, ready for display."""
    figure, ax = plots.panels(width=4.8, height=8.3)
    ink = ax.spines["left"].get_edgecolor()
    for parent, child, what in HEIRS:
        (x0, y0), (x1, y1) = FAMILY[parent][:2], FAMILY[child][:2]
        ax.annotate("", (x1, y1 - 0.27), (x0, y0 + 0.27), arrowprops={
            "arrowstyle": "-|>", "color": ink, "alpha": 0.6, "linewidth": 1})
        # Beside the arrow, on its outer side.
        side = -1 if x1 <= x0 else 1
        ax.annotate(what, ((x0 + x1) / 2, (y0 + y1) / 2), (9 * side, 4), fontsize=8.5,
                    textcoords="offset points", va="center", style="italic",
                    ha="right" if side < 0 else "left")
    for name, (x, y, year, rule) in FAMILY.items():
        here = (CHAPTERS / f"{CHAPTER.get(rule)}.ipynb").is_file()
        ax.text(x, y, f"{name}\n{year}", ha="center", va="center", fontsize=9.5,
                color="white" if here else ink,
                bbox={"boxstyle": "round,pad=0.35", "edgecolor": ink, "linewidth": 1,
                      "facecolor": "#20639b" if here else "none"})
    ax.set(xlim=(-0.4, 2.75), ylim=(8.95, -0.45))
    ax.axis("off")
    return figure.show(ALT, "Filled boxes have a chapter; momentum and Nesterov share SGD's. "
                            "Years are of an early publication.")


if __name__ == "__main__":
    page = draw()._repr_html_()
    Path(__file__).with_name("family_tree.html").write_text(page + "\n", encoding="utf8")

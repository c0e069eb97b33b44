"""How long a first reading takes: what stands open in a chapter, counted.

A section is *deeper* where the line before its heading is `{.deeper}`; it reaches to the next
heading of its level or above. Exercises, the playground and the references count as no reading.
"""

import re
from dataclasses import dataclass

from descent.book.myst import parts

__all__ = ["DEEPER", "Count", "duration", "first_reading", "readings"]

DEEPER = "{.deeper}"
WORDS = 160  # a minute; the rest are our own estimates, too
FORMULA, PICTURE, LINE = 30, 45, 4  # seconds for one set apart, for a picture, for a line of code

_UNREAD = ("code", "literalinclude", "raw")
_AFTER = re.compile(r"Exercises|Playground|References")
_FORMULA = re.compile(r"\$\$.*?\$\$(?: \([\w-]+\))?", re.S)
_NO_PROSE = re.compile(r"\$[^$]*\$|\{[^}]*\}|`[^`]*`|\]\([^)]*\)|<[^>]*>")
_WORD = re.compile(r"[^\W\d_][\w'’]*")
_PICTURE = re.compile(r"\bshow\(|\b(?:explorable|playground|\w*designer|chooser)\(")
_HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


@dataclass(frozen=True)
class Count:
    """What a first reading holds, and how many sections are folded."""

    words: int = 0
    formulas: int = 0
    pictures: int = 0
    lines: int = 0
    deeper: int = 0

    @property
    def minutes(self):
        """How long it takes, in whole minutes."""
        seconds = FORMULA * self.formulas + PICTURE * self.pictures + LINE * self.lines
        return round(self.words / WORDS + seconds / 60)


def first_reading(cells):
    """Return the `Count` of a notebook's cells."""
    words = formulas = pictures = lines = deeper = 0
    fold, left = None, False  # the level of the folded section that we are in; behind the reading
    for cell in cells:
        if cell.cell_type == "code":
            if not fold and not left:
                pictures += bool(_PICTURE.search(cell.source))
                if not _HIDDEN & set(cell.metadata.get("tags", [])):
                    lines += sum(bool(line.strip()) for line in cell.source.split("\n"))
            continue
        marked = False
        for piece in _read(cell.source):
            if heading := re.match(r"(#+) (.*)", piece):
                level = len(heading[1])
                fold = None if fold and level <= fold else fold
                if marked:
                    fold, deeper = fold or level, deeper + 1
                if level == 2:
                    left = bool(_AFTER.match(heading[2]))
            marked = piece.rstrip().endswith(DEEPER)
            if not fold and not left:
                formulas += len(_FORMULA.findall(piece))
                words += len(_WORD.findall(_NO_PROSE.sub(" ", _FORMULA.sub(" ", piece))))
    return Count(words, formulas, pictures, lines, deeper)


def _read(source):
    """Yield the headings of a text, and what stands between them and is read."""
    for part in parts(source):
        if part.kind is None:
            yield from re.split(r"^(#+ .*)$", part.text, flags=re.M)
        elif part.kind not in _UNREAD and "dropdown" not in part.options.get("class", ""):
            yield part.text


def duration(minutes):
    """Return a time as words, to five minutes."""
    hours, rest = divmod(5 * round(minutes / 5), 60)
    return " ".join([f"{hours} h"] * bool(hours) + [f"{rest} min"] * bool(rest))


def readings(chapters):
    """Return Markdown lines: how long the first reading of each chapter takes, and of all.

    `chapters` are those of `descent.book.ledger`, linked as seen from the root.
    """
    counts = [(chapter, first_reading(chapter.cells)) for chapter in chapters]
    text = ["| first reading | minutes | words | formulas | pictures | lines of code | folded |",
            "|---|" + "---:|" * 6]
    for chapter, count in counts:
        numbers = (count.minutes, count.words, count.formulas, count.pictures, count.lines,
                   count.deeper)
        text.append(f"| [{chapter.title}](chapters/{chapter.name}.ipynb) | "
                    f"{' | '.join(format(number, ',') for number in numbers)} |")
    whole = duration(sum(count.minutes for _, count in counts))
    return [*text, "", f"About {whole} in all, without exercises: counted at {WORDS} words a "
            f"minute, {FORMULA} seconds for a formula, {PICTURE} for a picture and {LINE} for a "
            f"line of code. The {WORDS} are a guess: less than the 238 words of non-fiction that "
            "adults read in a minute {cite:p}`brysbaert2019`."]

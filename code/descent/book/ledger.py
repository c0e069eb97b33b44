"""The ledger: what people say of every method, and what the chapters found, in one table.

A chapter has a table `claim | verdict | why, and how much` under a heading "What people say ...".
This module collects them: it puts the numbers that a row quotes in their place, and finds the cell
that made each. So the page cannot say anything else than the chapters do. As a Sphinx extension
it gives the directives `ledger` and `ledger-summary`, and a label for every section and every code
cell, such as `sgd#theory-measured` and `adam#cell-race`.
"""

import ast
import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import nbformat
import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.fileutil import copy_asset

__all__ = ["VERDICTS", "Chapter", "Claim", "Page", "Place", "anchor", "chapters", "contents",
           "escaped", "glued", "ledger", "mark", "setup"]

VERDICTS = ("Holds", "Holds in part", "Depends", "Does not hold", "Not shown", "Not tested")
_HEADER = ["claim", "verdict", "why, and how much"]
_HEADING = re.compile(r"^#+ (.+?)\s*$", re.M)
_TABLE = re.compile(r"^#+ (What people say.*)\n(?:(?![#|]).*\n)*((?:\|.*(?:\n|$))+)", re.M)
_GLUE = re.compile(r"\{glue:text\}`([^`]+)`")
_QUOTED = re.compile(r"\{(glue:text|prf:ref|eq|ref)\}`(?:[^`<]*<)?([^`>]+)>?`")


@dataclass(frozen=True)
class Place:
    """A section of a chapter, and the code cell in it that is meant, if one is."""

    section: str
    cell: str | None = None


@dataclass(frozen=True)
class Claim:
    """A row of a chapter's table, its numbers put in, and the places where they were made."""

    claim: str
    verdict: str
    why: str
    where: tuple[Place, ...]


class Chapter:
    """A committed notebook, as far as the reference pages read it."""

    def __init__(self, path):
        self.name, self.path = Path(path).stem, Path(path)
        self.cells = nbformat.read(self.path, as_version=4).cells
        self.text = {cell.id: _without_code(cell.source) for cell in self.cells
                     if cell.cell_type == "markdown"}
        self.title = self.headings[0][1]

    @cached_property
    def headings(self):
        """Pairs of (number of the cell, heading) in order."""
        return [(k, heading) for k, cell in enumerate(self.cells)
                for heading in _HEADING.findall(self.text.get(cell.id, ""))]

    @cached_property
    def glued(self):
        """What the cells glue, as `glued` returns it."""
        return glued(self.cells)

    def section(self, number, offset=None):
        """Return the heading under which a cell stands, or a place in the text of a cell."""
        text = self.text.get(self.cells[number].id, "")[:offset]
        inside = _HEADING.findall(text) if offset is not None else []
        return (inside or [heading for k, heading in self.headings if k < number])[-1]

    def place(self, role, target):
        """Return the `Place` of what a role quotes, or None if it is in another chapter."""
        if role == "glue:text":
            cell = self.value(target)[1]
            number = next(k for k, one in enumerate(self.cells) if one.id == cell)
            return Place(self.section(number), cell)
        if target.startswith(f"{self.name}#"):
            return next((Place(heading) for _, heading in self.headings
                         if anchor(heading) == target.split("#")[1]), None)
        made = {"eq": f"({target})", "prf:ref": f":label: {target}\n",
                "ref": f":label: {target}\n"}[role]
        for number, cell in enumerate(self.cells):
            at = self.text.get(cell.id, "").find(made)
            if at >= 0:
                return Place(self.section(number, at))
        return None

    def value(self, name):
        """Return (text, id of the cell) of a glued name."""
        if name not in self.glued:
            raise ValueError(f"{self.path.name} quotes {name!r}, which no cell glues")
        return self.glued[name]

    def resolve(self, text):
        """Return the text with glued values in place, its links as seen from the root."""
        text = _GLUE.sub(lambda found: escaped(self.value(found[1])[0]), text)
        text = re.sub(r"\]\((\w+\.ipynb)", r"](chapters/\1", text)
        return text.replace("](../", "](")

    @cached_property
    def claims(self):
        """The rows of the table of what people say; none if the chapter has no such table."""
        for cell in self.cells:
            table = _TABLE.search(self.text.get(cell.id, ""))
            if table:
                header, _, *rows = map(_split, table[2].splitlines())
                if header != _HEADER:
                    raise ValueError(f"{self.path.name}: columns are {header}, not {_HEADER}")
                return [self._claim(row, table[1]) for row in rows]
        return []

    def _claim(self, row, section):
        if len(row) != 3:
            raise ValueError(f"{self.path.name}: a row has {len(row)} columns: {row}")
        quoted = [self.place(*found) for found in _QUOTED.findall(row[2])]
        places = tuple(dict.fromkeys(filter(None, quoted))) or (Place(section),)
        return Claim(row[0], row[1], self.resolve(row[2]), places)


class Part(NamedTuple):
    """A part of the book: its caption, the files in it, and whether they are numbered."""

    caption: str
    files: list
    numbered: bool


def contents(root="."):
    """Return the parts of the book in that folder, in order; the first holds the root alone."""
    made = yaml.safe_load(Path(root, "_toc.yml").read_text(encoding="utf8"))
    return [Part("", [made["root"]], False)] + [
        Part(part.get("caption", ""), [entry["file"] for entry in part["chapters"]],
             bool(part.get("numbered"))) for part in made["parts"]]


def chapters(root="."):
    """Return the chapters of the book in that folder that are there, in the order of the book."""
    paths = [Path(root, f"{file}.ipynb") for part in contents(root) for file in part.files]
    return [_chapter(path, path.stat().st_mtime_ns) for path in paths if path.is_file()]


@lru_cache(maxsize=64)
def _chapter(path, changed):
    """Read a chapter once for all pages that are made from it, as long as nobody changes it."""
    return Chapter(path)


def ledger(root="."):
    """Return the claims of the whole book: a dict from the `Chapter` to its list of `Claim`s."""
    return {chapter: chapter.claims for chapter in chapters(root) if chapter.claims}


def glued(cells):
    """Return what cells glue: a dict from the name to (text, id of the cell)."""
    found = {}
    for cell in cells:
        for output in cell.get("outputs", []):
            value = output.get("data", {}).get("application/papermill.record/text/plain")
            if value is not None:
                value = ast.literal_eval(value) if value[:1] in "'\"" else value
                found[output.metadata["scrapbook"]["name"]] = value, cell.id
    return found


def anchor(heading):
    """Return the id that a page gives to the section of that heading."""
    return nodes.make_id(heading.replace("`", ""))


def _without_code(source):
    """Blank out fenced code, where a # is no heading; the content of directives stays."""
    lines, fence, code = [], None, False
    for line in source.split("\n"):
        mark = re.match(r"(`{3,}|:{3,})(.*)", line)
        if mark and fence is None:
            fence, code = mark[1], not mark[2].lstrip().startswith("{")
        elif mark and mark[1] == fence and not mark[2].strip():
            fence, code = None, False
        elif code:
            line = ""
        lines.append(line)
    return "\n".join(lines)


def _split(line):
    return [part.strip() for part in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def escaped(value):
    """Return a value as text in which Markdown sees no marks."""
    return re.sub(r"([\\`*_{}\[\]<>|$])", r"\\\1", str(value))


def _where(chapter, places):
    """Return links to sections, each with the cells in it."""
    cells = {}
    for place in places:
        cells.setdefault(place.section, []).extend([place.cell] if place.cell else [])
    return "; ".join(
        f"{{ref}}`{section.replace('`', '')} <{chapter.name}#{anchor(section)}>`" + (
            " (" + ", ".join(f"{{ref}}`{cell} <{chapter.name}#cell-{cell}>`" for cell in made) + ")"
            if made else "")
        for section, made in cells.items())


class Page(SphinxDirective):
    """A directive whose content is Markdown, made from the chapters by `lines`."""

    def run(self):
        """Return the parsed lines; note what they depend on."""
        found = chapters(self.env.srcdir)
        for chapter in found:
            self.env.note_dependency(str(chapter.path))
        container = nodes.Element()
        try:
            lines = StringList(self.lines(found), self.get_source_info()[0])
        except ValueError as error:  # of a chapter's table; the build goes on, to report the rest
            logging.getLogger(__name__).warning(str(error), location=self.get_location())
        else:
            self.state.nested_parse(lines, self.content_offset, container, match_titles=True)
        return container.children


class Ledger(Page):
    """All claims, chapter by chapter."""

    def lines(self, found):
        """Return the Markdown."""
        text = []
        for chapter in found:
            if chapter.claims:
                text += ["", f"## {chapter.title}", "",
                         "| claim | verdict | why, and how much | where |", "|---|---|---|---|"]
                text += [f"| {c.claim} | {c.verdict} | {c.why} | {_where(chapter, c.where)} |"
                         for c in chapter.claims]
        return text


class Summary(Page):
    """How many claims hold, by chapter."""

    def lines(self, found):
        """Return the Markdown."""
        text = ["| chapter | " + " | ".join(VERDICTS).lower() + " | claims |",
                "|---" + "|---:" * (len(VERDICTS) + 1) + "|"]
        total = Counter()
        for chapter in found:
            if chapter.claims:
                count = Counter(claim.verdict for claim in chapter.claims)
                total += count
                section = f"{{ref}}`{chapter.title} <ledger#{anchor(chapter.title)}>`"
                text.append(_counted(section, count))
        return [*text, _counted("**all**", total)]


def _counted(name, count):
    numbers = [str(count[verdict] or "–") for verdict in VERDICTS]
    return f"| {name} | {' | '.join(numbers)} | {count.total()} |"


def setup(app):
    """Register the extension."""
    app.add_directive("ledger", Ledger)
    app.add_directive("ledger-summary", Summary)
    app.add_css_file("reference.css")
    app.connect("doctree-read", _label)
    app.connect("doctree-read", _mark)
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _label(app, document):
    """Give every section and every code cell a label: the page's name, #, the id."""
    docname, domain = app.env.docname, app.env.get_domain("std")
    page = docname.rsplit("/", 1)[-1]

    def label(target, title):
        name = f"{page}#{target}".lower()
        domain.labels[name] = docname, target, title
        domain.anonlabels[name] = docname, target

    for section in document.findall(nodes.section):
        if section["ids"] and isinstance(section.children[0], nodes.title):
            label(section["ids"][0], section.children[0].astext())
    blocks = [block for block in document.findall(nodes.container)
              if block.get("nb_element") == "cell_code"]
    if blocks:
        cells = nbformat.read(app.env.doc2path(docname), as_version=4).cells
        for block in blocks:
            name = cells[block["cell_index"]].id
            block["ids"].append(f"cell-{name}")
            label(f"cell-{name}", f"cell {name}")


def mark(document, header, name):
    """Give the tables whose header begins so a class, for the style sheet."""
    for table in document.findall(nodes.table):
        columns = [entry.astext() for entry in next(table.findall(nodes.row)).children]
        if columns[:len(header)] == header:
            table["classes"] += [name, f"columns-{len(columns)}"]


def _mark(app, document):
    mark(document, _HEADER, "claims")
    mark(document, ["chapter", "holds"], "verdicts")


def _copy(app, exception):
    if exception is None and app.builder.format == "html":
        copy_asset(Path(__file__).with_name("reference.css"), Path(app.outdir, "_static"))

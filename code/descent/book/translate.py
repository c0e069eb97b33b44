"""From a page in MyST to a plain notebook: the study edition, which needs no extension.

The text is rewritten, not rendered: what is plain Markdown stays as it was typed. Equations,
theorems and exercises are counted in the order of the book, which gives Sphinx's own numbers.
What has no translation here raises: nothing leaves as raw MyST.
"""

import ast
import base64
import hashlib
import html
import mimetypes
import os
import re
from collections import Counter
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from pybtex.database import parse_file
from pybtex.plugin import find_plugin
from pybtex.richtext import Text
from sphinx.pycode import ModuleAnalyzer

from descent.book.index import EFFORT
from descent.book.ledger import anchor, chapters, contents, escaped, glued
from descent.book.myst import parts
from descent.book.reading import DEEPER, readings

__all__ = ["Course", "Edition", "Target", "digest", "linked", "picture", "stamped", "translate",
           "unglued"]

# What is no chapter and yet a page of the study edition, since chapters lean on it.
_PAGES = ("intro", "notation")
_EXERCISES = ("exercise", "exercise-start")
_EQUATION = re.compile(r"^\$\$\n(.*?)\n\$\$(?: \(([\w-]+)\))?[ \t]*$", re.M | re.S)
_HEADING = re.compile(r"^(#+) (.+?)\s*$", re.M)
_INLINE = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
    r"|\{(?P<role>[\w:+.-]+)\}`(?P<of>[^`]+)`"
    r"|(?P<image>!?)\[(?P<words>[^\[\]]*)\]\((?P<to>[^()\s]+)\)", re.S)
_SECTION = re.compile(r"\{ref\}`(?:[^`<]*<)?([^`>]+#[^`>]+)>?`")  # a reference to one
# Marks of MyST that plain Markdown does not know, outside code.
_RAW = re.compile(r"^(?:`{3,}|:{3,})\{.*|^\$\$ *\(.*|^\([\w-]+\)=$|^% .*|^: .*|\{[\w:+.-]+\}`[^`]*`"
                  r"|\{\{.*?\}\}|(?:^|[\])])\{[.#][^}]*\}", re.M)
_START = """\
# "{title}", a study notebook: run it from the top.
# It needs the course's package: `make lab` has it; elsewhere %pip install FOLDER, the course's.
try:
    from descent.exercises import check, hint
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        f"this notebook needs the package of its course ({{missing}}). In a cell of its own run "
        "%pip install FOLDER, where FOLDER is the course's, the one that holds pyproject.toml. "
        "Then restart the kernel.") from None"""
# Where the course is published, a notebook gets the package itself.
_START_ANYWHERE = """\
# "{title}", a study notebook: run it from the top.
# It needs the course's package; where that is missing, this cell installs it.
try:
    from descent.exercises import check, hint
except ModuleNotFoundError:
    %pip install --quiet "{package}"
    from descent.exercises import check, hint"""


class Target(NamedTuple):
    """What a label names: the page, the words of a reference, the whole heading, the anchor."""

    page: str
    words: str
    heading: str
    anchor: str


class Edition(NamedTuple):
    """A study notebook, and by an exercise's label the pieces of code of its solution.

    The notebook knows its own digest, so that it can be told whether somebody has changed it.
    """

    notebook: nbformat.NotebookNode
    solutions: dict


class Course:
    """The pages of the book in a folder, and what every label in them stands for.

    `pages` holds the study edition's as notebooks, by name and in the order of the book; `folder`
    where each lies; `wanted` the labels of sections that one of them refers to. `package` is what
    pip installs for a notebook, where the course is published.
    """

    def __init__(self, root, package=None):
        self.package = package
        self.root, self.pages, self.targets, self.folder = Path(root), {}, {}, {}
        self.wanted = set()
        self.bibliography = parse_file(str(self.root / "references.bib"), encoding="utf8")
        number = 0
        for part in contents(self.root):
            for file in part.files:
                number += part.numbered
                self._read(file, number)

    def _read(self, file, number):
        path, name = self.root / f"{file}.ipynb", Path(file).name
        chapter = path.is_file()
        page = (nbformat.read(path, as_version=4) if chapter
                else _notebook(path.with_suffix(".md").read_text(encoding="utf8")))
        if chapter or name in _PAGES:
            self.pages[name], self.folder[name] = page, path.parent
            for cell in page.cells:
                self.wanted.update(_SECTION.findall(cell.source))
        count = Counter()
        for cell in page.cells:
            for part in _parts(name, cell) if cell.cell_type == "markdown" else ():
                if part.kind in ("prf:theorem", *_EXERCISES) and "label" not in part.options:
                    raise ValueError(f"{name}, cell {cell.id}: no label: {part.kind} {part.title}")
                self._count(name, number, count, part)

    def _count(self, page, chapter, count, part):
        def put(label, kind, form, title=""):
            count[kind] += 1
            words = form.format(f"{chapter}.{count[kind]}")
            self.targets[label] = Target(page, words, f"{words}: {title}" if title else words,
                                         label)

        if part.kind == "prf:theorem":
            put(part.options["label"], "theorem", "Theorem {}")
        elif part.kind in _EXERCISES:
            effort = EFFORT.fullmatch(part.title)
            put(part.options["label"], "exercise", "Exercise {}",
                effort[1] if effort else part.title)
        elif part.kind is None:
            for _, heading in _HEADING.findall(part.text):
                self.targets[f"{page}#{anchor(heading)}"] = Target(
                    page, heading.replace("`", ""), heading, anchor(heading))
        if part.kind != "code":
            for _, label in _EQUATION.findall(part.text):
                if label:
                    put(label, "equation", "({})")


def _parts(page, cell):
    try:
        return parts(cell.source)
    except ValueError as error:
        raise ValueError(f"{page}, cell {cell.id}: a fence: {error}") from None


def _notebook(text):
    """Return a page of Markdown as a notebook with a cell for each section."""
    sections = re.split(r"\n(?=## )", text)
    return new_notebook(cells=[new_markdown_cell(section.strip("\n"), id=f"section-{number}")
                               for number, section in enumerate(sections, start=1)])


def translate(course, name, executed):
    """Return the `Edition` of a page, given its notebook with the outputs of a run.

    Raises ValueError, with page, cell and text, for what has no translation.
    """
    return _Translation(course, name, executed).edition()


def digest(notebook):
    """Return a hash over the kinds and the sources of a notebook's cells, whatever they print."""
    text = "\0".join(f"{cell.cell_type}\0{cell.source}" for cell in notebook.cells)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def stamped(notebook):
    """Return the notebook, which knows its own digest now."""
    notebook.metadata["descent"] = {"edition": digest(notebook)}
    return notebook


def linked(editions):
    """Return a dict of `Edition`s whose links into each other lead to cells.

    JupyterLab finds a cell in a notebook that it has just opened, but no anchor: of that notebook
    nothing is drawn yet.
    """
    places = {(name, anchor): cell.id for name, edition in editions.items()
              for cell in edition.notebook.cells if cell.cell_type == "markdown"
              for anchor in re.findall(r'<a id="([^"]+)"></a>', cell.source)}
    for edition in editions.values():
        for cell in edition.notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = re.sub(
                    r"\]\((\w+)\.ipynb#([^()\s]+)\)",
                    lambda to: f"]({to[1]}.ipynb#cell-id={places[to[1], to[2]]})", cell.source)
        stamped(edition.notebook)
    return editions


class _Translation:
    """A page on its way into a study notebook."""

    def __init__(self, course, name, executed):
        self.course, self.name, self.executed = course, name, executed
        self.values = {key: value for key, (value, _) in glued(executed.cells).items()}
        self.cells, self.buffer, self.cited = [], [], []
        self.told, self.code = {}, {}  # of each solution: what is read, and what can be run
        self.exercise = self.solution = None  # the labels of those that stand open
        self.later = []  # code of solutions that a later cell needs

    def edition(self):
        for cell in self.executed.cells:
            self.source, self.made = cell, 0
            if cell.cell_type == "code":
                self._code(cell)
                continue
            for part in _parts(self.name, cell):
                self._part(part)
            self._flush()
        self._close()
        for cell in self.cells:
            self.source = cell
            prose = "\n".join(part.text for part in _parts(self.name, cell)
                              if part.kind != "code") if cell.cell_type == "markdown" else ""
            prose = _INLINE.sub(lambda found: "" if found["code"] else found[0], prose)
            if raw := _RAW.search(re.sub(r"\$\$.*?\$\$|\$[^$]+\$", "", prose, flags=re.S)):
                self._refuse("raw MyST", raw[0])
        metadata = {"kernelspec": self.executed.metadata.get("kernelspec", {
            "display_name": "Python 3", "language": "python", "name": "python3"})}
        return Edition(stamped(new_notebook(cells=self.cells, metadata=metadata)), self.code)

    def _close(self):
        """Add what stands at the end, and at the start."""
        if self.cited:
            self._add("works-cited", self._works())
        if self.told:
            self._add("solutions", "## Solutions\n\nEach opens by a click on its line.")
        for label, pieces in self.told.items():
            summary = f"<summary><b>{html.escape(self._target(label).heading)}</b></summary>"
            body = "\n\n".join([f'<a id="solution-{label}"></a>', f"<details>\n{summary}", *pieces,
                                "</details>"])
            self._add(f"solution-{label}", body)
        if any(cell.cell_type == "code" for cell in self.cells):
            title = _HEADING.search(self.executed.cells[0].source)[2].replace("`", "")
            package = self.course.package
            start = (_START_ANYWHERE if package else _START).format(title=title, package=package)
            self.cells.insert(0, new_code_cell(start, id="study"))

    def _add(self, name, text, metadata=None):
        self.cells.append(new_markdown_cell(text, id=name, metadata=metadata or {}))

    def _refuse(self, what, text):
        raise ValueError(f"{self.name}, cell {self.source.id}: {what}: {text}")

    # Blocks

    def _part(self, part):
        if part.kind is None:
            open_part, *deeper = re.split(f"^{re.escape(DEEPER)}\n", part.text, flags=re.M)
            self.buffer.append(self._inline(open_part))
            for section in deeper:
                self._flush()
                heading, _, text = section.partition("\n")
                self.buffer.append(self._inline(heading))
                self._flush(_COLLAPSED)
                self.buffer.append(self._inline(text))
        elif part.kind == "code":
            self.buffer.append(part.text)
        elif part.kind in _EXERCISES:
            self._begin(part)
        elif part.kind == "exercise-end":
            self._end()
        elif part.kind == "solution-start":
            self._flush()
            self.solution = part.title
            self.told[part.title], self.code[part.title] = [], []
        elif part.kind == "solution-end":
            self._flush()
            self.solution = None
        elif part.kind == "prf:theorem":
            target = self._target(part.options["label"])
            title = f" ({self._inline(part.title)})" if part.title else ""
            self.buffer.append(_quoted(f'<a id="{target.anchor}"></a>**{target.words}{title}.** '
                                       f"{self._inline(part.text)}"))
        elif part.kind == "prf:proof":
            text = f"*Proof.* {self._inline(part.text)}"
            self.buffer.append(_quoted(text + ("\n\n∎" if text.endswith("$$") else " ∎")))
        elif part.kind == "admonition":
            title, text = self._inline(part.title), self._inline(part.text)
            self.buffer.append(
                f"<details>\n<summary><b>{title}</b></summary>\n\n{text}\n\n</details>"
                if "dropdown" in part.options.get("class", "") else
                _quoted(f"**{title}.** {text}"))
        elif part.kind == "literalinclude":
            self.buffer.append(self._listing(part))
        elif part.kind == "first-readings":
            self.buffer.append(self._inline("\n".join(readings(chapters(self.course.root)))))
        elif part.kind == "raw" and part.title == "html" and "file" in part.options:
            file = self.course.root / part.options["file"]
            self.buffer.append(picture(file.read_text(encoding="utf8")))
        else:
            self._refuse("no translation of the directive", part.kind)

    def _begin(self, part):
        self._flush()
        label = self.exercise = part.options["label"]
        self.answered, self.gated = False, part.kind == "exercise-start"
        target, effort = self._target(label), EFFORT.fullmatch(part.title)
        said = [f"*{effort[2].capitalize()}, {effort[3]} minutes.*"] if effort else []
        said += [f"[Solution](#solution-{label})"]
        self.buffer += [f'<a id="{label}"></a>', f"### {self._inline(target.heading)}",
                        " ".join(said)]
        self.statement = part.text
        for inner in parts(part.text):
            self._part(inner)
        if part.kind == "exercise":
            self._end()

    def _end(self):
        self._flush()
        if not self.answered:  # no cell to write in: give it one; for words if nothing is checked
            label, calls = self.exercise, re.findall(r"`(check\(.+?\))`", self.statement)
            lead = f"Your answer to {self._target(label).words.lower()}"
            text = "\n".join(f"# {line}" for line in (lead, *calls))
            cell = {"id": f"answer-{label}", "metadata": {"descent": {"answers": label}}}
            self.cells.append(new_code_cell(text, **cell) if calls or self.gated
                              else new_markdown_cell(f"*{lead} (double-click to write):*", **cell))
        self.exercise = None

    def _flush(self, metadata=None):
        """Make a cell, or a piece of a solution, of what has been gathered."""
        text = "\n\n".join(piece.strip("\n") for piece in self.buffer if piece.strip())
        self.buffer = []
        if text and self.solution:
            self.told[self.solution].append(text)
        elif text:
            self.made += 1
            name = self.source.id
            self._add(name if self.made == 1 else f"{name}-{self.made}", text, metadata)

    def _listing(self, part):
        path, wanted = self.course.folder[self.name] / part.title, part.options.get("pyobject")
        if not path.is_file():
            self._refuse("no such file", part.title)
        code = path.read_text(encoding="utf8")
        if wanted:
            found = ModuleAnalyzer.for_file(str(path), path.stem).find_tags()
            if wanted not in found:
                self._refuse(f"{part.title} holds no", wanted)
            _, first, last = found[wanted]
            code = dedent("\n".join(code.split("\n")[first - 1:last]))
        caption = f"*{part.options['caption']}*\n\n" if "caption" in part.options else ""
        return f"{caption}```python\n{code.strip()}\n```"

    # Cells

    def _code(self, cell):
        source, tags = unglued(cell.source), cell.metadata.get("tags", [])
        if self.solution:
            self.code[self.solution].append(source)
            self.told[self.solution] += [f"```python\n{source}\n```", *_read(cell.outputs)]
            if "needed-later" in tags:
                self.later.append(new_code_cell(source, id=cell.id, metadata=_FOLDED))
            return
        if not source:
            return
        if self.exercise:
            self.answered = True
            self.cells.append(new_code_cell(source, id=cell.id,
                                            metadata={"descent": {"answers": self.exercise}}))
            return
        self.cells += self.later
        self.later = []
        shown = [output for output in map(_shown, cell.outputs) if output]
        self.cells.append(new_code_cell(source, id=cell.id, outputs=shown,
                                        execution_count=cell.execution_count,
                                        metadata=_FOLDED if "hide-input" in tags else {}))

    # Words

    def _inline(self, text):
        def equation(found):
            label = found[2]
            tag = f" \\tag{{{self._target(label).words[1:-1]}}}" if label else ""
            return f'<a id="{label}"></a>\n\n'*bool(label) + f"$$\n{found[1]}{tag}\n$$"

        def heading(found):
            name = anchor(found[2])
            wanted = f"{self.name}#{name}" in self.course.wanted
            return f'<a id="{name}"></a>\n\n'*wanted + found[0]

        return _INLINE.sub(self._replace, _EQUATION.sub(equation, _HEADING.sub(heading, text)))

    def _replace(self, found):
        if found["code"]:
            return found["code"]
        return self._role(found["role"], found["of"]) if found["role"] else self._link(found)

    def _role(self, role, of):
        if role == "glue:text":
            if of not in self.values:
                self._refuse("nothing is glued as", of)
            return escaped(self.values[of])
        if role in ("cite:t", "cite:p"):
            keys = [key.strip() for key in of.split(",")]
            self.cited += [key for key in keys if key not in self.cited]
            form = "[{} ({})](#{})" if role == "cite:t" else "[{}, {}](#{})"
            works = [form.format(*self._author_year(key), key) for key in keys]
            return ", ".join(works) if role == "cite:t" else f"({'; '.join(works)})"
        if role in ("eq", "prf:ref", "ref"):
            named = re.fullmatch(r"(.+?)\s*<(.+)>", of, re.S)
            target = self._target(named[2] if named else of)
            words = named[1] if named else target.words
            return self._to(target.page, f"#{target.anchor}", words)
        return self._refuse("no translation of the role", f"{{{role}}}`{of}`")

    def _target(self, label):
        if label not in self.course.targets:
            self._refuse("no such label", label)
        return self.course.targets[label]

    def _to(self, page, fragment, words):
        """Return a link to a place of the study edition; words alone where it has no such page."""
        if page not in self.course.pages:
            return words
        file = "" if page == self.name else f"{page}.ipynb"
        return f"[{words}]({file}{fragment})"

    def _link(self, found):
        to, words = found["to"], self._inline(found["words"])
        if re.match(r"https?:|#", to):
            return f"{found['image']}[{words}]({to})"
        path = Path(os.path.normpath(self.course.folder[self.name] / to))
        if not path.is_file():
            self._refuse("no such file", to)
        if found["image"]:  # it comes along, since a notebook travels alone
            kind, data = mimetypes.guess_type(path)[0], base64.b64encode(path.read_bytes()).decode()
            return f"![{' '.join(words.split())}](data:{kind};base64,{data})"
        if path.name == "bibliography.md":
            return f"[{words}](#works-cited)" if self.cited else words
        return self._to(path.stem, "", words) if path.suffix in (".md", ".ipynb") else words

    def _author_year(self, key):
        if key not in self.course.bibliography.entries:
            self._refuse("no such work", key)
        entry = self.course.bibliography.entries[key]
        names = [" ".join(p.prelast_names + p.last_names) for p in entry.persons["author"]]
        who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        return Text.from_latex(who).render_as("text"), entry.fields["year"]

    def _works(self):
        style = find_plugin("pybtex.style.formatting", "unsrt")()
        backend = find_plugin("pybtex.backends", "markdown")()
        listed = style.format_bibliography(self.course.bibliography, self.cited)
        works = [f'- <a id="{entry.key}"></a>{" ".join(entry.text.render(backend).split())}'
                 for entry in listed]
        return "\n".join(['<a id="works-cited"></a>', "", "## Works cited", "", *works])


_FOLDED = {"jupyter": {"source_hidden": True}}
_COLLAPSED = {"jp-MarkdownHeadingCollapsed": True}  # JupyterLab folds what follows the heading


def unglued(source):
    """Return code without the statements that hand numbers to the page, and what only holds them.

    Raises ValueError where such a statement shares its line with another.
    """
    lines, tree = source.split("\n"), ast.parse(source)
    for node in reversed([node for node in _statements(tree) if _only_glue(node)]):
        first, last = lines[node.lineno - 1], lines[node.end_lineno - 1]
        if first[:node.col_offset].strip() or last.encode()[node.end_col_offset:].strip():
            raise ValueError(f"glue shares its line with another statement: {first.strip()}")
        del lines[node.lineno - 1:node.end_lineno]
    left = re.sub(r"\n{4,}", "\n\n\n", "\n".join(lines)).strip("\n")
    statements = ast.parse(left).body
    ends_anew = statements and isinstance(statements[-1], ast.Expr) and not (
        isinstance(tree.body[-1], ast.Expr) and not _only_glue(tree.body[-1]))
    return f"{left};" if ends_anew else left  # else a notebook would show its value


def _statements(node):
    """Yield the outermost statements that `unglued` may drop whole, in order."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child
            if not _only_glue(child):
                yield from _statements(child)


def _only_glue(node):
    if isinstance(node, ast.ImportFrom):
        return node.module == "myst_nb"
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        return isinstance(node.value.func, ast.Name) and node.value.func.id == "glue"
    return isinstance(node, (ast.For, ast.If)) and all(map(_only_glue, node.body + node.orelse))


def picture(figure):
    """Return a figure of `descent.book.plots` as HTML of images, which every front end shows.

    Front ends drop an SVG element from a notebook that they do not trust; they keep an image.
    """
    alt = re.search(r'role="img" aria-label="(.*?)"', figure)[1]
    caption = re.search(r"<figcaption>.*</figcaption>", figure)
    drawings = re.findall(r"<svg.*?</svg>", figure, re.S)
    images, wide = [], {1: 430, 2: 400}.get(len(drawings), 290)  # so that they stand in a row
    for number, drawing in enumerate(drawings):
        width, height = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', drawing).groups()
        paper = re.sub(r"(<svg\b[^>]*?) aria-hidden=\"true\"([^>]*>)",
                       r'\1 color="#1b1f24"\2<rect width="100%" height="100%" fill="#fff"/>',
                       drawing, count=1)
        data = base64.b64encode(paper.encode()).decode()
        tall = round(wide * float(height) / float(width))
        images.append(f'<img alt="{alt if number == 0 else ""}" width="{wide}" height="{tall}" '
                      f'src="data:image/svg+xml;base64,{data}">')
    return f"<figure>{''.join(images)}{caption[0] if caption else ''}</figure>"


def _shown(output):
    """Return an output as a learner sees it, or None: no glue, no widget without its state."""
    if "data" not in output:
        return output
    data = {kind: value for kind, value in output.data.items()
            if not re.search("papermill|widget", kind)}
    if "<figure class=\"descent-figure\"" in data.get("text/html", ""):
        data["text/html"] = picture(data["text/html"])
    return nbformat.from_dict({**output, "data": data, "metadata": {}}) if data else None


def _read(outputs):
    """Return the outputs of a solution as Markdown, less what `check` says of it."""
    found = []
    for output in filter(None, map(_shown, outputs)):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        page = output.get("data", {}).get("text/html", "")
        kept = [line for line in text.split("\n") if not re.fullmatch(r"[\w.]+: right\.", line)]
        if page.startswith("<figure>"):
            found.append(page)
        elif any(kept):
            lines = "\n".join(kept).rstrip().split("\n")
            found.append("\n".join(["It prints:", "", "```text", *lines, "```"]))
    return found


def _quoted(text):
    """Quote a text, each paragraph as one line: JupyterLab would show a > that stands in math."""
    return "\n>\n".join(f"> {' '.join(part.split())}" for part in re.split(r"\n\n+", text))

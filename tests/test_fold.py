import re

import pytest
from docutils import nodes
from nbformat import writes
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from sphinx.application import Sphinx

from descent.book import fold

CELLS = ["# Title\n\nOpen words.\n\n## First\n\nMore.\n\n"
         "{.deeper}\n### Why\n\nHidden.\n\n#### Inside\n\nToo.",
         "{.deeper}\n### How\n\nHidden too.", "## Last\n\nOpen again, [to why](#why)."]


def written(path, text):
    path.write_text(text, encoding="utf8")


def read(path):
    return path.read_text(encoding="utf8")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build two pages, one with folds; return their texts, their scripts, the contents."""
    folder = tmp_path_factory.mktemp("book")
    out = folder / "out"
    written(folder / "conf.py",
            "extensions = ['myst_nb', 'descent.book.fold']\nnb_execution_mode = 'off'\n"
            "myst_enable_extensions = ['attrs_block']\nmyst_heading_anchors = 4\n")
    cells = [*map(new_markdown_cell, CELLS[:2]), new_code_cell("1"), new_markdown_cell(CELLS[2])]
    python = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    written(folder / "index.ipynb", writes(new_notebook(cells=cells, metadata=python)))
    written(folder / "plain.md", "---\norphan: true\n---\n# Plain\n\n## A part\n\nText.\n")
    app = Sphinx(folder, folder, out, out, "html", status=None, warningiserror=True, freshenv=True)
    app.build()
    return {"index": read(out / "index.html"), "plain": read(out / "plain.html"),
            "static": out / "_static", "toc": app.env.tocs["index"]}


def test_marked_sections_are_folded_under_their_headings(site):
    page = site["index"]
    assert re.findall(r'<details class="descent-deeper"><summary><h3>(.*?)</h3>\s*</summary>',
                      page) == ["Why", "How"]
    for text, depth in (("Open words.", 0), ("More.", 0), ("Hidden.", 1), ("Too.", 1),
                        ("Hidden too.", 1), ("Open again,", 0)):
        before = page[:page.index(text)]
        assert before.count("<details") - before.count("</details>") == depth, text


def test_a_fold_keeps_its_anchor_and_its_place_in_the_contents(site):
    assert re.search(r'<section class="deeper" id="why">\s*<details', site["index"])
    assert [entry.astext() for entry in site["toc"].findall(nodes.reference)] == [
        "Title", "First", "Why", "Inside", "How", "Last"]


def test_under_the_title_stands_what_the_first_reading_takes(site):
    lead = re.search(r'</h1>\s*<p class="descent-lead">(.*?)</p>', site["index"])[1]
    assert "about 0 minutes. 2 sections go deeper" in lead
    assert '<button type="button" hidden>' in lead


def test_the_script_comes_where_it_is_of_use(site):
    assert "fold.js" in site["index"]
    assert read(site["static"] / "fold.js") == read(fold._SCRIPT)
    assert not any(word in site["plain"] for word in ("fold.js", "<details", "descent-lead"))

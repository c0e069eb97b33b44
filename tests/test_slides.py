"""Slides from a page: what is shown, in which order, with which notes, and what comes along."""

import re

import pytest
from bs4 import BeautifulSoup

from descent.book import slides

PAGE = """<html><head>
<link rel="stylesheet" href="../_static/book.css?v=1"></head><body>
<article class="bd-article"><section id="one">
<h1><span class="section-number">7. </span>One<a class="headerlink" href="#one">#</a></h1>
<p class="descent-lead">First reading: 3 minutes.</p>
<p>What it is about.</p>
<div class="cell"><details><summary>code</summary></details><div class="cell_output">
<div class="descent-table"><table><tr><td>at a glance</td></tr></table></div></div></div>
<section id="why"><h2>7.1. Why<a class="headerlink" href="#why">#</a></h2>
<p id="p1">Before, see <a href="two.html">Two</a>.</p>
<div class="math" id="equation-a"><span class="eqno">(7.1)</span>\\[x\\]</div>
<p>Between.</p>
<div class="cell"><div class="cell_output"><div class="descent-playground" id="w1"
 data-script="../_static/widgets/w1.js"><p>A widget.</p></div></div></div>
<p>After.</p>
<section id="inner"><h3>7.1.1. Inner</h3><p>Said alone.</p></section>
<section class="deeper" id="folded"><details class="descent-deeper"><summary><h3>Folded</h3>
</summary><div class="math">\\[folded\\]</div></details></section>
</section>
<section id="deeper"><h2>7.2. Deeper</h2><p>Each opens by itself.</p></section>
<section id="exercises"><h2>7.3. Exercises</h2><div class="exercise admonition">
<div class="math">\\[exercise\\]</div></div>
<div class="solution dropdown admonition"><div class="math">\\[solution\\]</div></div></section>
<section id="playground"><h2>7.4. Playground</h2>
<figure class="descent-figure"><div class="descent-panels" role="img" aria-label="A bowl.">
<img src="../_images/bowl.png" alt="A bowl"></div></figure>
<div class="dropdown admonition"><p>Answers</p></div></section>
<section id="references"><h2>References</h2><ul><li>Works</li></ul></section>
</section></article></body></html>"""


@pytest.fixture(scope="module")
def made():
    html, files = slides.deck(PAGE)
    return BeautifulSoup(html, "html.parser"), files


def titles(soup):
    return [slide["aria-label"] for slide in soup.select(".slide")]


def notes(soup, number):
    notes = soup.select(f"#slide-{number} .notes > *")
    return " ".join(" ".join(note.get_text().split()) for note in notes)


def test_each_thing_has_a_slide_and_each_section_a_title(made):
    soup, _ = made
    assert titles(soup) == ["7. One", "7. One", "7.1. Why", "7.1. Why", "7.1. Why", "7.1.1. Inner",
                            "7.4. Playground", "7.4. Playground"]
    shown = [slide.select_one(".shown") for slide in soup.select(".slide")]
    assert [bool(one) for one in shown] == [False, True, False, True, True, False, False, True]
    assert soup.select_one("#slide-4 #equation-a")
    assert soup.select_one("#slide-5 #w1")
    assert soup.select_one("#slide-8 [role=img]")["aria-label"] == "A bowl."


def test_what_is_folded_asked_or_answered_stays_out(made):
    text = made[0].select_one("main").get_text()
    for word in ("folded", "exercise", "solution", "Each opens", "Answers", "Works", "minutes",
                 "code", "#"):
        assert word not in text, word


def test_notes_are_the_text_around(made):
    soup, _ = made
    assert notes(soup, 3) == "Before, see Two."
    assert notes(soup, 4) == "Before, see Two. Between."
    assert notes(soup, 5) == "Between. After."
    assert notes(soup, 6) == "Said alone."
    assert soup.select_one("#slide-1 > p").get_text() == "What it is about."


def test_ids_are_there_once_and_no_link_leads_out(made):
    ids = re.findall(r' id="([^"]+)"', str(made[0]))
    assert len(ids) == len(set(ids))
    assert made[0].select("a[href]") == []


def test_what_comes_along_is_named(made):
    soup, files = made
    assert set(files) == {"_static/book.css", "_static/widgets/w1.js", "_images/bowl.png"}
    assert soup.select_one("#w1")["data-script"] == "_static/widgets/w1.js"
    assert "../" not in str(soup)


def test_a_page_that_shows_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing to show"):
        slides.deck("<html><body><p>No article</p></body></html>")


def test_bad_arguments_and_a_book_that_is_not_built(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        slides.main([])
    assert "run `make book` first" in capsys.readouterr().err
    chapters = tmp_path / "_build/html/chapters"
    chapters.mkdir(parents=True)
    (chapters / "one.html").write_text(PAGE, encoding="utf8")
    with pytest.raises(SystemExit):
        slides.main(["two"])
    assert "NAME must be one of one, got two" in capsys.readouterr().err
    assert not (tmp_path / "_build/slides").exists()

"""What a page gains where the course is published, and that it gains nothing at home."""

import os
import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from PIL import Image

from descent.book import browser, cards
from descent.book.published import Address, address

HERE = {"DESCENT_SITE": "https://who.example/course", "DESCENT_COMMIT": "0123456789" * 4,
        "DESCENT_REPOSITORY": "https://github.com/who/course"}
AWAY = re.compile(r"og:|canonical|github|colab|descent\.pdf|slides/|who\.example")
CONF = """\
html_title = "A course"
extensions = ["sphinx_book_theme", "descent.book.assets", "descent.book.published"]
html_theme = "sphinx_book_theme"
html_theme_options = {"use_download_button": True}
"""
PICTURE = ('<figure class="descent-figure"><div class="descent-panels" role="img" '
           'aria-label="Loss &lt; 1, &quot;at last&quot;"><svg viewBox="0 0 40 10" width="40" '
           'height="10"><rect width="40" height="10" fill="#c00"/></svg></div></figure>')
PAGES = {"index": "Start\n=====\n\nThe first words.\n\n.. toctree::\n\n   chapters/one\n",
         "chapters/one": f"One\n===\n\nWhat it is.\n\n.. raw:: html\n\n   {PICTURE}\n"}


def sphinx(folder, target, **more):
    """Build the book of two pages by a Sphinx of its own."""
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith("DESCENT_")}
    return subprocess.run([sys.executable, "-m", "sphinx", "-W", "-n", "-q", folder, target],
                          env=environment | more, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    (folder / "conf.py").write_text(CONF, encoding="utf8")
    for name, text in PAGES.items():
        path = folder / f"{name}.rst"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf8")
    study = folder / "_build" / "study"
    study.mkdir(parents=True)
    (study / "one.ipynb").write_text("{}", encoding="utf8")
    return folder


@pytest.fixture(scope="module")
def built(source, tmp_path_factory):
    """Return the folders of two builds, at home and published."""
    home, away = (tmp_path_factory.mktemp(name) for name in ("home", "away"))
    for target, more in ((home, {}), (away, HERE)):
        done = sphinx(source, target, **more)
        assert done.returncode == 0, done.stderr
    return home, away


def test_at_home_a_page_knows_no_address(built):
    home, _ = built
    for name in PAGES:
        page = (home / f"{name}.html").read_text(encoding="utf8")
        assert "download-study-button" in page or name == "index"
        assert AWAY.findall(page) == []
    assert not (home / "sitemap.xml").exists()


def test_published_a_page_says_where_it_is_and_what_a_link_to_it_shows(built):
    _, away = built
    page = (away / "chapters/one.html").read_text(encoding="utf8")
    assert '<link rel="canonical" href="https://who.example/course/chapters/one.html"' in page
    tags = dict(re.findall(r'<meta property="(og:[\w:]+)" content="([^"]*)" />', page))
    assert tags["og:url"] == "https://who.example/course/chapters/one.html"
    assert tags["og:title"] == "One"
    assert tags["og:site_name"] == "A course"
    assert tags["og:description"] == "What it is."
    assert tags["og:image"] == "https://who.example/course/_images/cards/one.png"
    assert tags["og:image:alt"] == "Loss < 1, &quot;at last&quot;"
    assert "og:image" not in (away / "index.html").read_text(encoding="utf8")  # it has no figure
    assert 'src="https:' not in page
    assert not (away / "_images/social_previews").exists()


def test_published_a_page_leads_to_colab_its_source_and_an_issue(built):
    _, away = built
    links = re.findall(r'href="(https://[^"]*(?:google|github)[^"]*)"',
                       (away / "chapters/one.html").read_text(encoding="utf8"))
    repository = HERE["DESCENT_REPOSITORY"]
    assert f"{repository}/blob/{HERE['DESCENT_COMMIT']}/chapters/one.rst?plain=1" in links
    assert any(link.startswith(f"{repository}/issues/new?title=") for link in links)
    assert "https://colab.research.google.com/github/who/course/blob/study/one.ipynb" in links
    assert "colab" not in (away / "index.html").read_text(encoding="utf8")  # no study notebook


def test_published_a_page_leads_to_what_make_site_lays_beside_it(built):
    page = (built[1] / "chapters/one.html").read_text(encoding="utf8")
    assert 'href="../descent.pdf"' in page
    assert 'href="../slides/one.html"' in page


def test_published_the_site_has_a_map(built):
    _, away = built
    places = ElementTree.parse(away / "sitemap.xml").findall("*/{*}loc")
    assert [place.text for place in places] == [
        "https://who.example/course/chapters/one.html", "https://who.example/course/index.html"]


def test_built_again_at_home_nothing_of_it_is_left(source, built, tmp_path):
    target = tmp_path / "both"
    shutil.copytree(built[1], target)
    assert sphinx(source, target).returncode == 0
    assert not (target / "sitemap.xml").exists()
    pages = "".join(path.read_text(encoding="utf8") for path in target.rglob("*.html"))
    assert AWAY.findall(pages) == []


def test_an_address_is_whole_or_none():
    assert address({}) is address(dict.fromkeys(HERE, "")) is None
    here = address(HERE)
    assert here == address(HERE | {"DESCENT_SITE": "https://who.example/course/"})
    assert here == Address("https://who.example/course/", *(
        HERE[name] for name in ("DESCENT_REPOSITORY", "DESCENT_COMMIT")))
    assert here.package.endswith(f"@ git+https://github.com/who/course@{'0123456789' * 4}")


@pytest.mark.parametrize(("name", "value"), [
    ("DESCENT_SITE", ""), ("DESCENT_SITE", "http://who.example"), ("DESCENT_SITE", "who.example"),
    ("DESCENT_SITE", 'https://who.example/"'), ("DESCENT_REPOSITORY", ""),
    ("DESCENT_REPOSITORY", "https://github.com/who"), ("DESCENT_COMMIT", "main"),
    ("DESCENT_REPOSITORY", "https://github.com/who/course.git"), ("DESCENT_COMMIT", "0" * 39)])
def test_half_an_address_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=f"{name} must be .*, got {re.escape(repr(value))}; "):
        address(HERE | {name: value})


def test_sphinx_refuses_half_an_address(source, tmp_path):
    done = sphinx(source, tmp_path, **HERE | {"DESCENT_COMMIT": "main"})
    assert done.returncode == 2
    assert "DESCENT_COMMIT must be a commit's 40 hexadecimal digits, got 'main'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_card_is_the_title_and_the_first_figure(built):
    if not browser.find():
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("no Chromium or Chrome")
    _, away = built
    with pytest.raises(ValueError, match=r"index\.html: no figure"):
        cards.draw(away, [away / "index.html"])
    (card,) = cards.draw(away, [away / "chapters/one.html"])
    assert card == away / "_images/cards/one.png"
    with Image.open(card) as picture:
        assert picture.size == (1200, 630)
        colors = [picture.convert("RGB").getpixel(place) for place in ((600, 380), (8, 8))]
    assert colors == [(204, 0, 0), (255, 255, 255)]


def test_cards_want_a_built_book(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        cards.main([])
    assert "build the book first" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []

"""The book on paper: two chapters of it, printed by the code that prints all of them."""

import re
from pathlib import Path

import lxml.html
import pikepdf
import pypdfium2
import pytest

from descent.book import paper, pdf

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"
NAMES = ("adopt", "ladder")
PLAIN = '<div class="paper-part"><h1 id="one">One</h1>{}</div>'

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def printed(tmp_path_factory, browser):  # it skips or fails where there is none
    target = tmp_path_factory.mktemp("pdf") / "two.pdf"
    pdf.write(ROOT, target, NAMES)
    return target


@pytest.fixture(scope="module")
def opened(printed):
    with pikepdf.open(printed) as opened:
        yield opened


@pytest.fixture(scope="module")
def words(printed):
    """Return the words of each page, in one line."""
    with pypdfium2.PdfDocument(printed) as opened:
        return [flat(page.get_textpage().get_text_range()) for page in opened]


@pytest.fixture
def press(tmp_path, browser):
    """Return a function that prints a piece of HTML."""
    def press(inside, **options):
        part = paper.Part("One", lxml.html.fragment_fromstring(PLAIN.format(inside)))
        return paper.print_pages([part], tmp_path / "one.pdf", SITE, **options)

    return press


def flat(text):
    return re.sub(r"\s+", "", text.replace("\ufffe", "-"))


def elements(opened):
    """Return the elements of a PDF by which it is read aloud, in order."""
    ahead, found = [opened.Root.StructTreeRoot.K], []
    while ahead:
        one = ahead.pop()
        if isinstance(one, pikepdf.Array):
            ahead.extend(reversed(list(one)))
        elif isinstance(one, pikepdf.Dictionary) and "/S" in one:
            found.append(one)
            ahead.extend([one.K] if "/K" in one else [])
    return found


def bookmarks(items):
    return [(item.title, bookmarks(item.children)) for item in items]


def notes(opened):
    return [(k, note) for k, page in enumerate(opened.pages) for note in page.get("/Annots", [])]


def number(opened, place):
    return [page.objgen for page in opened.pages].index(place[0].objgen)


def resolved(opened, place):
    """Return where a link leads: a page's place, also where it only has a name."""
    if not isinstance(place, pikepdf.Array):
        place = opened.Root.Dests[place]
    return place.D if isinstance(place, pikepdf.Dictionary) else place


def test_every_page_shows_all_it_has(printed):
    assert paper.clipped(printed) == []


def test_sections_are_bookmarks(opened):
    with opened.open_outline() as outline:
        contents, *chapters, answers = bookmarks(outline.root)
    assert (contents, answers[0]) == (("Contents", []), "Solutions")
    for name, (title, sections) in zip(NAMES, chapters, strict=True):
        body = pdf.read(SITE, f"chapters/{name}").part.body
        expected = [flat(heading.text_content()) for heading in body.iter("h1", "h2")]
        assert [flat(title), *(flat(title) for title, _ in sections)] == expected
        below = [flat(heading.text_content()) for heading in body.iter("h3")]
        assert [flat(title) for _, deeper in sections for title, _ in deeper] == below != []


def test_contents_name_the_page_of_every_heading(opened, words):
    count = 0
    for page, note in notes(opened)[:200]:
        if not words[page].startswith("Contents"):
            continue
        left, low, right, high = map(float, note.Rect)
        text = pypdfium2.PdfDocument(opened.filename)[page].get_textpage()
        heading, shown = re.fullmatch(
            r"(.*?)(\d+)", flat(text.get_text_bounded(left - 1, low - 1, right + 1, high + 1))
        ).groups()
        place = number(opened, resolved(opened, note.Dest))
        assert int(shown) == place + 1
        assert heading in words[place]
        assert words[place].endswith(shown) or shown in words[place][:80] + words[place][-80:]
        count += 1
    assert count > 20


def test_links_lead_somewhere(opened, words):
    inside = [(page, number(opened, resolved(opened, note.Dest))) for page, note in notes(opened)
              if "/Dest" in note]
    outside = [str(note.A.URI) for _, note in notes(opened) if "/A" in note]
    assert len(inside) > 60
    assert any(to > page + 10 for page, to in inside)
    assert outside
    assert [address for address in outside if not re.match("https?://", address)] == []


def test_a_link_from_chapter_to_chapter_finds_what_it_names(opened, words):
    first, second = (next(k for k, text in enumerate(words) if k > 2 and flat(title) in text[:200])
                     for title in ("20.", "26."))
    across = [(page, number(opened, resolved(opened, note.Dest))) for page, note in notes(opened)
              if "/Dest" in note and first <= page < second]
    assert [to for _, to in across if to >= second]


def test_solutions_stand_at_the_end_and_exercises_say_so(words):
    start = next(k for k, text in enumerate(words) if text.startswith("SolutionsSolutions"))
    assert not any("SolutiontoExercise" in text for text in words[:start])
    assert any("Solution:attheendofthebook" in text for text in words[:start])
    assert any("SolutiontoExercise20.1" in text for text in words[start:])
    inside = pdf.read(SITE, "chapters/errors")  # where exercises are deeper, too
    assert len(inside.solutions) > 12
    assert inside.part.body.find_class("solution") == []
    assert any("Answers(20.12.Playground)" in text for text in words[start:])


def test_it_reads_aloud(opened):
    found = elements(opened)
    kinds = {str(one.S) for one in found}
    assert {"/Document", "/Part", "/H1", "/H2", "/P", "/Code", "/Table", "/TH", "/Figure"} <= kinds
    said = [str(one.Alt) for one in found if "/Alt" in one]
    assert any("\\theta" in words for words in said)
    pictures = re.findall(r'class="descent-panels" role="img" aria-label="([^"]+)"',
                          "".join((SITE / "chapters" / f"{name}.html").read_text(encoding="utf8")
                                  for name in NAMES))
    assert {flat(words)[:60] for words in pictures} <= {flat(words)[:60] for words in said}
    assert not any(one.S == "/NonStruct" and isinstance(one.get("/K"), int) for one in found)
    tree = pikepdf.NumberTree(opened.Root.StructTreeRoot.ParentTree)
    for page in opened.pages:
        for one in tree[page.StructParents]:
            assert one.S is not None
    assert opened.Root.Lang == "en"


def test_fonts_come_along_and_pictures_are_drawn(opened):
    fonts = [one for one in opened.objects if isinstance(one, pikepdf.Dictionary)
             and one.get("/Type") == "/Font" and one.Subtype != "/Type0"]
    assert fonts
    assert all("/CharProcs" in font or {"/FontFile", "/FontFile2", "/FontFile3"}
               & set(font.FontDescriptor.keys()) for font in fonts)
    assert [one for one in opened.objects if isinstance(one, pikepdf.Stream)
            and one.get("/Subtype") == "/Image"] == []


def test_paper_is_light(printed):
    with pypdfium2.PdfDocument(printed) as opened:
        for page in opened:
            pixels = page.render(scale=0.2, grayscale=True).to_numpy()
            assert pixels[0, 0] == 255
            assert pixels.mean() > 190


def test_the_short_book_has_the_first_readings_alone(tmp_path, browser):
    target = tmp_path / "short.pdf"
    pdf.write(ROOT, target, NAMES[:1], short=True, paper="letter")
    assert paper.clipped(target, "letter") == []
    with pypdfium2.PdfDocument(target) as opened:
        assert opened[0].get_size() == pytest.approx((612, 792), abs=1)
        text = flat("".join(page.get_textpage().get_text_range() for page in opened))
    assert "Leftoutofthisshortbook" in text
    assert "Listing20.1" in text
    deeper = lxml.html.parse(SITE / "chapters" / "adopt.html").getroot().xpath(
        "//details[@class='descent-deeper']/summary/h3")
    assert len(deeper) > 3
    assert [heading.text_content() for heading in deeper
            if flat(heading.text_content().rstrip("#")) in text] == []


@pytest.mark.parametrize(("inside", "words"), [
    ('<p style="white-space: nowrap">{}</p>'.format("a line too long " * 12), "beyond the margin"),
    ("<table><tr>{}</tr></table>".format("<td>unbreakable</td>" * 40), "shrunk to"),
    ('<p>One.</p><div style="break-before: page; height: 99mm"></div>', "page 2: empty"),
    ('<p style="position: absolute; top: -30mm">Above the page</p>', "beyond the margin"),
    ('<p style="position: absolute; left: -30mm">Left of it</p>', "beyond the margin"),
])
def test_what_would_clip_is_not_written(press, tmp_path, inside, words):
    with pytest.raises(ValueError, match=f"(?s)is not written.*{words}"):
        press(inside)
    assert list(tmp_path.iterdir()) == []


def test_what_a_pdf_has_beyond_its_margins_is_seen(browser, tmp_path):
    page = browser.new_page()
    page.set_content('<p>in the margin<p style="margin: 99mm">within')
    for options, expected in [({}, "page 1: beyond the margin: 'in the"),
                              ({"format": "Letter"}, "page 1: not of the paper's size")]:
        page.pdf(path=tmp_path / "x.pdf", **{"format": "A4"} | options)
        assert any(said.startswith(expected) for said in paper.clipped(tmp_path / "x.pdf"))
    page.close()


def test_what_is_a_little_too_wide_is_made_smaller(press, tmp_path):
    assert press("<table><tr>{}</tr></table>".format("<td>unbreakable</td>" * 14)) == 1
    assert paper.clipped(tmp_path / "one.pdf") == []


def test_a_long_line_of_code_goes_on_below(press, tmp_path):
    press("<pre>{}</pre>".format("name = value; " * 20))
    with pypdfium2.PdfDocument(tmp_path / "one.pdf") as opened:
        assert opened[0].get_textpage().get_text_range().count("value") == 20


def test_a_slip_is_refused(press, tmp_path):
    with pytest.raises(ValueError, match="paper must be one of a4, letter, got 'a5'"):
        press("", paper="a5")
    with pytest.raises(ValueError, match=r"NAME must be one of intro, .*, got sdg"):
        pdf.write(ROOT, tmp_path / "x.pdf", ["sdg"])
    with pytest.raises(ValueError, match="is not there: build the book first"):
        pdf.read(tmp_path, "chapters/sgd")

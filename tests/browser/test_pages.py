"""Every page of the built book, in a real browser."""

import re
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin

import axe_playwright_python
import pytest

SITE = Path(__file__).parents[2] / "_build" / "html"
AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js")
PAGES = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html")
               if not path.relative_to(SITE).parts[0].startswith("_")) or ["index.html"]
WITH_PLAYGROUND = [name for name in PAGES
                   if (SITE / name).is_file() and "descent-playground" in (SITE / name).read_text()]
# The theme's own two, on every page: its search button and theme switch, and its logo.
THEMES = {"label-content-name-mismatch", "region"}
PHONE = {"width": 390, "height": 844}

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", PAGES)
def test_page_asks_no_third_party_and_throws_nothing(visit, name):
    page = visit(name)
    assert page.foreign == []
    assert page.errors == []
    sources = page.eval_on_selector_all("[src], link[href]", "all => all.map(e => e.src || e.href)")
    home = urljoin(page.url, "/")
    assert [s for s in sources if not s.startswith((home, "data:", "blob:"))] == []


@pytest.mark.parametrize("name", PAGES)
def test_pictures_say_what_they_show(visit, name):
    page = visit(name)
    texts = page.eval_on_selector_all(
        "main img", "all => all.map(e => [e.src, e.getAttribute('alt') ?? ''])")
    assert [src for src, alt in texts if len(alt) < 20 or "/" in alt.split(" ")[0]] == []
    figures = page.locator(".descent-figure")
    drawn = figures.locator("> .descent-panels[role=img]")
    assert drawn.count() == figures.count()
    assert all(len(one.get_attribute("aria-label") or "") >= 20 for one in drawn.all())
    unnamed = page.eval_on_selector_all(
        "main svg", "all => all.filter(e => !e.closest('[role=img][aria-label], [aria-hidden=true],"
        " a, button, label, .admonition-title')).map(e => e.outerHTML.slice(0, 80))")
    assert unnamed == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(visit, name, scheme):
    page = visit(name, color_scheme=scheme)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found if v["id"] not in THEMES] == []


@pytest.mark.parametrize("name", PAGES)
def test_no_horizontal_scroll_on_a_phone(visit, name):
    page = visit(name, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("name", PAGES)
def test_internal_links_lead_somewhere(visit, site, name):
    page = visit(name)
    links = page.eval_on_selector_all("a[href]", "all => all.map(e => e.href)")
    for link in {link for link in links if link.startswith(site)}:
        address, fragment = urldefrag(link)
        target = SITE / unquote(address.removeprefix(site) or "index.html")
        assert target.is_file(), link
        if fragment and target.suffix == ".html":
            text = target.read_text(encoding="utf8")
            assert any(f'id={q}{unquote(fragment)}{q}' in text for q in "\"'"), link


@pytest.mark.parametrize("name", PAGES)
def test_hidden_solutions_open(visit, name):
    page = visit(name)
    solutions = page.locator("div.solution.dropdown")
    for solution in solutions.all():
        content = solution.locator("section, .section").first
        assert not content.is_visible()
        solution.locator(".toggle-button").first.click()
        assert content.is_visible()


# Where the far end of all sliders diverges; steps of bounded length do not.
DIVERGING = {f"chapters/{name}.html" for name in ("sgd", "adagrad", "rmsprop",
                                                      "schedulers")}


def picture(playground):
    return playground.locator("svg path").evaluate_all("all => all.map(e => e.getAttribute('d'))")


@pytest.mark.parametrize("how", ["keyboard", "mouse"])
@pytest.mark.parametrize("name", WITH_PLAYGROUND)
def test_every_control_of_a_playground_changes_picture_and_words(visit, name, how):
    page = visit(name)
    for playground in page.locator(".descent-playground").all():
        for control in playground.locator("input[type=range], select").all():
            if not control.is_visible():  # a knob that this schedule has not
                continue
            before, label = picture(playground), control.evaluate("e => e.labels[0].textContent")
            words = playground.locator("[role=status]").inner_text()
            here, last = control.evaluate("e => e.options ? [e.selectedIndex, e.options.length - 1]"
                                          " : [+e.value, +e.max]")
            if how == "keyboard":
                control.focus()
                page.keyboard.press({True: "ArrowLeft", False: "ArrowRight"}[here > 0])
            elif control.evaluate("e => e.tagName") == "SELECT":
                control.select_option(index=0 if here else last)  # its list is the system's own
            else:
                box = control.bounding_box()
                far = box["width"] * (0.9 if here < last / 2 else 0.1)
                control.click(position={"x": far, "y": box["height"] / 2})
            assert picture(playground) != before, label
            if label != "step":
                assert playground.locator("[role=status]").inner_text() != words, label


@pytest.mark.parametrize("name", WITH_PLAYGROUND)
def test_a_playground_draws_no_garbage_where_it_diverges(visit, name):
    page = visit(name)
    for playground in page.locator(".descent-playground").all():
        for menu in playground.locator("select").all():
            menu.select_option(index=0)
        for slider in playground.locator("input[type=range]:visible").all():
            slider.focus()
            page.keyboard.press("End")
        assert not any("NaN" in d or "Infinity" in d for d in picture(playground) if d)
        words = playground.locator("[role=status]").inner_text()
        assert "diverges" in words if name in DIVERGING else re.search(
            r"the loss (falls|grows) from \d|ends at a loss of \d", words)


@pytest.mark.parametrize("name", WITH_PLAYGROUND)
def test_a_playground_works_from_a_file(visit, name):
    page = visit(name, base=f"{SITE.as_uri()}/")
    assert page.errors == []
    playground = page.locator(".descent-playground").first
    before = picture(playground)
    slider = playground.locator("input[type=range]").first
    slider.press("ArrowLeft" if slider.evaluate("e => e.value === e.max") else "ArrowRight")
    assert picture(playground) != before

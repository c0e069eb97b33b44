"""The built book in Firefox and WebKit, opened from a file as by a double click.

A smoke: that each kind of thing that is on the pages works there at all, on the few pages that have
them all. What a page shows is proved in Chromium, by the other tests.
"""

import os

import pytest
from engines import ENTER, LEFT, RIGHT, Firefox, WebKit
from reading import PATHS, SITE, covering
from test_pages import BUILT

from descent.book.browser import find

pytestmark = pytest.mark.browser

FEW = covering(BUILT)
# The index has nothing, and goes on to the first page.
THERE = "() => document.readyState === 'complete' && document.querySelector('main') !== null"
# Formulas that are not drawn, and fonts that did not load.
UNDRAWN = """async () => {
    await globalThis.MathJax?.startup?.promise;
    await document.fonts.ready;
    const bare = [...document.querySelectorAll(".math")].filter(
        (math) => !math.querySelector("mjx-math *") || math.querySelector("mjx-merror"));
    const fonts = [...document.fonts].filter((font) => font.status === "error");
    return [...bare.map((math) => math.textContent), ...fonts.map((font) => font.family)];
}"""
UNFOLD = "() => document.querySelectorAll('details').forEach((fold) => { fold.open = true; })"
PLAYGROUND = """() => [...document.querySelectorAll(".descent-playground")]
    .findIndex((place) => place.closest("section#playground"))"""
COUNT = "() => document.querySelectorAll('.descent-playground').length"
DRAWN = """(k) => {
    const place = document.querySelectorAll(".descent-playground")[k];
    place.scrollIntoView({ behavior: "instant" });
    return place.dataset.ready === "1";
}"""
PICTURE = f"""(k) => ({PATHS})(document.querySelectorAll(".descent-playground")[k]).join()"""
CONTROLS = """(k) => [...document.querySelectorAll(".descent-playground")[k]
    .querySelectorAll("input, select")].filter((one) => one.checkVisibility())
    .map((one) => one.id)"""
# Focuses a slider and returns where it can go; moves another control, whose keys are the system's.
TOUCH = """(id, left, right) => {
    const control = document.getElementById(id);
    control.focus();
    if (control.type === "range") return +control.value < +control.max ? right : left;
    if (control.type === "checkbox") {
        control.click();
    } else {
        control.selectedIndex = control.selectedIndex ? 0 : 1;
        control.dispatchEvent(new Event("input"));
    }
    return null;
}"""
# A box stands as before: the last of several has to stay.
RETICK = """(id) => {
    const control = document.getElementById(id);
    if (control.type === "checkbox") control.click();
}"""

# The page whose playground is computed anew soonest.
PAGE = "chapters/adagrad.html"
EXERCISE = "adagrad.bound"
PLACE = f"[data-exercise='{EXERCISE}']"
ANSWER = "def bound(D, G, c):\n    return (c + 1 / c) * D * (G / 2) ** 0.5"
SOLVED = """(exercise) => document.querySelector(exercise).closest(".exercise")
    .querySelector(".admonition-title").innerText.includes("✓ solved")"""
SOLVED_ROW = """(name) => [...document.querySelectorAll("table.exercises tr")]
    .find((row) => row.innerText.includes(name)).innerText.includes("✓ solved")"""
INDEX_SAYS = "() => document.querySelector('.descent-progress').innerText"


class Editor:
    """An editor on a page, as a reader uses it."""

    def __init__(self, engine, place):
        self.engine, self.place = engine, f"{place} .descent-editor"

    def ask(self, function, *arguments):
        """Return what a function returns of the editor."""
        return self.engine.evaluate(f"(place, ...more) => ({function})"
                                    "(document.querySelector(place), ...more)",
                                    self.place, *arguments)

    def text(self):
        return self.ask("(editor) => editor.querySelector('textarea').value")

    def write(self, text):
        """Put a text in place of all, which the page takes for typed: keys take their time."""
        self.ask("""(editor, text) => {
            const area = editor.querySelector("textarea");
            area.focus();
            area.select();
            document.execCommand(text ? "insertText" : "delete", false, text);
        }""", text)

    def press(self, button):
        self.engine.click(f"{self.place} [name={button}]")

    def says(self):
        """Return what is said when Python has answered."""
        self.engine.wait("(place) => !document.querySelector(place).hasAttribute('data-busy')",
                         self.place, seconds=180)
        return self.ask("(editor) => editor.querySelector('[role=status]').innerText.trim()")

    def says_of(self, text, button="check"):
        self.write(text)
        self.press(button)
        return self.says()

    def stop(self):
        """Press Stop as soon as something runs."""
        self.engine.wait("(place) => document.querySelector(place)"
                         ".querySelector('[name=stop][aria-disabled=false]')", self.place)
        self.press("stop")

    def timed(self):
        """Press Check and return the milliseconds until the verdict is there."""
        return self.ask("""async (editor) => {
            const begin = performance.now();
            editor.querySelector("[name=check]").click();
            while (editor.hasAttribute("data-busy")) await new Promise((done) => setTimeout(done));
            return performance.now() - begin;
        }""")


@pytest.fixture(scope="class")
def engine(request):
    """Start the browser; without one, skip (fail where CI=true)."""
    kind = request.cls.kind
    if find(kind.__name__) is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no {kind.__name__}")
    engine = kind(SITE)
    yield engine
    engine.close()


@pytest.fixture
def page(engine):
    """Open the page, or stay on it: Python takes its time to start."""
    if not engine.evaluate("(page) => location.pathname.endsWith(page)", PAGE):
        engine.open(PAGE)


class Smoke:
    @pytest.mark.parametrize("name", FEW, ids=lambda name: name.removesuffix(".html"))
    def test_a_page_is_drawn_and_its_widgets_move(self, engine, name):
        engine.open(name)
        engine.wait(THERE)
        assert engine.evaluate(UNDRAWN) == []
        engine.evaluate(UNFOLD)
        for k in range(engine.evaluate(COUNT)):
            engine.wait(DRAWN, k)
            for control in engine.evaluate(CONTROLS, k):
                before = engine.evaluate(PICTURE, k)
                if key := engine.evaluate(TOUCH, control, LEFT, RIGHT):
                    engine.press(key)
                assert engine.evaluate(PICTURE, k) != before, control
                engine.evaluate(RETICK, control)
        assert engine.errors() == []

    def test_an_exercise_is_answered_and_a_loop_stopped(self, engine, page):
        editor = Editor(engine, PLACE)
        first, *later = (editor.timed() for _ in range(4))
        print(f"\n{self.kind.__name__}: first click to verdict {first / 1000:.1f} s; "
              f"a later check {min(later):.0f} ms")
        assert "Not written yet" in editor.says()
        editor.write("")
        engine.press(ANSWER.replace("\n    ", ENTER))  # the editor indents
        assert editor.text() == ANSWER
        editor.press("check")
        assert editor.says() == "Right."
        assert engine.evaluate(SOLVED, PLACE)
        assert "Not yet" in editor.says_of(ANSWER.replace("1 / c", "2 / c"))

        editor.write("while True: pass")
        editor.press("check")
        editor.stop()
        assert editor.says() == "Stopped."
        assert editor.says_of(ANSWER) == "Right."
        engine.rest()  # the loop has ended, and was not only left alone
        assert engine.errors() == []

    def test_a_changed_rule_is_drawn(self, engine, page):
        k = engine.evaluate(PLAYGROUND)
        engine.wait(DRAWN, k)
        engine.wait("() => document.querySelector('.descent-rule') !== null")
        engine.click(".descent-rule summary")
        rule, before = Editor(engine, ".descent-rule"), engine.evaluate(PICTURE, k)
        changed = rule.text().replace("lr=lr)", "lr=lr / 2)")
        assert "Your rule is drawn" in rule.says_of(changed, "run")
        assert engine.evaluate(PICTURE, k) != before
        assert engine.errors() == []

    def test_what_is_typed_and_solved_is_kept(self, engine, page):
        editor = Editor(engine, PLACE)
        assert editor.says_of(ANSWER) == "Right."
        editor.write(ANSWER)
        engine.press("  # a thought")
        assert engine.errors() == []
        engine.reload()
        assert editor.text() == f"{ANSWER}  # a thought"
        assert engine.evaluate(SOLVED, PLACE)
        assert engine.errors() == []
        engine.open("exercises.html")
        assert self.index_says in engine.evaluate(INDEX_SAYS)
        assert engine.evaluate(SOLVED_ROW, EXERCISE) == self.index_sees
        assert engine.errors() == []


class TestFirefox(Smoke):
    kind, index_sees, index_says = Firefox, False, "for each page by itself"


class TestWebKit(Smoke):
    kind, index_sees, index_says = WebKit, True, "You have solved 1 of the"

"""Every page of the built book in Firefox and WebKit, opened from a file as by a double click.

A smoke: that a page works there at all. What it shows is proved in Chromium, by the other tests.
"""

import os

import pytest
from engines import ENTER, LEFT, RIGHT, Firefox, WebKit
from test_pages import BUILT, SITE

from descent.book.browser import find

pytestmark = pytest.mark.browser

# Formulas that are not drawn, and fonts that did not load.
UNDRAWN = """async () => {
    await globalThis.MathJax?.startup?.promise;
    await document.fonts.ready;
    const bare = [...document.querySelectorAll(".math")].filter(
        (math) => !math.querySelector("mjx-math *") || math.querySelector("mjx-merror"));
    const fonts = [...document.fonts].filter((font) => font.status === "error");
    return [...bare.map((math) => math.textContent), ...fonts.map((font) => font.family)];
}"""
COUNT = "() => document.querySelectorAll('.descent-playground').length"
DRAWN = """(k) => {
    const place = document.querySelectorAll(".descent-playground")[k];
    place.scrollIntoView();
    return place.dataset.ready === "1";
}"""
PICTURE = """(k) => [...document.querySelectorAll(".descent-playground")[k]
    .querySelectorAll("svg path")].map((path) => path.getAttribute("d")).join()"""
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

EXERCISE = "[data-exercise='sgd.coast']"
RIGHT_ANSWER = "def coast(b, lr, momentum):\n    return -lr * momentum * b / (1 - momentum)"
# Presses Check and measures until the verdict is there.
TIMED = """async (exercise) => {
    const editor = document.querySelector(exercise).querySelector(".descent-editor");
    const begin = performance.now();
    editor.querySelector("[name=check]").click();
    while (editor.hasAttribute("data-busy")) await new Promise((done) => setTimeout(done, 1));
    return performance.now() - begin;
}"""
IDLE = "(exercise) => !document.querySelector(`${exercise} [data-busy]`)"
CAN_STOP = "(exercise) => document.querySelector(`${exercise} [name=stop][aria-disabled=false]`)"
# Puts a text in place of all, as typing does; keys come one by one, and take their time.
WRITE = """(exercise, text) => {
    const area = document.querySelector(`${exercise} textarea`);
    area.focus();
    area.select();
    document.execCommand(text ? "insertText" : "delete", false, text);
}"""
SAID = "(exercise) => document.querySelector(`${exercise} [role=status]`).innerText.trim()"
TYPED = "(exercise) => document.querySelector(`${exercise} textarea`).value"
SOLVED = """(exercise) => document.querySelector(exercise).closest(".exercise")
    .querySelector(".admonition-title").innerText.includes("✓ solved")"""


@pytest.fixture(scope="class")
def engine(request):
    """Start the browser; without one, skip (fail where CI=true)."""
    kind = request.cls.kind
    if find(kind.__name__) is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no {kind.__name__}")
    engine = kind(SITE)
    yield engine
    engine.close()
INDEX = "() => document.querySelector('.descent-progress').innerText"
MARKED = """(name) => [...document.querySelectorAll("table.exercises tr")]
    .find((row) => row.innerText.includes(name)).innerText.includes("✓ solved")"""


class Smoke:
    @pytest.mark.parametrize("name", BUILT, ids=lambda name: name.removesuffix(".html"))
    def test_a_page_is_drawn_and_its_widgets_move(self, engine, name):
        engine.open(name)
        engine.wait("() => document.querySelector('main')")  # the index goes on to the first page
        assert engine.evaluate(UNDRAWN) == []
        for k in range(engine.evaluate(COUNT)):
            engine.wait(DRAWN, k)
            for control in engine.evaluate(CONTROLS, k):
                before = engine.evaluate(PICTURE, k)
                if key := engine.evaluate(TOUCH, control, LEFT, RIGHT):
                    engine.press(key)
                assert engine.evaluate(PICTURE, k) != before, control
                engine.evaluate(RETICK, control)
        assert engine.errors() == []

    def test_an_exercise_is_answered_and_kept(self, engine):
        engine.open("chapters/sgd.html")
        first, *later = (engine.evaluate(TIMED, EXERCISE) for _ in range(4))
        print(f"\n{type(engine).__name__}: first click to verdict {first / 1000:.1f} s; "
              f"a later check {min(later):.0f} ms")
        assert said(engine).startswith("Not written yet")

        engine.evaluate(WRITE, EXERCISE, "")
        engine.press(RIGHT_ANSWER.replace("\n    ", ENTER))  # indented by the editor
        assert engine.evaluate(TYPED, EXERCISE) == RIGHT_ANSWER
        assert check(engine) == "Right."
        assert engine.evaluate(SOLVED, EXERCISE)
        assert check(engine, RIGHT_ANSWER.replace("-lr", "lr")).startswith("Not yet")

        engine.evaluate(WRITE, EXERCISE, "while True: pass")
        engine.click(f"{EXERCISE} [name=check]")
        engine.wait(CAN_STOP, EXERCISE)
        engine.click(f"{EXERCISE} [name=stop]")
        assert said(engine) == "Stopped."
        assert check(engine, RIGHT_ANSWER) == "Right."
        engine.rest()  # the loop has ended, not only been left alone

        engine.evaluate(WRITE, EXERCISE, RIGHT_ANSWER)
        engine.press("  # a thought")
        assert engine.errors() == []
        engine.reload()
        assert engine.evaluate(TYPED, EXERCISE) == f"{RIGHT_ANSWER}  # a thought"
        assert engine.evaluate(SOLVED, EXERCISE)
        assert engine.errors() == []

        engine.open("exercises.html")
        assert self.index_says in engine.evaluate(INDEX)
        assert engine.evaluate(MARKED, "sgd.coast") == self.index_sees
        assert engine.errors() == []


def check(engine, text=None):
    """Press Check, first with another text, and return what is said then."""
    if text is not None:
        engine.evaluate(WRITE, EXERCISE, text)
    engine.click(f"{EXERCISE} [name=check]")
    return said(engine)


def said(engine):
    engine.wait(IDLE, EXERCISE, seconds=100)
    return engine.evaluate(SAID, EXERCISE)


class TestFirefox(Smoke):
    kind, index_sees, index_says = Firefox, False, "for each page by itself"


class TestWebKit(Smoke):
    kind, index_sees, index_says = WebKit, True, "You have solved 1 of the"

"""What all widgets owe a notebook: a closed view leaves nothing behind, an open one follows.

The module of each is rendered beside a model of the test's own, which counts who listens.
"""

import re

import pytest
from reading import emptied, words

from descent import lab, sgd
from descent.lab import judge
from descent.lab.experiments.benchmark import RACE
from descent.widgets.chooser import chooser
from descent.widgets.designer import schedule_designer
from descent.widgets.explorable import Line, Panel, Picture, explorable
from descent.widgets.playground import playground

pytestmark = pytest.mark.browser


def slope(by):
    return Picture(Panel(Line([[0, 0], [1, by]], "a line")), says=f"It rises by {by}.")


WIDGETS = {"playground": lambda: playground(sgd, lr=[0.1, 0.3, 1.0]),
           "chooser": lambda: chooser({key: one for key, one in judge.outcomes(
               lab.load("benchmark")).items() if key[1] in RACE}),
           "designer": schedule_designer,
           "explorable": lambda: explorable(slope, by=[1, 2, 3])}
MODEL = """async ([source, state]) => {
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const { default: widget } = await import(url);
    const listeners = {};
    globalThis.model = {
        get: (key) => state[key], save_changes() {}, send() {},
        set: (key, value) => {
            state[key] = value;
            (listeners["change:" + key] ?? []).forEach((f) => f());
        },
        on: (event, f) => (listeners[event] ??= []).push(f),
        off: (event, f) => { listeners[event] = (listeners[event] ?? []).filter((g) => g !== f); },
    };
    globalThis.count = () => Object.values(listeners).flat().length;
    const el = document.body.appendChild(document.createElement("div"));
    globalThis.leave = await widget.render({ model, el });
}"""


@pytest.fixture(params=WIDGETS)
def view(request, tab):
    widget = WIDGETS[request.param]()
    page = emptied(tab, "blob:")
    page.set_content("<!doctype html><title>A view</title>")
    state = {name: getattr(widget, name) for name in widget.shared}
    page.evaluate(MODEL, [widget._esm, {**state, "live": False}])
    return page


def test_a_view_that_closes_leaves_no_listener(view):
    assert view.evaluate("count()") > 0
    view.evaluate("leave()")
    assert view.evaluate("count()") == 0


def test_an_open_view_follows_what_another_chooses(view):
    before = words(view)
    view.evaluate("""() => {
        const choice = [...model.get("choice")];
        choice[0] = choice[0] ? 0 : 1;
        model.set("choice", choice);
    }""")
    assert words(view) != before
    assert re.search(r"\w", words(view))


def test_words_are_announced_once_when_they_rest(view):
    says = view.locator("[role=status]")
    view.evaluate("model.set('choice', model.get('choice').map((k, i) => i ? k : (k ? 0 : 1)))")
    assert says.get_attribute("aria-busy") == "true"
    view.wait_for_function("!document.querySelector('[role=status]').hasAttribute('aria-busy')")

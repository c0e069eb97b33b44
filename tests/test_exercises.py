import contextlib
import time

import numpy as np
import pytest

from descent.exercises import Verdict, check, drive, find, names


def cases():
    return [pytest.param(name, mistake, id=f"{name}: {mistake.name}")
            for name in names() for mistake in find(name).mistakes]


@pytest.mark.parametrize("name", names())
def test_reference_passes(name):
    verdict = check(name, find(name).reference)
    assert verdict.ok
    assert verdict.mistake is None


@pytest.mark.parametrize(("name", "mistake"), cases())
def test_every_mistake_is_named(name, mistake, capsys):
    verdict = check(name, mistake.answer)
    assert not verdict.ok
    assert verdict.mistake == mistake.name
    assert capsys.readouterr().out == f"{name}: not yet. {mistake.why}\n"


@pytest.mark.parametrize("name", names())
def test_there_are_at_least_four_mistakes_with_names_of_their_own(name):
    mistakes = [mistake.name for mistake in find(name).mistakes]
    assert len(set(mistakes)) == len(mistakes) >= 4


@pytest.mark.parametrize("name", names())
def test_what_goes_wrong_gets_a_verdict(name):
    def raises(*args, **kwargs):
        return {}["nothing"]

    def shape(*args, **kwargs):
        return np.zeros((2, 2)), 0.0

    def words(*args, **kwargs):
        return "minus lr times g", 0.0

    def unwritten(*args, **kwargs):
        raise NotImplementedError

    assert check(name, raises).mistake == "raises"
    assert check(name, shape).mistake in {"shape", "raises"}
    assert check(name, words).mistake in {"shape", "raises"}
    assert check(name, unwritten).mistake == "not written"
    assert check(name, lambda: 0.0).mistake == "raises"


def test_an_endless_loop_is_stopped(capsys):
    def loops(kappa):
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.01)

    assert check("sgd.steps_to_tenth", loops, seconds=0.2).mistake == "loops"
    assert "0.2 s" in capsys.readouterr().out


def test_a_rule_that_writes_into_its_arguments_is_caught():
    def in_place(p, g, t, b=0.0, *, lr, momentum, dampening):
        b = momentum * b + (g if t == 1 else (1 - dampening) * g)
        p -= lr * b
        return p, b

    assert check("sgd.momentum", in_place).mistake == "in place"


def test_a_rule_that_forgets_its_state_is_told(capsys):
    assert check("adagrad.implement", lambda p, g, t, G=0.0, *, lr, eps: p - lr * g
                 ).mistake == "point alone"
    assert "state" in capsys.readouterr().out


def test_nan_is_no_change_of_the_arguments(capsys):
    def unknown(p, g, t, v=0.0, g_mean=0.0, *, lr, alpha, eps):
        v, g_mean = v + g**2, g_mean + g
        return p - lr * g / np.sqrt(v - 2 * g_mean**2), v, g_mean

    assert check("rmsprop.centered", unknown).mistake == "not a number"
    assert "NaN" in capsys.readouterr().out


def test_an_unknown_wrong_answer_says_where_it_departs(capsys):
    right = find("sgd.same_floor").reference
    assert check("sgd.same_floor", lambda lr, *rest: right(lr, *rest) + (lr == 0.5)).mistake is None
    assert "at (0.5, 2, 4)" in capsys.readouterr().out


def test_bad_input():
    with pytest.raises(ValueError, match=r"sgd\.momentum.*got 'sgd\.nothing'"):
        check("sgd.nothing", abs)
    with pytest.raises(TypeError, match=r"function.*got 0\.18"):
        check("sgd.same_floor", 0.18)


def test_a_verdict_prints_once():
    assert Verdict(True, None, "right.")._ipython_display_() is None


def test_a_rule_is_driven_with_an_lr_that_falls_to_a_tenth_half_way():
    seen = []

    def rule(p, g, t, *, lr, momentum):
        seen.append((t, lr, momentum))
        return (p - lr * g,)

    wheres = [where for where, _ in drive({"lr": 0.5, "momentum": 0.9})(rule)]
    assert [t for t, *_ in seen] == [1, 2, 3, 4, 5, 6]
    assert [lr for _, lr, _ in seen] == pytest.approx([0.5] * 3 + [0.05] * 3, rel=1e-12)
    assert {momentum for *_, momentum in seen} == {0.9}
    assert wheres[0] == "at step 1 with lr=0.5, momentum=0.9"

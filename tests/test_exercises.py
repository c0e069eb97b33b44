import contextlib
import json
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from descent import exercises
from descent.exercises import Verdict, check, drive, find, hint, names, solved
from descent.exercises.solutions import solution
from descent.exercises.stock import stock


@pytest.fixture(autouse=True)
def anew(monkeypatch):
    """Let no try of one test count in another."""
    monkeypatch.setattr(exercises, "_stands", {})


def cases():
    return [pytest.param(name, mistake, id=f"{name}: {mistake.name}")
            for name in names() for mistake in find(name).mistakes]


@pytest.mark.parametrize("name", names())
def test_reference_passes(name):
    verdict = check(name, find(name).reference)
    assert verdict.ok
    assert verdict.mistake is None


@pytest.mark.parametrize(("name", "mistake"), cases())
def test_every_mistake_is_named_step_by_step(name, mistake, capsys):
    said = []
    for _ in range(4):
        verdict = check(name, mistake.answer)
        assert not verdict.ok
        assert verdict.mistake == mistake.name
        said.append(capsys.readouterr().out)
    assert all("yours" in line and "asked for" in line for line in said)
    assert said[0].endswith(f" {mistake.ask or mistake.why}\n")
    assert mistake.why in said[1]
    assert said[3].endswith(f" {mistake.do or mistake.why}\n")


@pytest.mark.parametrize("name", names())
def test_there_are_at_least_four_mistakes_with_names_of_their_own(name):
    mistakes = [mistake.name for mistake in find(name).mistakes]
    assert len(set(mistakes)) == len(mistakes) >= 4


@pytest.mark.parametrize("name", names())
def test_no_mistake_of_the_stock_is_accepted_or_unknown(name):
    """Unless it is none here: a sum of two arguments does not mind that they are swapped."""
    exercise = find(name)
    expected = [value for _, value in exercise.trials(exercise.reference)]
    for mistake in stock(exercise):
        try:
            with np.errstate(all="ignore"):
                wrong = [np.asarray(value, dtype=float)
                         for _, value in exercise.trials(mistake.answer)]
        except Exception:  # it does not fit this exercise
            continue
        same = len(wrong) == len(expected) and all(
            a.shape == np.shape(b) and np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True)
            for a, b in zip(wrong, expected, strict=True))
        finite = any(np.isfinite(value).any() for value in wrong)
        verdict = check(name, mistake.answer)
        assert verdict.ok == same
        assert same or verdict.mistake or not finite, mistake.name


@pytest.mark.parametrize("name", names())
def test_what_goes_wrong_gets_a_verdict(name, capsys):
    def raises(*args, **kwargs):
        return {}["nothing"]

    def table(*args, **kwargs):
        return np.zeros((2, 2)), 0.0

    def words(*args, **kwargs):
        return "minus lr times g", 0.0

    def unwritten(*args, **kwargs):
        raise NotImplementedError

    def nothing(*args, **kwargs):
        pass

    def printed(*args, **kwargs):
        print(0.5)

    def recursion(*args, **kwargs):
        return recursion(*args, **kwargs)

    raised = check(name, raises)
    assert raised.mistake == "raises"
    assert 'return {}["nothing"]' in raised.message
    for answer in (table, words):
        assert check(name, answer).mistake in {"shape", "no numbers", "words"}
    assert check(name, unwritten).mistake == "not written"
    assert check(name, nothing).mistake == "nothing"
    assert check(name, printed).mistake == "printed"
    assert check(name, recursion).mistake == "raises"
    assert check(name, lambda: 0.0).mistake == "arguments"
    assert "Traceback" not in capsys.readouterr().out


def test_an_endless_loop_is_stopped(capsys):
    def loops(kappa):
        while True:
            with contextlib.suppress(Exception):
                time.sleep(0.01)

    assert check("sgd.steps_to_tenth", loops, seconds=0.2).mistake == "loops"
    assert "0.2 s" in capsys.readouterr().out


def test_who_writes_into_the_arguments_is_told_which():
    def in_place(p, g, t, b=0.0, *, lr, momentum, dampening):
        b = momentum * b + (g if t == 1 else (1 - dampening) * g)
        p -= lr * b
        return p, b

    def eaten(g, pairs):
        from descent.rules.lbfgs import two_loop
        product = two_loop(g, pairs)
        g *= 0
        return product

    for name, answer, changed in (("sgd.momentum", in_place, "p"), ("lbfgs.two_loop", eaten, "g")):
        verdict = check(name, answer)
        assert verdict.mistake == "in place"
        assert f"`{changed}`" in verdict.message


def test_a_rule_that_forgets_its_state_is_told():
    verdict = check("adagrad.implement", lambda p, g, t, G=0.0, *, lr, eps: p - lr * g)
    assert verdict.mistake == "point alone"
    assert "state" in verdict.message


def test_a_state_that_is_packed_is_accepted_where_it_works_and_told_where_it_does_not():
    right = find("adam.implement").reference

    def packed(p, g, t, m=0.0, v=0.0, **hyper):
        p, m, v = right(p, g, t, m, v, **hyper)
        return p, (m, v)

    def together(p, g, t, state=(0.0, 0.0), **hyper):
        p, *state = right(p, g, t, *state, **hyper)
        return p, state

    def by_name(p, g, t, state=None, **hyper):
        old = state or {"m": 0.0, "v": 0.0}
        p, m, v = right(p, g, t, old["m"], old["v"], **hyper)
        return p, {"m": m, "v": v}

    assert check("adam.implement", packed).mistake == "nested"
    assert check("adam.implement", together).ok
    assert check("adam.implement", by_name).ok


COAST = find("sgd.coast").reference


@pytest.mark.parametrize("kind", [
    np.float64, np.float32, np.float16, np.array, torch.tensor,
    lambda x: torch.tensor(x, requires_grad=True), lambda x: torch.tensor(x, dtype=torch.float64),
    lambda x: torch.tensor([x]).sum()])
def test_a_right_answer_of_another_kind_is_right(kind):
    assert check("sgd.coast", lambda b, lr, momentum: kind(COAST(b, lr, momentum))).ok


@pytest.mark.parametrize(("kind", "mistake", "words"), [
    (lambda x: [x], "boxed", r"one number in a list"), (lambda x: np.array([x]), "boxed", "list"),
    (lambda x: str(x), "words", "text '-0.9"), (lambda x: {"x": x}, "dict", "{'x'"),
    (lambda x: complex(0, x), "complex", "0-0.9j"), (lambda x: lambda: x, "function", "Call it"),
    (lambda x: (y for y in [x]), "generator", "Return"), (lambda x: [x, x], "shape", "2 numbers"),
    (lambda x: object(), "no numbers", "object"), (lambda x: float(f"{x:.6g}") * (1 + 1e-6),
                                                   "rounded", "five digits")])
def test_what_is_no_answer_is_said(kind, mistake, words):
    verdict = check("sgd.coast", lambda b, lr, momentum: kind(COAST(b, lr, momentum)))
    assert verdict.mistake == mistake
    assert words in verdict.message


def test_nan_is_no_change_of_the_arguments():
    def unknown(p, g, t, v=0.0, g_mean=0.0, *, lr, alpha, eps):
        v, g_mean = v + g**2, g_mean + g
        return p - lr * g / np.sqrt(v - 2 * g_mean**2), v, g_mean

    verdict = check("rmsprop.centered", unknown)
    assert verdict.mistake == "not a number"
    assert "NaN" in verdict.message


def test_an_unknown_wrong_answer_says_where_it_departs_and_by_what():
    right = find("sgd.same_floor").reference
    verdict = check("sgd.same_floor", lambda lr, h, ratio: right(lr, h, ratio)
                    + (lr == 0.5))
    assert verdict.mistake is None
    assert "With lr=0.5, h=2, ratio=4: yours 1.8, asked for 0.8." in verdict.message


def test_a_number_of_one_case_and_rounded_decimals_are_known():
    assert check("nadam.first_step", lambda *_: -0.0021129).mistake == "always the same"
    right = find("rmsprop.window").reference
    rounded = check("rmsprop.window", lambda alpha, share: round(right(alpha, share), 2))
    assert rounded.mistake == "rounded"


def test_a_verdict_has_the_names_that_the_answer_has():
    verdict = check("nadam.first_step", lambda rate, beta, decay, slope: slope)
    assert "With rate=0.002, beta=0.9, decay=0.004, slope=3" in verdict.message


def test_what_raises_is_said_with_what_it_was_called_with():
    verdict = check("schedulers.late", lambda k, steps, part: 1 / (1 - part))
    assert verdict.message.endswith("float division by zero (With k=0, steps=8, part=1.)")


def test_hints_come_one_by_one_and_end_with_the_solution(capsys):
    assert "a try first" in hint("sgd.coast")
    check("sgd.coast", lambda b, lr, momentum: 2 * COAST(b, lr, momentum))
    lines = solution("sgd.coast")
    said = [hint("sgd.coast") for _ in range(4 + len(lines))]
    twice = next(mistake for mistake in stock(find("sgd.coast")) if mistake.name == "twice")
    assert said[:2] == [twice.why, twice.do]
    assert said[2].split("\n")[1:] == lines[:1]
    assert said[-1].split("\n")[1:] == lines
    check("sgd.coast", COAST)
    assert "right already" in hint("sgd.coast")
    with pytest.raises(ValueError, match=r"got 'sgd\.nothing'"):
        hint("sgd.nothing")


@pytest.mark.parametrize("name", names())
def test_every_exercise_has_its_solution_in_its_chapter(name):
    assert solution(name)


def test_what_an_answer_prints_is_shown_but_not_all(capsys):
    def talks(b, lr, momentum):
        print(f"b is {b}\n" * 30)
        return COAST(b, lr, momentum)

    assert check("sgd.coast", talks).ok
    out = capsys.readouterr().out
    assert out.startswith("b is 1.0\n")
    assert out.count("\n") < 25


def test_what_is_solved_is_kept_beside_the_study_notebooks_only(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check("sgd.coast", COAST)
    assert list(tmp_path.iterdir()) == []
    assert solved() == {}
    (tmp_path / "study").mkdir()
    monkeypatch.chdir(tmp_path / "study")
    check("sgd.coast", lambda b, lr, momentum: 0.0)
    assert solved() == {}
    check("sgd.coast", COAST)
    assert list(solved()) == ["sgd.coast"]
    kept = json.loads((tmp_path / "study" / "progress.json").read_text(encoding="utf8"))
    assert kept == {"solved": solved()}
    (tmp_path / "study" / "progress.json").write_text("spoilt", encoding="utf8")
    assert check("sgd.coast", COAST).ok


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


def test_groups_may_be_pairs_and_generators_but_may_not_hold_none():
    def sorted_out(model, weight_decay, *, pairs=False, none=False):
        linear = [one for one in model.modules() if isinstance(one, torch.nn.Linear)]
        decay = {id(one.weight) for one in linear}
        yield {"params": ((name, p) if pairs else p for name, p in model.named_parameters()
                          if id(p) in decay), "weight_decay": weight_decay}
        yield {"params": [p for p in model.parameters() if id(p) not in decay], "weight_decay": 0}
        if none:
            yield {"params": [one.bias for one in linear if one.bias is None], "weight_decay": 0}

    for pairs in (False, True):
        assert check("adamw.groups", lambda *args, pairs=pairs: sorted_out(*args, pairs=pairs)).ok
    verdict = check("adamw.groups", lambda *args: sorted_out(*args, none=True))
    assert verdict.mistake == "none in a group"


def test_one_entry_rests_as_long_as_it_is_told_and_none_otherwise():
    def resting(trials):
        zeros = []
        list(trials(lambda p, g, t, *, lr: (zeros.append([t, *np.flatnonzero(g == 0)]), (p,))[1]))
        return [one for one in zeros if len(one) > 1]

    assert resting(drive({"lr": 0.5}, rests=2)) == [[1, 1], [2, 1]]
    assert resting(drive({"lr": 0.5})) == []


def test_a_loop_that_never_trains_is_told_so():
    verdict = check("schedulers.cycle", lambda optimizer, batches, epochs: None)
    assert verdict.mistake == "nothing"
    assert "never calls `optimizer.step()`" in verdict.message


@pytest.mark.parametrize(("hard", "metric"), [
    ({"patience": 2}, "constant"), ({"factor": 0.5}, "constant"), ({"threshold": 0.01}, "slowly")])
def test_who_ignores_a_setting_of_patience_is_refused(hard, metric):
    right = find("schedulers.patience").reference
    verdict = check("schedulers.patience",
                    lambda *args, **settings: right(*args, **{**settings, **hard}))
    assert not verdict.ok
    assert metric in verdict.message


def test_a_verdict_says_true_and_keeps_the_capitals_of_names():
    said = check("lbfgs.wolfe", lambda *args: True).message
    assert "yours True, asked for False" in said
    assert "N1=2e+06" in check("speed.predict", lambda n1, N1, s1, n2, N2, s2, n, N: 0.0).message


def test_exercises_need_torch_only_where_they_are_about_torch():
    code = ("import sys; from descent import exercises\n"
            "exercises.check('sgd.coast', lambda b, lr, momentum: 0.0)\n"
            "assert 'torch' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_numbers_that_differ_late_are_shown_with_more_digits():
    said = check("sgd.coast", lambda *args: COAST(*args) * (1 + 1e-8)).message
    assert "yours -0.900000009, asked for -0.9" in said

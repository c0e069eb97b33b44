import contextlib
import json
import math
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from descent import exercises
from descent.exercises import Verdict, check, drive, find, hint, names, slips, solved, verdicts
from descent.exercises.faults import unreadable
from descent.exercises.solutions import news, solution
from descent.exercises.stock import stock


@pytest.fixture(autouse=True)
def anew(monkeypatch):
    """Let no try of one test count in another."""
    monkeypatch.setattr(exercises, "_stands", {})


# Python in a page compiles what it imports.
ALONE = """
import sys
from descent.exercises import find
find("sgd.momentum")
chapters = {name for name in sys.modules if hasattr(sys.modules[name], "EXERCISES")}
assert chapters == {"descent.exercises.sgd"}, chapters
"""


def test_an_exercise_is_found_without_those_of_other_chapters():
    subprocess.run([sys.executable, "-c", ALONE], check=True)


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
    for _ in range(4 if mistake is find(name).mistakes[0] else 3):  # the last step is said again
        verdict = check(name, mistake.answer)
        assert not verdict.ok
        assert verdict.mistake == mistake.name
        said.append(capsys.readouterr().out)
    assert all("yours" in line and "asked for" in line for line in said)
    assert said[0].endswith(f" {mistake.ask or mistake.why}\n")
    assert mistake.why in said[1]
    assert said[-1].endswith(f" {mistake.do or mistake.why}\n")


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

    def unknown(lr, h, ratio):
        return right(lr, h, ratio) + (lr + h) ** 0.3 * math.sin(9 * h)

    said = [check("sgd.same_floor", unknown) for _ in range(2)]
    assert said[0].mistake is said[1].mistake is None
    assert "With lr=0.1, h=1, ratio=2: yours 0.614548, asked for 0.190476." in said[0].message
    assert "By hand, with lr=0.1, h=1, ratio=2: asked for is 0.190476" in said[1].message


def test_adam_for_sparseadam_is_asked_about_what_shows_first_too():
    def adam(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        return p - lr * m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps), m, v

    said = check("sparseadam.implement", adam)
    assert said.mistake == "Adam"
    assert "At step 1 " in said.message
    assert "does eps stand" in said.message
    assert "m and to v" in said.message


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
    assert "float division by zero (with k=0, steps=8, part=1). What stands below" in \
        verdict.message


def test_hints_come_one_by_one_and_end_with_the_solution(capsys):
    assert "a try first" in hint("sgd.coast")
    check("sgd.coast", lambda b, lr, momentum: 2 * COAST(b, lr, momentum))
    lines = solution("sgd.coast")
    said = [hint("sgd.coast") for _ in range(4 + len(lines))]
    twice = next(mistake for mistake in stock(find("sgd.coast")) if mistake.name == "twice")
    assert said[:2] == [twice.why, twice.do]
    assert said[2] == f"the solution, as far as line 2 of 2:\n{lines[1]}"
    assert said[-1] == said[2]
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


def test_an_answer_of_several_numbers_is_worked_out_by_hand_with_all_of_them():
    right = find("schedulers.patience").reference

    def odd(lr, metric, best, bad, **settings):
        after, *state = right(lr, metric, best, bad, **settings)
        return after if after == lr else 0.77 * after, *state

    said = [check("schedulers.patience", odd).message for _ in range(2)][1]
    assert "asked for is (0.15, 1, 0), yours is (0.1155, 1, 0)" in said


def test_a_verdict_says_true_and_keeps_the_capitals_of_names():
    said = check("lbfgs.wolfe", lambda *args: True).message
    assert "yours True, asked for False" in said
    assert "N1=2e+06" in check("speed.predict", lambda n1, N1, s1, n2, N2, s2, n, N: 0.0).message


def test_a_test_of_another_order_is_known_and_trying_mistakes_warns_of_nothing(recwarn):
    def reversed_order(rule, p, g):
        return np.allclose(rule(p, g), rule(p[::-1], g[::-1])[::-1])

    def halves_swapped(rule, p, g):  # unknown: so slips of the solution are tried, on empty halves
        half = len(p) // 2
        return np.allclose(np.roll(rule(p, g), half), rule(np.roll(p, half), np.roll(g, half)))

    assert check("speed.entrywise", reversed_order).mistake == "in reverse order"
    assert check("speed.entrywise", halves_swapped).mistake is None
    assert not [str(one.message) for one in recwarn]


def test_numbers_may_be_taken_for_those_of_one_tensor():
    def prediction(n1, N1, seconds1, n2, N2, seconds2, tensors, numbers):
        toll, each = np.linalg.solve([[1, N1], [1, N2]], [seconds1 / n1, seconds2 / n2])
        return tensors * (toll + each * numbers)

    assert check("speed.predict", prediction).mistake == "numbers of one tensor throughout"


def test_exercises_need_torch_only_where_they_are_about_torch():
    code = ("import sys; from descent import exercises\n"
            "exercises.check('sgd.coast', lambda b, lr, momentum: 0.0)\n"
            "assert 'torch' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_numbers_that_differ_late_are_shown_with_more_digits():
    said = check("sgd.coast", lambda *args: COAST(*args) * (1 + 1e-8)).message
    assert "yours -0.900000009, asked for -0.9" in said


def function(text):
    """Return the function that an answer's text defines; a lambda's text needs no name."""
    space = {"np": np, "math": math}
    exec(text if text.startswith("def") else f"answer = lambda {text}", space)
    return space["answer"]


ADAM = """def answer(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    mh, vh = m / (1 - beta1**t), v / (1 - beta2**t)
    return p - lr * mh / (np.sqrt(vh) + eps), m, v
"""
HEAVY = """def answer(p, g, t, b=0.0, *, lr, momentum, dampening):
    b = g if t == 1 else momentum * b + (1 - dampening) * g
    return p - lr * b, b
"""


def spoilt(text, *changes):
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    return function(text)


@pytest.mark.parametrize("name", names())
def test_a_solution_that_is_read_for_slips_is_right(name):
    tree, _ = slips._tree(name)
    exercise = find(name)
    if tree is None or name == "errors.cheap":  # no plain function, or one that calls another's
        return
    for (_, mine), (where, right) in zip(
            exercise.trials(lambda *args, **hyper: tree.call((), args, hyper)),
            exercise.trials(exercise.reference), strict=True):
        assert np.allclose(mine, right, rtol=1e-9, atol=1e-12), where
    assert not any(tree.on)


@pytest.mark.parametrize("name", names())
def test_no_slip_of_a_solution_is_accepted_or_unknown(name):
    """One in eleven, for time; a slip may make no difference, or leave no number at all."""
    exercise = find(name)
    expected = [value for _, value in exercise.trials(exercise.reference)]
    for slip in slips.slips(name)[::11]:
        try:
            with np.errstate(all="ignore"):
                wrong = [np.asarray(value, dtype=float)
                         for _, value in exercise.trials(slip.answer)]
        except Exception:  # beyond where its formula holds
            continue
        if len(wrong) != len(expected) or any(a.shape != np.shape(b) for a, b in zip(
                wrong, expected, strict=True)):
            continue
        same = all(np.allclose(a, b, rtol=1e-9, atol=1e-12, equal_nan=True)
                   for a, b in zip(wrong, expected, strict=True))
        verdict = check(name, slip.answer)
        assert verdict.ok == same, slip.name
        assert same or verdict.mistake, slip.name


@pytest.mark.parametrize(("name", "text", "around"), [
    ("adam.share", "beta, n, t: 1 - beta**n / (1 - beta**t)", "`1 - beta ** n`"),
    ("adam.share", "beta, n, t: (1 - beta**n) / 1 - beta**t", "`1 - beta ** t`"),
    ("sgd.same_floor", "lr, h, ratio: 2 * (c := ratio * lr / (2 - lr * h)) / 1 + c * h",
     "`1 + c * h`"),
    ("adam.implement", ADAM.replace("m / (1 - beta1**t)", "m / 1 - beta1**t"),
     "`1 - beta1 ** t`"),
    ("sgd.nesterov", "p, g, t, b=0.0, *, lr, momentum: (p - (lr * g + momentum * (momentum * b + "
     "g)), momentum * b + g)", None),
    ("rmsprop.first_step", "lr, alpha, eps, g: -lr * g / (np.sqrt(1 - alpha) * abs(g)) + eps",
     "`np.sqrt(1 - alpha) * abs(g) + eps`"),
    ("adadelta.reach", "D, rho, eps: (1.5 * D)**2 / 3 / (eps * (1 - rho))**(1 / 3)", "`2 / 3`"),
    ("nadam.twin", "beta1, mu: (1 - (a := (1 - mu * beta1)**2) + (b := (mu * beta1)**2 * "
     "(1 - beta1) / (1 + beta1))) / (1 + a + b)", "one of its parts")])
def test_missing_brackets_are_named_with_their_place(name, text, around):
    said = [check(name, function(text)) for _ in range(2)]
    assert said[0].message.endswith("?")
    assert not around or said[1].message.split("rackets ")[1] in (
        f"are missing around {around}.", f"close too soon: they belong around {around}.")
    assert around or said[1].mistake == "lr on the gradient alone"  # it has a name of its own


@pytest.mark.parametrize(("name", "text", "words"), [
    ("sgd.momentum", HEAVY.replace("p - lr", "p + lr").replace("(1 - dampening) * g",
                                                             "1 - dampening * g"),
     ["around `1 - dampening`", "`lr * b` enters with the wrong sign"]),
    ("adam.implement", ADAM.replace("np.sqrt(vh) + eps", "vh + eps").replace("1 - beta1**t",
                                                                           "1 - beta1"),
     ["`np.sqrt` is missing around `v_hat`", "`beta1` enters without its power"]),
    ("adam.rare", "lr, beta1, beta2, g: np.sign(g) * lr * (1 - beta1) / (1 - beta2) / "
     "(1 - beta1 / np.sqrt(beta2))", ["A minus is missing", "`np.sqrt` is missing"]),
    ("rmsprop.window", "alpha, share: np.log(share) / np.log(1 - alpha)",
     ["`share` stands where `1 - share`", "`1 - alpha` stands where `alpha`"])])
def test_two_slips_at_once_are_named_both(name, text, words):
    ask, why = (check(name, function(text)) for _ in range(2))
    assert "There are two slips in it." in ask.message
    assert "; " in why.mistake
    for part in words:
        assert part in why.message


def test_slips_are_made_only_if_no_written_mistake_explains_an_answer(monkeypatch):
    monkeypatch.setattr(verdicts, "slips", lambda _: pytest.fail("made"))
    assert check("sgd.coast", COAST).ok
    assert check("sgd.coast", lambda *args: 2 * COAST(*args)).mistake == "twice"
    with pytest.raises(pytest.fail.Exception):
        check("sgd.coast", lambda b, lr, momentum: b - lr + momentum)


def test_pairs_are_looked_at_only_if_nothing_else_explains_an_answer(monkeypatch):
    monkeypatch.setattr(verdicts, "pairs", lambda *_: pytest.fail("looked at"))
    assert check("sgd.coast", lambda *args: 2 * COAST(*args)).mistake == "twice"
    with pytest.raises(pytest.fail.Exception):
        check("sgd.coast", lambda b, lr, momentum: b - lr + momentum)


SHARE = find("adam.share").reference
FLOOR = find("sgd.same_floor").reference


@pytest.mark.parametrize(("name", "answer", "words"), [
    ("sgd.same_floor", lambda *a: 7 * FLOOR(*a), "Yours is 7 times what is asked for"),
    ("sgd.same_floor", lambda lr, h, ratio: FLOOR(lr, h, ratio) * h * lr,
     "what is asked for, times lr · h."),
    ("adam.share", lambda beta, n, t: SHARE(beta, n, t) * (1 + beta),
     "what is asked for, times (1 + beta)."),
    ("sgd.same_floor", lambda *a: FLOOR(*a) + 7, "Yours is 7 too large, each time."),
    ("sgd.same_floor", lambda lr, h, ratio: math.sin(lr + 9 * ratio),
     "Yours is the same whatever `h` is."),
    ("adam.share", lambda beta, n, t: SHARE(beta, n, t) if n == t else math.sin(beta + n + t),
     "It is right with beta=0.9, n=1, t=1."),
    ("schedulers.exponent", lambda c, h: min(1.0, 2 * c * h) if h == 1 else math.sin(9 * c + h),
     "It is right where h = 1, and nowhere else."),
    ("sgd.coast", lambda b, lr, momentum: COAST(b, lr, momentum) * lr**0.3 * 2.7**b,
     "If `lr` is halved, yours becomes 0.406126 of itself, and what is asked for 1/2 of itself."),
    ("nadam.first_step", lambda lr, beta1, momentum_decay, g: -lr * g * math.exp(abs(g) + lr),
     "Yours is the same whatever `beta1` is."),
    ("sgd.coast", lambda b, lr, momentum: -lr**0.7 * np.sign(b) * math.exp(momentum),
     "Yours is the same whatever the size of `b` is."),
    ("nadam.first_step", lambda lr, beta1, momentum_decay, g: find("nadam.first_step").reference(
        lr, beta1, momentum_decay, np.sign(g)) * math.exp(math.sin(g)),
     "Yours changes with `g`; what is asked for does not."),
    ("muon.gain", lambda s: s[0]**1.3 + s[-1],
     "Yours changes if all of `s` are multiplied by one number; what is asked for does not."),
    ("sgd.same_floor", lambda lr, h, ratio: math.exp(lr) / (1.3 + h) / (2.7 + ratio**0.3),
     "Where `ratio` makes what is asked for larger, it makes yours smaller"),
    ("sgd.same_floor", lambda lr, h, ratio: -FLOOR(lr, h, ratio) * (1 + h + lr**2 + ratio**lr),
     "the opposite of what is asked for"),
    ("sgd.same_floor", lambda lr, h, ratio: FLOOR(lr, h, ratio) * (1 + 1e-3 * math.sin(9 * h)),
     "off by at most 0.089 per cent")])
def test_what_is_seen_of_an_unknown_mistake_is_said(name, answer, words):
    ask, why = (check(name, answer) for _ in range(2))
    assert ask.mistake == why.mistake is not None
    assert ask.message.endswith("?")
    assert words in why.message


@pytest.mark.parametrize(("name", "answer", "words"), [
    ("adam.implement", spoilt(ADAM, ("p - lr * mh", "p - 7 * lr * mh")),
     "The first step is 7 times what is asked for"),
    ("adam.implement", spoilt(ADAM, ("p - lr * mh", "p - lr * (1 - beta2)**0.5 * mh")),
     "times √(1 - beta2)"),
    ("adam.implement", spoilt(ADAM, ("(np.sqrt(vh) + eps)", "(np.sqrt(vh) + 0.3)")),
     "the same whatever `eps` is"),
    ("sgd.momentum", spoilt(HEAVY, ("g if t == 1 else momentum * b + (1 - dampening) * g",
                                    "(1 - dampening) * (momentum * b + g * (2 - momentum))")),
     "Yours is the same whatever `t` is."),
    ("adam.implement", spoilt(ADAM, ("g * g", "abs(g)**1.5")), "`v` is not what the solution has; "
     "`m` is."),
    ("adam.implement", spoilt(ADAM, ("mh / (np.sqrt(vh) + eps)", "np.tanh(mh / (vh + eps))")),
     "After the first step `m` and `v` are right, and the point is not."),
    ("sgd.momentum", spoilt(HEAVY, ("(1 - dampening) * g", "(1 - dampening)**2 * g * 1.0")),
     "It is right where dampening is 0"),
    ("sgd.weight_decay", lambda p, g, t, b=0.0, *, lr, momentum, weight_decay: (
        p - lr * (c := np.tanh(momentum) * b + g + weight_decay * p), c),
     "It is right where momentum is 0"),
    ("sgd.momentum", spoilt(HEAVY, ("p - lr * b", "p - lr * b * (1 if t < 4 else 1.7)")),
     "It is right until lr changes, at step 4."),
    ("sgd.nesterov", lambda p, g, t, b=0.0, more=0.0, *, lr, momentum: (
        p - lr * (g + momentum * (c := np.tanh(momentum) * b + g)), c, more),
     "The first step is right, the second is not.")])
def test_what_is_seen_of_an_unknown_rule_is_said(name, answer, words):
    said = [check(name, answer) for _ in range(3)]
    assert " It was called with p=[" in said[0].message
    assert words in " ".join(one.message for one in said)


def test_an_unknown_rule_shows_its_inputs_and_then_one_entry_by_hand():
    answer = spoilt(ADAM, ("g * g", "abs(g)**1.5"))
    said = [check("adam.implement", answer).message for _ in range(4)]
    assert "At step 1 with lr=0.1, beta1=0.9, beta2=0.999, eps=0.1: yours" in said[0]
    assert "called with p=[1, -2, 0.5], g=[0.12573, -0.132105, 0.640423], t=1." in said[0]
    assert said[3].endswith("asked for is p=0.916667, m=0.05, v=0.00025. Yours is 0.928016, 0.05, "
                            "0.000353553.")
    assert "By hand, one entry: with p=1, g=0.5, t=1, lr=0.1" in said[3]


def test_a_constant_is_not_said_to_be_rounded():
    assert check("nadam.twin", lambda beta1, mu: 1.0).mistake != "rounded up"


@pytest.mark.parametrize(("name", "answer", "words"), [
    ("adam.implement", spoilt(ADAM, ("v / (1 - beta2**t)", "v / 1 - beta2**t - 1")),
     "it gives NaN. It comes from"),
    ("adam.implement", spoilt(ADAM, ("m / (1 - beta1**t)", "g * 0.0 / (m * 0.0)")),
     "0 divided by 0"),
    ("adam.implement", spoilt(ADAM, ("mh / (np.sqrt(vh) + eps)", "np.exp(9e9 * abs(mh))")),
     "it gives infinity. It comes from line 5: a number beyond all bounds")])
def test_what_is_no_number_is_said_with_its_cause_and_its_line(name, answer, words):
    verdict = check(name, answer)
    assert verdict.mistake == "not a number"
    assert words in verdict.message


@pytest.mark.parametrize(("text", "words"), [
    ("b, lr, momentum: log(b)", "Write `np.log`: `np` is ready here."),
    ("b, lr, momentum: lr * mometum", "your arguments are b, lr, momentum"),
    ("b, lr, momentum: lr * Momentum", "Is `momentum` meant?"),
    ("b, lr, momentum: -lrmomentum * b", "A product needs its sign: `lr * momentum`."),
    ("b, lr, momentum: b ^ 2", "A power is `**` in Python."),
    ("b, lr, momentum: lr(1 - momentum)", "for a product write `*` before them"),
    ("b, lr, momentum: b / (momentum - momentum)", "What stands below the line is 0 here"),
    ("b, lr, momentum: math.sqrt(-abs(b))", "look at the sign in it"),
    ("b, lr, momentum: np.sqrt * b", "A function stands there uncalled"),
    ("b, lr, momentum: None * b", "Something here is None"),
    ("b, lr, momentum: [b][1]", "Positions count from 0"),
    ("b, lr, momentum: (lambda x: x)(b, lr)", "Compare this call with the `def`"),
    ("def answer(b, lr, momentum):\n    b = total * b\n    total = lr\n    return b",
     "`total` is used before this function gives it a value")])
def test_what_python_says_gets_a_sentence_of_help(text, words):
    assert words in check("sgd.coast", function(text)).message


@pytest.mark.parametrize(("text", "words"), [
    ("f = 2x", "`2 * x`"), ("f = (1 - x", "one more opens"), ("f = 1 - x)", "one more closes"),
    ("def f(x):\nreturn x", "four spaces"), ("def f(x)\n    return x", "end in a colon"),
    ("f = lambda_ lambda", "`lambda` is a word"), ("f = a b", "A product needs its `*`"),
    ("f = a − b", "signs of the keyboard")])
def test_text_that_python_cannot_read_gets_a_sentence_of_help(text, words):
    with pytest.raises(SyntaxError) as caught:
        compile(text, "an answer", "exec")
    assert words in unreadable(caught.value)


def test_a_mistake_begins_anew_after_another_one():
    def twice(*args):
        return 2 * COAST(*args)

    first = check("sgd.coast", twice).message
    assert check("sgd.coast", twice).message != first
    check("sgd.coast", lambda *args: -COAST(*args))
    assert check("sgd.coast", twice).message == first


def test_hints_skip_what_the_cell_holds_already():
    begin, *ends = news("rmsprop.momentum")
    lines = solution("rmsprop.momentum")
    check("rmsprop.momentum", lambda p, g, t, v=0.0, b=0.0, **_: (p - 0.3 * g, v, b))
    for _ in range(9):
        said = hint("rmsprop.momentum")
        if "the solution" in said:
            break
    assert said.split("\n")[1:] == lines[begin:ends[0]] == lines[1:3]
    assert len(lines) == ends[-1]


def test_a_plan_of_lists_is_refused():
    right = find("schedulers.planned").reference
    verdict = check("schedulers.planned", lambda *args: [[lr] for lr in right(*args)])
    assert verdict.mistake == "boxed"
    assert "get_last_lr" in verdict.message


def rounded_between(p, c, q, round_to):
    y = round_to(round_to(q - p) + c)
    new = round_to(p + y)
    return new, round_to(y - round_to(new - p))


def as_a_master(p, c, q, round_to):
    new = round_to(q + c)
    return new, q + c - new


def by_fraction(theta, bits):
    fraction, e = math.frexp(abs(theta))
    return 2.0**(e - bits - (2 if fraction == 0.5 else 1))


def of_the_size(x, spacing, u):
    whole = math.floor(abs(x) / spacing)
    return math.copysign(spacing * (whole + (u < abs(x) / spacing - whole)), x)


def limit_scaled(p, backward, lr, batches, scale, limit, patience):
    steps = calm = 0
    for batch in range(batches):
        g = backward(p, batch, scale)
        if math.isinf(g):
            scale, calm = scale * 0.5, 0
        else:
            p -= lr(steps) * max(-limit * scale, min(limit * scale, g)) / scale
            steps, calm = steps + 1, (calm + 1) % patience
            scale *= 1 if calm else 2
    return p, scale


@pytest.mark.parametrize(("name", "answer"), [
    ("kahan", rounded_between), ("kahan", as_a_master), ("frozen", by_fraction),
    ("stochastic", of_the_size),
    ("stochastic", lambda x, spacing, u: spacing * math.floor(x / spacing + u)),
    ("stochastic", lambda x, spacing, u: x - (r := x % spacing) + spacing * (
        u >= 1 - r / spacing)),
    ("scaler", limit_scaled), ("unequal", lambda counts: [n / counts.mean() for n in counts])])
def test_what_is_right_in_another_way_is_right(name, answer):
    assert check(f"memory.{name}", answer).ok


@pytest.mark.parametrize(("name", "slip", "mistake"), [
    ("stochastic", lambda x, spacing, u: spacing * (math.floor(x / spacing) + (
        u <= x / spacing % 1)), "equal is up"),
    ("stochastic", lambda x, spacing, u: spacing * int(x / spacing + u), "noise, then towards 0"),
    ("kahan", lambda p, c, q, round_to: (
        new := round_to(q + c), round_to(c + (q - p + c) - (new - p))), "the loss twice"),
    ("kahan", lambda p, c, q, round_to: (new := round_to(q - c), new - q + c), "textbook sign"),
    ("frozen", lambda theta, bits: 2.0**(math.frexp(theta)[1] - 1 - bits),
     "powers of two forgotten"),
    ("frozen", lambda theta, bits: abs(math.ulp(theta)) * 2.0**(52 - bits),
     "powers of two forgotten"),
    ("bytes", lambda weight, gradient, master, moment, ranks, stage: (
        weight + gradient + master + 2 * moment / (ranks if stage else 1)) if stage < 2 else (
        weight / ranks**(stage == 3) + gradient / ranks + master + 2 * moment / ranks),
     "master stays whole"),
    ("unequal", lambda counts: np.full(len(counts), len(counts) / counts.sum()), "for sums")])
def test_slips_around_the_state_are_named(name, slip, mistake):
    assert check(f"memory.{name}", slip).mistake == mistake


@pytest.mark.parametrize(("dtype", "bits"), [(torch.bfloat16, 8), (torch.float16, 11),
                                             (torch.float32, 24)])
def test_frozen_is_what_torch_rounds_back(dtype, bits):
    random = np.random.default_rng(0)
    sizes = [*2.0**random.integers(-6, 7, size=200), *np.exp(random.uniform(-4, 4, size=800))]
    theta = torch.tensor(sizes, dtype=dtype).double() * torch.tensor(
        random.choice([-1.0, 1.0], size=1000))
    most = torch.tensor([find("memory.frozen").reference(one, bits) for one in theta.tolist()])
    for share, stands in ((0.999, True), (1.001, False)):
        assert ((theta - share * most * theta.sign()).to(dtype) == theta).unique() == stands


def test_kahan_and_stochastic_rounding_arrive_where_rounding_stands_still():
    def bfloat16(x):
        return torch.tensor(x, dtype=torch.float64).bfloat16().item()

    kahan, chance = (find(f"memory.{name}").reference for name in ("kahan", "stochastic"))
    draws = np.random.default_rng(0).random(1000).tolist()
    p, c, by_chance = 1.0, 0.0, 1.0
    for u in draws:
        p, c = kahan(p, c, p - 1e-4, bfloat16)
        by_chance = chance(by_chance - 1e-4, 2.0**-8, u)
    assert bfloat16(1.0 - 1e-4) == 1.0
    assert p == pytest.approx(0.9, abs=2.0**-8)
    assert by_chance == pytest.approx(0.9, abs=4 * math.sqrt(0.1 * 2.0**-8))


def test_the_loop_of_loss_scaling_is_torchs():
    data = np.random.default_rng(0).normal(size=40) * np.logspace(0, 2, 40)[::-1]

    def backward(p, batch, scale):
        g = scale * (p - data[batch])
        return g if abs(g) <= 65504.0 else math.copysign(math.inf, g)

    p = torch.tensor([0.5], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([p], lr=0.5)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**15, growth_interval=3)
    for batch in range(40):
        scaler.scale(torch.zeros(()))  # makes its scale
        before = scaler.get_scale()
        p.grad = torch.tensor([backward(p.item(), batch, before)], dtype=torch.float64)
        scaler.unscale_(optimizer)
        p.grad.clamp_(-1.0, 1.0)
        scaler.step(optimizer)
        scaler.update()
        if scaler.get_scale() >= before:
            schedule.step()
    assert 5 < schedule.last_epoch < 35
    assert find("memory.scaler").reference(
        0.5, backward, lambda step: 0.5 * 0.9**step, 40, 2.0**15, 1.0, 3) == pytest.approx(
            (p.item(), scaler.get_scale()), rel=1e-12)


def test_factors_make_the_mean_of_means_the_mean_over_all():
    tokens = [np.arange(5.0), np.array([7.0, -2.0]), np.array([40.0])]
    factors = find("memory.unequal").reference(np.array([len(one) for one in tokens]))
    means = np.array([one.mean() for one in tokens])
    assert (factors * means).mean() == pytest.approx(np.concatenate(tokens).mean(), rel=1e-14)
    assert means.mean() != pytest.approx(np.concatenate(tokens).mean(), rel=0.1)


def test_a_wrong_power_is_not_said_to_change_where_what_is_right_stands_still():
    said = check("memory.frozen", lambda theta, bits: abs(theta)**0.5 * 2.0**-bits)
    assert said.mistake != "theta enters"
    constant = check("memory.frozen", lambda theta, bits: 3.0 * 2.0**-bits)
    assert constant.mistake == "without theta"

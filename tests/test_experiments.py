import importlib
import inspect
import itertools
import json

import numpy as np
import pytest

from descent import experiments
from descent.experiments import Trial, chapters, fingerprints, load, run, stale
from descent.experiments.__main__ import main
from descent.experiments.fingerprints import fingerprint
from descent.experiments.trials import apart, balanced, retrain, swept, tuned


def half(x):
    if x < 0:
        raise ArithmeticError("half fails below 0")
    return {"half": [x / 2, 1 / 3], "word": "kept"}


def made(trials, path):
    return [name for name, _ in run(trials, path, processes=1)]


@pytest.mark.parametrize("chapter", chapters())
def test_what_is_committed_is_complete(chapter):
    results = load(chapter)
    assert set(results) == set(experiments._trials(chapter))
    assert not any(result.get("at_edge", False) for result in results.values())


def test_a_run_that_was_cut_off_goes_on(tmp_path):
    path = tmp_path / "results.json"
    trials = {"good": Trial(half, {"x": 3.0}), "bad": Trial(half, {"x": -1.0})}
    with pytest.raises(ArithmeticError, match="below 0"):
        made(trials, path)
    assert stale(trials, path) == ["bad"]
    trials["bad"] = Trial(half, {"x": 1.0})
    assert made(trials, path) == ["bad"]
    kept = json.loads(path.read_text(encoding="utf8"))
    assert kept["good"]["result"] == {"half": [1.5, 0.333333], "word": "kept"}
    assert kept["good"]["spec"] == {"function": "half", "x": 3.0}
    assert {"date", "seconds", "torch", "numpy", "python", "machine"} == set(kept["good"]["made"])


def test_changed_arguments_are_run_again_and_old_trials_dropped(tmp_path):
    path = tmp_path / "results.json"
    made({"a": Trial(half, {"x": 1.0}), "b": Trial(half, {"x": 2.0})}, path)
    assert made({"a": Trial(half, {"x": 4.0})}, path) == ["a"]
    assert list(json.loads(path.read_text(encoding="utf8"))) == ["a"]
    assert made({"a": Trial(half, {"x": 4.0})}, path) == []


def test_results_that_are_missing_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(experiments, "RESULTS", tmp_path)
    with pytest.raises(RuntimeError, match=r"gru/Adam.*experiments run rmsprop"):
        load("rmsprop")


@pytest.mark.parametrize("seeds", [{}, {"first": 40}])
def test_a_tuned_trial_can_be_run_again(seeds):
    trial = Trial(tuned, {"task": "breast_cancer", "rule": "adam", "lrs": [0.01, 0.1, 1.0],
                          "steps": 20, "tuning": 2, "final": 3, "betas": [0.8, 0.9], **seeds})
    result, _ = trial()
    assert result["validation"].shape == (3, 2)
    assert apart(retrain(trial, result["lr"]), result["test_loss"][:2]) < 1e-3


def test_a_tuned_trial_is_reported_on_the_seeds_from_first_on():
    settings = {"task": "breast_cancer", "rule": "adam", "lrs": [0.1], "steps": 20, "tuning": 2}
    later = tuned(**settings, final=2, first=1001)["test_loss"]
    assert apart(later, tuned(**settings, final=3)["test_loss"][1:]) < 1e-3


def test_a_sweep_spares_what_it_is_told_to():
    settings = {"task": "spelling", "rule": "adamw", "steps": 3, "seeds": 2,
                "lr": [0.1, 0.1], "weight_decay": [0.0, 5.0]}
    all_decay = swept(**settings)["train_loss"]
    spared = swept(**settings, spared="biases and norms")["train_loss"]
    assert np.allclose(all_decay[0], spared[0], rtol=1e-5)
    assert not np.allclose(all_decay[1], spared[1], rtol=1e-3)


def test_a_balancing_trial():
    result = balanced("sgd", [0.01, 0.1], updates=2, tuning=2, final=3)
    assert result["grid"].shape == (2, 2)
    assert result["returns"].shape == (2, 3)


def test_bad_input(capsys):
    with pytest.raises(ValueError, match=r"chapter must be one of .*rmsprop.*got 'nothing'"):
        load("nothing")
    for arguments in (["run", "nothing"], ["run", "--processes", "0"]):
        with pytest.raises(SystemExit):
            main(arguments)
    assert "at least 1, got 0" in capsys.readouterr().err


def test_the_command_checks(capsys):
    assert main(["check", "rmsprop"]) == 0
    assert "9 of 9 up to date" in capsys.readouterr().out


TOY = '''
from descent.rules import adamw

FACTOR = 2.0


def helper(x):
    return FACTOR * x


def other(x):
    return x


def trial(x, rule="sgd"):
    """Say what it does."""
    return {"y": helper(x)}  # twice
'''


NUMBERS = itertools.count()


@pytest.fixture
def fingerprint_of(tmp_path, monkeypatch):
    """Return a function that writes a module anew and fingerprints its trial."""
    monkeypatch.syspath_prepend(tmp_path)
    def fingerprint_of(text, **arguments):
        name = f"toy_{next(NUMBERS)}"  # no module is imported twice
        (tmp_path / f"{name}.py").write_text(text, encoding="utf8")
        importlib.invalidate_caches()
        return fingerprint(importlib.import_module(name).trial, arguments)

    return fingerprint_of


@pytest.mark.parametrize(("old", "new"), [
    ("helper(x)}", "helper(x) + 1}"), ("FACTOR * x", "FACTOR + x"),
    ("FACTOR = 2.0", "FACTOR = 3.0"), ('rule="sgd"', 'rule="adam"')])
def test_changed_code_makes_a_result_stale(fingerprint_of, old, new):
    assert old in TOY
    assert fingerprint_of(TOY) != fingerprint_of(TOY.replace(old, new))


@pytest.mark.parametrize(("old", "new"), [
    ("# twice", "# two times"), ("Say what it does.", "Tell."),
    ("    return x\n", "    return -x\n"),
    ('"""Say', '\n    """Say'), ("\n\n\ndef other", "\n# A remark.\n\n\ndef other")])
def test_words_and_what_is_not_used_do_not(fingerprint_of, old, new):
    assert old in TOY
    assert fingerprint_of(TOY) == fingerprint_of(TOY.replace(old, new))


def test_a_changed_rule_model_or_task_makes_a_result_stale(fingerprint_of, monkeypatch):
    codes = {(rule, task): fingerprint_of(TOY, rule=rule, task=task)
             for rule in ("sgd", "adam", "adamw") for task in ("digits", "names")}
    assert len(set(codes.values())) == 6
    getsource = inspect.getsource
    for module, old, new, stale_ones in (
            ("descent.rules.adam", "(1 - beta2) * g**2", "(1 - beta2) * abs(g)", {"adam", "adamw"}),
            ("descent.tasks.models", "24 * 2 * 2, 10", "24 * 2 * 2, 11", {"digits"})):
        def changed(one, module=module, old=old, new=new):
            source = getsource(one)
            if getattr(one, "__name__", "") == module:
                assert old in source
                source = source.replace(old, new)
            return source

        monkeypatch.setattr(inspect, "getsource", changed)
        fingerprints._code.cache_clear()
        now = {key: fingerprint_of(TOY, rule=key[0], task=key[1]) for key in codes}
        assert {key for key in codes if now[key] != codes[key]} == {
            key for key in codes if stale_ones & set(key)}
    fingerprints._code.cache_clear()


def test_a_result_of_other_code_is_run_again(tmp_path):
    path, trials = tmp_path / "results.json", {"a": Trial(half, {"x": 1.0})}
    made(trials, path)
    kept = json.loads(path.read_text(encoding="utf8"))
    kept["a"]["code"] = "another"
    path.write_text(json.dumps(kept), encoding="utf8")
    assert stale(trials, path) == ["a"]
    assert made(trials, path) == ["a"]
    assert stale(trials, path) == []

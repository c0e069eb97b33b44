import importlib
import inspect
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress

import numpy as np
import pytest
import torch

from descent import adam, driver, lab
from descent.lab import Trial, run, runner, stale
from descent.lab.__main__ import main
from descent.lab.experiments.schedulers import averaged
from descent.lab.fingerprints import fingerprint
from descent.lab.procedures import apart, balanced, fresh_seeds, rates, retrain, swept, tuned
from descent.lab.store import read


def half(x):
    if x < 0:
        raise ArithmeticError("half fails below 0")
    return {"half": [x / 2, 1 / 3], "word": "kept", "one": 1 / 3,
            "deep": {"array": np.array([[1, 2]]), "none": None, "flag": np.bool_(True)}}


def made(trials, path, **how):
    return [name for name, *_ in run(trials, path, **(how or {"processes": 1}))]


@pytest.mark.parametrize("name", lab.names())
def test_what_is_committed_is_complete(name):
    results = lab.load(name)
    assert list(results) == list(lab.trials_of(name))
    if name != "benchmark":  # whose spaces are part of its protocol: `edges` tells, and the chapter
        assert not any(result.get("at_edge", False) for result in results.values())


def test_a_run_that_was_cut_off_goes_on(tmp_path):
    path = tmp_path / "results.json"
    trials = {"good": Trial(half, {"x": 3.0}), "bad": Trial(half, {"x": -1.0})}
    with pytest.raises(ArithmeticError, match="below 0"):
        made(trials, path)
    assert stale(trials, path) == ["bad"]
    trials["bad"] = Trial(half, {"x": 1.0})
    assert list(run(trials, path, processes=1)) == [("bad", pytest.approx(0, abs=1), 0)]
    kept = json.loads(path.read_text(encoding="utf8"))
    assert kept["good"]["result"] == {
        "half": [1.5, 0.333333], "word": "kept", "one": 1 / 3,
        "deep": {"array": [[1, 2]], "none": None, "flag": True}}
    assert kept["good"]["spec"] == {"function": "half", "x": 3.0}
    assert {"date", "seconds", "torch", "numpy", "python", "machine"} == set(kept["good"]["made"])
    np.testing.assert_array_equal(read(path)["good"]["result"]["deep"]["array"], [[1, 2]])


def test_changed_arguments_are_run_again_and_old_trials_dropped(tmp_path):
    path = tmp_path / "results.json"
    made({"a": Trial(half, {"x": 1.0}), "b": Trial(half, {"x": 2.0})}, path)
    assert made({"a": Trial(half, {"x": 4.0})}, path) == ["a"]
    assert list(read(path)) == ["a"]
    assert made({"a": Trial(half, {"x": 4.0})}, path) == []


def test_what_is_not_asked_for_is_left(tmp_path):
    path, trials = tmp_path / "results.json", {name: Trial(half, {"x": 1.0}) for name in "abc"}
    assert made(trials, path, only=["b"], processes=1) == ["b"]
    assert made(trials, path, only=["c"], processes=1) == ["c"]
    assert list(read(path)) == ["b", "c"]
    assert made(trials, path) == ["a"]
    assert list(read(path)) == ["a", "b", "c"]


def test_results_that_are_missing_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(lab, "RESULTS", tmp_path)
    with pytest.raises(RuntimeError, match=r"gru/Adam.*descent\.lab run rmsprop"):
        lab.load("rmsprop")


# A module of its own, since processes and the workers of a cluster must be able to import it.
TOY = '''
import sys, time
import numpy as np
from descent import path, rules
from descent.lab import Trial, run

CURVATURES = np.array([0.1, 1.0, 3.0])

def descended(rule, seed, pause=0.0):
    """Five steps down a bowl, from a start of the seed, by the real rule."""
    time.sleep(pause)
    p = path(getattr(rules, rule), lambda p: CURVATURES * p,
             np.random.default_rng(seed).standard_normal(3), 5)
    return {"p": p[-1], "loss": float(CURVATURES @ p[-1]**2)}

def trials(pause=0.0):
    return {f"{rule}/{seed}": Trial(descended, {"rule": rule, "seed": seed, "pause": pause})
            for rule in ("sgd", "adam") for seed in range(6)}

if __name__ == "__main__":
    from pathlib import Path
    import toy
    for _ in run(toy.trials(0.25), Path(sys.argv[1]), processes=int(sys.argv[2])):
        pass
'''


@pytest.fixture
def toy(tmp_path, monkeypatch):
    (tmp_path / "toy.py").write_text(TOY, encoding="utf8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path),
                                                      os.environ.get("PYTHONPATH", "")]))
    sys.modules.pop("toy", None)
    yield __import__("toy")
    del sys.modules["toy"]


def results_of(path):
    return {name: (kept["spec"], kept["result"]["loss"], kept["result"]["p"].tolist())
            for name, kept in read(path).items()}


@contextmanager
def process(*command):
    running = subprocess.Popen(list(map(str, command)), stderr=subprocess.DEVNULL,
                               start_new_session=True)
    try:
        yield running
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)  # and the processes that it started
        running.wait()


def until(true, seconds=120):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_killed_run_goes_on_and_loses_nothing(toy, tmp_path):
    """Two processes begin, and one ends what they began: so both give the same numbers."""
    path, whole, trials = tmp_path / "killed.json", tmp_path / "whole.json", toy.trials(0.25)
    with process(sys.executable, tmp_path / "toy.py", path, 2) as running:
        until(lambda: len(results_of(path)) > 2)
        with pytest.raises(ValueError, match=r"killed\.json is being written by another run"):
            made(trials, path)
        running.send_signal(signal.SIGKILL)
        running.wait()
    before = results_of(path)
    assert 2 < len(before) < 12
    left = stale(trials, path)
    assert len(left) == 12 - len(before)
    until(lambda: not locked(trials, path))  # its children may hold on for a moment
    assert made(trials, path) == left
    assert made(trials, whole) == list(trials)
    after = results_of(path)
    assert all(after[name] == one for name, one in before.items())
    assert after == results_of(whole)
    assert made(trials, path) == []


def locked(trials, path):
    try:
        return bool(made(trials, path, only=[]))
    except ValueError:
        return True


def test_a_cluster_gives_the_same_numbers_and_may_lose_a_worker(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["descent.lab.runner"], "PATIENCE", 60)
    dask, where = (sys.executable, "-m", "dask"), tmp_path / "scheduler.json"
    scheduler = (*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                 "--scheduler-file", where)
    worker = (*dask, "worker", "--scheduler-file", where, "--host", "127.0.0.1", "--no-nanny",
              "--nthreads", "1", "--no-dashboard")
    cluster, serial = tmp_path / "cluster.json", tmp_path / "serial.json"
    with process(*scheduler):
        until(lambda: where.exists() and where.read_text(encoding="utf8").endswith("}"))
        address = json.loads(where.read_text(encoding="utf8"))["address"]
        with process(*worker), process(*worker) as lost:
            for number, _ in enumerate(run(toy.trials(0.25), cluster, dask=address), start=1):
                if number == 2:
                    assert lost.poll() is None
                    lost.kill()
        assert number == 12
    made(toy.trials(0.25), serial)
    assert results_of(cluster) == results_of(serial)


def test_a_trial_runs_on_one_thread_and_leaves_them_as_they_were():
    before = torch.get_num_threads()
    result, _ = Trial(torch.get_num_threads)()
    assert result == 1
    assert torch.get_num_threads() == before


def test_rates():
    assert rates(0.01, 1, 5) == [0.01, 0.031623, 0.1, 0.316228, 1.0]
    assert rates(0.0056, 0.1, 6, digits=4) == [0.0056, 0.01, 0.0177, 0.0316, 0.0562, 0.1]


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
    assert list(fresh_seeds(2, 1001)) == list(fresh_seeds(3))[1:] == [1001, 1002]


def test_a_sweep_spares_what_it_is_told_to():
    settings = {"task": "spelling", "rule": "adamw", "steps": 3, "seeds": 2,
                "lr": [0.1, 0.1], "weight_decay": [0.0, 5.0]}
    all_decay = swept(**settings)["train_loss"]
    spared = swept(**settings, spared="biases and norms")["train_loss"]
    assert np.allclose(all_decay[0], spared[0], rtol=1e-5)
    assert not np.allclose(all_decay[1], spared[1], rtol=1e-3)


def test_a_balancing_trial_takes_the_rate_of_the_highest_returns():
    result = balanced("sgd", [0.01, 0.1], updates=2, tuning=2, final=3)
    assert result["grid"].shape == (2, 2)
    assert (result["grid"] >= 1).all()
    assert result["lr"] == [0.01, 0.1][result["grid"].mean(1).argmax()]
    assert result["returns"].shape == (2, 3)


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(list(map(str, arguments)))
    assert left.value.code == 2
    return capsys.readouterr().err


def shown(capsys, *arguments, status=0):
    assert main(list(map(str, arguments))) == status
    return capsys.readouterr().out


def test_bad_input_is_named_and_leaves_no_trace(tmp_path, capsys, monkeypatch):
    out = tmp_path / "results.json"
    for name in ("nothing", "__main__"):
        with pytest.raises(ValueError, match=rf"experiment must be one of .*rmsprop.*got '{name}'"):
            lab.load(name)
    assert "'nothing'" in refused(capsys, "run", "nothing")
    assert "'nothing'" in refused(capsys, "run", "adam", "--only", "nothing", "--out", out)
    assert "one EXPERIMENT, got 2" in refused(capsys, "run", "adam", "sgd", "--out", out)
    assert "at least 1, got 0" in refused(capsys, "run", "adam", "--processes", 0, "--out", out)
    assert "smoke run, got 'adam'" in refused(capsys, "run", "adam", "--quick")
    assert "rows of runs, got 'adam'" in refused(capsys, "export", "adam", "--out", out)
    monkeypatch.setattr(sys.modules["descent.lab.runner"], "PATIENCE", 0.5)
    for address in ("tcp://127.0.0.1:9", "nothing://here"):
        assert address in refused(capsys, "run", "adam", "--dask", address, "--out", out)
    count = len(lab.module_of("adam").TRIALS)
    assert f"0 of {count}" in shown(capsys, "status", "adam", "--out", out, status=1)
    assert list(tmp_path.iterdir()) == []
    assert str(tmp_path) in refused(capsys, "run", "speed", "--out", tmp_path)
    assert "no such directory" in refused(capsys, "run", "speed", "--out",
                                          tmp_path / "no" / out.name)


def test_another_file_is_left_alone(tmp_path, capsys):
    text, other = tmp_path / "text.json", tmp_path / "other.json"
    text.write_text("not results" * 100, encoding="utf8")
    other.write_text('{"things": {"name": 1}}', encoding="utf8")
    for path in (text, other):
        before = path.read_bytes()
        for command in ("run", "status"):
            assert f"{path} is no file of results" in refused(capsys, command, "speed", "--out",
                                                              path)
        assert path.read_bytes() == before


def test_the_command(tmp_path, capsys):
    out, only = tmp_path / "quick.json", ("--only", "oscillation/sgd/*")
    chosen = ("benchmark", "--quick", "--out", out)
    told = shown(capsys, "run", "--processes", 1, *chosen, *only).splitlines()
    assert [line.split(":")[0] for line in told] == [
        "[1/2] benchmark, oscillation/sgd/constant", "[2/2] benchmark, oscillation/sgd/cosine",
        "benchmark"]
    assert shown(capsys, "run", *chosen, *only).splitlines() == [f"benchmark: all there, {out}"]
    assert "2 of 2" in shown(capsys, "status", *chosen, *only)
    whole = len(lab.trials_of("benchmark"))
    assert f"2 of {whole}" in shown(capsys, "status", *chosen, status=1)
    count = len(lab.trials_of("rmsprop"))
    assert f"{count} of {count}" in shown(capsys, "status", "rmsprop")


NUMBERS = itertools.count()
CODE = '''
from descent.rules import adamw

FACTOR = 2.0
TABLE = {
    "sgd": lambda x: x + 1,  # an entry
    "adam": lambda x: x - 1,
}


def helper(x):
    return FACTOR * x


def other(x):
    return x


def trial(x, rule="sgd"):
    """Say what it does."""
    return {"y": helper(TABLE[rule](x))}  # twice
'''


@pytest.fixture
def fingerprint_of(tmp_path, monkeypatch):
    """Return a function that writes a module anew and fingerprints its trial."""
    monkeypatch.syspath_prepend(tmp_path)

    def fingerprint_of(text, **arguments):
        name = f"code_{next(NUMBERS)}"  # no module is imported twice
        (tmp_path / f"{name}.py").write_text(text.replace("MODULE", name), encoding="utf8")
        importlib.invalidate_caches()
        return fingerprint(importlib.import_module(name).trial, arguments)

    return fingerprint_of


@pytest.mark.parametrize(("old", "new"), [
    ("helper(TABLE[rule](x))}", "helper(x)}"), ("FACTOR * x", "FACTOR + x"),
    ("FACTOR = 2.0", "FACTOR = 3.0"), ('rule="sgd"', 'rule="adam"'), ("x + 1", "x + 2")])
def test_changed_code_makes_a_result_stale(fingerprint_of, old, new):
    assert old in CODE
    assert fingerprint_of(CODE, rule="sgd") != fingerprint_of(CODE.replace(old, new), rule="sgd")


@pytest.mark.parametrize(("old", "new"), [
    ("# twice", "# two times"), ("# an entry", "# one"), ("Say what it does.", "Tell."),
    ("    return x\n", "    return -x\n"), ("x - 1", "x - 2"), ('"adam"', '"adamw"'),
    ('"""Say', '\n    """Say'), ("\n\n\ndef other", "\n# A remark.\n\n\ndef other")])
def test_words_and_what_is_not_used_do_not(fingerprint_of, old, new):
    assert old in CODE
    assert fingerprint_of(CODE, rule="sgd") == fingerprint_of(CODE.replace(old, new), rule="sgd")


@pytest.fixture
def changed(monkeypatch):
    """Return a function that makes one module's source read otherwise."""
    def changed(module, old, new, getsource=inspect.getsource):
        def reads(one):
            source = getsource(one)
            if getattr(one, "__name__", "") == module:
                assert old in source
                source = source.replace(old, new)
            return source

        monkeypatch.setattr(inspect, "getsource", reads)

    return changed


@pytest.mark.parametrize(("module", "old", "new", "named"), [
    ("descent.rules.adam", "(1 - beta2) * g**2", "(1 - beta2) * abs(g)", {"adam", "adamw"}),
    ("descent.tasks.models", "24 * 2 * 2, 10", "24 * 2 * 2, 11", {"digits"})])
def test_a_changed_rule_model_or_task_makes_a_result_stale(fingerprint_of, changed, module, old,
                                                           new, named):
    keys = list(itertools.product(("sgd", "adam", "adamw"), ("digits", "names")))
    codes = [fingerprint_of(CODE, rule=rule, task=task) for rule, task in keys]
    assert len(set(codes)) == 6
    changed(module, old, new)
    now = [fingerprint_of(CODE, rule=rule, task=task) for rule, task in keys]
    assert [a != b for a, b in zip(codes, now, strict=True)] == [bool(named & set(key))
                                                                for key in keys]


@pytest.mark.parametrize(("module", "old", "new", "where"), [
    ("training", "factor(t - 1)", "factor(t)", "/"),
    ("training", "cosine_annealing(1.0, budget)", "cosine_annealing(2.0, budget)", "/cosine"),
    ("tasks", '"digits", budget=150, batch_size=32', '"digits", budget=150, batch_size=64',
     "digits/"),
    ("tasks", "10_000", "1_000", "oscillation/"),
    ("spaces", '"sgd": {"lr": (1e-3, 10.0)', '"sgd": {"lr": (1e-3, 20.0)', "/sgd/")])
def test_the_benchmark_is_stale_where_its_code_has_changed(changed, module, old, new, where):
    trials = lab.trials_of("benchmark")
    before = {name: trial.code for name, trial in trials.items()}
    changed(f"descent.lab.experiments.benchmark.{module}", old, new)
    assert {name for name, trial in trials.items() if trial.code != before[name]} == {
        name for name in trials if where in name}


@pytest.mark.parametrize("task", ["oscillation", "cartpole"])
def test_a_task_that_is_a_module_counts_whole(changed, task):
    trials = lab.trials_of("benchmark")
    before = {name: trial.code for name, trial in trials.items()}
    old, new = {"oscillation": ("NOISE = 0.3", "NOISE = 0.4"),
                "cartpole": ("HIDDEN = 32", "HIDDEN = 33")}[task]
    changed(f"descent.tasks.{task}", old, new)
    assert {name for name, trial in trials.items() if trial.code != before[name]} == {
        name for name in trials if name.startswith(f"{task}/")}


def test_a_result_of_other_code_is_run_again(tmp_path):
    path, trials = tmp_path / "results.json", {"a": Trial(half, {"x": 1.0})}
    made(trials, path)
    kept = json.loads(path.read_text(encoding="utf8"))
    kept["a"]["code"] = "another"
    path.write_text(json.dumps(kept), encoding="utf8")
    assert stale(trials, path) == ["a"]
    assert made(trials, path) == ["a"]
    assert stale(trials, path) == []


@pytest.mark.parametrize(("kind", "asked", "processes"),
                         [("cpu", None, -1), ("cuda", None, 1), ("cuda", 3, 3)])
def test_on_a_gpu_one_process_runs_all_unless_told_otherwise(monkeypatch, kind, asked, processes):
    began = []
    monkeypatch.setattr(runner, "device", lambda: torch.device(kind))
    monkeypatch.setattr(runner, "Parallel", lambda n_jobs, **_: began.append(n_jobs))
    with runner._workers(asked, None):
        assert began == [processes]


def test_an_averaged_rule_ends_at_the_mean_of_its_last_points():
    points, made = (driver.path(rule, lambda p: p, np.ones(2), 10, lr=0.1)
                    for rule in (adam, averaged(adam, 0.5, 10)))
    np.testing.assert_array_equal(made[:-1], points[:-1])
    np.testing.assert_allclose(made[-1], points[6:].mean(0), rtol=1e-12)

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from descent import rules, tasks
from descent.benchmark import FULL, QUICK, RESULTS, SPACES, TASKS, Store, edges, points, run, train
from descent.benchmark.__main__ import main
from descent.benchmark.plan import Plan, selected
from descent.benchmark.run import missing, runnable
from descent.benchmark.store import COLUMNS
from descent.benchmark.tasks import keywords
from descent.benchmark.train import _scheduled, memory, searched
from descent.tasks import cartpole

# A module of its own, since processes and the workers of a cluster must be able to import it.
TOY = '''
import sys, time
import numpy as np
from descent import path, rules
from descent.benchmark import run
from descent.benchmark.plan import Plan
from descent.benchmark.tasks import keywords

PLAN = Plan("toy", settings=4, tuning=2, final=3)
ONLY = "digits", "sgd", "adam"
ROWS = 4 * (4 * 2 + 3 + 3)  # twelve batches
CURVATURES = np.array([0.1, 1.0, 3.0])

def work(batch, pause=0.0):
    """Five steps down a bowl, from a start of the seed, by the real rule."""
    time.sleep(pause)
    found = []
    for setting in batch.settings:
        for seed in batch.seeds:
            p = path(getattr(rules, batch.optimizer), lambda p: CURVATURES * p,
                     np.random.default_rng(seed).standard_normal(3), 5,
                     **keywords([setting], lambda values: values[0]))[-1]
            loss = float(CURVATURES @ p**2)
            found.append({"train_loss": None, "validation_loss": loss, "test_loss": loss / 3,
                          "score": None, "diverged": False, "gradients": 5, "memory": 1.0})
    return found

def slow(batch):
    return work(batch, pause=0.25)

if __name__ == "__main__":
    for _ in run(sys.argv[1], PLAN, only=ONLY, processes=int(sys.argv[2]), work=slow):
        pass
'''
MADE = {"seconds", "date"}  # may differ between two runs


@pytest.fixture
def toy(tmp_path, monkeypatch):
    (tmp_path / "toy.py").write_text(TOY, encoding="utf8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    sys.modules.pop("toy", None)
    yield __import__("toy")
    del sys.modules["toy"]


def rows_of(path, plan):
    with Store(path, plan) as store:
        return [{name: value for name, value in row.items() if name not in MADE}
                for row in store.rows()]


def done(toy, path, work=None, **how):
    """Run the toy benchmark, serially if not told how; return how many batches were run."""
    return len(list(run(path, toy.PLAN, only=toy.ONLY, work=work or toy.work,
                        **(how or {"processes": 1}))))


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
    path, whole = tmp_path / "killed.sqlite", tmp_path / "whole.sqlite"

    def trials():
        return rows_of(path, toy.PLAN)

    with process(sys.executable, tmp_path / "toy.py", path, 2) as running:
        until(lambda: path.exists() and len(trials()) > 20)
        running.send_signal(signal.SIGKILL)
        running.wait()
    before = trials()
    assert 20 < len(before) < toy.ROWS
    with Store(path, toy.PLAN) as store:
        left = len(missing(store, toy.PLAN, toy.ONLY))
    assert done(toy, path) == left
    assert done(toy, whole) == 12
    assert all(row in trials() for row in before)
    assert trials() == rows_of(whole, toy.PLAN)
    assert len(trials()) == toy.ROWS
    assert done(toy, path) == 0


def test_a_cluster_gives_the_same_numbers_and_may_lose_a_worker(toy, tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules["descent.benchmark.run"], "PATIENCE", 60)
    dask, where = (sys.executable, "-m", "dask"), tmp_path / "scheduler.json"
    scheduler = (*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                 "--scheduler-file", where)
    worker = (*dask, "worker", "--scheduler-file", where, "--host", "127.0.0.1", "--no-nanny",
              "--nthreads", "1", "--no-dashboard")
    cluster, serial = tmp_path / "cluster.sqlite", tmp_path / "serial.sqlite"
    with process(*scheduler):
        until(lambda: where.exists() and where.read_text(encoding="utf8").endswith("}"))
        address = json.loads(where.read_text(encoding="utf8"))["address"]
        with process(*worker), process(*worker) as lost:
            batches = run(cluster, toy.PLAN, only=toy.ONLY, dask=address, work=toy.slow)
            for number, _ in enumerate(batches, start=1):
                if number == 2:
                    assert lost.poll() is None
                    lost.kill()
        assert number == 12
    assert done(toy, serial) == 12
    assert rows_of(cluster, toy.PLAN) == rows_of(serial, toy.PLAN)


def test_what_fails_leaves_what_was_done(toy, tmp_path):
    path = tmp_path / "results.sqlite"

    def fails(batch):
        if batch.optimizer == "adam":
            raise ArithmeticError("fails")
        return toy.work(batch)

    def short(batch):
        return toy.work(batch)[1:]

    for work, error in ((fails, ArithmeticError), (short, ValueError)):
        with pytest.raises(error):
            done(toy, path, work)
    rows = rows_of(path, toy.PLAN)
    assert {row["optimizer"] for row in rows} == {"sgd"}
    assert len(rows) == 2 * (4 * 2 + 3)
    assert done(toy, path) == 8


def test_another_budget_is_run_again_in_place_of_the_old(toy, tmp_path):
    path = tmp_path / "results.sqlite"
    done(toy, path)
    shorter = Plan("toy", settings=4, tuning=2, final=3, share=0.5)
    with Store(path, shorter) as store:
        assert len(runnable(store, shorter, toy.ONLY)) == 8
        assert len(missing(store, shorter, toy.ONLY)) == 12
    assert len(list(run(path, shorter, only=toy.ONLY, processes=1, work=toy.work))) == 12
    rows = rows_of(path, shorter)
    assert len(rows) == toy.ROWS
    assert {row["budget"] for row in rows} == {75}


def test_the_tuned_setting_is_the_best_on_average(toy, tmp_path):
    path = tmp_path / "results.sqlite"
    done(toy, path)
    with Store(path, toy.PLAN) as store:
        rows = store.rows(optimizer="adam", schedule="cosine", stage="tuning")
        final = store.rows(optimizer="adam", schedule="cosine", stage="final")
    means = np.reshape([row["validation_loss"] for row in rows], (4, 2)).mean(1)
    assert selected(rows) == (means.argmin(), rows[2 * means.argmin()]["hyper"])
    assert {json.dumps(row["hyper"]) for row in final} == {json.dumps(selected(rows)[1])}
    assert not {row["seed"] for row in rows} & {row["seed"] for row in final}


def test_the_file(toy, tmp_path):
    path = tmp_path / "results.sqlite"
    done(toy, path)
    base = sqlite3.connect(path)
    found = base.execute("SELECT * FROM results")
    assert tuple(column[0] for column in found.description) == COLUMNS
    assert {"task", "optimizer", "schedule", "stage", "hyper", "seed", "validation_loss",
            "test_loss", "score", "diverged", "gradients", "memory", "seconds", "torch", "numpy",
            "python", "machine", "date"} <= set(COLUMNS)
    with pytest.raises(sqlite3.IntegrityError):
        base.execute("INSERT INTO trials SELECT * FROM trials LIMIT 1")
    base.close()
    with Store(path, toy.PLAN) as store:
        assert store.export(tmp_path / "results.csv") == toy.ROWS
    lines = (tmp_path / "results.csv").read_text(encoding="utf8").splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == 1 + toy.ROWS


@pytest.mark.parametrize("optimizer", SPACES)
def test_settings_fill_their_space(optimizer):
    settings, space = points(optimizer, 16), SPACES[optimizer]
    assert len(settings) == 16
    assert len({json.dumps(setting) for setting in settings}) == 16
    for name, (low, high) in space.items():
        plain = name.removeprefix("1 - ")
        values = np.sort([s[plain] if plain == name else 1 - s[plain] for s in settings])
        assert low <= values[0] < values[-1] <= high
        if plain not in {"history_size", "max_iter"}:
            ratios = values[1:] / values[:-1]
            assert ratios == pytest.approx((high / low)**(1 / 16), rel=2e-3)
    near = [setting for setting in settings if edges(optimizer, setting)]
    assert 0 < len(near) < 16


def test_settings_are_the_same_on_every_machine():
    assert points("adam", 4) == [
        {"lr": 0.0007114, "beta1": 0.96739, "beta2": 0.998061},
        {"lr": 0.0225, "beta1": 0.7694, "beta2": 0.97258},
        {"lr": 0.1265, "beta1": 0.91328, "beta2": 0.992707},
        {"lr": 0.004001, "beta1": 0.3868, "beta2": 0.8969}]


def test_edges():
    assert edges("sgd", {"lr": 9.0, "momentum": 0.985}) == ["lr", "momentum"]
    assert edges("sgd", {"lr": 0.1, "momentum": 0.9}) == []


TINY = Plan("tiny", settings=2, tuning=2, final=2, share=0.03)


@pytest.mark.parametrize("optimizer", SPACES)
def test_every_optimizer_runs(optimizer):
    for batch in TINY.first(["breast_cancer", optimizer]):
        rows = train(batch)
        assert len(rows) == len(batch.settings) * len(batch.seeds)
        assert all(np.isfinite(row["test_loss"]) and not row["diverged"] for row in rows)
        assert {row["gradients"] for row in rows} == {batch.budget} == {3}
        assert rows == train(batch)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_every_task_runs(task, optimizer):
    batch = TINY.first([task, optimizer, "cosine"])[1]
    rows = train(batch)
    assert len(rows) == 4
    assert len({row["validation_loss"] for row in rows}) > 1
    assert {row["gradients"] for row in rows} == {batch.budget}


def test_a_schedule_changes_what_comes_out():
    constant, cosine = (train(TINY.first(["breast_cancer", "sgd", name])[1])
                        for name in ("constant", "cosine"))
    assert all(a["train_loss"] != b["train_loss"] for a, b in zip(constant, cosine, strict=True))


def test_divergence_is_told():
    batch = FULL.first(["oscillation", "sgd", "constant"])[1]
    rows = train(batch)
    assert any(row["diverged"] for row in rows)
    assert all(row["diverged"] == np.isinf(row["train_loss"]) for row in rows)


def test_one_alone_is_trained_like_one_of_many():
    task = tasks.digits()
    made = tasks.fit(task, rules.sgd, seeds=[3, 4], steps=4, batch_size=32, lr=[0.1])
    alone = tasks.Alone(task, 4, steps=4, batch_size=32)
    p = alone.start
    for _ in range(4):
        p = p - 0.1 * alone.draw()(p)[1]
    assert alone.judge(p, 4).test_loss[0, 0] == pytest.approx(made.test_loss[0, 1], rel=1e-5)


def test_the_loss_of_cartpole_has_the_gradient_that_trains():
    played = cartpole.play(cartpole.policy(0)[None], [np.random.default_rng(0)], 4)
    p = cartpole.policy(1)[None]
    g, _ = cartpole.gradient(p, *played)
    step = 1e-2 * g / g.norm()
    slope = (cartpole.loss(p + step, *played) - cartpole.loss(p - step, *played)) / 2e-2
    assert float(slope) == pytest.approx(float(g.norm()), rel=1e-3)


def test_memory():
    kept = {optimizer: memory(optimizer, {}, 50) for optimizer in SPACES}
    assert kept == {"sgd": 0, "adagrad": 1, "rmsprop": 1, "adadelta": 2, "adam": 2, "adamw": 2,
                    "nadam": 2, "lbfgs": 100}
    assert memory("sgd", {"momentum": 0.9}, 50) == 1
    assert memory("lbfgs", {"history_size": 5}, 50) == 12


def test_threads_are_left_as_they_were():
    before = torch.get_num_threads()
    train(TINY.first(["oscillation", "sgd", "constant"])[0])
    assert torch.get_num_threads() == before


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as left:
        main(list(map(str, arguments)))
    assert left.value.code == 2
    return capsys.readouterr().err


def test_bad_input_is_named_and_leaves_no_trace(tmp_path, capsys, monkeypatch):
    out = tmp_path / "results.sqlite"
    assert "'nothing'" in refused(capsys, "run", "--only", "digits,nothing", "--out", out)
    assert "'nothing'" in refused(capsys, "status", "--only", "nothing", "--out", out)
    assert "at least 1, got 0" in refused(capsys, "run", "--processes", 0, "--out", out)
    monkeypatch.setattr(sys.modules["descent.benchmark.run"], "PATIENCE", 0.5)
    for address in ("tcp://127.0.0.1:9", "nothing://here"):
        assert address in refused(capsys, "run", "--dask", address, "--out", out)
    assert str(out) in refused(capsys, "export", "--out", out)
    assert "0 of 336" in shown(capsys, "status", "--out", out)
    assert list(tmp_path.iterdir()) == []
    assert str(tmp_path) in refused(capsys, "run", "--out", tmp_path)
    assert "no such directory" in refused(capsys, "run", "--out", tmp_path / "no" / out.name)


def test_another_file_is_left_alone(toy, tmp_path, capsys):
    text, other = tmp_path / "text.sqlite", tmp_path / "other.sqlite"
    text.write_text("not a database" * 100, encoding="utf8")
    base = sqlite3.connect(other)
    base.execute("CREATE TABLE things (name)")
    base.commit()
    base.close()
    for path in (text, other):
        before = path.read_bytes()
        for command in ("run", "status", "export"):
            assert str(path) in refused(capsys, command, "--out", path)
        assert path.read_bytes() == before
    done(toy, tmp_path / "toy.sqlite")
    assert "of the full benchmark: it holds the toy benchmark" in refused(capsys, "run", "--out",
                                                        tmp_path / "toy.sqlite")


def shown(capsys, *arguments):
    assert main(list(map(str, arguments))) == 0
    return capsys.readouterr().out


def test_the_command(tmp_path, capsys):
    out = tmp_path / "quick.sqlite"
    chosen = ("--quick", "--only", "oscillation,sgd,constant", "--out", out)
    told = shown(capsys, "run", "--processes", 1, *chosen).splitlines()
    assert [line.split(":")[0] for line in told[:3]] == [
        f"[{k}/3] oscillation, sgd, constant, {stage}"
        for k, stage in enumerate(("default", "tuning", "final"), start=1)]
    assert shown(capsys, "run", *chosen).splitlines() == [f"all there: {out}"]
    assert "3 of 3 batches done" in shown(capsys, "status", *chosen)
    assert "3 of 336 batches done" in shown(capsys, "status", "--quick", "--out", out)
    assert "12 rows" in shown(capsys, "export", *chosen)
    assert len(rows_of(out, QUICK)) == 12
    assert out.with_suffix(".csv").is_file()
    assert "cannot be written" in refused(capsys, "export", *chosen, "--csv", tmp_path)


def test_the_plan_is_what_was_promised():
    batches = FULL.first()
    assert len(TASKS) >= 6
    assert len(SPACES) == 8
    assert len(batches) == len(TASKS) * 8 * 2 * 2
    for batch in batches:
        assert len(batch.settings) == (16 if batch.stage == "tuning" else 1)
        assert len(batch.seeds) == (3 if batch.stage == "tuning" else 10)


def test_the_results_of_the_full_plan_are_all_there():
    with Store(RESULTS, FULL) as store:
        assert missing(store, FULL) == set()
        assert len(store.rows()) == FULL.count() // 3 * (16 * 3 + 10 + 10)


def test_a_rule_takes_the_factor_of_the_steps_before():
    seen = []

    def rule(p, g, t, *, lr):
        seen.append(lr)
        return (p,)

    stepped = _scheduled(rule, lambda k: 1 / (k + 1))
    for t in (1, 2, 4):
        stepped(0.0, 0.0, t, lr=8.0)
    assert seen == [8.0, 4.0, 2.0]


def test_lbfgs_takes_the_factor_of_the_gradients_spent(monkeypatch):
    seen = []

    class Recorded:
        def __init__(self, params, lr=1.0, **_):
            self.param_groups = [{"lr": lr}]

        def step(self, closure):
            seen.append(self.param_groups[0]["lr"])
            closure(), closure()

    monkeypatch.setattr(sys.modules["descent.benchmark.train"], "LBFGS", Recorded)
    one = SimpleNamespace(start=torch.zeros(2), judge=lambda p: {},
                          draw=lambda p: lambda p: (torch.tensor(0.0), torch.zeros(2)))
    assert searched(one, {"lr": 8.0}, lambda k: 1 / (k + 2), 6)["gradients"] == 6
    assert seen == [4.0, 2.0, 8 / 6]


def test_betas_that_are_not_tuned_are_adams():
    assert keywords([{"beta1": 0.5}], list)["betas"] == ([0.5], [0.999])
    assert keywords([{"beta2": 0.5}], list)["betas"] == ([0.9], [0.5])


def test_what_is_chosen_by_and_reported_on_has_other_noise_than_what_is_fitted():
    made = TASKS["oscillation"].many(rules.sgd, [{"lr": 0.0}], [0, 1], 1)
    losses = np.stack([made[f"{part}_loss"].ravel() for part in ("train", "validation", "test")])
    assert len(np.unique(losses)) == losses.size == 6

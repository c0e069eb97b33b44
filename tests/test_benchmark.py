import csv
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from descent import lab, rules, tasks
from descent.lab.__main__ import main
from descent.lab.experiments.benchmark import (
    FULL,
    NETS,
    QUICK,
    SCHEDULES,
    SPACES,
    TASKS,
    TRIALS,
    compared,
    edges,
    entered,
    points,
    rows,
    train,
    training,
)
from descent.lab.experiments.benchmark.tasks import keywords
from descent.lab.experiments.benchmark.training import memory, scheduled, searched
from descent.lab.experiments.muon import hidden_of
from descent.lab.store import results
from descent.optim.private import orthogonalised_by
from descent.rules.muon import newton_schulz
from descent.tasks import cartpole


@pytest.mark.parametrize("optimizer", SPACES)
def test_settings_fill_their_space(optimizer):
    settings, space = points(optimizer, 16), SPACES[optimizer]
    assert len(settings) == 16
    assert len({json.dumps(setting) for setting in settings}) == 16
    for name, (low, high) in space.items():
        plain = name.removeprefix("1 - ")
        values = np.sort([s[plain] if plain == name else 1 - s[plain] for s in settings])
        assert low <= values[0] < values[-1] <= high
        if plain not in {"history_size", "max_iter", "warmup_steps"}:
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


def few(task, optimizer, schedule="constant"):
    """Return settings and measures of three gradients, for two settings with two seeds."""
    settings = points(optimizer, 2)
    return settings, train(task, optimizer, schedule, settings, [0, 1], 3)


@pytest.mark.parametrize("optimizer", SPACES)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_optimizer_runs(optimizer, schedule):
    task = next(task for task in TASKS if entered(task, optimizer))
    _, made = few(task, optimizer, schedule)
    assert all(made[name].shape == (2, 2) for name in made)
    assert np.isfinite(made["test_loss"]).all()
    assert not made["diverged"].any()
    again = few(task, optimizer, schedule)[1]
    assert all(np.array_equal(made[name], again[name]) for name in made)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("optimizer", ["adam", "adafactor", "lbfgs"])
def test_every_task_runs(task, optimizer):
    _, made = few(task, optimizer, "cosine")
    assert len(np.unique(made["validation_loss"])) > 1
    assert {"train_loss", "validation_loss", "test_loss", "score", "diverged"} == set(made)


def test_a_schedule_changes_what_comes_out():
    constant, cosine = (few("breast_cancer", "sgd", name)[1] for name in ("constant", "cosine"))
    assert (constant["train_loss"] != cosine["train_loss"]).all()


def test_divergence_is_told():
    made = train("oscillation", "sgd", "constant", points("sgd", 16), range(3),
                 TASKS["oscillation"].budget)
    assert made["diverged"].any()
    np.testing.assert_array_equal(made["diverged"], np.isinf(made["train_loss"]))


def test_the_best_on_average_is_run_once_more_on_fresh_seeds():
    settings = points("adam", 4)
    made = compared("digits", "adam", "cosine", settings, tuning=2, final=3, budget=5)
    assert made["chosen"] == made["tuning"]["validation_loss"].mean(1).argmin()
    assert made["setting"] == settings[made["chosen"]]
    assert made["at_edge"] == bool(edges("adam", made["setting"]))
    for stage, setting in (("final", made["setting"]), ("default", {})):
        fresh = train("digits", "adam", "cosine", [setting], range(1000, 1003), 5)
        np.testing.assert_array_equal(made[stage]["test_loss"], fresh["test_loss"][0])
    assert (made["memory"], made["gradients"]) == (2.0, 5)


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
    kept = {optimizer: memory("breast_cancer", optimizer, {}, 50) for optimizer in SPACES
            if entered("breast_cancer", optimizer)}
    # 2 × 30 weights kept as 2 rows and 30 columns, 2 biases as they are
    assert kept == {"sgd": 0, "asgd": 1, "adagrad": 1, "rprop": 2, "rmsprop": 1, "adadelta": 2,
                    "adam": 2, "adamax": 2, "adamw": 2, "nadam": 2, "radam": 2,
                    "adafactor": 34 / 62, "lbfgs": 100, "lion": 1, "schedulefree": 2, "prodigy": 4,
                    "adopt": 2}
    assert memory("names", "sparseadam", {}, 50) == 2
    assert memory("digits", "sgd", {"momentum": 0.9}, 50) == 1
    assert memory("digits", "lbfgs", {"history_size": 5}, 50) == 12
    hidden = 12 * 9 + 24 * 108  # of 3,706: the kernels of two layers
    assert memory("digits", "muon", {}, 50) == 2 - hidden / 3706
    sides = 12**2 + 9**2 + 24**2 + 108**2
    assert memory("digits", "shampoo", {}, 50) == 2 - hidden / 3706 + 2 * sides / 3706
    assert memory("digits", "soap", {}, 50) == 2 + 2 * sides / 3706
    assert memory("oscillation", "adafactor", {"eps2": 0.1}, 50) == 1


def test_each_is_entered_where_there_is_what_it_steps():
    found = [task for task, made in TASKS.items() if hasattr(made, "make") and hidden_of(made)]
    assert list(NETS) == found
    for name in ("muon", "shampoo", "soap"):
        assert [task for task in TASKS if entered(task, name)] == found
    assert [task for task in TASKS if entered(task, "sparseadam")] == ["names"]
    assert all(entered(task, name) for task in TASKS for name in SPACES
               if name not in {"muon", "shampoo", "soap", "sparseadam"})


@pytest.mark.parametrize("task", TASKS)
def test_the_shapes_are_those_of_a_row(task):
    made = TASKS[task]
    assert sum(map(math.prod, made.shapes())) == made.one(0, 1).start.numel()


def test_the_first_step_of_muon_is_torchs_by_default():
    made = TASKS["digits"]
    rule = training._on_rows(rules.muon, made)
    start = made.one(0, 1).start.double()
    g = torch.sin(torch.arange(len(start), dtype=torch.float64))
    p, *_ = rule(start[None], g[None], 1)
    first, last, shape = hidden_of(made)[0]
    matrix = torch.nn.Parameter(start[first:last].reshape(shape).clone())
    rest = torch.nn.Parameter(start[last:].clone())
    matrix.grad, rest.grad = g[first:last].reshape(shape), g[last:]
    with orthogonalised_by(newton_schulz):
        torch.optim.Muon([matrix]).step()
    torch.optim.AdamW([rest]).step()
    torch.testing.assert_close(p[0, first:last], matrix.detach().flatten(), rtol=1e-6, atol=0)
    bias = slice(last, hidden_of(made)[1][0])
    torch.testing.assert_close(p[0, bias], rest.detach()[:bias.stop - last], rtol=1e-6, atol=0)


def test_the_plan_is_the_same_for_all():
    assert len(TRIALS) == len(SCHEDULES) * sum(entered(task, optimizer) for task in TASKS
                                               for optimizer in SPACES)
    for name, trial in TRIALS.items():
        given = trial.arguments
        assert name == f"{given['task']}/{given['optimizer']}/{given['schedule']}"
        assert given["budget"] == TASKS[given["task"]].budget
        assert (len(given["settings"]), given["tuning"], given["final"]) == (16, 3, 10)
    assert FULL == {"settings": 16, "tuning": 3, "final": 10}
    assert list(QUICK) == list(TRIALS)


def test_the_rows_are_all_there_and_can_be_exported(tmp_path, capsys):
    kept = results(TRIALS, lab.path_of("benchmark"))
    found = rows(TRIALS, kept)
    assert len(found) == len(TRIALS) * (16 * 3 + 10 + 10)
    one = next(row for row in found if row["stage"] == "tuning" and row["setting"] == 5
               and row["seed"] == 2 and row["task"] == "digits" and row["optimizer"] == "nadam")
    given = TRIALS["digits/nadam/constant"].arguments
    assert json.loads(one["hyper"]) == given["settings"][5]
    assert one["test_loss"] == kept["digits/nadam/constant"]["tuning"]["test_loss"][5, 2]
    assert main(["export", "benchmark", "--out", str(tmp_path / "results.csv")]) == 0
    assert f"{len(found)} rows" in capsys.readouterr().out
    with open(tmp_path / "results.csv", encoding="utf8", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == len(found)
    assert list(table[0]) == ["task", "optimizer", "schedule", "stage", "setting", "seed", "hyper",
                              "gradients", "train_loss", "validation_loss", "test_loss", "score",
                              "diverged"]


def test_a_rule_takes_the_factor_of_the_steps_before():
    seen = []

    def rule(p, g, t, *, lr):
        seen.append(lr)
        return (p,)

    stepped = scheduled(rule, lambda k: 1 / (k + 1))
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

    monkeypatch.setattr(training, "LBFGS", Recorded)
    one = SimpleNamespace(start=torch.zeros(2), judge=lambda p: {},
                          draw=lambda p: lambda p: (torch.tensor(0.0), torch.zeros(2)))
    searched(one, {"lr": 8.0}, lambda k: 1 / (k + 2), 6)
    assert seen == [4.0, 2.0, 8 / 6]


def test_betas_that_are_not_tuned_are_adams():
    assert keywords([{"beta1": 0.5}], list)["betas"] == ([0.5], [0.999])
    assert keywords([{"beta2": 0.5}], list)["betas"] == ([0.9], [0.5])


def test_what_is_chosen_by_and_reported_on_has_other_noise_than_what_is_fitted():
    made = TASKS["oscillation"].many(rules.sgd, [{"lr": 0.0}], [0, 1], 1)
    losses = np.stack([made[f"{part}_loss"].ravel() for part in ("train", "validation", "test")])
    assert len(np.unique(losses)) == losses.size == 6

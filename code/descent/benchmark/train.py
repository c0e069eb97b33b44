"""One batch of trainings: all settings of an optimizer on a task, with all seeds."""

from contextlib import contextmanager
from functools import wraps
from threading import Lock

import numpy as np
import torch

from descent import LBFGS, rules
from descent.benchmark.plan import SCHEDULES
from descent.benchmark.tasks import TASKS, keywords
from descent.parity import row_of

__all__ = ["memory", "searched", "train"]

_ALONE = Lock()  # seeds, threads and environments are a process's, and a cluster's worker has many
_MEASURES = ("train_loss", "validation_loss", "test_loss", "score", "diverged")


def train(batch):
    """Train every setting with every seed; return a dict for each, settings outermost."""
    task, factor = TASKS[batch.task], SCHEDULES[batch.schedule](batch.budget)
    rule = getattr(rules, batch.optimizer)
    shape = len(batch.settings), len(batch.seeds)
    with _ALONE, _one_thread(), np.errstate(all="ignore"):
        if rule is rules.lbfgs:
            found = [searched(task.one(seed, batch.budget), setting, factor, batch.budget)
                     for setting in batch.settings for seed in batch.seeds]
            made = {name: [one[name] for one in found] for name in (*_MEASURES, "gradients")}
        else:
            made = task.many(_scheduled(rule, factor), batch.settings, batch.seeds, batch.budget)
            made["gradients"] = np.full(shape, batch.budget)
        made["memory"] = np.repeat([memory(batch.optimizer, setting, batch.budget)
                                    for setting in batch.settings], len(batch.seeds))
    columns = {name: [None] * (shape[0] * shape[1]) if values is None
               else np.ravel(values).tolist() for name, values in made.items()}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@contextmanager
def _one_thread():
    """Compute on one thread: how a sum is split over threads shows in its last digit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _scheduled(rule, factor):
    """Return the rule with lr times `factor` of the number of steps before."""
    @wraps(rule)
    def stepped(p, g, t, *state, lr, **hyper):
        return rule(p, g, t, *state, lr=lr * factor(t - 1), **hyper)

    return stepped


class _Spent(Exception):
    pass


def searched(one, setting, factor, budget):
    """Train one model by L-BFGS until the budget of gradients is spent; return its measures.

    Every call of `step()` gets the next batch and stays on it for `max_iter` iterations. A tuned
    setting has a line search, the default none, as in torch. Every look of a search is a gradient
    evaluation; a search that the end of the budget cuts off leaves the last point accepted.
    """
    w, spent = torch.nn.Parameter(one.start.clone()), 0
    search = {"max_eval": 25, "line_search_fn": "strong_wolfe"} if setting else {}
    optimizer = LBFGS([w], **setting, **search)
    (group,) = optimizer.param_groups
    peak = group["lr"]
    while spent < budget:
        group["lr"], look = peak * factor(spent), one.draw(w.detach())

        def closure(look=look):
            nonlocal spent
            if spent == budget:
                raise _Spent
            spent += 1
            loss, w.grad = look(w.detach())
            return loss

        try:
            optimizer.step(closure)
        except _Spent:
            break
    return {**{name: None if value is None else value.item()
               for name, value in one.judge(w.detach()).items()}, "gradients": spent}


def memory(optimizer, setting, budget):
    """Return how many numbers torch's optimizer keeps for each parameter.

    Counted in its state after two steps; for L-BFGS two for each pair that the budget can make,
    up to `history_size`, and two more.
    """
    rule = getattr(rules, optimizer)
    if rule is rules.lbfgs:
        return 2.0 * min(setting.get("history_size", 100), budget - 1) + 2
    p = torch.nn.Parameter(torch.ones(10))
    made = row_of(rule).torch_class([p], **keywords([setting], lambda values: values[0]))
    for _ in range(2):
        p.grad = torch.ones_like(p)
        made.step()
    kept = [value for value in made.state[p].values() if isinstance(value, torch.Tensor)]
    return float(sum(value.numel() == p.numel() for value in kept))

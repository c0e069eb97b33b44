"""Training of an optimizer on a task under a schedule: many settings with many seeds at once."""

import math
from functools import wraps

import numpy as np
import torch

from descent import LBFGS, rules, schedules
from descent.lab.experiments.benchmark.tasks import TASKS, keywords
from descent.lab.experiments.muon import hidden_of
from descent.lab.procedures import ending_at
from descent.lab.rows import beside_adamw, by_parameter
from descent.optim.shapes import mixes
from descent.parity import row_of

__all__ = ["NETS", "SCHEDULES", "entered", "memory", "scheduled", "searched", "train"]

NETS = ("digits", "mnist_1d", "spelling")  # the tasks whose models have hidden matrices

# From the budget to what multiplies lr at gradient number 0, 1, 2, …
SCHEDULES = {
    "constant": lambda budget: lambda k: 1.0,
    "cosine": lambda budget: schedules.cosine_annealing(1.0, budget),
}


def entered(task, optimizer):
    """Tell whether an optimizer runs on a task.

    Muon, Shampoo and SOAP do only where there are hidden matrices, SparseAdam where batches lack
    rows of a table.
    """
    where = {"muon": NETS, "shampoo": NETS, "soap": NETS, "sparseadam": ("names",)}
    return task in where.get(optimizer, TASKS)


@np.errstate(all="ignore")  # some diverge, and the measures tell
def train(task, optimizer, schedule, settings, seeds, budget):
    """Train every setting with every seed; return measures of shape (settings, seeds) by name."""
    task, factor = TASKS[task], SCHEDULES[schedule](budget)
    rule = getattr(rules, optimizer)
    if rule is not rules.lbfgs:
        rule = scheduled(_on_rows(rule, task), factor)
        if optimizer in ("asgd", "schedulefree"):
            rule = ending_at(rule, 0, budget)  # ASGD's mean, Schedule-Free's x
        return task.many(rule, settings, seeds, budget)
    found = [[searched(task.one(seed, budget), setting, factor, budget) for seed in seeds]
             for setting in settings]
    return {name: None if value is None else np.array([[one[name] for one in row] for row in found])
            for name, value in found[0][0].items()}


def _on_rows(rule, task):
    """Return a rule as it steps rows of a task's parameters.

    Muon, Shampoo and SOAP have AdamW for those that are no hidden matrices, with torch's decay.
    Prodigy's one estimate is of the whole model.
    """
    if rule in (rules.muon, rules.shampoo, rules.soap):
        return beside_adamw(rule, hidden_of(task), rest_decay=1e-2)
    shapes = task.shapes()
    if rule is rules.prodigy:
        shapes = [(sum(map(math.prod, shapes)),)]
    return by_parameter(rule, shapes) if mixes(rule) else rule


def scheduled(rule, factor):
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
    return {name: None if value is None else value.item()
            for name, value in one.judge(w.detach()).items()}


def memory(task, optimizer, setting, budget):
    """Return how many numbers torch's or a package's optimizer keeps for a parameter of a task.

    Counted in its state after two steps; for L-BFGS two for each pair that the budget can make,
    up to `history_size`, and two more.
    """
    rule, shapes = getattr(rules, optimizer), TASKS[task].shapes()
    count = sum(map(math.prod, shapes))
    if rule is rules.lbfgs:
        return 2.0 * min(setting.get("history_size", 100), budget - 1) + 2
    if rule in (rules.muon, rules.shampoo, rules.soap):
        hidden = [shape for _, _, shape in hidden_of(TASKS[task])]
        rest = count - sum(map(math.prod, hidden))
        return (_kept(rule, hidden) + _kept(rules.adamw, [(rest,)])) / count
    return _kept(rule, shapes, **keywords([setting], lambda values: values[0])) / count


def _kept(rule, shapes, **hyper):
    """Return how many numbers an optimizer's reference keeps for parameters of these shapes."""
    params = [torch.nn.Parameter(torch.ones(shape)) for shape in shapes]
    row = row_of(rule)
    made = row.torch_class(params, **hyper)
    for _ in range(2):
        for p in params:
            p.grad = torch.ones_like(p).to_sparse() if row.sparse else torch.ones_like(p)
        made.step()
    kept = [one for state in made.state.values() for value in state.values()
            for one in (value if isinstance(value, list) else [value])]
    return sum(one.numel() for one in kept if isinstance(one, torch.Tensor) and one.ndim)

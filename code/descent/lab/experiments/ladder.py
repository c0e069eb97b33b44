"""The ladder on a small network: every rung and step of it, each with its best learning rate."""

from descent import tasks
from descent.lab.procedures import ending_at, fresh_seeds
from descent.lab.rows import by_parameter
from descent.lab.trial import Trial
from descent.ladder import AVERAGES, MEMORIES, NORMS, ladder

__all__ = ["TRIALS", "again", "climbed"]


def climbed(task, lrs, steps, tuning, final, norm, memory, average):
    """Tune lr on validation data over `tuning` seeds, then report on `final` fresh ones.

    Returns the grid's validation losses (rates, seeds), the lr chosen, whether it is at the grid's
    edge, and test losses and accuracies by seed.
    """
    data, rule = _made(task, steps, average)
    made = tasks.tune(data, rule, lrs, steps=steps, tuning_seeds=range(tuning),
                      final_seeds=fresh_seeds(final), norm=norm, memory=memory, average=average,
                      beta2=0.95)
    return {"validation": made.validation, "lr": made.lr, "at_edge": made.at_edge,
            "test_loss": made.final.test_loss[0], "test_accuracy": made.final.test_accuracy[0]}


def again(trial, lr, seeds):
    """Train the first final seeds of a `climbed` trial once more; return their test losses."""
    given = trial.arguments
    data, rule = _made(given["task"], given["steps"], given["average"])
    choices = {name: given[name] for name in ("norm", "memory", "average")}
    return tasks.fit(data, rule, seeds=fresh_seeds(seeds), steps=given["steps"], lr=[lr],
                     beta2=0.95, **choices).test_loss[0]


def _made(task, steps, average):
    """Return a task, and the ladder for all of its parameters: matrices, a row for each filter."""
    data = getattr(tasks, task)()
    return data, by_parameter(ending_at(ladder, 3, steps) if average == "iterates" else ladder,
                              [p.shape if p.ndim < 2 else p.flatten(1).shape
                               for p in data.make().parameters()])


# Of nine learning rates, a factor of two apart, the middle one: where a first look had its best.
_MIDDLES = {
    "whole": ((0.5, 1.0, 2.0), (0.25, 0.06, 1.0), (0.25, 0.25, 1.0), (2.0, 4.0, 2.0)),
    "entries": ((0.001, 0.002, 0.004), (0.008, 0.008, 0.016), (0.016, 0.008, 0.06),
                (0.06, 0.12, 0.12)),
    "matrix": ((0.06, 0.06, 0.06), (0.06, 0.06, 0.25), (0.06, 0.06, 0.25), (0.25, 1.0, 1.0)),
}


def _lrs(norm, memory, average):
    middle = _MIDDLES[norm][MEMORIES.index(memory)][AVERAGES.index(average)]
    return [float(f"{middle * 2.0**k:.4g}") for k in range(-4, 5)]


TRIALS = {f"digits/{norm}, {memory}, {average}": Trial(climbed, {
    "task": "digits", "lrs": _lrs(norm, memory, average), "steps": 100, "tuning": 3, "final": 10,
    "norm": norm, "memory": memory, "average": average})
    for norm in NORMS for memory in MEMORIES for average in AVERAGES}

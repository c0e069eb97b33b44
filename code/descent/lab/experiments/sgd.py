"""SGD: other splits of a small task, more seeds, and how sharp a net gets on all its data."""

import numpy as np
import torch
from torch.func import grad

from descent import tasks
from descent.device import device
from descent.driver import walk
from descent.lab.experiments.adam import largest_curvature
from descent.lab.procedures import fresh_seeds, rates, swept
from descent.lab.trial import Trial
from descent.rules import sgd
from descent.tasks import loss_of_flat

__all__ = ["TRIALS", "edge", "splits"]


def splits(task, count, lrs, steps, tuning, final, momenta):
    """Tune lr on one split after another, with each momentum, and report on fresh seeds.

    Returns the rates chosen, which are at the grid's edge, and the test losses, means over
    the seeds; the first two axes are momenta and splits.
    """
    kept = {"lr": [], "edges": [], "test_loss": []}
    for momentum in momenta:
        made = [tasks.tune(tasks.resplit(getattr(tasks, task)(), seed), sgd, lrs, steps=steps,
                           tuning_seeds=range(tuning), final_seeds=fresh_seeds(final),
                           momentum=momentum) for seed in range(count)]
        kept["lr"].append([one.lr for one in made])
        kept["edges"].append([one.at_edge for one in made])
        kept["test_loss"].append([one.final.test_loss.mean() for one in made])
    return kept


def edge(task, seeds, steps, every, **hyper):
    """Train one net after another on all its training data at each step, and look now and then.

    Returns the training losses after every step and, each `every` steps, the largest curvature
    of the loss, (times, seeds).
    """
    task = getattr(tasks, task)()
    losses, curvatures = [], []
    for seed in fresh_seeds(seeds):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = task.make().to(device())
        loss = loss_of_flat(model, *task.train)
        flat = torch.nn.utils.parameters_to_vector(model.parameters()).detach()
        points = [flat, *(step.p for step in walk(sgd, grad(loss), flat, steps, **hyper))]
        with torch.no_grad():
            losses.append([loss(p).item() for p in points])
        curvatures.append([largest_curvature(loss, p) for p in points[::every]])
    return {"loss": np.transpose(losses), "curvature": np.transpose(curvatures)}


_EDGE = {"task": "digits", "seeds": 3, "steps": 400, "every": 10}
TRIALS = {
    "splits": Trial(splits, {"task": "breast_cancer", "count": 30, "lrs": rates(1e-3, 10, 33),
                             "steps": 200, "tuning": 3, "final": 5, "momenta": [0.0, 0.9]}),
    **{f"edge/lr {lr}": Trial(edge, {**_EDGE, "lr": lr}) for lr in (0.05, 0.1, 0.2, 0.4)},
    "edge/lr 0.2, momentum 0.9": Trial(edge, {**_EDGE, "every": 5, "lr": 0.2, "momentum": 0.9}),
    "seeds": Trial(swept, {"task": "digits", "rule": "sgd", "steps": 250, "seeds": 40,
                           "first_seed": 1000, "lr": [1.0, 0.1], "momentum": [0.0, 0.9]}),
}

"""Training on a task: many models as one batch.

Many models (every setting of a grid × every seed) are trained as one batch: their parameters are
stacked along a first axis, `torch.func.vmap` gives each its own gradient, and the rule, which takes
arrays, steps them all at once.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch.func import functional_call, grad, stack_module_state, vmap
from torch.nn.functional import cross_entropy

from descent.device import device
from descent.driver import walk
from descent.signature import hyperparameters

__all__ = ["Alone", "Fit", "fit"]


@dataclass(frozen=True)
class Fit:
    """What came of a batch of trainings; every array has shape (settings, seeds).

    A diverged training has loss inf. `gradients` counts gradient evaluations of one training.
    """

    train_loss: np.ndarray
    validation_loss: np.ndarray
    test_loss: np.ndarray
    test_accuracy: np.ndarray
    gradients: int


def fit(task, rule, *, seeds, steps, batch_size=64, spared=None, schedule=None, watch=None,
        **hyper):
    """Train one model for every setting and seed, all in one batched run; return a `Fit`.

    A hyper-parameter may be a list: all lists have one length, and setting number i takes the
    i-th member of each. A seed fixes the initial weights and the order of the mini-batches, so
    all settings of one seed see the same data in the same order. `spared` tells of a parameter's
    name that weight decay leaves it alone: `lambda name: "norm" in name or "bias" in name`.

    `schedule` is what multiplies lr: a function of the step number 0, 1, 2, … to a number, or to
    an array of shape (settings, seeds). `watch(done, validation)` is called after each step with
    the number of steps done and a function that returns the validation losses (settings, seeds),
    of the models or of other rows of parameters that it is given.

    Raises ValueError for lists of different lengths, no seeds, or a batch larger than the data.
    """
    seeds = list(seeds)
    lengths = {len(h) for h in hyper.values() if isinstance(h, (list, np.ndarray))} or {1}
    if len(lengths) != 1:
        raise ValueError(f"lists of hyper-parameters must have one length, got {sorted(lengths)}")
    if not seeds:
        raise ValueError("seeds must hold at least one seed, got none")
    x, y = task.train
    if not 1 <= batch_size <= len(y):
        raise ValueError(f"batch_size must be in [1, {len(y)}], got {batch_size!r}")
    (settings,) = lengths
    params, skeleton = _models(task, seeds, settings)
    batches = _batches(len(y), batch_size, steps, seeds)
    gradient = vmap(grad(lambda p, x, y: cross_entropy(functional_call(skeleton, p, (x,)), y)))

    flat, unflatten = _flatten(params)
    hyper = {name: torch.tensor(h, dtype=flat.dtype, device=device()).repeat_interleave(len(seeds))
             if isinstance(h, (list, np.ndarray)) else h for name, h in hyper.items()}
    upcoming = iter(batches.unbind(1))

    def gradient_of_batch(flat):
        rows = next(upcoming).repeat(settings, 1)
        return _flatten(gradient(unflatten(flat), x[rows], y[rows]))[0]

    columns = {name: h[:, None] if isinstance(h, torch.Tensor) else h for name, h in hyper.items()}
    if spared is not None:
        kept = {name: torch.full_like(p[:1], 1.0 - spared(name)) for name, p in params.items()}
        columns["weight_decay"] = columns["weight_decay"] * _flatten(kept)[0]
    if schedule is not None:
        peak = columns.get("lr", hyperparameters(rule)["lr"])
        columns["lr"] = lambda k: peak * _column(schedule(k), flat)
    for step in walk(rule, gradient_of_batch, flat, steps, **columns):
        flat = step.p
        if watch is not None:
            watch(step.t, lambda p=flat: _losses(task.validation, skeleton, unflatten(p))[0]
                  .reshape(settings, len(seeds)))
    return _judge(task, skeleton, unflatten(flat), (settings, len(seeds)), steps)


def _models(task, seeds, settings):
    """Return the stacked initial parameters (settings × seeds, …) and a module to run them."""
    modules = []
    for seed in seeds:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            modules.append(task.make())
    params, _ = stack_module_state(modules)
    return ({name: p.detach().repeat(settings, *[1] * (p.ndim - 1)).to(device())
             for name, p in params.items()}, task.make().to(device()))


def _flatten(params):
    """Return parameters stacked by model as one matrix, a row a model, and the way back."""
    shapes = {name: p.shape[1:] for name, p in params.items()}
    sizes = [math.prod(shape) for shape in shapes.values()]

    def unflatten(flat):
        parts = flat.split(sizes, dim=1)
        return {name: part.reshape(-1, *shape)
                for (name, shape), part in zip(shapes.items(), parts, strict=True)}

    return torch.cat([p.reshape(len(p), -1) for p in params.values()], dim=1), unflatten


def _batches(examples, batch_size, steps, seeds):
    """Return row numbers of shape (seeds, steps, batch): shuffled epochs, their rests dropped."""
    per_epoch = examples // batch_size
    orders = []
    for seed in seeds:
        random = torch.Generator().manual_seed(seed)
        epochs = [torch.randperm(examples, generator=random)[:per_epoch * batch_size]
                  for _ in range(math.ceil(steps / per_epoch))]
        orders.append(torch.cat(epochs).reshape(-1, batch_size)[:steps])
    return torch.stack(orders).to(device())


def _column(factor, like):
    """Return a factor of lr for each model as a column; a number as it is."""
    if np.ndim(factor) == 0:
        return factor
    return torch.as_tensor(factor, dtype=like.dtype, device=like.device).reshape(-1, 1)


@torch.no_grad()
def _losses(part, skeleton, params):
    """Return the loss, inf if diverged, and the accuracy of each model on a part of the data."""
    x, y = part

    def one(p):
        logits = functional_call(skeleton, p, (x,))
        return cross_entropy(logits, y), (logits.argmax(1) == y).sum() / (y >= 0).sum()

    losses, right = vmap(one, chunk_size=8)(params)
    losses = torch.where(losses.isfinite(), losses, math.inf)
    return losses.cpu().numpy(), right.cpu().numpy()


def _judge(task, skeleton, params, shape, steps):
    (train, _), (validation, _), test = (
        [measured.reshape(shape) for measured in _losses(part, skeleton, params)]
        for part in (task.train, task.validation, task.test))
    return Fit(train, validation, *test, gradients=steps)


class Alone:
    """One model, as `fit` trains it with that seed, for an optimizer that must look again.

    `start` is a row of its first weights.
    """

    def __init__(self, task, seed, *, steps, batch_size=64):
        params, self._skeleton = _models(task, [seed], 1)
        flat, self._unflatten = _flatten(params)
        self._task, self.start = task, flat[0]
        self._batches = iter(_batches(len(task.train[1]), batch_size, steps, [seed])[0])

    def draw(self):
        """Return the loss on the next mini-batch, and its gradient, as a function of a row."""
        rows = next(self._batches)
        x, y = (part[rows] for part in self._task.train)

        def look(flat):
            flat = flat.detach().requires_grad_()
            model = {name: p[0] for name, p in self._unflatten(flat[None]).items()}
            loss = cross_entropy(functional_call(self._skeleton, model, (x,)), y)
            return loss.detach(), torch.autograd.grad(loss, flat)[0]

        return look

    def judge(self, flat, gradients):
        """Return the `Fit`, of shape (1, 1), of a row that took so many gradients."""
        return _judge(self._task, self._skeleton, self._unflatten(flat[None]), (1, 1), gradients)

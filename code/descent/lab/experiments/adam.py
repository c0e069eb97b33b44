"""Adam on two convolutional nets and a recurrent one, against SGD with momentum, and how sharp.

On the recurrent net both tune what they remember, beta1 or the momentum, on grids of one size.
"""

import numpy as np
import torch
from torch.func import grad, jvp

from descent import rules, tasks
from descent.device import device
from descent.driver import walk
from descent.lab.procedures import fresh_seeds, rates, swept, tuned
from descent.lab.trial import Trial
from descent.tasks import loss_of_flat

__all__ = ["ANGLES", "IN_VALLEY", "LATER", "MEMORIES", "SQUARES", "TRIALS", "largest_curvature",
           "sharpness", "turned", "turned_all"]

ANGLES = tuple(range(0, 91, 15))
MEMORIES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)  # on the recurrent net
IN_VALLEY = (0.0, 0.3, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97,
             0.98)  # in the turned valley, and there for beta2:
SQUARES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9995, 0.9999, 0.99999, 0.999999)
LATER = (500, 700, 850, 1000, 1400)  # steps on MNIST-1D, at the rates tuned for 1,000


def largest_curvature(loss, flat, steps=15):
    """Return the largest eigenvalue of the Hessian of `loss` at `flat`, by Lanczos's method.

    Each step takes one product of the Hessian with a vector: the gradient's derivative along it.
    """
    q = torch.randn(flat.shape, generator=torch.Generator().manual_seed(0)).to(flat)
    basis = []
    for _ in range(steps):
        for old in basis * 2:  # twice, or rounding lets old directions in again
            q = q - (old @ q) * old
        basis.append(q / q.norm())
        q = jvp(grad(loss), (flat,), (basis[-1],))[1]
        column = torch.stack([old @ q for old in basis])
        if len(basis) == 1:
            small = column[:, None]
        else:
            small = torch.nn.functional.pad(small, (0, 1, 0, 1))
            small[-1], small[:, -1] = column, column
    return torch.linalg.eigvalsh(small)[-1].item()


def sharpness(task, rule, lr, seeds, at, **hyper):
    """Train one net after another; at the steps `at` look how it does and how it curves.

    Returns train losses, test losses and accuracies and the largest
    eigenvalue of the Hessian of the training loss, each (times, seeds).
    """
    task, rule = getattr(tasks, task)(), getattr(rules, rule)
    x, y = task.train
    kept = {"train_loss": [], "test_loss": [], "test_accuracy": [], "curvature": []}
    for seed in fresh_seeds(seeds):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = task.make().to(device())
        flat = torch.nn.utils.parameters_to_vector(model.parameters()).detach()
        random, queue = torch.Generator().manual_seed(seed), []

        def gradient(flat, queue=queue, model=model, random=random):
            if not queue:
                queue.extend(torch.randperm(len(y), generator=random).split(64))
                queue[:] = [rows for rows in queue if len(rows) == 64]
            rows = queue.pop()
            return grad(loss_of_flat(model, x[rows], y[rows]))(flat)

        seen = {name: [] for name in kept}
        for step in walk(rule, gradient, flat, max(at), lr=lr, **hyper):
            if step.t in at:
                for name, value in _looked(task, model, step.p).items():
                    seen[name].append(value)
        for name, values in seen.items():
            kept[name].append(values)
    return {name: np.transpose(values) for name, values in kept.items()}


def _looked(task, model, flat):
    loss = loss_of_flat(model, *task.train)
    x, y = task.test
    torch.nn.utils.vector_to_parameters(flat, model.parameters())
    with torch.no_grad():
        right = (model(x).argmax(1) == y).double().mean().item()
    return {"train_loss": loss(flat).item(), "test_accuracy": right,
            "test_loss": loss_of_flat(model, x, y)(flat).item(),
            "curvature": largest_curvature(loss, flat)}


def turned(rule, scale, memory, steps, beta2=0.999):
    """Count the steps to the floor of a valley of condition 1,000, turned by each of ANGLES.

    From 12 starts on a circle that turns with the valley, until the loss stays below 1e-4 of its
    start up to the end of the run. `memory` is the momentum of sgd, or beta1 of adam; lr is
    `scale` times 37 factors an eighth of a decade apart. Returns the rates, the mean number of
    steps, where a run that does not arrive counts as `steps`, and the share of such runs; both
    (angles, rates).
    """
    angles, lrs = np.deg2rad(ANGLES), scale * 10 ** (np.arange(37) / 8)
    cos, sin = (f(angles)[:, None, None] for f in (np.cos, np.sin))
    ring = np.stack([f(2 * np.pi * (np.arange(12) + 0.5) / 12) for f in (np.cos, np.sin)], -1)
    curvature = np.array([0.001, 1.0])

    def along(p):
        return np.stack([cos * p[..., 0] + sin * p[..., 1], cos * p[..., 1] - sin * p[..., 0]], -1)

    def back(q):
        return np.stack([cos * q[..., 0] - sin * q[..., 1], cos * q[..., 1] + sin * q[..., 0]], -1)

    hyper = {"momentum": memory} if rule == "sgd" else {"betas": (memory, beta2)}
    start = back(np.broadcast_to(ring, (len(angles), len(lrs), 12, 2)))
    first, last = (curvature * ring**2).sum(-1), np.zeros(start.shape[:-1])
    with np.errstate(all="ignore"):
        for step in walk(getattr(rules, rule), lambda p: back(curvature * along(p)), start, steps,
                         lr=lrs[:, None, None], **hyper):
            low = (curvature * along(step.p)**2).sum(-1) < 1e-4 * first
            last = np.where(low, last, step.t)
    return {"lrs": lrs, "steps": np.minimum(last + 1, steps).mean(-1),
            "missed": (last >= steps).mean(-1)}


def turned_all(rule, scale, memories, steps, **hyper):
    """Do the same with each of `memories`, each angle at its best lr.

    Returns the steps, which of the rates is best, and the share of runs there that do not arrive,
    all (memories, angles).
    """
    kept = {"steps": [], "chosen": [], "missed": []}
    for memory in memories:
        made = turned(rule, scale, memory, steps, **hyper)
        chosen = made["steps"].argmin(1)
        for name in ("steps", "missed"):
            kept[name].append(made[name][range(len(ANGLES)), chosen])
        kept["chosen"].append(chosen)
    return kept


_METHODS = {"SGD, momentum 0.9": ("sgd", {"momentum": 0.9}, (0.00316, 3.16), 20),
            "RMSprop": ("rmsprop", {}, (0.0001, 0.1), 2),
            "Adam": ("adam", {}, (0.000316, 0.316), 20)}

TRIALS = {
    **{f"{task}/{name}": Trial(tuned, {"task": task, "rule": rule, "lrs": rates(*ends, 13),
                                       "steps": 300, "tuning": 6, "final": final, **hyper})
       for task in ("digits", "mnist_1d")
       for name, (rule, hyper, ends, final) in _METHODS.items()},
    **{f"mnist_1d, longer/{name}": Trial(tuned, {
        "task": "mnist_1d", "rule": rule, "lrs": lrs, "steps": 1000, "tuning": 6, "final": 16,
        **hyper}) for name, rule, lrs, hyper in (
            ("SGD, momentum 0.9", "sgd", rates(0.01, 1, 9), {"momentum": 0.9}),
            ("Adam", "adam", rates(0.001, 0.1, 9), {}))},
    **{f"later/{name}, {steps} steps": Trial(swept, {
        "task": "mnist_1d", "rule": rule, "steps": steps, "seeds": 16, "first_seed": 1000, **hyper})
       for name, rule, hyper in (("SGD, momentum 0.9", "sgd", {"lr": [0.056234], "momentum": 0.9}),
                                 ("Adam", "adam", {"lr": [0.017783]})) for steps in LATER},
    **{f"default/{task}, {steps} steps": Trial(swept, {
        "task": task, "rule": "adam", "steps": steps, "seeds": 6, "lr": rates(0.000316, 0.0316, 5)})
       for task, steps in (("digits", 1000), ("digits", 3000), ("mnist_1d", 3000))},
    **{f"default/{task}, {steps} steps": Trial(swept, {
        "task": task, "rule": "adam", "steps": steps, "seeds": 6, "lr": [default, best]})
       for task, steps, default, best in (
           ("digits", 300, 0.000999, 0.01777), ("mnist_1d", 300, 0.000999, 0.0316),
           ("mnist_1d", 1000, 0.001, 0.017783))},  # for the test losses at rates tried above
    **{f"turned/{rule}, {steps} steps": Trial(turned_all, {
        "rule": rule, "scale": scale, "memories": IN_VALLEY, "steps": steps})
       for rule, scale in (("sgd", 0.002), ("adam", 0.001)) for steps in (300, 1000, 2000)},
    **{f"turned/adam, beta2 {beta2}": Trial(turned_all, {
        "rule": "adam", "scale": 0.001, "memories": IN_VALLEY, "steps": 2000, "beta2": beta2})
       for beta2 in SQUARES if beta2 != 0.999},
    **{f"recurrent/{rule} {memory:g}": Trial(tuned, {
        "task": "digit_rows", "rule": rule, "steps": 200, "tuning": 12, "final": 40, "first": 3000,
        "lrs": rates(*ends, 9), **hyper})
       for memory in MEMORIES for rule, ends, hyper in (
           ("sgd", (0.32 * (1 - memory), 32 * (1 - memory)), {"momentum": memory}),
           ("adam", (0.0032, 0.32), {"betas": [memory, 0.999]}))},
    **{f"curvature{looks}/{name}": Trial(sharpness, {"task": "digits", "rule": rule, "lr": lr,
                                                     "seeds": 10, "at": at, **hyper})
       for looks, at in (("", [60, 150, 300]), (" between", [110, 200]))
       for name, rule, lr, hyper in (("SGD, momentum 0.9", "sgd", 0.099928, {"momentum": 0.9}),
                                     ("Adam", "adam", 0.01777, {}))},
    **{f"curvature, lr a step lower/{name}": Trial(sharpness, {
        "task": "digits", "rule": rule, "lr": lr, "seeds": 10,
        "at": [60, 110, 150, 200, 300, 450], **hyper})
       for name, rule, lr, hyper in (("SGD, momentum 0.9", "sgd", 0.056194, {"momentum": 0.9}),
                                     ("Adam", "adam", 0.009993, {}))},
}

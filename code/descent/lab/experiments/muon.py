"""Muon on the hidden matrices of two nets and AdamW on the rest, against AdamW and SGD there."""

from functools import partial

import torch
from torch.func import vmap

from descent import schedules, tasks
from descent.lab.procedures import fresh_seeds
from descent.lab.trial import Trial
from descent.rules.adamw import adamw
from descent.rules.muon import muon, newton_schulz

__all__ = ["TRIALS", "again", "decays_tuned", "hidden_of", "judged", "mixed", "parted",
           "undecayed"]

EDGES = ("letters", "places", "leave")  # of the transformer: what reads the input, what answers


def hidden_of(task):
    """Return where the hidden matrices stand in a flat row: (first, last, (rows, columns)).

    Of a layer of convolution it is the kernel as a matrix, a row for each channel it makes. What
    reads letters, what places add and the last layer are no hidden matrices.
    """
    found, first = [], 0
    named = list(task.make().named_parameters())
    heads = {named[-2][0]}  # the last layer's weight
    for name, p in named:
        last = first + p.numel()
        if p.ndim >= 2 and name.split(".")[0] not in EDGES and name not in heads:
            found.append((first, last, (p.shape[0], p.numel() // p.shape[0])))
        first = last
    return found


def exact(p, g, t, B=0.0, *, lr, weight_decay, momentum=0.95):
    """Take Muon's step with its matrix made exactly, by a singular value decomposition."""
    B = momentum * B + (1 - momentum) * g
    left, _, right = torch.linalg.svd((1 - momentum) * g + momentum * B, full_matrices=False)
    step = max(1, p.shape[0] / p.shape[1])**0.5 * left @ right
    return (1 - lr * weight_decay) * p - lr * step, B


def mean_alone(p, g, t, B=0.0, *, lr, weight_decay, momentum=0.95):
    """Take a step along Muon's mean as it is: SGD with Nesterov's momentum, and no decay.

    Its lr is some hundreds of times Muon's, and a decay times that would leave nothing.
    """
    B = momentum * B + (1 - momentum) * g
    return p - lr * ((1 - momentum) * g + momentum * B), B


def mean_normalised(p, g, t, B=0.0, *, lr, weight_decay, momentum=0.95):
    """Take a step along Muon's mean, as long as that of an exact Muon, and without decay.

    All that is left out is that the singular values are made equal.
    """
    B = momentum * B + (1 - momentum) * g
    ahead = (1 - momentum) * g + momentum * B
    rows, columns = p.shape
    length = min(rows, columns)**0.5 * max(1, rows / columns)**0.5
    return p - lr * length * ahead / ((ahead * ahead).sum().sqrt() + 1e-7), B


def in_bfloat16(p, g, t, B=0.0, *, lr, weight_decay, momentum=0.95):
    """Take Muon's step with its rounds made in bfloat16, as torch makes them."""
    B = momentum * B + (1 - momentum) * g
    ahead = ((1 - momentum) * g + momentum * B).bfloat16()
    made = newton_schulz(ahead, (3.4445, -4.7750, 2.0315), 5, 1e-7).to(p.dtype)
    step = max(1, p.shape[0] / p.shape[1])**0.5 * made
    return (1 - lr * weight_decay) * p - lr * step, B


MATRIX_RULES = {"muon": muon, "match": partial(muon, adjust_lr_fn="match_rms_adamw"),
                "exact": exact, "mean": mean_alone, "normalised": mean_normalised,
                "bfloat16": in_bfloat16}


def parted(task, hidden, rest_decay=None):
    """Return a rule for flat rows: `hidden` on the hidden matrices, AdamW on all the rest.

    Its `lr` is that of the hidden matrices and what a schedule multiplies; AdamW's is `share` times
    it. Its `weight_decay` is both parts', or the first's alone where the rest has `rest_decay`.
    `hidden` is a key of MATRIX_RULES, or "adamw": then both parts are AdamW's.
    """
    places = hidden_of(task)

    def rule(p, g, t, m=0.0, v=0.0, *Bs, lr=0.01, share=1.0, weight_decay=0.1):
        inside = torch.zeros_like(p[:1])
        for first, last, _ in places:
            inside[:, first:last] = 1.0
        rate = lr * torch.where(inside > 0, torch.ones_like(p[:1]), share)
        decay = weight_decay if rest_decay is None else torch.where(inside > 0, weight_decay,
                                                                    rest_decay)
        new, m, v, _ = adamw(p, g, t, m, v, lr=rate, weight_decay=decay)
        if hidden == "adamw":
            return new, m, v
        each = vmap(lambda p, g, B, lr, decay: MATRIX_RULES[hidden](
            p, g, t, B, lr=lr, weight_decay=decay)[:2])
        numbers, kept = [torch.as_tensor(h, dtype=p.dtype, device=p.device).expand(len(p), 1)[:, 0]
                         for h in (lr, weight_decay)], []
        for k, (first, last, shape) in enumerate(places):
            matrix, slope = (x[:, first:last].reshape(-1, *shape) for x in (p, g))
            matrix, B = each(matrix, slope, Bs[k] if Bs else 0 * slope, *numbers)
            new[:, first:last] = matrix.flatten(1)
            kept.append(B)
        return new, m, v, *kept

    return rule


def mixed(task, hidden, lrs, rests, examples, held, steps, batch_size, tuning, final):
    """Tune the lr of the hidden matrices and of the rest on a full grid; report on fresh seeds.

    The task keeps `examples` training examples and `held` of each other part; lr falls to 0 along
    a cosine in both parts. Without `rests` both parts have one lr. Returns validation losses
    (lrs, rests, seeds), the choice, whether it is at an edge, and test losses by seed.
    """
    train = _training(task, hidden, examples, held, steps, batch_size)
    settings = [{"lr": lr, "rest": rest} for lr in lrs for rest in (rests or [lr])]
    shape = len(lrs), len(rests) or 1
    return _tuned(train, settings, shape, tuning, final)


def judged(task, hidden, lr, rest, examples, held, steps, batch_size, seeds):
    """Train one setting with the fresh seeds of a report; return its test losses."""
    train = _training(task, hidden, examples, held, steps, batch_size)
    return {"test_loss": train([{"lr": lr, "rest": rest}], fresh_seeds(seeds)).test_loss[0]}


def undecayed(task, hidden, lr, rest, examples, held, steps, batch_size, seeds):
    """Train as `judged` does, without any weight decay; return the test losses."""
    train = _training(task, hidden, examples, held, steps, batch_size)
    made = train([{"lr": lr, "rest": rest, "decay": 0.0}], fresh_seeds(seeds))
    return {"test_loss": made.test_loss[0]}


def decays_tuned(task, hidden, lrs, decays, rests, examples, held, steps, batch_size, tuning,
                 final):
    """Tune as `mixed` does, and the decay of the hidden matrices, too; the rest's stays 0.1.

    Returns validation losses (lrs, decays, rests, seeds), the choice, whether it is at an edge,
    and what it made of the fresh seeds.
    """
    train = _training(task, hidden, examples, held, steps, batch_size, rest_decay=0.1)
    settings = [{"lr": lr, "decay": decay, "rest": rest}
                for lr in lrs for decay in decays for rest in rests]
    return _tuned(train, settings, (len(lrs), len(decays), len(rests)), tuning, final)


def _tuned(train, settings, shape, tuning, final):
    made = tasks.choose(train, settings, shape=shape, tuning_seeds=range(tuning),
                        final_seeds=fresh_seeds(final))
    return {"validation": made.losses.reshape(*shape, tuning), **made.setting,
            "at_edge": made.at_edge, "test_loss": made.final.test_loss[0],
            "train_loss": made.final.train_loss[0], "test_accuracy": made.final.test_accuracy[0]}


def again(trial, lr, rest, seeds=1):
    """Train the first final seeds of a `mixed` trial once more; return their test losses."""
    given = {name: value for name, value in trial.arguments.items()
             if name not in {"lrs", "rests", "tuning", "final"}}
    return judged(**given, lr=lr, rest=rest, seeds=seeds)["test_loss"]


def _training(task, hidden, examples, held, steps, batch_size, **parts):
    part = getattr(tasks, task)().cut(train=examples, validation=held, test=held)

    def train(settings, seeds):
        decays = [one["decay"] for one in settings if "decay" in one]
        return tasks.fit(part, parted(part, hidden, **parts), seeds=seeds, steps=steps,
                         batch_size=batch_size, lr=[one["lr"] for one in settings],
                         share=[one["rest"] / one["lr"] for one in settings],
                         schedule=schedules.cosine_annealing(1.0, steps),
                         **({"weight_decay": decays} if decays else {}))

    return train


_SPELLING = {"task": "spelling", "examples": 2000, "held": 400, "steps": 120, "batch_size": 32}
_DIGITS = {"task": "digits", "examples": 400, "held": 359, "steps": 300, "batch_size": 32}
_BOTH = {**_SPELLING, "tuning": 2, "final": 10, "rests": [0.01, 0.02, 0.04, 0.08]}
_ONE = {**_BOTH, "rests": []}
_PICTURES = {**_DIGITS, "tuning": 6, "final": 20}
_CHOSEN = {"lr": 0.04, "rest": 0.02, "seeds": 10}  # what "spelling/Muon" chose

TRIALS = {
    "spelling/Muon": Trial(mixed, {**_BOTH, "hidden": "muon", "lrs": [0.01, 0.02, 0.04, 0.08]}),
    "spelling/AdamW": Trial(mixed, {**_BOTH, "hidden": "adamw",
                                    "lrs": [0.005, 0.01, 0.02, 0.04]}),
    # About as long as Muon's 120 steps take, on one thread of a CPU.
    "spelling/AdamW, 200 steps": Trial(mixed, {**_BOTH, "steps": 200, "hidden": "adamw",
                                               "lrs": [0.005, 0.01, 0.02, 0.04]}),
    "spelling/mean alone": Trial(mixed, {**_BOTH, "hidden": "mean",
                                         "lrs": [2.5, 5.0, 10.0, 20.0]}),
    "spelling/one lr, AdamW": Trial(mixed, {**_ONE, "hidden": "adamw",
                                            "lrs": [0.0025, 0.005, 0.01, 0.02, 0.04, 0.08]}),
    "spelling/one lr, match_rms_adamw": Trial(mixed, {
        **_ONE, "hidden": "match", "lrs": [0.0025, 0.005, 0.01, 0.02, 0.04, 0.08]}),
    "spelling/exact": Trial(judged, {**_SPELLING, **_CHOSEN, "hidden": "exact"}),
    "spelling/no decay": Trial(undecayed, {**_SPELLING, **_CHOSEN, "hidden": "muon"}),
    "spelling/AdamW, no decay": Trial(undecayed, {**_SPELLING, "lr": 0.02, "rest": 0.04,
                                                  "seeds": 10, "hidden": "adamw"}),
    "digits/Muon": Trial(mixed, {**_PICTURES, "hidden": "muon",
                                 "lrs": [0.06, 0.12, 0.24, 0.48, 0.96],
                                 "rests": [0.0004, 0.0008, 0.0015, 0.003, 0.006]}),
    "digits/AdamW": Trial(mixed, {**_PICTURES, "hidden": "adamw",
                                  "lrs": [0.04, 0.08, 0.16, 0.32, 0.64],
                                  "rests": [0.0025, 0.005, 0.01, 0.02, 0.04]}),
    # What those left open: the length of the mean's step, other lr, longer runs, kernels' decay.
    "spelling/mean normalised": Trial(decays_tuned, {
        **_BOTH, "hidden": "normalised", "lrs": [0.005, 0.01, 0.02, 0.04], "decays": [0.0]}),
    "spelling/bfloat16": Trial(decays_tuned, {
        **_BOTH, "hidden": "bfloat16", "lrs": [0.04], "decays": [0.1], "rests": [0.02]}),
    **{f"spelling/{name}, lr {lr}": Trial(judged, {**_SPELLING, **_CHOSEN, "lr": lr,
                                                   "hidden": name.lower()})
       for name in ("Muon", "exact") for lr in (0.02, 0.08)},
    "spelling/Muon, 480 steps": Trial(judged, {**_SPELLING, **_CHOSEN, "steps": 480,
                                               "hidden": "muon"}),
    "spelling/AdamW, 480 steps": Trial(judged, {**_SPELLING, "steps": 480, "lr": 0.02,
                                                "rest": 0.04, "seeds": 10, "hidden": "adamw"}),
    "digits/Muon, decay tuned": Trial(decays_tuned, {
        **_PICTURES, "tuning": 4, "hidden": "muon", "lrs": [0.06, 0.12, 0.24, 0.48, 0.96],
        "decays": [0.25, 0.5, 1.0], "rests": [0.003, 0.006, 0.012, 0.024, 0.048]}),
    "digits/AdamW, decay tuned": Trial(decays_tuned, {
        **_PICTURES, "tuning": 4, "hidden": "adamw", "lrs": [0.04, 0.08, 0.16, 0.32],
        "decays": [0.05, 0.1, 0.25, 0.5, 1.0], "rests": [0.005, 0.01, 0.02]}),
}

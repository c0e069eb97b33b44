"""SOAP and Shampoo on the hidden matrices of a transformer and AdamW on the rest.

Muon's and AdamW's runs are the Muon chapter's: the same task, seeds and schedule. Controls:
`Adam` is SOAP in the matrix's own basis, with SOAP's betas, and `random` SOAP in a basis that is
drawn at random once; both only look in the first step, as SOAP does.
"""

from functools import cache, partial

import numpy as np
import torch

from descent import schedules, tasks
from descent.lab.experiments import muon as of_muon
from descent.lab.experiments.muon import hidden_of
from descent.lab.procedures import fresh_seeds
from descent.lab.rows import beside_adamw
from descent.lab.trial import Trial
from descent.rules.adamw import adamw
from descent.rules.shampoo import power, shampoo
from descent.rules.soap import soap

__all__ = ["TRIALS", "again", "judged", "mixed", "parted"]


@cache
def drawn(side):
    """Return an orthogonal matrix, drawn at random, one for each size."""
    random = np.random.default_rng(side).standard_normal((side, side))
    return np.linalg.qr(random)[0]


def in_a_basis(p, g, t, m=0.0, v=0.0, *, lr, weight_decay, turned):
    """Take SOAP's step in bases that stay: the matrix's own or, `turned`, ones drawn at random."""
    if t == 1:
        return p, 0.0 * g, 0.0 * g
    QL, QR = (torch.as_tensor(drawn(side) if turned else np.eye(side), dtype=p.dtype)
              .to(p.device) for side in p.shape)
    p, m, v, _ = adamw(QL.T @ p @ QR, QL.T @ g @ QR, t - 1, m, v, lr=lr, betas=(0.95, 0.95),
                       weight_decay=weight_decay)
    return QL @ p @ QR.T, m, v


def plain_shampoo(p, g, t, L=0.0, R=0.0, *, lr, weight_decay):
    """Take Shampoo's step, with the decay past the gradient, as in the others."""
    new, L, R = shampoo(p, g, t, L, R, lr=lr)
    return new - lr * weight_decay * p, L, R


def soap_soon(p, g, t, *state, lr, weight_decay):
    """Take SOAP's step with new bases at every step up to the twentieth, every 10 from then on."""
    return soap(p, g, t, *state, lr=lr, weight_decay=weight_decay,
                precondition_frequency=1 if t <= 20 else 10)


def soap_late(p, g, t, *state, lr, weight_decay):
    """Take SOAP's step with new bases every 10 steps up to the twentieth, at each from then on."""
    return soap(p, g, t, *state, lr=lr, weight_decay=weight_decay,
                precondition_frequency=10 if t <= 20 else 1)


def shampoo_soon(p, g, t, L=0.0, R=0.0, left=0.0, right=0.0, *, lr, weight_decay):
    """Take Shampoo's step with new roots at every step up to the twentieth, then every 10."""
    L, R = L + g @ g.T, R + g.T @ g
    if t <= 20 or (t - 1) % 10 == 0:
        left, right = power(L, -0.25, 1e-6), power(R, -0.25, 1e-6)
    return p - lr * left @ g @ right - lr * weight_decay * p, L, R, left, right


MATRIX_RULES = {"soap": soap, "soon": soap_soon, "late": soap_late, "shampoo soon": shampoo_soon,
                "shampoo": plain_shampoo, "adam": partial(in_a_basis, turned=False),
                "random": partial(in_a_basis, turned=True)}


def parted(task, hidden, **fixed):
    """Return a rule for flat rows: `hidden` on the hidden matrices, AdamW on all the rest.

    `hidden` is a key of MATRIX_RULES; the rest's decay is 0.1.
    """
    made = partial(MATRIX_RULES[hidden], lr=0.01, weight_decay=0.1, **fixed)
    return beside_adamw(made, hidden_of(task), rest_decay=0.1)


def _training(task, hidden, examples, held, steps, batch_size, decay, **fixed):
    part = getattr(tasks, task)().cut(train=examples, validation=held, test=held)

    def train(settings, seeds):
        return tasks.fit(part, parted(part, hidden, **fixed), seeds=seeds, steps=steps,
                         batch_size=batch_size, weight_decay=decay,
                         lr=[one["lr"] for one in settings],
                         share=[one["rest"] / one["lr"] for one in settings],
                         schedule=schedules.cosine_annealing(1.0, steps))

    return train


def mixed(hidden, lrs, rests, tuning, final, **given):
    """Tune the lr of the hidden matrices and of the rest on a full grid; report on fresh seeds.

    lr falls to 0 along a cosine in both parts. Returns validation losses (lrs, rests, seeds), the
    choice, whether it is at an edge, and what it made of the fresh seeds.
    """
    settings = [{"lr": lr, "rest": rest} for lr in lrs for rest in rests]
    shape = len(lrs), len(rests)
    made = tasks.choose(_training(hidden=hidden, **given), settings, shape=shape,
                        tuning_seeds=range(tuning), final_seeds=fresh_seeds(final))
    return {"validation": made.losses.reshape(*shape, tuning), **made.setting,
            "at_edge": made.at_edge, "test_loss": made.final.test_loss[0],
            "train_loss": made.final.train_loss[0], "test_accuracy": made.final.test_accuracy[0]}


def judged(hidden, lr, rest, seeds, **given):
    """Train one setting with the fresh seeds of a report; return its test losses."""
    made = _training(hidden=hidden, **given)([{"lr": lr, "rest": rest}], fresh_seeds(seeds))
    return {"test_loss": made.test_loss[0]}


def again(trial, lr, rest, seeds=1):
    """Train the first final seeds of a `mixed` trial once more; return their test losses."""
    given = {name: value for name, value in trial.arguments.items()
             if name not in {"lrs", "rests", "tuning", "final"}}
    return judged(**given, lr=lr, rest=rest, seeds=seeds)["test_loss"]


_SPELLING = {"task": "spelling", "examples": 2000, "held": 400, "steps": 120, "batch_size": 32,
             "decay": 0.1}
_BOTH = {**_SPELLING, "tuning": 2, "final": 10, "rests": [0.01, 0.02, 0.04, 0.08]}

TRIALS = {
    "spelling/SOAP": Trial(mixed, {**_BOTH, "hidden": "soap", "lrs": [0.01, 0.02, 0.04, 0.08]}),
    "spelling/Adam": Trial(mixed, {**_BOTH, "hidden": "adam", "lrs": [0.005, 0.01, 0.02, 0.04]}),
    "spelling/random": Trial(mixed, {**_BOTH, "hidden": "random",
                                     "lrs": [0.005, 0.01, 0.02, 0.04]}),
    "spelling/Shampoo": Trial(mixed, {**_BOTH, "decay": 0.0, "rests": [0.01, 0.02, 0.04],
                                      "hidden": "shampoo", "lrs": [0.1, 0.2, 0.4, 0.8]}),
    # lr is tuned for each, the rest's is SOAP's choice; the last keeps the first bases.
    **{f"spelling/SOAP, f = {f}": Trial(mixed, {
        **_BOTH, "rests": [0.04], "hidden": "soap", "lrs": lrs, "precondition_frequency": f})
       for f, lrs in ((1, [0.01, 0.02, 0.04]), (50, [0.005, 0.01, 0.02]),
                      (1000, [0.005, 0.01, 0.02]))},
    "spelling/SOAP, f = 1, then 10": Trial(judged, {**_SPELLING, "hidden": "soon", "lr": 0.02,
                                                   "rest": 0.04, "seeds": 10}),
    # Is it the start that counts?
    "spelling/SOAP, f = 10, then 1": Trial(judged, {**_SPELLING, "hidden": "late", "lr": 0.02,
                                                   "rest": 0.04, "seeds": 10}),
    # Shampoo at its own choice, with the others' decay; and with old roots, as SOAP's old bases.
    "spelling/Shampoo, decay": Trial(judged, {**_SPELLING, "hidden": "shampoo", "lr": 0.4,
                                              "rest": 0.02, "seeds": 10}),
    "spelling/Shampoo, f = 1, then 10": Trial(judged, {
        **_SPELLING, "decay": 0.0, "hidden": "shampoo soon", "lr": 0.4, "rest": 0.02,
        "seeds": 10}),
    # Four times as long, at the same settings, as Muon and AdamW there.
    **{f"spelling/SOAP, f = {f}, 480 steps": Trial(judged, {
        **_SPELLING, "steps": 480, "hidden": "soap", "lr": 0.02, "rest": 0.04, "seeds": 10,
        "precondition_frequency": f}) for f in (1, 10)},
    "spelling/SOAP, no decay": Trial(judged, {**_SPELLING, "decay": 0.0, "hidden": "soap",
                                              "lr": 0.02, "rest": 0.04, "seeds": 10}),
    # 1.2 times SOAP's 120 steps, about as long as these take at f = 10 on one thread of a CPU; and
    # a third more, about as long as with bases renewed often at first. At what AdamW chose in the
    # Muon chapter, both for 120 steps and for 200.
    **{f"spelling/AdamW, {steps} steps": Trial(of_muon.judged, {
        "task": "spelling", "hidden": "adamw", "lr": 0.02, "rest": 0.04, "examples": 2000,
        "held": 400, "steps": steps, "batch_size": 32, "seeds": 10}) for steps in (144, 160)},
}

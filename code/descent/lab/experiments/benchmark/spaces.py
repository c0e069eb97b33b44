"""What is tuned of each optimizer: a box in logs, and settings spread evenly over it."""

import math

from scipy.stats import qmc

__all__ = ["BESIDE", "BEYOND", "RACE", "SPACES", "edges", "points"]

# Ends of each hyper-parameter that is tuned; "1 - x" is what is spread in logs where x is near 1.
# Muon's lr is the length of a step on a matrix, some ten times Adam's; `share` is what AdamW, which
# has the rest of the parameters, gets of it: they need not want the same. Adafactor's lr is a share
# of a parameter's size, and `eps2` counts as the size of one that is smaller, or starts at zero.
# Rprop's lr is only its first step; what matters under noise is the `largest` that a step may grow
# to. ASGD's mean begins after `t0` steps, of budgets of 50 to 300: later is never.
# Lion's steps are all as long as lr, and its decay, times lr, is the size that a weight can reach:
# its authors ask for a smaller lr than AdamW's and a larger decay. Schedule-Free gets what a
# schedule would: a larger lr, a climb, and how far its gradients stand from the mean. Prodigy finds
# its lr; what is left is a factor of it and Adam's two memories, which its estimate rests on. ADOPT
# has Adam's box. Shampoo and SOAP have AdamW beside them, as Muon: SOAP's step is as long as
# Adam's, Shampoo's is a whole matrix of length 1 at first, and shorter at each step.
_LR = (3e-4, 0.3)
SPACES = {
    "sgd": {"lr": (1e-3, 10.0), "1 - momentum": (0.01, 1.0)},
    "asgd": {"lr": (1e-3, 10.0), "t0": (1.0, 300.0)},
    "adagrad": {"lr": (1e-3, 3.0), "initial_accumulator_value": (1e-6, 1.0)},
    "rprop": {"lr": (1e-5, 0.1), "largest": (1e-3, 10.0)},
    "rmsprop": {"lr": _LR, "1 - alpha": (1e-3, 0.5)},
    "adadelta": {"lr": (0.1, 10.0), "1 - rho": (0.01, 0.5), "eps": (1e-8, 1e-2)},
    "adam": {"lr": _LR, "1 - beta1": (0.02, 1.0), "1 - beta2": (1e-3, 0.2)},
    "adamax": {"lr": _LR, "1 - beta1": (0.02, 1.0), "1 - beta2": (1e-3, 0.2)},
    "adamw": {"lr": _LR, "1 - beta1": (0.02, 1.0), "weight_decay": (1e-3, 3.0)},
    "nadam": {"lr": _LR, "1 - beta1": (0.02, 1.0), "momentum_decay": (4e-3, 1.0)},
    "radam": {"lr": _LR, "1 - beta1": (0.02, 1.0), "1 - beta2": (1e-3, 0.2)},
    "sparseadam": {"lr": _LR, "1 - beta1": (0.02, 1.0), "1 - beta2": (1e-3, 0.2)},
    "muon": {"lr": (3e-3, 3.0), "share": (3e-3, 1.0)},
    "adafactor": {"lr": (1e-3, 1.0), "eps2": (1e-4, 1.0)},
    "lbfgs": {"lr": (0.03, 3.0), "history_size": (2, 50), "max_iter": (1, 20)},
    "lion": {"lr": (1e-4, 0.1), "1 - beta1": (0.02, 1.0), "weight_decay": (1e-2, 30.0)},
    "schedulefree": {"lr": (1e-3, 1.0), "1 - beta1": (0.01, 0.5), "warmup_steps": (1, 50)},
    "prodigy": {"d_coef": (0.1, 10.0), "1 - beta1": (0.02, 1.0), "1 - beta2": (1e-3, 0.2)},
    "shampoo": {"lr": (0.01, 10.0), "share": (3e-3, 1.0)},
    "soap": {"lr": (1e-3, 0.3), "share": (0.1, 10.0)},
    "adopt": {"lr": _LR, "1 - beta1": (0.02, 1.0), "1 - beta2": (1e-3, 0.2)},
}
# What sees a matrix, or rows of a table, runs beside the race: not on every task, or by parts of a
# model.
BESIDE = ("sparseadam", "muon", "adafactor")
BEYOND = ("lion", "schedulefree", "prodigy", "shampoo", "soap", "adopt")  # what torch has not
RACE = tuple(name for name in SPACES if name not in (*BESIDE, *BEYOND))
_WHOLE = {"history_size", "max_iter", "warmup_steps"}


def points(optimizer, count):
    """Return `count` settings, a power of two: Sobol's points, each moved to its cell's middle.

    Every hyper-parameter takes each of `count` evenly spaced places, in logs, once. No random
    number is drawn, and the values are rounded: they are the same on every machine.
    """
    space = SPACES[optimizer]
    places = qmc.Sobol(len(space), scramble=False).random(count) + 0.5 / count
    return [dict(_value(name, low * (high / low)**u)
                 for (name, (low, high)), u in zip(space.items(), place, strict=True))
            for place in places]


def _value(name, x):
    x = float(f"{x:.4g}")
    if name.startswith("1 - "):
        return name.removeprefix("1 - "), round(1 - x, 10)
    return name, round(x) if name in _WHOLE else x


def edges(optimizer, setting):
    """Return the names of the hyper-parameters that are within a tenth, in logs, of an end."""
    found = []
    for name, (low, high) in SPACES[optimizer].items():
        plain = name.removeprefix("1 - ")
        x = setting[plain] if plain == name else 1 - setting[plain]
        place = math.log(x / low) / math.log(high / low)
        if not 0.1 <= place <= 0.9:
            found.append(plain)
    return found

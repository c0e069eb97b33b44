"""Adadelta over lr and eps, and tuned against its relatives."""

import numpy as np

from descent import tasks
from descent.lab.experiments.adagrad import on_names
from descent.lab.procedures import rates, swept, tuned
from descent.lab.trial import Trial
from descent.ops import sqrt

__all__ = ["EPS", "LR", "TRIALS", "own_eps"]

EPS, LR = (np.array([float(f"1e{k}") for k in range(low, high + 1, step)])
           for low, high, step in ((-10, -2, 2), (-2, 2, 1)))


def own_eps(lr, eps, steps, seeds):
    """Train digits under Adadelta with an eps of 1e-12 below the line; return losses as `swept`."""
    def rule(p, g, t, v=0.0, u=0.0, *, lr, eps, rho=0.9):
        v = rho * v + (1 - rho) * g**2
        step = sqrt(u + eps) / sqrt(v + 1e-12) * g
        return p - lr * step, v, rho * u + (1 - rho) * step**2

    made = tasks.fit(tasks.digits(), rule, seeds=range(seeds), steps=steps, lr=lr, eps=eps)
    return {"validation_loss": made.validation_loss}


_MAP = {"eps": np.repeat(EPS, len(LR)).tolist(), "lr": np.tile(LR, len(EPS)).tolist()}
_DIGITS = {"Adadelta": ("adadelta", 0.5), "Adagrad": ("adagrad", 0.005),
           "RMSprop": ("rmsprop", 0.0005)}

TRIALS = {
    **{f"map/{task}": Trial(swept, {"task": task, "rule": "adadelta", "steps": steps, "seeds": 3,
                                    **_MAP})
       for task, steps in (("breast_cancer", 150), ("digits", 100), ("names", 150))},
    **{f"digits/{name}": Trial(tuned, {"task": "digits", "rule": rule, "steps": 100, "tuning": 4,
                                       "lrs": rates(low, 1000 * low, 13), "final": 12})
       for name, (rule, low) in _DIGITS.items()},
    "names/Adadelta": Trial(on_names, {"rule": "adadelta", "lrs": rates(0.1, 100, 13), "steps": 290,
                                       "tuning": 4, "final": 12}),
    "own eps": Trial(own_eps, {"lr": [0.1, 1.0, 10.0], "eps": [1e-6, 1e-8, 1e-10], "steps": 100,
                               "seeds": 3}),
    "longer": Trial(swept, {"task": "digits", "rule": "adadelta", "steps": 1000, "seeds": 3,
                            "lr": [0.1, 0.32, 1.0, 3.2, 10.0, 32.0, 100.0]}),
    **{f"untuned/{task}": Trial(swept, {"task": task, "rule": "adadelta", "steps": steps,
                                        "seeds": 12, "first_seed": 1000, "lr": [1.0]})
       for task, steps in (("digits", 100), ("names", 290))},
    **{f"valley/{task}/{name}": Trial(swept, {"task": task, "rule": rule, "steps": steps,
                                              "seeds": 12, "first_seed": 1000,
                                              "lr": rates(low, 1000 * low, 13)})
       for task, steps, methods in (
           ("digits", 100, (("Adadelta", "adadelta", 0.5), ("Adagrad", "adagrad", 0.005))),
           ("names", 290, (("Adadelta", "adadelta", 0.1), ("Adagrad", "adagrad", 0.003))))
       for name, rule, low in methods},
}

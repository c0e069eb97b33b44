"""Adadelta over lr and eps, and tuned against its relatives."""

import numpy as np

from descent.experiments import Trial
from descent.experiments.adagrad import on_names
from descent.experiments.trials import swept, tuned

__all__ = ["EPS", "LR", "TRIALS"]

EPS, LR = (np.array([float(f"1e{k}") for k in range(low, high + 1, step)])
           for low, high, step in ((-10, -2, 2), (-2, 2, 1)))


def _rates(low):
    return np.geomspace(low, 1000 * low, 13).round(6).tolist()


_MAP = {"eps": np.repeat(EPS, len(LR)).tolist(), "lr": np.tile(LR, len(EPS)).tolist()}
_DIGITS = {"Adadelta": ("adadelta", 0.5), "Adagrad": ("adagrad", 0.005),
           "RMSprop": ("rmsprop", 0.0005)}

TRIALS = {
    **{f"map/{task}": Trial(swept, {"task": task, "rule": "adadelta", "steps": steps, "seeds": 3,
                                    **_MAP})
       for task, steps in (("breast_cancer", 150), ("digits", 100), ("names", 150))},
    **{f"digits/{name}": Trial(tuned, {"task": "digits", "rule": rule, "lrs": _rates(low),
                                       "steps": 100, "tuning": 4, "final": 12})
       for name, (rule, low) in _DIGITS.items()},
    "names/Adadelta": Trial(on_names, {"rule": "adadelta", "lrs": _rates(0.1), "steps": 290,
                                       "tuning": 4, "final": 12}),
    **{f"untuned/{task}": Trial(swept, {"task": task, "rule": "adadelta", "steps": steps,
                                        "seeds": 12, "first_seed": 1000, "lr": [1.0]})
       for task, steps in (("digits", 100), ("names", 290))},
}

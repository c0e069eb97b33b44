"""RMSprop on a recurrent net and on CartPole, against its relatives."""

import numpy as np

from descent.experiments import Trial
from descent.experiments.trials import balanced, tuned

__all__ = ["TRIALS"]


def _rates(low, high, count):
    return np.geomspace(low, high, count).round(6).tolist()


_GRU = {"SGD, momentum 0.9": ("sgd", _rates(0.032, 3.2, 9), {"momentum": 0.9}),
        "Adagrad": ("adagrad", _rates(0.01, 1, 9), {}),
        "RMSprop": ("rmsprop", _rates(0.001, 0.1, 9), {}),
        "Adam": ("adam", _rates(0.0032, 0.32, 9), {})}
_POLE = {"SGD": ("sgd", _rates(0.001, 0.1, 9), {}),
         "Adagrad": ("adagrad", _rates(0.01, 1, 9), {}),
         "RMSprop": ("rmsprop", _rates(0.001, 0.1, 9), {}),
         "RMSprop, alpha 0.9": ("rmsprop", _rates(0.001, 0.1, 9), {"alpha": 0.9}),
         "Adam": ("adam", _rates(0.0032, 0.32, 9), {})}

TRIALS = {
    **{f"gru/{name}": Trial(tuned, {"task": "digit_rows", "rule": rule, "lrs": lrs, "steps": 200,
                                    "tuning": 6, "final": 20, **hyper})
       for name, (rule, lrs, hyper) in _GRU.items()},
    **{f"pole/{name}": Trial(balanced, {"rule": rule, "lrs": lrs, "updates": 40, "tuning": 6,
                                        "final": 16, **hyper})
       for name, (rule, lrs, hyper) in _POLE.items()},
}

"""RMSprop on a recurrent net and on CartPole, against its relatives."""

from descent.lab.procedures import balanced, rates, tuned
from descent.lab.trial import Trial

__all__ = ["TRIALS"]


_GRU = {"SGD, momentum 0.9": ("sgd", rates(0.032, 3.2, 9), {"momentum": 0.9}),
        "Adagrad": ("adagrad", rates(0.01, 1, 9), {}),
        "RMSprop": ("rmsprop", rates(0.001, 0.1, 9), {}),
        "Adam": ("adam", rates(0.0032, 0.32, 9), {})}
_POLE = {"SGD": ("sgd", rates(0.001, 0.1, 9), {}),
         "Adagrad": ("adagrad", rates(0.01, 1, 9), {}),
         "RMSprop": ("rmsprop", rates(0.001, 0.1, 9), {}),
         "RMSprop, alpha 0.9": ("rmsprop", rates(0.001, 0.1, 9), {"alpha": 0.9}),
         "Adam": ("adam", rates(0.0032, 0.32, 9), {})}

TRIALS = {
    **{f"gru/{name}": Trial(tuned, {"task": "digit_rows", "rule": rule, "lrs": lrs, "steps": 200,
                                    "tuning": 6, "final": 20, **hyper})
       for name, (rule, lrs, hyper) in _GRU.items()},
    **{f"pole/{name}": Trial(balanced, {"rule": rule, "lrs": lrs, "updates": 40, "tuning": 6,
                                        "final": 16, **hyper})
       for name, (rule, lrs, hyper) in _POLE.items()},
}

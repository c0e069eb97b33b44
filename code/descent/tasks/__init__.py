"""What is trained, and on what: real data, small models, the fair comparison on them."""

from descent.tasks import cartpole
from descent.tasks.data import (
    Task,
    breast_cancer,
    by_rarity,
    digit_rows,
    digits,
    mnist_1d,
    names,
    resplit,
    spelling,
)
from descent.tasks.fit import Alone, Fit, fit
from descent.tasks.landscape import digits_slice, loss_of_flat
from descent.tasks.stats import compare, interval
from descent.tasks.tuning import Choice, Tuned, choose, tune

__all__ = ["Alone", "Choice", "Fit", "Task", "Tuned", "breast_cancer", "by_rarity", "cartpole",
           "choose", "compare", "digit_rows", "digits", "digits_slice", "fit", "interval",
           "loss_of_flat", "mnist_1d", "names", "resplit", "spelling", "tune"]

"""The torch wing: a rule as an optimizer of torch, plain or compiled into one kernel."""

from descent.optim.lbfgs import LBFGS
from descent.optim.optimizer import Optimizer
from descent.optim.precision import kahan, master, stochastic

__all__ = ["LBFGS", "Optimizer", "kahan", "master", "stochastic"]

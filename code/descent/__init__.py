"""Descent: the optimizers of torch.optim, derived, written out, proved and measured."""

from descent.adapter import LBFGS, Optimizer
from descent.device import device
from descent.driver import path, walk
from descent.rules import adadelta, adagrad, adam, adamw, lbfgs, nadam, rmsprop, sgd

__all__ = ["LBFGS", "Optimizer", "adadelta", "adagrad", "adam", "adamw", "device", "lbfgs", "nadam",
           "path", "rmsprop", "sgd", "walk"]

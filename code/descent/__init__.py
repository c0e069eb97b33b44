"""Descent: the optimizers of torch.optim, derived, written out, proved and measured."""

from descent.adapter import Optimizer
from descent.device import device
from descent.driver import path, walk
from descent.rules import adadelta, adagrad, adam, adamw, nadam, rmsprop, sgd

__all__ = ["Optimizer", "adadelta", "adagrad", "adam", "adamw", "device", "nadam", "path",
           "rmsprop", "sgd", "walk"]

"""Descent: the optimizers of torch.optim, derived, written out, proved and measured."""

from descent.adapter import Optimizer
from descent.device import device
from descent.driver import path, walk
from descent.rules import sgd

__all__ = ["Optimizer", "device", "path", "sgd", "walk"]

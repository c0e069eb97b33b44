"""Optimizers that torch lacks, from the packages that have them: their authors' where there is one.

Each function makes one under the names of our rule. A package is imported when it is needed: only
who runs the comparison must have it (`pip install "FOLDER[beyond]"`, or requirements.txt).
"""

from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from io import StringIO

import torch

__all__ = ["adopt", "full_digits", "lion", "prodigy", "schedulefree", "shampoo", "soap"]


def lion(params, *, lr=1e-4, betas=(0.9, 0.99), weight_decay=0.0):
    """Return lion-pytorch's Lion."""
    return _module("lion_pytorch").Lion(params, lr=lr, betas=betas, weight_decay=weight_decay)


def schedulefree(params, *, adaptive=True, betas=(0.9, 0.999), eps=1e-8, foreach=False, **keywords):
    """Return the authors' AdamWScheduleFree or SGDScheduleFree, ready to train."""
    package = _module("schedulefree")
    if adaptive:
        made = package.AdamWScheduleFree(params, betas=betas, eps=eps, foreach=foreach, **keywords)
    else:
        made = package.SGDScheduleFree(params, momentum=betas[0], foreach=foreach, **keywords)
    made.train()
    return made


def prodigy(params, **keywords):
    """Return the authors' Prodigy, with decoupled decay; it has a word to print about that."""
    with redirect_stdout(StringIO()):
        return _module("prodigyopt").Prodigy(params, **keywords)


def shampoo(params, *, maximize=False, **keywords):
    """Return pytorch-optimizer's Shampoo."""
    return _module("pytorch_optimizer").Shampoo(params, maximize=maximize, **keywords)


def soap(params, *, maximize=False, **keywords):
    """Return pytorch-optimizer's SOAP."""
    return _module("pytorch_optimizer").SOAP(params, maximize=maximize, **keywords)


def adopt(params, *, maximize=False, foreach=False, **keywords):
    """Return pytorch-optimizer's ADOPT, with the clip of the authors' code."""
    return _module("pytorch_optimizer").ADOPT(
        params, clip_lambda=lambda step: (step - 1)**0.25, maximize=maximize, foreach=foreach,
        **keywords)


@contextmanager
def full_digits():
    """Let pytorch-optimizer's SOAP take its QR in the digits of the parameter, not in float32."""
    module = _module("pytorch_optimizer.optimizer.soap")

    class Torch:
        float32 = torch.float64

        def __getattr__(self, name):
            return getattr(torch, name)

    module.torch, before = Torch(), module.torch
    try:
        yield
    finally:
        module.torch = before


def _module(name):
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{error.name} is needed to compare with: in the course's folder, "
            f'pip install ".[beyond]"') from error

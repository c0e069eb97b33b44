"""The loss of a network as a function of its weights, and a plane through it."""

import math
from functools import cache

import torch
from torch import nn
from torch.func import functional_call, grad
from torch.nn.functional import cross_entropy

from descent.driver import walk
from descent.rules import sgd
from descent.surfaces import plane
from descent.tasks.data import digits

__all__ = ["digits_slice", "loss_of_flat"]


def loss_of_flat(model, x, y):
    """Return the mean cross-entropy on (x, y) as a function of the model's parameters in a row."""
    shapes = {name: p.shape for name, p in model.named_parameters()}

    def loss(flat):
        parts = flat.split([shape.numel() for shape in shapes.values()])
        params = {name: part.reshape(shape)
                  for (name, shape), part in zip(shapes.items(), parts, strict=True)}
        return cross_entropy(functional_call(model, params, (x,)), y)

    return loss


@cache
def digits_slice():
    """A plane through the loss of a trained network: from its start to its end, and across.

    The network (64-16-10, tanh, float64) has 1,210 weights and sees 360 digits. The x axis leads
    from the trained weights (origin) back to the initial ones; y is the direction in which the
    loss at the trained weights curves most, made orthogonal to x.
    """
    x, y = (part[:360].cpu() for part in digits().train)
    x = x.reshape(len(x), -1).double()
    net = nn.Sequential(nn.Linear(64, 16), nn.Tanh(), nn.Linear(16, 10)).double()
    random = torch.Generator().manual_seed(1)
    start = torch.cat([torch.randn(p.numel(), generator=random, dtype=torch.float64)
                       / math.sqrt(p.shape[-1]) for p in net.parameters()])
    loss, trained = loss_of_flat(net, x, y), start
    for step in walk(sgd, grad(loss), start, 150, lr=0.3, momentum=0.8):
        trained = step.p
    along = (start - trained) / (start - trained).norm()
    steep = torch.randn(len(start), generator=random, dtype=torch.float64)
    for _ in range(30):  # power iteration on the Hessian
        steep = steep / steep.norm()
        steep = grad(lambda p, v=steep: grad(loss)(p) @ v)(trained)
    across = steep - (steep @ along) * along
    return plane("slice of a network's loss", loss, trained, along, across / across.norm(),
                 start=float((start - trained).norm()))

"""The private names of torch that kernels need, all in one place: a release may drop any of them.

`lacking` tells which this torch has not; the plain step is the way out then.
"""

from contextlib import contextmanager
from importlib import import_module
from operator import attrgetter

import torch

__all__ = ["NAMES", "built", "copied", "identity", "is_view", "lacking", "orthogonalised_by",
           "pretended_group", "traced", "watchers"]

# Where each stands: the module, and the way from there.
NAMES = {
    "torch._C._storage_Use_Count": ("torch", "_C._storage_Use_Count"),
    "torch._foreach_copy_": ("torch", "_foreach_copy_"),
    "torch.Tensor._is_view": ("torch", "Tensor._is_view"),
    "torch._inductor.compile": ("torch._inductor", "compile"),
    "torch.fx.experimental.proxy_tensor.make_fx": ("torch.fx.experimental.proxy_tensor", "make_fx"),
}


def _found(name):
    module, way = NAMES[name]
    return attrgetter(way)(import_module(module))


def lacking():
    """Return the names that this torch does not have."""
    gone = []
    for name in NAMES:
        try:
            _found(name)
        except (AttributeError, ImportError):
            gone.append(name)
    return gone


@contextmanager
def orthogonalised_by(function):
    """Let torch's Muon call `function(matrix, ns_coefficients, ns_steps, eps)` for its own."""
    module = import_module("torch.optim._muon")
    own = module._zeropower_via_newtonschulz
    module._zeropower_via_newtonschulz = function
    try:
        yield own
    finally:
        module._zeropower_via_newtonschulz = own


@contextmanager
def pretended_group(world):
    """Let this process be rank 0 of a group whose others do not exist: they answer with garbage."""
    if torch.distributed.is_initialized():
        raise RuntimeError("this process is in a group already")
    store = import_module("torch.testing._internal.distributed.fake_pg").FakeStore()
    torch.distributed.init_process_group("fake", rank=0, world_size=world, store=store)
    try:
        yield
    finally:
        torch.distributed.destroy_process_group()


def copied(targets, sources):
    """Copy tensors to tensors, all in one call."""
    torch._foreach_copy_(targets, sources)


def identity(tensor):
    """Return a number that two tensors have in common if they see one storage."""
    return tensor.untyped_storage()._cdata


def watchers(tensor):
    """Return how many tensors see the storage of this one, itself among them."""
    return torch._C._storage_Use_Count(identity(tensor)) - 1  # Python's own handle on it


def is_view(tensor):
    """Tell whether a tensor is a view of another, as autograd sees it."""
    return tensor._is_view()


def traced(function, mode, *examples):
    """Return what a function does with such tensors, as a program."""
    return _found("torch.fx.experimental.proxy_tensor.make_fx")(function, tracing_mode=mode)(
        *examples)


def built(program, examples):
    """Return a traced program as a compiled function.

    This is what torch.compile calls. It would trace once more, and test at each call whether its
    program still fits, which takes longer than a small step.
    """
    return torch._inductor.compile(program, examples, {"cpp.dynamic_threads": True})

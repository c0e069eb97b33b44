"""How a tensor lies in memory: its real view, and whether something else sees the same bytes."""

from collections import Counter
from itertools import pairwise

import torch

from descent.optim.private import identity, watchers

__all__ = ["alike", "alone", "as_real", "is_part", "overlapping", "placed_as", "same_memory",
           "summed", "written_out"]


def as_real(value):
    """Return the real and imaginary parts of a complex tensor, along a last axis; else the value.

    torch's optimizers step a complex parameter so: as a real one with twice the entries. Raises
    RuntimeError, as they do, for a conjugate that is not written out.
    """
    if isinstance(value, torch.Tensor) and value.is_complex():
        return torch.view_as_real(value)
    return value


def written_out(tensor):
    """Return a tensor whose memory holds what it says: no conjugate and no negative that waits."""
    return tensor.resolve_conj().resolve_neg()


def summed(value):
    """Return a DTensor whose parts are still to be added up over the ranks as their sum, on each.

    An operator may leave the sum to whatever comes next; what is kept must say what it says now.
    """
    if not any(one.is_partial() for one in getattr(value, "placements", ())):
        return value
    from torch.distributed.tensor import Replicate  # slow to import, and loaded where this is one

    return value.redistribute(placements=[Replicate() if one.is_partial() else one
                                          for one in value.placements])


def placed_as(value, p):
    """Return a DTensor with its entries on the ranks where those of the DTensor `p` are."""
    placements = getattr(p, "placements", None)
    if getattr(value, "placements", placements) == placements:
        return value
    return value.redistribute(placements=placements)


def alike(value, p):
    """Return as complex what `as_real` might have made of a tensor like the complex `p`.

    What is no tensor, has another shape or is bfloat16, of which there are no complex numbers,
    is returned as it is.
    """
    if (p.is_complex() and isinstance(value, torch.Tensor) and value.is_floating_point()
            and value.dtype != torch.bfloat16 and value.shape == (*p.shape, 2)):
        return torch.view_as_complex(value.contiguous())
    return value


def same_memory(a, b):
    """Tell whether two tensors see one storage, also different parts of it."""
    return a is b or identity(a) == identity(b)


def is_part(tensor):
    """Tell whether a tensor is a part of a larger storage, such as a bucket of gradients."""
    return tensor.untyped_storage().nbytes() > tensor.numel() * tensor.element_size()


def overlapping(params):
    """Tell whether parameters have bytes in common: two, one given twice, or one expanded."""
    params = [p for p in params if p.numel() and type(p.data) is torch.Tensor]
    spans = sorted((p.data_ptr(), p.data_ptr() + _span(p)) for p in params)
    if not (any(end > start for (_, end), (start, _) in pairwise(spans))
            or any(_span(p) < p.numel() * p.element_size() for p in params)):
        return False
    seen = torch.cat([_addresses(p) for p in params])  # a matrix's columns lie between each other
    return len(seen.unique()) < len(seen)


def _span(p):
    """Return how many bytes there are from the first of a tensor to its last."""
    last = sum((n - 1) * step for n, step in zip(p.shape, p.stride(), strict=True))
    return (last + 1) * p.element_size()


def _addresses(p):
    """Return where each byte of a tensor lies."""
    size = p.element_size()
    return p.data_ptr() + torch.arange(_span(p)).as_strided(
        (*p.shape, size), (*(size * step for step in p.stride()), 1)).reshape(-1)


def alone(params, vectors):
    """Return the ids of the parameters that nobody misses where they are, so that they may move.

    These are contiguous, no DTensor or other kind of its own, do not overlap, and their bytes are
    seen by no tensor but the parameters and `vectors`, by no other process, file or array. (What
    torch does not allocate itself, `torch.load` among it, counts as an array.)
    """
    lots, laid = {}, Counter(map(identity, vectors))
    for p in params:
        if type(p.data) is torch.Tensor and p.layout is torch.strided:
            lots.setdefault(identity(p), []).append(p)
    found = set()
    for place, lot in lots.items():
        if (watchers(lot[0]) == len(lot) + laid[place]
                and all(p.is_contiguous() and not p.is_conj() and not p.is_neg() for p in lot)
                and lot[0].untyped_storage().resizable()
                and not (lot[0].device.type == "cpu" and lot[0].is_shared())
                and not overlapping(lot)):
            found.update(map(id, lot))
    return found

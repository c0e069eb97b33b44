"""The few functions a rule needs beyond `+ - * / **`, for floats, NumPy, torch and SymPy alike."""

import math

import numpy as np
import sympy
import torch

__all__ = ["dot", "maximum", "minimum", "sign", "sqrt", "stack", "where"]


def _library(*values):
    """Return the module that computes on these values: torch, sympy or numpy."""
    if any(isinstance(v, torch.Tensor) for v in values):
        return torch
    if any(isinstance(v, sympy.Basic) for v in values):
        return sympy
    return np


def _tensors(*values):
    """Return every value as a tensor of the dtype and device of the first tensor among them."""
    like = next(v for v in values if isinstance(v, torch.Tensor))
    return [torch.as_tensor(v, dtype=like.dtype, device=like.device) for v in values]


def sqrt(x):
    """Square root, elementwise; NaN (not a complex number) where x is negative."""
    library = _library(x)
    if library is np and isinstance(x, (int, float)):
        return math.sqrt(x) if x >= 0 else math.nan
    return library.sqrt(x)


def dot(a, b):
    """The sum of the products of all entries of two arrays of one shape."""
    if _library(a, b) is torch:
        return torch.dot(a.reshape(-1), b.reshape(-1))
    return np.sum(a * b)


def sign(x):
    """-1, 0 or 1, elementwise."""
    return _library(x).sign(x)


def maximum(a, b):
    """The larger of two values, elementwise."""
    if _library(a, b) is torch:
        return torch.maximum(*_tensors(a, b))
    return sympy.Max(a, b) if _library(a, b) is sympy else np.maximum(a, b)


def minimum(a, b):
    """The smaller of two values, elementwise."""
    if _library(a, b) is torch:
        return torch.minimum(*_tensors(a, b))
    return sympy.Min(a, b) if _library(a, b) is sympy else np.minimum(a, b)


def where(condition, a, b):
    """`a` where the condition holds, `b` elsewhere; keeps the dtype of the tensor among them."""
    if isinstance(condition, torch.Tensor):
        if not (isinstance(a, torch.Tensor) or isinstance(b, torch.Tensor)):
            return torch.where(condition, a, b)
        return torch.where(condition, *_tensors(a, b))
    if isinstance(condition, sympy.Basic):
        return sympy.Piecewise((a, condition), (b, True))
    return np.where(condition, a, b)


def stack(*values):
    """Join arrays of one shape along a new last axis."""
    if _library(*values) is torch:
        return torch.stack(torch.broadcast_tensors(*_tensors(*values)), dim=-1)
    return np.stack(np.broadcast_arrays(*values), axis=-1)

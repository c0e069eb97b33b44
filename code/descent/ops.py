"""The few functions a rule needs beyond `+ - * / **`, for floats, NumPy, torch and SymPy alike.

Nothing is imported here: a value tells which library it is of, and that is there already.
"""

import math
import sys

__all__ = ["dot", "maximum", "minimum", "sign", "sqrt", "stack", "where"]

# The types of each library's values, the library that computes on a mixture first.
_KINDS = {"torch": ("Tensor",), "sympy": ("Basic",), "numpy": ("ndarray", "generic")}


def _is(name, value):
    """Tell whether a value is of a library, which is loaded then."""
    library = sys.modules.get(name)
    return library is not None and isinstance(
        value, tuple(getattr(library, kind) for kind in _KINDS[name]))


def _library(*values):
    """Return the module that computes on these values: torch, sympy or numpy; for floats None."""
    for name in _KINDS:
        if any(_is(name, value) for value in values):
            return sys.modules[name]
    return None


def _tensors(*values):
    """Return every value as a tensor of the dtype and device of the first tensor among them."""
    like = next(v for v in values if _is("torch", v))
    return [_library(like).as_tensor(v, dtype=like.dtype, device=like.device) for v in values]


def sqrt(x):
    """Square root, elementwise; NaN (not a complex number) where x is negative."""
    library = _library(x)
    if library is None or isinstance(x, float):
        return math.sqrt(x) if x >= 0 else math.nan
    return library.sqrt(x)


def dot(a, b):
    """The sum of the products of all entries of two arrays of one shape."""
    if _is("torch", a) or _is("torch", b):
        return _library(a, b).dot(a.reshape(-1), b.reshape(-1))
    products = a * b
    return products.sum() if _is("numpy", products) else products


def sign(x):
    """-1, 0 or 1, elementwise."""
    library = _library(x)
    if library is None:
        return float(x) if x == 0 or x != x else math.copysign(1.0, x)
    return library.sign(x)


def maximum(a, b):
    """The larger of two values, elementwise; NaN if one of them is."""
    return _extreme(a, b, "maximum", "Max", max)


def minimum(a, b):
    """The smaller of two values, elementwise; NaN if one of them is."""
    return _extreme(a, b, "minimum", "Min", min)


def _extreme(a, b, name, symbolic, plain):
    library = _library(a, b)
    if library is None:
        return math.nan if a != a or b != b else plain(a, b)
    if _is("torch", a) or _is("torch", b):
        return getattr(library, name)(*_tensors(a, b))
    return getattr(library, symbolic if hasattr(library, symbolic) else name)(a, b)


def where(condition, a, b):
    """`a` where the condition holds, `b` elsewhere; keeps the dtype of the tensor among them."""
    library = _library(condition)
    if library is None:
        return a if condition else b
    if _is("torch", condition):
        if not (_is("torch", a) or _is("torch", b)):
            return library.where(condition, a, b)
        return library.where(condition, *_tensors(a, b))
    if _is("sympy", condition):
        return library.Piecewise((a, condition), (b, True))
    return library.where(condition, a, b)


def stack(*values):
    """Join arrays of one shape along a new last axis; floats become an array of NumPy's."""
    library = _library(*values)
    if library is not None and any(_is("torch", v) for v in values):
        return library.stack(library.broadcast_tensors(*_tensors(*values)), dim=-1)
    import numpy as np

    return np.stack(np.broadcast_arrays(*values), axis=-1)

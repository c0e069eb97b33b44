"""The few functions a rule needs beyond `+ - * / **`, for floats, NumPy, torch and SymPy alike.

Nothing is imported here: a value tells which library it is of, and that is there already.
"""

import math
import sys

__all__ = ["dot", "eigh", "is_tensor", "machine_eps", "maximum", "minimum", "qr", "sign", "sqrt",
           "stack", "where"]

# A library and a type of its values; the first that one of the values has computes on all.
_KINDS = ("torch", "Tensor"), ("sympy", "Basic"), ("numpy", "ndarray"), ("numpy", "generic")


def _library(*values):
    """Return the name and the module of what computes on these values; for floats, two None."""
    for name, kind in _KINDS:
        library = sys.modules.get(name)
        if library is not None:
            kind = getattr(library, kind)
            for value in values:
                if isinstance(value, kind):
                    return name, library
    return None, None


def _tensors(torch, *values):
    """Return every value as a tensor of the dtype and device of the first tensor among them."""
    like = next(v for v in values if isinstance(v, torch.Tensor))

    def tensor(v):
        if isinstance(v, (int, float)):  # made where it is needed: nothing is sent to a GPU
            return torch.full((), v, dtype=like.dtype, device=like.device)
        if hasattr(v, "formula"):  # a number that a kernel will know later
            return torch.zeros_like(like) + v
        return torch.as_tensor(v, dtype=like.dtype, device=like.device)

    return [tensor(v) for v in values]


def is_tensor(value):
    """Tell whether a value is torch's; where torch was never imported, none is."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def sqrt(x):
    """Square root, elementwise; NaN (not a complex number) where x is negative."""
    if isinstance(x, (int, float)):
        return math.sqrt(x) if x >= 0 else math.nan
    if hasattr(x, "formula"):  # a number that a kernel will know later
        return x**0.5
    return _library(x)[1].sqrt(x)


def dot(a, b):
    """The sum of the products of all entries of two arrays of one shape."""
    name, library = _library(a, b)
    if name == "torch":
        return library.dot(a.reshape(-1), b.reshape(-1))
    return library.sum(a * b) if name == "numpy" else a * b


def eigh(A):
    """The eigenvalues of a symmetric matrix, rising, and its eigenvectors as columns.

    Found in float64: in float32 a matrix of low rank may have none. Those of a matrix that is not
    finite are NaN, so that a run that diverges does not end those beside it.
    """
    name, library = _library(A)
    double = A.double() if name == "torch" else A.astype(float)
    finite = library.isfinite(double).all()
    values, vectors = library.linalg.eigh(
        library.where(finite, double, library.zeros_like(double)))
    values = library.where(finite, values, library.full_like(values, math.nan))
    if name == "torch":
        return values.to(A.dtype), vectors.to(A.dtype)
    return values.astype(A.dtype), vectors.astype(A.dtype)


def qr(A):
    """An orthogonal matrix and a triangular one whose product is the matrix."""
    Q, R = _library(A)[1].linalg.qr(A)
    return Q, R


def sign(x):
    """-1, 0 or 1, elementwise."""
    _, library = _library(x)
    if library is None:
        return float(x) if x == 0 or x != x else math.copysign(1.0, x)
    return library.sign(x)


def machine_eps(x):
    """The distance from 1 to the next number of a value's dtype; of a float's for any other."""
    name, library = _library(x)
    if name in {"torch", "numpy"}:
        return float(library.finfo(x.dtype).eps)
    return sys.float_info.epsilon


def maximum(a, b):
    """The larger of two values, elementwise; NaN if one of them is."""
    return _extreme(a, b, "maximum", "Max", max)


def minimum(a, b):
    """The smaller of two values, elementwise; NaN if one of them is."""
    return _extreme(a, b, "minimum", "Min", min)


def _extreme(a, b, elementwise, symbolic, plain):
    name, library = _library(a, b)
    if name is None:
        return math.nan if a != a or b != b else plain(a, b)
    if name == "torch":
        return getattr(library, elementwise)(*_tensors(library, a, b))
    return getattr(library, symbolic if name == "sympy" else elementwise)(a, b)


def where(condition, a, b):
    """`a` where the condition holds, `b` elsewhere; keeps the dtype of the tensor among them."""
    name, library = _library(condition)
    if name is None:
        return a if condition else b
    if name == "sympy":
        return library.Piecewise((a, condition), (b, True))
    if name == "torch" and (isinstance(a, library.Tensor) or isinstance(b, library.Tensor)):
        a, b = _tensors(library, a, b)
    return library.where(condition, a, b)


def stack(*values):
    """Join arrays of one shape along a new last axis; plain floats become a tuple."""
    name, library = _library(*values)
    if name == "torch":
        return library.stack(library.broadcast_tensors(*_tensors(library, *values)), dim=-1)
    return library.stack(library.broadcast_arrays(*values), axis=-1) if name else values

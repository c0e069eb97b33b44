import math

import numpy as np
import pytest
import sympy
import torch

from descent import ops

NUMBERS = [4.0, -2.25, 0.0, 9.0]


@pytest.fixture(params=["float", "numpy", "torch", "sympy"])
def make(request):
    """Return a function that makes a value of one library from a number."""
    return {"float": float, "numpy": np.float64, "sympy": sympy.Rational,
            "torch": lambda x: torch.tensor(x, dtype=torch.float32)}[request.param]


@pytest.mark.parametrize("x", NUMBERS)
def test_sqrt_sign(make, x):
    if x >= 0:
        assert float(ops.sqrt(make(x))) == math.sqrt(x)
    assert float(ops.sign(make(x))) == np.sign(x)


@pytest.mark.parametrize("kind", [np.array, torch.tensor])
def test_dot(kind):
    a, b = kind([[1.0, 2.0], [3.0, 4.0]]), kind([[5.0, 6.0], [7.0, 8.0]])
    assert float(ops.dot(a, b)) == 70


@pytest.mark.parametrize("kind", [float, torch.tensor])
def test_sqrt_of_a_negative_number_is_nan(kind):
    assert math.isnan(ops.sqrt(kind(-1.0)))


@pytest.mark.parametrize("a", NUMBERS)
@pytest.mark.parametrize("b", NUMBERS)
def test_maximum_minimum(make, a, b):
    assert float(ops.maximum(make(a), make(b))) == max(a, b)
    assert float(ops.minimum(make(a), make(b))) == min(a, b)


def test_a_number_beside_a_tensor_takes_its_dtype():
    x = torch.tensor([1.0, -1.0], dtype=torch.float32)
    for value in (ops.maximum(x, 0.5), ops.minimum(0.5, x), ops.where(x > 0, x, 0.0)):
        assert value.dtype == torch.float32
    assert ops.maximum(x, 0.5).tolist() == [1.0, 0.5]


def test_where(make):
    a, b = make(1.0), make(2.0)
    assert float(ops.where(a < b, a, b)) == 1.0
    assert float(ops.where(a > b, a, b)) == 2.0


def test_where_of_symbols_waits():
    x = sympy.Symbol("x", real=True)
    value = ops.where(x > 0, x, -x)
    assert value.subs(x, -3) == 3


@pytest.mark.parametrize("values", [np.zeros((4, 3)), torch.zeros(4, 3)])
def test_stack(values):
    assert tuple(ops.stack(values, values + 1).shape) == (4, 3, 2)
    assert ops.stack(1.0, 2.0) == (1.0, 2.0)


@pytest.mark.parametrize("kind", [float, np.float64, torch.tensor])
def test_nan_is_neither_larger_nor_smaller_and_has_no_sign(kind):
    nan = kind(math.nan)
    for value in (ops.maximum(nan, kind(1.0)), ops.maximum(kind(1.0), nan),
                  ops.minimum(nan, kind(1.0)), ops.minimum(kind(1.0), nan)):
        assert math.isnan(value)
    if kind is not torch.tensor:  # torch's is 0
        assert math.isnan(ops.sign(nan))


def test_floats_stay_floats():
    for value in (ops.sqrt(2.0), ops.sign(-2), ops.maximum(1.0, 2.0), ops.where(True, 1.0, 2.0),
                  ops.dot(2.0, 3.0)):
        assert type(value) is float

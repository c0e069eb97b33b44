"""The page's stand-in for NumPy says what NumPy says."""

import importlib.util
import json
import os
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

from descent.book import inpage
from descent.book.inpage.desk import NEEDS_TORCH

STANDIN = Path(inpage.__file__).with_name("standin") / "numpy.py"
_SPEC = importlib.util.spec_from_file_location("standin_for_numpy", STANDIN)
small = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(small)


def plain(x):
    """Return the answer of either library as shape and Python's own numbers."""
    if isinstance(x, (tuple, list)):
        return [plain(part) for part in x]
    if isinstance(x, (np.ndarray, small.ndarray)):
        return [tuple(x.shape), x.dtype.kind, x.tolist()]
    return x.item() if isinstance(x, (np.generic, small.generic)) else x


def said(f, library, seed):
    """Return what a case gives on random data: an answer, or the kind of error."""
    rng = np.random.default_rng(seed)
    draw = {"x": rng.normal(size=5), "y": rng.normal(size=5), "A": rng.normal(size=(3, 5)),
            "B": rng.normal(size=(5, 3)), "S": rng.normal(size=(4, 4)), "k": rng.integers(0, 5, 4),
            "c": rng.normal(size=(3, 1)), "T": rng.normal(size=(2, 3, 4)), "s": rng.normal()}
    draw["x"][rng.integers(5)] = rng.choice([0.0, np.nan, np.inf, -np.inf, 1.0])
    given = {name: library.array(value.tolist()) if np.ndim(value) else library.float64(value)
             for name, value in draw.items()}
    with np.errstate(all="ignore"):
        try:
            return plain(eval(f, {"np": library, "deepcopy": deepcopy, **given}))
        except Exception as error:
            return type(error).__mro__[-3].__name__


UNARY = """sqrt exp expm1 log log2 log10 log1p sin cos tan tanh sinh cosh arctan floor ceil sign abs
    square isfinite isinf isnan nan_to_num logical_not negative rint trunc cbrt exp2"""
BINARY = """maximum minimum add subtract multiply divide power hypot arctan2 greater less
    logical_and logical_or copysign"""
REDUCTIONS = "sum mean min max argmin argmax prod any all std var cumsum"
CASES = [
    # arithmetic, comparison, broadcasting
    "x + y", "x - 2", "3 * x", "x / y", "y / 0", "0 * x / 0", "x ** 2", "x ** 0.5", "2 ** k",
    "x // y", "x % y", "-x", "abs(x)", "A + x", "A * c", "c - x", "A / c", "k / 2", "k // 2",
    "k + 1.5", "k ** 2", "1 / s", "s / 0", "s ** 0.5", "abs(s) ** 0.5", "0.0 ** (-k)", "A + B",
    "x < y", "x >= 0", "(x > 0) & (y > 0)", "(x > 0) | (y > 0)", "~(x > 0)", "x == x", "x != x",
    "x + [1, 2, 3, 4, 5]", "(1.0 + s) * x", "x * s", "s * x", "k * s", "True + k", "(x > 0) + 1",
    "(x > 0) * y", "s / np.float64(0)", "np.float64(0) / 0", "1 / np.arange(3)[0]",
    # making
    "np.zeros(3)", "np.zeros((2, 3))", "np.ones(2, int)", "np.full(3, 2.5)", "np.eye(3)",
    "np.arange(5)", "np.arange(1, 6)", "np.arange(0, 1, 0.1)", "np.arange(5.0)",
    "np.linspace(0, 1, 7)", "np.linspace(0, 1, 4, endpoint=False)", "np.geomspace(0.01, 10, 7)",
    "np.logspace(-2, 1, 4)", "np.array([[1, 2], [3, 4]])", "np.array([1, 2.5])", "np.array(2.0)",
    "np.array([x, y])", "np.array([True, False])", "np.asarray(x) is x", "np.zeros_like(A)",
    "np.ones_like(k)", "np.full_like(k, 7)", "np.diag(x)", "np.diag(S)", "np.array([[1], [2, 3]])",
    "np.asarray(None, dtype=float)", "np.asarray('a', dtype=float)", "np.array([1, 2]).dtype.kind",
    "np.asarray((x, 0.0), dtype=float)", "np.asarray([1, None], dtype=float)",
    # indices, views
    "x[0]", "x[-1]", "x[1:3]", "x[::-1]", "A[1]", "A[:, 2]", "A[1, 2]", "A[-1, ::2]", "A[..., 0]",
    "x[None]", "x[:, None]", "A[None].shape", "x[x > 0]", "A[A > 0]", "A[c[:, 0] > 0]", "x[k]",
    "A[[0, 2]]", "A[[0, 2], [1, 3]]", "A[:, [0, 1]]", "A[[0, 1], 2]", "T[0, :, 1]", "T[:, 0]",
    "T[1, [0, 2]]", "T[:, [0, 2], 1]", "x[9]", "A[0, 0, 0]", "x[1.5]", "x[[True, False]]",
    "[x.__setitem__(0, 9.0), x]", "[x.__setitem__(x > 0, 0), x]", "[x[1:3].__setitem__(0, 7), x]",
    "[A.__setitem__((slice(None), 0), c[:, 0]), A]", "[A.T.__setitem__((0, 1), 5), A]",
    "[A.reshape(-1).__setitem__(3, 5), A]", "[x.__iadd__(1), x]", "[x.__imul__(y), x]",
    "[k.__iadd__(1.5), k]", "[deepcopy(x).__iadd__(1), x]", "[A[0].__isub__(x), A]",
    "[k.__setitem__(0, 2.7), k]", "len(A)", "[r.sum() for r in A]", "list(k)", "bool(x)",
    "float(s)", "[x[k].__setitem__(0, 5), x]",
    # shapes
    "A.T", "A.reshape(5, 3)", "A.reshape(-1)", "A.reshape(5, -1)", "A.reshape(4, 4)", "A.ravel()",
    "A.flatten()", "T.transpose(2, 0, 1)", "T.T", "A.ndim", "A.size", "A.shape", "np.shape(2.0)",
    "np.ndim([[1]])", "np.iscomplexobj(1j)", "np.iscomplexobj(x)", "np.expand_dims(x, 1)",
    "np.squeeze(c)", "A.tolist()", "x.item()", "s.item()",
    "np.stack([x, y])", "np.stack([x, y], axis=-1)", "np.stack([A, A], 1)", "np.vstack([x, y])",
    "np.concatenate([x, y])", "np.concatenate([A, A], axis=1)", "np.concatenate([x, A])",
    "np.hstack([x, y])", "np.hstack([A, A])", "np.column_stack([x, y])", "np.append(x, 1)",
    "np.repeat(x, 2)", "np.tile(x, 2)", "np.flip(x)", "np.atleast_1d(2.0)", "np.atleast_2d(x)",
    "np.broadcast_to(x, (3, 5))", "np.broadcast_arrays(x, c)", "np.broadcast_to(x, (5, 3))",
    "k.astype(float)", "(x > 0).astype(int)", "y.astype(int)", "x.copy()",
    # entry by entry
    *(f"np.{name}(x)" for name in UNARY.split()), *(f"np.{name}(x, y)" for name in BINARY.split()),
    "np.logaddexp(0, y)", "np.maximum(x, 0)", "np.maximum(0.0, s)", "np.sqrt(4)", "np.sqrt(-1.0)",
    "np.where(x > 0, x, 0)", "np.where(x > 0)", "np.where(s > 0, 1, 2.5)", "np.clip(x, -1, 1)",
    "np.round(y, 2)", "np.linspace(0, 0.98, 25).round(2)", "np.round([1250.0, 1350.0], -2)",
    "np.nan_to_num(x, posinf=0.0, neginf=0.0)", "np.sign(k)", "np.abs(-k)",
    "np.exp(1000.0)", "np.log(0.0)", "np.isclose(x, y)", "np.isclose(x, x)", "np.allclose(A, A)",
    "np.allclose(x, x, equal_nan=True)", "np.array_equal(x, x)", "np.array_equal(x, A)",
    "np.array_equal(x, x, equal_nan=True)", "np.interp(0.3, [0, 1], [1, 3])",
    # sums and their kin
    *(f"{a}.{name}({axis})" for a in ("x", "A", "T", "k", "(x > 0)") for axis in ("", "-1", "0")
      for name in REDUCTIONS.split()),
    "A.sum(axis=1, keepdims=True)", "T.sum((0, 2))", "np.median(x)", "np.median(A, 1)",
    "np.quantile(x, 0.3)", "np.quantile(A, [0.25, 0.75], 1)", "np.percentile(y, 40)",
    "np.roll(x, 2)", "np.delete(x, 1)", "np.delete(x, [0, -1])",
    "np.roll(A, -1)", "np.roll(A, 1, axis=1)",
    "np.diff(x)", "np.diff(A, axis=0)", "np.sort(x)", "np.sort(A, 0)", "np.argsort(x)",
    "np.argsort(A, 1)", "np.unique(k)", "np.unique(k, return_counts=True)", "np.count_nonzero(k)",
    "np.nonzero(A > 0)", "np.ptp(y)", "np.std(y, ddof=1)", "np.cumprod(y)", "np.sum([1, 2])",
    "np.min(x[:0])", "np.sum(x[:0])", "np.searchsorted(np.sort(y), 0.1)", "A.sum(5)",
    "np.unravel_index(7, (3, 5))", "np.take_along_axis(A, A.argmin(0)[None], 0)",
    # products
    "x @ y", "A @ x", "x @ B", "A @ B", "A @ A", "np.dot(A, B)", "np.dot(2, x)", "np.outer(x, y)",
    "np.linalg.norm(y)", "np.linalg.norm(S)", "np.linalg.norm(A, axis=1)", "np.linalg.norm(y, 1)",
    "np.linalg.solve(S, y[:4])", "np.linalg.solve(S, S)", "np.linalg.inv(S)", "np.linalg.det(S)",
    "np.linalg.solve([[1, 1], [1, 1]], [1, 2])", "np.vdot(A, A)", "np.trace(S)", "k @ k",
    # random numbers, by their seed
    "np.random.default_rng(0).normal(size=(60, 30))", "np.random.default_rng(7).random(5)",
    "np.random.default_rng(2**40).standard_normal(9)", "np.random.default_rng(1).uniform(2, 5, 9)",
    "np.random.default_rng(3).integers(0, 7, 40)", "np.random.default_rng(3).integers(5)",
    "np.random.default_rng(4).permutation(30)", "np.random.default_rng(4).permutation(x)",
    "np.random.default_rng(5).normal(1, 2)", "np.random.default_rng(5).normal(size=30000)",
    # words
    "repr(np.float64(1.5))", "str(s)", "f'{s:.3f}'", "repr(np.array([1, 2, 30]))",
    "str(np.array([1.5, -2.25]))", "repr(np.eye(2))", "str(x > 0)", "repr(np.float64(2).shape)",
]


@pytest.mark.parametrize("case", CASES)
def test_it_says_what_numpy_says(case):
    for seed in range(6):
        wanted, got = said(case, np, seed), said(case, small, seed)
        assert flat(got)[1] == flat(wanted)[1]
        assert flat(got)[0] == pytest.approx(flat(wanted)[0], rel=1e-12, abs=1e-12, nan_ok=True)


def flat(x):
    """Return the numbers in an answer, and the answer without them."""
    numbers = []

    def bare(x):
        if isinstance(x, (list, tuple)):
            return [bare(part) for part in x]
        if isinstance(x, (int, float)) and not isinstance(x, bool):
            numbers.append(x)
            return type(x).__name__
        return x
    shape = bare(x)
    return numbers, shape


@pytest.mark.parametrize("words", ["np.fft", "np.einsum", "np.linalg.svd", "np.random.seed"])
def test_what_is_missing_says_where_it_is(words):
    with pytest.raises(AttributeError, match=f"{words} is not there on the page; it is in the "):
        eval(words, {"np": small})


@pytest.mark.parametrize(("text", "kind"), [
    ("np.sqrt(x - 9)", "invalid"), ("x * 0.0 / (x * 0.0)", "invalid"), ("x / 0.0", "divide"),
    ("np.log(x * 0.0)", "divide"), ("np.log(-x)", "invalid"), ("np.exp(x * 1e9)", "over"),
    ("(-x)**0.5", "invalid"), ("(x * 1e9)**99", "over")])
def test_numbers_that_are_none_raise_within_errstate_alone(text, kind):
    for module in (np, small):
        space = {"np": module, "x": module.array([2.0, 3.0])}
        with module.errstate(all="ignore"):
            assert not np.isfinite(np.array(eval(text, space).tolist())).any()
        with module.errstate(all="ignore", **{kind: "raise"}), \
                pytest.raises(FloatingPointError) as caught:
            eval(text, space)
        words = {"invalid": "invalid value", "divide": "divide by zero", "over": "overflow"}
        assert str(caught.value).startswith(f"{words[kind]} encountered in ")
        with module.errstate(all="ignore"):
            eval(text, space)


# Checks reference and mistakes of every exercise, and answers that go wrong; says it in JSON.
CHECK_ALL = """
import contextlib, io, json, sys
if sys.argv[1:] == ["standin"]:
    sys.modules.update(dict.fromkeys(["torch", "scipy", "sympy"]))  # not to be imported
import numpy as np
from descent.book.inpage.desk import NEEDS_TORCH
from descent.exercises import check, find, names

def raises(*args, **kwargs): return {}["nothing"]
def shape(*args, **kwargs): return np.zeros((2, 2)), 0.0
def nothing(*args, **kwargs): return None
def unknown(*args, **kwargs): return 0.123, 0.0
def unwritten(*args, **kwargs): raise NotImplementedError

said = {}
with contextlib.redirect_stdout(io.StringIO()):
    for name in names():
        if name in NEEDS_TORCH:
            try:
                check(name, unwritten)
            except ImportError as error:
                said[name] = [error.name]
            continue
        answers = [find(name).reference, *(mistake.answer for mistake in find(name).mistakes),
                   raises, shape, nothing, unknown, unwritten]
        verdicts = [check(name, one) for one in answers]
        said[name] = [[one.ok, one.mistake, one.message] for one in verdicts]
print(json.dumps([np.__file__, said]))
"""


def verdicts(*arguments, path):
    """Return what a Python of its own says, with that folder first on its path."""
    package = str(Path(inpage.__file__).parents[3])
    run = subprocess.run([sys.executable, "-c", CHECK_ALL, *arguments], capture_output=True,
                         encoding="utf8", check=True, cwd=STANDIN.parents[1],
                         env={**os.environ, "PYTHONPATH": os.pathsep.join([*path, package])})
    return json.loads(run.stdout)


def test_every_exercise_is_judged_as_with_numpy():
    found, ours = verdicts("standin", path=[str(STANDIN.parent)])
    genuine, theirs = verdicts(path=[])
    assert found == str(STANDIN) != genuine
    needing = {name for name, said in ours.items() if said == ["torch"]}
    assert needing == NEEDS_TORCH
    assert len(ours) - len(needing) >= 50
    assert [name for name in ours if ours[name] != theirs.get(name) and name not in needing] == []

"""A stand-in for NumPy where there is none: what an exercise and who answers it use of it.

In the page it is found under the name `numpy`. Arrays hold floats, whole numbers or booleans in
double precision, in a list; views write into what they view, and random numbers are NumPy's own
(PCG64, the ziggurat). Where NumPy warns, this says nothing; what is not here says so.
"""

import builtins
import math
import operator
from contextlib import contextmanager
from itertools import accumulate, pairwise, takewhile
from types import ModuleType

pi, e, inf, nan, newaxis = math.pi, math.e, math.inf, math.nan, None
_ORDER = "bif"


class _Missing:
    def __init__(self, of):
        self.of = of

    def __call__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(f"{self.of}{name} is not there on the page; it is in the study "
                             "notebook")


__getattr__ = _Missing("np.")


# Types of what an array holds.

class dtype:
    """The type of an array's entries: float64, int64 or bool."""

    def __init__(self, of):
        self.kind = _kind_of(of)
        self.type = {"f": float, "i": int, "b": bool}[self.kind]
        self.name = {"f": "float64", "i": "int64", "b": "bool"}[self.kind]

    def __eq__(self, other):
        try:
            return self.kind == _kind_of(other)
        except TypeError:
            return False

    def __hash__(self):
        return hash(self.kind)

    def __repr__(self):
        return f"dtype('{self.name}')"

    def __str__(self):
        return self.name


class floating:
    """What `issubdtype` calls a float."""


class integer:
    """What `issubdtype` calls a whole number."""


class number:
    """What `issubdtype` calls a number."""


def _kind_of(of):
    if isinstance(of, dtype):
        return of.kind
    if isinstance(of, str) and of in ("f", "i", "b"):
        return of
    for kind, names in (("f", (float, float64, floating, "float", "float64", "f8", "d")),
                        ("i", (int, int64, integer, "int", "int64", "i8")),
                        ("b", (bool, bool_, "bool"))):
        if any_of(of is name or (isinstance(name, str) and of == name) for name in names):
            return kind
    raise TypeError(f"arrays on the page hold float, int or bool, not {of!r}")


_TYPES = {kind: dtype(kind) for kind in _ORDER}
any_of, all_of, total, least, most = (builtins.any, builtins.all, builtins.sum, builtins.min,
                                      builtins.max)


def issubdtype(one, kind):
    """Tell whether a type of entries is of a kind."""
    of = _kind_of(one)
    return of in "fi" if kind is number else of == _kind_of(kind)


# Arithmetic on plain numbers, which raises where NumPy gives inf or NaN only within an `errstate`
# that asks for it.

_RAISED = set()  # of "invalid", "divide", "over"


def _odd(value, what, kind=None):
    """Return NaN or inf, or raise what NumPy would."""
    if _RAISED:
        kind = kind or ("invalid" if value != value else "divide")
        if kind in _RAISED:
            words = {"invalid": "invalid value", "over": "overflow", "divide": "divide by zero"}
            raise FloatingPointError(f"{words[kind]} encountered in {what}")
    return value


def _divide(a, b):
    try:
        return a / b
    except ZeroDivisionError:
        return _odd(nan, "divide") if a == 0 or a != a else _odd(
            math.copysign(inf, a) * math.copysign(1.0, b), "divide")


def _floor_divide(a, b):
    if b:
        return a // b
    return 0 if isinstance(a, int) and isinstance(b, int) else _divide(a, b)


def _modulo(a, b):
    if b:
        return a % b
    return 0 if isinstance(a, int) and isinstance(b, int) else nan


def _power(a, b):
    if isinstance(a, int) and isinstance(b, int):
        if b < 0:
            raise ValueError("Integers to negative integer powers are not allowed.")
        return a**b
    try:
        return math.pow(a, b) if b != 0.5 else math.sqrt(a)  # they differ at -inf
    except ValueError:  # of 0, or no real number
        odd = b == int(b) and int(b) % 2
        return _odd((math.copysign(inf, a) if odd else inf) if a == 0 else nan, "power")
    except OverflowError:
        return _odd(-inf if a < 0 and b % 2 == 1 else inf, "power", "over")


def _add(a, b):
    return (a or b) if isinstance(a, bool) and isinstance(b, bool) else a + b


def _multiply(a, b):
    return (a and b) if isinstance(a, bool) and isinstance(b, bool) else a * b


def _larger(a, b):
    return a if a != a or a >= b else b


def _smaller(a, b):
    return a if a != a or a <= b else b


def _real(f, at_zero=nan):
    """Return a function of math that gives NaN outside its domain, and inf beyond the largest."""
    def real(x):
        try:
            return f(x)
        except ValueError:
            return _odd(at_zero if x == (-1 if f is math.log1p else 0) else nan, f.__name__)
        except OverflowError:
            return _odd(inf, f.__name__, "over")
    return real


def _whole(f):
    return lambda x: float(f(x)) if math.isfinite(x) else x


def _sign(x):
    return x if x != x else type(x)((x > 0) - (x < 0))


# Arrays.

def _size(shape):
    return math.prod(shape)


def _strides(shape):
    return [_size(shape[k + 1:]) for k in range(len(shape))]


def _sums(groups):
    """Return every sum of one of each list, the last running fastest."""
    sums = [0]
    for offsets in groups:
        sums = [a + b for a in sums for b in offsets]
    return sums


def _common(*shapes):
    long, shape = most(map(len, shapes), default=0), []
    for lengths in zip(*[(1,) * (long - len(s)) + tuple(s) for s in shapes], strict=True):
        wide = {n for n in lengths if n != 1}
        if len(wide) > 1:
            raise ValueError("operands could not be broadcast together with shapes "
                             + " ".join(str(tuple(s)).replace(" ", "") for s in shapes))
        shape.append(wide.pop() if wide else 1)
    return tuple(shape)


def _spread(values, shape, to):
    """Return the values of an array of that shape as they stand in one that it is spread to."""
    if shape == to:
        return values
    if len(values) == 1:
        return values * _size(to)
    own = (1,) * (len(to) - len(shape)) + tuple(shape)
    return [values[k] for k in _sums(
        [0] * n if m == 1 else [i * stride for i in range(n)]
        for n, m, stride in zip(to, own, _strides(own), strict=True))]


class ndarray:
    """An array: a list of plain numbers, where its entries lie in that list, shape and type."""

    __slots__ = ("_at", "_data", "dtype", "shape")

    def __init__(self, data, shape, kind, at=None):
        self._data, self._at, self.shape = data, at, tuple(shape)
        self.dtype = _TYPES[kind] if isinstance(kind, str) else dtype(kind)

    def _values(self):
        data = self._data
        return data if self._at is None else [data[k] for k in self._at]

    def _view(self, shape, positions):
        at = self._at
        return ndarray(self._data, shape, self.dtype,
                       positions if at is None else [at[k] for k in positions])

    def __getattr__(self, name):
        return _Missing("an array's .")(name)

    @property
    def ndim(self):
        return len(self.shape)

    @property
    def size(self):
        return _size(self.shape)

    @property
    def T(self):
        return self.transpose()

    @property
    def flat(self):
        return iter(self.ravel())

    def transpose(self, *axes):
        axes = axes[0] if len(axes) == 1 and isinstance(axes[0], (tuple, list)) else axes
        axes = axes or range(self.ndim)[::-1]
        strides = _strides(self.shape)
        return self._view([self.shape[k] for k in axes],
                          _sums([i * strides[k] for i in range(self.shape[k])] for k in axes))

    def reshape(self, *shape):
        shape = shape[0] if len(shape) == 1 and isinstance(shape[0], (tuple, list)) else shape
        if -1 in shape:
            rest = -_size(shape)
            shape = [self.size // rest if n == -1 and rest else n for n in shape]
        if _size(shape) != self.size:
            raise ValueError(f"cannot reshape array of size {self.size} into shape "
                             f"{tuple(shape)}".replace(", ", ","))
        return self._view(shape, list(range(self.size)))

    def ravel(self):
        return self.reshape(-1) if self.size else self.reshape(0)

    def flatten(self):
        return self.ravel().copy()

    def squeeze(self):
        return self.reshape([n for n in self.shape if n != 1])

    def copy(self):
        return ndarray(list(self._values()), self.shape, self.dtype)

    def __deepcopy__(self, memo):
        return self.copy()

    __copy__ = copy

    def astype(self, of):
        return ndarray(list(map(dtype(of).type, self._values())), self.shape, of)

    def tolist(self):
        def nested(values, shape):
            if not shape:
                return values[0]
            part = _size(shape[1:])
            return [nested(values[k * part:(k + 1) * part], shape[1:]) for k in range(shape[0])]
        return nested(self._values(), self.shape)

    def item(self):
        if self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        return self._values()[0]

    def fill(self, value):
        self[...] = value

    def sort(self, axis=-1):
        self[...] = sort(self, axis)

    def dot(self, other):
        return dot(self, other)

    def __len__(self):
        if not self.shape:
            raise TypeError("len() of unsized object")
        return self.shape[0]

    def __iter__(self):
        if not self.shape:
            raise TypeError("iteration over a 0-d array")
        return (self[k] for k in range(self.shape[0]))

    def __contains__(self, value):
        return any_of(value == x for x in self._values())

    def __bool__(self):
        if self.size != 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous. "
                             "Use a.any() or a.all()")
        return bool(self._values()[0])

    def _single(self, of):
        if self.shape:
            raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
        return of(self._values()[0])

    def __float__(self):
        return self._single(float)

    def __int__(self):
        return self._single(int)

    def __index__(self):
        return self._single(operator.index)

    def __complex__(self):
        return self._single(complex)

    def __format__(self, how):
        if how and self.shape:
            raise TypeError("unsupported format string passed to numpy.ndarray.__format__")
        return format(self.item(), how) if not self.shape else str(self)

    def __repr__(self):
        return f"array({self._text(', ', 6)})"

    def __str__(self):
        return self._text(" ", 0)

    def _text(self, between, indent):
        words = _words(self._values(), self.dtype.kind)

        def nested(words, shape, depth):
            if not shape:
                return words[0]
            part = _size(shape[1:])
            rows = [nested(words[k * part:(k + 1) * part], shape[1:], depth + 1)
                    for k in range(shape[0])]
            if len(shape) == 1:
                return f"[{between.join(rows)}]"
            return "[" + (f"{between.strip()}\n" + " " * (indent + depth + 1)).join(rows) + "]"
        return nested(words, self.shape, 0)

    # Indices.

    def _chosen(self, key):
        """Return the shape of what an index chooses, the entries' numbers, and if it is a view."""
        items = [item if isinstance(item, (int, slice, type(None), type(...)))
                 and not isinstance(item, (bool, bool_)) else _index(item)
                 for item in (key if isinstance(key, tuple) else (key,))]
        taken = total(item.ndim if isinstance(item, ndarray) and item.dtype.kind == "b"
                      else item is not None and item is not ... for item in items)
        if taken > self.ndim:
            raise IndexError(f"too many indices for array: array is {self.ndim}-dimensional, "
                             f"but {taken} were indexed")
        rest = [slice(None)] * (self.ndim - taken)
        where = next((k for k, item in enumerate(items) if item is ...), None)
        items = items + rest if where is None else items[:where] + rest + items[where + 1:]
        fancy = any_of(isinstance(item, ndarray) for item in items)
        groups, arrays, places, axis, strides = [], [], [], 0, _strides(self.shape)
        for item in items:
            if item is None:
                groups.append(((1,), [0]))
            elif isinstance(item, slice):
                chosen = range(*item.indices(self.shape[axis]))
                groups.append(((len(chosen),), [k * strides[axis] for k in chosen]))
                axis += 1
            elif isinstance(item, ndarray) and item.dtype.kind == "b":
                if item.shape != self.shape[axis:axis + item.ndim]:
                    raise IndexError("boolean index did not match indexed array: the shapes are "
                                     f"{item.shape} and {self.shape[axis:axis + item.ndim]}")
                inner = _strides(self.shape[axis:axis + item.ndim])
                scale = strides[axis + item.ndim - 1] // (inner[-1] or 1)
                found = [k * scale for k, x in enumerate(item._values()) if x]
                arrays.append(((len(found),), found))
                places.append(len(groups))
                groups.append(None)
                axis += item.ndim
            else:
                length = self.shape[axis]
                values = item._values() if isinstance(item, ndarray) else [int(item)]
                for k in values:
                    if not -length <= k < length:
                        raise IndexError(f"index {k} is out of bounds for axis {axis} with size "
                                         f"{length}")
                offsets = [k % length * strides[axis] for k in values]
                if fancy:
                    arrays.append((getattr(item, "shape", ()), offsets))
                    places.append(len(groups))
                    groups.append(None)
                else:
                    groups.append(((), offsets))
                axis += 1
        if fancy:
            shape = _common(*[own for own, _ in arrays])
            together = (shape, [total(several) for several in zip(
                *[_spread(offsets, own, shape) for own, offsets in arrays], strict=True)])
            adjacent = places[-1] - places[0] == len(places) - 1
            at = places[0] if adjacent else 0
            groups = ([group for group in groups[:at] if group] + [together]
                      + [group for group in groups[at:] if group])
        shape = tuple(n for own, _ in groups for n in own)
        return shape, _sums(offsets for _, offsets in groups), not fancy

    def __getitem__(self, key):
        shape, positions, view = self._chosen(key)
        if not shape and ... not in (key if isinstance(key, tuple) else (key,)):
            return _scalar(self._view((), positions)._values()[0], self.dtype.kind)
        chosen = self._view(shape, positions)
        return chosen if view else chosen.copy()

    def __setitem__(self, key, value):
        shape, positions, _ = self._chosen(key)
        value = array(value)
        values = _spread(value._values(), value.shape, shape)
        if _common(value.shape, shape) != shape:
            raise ValueError(f"could not broadcast input array from shape {value.shape} into "
                             f"shape {shape}")
        for k, x in zip(positions, map(self.dtype.type, list(values)), strict=True):
            self._data[k if self._at is None else self._at[k]] = x

    def _write(self, name, result):
        if not isinstance(result, ndarray):
            result = array(result)
        if _ORDER.index(result.dtype.kind) > _ORDER.index(self.dtype.kind):
            raise TypeError(f"Cannot cast ufunc '{name}' output from {result.dtype!r} to "
                            f"{self.dtype!r} with casting rule 'same_kind'")
        if result.shape != self.shape:
            raise ValueError(f"non-broadcastable output operand with shape {self.shape} doesn't "
                             f"match the broadcast shape {result.shape}")
        self[...] = result
        return self


def _index(item):
    item = array(item)
    if item.dtype.kind == "f" and item.size:
        raise IndexError("arrays used as indices must be of integer (or boolean) type")
    return item


def _words(values, kind):
    if kind != "f":
        words = [str(x) for x in values]
    else:
        finite = [abs_of(x) for x in values if math.isfinite(x) and x]
        far = bool(finite) and (most(finite) >= 1e8 or least(finite) < 1e-4
                                or (most(finite) / least(finite) > 1e3 and least(finite) < 1e-3))

        def word(x):
            if not math.isfinite(x):
                return str(x)
            if far:
                digits = f"{x:.8e}"
                left, power = digits.split("e")
                return f"{left.rstrip('0')}e{power}"
            text = f"{x:.8f}".rstrip("0")
            return "-0." if text == "-0." and x else text
        words = [word(x) for x in values]
        if not far and words:  # the points stand under each other
            after = most(len(w.partition(".")[2]) for w in words)
            words = [w + " " * (after - len(w.partition(".")[2])) if "." in w else w
                     for w in words]
    width = most(map(len, words), default=0)
    return [w.rjust(width) for w in words]


abs_of = builtins.abs


# Single numbers.

class generic:
    """A single number as arrays give it."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(array(self), name)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    def __getitem__(self, key):
        return array(self)[key]

    def item(self):
        """Return it as a number of Python's."""
        return array(self).item()


class float64(float, generic):
    """A float whose division by 0 gives inf or NaN."""

    def __repr__(self):
        return f"np.float64({float(self)!r})"

    def __str__(self):
        return float.__repr__(self)


class int64(int, generic):
    """A whole number."""

    def __repr__(self):
        return f"np.int64({int(self)!r})"

    def __str__(self):
        return int.__repr__(self)


class bool_(int, generic):
    """A truth value."""

    def __repr__(self):
        return f"np.{bool(self)}_"

    def __str__(self):
        return str(bool(self))


True_, False_ = bool_(True), bool_(False)


def _scalar(x, kind):
    if kind == "b":
        return True_ if x else False_
    return float64(x) if kind == "f" else int64(x)


def _plain(x):
    """Return a number, an array of no dimension or a sequence as (values, shape, kind)."""
    if isinstance(x, ndarray):
        return x._values(), x.shape, x.dtype.kind
    if isinstance(x, (bool, bool_)):
        return [bool(x)], (), "b"
    if isinstance(x, float):
        return [float(x)], (), "f"
    if isinstance(x, int):
        return [int(x)], (), "i"
    if isinstance(x, (list, tuple, range)):
        parts = [_plain(part) for part in x]
        shapes = {shape for _, shape, _ in parts}
        if len(shapes) > 1:
            same = takewhile(lambda lengths: len(set(lengths)) == 1, zip(*shapes, strict=False))
            detected = (len(parts), *[lengths[0] for lengths in same])
            raise ValueError("setting an array element with a sequence. The requested array has "
                             f"an inhomogeneous shape after {len(detected)} dimensions. The "
                             f"detected shape was {detected} + inhomogeneous part.")
        kind = _ORDER[most((_ORDER.index(kind) for *_, kind in parts), default=2)]
        of = {"f": float, "i": int, "b": bool}[kind]
        return ([of(value) for values, *_ in parts for value in values],
                (len(parts), *(shapes.pop() if shapes else ())), kind)
    raise TypeError(f"arrays on the page hold numbers, not {x!r}")


def _floats(x):
    """Make floats of whatever float() takes; None is NaN, as in NumPy."""
    if x is None:
        return nan
    if isinstance(x, (list, tuple)):
        return [_floats(part) for part in x]
    return x if isinstance(x, ndarray) else float(x)


def array(x, dtype=None, copy=True):
    """Return a new array of a number, a sequence, nested ones, or an array."""
    kind = None if dtype is None else _kind_of(dtype)
    try:
        values, shape, own = _plain(x)
    except TypeError:
        if kind != "f":
            raise
        values, shape, own = _plain(_floats(x))
    made = ndarray(list(values), shape, own)
    return made if kind in (None, own) else made.astype(kind)


def asarray(x, dtype=None):
    """Return it as an array: itself if it is one of that type."""
    if isinstance(x, ndarray) and (dtype is None or x.dtype == dtype):
        return x
    return array(x, dtype)


# Functions entry by entry.

def _apply(f, kind, *xs):
    """Apply f to entries of numbers or arrays; kind is what comes out, or None: as what goes in."""
    parts = [_plain(x) for x in xs]
    kind = kind or _ORDER[most(_ORDER.index(own) for *_, own in parts)]
    shape = _common(*[own for _, own, _ in parts])
    spread = [_spread(values, own, shape) for values, own, _ in parts]
    if not shape:
        return _scalar(f(*[values[0] for values in spread]), kind)
    made = list(map(f, *spread))
    of = {"f": float, "i": int, "b": bool}[kind]
    return ndarray([x if type(x) is of else of(x) for x in made], shape, kind)


def _function(name, f, kind=None):
    def function(*xs):
        return _apply(f, kind, *xs)
    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{name}, entry by entry."
    return function


sqrt = _function("sqrt", _real(math.sqrt), "f")
cbrt = _function("cbrt", _real(math.cbrt), "f")
exp = _function("exp", _real(math.exp), "f")
exp2 = _function("exp2", _real(lambda x: math.pow(2.0, x)), "f")
expm1 = _function("expm1", _real(math.expm1), "f")
log = _function("log", _real(math.log, -inf), "f")
log2 = _function("log2", _real(math.log2, -inf), "f")
log10 = _function("log10", _real(math.log10, -inf), "f")
log1p = _function("log1p", _real(math.log1p, -inf), "f")
sin, cos, tan, arcsin, arccos, arctan, sinh, cosh, tanh = (
    _function(name, _real(getattr(math, name.replace("arc", "a"))), "f")
    for name in ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh"))
arctan2 = _function("arctan2", math.atan2, "f")
hypot = _function("hypot", math.hypot, "f")
logaddexp = _function("logaddexp", lambda a, b: a + math.log(2) if a == b else _larger(a, b)
                      + math.log1p(math.exp(-abs_of(a - b))), "f")
floor = _function("floor", _whole(math.floor), "f")
ceil = _function("ceil", _whole(math.ceil), "f")
trunc = _function("trunc", _whole(math.trunc), "f")
rint = _function("rint", _whole(builtins.round), "f")
sign = _function("sign", _sign)
square = _function("square", lambda x: x * x)
negative = _function("negative", operator.neg)
absolute = _function("absolute", abs_of)
reciprocal = _function("reciprocal", lambda x: _divide(1.0, x), "f")
add = _function("add", _add)
subtract = _function("subtract", operator.sub)
multiply = _function("multiply", _multiply)
divide = true_divide = _function("divide", _divide, "f")
floor_divide = _function("floor_divide", _floor_divide)
mod = remainder = _function("remainder", _modulo)
power = _function("power", _power)
maximum = _function("maximum", _larger)
minimum = _function("minimum", _smaller)
equal = _function("equal", operator.eq, "b")
not_equal = _function("not_equal", operator.ne, "b")
less = _function("less", operator.lt, "b")
less_equal = _function("less_equal", operator.le, "b")
greater = _function("greater", operator.gt, "b")
greater_equal = _function("greater_equal", operator.ge, "b")
logical_and = _function("logical_and", lambda a, b: bool(a) and bool(b), "b")
logical_or = _function("logical_or", lambda a, b: bool(a) or bool(b), "b")
logical_xor = _function("logical_xor", lambda a, b: bool(a) != bool(b), "b")
logical_not = _function("logical_not", operator.not_, "b")
isfinite = _function("isfinite", math.isfinite, "b")
isinf = _function("isinf", math.isinf, "b")
isnan = _function("isnan", lambda x: x != x, "b")
copysign = _function("copysign", math.copysign, "f")
_and = _function("bitwise_and", operator.and_)
_or = _function("bitwise_or", operator.or_)
_xor = _function("bitwise_xor", operator.xor)
_not = _function("invert", lambda x: not x if isinstance(x, bool) else ~x)
abs = absolute


def _operators():
    """Give arrays and single numbers their operators."""
    def computes(other):
        return isinstance(other, (ndarray, int, float, list, tuple))

    def forward(function):
        return lambda self, other: function(self, other) if computes(other) else NotImplemented

    def backward(function):
        return lambda self, other: function(other, self) if computes(other) else NotImplemented

    def single(function):
        return lambda self, other: (function(self, other) if isinstance(
            other, (int, float, list, tuple)) else NotImplemented)

    def single_back(function):
        return lambda self, other: (function(other, self) if isinstance(
            other, (int, float, list, tuple)) else NotImplemented)

    def in_place(function):
        return lambda self, other: self._write(function.__name__, function(self, other))

    for name, function in (("add", add), ("sub", subtract), ("mul", multiply),
                           ("truediv", divide), ("floordiv", floor_divide), ("mod", remainder),
                           ("pow", power)):
        setattr(ndarray, f"__{name}__", forward(function))
        setattr(ndarray, f"__r{name}__", backward(function))
        setattr(ndarray, f"__i{name}__", in_place(function))
        for kind in (float64, int64, bool_):
            setattr(kind, f"__{name}__", single(function))
            setattr(kind, f"__r{name}__", single_back(function))
    for name, function in (("and", _and), ("or", _or), ("xor", _xor)):
        setattr(ndarray, f"__{name}__", forward(function))
        setattr(ndarray, f"__r{name}__", backward(function))
        setattr(bool_, f"__{name}__", single(function))
        setattr(bool_, f"__r{name}__", single_back(function))
    for name, function in (("lt", less), ("le", less_equal), ("gt", greater),
                           ("ge", greater_equal), ("eq", equal), ("ne", not_equal)):
        setattr(ndarray, f"__{name}__", forward(function))
    ndarray.__hash__ = None
    ndarray.__neg__ = negative
    ndarray.__pos__ = lambda self: self.copy()
    ndarray.__abs__ = absolute
    ndarray.__invert__ = bool_.__invert__ = _not
    ndarray.__matmul__ = lambda self, other: matmul(self, other)
    ndarray.__rmatmul__ = lambda self, other: matmul(other, self)
    for kind, of in ((float64, float), (int64, int)):
        kind.__neg__ = negative
        kind.__abs__ = absolute
        kind.__pos__ = lambda self: self
        kind.__hash__ = of.__hash__


_operators()


def where(condition, *chosen):
    """Return the first where the condition holds, the second elsewhere; alone: where it holds."""
    if not chosen:
        return nonzero(condition)
    a, b = chosen
    kind = _ORDER[most(_ORDER.index(_plain(x)[2]) for x in chosen)]
    made = _apply(lambda c, a, b: a if c else b, kind, condition, a, b)
    return made if isinstance(made, ndarray) else array(made)


def clip(a, low, high):
    """Return the entries, those outside the bounds moved to them."""
    a = a if low is None else maximum(a, low)
    return a if high is None else minimum(a, high)


def round(a, decimals=0):
    """Round half to even, as NumPy: a whole number of the last digit, and that divided again."""
    scale = 10.0 ** builtins.abs(decimals)

    def rounded(x):
        if isinstance(x, int):
            return builtins.round(x, decimals)
        whole = x * scale if decimals >= 0 else x / scale
        if not math.isfinite(whole):
            return x
        whole = math.copysign(builtins.round(whole), x)
        return whole / scale if decimals >= 0 else whole * scale

    return _apply(rounded, None, a)


around = round


def nan_to_num(x, copy=True, nan=0.0, posinf=None, neginf=None):
    """Return numbers in place of NaN and infinities."""
    top = 1.7976931348623157e308
    posinf, neginf = (top if posinf is None else posinf), (-top if neginf is None else neginf)
    return _apply(lambda x: nan if x != x else posinf if x == inf else neginf if x == -inf else x,
                  None, x)


def isclose(a, b, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Tell, entry by entry, what differs by no more than atol + rtol |b|."""
    def close(x, y):
        if x != x or y != y:
            return equal_nan and x != x and y != y
        return x == y or (math.isfinite(y) and abs_of(x - y) <= atol + rtol * abs_of(y))
    return _apply(close, "b", a, b)


def allclose(a, b, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Tell whether all entries are close."""
    return bool(all(isclose(a, b, rtol, atol, equal_nan)))


def array_equal(a, b, equal_nan=False):
    """Tell whether two arrays have one shape and the same entries."""
    try:
        a, b = asarray(a), asarray(b)
    except ValueError:
        return False
    return a.shape == b.shape and all_of(
        x == y or (equal_nan and x != x and y != y)
        for x, y in zip(a._values(), b._values(), strict=True))


# Making arrays.

def _shaped(shape):
    return tuple(shape) if isinstance(shape, (tuple, list)) else (int(shape),)


def full(shape, value, dtype=None):
    """Return an array of one value."""
    shape = _shaped(shape)
    made = ndarray([_plain(value)[0][0]] * _size(shape), shape, _plain(value)[2])
    return made if dtype is None else made.astype(dtype)


def zeros(shape, dtype=float):
    """Return an array of zeros."""
    return full(shape, 0.0).astype(dtype)


def ones(shape, dtype=float):
    """Return an array of ones."""
    return full(shape, 1.0).astype(dtype)


empty = zeros


def full_like(a, value, dtype=None):
    """Return an array of one value, of the shape and type of another."""
    a = asarray(a)
    return full(a.shape, value).astype(dtype or a.dtype)


def zeros_like(a, dtype=None):
    """Return zeros of the shape and type of another array."""
    return full_like(a, 0, dtype)


def ones_like(a, dtype=None):
    """Return ones of the shape and type of another array."""
    return full_like(a, 1, dtype)


empty_like = zeros_like


def eye(n, m=None, k=0):
    """Return a matrix with ones on a diagonal."""
    m = n if m is None else m
    return ndarray([float(j - i == k) for i in range(n) for j in range(m)], (n, m), "f")


identity = eye


def diag(a):
    """Return the diagonal of a matrix, or the matrix of a diagonal."""
    a = asarray(a)
    if a.ndim == 1:
        return where(eye(len(a)) == 1, a, 0)
    return array([a[k, k] for k in range(least(a.shape))], a.dtype)


def trace(a):
    """Return the sum of the diagonal."""
    return sum(diag(a))


def arange(start, stop=None, step=1):
    """Return evenly spaced numbers by their distance."""
    start, stop = (0, start) if stop is None else (start, stop)
    kind = _ORDER[most(1, *(_ORDER.index(_plain(x)[2]) for x in (start, stop, step)))]
    count = most(0, math.ceil(_divide(stop - start, step)))
    return array([start + k * step for k in range(count)], kind)


def linspace(start, stop, num=50, endpoint=True):
    """Return evenly spaced numbers by their count."""
    parts = num - 1 if endpoint else num
    made = [start + k * ((stop - start) / (parts or 1)) for k in range(num)]
    if endpoint and num > 1:
        made[-1] = stop
    return array(made, float)


def logspace(start, stop, num=50, base=10.0):
    """Return powers of base, their exponents evenly spaced."""
    return power(base, linspace(start, stop, num))


def geomspace(start, stop, num=50):
    """Return numbers with one ratio between neighbours."""
    sign = -1.0 if start < 0 else 1.0
    made = sign * logspace(math.log10(sign * start), math.log10(sign * stop), num)
    if num:
        made[0] = start
    if num > 1:
        made[-1] = stop
    return made


def broadcast_to(a, shape):
    """Return an array spread to a shape."""
    a, shape = asarray(a), _shaped(shape)
    if _common(a.shape, shape) != shape:
        raise ValueError(f"operands could not be broadcast together: {a.shape} and {shape}")
    return ndarray(list(_spread(a._values(), a.shape, shape)), shape, a.dtype)


def broadcast_arrays(*arrays):
    """Return arrays spread to their common shape."""
    shape = _common(*[asarray(a).shape for a in arrays])
    return tuple(broadcast_to(a, shape) for a in arrays)


def concatenate(arrays, axis=0):
    """Join arrays along an axis that they have."""
    arrays = [asarray(a) for a in arrays]
    if not arrays[0].ndim:
        raise ValueError("zero-dimensional arrays cannot be concatenated")
    moved = [_moved(a, axis) for a in arrays]
    if len({a.shape[1:] for a in moved}) > 1:
        raise ValueError("all the input array dimensions except for the concatenation axis must "
                         "match exactly")
    kind = _ORDER[most(_ORDER.index(a.dtype.kind) for a in arrays)]
    values = [x for a in moved for x in a.astype(kind)._values()]
    joined = ndarray(values, (total(len(a) for a in moved), *moved[0].shape[1:]), kind)
    return _moved(joined, axis, back=True).copy()


def _moved(a, axis, back=False):
    """Return a view with that axis first; or back again."""
    axis = range(a.ndim)[axis]
    order = [axis, *[k for k in range(a.ndim) if k != axis]]
    if back:
        order = [order.index(k) for k in range(a.ndim)]
    return a.transpose(order)


def stack(arrays, axis=0):
    """Join arrays of one shape along a new axis."""
    arrays = [asarray(a) for a in arrays]
    if len({a.shape for a in arrays}) > 1:
        raise ValueError("all input arrays must have the same shape")
    axis = range(arrays[0].ndim + 1)[axis]
    return concatenate([expand_dims(a, axis) for a in arrays], axis)


def vstack(arrays):
    """Join arrays as rows."""
    return concatenate([atleast_2d(a) for a in arrays])


def hstack(arrays):
    """Join arrays side by side."""
    arrays = [array(a).reshape(-1) if not array(a).shape else asarray(a) for a in arrays]
    return concatenate(arrays, most(0, arrays[0].ndim - 1) and 1)


def column_stack(arrays):
    """Join arrays as columns."""
    return concatenate([asarray(a)[:, None] if asarray(a).ndim == 1 else asarray(a)
                        for a in arrays], 1)


def atleast_1d(a):
    """Return a number as an array of one entry."""
    a = asarray(a)
    return a if a.ndim else a.reshape(1)


def atleast_2d(a):
    """Return a number or a vector as a matrix of one row."""
    a = asarray(a)
    return a if a.ndim > 1 else a.reshape(1, -1)


def expand_dims(a, axis):
    """Return a view with a new axis."""
    a = asarray(a)
    axis = range(a.ndim + 1)[axis]
    return a.reshape((*a.shape[:axis], 1, *a.shape[axis:]))


def append(a, values):
    """Return both, one behind the other, flat."""
    return concatenate([asarray(a).ravel(), asarray(values).ravel()])


def repeat(a, count):
    """Repeat each entry."""
    return array([x for x in asarray(a)._values() for _ in range(count)], asarray(a).dtype)


def tile(a, count):
    """Repeat a vector as a whole."""
    return concatenate([atleast_1d(a)] * count)


def flip(a, axis=0):
    """Return a view in reversed order."""
    return _moved(_moved(asarray(a), axis)[::-1], axis, back=True)


def roll(a, shift, axis=None):
    """Return the entries moved on by so many places; the last come first again."""
    def moved(xs):
        return [xs[(k - shift) % len(xs)] for k in range(len(xs))]

    a = asarray(a)
    return _along(moved, a.ravel(), -1).reshape(a.shape) if axis is None else _along(moved, a, axis)


def delete(a, at):
    """Return the entries of a list but the one at a place, or those at several."""
    a = asarray(a).ravel()
    gone = {k % len(a) for k in asarray(at).ravel().tolist()}
    return array([x for k, x in enumerate(a.tolist()) if k not in gone])


def copy(a):
    """Return a copy."""
    return array(a)


def reshape(a, *shape):
    """Return it in another shape."""
    return asarray(a).reshape(*shape)


def ravel(a):
    """Return it flat."""
    return asarray(a).ravel()


def squeeze(a):
    """Return it without axes of length 1."""
    return asarray(a).squeeze()


def transpose(a):
    """Return it with its axes in reversed order."""
    return asarray(a).T


def shape(a):
    """Return the shape."""
    return asarray(a).shape


def ndim(a):
    """Return the number of axes; of what is no number, 0."""
    return 0 if a is None or isinstance(a, str) else asarray(a).ndim


def size(a):
    """Return the number of entries."""
    return asarray(a).size


def isscalar(x):
    """Tell a number from an array."""
    return isinstance(x, (bool, int, float))


def iscomplexobj(x):
    """Tell a complex number; there are no arrays of them."""
    return isinstance(x, complex)


# Sums and their kin.

def _reduced(f, kind, a, axis, keepdims):
    a = asarray(a)
    kind = kind or a.dtype.kind
    axes = range(a.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    for k in axes:
        if not -a.ndim <= k < a.ndim:
            raise IndexError(f"axis {k} is out of bounds for array of dimension {a.ndim}")
    axes = {k % a.ndim for k in axes}
    values, strides = a._values(), _strides(a.shape)
    steps = [[i * strides[k] for i in range(a.shape[k])] for k in range(a.ndim)]
    inner = _sums(steps[k] for k in range(a.ndim) if k in axes)
    made = [f([values[at + k] for k in inner])
            for at in _sums(steps[k] for k in range(a.ndim) if k not in axes)]
    shape = tuple(1 if k in axes else n for k, n in enumerate(a.shape) if keepdims or k not in axes)
    return ndarray(made, shape, kind) if shape else _scalar(made[0], kind)


def _extreme(values, pick, name):
    if not values:
        raise ValueError(f"zero-size array to reduction operation {name} which has no identity")
    return next((x for x in values if x != x), None) or pick(values)


def _counted(a):
    return "i" if asarray(a).dtype.kind == "b" else None


def _mean(values):
    return _divide(float(total(values)), len(values))


def _variance(ddof):
    def variance(values):
        middle = _mean(values)
        return _divide(float(total((x - middle)**2 for x in values)), len(values) - ddof)
    return variance


def sum(a, axis=None, keepdims=False):
    """Add up the entries."""
    return _reduced(total, _counted(a), a, axis, keepdims)


def prod(a, axis=None, keepdims=False):
    """Multiply the entries."""
    return _reduced(math.prod, _counted(a), a, axis, keepdims)


def mean(a, axis=None, keepdims=False):
    """Return the mean."""
    return _reduced(_mean, "f", a, axis, keepdims)


def var(a, axis=None, ddof=0, keepdims=False):
    """Return the variance."""
    return _reduced(_variance(ddof), "f", a, axis, keepdims)


def std(a, axis=None, ddof=0, keepdims=False):
    """Return the standard deviation."""
    return sqrt(var(a, axis, ddof, keepdims))


def min(a, axis=None, keepdims=False):
    """Return the least entry."""
    return _reduced(lambda xs: _extreme(xs, least, "minimum"), None, a, axis, keepdims)


def max(a, axis=None, keepdims=False):
    """Return the largest entry."""
    return _reduced(lambda xs: _extreme(xs, most, "maximum"), None, a, axis, keepdims)


amin, amax = min, max


def ptp(a, axis=None):
    """Return the largest minus the least entry."""
    return max(a, axis) - min(a, axis)


def any(a, axis=None, keepdims=False):
    """Tell whether one entry holds."""
    return _reduced(any_of, "b", a, axis, keepdims)


def all(a, axis=None, keepdims=False):
    """Tell whether all entries hold."""
    return _reduced(all_of, "b", a, axis, keepdims)


def count_nonzero(a, axis=None):
    """Count the entries that are not 0."""
    return sum(asarray(a) != 0, axis)


def _first(pick, name):
    def first(values):
        return values.index(_extreme(values, pick, name)) if all_of(
            x == x for x in values) else next(k for k, x in enumerate(values) if x != x)
    return first


def argmin(a, axis=None):
    """Return where the least entry stands."""
    return _reduced(_first(least, "argmin"), "i", a, axis, False)


def argmax(a, axis=None):
    """Return where the largest entry stands."""
    return _reduced(_first(most, "argmax"), "i", a, axis, False)


def _at_part(values, q):
    values = sorted(values)
    if any_of(x != x for x in values):
        return nan
    at = q * (len(values) - 1)
    low = least(int(at), len(values) - 2) if len(values) > 1 else 0
    high = least(low + 1, len(values) - 1)
    return values[low] + (at - low) * (values[high] - values[low])


def quantile(a, q, axis=None, keepdims=False):
    """Return what a part q of the entries lies below, by interpolation."""
    if asarray(q).ndim:
        return stack([quantile(a, one, axis, keepdims) for one in asarray(q)])
    return _reduced(lambda xs: float(_at_part(xs, q)), "f", a, axis, keepdims)


def percentile(a, q, axis=None, keepdims=False):
    """Return what q per cent of the entries lie below."""
    return quantile(a, divide(q, 100), axis, keepdims)


def median(a, axis=None, keepdims=False):
    """Return the middle entry, or the mean of the middle two."""
    return quantile(a, 0.5, axis, keepdims)


def _along(f, a, axis, kind=None):
    """Apply f, from list to list, along an axis."""
    a = asarray(a)
    a, axis = (a.ravel(), 0) if axis is None else (a, range(a.ndim)[axis])
    lines = a.transpose([*[k for k in range(a.ndim) if k != axis], axis])
    values, length = lines._values(), a.shape[axis]
    made = [f(values[k * length:(k + 1) * length]) for k in range(_size(lines.shape[:-1]))]
    done = ndarray([x for line in made for x in line],
                   (*lines.shape[:-1], len(made[0]) if made else 0), kind or a.dtype.kind)
    back = list(range(a.ndim - 1))
    back.insert(axis, a.ndim - 1)
    return done.transpose(back).copy()


def cumsum(a, axis=None):
    """Return running sums."""
    return _along(lambda xs: list(accumulate(map(operator.pos, xs))), a, axis, _counted(a))


def cumprod(a, axis=None):
    """Return running products."""
    return _along(lambda xs: list(accumulate(map(operator.pos, xs), operator.mul)), a, axis,
                  _counted(a))


def diff(a, axis=-1):
    """Return each entry minus the one before."""
    return _along(lambda xs: [b - a for a, b in pairwise(xs)], a, axis)


def sort(a, axis=-1):
    """Return the entries in order; NaN comes last."""
    return _along(lambda xs: sorted(xs, key=lambda x: (x != x, x)), a, axis)


def argsort(a, axis=-1):
    """Return where the entries stand, in order; NaN comes last."""
    return _along(lambda xs: sorted(range(len(xs)), key=lambda k: (xs[k] != xs[k], xs[k])),
                  a, axis, "i")


def unique(a, return_counts=False):
    """Return the different entries in order, and how often each is there."""
    values = asarray(a)._values()
    found = sorted(set(values))
    made = ndarray(found, (len(found),), asarray(a).dtype)
    return (made, array([values.count(x) for x in found], int)) if return_counts else made


def nonzero(a):
    """Return where the entries are not 0: an array of numbers for each axis."""
    a = asarray(a)
    found = [k for k, x in enumerate(a._values()) if x]
    return tuple(array([k // stride % n for k in found], int)
                 for n, stride in zip(a.shape, _strides(a.shape), strict=True))


def flatnonzero(a):
    """Return where the entries are not 0, counted flat."""
    return nonzero(asarray(a).ravel())[0]


def searchsorted(a, values, side="left"):
    """Return where values would have to stand to keep an array in order."""
    sorted_values = asarray(a)._values()
    return _apply(lambda x: total((y < x) if side == "left" else (y <= x)
                                  for y in sorted_values), "i", values)


def unravel_index(index, shape):
    """Return the index in an array of that shape of an entry counted flat."""
    return tuple(_apply(lambda k, n=n, stride=stride: k // stride % n, "i", index)
                 for n, stride in zip(shape, _strides(shape), strict=True))


def take_along_axis(a, indices, axis):
    """Return the entries that numbers along an axis name."""
    a, indices = asarray(a), asarray(indices)
    axis = range(a.ndim)[axis]
    others = [arange(n).reshape([n if k == at else 1 for k in range(a.ndim)])
              for at, n in enumerate(a.shape)]
    return a[tuple(indices if k == axis else other for k, other in enumerate(others))]


def interp(x, xs, ys):
    """Interpolate between points, flat outside."""
    xs, ys = asarray(xs)._values(), asarray(ys)._values()

    def at(x):
        if x <= xs[0] or x >= xs[-1]:
            return ys[0] if x <= xs[0] else ys[-1]
        k = next(k for k, right in enumerate(xs) if right > x) - 1
        return ys[k] + (ys[k + 1] - ys[k]) * (x - xs[k]) / (xs[k + 1] - xs[k])
    return _apply(at, "f", x)


# Products.

def matmul(a, b):
    """Return the product of matrices or vectors."""
    a, b = asarray(a), asarray(b)
    if not a.ndim or not b.ndim:
        raise ValueError("matmul: Input operand does not have enough dimensions")
    if a.ndim > 2 or b.ndim > 2:
        raise ValueError("on the page @ multiplies vectors and matrices; more is in the study "
                         "notebook")
    rows, columns = a.reshape((1, *a.shape)) if a.ndim == 1 else a, b if b.ndim == 2 else b[:, None]
    if rows.shape[1] != columns.shape[0]:
        raise ValueError("matmul: Input operand 1 has a mismatch in its core dimension 0 (size "
                         f"{columns.shape[0]} is different from {rows.shape[1]})")
    kind = _ORDER[most(1, _ORDER.index(a.dtype.kind), _ORDER.index(b.dtype.kind))]
    left, right = rows.tolist(), columns.T.tolist()
    made = ndarray([total(map(operator.mul, x, y)) for x in left for y in right],
                   (len(left), len(right)), kind)
    made = made.reshape((*a.shape[:-1], *(b.shape[1:])))
    return made if made.ndim else made[()]


def dot(a, b):
    """Return the product of vectors, matrices or numbers."""
    return multiply(a, b) if not ndim(a) or not ndim(b) else matmul(a, b)


def vdot(a, b):
    """Return the sum of the products of all entries."""
    return dot(ravel(a), ravel(b))


inner = dot


def outer(a, b):
    """Return the products of each entry with each."""
    return ravel(a)[:, None] * ravel(b)


class _Room(ModuleType):
    """A part of NumPy, with the few functions of it that are here."""

    def __init__(self, name, **functions):
        super().__init__(f"numpy.{name}")
        self.__dict__.update(functions)

    def __getattr__(self, name):
        return _Missing(f"np.{self.__name__.removeprefix('numpy.')}.")(name)


class LinAlgError(ValueError):
    """A matrix that cannot be solved for."""


def _norm(x, ord=None, axis=None, keepdims=False):
    if ord in (None, 2) and (ord is None or ndim(x) == 1 or axis is not None):
        return sqrt(sum(square(asarray(x, float)), axis, keepdims))
    if ord in (1, inf) and (ndim(x) == 1 or axis is not None):
        return (sum if ord == 1 else max)(absolute(x), axis, keepdims)
    raise ValueError(f"the norm {ord!r} is not there on the page; it is in the study notebook")


def _eliminated(a, b):
    """Return the solution as rows, and the determinant, by elimination with pivots."""
    a, b = asarray(a, float).tolist(), asarray(b, float).tolist()
    size, volume = len(a), 1.0
    if any_of(len(row) != size for row in a) or len(b) != size:
        raise LinAlgError("the matrix must be square, and the right side as long")
    for k in range(size):
        pivot = most(range(k, size), key=lambda i: abs_of(a[i][k]))
        if a[pivot][k] == 0:
            return None, 0.0
        if pivot != k:
            a[k], a[pivot], b[k], b[pivot], volume = a[pivot], a[k], b[pivot], b[k], -volume
        volume *= a[k][k]
        for i in range(k + 1, size):
            part = a[i][k] / a[k][k]
            a[i] = [x - part * y for x, y in zip(a[i], a[k], strict=True)]
            b[i] = [x - part * y for x, y in zip(b[i], b[k], strict=True)]
    for k in reversed(range(size)):
        for j in range(k + 1, size):
            b[k] = [x - a[k][j] * y for x, y in zip(b[k], b[j], strict=True)]
        b[k] = [x / a[k][k] for x in b[k]]
    return b, volume


def _solve(a, b):
    b = asarray(b, float)
    rows, _ = _eliminated(a, b if b.ndim == 2 else b[:, None])
    if rows is None:
        raise LinAlgError("Singular matrix")
    return array(rows, float).reshape(b.shape)


def _inverse(a):
    return _solve(a, eye(len(a)))


def _determinant(a):
    return float64(_eliminated(a, eye(len(a)))[1])


linalg = _Room("linalg", norm=_norm, solve=_solve, inv=_inverse, det=_determinant,
               LinAlgError=LinAlgError)


@contextmanager
def errstate(all=None, **kinds):
    """Raise inside what is asked for; there are no warnings here."""
    before = set(_RAISED)
    for kind in ("invalid", "divide", "over"):
        how = kinds.get(kind, all)
        (_RAISED.add if how == "raise" else _RAISED.discard if how else bool)(kind)
    try:
        yield
    finally:
        _RAISED.clear()
        _RAISED.update(before)


def seterr(**_):
    """Do nothing: there are no warnings here."""
    return {}


# Random numbers: NumPy's own, for a seed that is a whole number.

_EDGE = 3.6541528853610087963519472518  # where the lowest layer of the ziggurat turns to the tail
_MASK32, _MASK64, _MASK128 = 2**32 - 1, 2**64 - 1, 2**128 - 1


def _seeded(seed, count):
    """Return 32-bit numbers from a seed, as NumPy's SeedSequence mixes them."""
    entropy = []
    while seed:
        entropy.append(seed & _MASK32)
        seed >>= 32
    factor = 0x43B0D7E5

    def hashed(value, by, start):
        nonlocal factor
        value ^= factor
        factor = factor * by & _MASK32
        value = value * factor & _MASK32
        return value ^ value >> 16

    def mixed(x, y):
        found = (0xCA01F9DD * x - 0x4973F715 * y) & _MASK32
        return found ^ found >> 16

    pool = [hashed(entropy[k] if k < len(entropy) else 0, 0x931E8875, 0) for k in range(4)]
    for source in range(4):
        for target in range(4):
            if source != target:
                pool[target] = mixed(pool[target], hashed(pool[source], 0x931E8875, 0))
    for value in entropy[4:]:
        for target in range(4):
            pool[target] = mixed(pool[target], hashed(value, 0x931E8875, 0))
    factor, made = 0x8B51F9DD, []
    for k in range(count):
        made.append(hashed(pool[k % 4], 0x58F38DED, 0))
    return made


def _ziggurat():
    """Return the tables of the ziggurat of 256 layers under the normal curve: k, w, f."""
    edge, top = _EDGE, 2.0**52
    height = math.exp(-edge * edge / 2)
    area = edge * height + math.sqrt(pi / 2) * math.erfc(edge / math.sqrt(2))
    k, w, f = [0] * 256, [0.0] * 256, [0.0] * 256
    k[0], w[0], f[0] = int(edge * height / area * top), area / height / top, 1.0
    w[255], f[255], right = edge / top, height, edge
    for layer in range(254, 0, -1):
        left = math.sqrt(-2 * math.log(area / right + math.exp(-right * right / 2)))
        k[layer + 1], w[layer] = int(left / right * top), left / top
        f[layer], right = math.exp(-left * left / 2), left
    return k, w, f


class Generator:
    """A stream of random numbers."""

    def __init__(self, seed):
        if seed is None:
            import time

            seed = time.time_ns()
        words = _seeded(int(seed), 8)
        high, low, first, second = (words[k] | words[k + 1] << 32 for k in (0, 2, 4, 6))
        self._step = ((first << 64 | second) << 1 | 1) & _MASK128
        self._state, self._half, self._tables = 0, None, None
        self._next()
        self._state = self._state + (high << 64 | low) & _MASK128
        self._next()

    def _next(self):
        self._state = (self._state * 0x2360ED051FC65DA44385DF649FCCF645 + self._step) & _MASK128
        turn = self._state >> 122
        folded = (self._state >> 64 ^ self._state) & _MASK64
        return (folded >> turn | folded << (64 - turn)) & _MASK64

    def _next32(self):
        if self._half is not None:
            half, self._half = self._half, None
            return half
        both = self._next()
        self._half = both >> 32
        return both & _MASK32

    def _unit(self):
        return (self._next() >> 11) * 2.0**-53

    def _below(self, count):
        """Return a whole number from 0 to below count, by Lemire's multiplication."""
        if count <= 1:
            return 0
        if count > _MASK32:
            raise ValueError("whole numbers on the page are drawn from fewer than 2**32")
        product = self._next32() * count
        if product & _MASK32 < count:
            refused = (2**32 - count) % count
            while product & _MASK32 < refused:
                product = self._next32() * count
        return product >> 32

    def _gauss(self):
        self._tables = self._tables or _ziggurat()
        k, w, f = self._tables
        while True:
            drawn = self._next()
            layer, drawn = drawn & 255, drawn >> 8
            negative, size = drawn & 1, drawn >> 1 & 0x000FFFFFFFFFFFFF
            x = -size * w[layer] if negative else size * w[layer]
            if size < k[layer]:
                return x
            if layer:
                if (f[layer - 1] - f[layer]) * self._unit() + f[layer] < math.exp(-x * x / 2):
                    return x
                continue
            while True:
                beyond = -math.log1p(-self._unit()) / _EDGE
                other = -math.log1p(-self._unit())
                if other + other > beyond * beyond:
                    return -(_EDGE + beyond) if size >> 8 & 1 else _EDGE + beyond

    def _many(self, draw, size, kind="f"):
        if size is None:
            return _scalar(draw(), kind)
        size = _shaped(size)
        return ndarray([draw() for _ in range(_size(size))], size, kind)

    def random(self, size=None):
        """Draw evenly from 0 to 1."""
        return self._many(self._unit, size)

    def uniform(self, low=0.0, high=1.0, size=None):
        """Draw evenly between two bounds."""
        return low + (high - low) * self.random(size)

    def standard_normal(self, size=None):
        """Draw from the normal distribution of mean 0 and deviation 1."""
        return self._many(self._gauss, size)

    def normal(self, loc=0.0, scale=1.0, size=None):
        """Draw from a normal distribution."""
        if size is None and (ndim(loc) or ndim(scale)):
            size = _common(shape(loc), shape(scale))
        return loc + scale * self.standard_normal(size)

    def integers(self, low, high=None, size=None, endpoint=False):
        """Draw whole numbers, from low to below high."""
        low, high = (0, low) if high is None else (low, high)
        count = high - low + endpoint
        if count <= 0:
            raise ValueError("low >= high")
        return self._many(lambda: low + self._below(count), size, "i")

    def shuffle(self, x):
        """Put the entries into a random order, in place."""
        for k in range(len(x) - 1, 0, -1):
            mask, other = (1 << k.bit_length()) - 1, k + 1
            while other > k:
                other = self._next32() & mask
            one = x[k].copy() if isinstance(x[k], ndarray) else x[k]
            x[k] = x[other]
            x[other] = one

    def permutation(self, x):
        """Return whole numbers below x, or the entries of x, in a random order."""
        order = list(range(x if isinstance(x, int) else len(x)))
        self.shuffle(order)
        return array(order, int) if isinstance(x, int) else asarray(x)[order]

    def __getattr__(self, name):
        return _Missing("a random generator's .")(name)


def _default_rng(seed=None):
    return seed if isinstance(seed, Generator) else Generator(seed)


random = _Room("random", default_rng=_default_rng, Generator=Generator)


def _methods():
    """Give arrays the functions that are methods of NumPy's as well."""
    for function in (sum, prod, mean, var, std, min, max, any, all, argmin, argmax, cumsum,
                     cumprod, argsort, nonzero, clip, round, repeat, ptp):
        setattr(ndarray, function.__name__, function)


_methods()

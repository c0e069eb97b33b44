"""Numbers that are known later: what a rule computes from numbers alone becomes a formula.

The formulas are written in Python and evaluated at every step, in its 53 bits; where one meets a
tensor it stands in a slot of the kernel.
"""

import math
import operator

import torch

__all__ = ["SLOTS", "Noted", "Number", "formula_of", "function_of"]

SLOTS = 32  # at most


class Number:
    """A number known later: its `formula`, as Python writes it, from the rule's own names.

    `now` is its value at present, which decides comparisons. They are `noted`: a step at which one
    of them comes out differently takes another branch of the rule, and another kernel.
    """

    def __init__(self, formula, now, noted):
        self.formula, self.now, self.noted = formula, now, noted

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        """Do with a tensor what the operator does, the number standing in a slot of the kernel."""
        if any(isinstance(a, Number) and a.formula == "0" for a in args):
            name = function.__name__.strip("_")
            if name[1:] in _OPERATORS:  # reflected: __rsub__ and its like
                name, args = name[1:], args[::-1]
            return _without_zero(name, *args)
        if function.__name__ in {"div", "__truediv__"} and isinstance(args[1], Number):
            function, args = torch.mul, (args[0], 1 / args[1])  # cheaper than to divide each entry
        if any(isinstance(a, Number) for a in (kwargs or {}).values()):
            raise NotImplementedError(f"{function.__name__} with a keyword that changes from step "
                                      f"to step: use compile=False")
        return function(*(a.noted.slot(a) if isinstance(a, Number) else a for a in args),
                        **(kwargs or {}))

    def __bool__(self):
        return self != 0

    def __neg__(self):
        return Number(f"(-{self.formula})", -self.now, self.noted)

    __hash__ = None


def _now(x):
    return x.now if isinstance(x, Number) else x


def formula_of(x):
    """Return how Python writes a number, known later or now; a float loses no digit."""
    if isinstance(x, Number):
        return x.formula
    text = "0" if x == 0 else repr(x if isinstance(x, int) else float(x))
    return f"({text})" if text.startswith("-") else text


def _without_zero(name, a, b):
    """Return a operator b where one of them is a Number that stays 0."""
    first = isinstance(a, Number) and a.formula == "0"
    if name in {"mul", "truediv", "div"} and (first or name == "mul"):
        return a if first else b
    if name == "add":
        return b if first else a
    if name == "sub":
        return -b if first else a
    raise NotImplementedError(f"{name} with a number that is 0: use compile=False")


def _operator(name, sign):
    compute = getattr(operator, name)

    def forward(self, other):
        if isinstance(other, torch.Tensor):
            return NotImplemented  # the tensor's turn: __torch_function__
        a, b = formula_of(self), formula_of(other)
        if "0" in (a, b) and name != "pow":
            return _without_zero(name, self, other)
        return Number(f"({a} {sign} {b})", compute(self.now, _now(other)), self.noted)

    def backward(self, other):
        return forward(Number(formula_of(other), other, self.noted), self)

    return forward, backward


def _comparison(name, sign):
    def compare(self, other):
        outcome = self.noted.decided(getattr(operator, name)(self.now, _now(other)))
        self.noted.branches.append(f"({self.formula} {sign} {formula_of(other)}) == {outcome}")
        return outcome

    return compare


_OPERATORS = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**",
              "mod": "%", "floordiv": "//"}
for _name, _sign in _OPERATORS.items():
    for _prefix, _method in zip(("__", "__r"), _operator(_name, _sign), strict=True):
        setattr(Number, f"{_prefix}{_name}__", _method)
for _name, _sign in {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}.items():
    setattr(Number, f"__{_name}__", _comparison(_name, _sign))


def _refusal(name):
    def refuse(self, *_):
        raise NotImplementedError(f"{name} of a number that changes from step to step: "
                                  f"use compile=False")

    return refuse


for _name in ("abs", "float", "index", "int", "round"):
    setattr(Number, f"__{_name}__", _refusal(_name))


def function_of(names, expression):
    """Return a Python function of these names."""
    return eval(f"lambda {', '.join(names)}: {expression}", {"inf": math.inf, "nan": math.nan})


class Noted:
    """What one run of a rule meets: the numbers that tensors meet, in order, and its branches.

    The first comparisons come out as `forced`, the others as the numbers have it at present.
    """

    def __init__(self, vector, forced=()):
        self.formulas, self.branches, self.vector = [], [], vector
        self.forced, self.outcomes = forced, []

    def decided(self, outcome):
        """Return how a comparison comes out, and note it."""
        k = len(self.outcomes)
        self.outcomes.append(self.forced[k] if k < len(self.forced) else bool(outcome))
        return self.outcomes[-1]

    def slot(self, number):
        """Return the entry of the vector that stands for a number."""
        if number.formula not in self.formulas:
            if len(self.formulas) == SLOTS:
                raise NotImplementedError(f"more than {SLOTS} different numbers meet a tensor: "
                                          f"use compile=False")
            self.formulas.append(number.formula)
        return self.vector[self.formulas.index(number.formula)]

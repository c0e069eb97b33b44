"""A small interpreter of formulas, in which any part can be exchanged for another at no cost.

A solution is read once. Each of its parts becomes a function of the names' values, and a part
with alternatives looks up which of them is on: so hundreds of slips, and pairs of them, are run
without compiling anything.
"""

import ast
import builtins
import math
import operator

import numpy as np

__all__ = ["OLD", "Tree", "Unfit"]

OLD = "before "  # begins the name under which an argument's first value is kept


def _divide(a, b):
    """Return a quotient, as NumPy has it where Python would raise."""
    try:
        return a / b
    except ZeroDivisionError:
        return np.divide(float(a), float(b))


_BINARY = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
           ast.Div: _divide, ast.Pow: operator.pow, ast.FloorDiv: operator.floordiv,
           ast.Mod: operator.mod, ast.MatMult: operator.matmul}
_UNARY = {ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_}
_COMPARED = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
             ast.Eq: operator.eq, ast.NotEq: operator.ne}
_GIVEN = {"np": np, "math": math, **{name: getattr(builtins, name) for name in (
    "abs", "enumerate", "float", "int", "len", "max", "min", "range", "round", "slice", "sum",
    "zip")}}


class _Numbers:
    """NumPy, quicker where it gets plain numbers, and as silent as it is here."""

    pi = math.pi

    @staticmethod
    def sqrt(x):
        if type(x) is not float:
            return np.sqrt(x)
        return math.sqrt(x) if x >= 0 else math.nan

    @staticmethod
    def log(x):
        if type(x) is not float:
            return np.log(x)
        return math.log(x) if x > 0 else math.nan

    @staticmethod
    def cos(x):
        return math.cos(x) if type(x) is float and abs(x) < math.inf else np.cos(x)

    @staticmethod
    def sign(x):
        return float((x > 0) - (x < 0)) if type(x) is float else np.sign(x)

    @staticmethod
    def maximum(x, y):
        return max(x, y) if type(x) is type(y) is float else np.maximum(x, y)

    @staticmethod
    def minimum(x, y):
        return min(x, y) if type(x) is type(y) is float else np.minimum(x, y)

    def __getattr__(self, name):
        return getattr(np, name)


_PLAIN = {**_GIVEN, "np": _Numbers()}


class Unfit(Exception):
    """A solution that is no plain function."""


class Tree:
    """A function that is read from its lines; `on` says which alternative of each part is on."""

    def __init__(self, function, alternatives):
        """Take the function's node, and by a part's id the nodes that may stand in its place."""
        if not isinstance(function, ast.FunctionDef):
            raise Unfit
        arguments = function.args
        self.names = [one.arg for one in arguments.args]
        self.known = {one.arg for one in (*arguments.args, *arguments.kwonlyargs)}
        self.defaults = dict(zip(self.names[::-1], [ast.literal_eval(one) for one in
                                                    arguments.defaults[::-1]], strict=False))
        self.alternatives, self.on, self.site = alternatives, [], {}
        self._made = {}
        self.body = self._block(function.body)

    def call(self, on, args, hyper):
        """Return what the function gives with these alternatives on, pairs of part and number."""
        plain = all(isinstance(one, (int, float)) for one in args)
        values = {**(_PLAIN if plain else _GIVEN), **self.defaults,
                  **dict(zip(self.names, args, strict=False)), **hyper}
        for name in self.known & values.keys():
            values[OLD + name] = values[name]
        for part, number in on:
            self.on[self.site[part]] = number + 1
        try:
            done = self.body(values)
        finally:
            for part, _ in on:
                self.on[self.site[part]] = 0
        return done[0] if done else None

    def _switched(self, node, make):
        """Return the function of a part that has alternatives, or its own alone."""
        others = self.alternatives.get(id(node))
        own = make(node)
        if not others:
            return own
        at, chosen = len(self.on), [own]
        self.on.append(0)
        self.site[id(node)] = at
        chosen += [self._part(one) for one in others]
        on = self.on
        return lambda e: chosen[on[at]](e)

    def _part(self, node):
        if id(node) not in self._made:
            self._made[id(node)] = node, self._switched(node, self._expression)
        return self._made[id(node)][1]

    def _expression(self, node):
        if isinstance(node, ast.Constant):
            return lambda e, x=node.value: x
        if isinstance(node, ast.Name):
            return lambda e, x=node.id: e[x]
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            do, left, right = _BINARY[type(node.op)], self._part(node.left), self._part(node.right)
            return lambda e: do(left(e), right(e))
        if isinstance(node, ast.UnaryOp) and type(node.op) in _UNARY:
            do, one = _UNARY[type(node.op)], self._part(node.operand)
            return lambda e: do(one(e))
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARED:
            do = _COMPARED[type(node.ops[0])]
            left, right = self._part(node.left), self._part(node.comparators[0])
            return lambda e: do(left(e), right(e))
        if isinstance(node, ast.IfExp):
            test, yes, no = map(self._part, (node.test, node.body, node.orelse))
            return lambda e: yes(e) if test(e) else no(e)
        if isinstance(node, (ast.Tuple, ast.List)):
            parts, kind = [self._part(one) for one in node.elts], (
                tuple if isinstance(node, ast.Tuple) else list)
            return lambda e: kind(part(e) for part in parts)
        if isinstance(node, ast.Attribute):
            of, name = self._part(node.value), node.attr
            return lambda e: getattr(of(e), name)
        if isinstance(node, ast.Call) and not any(isinstance(one, ast.Starred)
                                                  for one in node.args):
            of, args = self._part(node.func), [self._part(one) for one in node.args]
            named = [(one.arg, self._part(one.value)) for one in node.keywords]
            if not named and len(args) == 1:
                return lambda e, one=args[0]: of(e)(one(e))
            return lambda e: of(e)(*(one(e) for one in args),
                                   **{name: one(e) for name, one in named})
        if isinstance(node, (ast.GeneratorExp, ast.ListComp)) and len(node.generators) == 1 \
                and isinstance(node.generators[0].target, ast.Name) \
                and not node.generators[0].ifs:
            name, each = node.generators[0].target.id, self._part(node.elt)
            over = self._part(node.generators[0].iter)
            return lambda e: [each({**e, name: x}) for x in over(e)]
        if isinstance(node, ast.GeneratorExp | ast.ListComp | ast.Subscript | ast.BoolOp):
            code = compile(ast.fix_missing_locations(ast.Expression(node)), "a solution", "eval")
            return lambda e: eval(code, e)
        raise Unfit

    def _block(self, lines):
        """Return a function that runs lines and gives (value,) where they return, else None."""
        def block(lines):
            steps = [self._line(one) for one in lines]

            def run(e):
                for step in steps:
                    if (done := step(e)) is not None:
                        return done
                return None
            return run
        first = lines[0]
        others = self.alternatives.get(("lines", id(first)))
        if not others:
            return block(lines)
        at, chosen = len(self.on), [block(lines), *map(block, others)]
        self.on.append(0)
        self.site["lines", id(first)] = at
        return lambda e: chosen[self.on[at]](e)

    def _line(self, node):
        if isinstance(node, ast.Return):
            value = self._part(node.value)
            return lambda e: (value(e),)
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            value, bind = self._part(node.value), self._bound(node.targets[0])
            return lambda e: bind(e, value(e))
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            do, name, value = _BINARY[type(node.op)], node.target.id, self._part(node.value)
            return lambda e: e.__setitem__(name, do(e[name], value(e)))
        if isinstance(node, ast.If):
            test, yes = self._part(node.test), self._block(node.body)
            no = self._block(node.orelse) if node.orelse else lambda e: None
            return lambda e: yes(e) if test(e) else no(e)
        raise Unfit

    def _bound(self, target):
        if isinstance(target, ast.Name):
            return lambda e, value, name=target.id: e.__setitem__(name, value)
        if isinstance(target, ast.Tuple) and all(isinstance(one, ast.Name) for one in target.elts):
            names = [one.id for one in target.elts]
            return lambda e, values: e.update(zip(names, values, strict=True))
        raise Unfit

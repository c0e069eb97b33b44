"""Slips of the hand, made of the lines of a solution: one at a time, or two together.

A bracket that is missing, a factor on the wrong side, an old mean for a new one: whoever makes one
writes what the solution gives with one of its parts exchanged. So they need no writing down.
"""

import ast
import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from descent.exercises.solutions import solution
from descent.exercises.tree import OLD, Tree, Unfit
from descent.exercises.trials import Mistake

__all__ = ["pairs", "slips"]

MOST = 1000  # pairs, the likeliest first; twice as many of a formula, which is quicker
_RANK = {ast.Add: 1, ast.Sub: 1, ast.Mult: 2, ast.Div: 2, ast.FloorDiv: 2, ast.Mod: 2,
         ast.MatMult: 2, ast.USub: 3, ast.Pow: 4}
_SHARES = {"alpha", "beta", "beta1", "beta2", "dampening", "momentum", "mu", "mu_next", "rho",
           "share", "part", "chance", "level", "gamma"}
_COUNTS = {"t", "n", "k", "steps", "silent", "seeds", "warmup"}
_TWINS = ({"beta1", "beta2"}, {"m", "v"}, {"m_hat", "v_hat"}, {"mu", "mu_next"}, {"u", "v"},
          {"v", "v_max"}, {"m", "m_hat"}, {"v", "v_hat"}, {"eps", "rho"}, {"n", "t"}, {"m", "g"},
          {"s", "y"}, {"lr", "momentum"}, {"lr", "weight_decay"}, {"mu_product", "mu"},
          {"warmup", "steps"}, {"k", "steps"}, {"f", "f_start"}, {"slope", "slope_start"},
          {"c1", "c2"}, {"p", "g"}, {"beta1", "mu"}, {"G", "g"}, {"v", "g"})
_LONG = 34
_LIKELY = ("missing brackets", "a minus", "sign of", "np.sqrt", "without its power", "multiplied",
           "missing", " for ", "line", "too wide", "returned")


@dataclass(frozen=True)
class _Slip:
    """One part of the solution and which of its alternatives is on, and what to say of it."""

    on: tuple  # of (part, number of its alternative)
    name: str
    ask: str
    why: str
    do: str
    likely: bool

    @property
    def rank(self):
        """Return a low number for a likely slip."""
        return next((k for k, words in enumerate(_LIKELY) if words in self.name), len(_LIKELY))


def slips(name):
    """Return the mistakes that are one slip away from the solution of an exercise."""
    return tuple(one for one, _ in _made(name))


def pairs(name, fits, probe):
    """Yield the mistakes that are two likely slips away and that fit.

    `fits` tests a function quickly, and `probe` returns its value in the first trial that departs.
    A slip that is not seen there can only go with one that explains that trial alone.
    """
    tree, found = _tree(name)
    if tree is None:
        return
    likely = sorted((slip for slip in found if slip.likely), key=lambda slip: slip.rank)
    wanted, right = probe()
    seen = [_probed(tree, slip, probe) for slip in likely]
    silent = [_equal(value, right) for value in seen]
    alone = [_equal(value, wanted) for value in seen]
    chosen = [(i, j) for i, j in combinations(range(len(likely)), 2)
              if (alone[j] or not silent[i]) and (alone[i] or not silent[j])]
    for i, j in sorted(chosen, key=sum)[:MOST if "t" in tree.names[2:3] else 2 * MOST]:
        one, other = likely[i], likely[j]
        if {part for part, _ in one.on} & {part for part, _ in other.on}:
            continue
        answer = _answer(tree, one.on + other.on)
        if fits(answer):
            yield Mistake(f"{one.name}; {other.name}", answer,
                          f"It gives what the solution gives with two slips. {one.why} {other.why}",
                          f"There are two slips in it. {one.ask}"
                          + (f" And: {other.ask}" if other.ask != one.ask else ""),
                          f"{one.do} {other.do}")


def _probed(tree, slip, probe):
    try:
        return probe(_answer(tree, slip.on))
    except Exception:  # beyond where its formula holds
        return math.nan


def _equal(a, b):
    return abs(a - b) <= 1e-8 * max(abs(b), 1e-3)


def _answer(tree, on):
    return lambda *args, **hyper: tree.call(on, args, hyper)


@lru_cache(maxsize=128)
def _made(name):
    tree, found = _tree(name)
    return [] if tree is None else [
        (Mistake(slip.name, _answer(tree, slip.on),
                 f"It gives what the solution gives with a slip. {slip.why}", slip.ask, slip.do),
         slip)
        for slip in found]


@lru_cache(maxsize=128)
def _tree(name):
    """Return the solution of an exercise, as a tree, and its slips; (None, []) if it has none."""
    lines = solution(name)
    try:
        function = ast.parse("\n".join(lines)).body[0]
        found = _Found(function)
        tree = Tree(function, found.alternatives)
    except (Unfit, SyntaxError, IndexError, ValueError, AttributeError):
        return None, []
    return tree, [slip for slip in found.slips
                  if all(part in tree.site for part, _ in slip.on)]


def _capital(words):
    return words[:1].upper() + words[1:]


def _is(node, op):
    return isinstance(node, ast.BinOp) and isinstance(node.op, op)


def _number(node, value):
    return isinstance(node, ast.Constant) and node.value == value


class _Found:
    """The alternatives of each part of a function, and the slips that they are."""

    def __init__(self, function):
        self.alternatives, self.slips, self.fresh, self.texts = {}, [], [], {}
        self.formulas = {}
        self.changed, self.arguments = set(), {
            one.arg for one in (*function.args.args, *function.args.kwonlyargs)}
        self.state = [one.arg for one in function.args.args[3:]] \
            if [one.arg for one in function.args.args[:3]] == ["p", "g", "t"] else []
        self.locals = set()
        self._lines(function.body)

    def _text(self, node):
        if id(node) not in self.texts:
            self.texts[id(node)] = node, ast.unparse(node)
        return self.texts[id(node)][1]

    def _said(self, node, else_="a part of it"):
        """Return a part in code as one reads it, or other words where it is long."""
        text = self._text(node)
        return f"`{text}`" if len(text) <= _LONG else else_

    # What is looked at.

    def _lines(self, lines):
        self._orders(lines)
        for line in lines:
            if isinstance(line, ast.If):
                self._part(line.test)
                self._lines(line.body)
                if line.orelse:
                    self._lines(line.orelse)
                continue
            value = getattr(line, "value", None)
            if value is None:
                continue
            if isinstance(line, ast.Return) and isinstance(value, ast.Tuple):
                self._part(value.elts[0])
                for one in value.elts[1:]:
                    self._kept(one)
            elif isinstance(value, ast.Tuple):
                for one in value.elts:
                    self._part(one)
            else:
                self._part(value)
            if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
                self.formulas[line.targets[0].id] = value
            for target in getattr(line, "targets", ()):
                for one in getattr(target, "elts", [target]):
                    if isinstance(one, ast.Name):
                        (self.changed if one.id in self.arguments else self.locals).add(one.id)

    def _part(self, node):
        """Look at a whole formula, then at all that is in it."""
        self._brackets(node)
        for one in ast.walk(node):
            if isinstance(one, ast.BinOp):
                self._operation(one)
            elif isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.USub):
                self._add(one, one.operand, "a minus is missing", "Which sign must it have?",
                          "A minus is missing.", f"Put a minus before {self._said(one.operand)}.")
            elif isinstance(one, ast.Call):
                self._call(one)
            elif isinstance(one, ast.Name):
                self._name(one)
            elif isinstance(one, ast.Constant) and type(one.value) is int:
                self._constant(one)
            elif isinstance(one, ast.IfExp):
                self._case(one)

    # What is found.

    def _add(self, node, other, name, ask, why, do, likely=True):
        self._several([(node, other)], name, ask, why, do, likely)

    def _several(self, exchanged, name, ask, why, do, likely=True):
        on = []
        for node, other in exchanged:
            held = self.alternatives.setdefault(
                id(node) if isinstance(node, ast.AST) else node, [])
            self.fresh.append(node)
            held.append(other)
            on.append((id(node) if isinstance(node, ast.AST) else node, len(held) - 1))
        self.slips.append(_Slip(tuple(on), name, ask, why, do, likely))

    def _operation(self, node):
        left, right = node.left, node.right
        a, b = self._said(left), self._said(right)

        def made(one, op, other):
            return ast.BinOp(one, op(), other)

        if _is(node, ast.Pow):
            self._add(node, left, f"{self._said(node)} without its power",
                      f"With which power does {a} enter?",
                      f"{a} enters without its power.", f"Write {self._said(node, 'the power')}.")
            self._add(node, made(left, ast.Mult, right), f"{self._said(node)} multiplied",
                      f"Is it a power, or a product? Look at {b}.",
                      f"{a} and {b} are multiplied; one is the power of the other.",
                      f"Write {self._said(node, 'a power, by **')}.")
            if _is(right, ast.Div) and isinstance(right.left, ast.Constant):
                self._add(node, made(left, ast.Pow, made(ast.Constant(1), ast.Div, right)),
                          f"{self._said(node)} with the power upside down",
                          f"With which power does {a} enter?", f"The power of {a} is upside down.",
                          f"Write {self._said(node, 'the power the other way round')}.")
        elif _is(node, (ast.Mult, ast.Div)):
            times = _is(node, ast.Mult)
            for one, rest, said in ((right, left, b), (left, right, a)):
                if _number(one, 1) or (one is left and not times):
                    continue
                self._add(node, rest, f"{said} missing", "Does everything enter that should?",
                          f"{_capital(said)} is missing as a "
                          f"{'factor' if times else 'divisor'}.",
                          f"{'Multiply' if times else 'Divide'} by {said}.")
            if not times and not isinstance(left, ast.Constant):
                self._add(node, made(ast.Constant(1), ast.Div, right), f"{a} missing",
                          "Does everything enter that should?",
                          f"{_capital(a)} is missing as a factor.", f"Multiply by {a}.")
            above, below = ("above", "below") if times else ("below", "above")
            self._add(node, made(left, ast.Div if times else ast.Mult, right),
                      f"{b} {below} the line",
                      f"Does it grow or shrink with {b}?",
                      f"{_capital(b)} stands {below} the line, and belongs {above} it.",
                      f"{'Multiply' if times else 'Divide'} by {b}.")
            self._add(node, made(right, ast.Div, left),
                      "upside down" if not times else f"{a} below the line",
                      f"Does it grow or shrink with {a}?",
                      f"{_capital(a)} stands below the line, and belongs above it.",
                      f"Bring {a} above the line.")
            self._reach(node)
            if isinstance(right, ast.BinOp) and isinstance(right.op, (ast.Add, ast.Sub)) \
                    and _opens(right.left):
                self._add(node, ast.BinOp(made(left, type(node.op), right.left), right.op,
                                          right.right),
                          f"missing brackets around {b}", "How far do your brackets reach?",
                          f"Brackets close too soon: they belong around {b}.",
                          f"Put brackets around {b}.")
        elif _is(node, (ast.Add, ast.Sub)):
            plus = _is(node, ast.Add)
            self._wide(node)
            self._add(node, made(left, ast.Sub if plus else ast.Add, right), f"sign of {b}",
                      "Which sign has each of its terms?",
                      f"{_capital(b)} enters with the wrong sign.",
                      f"Turn the sign before {b} round.")
            self._add(node, made(right, ast.Sub, left),
                      "turned round" if not plus else f"sign of {a}",
                      "Which sign has each of its terms?",
                      f"{_capital(a)} enters with the wrong sign.",
                      f"Turn the sign before {a} round.")
            one = _number(left, 1) and not plus
            self._add(node, right if one or plus else ast.UnaryOp(ast.USub(), right),
                      f"{b} for 1 - {b}".replace("`", "") if one else f"{a} missing",
                      f"Is it {b}, or what {b} leaves of 1?" if one else
                      "Has each sum all its terms?",
                      f"{b} stands where {self._said(node)} belongs." if one else
                      f"The term {a} is missing.",
                      f"Write {self._said(node)}." if one else f"Put {a} in.")
            self._add(node, left, f"{b} missing", "Has each sum all its terms?",
                      f"The term {b} is missing, in {self._said(node, 'one of your sums')}.",
                      f"Put {b} in, with its sign.")
            for call, other in ((left, right), (right, left)):
                if self._takes_one(call):
                    inner = call.args[0]
                    parts = (inner, other) if call is left else (other, inner)
                    function, said = self._said(call.func), self._said(other)
                    self._add(node, ast.Call(call.func, [ast.BinOp(parts[0], node.op, parts[1])],
                                             []), f"{said} inside {function}",
                              f"How far does {function} reach?",
                              f"{said} stands inside {function}, and belongs outside.",
                              f"Close the bracket of {function} before {said}.")

    def _wide(self, node):
        """Find what a sum becomes if brackets hold more of it than they should."""
        left, right = node.left, node.right
        others = []
        if isinstance(left, ast.BinOp) and isinstance(left.op, (ast.Mult, ast.Div)):
            others.append(ast.BinOp(left.left, left.op, ast.BinOp(left.right, node.op, right)))
            others.append(ast.BinOp(ast.BinOp(left.left, node.op, right), left.op, left.right))
            first, times, *rest = _flat(left)
            if times is ast.Mult and len(rest) > 1:
                others.append(ast.BinOp(first, ast.Mult(),
                                        ast.BinOp(_parsed(rest), node.op, right)))
        if isinstance(right, ast.BinOp) and isinstance(right.op, (ast.Mult, ast.Div, ast.Pow)):
            others.append(ast.BinOp(ast.BinOp(left, node.op, right.left), right.op, right.right))
        if _is(right, ast.Div) and _is(right.left, ast.Mult):
            inner = right.left
            others.append(ast.BinOp(ast.BinOp(ast.BinOp(left, node.op, inner.left), ast.Mult(),
                                              inner.right), ast.Div(), right.right))
        for other in others:
            power = _is(other, ast.Pow)
            self._add(node, other, "the power of a difference" if power else "brackets too wide",
                      "Which is computed first, the power or the difference?" if power else
                      "How far do your brackets reach?",
                      f"It takes the power of {self._said(other.left)}." if power else
                      f"A bracket holds too much, in {self._said(node, 'one of your sums')}.",
                      f"Write {self._said(node, 'the sum without these brackets')}.")

    def _reach(self, node):
        """Find what a quotient of two roots or logarithms becomes inside one."""
        left, right = node.left, node.right
        if self._takes_one(left) and self._takes_one(right) \
                and self._text(left.func) == self._text(right.func):
            function, parts = self._said(left.func), (left.args[0], right.args[0])
            inner = ast.BinOp(parts[0], node.op, parts[1])
            tokens = [*_flat(parts[0]), type(node.op), *_flat(parts[1])]
            for one in (inner, _parsed(tokens)):
                self._add(node, ast.Call(left.func, [one], []), f"one {function} for two",
                          f"How far does {function} reach?",
                          f"There is one {function} where each of the two has its own.",
                          f"Take {function} of {self._said(parts[0])} and of "
                          f"{self._said(parts[1])}.")

    def _takes_one(self, node):
        return isinstance(node, ast.Call) and len(node.args) == 1 and not node.keywords \
            and self._text(node.func) in ("np.sqrt", "np.log", "np.cos", "abs", "np.sign",
                                           "np.abs", "np.ceil", "np.log2", "int")

    def _call(self, node):
        function = self._said(node.func)
        if self._takes_one(node):
            inner = node.args[0]
            self._add(node, inner, f"{self._text(node.func)} missing",
                      f"Is it {self._said(inner, 'this')} itself that stands there?",
                      f"{function} is missing around {self._said(inner)}.",
                      f"Put {function} around {self._said(inner)}.")
            if isinstance(inner, ast.BinOp):
                for kept, moved in ((inner.left, inner.right), (inner.right, inner.left)):
                    out = ast.Call(node.func, [kept], [])
                    pair = (out, moved) if kept is inner.left else (moved, out)
                    self._add(node, ast.BinOp(pair[0], inner.op, pair[1]),
                              f"{self._said(moved)} outside {function}",
                              f"How far does {function} reach?",
                              f"{self._said(moved)} stands outside {function}, and belongs "
                              "inside.",
                              f"Put {self._said(moved)} inside the brackets of {function}.")
        if self._text(node.func) in ("min", "max", "np.minimum", "np.maximum") \
                and len(node.args) == 2:
            other = {"min": "max", "max": "min"}.get(self._text(node.func))
            if other:
                self._add(node, ast.Call(ast.Name(other), node.args, []), f"{other} for {function}",
                          "The smaller of the two, or the larger?",
                          "It takes the other of the two.", f"Write {function}.")
            else:
                turned = "minimum" if "max" in function else "maximum"
                self._add(node, ast.Call(ast.Attribute(ast.Name("np"), turned), node.args, []),
                          f"{turned} for {function}", "The smaller of the two, or the larger?",
                          "It takes the other of the two.", f"Write {function}.")
            for one in node.args:
                self._add(node, one, f"no {function}", f"What does {function} guard against?",
                          f"{function} is missing: it takes one of the two always.",
                          f"Write {function}.")

    def _name(self, node):
        name = node.id
        if name in self.changed:
            self._add(node, ast.Name(OLD + name), f"old {name}", "Which comes first, and is the "
                      "new one used where it should be?",
                      f"The old `{name}` is used where the new one belongs.",
                      f"Renew `{name}` before it is used.")
        if name in _COUNTS:
            for more, words in ((1, "high"), (-1, "low")):
                self._add(node, ast.BinOp(ast.Name(name), ast.Add(), ast.Constant(more)),
                          f"{name} one too {words}", f"Does `{name}` count from 0 or from 1?",
                          f"`{name}` is one too {words} somewhere.",
                          f"Look where `{name}` stands, and count again.")
        if name in _SHARES:
            self._add(node, ast.BinOp(ast.Constant(1), ast.Sub(), ast.Name(name)),
                      f"1 - {name} for {name}", f"Where does `{name}` belong, and where what it "
                      "leaves of 1?",
                      f"`1 - {name}` stands where `{name}` belongs.", f"Write `{name}` there.")
        known = (self.arguments | self.locals) - {"t"}
        for other in sorted(known - {name}) if name in known else ():
            self._add(node, ast.Name(other), f"{other} for {name}",
                      "Does each name stand where it belongs?",
                      f"`{other}` stands where `{name}` belongs.",
                      f"Write `{name}` in the place of that `{other}`.",
                      likely={name, other} in _TWINS)
        if name == "g":
            self._add(node, ast.Call(ast.Name("abs"), [ast.Name("g")], []), "size of g",
                      "What if g is negative?", "The sign of `g` is lost.", "Keep the sign of `g`.")

    def _constant(self, node):
        for other in (node.value + 1, node.value - 1):
            if other or node.value != 2:
                self._add(node, ast.Constant(other), f"{other} for {node.value}",
                          "Is each number in it right?",
                          f"There is a {other} where {node.value} belongs.",
                          f"Look for the {other}, and write {node.value}.",
                          likely=node.value != 1)

    def _case(self, node):
        for one, other in ((node.body, node.orelse), (node.orelse, node.body)):
            self._add(node, one, f"no case for {self._said(other)}",
                      f"When does it take {self._said(one)}, and when something else?",
                      f"It takes {self._said(one)} always.",
                      f"Take {self._said(other)} if it is time for it.")

    def _kept(self, node):
        """Look at what a rule returns behind its point."""
        if isinstance(node, ast.Name):
            self._add(node, ast.Name(OLD + node.id) if node.id in self.arguments
                      else ast.Constant(0.0), f"old {node.id} returned",
                      "What does the next step begin with?",
                      f"It returns the old `{node.id}`.", f"Return the new `{node.id}`.")
            for other in sorted((self.locals | self.arguments) - {node.id}):
                self._add(node, ast.Name(other), f"{other} returned for {node.id}",
                          "What does it return, and in which order?",
                          f"It returns `{other}` where `{node.id}` belongs.",
                          f"Return `{node.id}` there.",
                          likely={node.id, other} in _TWINS)

    def _orders(self, lines):
        for i in range(len(lines) - 1):
            for j in range(i + 1, len(lines) - isinstance(lines[-1], ast.Return)):
                if isinstance(lines[i], ast.Return):
                    continue
                moved = [*lines[:i], *lines[i + 1:j + 1], lines[i], *lines[j + 1:]]
                self._add(("lines", id(lines[0])), moved, "two lines the other way round",
                          "In which order are its lines computed?",
                          f"{self._said(lines[i], 'One line')} comes too late.",
                          f"Move {self._said(lines[i], 'that line')} up.", likely=False)
                moved = [*lines[:i], lines[j], *lines[i:j], *lines[j + 1:]]
                self._add(("lines", id(lines[0])), moved, "two lines the other way round",
                          "In which order are its lines computed?",
                          f"{self._said(lines[j], 'One line')} comes too soon.",
                          f"Move {self._said(lines[j], 'that line')} down.", likely=False)

    # Brackets.

    def _brackets(self, whole):
        """Find what a formula becomes where brackets are missing, also if factors are moved."""
        for node in ast.walk(whole):
            if not isinstance(node, (ast.BinOp, ast.UnaryOp)) or isinstance(
                    getattr(node, "op", None), ast.Not):
                continue
            tokens = _flat(node)
            groups = [i for i, one in enumerate(tokens) if self._opens(one)]
            seen = {ast.dump(node)}
            for chosen in (*((i,) for i in groups), *combinations(groups, 2)):
                for k, order in enumerate(_orders(tokens, chosen)):
                    opened = [piece for one in order for piece in (
                        _flat(self.formulas.get(getattr(one, "id", ""), one))
                        if any(one is tokens[i] for i in chosen) else [one])]
                    other = _parsed(opened)
                    if ast.dump(other) in seen:
                        continue
                    seen.add(ast.dump(other))
                    around = " and ".join(self._said(self.formulas.get(
                        getattr(tokens[i], "id", ""), tokens[i]), "one of its parts")
                        for i in chosen)
                    self._add(node, other, f"missing brackets around {around}",
                              "In which order does Python compute your line?",
                              f"Brackets are missing around {around}.",
                              f"Put brackets around {around}.",
                              likely=k == 0 or not self.state)


    def _opens(self, token):
        """Tell whether a part has brackets, or would have if its formula stood there."""
        return _opens(token) or (isinstance(token, ast.Name) and _opens(
            self.formulas.get(token.id)) and token.id not in self.changed)


def _opens(token):
    return isinstance(token, ast.BinOp) or (isinstance(token, ast.UnaryOp)
                                            and isinstance(token.op, ast.USub))


def _flat(node):
    """Return a formula as it is written: parts, operators between them; groups stay together."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [ast.USub, *(_flat(node.operand) if not _opens(node.operand)
                            or _is(node.operand, (ast.Pow, ast.Mult, ast.Div))
                            else [node.operand])]
    if not isinstance(node, ast.BinOp):
        return [node]
    rank, power = _RANK[type(node.op)], _is(node, ast.Pow)

    def side(one, right):
        if not _opens(one):
            return [one]
        own = _RANK[type(one.op)]
        grouped = own < rank or (own == rank and right != power)
        return [one] if grouped or (power and isinstance(one, ast.UnaryOp)) else _flat(one)

    return [*side(node.left, False), type(node.op), *side(node.right, True)]


def _parsed(tokens):
    """Return the formula that Python reads there."""
    at = 0

    def formula(least):
        nonlocal at
        token = tokens[at]
        at += 1
        left = ast.UnaryOp(ast.USub(), formula(3)) if token is ast.USub else token
        while at < len(tokens) and _RANK[tokens[at]] >= least:
            op = tokens[at]
            at += 1
            left = ast.BinOp(left, op(), formula(3 if op is ast.Pow else _RANK[op] + 1))
        return left

    return formula(1)


def _orders(tokens, chosen):
    """Yield the same product in the orders in which it may be written: a group last, or first."""
    yield tokens
    i = chosen[-1]
    first = i
    while first > 0 and tokens[first - 1] not in (ast.Add, ast.Sub, ast.USub):
        first -= 1
    last = i
    while last + 1 < len(tokens) and tokens[last + 1] not in (ast.Add, ast.Sub):
        last += 1
    items, item, op = [], [], ast.Mult
    for token in [*tokens[first:last + 1], None]:
        if token in (ast.Mult, ast.Div, None):
            items.append((op, item))
            item, op = [], token
        else:
            item.append(token)
    mine = next((one for one in items if any(part is tokens[i] for part in one[1])), None)
    rest = [one for one in items if one is not mine]
    if mine is None or not rest:
        return
    numerators = sorted(rest, key=lambda one: one[0] is ast.Div)
    for order in ([*rest, mine], [mine, *rest], [*numerators, mine]):
        if order[0][0] is ast.Div:
            continue
        written = order[0][1] + [piece for op, item in order[1:] for piece in (op, *item)]
        yield [*tokens[:first], *written, *tokens[last + 1:]]

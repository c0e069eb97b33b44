"""An elementwise rule as one compiled kernel: every number read once and written once.

The rule is run on tensors and on numbers that are known later. Whatever it computes from numbers
alone (`1 - beta1**t`) is kept as a formula, to be evaluated in Python at every step; whatever
touches a tensor goes into the kernel, which takes the formulas' values. So neither a new step
number nor a new learning rate compiles anything, and powers keep Python's 53 bits.

Hyper-parameters that are exactly 0, lr aside, are left out of the kernel, and with them the state
that nothing reads then: as torch has no buffer while momentum is 0.
"""

import operator
import os
import shutil
import warnings
from functools import partial

import torch
from torch.fx.experimental.proxy_tensor import make_fx

from descent.signature import name_of, state_names

__all__ = ["Kernel", "kernel", "need_compiler"]


def need_compiler(device):
    """Raise a RuntimeError that says what to install if a kernel for the CPU cannot be built."""
    if torch.device(device).type == "cpu" and not any(
            shutil.which(name) for name in (os.environ.get("CXX", "g++"), "g++", "clang++")):
        raise RuntimeError(
            "compile=True needs a C++ compiler, and there is none: install one (on Debian "
            "`apt-get install g++`, on macOS `xcode-select --install`), or use compile=False")


class Number:
    """A number known later: its `formula`, a tree of operators, names and numbers.

    `now` is its value at present, which decides comparisons. They are noted: a step at which one
    of them comes out differently takes another branch of the rule, and another kernel.
    """

    def __init__(self, formula, now):
        self.formula, self.now = formula, now

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        """Do with a tensor what the operator does, the number standing in a slot of the kernel."""
        if any(isinstance(a, Number) and a.formula == 0 for a in args):
            name = function.__name__.strip("_")
            if name[1:] in _OPERATORS:  # reflected: __rsub__ and its like
                name, args = name[1:], args[::-1]
            return _without_zero(name, *args)
        if function.__name__ in {"div", "__truediv__"} and isinstance(args[1], Number):
            function, args = torch.mul, (args[0], 1 / args[1])  # cheaper than to divide each entry
        if any(isinstance(a, Number) for a in (kwargs or {}).values()):
            raise NotImplementedError(f"{function.__name__} with a keyword that changes from step "
                                      f"to step: use compile=False")
        return function(*(_slots.slot(a) if isinstance(a, Number) else a for a in args),
                        **(kwargs or {}))

    def __bool__(self):
        return self != 0

    def __neg__(self):
        return Number(("neg", self.formula), -self.now)

    __hash__ = None


def _now(x):
    return x.now if isinstance(x, Number) else x


def _formula(x):
    return x.formula if isinstance(x, Number) else x


def _without_zero(name, a, b):
    """Return a operator b where one of them is a Number that stays 0."""
    first = isinstance(a, Number) and a.formula == 0
    if name in {"mul", "truediv", "div"} and (first or name == "mul"):
        return Number(0, 0.0)
    if name == "add":
        return b if first else a
    if name == "sub":
        return -b if first else a
    raise NotImplementedError(f"{name} with a number that is 0: use compile=False")


def _operator(name):
    compute = getattr(operator, name)

    def forward(self, other):
        if isinstance(other, torch.Tensor):
            return NotImplemented  # the tensor's turn: __torch_function__
        if 0 in (_formula(self), _formula(other)) and name != "pow":
            return _without_zero(name, self, other)
        return Number((name, _formula(self), _formula(other)), compute(self.now, _now(other)))

    def backward(self, other):
        return forward(Number(other, other), self)

    return forward, backward


def _comparison(name):
    def compare(self, other):
        outcome = getattr(operator, name)(self.now, _now(other))
        _slots.branches.append((name, self.formula, _formula(other), outcome))
        return outcome

    return compare


_OPERATORS = ("add", "sub", "mul", "truediv", "pow")
for _name in _OPERATORS:
    for _prefix, _function in zip(("__", "__r"), _operator(_name), strict=True):
        setattr(Number, f"{_prefix}{_name}__", _function)
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(Number, f"__{_name}__", _comparison(_name))


def _evaluate(formula, values):
    if isinstance(formula, tuple):
        name, *parts = formula
        return getattr(operator, name)(*(_evaluate(part, values) for part in parts))
    return values[formula] if isinstance(formula, str) else formula


class _Slots:
    """The numbers that the kernel takes, in the order in which the rule met them; its branches."""

    def start(self, vector):
        self.formulas, self.branches, self.vector = [], [], vector

    def slot(self, number):
        if number.formula not in self.formulas:
            self.formulas.append(number.formula)
        return self.vector[self.formulas.index(number.formula)]


_slots = _Slots()
SLOTS = 32


class Kernel:
    """A rule's step on flat tensors, in place: `kernel(p, g, state, values)`.

    `live` names the tensors of the state that it reads and writes, `numbers` holds those entries
    of the state that are plain numbers. Raises ValueError for a rule that is not elementwise: that
    mixes entries, or looks at the shape.
    """

    def __init__(self, rule, hyper, t, numbers, dtype, device, maximize):
        self.rule, self.t, self.numbers, self.maximize = rule, t, numbers, maximize
        self.hyper = {name: _later(name, value) for name, value in hyper.items()}
        self.tensors = [name for name in state_names(rule) if name not in numbers]
        example = partial(torch.ones, 4, dtype=dtype, device=device)
        vector = torch.ones(SLOTS, dtype=torch.float64, device=device)
        self.live = self._live(example, vector)
        self._elementwise(dtype, device)
        traced = make_fx(self._in_place)(
            example(), example(), vector, *(example() for _ in self.live))
        self.formulas, self.branches = list(_slots.formulas), list(_slots.branches)
        print(f"Compiling {name_of(rule)} for {str(dtype).removeprefix('torch.')} on the "
              f"{device.type}, once: some seconds.", flush=True)
        self.run = torch.compile(traced, dynamic=True, fullgraph=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # torch's, of its own parts
            self.run(example(), example(), vector, *(example() for _ in self.live))

    def __call__(self, p, g, state, values):
        """Take one step on `p` and on the tensors of `state` in place; return the new numbers."""
        given = [_evaluate(formula, values) for formula in self.formulas]
        vector = torch.tensor(given + [0.0] * (SLOTS - len(given)), dtype=torch.float64)
        self.run(p, g, vector.to(p.device), *(state[name] for name in self.live))
        return {name: _evaluate(formula, values) for name, formula in self.new_numbers.items()}

    def takes(self, values):
        """Tell whether the rule would branch with these values as it did when it was traced."""
        return all(getattr(operator, name)(_evaluate(a, values), _evaluate(b, values)) == outcome
                   for name, a, b, outcome in self.branches)

    def _step(self, p, g, state):
        """Run the rule; return the point and the new state by name."""
        numbers = {name: Number(name, value) for name, value in self.numbers.items()}
        p, *new = self.rule(p, -g if self.maximize else g, Number("t", self.t), **state, **numbers,
                            **self.hyper)
        return p, dict(zip(state_names(self.rule), new, strict=True))

    def _in_place(self, p, g, vector, *live):
        _slots.start(vector)
        state = dict(zip(self.live, live, strict=True))
        new_p, new = self._step(p, g, state)
        self.new_numbers = {name: _formula(new[name]) for name in self.numbers}
        p.copy_(new_p)
        for name, tensor in state.items():
            tensor.copy_(new[name])

    def _live(self, example, vector):
        """Return the names of the state that decides where the point goes, now or later."""
        def outputs(p, g, vector, *state):
            _slots.start(vector)
            p, new = self._step(p, g, dict(zip(self.tensors, state, strict=True)))
            return p, *(x if isinstance(x, torch.Tensor) else torch.zeros(1)
                        for x in (new[name] for name in self.tensors))

        graph = make_fx(outputs)(example(), example(), vector, *(example() for _ in self.tensors))
        needs = {}
        for node in graph.graph.nodes:
            needs[node] = {node}.union(*(needs[one] for one in node.all_input_nodes))
        places = [node for node in graph.graph.nodes if node.op == "placeholder"][3:]
        ends = dict(zip(("p", *self.tensors), graph.graph.output_node().args[0], strict=True))
        live = {"p"}
        while found := {name for name, place in zip(self.tensors, places, strict=True)
                        if name not in live and any(place in needs[ends[one]] for one in live)}:
            live |= found
        return [name for name in self.tensors if name in live]

    def _elementwise(self, dtype, device):
        """Raise a ValueError if the rule does not treat each entry alone, whatever the shape."""
        random = torch.Generator().manual_seed(0)

        def draw():
            return torch.randn(4, 6, generator=random, dtype=dtype).to(device)

        p, g = 3 * draw(), 30 * draw()
        state = {name: draw().abs() for name in self.live}
        signed = {name: 30 * draw() for name in self.live}
        vector = torch.full((SLOTS,), 0.5, dtype=torch.float64, device=device)

        def run(cut, state):
            _slots.start(vector)
            new_p, new = self._step(cut(p), cut(g), {name: cut(s) for name, s in state.items()})
            return torch.stack([x.reshape(-1) for x in (new_p, *(new[n] for n in self.live))])

        for one in (state, signed):
            whole, flat = run(lambda x: x, one), run(lambda x: x.reshape(-1), one)
            parts = [run(lambda x, part=part: x.reshape(-1)[part], one)
                     for part in (slice(7), slice(7, 24))]
            if not all(torch.allclose(whole, other, rtol=1e-4, equal_nan=True)
                       for other in (flat, torch.cat(parts, dim=1))):
                raise ValueError(f"compile=True is for rules that treat each entry alone, "
                                 f"and {name_of(self.rule)} does not; use compile=False")


def _later(name, value):
    """Return a hyper-parameter as the rule gets it: numbers known later, zeros left out."""
    if isinstance(value, tuple):
        return tuple(_later_one(f"{name}.{i}", member) for i, member in enumerate(value))
    return _later_one(f"{name}.0", value)


def _later_one(name, value):
    if isinstance(value, (bool, str, type(None))):
        return value
    return Number(0 if value == 0 and name != "lr.0" else name, float(value))


_kernels = {}


def kernel(rule, hyper, t, numbers, dtype, device, maximize):
    """Return the kernel of a rule for step `t`, and the values by name that it is called with.

    `hyper` holds all hyper-parameters by name, `numbers` the plain numbers of the state. It is
    made once for all settings that differ in numbers only; which hyper-parameters are 0 makes a
    difference, and so does a branch that the rule takes.
    """
    values = {"t": t, **{name: float(value) for name, value in numbers.items()}}
    for name, value in hyper.items():
        for i, member in enumerate(value if isinstance(value, tuple) else (value,)):
            if not isinstance(member, (bool, str, type(None))):
                values[f"{name}.{i}"] = float(member)
    kind = tuple((name, tuple(map(_kind, v)) if isinstance(v, tuple) else _kind(v))
                 for name, v in hyper.items() if name != "lr")
    made = _kernels.setdefault((rule, kind, tuple(numbers), dtype, device.type, maximize), [])
    for one in made:
        if one.takes(values):
            return one, values
    made.append(Kernel(rule, hyper, t, numbers, dtype, device, maximize))
    return made[-1], values


def _kind(value):
    return value if isinstance(value, (bool, str, type(None))) else "zero" if value == 0 else "some"

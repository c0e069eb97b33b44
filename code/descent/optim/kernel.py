"""An elementwise rule as one compiled kernel: every number read once and written once.

The rule is run on tensors and on numbers that are known later. Whatever it computes from numbers
alone (`1 - betas[0]**t`) is kept as a formula, to be evaluated in Python at every step; whatever
touches a tensor goes into the kernel, which takes the formulas' values. So neither a new step
number nor a new learning rate compiles anything, and powers keep Python's 53 bits.

Hyper-parameters that are exactly 0, lr aside, are left out of the kernel, and with them the state
that nothing reads then: as torch has no buffer while momentum is 0. What nothing would read under
any settings is made for its own sake, as ASGD's mean, and stays.
"""

import copy
import importlib.util
import os
import shutil
import warnings

import torch

from descent.optim.memory import same_memory
from descent.optim.number import SLOTS, Noted, Number, formula_of, function_of
from descent.optim.private import built, traced
from descent.signature import name_of, state_names

__all__ = ["Kernel", "as_floats", "kernel", "need_compiler"]


OLDEST = 7  # the least compute capability for which Triton, and so torch.compile, writes code


def need_compiler(device):
    """Raise a RuntimeError that says what to install if a kernel for a device cannot be built.

    For the CPU that is a C++ compiler; for CUDA Triton, the C compiler that it starts kernels with,
    and a card of compute capability 7 or later. Of other devices nothing is known.
    """
    device = torch.device(device)
    if device.type == "cpu" and not _installed("CXX", "g++", "clang++"):
        raise RuntimeError(
            "compile=True needs a C++ compiler, and there is none: install one (on Debian "
            "`apt-get install g++`, on macOS `xcode-select --install`), or use compile=False")
    if device.type != "cuda":
        return
    capability = torch.cuda.get_device_capability(device)
    if capability[0] < OLDEST:
        raise RuntimeError(f"compile=True needs a card of compute capability {OLDEST}.0 or later, "
                           f"and {device} has {'.'.join(map(str, capability))}: use compile=False")
    if importlib.util.find_spec("triton") is None:
        raise RuntimeError("compile=True needs Triton on CUDA, and it is not installed: "
                           "`pip install triton` (on Windows `triton-windows`), or use "
                           "compile=False")
    if not _installed("CC", "gcc", "clang", "cc"):
        raise RuntimeError("compile=True needs a C compiler on CUDA, and there is none: install "
                           "one (on Debian `apt-get install gcc`), or use compile=False")


def _installed(variable, *names):
    """Tell whether one of these programs is there, or the one that the environment names."""
    return any(shutil.which(name) for name in (os.environ.get(variable, names[0]), *names))


BRANCHES = 32  # so many ways through a rule are looked at; of more, all of the state is kept
LONGEST = 2**31 - 1  # more numbers than that are stepped in parts: a GPU counts in 32 bits


class Kernel:
    """A rule's step on flat tensors, in place: `kernel(p, g, state, t, hyper, numbers)`.

    `live` names the tensors of the state that it reads and writes; `hyper` is what `as_floats`
    makes of the hyper-parameters, `numbers` holds the entries of the state that are plain numbers.
    All tensors must be contiguous, of one length, and of the dtypes the kernel is made for. Where
    the rule makes a tensor of such a number, as of a state that starts a step later than others,
    `grown` holds its dtype by name, and there is no kernel: make one in which it is a tensor.

    Raises ValueError for a rule that is not elementwise: that mixes entries, or looks at the shape.
    """

    def __init__(self, rule, hyper, t, numbers, dtypes, device, maximize):
        self.rule, self.t, self.numbers, self.hyper = rule, t, numbers, hyper
        self.dtypes, self.device, self.maximize = dtypes, device, maximize
        self.tensors = [name for name in state_names(rule) if name not in numbers]
        self.grown = {}
        self.live = self._live()
        names = ["t", *numbers, *hyper]
        self._as_traced = function_of(names, " and ".join(self.branches) or "True")
        if self.grown:
            return
        self._elementwise()
        program = self._traced(self._in_place, self.live, "symbolic")  # for any length
        self.graph = copy.deepcopy(program.graph)
        self._numbers = function_of(names, f"([{', '.join(self.formulas)}], "
                                         f"[{', '.join(self.new_numbers.values())}])")
        print(f"Compiling {name_of(rule)} for {str(dtypes['p']).removeprefix('torch.')} on the "
              f"{device.type}, once: some seconds.", flush=True)
        examples = [node.meta["val"] for node in program.graph.find_nodes(op="placeholder")]
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore", DeprecationWarning)  # torch's, of its own parts
            self.run = built(program, examples)

    def __call__(self, p, g, state, t, hyper, numbers):
        """Take one step on `p` and on the tensors of `state` in place; return the new numbers."""
        slots, new = self._numbers(t=t, **numbers, **hyper)
        slots = _sent(torch.tensor(slots, dtype=torch.float64), p.device)
        tensors = p, g, *(state[name] for name in self.live)
        if len(p) <= LONGEST:
            self.run(slots, *tensors)
        else:
            for parts in zip(*(tensor.split(LONGEST) for tensor in tensors), strict=True):
                self.run(slots, *parts)
        return dict(zip(self.new_numbers, new, strict=True))

    def takes(self, t, hyper, numbers):
        """Tell whether the rule would branch with these numbers as it did when it was traced."""
        return not self.branches or self._as_traced(t=t, **numbers, **hyper)

    def _step(self, slots, p, g, state, forced=()):
        """Run the rule; return the point and the new state by name."""
        noted = self.noted = Noted(slots, forced)
        self.formulas, self.branches = noted.formulas, noted.branches
        numbers = {name: Number(name, value, noted) for name, value in self.numbers.items()}
        hyper = {name: _later(name, value, noted) for name, value in self.hyper.items()}
        p, *new = self.rule(p, -g if self.maximize else g, Number("t", self.t, noted), **state,
                            **numbers, **hyper)
        return p, dict(zip(state_names(self.rule), new, strict=True))

    def _in_place(self, slots, p, g, *live):
        new_p, new = self._step(slots, p, g, dict(zip(self.live, live, strict=True)))
        self.new_numbers = {name: formula_of(new[name]) for name in self.numbers}
        # A rule may return what it was given, which must be read before it is written. Inductor
        # takes a clone out again, but not a product with a number that is known later.
        one = Number("1.0", 1.0, self.noted)
        values = [_spread(value, p) for value in (new_p, *(new[name] for name in self.live))]
        values = [value * one if any(same_memory(value, given) for given in (p, g, *live))
                  else value for value in values]
        for tensor, value in zip((p, *live), values, strict=True):
            tensor.copy_(value)

    def _dtype(self, name):
        return self.dtypes.get(name, self.dtypes["p"])

    def _some_slots(self):
        return torch.full((SLOTS,), 0.5, dtype=torch.float64, device=self.device)

    def _traced(self, function, names, mode="real"):
        """Return what a function of slots, point, gradient and these states does, as a program.

        A program for any length is still made with this one in mind: on a GPU with its block size.
        """
        length = 4 if mode == "real" or self.device.type == "cpu" else 2**20
        examples = [torch.ones(length, dtype=self._dtype(name), device=self.device)
                    for name in ("p", "g", *names)]
        return traced(function, mode, self._some_slots(), *examples)

    def _live(self):
        """Return the names of the state that decides where the point goes, now or later.

        And of what is made for its own sake, as ASGD's mean: what no setting would let decide.
        """
        live = self._deciding({"p"})
        if dead := [name for name in self.tensors if name not in live]:
            given, self.hyper = self.hyper, {name: _on(one) for name, one in self.hyper.items()}
            switched_on = self._deciding({"p"})
            self.hyper = given
            live = self._deciding({"p", *(set(dead) - switched_on)})
        return [name for name in self.tensors if name in live]

    def _deciding(self, ends):
        """Return the names of the state that reaches one of these ends, in this step or a later.

        Later the rule may branch otherwise: what is not read today may be read then.
        """
        feeds, ways, left = set(), [[]], BRANCHES
        while ways:
            forced = ways.pop()
            try:
                found, outcomes = self._fed(forced)
            except Exception:
                if not forced:
                    raise
                left = 0  # a branch that cannot be run with the numbers of now
            if not left:
                feeds = {(name, "p") for name in self.tensors}
                break
            left -= 1
            feeds |= found
            ways += [[*outcomes[:k], not outcomes[k]] for k in range(len(forced), len(outcomes))]
        self._fed([])  # as now: what it notes is what counts
        live = set(ends)
        while more := {name for name, end in feeds if end in live} - live:
            live |= more
        return live

    def _fed(self, forced):
        """Return pairs, a state and what it goes into; and how the rule's comparisons came out."""
        returns = {}

        def outputs(slots, p, g, *state):
            p, new = self._step(slots, p, g, dict(zip(self.tensors, state, strict=True)), forced)
            returns.update((name, x.dtype) for name, x in new.items()
                           if isinstance(x, torch.Tensor))
            return p, *(x if isinstance(x, torch.Tensor) else torch.zeros(1)
                        for x in (new[name] for name in self.tensors))

        graph = self._traced(outputs, self.tensors).graph
        self.returns = {**getattr(self, "returns", {}), **returns}
        self.grown = {name: returns[name] for name in self.numbers if name in returns}
        needs = {}
        for node in graph.nodes:
            needs[node] = {node}.union(*(needs[one] for one in node.all_input_nodes))
        places = graph.find_nodes(op="placeholder")[3:]
        ends = dict(zip(("p", *self.tensors), graph.output_node().args[0], strict=True))
        return {(name, end) for name, place in zip(self.tensors, places, strict=True)
                for end, node in ends.items() if place in needs[node]}, self.noted.outcomes

    def _elementwise(self):
        """Raise a ValueError if the rule does not treat each entry alone, whatever the shape."""
        random = torch.Generator().manual_seed(0)

        def draw(name, scale=1):
            drawn = scale * torch.randn(4, 6, generator=random, dtype=torch.float64)
            return drawn.to(self.device, self._dtype(name))

        p, g = draw("p", 3), draw("g", 30)
        state = {name: draw(name).abs() for name in self.live}
        signed = {name: draw(name, 30) for name in self.live}

        def run(cut, state):
            new_p, new = self._step(self._some_slots(), cut(p), cut(g),
                                    {name: cut(s) for name, s in state.items()})
            return torch.stack([_spread(x, new_p).reshape(-1)
                                for x in (new_p, *(new[n] for n in self.live))])

        for one in (state, signed):
            whole, *others = (run(lambda x, shape=shape: x.reshape(shape), one) for shape in
                              ((4, 6), (24,), (2, 3, 4), (2, 3, 2, 2), (2, 1, 3, 2, 2)))
            parts = [run(lambda x, part=part: x.reshape(-1)[part], one)
                     for part in (slice(7), slice(7, 24))]
            if not all(torch.allclose(whole, other, rtol=1e-4, equal_nan=True)
                       for other in (*others, torch.cat(parts, dim=1))):
                raise ValueError(f"compile=True is for rules that treat each entry alone, "
                                 f"and {name_of(self.rule)} does not; use compile=False")


def _sent(slots, device):
    """Return a small tensor of the CPU on the device; a GPU need not wait for it."""
    if device.type == "cuda":
        return slots.pin_memory().to(device, non_blocking=True)
    return slots.to(device)


def _spread(value, like):
    """Return a tensor, or a number as a tensor of that kind."""
    return value if isinstance(value, torch.Tensor) else torch.zeros_like(like) + value


def _later(name, value, noted):
    """Return a hyper-parameter as the rule gets it: numbers known later, zeros left out."""
    if isinstance(value, tuple):
        return tuple(_later(f"{name}[{i}]", member, noted) for i, member in enumerate(value))
    if not isinstance(value, float):
        return value
    return Number("0" if value == 0 and name != "lr" else name, value, noted)


def _on(value):
    """Return a hyper-parameter so that nothing is left out for its sake."""
    if isinstance(value, tuple):
        return tuple(map(_on, value))
    return True if isinstance(value, bool) else 0.5 if value == 0 else value


def as_floats(hyper):
    """Return hyper-parameters as a kernel takes them: every number a float, also a tensor's."""
    return {name: tuple(map(_as_float, value)) if isinstance(value, tuple) else _as_float(value)
            for name, value in hyper.items()}


def _as_float(value):
    return value if isinstance(value, (bool, str, type(None))) else float(value)


_kernels = {}


def kernel(rule, hyper, t, numbers, dtypes, device, maximize):
    """Return the kernel of a rule for step `t`.

    `hyper` is what `as_floats` makes of all hyper-parameters, `numbers` holds the plain numbers of
    the state, `dtypes` the point's as "p", and of a state whose dtype is another. A kernel is made
    once for all settings that differ in numbers only; which hyper-parameters are 0 makes a
    difference, and so does a branch that the rule takes.
    """
    device = torch.empty(0, device=device).device  # "cuda" is "cuda:0", say
    kind = tuple((name, tuple(map(_kind, value)) if isinstance(value, tuple) else _kind(value))
                 for name, value in hyper.items() if name != "lr")
    made = _kernels.setdefault(
        (rule, kind, tuple(numbers), frozenset(dtypes.items()), device, maximize), [])
    for one in made:
        if one.takes(t, hyper, numbers):
            return one
    made.append(Kernel(rule, hyper, t, numbers, dtypes, device, maximize))
    return made[-1]


def _kind(value):
    return value if not isinstance(value, float) else "zero" if value == 0 else "some"

"""An optimizer on many processes against itself on one: the same steps, and to which digit?

A small network learns for ten steps in float64. On one process the gradients of a batch's parts are
accumulated; on two or four, each takes a part, by one of four ways to share the work (`WRAPPINGS`):

- DDP: every process holds all, and gradients are averaged;
- ZeRO-1: besides, each process steps its own parameters only, and sends them to the others;
- FSDP2: each holds a slice of every parameter, gradient and state, as DTensors;
- "its slice alone": FSDP2, where the rule sees what this process holds, as if that were all. It is
  a mistake for a rule that looks at a whole tensor.

The shapes of the network's parameters are divided evenly among the processes, or not: then one has
fewer rows than another, or none ("uneven"); "sparse" is a table whose gradients are.
"""

import math
import warnings
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, init_device_mesh

from descent import rules
from descent.book import plots
from descent.ops import sqrt, where
from descent.optim import LBFGS, Optimizer
from descent.parity.rules import BEYOND, ROWS
from descent.processes import ranks

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # torch's, of its own parts
    from torch.distributed.optim import ZeroRedundancyOptimizer

__all__ = ["NAMES", "WRAPPINGS", "Case", "Outcome", "cases_of", "keyword_sets", "lars", "measure",
           "network", "optimizer_of", "outcomes", "table", "whole", "worst", "wrapped"]

STEPS, BATCH = 10, 24
LAST_DIGITS = 1e-13  # what ten steps make of sums in another order, relatively
WRAPPINGS = ("DDP", "ZeRO-1", "FSDP2", "its slice alone")
_LBFGS = ({"lr": 0.5, "max_iter": 4},)
_OF_MATRICES = {"muon", "shampoo", "soap"}  # no vectors
_SHAPES = {"even": (4, 8, 4, 4), "uneven": (5, 7, 3, 1),  # widths, from layer to layer
           "square": (4, 4, 4, 4)}


def lars(p, g, t, B=0.0, *, lr=0.1, momentum=0.9, weight_decay=0.0, trust=0.1):
    """Take a step whose length is in proportion to the tensor's own; return point and buffer.

    It is here since it looks at a whole tensor in one line. Source: You et al. (2017).
    """
    g = g + weight_decay * p
    size, slope = sqrt((p**2).sum()), sqrt((g**2).sum())
    B = momentum * B + lr * where(size > 0, trust * size / (slope + 1e-12), 1 + 0 * size) * g
    return p - B, B


_RULES = {**{name: getattr(rules, name) for name in rules.__all__}, "lars": lars}
_ROWS = {row.rule.__name__: row for row in (*ROWS, *BEYOND)}
_CLASSES = {row.torch_class.__name__: row for row in ROWS}
NAMES = (*_RULES, *_CLASSES)  # all that is run: rules by their names, torch's classes by theirs


@dataclass(frozen=True)
class Case:
    """One run to compare: of a rule or a class of torch, by name, under one set of keywords."""

    name: str
    wrapping: str
    shards: str
    world: int
    keywords: dict


@dataclass(frozen=True)
class Outcome:
    """What came of a case: the largest relative difference from one process, or an error's kind.

    `agree` tells whether all processes ended at the same point.
    """

    difference: float = 0.0
    agree: bool = True
    raises: str = ""

    @property
    def says(self):
        """The outcome in a word or two, the same on every machine."""
        if self.raises:
            kind = self.raises.partition(":")[0]
            return "hangs" if kind == "TimeoutError" else kind
        if not self.agree:
            return "ranks differ"
        if self.difference < LAST_DIGITS:
            return "last digits" if self.difference else "bits"
        return f"{self.difference:.0e} off"


def keyword_sets(name):
    """Return the keyword sets under which a rule or a class runs here, from its parity row."""
    if name == "lars":
        return ({}, {"weight_decay": 0.1})
    row = _ROWS.get(name) or _CLASSES[name]
    return row.loop or _LBFGS


def cases_of(name, wrappings=WRAPPINGS[:3], worlds=(2,), shards=None):
    """Return all cases of a rule or a class. Raises ValueError for a name that is none."""
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}, got {name!r}")
    sparse = name == "SparseAdam"
    shards = shards or (("sparse",) if sparse else ("even", "uneven") + (
        ("sparse",) if name == "sparseadam" else ()))
    return [Case(name, wrapping, how, world, keywords) for world in worlds
            for wrapping in wrappings for how in shards for keywords in keyword_sets(name)]


def measure(cases, seconds=60):
    """Run the cases; return an `Outcome` for each.

    All cases of one number of processes run in one call of `ranks`, in `seconds` and 2 for each;
    where that fails, each half of them in one of its own, and so on.
    """
    made = {}
    for world in {case.world for case in cases}:
        ours = [k for k, case in enumerate(cases) if case.world == world]
        made |= zip(ours, _together([cases[k] for k in ours], world, seconds), strict=True)
    return [made[k] for k in range(len(cases))]


def worst(outcomes):
    """Return the worst of some outcomes: what raises, then what differs most."""
    if raised := [one for one in outcomes if one.raises]:
        return raised[0]
    return Outcome(max(one.difference for one in outcomes), all(one.agree for one in outcomes))


def outcomes(results, name, world=2):
    """Return what is stored of a rule or a class, an `Outcome` by wrapping and shapes."""
    return {way: Outcome(one["difference"], one["agree"], one["raises"])
            for way, one in results[f"{name}, {world} ranks"].items()}


def table(results, names=NAMES, world=2):
    """Return the table of stored results, as `descent.lab.load("sharded")` gives them.

    A line for each rule and class, and one more for a sparse gradient where it takes one. A word
    is the worst over the keyword sets: "bits", "last digits" (less than 1e-13 off, relatively),
    how far off otherwise, that the ranks differ or wait for each other, or the error.
    """
    lines = []
    for name in names:
        ways = outcomes(results, name, world)
        for of_one in ({"even", "uneven"}, {"sparse"}):
            own = {way: one for way, one in ways.items() if way.rpartition(", ")[2] in of_one}
            if own:
                lines.append([f"{name}, sparse" if of_one == {"sparse"} else name, *(
                    worst(found).says if found else "" for found in (
                        [one for way, one in own.items() if way in told]
                        for told in _COLUMNS.values()))])
    return plots.table(lines, ["rule or class", *_COLUMNS])


_COLUMNS = {  # of the table, and the ways that each is the worst of
    "DDP": {"DDP, even", "DDP, uneven", "DDP, sparse"},
    "ZeRO-1": {"ZeRO-1, even", "ZeRO-1, uneven", "ZeRO-1, sparse"},
    "FSDP2": {"FSDP2, even", "FSDP2, sparse"},
    "FSDP2, uneven shapes": {"FSDP2, uneven"},
    "its slice alone": {f"its slice alone, {how}" for how in ("even", "uneven", "sparse")}}


def _together(cases, world, seconds):
    try:
        runs = ranks(_run_all, world, cases, seconds=seconds + 2 * len(cases))
    except (RuntimeError, TimeoutError) as error:
        if half := len(cases) // 2:
            return [*_together(cases[:half], world, seconds),
                    *_together(cases[half:], world, seconds)]
        kind, _, message = str(error).partition(": ")
        kind = kind.rpartition(" raised ")[2] if " raised " in kind else type(error).__name__
        return [Outcome(raises=f"{kind}: {message.splitlines()[0] if message else error}")]
    return [_compared([run[k] for run in runs]) for k in range(len(cases))]


def _compared(runs):
    """Return the outcome of one case from (end, reference) of each rank."""
    (first, reference), *others = runs
    differences = [_distance(end, reference) for end, _ in runs]
    return Outcome(max(differences),
                   all(torch.equal(a, b) for end, _ in others
                       for a, b in zip(end, first, strict=True)))


def _distance(end, reference):
    """Return the largest relative difference; infinity where anything is no number."""
    found = (0.0 if torch.equal(a, b) else ((a - b).abs().max() / b.abs().max()).item()
             for a, b in zip(end, reference, strict=True))
    return max(math.inf if math.isnan(one) else one for one in found)


# What follows runs on each rank.


def _run_all(rank, cases):
    return [(_run(rank, case), _reference(case)) for case in cases]


def network(shards, name="adam"):
    """Return the network whose parameters have such shapes; no vectors where the name takes none.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        if shards == "sparse":
            return nn.Embedding(8, 3, sparse=True, dtype=torch.float64)
        a, b, c, d = _SHAPES[shards]
        bias = name.lower() not in _OF_MATRICES
        return nn.Sequential(*(part for layer in (
            (a, b), (b, c), (c, d)) for part in (
            nn.Linear(*layer, bias=bias, dtype=torch.float64), nn.Tanh())))


def optimizer_of(name, params, keywords, sharing=None):
    """Return the optimizer of that name on the parameters; `sharing` is a class to wrap it in."""
    if name in _RULES and name != "lbfgs":
        made, keywords = Optimizer, {"rule": _RULES[name], **keywords}
    else:
        made = LBFGS if name == "lbfgs" else _CLASSES[name].torch_class
    if sharing:
        return sharing(params, optimizer_class=made, **keywords)
    return made(params, **keywords)


def wrapped(model, wrapping):
    """Return the model as one of `WRAPPINGS` has it on this rank's process."""
    if wrapping in {"DDP", "ZeRO-1"}:
        return nn.parallel.DistributedDataParallel(model)
    mesh = init_device_mesh("cpu", (dist.get_world_size(),))
    for layer in model.children():
        if any(True for _ in layer.parameters()):
            fully_shard(layer, mesh=mesh)
    return fully_shard(model, mesh=mesh)


def loss_of(model, batch):
    """Return the loss of a model on a part of a batch, a mean over that part."""
    x, y = batch
    out = model(x)
    return ((out.sum(1, keepdim=True) - y)**2).mean() if out.ndim < 3 else (
        (out.sum((1, 2)) - y[:, 0])**2).mean()


def batches(shards, steps=STEPS):
    """Return inputs and targets for each step, the same on every process."""
    random = torch.Generator().manual_seed(1)
    for _ in range(steps):
        y = torch.randn(BATCH, 1, generator=random, dtype=torch.float64)
        if shards == "sparse":
            yield torch.randint(0, 8, (BATCH, 2), generator=random), y
        else:
            yield torch.randn(BATCH, _SHAPES[shards][0], generator=random, dtype=torch.float64), y


def _stepped(optimizer, closure, name):
    if name.lower() == "lbfgs":
        optimizer.step(closure)
    else:
        closure()
        optimizer.step()


def _reference(case):
    """Return where one process ends that accumulates the gradients of the batch's parts."""
    model = network(case.shards, case.name)
    optimizer = optimizer_of(case.name, list(model.parameters()), case.keywords)
    for x, y in _some(case):
        def closure(x=x, y=y):
            optimizer.zero_grad()
            parts = [loss_of(model, (x[k::case.world], y[k::case.world])) / case.world
                     for k in range(case.world)]
            for part in parts:
                part.backward()
            return sum(part.detach() for part in parts)
        _stepped(optimizer, closure, case.name)
    return [p.detach() for p in model.parameters()]


def _some(case):
    return batches(case.shards, 3 if case.name.lower() == "lbfgs" else STEPS)


def _run(rank, case):
    """Return where the ranks end."""
    model = wrapped(network(case.shards, case.name), case.wrapping)
    params = list(model.parameters())
    alone = case.wrapping == "its slice alone"
    stepped = [p.to_local().detach() for p in params] if alone else params
    optimizer = optimizer_of(case.name, stepped, case.keywords,
                             ZeroRedundancyOptimizer if case.wrapping == "ZeRO-1" else None)
    for x, y in _some(case):
        def closure(x=x, y=y):
            model.zero_grad()
            loss = loss_of(model, (x[rank::case.world], y[rank::case.world]))
            loss.backward()
            for p, slice_ in zip(params, stepped, strict=True) if alone else ():
                slice_.grad = p.grad.to_local()
            return loss
        _stepped(optimizer, closure, case.name)
    return [whole(p) for p in params]


def whole(p):
    """Return all entries of a parameter, from whatever ranks they are on."""
    return (p.full_tensor() if isinstance(p, DTensor) else p).detach()

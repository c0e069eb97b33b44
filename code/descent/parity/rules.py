"""A rule against its torch class: the same parameters, the same gradients, how far apart?

One table, `ROWS`, serves the tests and every chapter's "Against torch". A row's keyword sets
are run twice. On a *stream* the gradients are drawn beforehand, so nothing but the update can
differ; every set runs there. On a *loop* the gradient comes from the point itself, so rounding
feeds back; the settings that keep a quadratic stable run there. Both runs take 200 steps over
two parameter groups, lose the gradient of one parameter at step 50 (`grad is None`) and divide
lr by ten at step 100, which is what separates lr inside the buffer from lr outside it.

L-BFGS, which asks for a closure, makes one call of `step()` on each of four problems instead: 20
iterations or fewer. Then the numbers of iterations and closure calls count as well. Later calls
would amplify the rounding of the first.
"""

import inspect
import math
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import cache, partial
from importlib import metadata
from itertools import product

import torch
from torch.nn.functional import softplus

import descent.parity.packages as packages
from descent.book import plots
from descent.optim import LBFGS, Optimizer
from descent.optim.private import orthogonalised_by
from descent.rules import (
    adadelta,
    adafactor,
    adagrad,
    adam,
    adamax,
    adamw,
    adopt,
    asgd,
    lbfgs,
    lion,
    muon,
    nadam,
    prodigy,
    radam,
    rmsprop,
    rprop,
    schedulefree,
    sgd,
    shampoo,
    soap,
    sparseadam,
)
from descent.rules.muon import newton_schulz
from descent.signature import hyperparameters, name_of

__all__ = ["BEYOND", "ROWS", "Result", "Row", "claimed", "implementations", "measure", "report",
           "row_of"]

STEPS = 200
SHAPES = ((3, 4), (5,), ())


@dataclass(frozen=True)
class Row:
    """A rule, its torch class, the keyword sets to try, and the relative bounds by dtype.

    `as_default` runs everything with the dtype as torch's default, for a class that keeps a
    scalar of its state in that. The sets of `closure` are for an optimizer that needs one. `shapes`
    are those of the parameters, the first two in one group and the rest in another; `within` is
    what torch's run stands in, for a class of which a part is compared by itself. `sparse` gives
    a gradient of some rows only, others at every step.
    """

    rule: object
    torch_class: type
    stream: tuple = ()
    loop: tuple = ()
    closure: tuple = ()
    bounds: dict = field(default_factory=lambda: {torch.float64: 1e-12, torch.float32: 1e-4})
    why: str = "float32 keeps 7 digits, and 200 steps of rounding cost two or three of them"
    as_default: bool = False
    shapes: tuple = SHAPES
    within: object = nullcontext
    sparse: bool = False
    package: str = "torch"
    counts_alone: bool = True

    @property
    def chapter(self):
        """The name of the chapter that derives the rule: two of them share one."""
        name = self.rule.__name__
        return "shampoo" if name == "soap" else name

    @property
    def version(self):
        """The package and its version, of those installed here."""
        return f"{self.package} {metadata.version(self.package).partition('+')[0]}"


@dataclass(frozen=True)
class Result:
    """How far an implementation ended from torch's for-loop, at worst, under one keyword set."""

    problem: str
    keywords: dict
    dtype: torch.dtype
    differences: dict
    bound: float
    counts: tuple = ((), ())  # iterations and closure calls: ours, torch's

    @property
    def ok(self):
        """Close enough; in float64 with the same counts (float32's last digits decide on some)."""
        ours, theirs = self.counts
        return (self.differences["descent"] <= self.bound
                and (ours == theirs or self.dtype == torch.float32))


def _grid(**choices):
    return tuple(dict(zip(choices, values, strict=True)) for values in product(*choices.values()))


_SGD = (
    *_grid(momentum=(0.0, 0.5, 0.9), dampening=(0.0, 0.3), weight_decay=(0.0, 0.1)),
    *_grid(momentum=(0.5, 0.9), nesterov=(True,), weight_decay=(0.0, 0.1)),
    {"momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1, "maximize": True},
    {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "maximize": True},
)

_ADAGRAD = (
    *_grid(lr_decay=(0.0, 0.1), weight_decay=(0.0, 0.1), initial_accumulator_value=(0.0, 0.5)),
    {"eps": 0.1},
    {"lr_decay": 0.1, "weight_decay": 0.1, "maximize": True},
)

_RMSPROP = (
    *_grid(alpha=(0.9, 0.99), momentum=(0.0, 0.9), centered=(False, True), weight_decay=(0.0, 0.1)),
    {"eps": 0.1},
    {"momentum": 0.9, "centered": True, "weight_decay": 0.1, "maximize": True},
)

_ADADELTA = (
    *_grid(rho=(0.9, 0.95), eps=(1e-6, 1e-3), weight_decay=(0.0, 0.1)),
    {"weight_decay": 0.1, "maximize": True},
)

_ADAM = (
    *_grid(betas=((0.9, 0.999), (0.5, 0.9)), amsgrad=(False, True), weight_decay=(0.0, 0.1)),
    {"eps": 0.1},
    {"amsgrad": True, "weight_decay": 0.1, "maximize": True},
)


_NADAM = (
    *_grid(betas=((0.9, 0.999), (0.5, 0.9)), momentum_decay=(4e-3, 0.1), weight_decay=(0.0, 0.1)),
    *_grid(decoupled_weight_decay=(True,), weight_decay=(0.0, 0.1)),
    {"eps": 0.1},
    {"decoupled_weight_decay": True, "weight_decay": 0.1, "maximize": True},
)


_LBFGS = (
    {"lr": 1.0}, {"lr": 0.5}, {"lr": 0.3, "history_size": 2}, {"lr": 1.0, "max_iter": 5},
    {"lr": 1.0, "tolerance_change": 1e-2},
    *({"lr": lr, "line_search_fn": "strong_wolfe", **keywords} for lr, keywords in (
        (1.0, {}), (0.1, {}), (10.0, {}), (1.0, {"history_size": 3}), (1.0, {"max_eval": 7}),
        (1.0, {"max_iter": 1, "max_eval": 1}), (1.0, {"tolerance_grad": 0.1}),
        (1.0, {"gradient": 1e-7}))),
)


_ADAFACTOR = (
    *_grid(beta2_decay=(-0.8, -0.5), weight_decay=(0.0, 0.1), d=(1.0, 2.0)),
    *_grid(eps=((1e-8, 1e-3), (0.1, 1e-3), (None, 0.1))),
    {"beta2_decay": -0.5, "weight_decay": 0.1, "maximize": True},
)


_MUON = (
    *_grid(momentum=(0.0, 0.95), nesterov=(False, True), weight_decay=(0.0, 0.1)),
    *_grid(adjust_lr_fn=("original", "match_rms_adamw"), weight_decay=(0.1,)),
    {"ns_steps": 1}, {"ns_steps": 10, "ns_coefficients": (2.0, -1.5, 0.5)}, {"eps": 10.0},
)


_ADAMAX = (
    *_grid(betas=((0.9, 0.999), (0.5, 0.9)), weight_decay=(0.0, 0.1)),
    {"eps": 0.1},
    {"weight_decay": 0.1, "maximize": True},
)


_RADAM = (  # the first of the last two never trusts v, the second from step 10 on
    *_grid(betas=((0.9, 0.999), (0.5, 0.9)), decoupled_weight_decay=(False, True),
           weight_decay=(0.0, 0.1)),
    {"eps": 0.1},
    {"decoupled_weight_decay": True, "weight_decay": 0.1, "maximize": True},
    *_grid(betas=((0.9, 0.6), (0.9, 0.7))),
)


_ASGD = (  # t0: the mean begins at once, at a tenth of the run, after it
    *_grid(lambd=(1e-4, 0.1), alpha=(0.75, 0.5), t0=(0.0, 20.0, 1e6), weight_decay=(0.0, 0.1)),
    {"lambd": 0.1, "t0": 20.0, "weight_decay": 0.1, "maximize": True},
)


_RPROP = (
    *_grid(etas=((0.5, 1.2), (0.3, 2.0)), step_sizes=((1e-6, 50.0), (1e-3, 0.05))),
    {"etas": (0.3, 2.0), "maximize": True},
)


_SPARSEADAM = (
    *_grid(betas=((0.9, 0.999), (0.5, 0.9), (0.0, 0.9))),
    {"eps": 0.1},
    {"betas": (0.5, 0.9), "maximize": True},
)


def _ours_within():
    return orthogonalised_by(newton_schulz)


def _sets(lr, grid):
    return (*({"lr": lr, **keywords} for keywords in grid), {"lr": 10.0},
            {"lr": lr, "gradient": 1e-8})


ROWS = (
    Row(sgd, torch.optim.SGD,
        stream=(*({"lr": 0.1, **keywords} for keywords in _SGD),
                {"lr": 10.0, "momentum": 0.9}, {"lr": 0.1, "momentum": 0.9, "gradient": 1e-8}),
        loop=({"lr": 0.1}, {"lr": 0.1, "momentum": 0.9},
              {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1},
              {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1})),
    Row(adagrad, torch.optim.Adagrad,
        stream=_sets(0.1, _ADAGRAD),
        loop=({"lr": 0.1}, {"lr": 0.1, "lr_decay": 0.1, "weight_decay": 0.1,
                            "initial_accumulator_value": 0.5})),
    Row(rmsprop, torch.optim.RMSprop,
        stream=_sets(0.01, _RMSPROP),
        loop=({"lr": 0.01}, {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.1},
              {"lr": 0.01, "centered": True})),
    Row(adam, torch.optim.Adam,
        stream=_sets(0.01, _ADAM),
        loop=({"lr": 0.01}, {"lr": 0.01, "amsgrad": True, "weight_decay": 0.1})),
    Row(adamw, torch.optim.AdamW,
        stream=_sets(0.01, _ADAM),
        loop=({"lr": 0.01}, {"lr": 0.01, "amsgrad": True, "weight_decay": 0.1})),
    Row(nadam, torch.optim.NAdam,
        stream=_sets(0.01, _NADAM),
        loop=({"lr": 0.01}, {"lr": 0.01, "momentum_decay": 0.1, "weight_decay": 0.1}),
        as_default=True),  # the product of the momenta; in float32 it costs eight digits
    Row(adadelta, torch.optim.Adadelta,
        stream=_sets(1.0, _ADADELTA),
        loop=({"lr": 1.0}, {"lr": 1.0, "rho": 0.95, "eps": 1e-3, "weight_decay": 0.1})),
    Row(adafactor, torch.optim.Adafactor,
        stream=_sets(0.01, _ADAFACTOR),
        loop=({"lr": 0.01}, {"lr": 0.01, "weight_decay": 0.1, "d": 2.0}),
        shapes=((3, 4), (5,), (), (2, 3, 4))),
    Row(muon, torch.optim.Muon,  # torch's iteration in bfloat16 is compared by itself
        stream=_sets(0.02, _MUON),
        loop=({"lr": 0.02}, {"lr": 0.02, "weight_decay": 0.1, "adjust_lr_fn": "match_rms_adamw"}),
        shapes=((6, 4), (4, 6), (5, 5)), within=_ours_within),
    Row(adamax, torch.optim.Adamax,
        stream=_sets(0.01, _ADAMAX),
        loop=({"lr": 0.01}, {"lr": 0.01, "betas": (0.5, 0.9), "weight_decay": 0.1})),
    Row(radam, torch.optim.RAdam,
        stream=_sets(0.01, _RADAM),
        loop=({"lr": 0.01}, {"lr": 0.01, "decoupled_weight_decay": True, "weight_decay": 0.1})),
    Row(asgd, torch.optim.ASGD,
        stream=_sets(0.1, _ASGD),
        loop=({"lr": 0.1}, {"lr": 0.1, "lambd": 0.1, "t0": 20.0, "weight_decay": 0.1}),
        as_default=True),  # the rate of the next step, and the weight of the mean
    Row(rprop, torch.optim.Rprop,
        stream=_sets(0.01, _RPROP),
        loop=({"lr": 0.01}, {"lr": 0.01, "etas": (0.3, 2.0)})),
    Row(sparseadam, torch.optim.SparseAdam,
        stream=_sets(0.01, _SPARSEADAM),
        loop=({"lr": 0.01}, {"lr": 0.01, "betas": (0.5, 0.9)}),
        shapes=((6, 3), (5,), (4, 2, 2)), sparse=True),
    Row(lbfgs, torch.optim.LBFGS, closure=_LBFGS,
        bounds={torch.float64: 1e-10, torch.float32: 1e-2},
        why="twenty steps of an unstable iteration: each divides by a difference of gradients"),
)


_LION = _grid(betas=((0.9, 0.99), (0.5, 0.9), (0.0, 0.9)), weight_decay=(0.0, 0.1))


_SCHEDULEFREE = (
    *_grid(betas=((0.9, 0.999), (0.5, 0.9)), weight_decay=(0.0, 0.1), warmup_steps=(0, 30)),
    *_grid(r=(0.0, 1.0), weight_lr_power=(0.0, 2.0), warmup_steps=(30,)),
    *_grid(adaptive=(False,), betas=((0.9, 0.999), (0.5, 0.999)), weight_decay=(0.0, 0.1),
           warmup_steps=(0, 30)),
    {"eps": 0.1},
)


_PRODIGY = (
    *_grid(betas=((0.9, 0.999), (0.5, 0.9)), use_bias_correction=(False, True),
           weight_decay=(0.0, 0.1)),
    *_grid(d0=(1e-4,), d_coef=(0.5, 2.0), growth_rate=(1.02, math.inf)),
    {"eps": 0.1},
)


_ADOPT = (
    *_grid(betas=((0.9, 0.9999), (0.5, 0.9)), weight_decay=(0.0, 0.1)),
    {"eps": 0.1},
    {"weight_decay": 0.1, "maximize": True},
)


_SHAMPOO = (
    *_grid(weight_decay=(0.0, 0.1), matrix_eps=(1e-6, 1e-2)),
    {"weight_decay": 0.1, "maximize": True},
)


_SOAP = (
    *_grid(betas=((0.95, 0.95), (0.5, 0.9)), weight_decay=(0.0, 0.1),
           precondition_frequency=(1, 10)),
    {"eps": 0.1},
    {"weight_decay": 0.1, "maximize": True},
)

# Beyond torch.optim: against the packages that people use, as `packages` makes them.
BEYOND = (
    Row(lion, packages.lion, package="lion-pytorch",
        stream=_sets(0.01, _LION),
        loop=({"lr": 0.01}, {"lr": 0.01, "weight_decay": 0.1})),
    Row(schedulefree, packages.schedulefree, package="schedulefree", counts_alone=False,
        stream=_sets(0.01, _SCHEDULEFREE),
        loop=({"lr": 0.01}, {"lr": 0.01, "adaptive": False, "warmup_steps": 30})),
    Row(prodigy, packages.prodigy, package="prodigyopt", counts_alone=False, shapes=((12,),),
        stream=(*_sets(1.0, _PRODIGY)[:-2], {"lr": 1.0, "gradient": 1e-8}),  # d grows with lr
        loop=({"lr": 1.0}, {"lr": 1.0, "use_bias_correction": True})),
    Row(shampoo, packages.shampoo, package="pytorch-optimizer", counts_alone=False,
        shapes=((6, 4), (4, 6), (5, 5)),
        stream=_sets(0.1, _SHAMPOO), loop=({"lr": 0.1}, {"lr": 0.1, "weight_decay": 0.1})),
    Row(soap, packages.soap, package="pytorch-optimizer", counts_alone=False,
        shapes=((4, 4), (3, 3), (5, 5)),  # of others the first bases are not decided
        within=packages.full_digits,
        stream=_sets(0.01, _SOAP), loop=({"lr": 0.01}, {"lr": 0.01, "weight_decay": 0.1})),
    Row(adopt, packages.adopt, package="pytorch-optimizer", counts_alone=False,
        stream=_sets(0.01, _ADOPT), loop=({"lr": 0.01}, {"lr": 0.01, "weight_decay": 0.1})),
)


def row_of(rule):
    """Return the row of a rule; KeyError names the rules that have one."""
    for row in (*ROWS, *BEYOND):
        if row.rule is rule:
            return row
    names = [name_of(row.rule) for row in (*ROWS, *BEYOND)]
    raise KeyError(f"no parity row for {name_of(rule)}; there are rows for {names}")


def implementations(torch_class):
    """Return torch's implementations of a class that run on the CPU, for-loop first."""
    takes = inspect.signature(torch_class).parameters
    return {"for-loop": {"foreach": False} if "foreach" in takes else {},
            **({"foreach": {"foreach": True}} if "foreach" in takes else {}),
            **({"fused": {"fused": True}} if "fused" in takes else {})}


def measure(row, dtype=torch.float64, device="cpu", *, compiled=False):
    """Run every keyword set of a row, ours compiled if so asked; return a list of `Result`.

    A difference is a parameter's largest distance from torch's for-loop over the whole run,
    divided by the parameter's largest size there; the worst parameter counts.
    `Result.differences` holds ours ("descent") and torch's own other implementations.
    """
    device = torch.device(device)
    return [
        *(_compare(row, problem, keywords, dtype, device, compiled)
          for problem, sets in (("stream", row.stream), ("loop", row.loop)) for keywords in sets),
        *(_compare_calls(row, problem, keywords, dtype, device)
          for keywords in row.closure for problem in _PROBLEMS)]


def claimed(row):
    """Return the hyper-parameters that the row's keyword sets exercise."""
    return {name for keywords in (*row.stream, *row.loop, *row.closure)
            for name in keywords} & set(
        hyperparameters(row.rule))


def report(row, device="cpu"):
    """Run a row in every dtype it has a bound for; return the table for a chapter.

    As text it holds what every machine prints alike (how many runs agree within the bound); on
    the page, the differences measured here as well, beside torch's own among themselves.
    """
    groups = {}
    for dtype in row.bounds:
        for result in measure(row, dtype, device):
            groups.setdefault(_group(row, result), {}).setdefault(dtype, []).append(result)
    others = list(implementations(row.torch_class))[1:]
    text, page = [], []
    for name, by_dtype in groups.items():
        runs = len(next(iter(by_dtype.values())))
        text.append([name, runs, *(
            f"{sum(r.ok for r in results)} of {len(results)}" for results in by_dtype.values())])
        page.append([name, runs, *(
            _short(max(r.differences[who] for r in results))
            for results in by_dtype.values() for who in ("descent", *others))])
    digits = {dtype: str(dtype).removeprefix("torch.") for dtype in row.bounds}
    return plots.table(
        text,
        ["settings", "runs", *(f"{digits[d]} within {b:.0e}" for d, b in row.bounds.items())],
        page_rows=page,
        page_headers=["settings", "runs",
                      *(f"{digits[d]}: {who}" for d in row.bounds for who in ("ours", *others))],
    )


def _short(difference):
    return f"{difference:.0e}" if difference else "0"


def _group(row, result):
    """Return the name of a result's line: which settings differ from the rule's defaults."""
    of_torch = inspect.signature(row.torch_class).parameters.values()
    defaults = {**{p.name: p.default for p in of_torch}, **hyperparameters(row.rule),
                "maximize": False, "gradient": 1.0}
    changed = [name for name, value in result.keywords.items()
               if name != "lr" and value != defaults[name]]
    name = ", ".join(changed).replace("gradient", "tiny gradients") or "lr alone"
    name += f", lr={result.keywords['lr']:g}" if result.keywords["lr"] > 1 else ""
    return f"feedback: {name}" if result.problem == "loop" else name


def _compare(row, problem, keywords, dtype, device, compiled):
    keywords = dict(keywords)
    scale = keywords.get("gradient", 1.0)
    chosen = {name: value for name, value in keywords.items() if name != "gradient"}
    run = partial(_run, problem=problem, scale=scale, dtype=dtype, device=device,
                  shapes=row.shapes, sparse=row.sparse, lost=row.counts_alone)
    with _default(dtype if row.as_default else torch.get_default_dtype()), row.within():
        reference, *others = [
            (name, run(partial(row.torch_class, **chosen, **extra)))
            for name, extra in implementations(row.torch_class).items()]
    ours = partial(Optimizer, rule=row.rule, compile=compiled, **chosen)
    runs = {"descent": run(ours), **dict(others)}
    return Result(problem, keywords, dtype,
                  {name: _distance(trail, reference[1]) for name, trail in runs.items()},
                  row.bounds[dtype])


def _compare_calls(row, problem, keywords, dtype, device):
    chosen = {name: value for name, value in keywords.items() if name != "gradient"}
    (mine, *ours), (its, *theirs) = (
        _call(make, problem, keywords.get("gradient", 1.0), dtype, device, **chosen)
        for make in (LBFGS, row.torch_class))
    return Result(problem, dict(keywords), dtype, {"descent": _distance([mine], [its])},
                  row.bounds[dtype], (tuple(ours), tuple(theirs)))


def _quadratic(rotation, x, *_):
    """A bowl of ten dimensions, curvatures from 1 to 1,000, turned at random."""
    curvatures = torch.logspace(0, 3, 10, dtype=x.dtype, device=x.device)
    return 0.5 * (curvatures * (torch.linalg.qr(rotation[:10, :10])[0] @ (x - 1))**2).sum()


def _rosenbrock(_, x, *__):
    return (100 * (x[1:] - x[:-1]**2)**2 + (1 - x[:-1])**2).sum()


def _logistic(inputs, x, *_):
    labels = torch.sign(inputs.sum(1))
    return softplus(-labels * (inputs @ x)).mean() + 1e-3 * (x**2).sum()


def _network(inputs, first, bias, last):
    out = torch.tanh(inputs[:, :4] @ first + bias) @ last
    return ((out - torch.sin(inputs[:, :4].sum(1)))**2).mean()


# By name: the loss of fixed random inputs and the parameters, and the parameters' shapes.
_PROBLEMS = {"quadratic": (_quadratic, [(10,)]), "Rosenbrock": (_rosenbrock, [(6,)]),
             "logistic": (_logistic, [(10,)]), "network": (_network, [(4, 8), (8,), (8,)])}


def _call(make, problem, scale, dtype, device, **chosen):
    """Make one call of `step`; return the parameters in a row, iterations and closure calls."""
    loss_of, shapes = _PROBLEMS[problem]
    random = torch.Generator().manual_seed(1)

    def draw(*shape):
        return torch.randn(shape, generator=random, dtype=torch.float64).to(device, dtype)

    inputs, params = draw(60, 10), [(0.5 * draw(*shape)).requires_grad_() for shape in shapes]
    optimizer, calls = make(params, **chosen), 0

    def closure():
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = scale * loss_of(inputs, *params)
        loss.backward()
        return loss

    optimizer.step(closure)
    state = optimizer.state[params[0]]
    if state["func_evals"] != calls:
        raise AssertionError(f"{problem}: func_evals is {state['func_evals']}, calls are {calls}")
    return torch.cat([p.detach().reshape(-1) for p in params]), state["n_iter"], calls


@contextmanager
def _default(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@cache
def _draws(dtype, device, shapes):
    """Return starts, targets and gradient noise; drawn on the CPU in float64 for every device."""
    random = torch.Generator().manual_seed(0)

    def draw(*sizes):
        drawn = (torch.randn((*sizes, *shape), generator=random, dtype=torch.float64)
                 for shape in shapes)
        return [values.to(device, dtype) for values in drawn]

    return draw(), draw(), draw(STEPS)


def _run(make, *, problem, scale, dtype, device, shapes, sparse=False, lost=True):
    """Return the history of each parameter, stacked over the steps."""
    starts, targets, noise = _draws(dtype, device, shapes)
    params = [start.clone().requires_grad_() for start in starts]
    groups = [{"params": params[:2]}, {"params": params[2:], "weight_decay": 0.02}]
    optimizer = make(groups if params[2:] else groups[:1])
    history = []
    for step in range(STEPS):
        if step == STEPS // 2:
            for group in optimizer.param_groups:
                group["lr"] *= 0.1
        for p, target, draws in zip(params, targets, noise, strict=True):
            draw = draws[step]
            grad = scale * draw if problem == "stream" else p.detach() - target + 0.1 * draw
            p.grad = _some_rows(grad, step) if sparse else grad
        if lost and step == STEPS // 4:
            params[1].grad = None
        optimizer.step()
        history.append([p.detach().clone() for p in params])
    return [torch.stack(one) for one in zip(*history, strict=True)]


def _some_rows(grad, step):
    """Return two rows of a gradient as a sparse one, the first twice in halves and with a 0."""
    first, second = step * step % len(grad), (step * step + 1 + step % 2) % len(grad)
    where, rows = torch.tensor([[first, second, first]], device=grad.device), grad.clone()
    rows[second].view(-1)[:step % 3] = 0
    rows[first] /= 2
    return torch.sparse_coo_tensor(where, rows[where[0]], grad.shape, check_invariants=True)


def _distance(run, reference):
    return max(((a - b).abs().max() / b.abs().max()).item()
               for a, b in zip(run, reference, strict=True))

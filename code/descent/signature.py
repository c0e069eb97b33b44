"""What a rule's signature says, and which values torch would accept for it."""

import inspect
from operator import ge, gt, le, lt, ne

import numpy as np

from descent.ops import is_tensor

__all__ = ["BOUNDED", "hyperparameters", "known", "looks_again", "name_of", "settle",
           "state_defaults", "state_names"]

# What torch.optim refuses, by the name of the hyper-parameter. An upper bound of None is none.
# NaN is refused everywhere; torch's SGD lets it pass.
BOUNDED = {
    "lr": (0.0, None), "momentum": (0.0, None), "weight_decay": (0.0, None), "eps": (0.0, None),
    "alpha": (0.0, None), "lr_decay": (0.0, None), "initial_accumulator_value": (0.0, None),
    "momentum_decay": (0.0, None), "rho": (0.0, 1.0), "beta2_decay": (None, 0.0), "d": (1.0, None),
    "lambd": (None, None), "t0": (None, None), "warmup_steps": (0.0, None), "r": (None, None),
    "weight_lr_power": (0.0, None), "d0": (0.0, None), "d_coef": (0.0, None),
    "growth_rate": (1.0, None), "matrix_eps": (0.0, None),
}
_UNBOUNDED = {("muon", "eps"), ("asgd", "alpha")}  # torch's take any
_POSITIVE = {("sparseadam", "lr"), ("sparseadam", "eps"),  # torch's refuse 0 as well
             ("prodigy", "d0"), ("prodigy", "d_coef")}  # by which it divides; 0 would stand still
_MEMBERS = {"etas[0]": (0.0, 1.0), "etas[1]": (1.0, None),  # ends are refused as well
            "step_sizes[0]": (None, None), "step_sizes[1]": (None, None)}
_CHOICES = {"line_search_fn": (None, "strong_wolfe"),
            "adjust_lr_fn": (None, "original", "match_rms_adamw")}
_WHOLE = {"history_size": (1, None), "max_eval": (1, None), "max_iter": (1, None),
          "ns_steps": (0, 99), "precondition_frequency": (1, None)}


def _parameters(rule):
    if not callable(rule):
        raise TypeError(f"rule must be a function such as descent.sgd, got {rule!r}")
    return list(inspect.signature(rule).parameters.values())


def hyperparameters(rule):
    """Return the rule's hyper-parameters and their defaults, in order, as a dict."""
    return {p.name: p.default for p in _parameters(rule) if p.kind is p.KEYWORD_ONLY}


def state_defaults(rule):
    """Return what the rule's state starts as, by name, in the order in which it returns it."""
    given = [p for p in _parameters(rule) if p.kind is p.POSITIONAL_OR_KEYWORD]
    return {p.name: p.default for p in given[3:]}


def state_names(rule):
    """Return the names of the rule's state, in the order in which it returns them."""
    return list(state_defaults(rule))


def looks_again(rule):
    """Tell whether the rule takes `fun`, which it may call more than once, in place of `g`."""
    return [p.name for p in _parameters(rule)][1:2] == ["fun"]


def known(rule, given):
    """Raise a TypeError that lists the valid names if `given` holds one the rule lacks."""
    names = hyperparameters(rule)
    for name in given:
        if name not in names:
            raise TypeError(
                f"{name_of(rule)} has no hyper-parameter {name!r}; it takes {', '.join(names)}"
            )


def settle(rule, hyper):
    """Check numbers or arrays as torch checks numbers; return them as torch would use them.

    Schedules (callables) are passed over: their values are checked when they are known.
    Raises ValueError naming the argument, its value and what is allowed.
    """
    for name, value in hyper.items():
        if name in BOUNDED and not callable(value):
            inner = name_of(inspect.unwrap(getattr(rule, "func", rule)))  # of `master(rule)`
            free, open_below = ((inner, name) in some for some in (_UNBOUNDED, _POSITIVE))
            for label, one in _each(rule, name, value):
                _within(rule, label, one, *((None, None) if free else BOUNDED[name]),
                        open_below=open_below)
        if name in _WHOLE:
            _whole(rule, name, value, *_WHOLE[name])
        if name in _CHOICES and value not in _CHOICES[name]:
            raise ValueError(f"{name_of(rule)}: {name} must be one of "
                             f"{', '.join(map(repr, _CHOICES[name]))}, got {value!r}")
    coefficients = hyper.get("ns_coefficients", (0.0,) * 3)
    if not (isinstance(coefficients, (tuple, list)) and len(coefficients) == 3):
        raise ValueError(f"{name_of(rule)}: ns_coefficients must be three numbers, "
                         f"got {coefficients!r}")
    for i, beta in enumerate(hyper.get("betas", ())):
        if not callable(beta):
            _within(rule, f"betas[{i}]", beta, 0.0, 1.0, open_above=True)
    for name in hyper.keys() & {"etas", "step_sizes"}:
        for label, one in _each(rule, name, hyper[name]):
            _within(rule, label, one, *_MEMBERS[label], open_below=True, open_above=True)
    momentum, dampening = hyper.get("momentum", 0.0), hyper.get("dampening", 0.0)
    if callable(momentum) or callable(dampening):
        return hyper
    if "dampening" not in hyper:
        return hyper
    if hyper.get("nesterov") and (_any(momentum, le, 0) or _any(dampening, ne, 0)):
        raise ValueError(
            f"{name_of(rule)}: nesterov=True needs momentum > 0 and dampening = 0, "
            f"got momentum={momentum!r}, dampening={dampening!r}"
        )
    # torch ignores dampening where there is no buffer
    return {**hyper, "dampening": dampening * (momentum != 0)}


def _each(rule, name, value):
    """Return pairs, what to call a number and the number: of a pair as Adafactor's eps, both."""
    default = hyperparameters(rule).get(name)
    if not isinstance(default, tuple):
        return [(name, value)]
    if not (isinstance(value, (tuple, list)) and len(value) == len(default)):
        raise TypeError(f"{name_of(rule)}: {name} must be {len(default)} numbers, got {value!r}")
    return [(f"{name}[{i}]", one) for i, (one, usual) in enumerate(zip(value, default, strict=True))
            if not (one is None and usual is None) and not callable(one)]


def _whole(rule, name, value, low, high):
    allowed = f">= {low}" if high is None else f"from {low} to {high}"
    if isinstance(value, bool) or not isinstance(value, int) or value < low or (
            high is not None and value > high):
        raise ValueError(f"{name_of(rule)}: {name} must be a whole number {allowed}, got {value!r}")


def _within(rule, name, value, low, high, *, open_below=False, open_above=False):
    below, above = (gt, "> ", "(") if open_below else (ge, ">= ", "["), "<" if open_above else "<="
    allowed = ("no NaN" if low is None and high is None
               else f"{below[1]}{low:g}" if high is None else f"{above} {high:g}" if low is None
               else f"in {below[2]}{low:g}, {high:g}{')' if open_above else ']'}")
    try:
        bad = np.any(np.isnan(_on_cpu(value))) or (
            low is not None and not _every(value, below[0], low))
        if high is not None:
            bad = bad or not _every(value, lt if open_above else le, high)
    except TypeError:
        raise TypeError(
            f"{name_of(rule)}: {name} must be a number {allowed}, got {value!r}"
        ) from None
    if bad:
        raise ValueError(f"{name_of(rule)}: {name} must be {allowed}, got {value!r}")


def _on_cpu(value):
    return value.detach().cpu().numpy() if is_tensor(value) else value


def _every(value, relation, bound):
    return bool(np.all(relation(_on_cpu(value), bound)))


def _any(value, relation, bound):
    return bool(np.any(relation(_on_cpu(value), bound)))


def name_of(rule):
    """Return the name of a rule, also of one configured by `functools.partial`."""
    return getattr(getattr(rule, "func", rule), "__name__", repr(rule))

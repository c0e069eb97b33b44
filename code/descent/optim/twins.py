"""A state under two names, as Adam's `v_max`, which is `v` without amsgrad: found by trial.

Such a tensor is one in memory. A file, too, need hold it only once, where whoever reads the file
can tell from the settings in it what the missing name stood for.
"""

from functools import lru_cache

import torch

from descent.signature import state_names

__all__ = ["with_twins", "without_twins"]


def without_twins(state, rule, hyper):
    """Return a state without the names that stand for the tensor of an earlier one."""
    twins = _twins(rule, tuple(hyper.items()))
    return {name: x for name, x in state.items()
            if not isinstance(x, torch.Tensor) or x is not state.get(twins.get(name))}


def with_twins(state, rule, hyper):
    """Return a state with the names, if missing, that stand for the tensor of an earlier one."""
    twins = _twins(rule, tuple(hyper.items()))
    whole = {**{name: state[first] for name, first in twins.items() if first in state}, **state}
    return {name: whole[name] for name in [*state_names(rule), *whole] if name in whole}


@lru_cache(maxsize=256)
def _twins(rule, hyper):
    """Return by name the earlier name whose tensor the rule returns again, at these settings."""
    for shape in ((2,), (2, 2)):  # a rule may take matrices only
        point = torch.ones(shape, dtype=torch.float64)
        try:
            _, *state = rule(point, 0.5 * point, 1, **dict(hyper))
        except Exception:  # whatever a rule may raise
            continue
        names = state_names(rule)
        first = {id(x): name for name, x in reversed(list(zip(names, state, strict=True)))
                 if isinstance(x, torch.Tensor)}
        return {name: first[id(x)] for name, x in zip(names, state, strict=True)
                if first.get(id(x), name) != name}
    return {}

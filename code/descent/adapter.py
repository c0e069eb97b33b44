"""A rule as a real torch optimizer."""

import torch

from descent.signature import hyperparameters, known, name_of, settle, state_names

__all__ = ["Optimizer"]


class Optimizer(torch.optim.Optimizer):
    """Drive torch parameters by a rule: `Optimizer(model.parameters(), sgd, lr=0.1)`.

    A `torch.optim.Optimizer` in every respect: parameter groups, `state_dict`, closures,
    `maximize`, torch's learning-rate schedulers. Keywords are the rule's hyper-parameters with
    its defaults. The state of a parameter is `step` (an int) and the rule's own, by their names.

    Raises TypeError for a hyper-parameter the rule lacks, ValueError for a value torch refuses,
    RuntimeError for a sparse gradient.
    """

    def __init__(self, params, rule, *, maximize=False, **hyper):
        known(rule, hyper)
        self.rule = rule
        self._names = list(hyperparameters(rule)), state_names(rule)
        super().__init__(params, {**hyperparameters(rule), **hyper, "maximize": bool(maximize)})

    def __getstate__(self):
        return {**super().__getstate__(), "rule": self.rule, "_names": self._names}

    def __repr__(self):
        return super().__repr__().replace("Optimizer", f"Optimizer[{name_of(self.rule)}]", 1)

    def add_param_group(self, param_group):
        """Add a group of parameters with hyper-parameters of its own (as in torch).

        Raises ValueError for a value that torch refuses; the group is then not added.
        """
        if isinstance(param_group, dict):
            settle(self.rule, self._hyper({**self.defaults, **param_group}))
        super().add_param_group(param_group)

    @torch.no_grad()
    def step(self, closure=None):
        """Take one step on every parameter that has a gradient; return the closure's loss."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            hyper = settle(self.rule, self._hyper(group))
            for p in group["params"]:
                if p.grad is not None:
                    self._step_one(p, -p.grad if group["maximize"] else p.grad, hyper)
        return loss

    def _hyper(self, group):
        return {name: _scalar(name, group[name]) for name in self._names[0]}

    def _step_one(self, p, g, hyper):
        if g.is_sparse:
            raise RuntimeError(f"Optimizer[{name_of(self.rule)}] does not take sparse gradients")
        state, (_, names) = self.state[p], self._names
        t = state.get("step", 0) + 1
        old = [state[name] for name in names if name in state]
        new_p, *new = self.rule(p, g, t, *old, **hyper)
        p.copy_(new_p)
        state.update(zip(names, new, strict=True), step=t)


def _scalar(name, value):
    """Return the value; refuse an array, which would broadcast over a parameter's entries."""
    members = value if isinstance(value, (tuple, list)) else (value,)
    for member in members:
        one = isinstance(member, torch.Tensor) and member.numel() == 1
        if getattr(member, "ndim", 0) and not one:
            raise ValueError(
                f"{name} must be one number (arrays are for descent.path), got {value!r}")
    return tuple(value) if isinstance(value, list) else value

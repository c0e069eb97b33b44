"""An entrywise rule as a real torch optimizer."""

import warnings
from operator import is_

import torch

from descent.optim.flat import Flats
from descent.optim.kernel import need_compiler
from descent.optim.private import lacking
from descent.signature import hyperparameters, known, looks_again, name_of, settle, state_names

__all__ = ["Optimizer", "scalar"]


class Optimizer(torch.optim.Optimizer):
    """Drive torch parameters by a rule: `Optimizer(model.parameters(), sgd, lr=0.1)`.

    A `torch.optim.Optimizer` in every respect: parameter groups, `state_dict`, closures,
    `maximize`, torch's learning-rate schedulers. Keywords are the rule's hyper-parameters with
    its defaults. The state of a parameter is `step` (an int) and the rule's own, by their names.

    With `compile`, an elementwise rule becomes one kernel from its second step on, and parameters
    and gradients of one group, dtype and device are laid into one flat buffer each, of which they
    stay views (so a saved tensor brings its whole buffer along: save all of them in one file).
    `p.grad` too becomes a view of a buffer that each step fills anew: write to `p.grad`, not to a
    tensor it once was, and clone what you keep. What a kernel does not read is no part of the
    state then, and what else than its arguments the rule reads is read once.

    Where a release of torch lacks what kernels need, a RuntimeWarning says so, and steps are plain.

    Raises TypeError for a hyper-parameter the rule lacks, ValueError for a value torch refuses or
    a rule that cannot be compiled, RuntimeError for a sparse gradient or a missing C++ compiler.
    """

    def __init__(self, params, rule, *, maximize=False, compile=False, **hyper):
        if looks_again(rule):
            raise TypeError(f"{name_of(rule)} must look more than once in a step, which "
                            f"Optimizer cannot; use descent.LBFGS and a closure")
        known(rule, hyper)
        self.rule = rule
        self._names = list(hyperparameters(rule)), state_names(rule)
        if compile and (gone := lacking()):
            warnings.warn(f"torch {torch.__version__} has no {', '.join(gone)}: compile=True steps "
                          f"without a kernel", RuntimeWarning, stacklevel=2)
            compile = False
        self.compile, self._flats, self._settled = bool(compile), {}, {}
        super().__init__(params, {**hyperparameters(rule), **hyper, "maximize": bool(maximize)})

    def __getstate__(self):
        return {**super().__getstate__(), "rule": self.rule, "_names": self._names,
                "compile": self.compile, "_flats": {}, "_settled": {}}

    def __repr__(self):
        return super().__repr__().replace("Optimizer", f"Optimizer[{name_of(self.rule)}]", 1)

    def add_param_group(self, param_group):
        """Add a group of parameters with hyper-parameters of its own (as in torch).

        Raises ValueError for a value that torch refuses; the group is then not added.
        """
        if isinstance(param_group, dict):
            settle(self.rule, self._hyper({**self.defaults, **param_group}))
        super().add_param_group(param_group)
        if self.compile:
            for p in self.param_groups[-1]["params"]:
                need_compiler(p.device)

    def load_state_dict(self, state_dict):
        """Take over a state, as in torch. Raises ValueError for that of another rule."""
        held = {name for state in state_dict["state"].values() for name in state}
        if strange := held - {"step", *self._names[1]}:
            raise ValueError(f"state_dict must hold a state of {name_of(self.rule)}, of step"
                             f"{''.join(f', {name}' for name in self._names[1])}; "
                             f"got {', '.join(sorted(strange))}")
        super().load_state_dict(state_dict)
        self._flats = {}

    @torch.no_grad()
    def step(self, closure=None):
        """Take one step on every parameter that has a gradient; return the closure's loss."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for k, group in enumerate(self.param_groups):
            hyper = self._checked(k, group)
            if self.compile:
                self._step_flat(k, group, hyper)
                continue
            for p in group["params"]:
                if p.grad is not None:
                    self._step_one(p, hyper, group["maximize"])
        return loss

    def _step_flat(self, k, group, hyper):
        """Step the k-th group by a kernel, but for first steps, which may differ from later."""
        flats, fresh = self._flats.get(k), []
        if flats is None or not flats.holds(group["params"], self.state):
            with torch.inference_mode(False), torch.no_grad():  # what is laid stays trainable
                flats = self._flats[k] = Flats(group["params"], self.state)
            fresh = [p for p in flats.others if p.grad is not None]
        flats.step(self.rule, hyper, group["maximize"])
        for p in fresh:
            self._step_one(p, hyper, group["maximize"])

    def _checked(self, k, group):
        """Return the k-th group's hyper-parameters; what has not changed is not checked again."""
        names, given = self._names[0], [group[name] for name in self._names[0]]
        before, settled = self._settled.get(k, (None, None))
        if before is not None and all(map(is_, given, before)):
            return settled
        if before is not None and [name for name, now, old in zip(names, given, before, strict=True)
                                   if now is not old] == ["lr"]:  # as schedules do at each step
            settled = {**settled, **settle(self.rule, {"lr": scalar("lr", group["lr"])})}
        else:
            settled = settle(self.rule, self._hyper(group))
        self._settled[k] = given if all(map(_lasting, given)) else None, settled
        return settled

    def _hyper(self, group):
        return {name: scalar(name, group[name]) for name in self._names[0]}

    def _step_one(self, p, hyper, maximize):
        if p.grad.is_sparse:
            raise RuntimeError(f"Optimizer[{name_of(self.rule)}] does not take sparse gradients")
        g = -p.grad if maximize else p.grad
        state, (_, names) = self.state[p], self._names
        t = state.get("step", 0) + 1
        old = {name: state[name] for name in names if name in state}
        new_p, *new = self.rule(p, g, t, **old, **hyper)
        p.copy_(new_p)
        state.update(zip(names, new, strict=True), step=t)


def _lasting(value):
    """Tell whether the value stays what it is as long as it is the same object."""
    return (all(map(_lasting, value)) if isinstance(value, tuple)
            else isinstance(value, (float, int, str, type(None))))


def scalar(name, value):
    """Return the value; refuse an array, which would broadcast over a parameter's entries."""
    members = value if isinstance(value, (tuple, list)) else (value,)
    for member in members:
        one = isinstance(member, torch.Tensor) and member.numel() == 1
        if getattr(member, "ndim", 0) and not one:
            raise ValueError(
                f"{name} must be one number (arrays are for descent.path), got {value!r}")
    return tuple(value) if isinstance(value, list) else value

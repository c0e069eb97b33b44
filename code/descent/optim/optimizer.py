"""A rule as a real torch optimizer."""

import warnings
from contextlib import contextmanager
from itertools import chain
from operator import is_

import numpy as np
import torch

from descent.optim.flat import Flats
from descent.optim.kernel import need_compiler
from descent.optim.memory import alike, as_real, placed_as, summed, written_out
from descent.optim.private import identity, lacking
from descent.optim.rows import leaves_alone, row_at, rows_of
from descent.optim.shapes import check_axes, mixes
from descent.optim.twins import with_twins, without_twins
from descent.signature import hyperparameters, known, looks_again, name_of, settle, state_names

__all__ = ["Optimizer", "check_state_dict", "number"]


_SHORT = {torch.float16, torch.bfloat16}  # a kernel computes with more digits and stores these
_WAYS_OUT = ("keep the parameters in float32, or use compile=True or a wrapper such as "
             "descent.master, which compute in it")


class Optimizer(torch.optim.Optimizer):
    """Drive torch parameters by a rule: `Optimizer(model.parameters(), sgd, lr=0.1)`.

    A `torch.optim.Optimizer` in every respect: parameter groups, `state_dict`, closures,
    `maximize`, torch's learning-rate schedulers. Keywords are the rule's hyper-parameters with
    its defaults; one number may come as a tensor or array of one entry, on any device. The state of
    a parameter is `step` (an int) and the rule's own, by their names. A complex parameter is
    stepped as its real and imaginary parts, which the rule sees along a last axis of two. A sparse
    gradient steps only the rows it holds, by a rule that leaves the others alone (`sparseadam`,
    which takes dense ones besides; `adagrad` and `sgd` without decay and momentum).

    With `compile`, an elementwise rule becomes one kernel from its second step on, and parameters
    and gradients of one group, dtype and device are laid into one flat buffer each, of which they
    stay views (so a saved tensor brings its whole buffer along: save all of them in one file).
    `p.grad` too becomes a view of a buffer that each step fills anew: write to `p.grad`, not to a
    tensor it once was, and clone what you keep. What a kernel does not read is no part of the
    state then, and what else than its arguments the rule reads is read once. In 16 bits it computes
    in 32 and rounds what it stores, as torch's fused optimizers do.

    Parameters that cannot be laid are stepped without a kernel, and a RuntimeWarning says so once:
    those that are not contiguous, given twice, DTensors, or seen by another tensor, process or
    array. So are all where a release of torch lacks what kernels need.

    Raises TypeError for a hyper-parameter the rule lacks or a rule that returns no tuple,
    ValueError for a value torch refuses, a state or point of another shape than the parameter's,
    or a rule that cannot be compiled, RuntimeError for a sparse gradient of another rule or a
    missing compiler, FloatingPointError for a state or a point that leaves the range of float16.
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
        if compile and (beyond := getattr(getattr(rule, "func", rule), "beyond_kernels", None)):
            raise ValueError(f"compile=True is for rules that one kernel can do, and a kernel does "
                             f"not keep {beyond}, as {name_of(rule)} must; use compile=False")
        if compile and mixes(rule):
            raise ValueError(f"compile=True is for rules that treat each entry alone, and "
                             f"{name_of(rule)} does not; use compile=False")
        self.compile, self._flats, self._settled = bool(compile), {}, {}
        self._told = False  # that some are stepped without a kernel
        super().__init__(params, {**hyperparameters(rule), **hyper, "maximize": bool(maximize)})

    def __getstate__(self):
        return {**super().__getstate__(), "rule": self.rule, "_names": self._names,
                "compile": self.compile, "_flats": {}, "_settled": {}, "_told": self._told}

    def __repr__(self):
        return super().__repr__().replace("Optimizer", f"Optimizer[{name_of(self.rule)}]", 1)

    def add_param_group(self, param_group):
        """Add a group of parameters with hyper-parameters of its own (as in torch).

        Raises ValueError for a value that torch refuses, or a parameter with more or fewer axes
        than the rule takes; the group is then not added.
        """
        if isinstance(param_group, dict):
            settle(self.rule, self._hyper({**self.defaults, **param_group}))
        super().add_param_group(param_group)
        try:
            check_axes(self.rule, self.param_groups[-1]["params"])
        except ValueError:
            self.param_groups.pop()
            raise
        if self.compile:
            for p in self.param_groups[-1]["params"]:
                need_compiler(p.device)

    def state_dict(self):
        """Return settings and state, as in torch; a tensor of two names (`v_max` is `v`) once."""
        found = super().state_dict()
        for group, k in _places(found):
            if k in found["state"]:
                found["state"][k] = without_twins(found["state"][k], self.rule, self._hyper(group))
        return found

    def load_state_dict(self, state_dict):
        """Take over settings and state, each tensor in the dtype it was saved in.

        Torch's own optimizers cast the state to the parameter's dtype, which would round a float32
        copy of bfloat16 parameters, and stop it. In a model of another dtype than that of the saved
        one the next step computes with what was saved: the wider of both dtypes is the state's from
        then on. Raises ValueError for the state of another rule.
        """
        check_state_dict(state_dict, name_of(self.rule), ["step", *self._names[1]],
                         [*self._names[0], "maximize"])
        taken = []  # what is loaded in the end: a hook of yours may have made another of it

        def restore(_):
            params = chain.from_iterable(group["params"] for group in self.param_groups)
            for (group, k), p in zip(_places(taken[0]), params, strict=True):
                if k in taken[0]["state"]:
                    state, saved = self.state[p], taken[0]["state"][k]
                    state.update({
                        name: x.to(state[name].device, copy=True) for name, x in saved.items()
                        if isinstance(x, torch.Tensor) and x.dtype != state[name].dtype})
                    self.state[p] = with_twins(state, self.rule, self._hyper(group))

        hooks = [self.register_load_state_dict_pre_hook(lambda _, given: taken.append(given)),
                 self.register_load_state_dict_post_hook(restore, prepend=True)]  # before yours
        try:
            super().load_state_dict(state_dict)
        finally:
            for hook in hooks:
                hook.remove()
        self._flats = {}

    @contextmanager
    def at(self, name):
        """Lend the parameters their state of that name: `with optimizer.at("x"): evaluate(model)`.

        For rules whose answer is not the point where gradients are taken: `schedulefree`'s x,
        `asgd`'s ax. Afterwards every parameter is where it was; one that never had a gradient
        stays throughout. Raises ValueError for a name that is none of the rule's state, or a state
        of another shape than the parameter's.
        """
        if name not in self._names[1]:
            raise ValueError(f"name must be a state of {name_of(self.rule)}, "
                             f"{' or '.join(self._names[1]) or 'which has none'}, got {name!r}")
        held = [p for group in self.param_groups for p in group["params"]
                if name in self.state.get(p, ())]
        for p in held:
            if getattr(self.state[p][name], "shape", None) != p.shape:
                raise ValueError(f"name must be a state like the parameter, of shape "
                                 f"{tuple(p.shape)}, got {name!r}, {self.state[p][name]!r}")
        before = [p.detach().clone() for p in held]
        try:
            with torch.no_grad():
                for p in held:
                    p.copy_(self.state[p][name])
            yield
        finally:
            with torch.no_grad():
                for p, old in zip(held, before, strict=True):
                    p.copy_(old)

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
            everyone = [p for group in self.param_groups for p in group["params"]]
            with torch.inference_mode(False), torch.no_grad():  # what is laid stays trainable
                flats = self._flats[k] = Flats(group["params"], self.state, everyone)
            self._tell(flats.plain)
            fresh = [p for p in flats.others if p.grad is not None]
        flats.step(self.rule, hyper, group["maximize"])
        for p in fresh:
            self._step_one(p, hyper, group["maximize"], as_kernel=True)
        for p in flats.plain:
            if p.grad is not None:
                self._step_one(p, hyper, group["maximize"])

    def _tell(self, plain):
        """Warn, once, that some parameters cannot be laid."""
        if plain and not self._told:
            self._told = True
            warnings.warn(
                f"compile=True steps {len(set(plain))} parameters without a kernel, the first of "
                f"shape {tuple(plain[0].shape)}: only a contiguous tensor whose memory nothing "
                f"else sees can be laid end to end with others (p.data = p.data.clone() is one, "
                f"where nothing else needs to see it)",
                RuntimeWarning, stacklevel=6)

    def _checked(self, k, group):
        """Return the k-th group's hyper-parameters; what has not changed is not checked again."""
        names, given = self._names[0], [group[name] for name in self._names[0]]
        before, settled = self._settled.get(k, (None, None))
        if before is not None and all(map(is_, given, before)):
            return settled
        if before is not None and [name for name, now, old in zip(names, given, before, strict=True)
                                   if now is not old] == ["lr"]:  # as schedules do at each step
            settled = {**settled, **settle(self.rule, {"lr": number("lr", group["lr"])})}
        else:
            settled = settle(self.rule, self._hyper(group))
        self._settled[k] = given if all(map(_lasting, given)) else None, settled
        return settled

    def _hyper(self, group):
        return {name: number(name, group[name]) for name in self._names[0]}

    def _step_one(self, p, hyper, maximize, *, as_kernel=False):
        if p.grad.layout is not torch.strided:
            self._step_rows(p, hyper, maximize)
            return
        state, (_, names) = self.state[p], self._names
        point, g, t = as_real(p), as_real(written_out(p.grad)), state.get("step", 0) + 1
        g = -g if maximize else g
        if 0 < len(state) <= len(names):  # a checkpoint need not come by load_state_dict
            state.update(with_twins(state, self.rule, hyper))
        old = {name: as_real(state[name]) for name in names if name in state}
        try:
            new_p, new = self._applied(point, g, t, old, hyper)
            if as_kernel and point.dtype in _SHORT:
                new_p, wide = self._applied(point.float(), g.float(), t, old, hyper)
                new = {name: x.to(new[name].dtype) if isinstance(x, torch.Tensor) else x
                       for name, x in wide.items()}
        except RuntimeError as error:
            raise self._misfit(point, old) or error from error
        self._check(point, g, old, new_p, new)
        # What is kept must outlive a step and a backward pass, which write to p and to p.grad.
        written = {identity(p), identity(p.grad)}
        for name, x in new.items():
            if isinstance(x, torch.Tensor):
                x = summed(x)
                new[name] = alike(x.clone() if identity(x) in written else x, p)
        point.copy_(placed_as(new_p, point))
        state.update(new, step=t)

    def _step_rows(self, p, hyper, maximize):
        """Step the rows that a sparse gradient has; the first step lays down the state of all."""
        if (p.grad.layout is not torch.sparse_coo or p.is_complex()
                or not leaves_alone(self.rule, hyper)):
            raise RuntimeError(
                f"Optimizer[{name_of(self.rule)}] does not take sparse gradients, or not at these "
                f"settings: it is for rules that leave an entry alone whose gradient is 0")
        state, t = self.state[p], self.state[p].get("step", 0) + 1
        where, g = rows_of(p.grad)
        if t == 1:
            whole = torch.zeros_like(p)
            whole[where] = g
            where, g = (), whole
        g = -g if maximize else g
        old = row_at({name: state[name] for name in self._names[1] if name in state}, where)
        new_p, new = self._applied(p[where], g, t, old, hyper)
        p[where] = new_p
        for name, x in new.items():
            if where and isinstance(x, torch.Tensor):
                state[name][where] = x
            else:
                state[name] = x
        state["step"] = t

    def _applied(self, point, g, t, old, hyper):
        """Return the new point and the new state by name, or raise if the rule returns others."""
        returned, names = self.rule(point, g, t, **old, **hyper), self._names[1]
        if not isinstance(returned, (tuple, list)) or len(returned) != 1 + len(names):
            raise TypeError(f"{name_of(self.rule)} must return a tuple{'' if names else ' (p,)'} "
                            f"of the new point{''.join(f', {name}' for name in names)}, "
                            f"got {returned!r}")
        return returned[0], dict(zip(names, returned[1:], strict=True))

    def _check(self, point, g, old, new_p, new):
        """Raise where broadcasting would hide a wrong shape, or float16 a number that passes it."""
        fits = getattr(new_p, "shape", None) == point.shape
        shaped = {name for name, x in new.items() if getattr(x, "shape", None) == point.shape}
        if error := self._misfit(point, {name: x for name, x in old.items()
                                         if name in shaped or not fits}):
            raise error
        if not fits:
            raise ValueError(f"{name_of(self.rule)} must return a point of the parameter's shape "
                             f"{tuple(point.shape)}, got {new_p!r}")
        if point.dtype is torch.float16 and point.isfinite().all() and g.isfinite().all():
            self._check_range(g, new_p, new)

    def _check_range(self, g, new_p, new):
        """Raise a FloatingPointError where a finite point and gradient lead out of float16."""
        for name, x in new.items():
            if getattr(x, "dtype", None) is torch.float16 and x.isinf().any():
                raise FloatingPointError(
                    f"{name_of(self.rule)}: {name} is infinite in float16, which ends at 65504, "
                    f"for a gradient up to {g.abs().max().item():g}; {_WAYS_OUT}")
        if new_p.dtype is torch.float16 and not new_p.isfinite().all():
            at = new_p.isfinite().logical_not().nonzero()[0].tolist()
            raise FloatingPointError(
                f"{name_of(self.rule)}: the new point is {new_p[tuple(at)].item()} in float16 for "
                f"the gradient {g[tuple(at)].item():g}: below 3e-8, as an eps of 1e-8 is, float16 "
                f"has only 0, and nothing from 65520 on; {_WAYS_OUT}, or take a larger eps")

    @staticmethod
    def _misfit(point, state):
        """Return a ValueError that names the first tensor of another shape than the point."""
        for name, x in state.items():
            if isinstance(x, torch.Tensor) and x.shape != point.shape:
                return ValueError(
                    f"the state {name} of a parameter of shape {tuple(point.shape)} must be like "
                    f"it, got shape {tuple(x.shape)}; is it the state of another parameter?")
        return None


def _places(state_dict):
    """Yield each parameter's group and key in a state dict, in order."""
    return ((group, k) for group in state_dict["param_groups"] for k in group["params"])


def _lasting(value):
    """Tell whether the value stays what it is as long as it is the same object."""
    return (all(map(_lasting, value)) if isinstance(value, tuple)
            else isinstance(value, (float, int, str, type(None))))


def number(name, value):
    """Return a hyper-parameter as plain numbers: of an array of one entry, that entry.

    An array of more would broadcast over a parameter's entries, and one of one axis over the shape
    of a single number. Raises ValueError for one that has not one entry.
    """
    if isinstance(value, (tuple, list)):
        return tuple(number(name, member) for member in value)
    if not isinstance(value, (torch.Tensor, np.ndarray, np.generic)):
        return value
    if (value.numel() if isinstance(value, torch.Tensor) else value.size) != 1:
        raise ValueError(f"{name} must be one number (arrays are for descent.path), got {value!r}")
    return value.item()


def check_state_dict(state_dict, owner, state_names, group_names):
    """Raise a ValueError for a state of other names, or for groups that lack a setting."""
    held = {name for state in state_dict["state"].values() for name in state}
    if strange := held - set(state_names):
        raise ValueError(f"state_dict must hold a state of {owner}, of {', '.join(state_names)}; "
                         f"got {', '.join(sorted(strange))}")
    for group in state_dict["param_groups"]:
        if missing := [name for name in group_names if name not in group]:
            raise ValueError(f"state_dict must hold the settings of {owner}, "
                             f"{', '.join(group_names)}; missing {', '.join(missing)}")

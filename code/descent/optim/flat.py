"""Parameters laid end to end: one long vector steps faster than many short ones.

Each parameter stays what it was for the model, a view of its part of the vector.
"""

import weakref
from operator import is_

import torch
from torch.autograd.graph import increment_version

from descent.optim.kernel import as_floats, kernel
from descent.optim.memory import alike, alone, as_real, is_part, same_memory, written_out
from descent.optim.private import copied, is_view
from descent.signature import state_defaults

__all__ = ["Flats"]

_laid = weakref.WeakSet()  # all that hold a vector, of whatever optimizer: they lay parameters anew


class Flats:
    """The parameters of a group that have a gradient and a state, by dtype, device and step.

    `plain` are those that must stay where they are: something else sees their memory, or they are
    not contiguous. `everyone` is all of the optimizer's parameters, any of which may see it.
    """

    def __init__(self, params, states, everyone):
        lots, self.others, self.plain = {}, [], []
        known = set(map(id, everyone))
        once = {id(p): p for flat in _laid for p in flat.params if id(p) not in known}
        movable = alone([*everyone, *once.values()], [flat.p for flat in _laid])
        for p in params:
            if id(p) not in movable:
                self.plain.append(p)
                continue
            if p.grad is None or "step" not in states.get(p, ()):
                self.others.append(p)
                continue
            if p.grad.layout is not torch.strided:
                raise RuntimeError("a sparse gradient cannot be laid flat")
            _check_state(p, states[p])
            kinds = frozenset((name, value.dtype if isinstance(value, torch.Tensor) else value)
                              for name, value in states[p].items())
            lots.setdefault((p.dtype, p.device, kinds), []).append(p)
        self.flats = [_Flat(lot, [states[p] for p in lot]) for lot in lots.values()]
        self.params = list(params)

    def holds(self, params, states):
        """Tell whether the same parameters, where they were, have gradients and states."""
        return (_same(params, self.params) and all(p.grad is None for p in self.others)
                and all(flat.holds(states) for flat in self.flats))

    def step(self, rule, hyper, maximize):
        """Take one step on all that are laid."""
        for flat in self.flats:
            flat.step(rule, hyper, maximize)


def _check_state(p, state):
    """Raise a ValueError for a state that lies otherwise than its parameter."""
    for name, value in state.items():
        if isinstance(value, torch.Tensor) and name != "step" and (
                value.device != p.device or value.shape not in {p.shape, as_real(p).shape}):
            raise ValueError(
                f"the state {name} of a parameter of shape {tuple(p.shape)} on {p.device} must be "
                f"like it, got shape {tuple(value.shape)} on {value.device}; is it the state of "
                f"another parameter?")


def _same(these, those):
    """Tell whether two lists hold the same objects; `==` would compare tensors by entries."""
    return len(these) == len(those) and all(map(is_, these, those))


class _Flat:
    def __init__(self, params, states):
        self.params, self.states, self.t = params, states, states[0]["step"]
        self.shapes = [as_real(p).shape for p in params]
        self.sizes = [shape.numel() for shape in self.shapes]
        self.numbers = [name for name, value in states[0].items()
                        if name != "step" and not isinstance(value, torch.Tensor)]
        self.p = self._joined(params)
        for p, part in zip(params, self._parts(self.p), strict=True):
            p.data = part
        self.places = [p.data_ptr() for p in params]
        self.g, self.g_parts = None, []
        self.given = self.maximize = None  # the settings for which the kernel was chosen
        self.state, self.state_parts = {}, {}  # vectors by name, and their parts
        taken = {self.p.data_ptr(), params[0].grad.data_ptr()}
        for name in list(states[0]):
            if name != "step" and name not in self.numbers:
                vector = self._joined([state[name] for state in states])
                vector = vector.clone() if vector.data_ptr() in taken else vector
                taken.add(vector.data_ptr())
                self._lay(name, vector)
        _laid.add(self)

    def _joined(self, tensors):
        """Return the tensors end to end; one alone stays where it is."""
        tensors = [as_real(tensor.detach()) for tensor in tensors]
        if len(tensors) == 1 and tensors[0].is_contiguous():
            (one,) = tensors  # a view would keep its base, one more that sees the memory
            return one.new_empty(0).set_(one.untyped_storage(), one.storage_offset(),
                                         (one.numel(),), (1,))
        return torch.cat([tensor.reshape(-1) for tensor in tensors])

    def _parts(self, vector):
        return [alike(part.view(shape), p) for p, shape, part in
                zip(self.params, self.shapes, vector.split(self.sizes), strict=True)]

    def _lay(self, name, vector):
        """Keep a state as one vector, and each parameter's part of it under its name."""
        self.state[name] = vector
        self.state_parts[name] = self._parts(vector)
        for state, part in zip(self.states, self.state_parts[name], strict=True):
            state[name] = part

    def holds(self, states):
        grads = [p.grad for p in self.params]
        return (_same(list(map(states.get, self.params)), self.states)
                and all(state["step"] == self.t for state in self.states)
                and all(_same([state.get(name) for state in self.states], parts)
                        for name, parts in self.state_parts.items())
                and [p.data_ptr() for p in self.params] == self.places
                and all(p.is_contiguous() for p in self.params)
                and (_same(grads, self.g_parts) or not any(grad is None for grad in grads)))

    def _gathered(self):
        """Return the gradients as one vector; what is not there yet is copied, and stays there.

        A gradient that is a part of something larger, such as a bucket, stays where it is.
        """
        grads = [p.grad for p in self.params]
        if len(grads) == 1:
            return as_real(written_out(grads[0])).reshape(-1).to(self.p.dtype).contiguous()
        if self.g is None:
            self.g = torch.empty_like(self.p)
            self.g_parts = self._parts(self.g)
        if not _same(grads, self.g_parts):
            away = [(p, part) for p, part in zip(self.params, self.g_parts, strict=True)
                    if p.grad is not part]
            ours = [is_view(p.grad) and same_memory(p.grad, self.g) for p, _ in away]
            copied([part for _, part in away], [
                # a part that came to another parameter would be overwritten before it is copied
                p.grad.clone() if own else p.grad for (p, _), own in zip(away, ours, strict=True)])
            for (p, part), own in zip(away, ours, strict=True):
                if own or not is_part(p.grad):
                    p.grad = part
        return self.g

    def step(self, rule, hyper, maximize):
        t, numbers = self.t + 1, self._now()
        if (hyper is not self.given or maximize != self.maximize
                or not self.made.takes(t, self.hyper, numbers)):
            self._choose(rule, hyper, t, maximize)
            numbers = self._now()
        new = self.made(self.p, self._gathered(), self.state, t, self.hyper, numbers)
        increment_version(self.params)  # as any change in place does: autograd looks at it
        self.t = new["step"] = t
        for state in self.states:
            state.update(new)

    def _now(self):
        """Return the numbers of the state, which all parameters here have in common."""
        return {name: self.states[0][name] for name in self.numbers}

    def _choose(self, rule, hyper, t, maximize):
        """Take the kernel for these settings, and keep the states that it reads."""
        self.hyper = as_floats(hyper)
        dtypes = self._dtypes()
        self.made = kernel(rule, self.hyper, t, self._now(), dtypes, self.p.device, maximize)
        if self.made.grown:
            for name, dtype in self.made.grown.items():
                self._lay(name, torch.full_like(self.p, self.states[0][name], dtype=dtype))
                self.numbers.remove(name)
            return self._choose(rule, hyper, t, maximize)
        self.given, self.maximize = hyper, maximize
        for name in set(self.state) - set(self.made.live):  # nothing reads it
            del self.state[name], self.state_parts[name]
            for state in self.states:
                del state[name]
        starts = state_defaults(rule)
        for name in self.made.live:
            vector = self.state.get(name)
            dtype = self.made.returns.get(name, self.p.dtype if vector is None else vector.dtype)
            if vector is None:
                self._lay(name, torch.full_like(self.p, starts[name] or 0, dtype=dtype))
            elif vector.dtype != dtype:  # loaded, or the model changed its dtype
                self._lay(name, vector.to(dtype))
        if self._dtypes() != dtypes:
            self._choose(rule, hyper, t, maximize)

    def _dtypes(self):
        """Return the dtype of the point, as "p", and of the states whose dtype is another."""
        return {"p": self.p.dtype, **{name: vector.dtype for name, vector in self.state.items()
                                      if vector.dtype != self.p.dtype}}

"""Parameters laid end to end: one long vector steps faster than many short ones.

Each parameter stays what it was for the model, a view of its part of the vector.
"""

from operator import is_

import torch
from torch.autograd.graph import increment_version

from descent.optim.kernel import as_floats, kernel
from descent.optim.private import copied, is_view

__all__ = ["Flats"]


class Flats:
    """The parameters of a group that have a gradient and a state, by dtype, device and step."""

    def __init__(self, params, states):
        lots, self.others = {}, []
        for p in params:
            if p.grad is None or "step" not in states.get(p, ()):
                self.others.append(p)
                continue
            if p.grad.is_sparse:
                raise RuntimeError("a sparse gradient cannot be laid flat")
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
        """Take one step on all."""
        for flat in self.flats:
            flat.step(rule, hyper, maximize)


def _same(these, those):
    """Tell whether two lists hold the same objects; `==` would compare tensors by entries."""
    return len(these) == len(those) and all(map(is_, these, those))


class _Flat:
    def __init__(self, params, states):
        self.params, self.states, self.t = params, states, states[0]["step"]
        self.sizes = [p.numel() for p in params]
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

    def _joined(self, tensors):
        """Return the tensors end to end; one alone stays where it is."""
        if len(tensors) == 1 and tensors[0].is_contiguous():
            return tensors[0].detach().reshape(-1)
        return torch.cat([tensor.detach().reshape(-1) for tensor in tensors])

    def _parts(self, vector):
        return [part.view(p.shape) for p, part in
                zip(self.params, vector.split(self.sizes), strict=True)]

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
        """Return the gradients as one vector; what is not there yet is copied, and stays there."""
        grads = [p.grad for p in self.params]
        if len(grads) == 1:
            return grads[0].reshape(-1).to(self.p.dtype).contiguous()
        if self.g is None:
            self.g = torch.empty_like(self.p)
            self.g_parts = self._parts(self.g)
        if not _same(grads, self.g_parts):
            away = [(p, part) for p, part in zip(self.params, self.g_parts, strict=True)
                    if p.grad is not part]
            ours = self.g.untyped_storage().data_ptr()
            copied([part for _, part in away], [
                # a part that came to another parameter would be overwritten before it is copied
                g.clone() if is_view(g) and g.untyped_storage().data_ptr() == ours else g
                for g in (p.grad for p, _ in away)])
            for p, part in away:
                p.grad = part
        return self.g

    def step(self, rule, hyper, maximize):
        t, numbers = self.t + 1, {name: self.states[0][name] for name in self.numbers}
        if (hyper is not self.given or maximize != self.maximize
                or not self.made.takes(t, self.hyper, numbers)):
            self._choose(rule, hyper, t, numbers, maximize)
        new = self.made(self.p, self._gathered(), self.state, t, self.hyper, numbers)
        increment_version(self.params)  # as any change in place does: autograd looks at it
        self.t = new["step"] = t
        for state in self.states:
            state.update(new)

    def _choose(self, rule, hyper, t, numbers, maximize):
        """Take the kernel for these settings, and keep the states that it reads."""
        self.hyper = as_floats(hyper)
        dtypes = self._dtypes()
        self.made = kernel(rule, self.hyper, t, numbers, dtypes, self.p.device, maximize)
        self.given, self.maximize = hyper, maximize
        for name in set(self.state) - set(self.made.live):  # nothing reads it
            del self.state[name], self.state_parts[name]
            for state in self.states:
                del state[name]
        for name in self.made.live:
            vector, dtype = self.state.get(name), self.made.returns[name]
            if vector is None:
                self._lay(name, torch.zeros_like(self.p, dtype=dtype))
            elif vector.dtype != dtype:  # loaded, or the model changed its dtype
                self._lay(name, vector.to(dtype))
        if self._dtypes() != dtypes:
            self._choose(rule, hyper, t, numbers, maximize)

    def _dtypes(self):
        """Return the dtype of the point, as "p", and of the states whose dtype is another."""
        return {"p": self.p.dtype, **{name: vector.dtype for name, vector in self.state.items()
                                      if vector.dtype != self.p.dtype}}

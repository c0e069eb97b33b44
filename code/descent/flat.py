"""Parameters laid end to end: one long vector steps faster than many short ones.

Each parameter stays what it was for the model, a view of its part of the vector.
"""

import torch

from descent.compiled import kernel

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
            lots.setdefault((p.dtype, p.device, states[p]["step"]), []).append(p)
        self.flats = [_Flat(lot, [states[p] for p in lot]) for lot in lots.values()]
        self.count = len(params)

    def hold(self, params, states):
        """Tell whether the same parameters as before, where they were, have gradients.

        Of the states, the first of each lot is looked at: it tells whether they were replaced.
        """
        return (len(params) == self.count and all(p.grad is None for p in self.others)
                and all(flat.hold(states) for flat in self.flats))

    def step(self, rule, hyper, maximize):
        """Take one step on all."""
        for flat in self.flats:
            flat.step(rule, hyper, maximize)


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
        self.g, self.g_parts = None, None
        self.state, self.first = {}, {}  # vectors by name, and their parts of the first parameter
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
        for state, part in zip(self.states, self._parts(vector), strict=True):
            state[name] = part
        self.first[name] = self.states[0][name]

    def hold(self, states):
        first = states.get(self.params[0])
        return (first is self.states[0] and first["step"] == self.t
                and all(first.get(name) is part for name, part in self.first.items())
                and all(p.grad is not None and p.data_ptr() == place
                        for p, place in zip(self.params, self.places, strict=True)))

    def _gathered(self):
        """Return the gradients as one vector; what is not there yet is copied, and stays there."""
        if len(self.params) == 1:
            return self.params[0].grad.reshape(-1)
        if self.g is None:
            self.g = torch.empty_like(self.p)
            self.g_parts = self._parts(self.g)
        away = [(p, part) for p, part in zip(self.params, self.g_parts, strict=True)
                if p.grad is not part]
        if away:
            torch._foreach_copy_([part for _, part in away], [p.grad for p, _ in away])
            for p, part in away:
                p.grad = part
        return self.g

    def step(self, rule, hyper, maximize):
        numbers = {name: self.states[0][name] for name in self.numbers}
        made, values = kernel(rule, hyper, self.t + 1, numbers, self.p.dtype, self.p.device,
                              maximize)
        for name in set(self.state) - set(made.live):  # nothing reads it
            del self.state[name], self.first[name]
            for state in self.states:
                del state[name]
        for name in set(made.live) - set(self.state):
            self._lay(name, torch.zeros_like(self.p))
        self.t += 1
        new = {**made(self.p, self._gathered(), self.state, values), "step": self.t}
        for state in self.states:
            state.update(new)

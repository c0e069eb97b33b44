"""The rule `lbfgs` as a real torch optimizer: it asks for a closure, and looks more than once."""

import torch

from descent.optim.memory import as_real, overlapping, written_out
from descent.optim.optimizer import check_state_dict, number
from descent.rules import lbfgs
from descent.signature import hyperparameters, settle

__all__ = ["LBFGS"]

_STATE = ["n_iter", "func_evals", "g_old", "s", "pairs"]


class LBFGS(torch.optim.Optimizer):
    """The rule `lbfgs` on all parameters as one vector, with torch's constructor.

    `max_eval` None is max_iter * 5 // 4. `n_iter` and `func_evals` in the state of the first
    parameter count iterations and closure calls; memory is 2 history_size + 2 numbers a parameter.

    Of complex parameters the real and the imaginary parts are entries of the vector, as in torch.

    Raises ValueError for a value out of range, a second parameter group, or parameters that share
    memory, one given twice among them (torch's moves twice as far there as its search looked).
    """

    def __init__(self, params, lr=1.0, max_iter=20, max_eval=None, tolerance_grad=1e-7,
                 tolerance_change=1e-9, history_size=100, line_search_fn=None):
        hyper = {"lr": lr, "max_iter": max_iter, "max_eval": max_eval,
                 "tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change,
                 "history_size": history_size, "line_search_fn": line_search_fn}
        if max_eval is None:
            del hyper["max_eval"]
        settle(lbfgs, {**hyper, "lr": number("lr", lr)})
        super().__init__(params, {"max_eval": max_iter * 5 // 4, **hyper})

    def add_param_group(self, param_group):
        """Take the one group there can be; raise ValueError for a second, as torch does."""
        if self.param_groups:
            raise ValueError("LBFGS takes all parameters in one group, got a second")
        super().add_param_group(param_group)
        if overlapping(self.param_groups[0]["params"]):
            raise ValueError("LBFGS takes parameters that share no memory, got some that do")

    def load_state_dict(self, state_dict):
        """Take over a state, as in torch.

        Raises ValueError for a state of another optimizer or of a point of another length.
        """
        check_state_dict(state_dict, "LBFGS", _STATE, self.defaults)
        length = len(self._point())
        for state in state_dict["state"].values():
            for name in ("g_old", "s"):
                if state.get(name) is not None and state[name].shape != (length,):
                    raise ValueError(f"the state {name} must have the length of the parameters, "
                                     f"{length}, got shape {tuple(state[name].shape)}")
        super().load_state_dict(state_dict)

    @torch.no_grad()
    def step(self, closure):
        """Take up to `max_iter` iterations; return the loss at the entry.

        `closure()` clears the gradients, computes the loss, calls `backward` and returns the
        loss. Ends early at a gradient, a step or a change of the loss below its tolerance, or
        after `max_eval` closure calls. An error in the closure leaves the parameters at the last
        point accepted. Raises TypeError for a closure that is none or returns no number.
        """
        if not callable(closure):
            raise TypeError(f"closure must be a function that returns the loss, got {closure!r}")
        group, state = self.param_groups[0], self.state[self.param_groups[0]["params"][0]]
        hyper = {name: number(name, group[name]) for name in hyperparameters(lbfgs)}
        settle(lbfgs, hyper)
        calls, p = [], self._point()

        def look(p):
            loss = self._look(closure, p)
            calls.append(loss.detach() if isinstance(loss, torch.Tensor) else loss)
            return float(loss), self._gradient()

        g_old, s, pairs = (state.get(name) for name in ("g_old", "s", "pairs"))
        n_iter, pairs = state.get("n_iter", 0), pairs or ()
        try:
            f, g = look(p)
            for n in range(1, group["max_iter"] + 1):
                if abs(g).max() <= group["tolerance_grad"]:
                    break
                n_iter, f_old = n_iter + 1, f
                hyper["max_eval"] = group["max_eval"] - len(calls)
                p, f, g, g_old, s, pairs = lbfgs(p, look, n_iter, f, g, g_old, s, pairs, **hyper)
                moved = abs(s).max() > group["tolerance_change"]
                if g is None and n < group["max_iter"]:
                    f, g = look(p)
                if (n == group["max_iter"] or len(calls) >= group["max_eval"] or not moved
                        or abs(f - f_old) < group["tolerance_change"]):
                    break
        finally:
            self._write(p)
        state.update(n_iter=n_iter, func_evals=state.get("func_evals", 0) + len(calls),
                     g_old=g_old, s=s, pairs=pairs)
        return calls[0]

    def _point(self):
        return torch.cat([as_real(p.detach()).reshape(-1) for p in self.param_groups[0]["params"]])

    def _write(self, point):
        params = [as_real(p.detach()) for p in self.param_groups[0]["params"]]
        for p, part in zip(params, point.split([p.numel() for p in params]), strict=True):
            p.copy_(part.view_as(p))

    def _look(self, closure, point):
        self._write(point)
        with torch.enable_grad():
            loss = closure()
        if getattr(loss, "numel", lambda: 1)() != 1 or not hasattr(loss, "__float__"):
            raise TypeError(f"closure must return the loss, one number, got {loss!r}")
        return loss

    def _gradient(self):
        parts = [torch.zeros_like(p) if p.grad is None else written_out(p.grad.to_dense())
                 for p in self.param_groups[0]["params"]]
        return torch.cat([as_real(part).reshape(-1) for part in parts])

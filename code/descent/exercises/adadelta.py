"""The exercises of the Adadelta chapter."""

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on

__all__ = ["EXERCISES"]


def _mean(old, new, rho):
    return rho * old + (1 - rho) * new


def _rule(unit=lambda u, eps: np.sqrt(u + eps), size=lambda v, old, eps: np.sqrt(v + eps),
          grow=_mean, kept=lambda step, g, lr: step, move=lambda lr: lr):
    """Return Adadelta from what stands above and below its line and from what its means keep."""
    def rule(p, g, t, v=0.0, u=0.0, *, lr, rho, eps):
        new = grow(v, g**2, rho)
        step = unit(u, eps) / size(new, v, eps) * g
        return p - move(lr) * step, new, grow(u, kept(step, g, lr)**2, rho)
    return rule


def _this_step_too(p, g, t, v=0.0, u=0.0, *, lr, rho, eps):
    v = _mean(v, g**2, rho)
    u = _mean(u, (np.sqrt(u + eps) / np.sqrt(v + eps) * g)**2, rho)
    return p - lr * np.sqrt(u + eps) / np.sqrt(v + eps) * g, v, u


def _upside_down(p, g, t, v=0.0, u=0.0, *, lr, rho, eps):
    v = _mean(v, g**2, rho)
    step = np.sqrt(v + eps) / np.sqrt(u + eps) * g
    return p - lr * step, v, _mean(u, step**2, rho)


def _states_swapped(p, g, t, v=0.0, u=0.0, *, lr, rho, eps):
    p, v, u = _RIGHT(p, g, t, v, u, lr=lr, rho=rho, eps=eps)
    return p, u, v


_RIGHT = _rule()
_LR_INSIDE = _rule(kept=lambda step, g, lr: lr * step)
_RMSPROP = _rule(unit=lambda u, eps: np.sqrt(eps), kept=lambda step, g, lr: 0.0)
_MEANS = drive({"lr": 1.0, "rho": 0.9, "eps": 0.1}, {"lr": 0.5, "rho": 0.5, "eps": 1e-3})

_IMPLEMENT = (
    Mistake("sign", _rule(move=lambda lr: -lr),
            "It climbs: the step is minus the scaled gradient."),
    Mistake("eps outside the roots",
            _rule(lambda u, eps: np.sqrt(u) + eps, lambda v, old, eps: np.sqrt(v) + eps),
            "eps stands outside the roots, as in Adagrad and RMSprop. Here it is inside both."),
    Mistake("no eps above", _rule(lambda u, eps: np.sqrt(u)),
            "It never moves: u starts at 0, and without eps above the line it stays there."),
    Mistake("u holds this step too", _this_step_too,
            "It takes this step into u before it is made. Above the line stands the old u."),
    Mistake("v updated after use", _rule(size=lambda v, old, eps: np.sqrt(old + eps)),
            "It divides by the mean before this gradient joins it."),
    Mistake("sums", _rule(grow=lambda old, new, rho: old + new),
            "It sums both, as Adagrad does. Both are moving means."),
    Mistake("lr inside the mean", _LR_INSIDE,
            "Its u averages the steps with lr in them; torch averages them without."),
    Mistake("weights swapped", _rule(grow=lambda old, new, rho: (1 - rho) * old + rho * new),
            "rho is what stays of the past; the new square gets 1 - rho."),
    Mistake("lr left out", _rule(move=lambda lr: 1.0), "It leaves lr out of the step."),
    Mistake("upside down", _upside_down, "Steps stand above the line, gradients below."),
    Mistake("states swapped", _states_swapped,
            "It returns u before v; the next step takes one for the other."),
    Mistake("one eps outside", _rule(size=lambda v, old, eps: np.sqrt(v) + eps),
            "Below the line eps stands outside the root. Here it is inside both."),
    Mistake("no roots", _rule(lambda u, eps: u + eps, lambda v, old, eps: v + eps),
            "It leaves out the roots: the *root* of a mean square has the unit of a step."),
    Mistake("RMSprop", _RMSPROP,
            "It keeps no mean of the steps: with √eps for lr, that is RMSprop."),
)

_STEPS = (
    Mistake("lr inside the mean", _LR_INSIDE, "That is still the colleague's rule."),
    Mistake("gradients in u", _rule(kept=lambda step, g, lr: g),
            "It averages gradients; v does that already. u averages steps."),
    Mistake("lr left out", _rule(move=lambda lr: 1.0),
            "The mean is right now, and lr is gone altogether: it scales the step into p."),
    Mistake("divided by lr twice", _rule(kept=lambda step, g, lr: step / lr),
            "It divides the step by lr; the step without lr is what `step` holds already."),
    Mistake("divided by lr once", _rule(kept=lambda step, g, lr: np.sqrt(lr) * step),
            "Its step holds lr, and its square lr², of which one factor is left."),
    Mistake("lr twice", _rule(kept=lambda step, g, lr: lr * step, move=lambda lr: lr**2),
            "lr is still in `step`, and now stands before it as well."),
    Mistake("u not squared", _rule(kept=lambda step, g, lr: np.sqrt(abs(step))),
            "It averages the size of the steps, not their squares."),
)


def _first(root):
    return lambda rho, eps, g: -root(rho, eps, g)


def _woken(u, v):
    """Return the step after a silence, from what the two means have become."""
    def step(old_u, old_v, g, silent, rho, eps):
        n = int(silent)
        return -g * np.sqrt(u(old_u, n, rho) + eps) / np.sqrt(v(old_v, g, n, rho) + eps)
    return step


def _faded(old, n, rho):
    return rho**n * old


def _v_woken(v, g, n, rho):
    return rho**(n + 1) * v + (1 - rho) * g**2


EXERCISES = {
    "units": Exercise(
        lambda c: np.array([c**2, c**-2.0]),
        on((1000.0,), (2.0,), (0.5,)), (
            Mistake("no squares", lambda c: np.array([c, 1 / c]),
                    "Right way round, but eps stands beside a mean *square*."),
            Mistake("swapped", lambda c: np.array([c**-2.0, c**2]),
                    "The other way round: as the numbers of θ grow, those of its slope shrink."),
            Mistake("both alike", lambda c: np.array([c**2, c**2]),
                    "Steps and gradients do not have the same unit: f is a loss, g is loss per θ."),
            Mistake("gradient unchanged", lambda c: np.array([c**2, 1.0]),
                    "The slope changes too: the same loss over more units of θ."),
            Mistake("step unchanged", lambda c: np.array([1.0, c**-2.0]),
                    "The steps change too: in the new unit they are c times as long."),
            Mistake("one square", lambda c: np.array([c**2, 1 / c]),
                    "The first is right. Below the line eps stands beside a mean *square* too."),
            Mistake("nothing to do", lambda c: np.array([1.0, 1.0]),
                    "That would be so if eps had no unit. It is added to a mean square."),
        )),
    "first_step": Exercise(
        _first(lambda rho, eps, g: g * np.sqrt(eps / ((1 - rho) * g**2 + eps))),
        on((0.9, 1e-6, 3.0), (0.5, 0.01, -0.1), (0.95, 1e-3, 1e-3)), (
            Mistake("sign", _first(lambda rho, eps, g: -g * np.sqrt(eps / ((1 - rho) * g**2
                                                                           + eps))),
                    "The size is right; the way goes against the gradient."),
            Mistake("large gradients", _first(lambda rho, eps, g: np.sign(g)
                                              * np.sqrt(eps / (1 - rho))),
                    "That is the limit for large gradients, the number to remember. Keep eps "
                    "below the line too."),
            Mistake("rho for 1 - rho",
                    _first(lambda rho, eps, g: g * np.sqrt(eps / (rho * g**2 + eps))),
                    "The first square enters v with the weight 1 - rho."),
            Mistake("one way", _first(lambda rho, eps, g:
                                      abs(g) * np.sqrt(eps / ((1 - rho) * g**2 + eps))),
                    "It goes the same way for both signs of the gradient."),
            Mistake("full mean", _first(lambda rho, eps, g: g * np.sqrt(eps / (g**2 + eps))),
                    "v₁ is not g² but (1 - rho) g²: the mean starts at 0."),
            Mistake("no root", _first(lambda rho, eps, g: g * eps / ((1 - rho) * g**2 + eps)),
                    "Both means enter by their roots."),
            Mistake("eps outside", _first(lambda rho, eps, g: g * eps
                                          / (np.sqrt(1 - rho) * abs(g) + eps)),
                    "eps stands inside the roots here."),
        )),
    "implement": Exercise(_RIGHT, _MEANS, _IMPLEMENT),
    "steps": Exercise(_RIGHT, drive({"lr": 0.5, "rho": 0.9, "eps": 0.1},
                                     {"lr": 2.0, "rho": 0.5, "eps": 1e-3}), _STEPS),
    "reach": Exercise(
        lambda D, rho, eps: (1.5 * D)**(2 / 3) / (eps * (1 - rho))**(1 / 3),
        on((1.0, 0.9, 1e-6), (100.0, 0.5, 1e-4), (3.0, 0.99, 1e-8)), (
            Mistake("constant step", lambda D, rho, eps: D / np.sqrt(eps / (1 - rho)),
                    "That is for steps as long as the first. They grow."),
            Mistake("last step only", lambda D, rho, eps: (D / np.sqrt(eps * (1 - rho)))**2,
                    "That is when one step has the length D. Add up the steps before it."),
            Mistake("no factor", lambda D, rho, eps: D**(2 / 3) / (eps * (1 - rho))**(1 / 3),
                    "Close: the integral of √t is ⅔ t to the power 3/2."),
            Mistake("factor upside down",
                    lambda D, rho, eps: (D / 1.5)**(2 / 3) / (eps * (1 - rho))**(1 / 3),
                    "The factor ⅔ is on the other side now."),
            Mistake("rounded", lambda D, rho, eps:
                    np.ceil((1.5 * D)**(2 / 3) / (eps * (1 - rho))**(1 / 3)),
                    "It is rounded to whole steps. Hand in the number itself."),
            Mistake("divided by 1 - rho",
                    lambda D, rho, eps: (1.5 * D / np.sqrt(eps / (1 - rho)))**(2 / 3),
                    "That grows from the first step's length. u grows by (1 - rho) eps a step."),
            Mistake("rho forgotten", lambda D, rho, eps: (1.5 * D)**(2 / 3) / eps**(1 / 3),
                    "u grows by (1 - rho) eps a step, not by eps."),
        )),
    "wake": Exercise(
        _woken(_faded, _v_woken),
        on((0.04, 9.0, 2.0, 50, 0.9, 1e-6), (0.01, 1.0, -0.5, 3, 0.5, 1e-4),
           (1.0, 4.0, 1.0, 0, 0.9, 1e-6)), (
            Mistake("u remembers", _woken(lambda u, n, rho: u, _v_woken),
                    "u fades too: a step of 0 is a step, and joins the mean."),
            Mistake("v one short",
                    _woken(_faded, lambda v, g, n, rho: rho**n * v + (1 - rho) * g**2),
                    "v fades once more, when the gradient that ends the silence joins it."),
            Mistake("all forgotten", _woken(lambda u, n, rho: 0.0,
                                            lambda v, g, n, rho: (1 - rho) * g**2),
                    "That is where a long silence leads. Keep what is left after `silent` steps."),
            Mistake("v remembers", _woken(_faded, lambda v, g, n, rho: rho * v + (1 - rho) * g**2),
                    "v fades in the silence: every gradient of 0 joins the mean."),
            Mistake("no new gradient", _woken(_faded, lambda v, g, n, rho: rho**n * v),
                    "The gradient that ends the silence joins v before it divides."),
            Mistake("one too many", _woken(lambda u, n, rho: rho**(n + 1) * u, _v_woken),
                    "u is a step behind v: the step that ends the silence uses the u before it."),
            Mistake("sign", lambda *a: -_woken(_faded, _v_woken)(*a),
                    "The size is right; the way goes against the gradient."),
            Mistake("nothing fades",
                    _woken(lambda u, n, rho: u,
                           lambda v, g, n, rho: rho * v + (1 - rho) * g**2),
                    "That would be so if silent steps were skipped. They are not: both means "
                    "take in a zero."),
        )),
}

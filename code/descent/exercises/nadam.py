"""The exercises of the NAdam chapter."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on

__all__ = ["EXERCISES"]


def _mu(t, beta1, psi):
    return beta1 * (1 - 0.5 * 0.96**(t * psi))


def _rule(memory=lambda old, new: new, m_factor=lambda beta1, mu: beta1, sign=-1.0, steps=(0, 1),
          spread=lambda v, eps: np.sqrt(v) + eps, v_power=lambda beta2, t: beta2**t,
          parts=lambda m, g, mu, mu_next, product, t, beta1:
          mu_next * m / (1 - product * mu_next) + (1 - mu) * g / (1 - product),
          kept=lambda product, mu_next: product):
    """Return NAdam from what it looks at, how it averages, corrects and what product it keeps.

    `steps` tells, counted from t, at which steps it takes its momentum and the next one.
    """
    def rule(p, g, t, m=0.0, v=0.0, mu_product=1.0, *, lr, beta1, beta2, eps, momentum_decay):
        mu, mu_next = (_mu(t + step, beta1, momentum_decay) for step in steps)
        product = mu_product * mu
        factor = m_factor(beta1, mu)
        new = factor * m + (1 - factor) * g
        v = beta2 * v + (1 - beta2) * g**2
        ahead = parts(memory(m, new), g, mu, mu_next, product, t, beta1)
        step = lr * ahead / spread(v / (1 - v_power(beta2, t)), eps)
        return p + sign * step, new, v, kept(product, mu_next)
    return rule


def _parts(memory_by, gradient_by, weight=lambda mu, mu_next: mu_next):
    """Return both parts of the step from the products by which each is corrected."""
    def parts(m, g, mu, mu_next, product, t, beta1):
        return (weight(mu, mu_next) * m / (1 - memory_by(product, mu_next, t, beta1))
                + (1 - mu) * g / (1 - gradient_by(product, mu_next, t, beta1)))
    return parts


def _next(product, mu_next, t, beta1):
    return product * mu_next


def _now(product, mu_next, t, beta1):
    return product


def _none(product, mu_next, t, beta1):
    return 0.0


def _adam(m, g, mu, mu_next, product, t, beta1):
    return m / (1 - beta1**t)


def _unscheduled(m, g, mu, mu_next, product, t, beta1):
    return beta1 * m / (1 - beta1**(t + 1)) + (1 - beta1) * g / (1 - beta1**t)


def _no_lead(m, g, mu, mu_next, product, t, beta1):
    return (mu * m + (1 - mu) * g) / (1 - product)


def _m_twice(m, g, mu, mu_next, product, t, beta1):
    return mu_next * m / (1 - product * mu_next) + (1 - mu) * m / (1 - product)


def _m_alone(m, g, mu, mu_next, product, t, beta1):
    return mu_next * m / (1 - product * mu_next)


def _gradient_by_beta1(m, g, mu, mu_next, product, t, beta1):
    return mu_next * m / (1 - product * mu_next) + (1 - beta1) * g / (1 - product)


def _powers(m, g, mu, mu_next, product, t, beta1):
    return mu_next * m / (1 - mu_next**(t + 1)) + (1 - mu) * g / (1 - mu**t)


_DRIVEN = drive({"lr": 0.1, "beta1": 0.9, "beta2": 0.9, "eps": 0.1, "momentum_decay": 0.5},
                {"lr": 0.5, "beta1": 0.6, "beta2": 0.5, "eps": 1e-3, "momentum_decay": 4e-3})

_SIGN = Mistake("sign", _rule(sign=1.0), "It climbs: the step goes against the scaled mean.")
_EPS_INSIDE = Mistake("eps inside the root", _rule(spread=lambda v, eps: np.sqrt(v + eps)),
                      "eps stands inside the root. Torch adds it outside.")
_PLAIN_PARTS = _parts(lambda product, mu_next, t, beta1: beta1**(t + 1),
                      lambda product, mu_next, t, beta1: beta1**t)
_FORGOTTEN = Mistake("product forgotten", _rule(parts=_parts(_none, _none)),
                     "It leaves out both corrections by the product of the momenta.")
_LATE = Mistake("t off by one", _rule(steps=(-1, 0)),
                "Its momenta are one step late: the first one is mu at t = 1, not at 0.")
_FED_NEXT = Mistake("next momentum kept", _rule(kept=lambda product, mu_next: product * mu_next),
                    "The product that it returns holds the next momentum already; the next step "
                    "multiplies by it once more.")
_AVERAGED = Mistake("m averaged by mu", _rule(m_factor=lambda beta1, mu: mu),
                    "It averages m by mu, as the method is usually stated. Torch averages it by "
                    "beta1.")
_NOT_FED = Mistake("product not fed back", _rule(kept=lambda product, mu_next: 1.0),
                   "It returns 1 for the product, so that every step begins it anew.")

_IMPLEMENT = (
    _SIGN,
    _EPS_INSIDE,
    Mistake("no eps", _rule(spread=lambda v, eps: np.sqrt(v)), "It leaves eps out."),
    Mistake("no root", _rule(spread=lambda v, eps: v + eps),
            "The mean square enters by its root."),
    Mistake("old momentum", _rule(memory=lambda old, new: old),
            "It takes the old m. That is no look-ahead: this step's m takes its place."),
    Mistake("no look-ahead", _rule(memory=lambda old, new: old, parts=_no_lead),
            "That is the mean of this step, with the old m. Put the next momentum in its place."),
    Mistake("momenta swapped", _rule(steps=(1, 0)),
            "mu and mu_next have changed places: m belongs to the next step, g to this one."),
    Mistake("this step's momentum", _rule(parts=_parts(_next, _now, lambda mu, mu_next: mu)),
            "It weighs m by this step's mu. In the look-ahead m belongs to the next step."),
    _FORGOTTEN,
    Mistake("one product for both", _rule(parts=_parts(_now, _now)),
            "It corrects both parts alike. The part of m belongs to the next step and is divided "
            "by one minus the product up to there."),
    _AVERAGED,
    Mistake("corrected by beta1", _rule(parts=_PLAIN_PARTS),
            "It corrects by powers of beta1, as Adam does. Here the product of the mu takes their "
            "place."),
    Mistake("no schedule", _rule(parts=_unscheduled),
            "That is Nesterov's momentum with a constant beta1. Torch's step has the mu instead."),
    Mistake("m's part alone", _rule(parts=_m_alone),
            "The present gradient's own part is missing. It stands beside the part of m."),
    Mistake("m in both parts", _rule(parts=_m_twice),
            "m stands in both parts. The second one is the present gradient's own."),
    Mistake("gradient's part by beta1", _rule(parts=_gradient_by_beta1),
            "The gradient's own part has the weight 1 - mu, not 1 - beta1."),
    Mistake("powers of mu", _rule(parts=_powers),
            "It corrects by powers of the latest mu. Each step had a mu of its own: multiply "
            "them up."),
    _LATE,
    _NOT_FED,
    _FED_NEXT,
    Mistake("v not corrected", _rule(v_power=lambda beta2, t: 0.0),
            "v starts at 0 and needs its correction, as in Adam."),
    Mistake("Adam", _rule(parts=_adam), "That is Adam still: it does not look ahead."),
)

_MEND = (
    Mistake("next momentum kept", _FED_NEXT.answer,
            "That is still the colleague's rule. Print its product for three steps."),
    _NOT_FED,
    Mistake("one product for both", _rule(parts=_parts(_now, _now)),
            "The product is right now, and the next momentum has gone from the correction of m. "
            "It belongs there; only what is *returned* must not hold it."),
    Mistake("both with the next", _rule(parts=_parts(_next, _next)),
            "Now the gradient's part is corrected by the next product as well."),
    _AVERAGED,
    _FORGOTTEN,
    _LATE,
    _SIGN,
    _EPS_INSIDE,
)


def _on_momenta(total):
    """Return a function of (t, beta1, momentum_decay) from one of the mu_1 … mu_{t+1}."""
    def answer(t, beta1, psi):
        t = int(t)
        mu = [_mu(k, beta1, psi) for k in range(1, t + 2)]
        return total(mu, math.prod(mu[:t]), math.prod(mu), beta1, t)
    return answer


_TOTAL = (
    Mistake("m averaged by beta1", _on_momenta(
        lambda mu, now, after, beta1, t:
        mu[t] * (1 - beta1**t) / (1 - after) + (1 - mu[t - 1]) / (1 - now)),
        "That is torch's sum, from the theorem. Here m is averaged by the mu."),
    Mistake("one", _on_momenta(lambda mu, now, after, beta1, t: 1.0),
            "That is the limit. Put in the first step: it is more than 1."),
    Mistake("no correction", _on_momenta(
        lambda mu, now, after, beta1, t: mu[t] * (1 - now) + 1 - mu[t - 1]),
        "Both parts are still to be divided by their corrections."),
    Mistake("one product for both", _on_momenta(
        lambda mu, now, after, beta1, t: mu[t] + (1 - mu[t - 1]) / (1 - now)),
        "The part of m is divided by one minus the product that includes the next momentum."),
    Mistake("both with the next", _on_momenta(
        lambda mu, now, after, beta1, t: (mu[t] * (1 - now) + 1 - mu[t - 1]) / (1 - after)),
        "The gradient's part is divided by one minus the product up to this step, without the "
        "next momentum."),
    Mistake("m full", _on_momenta(
        lambda mu, now, after, beta1, t: mu[t] / (1 - after) + (1 - mu[t - 1]) / (1 - now)),
        "It takes m to be full. Its weights add up to 1 minus the product of the mu so far."),
    Mistake("gradient's part forgotten", _on_momenta(
        lambda mu, now, after, beta1, t: mu[t] * (1 - now) / (1 - after)),
        "The present gradient enters a second time, beside m."),
    Mistake("this step's momentum", _on_momenta(
        lambda mu, now, after, beta1, t:
        mu[t - 1] * (1 - now) / (1 - after) + (1 - mu[t - 1]) / (1 - now)),
        "m is weighed by the next momentum."),
)


def _first(size):
    """Return the first point, from 0, from the size of the step in units of lr."""
    def answer(lr, beta1, psi, g):
        return -np.sign(g) * lr * size(beta1, _mu(1, beta1, psi), _mu(2, beta1, psi))
    return answer


def _first_size(beta1, mu1, mu2):
    return 1 + mu2 * (1 - beta1) / (1 - mu1 * mu2)


_FIRST = (
    Mistake("sign", lambda lr, beta1, psi, g: -_first(_first_size)(lr, beta1, psi, g),
            "The size is right; the way goes against the gradient."),
    Mistake("Adam", _first(lambda beta1, mu1, mu2: 1.0),
            "That is Adam's first step, and the gradient's part of this one. m's part is missing."),
    Mistake("m averaged by mu", _first(
        lambda beta1, mu1, mu2: 1 + mu2 * (1 - mu1) / (1 - mu1 * mu2)),
        "In torch the first m is (1 - beta1) g."),
    Mistake("m full", _first(lambda beta1, mu1, mu2: 1 + mu2 / (1 - mu1 * mu2)),
            "m is not g yet: it is (1 - beta1) g."),
    Mistake("product of one", _first(lambda beta1, mu1, mu2: 1 + mu2 * (1 - beta1) / (1 - mu1)),
            "m's part is divided by one minus the product of *both* momenta."),
    Mistake("no correction", _first(lambda beta1, mu1, mu2: 1 - mu1 + mu2 * (1 - beta1)),
            "Both parts are to be divided by their corrections."),
    Mistake("no sign", lambda lr, beta1, psi, g: lr * _first_size(
        beta1, _mu(1, beta1, psi), _mu(2, beta1, psi)),
        "That is how far. Where, from 0? The way goes against the gradient's sign."),
    Mistake("scaled by the gradient", lambda lr, beta1, psi, g: -g * lr * _first_size(
        beta1, _mu(1, beta1, psi), _mu(2, beta1, psi)),
        "The size of the gradient cancels: v's correction makes the root |g|."),
    Mistake("beta1 for mu", _first(
        lambda beta1, mu1, mu2: 1 + beta1 * (1 - beta1) / (1 - beta1**2)),
        "It puts beta1 for both momenta. They begin at about half of it and grow."),
    Mistake("t off by one", lambda lr, beta1, psi, g: -np.sign(g) * lr * _first_size(
        beta1, _mu(0, beta1, psi), _mu(1, beta1, psi)),
        "Its momenta are one step late: the first is mu at t = 1."),
)


def _when(share, psi):
    return math.log(2 * (1 - share)) / (psi * math.log(0.96))


_REACH = (
    Mistake("half forgotten", lambda share, psi: math.log(1 - share) / (psi * math.log(0.96)),
            "The power stands behind a factor of one half."),
    Mistake("sign", lambda share, psi: -_when(share, psi),
            "The number is right and negative: log 0.96 is below 0, and so is the other one."),
    Mistake("psi upside down", lambda share, psi: _when(share, psi) * psi**2,
            "A slower schedule has the *smaller* momentum_decay."),
    Mistake("psi forgotten", lambda share, psi: _when(share, psi) * psi,
            "The power is t times momentum_decay."),
    Mistake("rounded", lambda share, psi: math.ceil(_when(share, psi)),
            "It is rounded up to whole steps. Hand in the number itself."),
    Mistake("base forgotten", lambda share, psi: math.log(2 * (1 - share)) / psi,
            "The base of the power is 0.96: its logarithm divides."),
    Mistake("half of what is missing", lambda share, psi:
            math.log((1 - share) / 2) / (psi * math.log(0.96)),
            "From 1 - ½ x = share it is x = 2 (1 - share), not half of 1 - share."),
    Mistake("share for what is missing", lambda share, psi:
            math.log(2 * share) / (psi * math.log(0.96)),
            "That is where the share *missing* would be this large. Solve 1 - ½ x = share for x."),
)

def _noise(beta1, mu):
    """Return the variance of NAdam's mean of independent gradients of variance 1."""
    return (1 - mu * beta1)**2 + (mu * beta1)**2 * (1 - beta1) / (1 + beta1)


def _quiet(variance):
    """Return the beta1 whose mean in Adam has this variance."""
    return (1 - variance) / (1 + variance)


_TWIN = (
    Mistake("half", lambda beta1, mu: mu,
            "That is the weight of the memory in the look-ahead; ask for the mean age."),
    Mistake("product", lambda beta1, mu: beta1 * mu,
            "Close. The mean age of Adam's mean is beta / (1 - beta); solve that for beta."),
    Mistake("the age itself", lambda beta1, mu: mu * beta1 / (1 - beta1),
            "That is the mean age of NAdam's weights. Which beta gives Adam this age?"),
    Mistake("unchanged", lambda beta1, mu: beta1,
            "That would be so with mu = 1. A share 1 - mu of the weight has age 0."),
    Mistake("equal noise", lambda beta1, mu: _quiet(_noise(beta1, mu)),
            "That Adam is as noisy. An Adam of the same *age* is asked for."),
    Mistake("age counted from 1", lambda beta1, mu:
            mu * beta1 / (1 - beta1) / (2 + mu * beta1 / (1 - beta1)),
            "This step's gradient has age 0."),
    Mistake("upside down", lambda beta1, mu: 1 - mu * beta1 / (1 - beta1 + mu * beta1),
            "That is one minus it: the weight that Adam gives the present gradient."),
)

EXERCISES = {
    "total": Exercise(
        _on_momenta(lambda mu, now, after, beta1, t:
                    mu[t] * (1 - now) / (1 - after) + (1 - mu[t - 1]) / (1 - now)),
        on((1, 0.9, 4e-3), (2, 0.9, 4e-3), (5, 0.6, 1.0), (3, 0.99, 0.1)), _TOTAL),
    "first_step": Exercise(
        _first(_first_size),
        on((2e-3, 0.9, 4e-3, 3.0), (0.1, 0.5, 1.0, -0.1), (1.0, 0.99, 0.1, 10.0)), _FIRST),
    "implement": Exercise(_rule(), _DRIVEN, _IMPLEMENT),
    "mend": Exercise(_rule(), _DRIVEN, _MEND),
    "reach": Exercise(_when, on((0.99, 4e-3), (0.75, 4e-3), (0.9, 0.1), (0.6, 1.0)), _REACH),
    "twin": Exercise(lambda beta1, mu: mu * beta1 / (1 - beta1 + mu * beta1),
                     on((0.9, 0.45), (0.9, 0.9), (0.99, 0.3)), _TWIN),
}

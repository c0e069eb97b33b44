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
          kept=lambda product, mu_next: product, momentum=_mu):
    """Return NAdam from what it looks at, how it averages, corrects and what product it keeps.

    `steps` tells, counted from t, at which steps it takes its momentum and the next one.
    """
    def rule(p, g, t, m=0.0, v=0.0, mu_product=1.0, *, lr, beta1, beta2, eps, momentum_decay):
        mu, mu_next = (momentum(t + step, beta1, momentum_decay) for step in steps)
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


def _by_beta1(m, g, mu, mu_next, product, t, beta1):
    return beta1 * m / (1 - product * mu_next) + (1 - beta1) * g / (1 - product)


def _gradient_by_next(m, g, mu, mu_next, product, t, beta1):
    return mu_next * m / (1 - product * mu_next) + (1 - mu_next) * g / (1 - product)


def _v_before_m(p, g, t, m=0.0, v=0.0, mu_product=1.0, **hyper):
    p, m, v, mu_product = _rule()(p, g, t, m, v, mu_product, **hyper)
    return p, v, m, mu_product


def _gradient_by_beta1(m, g, mu, mu_next, product, t, beta1):
    return mu_next * m / (1 - product * mu_next) + (1 - beta1) * g / (1 - product)


def _powers(m, g, mu, mu_next, product, t, beta1):
    return mu_next * m / (1 - mu_next**(t + 1)) + (1 - mu) * g / (1 - mu**t)


_DRIVEN = drive({"lr": 0.1, "beta1": 0.9, "beta2": 0.9, "eps": 0.1, "momentum_decay": 0.5},
                {"lr": 0.5, "beta1": 0.6, "beta2": 0.5, "eps": 1e-3, "momentum_decay": 4e-3})

_AHEAD = "Which m stands in the step, and by what is it weighed?"
_DIVIDED = "By what is each part divided, and which momenta are in that?"
_BELOW = "What exactly stands below the line, from the inside out?"
_HANDED = "Which momenta are in the product that you return, after one step and after two?"
_AT_T = "What is the very first mu: at which t is it taken?"
_ADD_EPS = "Write `np.sqrt(v_hat) + eps`."


def _gradient_whole(m, g, mu, mu_next, product, t, beta1):
    return mu_next * m / (1 - product * mu_next) + g / (1 - product)


def _own_momenta(m, g, mu, mu_next, product, t, beta1):
    return mu_next * m / (1 - mu_next) + g


def _corrected_too(m, g, mu, mu_next, product, t, beta1):
    return mu_next * m / (1 - beta1**t) / (1 - product * mu_next) + (1 - mu) * g / (1 - product)


def _adam_ahead(m, g, mu, mu_next, product, t, beta1):
    return (beta1 * m + (1 - beta1) * g) / (1 - beta1**t)


def _by_powers(m, g, mu, mu_next, product, t, beta1):
    return mu_next * m / (1 - beta1**(t + 1)) + (1 - mu) * g / (1 - beta1**t)


_SIGN = Mistake("sign", _rule(sign=1.0), ask="Does the loss fall along its step?",
                why="It climbs: it adds the step.", do="Take the step from p.")
_EPS_INSIDE = Mistake("eps inside the root", _rule(spread=lambda v, eps: np.sqrt(v + eps)),
                      ask=_BELOW, why="eps stands inside the root; torch has it outside.",
                      do=_ADD_EPS)
_PLAIN_PARTS = _parts(lambda product, mu_next, t, beta1: beta1**(t + 1),
                      lambda product, mu_next, t, beta1: beta1**t)
_FORGOTTEN = Mistake("product forgotten", _rule(parts=_parts(_none, _none)), ask=_DIVIDED,
                     why="Neither part is corrected, so early steps are too short.",
                     do="Divide by 1 minus the product: with mu_next in it for m's part, without "
                        "it for g's.")
_LATE = Mistake("t off by one", _rule(steps=(-1, 0)), ask=_AT_T,
                why="Its momenta are one step late: its first mu is that at t = 0.",
                do="Take mu at t and mu_next at t + 1.")
_EARLY = Mistake("t one ahead", _rule(steps=(1, 2)), ask=_AT_T,
                 why="Its momenta are one step early: its first mu is that at t = 2.",
                 do="Take mu at t and mu_next at t + 1.")
_FED_NEXT = Mistake("next momentum kept", _rule(kept=lambda product, mu_next: product * mu_next),
                    ask=_HANDED,
                    why="The product that it returns holds the next momentum already; the next "
                        "step multiplies by it once more.",
                    do="Return the product up to this step; give the one ahead a name of its own.")
_AVERAGED = Mistake("m averaged by mu", _rule(m_factor=lambda beta1, mu: mu),
                    ask="Which number keeps the old m in torch?",
                    why="It averages m by mu, as the method is usually stated.",
                    do="Torch averages m by beta1.")
_NOT_FED = Mistake("product not fed back", _rule(kept=lambda product, mu_next: 1.0), ask=_HANDED,
                   why="The product that it returns stays 1, so every step begins it anew.",
                   do="Return the product up to this step, behind v.")
_ONE_PRODUCT = Mistake("one product for both", _rule(parts=_parts(_now, _now)), ask=_DIVIDED,
                       why="It corrects both parts by the product up to this step; the part of m "
                           "belongs to the next one.",
                       do="Divide m's part by 1 - product * mu_next. What is returned stays "
                          "without mu_next.")
_BOTH_NEXT = Mistake("both with the next", _rule(parts=_parts(_next, _next)), ask=_DIVIDED,
                     why="The gradient's part is corrected by the next momentum as well.",
                     do="Divide the gradient's part by 1 minus the product up to this step.")

_SHARED = (  # by the exercise that writes the rule and the one that mends it
    Mistake("products swapped", _rule(parts=_parts(_now, _next)), ask=_DIVIDED,
            why="It divides m's part by the product without the next momentum, and the "
                "gradient's by the one with it.", do="Exchange the two."),
    Mistake("gradient by the next momentum", _rule(parts=_gradient_by_next),
            ask="Which number weighs the present gradient's own part?",
            why="The gradient's own part has the weight 1 - mu_next.", do="Put 1 - mu there."),
    Mistake("no half", _rule(momentum=lambda t, beta1, psi: beta1 * (1 - 0.96**(t * psi))),
            ask="What is mu at momentum_decay 0?", why="The half before the power is missing.",
            do="Write `beta1 * (1 - 0.5 * 0.96 ** (t * momentum_decay))`."),
    Mistake("no power", _rule(momentum=lambda t, beta1, psi: beta1 * (1 - 0.5 * 0.96 * t * psi)),
            ask="What stands in the power of 0.96?", why="0.96 is multiplied by t and the decay; "
            "they are its power.",
            do="Write `0.96 ** (t * momentum_decay)`."),
    Mistake("default decay", _rule(momentum=lambda t, beta1, psi: _mu(t, beta1, 4e-3)),
            ask="What does momentum_decay change in yours?",
            why="It has torch's default in the place of momentum_decay.",
            do="Use `momentum_decay`."),
    Mistake("v before m", _v_before_m,
            ask="What does it return, in which order, and how does it take that back?",
            why="It returns v before m; the next step takes one for the other.",
            do="Return `p, m, v, mu_product`."),
    Mistake("one momentum for a product", _rule(parts=_own_momenta),
            "Each part is divided by 1 minus one momentum, not the product of all so far.",
            _DIVIDED,
            "Multiply all momenta up to this step, and for m the next one too."),
)
_IMPLEMENT = (
    *_SHARED,
    _SIGN,
    _EPS_INSIDE,
    Mistake("no eps", _rule(spread=lambda v, eps: np.sqrt(v)), ask=_BELOW,
            why="It leaves eps out.", do=_ADD_EPS),
    Mistake("no root", _rule(spread=lambda v, eps: v + eps), ask=_BELOW,
            why="It divides by the mean square itself.", do="Take its root."),
    Mistake("old momentum", _rule(memory=lambda old, new: old), ask=_AHEAD,
            why="It takes the old m: that is no look-ahead.",
            do="Put this step's m in its place."),
    Mistake("no look-ahead", _rule(memory=lambda old, new: old, parts=_no_lead), ask=_AHEAD,
            why="That is the mean of this step, with the old m.",
            do="Put mu_next times the new m in its place, with a correction of its own."),
    Mistake("no look-ahead, new m", _rule(parts=_no_lead), ask=_AHEAD,
            why="It weighs m by this step's mu, and divides both parts by the same.",
            do="m's part has mu_next, above the line and in the product below."),
    Mistake("momenta swapped", _rule(steps=(1, 0)), ask="At which t is mu, and at which mu_next?",
            why="mu and mu_next have changed places.",
            do="m belongs to the next step, g to this one."),
    Mistake("this step's momentum", _rule(parts=_parts(_next, _now, lambda mu, mu_next: mu)),
            ask=_AHEAD, why="It weighs m by this step's mu.",
            do="In the look-ahead m belongs to the next step: mu_next."),
    Mistake("weighed by beta1", _rule(parts=_by_beta1), ask=_AHEAD,
            why="It weighs m by beta1 and g by 1 - beta1, as Nesterov's momentum without a "
                "schedule does.", do="Put mu_next for the one and 1 - mu for the other."),
    _FORGOTTEN,
    _ONE_PRODUCT,
    _BOTH_NEXT,
    _AVERAGED,
    Mistake("corrected by beta1", _rule(parts=_PLAIN_PARTS), ask=_DIVIDED,
            why="It corrects by powers of beta1, as Adam does.",
            do="Here the product of the mu takes their place."),
    Mistake("no schedule", _rule(parts=_unscheduled),
            ask="What does momentum_decay change in yours?",
            why="That is Nesterov's momentum with a constant beta1.",
            do="Torch's step has mu and mu_next instead."),
    Mistake("m's part alone", _rule(parts=_m_alone), ask="How many parts has the step?",
            why="The present gradient's own part is missing.",
            do="Add (1 - mu) g / (1 - product)."),
    Mistake("m in both parts", _rule(parts=_m_twice), ask="How many parts has the step?",
            why="m stands in both parts.", do="The second one is the present gradient's own."),
    Mistake("gradient's part by beta1", _rule(parts=_gradient_by_beta1),
            ask="Which number weighs the present gradient's own part?",
            why="The gradient's own part has the weight 1 - beta1.", do="Put 1 - mu there."),
    Mistake("powers of mu", _rule(parts=_powers), ask=_DIVIDED,
            why="It corrects by powers of the latest mu; each step had a mu of its own.",
            do="Multiply them up, in the product that you hand on."),
    _LATE,
    _EARLY,
    _NOT_FED,
    _FED_NEXT,
    Mistake("v not corrected", _rule(v_power=lambda beta2, t: 0.0), ask=_BELOW,
            why="v is not corrected for its start at 0.",
            do="Divide it by 1 - beta2**t, as in Adam."),
    Mistake("Adam", _rule(parts=_adam),
            ask="What would the step be if the present gradient counted once more?",
            why="That is Adam still: it does not look ahead.",
            do="Step along two parts, m's and the gradient's, each with a correction of its own."),
    Mistake("gradient whole", _rule(parts=_gradient_whole),
            "The gradient's part is not weighed by 1 - mu.",
            _AHEAD,
            "Multiply g by 1 - mu before you divide."),
    Mistake("m corrected as well", _rule(parts=_corrected_too),
            "m is corrected twice, by beta1 and by the product.",
            _DIVIDED,
            "Leave 1 - beta1**t out."),
    Mistake("Adam's look ahead", _rule(parts=_adam_ahead),
            "It looks ahead by beta1: that is the simple form, without a schedule.",
            _AHEAD,
            "Weigh by mu and the next mu, and divide by their products."),
)

_MEND = (*_SHARED, _FED_NEXT, _NOT_FED, _ONE_PRODUCT, _BOTH_NEXT, _AVERAGED, _FORGOTTEN, _LATE,
         _SIGN, _EPS_INSIDE,
         Mistake("beta1 for mu", _rule(momentum=lambda t, beta1, psi: beta1),
                 ask="What does momentum_decay change in yours?",
                 why="It has beta1 for every momentum.", do="Leave the two momenta as they were."),
         Mistake("corrected by beta1", _rule(parts=_by_powers), ask=_DIVIDED,
                 why="It corrects by powers of beta1; the momenta are not beta1.",
                 do="Keep the products: only what is returned is wrong."))


def _on_momenta(total):
    """Return a function of (t, beta1, momentum_decay) from one of the mu_1 … mu_{t+1}."""
    def answer(t, beta1, momentum_decay):
        t = int(t)
        mu = [_mu(k, beta1, momentum_decay) for k in range(1, t + 2)]
        return total(mu, math.prod(mu[:t]), math.prod(mu), beta1, t)
    return answer


def _total(mu, now, after, beta1, t):
    return mu[t] * (1 - now) / (1 - after) + (1 - mu[t - 1]) / (1 - now)


def _late_total(t, beta1, psi):
    mu = [_mu(k, beta1, psi) for k in range(int(t) + 1)]
    return _total(mu, math.prod(mu[:-1]), math.prod(mu), beta1, int(t))


_FULL = "What do the weights in m alone add up to?"
_CORRECTIONS = "By what is each of the two parts divided?"
_TOTAL = (
    Mistake("m averaged by beta1", _on_momenta(
        lambda mu, now, after, beta1, t:
        mu[t] * (1 - beta1**t) / (1 - after) + (1 - mu[t - 1]) / (1 - now)), ask=_FULL,
        why="That is torch's sum, from the theorem.",
        do="Averaged by the mu, the weights in m add up to 1 minus their product."),
    Mistake("one", _on_momenta(lambda mu, now, after, beta1, t: 1.0),
            ask="What does the formula give for the first step?",
            why="That is the limit; the first sums are more than 1.",
            do="Add up both parts at step t."),
    Mistake("no correction", _on_momenta(
        lambda mu, now, after, beta1, t: mu[t] * (1 - now) + 1 - mu[t - 1]), ask=_CORRECTIONS,
        why="Both parts are as they are before their corrections.",
        do="Divide m's part by 1 - Π of t + 1, the gradient's by 1 - Π of t."),
    Mistake("one product for both", _on_momenta(
        lambda mu, now, after, beta1, t: mu[t] + (1 - mu[t - 1]) / (1 - now)), ask=_CORRECTIONS,
        why="It divides the part of m by 1 minus the product up to this step.",
        do="The product below m's part includes the next momentum."),
    Mistake("both with the next", _on_momenta(
        lambda mu, now, after, beta1, t: (mu[t] * (1 - now) + 1 - mu[t - 1]) / (1 - after)),
        ask=_CORRECTIONS, why="It divides the gradient's part by a product with the next momentum.",
        do="Below the gradient's part the product ends with this step."),
    Mistake("products swapped", _on_momenta(
        lambda mu, now, after, beta1, t:
        mu[t] * (1 - now) / (1 - now) + (1 - mu[t - 1]) / (1 - after)), ask=_CORRECTIONS,
        why="The two divisors stand in each other's place.", do="Exchange them."),
    Mistake("without products", _on_momenta(
        lambda mu, now, after, beta1, t: mu[t] + 1 - mu[t - 1]),
        ask="What does the formula give for the first step?",
        why="That is near the limit, where both products are 0.", do="Keep the products."),
    Mistake("gradient by the next momentum", _on_momenta(
        lambda mu, now, after, beta1, t: mu[t] * (1 - now) / (1 - after) + (1 - mu[t]) / (1 - now)),
        ask="By which momentum is each part weighed?",
        why="It weighs the gradient's part by 1 - mu of the next step.",
        do="The present gradient has the weight 1 - mu of this step."),
    Mistake("m full", _on_momenta(
        lambda mu, now, after, beta1, t: mu[t] / (1 - after) + (1 - mu[t - 1]) / (1 - now)),
        ask=_FULL, why="It takes m to be full.",
        do="Its weights add up to 1 minus the product of the mu so far."),
    Mistake("gradient's part forgotten", _on_momenta(
        lambda mu, now, after, beta1, t: mu[t] * (1 - now) / (1 - after)),
        ask="How many parts has the step?", why="The present gradient's own part is missing.",
        do="Add (1 - mu) / (1 - Π), at this step's mu and Π."),
    Mistake("this step's momentum", _on_momenta(
        lambda mu, now, after, beta1, t:
        mu[t - 1] * (1 - now) / (1 - after) + (1 - mu[t - 1]) / (1 - now)),
        ask="By which momentum is each part weighed?", why="It weighs m by this step's mu.",
        do="m is weighed by the next momentum."),
    Mistake("t off by one", _late_total, ask="Which are the mu of the first step?",
            why="Its momenta begin with mu at t = 0.", do="They are those of 1 to t + 1."),
    Mistake("powers of mu", _on_momenta(
        lambda mu, now, after, beta1, t:
        mu[t] * (1 - mu[t - 1]**t) / (1 - mu[t]**(t + 1)) + (1 - mu[t - 1]) / (1 - mu[t - 1]**t)),
        ask="Is every step's mu the same?", why="It has powers of one mu for the products.",
        do="Multiply up the mu of all steps."),
    Mistake("memory's part forgotten",
            _on_momenta(lambda mu, now, after, beta1, t: (1 - mu[t - 1]) / (1 - now)),
            "That is the gradient's part alone.",
            _CORRECTIONS,
            "Add the part of m."),
)


def _first(size):
    """Return the first point, from 0, from the size of the step in units of lr."""
    def answer(lr, beta1, momentum_decay, g):
        return -np.sign(g) * lr * size(
            beta1, *(_mu(t, beta1, momentum_decay) for t in (1, 2)))
    return answer


def _first_size(beta1, mu1, mu2):
    return 1 + mu2 * (1 - beta1) / (1 - mu1 * mu2)


_SIDE = "On which side of 0 does it end if g is negative?"
_M_FIRST = "What is m at the first step, and what becomes of it in the step?"
_FIRST = (
    Mistake("sign", lambda lr, beta1, psi, g: -_first(_first_size)(lr, beta1, psi, g), ask=_SIDE,
            why="The size is right, and it climbs.", do="Go against the gradient."),
    Mistake("Adam", _first(lambda beta1, mu1, mu2: 1.0), ask="How many parts has the step?",
            why="That is Adam's first step, and the gradient's part of this one.",
            do="Add m's part."),
    Mistake("m's part alone", _first(lambda beta1, mu1, mu2: mu2 * (1 - beta1) / (1 - mu1 * mu2)),
            ask="How many parts has the step?", why="That is m's part alone.",
            do="Add the gradient's own: (1 - mu) g / (1 - mu), which is g."),
    Mistake("m averaged by mu", _first(
        lambda beta1, mu1, mu2: 1 + mu2 * (1 - mu1) / (1 - mu1 * mu2)), ask=_M_FIRST,
        why="It averages m by mu, as the method is usually stated.",
        do="In torch the first m is (1 - beta1) g."),
    Mistake("m full", _first(lambda beta1, mu1, mu2: 1 + mu2 / (1 - mu1 * mu2)), ask=_M_FIRST,
            why="It takes m to be g.", do="The first m is (1 - beta1) g."),
    Mistake("product of one", _first(lambda beta1, mu1, mu2: 1 + mu2 * (1 - beta1) / (1 - mu1)),
            ask=_M_FIRST, why="It divides m's part by 1 minus the first momentum alone.",
            do="Divide it by 1 minus the product of both."),
    Mistake("product of the other", _first(
        lambda beta1, mu1, mu2: 1 + mu2 * (1 - beta1) / (1 - mu2)), ask=_M_FIRST,
        why="It divides m's part by 1 minus the second momentum alone.",
        do="Divide it by 1 minus the product of both."),
    Mistake("square of the other", _first(
        lambda beta1, mu1, mu2: 1 + mu2 * (1 - beta1) / (1 - mu2**2)), ask=_M_FIRST,
        why="It divides m's part by 1 minus the square of one momentum.",
        do="Divide it by 1 minus the product of both."),
    Mistake("lr alone", lambda lr, beta1, psi, g: -lr, ask=_SIDE,
            why="That is Adam's first step for a positive gradient.",
            do="Add m's part, and go against the sign of g."),
    Mistake("this step's momentum", _first(
        lambda beta1, mu1, mu2: 1 + mu1 * (1 - beta1) / (1 - mu1 * mu2)), ask=_M_FIRST,
        why="It weighs m by the first momentum.", do="m is weighed by the next one."),
    Mistake("no correction", _first(lambda beta1, mu1, mu2: 1 - mu1 + mu2 * (1 - beta1)),
            ask=_CORRECTIONS, why="Neither part is corrected.",
            do="Divide m's part by 1 - mu1 mu2, the gradient's by 1 - mu1."),
    Mistake("no sign", lambda lr, beta1, psi, g: lr * _first_size(
        beta1, _mu(1, beta1, psi), _mu(2, beta1, psi)), ask=_SIDE,
        why="That is how far it goes, not on which side of 0 it ends.",
        do="Go against the sign of g."),
    Mistake("scaled by the gradient", lambda lr, beta1, psi, g: -g * lr * _first_size(
        beta1, _mu(1, beta1, psi), _mu(2, beta1, psi)),
        ask="What is the root of the corrected v at the first step?",
        why="It is proportional to g, which stands above the line and below.",
        do="Divide by the root, abs(g): the sign is left."),
    Mistake("beta1 for mu", _first(
        lambda beta1, mu1, mu2: 1 + beta1 * (1 - beta1) / (1 - beta1**2)),
        ask="What does momentum_decay change in yours?", why="It puts beta1 for both momenta.",
        do="Take mu at t = 1 and at t = 2: they begin at about half of beta1 and grow."),
    Mistake("t off by one", lambda lr, beta1, psi, g: -np.sign(g) * lr * _first_size(
        beta1, _mu(0, beta1, psi), _mu(1, beta1, psi)), ask=_AT_T,
        why="Its momenta are one step late.", do="The first is mu at t = 1."),
    Mistake("one momentum", _first(lambda beta1, mu1, mu2: 1 + mu1 * (1 - beta1) / (1 - mu1**2)),
            "It takes the first momentum for the next one as well.",
            _M_FIRST,
            "Weigh m by the mu at t = 2, and put both into the product."),
    Mistake("gradient's part not corrected",
            _first(lambda beta1, mu1, mu2: 1 - mu1 + mu2 * (1 - beta1) / (1 - mu1 * mu2)),
            "The gradient's part is not divided by 1 minus the product.",
            "By what is each of the two parts divided?",
            "Divide 1 - mu by 1 - mu: at the first step it is 1."),
)


def _there(power):
    """Return a momentum_decay from the power of 0.96 that is to be reached, and by what."""
    return lambda share, steps, start: power(share, start) / (steps * math.log(0.96))


def _when(share, start):
    return math.log((1 - share) / (1 - start))


_SOLVED = "Put your momentum_decay into mu: which share of beta1 is it after these steps?"
_LOGS = "Which number is raised to which power, and what does a logarithm make of it?"
_REACH = (
    Mistake("start forgotten", _there(lambda share, start: math.log(1 - share)), ask=_SOLVED,
            why="It leaves out the factor before the power.", do="Divide by 1 - start first."),
    Mistake("one half", _there(lambda share, start: math.log(2 * (1 - share))), ask=_SOLVED,
            why="That is for torch's schedule, which starts at a half.",
            do="Put 1 - start for the half before the power."),
    Mistake("start for its rest", _there(lambda share, start: math.log((1 - share) / start)),
            ask="What is mu at t = 0 in yours?",
            why="It has start where 1 - start belongs.", do="Divide 1 - share by 1 - start."),
    Mistake("product", _there(lambda share, start: math.log((1 - share) * (1 - start))),
            ask=_SOLVED, why="It multiplies by 1 - start, which stood before the power.",
            do="Divide by it."),
    Mistake("share for what is missing", _there(lambda share, start: math.log(share / start)),
            ask=_SOLVED, why="That is for a mu that grows by a factor; here what is missing "
                             "shrinks by one.", do="Take 1 minus both."),
    Mistake("upside down", _there(lambda share, start: math.log((1 - start) / (1 - share))),
            ask="Is what you return positive?", why="The number is right and negative.",
            do="Both logarithms are of numbers below 1: do not turn one of them."),
    Mistake("no logarithm", _there(lambda share, start: (1 - share) / (1 - start)), ask=_LOGS,
            why="It leaves out the logarithm on one side.",
            do="Take the logarithm of (1 - share) / (1 - start) too."),
    Mistake("base forgotten", lambda share, steps, start: -_when(share, start) / steps, ask=_LOGS,
            why="It takes e for the base of the power.",
            do="The base is 0.96: divide by its logarithm."),
    Mistake("root for logarithm", lambda share, steps, start:
            ((1 - share) / (1 - start))**(1 / steps) / 0.96, ask=_LOGS,
            why="It takes a root, which gives another base and no momentum_decay.",
            do="Take logarithms and solve for the power."),
    Mistake("steps forgotten", lambda share, steps, start: _when(share, start) / math.log(0.96),
            ask="Does a longer training want a larger momentum_decay?",
            why="That is the power, momentum_decay times the steps.", do="Divide by the steps."),
    Mistake("steps above", lambda share, steps, start:
            steps * _when(share, start) / math.log(0.96),
            ask="Does a longer training want a larger momentum_decay?",
            why="It multiplies by the steps.", do="Divide by them."),
    Mistake("upside down in all", lambda share, steps, start:
            steps * math.log(0.96) / _when(share, start),
            ask="Does a longer training want a larger momentum_decay?",
            why="It is upside down.", do="The steps and log 0.96 belong below the line."),
    Mistake("missing brackets",
            lambda share, steps, start:
                math.log((1 - share) / (1 - start)) / steps * math.log(0.96),
            "`a / steps * log` multiplies by the logarithm.",
            "What does Python divide by, and what does it multiply by?",
            "Put brackets around `steps * log(0.96)`."),
    Mistake("no logarithm below",
            lambda share, steps, start: math.log((1 - share) / (1 - start)) / (steps * 0.96),
            "It divides by 0.96 itself.",
            _LOGS,
            "Divide by its logarithm."),
    Mistake("the way for the rest",
            lambda share, steps, start:
                math.log((share - start) / (1 - start)) / (steps * math.log(0.96)),
            "Its quotient is the way that has been gone; the power of 0.96 is what remains of it.",
            "What does the power of 0.96 shrink to: the gap that is left, or the way gone?",
            "Put 1 - share above."),
)


def _noise(beta1, mu):
    """Return the variance of NAdam's mean of independent gradients of variance 1."""
    return (1 - mu * beta1)**2 + (mu * beta1)**2 * (1 - beta1) / (1 + beta1)


def _quiet(variance):
    """Return the beta1 whose mean in Adam has this variance."""
    return (1 - variance) / (1 + variance)


def _twin(variance):
    return lambda beta1, mu: _quiet(variance(beta1, mu))


_ADAM_IS = "What is Adam's variance, and which beta solves it?"
_OF_NADAM = "Which variance do you ask Adam to have?"
_TWIN = (
    Mistake("equal age", lambda beta1, mu: mu * beta1 / (1 - beta1 + mu * beta1),
            ask="What do the two have in common, in yours?",
            why="That Adam's mean is as old; it is less noisy.",
            do="Set the variances equal, not the ages."),
    Mistake("the variance", _noise, ask="What is asked for: a variance, or a beta?",
            why="That is the variance of NAdam's mean.",
            do="Solve (1 - beta) / (1 + beta) = variance for beta."),
    Mistake("half", lambda beta1, mu: mu, ask=_ADAM_IS,
            why="That is the weight of the memory in the look-ahead.",
            do="Solve (1 - beta) / (1 + beta) = NAdam's variance."),
    Mistake("product", lambda beta1, mu: beta1 * mu, ask=_ADAM_IS,
            why="In that Adam the present gradient weighs as much, and the rest is spread "
                "otherwise.", do="Solve (1 - beta) / (1 + beta) = NAdam's variance."),
    Mistake("unchanged", lambda beta1, mu: beta1, ask=_OF_NADAM,
            why="That would be so with mu = 1.", do="Put mu into the variance."),
    Mistake("weight for variance", lambda beta1, mu: 1 - _noise(beta1, mu), ask=_ADAM_IS,
            why="It takes 1 - beta for Adam's variance: that is a weight.",
            do="Adam's variance is (1 - beta) / (1 + beta)."),
    Mistake("root of the variance", lambda beta1, mu: 1 - math.sqrt(_noise(beta1, mu)),
            ask=_ADAM_IS,
            why="It counts the present gradient's square alone in Adam's variance.",
            do="All squares of the weights add up to (1 - beta) / (1 + beta)."),
    Mistake("first square alone", _twin(lambda beta1, mu: (1 - mu * beta1)**2), ask=_OF_NADAM,
            why="It leaves the older gradients out of NAdam's variance.",
            do="Add the second term."),
    Mistake("older ones alone",
            _twin(lambda beta1, mu: (mu * beta1)**2 * (1 - beta1) / (1 + beta1)), ask=_OF_NADAM,
            why="It leaves the present gradient out of NAdam's variance.",
            do="Add the first term."),
    Mistake("mu once", _twin(lambda beta1, mu: (1 - mu * beta1)**2
                             + mu * beta1**2 * (1 - beta1) / (1 + beta1)), ask=_OF_NADAM,
            why="It has mu unsquared in the older gradients' part.", do="Square it."),
    Mistake("turned", lambda beta1, mu: -_quiet(_noise(beta1, mu)), ask=_ADAM_IS,
            why="The number is right and negative.", do="Beta is (1 - V) / (1 + V)."),
    Mistake("solved wrongly", lambda beta1, mu: (1 - _noise(beta1, mu)) / _noise(beta1, mu),
            ask=_ADAM_IS, why="Put it back: its variance is another.",
            do="From 1 - beta = V (1 + beta) it is beta = (1 - V) / (1 + V)."),
    Mistake("mu for mu beta1",
            _twin(lambda beta1, mu: (1 - mu)**2 + mu**2 * (1 - beta1) / (1 + beta1)),
            "It has mu where mu times beta1 belongs.",
            _OF_NADAM,
            "Read the variance once more: m holds beta1 as well."),
    Mistake("deviation", _twin(lambda beta1, mu: math.sqrt(_noise(beta1, mu))),
            "It makes the deviations equal to a variance.",
            _OF_NADAM,
            "Take the variance, without a root."),
    Mistake("squares forgotten",
            _twin(lambda beta1, mu: 1 - mu * beta1 + mu * beta1 * (1 - beta1) / (1 + beta1)),
            "The weights are not squared.",
            "With which power does a weight enter a variance?",
            "Square both weights."),
    Mistake("one square forgotten",
            _twin(lambda beta1, mu: (1 - mu * beta1)**2 + mu * beta1 * (1 - beta1) / (1 + beta1)),
            "One of the two weights is not squared.",
            "With which power does a weight enter a variance?",
            "Square both weights."),
)

_STATE = "the new point and the state, p, m, v, mu_product"
EXERCISES = {
    "total": Exercise(
        _on_momenta(_total),
        on((1, 0.9, 4e-3), (2, 0.9, 4e-3), (5, 0.6, 1.0), (3, 0.99, 0.1)), _TOTAL),
    "first_step": Exercise(
        _first(_first_size),
        on((2e-3, 0.9, 4e-3, 3.0), (0.1, 0.5, 1.0, -0.1), (1.0, 0.99, 0.1, 10.0)), _FIRST),
    "implement": Exercise(_rule(), _DRIVEN, _IMPLEMENT, gives=_STATE),
    "mend": Exercise(_rule(), _DRIVEN, _MEND, gives=_STATE),
    "reach": Exercise(_there(_when), on((0.99, 100, 0.5), (0.75, 1000, 0.2), (0.9, 30, 0.1),
                                        (0.8, 1, 0.6)), _REACH),
    "twin": Exercise(_twin(_noise), on((0.9, 0.45), (0.9, 0.9), (0.99, 0.3), (0.5, 0.7)), _TWIN),
}

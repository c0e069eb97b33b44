"""The exercises of the Adamax chapter."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on

__all__ = ["EXERCISES"]


def _rule(top=lambda u, g, m, beta2, eps, t: np.maximum(beta2 * u, np.abs(g) + eps),
          mean=lambda m, g, beta1: beta1 * m + (1 - beta1) * g, sign=-1.0,
          divisor=lambda u, eps: u, m_power=lambda beta1, beta2, t: beta1**t,
          kept=lambda p, m, u: (p, m, u)):
    """Return Adamax from its maximum, its mean, what it divides by and what it hands on."""
    def rule(p, g, t, m=0.0, u=0.0, *, lr, beta1, beta2, eps):
        m = mean(m, g, beta1)
        u = top(u, g, m, beta2, eps, t)
        step = lr / (1 - m_power(beta1, beta2, t)) * m / divisor(u, eps)
        return kept(p + sign * step, m, u)
    return rule


def _adam(p, g, t, m=0.0, u=0.0, *, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    u = beta2 * u + (1 - beta2) * g**2
    return p - lr * m / (1 - beta1**t) / (np.sqrt(u / (1 - beta2**t)) + eps), m, u


def _adam_plain(p, g, t, m=0.0, u=0.0, *, lr, beta1, beta2, eps):
    m = beta1 * m + (1 - beta1) * g
    u = beta2 * u + (1 - beta2) * g**2
    return p - lr * m / (1 - beta1**t) / (np.sqrt(u) + eps), m, u


_DRIVEN = drive({"lr": 0.1, "beta1": 0.9, "beta2": 0.9, "eps": 0.1},
                {"lr": 0.5, "beta1": 0.6, "beta2": 0.5, "eps": 1e-3})
_TWO = "Which two numbers does the maximum choose from?"
_WHERE = "Where does torch put eps, and how often does it come in?"
_DIVIDED = "By what is the mean of gradients divided before the step, and by what u?"
_PUT_EPS = "Write `u = np.maximum(beta2 * u, np.abs(g) + eps)`."

_SHARED = (
    Mistake("sign", _rule(sign=1.0), ask="Does the loss fall along its step?",
            why="It climbs: it adds the step.", do="Take the step from p."),
    Mistake("nothing fades", _rule(top=lambda u, g, m, beta2, eps, t:
                                   np.maximum(u, np.abs(g) + eps)),
            ask=_TWO, why="Its maximum never fades: it is the largest gradient so far.",
            do="Multiply the old u by beta2."),
    Mistake("eps added after", _rule(top=lambda u, g, m, beta2, eps, t:
                                     np.maximum(beta2 * u, np.abs(g)),
                                     divisor=lambda u, eps: u + eps),
            ask=_WHERE, why="It adds eps to u in the step, as Keras does.", do=_PUT_EPS),
    Mistake("no eps", _rule(top=lambda u, g, m, beta2, eps, t: np.maximum(beta2 * u, np.abs(g))),
            ask=_WHERE, why="It leaves eps out, as the paper does.", do=_PUT_EPS),
    Mistake("eps twice", _rule(divisor=lambda u, eps: u + eps), ask=_WHERE,
            why="eps comes in twice: in the maximum, and in the step.",
            do="Divide by u alone."),
    Mistake("fades at once", _rule(top=lambda u, g, m, beta2, eps, t:
                                   beta2 * np.maximum(u, np.abs(g) + eps)),
            ask="What is u at the very first step?",
            why="It multiplies the new gradient by beta2 as well.",
            do="Only the old u fades."),
    Mistake("u corrected", _rule(top=lambda u, g, m, beta2, eps, t: np.maximum(
        beta2 * u, np.abs(g) + eps), kept=lambda p, m, u: (p, m, u),
        m_power=lambda beta1, beta2, t: 1 - (1 - beta1**t) / (1 - beta2**t)),
            ask=_DIVIDED, why="It corrects u for its start at 0, as Adam corrects v.",
            do="A maximum needs no correction: divide by u."),
    Mistake("m not corrected", _rule(m_power=lambda beta1, beta2, t: 0.0), ask=_DIVIDED,
            why="m is not corrected for its start at 0.", do="Divide it by 1 - beta1**t."),
    Mistake("m corrected by beta2", _rule(m_power=lambda beta1, beta2, t: beta2**t),
            ask=_DIVIDED, why="It corrects m by beta2.", do="Divide m by 1 - beta1**t."),
    Mistake("m corrected once", _rule(m_power=lambda beta1, beta2, t: beta1), ask=_DIVIDED,
            why="It divides by 1 - beta1 at every step.", do="Raise beta1 to the power t."),
    Mistake("maximum of m", _rule(top=lambda u, g, m, beta2, eps, t: np.maximum(
        beta2 * u, np.abs(m) + eps)), ask=_TWO,
            why="It takes the size of the mean for that of the gradient.",
            do="Put `np.abs(g)` into the maximum."),
    Mistake("no size", _rule(top=lambda u, g, m, beta2, eps, t: np.maximum(beta2 * u, g + eps)),
            ask="What if the gradient is negative?", why="It forgets negative gradients.",
            do="Take `np.abs(g)`."),
    Mistake("one u for all", _rule(top=lambda u, g, m, beta2, eps, t: np.max(np.maximum(
        beta2 * u, np.abs(g) + eps)) + 0 * g), ask="Has each entry a u of its own?",
            why="It takes one maximum over all entries.", do="Use `np.maximum`, entry by entry."),
    Mistake("a mean for the maximum", _rule(top=lambda u, g, m, beta2, eps, t:
                                            beta2 * u + (1 - beta2) * (np.abs(g) + eps)),
            ask=_TWO, why="It takes a mean of sizes.", do="Take the larger of the two."),
    Mistake("weight of a mean", _rule(top=lambda u, g, m, beta2, eps, t:
                                      np.maximum(beta2 * u, (1 - beta2) * (np.abs(g) + eps))),
            ask=_TWO, why="It weighs the new gradient by 1 - beta2, as a mean does.",
            do="A maximum takes the new one whole."),
    Mistake("weight of a mean, eps whole", _rule(top=lambda u, g, m, beta2, eps, t:
                                                 np.maximum(beta2 * u,
                                                            (1 - beta2) * np.abs(g) + eps)),
            ask=_TWO, why="It weighs the new gradient by 1 - beta2, as a mean does.",
            do="A maximum takes the new one whole."),
    Mistake("a sum for the maximum", _rule(top=lambda u, g, m, beta2, eps, t:
                                           beta2 * u + np.abs(g) + eps),
            ask=_TWO, why="It adds the two.", do="Take the larger of the two."),
    Mistake("the smaller", _rule(top=lambda u, g, m, beta2, eps, t: np.minimum(
        np.where(u == 0, np.inf, beta2 * u), np.abs(g) + eps)), ask=_TWO,
            why="It takes the smaller of the two.", do="Use `np.maximum`."),
    Mistake("squares in the maximum", _rule(top=lambda u, g, m, beta2, eps, t: np.maximum(
        beta2 * u, g**2 + eps)), ask=_TWO, why="It takes the gradient's square for its size.",
            do="Take `np.abs(g)`."),
    Mistake("largest square", _rule(top=lambda u, g, m, beta2, eps, t: np.maximum(
        beta2 * u, g**2), divisor=lambda u, eps: np.sqrt(u) + eps), ask=_TWO,
            why="Its maximum is of squares, and fades by beta2 before the root.",
            do="Take sizes, not squares, and no root."),
    Mistake("u before m", _rule(kept=lambda p, m, u: (p, u, m)),
            ask="What does it return, in which order, and how does it take that back?",
            why="It returns u before m; the next step takes one for the other.",
            do="Return `p, m, u`."),
    Mistake("betas swapped", _rule(
        top=lambda u, g, m, beta2, eps, t: np.maximum(beta2 * u, np.abs(g) + eps),
        mean=lambda m, g, beta1: (1 - beta1) * m + beta1 * g),
            ask="Which number keeps the old m?",
            why="It keeps 1 - beta1 of the old mean.", do="Keep beta1 of m, and 1 - beta1 of g."),
)


def _added_up(ask):
    return Mistake(
        "eps added up", _rule(top=lambda u, g, m, beta2, eps, t: np.maximum(
            beta2 * u, np.abs(g)) + eps), ask=ask,
        why="eps stands outside the maximum but stays in u: it is added again at every step.",
        do=_PUT_EPS)


_IMPLEMENT = (
    Mistake("Adam", _adam, ask="What is the size of the gradients in yours?",
            why="That is Adam still: a root of a mean of squares.",
            do="Put a fading maximum in its place, without a correction."),
    Mistake("Adam, v not corrected", _adam_plain, ask="What is the size of the gradients in yours?",
            why="It is still a root of a mean of squares.",
            do="Put a fading maximum in its place."),
    _added_up(_WHERE),
    *_SHARED,
)


def _right_second(lr, beta1, beta2, g1, g2):
    return -lr * (beta1 * g1 + g2) / (1 + beta1) / max(beta2 * abs(g1), abs(g2))


_MEANS = "What is the corrected mean after two gradients?"
_TOP = "What is u after two gradients?"
_SECOND = (
    Mistake("sign", lambda lr, beta1, beta2, g1, g2: -_right_second(lr, beta1, beta2, g1, g2),
            ask="Which way does it go if both are positive?", why="It climbs.",
            do="Go against the mean."),
    Mistake("first faded not", lambda lr, beta1, beta2, g1, g2:
            -lr * (beta1 * g1 + g2) / (1 + beta1) / max(abs(g1), abs(g2)), ask=_TOP,
            why="The first gradient has not faded in the maximum.", do="Multiply it by beta2."),
    Mistake("the second alone", lambda lr, beta1, beta2, g1, g2:
            -lr * (beta1 * g1 + g2) / (1 + beta1) / abs(g2), ask=_TOP,
            why="It divides by the second gradient, whatever the first was.",
            do="Take the larger of it and beta2 times the first."),
    Mistake("mean not corrected", lambda lr, beta1, beta2, g1, g2:
            -lr * (1 - beta1) * (beta1 * g1 + g2) / max(beta2 * abs(g1), abs(g2)), ask=_MEANS,
            why="The mean is not corrected.", do="Divide it by 1 - beta1**2."),
    Mistake("corrected once", lambda lr, beta1, beta2, g1, g2:
            -lr * (beta1 * g1 + g2) / max(beta2 * abs(g1), abs(g2)), ask=_MEANS,
            why="It corrects as at the first step.", do="Divide the mean by 1 - beta1**2."),
    Mistake("weights swapped", lambda lr, beta1, beta2, g1, g2:
            -lr * (g1 + beta1 * g2) / (1 + beta1) / max(beta2 * abs(g1), abs(g2)), ask=_MEANS,
            why="The older gradient has the larger weight.", do="It is the older that fades."),
    Mistake("first one whole", lambda lr, beta1, beta2, g1, g2:
            -lr * (beta1 * g1 + (1 - beta1) * g2) / (1 - beta1**2)
            / max(beta2 * abs(g1), abs(g2)), ask=_MEANS,
            why="The first gradient enters the mean with weight 1.",
            do="Both enter it with 1 - beta1."),
    Mistake("plain mean", lambda lr, beta1, beta2, g1, g2:
            -lr * (g1 + g2) / 2 / max(beta2 * abs(g1), abs(g2)), ask=_MEANS,
            why="It weighs both gradients alike.", do="The older has beta1 times the weight."),
    Mistake("no memory", lambda lr, beta1, beta2, g1, g2:
            -lr * g2 / max(beta2 * abs(g1), abs(g2)), ask=_MEANS,
            why="It has the last gradient for the mean.", do="Both are in it."),
    Mistake("u corrected", lambda lr, beta1, beta2, g1, g2:
            (1 - beta2**2) * _right_second(lr, beta1, beta2, g1, g2), ask=_TOP,
            why="It corrects the maximum for its start at 0.", do="Leave u as it is."),
    Mistake("Adam", lambda lr, beta1, beta2, g1, g2:
            -lr * (beta1 * g1 + g2) / (1 + beta1) / math.sqrt((beta2 * g1**2 + g2**2)
                                                              / (1 + beta2)), ask=_TOP,
            why="That is Adam's second step.", do="Take a maximum for the root."),
    Mistake("where it stands", lambda lr, beta1, beta2, g1, g2:
            -lr * g1 / abs(g1) + _right_second(lr, beta1, beta2, g1, g2),
            ask="What is asked for: the step, or the point?",
            why="That is where both steps lead.", do="Leave the first step out."),
    Mistake("size of the step", lambda lr, beta1, beta2, g1, g2:
            lr * abs(beta1 * g1 + g2) / (1 + beta1) / max(beta2 * abs(g1), abs(g2)),
            ask="Which way does it go if both are positive?", why="That is its size.",
            do="Keep the sign, against the mean."),
)


def _memory(k, steps):
    return k**(-1 / steps)


_FADED = "What is left of the spike after that many steps?"
_FORGETS = (
    Mistake("one step", lambda k, steps: 1 / k, ask=_FADED,
            why="That forgets the spike in a single step.", do="Take the root: steps times."),
    Mistake("steps forgotten above", lambda k, steps: k**(1 / steps), ask="Is yours below 1?",
            why="It is upside down.", do="Turn the fraction over: beta2**steps = 1 / k."),
    Mistake("power for root", lambda k, steps: k**(-steps), ask=_FADED,
            why="It takes a power where a root belongs.", do="Take the power 1 / steps."),
    Mistake("first order", lambda k, steps: 1 - math.log(k) / steps, ask=_FADED,
            why="It is the first term of the right one, for small logarithms.",
            do="Take the exponential: exp(-log(k) / steps)."),
    Mistake("logarithm alone", lambda k, steps: math.log(k) / steps, ask=_FADED,
            why="That is minus the logarithm of beta2.", do="Take exp of minus it."),
    Mistake("as a mean", lambda k, steps: 1 - 1 / steps, ask="Does it depend on the spike?",
            why="That is a memory of so many steps, whatever the spike.",
            do="Solve k * beta2**steps = 1."),
    Mistake("of its square", lambda k, steps: k**(-2 / steps), ask=_FADED,
            why="That forgets its square in that time, as a mean of squares would.",
            do="Sizes fade by beta2: leave the 2 out."),
    Mistake("root of it", lambda k, steps: k**(-0.5 / steps), ask=_FADED,
            why="That is for the root of a mean, which fades by the root of beta2.",
            do="Sizes fade by beta2 itself."),
    Mistake("one step late", lambda k, steps: k**(-1 / (steps + 1)), ask=_FADED,
            why="It takes a step more.", do="k has become k * beta2**steps."),
    Mistake("one step early", lambda k, steps: k**(-1 / (steps - 1)), ask=_FADED,
            why="It takes a step less.", do="k has become k * beta2**steps."),
    Mistake("half", lambda k, steps: 0.5**(1 / steps), ask="Does it depend on the spike?",
            why="That halves it.", do="It must fall by k."),
)


def _power(k, p, beta2):
    return (beta2**p + (1 - beta2**p) * k**p)**(1 / p)


_WEIGHT = "With what weight does the new one enter, and what is left for the old ones?"
_POWER = (
    Mistake("no root", lambda k, p, beta2: beta2**p + (1 - beta2**p) * k**p,
            ask="Is it as large as a gradient, or as a power of one?", why="The root is missing.",
            do="Raise it to the power 1 / p."),
    Mistake("beta2 without its power", lambda k, p, beta2:
            (beta2 + (1 - beta2) * k**p)**(1 / p), ask=_WEIGHT,
            why="It weighs by beta2, as Adam does.", do="Here the old ones keep beta2**p."),
    Mistake("old ones forgotten", lambda k, p, beta2: ((1 - beta2**p) * k**p)**(1 / p),
            ask=_WEIGHT, why="It leaves out the long row of ones.", do="Add beta2**p."),
    Mistake("old ones whole", lambda k, p, beta2: (1 + (1 - beta2**p) * k**p)**(1 / p),
            ask=_WEIGHT, why="The ones have not faded.", do="Multiply them by beta2**p."),
    Mistake("weights swapped", lambda k, p, beta2:
            (1 - beta2**p + beta2**p * k**p)**(1 / p), ask=_WEIGHT,
            why="The two weights are swapped.", do="The new one has 1 - beta2**p."),
    Mistake("gradient without its power", lambda k, p, beta2:
            (beta2**p + (1 - beta2**p) * k)**(1 / p), ask="What is averaged?",
            why="It averages sizes, not their powers.", do="Raise k to the power p."),
    Mistake("mean", lambda k, p, beta2: beta2 + (1 - beta2) * k, ask="What is averaged?",
            why="That is the power 1.", do="Average powers, and take the root."),
    Mistake("squares", lambda k, p, beta2:
            math.sqrt(beta2**2 + (1 - beta2**2) * k**2), ask="What is averaged?",
            why="That is the power 2.", do="Put p in its place."),
    Mistake("square root", lambda k, p, beta2: math.sqrt(beta2**p + (1 - beta2**p) * k**p),
            ask="Which root undoes the power?", why="It takes the square root.",
            do="Take the p-th root."),
    Mistake("maximum", lambda k, p, beta2: max(k, beta2), ask="Is p without bound?",
            why="That is the limit of large p.", do="Average powers, and take the root."),
    Mistake("root of each", lambda k, p, beta2: beta2 + (1 - beta2**p)**(1 / p) * k,
            ask="May you take the root of a sum term by term?",
            why="It takes the root of each term by itself.", do="Add first."),
)


def _period(beta1, beta2, n):
    r = beta1 / beta2
    return (1 - beta1) / (1 - beta1**n) * (1 - r**n) / (1 - r)


_BETWEEN = "What are m and u, j steps after a gradient?"
_EARLIER = "What is left in m of the gradients before the last one?"
_RARE = (
    Mistake("lonely", lambda lr, beta1, beta2, n:
            lr * (1 - beta1) * beta2 / (beta2 - beta1), ask=_EARLIER,
            why="That is the way for one gradient that stays alone.",
            do="Count n steps, and the gradients before."),
    Mistake("earlier ones forgotten", lambda lr, beta1, beta2, n:
            lr * (1 - beta1) * (1 - (beta1 / beta2)**n) / (1 - beta1 / beta2), ask=_EARLIER,
            why="It leaves out what is left in m of the gradients before.",
            do="In the long run m has a factor 1 / (1 - beta1**n)."),
    Mistake("u stands still", lambda lr, beta1, beta2, n: lr, ask=_BETWEEN,
            why="It holds the maximum still between two gradients.",
            do="u has faded by beta2**j."),
    Mistake("u fades away", lambda lr, beta1, beta2, n:
            lr * (1 - beta1) / (1 - beta1**n), ask=_BETWEEN,
            why="It counts the step of the gradient itself, and none after.",
            do="Add up n steps."),
    Mistake("never ends", lambda lr, beta1, beta2, n:
            lr * (1 - beta1) / (1 - beta1**n) / (1 - beta1 / beta2),
            ask="How many steps are there to a period?",
            why="It adds up steps without end.", do="Stop after n: (1 - r**n) / (1 - r)."),
    Mistake("ratio upside down", lambda lr, beta1, beta2, n:
            lr * (1 - beta1) / (1 - beta1**n) * (1 - (beta2 / beta1)**n) / (1 - beta2 / beta1),
            ask=_BETWEEN, why="Its ratio of two steps is upside down.",
            do="A step is beta1 / beta2 times the one before."),
    Mistake("ratio beta1 beta2", lambda lr, beta1, beta2, n:
            lr * (1 - beta1) / (1 - beta1**n) * (1 - (beta1 * beta2)**n) / (1 - beta1 * beta2),
            ask=_BETWEEN, why="It multiplies by the fading of u.", do="Divide by it."),
    Mistake("root", lambda lr, beta1, beta2, n:
            lr * (1 - beta1) / (1 - beta1**n) * (1 - (beta1 / beta2**0.5)**n)
            / (1 - beta1 / beta2**0.5), ask=_BETWEEN,
            why="It fades u by the root of beta2, as Adam's root does.",
            do="u fades by beta2."),
    Mistake("per step", lambda lr, beta1, beta2, n: lr * _period(beta1, beta2, n) / n,
            ask="Of how many steps is the way asked for?", why="That is the way of one step, on "
            "average.", do="Do not divide by n."),
    Mistake("one step short", lambda lr, beta1, beta2, n:
            lr * (1 - beta1) / (1 - beta1**n) * (1 - (beta1 / beta2)**(n - 1))
            / (1 - beta1 / beta2), ask="How many steps are there to a period?",
            why="It counts a step too few.", do="There are n steps, j from 0 to n - 1."),
    Mistake("all of it", lambda lr, beta1, beta2, n: lr * n,
            ask="Is there a gradient in every step?", why="That is for a gradient in every step.",
            do="Between two gradients m fades."),
    Mistake("signs", lambda lr, beta1, beta2, n: -lr * _period(beta1, beta2, n),
            ask="What is asked for: a way, or a place?", why="The size is right.",
            do="A way is positive."),
)

_STATE = "the new point and the state, p, m, u"
EXERCISES = {
    "beta2": Exercise(_memory, on((1000.0, 100), (30.0, 20), (2.0, 7)), _FORGETS),
    "second": Exercise(_right_second, on(
        (0.1, 0.9, 0.999, 1.0, 0.2), (2e-3, 0.5, 0.8, -3.0, 4.0), (1.0, 0.6, 0.5, 2.0, -1.5)),
        _SECOND),
    "implement": Exercise(_rule(), _DRIVEN, _IMPLEMENT, gives=_STATE),
    "power": Exercise(_power, on((8.0, 2, 0.9), (100.0, 4, 0.99), (3.0, 3, 0.5)), _POWER),
    "mend": Exercise(_rule(), _DRIVEN, (
        _added_up("Of which numbers is u the larger at the second step, if that gradient is 0?"),
        *_SHARED), gives=_STATE),
    "rare": Exercise(lambda lr, beta1, beta2, n: lr * _period(beta1, beta2, n), on(
        (0.1, 0.9, 0.999, 5), (1.0, 0.5, 0.8, 3), (2e-3, 0.7, 0.9, 20)), _RARE),
}

"""The exercises of the Lion chapter."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on

__all__ = ["EXERCISES"]


def _rule(looked=lambda m, g, beta1, beta2: beta1 * m + (1 - beta1) * g,
          kept=lambda m, g, c, beta1, beta2: beta2 * m + (1 - beta2) * g,
          point=lambda p, c, lr, decay: (1 - lr * decay) * p - lr * np.sign(c)):
    """Return Lion from what it looks at, what it keeps and where it goes."""
    def rule(p, g, t, m=0.0, *, lr, beta1, beta2, weight_decay):
        c = looked(m, g, beta1, beta2)
        return point(p, c, lr, weight_decay), kept(m, g, c, beta1, beta2)
    return rule


def _adamw(p, g, t, m=0.0, *, lr, beta1, beta2, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    return (1 - lr * weight_decay) * p - lr * m / (1 - beta1**t), m


_DRIVEN = drive(*({"lr": lr, "beta1": beta1, "beta2": beta2, "weight_decay": decay}
                  for lr, beta1, beta2, decay in (
                      (0.1, 0.9, 0.99, 0.5), (0.5, 0.1, 0.9, 0.1), (0.2, 0.5, 0.6, 0.3),
                      (0.3, 0.3, 0.5, 0.2))))
_LOOK = "Of what is the sign taken, and of what is the mean kept?"
_PULL = "By how much does a weight shrink that has no gradient?"
_LONG = "How long is a step of one entry?"

_SHARED = (
    Mistake("sign of the kept mean", _rule(
        looked=lambda m, g, beta1, beta2: beta2 * m + (1 - beta2) * g), ask=_LOOK,
            why="It takes the sign of the mean that it keeps: signed momentum of beta2.",
            do="Interpolate with beta1 for the step, with beta2 for what is kept."),
    Mistake("one beta", _rule(kept=lambda m, g, c, beta1, beta2: c), ask=_LOOK,
            why="It keeps what it has looked at: signed momentum of beta1.",
            do="Keep `beta2 * m + (1 - beta2) * g`."),
    Mistake("keeps the sign", _rule(kept=lambda m, g, c, beta1, beta2:
                                    beta2 * m + (1 - beta2) * np.sign(g)), ask=_LOOK,
            why="Its mean is one of signs.", do="Keep a mean of gradients; the sign comes last."),
    Mistake("sums", _rule(looked=lambda m, g, beta1, beta2: beta1 * m + g,
                          kept=lambda m, g, c, beta1, beta2: beta2 * m + g), ask=_LOOK,
            why="It adds whole gradients: sums, not means.",
            do="The new gradient has the weight 1 - beta1, and 1 - beta2 in what is kept."),
    Mistake("sign of the gradient", _rule(looked=lambda m, g, beta1, beta2: g), ask=_LOOK,
            why="It takes the sign of the gradient alone.",
            do="Interpolate between m and the gradient."),
    Mistake("sign of the old mean", _rule(looked=lambda m, g, beta1, beta2: m), ask=_LOOK,
            why="It takes the sign of m as it was: the newest gradient does not count.",
            do="Interpolate between m and the gradient."),
    Mistake("no sign", _rule(point=lambda p, c, lr, decay: (1 - lr * decay) * p - lr * c),
            ask=_LONG, why="Its step has the size of the mean: there is no sign.",
            do="Take `np.sign` of it."),
    Mistake("signs of one length", _rule(
        point=lambda p, c, lr, decay: (1 - lr * decay) * p - lr * c / np.sqrt(np.sum(c**2))),
            ask=_LONG, why="It divides the vector by its length.",
            do="Take `np.sign`, entry by entry."),
    Mistake("decay without lr", _rule(point=lambda p, c, lr, decay: (1 - decay) * p
                                      - lr * np.sign(c)), ask=_PULL,
            why="It shrinks by weight_decay, whatever lr is.",
            do="Shrink by lr * weight_decay, as AdamW does."),
    Mistake("decay after", _rule(point=lambda p, c, lr, decay: (1 - lr * decay)
                                 * (p - lr * np.sign(c))), ask="What shrinks, the old point?",
            why="It shrinks the step as well.", do="Shrink the old point, then step."),
)

_JOINED = Mistake(
    "decay in the gradient",
    lambda p, g, t, m=0.0, *, lr, beta1, beta2, weight_decay: (
        p - lr * np.sign(beta1 * m + (1 - beta1) * (g + weight_decay * p)),
        beta2 * m + (1 - beta2) * (g + weight_decay * p)), ask=_PULL,
    why="The decay joins the gradient; under a sign its size is lost.",
    do="Shrink the point itself by lr * weight_decay.")

_IMPLEMENT = (
    Mistake("as it stood", _adamw, ask=_LONG, why="It is still a mean, corrected and not signed.",
            do="Take the sign; a sign needs no correction."),
    Mistake("m first", _rule(looked=lambda m, g, beta1, beta2:
                             beta1 * (beta2 * m + (1 - beta2) * g) + (1 - beta1) * g),
            ask="Is m already new when it is looked at?",
            why="It looks at the new m, in which the new gradient is already.",
            do="Take the sign first, then renew m."),
    _JOINED,
    *_SHARED,
)

_MEND = (
    Mistake("as it stood", _rule(looked=lambda m, g, beta1, beta2:
                                 beta1 * (beta2 * m + (1 - beta2) * g) + (1 - beta1) * g),
            ask="How much does the newest gradient weigh in what the sign is taken of?",
            why="m is renewed before it is looked at, so the new gradient counts twice.",
            do="Take the sign first, then renew m."),
    _JOINED,
    *_SHARED,
)


def _wall(lr, decay, p, n):
    return -1 / decay + (1 - lr * decay)**n * (p + 1 / decay)


_GOAL = "Where does it end, if this goes on for ever?"
_WALL = (
    Mistake("no decay", lambda lr, decay, p, n: p - n * lr, ask="What does the decay do?",
            why="That is the way without decay.", do="Each step first shrinks the point."),
    Mistake("decay alone", lambda lr, decay, p, n: (1 - lr * decay)**n * p,
            ask="What does the gradient do?", why="That is the decay without a gradient.",
            do="Each step also moves the point by -lr."),
    Mistake("both, one after the other", lambda lr, decay, p, n:
            (1 - lr * decay)**n * p - n * lr, ask=_GOAL,
            why="What earlier steps have moved decays as well.",
            do="Look at the distance from the place where it ends."),
    Mistake("other side", lambda lr, decay, p, n:
            1 / decay + (1 - lr * decay)**n * (p - 1 / decay),
            ask="Which way does a positive gradient push?", why="It goes to the wall above.",
            do="Its wall is -1 / decay."),
    Mistake("the end", lambda lr, decay, p, n: -1 / decay, ask="After how many steps?",
            why="That is where it ends.", do="The distance from there shrinks step by step."),
    Mistake("exponential", lambda lr, decay, p, n:
            -1 / decay + math.exp(-lr * decay * n) * (p + 1 / decay),
            ask="Steps, or a flow?", why="That is the limit of tiny steps.",
            do="Put (1 - lr * decay)**n in its place."),
    Mistake("wall without decay", lambda lr, decay, p, n:
            -1 + (1 - lr * decay)**n * (p + 1), ask=_GOAL, why="Its wall is at 1.",
            do="Solve p = (1 - lr * decay) * p - lr."),
    Mistake("wall at lr over decay", lambda lr, decay, p, n:
            -lr / decay + (1 - lr * decay)**n * (p + lr / decay), ask=_GOAL,
            why="Its wall depends on lr.", do="Solve p = (1 - lr * decay) * p - lr."),
    Mistake("decay alone as the share", lambda lr, decay, p, n:
            -1 / decay + (1 - decay)**n * (p + 1 / decay), ask="By how much does a step shrink?",
            why="It shrinks by decay, whatever lr is.", do="Shrink by lr * decay."),
)


def _spike(beta1, beta2):
    return 1 / (beta1 * (1 - beta2)) - 1


_AFTER = "What is c in the step after the spike?"
_SPIKE = (
    Mistake("its own step", lambda beta1, beta2: beta1 / (1 - beta1),
            ask="Which step is asked about: the spike's, or the one after?",
            why="That is the largest spike that does not even turn its own step.",
            do="Take c one step later, when the spike is in m."),
    Mistake("the ones before forgotten", lambda beta1, beta2:
            (1 - beta1) / (beta1 * (1 - beta2)), ask="What else is in m?",
            why="It has nothing in m but the spike.", do="m also holds beta2 times 1."),
    Mistake("the new one forgotten", lambda beta1, beta2: beta2 / (1 - beta2),
            ask=_AFTER, why="That is the spike that turns m itself.",
            do="The step looks at beta1 * m + (1 - beta1) * g."),
    Mistake("spike for spike and one", lambda beta1, beta2: 1 / (beta1 * (1 - beta2)),
            ask="What would m be without the spike?",
            why="It leaves out that the spike stands where a 1 would have stood.",
            do="Take 1 off."),
    Mistake("faded once more", lambda beta1, beta2: 1 / (beta1 * beta2 * (1 - beta2)) - 1,
            ask=_AFTER, why="That is two steps after the spike.", do="Do not let it fade yet."),
    Mistake("one memory", lambda beta1, beta2: 1 / (beta1 * (1 - beta1)) - 1,
            ask="With which weight does the spike enter m?", why="It enters it with 1 - beta1.",
            do="m is kept with beta2."),
    Mistake("weights swapped", lambda beta1, beta2: 1 / ((1 - beta1) * beta2) - 1,
            ask="With which weight does the spike enter m, and m the step?",
            why="It has the betas in each other's place.",
            do="The spike has 1 - beta2 in m, and m has beta1 in c."),
)


def _beyond(start, beta1, beta2, order="c first", low=min):
    p, m, seen = start, 0.0, []
    for _ in range(1000):
        if order == "m first":
            m = beta2 * m + (1 - beta2) * p
        c = beta1 * m + (1 - beta1) * p
        if order == "c first":
            m = beta2 * m + (1 - beta2) * p
        if order == "kept":
            m = c = beta2 * m + (1 - beta2) * p
        if order == "one":
            m = c
        p -= (c > 0) - (c < 0)
        seen.append(p)
    return -float(low(seen))


_RUN = "Of what is the sign taken, and of what is the mean kept?"
_BEYOND = (
    Mistake("sign of the kept mean", lambda start, beta1, beta2:
            _beyond(start, beta1, beta2, "kept"), ask=_RUN,
            why="It takes the sign of the mean that it keeps.",
            do="Look at beta1 * m + (1 - beta1) * g."),
    Mistake("keeps what it looks at", lambda start, beta1, beta2:
            _beyond(start, beta1, beta2, "one"), ask=_RUN,
            why="It keeps what it has looked at.", do="Keep beta2 * m + (1 - beta2) * g."),
    Mistake("m first", lambda start, beta1, beta2: _beyond(start, beta1, beta2, "m first"),
            ask="Is m already new when it is looked at?",
            why="It renews m before the sign is taken.", do="Take the sign first."),
    Mistake("no memory", lambda start, beta1, beta2: _beyond(start, 0.0, 0.0), ask=_RUN,
            why="It takes the sign of the gradient alone.", do="Keep a mean, and look at it."),
    Mistake("the start", lambda start, beta1, beta2: start, ask="On which side of the goal?",
            why="That is how far it has begun.", do="Look at the other side."),
    Mistake("the far side's end", lambda start, beta1, beta2:
            -_beyond(start, beta1, beta2, low=max), ask="On which side of the goal?",
            why="That is the largest p.", do="Take the least p, and minus it."),
    Mistake("where it ends", lambda start, beta1, beta2:
            -_beyond(start, beta1, beta2, low=lambda seen: seen[-1]),
            ask="When is it farthest?", why="That is where it is in the end.",
            do="Take the least p of all steps."),
    Mistake("where it ends, turned round", lambda start, beta1, beta2:
            _beyond(start, beta1, beta2, low=lambda seen: seen[-1]),
            ask="When is it farthest?", why="That is where it is in the end.",
            do="Take the least p of all steps."),
    Mistake("from below", lambda start, beta1, beta2: -_beyond(start, beta1, beta2),
            ask="As a distance?", why="That is the least p itself.",
            do="A distance is positive."),
)


def _squares(beta1, beta2):
    return (1 - beta1)**2 + beta1**2 * (1 - beta2) / (1 + beta2)


def _drift(slope, noise, beta1, beta2):
    return math.erf(slope / noise / math.sqrt(2 * _squares(beta1, beta2)))


_SUM = "What is the variance of c: a sum of which squares?"
_ODDS = "What is the mean of a sign, if plus has the chance p?"
_DRIFT = (
    Mistake("no memory", lambda slope, noise, beta1, beta2: math.erf(slope / noise / 2**0.5),
            ask=_SUM, why="That is for the sign of each gradient.",
            do="Take the variance of c, not of g."),
    Mistake("of the kept mean", lambda slope, noise, beta1, beta2: math.erf(
        slope / noise / math.sqrt(2 * (1 - beta2) / (1 + beta2))), ask=_SUM,
            why="That is the sign of m.", do="The newest gradient has a weight of its own in c."),
    Mistake("of one beta", lambda slope, noise, beta1, beta2: math.erf(
        slope / noise / math.sqrt(2 * (1 - beta1) / (1 + beta1))), ask=_SUM,
            why="That is for beta2 = beta1.", do="m is kept with beta2."),
    Mistake("weights, not squares", lambda slope, noise, beta1, beta2: math.erf(
        slope / noise / math.sqrt(2 * ((1 - beta1) + beta1 * (1 - beta2) / (1 + beta2)))),
            ask=_SUM, why="It weighs variances by the weights, not their squares.",
            do="A weight enters a variance squared."),
    Mistake("variance not rooted", lambda slope, noise, beta1, beta2: math.erf(
        slope / noise / (2**0.5 * _squares(beta1, beta2))), ask="Variance, or its root?",
            why="It divides by the variance of c.", do="Divide by the root."),
    Mistake("the chance", lambda slope, noise, beta1, beta2:
            (1 + _drift(slope, noise, beta1, beta2)) / 2, ask=_ODDS,
            why="That is the chance of a step in the right direction.",
            do="The mean of the sign is p - (1 - p)."),
    Mistake("without the 2 in the root", lambda slope, noise, beta1, beta2: math.erf(
        slope / noise / math.sqrt(_squares(beta1, beta2))),
            ask="How does erf go with the normal distribution?", why="A root of 2 is lost.",
            do="P(|z| < x) = erf(x / sqrt(2))."),
    Mistake("linear", lambda slope, noise, beta1, beta2:
            slope / noise / math.sqrt(math.pi * _squares(beta1, beta2) / 2),
            ask="Can it exceed 1?", why="That is right for small slopes only.",
            do="Take erf itself."),
    Mistake("newest left out", lambda slope, noise, beta1, beta2: math.erf(
        slope / noise / (beta1 * math.sqrt(2 * (1 - beta2) / (1 + beta2)))), ask=_SUM,
            why="The newest gradient is missing in its variance.", do="Add (1 - beta1)**2."),
)

_STATE = "the new point and the state, p, m"
EXERCISES = {
    "wall": Exercise(_wall, on((0.1, 0.5, 1.0, 3), (0.01, 2.0, 0.7, 20), (0.2, 0.3, -0.8, 5)),
                     _WALL),
    "implement": Exercise(_rule(), _DRIVEN, _IMPLEMENT, _STATE),
    "spike": Exercise(_spike, on((0.9, 0.99), (0.5, 0.8), (0.8, 0.95)), _SPIKE),
    "mend": Exercise(_rule(), _DRIVEN, _MEND, _STATE),
    "beyond": Exercise(_beyond, on((300.7, 0.9, 0.99), (70.4, 0.95, 0.98), (90.2, 0.8, 0.97)),
                       _BEYOND),
    "drift": Exercise(_drift, on((0.1, 1.0, 0.9, 0.99), (0.3, 2.0, 0.5, 0.8),
                                 (1.0, 3.0, 0.8, 0.95)), _DRIFT),
}

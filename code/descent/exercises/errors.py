"""The exercises of the page "Find the errors"."""

import numpy as np

from descent.exercises import Exercise, Mistake, drive

__all__ = ["EXERCISES"]

_BETAS = ({"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1.0},
          {"lr": 0.5, "beta1": 0.5, "beta2": 0.8, "eps": 1e-2})


def _adam(step):
    """Return Adam from its last line, a function of all that is known there."""
    def rule(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
        m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
        return step(p, m, v, 1 - beta1**t, 1 - beta2**t, lr, eps), m, v
    return rule


def _divided(divisor):
    """Return Adam from what it divides the corrected mean by, given v_hat, its filling and eps."""
    return _adam(lambda p, m, v, full1, full2, lr, eps:
                 p - lr * m / full1 / divisor(v / full2, full2, eps))


_BRACKETS = Exercise(_divided(lambda v_hat, full, eps: np.sqrt(v_hat) + eps), drive(*_BETAS), (
    Mistake("added to the point",
            _adam(lambda p, m, v, full1, full2, lr, eps:
                  p - lr * m / full1 / np.sqrt(v / full2) + eps),
            "That is still the listing. To what is eps added there?"),
    Mistake("taken from the point",
            _adam(lambda p, m, v, full1, full2, lr, eps:
                  p - (lr * m / full1 / np.sqrt(v / full2) + eps)),
            "The brackets hold the whole quotient, so eps is now subtracted from the point. It "
            "belongs below the line."),
    Mistake("added to the quotient",
            _adam(lambda p, m, v, full1, full2, lr, eps:
                  p - lr * (m / full1 / np.sqrt(v / full2) + eps)),
            "The brackets begin too early: lr times eps is taken from the point. eps belongs below "
            "the line."),
    Mistake("added above",
            _adam(lambda p, m, v, full1, full2, lr, eps:
                  p - lr * (m / full1 + eps) / np.sqrt(v / full2)),
            "eps stands above the line, where it pushes every step one way. It belongs below."),
    Mistake("inside the root", _divided(lambda v_hat, full, eps: np.sqrt(v_hat + eps)),
            "Below the line, and inside the root. Torch adds eps to the root."),
    Mistake("the larger of the two", _divided(lambda v_hat, full, eps:
                                              np.maximum(np.sqrt(v_hat), eps)),
            "A floor guards the division as well; it is another rule than torch's, which adds."),
    Mistake("beside the uncorrected root",
            _divided(lambda v_hat, full, eps: np.sqrt(v_hat) + eps / np.sqrt(full)),
            "eps stands beside the root of the uncorrected v."),
    Mistake("no eps", _divided(lambda v_hat, full, eps: np.sqrt(v_hat)),
            "eps has gone: now a gradient of 0 divides 0 by 0."),
))


def _summed(weight, divisor):
    """Return an accumulation from each batch's weight and what the sum is divided by."""
    def accumulate(gradients, sizes):
        total = sum(weight(n) * np.asarray(g) for g, n in zip(gradients, sizes, strict=True))
        return total / divisor(np.asarray(sizes))
    return accumulate


def _batches(accumulate):
    """Yield what comes of small batches of equal and of unequal sizes."""
    for sizes in ((64, 64, 64, 7), (1, 2, 3), (8, 8)):
        gradients = np.random.default_rng(len(sizes)).normal(size=(len(sizes), 3))
        yield f"with sizes {sizes}", accumulate(list(gradients), list(sizes))


_ACCUMULATE = Exercise(_summed(lambda n: n, np.sum), _batches, (
    Mistake("sum of means", _summed(lambda n: 1, lambda sizes: 1),
            "That is still the listing. Try it on batches that all have the same gradient."),
    Mistake("mean of means", _summed(lambda n: 1, len),
            "Right for batches of one size. Here the last one is small, and its examples count "
            "for more than the others."),
    Mistake("divided by four", _summed(lambda n: 1, lambda sizes: 4),
            "Four is right for four batches, and only if they are of one size."),
    Mistake("divided by 256", _summed(lambda n: n, lambda sizes: 256),
            "The sum over examples is right. Divide it by how many there were, not by 256."),
    Mistake("sum over examples", _summed(lambda n: n, lambda sizes: 1),
            "It adds up the gradients of all examples. Divide by how many there are."),
    Mistake("weights lost", _summed(lambda n: 1, np.sum),
            "It divides means by the number of examples. Each mean must be made a sum first."),
    Mistake("as if all were full", _summed(lambda n: n, lambda sizes: len(sizes) * max(sizes)),
            "It divides by what the batches would hold if all were full."),
    Mistake("the number of batches", _summed(lambda n: n, len),
            "It divides sums over examples by the number of batches."),
    Mistake("weights upside down", lambda gradients, sizes: _summed(
        lambda n: 1 / n, lambda sizes: (1 / sizes).sum())(gradients, sizes),
            "It gives the small batch the large weight."),
    Mistake("the last one", lambda gradients, sizes: gradients[-1],
            "It keeps the last batch only."),
))


def _momentum(new, step):
    """Return momentum from how its memory grows and which step it makes of it."""
    def rule(p, g, t, v=0.0, *, lr, momentum):
        kept = new(v, g, lr, momentum)
        return p - step(kept, v, g, lr, momentum), kept
    return rule


_INSIDE = Exercise(
    _momentum(lambda b, g, lr, mu: mu * b + g, lambda b, old, g, lr, mu: lr * b),
    drive({"lr": 0.1, "momentum": 0.9}, {"lr": 0.5, "momentum": 0.5}), (
        Mistake("lr inside", _momentum(lambda v, g, lr, mu: mu * v + lr * g,
                                       lambda v, old, g, lr, mu: v),
                "That is still the listing. What does its memory hold, and of which lr?"),
        Mistake("lr twice", _momentum(lambda v, g, lr, mu: mu * v + lr * g,
                                      lambda v, old, g, lr, mu: lr * v),
                "lr stands inside and outside. Take it out of the memory."),
        Mistake("lr on the past too", _momentum(lambda v, g, lr, mu: lr * (mu * v + g),
                                                lambda v, old, g, lr, mu: v),
                "It multiplies what is remembered by lr at every step, so that nothing is left of "
                "it soon. Keep a sum without lr; multiply where the point moves."),
        Mistake("moving average", _momentum(lambda b, g, lr, mu: mu * b + (1 - mu) * g,
                                            lambda b, old, g, lr, mu: lr * b),
                "lr is outside now. But torch's memory is a sum, not an average: g enters whole."),
        Mistake("old memory", _momentum(lambda b, g, lr, mu: mu * b + g,
                                        lambda b, old, g, lr, mu: lr * old),
                "lr is outside now, but the step uses the memory of the step before."),
        Mistake("look-ahead", _momentum(lambda b, g, lr, mu: mu * b + g,
                                        lambda b, old, g, lr, mu: lr * (g + mu * b)),
                "lr is outside now, and the step has become Nesterov's."),
        Mistake("sign", _momentum(lambda b, g, lr, mu: mu * b + g,
                                  lambda b, old, g, lr, mu: -lr * b),
                "lr is outside now, and the point climbs."),
    ))


def _ahead(place, move=lambda p, ahead, b, g, lr, mu: p - lr * b):
    """Return Nesterov's step from the place of the gradient, and how the point moves."""
    def step(p, gradient, b, *, lr, momentum):
        ahead = place(p, b, lr, momentum)
        g = gradient(ahead)
        b = momentum * b + g
        return move(p, ahead, b, g, lr, momentum), b
    return step


def _on_a_bowl(step):
    """Yield the points of a few steps on a bowl, from a start at rest."""
    h = np.array([0.2, 1.0, 3.0])
    for lr, momentum in ((0.1, 0.9), (0.3, 0.5)):
        p, b = np.array([1.0, -2.0, 0.5]), np.zeros(3)
        for t in range(1, 7):
            rate = lr if t < 4 else lr / 2
            p, b = step(p, lambda q: h * q, b, lr=rate, momentum=momentum)
            yield f"at step {t} with lr={rate:g}, momentum={momentum:g}", p


def _steps_kept(p, gradient, b, *, lr, momentum):
    b = momentum * b + lr * gradient(p - momentum * b)
    return p - b, b


_AHEAD = Exercise(_ahead(lambda p, b, lr, mu: p - lr * mu * b), _on_a_bowl, (
    Mistake("the listing", _ahead(lambda p, b, lr, mu: p - mu * b),
            "That is still the listing. Where would the point coast to, if no new gradient came?"),
    Mistake("a buffer of steps", _steps_kept,
            "Right while lr stays, but b has become a sum of steps. Keep it one of gradients: then "
            "a new lr acts at once."),
    Mistake("the other side", _ahead(lambda p, b, lr, mu: p + mu * b),
            "The sign now belongs to papers whose v is a sum of steps, downhill. This b is a sum "
            "of gradients: they point uphill, and are no lengths yet."),
    Mistake("behind", _ahead(lambda p, b, lr, mu: p + lr * mu * b),
            "The distance is right, the side is not: this looks back to where the point came "
            "from."),
    Mistake("no momentum", _ahead(lambda p, b, lr, mu: p - lr * b),
            "It looks too far ahead: of the last step only the share momentum is coasted on."),
    Mistake("at the point", _ahead(lambda p, b, lr, mu: p),
            "That is the heavy ball: it does not look ahead."),
    Mistake("ahead twice", _ahead(lambda p, b, lr, mu: p - lr * mu * b,
                                  lambda p, ahead, b, g, lr, mu: ahead - lr * b),
            "The gradient is right. But from the point ahead only lr times g is left to go: b "
            "holds the coasting once more."),
    Mistake("torch's variable", _ahead(lambda p, b, lr, mu: p,
                                       lambda p, ahead, b, g, lr, mu: p - lr * (g + mu * b)),
            "That is Nesterov's method in torch's variable: its points are the points ahead. Asked "
            "for is the paper's, which takes the gradient there and keeps the point itself."),
))


def _cheap(guard):
    """Return Adam's cheap form from what it adds to the root, given eps and the fillings."""
    return _adam(lambda p, m, v, full1, full2, lr, eps:
                 p - lr * np.sqrt(full2) / full1 * m / (np.sqrt(v) + guard(eps, full1, full2)))


def _no_power(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
    return _cheap(lambda eps, full1, full2: eps * np.sqrt(1 - beta2))(
        p, g, t, m, v, lr=lr, beta1=beta1, beta2=beta2, eps=eps)


_CHEAP = Exercise(_cheap(lambda eps, full1, full2: eps * np.sqrt(full2)), drive(*_BETAS), (
    Mistake("eps as it is", _cheap(lambda eps, full1, full2: eps),
            "That is still the listing. Try a gradient no larger than eps."),
    Mistake("no root", _cheap(lambda eps, full1, full2: eps * full2),
            "Nearly: eps stands beside a root, so what multiplies it is the root "
            "of 1 - beta2**t."),
    Mistake("divided", _cheap(lambda eps, full1, full2: eps / np.sqrt(full2)),
            "The factor is right and upside down: you have gone the same way twice."),
    Mistake("the other filling", _cheap(lambda eps, full1, full2: eps * full1),
            "That is the correction of m. eps stands beside the root of v."),
    Mistake("both", _cheap(lambda eps, full1, full2: eps * np.sqrt(full2) / full1),
            "The correction of m multiplies the whole quotient; eps does not see it."),
    Mistake("no power", _no_power,
            "It has 1 - beta2 without the power t. The factor must tend to 1."),
    Mistake("no eps", _cheap(lambda eps, full1, full2: 0.0), "It leaves eps out."),
    Mistake("lr in it", _adam(lambda p, m, v, full1, full2, lr, eps:
                              p - lr * np.sqrt(full2) / full1 * m
                              / (np.sqrt(v) + eps * lr * np.sqrt(full2) / full1)),
            "It multiplies eps by the whole rate, lr and both corrections. Only the root of "
            "1 - beta2**t came from below the line."),
))


def _pair(y, s=lambda p, p_old: p - p_old):
    """Return a maker of pairs from how it takes the change of the gradient, and the step."""
    def make(p_old, p, gradient, batch_old, batch):
        return s(p, p_old), y(gradient, p, p_old, batch, batch_old)
    return make


def _noisy_pairs(make):
    """Yield the step and the change of the gradient on a bowl whose noise is the batch's own."""
    h = np.array([0.2, 1.0, 3.0])
    for seed in range(3):
        rng = np.random.default_rng(seed)
        p_old, p, *noise = rng.normal(size=(4, 3))

        def gradient(q, batch, noise=noise):
            return h * (1 + batch) * q + noise[batch]  # a batch has a curvature of its own as well

        s, y = make(p_old, p, gradient, 0, 1)
        yield f"for s, pair {seed + 1}", s
        yield f"for y, pair {seed + 1}", y


def _y(gradient, p, p_old, batch, batch_old):
    return gradient(p, batch_old) - gradient(p_old, batch_old)


_PAIR = Exercise(_pair(_y), _noisy_pairs, (
    Mistake("two batches", _pair(lambda grad, p, p_old, new, old: grad(p, new) - grad(p_old, old)),
            "That is still the listing. Of how many functions are these the gradients?"),
    Mistake("the new batch", _pair(lambda grad, p, p_old, new, old: grad(p, new) - grad(p_old, new)
                                   ),
            "One batch, so it is a true pair. But it is the new one; take the batch that made the "
            "step, whose first gradient you have already."),
    Mistake("crossed", _pair(lambda grad, p, p_old, new, old: grad(p, old) - grad(p_old, new)),
            "Each gradient is of the other's batch: still two functions."),
    Mistake("one point", _pair(lambda grad, p, p_old, new, old: grad(p, new) - grad(p, old)),
            "Both gradients are taken at one point: nothing is left but the noise."),
    Mistake("y reversed", _pair(lambda *where: -_y(*where)),
            "y has the wrong sign: the curvature along the step comes out negative."),
    Mistake("s reversed", _pair(_y, lambda p, p_old: p_old - p),
            "s has the wrong sign: the curvature along the step comes out negative."),
    Mistake("both reversed", _pair(lambda *where: -_y(*where), lambda p, p_old: p_old - p),
            "Both signs are turned round. The update would not notice; hand in new minus old."),
    Mistake("the gradient alone", _pair(lambda grad, p, p_old, new, old: grad(p, old)),
            "That is a gradient, not the change of one."),
))

EXERCISES = {"brackets": _BRACKETS, "accumulate": _ACCUMULATE, "inside": _INSIDE, "ahead": _AHEAD,
             "cheap": _CHEAP, "pair": _PAIR}

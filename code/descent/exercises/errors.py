"""The exercises of the page "Find the errors"."""

import numpy as np

from descent.exercises import Exercise, Mistake, drive

__all__ = ["EXERCISES"]

_BETAS = ({"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1.0},
          {"lr": 0.5, "beta1": 0.5, "beta2": 0.8, "eps": 1e-2})


def _with_silence(rule):
    """Drive a rule as usual, and then with gradients of which one is always 0."""
    yield from drive(*_BETAS)(rule)

    def hushed(p, g, t, *state, **hyper):
        return rule(p, g * np.array([1.0, 0.0, 1e-3]), t, *state, **hyper)

    for where, p in drive(*_BETAS)(hushed):
        yield f"{where}, gradients times 1, 0 and 0.001", p


_with_silence.settings, _with_silence.alone = _BETAS, drive(*_BETAS).alone


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


_ADAM = "the new point and the state, p, m, v"
_WHERE_EPS = "To what exactly does Python add eps here, and what does it divide by?"
_BELOW = "Write `/ (np.sqrt(v_hat) + eps)`."
_BRACKETS = Exercise(_divided(lambda v_hat, full, eps: np.sqrt(v_hat) + eps), _with_silence, (
    Mistake("added to the point",
            _adam(lambda p, m, v, full1, full2, lr, eps:
                  p - lr * m / full1 / np.sqrt(v / full2) + eps), ask=_WHERE_EPS,
            why="As in the listing eps is added to the point, and nothing guards the division.",
            do=_BELOW),
    Mistake("taken from the point",
            _adam(lambda p, m, v, full1, full2, lr, eps:
                  p - (lr * m / full1 / np.sqrt(v / full2) + eps)), ask=_WHERE_EPS,
            why="The brackets hold the whole quotient, so eps is now subtracted from the point.",
            do=_BELOW),
    Mistake("added to the quotient",
            _adam(lambda p, m, v, full1, full2, lr, eps:
                  p - lr * (m / full1 / np.sqrt(v / full2) + eps)), ask=_WHERE_EPS,
            why="The brackets begin too early: lr times eps is taken from the point.", do=_BELOW),
    Mistake("added above",
            _adam(lambda p, m, v, full1, full2, lr, eps:
                  p - lr * (m / full1 + eps) / np.sqrt(v / full2)), ask=_WHERE_EPS,
            why="eps stands above the line, where it pushes every step one way.", do=_BELOW),
    Mistake("the point above too",
            _adam(lambda p, m, v, full1, full2, lr, eps:
                  (p - lr * m / full1) / (np.sqrt(v / full2) + eps)), ask=_WHERE_EPS,
            why="The brackets begin before p, so that the point itself is divided.", do=_BELOW),
    Mistake("fixed eps", _divided(lambda v_hat, full, eps: np.sqrt(v_hat) + 1e-8),
            ask="Which number guards the division?",
            why="It adds 1e-8, whatever eps is given.", do=_BELOW),
    Mistake("its square inside the root", _adam(lambda p, m, v, full1, full2, lr, eps:
                                 p - lr * (m / full1) / np.sqrt(v / full2 + eps**2)),
            ask="Is eps inside the root, or beside it?",
            why="The square of eps is inside the root: near torch's rule, and another.",
            do=_BELOW),
    Mistake("inside the root", _divided(lambda v_hat, full, eps: np.sqrt(v_hat + eps)),
            ask="Is eps inside the root, or beside it?",
            why="It guards the division, and inside the root.",
            do="Torch adds eps to the root: `np.sqrt(v_hat) + eps`."),
    Mistake("the larger of the two", _divided(lambda v_hat, full, eps:
                                              np.maximum(np.sqrt(v_hat), eps)),
            ask="What is the divisor where the root is larger than eps?",
            why="A floor guards the division as well; it is another rule than torch's.",
            do="Torch adds eps."),
    Mistake("only where v is 0", _divided(lambda v_hat, full, eps:
                                          np.where(v_hat > 0, np.sqrt(v_hat), eps)),
            ask="What is the divisor where the root is larger than eps?",
            why="It guards the division where v is 0, and adds nothing elsewhere.",
            do="Torch adds eps everywhere."),
    Mistake("beside the uncorrected root",
            _divided(lambda v_hat, full, eps: np.sqrt(v_hat) + eps / np.sqrt(full)),
            ask="To which root is eps added, that of v or that of v_hat?",
            why="eps stands beside the root of the uncorrected v.", do=_BELOW),
    Mistake("no eps", _divided(lambda v_hat, full, eps: np.sqrt(v_hat)),
            ask="Where does eps enter your formula?",
            why="eps has gone: now a gradient of 0 divides 0 by 0.",
            do=_BELOW),
), gives=_ADAM)


def _summed(weight, divisor):
    """Return an accumulation from each batch's weight and what the sum is divided by."""
    def accumulate(gradients, sizes):
        total = sum(weight(n) * np.asarray(g) for g, n in zip(gradients, sizes, strict=True))
        return total / divisor(np.asarray(sizes))
    return accumulate


def _batches(accumulate):
    """Yield what comes of small batches of equal and of unequal sizes."""
    for sizes in ((64, 64, 64, 7), (1, 2, 3), (8, 8), (5,), (3, 9, 1, 4, 2)):
        gradients = np.random.default_rng(len(sizes)).normal(size=(len(sizes), 3))
        yield f"with sizes {sizes}", accumulate(list(gradients), list(sizes))


_SAME = "What comes out if all batches have the same gradient?"
_COUNT = "Does an example count the same in a small batch and a large one?"
_WEIGH = "Multiply each mean by its size, add up, divide by the sum of the sizes."
_ACCUMULATE = Exercise(_summed(lambda n: n, np.sum), _batches, (
    Mistake("sum of means", _summed(lambda n: 1, lambda sizes: 1), ask=_SAME,
            why="As in the listing it is a sum of means: as many times too large as there are "
                "batches.", do=_WEIGH),
    Mistake("mean of means", _summed(lambda n: 1, len), ask=_COUNT,
            why="That is right for batches of one size; in a small one each example counts for "
                "more.", do=_WEIGH),
    Mistake("divided by four", _summed(lambda n: 1, lambda sizes: 4),
            ask="How many batches are there?",
            why="Four is right for four batches, and only if they are of one size.", do=_WEIGH),
    Mistake("divided by 256", _summed(lambda n: n, lambda sizes: 256),
            ask="How many examples are there?",
            why="The sum over examples is right, and 256 is not how many there are.",
            do="Divide by the sum of the sizes."),
    Mistake("sum over examples", _summed(lambda n: n, lambda sizes: 1), ask=_SAME,
            why="It adds up the gradients of all examples.", do="Divide by how many there are."),
    Mistake("weights lost", _summed(lambda n: 1, np.sum), ask=_SAME,
            why="It divides means by the number of examples.",
            do="Make each mean a sum first: multiply it by its size."),
    Mistake("as if all were full", _summed(lambda n: n, lambda sizes: len(sizes) * max(sizes)),
            ask="How many examples are there?",
            why="It divides by what the batches would hold if all were full.",
            do="Divide by the sum of the sizes."),
    Mistake("sizes of the first", _summed(lambda n: n, lambda sizes: len(sizes) * sizes[0]),
            ask="How many examples are there?",
            why="It divides by what the batches would hold if all were like the first.",
            do="Divide by the sum of the sizes."),
    Mistake("divided by 64", _summed(lambda n: n, lambda sizes: 64), ask=_SAME,
            why="It weighs each mean by its size over 64; these weights do not add up to 1.",
            do="Divide by the sum of the sizes."),
    Mistake("divided by each size", _summed(lambda n: 1 / n, lambda sizes: 1), ask=_COUNT,
            why="It divides each mean by its size once more: it has been divided already.",
            do=_WEIGH),
    Mistake("shares of the largest", _summed(lambda n: n, lambda sizes: max(sizes)), ask=_SAME,
            why="It weighs each mean by its size over the largest; these weights do not add up "
                "to 1.", do="Divide by the sum of the sizes."),
    Mistake("the number of batches", _summed(lambda n: n, len), ask=_SAME,
            why="It divides sums over examples by the number of batches.",
            do="Divide by the sum of the sizes."),
    Mistake("weights upside down", lambda gradients, sizes: _summed(
        lambda n: 1 / n, lambda sizes: (1 / sizes).sum())(gradients, sizes), ask=_COUNT,
            why="It gives the small batch the large weight.", do=_WEIGH),
    Mistake("the last one", lambda gradients, sizes: gradients[-1],
            ask="Which batches have a part in it?", why="It keeps the last batch only.",
            do="Add up: `total = total + …`."),
    Mistake("the first one", lambda gradients, sizes: gradients[0],
            ask="Which batches have a part in it?", why="It returns after the first batch.",
            do="Let `return` stand behind the loop."),
    Mistake("the first as measure", _summed(lambda n: n, lambda sizes: sizes[0]),
            "It divides by the size of the first batch.",
            _SAME,
            _WEIGH),
), gives="as many numbers as one gradient has")


def _momentum(new, step):
    """Return momentum from how its memory grows and which step it makes of it."""
    def rule(p, g, t, v=0.0, *, lr, momentum):
        kept = new(v, g, lr, momentum)
        return p - step(kept, v, g, lr, momentum), kept
    return rule


_HOLDS = "What exactly does its memory hold after a few steps?"
_KEEP = "Keep a sum without lr, `b = momentum * b + g`, and multiply where the point moves."
_INSIDE = Exercise(
    _momentum(lambda b, g, lr, mu: mu * b + g, lambda b, old, g, lr, mu: lr * b),
    drive({"lr": 0.1, "momentum": 0.9}, {"lr": 0.5, "momentum": 0.5}), (
        Mistake("lr inside", _momentum(lambda v, g, lr, mu: mu * v + lr * g,
                                       lambda v, old, g, lr, mu: v), ask=_HOLDS,
                why="As in the listing the memory holds steps, each with the lr of its own time.",
                do=_KEEP),
        Mistake("lr twice", _momentum(lambda v, g, lr, mu: mu * v + lr * g,
                                      lambda v, old, g, lr, mu: lr * v),
                ask="How often does lr enter?", why="lr stands inside and outside.",
                do="Take it out of the memory."),
        Mistake("lr on the past too", _momentum(lambda v, g, lr, mu: lr * (mu * v + g),
                                                lambda v, old, g, lr, mu: v), ask=_HOLDS,
                why="It multiplies what is remembered by lr at every step, so that nothing is "
                    "left of it soon.", do=_KEEP),
        Mistake("no lr", _momentum(lambda b, g, lr, mu: mu * b + g,
                                   lambda b, old, g, lr, mu: b),
                ask="Where does lr enter your rule now?",
                why="lr has gone from the memory, and from the step.",
                do="Multiply where the point moves: `p - lr * b`."),
        Mistake("momentum without lr", _momentum(lambda b, g, lr, mu: mu * b + g,
                                                 lambda b, old, g, lr, mu: lr * g + mu * old),
                ask="What exactly is multiplied by lr in the step?",
                why="lr multiplies the gradient alone; the remembered gradients are no lengths.",
                do="Multiply the whole memory: `p - lr * b`."),
        Mistake("nothing fades", _momentum(lambda b, g, lr, mu: b + g,
                                           lambda b, old, g, lr, mu: lr * b),
                ask="How much of the old memory is kept?",
                why="lr is outside now, and the memory keeps all of the past.",
                do="Multiply the old memory by momentum."),
        Mistake("moving average", _momentum(lambda b, g, lr, mu: mu * b + (1 - mu) * g,
                                            lambda b, old, g, lr, mu: lr * b),
                ask="With which weight does g come into the memory?",
                why="lr is outside now, and the memory has become an average.",
                do="Torch's is a sum: g enters whole."),
        Mistake("old memory", _momentum(lambda b, g, lr, mu: mu * b + g,
                                        lambda b, old, g, lr, mu: lr * old),
                ask="Which comes first, the new memory or the step?",
                why="lr is outside now, and the step uses the memory of the step before.",
                do="Step with the new memory."),
        Mistake("look-ahead", _momentum(lambda b, g, lr, mu: mu * b + g,
                                        lambda b, old, g, lr, mu: lr * (g + mu * b)),
                ask="What exactly is multiplied by lr in the step?",
                why="lr is outside now, and the step has become Nesterov's.",
                do="Step by lr times the memory."),
        Mistake("gradient twice", _momentum(lambda b, g, lr, mu: mu * b + g,
                                            lambda b, old, g, lr, mu: lr * (b + g)),
                ask="What exactly is multiplied by lr in the step?",
                why="lr is outside now, and g is in the step twice: it is in the memory already.",
                do="Step by lr times the memory."),
        Mistake("sign", _momentum(lambda b, g, lr, mu: mu * b + g,
                                  lambda b, old, g, lr, mu: -lr * b),
                ask="Does the loss fall along its step?",
                why="lr is outside now, and the point climbs.", do="Take the step from p."),
        Mistake("no memory", lambda p, g, t, v=0.0, *, lr, momentum: (p - lr * g, 0.0 * g),
                "Every step takes this gradient alone: the old memory is returned, or momentum is "
                "left out.",
                "What does the next step begin with?",
                _KEEP),
    ), gives="the new point and the memory, p and b")


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


def _steps_by_lr(p, gradient, b, *, lr, momentum):
    b = momentum * b + lr * gradient(p - lr * momentum * b)
    return p - b, b


def _gradient_ahead(p, gradient, b, *, lr, momentum):
    b = momentum * b + gradient(p - lr * momentum * gradient(p))
    return p - lr * b, b


_UNITS = "Where would the next step lead if the new gradient were 0?"
_MOVES = "From which point does the step start, and how long is it?"
_POINT = "Take the gradient at p - lr * momentum * b."
_AHEAD = Exercise(_ahead(lambda p, b, lr, mu: p - lr * mu * b), _on_a_bowl, (
    Mistake("the listing", _ahead(lambda p, b, lr, mu: p - mu * b), ask=_UNITS,
            why="As in the listing it takes a gradient from a point: one unit from another.",
            do=_POINT),
    Mistake("a buffer of steps", _steps_kept, ask="What does b hold when lr has just fallen?",
            why="Right while lr stays, but b has become a sum of steps, each with its old lr.",
            do="Keep b a sum of gradients: then a new lr acts at once."),
    Mistake("a buffer of steps, by lr once more", _steps_by_lr,
            ask="What does b hold, and what is it multiplied by?",
            why="b has become a sum of steps, and the look-ahead multiplies it by lr once more.",
            do="Keep b a sum of gradients."),
    Mistake("step without lr", _ahead(lambda p, b, lr, mu: p - lr * mu * b,
                                      lambda p, ahead, b, g, lr, mu: p - mu * b), ask=_MOVES,
            why="The gradient is right. But the step takes momentum where lr belongs.",
            do="Step from p by lr * b."),
    Mistake("the other side", _ahead(lambda p, b, lr, mu: p + mu * b), ask=_UNITS,
            why="The sign now belongs to papers whose v is a sum of steps, downhill; this b is a "
                "sum of gradients, which point uphill and are no lengths yet.", do=_POINT),
    Mistake("behind", _ahead(lambda p, b, lr, mu: p + lr * mu * b),
            ask="Is the point at which it looks ahead of p, or behind it?",
            why="The distance is right, the side is not: this looks back to where the point came "
                "from.", do=_POINT),
    Mistake("no momentum", _ahead(lambda p, b, lr, mu: p - lr * b), ask=_UNITS,
            why="It looks too far ahead: as far as the whole last step.",
            do="Only the share momentum of it is coasted on: multiply by momentum."),
    Mistake("at the point", _ahead(lambda p, b, lr, mu: p),
            ask="At which point is the gradient taken?",
            why="That is the heavy ball: it does not look ahead.", do=_POINT),
    Mistake("a gradient step ahead", _gradient_ahead, ask=_UNITS,
            why="It looks ahead along the gradient at p, where momentum is to carry it.",
            do=_POINT),
    Mistake("ahead twice", _ahead(lambda p, b, lr, mu: p - lr * mu * b,
                                  lambda p, ahead, b, g, lr, mu: ahead - lr * b), ask=_MOVES,
            why="The gradient is right. But it starts at the point ahead, and b holds the "
                "coasting once more.", do="Step from p by lr * b."),
    Mistake("torch's variable", _ahead(lambda p, b, lr, mu: p,
                                       lambda p, ahead, b, g, lr, mu: p - lr * (g + mu * b)),
            ask="Which points does it return: those where it stands, or those where it looks?",
            why="That is Nesterov's method in torch's variable: its points are the points ahead.",
            do="Asked for is the paper's: take the gradient ahead, and keep the point itself."),
    Mistake("torch's step as well", _ahead(lambda p, b, lr, mu: p - lr * mu * b,
                                           lambda p, ahead, b, g, lr, mu: p - lr * (g + mu * b)),
            ask=_MOVES, why="It looks ahead twice: for the gradient, and in the step.",
            do="Step from p by lr * b."),
    Mistake("divided by lr", _ahead(lambda p, b, lr, mu: p - mu / lr * b),
            "It divides momentum by lr; b is a sum of gradients, and lr makes a step of it.",
            _UNITS,
            _POINT),
    Mistake("the point ahead",
            lambda p, gradient, b, *, lr, momentum:
                (p - lr * momentum * b, momentum * b + gradient(p - lr * momentum * b)),
            "It returns the point where it looks.",
            _MOVES,
            "Step from p along the new b."),
    Mistake("gradient alone",
            lambda p, gradient, b, *, lr, momentum:
                (p - lr * gradient(p - lr * momentum * b), momentum * b + gradient(p - lr *
                momentum * b)),
            "It steps by the new gradient alone: momentum does not move the point.",
            _MOVES,
            "Step from p along the new b."),
    Mistake("a plain sum",
            lambda p, gradient, b, *, lr, momentum:
                (lambda new: (p - lr * new, new))(b + gradient(p - lr * momentum * b)),
            "Its buffer never fades.",
            "By what is the old buffer multiplied?",
            "Multiply the old b by momentum."),
    Mistake("momentum squared ahead", _ahead(lambda p, b, lr, mu: p - lr * mu**2 * b),
            "It looks too short a way ahead: momentum is in it twice.",
            _UNITS,
            _POINT),
), gives="the new point and the buffer, p and b")


def _cheap(guard):
    """Return Adam's cheap form from what it adds to the root, given eps and the fillings."""
    return _adam(lambda p, m, v, full1, full2, lr, eps:
                 p - lr * np.sqrt(full2) / full1 * m / (np.sqrt(v) + guard(eps, full1, full2)))


def _no_power(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
    return _cheap(lambda eps, full1, full2: eps * np.sqrt(1 - beta2))(
        p, g, t, m, v, lr=lr, beta1=beta1, beta2=beta2, eps=eps)


_FROM = "By what was the divisor multiplied, and eps with it?"
_TAKES = "Multiply eps by the root of 1 - beta2**t."
_CHEAP = Exercise(_cheap(lambda eps, full1, full2: eps * np.sqrt(full2)), drive(*_BETAS), (
    Mistake("eps as it is", _cheap(lambda eps, full1, full2: eps),
            ask="At a gradient no larger than eps, what is the divisor here, and in torch?",
            why="As in the listing eps stands beside the uncorrected root.", do=_TAKES),
    Mistake("no root", _cheap(lambda eps, full1, full2: eps * full2), ask=_FROM,
            why="It multiplies eps by 1 - beta2**t, and the root by its root.", do=_TAKES),
    Mistake("divided", _cheap(lambda eps, full1, full2: eps / np.sqrt(full2)), ask=_FROM,
            why="The factor is right and upside down: you have gone the same way twice.",
            do=_TAKES),
    Mistake("the other filling", _cheap(lambda eps, full1, full2: eps * full1), ask=_FROM,
            why="That is the correction of m, and eps stands beside the root of v.", do=_TAKES),
    Mistake("the other filling's root", _cheap(lambda eps, full1, full2: eps * np.sqrt(full1)),
            ask=_FROM, why="That is the correction of m, and eps stands beside the root of v.",
            do=_TAKES),
    Mistake("both", _cheap(lambda eps, full1, full2: eps * np.sqrt(full2) / full1), ask=_FROM,
            why="The correction of m multiplies the whole quotient; eps does not see it.",
            do=_TAKES),
    Mistake("no power", _no_power, ask="To what does your factor tend in a long run?",
            why="It has 1 - beta2 without the power t, and stays small for ever.",
            do="Put in the power: the factor must tend to 1."),
    Mistake("the root times it too", _adam(lambda p, m, v, full1, full2, lr, eps:
                                           p - lr * m / full1 / (np.sqrt(v) + eps)), ask=_FROM,
            why="The factor stands above and below, and cancels: v is not corrected at all.",
            do=_TAKES),
    Mistake("no eps", _cheap(lambda eps, full1, full2: 0.0),
            ask="Where does eps enter your formula?", why="It leaves eps out.", do=_TAKES),
    Mistake("eps inside the root", _adam(lambda p, m, v, full1, full2, lr, eps:
                                         p - lr * np.sqrt(full2) / full1 * m / np.sqrt(v + eps)),
            ask="Is eps inside the root, or beside it?", why="eps stands inside the root.",
            do="Add it to the root, times the root of 1 - beta2**t."),
    Mistake("lr in it", _adam(lambda p, m, v, full1, full2, lr, eps:
                              p - lr * np.sqrt(full2) / full1 * m
                              / (np.sqrt(v) + eps * lr * np.sqrt(full2) / full1)), ask=_FROM,
            why="It multiplies eps by the whole rate, lr and both corrections.",
            do="Only the root of 1 - beta2**t came from below the line."),
    Mistake("rate without the root", _adam(lambda p, m, v, full1, full2, lr, eps:
                                           p - lr / full1 * m
                                           / (np.sqrt(v) + eps * np.sqrt(full2))), ask=_FROM,
            why="The correction of v has gone from the rate.",
            do="Leave the rate as it was; only eps takes a factor."),
), gives=_ADAM)


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

        s, y = make(p_old, p, gradient, *((0, 1) if seed < 2 else (1, 0)))
        yield f"for s, pair {seed + 1}", s
        yield f"for y, pair {seed + 1}", y


def _y(gradient, p, p_old, batch, batch_old):
    return gradient(p, batch_old) - gradient(p_old, batch_old)


_FUNCTIONS = "Of how many functions, and at which points, are these two the gradients?"
_OLD = "Take both on the old batch: gradient(p, batch_old) - gradient(p_old, batch_old)."
_SIGNS = "New minus old, or old minus new?"
_PAIR = Exercise(_pair(_y), _noisy_pairs, (
    Mistake("two batches", _pair(lambda grad, p, p_old, new, old: grad(p, new) - grad(p_old, old)),
            ask=_FUNCTIONS,
            why="As in the listing these are gradients of two functions: their difference holds "
                "the noise of both batches.", do=_OLD),
    Mistake("the new batch", _pair(lambda grad, p, p_old, new, old: grad(p, new) - grad(p_old, new)
                                   ), ask="Which batch did the statement ask for?",
            why="One batch, so it is a true pair; but it is the new one.",
            do="Take the batch that made the step, whose first gradient you have already."),
    Mistake("mean of both batches", _pair(lambda grad, p, p_old, new, old: (
        grad(p, new) - grad(p_old, new) + grad(p, old) - grad(p_old, old)) / 2),
            ask="Which batch did the statement ask for?",
            why="A true pair, of the mean of both batches; but it takes four gradients.",
            do=_OLD),
    Mistake("crossed", _pair(lambda grad, p, p_old, new, old: grad(p, old) - grad(p_old, new)),
            ask=_FUNCTIONS, why="Each gradient is of the other's batch: still two functions.",
            do=_OLD),
    Mistake("one point", _pair(lambda grad, p, p_old, new, old: grad(p, new) - grad(p, old)),
            ask=_FUNCTIONS,
            why="Both gradients are taken at one point: nothing is left but the noise.", do=_OLD),
    Mistake("the old point alone", _pair(lambda grad, p, p_old, new, old:
                                         grad(p_old, new) - grad(p_old, old)), ask=_FUNCTIONS,
            why="Both gradients are taken at the old point: nothing is left but the noise.",
            do=_OLD),
    Mistake("y reversed", _pair(lambda *where: -_y(*where)), ask=_SIGNS,
            why="y has the wrong sign: the curvature along the step comes out negative.",
            do="Take the gradient at p minus that at p_old."),
    Mistake("s reversed", _pair(_y, lambda p, p_old: p_old - p), ask=_SIGNS,
            why="s has the wrong sign: the curvature along the step comes out negative.",
            do="Leave s as it was, p - p_old."),
    Mistake("both reversed", _pair(lambda *where: -_y(*where), lambda p, p_old: p_old - p),
            ask=_SIGNS, why="Both signs are turned round: the update would not notice.",
            do="Hand in new minus old."),
    Mistake("y before s", lambda *where: _pair(_y)(*where)[::-1],
            ask="In which order does it return the two?", why="It returns y before s.",
            do="Return s, y."),
    Mistake("p for s", _pair(_y, lambda p, p_old: p), ask="From where to where does s go?",
            why="y is right, and s is the new point.", do="Leave s as it was, p - p_old."),
    Mistake("the gradient alone", _pair(lambda grad, p, p_old, new, old: grad(p, old)),
            ask=_FUNCTIONS, why="That is a gradient, not the change of one.",
            do="Take the gradient at p_old from it."),
    Mistake("y by s",
            lambda p_old, p, gradient, batch_old, batch:
                (p - p_old, (gradient(p, batch_old) - gradient(p_old, batch_old)) / (p - p_old)),
            "It divides y by s: a pair holds both.",
            "What is y for: a change of the gradient, or a curvature?",
            "Return the difference itself."),
    Mistake("sum of gradients",
            lambda p_old, p, gradient, batch_old, batch:
                (p - p_old, gradient(p, batch_old) + gradient(p_old, batch_old)),
            "It adds the two gradients; y is their change.",
            _SIGNS,
            _OLD),
), gives="two lists of numbers, s and y")

EXERCISES = {"brackets": _BRACKETS, "accumulate": _ACCUMULATE, "inside": _INSIDE, "ahead": _AHEAD,
             "cheap": _CHEAP, "pair": _PAIR}

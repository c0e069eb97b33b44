"""The exercises of the Adam chapter."""

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on
from descent.rules import adam

__all__ = ["EXERCISES"]


def _mean(old, new, beta):
    return beta * old + (1 - beta) * new


def _corrected(mean, beta, t):
    return mean / (1 - beta**t)


def _rule(*, sign=1.0, mean=_mean, square=lambda g: g**2, betas=lambda b1, b2: (b1, b2),
          first=_corrected, second=_corrected, stored=False, above=lambda m_hat, g: m_hat,
          below=lambda v_hat, eps, b2, t: np.sqrt(v_hat) + eps, kept=1.0):
    """Return Adam from its parts, each of which a mistake may replace."""
    def rule(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
        b1, b2 = betas(beta1, beta2)
        m, v = mean(m, g, b1), mean(v, square(g), b2)
        m_hat, v_hat = first(m, b1, t), second(v, b2, t)
        if stored:
            m, v = m_hat, v_hat
        return p - sign * lr * above(m_hat, g) / below(v_hat, eps, b2, t), kept * m, kept * v
    return rule


def _uncorrected(mean, beta, t):
    return mean


def _states_swapped(p, g, t, m=0.0, v=0.0, **hyper):
    p, m, v = _RIGHT(p, g, t, m, v, **hyper)
    return p, v, m


def _v_not_kept(p, g, t, m=0.0, v=0.0, **hyper):
    return _RIGHT(p, g, t, m, v, **hyper)[:2]


_RIGHT = _rule()
_IMPLEMENT = (
    Mistake("states swapped", _states_swapped,
            "It returns v before m; the next step takes one for the other."),
    Mistake("v not kept", _v_not_kept,
            "It returns m and not v: the next step begins with a v of 0."),
    Mistake("sign", _rule(sign=-1.0), "It climbs: the step is minus the quotient."),
    Mistake("no bias correction", _rule(first=_uncorrected, second=_uncorrected),
            "This is Adam without bias correction: both means are still too small early on."),
    Mistake("correction outside the root",
            _rule(second=lambda mean, beta, t: mean / (1 - beta**t)**2),
            "It divides the root by 1 - beta2**t. The correction belongs to v, under the root."),
    Mistake("power of the difference",
            _rule(first=lambda mean, beta, t: mean / (1 - beta)**t,
                  second=lambda mean, beta, t: mean / (1 - beta)**t),
            "It corrects by (1 - beta)**t. The sum of the weights is 1 - beta**t."),
    Mistake("multiplied", _rule(first=lambda mean, beta, t: mean * (1 - beta**t),
                                second=lambda mean, beta, t: mean * (1 - beta**t)),
            "It multiplies by the sum of the weights; divide by it."),
    Mistake("v not corrected", _rule(second=_uncorrected),
            "It corrects m and not v: the early steps are far too long."),
    Mistake("m not corrected", _rule(first=_uncorrected), "It corrects v and not m."),
    Mistake("no power", _rule(first=lambda m, b, t: m / (1 - b),
                              second=lambda v, b, t: v / (1 - b)),
            "It divides by 1 - beta at every step. The power t is what lets the correction fade."),
    Mistake("t from 0", _rule(first=lambda m, b, t: m / (1 - b**(t - 1)),
                              second=lambda v, b, t: v / (1 - b**(t - 1))),
            "It has t - 1 in the power, and divides by 0 at the first step. Steps count from 1."),
    Mistake("t + 1", _rule(first=lambda m, b, t: m / (1 - b**(t + 1)),
                           second=lambda v, b, t: v / (1 - b**(t + 1))),
            "It has t + 1 in the power. Here t is 1 at the first step already."),
    Mistake("correction stored", _rule(stored=True),
            "It keeps the corrected means as state, so they are corrected again and again. Keep m "
            "and v; correct copies."),
    Mistake("eps inside the root", _rule(below=lambda v, eps, b2, t: np.sqrt(v + eps)),
            "eps stands inside the root. Torch adds it outside."),
    Mistake("no eps", _rule(below=lambda v, eps, b2, t: np.sqrt(v)), "It leaves eps out."),
    Mistake("eps beside the uncorrected root",
            _rule(below=lambda v, eps, b2, t: np.sqrt(v) + eps / np.sqrt(1 - b2**t)),
            "eps stands beside the root of the uncorrected v: that is the paper's other form."),
    Mistake("no root", _rule(below=lambda v, eps, b2, t: v + eps),
            "It divides by the mean square; its root is asked for."),
    Mistake("no square", _rule(square=lambda g: g),
            "Its v averages gradients, as m does. It must average their squares."),
    Mistake("weights swapped", _rule(mean=lambda old, new, b: (1 - b) * old + b * new),
            "beta is what stays of the past; what is new gets 1 - beta."),
    Mistake("betas swapped", _rule(betas=lambda b1, b2: (b2, b1)),
            "beta1 belongs to the mean of gradients, beta2 to that of squares."),
    Mistake("one beta", _rule(betas=lambda b1, b2: (b1, b1)), "It uses beta1 for both means."),
    Mistake("sums", _rule(mean=lambda old, new, b: b * old + new),
            "The new term needs the weight 1 - beta: these are means, not sums."),
    Mistake("the gradient above", _rule(above=lambda m_hat, g: g),
            "It steps along this gradient and leaves m unused: RMSprop with a correction."),
    Mistake("forgets", _rule(kept=0.0),
            "It returns empty means, so nothing is remembered from step to step."),
)


def _amsgrad(feed=lambda v, top: v, largest=lambda top, v, b2, t: np.maximum(top, v),
             second=_corrected, below=lambda v_hat, eps: np.sqrt(v_hat) + eps):
    """Return AMSGrad from what v grows from, what the maximum is of, and how it is corrected."""
    def rule(p, g, t, m=0.0, v=0.0, v_max=0.0, *, lr, beta1, beta2, eps):
        m, v = _mean(m, g, beta1), _mean(feed(v, v_max), g**2, beta2)
        v_max = largest(v_max, v, beta2, t)
        v_hat = second(v_max, beta2, t)
        return p - lr * _corrected(m, beta1, t) / below(v_hat, eps), m, v, v_max
    return rule


def _uncorrected_amsgrad(p, g, t, m=0.0, v=0.0, v_max=0.0, *, lr, beta1, beta2, eps):
    m, v = _mean(m, g, beta1), _mean(v, g**2, beta2)
    v_max = np.maximum(v_max, v)
    return p - lr * m / (np.sqrt(v_max) + eps), m, v, v_max


def _v_for_v_max(p, g, t, m=0.0, v=0.0, v_max=0.0, **hyper):
    p, m, v, _ = _amsgrad()(p, g, t, m, v, v_max, **hyper)
    return p, m, v, v


_AMSGRAD = (
    Mistake("maximum fed back", _amsgrad(feed=lambda v, top: top),
            "That is still the colleague's rule: v grows from the maximum and can never fall."),
    Mistake("maximum of the corrected",
            _amsgrad(largest=lambda top, v, b2, t: np.maximum(top, v / (1 - b2**t)),
                     second=_uncorrected),
            "That is Optax's choice: the maximum of the corrected means. Torch takes the maximum "
            "first and corrects then."),
    Mistake("corrected twice",
            _amsgrad(largest=lambda top, v, b2, t: np.maximum(top, v / (1 - b2**t))),
            "It takes the maximum of corrected means and corrects that once more."),
    Mistake("v_max not corrected", _amsgrad(second=_uncorrected),
            "It leaves the maximum uncorrected. Torch divides it by 1 - beta2**t."),
    Mistake("no maximum", _amsgrad(largest=lambda top, v, b2, t: v),
            "That is Adam: the maximum has gone."),
    Mistake("no correction", _uncorrected_amsgrad,
            "That is the paper's AMSGrad, without any correction. Torch corrects both."),
    Mistake("v handed on as the maximum", _v_for_v_max,
            "It hands v on as the maximum: then it remembers one step only. Keep v_max."),
    Mistake("minimum", _amsgrad(largest=lambda top, v, b2, t: np.minimum(top, v) if t > 1 else v),
            "It keeps the smallest mean square; AMSGrad keeps the largest."),
    Mistake("eps inside the root", _amsgrad(below=lambda v_hat, eps: np.sqrt(v_hat + eps)),
            "The maximum is right, and eps has slipped into the root."),
)


def _loop(*, state_anew, t_of):
    """Return a training loop from whether each epoch begins with no state, and its counter."""
    def train(rule, grad, p, epochs, batches, lr):
        state = ()
        for epoch in range(int(epochs)):
            state = () if state_anew else state
            for batch in range(int(batches)):
                p, *state = rule(p, grad(p), t_of(epoch, batch, int(batches)), *state, lr=lr)
        return p
    return train


def _trained(*cases):
    """Return trials that let a loop train by Adam on a bowl of five curvatures."""
    h, start = np.array([0.1, 0.5, 1.0, 2.0, 5.0]), np.array([1.0, -1.0, 2.0, -2.0, 0.5])

    def trials(train):
        for epochs, batches, lr in cases:
            yield (f"after {epochs} epochs of {batches} batches, lr={lr:g},",
                   train(adam, lambda p: h * p, start.copy(), epochs, batches, lr))
    return trials


def _rare(size):
    return lambda lr, beta1, beta2, g: -np.sign(g) * lr * size(beta1, beta2, g)


def _whole(b1, b2, g):
    return (1 - b1) / np.sqrt(1 - b2) / (1 - b1 / np.sqrt(b2))


def _first(size):
    return lambda lr, beta1, beta2, eps, g: -lr * g / size(g, eps, beta1, beta2)


EXERCISES = {
    "share": Exercise(
        lambda beta, n, t: (1 - beta**n) / (1 - beta**t),
        on((0.9, 1, 1), (0.9, 7, 20), (0.999, 100, 1000), (0.5, 2, 3)), (
            Mistake("not corrected", lambda beta, n, t: 1 - beta**n,
                    "That is their weight in m. In m_hat all weights add up to 1."),
            Mistake("the older ones", lambda beta, n, t: (beta**n - beta**t) / (1 - beta**t),
                    "That is the share of all the others."),
            Mistake("the first ones",
                    lambda beta, n, t: beta**(t - n) * (1 - beta**n) / (1 - beta**t),
                    "That is the share of the first n gradients; the last n are asked for."),
            Mistake("one too few", lambda beta, n, t: (1 - beta**(n - 1)) / (1 - beta**t),
                    "Off by one: the newest gradient has the power 0 of beta, so n of them end "
                    "with the power n - 1."),
            Mistake("only one of them",
                    lambda beta, n, t: (1 - beta) * beta**(n - 1) / (1 - beta**t),
                    "That is the share of the n-th last alone. Add up."),
            Mistake("sum without 1 - beta",
                    lambda beta, n, t: (1 - beta**n) / (1 - beta) / (1 - beta**t),
                    "Each gradient enters with the factor 1 - beta; it cancels in the sum."),
            Mistake("equal weights", lambda beta, n, t: n / t,
                    "That would be a plain mean. Here newer gradients weigh more."),
        )),
    "first_step": Exercise(
        _first(lambda g, eps, b1, b2: abs(g) + eps),
        on((0.001, 0.9, 0.999, 1e-8, 3.0), (0.1, 0.9, 0.99, 0.01, -0.02),
           (1.0, 0.5, 0.9, 1e-3, 1e-3)), (
            Mistake("no modulus", lambda lr, b1, b2, eps, g: -lr * g / (g + eps),
                    "eps is added to the size of g, not to g."),
            Mistake("lr alone", lambda lr, b1, b2, eps, g: -lr,
                    "It goes the same way for both signs of the gradient."),
            Mistake("no root", _first(lambda g, eps, b1, b2: g**2 + eps),
                    "The mean square enters by its root."),
            Mistake("sign", _first(lambda g, eps, b1, b2: -(abs(g) + eps)),
                    "The size is right; the way goes against the gradient."),
            Mistake("no sign", lambda lr, b1, b2, eps, g: lr * abs(g) / (abs(g) + eps),
                    "That is how far. Where, from 0? The way goes against the gradient."),
            Mistake("no eps", _first(lambda g, eps, b1, b2: abs(g)),
                    "That is the limit for large gradients, lr sign(g). Keep eps."),
            Mistake("eps inside the root", _first(lambda g, eps, b1, b2: np.sqrt(g**2 + eps)),
                    "eps stands outside the root."),
            Mistake("no bias correction",
                    _first(lambda g, eps, b1, b2: (np.sqrt(1 - b2) * abs(g) + eps) / (1 - b1)),
                    "That is the first step without bias correction."),
            Mistake("v not corrected", _first(lambda g, eps, b1, b2: np.sqrt(1 - b2) * abs(g)
                                              + eps),
                    "It corrects m and not v."),
            Mistake("other form of eps",
                    _first(lambda g, eps, b1, b2: abs(g) + eps / np.sqrt(1 - b2)),
                    "That is the paper's other form, where eps stands beside the root of the "
                    "uncorrected v."),
            Mistake("scaled by the gradient", lambda lr, b1, b2, eps, g: -lr * g,
                    "That is SGD's. Here the size of the gradient cancels, all but eps."),
        )),
    "implement": Exercise(_RIGHT, drive(
        {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 0.1},
        {"lr": 0.5, "beta1": 0.5, "beta2": 0.8, "eps": 1e-3}), _IMPLEMENT),
    "loop": Exercise(
        _loop(state_anew=False, t_of=lambda epoch, batch, batches: epoch * batches + batch + 1),
        _trained((2, 3, 0.1), (4, 5, 0.03)), (
            Mistake("a new optimizer every epoch",
                    _loop(state_anew=True, t_of=lambda epoch, batch, batches: batch + 1),
                    "That is still the colleague's loop: every epoch begins with empty means."),
            Mistake("t starts again",
                    _loop(state_anew=False, t_of=lambda epoch, batch, batches: batch + 1),
                    "The means live on now, and t starts again in every epoch: full means are "
                    "corrected as if they were young."),
            Mistake("state starts again",
                    _loop(state_anew=True,
                          t_of=lambda epoch, batch, batches: epoch * batches + batch + 1),
                    "t runs on now, but the means still start from 0 in every epoch, and nothing "
                    "corrects them."),
            Mistake("t an epoch ahead",
                    _loop(state_anew=False,
                          t_of=lambda epoch, batch, batches: (epoch + 1) * batches + batch + 1),
                    "t begins a whole epoch too high, so the first steps are hardly corrected."),
            Mistake("t counts epochs",
                    _loop(state_anew=False, t_of=lambda epoch, batch, batches: epoch + 1),
                    "It hands over the number of the epoch. t is the number of the step."),
            Mistake("t stands still",
                    _loop(state_anew=False, t_of=lambda epoch, batch, batches: 1),
                    "t is 1 at every step."),
            Mistake("t one ahead",
                    _loop(state_anew=False,
                          t_of=lambda epoch, batch, batches: epoch * batches + batch + 2),
                    "Nearly: t is one too high. The first step has the number 1."),
            Mistake("one epoch",
                    lambda rule, grad, p, epochs, batches, lr: _loop(
                        state_anew=False, t_of=lambda epoch, batch, batches: batch + 1)(
                            rule, grad, p, 1, batches, lr),
                    "It stops after one epoch."),
        )),
    "amsgrad": Exercise(_amsgrad(), drive(
        {"lr": 0.1, "beta1": 0.9, "beta2": 0.8, "eps": 0.1},
        {"lr": 0.5, "beta1": 0.5, "beta2": 0.5, "eps": 1e-3}), _AMSGRAD),
    "rare": Exercise(
        _rare(_whole),
        on((0.001, 0.9, 0.999, 3.0), (0.1, 0.5, 0.9, -0.02), (1.0, 0.0, 0.99, 1.0)), (
            Mistake("sign", _rare(lambda b1, b2, g: -_whole(b1, b2, g)),
                    "The size is right; the way goes against the gradient."),
            Mistake("no sign", lambda lr, b1, b2, g: lr * _whole(b1, b2, g),
                    "That is how far. Where, from 0? The way goes against the gradient's sign."),
            Mistake("plain SGD", lambda lr, b1, b2, g: -lr * g, "That is what plain SGD does."),
            Mistake("first step only", _rare(lambda b1, b2, g: (1 - b1) / np.sqrt(1 - b2)),
                    "That is the step at which the gradient comes. m carries it on for a while."),
            Mistake("without its own step", _rare(
                lambda b1, b2, g: _whole(b1, b2, g) * b1 / np.sqrt(b2)),
                    "It leaves out the step at which the gradient comes."),
            Mistake("v stands still", _rare(lambda b1, b2, g: 1 / np.sqrt(1 - b2)),
                    "Close: while m fades, v fades too, and the later steps are a little longer."),
            Mistake("no root of beta2", _rare(lambda b1, b2, g: (1 - b1) / np.sqrt(1 - b2)
                                              / (1 - b1 / b2)),
                    "v fades by beta2 a step, so its root by the root of beta2."),
            Mistake("no root", _rare(lambda b1, b2, g: (1 - b1) / (1 - b2) / (1 - b1 / b2)),
                    "The mean square enters by its root."),
            Mistake("scaled by the gradient", lambda lr, b1, b2, g: -lr * g * _whole(b1, b2, g),
                    "The size of the gradient cancels."),
            Mistake("like a first step", _rare(lambda b1, b2, g: 1.0),
                    "That is the first step of a young run. After a long silence the corrections "
                    "are 1."),
        )),
}

"""The exercises of the Adam chapter."""

from functools import partial
from itertools import product

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on
from descent.rules import adam, rmsprop

__all__ = ["EXERCISES"]


def _mean(old, new, beta):
    return beta * old + (1 - beta) * new


def _corrected(mean, beta, t):
    return mean / (1 - beta**t)


def _rule(*, sign=1.0, mean=_mean, square=lambda g: g**2, betas=lambda b1, b2: (b1, b2),
          first=_corrected, second=_corrected, second_beta=lambda b1, b2: b2, stored=False,
          above=lambda m_hat, g: m_hat, below=lambda v_hat, eps, b2, t: np.sqrt(v_hat) + eps,
          kept=1.0):
    """Return Adam from its parts, each of which a mistake may replace."""
    def rule(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
        b1, b2 = betas(beta1, beta2)
        m, v = mean(m, g, b1), mean(v, square(g), b2)
        m_hat, v_hat = first(m, b1, t), second(v, second_beta(b1, b2), t)
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


def _old_m(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
    _, new, v = _RIGHT(p, g, t, m, v, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    step = lr * _corrected(m, beta1, t) / (np.sqrt(_corrected(v, beta2, t)) + eps)
    return p - step, new, v


def _m_a_sum(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
    m, v = beta1 * m + g, _mean(v, g**2, beta2)
    step = _corrected(m, beta1, t) / (np.sqrt(_corrected(v, beta2, t)) + eps)
    return p - lr * step, m, v


def _betas_in_the_means(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
    m, v = _mean(m, g, beta2), _mean(v, g**2, beta1)
    step = _corrected(m, beta1, t) / (np.sqrt(_corrected(v, beta2, t)) + eps)
    return p - lr * step, m, v


def _squares_of_m(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
    m = _mean(m, g, beta1)
    v = _mean(v, m**2, beta2)
    step = _corrected(m, beta1, t) / (np.sqrt(_corrected(v, beta2, t)) + eps)
    return p - lr * step, m, v


def _eps_in_v(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps):
    m, v = _mean(m, g, beta1), _mean(v, g**2, beta2) + eps
    return p - lr * _corrected(m, beta1, t) / np.sqrt(_corrected(v, beta2, t)), m, v


_RIGHT = _rule()
_STATE = "What does it return, in which order, and how does it take that back?"
_CORRECT = "By what are m and v divided, and at which step by how much?"
_BELOW = "What exactly stands below the line, from the inside out?"
_WEIGHTS = "How much of the old mean is kept, and how much of g comes in?"
_EPS_OUT = "Write `np.sqrt(v_hat) + eps`."
_DIVIDE = "Divide m by 1 - beta1**t and v by 1 - beta2**t."
_IMPLEMENT = (
    Mistake("states swapped", _states_swapped, ask=_STATE,
            why="It returns v before m; the next step takes one for the other.",
            do="Return `p, m, v`, in the order of the arguments."),
    Mistake("v not kept", _v_not_kept, ask=_STATE,
            why="It returns m and not v: the next step begins with a v of 0.",
            do="Return `p, m, v`."),
    Mistake("sign", _rule(sign=-1.0), ask="Does the loss fall along its step?",
            why="It climbs: it adds the quotient.", do="Take the quotient from p."),
    Mistake("no bias correction", _rule(first=_uncorrected, second=_uncorrected),
            ask="What do the weights in m add up to at t = 1?",
            why="This is Adam without bias correction: both means are still too small early on.",
            do=_DIVIDE),
    Mistake("correction outside the root",
            _rule(second=lambda mean, beta, t: mean / (1 - beta**t)**2), ask=_CORRECT,
            why="It divides the root of v by 1 - beta2**t, and so v by its square.",
            do="Correct v first, then take the root."),
    Mistake("power of the difference",
            _rule(first=lambda mean, beta, t: mean / (1 - beta)**t,
                  second=lambda mean, beta, t: mean / (1 - beta)**t), ask=_CORRECT,
            why="It corrects by (1 - beta)**t, which tends to 0; the sum of the weights tends to "
                "1.", do="Take the power first: 1 - beta**t."),
    Mistake("multiplied", _rule(first=lambda mean, beta, t: mean * (1 - beta**t),
                                second=lambda mean, beta, t: mean * (1 - beta**t)), ask=_CORRECT,
            why="It multiplies by the sum of the weights, so what is too small gets smaller.",
            do="Divide by it."),
    Mistake("v not corrected", _rule(second=_uncorrected), ask=_CORRECT,
            why="It corrects m and not v: the early steps are far too long.",
            do="Divide v by 1 - beta2**t."),
    Mistake("m not corrected", _rule(first=_uncorrected), ask=_CORRECT,
            why="It corrects v and not m: the early steps are too short.",
            do="Divide m by 1 - beta1**t."),
    Mistake("no power", _rule(first=lambda m, b, t: m / (1 - b),
                              second=lambda v, b, t: v / (1 - b)), ask=_CORRECT,
            why="It divides by 1 - beta at every step, as if every step were the first.",
            do="Put in the power: 1 - beta**t."),
    Mistake("corrected by one beta", _rule(second_beta=lambda b1, b2: b1), ask=_CORRECT,
            why="It corrects v by powers of beta1; v is averaged by beta2.",
            do="Divide v by 1 - beta2**t."),
    Mistake("times t", _rule(first=lambda m, b, t: m / (1 - b * t),
                             second=lambda v, b, t: v / (1 - b * t)), ask=_CORRECT,
            why="It has beta times t; the weights add up to 1 minus a power of beta.",
            do="Write `beta1**t` and `beta2**t`."),
    Mistake("t from 0", _rule(first=lambda m, b, t: m / (1 - b**(t - 1)),
                              second=lambda v, b, t: v / (1 - b**(t - 1))),
            ask="What is t at the first step, and what does yours divide by then?",
            why="It has t - 1 in the power, and divides by 0 at the first step.",
            do="Steps count from 1: use t itself."),
    Mistake("t + 1", _rule(first=lambda m, b, t: m / (1 - b**(t + 1)),
                           second=lambda v, b, t: v / (1 - b**(t + 1))),
            ask="What is t at the first step, and what does yours divide by then?",
            why="It has t + 1 in the power: the correction is one step ahead.",
            do="t is 1 at the first step already: use t itself."),
    Mistake("correction stored", _rule(stored=True),
            ask="What exactly does the next step get as its m and v?",
            why="It keeps the corrected means as state, so they are corrected again and again.",
            do="Keep m and v; give the corrected ones names of their own."),
    Mistake("eps inside the root", _rule(below=lambda v, eps, b2, t: np.sqrt(v + eps)),
            ask=_BELOW, why="eps stands inside the root; torch has it outside.", do=_EPS_OUT),
    Mistake("no eps", _rule(below=lambda v, eps, b2, t: np.sqrt(v)), ask=_BELOW,
            why="It leaves eps out: a gradient of 0 divides 0 by 0.", do=_EPS_OUT),
    Mistake("eps beside the uncorrected root",
            _rule(below=lambda v, eps, b2, t: np.sqrt(v) + eps / np.sqrt(1 - b2**t)), ask=_BELOW,
            why="eps stands beside the root of the uncorrected v: that is the paper's other form.",
            do="Correct v, take the root, then add eps."),
    Mistake("no root", _rule(below=lambda v, eps, b2, t: v + eps), ask=_BELOW,
            why="It divides by the mean square itself.", do="Take its root."),
    Mistake("no square", _rule(square=lambda g: g), ask="Of what is v the mean?",
            why="Its v averages gradients, as m does.", do="Average g**2 in v."),
    Mistake("weights swapped", _rule(mean=lambda old, new, b: (1 - b) * old + b * new),
            ask=_WEIGHTS, why="It keeps 1 - beta of the past, and gives beta to what is new.",
            do="beta is what stays; what is new gets 1 - beta."),
    Mistake("betas swapped", _rule(betas=lambda b1, b2: (b2, b1)),
            ask="Which beta belongs to which mean?",
            why="It averages gradients by beta2 and squares by beta1.",
            do="beta1 belongs to m, beta2 to v."),
    Mistake("one beta", _rule(betas=lambda b1, b2: (b1, b1)),
            ask="Which beta belongs to which mean?", why="It uses beta1 for both means.",
            do="Use beta2 in v and in its correction."),
    Mistake("sums", _rule(mean=lambda old, new, b: b * old + new), ask=_WEIGHTS,
            why="What is new enters whole: these are sums, not means.",
            do="Give the new term the weight 1 - beta."),
    Mistake("the gradient above", _rule(above=lambda m_hat, g: g),
            ask="What stands above the line in your step?",
            why="It steps along this gradient and leaves m unused: RMSprop with a correction.",
            do="Put m_hat above the line."),
    Mistake("old mean", _old_m, ask="Which comes first, the new m or the step?",
            why="It steps with the m before this gradient, so the first step is 0.",
            do="Renew m and v first, then step."),
    Mistake("forgets", _rule(kept=0.0), ask="What does the next step begin with?",
            why="It returns empty means, so nothing is remembered from step to step.",
            do="Return the new m and v."),
    Mistake("m a sum", _m_a_sum,
            "It adds the gradient to m whole, so m is a fading sum, not a mean.",
            _WEIGHTS,
            "Weigh g by 1 - beta1."),
    Mistake("betas swapped in the means", _betas_in_the_means,
            "beta2 makes m, and beta1 makes v; the corrections have them the right way round.",
            _WEIGHTS,
            "beta1 is m's, beta2 is v's."),
    Mistake("mean of sizes", _rule(square=abs),
            "v averages the sizes of the gradients, not their squares.",
            "What is it that v averages?",
            "Square g there."),
    Mistake("squares of m", _squares_of_m,
            "v averages the squares of m, not those of the gradient.",
            "What is it that v averages?",
            "Square g there, not m."),
    Mistake("eps in v", _eps_in_v,
            "eps goes into v, and is averaged and kept there.",
            _BELOW,
            _EPS_OUT),
)


def _amsgrad(feed=lambda v, top: v, largest=lambda top, v, b2, t: np.maximum(top, v),
             second=_corrected, first=_corrected,
             below=lambda v_hat, eps: np.sqrt(v_hat) + eps):
    """Return AMSGrad from what v grows from, what the maximum is of, and how it is corrected."""
    def rule(p, g, t, m=0.0, v=0.0, v_max=0.0, *, lr, beta1, beta2, eps):
        m, v = _mean(m, g, beta1), _mean(feed(v, v_max), g**2, beta2)
        v_max = largest(v_max, v, beta2, t)
        v_hat = second(v_max, beta2, t)
        return p - lr * first(m, beta1, t) / below(v_hat, eps), m, v, v_max
    return rule


def _old_maximum(p, g, t, m=0.0, v=0.0, v_max=0.0, *, lr, beta1, beta2, eps):
    _, m, v, new = _amsgrad()(p, g, t, m, v, v_max, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
    step = lr * _corrected(m, beta1, t) / (np.sqrt(_corrected(v_max, beta2, t)) + eps)
    return p - step, m, v, new


def _largest_square(p, g, t, m=0.0, v=0.0, v_max=0.0, *, lr, beta1, beta2, eps):
    m, v = _mean(m, g, beta1), _mean(v, g**2, beta2)
    v_max = np.maximum(v_max, g**2)
    step = _corrected(m, beta1, t) / (np.sqrt(_corrected(v_max, beta2, t)) + eps)
    return p - lr * step, m, v, v_max


def _v_or_square(p, g, t, m=0.0, v=0.0, v_max=0.0, *, lr, beta1, beta2, eps):
    m, v = _mean(m, g, beta1), _mean(v, g**2, beta2)
    v_max = np.maximum(v, g**2)
    step = _corrected(m, beta1, t) / (np.sqrt(_corrected(v_max, beta2, t)) + eps)
    return p - lr * step, m, v, v_max


def _v_for_v_max(p, g, t, m=0.0, v=0.0, v_max=0.0, **hyper):
    p, m, v, _ = _amsgrad()(p, g, t, m, v, v_max, **hyper)
    return p, m, v, v


def _v_max_before_v(p, g, t, m=0.0, v=0.0, v_max=0.0, **hyper):
    p, m, v, v_max = _amsgrad()(p, g, t, m, v, v_max, **hyper)
    return p, m, v_max, v


_GROWS = "From what does v grow, and what else is done to it?"
_LARGEST = "Of what is v_max the largest, and when is it corrected?"
_AMSGRAD = (
    Mistake("maximum fed back", _amsgrad(feed=lambda v, top: top), ask=_GROWS,
            why="As in the colleague's rule v grows from the maximum, and can never fall.",
            do="Let v grow from v, and look at it with `np.maximum` afterwards."),
    Mistake("maximum of the corrected",
            _amsgrad(largest=lambda top, v, b2, t: np.maximum(top, v / (1 - b2**t)),
                     second=_uncorrected), ask=_LARGEST,
            why="That is Optax's choice: the maximum of the corrected means.",
            do="Take the maximum of v as it is; correct it afterwards, and keep it uncorrected."),
    Mistake("corrected twice",
            _amsgrad(largest=lambda top, v, b2, t: np.maximum(top, v / (1 - b2**t))),
            ask=_LARGEST,
            why="It takes the maximum of corrected means and corrects that once more.",
            do="Take the maximum of v as it is, and correct once."),
    Mistake("v_max not corrected", _amsgrad(second=_uncorrected), ask=_LARGEST,
            why="It leaves the maximum uncorrected, and early steps are too long.",
            do="Divide v_max by 1 - beta2**t for the step."),
    Mistake("no maximum", _amsgrad(largest=lambda top, v, b2, t: v), ask=_LARGEST,
            why="That is Adam: the maximum has gone.", do="Put `np.maximum(v_max, v)` back."),
    Mistake("largest square", _largest_square, ask=_LARGEST,
            why="v_max is the largest square of a gradient, not the largest v.",
            do="Write `np.maximum(v_max, v)`."),
    Mistake("largest of v and the square",
            _v_or_square, ask=_LARGEST,
            why="It takes the larger of v and this gradient's square: nothing is remembered.",
            do="Write `np.maximum(v_max, v)`."),
    Mistake("old maximum", _old_maximum, ask="Which v_max stands below the line of this step?",
            why="It divides by the maximum before this step.",
            do="Renew v_max first, then step."),
    Mistake("one maximum for all", _amsgrad(largest=lambda top, v, b2, t: np.max([top + 0 * v, v])),
            ask="How many numbers has v_max?",
            why="It takes one maximum over all entries; each has a largest mean of its own.",
            do="Use `np.maximum`, which works entry by entry."),
    Mistake("m not corrected", _amsgrad(first=_uncorrected),
            ask="Which of the two means does torch correct?",
            why="It leaves m uncorrected, and early steps are too short.",
            do="Divide m by 1 - beta1**t for the step."),
    Mistake("no correction", _amsgrad(first=_uncorrected, second=_uncorrected),
            ask="Which of the two means does torch correct?",
            why="That is the paper's AMSGrad, without any correction.",
            do="Divide m and v_max by their 1 - beta**t for the step."),
    Mistake("v handed on as the maximum", _v_for_v_max,
            ask="What does it return in the fourth place?",
            why="It hands v on as the maximum: then that remembers one step only.",
            do="Return `p, m, v, v_max`."),
    Mistake("v_max before v", _v_max_before_v, ask=_STATE,
            why="It returns v_max before v; the next step takes one for the other.",
            do="Return `p, m, v, v_max`."),
    Mistake("minimum", _amsgrad(largest=lambda top, v, b2, t: np.minimum(top, v) if t > 1 else v),
            ask="Which of the two mean squares wins?",
            why="It keeps the smallest mean square.", do="AMSGrad keeps the largest."),
    Mistake("eps inside the root", _amsgrad(below=lambda v_hat, eps: np.sqrt(v_hat + eps)),
            ask=_BELOW, why="The maximum is right, and eps has slipped into the root.",
            do=_EPS_OUT),
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


def _stateless(rule, grad, p, epochs, batches, lr):
    for t in range(1, epochs * batches + 1):
        p, *_ = rule(p, grad(p), t, lr=lr)
    return p


def _two_means(rule, grad, p, epochs, batches, lr):
    m, v = 0.0, 0.0
    for t in range(1, epochs * batches + 1):
        p, m, v, *_ = (*rule(p, grad(p), t, m, v, lr=lr), 0.0)
    return p


def _trained(train):
    """Yield where a loop leads on a bowl of five curvatures, by Adam, by AMSGrad, by RMSprop.

    They keep four, four and three states; AMSGrad's last one counts.
    """
    h, start = np.array([0.1, 0.5, 1.0, 2.0, 5.0]), np.array([1.0, -1.0, 2.0, -2.0, 0.5])
    largest = partial(adam, amsgrad=True, betas=(0.5, 0.6))
    for (words, rule), (epochs, batches, lr) in product(
            (("adam", adam), ("adam with amsgrad", largest), ("rmsprop", rmsprop)),
            ((2, 3, 0.1), (4, 5, 0.03), (3, 1, 0.2))):
        yield (f"with rule={words}, {epochs} epochs of {batches} batches, lr={lr:g}",
               train(rule, lambda p: h * p, start.copy(), epochs, batches, lr))


def _rare(size):
    return lambda lr, beta1, beta2, g: -np.sign(g) * lr * size(beta1, beta2, g)


def _whole(b1, b2, g):
    return (1 - b1) / np.sqrt(1 - b2) / (1 - b1 / np.sqrt(b2))


def _back(b1, b2):
    """Return how far the second of two opposite gradients brings the point back, in lr."""
    return (1 - b1) / (1 + b1)


def _turned(back=_back, out=lambda b1, b2: 1.0, root=lambda g, eps: abs(g) + eps):
    """Return where two opposite gradients lead, from the sizes of the steps there and back."""
    def end(lr, beta1, beta2, eps, g):
        return -lr * g / root(g, eps) * (out(beta1, beta2) - back(beta1, beta2))
    return end


def _turned_uncorrected(lr, beta1, beta2, eps, g):
    m, v = (1 - beta1) * g, (1 - beta2) * g**2
    there = m / (np.sqrt(v) + eps)
    m, v = beta1 * m - (1 - beta1) * g, beta2 * v + (1 - beta2) * g**2
    return -lr * (there + m / (np.sqrt(v) + eps))


_SECOND = "What is m at the second step, and by what is it divided?"
_TURN = (
    Mistake("there only", _turned(lambda b1, b2: 0.0),
            ask="How many steps are taken, and where do they lead together?",
            why="That is where the first step leads.", do="Add the second step to it."),
    Mistake("back only", _turned(out=lambda b1, b2: 0.0),
            ask="How many steps are taken, and where do they lead together?",
            why="That is the second step alone.", do="Add the first step to it."),
    Mistake("back at 0", _turned(lambda b1, b2: 1.0),
            ask="What does m still hold of the first gradient?",
            why="That is so with SGD, or with beta1 = 0: the second step undoes the first.",
            do="Write m down at t = 2: the old gradient is in it by beta1 (1 - beta1)."),
    Mistake("the same way twice", _turned(lambda b1, b2: -1.0),
            ask="Which sign has the second gradient?",
            why="That is for the same gradient twice.", do="The second one is -g."),
    Mistake("m added", _turned(lambda b1, b2: -_back(b1, b2)), ask=_SECOND,
            why="The second step has the right length and goes on, away from 0.",
            do="The new gradient outweighs the old one in m: the step goes back."),
    Mistake("second m not corrected", _turned(lambda b1, b2: (1 - b1)**2), ask=_SECOND,
            why="It takes m at the second step as it is.", do="Divide it by 1 - beta1**2."),
    Mistake("corrected as a first step", _turned(lambda b1, b2: 1 - b1), ask=_SECOND,
            why="It divides m by 1 - beta1 at the second step as well.",
            do="At t = 2 divide by 1 - beta1**2."),
    Mistake("corrected one averaged again",
            _turned(lambda b1, b2: (1 - 2 * b1) / (1 - b1**2)), ask=_SECOND,
            why="It averages the corrected m of the first step with the new gradient.",
            do="Begin from m itself, (1 - beta1) g, and correct afterwards."),
    Mistake("old mean alone", _turned(lambda b1, b2: -b1 / (1 + b1)), ask=_SECOND,
            why="It leaves the second gradient out of m.", do="Add (1 - beta1) times -g to m."),
    Mistake("no modulus", _turned(root=lambda g, eps: g + eps), ask="What is the root of g**2?",
            why="It adds eps to g; for a negative g that is another number.",
            do="Add eps to the size of g, `abs(g)`."),
    Mistake("no sign", lambda *a: abs(_turned()(*a)), ask="Which way does the first step go?",
            why="That is how far from 0 it ends, not on which side.",
            do="It goes against the first gradient."),
    Mistake("no eps", _turned(root=lambda g, eps: abs(g)), ask="Where does eps enter your formula?",
            why="That is the limit for large gradients.", do="Add eps to abs(g), below the line."),
    Mistake("eps inside the root", _turned(root=lambda g, eps: np.sqrt(g**2 + eps)),
            ask="What exactly stands below the line?", why="eps stands inside the root.",
            do="Take the root first, which is abs(g), then add eps."),
    Mistake("no root", _turned(root=lambda g, eps: g**2 + eps),
            ask="What exactly stands below the line?",
            why="It divides by the mean square itself.", do="Take its root, abs(g)."),
    Mistake("no bias correction", _turned_uncorrected, ask="Is v_hat the same at both steps?",
            why="Neither mean is corrected.", do="Divide m by 1 - beta1**t, v by 1 - beta2**t."),
    Mistake("scaled by the gradient", _turned(root=lambda g, eps: 1.0),
            ask="What if all gradients are a hundred times as large?",
            why="The steps are proportional to g, as SGD's are.",
            do="Divide by the root of v_hat, plus eps."),
    Mistake("the way back as share",
            lambda lr, b1, b2, eps, g: -lr * g / (abs(g) + eps) * (1 - b1) / (1 + b1),
            "It has the share of the way back; asked for is what is left after it.",
            "How many steps are taken, and where do they lead together?",
            "Take this share from 1."),
)

_WHICH = "Which weights, of all those in m_hat, do you add up?"
_SHARE = (
    Mistake("not corrected", lambda beta, n, t: 1 - beta**n,
            ask="What do you get for n = t, when all gradients are in?",
            why="That is their weight in m, where the weights do not add up to 1.",
            do="In m_hat they do: divide by 1 - beta**t."),
    Mistake("the older ones", lambda beta, n, t: (beta**n - beta**t) / (1 - beta**t),
            ask=_WHICH, why="That is the share of all the others.", do="Take 1 minus it."),
    Mistake("the first ones", lambda beta, n, t: beta**(t - n) * (1 - beta**n) / (1 - beta**t),
            ask=_WHICH, why="That is the share of the first n gradients.",
            do="The last n are asked for: they have the powers 0 to n - 1 of beta."),
    Mistake("one too few", lambda beta, n, t: (1 - beta**(n - 1)) / (1 - beta**t),
            ask="Which power of beta has the newest gradient, and which the n-th last?",
            why="It adds up n - 1 of them: off by one.",
            do="The powers go from 0 to n - 1, and their sum has the power n in it."),
    Mistake("one too many", lambda beta, n, t: (1 - beta**(n + 1)) / (1 - beta**t),
            ask="Which power of beta has the newest gradient, and which the n-th last?",
            why="It adds up n + 1 of them: off by one.",
            do="The powers go from 0 to n - 1, and their sum has the power n in it."),
    Mistake("only one of them", lambda beta, n, t: (1 - beta) * beta**(n - 1) / (1 - beta**t),
            ask=_WHICH, why="That is the share of the n-th last alone.",
            do="Add up the last n."),
    Mistake("sum without 1 - beta",
            lambda beta, n, t: (1 - beta**n) / (1 - beta) / (1 - beta**t),
            ask="What do you get for n = t, when all gradients are in?",
            why="Each gradient enters with the factor 1 - beta; it is left out here.",
            do="Multiply by 1 - beta: it cancels in the sum."),
    Mistake("all like the newest", lambda beta, n, t: (1 - beta) * n / (1 - beta**t),
            ask="Does every gradient weigh the same?",
            why="It gives each of them the weight of the newest; the older ones weigh less.",
            do="Add up the weights (1 - beta) beta**j for j from 0 to n - 1."),
    Mistake("equal weights", lambda beta, n, t: n / t, ask="Does every gradient weigh the same?",
            why="That would be a plain mean. Here newer gradients weigh more.",
            do="Add up the weights (1 - beta) beta**j, and correct."),
    Mistake("what has faded", lambda beta, n, t: beta**n,
            "That is by how much the weights have shrunk after n steps.",
            _WHICH,
            "Add up the first n of them, and correct the sum."),
    Mistake("not weighed", lambda beta, n, t: (1 - beta**n) / (1 - beta),
            "It adds up the powers of beta, which are not the weights yet.",
            _WHICH,
            "Multiply by 1 - beta, and correct by 1 - beta**t."),
    Mistake("the oldest by number", lambda beta, n, t: (1 - beta**(t - n)) / (1 - beta**t),
            "It adds up the newest t - n.",
            _WHICH,
            "The newest n have the powers 0 to n - 1."),
)

_COUNT = "Which number has the first step of the second epoch?"
_MEANS = "What do the means hold when the second epoch begins?"


def _by_steps(epoch, batch, batches):
    return epoch * batches + batch + 1


def _old_gradient(rule, grad, p, epochs, batches, lr):
    state, g = (), None
    for t in range(1, epochs * batches + 1):
        g = grad(p) if (t - 1) % batches == 0 else g
        p, *state = rule(p, g, t, *state, lr=lr)
    return p


def _gradient_of_the_start(rule, grad, p, epochs, batches, lr):
    g, state = grad(p), ()
    for t in range(1, epochs * batches + 1):
        p, *state = rule(p, g, t, *state, lr=lr)
    return p


_LOOP = (
    Mistake("a new optimizer every epoch",
            _loop(state_anew=True, t_of=lambda epoch, batch, batches: batch + 1), ask=_MEANS,
            why="Every epoch begins with empty means, at t = 1.",
            do="Let state and t live through all epochs."),
    Mistake("t starts again",
            _loop(state_anew=False, t_of=lambda epoch, batch, batches: batch + 1), ask=_COUNT,
            why="That is still the colleague's loop: the means live on, and t starts again in "
                "every epoch, so full means are corrected as if they were young.",
            do="Let t run on through all epochs."),
    Mistake("state starts again", _loop(state_anew=True, t_of=_by_steps), ask=_MEANS,
            why="t runs on, but the means start from 0 in every epoch, and nothing corrects them.",
            do="Begin the state once, before the loop over epochs."),
    Mistake("no state", _stateless, ask="What does the rule get of what it returned last?",
            why="It throws the state away at every step.",
            do="Keep all that comes behind p, and hand it back: `p, *state = rule(…, *state, …)`."),
    Mistake("two means", _two_means, ask="How many numbers does each rule return behind p?",
            why="It hands back m and v alone. Some rules of the trials keep more, such as the "
                "largest v so far, and that is lost.",
            do="Keep all of it, however much it is: `p, *state = …`."),
    Mistake("t an epoch ahead",
            _loop(state_anew=False,
                  t_of=lambda epoch, batch, batches: (epoch + 1) * batches + batch + 1),
            ask="What is t at the very first step?",
            why="t begins a whole epoch too high, so the first steps are hardly corrected.",
            do="Let t be 1 at the first step."),
    Mistake("t counts epochs",
            _loop(state_anew=False, t_of=lambda epoch, batch, batches: epoch + 1),
            ask="What does t count in your loop?", why="It hands over the number of the epoch.",
            do="t is the number of the step."),
    Mistake("t stands still", _loop(state_anew=False, t_of=lambda epoch, batch, batches: 1),
            ask="What does t count in your loop?", why="t is 1 at every step.",
            do="Raise t by 1 at every step."),
    Mistake("t from 0",
            _loop(state_anew=False, t_of=lambda epoch, batch, batches: epoch * batches + batch),
            ask="What is t at the very first step?", why="t begins at 0, and 1 - beta**0 is 0.",
            do="Let t be 1 at the first step."),
    Mistake("t one ahead",
            _loop(state_anew=False,
                  t_of=lambda epoch, batch, batches: epoch * batches + batch + 2),
            ask="What is t at the very first step?", why="t is one too high.",
            do="Let t be 1 at the first step."),
    Mistake("old gradient", _old_gradient, ask="At which point is each gradient taken?",
            why="It takes one gradient an epoch, and goes on with it after the point has moved.",
            do="Take `grad(p)` at every step."),
    Mistake("one epoch",
            lambda rule, grad, p, epochs, batches, lr: _loop(state_anew=False, t_of=_by_steps)(
                rule, grad, p, 1, batches, lr),
            ask="How many steps does it take in all?", why="It stops after one epoch.",
            do="Take epochs times batches steps."),
    Mistake("one batch",
            lambda rule, grad, p, epochs, batches, lr: _loop(state_anew=False, t_of=_by_steps)(
                rule, grad, p, epochs, 1, lr),
            ask="How many steps does it take in all?", why="It takes one step an epoch.",
            do="Take epochs times batches steps."),
    Mistake("one step short",
            lambda rule, grad, p, epochs, batches, lr: _loop(state_anew=False, t_of=_by_steps)(
                rule, grad, p, 1, epochs * batches - 1, lr),
            ask="How many steps does it take in all?", why="It takes one step too few.",
            do="`range(1, n)` ends before n: write n + 1."),
    Mistake("one step", lambda rule, grad, p, epochs, batches, lr: rule(p, grad(p), 1, lr=lr)[0],
            "It returns after the first step: the `return` stands inside the loop.",
            "How many steps does it take?",
            "Put `return` behind the loop, at the margin of the function."),
    Mistake("gradient of the start", _gradient_of_the_start,
            "It computes the gradient once, at the start, and steps along that for ever.",
            "At which point is the gradient of the second step?",
            "Call `grad(p)` in every step."),
)

_FADE = "By which factor do m and v each shrink in a silent step?"
_LENGTH = "How long is the step at which the gradient comes, at beta1 = 0?"
_RARE = (
    Mistake("sign", _rare(lambda b1, b2, g: -_whole(b1, b2, g)),
            ask="Which way does a positive gradient move it?",
            why="The size is right, and it climbs.", do="Go against the sign of g."),
    Mistake("no sign", lambda lr, b1, b2, g: lr * _whole(b1, b2, g),
            ask="Which way does a positive gradient move it?",
            why="That is how far it goes, not on which side of 0 it ends.",
            do="Go against the sign of g."),
    Mistake("plain SGD", lambda lr, b1, b2, g: -lr * g,
            ask="What does the size of g change in Adam?", why="That is what plain SGD does.",
            do="Divide m by the root of v at each step, and add the steps up."),
    Mistake("first step only", _rare(lambda b1, b2, g: (1 - b1) / np.sqrt(1 - b2)),
            ask="Which steps are longer than 0?",
            why="That is the step at which the gradient comes; m carries the point on after it.",
            do="Add up all the steps that follow."),
    Mistake("without its own step", _rare(lambda b1, b2, g: _whole(b1, b2, g) * b1 / np.sqrt(b2)),
            ask="Which steps are longer than 0?",
            why="It leaves out the step at which the gradient comes.",
            do="Begin the sum at j = 0."),
    Mistake("v stands still", _rare(lambda b1, b2, g: 1 / np.sqrt(1 - b2)), ask=_FADE,
            why="It lets m fade and v stand still; v fades too, and later steps are a little "
                "longer.", do="Let the root of v shrink by the root of beta2 a step."),
    Mistake("no root of beta2", _rare(lambda b1, b2, g: (1 - b1) / np.sqrt(1 - b2)
                                      / (1 - b1 / b2)), ask=_FADE,
            why="It lets the root of v shrink by beta2 a step, as v itself does.",
            do="Put the root of beta2 there."),
    Mistake("no root", _rare(lambda b1, b2, g: (1 - b1) / (1 - b2) / (1 - b1 / b2)), ask=_LENGTH,
            why="It divides by the mean square itself.", do="Divide by its root."),
    Mistake("scaled by the gradient", lambda lr, b1, b2, g: -lr * g * _whole(b1, b2, g),
            ask="What does the size of g change in Adam?",
            why="It is proportional to g, which stands above the line and below.",
            do="Only the sign of g is left."),
    Mistake("like a first step", _rare(lambda b1, b2, g: 1.0), ask=_LENGTH,
            why="That is the first step of a young run, where both means are corrected.",
            do="Here the corrections are 1: take (1 - beta1) g and the root of (1 - beta2) g**2."),
    Mistake("factors forgotten", _rare(lambda b1, b2, g: 1 / (1 - b1 / np.sqrt(b2))),
            ask=_LENGTH,
            why="The series is right, but its first step is not one learning rate long.",
            do="Multiply by (1 - beta1) over the root of 1 - beta2."),
    Mistake("no root of 1 - beta2",
            lambda lr, b1, b2, g: -np.sign(g) * lr * (1 - b1) / (1 - b2) / (1 - b1 / np.sqrt(b2)),
            "It divides by the weight of the square, not by its root.",
            _LENGTH,
            "Take the root of 1 - beta2."),
    Mistake("m takes it whole",
            lambda lr, b1, b2, g: -np.sign(g) * lr / np.sqrt(1 - b2) / (1 - b1 / np.sqrt(b2)),
            "m takes the gradient in whole.",
            _LENGTH,
            "Weigh it by 1 - beta1."),
    Mistake("missing brackets",
            lambda lr, b1, b2, g:
                -np.sign(g) * lr * (1 - b1) / np.sqrt(1 - b2) / 1 - b1 / np.sqrt(b2),
            "Without brackets only 1 stands below the line.",
            "What does Python divide by, and what does it subtract?",
            "Put brackets around 1 - beta1 / sqrt(beta2)."),
)

EXERCISES = {
    "share": Exercise(lambda beta, n, t: (1 - beta**n) / (1 - beta**t),
                      on((0.9, 1, 1), (0.9, 7, 20), (0.999, 100, 1000), (0.5, 2, 3)), _SHARE),
    "turn": Exercise(_turned(), on((0.001, 0.9, 0.999, 1e-8, 3.0), (0.1, 0.8, 0.99, 0.01, -0.02),
                                   (1.0, 0.5, 0.9, 1e-3, 1e-3), (0.5, 0.0, 0.9, 0.1, 2.0)), _TURN),
    "implement": Exercise(_RIGHT, drive(
        {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 0.1},
        {"lr": 0.5, "beta1": 0.5, "beta2": 0.8, "eps": 1e-3}), _IMPLEMENT,
        gives="the new point and the state, p, m, v"),
    "loop": Exercise(_loop(state_anew=False, t_of=_by_steps), _trained, _LOOP,
                     gives="the last point, as many numbers as p has"),
    "amsgrad": Exercise(_amsgrad(), drive(
        {"lr": 0.1, "beta1": 0.9, "beta2": 0.8, "eps": 0.1},
        {"lr": 0.5, "beta1": 0.5, "beta2": 0.5, "eps": 1e-3}), _AMSGRAD,
        gives="the new point and the state, p, m, v, v_max"),
    "rare": Exercise(_rare(_whole), on((0.001, 0.9, 0.999, 3.0), (0.1, 0.5, 0.9, -0.02),
                                       (1.0, 0.0, 0.99, 1.0)), _RARE),
}

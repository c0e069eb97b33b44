"""The exercises of the AdamW chapter."""

import math
from functools import cache
from itertools import product

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on
from descent.exercises.seen import Odd

__all__ = ["EXERCISES"]


def _shrunk(p, lr, weight_decay):
    return (1 - lr * weight_decay) * p


def _rule(before=_shrunk, pull=0.0, after=lambda p, step, lr, weight_decay: p - step,
          root=lambda v_hat, eps: np.sqrt(v_hat) + eps, late=False, in_m=0.0, in_m_hat=0.0):
    """Return AdamW from what is done to p before Adam's step, to g, m, m_hat, and with the step."""
    def rule(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps, weight_decay):
        g = g + pull * weight_decay * p
        old = m, v
        p = before(p, lr, weight_decay)
        m = beta1 * m + (1 - beta1) * (g + in_m * weight_decay * p)
        v = beta2 * v + (1 - beta2) * g**2
        first, second = (old[0], v) if late else (m, v)
        m_hat, v_hat = first / (1 - beta1**t), second / (1 - beta2**t)
        m_hat = m_hat + in_m_hat * weight_decay * p
        return after(p, lr * m_hat / root(v_hat, eps), lr, weight_decay), m, v
    return rule


def _kept(p, lr, weight_decay):
    return p


def _uncorrected(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps, weight_decay):
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g**2
    return (1 - lr * weight_decay) * p - lr * m / (np.sqrt(v) + eps), m, v


def _forgetful(p, g, t, m=0.0, v=0.0, *, lr, beta1, beta2, eps, weight_decay):
    p = (1 - lr * weight_decay) * p
    return p - lr * g / (abs(g) + eps), m, v


def _l2_by_lr(*args, lr, weight_decay, **hyper):
    return _rule(_kept, pull=1.0)(*args, lr=lr, weight_decay=lr * weight_decay, **hyper)


def _faded(p, g, t, *state, lr, weight_decay, **hyper):
    return _rule()(p, g, t, *state, lr=lr, weight_decay=(1 - (1 - lr * weight_decay)**t) / lr,
                   **hyper)


def _gradient_decays(p, g, t, *state, lr, weight_decay, **hyper):
    return _rule(_kept)(p - lr * weight_decay * g, g, t, *state, lr=lr, weight_decay=0.0, **hyper)


_SHRINK = "Put `p = p - lr * weight_decay * p` before the step, and nothing else."
_LOSES = "Without a gradient, what does a weight lose in a step?"
_FACTOR = "By which factor does p shrink, and with what in it?"
_THROUGH = "Is the decay divided by the root of v, or does it pass beside it?"
_BELOW = "What exactly stands below the line, from the inside out?"
_IMPLEMENT = (
    Mistake("no decay", _rule(_kept), ask=_LOSES, why="That is Adam: nothing decays yet.",
            do=_SHRINK),
    Mistake("L2 in the gradient", _rule(_kept, pull=1.0), ask=_THROUGH,
            why="It adds λp to the gradient. That is Adam with L2: the pull goes through both "
                "means.", do=_SHRINK),
    Mistake("L2 by lr", _l2_by_lr, ask=_THROUGH,
            why="It adds lr λ p to the gradient: the pull goes through both means.", do=_SHRINK),
    Mistake("decay after the step",
            _rule(_kept, after=lambda p, step, lr, wd: (1 - lr * wd) * (p - step)),
            ask="Which point shrinks: the one before the step, or the one behind it?",
            why="It shrinks the point after the step, and so a part of the step.",
            do="Shrink the old p."),
    Mistake("decay after the step, no lr",
            _rule(_kept, after=lambda p, step, lr, wd: (1 - wd) * (p - step)), ask=_FACTOR,
            why="It shrinks after the step, and by weight_decay alone.",
            do="Shrink the old p, by lr times weight_decay."),
    Mistake("decay in m alone", _rule(_kept, in_m=1.0), ask=_THROUGH,
            why="It adds λp to the gradient in m and not in v: still averaged, and still divided "
                "by the root of v.", do="Take the decay past both means."),
    Mistake("decay in m_hat", _rule(_kept, in_m_hat=1.0), ask=_THROUGH,
            why="It adds λp to m_hat: past the means, but still divided by the root of v.",
            do="Take it out of the quotient."),
    Mistake("sign of the weights", _rule(lambda p, lr, wd: p - lr * wd * np.sign(p)), ask=_LOSES,
            why="Every weight loses the same, lr times λ.",
            do="A decay takes a share of the weight: λp."),
    Mistake("no lr factor", _rule(lambda p, lr, wd: (1 - wd) * p), ask=_FACTOR,
            why="It shrinks by weight_decay alone.", do="Torch shrinks by lr times weight_decay."),
    Mistake("power t", _faded, ask=_FACTOR,
            why="It shrinks p by all t decays at once, and p has been through the earlier ones.",
            do="One step takes one factor: leave out the power t."),
    Mistake("fixed decay", _rule(lambda p, lr, wd: (1 - lr * 0.01) * p), ask=_FACTOR,
            why="It decays by torch's default, 0.01, whatever weight_decay is given.",
            do="Use `weight_decay`."),
    Mistake("decay of the step",
            _rule(_kept, after=lambda p, step, lr, wd: p - (1 - lr * wd) * step), ask=_LOSES,
            why="It shrinks the step; without a gradient nothing decays.",
            do="Shrink the weight: p."),
    Mistake("sign of the decay", _rule(lambda p, lr, wd: (1 + lr * wd) * p), ask=_LOSES,
            why="Its weights grow: the decay has the wrong sign.", do="Take lr λ p from p."),
    Mistake("sign of the step", _rule(after=lambda p, step, lr, wd: p + step),
            ask="Does the loss fall along its step?", why="It climbs: it adds the step.",
            do="Take the step from p."),
    Mistake("both", _rule(pull=1.0), ask="In how many places does weight_decay stand?",
            why="It decays twice: once in the gradient, once past it.",
            do="Take the pull out of g."),
    Mistake("weight_decay squared", _rule(lambda p, lr, wd: (1 - lr * wd**2) * p), ask=_FACTOR,
            why="It has weight_decay in twice.", do="Take it out once."),
    Mistake("share kept", _rule(lambda p, lr, wd: lr * wd * p), ask=_FACTOR,
            why="It keeps only the share that should go.",
            do="Keep the rest: 1 - lr · weight_decay."),
    Mistake("lr twice", _rule(lambda p, lr, wd: (1 - lr**2 * wd) * p), ask=_FACTOR,
            why="lr is in the decay twice.",
            do="If the decay stands inside lr · (…), leave lr out in there."),
    Mistake("no weight_decay", _rule(lambda p, lr, wd: (1 - lr) * p), ask=_FACTOR,
            why="It shrinks by lr alone.", do="Multiply lr by weight_decay."),
    Mistake("pull away", _rule(_kept, pull=-1.0), ask=_THROUGH,
            why="It takes λp from the gradient: L2 with the wrong sign, and through both means.",
            do=_SHRINK),
    Mistake("old mean", _rule(late=True), ask="Which comes first, the new m or the step?",
            why="It steps with the mean before this gradient.",
            do="Renew m and v first, then step."),
    Mistake("no bias correction", _uncorrected, ask="By what are m and v divided?",
            why="The means are not corrected for their start at 0.",
            do="Divide m by 1 - beta1**t and v by 1 - beta2**t."),
    Mistake("eps inside the root", _rule(root=lambda v_hat, eps: np.sqrt(v_hat + eps)),
            ask=_BELOW, why="eps stands inside the root; torch has it outside.",
            do="Write `np.sqrt(v_hat) + eps`."),
    Mistake("no eps", _rule(root=lambda v_hat, eps: np.sqrt(v_hat)), ask=_BELOW,
            why="It leaves eps out.", do="Write `np.sqrt(v_hat) + eps`."),
    Mistake("state not fed back", _forgetful, ask="What does the next step begin with?",
            why="It returns the old m and v, so every step is a first step.",
            do="Return the new m and v."),
    Mistake("the new point pulls",
            _rule(_kept, after=lambda p, step, lr, wd: (p - step) / (1 + lr * wd)),
            "It divides by 1 + lr λ behind the step, as a proximal step does. Torch multiplies the"
            " old point.",
            _FACTOR,
            _SHRINK),
    Mistake("gradient for the point", _gradient_decays,
            "It takes away lr λ times the gradient, not times the point.",
            "What is it that decays?",
            _SHRINK),
)


def _halving(root):
    """Return a weight_decay from the share that goes in a step."""
    return lambda lr, steps: root(steps) / lr


_ONE_STEP = "What is left after one step, and after all of them?"
_HALF_LIFE = (
    Mistake("small factor", _halving(lambda n: math.log(2) / n), ask=_ONE_STEP,
            why="That is the limit for many steps, the one to remember; for few it is off.",
            do="Solve (1 - lr λ)**steps = 1/2 as it stands."),
    Mistake("no lr", lambda lr, n: 1 - 0.5**(1 / n), ask="By which factor does a step multiply?",
            why="That is lr times λ: the share that goes in a step.", do="Divide it by lr."),
    Mistake("times lr", lambda lr, n: lr * (1 - 0.5**(1 / n)),
            ask="Does a smaller lr want a larger λ, or a smaller one?",
            why="It multiplies by lr; lr times λ is the share that goes in a step.",
            do="Divide by lr."),
    Mistake("straight line", _halving(lambda n: 0.5 / n), ask=_ONE_STEP,
            why="That is for a decay in a straight line; each step takes a part of what is left.",
            do="Take the root: the steps multiply."),
    Mistake("time constant", _halving(lambda n: 1 - math.exp(-1 / n)),
            ask="How much of the weight is left at the end?",
            why="It falls to 1/e by then, not to a half.", do="Put 1/2 for 1/e."),
    Mistake("time constant, small factor", _halving(lambda n: 1 / n),
            ask="How much of the weight is left at the end?",
            why="It falls to about 1/e by then, not to a half.",
            do="Solve (1 - lr λ)**steps = 1/2."),
    Mistake("the factor", _halving(lambda n: 0.5**(1 / n)),
            ask="What does λ say: what stays, or what goes?",
            why="It takes the factor that stays for the share that goes.",
            do="Take 1 minus it, over lr."),
    Mistake("half in one step", _halving(lambda n: 0.5), ask=_ONE_STEP,
            why="It halves the weight at every step.", do="Take the root: 0.5**(1/steps)."),
    Mistake("power for root", _halving(lambda n: 1 - 0.5**n), ask=_ONE_STEP,
            why="It has a power where the root belongs: the weight is all but gone in a step.",
            do="Write 0.5**(1/steps)."),
    Mistake("doubling", _halving(lambda n: 2**(1 / n) - 1), ask="Does the weight fall or grow?",
            why="By this share it would double, growing.", do="Take 1 - 0.5**(1/steps), over lr."),
    Mistake("sign of the power", _halving(lambda n: 1 - 2**(1 / n)),
            ask="Does the weight fall or grow?", why="It is negative: so the weight doubles.",
            do="Put 1/2 for 2 under the root."),
    Mistake("the half-life's formula", lambda lr, n: math.log(2) / -np.log1p(-lr * n),
            ask="What is given, and what is asked for?",
            why="It puts the steps where λ stands in the formula for the half-life.",
            do="Solve (1 - lr λ)**steps = 1/2 for λ."),
    Mistake("missing brackets", lambda lr, steps: 1 - 0.5**(1 / steps) / lr,
            "It divides the root alone by lr, not the difference.",
            "What does Python divide by lr?",
            "Put brackets around the difference."),
    Mistake("power before the quotient", lambda lr, steps: (1 - 0.5**1 / steps) / lr,
            "`0.5**1/steps` is a half divided by steps: the power binds first.",
            "In which order does Python compute power and quotient?",
            "Put brackets around the exponent, `0.5**(1 / steps)`."),
)


def _pulls(l2, decoupled):
    return lambda p, lr, weight_decay, eps: np.array([
        l2(p, lr, weight_decay, eps), decoupled(p, lr, weight_decay)])


def _adam_step(p, lr, wd, eps):
    return p - lr * wd * p / (wd * abs(p) + eps)


def _sign_step(p, lr, wd):
    return p - lr * np.sign(p)


_AS_GRADIENT = "Which gradient does Adam with L2 see, and what is its size?"
_SECOND = "What is left of AdamW's step when the gradient is 0?"
_FIRST_PULL = (
    Mistake("both decay", _pulls(lambda p, lr, wd, eps: _shrunk(p, lr, wd), _shrunk),
            ask=_AS_GRADIENT,
            why="The second is right. In the first the pull λp is divided by its own size.",
            do="Put g = λp into Adam's first step."),
    Mistake("no modulus", _pulls(lambda p, lr, wd, eps: p - lr * wd * p / (wd * p + eps), _shrunk),
            ask="What is the root of the square of a negative number?",
            why="It adds eps to λp; for a negative weight that is another number.",
            do="Add eps to λ abs(p)."),
    Mistake("no sign", _pulls(lambda p, lr, wd, eps: p - lr, _shrunk),
            ask="Where does a negative weight go?",
            why="The first is right for a positive weight and no eps.",
            do="Divide λp by its size plus eps."),
    Mistake("no eps", _pulls(lambda p, lr, wd, eps: _sign_step(p, lr, wd), _shrunk),
            ask="How far does it go if λp is as small as eps?",
            why="The first is the limit for a large pull; eps is left out.",
            do="Add eps to λ abs(p), below the line."),
    Mistake("eps beside the weight",
            _pulls(lambda p, lr, wd, eps: p - lr * p / (abs(p) + eps), _shrunk),
            ask="How far does it go if λp is as small as eps?",
            why="In the first λ has been cancelled, and eps stands as it is beside it.",
            do="Keep λ above and below: eps is added to λ abs(p)."),
    Mistake("eps inside the root", _pulls(
        lambda p, lr, wd, eps: p - lr * wd * p / np.sqrt((wd * p)**2 + eps), _shrunk),
            ask=_BELOW, why="In the first eps stands inside the root.",
            do="Take the root first, which is λ abs(p), then add eps."),
    Mistake("no root", _pulls(lambda p, lr, wd, eps: p - lr * wd * p / ((wd * p)**2 + eps),
                              _shrunk), ask=_BELOW,
            why="The first divides by the mean square itself.", do="Take its root, λ abs(p)."),
    Mistake("no bias correction", _pulls(
        lambda p, lr, wd, eps: p - lr * 0.1 * wd * p / (math.sqrt(0.001) * wd * abs(p) + eps),
        _shrunk), ask="What do the corrections make of m and v at t = 1?",
            why="The first is a first step without bias correction.",
            do="Take m_hat = g and v_hat = g**2."),
    Mistake("both by the root", _pulls(_adam_step, lambda p, lr, wd: _adam_step(p, lr, wd, 0.0)),
            ask=_SECOND, why="The first is right. The second is divided by its own size as well.",
            do="The decay goes past the means: (1 - lr λ) p."),
    Mistake("Adam with L2 twice", lambda *args: np.full(2, _adam_step(*args)), ask=_SECOND,
            why="The first is right. The second is divided by its own size as well.",
            do="The decay goes past the means: (1 - lr λ) p."),
    Mistake("swapped", lambda *args: _pulls(_adam_step, _shrunk)(*args)[::-1],
            ask="Which of the two is asked for first?",
            why="It hands in AdamW's point first.", do="Return Adam with L2 first, AdamW second."),
    Mistake("no lr", _pulls(lambda p, lr, wd, eps: p - wd * p / (wd * abs(p) + eps),
                            lambda p, lr, wd: (1 - wd) * p),
            ask="What happens at a tenth of lr?", why="lr is in neither of them.",
            do="Both need lr as a factor."),
    Mistake("no lr in the second", _pulls(_adam_step, lambda p, lr, wd: (1 - wd) * p),
            ask="What happens at a tenth of lr?", why="The first is right. The second has no lr.",
            do="Torch's factor is 1 - lr · weight_decay."),
    Mistake("decay and a step", _pulls(
        _adam_step, lambda p, lr, wd: _shrunk(p, lr, wd) - lr * np.sign(p)), ask=_SECOND,
            why="The first is right. In the second Adam's own step is in, but its means have seen "
                "no gradient.", do="Only the decay is left: (1 - lr λ) p."),
    Mistake("decay by the sign", _pulls(_adam_step, lambda p, lr, wd: p - lr * wd * np.sign(p)),
            ask="What share does AdamW take of a large weight, and of a small one?",
            why="The first is right. The second takes the same amount from every weight.",
            do="Take a share of the weight: lr λ p."),
    Mistake("steps", _pulls(lambda p, lr, wd, eps: _adam_step(p, lr, wd, eps) - p,
                            lambda p, lr, wd: -lr * wd * p),
            ask="Where do the two steps lead?", why="Those are the steps, not the points.",
            do="Add p to both."),
    Mistake("away from zero", _pulls(lambda p, lr, wd, eps: 2 * p - _adam_step(p, lr, wd, eps),
                                     lambda p, lr, wd: (1 + lr * wd) * p),
            ask="Do the weights grow or shrink?", why="The sizes are right, and the weights grow.",
            do="Both pulls go towards 0."),
    Mistake("lambda in the step", _pulls(
        lambda p, lr, wd, eps: p - lr * wd * wd * p / (wd * abs(p) + eps), _shrunk),
            ask=_AS_GRADIENT, why="The first has λ once more, as a factor of the quotient.",
            do="λ is in the gradient alone: above the line and below."),
    Mistake("lambda missing below", _pulls(
        lambda p, lr, wd, eps: p - lr * wd * p / (abs(p) + eps), _shrunk), ask=_AS_GRADIENT,
            why="In the first λ is in the mean above the line, and not in the root below.",
            do="Divide by λ abs(p) + eps."),
    Mistake("AdamW stays", _pulls(_adam_step, lambda p, lr, wd: p), ask=_SECOND,
            why="The first is right. In the second the weight stays where it is.",
            do="AdamW's decay needs no gradient: (1 - lr λ) p."),
    Mistake("Adam stays", _pulls(lambda p, lr, wd, eps: p, _shrunk), ask=_AS_GRADIENT,
            why="The second is right. In the first the weight stays where it is.",
            do="λp is a gradient: Adam steps on it."),
    Mistake("share of lr", _pulls(lambda p, lr, wd, eps: (1 - lr) * p, _shrunk), ask=_AS_GRADIENT,
            why="The second is right. The first takes a share of p, where Adam's step is about as "
                "long for all p.", do="Divide λp by its size plus eps."),
)


def _annealed(weight):
    """Return what is left after a cosine schedule, from how lr and decay make a factor."""
    def left(lr, weight_decay, steps):
        part = (1 + np.cos(np.pi * np.arange(int(steps)) / steps)) / 2
        return weight(lr, weight_decay, part)
    return left


def _annealed_late(lr, weight_decay, steps):
    part = (1 + np.cos(np.pi * np.arange(1, int(steps) + 1) / steps)) / 2
    return np.prod(1 - lr * weight_decay * part)


def _annealed_short(lr, weight_decay, steps):
    part = (1 + np.cos(np.pi * np.arange(int(steps)) / (steps - 1))) / 2
    return np.prod(1 - lr * weight_decay * part)


def _annealed_plain(lr, weight_decay, steps):
    part = (1 + np.cos(np.arange(int(steps)) / steps)) / 2
    return np.prod(1 - lr * weight_decay * part)


_EACH = "What does step k multiply the weight by?"
_LAST = "What is lr at the first step, and at the last?"
_ANNEALED = (
    Mistake("constant lr", _annealed(lambda lr, wd, part: (1 - lr * wd)**len(part)), ask=_EACH,
            why="That is without the schedule: lr falls, and the decay with it.",
            do="Put lr at step k into each factor."),
    Mistake("half the rate", _annealed(lambda lr, wd, part: (1 - lr * wd / 2)**len(part)),
            ask=_EACH, why="It takes the mean lr at every step; a product of unlike factors is "
                           "another number.", do="Multiply the factors themselves."),
    Mistake("exponential", _annealed(lambda lr, wd, part: np.exp(-lr * wd * len(part) / 2)),
            ask=_EACH, why="That is the limit of many small factors, a good one.",
            do="Multiply the factors themselves."),
    Mistake("sum", _annealed(lambda lr, wd, part: 1 - lr * wd * part.sum()), ask=_EACH,
            why="It adds the decays up, as if each took a part of the first weight.",
            do="Each takes a part of what is left: multiply."),
    Mistake("last lr alone", _annealed(lambda lr, wd, part: (1 - lr * wd * part[-1])**len(part)),
            ask=_EACH, why="It has the last lr at every step.",
            do="Put lr at step k into each factor."),
    Mistake("without the base lr", _annealed(lambda lr, wd, part: np.prod(1 - wd * part)),
            ask=_LAST, why="That is the paper's factor, with λ times the schedule.",
            do="Torch's has lr in it: multiply by lr."),
    Mistake("no half", _annealed(lambda lr, wd, part: np.prod(1 - 2 * lr * wd * part)),
            ask=_LAST, why="It starts at twice the lr.", do="Put in the half before the bracket."),
    Mistake("over T - 1", _annealed_short, ask=_LAST,
            why="It divides by T - 1, so that its last lr is 0.",
            do="The last k is T - 1, over T."),
    Mistake("off by one", _annealed_late, ask=_LAST,
            why="It begins at k = 1, where the first step is made at the full lr.",
            do="Let k go from 0 to T - 1."),
    Mistake("no pi", _annealed_plain, ask=_LAST,
            why="π is missing in the cosine: lr does not fall to 0.",
            do="Write `np.cos(np.pi * k / steps)`."),
    Mistake("what is gone", _annealed(lambda lr, wd, part: 1 - np.prod(1 - lr * wd * part)),
            ask="Which part is asked for?", why="That is the part that is gone.",
            do="Take 1 minus it."),
    Mistake("half the steps", _annealed(lambda lr, wd, part: (1 - lr * wd)**(len(part) / 2)),
            ask=_EACH, why="It takes half as many steps at the full lr: close, and not the same.",
            do="Multiply the factors themselves."),
    Mistake("exponential of the sum",
            _annealed(lambda lr, wd, part: np.exp(-lr * wd * part.sum())), ask=_EACH,
            why="That is right for small factors only.", do="Multiply the factors themselves."),
    Mistake("no weight_decay", _annealed(lambda lr, wd, part: np.prod(1 - lr * part)), ask=_EACH,
            why="weight_decay is missing from the factors.", do="Multiply lr by weight_decay."),
    Mistake("the factors", _annealed(lambda lr, wd, part: np.prod(lr * wd * part)), ask=_EACH,
            why="It multiplies the shares that go.", do="Multiply what stays: 1 minus each."),
    Mistake("the last factor", _annealed(lambda lr, wd, part: 1 - lr * wd * part[-1]), ask=_EACH,
            why="That is the last step's factor alone.", do="Multiply all of them."),
    Mistake("missing brackets",
            lambda lr, weight_decay, steps:
                np.prod(1 - lr * weight_decay * (0.5 + np.cos(np.pi * np.arange(int(steps)) /
                steps))),
            "The half reaches the 1 alone, not the cosine.",
            _EACH,
            "Put brackets around 1 + cos before you halve it."),
    Mistake("whole period",
            lambda lr, weight_decay, steps:
                np.prod(1 - lr * weight_decay * (1 + np.cos(2 * np.pi * np.arange(int(steps)) /
                steps)) / 2),
            "Its cosine goes through a whole period, and lr comes back.",
            _LAST,
            "Take pi k / T."),
)


@cache
def _models():
    """Return small nets: what their layers are called tells nothing of what they are."""
    import torch
    from torch import nn

    class Bare(nn.Module):
        def __init__(self):
            super().__init__()
            self.places = nn.Parameter(torch.zeros(4, 6))
            self.scale = nn.Parameter(torch.ones(5))
            self.weight = nn.Parameter(torch.ones(2, 2))
            self.body = nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 3))
            self.norm = nn.LayerNorm(3)

    class Named(nn.Module):
        def __init__(self):
            super().__init__()
            self.normed, self.debiased = nn.Linear(3, 4), nn.Linear(4, 2, bias=False)

    tied = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4, bias=False), nn.Linear(4, 4))
    tied[2].weight = tied[0].weight
    return (("a perceptron", nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))),
            ("a net with norms and bare parameters", Bare()),
            ("a net that begins with a norm", nn.Sequential(nn.LayerNorm(3), nn.Linear(3, 2))),
            ("a net of linear layers called normed and debiased", Named()),
            ("a net with tied weights", tied))


def _sorted(answer):
    """Yield how many numbers are lost, met twice, left to the default, decay, and by how much."""
    for (where, model), weight_decay in product(_models(), (0.1, 0.5)):
        sizes = {id(p): p.numel() for p in model.parameters()}
        seen, decayed, unsaid, factors = [], 0, 0, 0.0
        for group in answer(model, weight_decay):
            for p in group["params"]:
                p = p[1] if isinstance(p, tuple) else p  # torch takes pairs of name and parameter
                if p is None:
                    raise Odd("none in a group", "A group holds None: a layer without a bias has "
                              "None in its place.")
                seen.append(id(p))
                decay = group.get("weight_decay")
                decayed += p.numel() * (decay not in (None, 0))
                unsaid += p.numel() * (decay is None)
                factors += p.numel() * (decay or 0)
        at = f"in {where}, at weight_decay={weight_decay:g}, "
        yield f"{at}numbers in no group", sum(n for key, n in sizes.items() if key not in seen)
        yield f"{at}parameters met twice", len(seen) - len(set(seen))
        yield f"{at}numbers whose group does not say how they decay", unsaid
        yield f"{at}numbers that decay", decayed
        yield f"{at}these, times the decay of their group", factors


def _made(sorts, decays):
    """Return parameter groups; a decay of None is left unsaid, a missing one leaves out a group."""
    return [{"params": params} if decay is None else {"params": params, "weight_decay": decay}
            for params, decay in zip(sorts, decays, strict=False)]


def _groups(decay, decays=lambda weight_decay: (weight_decay, 0.0), *, recurse=False, once=True):
    """Return an answer from which (name, parameter, kind of owner) decays, and what groups say."""
    def groups(model, weight_decay):
        sorts, met = ([], []), set()
        for path, owner in model.named_modules():
            for name, p in owner.named_parameters(recurse=recurse):
                if not (once and id(p) in met):
                    sorts[not decay(f"{path}.{name}", p, type(owner).__name__)].append(p)
                met.add(id(p))
        return _made(sorts, decays(weight_decay))
    return groups


def _of_linear(name, p, kind):
    return kind == "Linear" and name.endswith("weight")


def _layers_only(model, weight_decay):
    decayed, spared = [], []
    for layer in model.modules():
        for name, p in layer.named_parameters(recurse=False):
            if type(layer).__name__ in ("Linear", "LayerNorm"):
                (decayed if _of_linear(name, p, type(layer).__name__) else spared).append(p)
    return _made((decayed, spared), (weight_decay, 0.0))


def _not_spared(name, p, kind):
    return not (name.endswith("bias") or kind == "LayerNorm")


_SORTS = "By what does it tell parameters apart, and is that so everywhere?"
_COUNTED = "Is every parameter of the model in exactly one group?"
_SAYS = "What weight_decay does each group hand to AdamW?"
_CLASS = "Ask for the class of the module that owns it: the weights of `nn.Linear` decay."
_GROUPS = (
    Mistake("by name", _groups(lambda name, p, kind: not ("bias" in name or "norm" in name)),
            ask=_SORTS,
            why="It trusts names. A norm layer in a Sequential is called `body.1`, and a bare "
                "parameter has any name.", do=_CLASS),
    Mistake("by name, within its module", _groups(
        lambda name, p, kind: not ("bias" in name.split(".")[-1] or "norm" in name)), ask=_SORTS,
            why="It trusts names. A norm layer in a Sequential is called `body.1`.", do=_CLASS),
    Mistake("by axes", _groups(lambda name, p, kind: p.ndim >= 2), ask=_SORTS,
            why="It counts axes. A bare parameter can have two, as a linear layer's weight has.",
            do=_CLASS),
    Mistake("by axes and name", _groups(
        lambda name, p, kind: p.ndim >= 2 and name.endswith("weight")), ask=_SORTS,
            why="A bare parameter can have two axes and be called `weight`.", do=_CLASS),
    Mistake("all called weight", _groups(lambda name, p, kind: name.endswith("weight")),
            ask=_SORTS, why="Norm layers have a `weight` too, and a bare parameter may be called "
                            "so.", do=_CLASS),
    Mistake("biases only", _groups(lambda name, p, kind: not name.endswith("bias")),
            ask="Which parameters does it spare?",
            why="It spares biases alone: norm layers and bare parameters decay.", do=_CLASS),
    Mistake("norms only", _groups(lambda name, p, kind: kind != "LayerNorm"),
            ask="Which parameters does it spare?",
            why="It spares norm layers alone: biases and bare parameters decay.", do=_CLASS),
    Mistake("linear layers whole", _groups(lambda name, p, kind: kind == "Linear"),
            ask="Which parameters does a linear layer have?",
            why="The biases of the linear layers decay.", do="Let only their `weight` decay."),
    Mistake("bare ones decay", _groups(_not_spared),
            ask="What becomes of a parameter that belongs to no layer?",
            why="Biases and norm layers are spared, and bare parameters decay.",
            do="Name what decays, not what is spared: the weights of `nn.Linear`."),
    Mistake("bare ones decay, tied ones twice", _groups(_not_spared, once=False),
            ask="What becomes of a parameter that belongs to no layer?",
            why="Biases and norm layers are spared, and bare parameters decay; and a weight that "
                "two layers share is in it twice.",
            do="Name what decays, the weights of `nn.Linear`, and take each parameter once."),
    Mistake("bias anywhere in the name", _groups(
        lambda name, p, kind: kind == "Linear" and "bias" not in name), ask=_SORTS,
            why="It looks for `bias` in the whole name: a layer can be called `debiased`.",
            do="Look at the parameter's own name, behind the last dot."),
    Mistake("swapped", _groups(_of_linear, lambda wd: (0.0, wd)), ask=_SAYS,
            why="It decays what should be spared, and spares the rest.",
            do="Exchange the two weight_decay."),
    Mistake("lost", _layers_only, ask=_COUNTED,
            why="A parameter that belongs to no known layer is in no group: it would never learn.",
            do="Put all the rest into the spared group, each once."),
    Mistake("twice", _groups(_of_linear, recurse=True, once=False), ask=_COUNTED,
            why="It walks through a module's children again and again: parameters are in it "
                "more than once.", do="Use recurse=False."),
    Mistake("tied ones twice", _groups(_of_linear, once=False), ask=_COUNTED,
            why="A weight that two layers share is in the group once for each.",
            do="Remember which ones you have met, by `id(p)`."),
    Mistake("default decay", _groups(_of_linear, lambda wd: (wd, None)), ask=_SAYS,
            why="The second group has no weight_decay of its own and takes AdamW's default, 0.01.",
            do="Give it a weight_decay of 0."),
    Mistake("no weight_decay at all", _groups(_of_linear, lambda wd: (None, None)), ask=_SAYS,
            why="Well sorted, but neither group says how it decays: both take AdamW's default, "
                "0.01.", do="Give one weight_decay, the other 0."),
    Mistake("fixed decay", _groups(_of_linear, lambda wd: (0.01, 0.0)), ask=_SAYS,
            why="Well sorted; but the first group decays by 0.01, whatever is given.",
            do="Hand on `weight_decay`."),
    Mistake("spared ones dropped", _groups(_of_linear, lambda wd: (wd,)), ask=_COUNTED,
            why="What is spared is in no group: it would never learn.",
            do="Give it a group with a weight_decay of 0."),
    Mistake("all decay", _groups(lambda name, p, kind: True),
            ask="Which parameters does it spare?", why="Nothing is spared.", do=_CLASS),
    Mistake("none decays", _groups(lambda name, p, kind: False),
            ask="Which parameters does it spare?", why="Everything is spared: nothing decays.",
            do=_CLASS),
)

_BALANCE = "Which λ stands in AdamW's balance, and what stands there with L2?"
_ROOT = "Which power of lr, λ and s is left at the end?"
_EQUILIBRIUM = (
    Mistake("AdamW", lambda lr, wd, s: math.sqrt(lr / (2 * wd)), ask=_BALANCE,
            why="That is AdamW's: s is not in it.",
            do="With L2 the decay is divided by s: put λ/s for λ."),
    Mistake("exact", lambda lr, wd, s: math.sqrt(lr * s / (wd * (2 - lr * wd / s))),
            ask="What becomes of it for small lr λ/s?",
            why="That solves the balance exactly, but λ/s in it holds only to leading order.",
            do="Leave out what is small beside 2."),
    Mistake("variance", lambda lr, wd, s: lr * s / (2 * wd), ask=_ROOT,
            why="That is the mean square.", do="Take its root."),
    Mistake("no half", lambda lr, wd, s: math.sqrt(lr * s / wd),
            ask="What is the square of 1 - x for small x?",
            why="It has lost the 2 in the square of 1 - x.", do="The square is 1 - 2x."),
    Mistake("s on the wrong side", lambda lr, wd, s: math.sqrt(lr / (2 * wd * s)),
            ask="Do large gradients make the decay stronger or weaker?",
            why="Its weights are smaller where gradients are large.",
            do="Large gradients weaken the decay: s belongs above the line."),
    Mistake("product", lambda lr, wd, s: math.sqrt(lr * wd * s / 2),
            ask="Does a stronger decay make weights larger or smaller?",
            why="Its weights grow with λ.", do="λ belongs below the line."),
    Mistake("SGD", lambda lr, wd, s: math.sqrt(lr / (2 * wd)) * s,
            ask="How long are Adam's steps where gradients are large?",
            why="That is SGD's, whose step itself is proportional to s.",
            do="Adam's steps have a mean square of lr**2, whatever s."),
    Mistake("half outside", lambda lr, wd, s: math.sqrt(lr * s / wd) / 2, ask=_ROOT,
            why="The 2 stands outside the root.", do="It belongs under the root."),
    Mistake("no lr", lambda lr, wd, s: math.sqrt(s / (2 * wd)), ask=_ROOT,
            why="lr is missing.", do="Put lr under the root, above the line."),
    Mistake("AdamW, exact", lambda lr, wd, s: math.sqrt(lr / (wd * (2 - lr * wd))),
            "That is AdamW's, exactly: s is not in it.",
            _BALANCE,
            "Let λ/s decay, and keep the leading order."),
)

EXERCISES = {
    "implement": Exercise(
        _rule(),
        drive({"lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 0.1, "weight_decay": 0.5},
              {"lr": 0.5, "beta1": 0.5, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.1}),
        _IMPLEMENT, gives="the new point and the state, p, m, v"),
    "half_life": Exercise(_halving(lambda n: 1 - 0.5**(1 / n)),
                          on((0.1, 5), (0.01, 40), (0.5, 3), (0.02, 1)), _HALF_LIFE),
    "first_pull": Exercise(
        _pulls(_adam_step, _shrunk),
        on((4.0, 0.1, 0.01, 0.02), (-2.0, 0.01, 0.5, 1e-8), (0.5, 0.1, 2.0, 0.3)), _FIRST_PULL,
        gives="two points, Adam with L2's and AdamW's"),
    "annealed": Exercise(_annealed(lambda lr, wd, part: np.prod(1 - lr * wd * part)),
                         on((0.1, 0.5, 10), (0.01, 1.0, 200), (0.5, 0.1, 3)), _ANNEALED),
    "groups": Exercise(
        _groups(_of_linear), _sorted, _GROUPS,
        gives="a list of parameter groups, dicts with `params` and `weight_decay`"),
    "equilibrium": Exercise(lambda lr, weight_decay, s: math.sqrt(lr * s / (2 * weight_decay)),
                            on((0.01, 0.5, 4.0), (1e-3, 0.01, 0.5), (0.1, 2.0, 10.0)),
                            _EQUILIBRIUM),
}

"""The exercises of the AdamW chapter."""

import math
from functools import cache

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on

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


_IMPLEMENT = (
    Mistake("no decay", _rule(_kept), "That is Adam: nothing decays yet."),
    Mistake("L2 in the gradient", _rule(_kept, pull=1.0),
            "It adds λp to the gradient. That is Adam with L2: the pull goes through both means."),
    Mistake("decay after the step",
            _rule(_kept, after=lambda p, step, lr, wd: (1 - lr * wd) * (p - step)),
            "It shrinks the point after the step, and so a part of the step. Shrink the old p."),
    Mistake("decay after the step, no lr",
            _rule(_kept, after=lambda p, step, lr, wd: (1 - wd) * (p - step)),
            "It shrinks after the step, and by weight_decay alone. Shrink the old p, by lr times "
            "weight_decay."),
    Mistake("decay in m alone", _rule(_kept, in_m=1.0),
            "It adds λp to the gradient in m and not in v. The decay is still averaged, and still "
            "divided by the root of v: take it past both."),
    Mistake("decay in m_hat", _rule(_kept, in_m_hat=1.0),
            "It adds λp to m_hat: past the means, but still divided by the root of v. Take it out "
            "of the quotient."),
    Mistake("sign of the weights", _rule(lambda p, lr, wd: p - lr * wd * np.sign(p)),
            "Every weight loses the same, lr times λ. A decay takes a share of the weight: λp."),
    Mistake("no lr factor", _rule(lambda p, lr, wd: (1 - wd) * p),
            "It shrinks by weight_decay alone. Torch shrinks by lr times weight_decay."),
    Mistake("decay of the step",
            _rule(_kept, after=lambda p, step, lr, wd: p - (1 - lr * wd) * step),
            "It shrinks the step. The weights are what should decay."),
    Mistake("sign of the decay", _rule(lambda p, lr, wd: (1 + lr * wd) * p),
            "Its weights grow: the decay has the wrong sign."),
    Mistake("sign of the step", _rule(after=lambda p, step, lr, wd: p + step),
            "It climbs: the step has the wrong sign."),
    Mistake("both", _rule(pull=1.0),
            "It decays twice: once in the gradient, once past it. Take the pull out of g."),
    Mistake("weight_decay squared", _rule(lambda p, lr, wd: (1 - lr * wd**2) * p),
            "It has weight_decay in twice."),
    Mistake("share kept", _rule(lambda p, lr, wd: lr * wd * p),
            "It keeps only the share that should go. Keep the rest: 1 - lr · weight_decay."),
    Mistake("lr twice", _rule(lambda p, lr, wd: (1 - lr**2 * wd) * p),
            "lr is in the decay twice. If the decay stands inside lr · (…), leave lr out in "
            "there."),
    Mistake("no weight_decay", _rule(lambda p, lr, wd: (1 - lr) * p),
            "It shrinks by lr alone; weight_decay is missing."),
    Mistake("pull away", _rule(_kept, pull=-1.0),
            "It takes λp from the gradient: L2 with the wrong sign, and through both means."),
    Mistake("old mean", _rule(late=True),
            "It steps with the mean before this gradient. Renew m and v first, then step."),
    Mistake("no bias correction", _uncorrected,
            "The means are not corrected for their start at 0."),
    Mistake("eps inside the root", _rule(root=lambda v_hat, eps: np.sqrt(v_hat + eps)),
            "eps stands inside the root. Torch adds it outside."),
    Mistake("no eps", _rule(root=lambda v_hat, eps: np.sqrt(v_hat)), "It leaves eps out."),
    Mistake("state not fed back", _forgetful,
            "It returns the old m and v, so every step is a first step."),
)


def _pulls(l2, decoupled):
    return lambda p, lr, wd: np.array([l2(p, lr, wd), decoupled(p, lr, wd)])


def _sign_step(p, lr, wd):
    return p - lr * np.sign(p)


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


@cache
def _models():
    """Return three models by name; one has a norm that only its class gives away."""
    import torch  # not before: in a page there is none
    from torch import nn

    class Small(nn.Module):
        def __init__(self):
            super().__init__()
            self.places = nn.Parameter(torch.zeros(4, 6))
            self.scale = nn.Parameter(torch.ones(5))
            self.body = nn.Sequential(nn.Linear(6, 8), nn.LayerNorm(8), nn.ReLU(), nn.Linear(8, 3))
            self.norm = nn.LayerNorm(3)

    return {"a perceptron": nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2)),
            "a net with norms and bare parameters": Small(),
            "a net that begins with a norm": nn.Sequential(nn.LayerNorm(3), nn.Linear(3, 2))}


def _is(owner, *layers):
    return type(owner).__name__ in layers


def _sorted(answer):
    """Yield how many numbers decay, are spared, are left to the default, lost, or met twice."""
    for where, model in _models().items():
        for weight_decay in (0.1, 0.5):
            sizes = {id(p): p.numel() for p in model.parameters()}
            seen, decayed, spared, unsaid, factors = [], 0, 0, 0, 0.0
            for group in answer(model, weight_decay):
                for p in group["params"]:
                    seen.append(id(p))
                    decay = group.get("weight_decay")
                    decayed += p.numel() * (decay not in (None, 0))
                    spared += p.numel() * (decay == 0)
                    unsaid += p.numel() * (decay is None)
                    factors += p.numel() * (decay or 0)
            lost = sum(size for key, size in sizes.items() if key not in seen)
            yield f"on {where}", np.array([decayed, spared, unsaid, lost,
                                           len(seen) - len(set(seen)), factors])


def _made(sorts, decays):
    """Return parameter groups; a decay of None is left unsaid, a missing one leaves out a group."""
    return [{"params": params} if decay is None else {"params": params, "weight_decay": decay}
            for params, decay in zip(sorts, decays, strict=False)]


def _groups(spare, decays=lambda weight_decay: (weight_decay, 0.0)):
    """Return an answer from which (name, parameter, owner) it spares, and what its groups say."""
    def groups(model, weight_decay):
        spared, decayed = [], []
        for path, owner in model.named_modules():
            for name, p in owner.named_parameters(recurse=False):
                (spared if spare(f"{path}.{name}", p, owner) else decayed).append(p)
        return _made((decayed, spared), decays(weight_decay))
    return groups


def _of_norm(name, p, owner):
    return name.endswith("bias") or _is(owner, "LayerNorm")


def _layers_only(model, weight_decay):
    decayed = [m.weight for m in model.modules() if _is(m, "Linear")]
    spared = [m.bias for m in model.modules() if _is(m, "Linear", "LayerNorm")]
    spared += [m.weight for m in model.modules() if _is(m, "LayerNorm")]
    return _made((decayed, spared), (weight_decay, 0.0))


def _twice(model, weight_decay):
    decayed, spared = [], []
    for owner in model.modules():
        for name, p in owner.named_parameters():
            (spared if _of_norm(name, p, owner) else decayed).append(p)
    return _made((decayed, spared), (weight_decay, 0.0))


EXERCISES = {
    "implement": Exercise(
        _rule(),
        drive({"lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 0.1, "weight_decay": 0.5},
              {"lr": 0.5, "beta1": 0.5, "beta2": 0.9, "eps": 1e-3, "weight_decay": 0.1}),
        _IMPLEMENT),
    "half_life": Exercise(
        lambda lr, wd: math.log(2) / -math.log1p(-lr * wd),
        on((0.1, 0.5), (0.01, 0.9), (0.5, 0.1)), (
            Mistake("small factor", lambda lr, wd: math.log(2) / (lr * wd),
                    "That is the limit for a small product, the one to remember. Keep the "
                    "logarithm of the factor."),
            Mistake("no lr", lambda lr, wd: math.log(2) / -math.log1p(-wd),
                    "It forgets lr: a step multiplies the weight by 1 - lr · weight_decay."),
            Mistake("time constant", lambda lr, wd: -1 / math.log1p(-lr * wd),
                    "That is the time to fall to 1/e. Half is asked for."),
            Mistake("first order", lambda lr, wd: 0.5 / (lr * wd),
                    "That is for a decay in a straight line. Each step takes a part of what is "
                    "left."),
            Mistake("sign", lambda lr, wd: math.log(2) / math.log1p(-lr * wd),
                    "The number is right and negative: the logarithm of the factor is below 0."),
            Mistake("rounded", lambda lr, wd: math.ceil(math.log(2) / -math.log1p(-lr * wd)),
                    "It is rounded to whole steps. Hand in the number itself."),
            Mistake("cut off", lambda lr, wd: math.floor(math.log(2) / -math.log1p(-lr * wd)),
                    "It is cut off to whole steps. Hand in the number itself."),
            Mistake("no weight_decay", lambda lr, wd: math.log(2) / -math.log1p(-lr),
                    "It forgets weight_decay: a step multiplies the weight by 1 - lr · "
                    "weight_decay."),
            Mistake("halvings in a step", lambda lr, wd: -math.log2(1 - lr * wd),
                    "That is how many halvings a step makes, a small number. How many steps make "
                    "one halving?"),
            Mistake("two logarithms", lambda lr, wd: math.log(2) / -math.log2(1 - lr * wd),
                    "It divides a natural logarithm by one to base 2. Take the same one twice."),
            Mistake("no lr, small factor", lambda lr, wd: math.log(2) / wd,
                    "It forgets lr, and the logarithm of the factor 1 - lr · weight_decay."),
            Mistake("half over the logarithm", lambda lr, wd: 0.5 / -math.log1p(-lr * wd),
                    "Above the line stands the logarithm of 2, not a half."),
        )),
    "first_pull": Exercise(
        _pulls(_sign_step, _shrunk),
        on((4.0, 0.1, 0.01), (-2.0, 0.01, 0.5), (0.5, 0.1, 2.0)), (
            Mistake("both decay", _pulls(_shrunk, _shrunk),
                    "The second is right. In the first the pull λθ is divided by its own size."),
            Mistake("no sign", _pulls(lambda p, lr, wd: p - lr, _shrunk),
                    "Right for a positive weight. A negative one is pulled up."),
            Mistake("both by lr", _pulls(_sign_step, _sign_step),
                    "The first is right. The second goes past the means: no division there."),
            Mistake("swapped", _pulls(_shrunk, _sign_step),
                    "The other way round: hand in Adam with L2 first, AdamW second."),
            Mistake("no lr", _pulls(lambda p, lr, wd: p - np.sign(p),
                                    lambda p, lr, wd: (1 - wd) * p),
                    "Both need lr as a factor."),
            Mistake("no lr in the second", _pulls(_sign_step, lambda p, lr, wd: (1 - wd) * p),
                    "The first is right. In the second lr is missing: torch's factor is 1 - lr · "
                    "weight_decay."),
            Mistake("decay and a step",
                    _pulls(_sign_step, lambda p, lr, wd: _shrunk(p, lr, wd) - lr * np.sign(p)),
                    "The first is right. In the second Adam's own step is 0, for its means have "
                    "seen no gradient: only the decay is left."),
            Mistake("decay by the sign",
                    _pulls(_sign_step, lambda p, lr, wd: p - lr * wd * np.sign(p)),
                    "The first is right. In the second the weight loses a share of itself, not an "
                    "amount that is the same for all."),
            Mistake("steps", _pulls(lambda p, lr, wd: -lr * np.sign(p),
                                    lambda p, lr, wd: -lr * wd * p),
                    "Those are the steps, rightly. Where do they lead? Add p."),
            Mistake("away from zero", _pulls(lambda p, lr, wd: p + lr * np.sign(p),
                                             lambda p, lr, wd: (1 + lr * wd) * p),
                    "The sizes are right; both pulls go towards zero."),
            Mistake("no bias correction",
                    _pulls(lambda p, lr, wd: p - lr * np.sign(p) * 0.1 / math.sqrt(0.001), _shrunk),
                    "That is the first step without bias correction."),
            Mistake("lambda in the step", _pulls(lambda p, lr, wd: p - lr * wd * np.sign(p),
                                                 _shrunk),
                    "λ cancels: it is in the mean above the line and in the root below."),
            Mistake("AdamW stays", _pulls(_sign_step, lambda p, lr, wd: p),
                    "The first is right. AdamW's decay needs no gradient: the weight shrinks all "
                    "the same."),
            Mistake("Adam stays", _pulls(lambda p, lr, wd: p, _shrunk),
                    "The second is right. In the first λp is a gradient: Adam steps on it."),
            Mistake("share of lr", _pulls(lambda p, lr, wd: (1 - lr) * p, _shrunk),
                    "The second is right. The first is a step of one length for all p, not a share "
                    "of p."),
        )),
    "annealed": Exercise(
        _annealed(lambda lr, wd, part: np.prod(1 - lr * wd * part)),
        on((0.1, 0.5, 10), (0.01, 1.0, 200), (0.5, 0.1, 3)), (
            Mistake("constant lr", _annealed(lambda lr, wd, part: (1 - lr * wd)**len(part)),
                    "That is without the schedule: lr falls, and the decay with it."),
            Mistake("half the rate",
                    _annealed(lambda lr, wd, part: (1 - lr * wd / 2)**len(part)),
                    "Close: the mean of the cosine is a half, but a product wants each factor."),
            Mistake("exponential",
                    _annealed(lambda lr, wd, part: np.exp(-lr * wd * len(part) / 2)),
                    "That is the limit of many small factors, a good one. Multiply them instead."),
            Mistake("sum", _annealed(lambda lr, wd, part: 1 - lr * wd * part.sum()),
                    "It adds the decays up. Each takes a part of what is left: multiply."),
            Mistake("without the base lr", _annealed(lambda lr, wd, part: np.prod(1 - wd * part)),
                    "That is the paper's factor, with λ times the schedule. Torch's has lr in it."),
            Mistake("no half", _annealed(lambda lr, wd, part: np.prod(1 - 2 * lr * wd * part)),
                    "The half before the bracket is missing: it starts at twice the lr."),
            Mistake("over T - 1", _annealed_short,
                    "It divides by T - 1, so that the last lr is 0. Here the last is k = T - 1, "
                    "over T."),
            Mistake("off by one", _annealed_late,
                    "It begins one call too late: the first step is made at the full lr."),
            Mistake("what is gone",
                    _annealed(lambda lr, wd, part: 1 - np.prod(1 - lr * wd * part)),
                    "That is the part that is gone. What is left?"),
            Mistake("half the steps",
                    _annealed(lambda lr, wd, part: (1 - lr * wd)**(len(part) / 2)),
                    "Close: the cosine does the work of half the steps. But a product wants each "
                    "factor."),
            Mistake("exponential of the sum",
                    _annealed(lambda lr, wd, part: np.exp(-lr * wd * part.sum())),
                    "Right for small factors. Multiply the factors themselves."),
            Mistake("no weight_decay", _annealed(lambda lr, wd, part: np.prod(1 - lr * part)),
                    "weight_decay is missing from the factors."),
        )),
    "groups": Exercise(_groups(_of_norm), _sorted, (
        Mistake("by name", _groups(lambda name, p, owner: "bias" in name or "norm" in name),
                "It still trusts names. A norm layer in a Sequential is called `body.1`: ask for "
                "the class of the module that owns the parameter."),
        Mistake("by axes", _groups(lambda name, p, owner: p.ndim < 2),
                "A bare vector should decay here; axes cannot tell it from a bias. Ask for the "
                "owner's class."),
        Mistake("biases only", _groups(lambda name, p, owner: name.endswith("bias")),
                "The weights of the norm layers still decay."),
        Mistake("norms only", _groups(lambda name, p, owner: _is(owner, "LayerNorm")),
                "The biases of the linear layers still decay."),
        Mistake("swapped", _groups(_of_norm, lambda wd: (0.0, wd)),
                "It decays what should be spared, and spares the rest."),
        Mistake("lost", _layers_only,
                "A parameter that belongs to no known layer is in no group: it would never learn."),
        Mistake("twice", _twice,
                "It walks through a module's children again and again: parameters are in it "
                "more than once. Use recurse=False."),
        Mistake("default decay", _groups(_of_norm, lambda wd: (wd, None)),
                "The second group has no weight_decay of its own and takes AdamW's default, 0.01."),
        Mistake("no weight_decay at all", _groups(_of_norm, lambda wd: (None, None)),
                "Well sorted, but neither group says how it decays: both take AdamW's default, "
                "0.01."),
        Mistake("fixed decay", _groups(_of_norm, lambda wd: (0.01, 0.0)),
                "Well sorted; but the first group decays by 0.01, whatever weight_decay is given."),
        Mistake("spared ones dropped", _groups(_of_norm, lambda wd: (wd,)),
                "Biases and norm layers are in no group: they would never learn. Give them one "
                "with a weight_decay of 0."),
        Mistake("all decay", _groups(lambda name, p, owner: False),
                "Nothing is spared: all parameters decay, whether in one group or in two."),
        Mistake("none decays", _groups(lambda name, p, owner: True),
                "Everything is spared: nothing decays."),
        Mistake("bare ones spared", _groups(lambda name, p, owner: not _is(owner, "Linear")
                                            or name.endswith("bias")),
                "It spares the bare parameters too. Only biases and norm layers were asked for."),
    )),
    "equilibrium": Exercise(
        lambda lr, wd, s: math.sqrt(lr * s / (2 * wd)),
        on((0.01, 0.5, 4.0), (1e-3, 0.01, 0.5), (0.1, 2.0, 10.0)), (
            Mistake("AdamW", lambda lr, wd, s: math.sqrt(lr / (2 * wd)),
                    "That is AdamW's. With L2 the decay is divided by the size of the gradients."),
            Mistake("exact", lambda lr, wd, s: math.sqrt(lr * s / (wd * (2 - lr * wd / s))),
                    "That solves the balance exactly. But λ/s in it holds only to first order: "
                    "leave out what is small beside 2."),
            Mistake("variance", lambda lr, wd, s: lr * s / (2 * wd),
                    "That is the mean square. Its root is asked for."),
            Mistake("no half", lambda lr, wd, s: math.sqrt(lr * s / wd),
                    "Check the square of 1 - x: it is 1 - 2x, to first order."),
            Mistake("s on the wrong side", lambda lr, wd, s: math.sqrt(lr / (2 * wd * s)),
                    "Large gradients weaken the decay, so weights stay larger."),
            Mistake("product", lambda lr, wd, s: math.sqrt(lr * wd * s / 2),
                    "A stronger decay makes weights smaller: λ belongs below the line."),
            Mistake("SGD", lambda lr, wd, s: math.sqrt(lr / (2 * wd)) * s,
                    "That is SGD's: there the step itself is proportional to s."),
            Mistake("half outside", lambda lr, wd, s: math.sqrt(lr * s / wd) / 2,
                    "The 2 belongs under the root."),
            Mistake("no lr", lambda lr, wd, s: math.sqrt(s / (2 * wd)),
                    "lr is missing under the root."),
        )),
}

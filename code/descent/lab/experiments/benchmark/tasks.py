"""The tasks: small parts of the book's own data, and budgets counted in gradient evaluations.

A task trains many models at once (`many`), and lends one to an optimizer that must look more than
once in a step (`one`).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from descent import tasks
from descent.device import device
from descent.driver import walk
from descent.signature import hyperparameters
from descent.tasks import cartpole
from descent.tasks.oscillation import TRUE, oscillation

__all__ = ["TASKS", "Balancing", "Classifying", "Fitting", "keywords"]

LOSSES = ("train_loss", "validation_loss", "test_loss")
_OTHER_NOISE = {"validation_loss": 10_000, "test_loss": 20_000}


def keywords(settings, arrange):
    """Return a rule's keywords from a list of settings: each a list of values, arranged.

    `beta1` and `beta2` of a setting become `betas`, `eps2` the second of Adafactor's `eps`, and
    `largest` that of Rprop's `step_sizes`.
    """
    def column(name, other=None):
        return arrange([setting.get(name, other) for setting in settings])

    found = {name: column(name) for name in settings[0]
             if name not in {"beta1", "beta2", "eps2", "largest"}}
    if settings[0].keys() & {"beta1", "beta2"}:
        found["betas"] = column("beta1", 0.9), column("beta2", 0.999)
    if "eps2" in settings[0]:
        found["eps"] = None, column("eps2")
    if "largest" in settings[0]:
        found["step_sizes"] = 1e-6, column("largest")
    return found


def _column(seeds):
    """Return what makes of a list of values a column, a row for every setting and seed."""
    return lambda values: torch.tensor(values).repeat_interleave(len(seeds))[:, None]


@dataclass(frozen=True)
class Classifying:
    """A task of `descent.tasks`; the loss is the cross-entropy, the score the test accuracy.

    It keeps its first `examples` to learn from and `held_out` to choose by and to report on.
    """

    name: str
    budget: int
    batch_size: int
    examples: int | None = None
    held_out: int | None = None

    @cache  # noqa: B019 - tasks live as long as the program
    def _part(self):
        return getattr(tasks, self.name)().cut(
            train=self.examples, validation=self.held_out, test=self.held_out)

    def make(self):
        """Return a model as it is before any training."""
        return self._part().make()

    def shapes(self):
        """Return the shapes of a model's parameters, in the order of a row."""
        return [tuple(p.shape) for p in self.make().parameters()]

    def many(self, rule, settings, seeds, budget):
        """Train all settings with all seeds; return measures of shape (settings, seeds)."""
        hyper = keywords(settings, list)
        for name in [name for name, value in hyper.items() if isinstance(value, tuple)]:
            hyper[name] = tuple(_column(seeds)(one).to(device()) if isinstance(one, list) else one
                                for one in hyper[name])
        return self._measures(tasks.fit(self._part(), rule, seeds=seeds, steps=budget,
                                        batch_size=self.batch_size, **hyper))

    def one(self, seed, budget):
        """Return one model."""
        made = tasks.Alone(self._part(), seed, steps=budget, batch_size=self.batch_size)
        return _One(made.start, lambda p: made.draw(),
                    lambda p: self._measures(made.judge(p, budget)))

    def _measures(self, fit):
        return {**{name: getattr(fit, name) for name in LOSSES}, "score": fit.test_accuracy,
                "diverged": ~np.isfinite(fit.validation_loss)}


@dataclass(frozen=True)
class Fitting:
    """The fit of a damped oscillation to noisy readings, half the mean square error.

    A seed has its noise and its first guess; validation and test are readings with other noise.
    """

    budget: int

    def shapes(self):
        """Return the shapes of the parameters, a vector's, in the order of a row."""
        return [(len(TRUE),)]

    def many(self, rule, settings, seeds, budget):
        """Train all settings with all seeds; return measures of shape (settings, seeds)."""
        made = oscillation(seeds)
        p = np.broadcast_to(made.starts, (len(settings), *made.starts.shape))
        hyper = keywords(settings, lambda values: np.array(values)[:, None, None])
        for step in walk(rule, lambda p: made.look(p)[1], p, budget, **hyper):
            p = step.p
        return self._measures(p, seeds)

    def one(self, seed, budget):
        """Return one model."""
        made = oscillation([seed])

        def look(p):
            f, g = made.look(p.numpy()[None])
            return torch.tensor(f[0]), torch.tensor(g[0])

        return _One(torch.tensor(made.starts[0]), lambda p: look,
                    lambda p: self._measures(p.numpy()[None, None], [seed]))

    def _measures(self, p, seeds):
        found = {name: oscillation([seed + _OTHER_NOISE.get(name, 0) for seed in seeds]).look(p)[0]
                 for name in LOSSES}
        found = {name: np.where(np.isfinite(f), f, np.inf) for name, f in found.items()}
        return {**found, "score": None, "diverged": ~np.isfinite(found["train_loss"])}


@dataclass(frozen=True)
class Balancing:
    """CartPole by REINFORCE; the score is the mean return over the budget.

    The loss, one number for validation and test, is the part of the longest episode that the mean
    return lacks: a seed is its own game. Every play counts for the gradients taken on it, of which
    only an optimizer that looks again takes more than one.
    """

    budget: int
    episodes: int = 8

    def shapes(self):
        """Return the shapes of a policy's parameters, in the order of a row."""
        return list(cartpole.SHAPES)

    def many(self, rule, settings, seeds, budget):
        """Train all settings with all seeds; return measures of shape (settings, seeds)."""
        hyper = keywords(settings, _column(seeds))
        hyper.pop("lr", None)
        lrs = [setting.get("lr", hyperparameters(rule)["lr"]) for setting in settings]
        made = cartpole.train(rule, lrs, seeds=seeds, updates=budget, episodes=self.episodes,
                              **hyper)
        return self._measures(made.returns.mean(0), ~np.isfinite(made.slopes).all(0))

    def one(self, seed, budget):
        """Return one model."""
        random, returns = [np.random.default_rng(seed)], []

        def draw(p):
            played = cartpole.play(p.detach()[None], random, self.episodes)
            mean = float(cartpole.returns_of(played).mean())

            def look(p):
                returns.append(mean)
                slope, losses = cartpole.gradient(p[None], *played)
                return losses[0], slope[0]

            return look

        return _One(cartpole.policy(seed), draw,
                    lambda p: self._measures(np.full((1, 1), np.mean(returns)),
                                             np.full((1, 1), not p.isfinite().all())))

    def _measures(self, returns, diverged):
        loss = 1 - returns / cartpole.LONGEST
        return {"train_loss": None, "validation_loss": loss, "test_loss": loss, "score": returns,
                "diverged": diverged}


@dataclass(frozen=True)
class _One:
    """A model for an optimizer that must look again.

    `start` is a vector, `draw(p)` returns a function of a vector, the loss and the gradient on the
    next batch, and `judge(p)` the measures, of shape (1, 1).
    """

    start: torch.Tensor
    draw: object
    judge: object


TASKS = {
    "breast_cancer": Classifying("breast_cancer", budget=100, batch_size=341),  # all of them
    "digits": Classifying("digits", budget=150, batch_size=32),
    "mnist_1d": Classifying("mnist_1d", budget=300, batch_size=64, held_out=400),
    "names": Classifying("names", budget=150, batch_size=64),
    "spelling": Classifying("spelling", budget=60, batch_size=32, examples=640, held_out=200),
    "oscillation": Fitting(budget=200),
    "cartpole": Balancing(budget=50),
}

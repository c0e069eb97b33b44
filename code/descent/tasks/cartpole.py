"""REINFORCE on Gymnasium's CartPole: a task whose data change with what has been learned.

Many policies (every setting of a grid × every seed) are trained as one batch: all their episodes
run in one vectorised environment, and the rule, which takes arrays, steps them all at once.
"""

import functools
import math
from dataclasses import dataclass

import gymnasium
import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from descent.driver import walk

__all__ = ["LONGEST", "SHAPES", "Learned", "gradient", "loss", "play", "policy", "returns_of",
           "train"]

LONGEST = 500  # steps of an episode; a policy that balances so long has the best return there is
HIDDEN = 32
SHAPES = (4, HIDDEN), (HIDDEN,), (HIDDEN, 1), (1,)  # of a policy's parameters, in a row
_SIZES = tuple(map(math.prod, SHAPES))
_SCALE = 0.1  # of the loss: returns are large numbers


@dataclass(frozen=True)
class Learned:
    """What came of a batch of trainings; every array has shape (updates, settings, seeds).

    `returns` are means over the episodes played for an update, `slopes` the norms of gradients.
    """

    returns: np.ndarray
    slopes: np.ndarray


def train(rule, lrs, *, seeds, updates=60, episodes=8, **hyper):
    """Train policies by REINFORCE; return `Learned`.

    The policy is a net of one hidden layer (32, tanh) that gives the odds of pushing right. At
    every update it plays `episodes` episodes; the weight of a step is the return from there on,
    less the mean of that over the episodes still running at that step (the baseline). A seed
    fixes the initial weights, the starts and the random numbers that choose the actions, the
    same for all settings. Runs on the CPU, where the environment is.

    Raises ValueError for no learning rates, no seeds, or a count below 1.
    """
    lrs, seeds = list(lrs), list(seeds)
    for name, value in (("lrs", len(lrs)), ("seeds", len(seeds)), ("updates", updates),
                        ("episodes", episodes)):
        if not value >= 1:
            raise ValueError(f"{name} must be, or hold, at least one, got {value!r}")
    random = [np.random.default_rng(seed) for seed in seeds]
    policies = torch.stack([policy(seed) for seed in seeds]).repeat(len(lrs), 1)
    rates = torch.tensor(lrs, dtype=torch.float32).repeat_interleave(len(seeds))[:, None]
    returns, slopes = [], []

    def look(policies):
        played = play(policies, random, episodes)
        returns.append(returns_of(played).mean(1))
        slope, _ = gradient(policies, *played)
        slopes.append(slope.norm(dim=1))
        return slope

    for _ in walk(rule, look, policies, updates, lr=rates, **hyper):
        pass
    return Learned(*(torch.stack(kept).reshape(updates, len(lrs), len(seeds)).numpy()
                     for kept in (returns, slopes)))


def policy(seed):
    """Return the initial weights of a policy, in a row."""
    random = torch.Generator().manual_seed(seed)
    first, second = (torch.randn(n, generator=random) for n in (_SIZES[0], _SIZES[2]))
    return torch.cat([first / 2, torch.zeros(HIDDEN), second / HIDDEN**0.5, torch.zeros(1)])


def _odds(policies, states):
    """Return the log odds of pushing right; states (…, policies, episodes, 4)."""
    w1, b1, w2, b2 = policies.split(_SIZES, dim=1)
    hidden = torch.tanh(states @ w1.reshape(-1, 4, HIDDEN) + b1[:, None])
    return (hidden @ w2[..., None])[..., 0] + b2


@functools.cache
def _environment(episodes):
    return gymnasium.make_vec("CartPole-v1", num_envs=episodes, max_episode_steps=LONGEST,
                              vectorization_mode="vector_entry_point")


@torch.no_grad()
def play(policies, random, episodes):
    """Let policies play; return states, actions and whether the episode still ran.

    Each has shape (steps, policies, episodes, …). `random` holds a NumPy generator for each seed;
    the policies are settings × seeds, and all settings of a seed meet the same chances.
    """
    settings = len(policies) // len(random)
    starts = np.concatenate([r.uniform(-0.05, 0.05, (episodes, 4)) for r in random])
    draws = np.concatenate([r.random((LONGEST, episodes)) for r in random], axis=1)
    starts, draws = np.tile(starts, (settings, 1)), np.tile(draws, (1, settings))
    environment = _environment(len(starts))
    environment.reset(seed=0)
    environment.unwrapped.state = starts.T.copy()
    seen, running, history = starts.astype(np.float32), np.ones(len(starts), dtype=bool), []
    for draw in draws:
        states = torch.from_numpy(seen).reshape(len(policies), episodes, 4)
        right = draw < torch.sigmoid(_odds(policies, states)).flatten().numpy()
        history.append((states, torch.from_numpy(right).reshape(states.shape[:2]),
                        torch.from_numpy(running.copy()).reshape(states.shape[:2])))
        seen, _, fell, _, _ = environment.step(right.astype(np.int64))
        running &= ~fell
        if not running.any():
            break
    return tuple(torch.stack(one) for one in zip(*history, strict=True))


def returns_of(played):
    """Return how long each episode of `play` lasted, (policies, episodes)."""
    return played[2].sum(0).float()


def loss(policies, states, right, running):
    """Return minus the policy-gradient objective of each policy on what `play` returned.

    The weight of a step is the return from there on, less the baseline: the mean of that over the
    episodes still running.
    """
    running = running.float()
    to_go = running.flip(0).cumsum(0).flip(0)
    baseline = to_go.sum(2, keepdim=True) / running.sum(2, keepdim=True).clamp(min=1)
    weight = (to_go - baseline) * running * _SCALE
    surprise = binary_cross_entropy_with_logits(_odds(policies, states), right.float(),
                                                reduction="none")
    return (weight * surprise).sum(0).mean(1)


def gradient(policies, *played):
    """Return the gradient of `loss` for each policy, and the losses."""
    policies = policies.clone().requires_grad_()
    losses = loss(policies, *played)
    losses.sum().backward()
    return policies.grad, losses.detach()

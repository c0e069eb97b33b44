import gymnasium
import numpy as np
import pytest
import torch

from descent import rmsprop, sgd
from descent.tasks import cartpole
from descent.tasks.cartpole import train


def test_policies_are_trained_alone_though_in_one_batch():
    batch = train(rmsprop, [0.01, 0.03], seeds=[3, 4], updates=4)
    assert batch.returns.shape == batch.slopes.shape == (4, 2, 2)
    alone = train(rmsprop, [0.03], seeds=[4], updates=4)
    np.testing.assert_allclose(batch.returns[:, 1:, 1:], alone.returns, rtol=0.05)
    np.testing.assert_allclose(batch.slopes[0, 1, 1], alone.slopes[0, 0, 0], rtol=1e-3)


def test_settings_of_one_seed_see_the_same_starts_and_draws():
    frozen = train(sgd, [0.0, 0.0, 0.0], seeds=[1, 2], updates=2).returns
    assert (frozen == frozen[:, :1]).all()
    assert (frozen[:, 0, 0] != frozen[:, 0, 1]).any()


def test_an_episode_is_gymnasiums():
    policies = cartpole.policy(0)[None]
    states, right, running = cartpole.play(policies, [np.random.default_rng(0)], 1)
    single = gymnasium.make("CartPole-v1").unwrapped
    single.reset(seed=0)
    single.state = states[0, 0, 0].double().numpy()
    for t in range(len(states)):
        np.testing.assert_allclose(states[t, 0, 0], np.array(single.state), atol=1e-4)
        _, _, fell, _, _ = single.step(int(right[t, 0, 0]))
        assert running[t].item()
    assert fell


def test_the_gradient_is_that_of_one_policy_by_hand():
    policies = torch.stack([cartpole.policy(seed) for seed in (0, 1)])
    played = cartpole.play(policies, [np.random.default_rng(seed) for seed in (0, 1)], 3)
    got = cartpole.gradient(policies, *played)[0][1]
    states, right, running = (part[:, 1:2] for part in played)
    p = policies[1:2].clone().requires_grad_()
    lengths = running.sum(0)[0]
    total = 0.0
    for t in range(len(states)):
        alive = [e for e in range(3) if lengths[e] > t]
        to_go = [float(lengths[e] - t) for e in alive]
        for e, value in zip(alive, to_go, strict=True):
            chance = torch.sigmoid(cartpole._odds(p, states[t])[0, e])
            log = torch.log(chance if right[t, 0, e] else 1 - chance)
            total = total - 0.1 * (value - sum(to_go) / len(to_go)) * log / 3
    (expected,) = torch.autograd.grad(total, p)
    torch.testing.assert_close(got, expected[0], rtol=1e-3, atol=1e-5)


def test_it_learns():
    returns = train(rmsprop, [0.01], seeds=[0, 1, 2], updates=50).returns
    assert returns[-5:].mean() > 4 * returns[:2].mean()


@pytest.mark.parametrize(("arguments", "words"), [
    ({"lrs": []}, "lrs must be, or hold, at least one, got 0"),
    ({"seeds": []}, "seeds must"),
    ({"updates": 0}, "updates must .* got 0"),
    ({"episodes": 0}, "episodes must"),
])
def test_bad_input(arguments, words):
    with pytest.raises(ValueError, match=words):
        train(**{"rule": sgd, "lrs": [0.1], "seeds": [0], **arguments})

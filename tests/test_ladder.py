"""The ladder: its corners are the named rules, on arrays, on tensors and on rows of models."""

import numpy as np
import pytest
import torch

from descent import adagrad, adam, asgd, lion, muon, schedulefree, sgd, shampoo
from descent.lab.rows import by_parameter
from descent.ladder import AVERAGES, MEMORIES, NORMS, ladder

EXACT = {"momentum": 0.9, "nesterov": False, "weight_decay": 0, "ns_steps": 60,
         "ns_coefficients": (1.5, -0.5, 0.0)}
CORNERS = [
    ("whole", "kept", "none", 0, sgd, {}),
    ("whole", "kept", "gradients", 0, sgd, {"lr": 0.01, "momentum": 0.9}),
    ("whole", "kept", "iterates", 0, schedulefree, {"adaptive": False}),
    ("entries", "now", "none", 0, adam, {"betas": (0.0, 0.0), "eps": 0.0}),
    ("entries", "now", "gradients", 0, lion, {"betas": (0.9, 0.9)}),
    ("entries", "fading", "none", 1e-8, adam, {"betas": (0.0, 0.999)}),
    ("entries", "fading", "gradients", 1e-8, adam, {}),
    ("entries", "fading", "iterates", 1e-8, schedulefree, {}),
    ("entries", "all", "none", 1e-10, adagrad, {}),
    ("matrix", "now", "gradients", 0, muon, EXACT),
    ("matrix", "all", "none", 1e-6, shampoo, {}),
]
NOISE = np.random.default_rng(0).normal(size=(20, 3, 3))


def driven(rule, point, noise, **hyper):
    state, points = (), []
    for t, g in enumerate(noise, 1):
        point, *state = rule(point, g + 0.1 * point, t, *state, **hyper)
        points.append(point)
    return points


@pytest.mark.parametrize(("norm", "memory", "average", "eps", "rule", "hyper"), CORNERS)
def test_a_corner_is_the_named_rule(norm, memory, average, eps, rule, hyper):
    theirs = driven(rule, torch.eye(3).double(), torch.tensor(NOISE), **{"lr": 0.1, **hyper})
    chosen = {"lr": 0.1, "norm": norm, "memory": memory, "average": average, "eps": eps}
    for start, noise in ((torch.eye(3).double(), torch.tensor(NOISE)), (np.eye(3), NOISE)):
        ours = [torch.as_tensor(p) for p in driven(ladder, start, noise, **chosen)]
        torch.testing.assert_close(torch.stack(ours), torch.stack(theirs), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("norm", "length"), [
    ("whole", lambda g: np.sqrt((g**2).sum())), ("entries", lambda g: np.abs(g).sum()),
    ("matrix", lambda g: np.linalg.svd(g)[1].sum())])
def test_what_is_kept_is_the_length_that_goes_with_the_norm(norm, length):
    g = NOISE[0]
    now, kept = (ladder(0 * g, g, 1, lr=1.0, norm=norm, memory=memory, average="none", eps=0.0)[0]
                 for memory in ("now", "kept"))
    np.testing.assert_allclose(kept, length(g) * now, rtol=1e-9)


@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("average", AVERAGES)
def test_as_a_matrix_a_vector_is_taken_whole(memory, average):
    ends = [driven(ladder, NOISE[0, :, 0], NOISE[:, :, 0], lr=0.1, norm=norm, memory=memory,
                   average=average)[-1] for norm in ("matrix", "whole")]
    np.testing.assert_array_equal(*ends)


@pytest.mark.parametrize("memory", MEMORIES)
def test_without_a_memory_a_column_is_a_vector_with_one_it_is_not(memory):
    ends = [driven(ladder, NOISE[0, :, 0].reshape(shape), NOISE[:, :, 0].reshape(-1, *shape),
                   lr=0.1, norm="matrix", memory=memory, average="none", eps=1e-12)[-1].ravel()
            for shape in ((3,), (3, 1))]
    assert np.allclose(*ends) == (memory in {"kept", "now"})


@pytest.mark.parametrize("shape", [(3, 3), (2, 5), (5, 2)])
def test_a_matrix_without_memory_steps_by_its_singular_vectors(shape):
    g = np.random.default_rng(0).normal(size=shape)
    U, _, V = np.linalg.svd(g, full_matrices=False)
    step = ladder(0 * g, g, 1, lr=1.0, norm="matrix", memory="now", average="none", eps=1e-12)[0]
    np.testing.assert_allclose(step, -U @ V, atol=1e-8)


def test_a_mean_of_iterates_with_gradients_at_z_is_that_of_asgd():
    chosen = {"norm": "whole", "memory": "kept", "average": "iterates", "beta": 0.0, "eps": 0.0}
    ours = theirs = np.eye(3)
    state, other = (), ()
    for t, noise in enumerate(NOISE, 1):
        ours, *state = ladder(ours, noise + 0.1 * ours, t, *state, lr=0.1, **chosen)
        theirs, *other = asgd(theirs, noise + 0.1 * theirs, t, *other, lr=0.1, lambd=0, alpha=0,
                              t0=-1)
        np.testing.assert_allclose(ours, theirs, atol=1e-12)
        np.testing.assert_allclose(state[3], other[0], atol=1e-12)


def test_muon_steps_longer_where_a_matrix_is_tall():
    g = np.random.default_rng(0).normal(size=(8, 2))
    step = ladder(0 * g, g, 1, lr=0.1, norm="matrix", memory="now", average="gradients",
                  eps=1e-14)[0]
    np.testing.assert_allclose(muon(0 * g, g, 1, lr=0.1, **EXACT)[0], 2 * step, rtol=1e-8)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("memory", MEMORIES)
def test_rows_of_models_step_as_each_alone(norm, memory):
    rule = by_parameter(ladder, [(3, 2), (3,)])
    starts = torch.tensor(NOISE[:2].reshape(2, 9))
    noise = torch.tensor(NOISE[2:8].reshape(-1, 9)).unsqueeze(1).expand(-1, 2, -1)
    hyper = {"norm": norm, "memory": memory, "average": "iterates", "lr": 0.1}
    rows = driven(rule, starts, noise, **hyper)[-1]
    alone = [driven(ladder, start.reshape(3, 2), noise[:, 0, :6].reshape(-1, 3, 2), **hyper)[-1]
             for start in starts[:, :6]]
    torch.testing.assert_close(rows[:, :6].reshape(2, 3, 2), torch.stack(alone))


def test_more_than_two_axes_are_no_matrix():
    with pytest.raises(ValueError, match="norm must not be matrix for a point of 3 axes"):
        ladder(np.ones((2, 2, 2)), np.ones((2, 2, 2)), 1, norm="matrix")


@pytest.mark.parametrize("wrong", [{"norm": "l2"}, {"memory": 0.9}, {"average": None}])
def test_a_switch_stands_on_one_of_its_words(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be .* or .*, got"):
        ladder(np.eye(2), np.eye(2), 1, **wrong)

import numpy as np
import pytest
import torch

from descent import path, sgd, walk
from descent.surfaces import quadratic

BOWL = quadratic(condition=10.0)


def test_path_holds_the_start_and_every_step():
    run = path(sgd, lambda p: p, 1.0, 3, lr=0.5)
    assert run.tolist() == [1.0, 0.5, 0.25, 0.125]


def test_no_steps():
    assert path(sgd, lambda p: p, np.ones(2), 0, lr=0.5).shape == (1, 2)


def test_arrays_make_a_batch():
    lr = np.array([0.1, 0.5, 1.0])
    run = path(sgd, lambda p: p, np.ones(3), 4, lr=lr)
    assert run.shape == (5, 3)
    for i, one in enumerate(lr):
        np.testing.assert_array_equal(run[:, i], path(sgd, lambda p: p, 1.0, 4, lr=one))


def test_a_schedule_is_asked_for_steps_from_zero():
    asked = []

    def lr(k):
        asked.append(k)
        return 1.0 / (k + 1)

    run = path(sgd, lambda p: np.ones_like(p), 0.0, 3, lr=lr)
    assert asked == [0, 1, 2]
    assert run.tolist() == pytest.approx([0, -1, -1.5, -1.5 - 1 / 3])


def test_a_schedule_of_arrays_and_of_momentum():
    run = path(sgd, lambda p: p, np.ones(2), 2, lr=lambda k: np.array([0.1, 0.2]),
               momentum=lambda k: 0.5 * k)
    first = 1 - np.array([0.1, 0.2])
    np.testing.assert_allclose(run[2], first - np.array([0.1, 0.2]) * (0.5 + first))


def test_tensors_stay_tensors():
    run = path(sgd, BOWL.grad, torch.tensor([1.0, 1.0]), 5, lr=0.1)
    assert isinstance(run, torch.Tensor)
    assert run.shape == (6, 2)
    assert run.dtype == torch.float32


def test_walk_tells_gradient_state_and_settings():
    steps = list(walk(sgd, lambda p: p, 1.0, 2, lr=0.5, momentum=0.9))
    assert [s.t for s in steps] == [1, 2]
    assert [s.g for s in steps] == [1.0, 0.5]
    assert steps[1].state == pytest.approx((1.4,))
    assert steps[1].hyper["momentum"] == 0.9


def test_it_descends():
    assert BOWL.f(path(sgd, BOWL.grad, np.array([2.0, 1.0]), 300, lr=1.0)[-1]) < 1e-20


@pytest.mark.parametrize(("arguments", "error", "words"), [
    ({"steps": -1}, ValueError, r"steps must be a whole number >= 0, got -1"),
    ({"steps": 2.0}, ValueError, r"steps .* got 2\.0"),
    ({"steps": True}, ValueError, "got True"),
    ({"grad": 3}, TypeError, "grad must be a function of the point, got 3"),
    ({"grad": lambda p: np.ones(3)}, ValueError, r"shape \(2,\), got shape \(3,\)"),
    ({"grad": lambda p: torch.ones(2)}, TypeError, "start from a tensor"),
    ({"p": "here"}, TypeError, "a number, an array or a tensor of real numbers, got 'here'"),
    ({"p": torch.tensor([1, 2])}, TypeError, "floating-point tensor, got dtype torch.int64"),
    ({"p": torch.tensor([1j])}, TypeError, r"real floating-point tensor, got dtype torch.complex"),
    ({"p": 1 + 2j}, TypeError, r"tensor of real numbers, got \(1\+2j\)"),
    ({"p": np.array([1j, 1])}, TypeError, r"of real numbers, got array"),
    ({"grad": lambda p: 1j * p}, TypeError, r"grad must return real numbers, got array"),
    ({"p": torch.ones(2), "grad": lambda p: 1j * p}, TypeError, "real numbers, got tensor"),
    ({"rule": "sgd"}, TypeError, "rule must be a function"),
    ({"lr": -0.1}, ValueError, r"sgd: lr must be >= 0, got -0\.1"),
    ({"lr": np.array([0.1, np.nan])}, ValueError, "lr must be >= 0"),
    ({"lr": "fast"}, TypeError, "lr must be a number >= 0, got 'fast'"),
    ({"lr": lambda k: 0.1 - k}, ValueError, r"lr must be >= 0, got -0\.9"),
    ({"momentum": -0.5}, ValueError, r"momentum must be >= 0, got -0\.5"),
    ({"nesterov": True}, ValueError, "needs momentum > 0 and dampening = 0, got momentum=0.0"),
    ({"speed": 1}, TypeError, "sgd has no hyper-parameter 'speed'; it takes lr, momentum"),
])
def test_bad_input_is_named(arguments, error, words):
    given = {"rule": sgd, "grad": lambda p: p, "p": np.ones(2), "steps": 3, **arguments}
    with pytest.raises(error, match=words):
        path(given.pop("rule"), given.pop("grad"), given.pop("p"), given.pop("steps"), **given)


@pytest.mark.parametrize("as_array", [np.array, torch.tensor])
def test_a_batch_ignores_dampening_where_a_single_run_does(as_array):
    momentum, point = [0.0, 0.5], as_array([2.0, 1.0])
    batch = path(sgd, BOWL.grad, as_array([[2.0, 1.0]] * 2), 5, lr=0.1, dampening=0.3,
                 momentum=as_array([[m] for m in momentum]))
    for row, m in enumerate(momentum):
        alone = path(sgd, BOWL.grad, point, 5, lr=0.1, dampening=0.3, momentum=m)
        np.testing.assert_allclose(batch[:, row], alone, rtol=1e-14)


def test_the_gradient_is_not_asked_before_the_settings_are_checked():
    asked = []
    with pytest.raises(ValueError, match="lr"):
        path(sgd, asked.append, 1.0, 3, lr=-1)
    assert asked == []

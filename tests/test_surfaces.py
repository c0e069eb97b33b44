import math

import numpy as np
import pytest
import torch

from descent import surfaces
from descent.surfaces import (
    Point,
    beale,
    double_well,
    noisy,
    plane,
    quadratic,
    rosenbrock,
    saddle,
    shifted,
)

ALL = [quadratic(), quadratic(condition=30.0, angle=0.5, largest=2.0), rosenbrock(), beale(),
       saddle(), double_well(), double_well(1.0),
       shifted(), shifted(0.5, (-1.0, 0.2))]
ids = [f"{surface.name} {i}" for i, surface in enumerate(ALL)]
POINTS = np.random.default_rng(0).uniform(-2, 2, (4, 5, 2))


@pytest.mark.parametrize("surface", ALL, ids=ids)
def test_gradient_is_autograds(surface):
    p = torch.tensor(POINTS, requires_grad=True)
    (expected,) = torch.autograd.grad(surface.f(p).sum(), p)
    np.testing.assert_allclose(surface.grad(POINTS), expected, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(surface.grad(p.detach()), expected, rtol=1e-10, atol=1e-10)
    assert surface.f(POINTS).shape == (4, 5)


@pytest.mark.parametrize("surface", ALL, ids=ids)
def test_minima_are_where_they_are_said_to_be(surface):
    for i, minimum in enumerate(surface.minima):
        point = np.array(minimum)
        np.testing.assert_allclose(surface.grad(point), 0, atol=1e-9)
        nearby = point + 0.05 * POINTS.reshape(-1, 2)
        assert (surface.f(nearby) > surface.f(point)).all()
        if i == 0:
            assert surface.f(point) == pytest.approx(surface.lowest, abs=1e-12)
    x, y = surface.window
    inside = np.stack(np.meshgrid(np.linspace(*x, 201), np.linspace(*y, 201)), -1)
    assert surface.f(inside).min() >= surface.lowest - 1e-12


@pytest.mark.parametrize("surface", ALL, ids=ids)
def test_a_point_of_floats_is_a_point(surface):
    for p in POINTS[0]:
        alone = Point(p.tolist())
        assert surface.f(alone) == pytest.approx(surface.f(p), rel=1e-13)
        assert surface.grad(alone) == pytest.approx(surface.grad(p), rel=1e-13)
        assert type(surface.f(alone)) is float


def test_without_curvature_the_shifted_bowl_is_a_trough():
    trough = shifted(0.0)
    assert trough.minima == ()
    assert trough.grad(np.array([7.0, 0.5])).tolist() == [0, 0]
    with pytest.raises(ValueError, match="curvature must be >= 0, got -1"):
        shifted(-1)


def test_quadratic_has_the_curvatures_and_axes_it_is_told():
    surface = quadratic(condition=20.0, angle=0.4, largest=5.0)
    hessian = np.array([surface.grad(np.array(e)) for e in ((1.0, 0.0), (0.0, 1.0))])
    values, vectors = np.linalg.eigh(hessian)
    assert values == pytest.approx([0.25, 5.0])
    assert abs(vectors[:, 1] @ [-math.sin(0.4), math.cos(0.4)]) == pytest.approx(1)


def test_quadratic_takes_arrays_of_conditions():
    points = np.ones((2, 2))
    batch = quadratic(condition=np.array([2.0, 8.0])).grad(points)
    assert batch.tolist() == [[0.5, 1.0], [0.125, 1.0]]


def test_the_left_well_is_the_deeper():
    surface = double_well(0.3)
    left, right = (float(surface.f(np.array(m))) for m in surface.minima)
    assert left == surface.lowest < right
    assert surface.minima[0][0] == pytest.approx(-1.035, abs=1e-3)


def test_noise():
    surface = noisy(quadratic(), sigma=0.5, seed=3)
    point = np.ones((20_000, 2))
    noise = surface.grad(point) - quadratic().grad(point)
    assert noise.std() == pytest.approx(0.5, rel=0.02)
    assert abs(noise.mean()) < 0.01
    again = noisy(quadratic(), sigma=0.5, seed=3).grad(point) - quadratic().grad(point)
    np.testing.assert_array_equal(noise, again)
    assert surface.f(point[0]) == quadratic().f(point[0])


def test_shared_noise_is_one_draw_for_the_batch():
    noise = noisy(quadratic(), 1.0, shared=True).grad(np.zeros((5, 2)))
    assert (noise == noise[0]).all()


def test_plane_slices_a_loss_of_many_variables():
    scale = torch.arange(1.0, 6.0, dtype=torch.float64)
    u, v = torch.eye(5, dtype=torch.float64)[[0, 3]]
    slice_ = plane("slice", lambda x: (scale * x**2).sum() / 2, torch.ones(5).double(), u, v, 2.0)
    assert slice_.start == (2.0, 0.0)
    assert slice_.f(POINTS).shape == (4, 5)
    point = np.array([0.5, -2.0])
    assert slice_.f(point) == pytest.approx((1.5**2 + 2 + 3 + 4 + 5) / 2)
    np.testing.assert_allclose(slice_.grad(point), [1.5, -4.0])


@pytest.mark.parametrize(("make", "words"), [
    (lambda: quadratic(condition=0.5), r"condition must be >= 1 and not zero, got 0\.5"),
    (lambda: quadratic(largest=0.0), "largest must be"),
    (lambda: double_well(0), r"tilt must be in \(0, 1\.5\), got 0"),
    (lambda: double_well(1.6), r"got 1\.6"),
    (lambda: noisy(quadratic(), -1.0), r"sigma must be >= 0, got -1\.0"),
])
def test_bad_input(make, words):
    with pytest.raises(ValueError, match=words):
        make()


def test_all_are_exported():
    assert {"quadratic", "rosenbrock", "beale", "saddle", "double_well", "noisy",
            "plane"} <= set(surfaces.__all__)

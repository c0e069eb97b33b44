"""Functions of two variables to descend, each with its gradient, window and starting point.

Points lie on the last axis, so one call evaluates a whole grid of them: `p` of shape (..., 2)
gives `f(p)` of shape (...) and `grad(p)` of shape (..., 2). All but `noisy` and `plane` are written
in plain operators and take NumPy arrays, tensors, or a `Point` of two floats.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from descent.ops import stack

__all__ = ["Point", "Surface", "beale", "double_well", "noisy", "plane", "quadratic", "rosenbrock",
           "saddle", "shifted"]


class Point(tuple):
    """A point of plain floats, for one place at a time where arrays would be slow."""

    __slots__ = ()

    def __getitem__(self, key):
        """Return an entry, by its number or, as of an array, by (..., number)."""
        return tuple.__getitem__(self, key[1] if isinstance(key, tuple) else key)


@dataclass(frozen=True)
class Surface:
    """A function of two variables: `f`, its gradient, the window to draw, a start, its minima."""

    name: str
    f: Callable
    grad: Callable
    window: tuple = ((-2.0, 2.0), (-2.0, 2.0))
    start: tuple = (-1.5, 1.0)
    minima: tuple = ((0.0, 0.0),)
    lowest: float = 0.0


def quadratic(condition=10.0, angle=0.0, largest=1.0):
    """A bowl of curvatures `largest` and `largest / condition`, its steep axis turned by `angle`.

    `condition` >= 1 and `largest` > 0 may be arrays that broadcast against the points without
    their last axis. `angle` in radians, from the vertical axis.
    """
    for name, value, low in (("condition", condition, 1.0), ("largest", largest, 0.0)):
        if np.any(np.asarray(value) < low) or np.any(np.asarray(value) <= 0):
            raise ValueError(f"{name} must be >= {low:g} and not zero, got {value!r}")
    cos, sin = math.cos(angle), math.sin(angle)
    flat, steep = largest / condition, largest

    def axes(p):
        x, y = p[..., 0], p[..., 1]
        return cos * x + sin * y, cos * y - sin * x

    def f(p):
        u, v = axes(p)
        return 0.5 * (flat * u**2 + steep * v**2)

    def grad(p):
        u, v = axes(p)
        u, v = flat * u, steep * v
        return stack(cos * u - sin * v, cos * v + sin * u)

    return Surface("quadratic", f, grad, ((-2.2, 2.2), (-1.6, 1.6)), (-2.0, 1.0))


def shifted(curvature=0.1, goal=(1.5, 0.5)):
    """A bowl of curvature 1 along y and `curvature` along x, lowest at `goal`; a trough at 0.

    Raises ValueError for a negative curvature.
    """
    if not curvature >= 0:
        raise ValueError(f"curvature must be >= 0, got {curvature!r}")
    across, along = goal

    def f(p):
        return 0.5 * (curvature * (p[..., 0] - across) ** 2 + (p[..., 1] - along) ** 2)

    def grad(p):
        return stack(curvature * (p[..., 0] - across), p[..., 1] - along)

    return Surface("shifted bowl", f, grad, ((-2.2, 2.2), (-1.6, 1.6)), (-1.8, -1.2),
                   ((across, along),) if curvature else ())


def rosenbrock(a=1.0, b=100.0):
    """Rosenbrock's curved valley (a - x)² + b (y - x²)², lowest at (a, a²)."""

    def f(p):
        x, y = p[..., 0], p[..., 1]
        return (a - x) ** 2 + b * (y - x**2) ** 2

    def grad(p):
        x, y = p[..., 0], p[..., 1]
        return stack(-2 * (a - x) - 4 * b * x * (y - x**2), 2 * b * (y - x**2))

    return Surface("Rosenbrock", f, grad, ((-2.0, 2.0), (-1.0, 3.0)), (-1.2, 1.0), ((a, a**2),))


def beale():
    """Beale's function: flat plains around a sharp cross, lowest at (3, 0.5)."""
    constants = (1.5, 2.25, 2.625)

    def f(p):
        x, y = p[..., 0], p[..., 1]
        return sum((c - x + x * y ** (i + 1)) ** 2 for i, c in enumerate(constants))

    def grad(p):
        x, y = p[..., 0], p[..., 1]
        gx = gy = 0.0
        for i, c in enumerate(constants):
            r = c - x + x * y ** (i + 1)
            gx = gx + 2 * r * (y ** (i + 1) - 1)
            gy = gy + 2 * r * (i + 1) * x * y**i
        return stack(gx, gy)

    return Surface("Beale", f, grad, ((-1.0, 4.5), (-2.0, 2.0)), (1.0, 1.5), ((3.0, 0.5),))


def saddle():
    """A saddle x²/2 - y²/2 + y⁴/4 at the origin, between two minima at (0, ±1)."""

    def f(p):
        x, y = p[..., 0], p[..., 1]
        return 0.5 * x**2 - 0.5 * y**2 + 0.25 * y**4

    def grad(p):
        x, y = p[..., 0], p[..., 1]
        return stack(x, y**3 - y)

    minima = ((0.0, 1.0), (0.0, -1.0))
    return Surface("saddle", f, grad, ((-2.0, 2.0), (-1.5, 1.5)), (-1.8, 0.001), minima, -0.25)


def double_well(tilt=0.3):
    """Two wells x⁴ - 2x² + tilt·x + y²; for 0 < tilt < 1.5 the left one is the deeper.

    Raises ValueError for a tilt outside (0, 1.5), where there are not two wells of that order.
    """
    if not 0 < tilt < 1.5:
        raise ValueError(f"tilt must be in (0, 1.5), got {tilt!r}")

    def f(p):
        x, y = p[..., 0], p[..., 1]
        return x**4 - 2 * x**2 + tilt * x + y**2

    def grad(p):
        x, y = p[..., 0], p[..., 1]
        return stack(4 * x**3 - 4 * x + tilt, 2 * y)

    # Where 4x³ - 4x + tilt is 0: three real roots, by Viète's cosines.
    third = math.acos(-3 * math.sqrt(3) / 8 * tilt) / 3
    left, right = (2 / math.sqrt(3) * math.cos(third + turn) for turn in (2 * math.pi / 3, 0.0))
    minima = ((left, 0.0), (right, 0.0))
    lowest = f(Point(minima[0]))
    return Surface("double well", f, grad, ((-2.2, 2.2), (-1.4, 1.4)), (2.0, 0.8), minima, lowest)


def noisy(surface, sigma, seed=0, *, shared=False):
    """The same surface with Gaussian noise of deviation `sigma` on every gradient entry.

    NumPy points only. Each call of `grad` draws anew from a generator seeded here: independently
    for every point of a batch, or the same draw for all of them (`shared`).
    """
    if not sigma >= 0:
        raise ValueError(f"sigma must be >= 0, got {sigma!r}")
    rng = np.random.default_rng(seed)

    def grad(p):
        return surface.grad(p) + sigma * rng.standard_normal(p.shape[-1:] if shared else p.shape)

    return replace(surface, name=f"noisy {surface.name}", grad=grad)


def plane(name, loss, origin, u, v, start):
    """The loss of many variables on the plane origin + x·u + y·v, from the point (start, 0).

    `loss` maps a flat float64 tensor to a number; `u`, `v` are orthonormal. The points and
    gradients of the surface are NumPy arrays; the gradient is autograd's, projected on the plane.
    """
    import torch  # not before: all other surfaces need none

    axes = torch.stack([u, v])

    def on_plane(point):
        return loss(origin + point @ axes)

    def batched(function, p):
        points = torch.as_tensor(np.asarray(p, dtype=float)).reshape(-1, 2)
        return torch.func.vmap(function, chunk_size=256)(points).detach().numpy()

    def f(p):
        return batched(on_plane, p).reshape(np.shape(p)[:-1])

    def gradient(p):
        return batched(torch.func.grad(on_plane), p).reshape(np.shape(p))

    window = ((-0.35 * start, 1.15 * start), (-0.5 * start, 0.5 * start))
    return Surface(name, f, gradient, window, (start, 0.0))

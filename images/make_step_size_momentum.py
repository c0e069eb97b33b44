"""Animate step size and momentum: images/step_size_momentum.gif, and its last frame as .png.

    python images/make_step_size_momentum.py

Four runs of one rule from one start, on one quadratic. The animation plays once, in 4.8 s.
"""

import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from descent import path, sgd, surfaces
from descent.book import plots

STEPS = 40
HOLD = 8  # frames that show the end
SETTINGS = [(0.05, 0.0), (0.19, 0.0), (0.05, 0.6), (0.19, 0.6)]
FRAME_MS = 100


def paths():
    """Return the iterates of the four settings, shape (4, steps + 1, 2), and the surface."""
    surface = surfaces.quadratic(condition=20.0, largest=10.0)
    lr, momentum = np.array(SETTINGS).T[..., None]
    points = path(sgd, surface.grad, np.array([[-2.0, 1.0]] * 4), STEPS, lr=lr, momentum=momentum)
    return points.swapaxes(0, 1), surface


def frame(points, surface, step):
    """Return one frame as a picture: the four paths up to a step."""
    figure = Figure(figsize=(6.0, 4.6), facecolor="white")
    axes = figure.subplots(2, 2, sharex=True, sharey=True).ravel()
    for i, (ax, (lr, momentum), run) in enumerate(zip(axes, SETTINGS, points, strict=True)):
        plots.contours(ax, surface)
        plots.trail(ax, run[:step + 1], style=i, markersize=4, linewidth=1.5)
        ax.set_title(f"lr {lr:g}, momentum {momentum:g}", fontsize=12)
        ax.set(xlabel="", ylabel="", xticks=[], yticks=[])
        loss = float(surface.f(run[step]))
        ax.text(0.97, 0.05, f"loss {loss:.1e}", transform=ax.transAxes, ha="right", fontsize=11)
    figure.suptitle(f"step {step}", fontsize=12)
    target = io.BytesIO()
    figure.savefig(target, format="png", dpi=110, facecolor="white")
    return Image.open(target).convert("RGB")


def main():
    """Write the animation and its still."""
    points, surface = paths()
    frames = [frame(points, surface, step) for step in range(STEPS + 1)]
    # One palette for all frames: no flicker, a small file.
    palette = frames[-1].quantize(128, method=Image.Quantize.FASTOCTREE)
    drawn = [f.quantize(palette=palette, dither=Image.Dither.NONE) for f in frames]
    here = Path(__file__).with_name("step_size_momentum")
    # No `loop`: a GIF without it plays once.
    drawn[0].save(here.with_suffix(".gif"), save_all=True, append_images=drawn[1:], optimize=True,
                  duration=[FRAME_MS] * STEPS + [FRAME_MS * HOLD])
    drawn[-1].save(here.with_suffix(".png"), optimize=True)


if __name__ == "__main__":
    main()

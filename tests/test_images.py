import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from descent import path, sgd

IMAGES = Path(__file__).parents[1] / "images"


def test_every_picture_has_its_script():
    pictures = {p.stem for p in IMAGES.iterdir() if p.suffix != ".py" and p.is_file()}
    assert pictures == {p.stem.removeprefix("make_") for p in IMAGES.glob("make_*.py")}


def test_the_animation_stops_by_itself_and_soon():
    with Image.open(IMAGES / "step_size_momentum.gif") as gif:
        assert "loop" not in gif.info
        durations = []
        for frame in range(gif.n_frames):
            gif.seek(frame)
            durations.append(gif.info["duration"])
        last = gif.convert("RGB")
    assert len(durations) > 30
    assert sum(durations) < 5000
    with Image.open(IMAGES / "step_size_momentum.png") as still:
        assert np.abs(np.asarray(still.convert("RGB"), float) - np.asarray(last, float)).max() < 3


def test_the_animation_shows_the_rules_own_runs():
    script = runpy.run_path(str(IMAGES / "make_step_size_momentum.py"))
    points, surface = script["paths"]()
    for run, (lr, momentum) in zip(points, script["SETTINGS"], strict=True):
        alone = path(sgd, surface.grad, np.array([-2.0, 1.0]), script["STEPS"], lr=lr,
                     momentum=momentum)
        np.testing.assert_allclose(run, alone, rtol=1e-12)
    losses = [float(surface.f(run[-1])) for run in points]
    assert losses.index(min(losses)) == 3
    assert losses[3] < 1e-5 * min(losses[:3])


@pytest.mark.parametrize("name", ["SGD", "Adam", "L-BFGS", "NAdam"])
def test_the_family_tree_is_drawn_from_its_script(name):
    script = runpy.run_path(str(IMAGES / "make_family_tree.py"))
    assert name in script["FAMILY"]
    assert name in script["ALT"]
    parents = {child for _, child, _ in script["HEIRS"]}
    assert set(script["FAMILY"]) - parents == {"gradient descent"}
    page = (IMAGES / "family_tree.html").read_text(encoding="utf8")
    assert 'role="img" aria-label="Family tree' in page
    assert "currentColor" in page

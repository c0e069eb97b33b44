"""Benchmarks, as ratios within one run.

    python -m descent.bench            the whole table: `make bench`
    python -m descent.bench --quick    fewer repeats, for a look
"""

import argparse
import gzip
import re
import statistics
import time
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from tabulate import tabulate

from descent import (
    LBFGS,
    Optimizer,
    adagrad,
    adam,
    adamw,
    path,
    rmsprop,
    sgd,
    surfaces,
    tasks,
)
from descent.parity import ROWS, implementations, row_of
from descent.signature import looks_again, name_of

__all__ = ["grid", "kernels", "main", "notebooks", "pages", "passes", "ratios", "speeds", "steps"]


def grid(repeats=3, settings=(20, 15), steps=200):
    """Time a grid of lr × momentum by one batched run, and by torch one setting at a time.

    Returns (batched seconds, torch's seconds, largest relative difference of the end points).
    """
    surface = surfaces.quadratic(condition=20.0)
    lr, momentum = (a.ravel() for a in np.meshgrid(np.geomspace(0.01, 1.0, settings[0]),
                                                   np.linspace(0.0, 0.9, settings[1])))
    start = np.array(surface.start)

    def batched():
        return path(sgd, surface.grad, np.tile(start, (len(lr), 1)), steps,
                    lr=lr[:, None], momentum=momentum[:, None])[-1]

    def one_at_a_time():
        ends = []
        for one_lr, one_momentum in zip(lr.tolist(), momentum.tolist(), strict=True):
            p = torch.tensor(start, requires_grad=True)
            optimizer = torch.optim.SGD([p], lr=one_lr, momentum=one_momentum)
            for _ in range(steps):
                p.grad = surface.grad(p.detach())
                optimizer.step()
            ends.append(p.detach().numpy())
        return np.array(ends)

    ours = _median(batched, repeats)
    theirs = _median(one_at_a_time, max(1, repeats // 3))
    a, b = batched(), one_at_a_time()
    return ours, theirs, float(np.abs(a - b).max() / np.abs(b).max())


def ratios(rule, torch_class, *, tensors=50, size=2_000, **kwargs):
    """Time a step on that many tensors of that size; seconds by name, as `speeds` returns them."""
    return speeds(rule, torch_class, [(size,)] * tensors, **kwargs)


def speeds(rule, torch_class, shapes, *, repeats=15, device="cpu", compiled=False, renewed=False,
           **hyper):
    """Time a step of the rule and of torch's implementations; return seconds by name.

    All step tensors of the same shapes, in turn, and each gets its median: "descent", torch's
    "for-loop", "foreach", "fused" where there are; with `compiled` also "compiled" and "floor",
    the time it takes to move the bytes that the kernel reads and writes, at the rate of `x += y`.
    The gradients stay the same tensors, or with `renewed` are others at every step, as after
    `zero_grad()`; for `lbfgs`, which must be able to ask, they are the parameters, and a step is
    one iteration.
    """
    again = looks_again(rule)
    if again:
        hyper = {"max_iter": 1, "history_size": 10, **hyper}

    contestants, held = {}, {}  # steps and parameters, by name

    def enter(name, make):
        held[name] = params = [torch.ones(shape, device=device, requires_grad=True)
                               for shape in shapes]
        _give_gradients(params)
        optimizer = make(params)

        def closure():
            for p in params:
                p.grad.copy_(p.detach())
            return 1.0

        contestants[name] = partial(optimizer.step, closure) if again else optimizer.step

    def ours(params, **more):
        if again:
            return LBFGS(params, **hyper)
        return Optimizer(params, rule, **hyper, **more)

    enter("descent", ours)
    if compiled:
        enter("compiled", partial(ours, compile=True))
        step = contestants["compiled"]
        step(), step()
        contestants["floor"] = _mover(step.__self__, shapes, device)
    for name, extra in implementations(torch_class).items():
        enter(name, lambda params, extra=extra: torch_class(params, **hyper, **extra))
    times = {name: [] for name in contestants}
    for _ in range(repeats + 2):
        for name, step in contestants.items():
            if renewed:
                _give_gradients(held.get(name, ()))  # the floor has none
            times[name].append(_seconds(step, device))
    medians = {name: statistics.median(values[2:]) for name, values in times.items()}
    if compiled:
        medians["floor"] *= passes(contestants["compiled"].__self__) / 3
    return medians


def _give_gradients(params):
    for p in params:
        p.grad = torch.full_like(p, 0.01)


def passes(optimizer):
    """Return how often a compiled step reads or writes a number for each parameter.

    The point and each tensor of the state are read and written, the gradient is read.
    """
    (state, *_) = optimizer.state.values()
    return 3 + 2 * sum(isinstance(value, torch.Tensor) for value in state.values())


def _mover(optimizer, shapes, device):
    """Return a function that adds one vector of all the numbers to another: three passes."""
    numbers = sum(torch.Size(shape).numel() for shape in shapes)
    x, y = (torch.ones(numbers, device=device) for _ in range(2))
    return lambda: x.add_(y)


def steps(repeats):
    """Return lines: every rule's step against torch's, small and large tensors."""
    lines = []
    for row in ROWS:
        for tensors, size in ((100, 100), (10, 1_000_000)):
            seconds = ratios(row.rule, row.torch_class, tensors=tensors, size=size,
                             repeats=repeats, lr=1e-3)
            ours = seconds.pop("descent")
            for name, theirs in seconds.items():
                lines.append([f"{name_of(row.rule)} step, {tensors} × {size:,} numbers",
                              f"{ours / theirs:.2f} × torch's {name}"])
    return lines


def kernels(repeats):
    """Return lines: plain and compiled steps against torch's, on one thread and on two."""
    parameters = [tuple(p.shape) for p in tasks.spelling().make().parameters()]
    sizes = {"1 × 10,000,000": [(10_000_000,)], "200 × 10,000": [(10_000,)] * 200,
             "1,000 × 1,000": [(1_000,)] * 1_000, f"{len(parameters)} of a transformer": parameters}
    lines = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        for row, hyper in ((row_of(sgd), {"momentum": 0.9}), *((row_of(rule), {}) for rule in (
                adam, adamw, rmsprop, adagrad))):
            for (name, shapes), renewed in product(sizes.items(), (False, True)):
                seconds = speeds(row.rule, row.torch_class, shapes, repeats=repeats,
                                 compiled=True, renewed=renewed, lr=1e-3, **hyper)
                one, gradients = seconds["compiled"], "new" if renewed else "kept"
                shown = (f"{other} {one / seconds[other]:.2f}" for other in (
                    "floor", "fused", "foreach", "for-loop", "descent") if other in seconds)
                lines.append([f"compiled {name_of(row.rule)}, {name}, {threads} threads, "
                              f"gradients {gradients}",
                              "of " + ", ".join(shown)])
    torch.set_num_threads(1)
    return lines


def pages(root):
    """Return lines: how heavy the built chapters are, and each playground on them."""
    lines = []
    for page in sorted(Path(root, "_build/html/chapters").glob("*.html")):
        text = page.read_text(encoding="utf8")
        widgets = re.findall(r'class="descent-playground"[^>]* data-script="([^"]+)"', text)
        sizes = ", ".join(f"{_gzipped((page.parent / widget).read_text(encoding='utf8')):.0f}"
                          for widget in widgets)
        lines.append([f"chapters/{page.name}, gzipped; its playgrounds",
                      f"{_gzipped(text):.0f} kB; {sizes or 'none'} kB"])
    return lines or [["pages", "not built: make book"]]


def _gzipped(text):
    return len(gzip.compress(text.encode())) / 1e3


def notebooks(root):
    """Return lines: how long each notebook took when the book was last built."""
    import nbformat  # the book's own, which a chapter that imports `ratios` may lack
    from jupyter_cache import get_cache

    cache_path = Path(root, "_build/.jupyter_cache")
    if not cache_path.is_dir():
        return [["notebooks", "not built: make book"]]
    cache, lines = get_cache(str(cache_path)), []
    for notebook in sorted(Path(root).glob("chapters/*.ipynb")):
        try:
            record = cache.match_cache_notebook(nbformat.read(notebook, as_version=4))
        except KeyError:
            continue
        lines.append([f"chapters/{notebook.name}", f"{record.data['execution_seconds']:.1f} s"])
    return lines


def _median(function, repeats):
    return statistics.median(_seconds(function) for _ in range(repeats))


def _seconds(function, device="cpu"):
    start = _clock(device)
    function()
    return _clock(device) - start


def _clock(device):
    """Return the seconds that have passed; on one thread those it has worked, not waited."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()
    elif torch.get_num_threads() == 1:
        return time.thread_time()
    return time.perf_counter()


def main(arguments=None):
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m descent.bench")
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    repeats = 3 if parser.parse_args(arguments).quick else 15
    torch.set_num_threads(1)
    ours, theirs, apart = grid(repeats)
    lines = [["300 settings × 200 steps: torch, one at a time, against one batched run",
              f"{theirs / ours:.0f} × ({ours * 1e3:.0f} ms; ends {apart:.0e} apart)"],
             *steps(repeats), *kernels(repeats), *_latency(), *pages("."), *notebooks(".")]
    print(tabulate(lines, ["what", "measured here"], disable_numparse=True))
    return 0


def _latency():
    from descent.book.latency import latency  # Playwright is wanted here only

    return latency(".")


if __name__ == "__main__":
    raise SystemExit(main())

import pytest
import torch
from schedulefree import SGDScheduleFree

from descent import Optimizer, bench, lbfgs, schedulefree, sgd
from descent.book.glance import call, card


def test_the_grid_is_computed_right_both_ways():
    ours, theirs, apart = bench.grid(repeats=1, settings=(3, 2), steps=20)
    assert ours > 0
    assert theirs > 0
    assert apart < 1e-12


def test_ratios_time_every_implementation():
    seconds = bench.ratios(sgd, torch.optim.SGD, tensors=2, size=10, repeats=2, lr=0.1)
    assert list(seconds) == ["descent", "for-loop", "foreach", "fused"]
    assert min(seconds.values()) > 0


def test_lbfgs_is_timed_with_its_closure():
    seconds = bench.ratios(lbfgs, torch.optim.LBFGS, tensors=2, size=10, repeats=2, lr=1e-3)
    assert list(seconds) == ["descent", "for-loop"]
    assert min(seconds.values()) > 0


@pytest.mark.parametrize("renewed", [False, True])
def test_speeds_time_the_kernel_and_its_floor(renewed):
    seconds = bench.speeds(sgd, torch.optim.SGD, [(4, 5), (3,)], repeats=2, compiled=True,
                           renewed=renewed, lr=0.1, momentum=0.9)
    assert list(seconds) == ["descent", "compiled", "floor", "for-loop", "foreach", "fused"]
    assert min(seconds.values()) > 0


def test_passes_count_what_is_read_and_written():
    p = torch.ones(3, requires_grad=True)
    for momentum, count in ((0.0, 3), (0.9, 5)):
        optimizer = Optimizer([p], sgd, lr=0.1, momentum=momentum, compile=True)
        for _ in range(2):
            p.grad = torch.ones(3)
            optimizer.step()
        assert bench.passes(optimizer) == count


def test_what_is_not_built_is_said(tmp_path):
    assert bench.pages(tmp_path) == [["pages", "not built: make book"]]
    assert bench.notebooks(tmp_path) == [["notebooks", "not built: make book"]]


def test_the_card_reads_torchs_own_signature():
    assert call(torch.optim.SGD) == (
        "torch.optim.SGD(params, lr=0.001, momentum=0, dampening=0, weight_decay=0, "
        "nesterov=False, maximize=False)")
    text = repr(card(sgd, torch.optim.SGD, reach_for_it="much data"))
    assert "1 number per parameter" in text
    assert "reach for it" in text
    assert text.splitlines()[2].startswith("PyTorch")
    of_a_package = repr(card(schedulefree, SGDScheduleFree)).splitlines()
    assert of_a_package[2].startswith("package        schedulefree.SGDScheduleFree(params, lr=1.0")

"""Compiled steps on parameters whose memory something else sees: torch's numbers, there too."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn

from descent import Optimizer, adam
from descent.optim.memory import alone, overlapping

pytestmark = pytest.mark.usefixtures("interpreted")


@pytest.fixture
def interpreted(monkeypatch):
    """Run what a kernel would compute, by torch's operators: nothing is compiled here."""
    monkeypatch.setattr("descent.optim.kernel.built", lambda program, examples: program)
    monkeypatch.setattr("descent.optim.kernel._kernels", {})


def parameter(*shape):
    random = torch.Generator().manual_seed(len(shape))
    return nn.Parameter(torch.randn(shape, generator=random, dtype=torch.float64))


def tied_by_data():
    a = parameter(3)
    b = nn.Parameter(a.data)
    return [a, b, parameter(2)], []


def seen_from_outside():
    a = parameter(3)
    return [a, parameter(4)], [a.detach()]


def in_shared_memory():
    a = parameter(3)
    a.data.share_memory_()
    return [a, parameter(4)], []


def of_an_array():
    array = np.ones(3)
    return [nn.Parameter(torch.from_numpy(array)), parameter(4)], [torch.from_numpy(array)]


def with_an_array():
    a = parameter(3)
    return [a, parameter(4)], [torch.from_numpy(a.detach().numpy())]


def of_a_bucket():
    bucket = torch.arange(7, dtype=torch.float64)
    return [nn.Parameter(bucket[:3]), nn.Parameter(bucket[3:])], [bucket]


def channels_last():
    a = nn.Parameter(parameter(2, 3, 4, 4).data.to(memory_format=torch.channels_last))
    return [a, parameter(4)], []


def columns():
    matrix = torch.ones(3, 2, dtype=torch.float64)
    return [nn.Parameter(matrix[:, 0]), nn.Parameter(matrix[:, 1])], [matrix]


def given_twice():
    a = parameter(3)
    return [a, parameter(4), a], []


def stepped(optimizer, params, steps=6):
    for k in range(steps):
        for i, p in enumerate(params):
            p.grad = (i + 1) * p.detach() + k
        optimizer.step()


@pytest.mark.filterwarnings("ignore:optimizer contains a parameter group with duplicate")
@pytest.mark.parametrize("made", [tied_by_data, seen_from_outside, in_shared_memory, of_an_array,
                                  with_an_array, of_a_bucket, channels_last, columns, given_twice])
def test_what_something_else_sees_stays_where_it_is(made):
    (ours, seen), (theirs, also) = made(), made()
    places, strides = [p.data_ptr() for p in ours], [p.stride() for p in ours]
    optimizer = Optimizer(ours, adam, lr=0.1, compile=True)
    with pytest.warns(RuntimeWarning, match=r"compile=True steps \d parameters without a kernel"):
        stepped(optimizer, ours)
    stepped(torch.optim.Adam(theirs, lr=0.1, foreach=False), theirs)
    for a, b in zip([*ours, *seen], [*theirs, *also], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-13, atol=1e-13)
    assert [ours[0].data_ptr(), ours[0].stride()] == [places[0], strides[0]]
    if made is in_shared_memory:
        assert ours[0].is_shared()


def test_it_is_said_once():
    params, seen = seen_from_outside()
    optimizer = Optimizer(params, adam, compile=True)
    with pytest.warns(RuntimeWarning, match=r"steps 1 parameters .* the first of shape \(3,\)"):
        stepped(optimizer, params, 2)
    params[1].grad, before = None, seen[0].clone()
    optimizer.step()  # laid anew; a second warning would be an error
    assert not torch.equal(seen[0], before)


def test_what_lies_in_one_storage_alone_may_move():
    """As after a deepcopy or a load: parts of one storage, which nobody else sees."""
    params, seen = of_a_bucket()
    seen.clear()
    places = [p.data_ptr() for p in params]
    stepped(Optimizer(params, adam, compile=True), params)
    assert [p.data_ptr() for p in params] != places


def assert_compiled_as_plain(run):
    """Check that `run(params, compile)` leaves the same parameters, compiled or not."""
    made = [parameter(3), parameter(4)], [parameter(3), parameter(4)]
    for params, compiled in zip(made, (True, False), strict=True):
        run(params, compiled)
    for a, b in zip(*made, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-13, atol=1e-13)


def test_two_optimizers_of_the_same_parameters():
    def run(params, compiled):
        pair = [Optimizer(params, adam, lr=lr, compile=compiled) for lr in (0.1, 0.01)]
        for _ in range(3):
            for optimizer in pair:
                stepped(optimizer, params, 2)

    assert_compiled_as_plain(run)


def test_a_model_moved_into_shared_memory_in_mid_run():
    def run(params, compiled):
        optimizer = Optimizer(params, adam, lr=0.1, compile=compiled)
        stepped(optimizer, params, 3)
        for p in params:
            p.data.share_memory_()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stepped(optimizer, params, 3)
        assert all(p.is_shared() for p in params)

    assert_compiled_as_plain(run)


def test_a_bucket_of_gradients_stays_what_backward_writes_to():
    """As with DDP's gradient_as_bucket_view: cleared as a whole, filled part by part."""
    def run(params, compiled):
        optimizer = Optimizer(params, adam, lr=0.1, compile=compiled)
        bucket = torch.zeros(7, dtype=torch.float64)
        params[0].grad, params[1].grad = bucket[:3], bucket[3:]
        for k in range(5):
            bucket.zero_()
            sum((p**2).sum() * (k + 1) for p in params).backward()
            optimizer.step()

    assert_compiled_as_plain(run)


def test_overlaps():
    matrix = torch.ones(3, 2)
    assert not overlapping([matrix[:, 0], matrix[:, 1], matrix[:0]])
    assert overlapping([matrix[:, 0], matrix[:2]])
    assert overlapping([matrix, matrix])
    assert overlapping([torch.ones(1).expand(3)])
    assert not overlapping([torch.ones(2), torch.ones(2)])
    assert alone([matrix], []) == {id(matrix)}
    assert alone([matrix, matrix[0]], []) == set()


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_shards_and_buckets_of_many_processes():
    """A DTensor, and ZeRO's bucket that it sends to the others, in a world of one process."""
    from torch import distributed
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.optim import ZeroRedundancyOptimizer
    from torch.distributed.tensor import Shard, distribute_tensor

    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    try:
        mesh, shards, buckets = init_device_mesh("cpu", (1,)), [], []
        for compiled in (True, False):
            p = nn.Parameter(distribute_tensor(parameter(2, 3).data, mesh, [Shard(0)]))
            params, model = [p, parameter(4)], nn.Linear(3, 2).double()
            for q in model.parameters():
                nn.init.ones_(q)
            sharded = Optimizer(params, adam, lr=0.1, compile=compiled)
            zero = ZeroRedundancyOptimizer(
                model.parameters(), optimizer_class=Optimizer, rule=adam, lr=0.1, compile=compiled,
                parameters_as_bucket_view=True)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "compile=True steps")
                for k in range(4):
                    for optimizer in (sharded, zero):
                        optimizer.zero_grad()
                    for q in params:
                        ((q - k)**2).sum().backward()
                    (model(torch.ones(1, 3, dtype=torch.float64))**2).sum().backward()
                    for optimizer in (sharded, zero):
                        optimizer.step()
            shards.append(p.full_tensor().detach())
            weights = torch.cat([q.detach().reshape(-1) for q in model.parameters()])
            (bucket,) = zero._buckets[0]
            torch.testing.assert_close(bucket.sum(), weights.sum())
            buckets.append(weights)
        torch.testing.assert_close(*shards, rtol=1e-13, atol=1e-13)
        torch.testing.assert_close(*buckets, rtol=1e-13, atol=1e-13)
    finally:
        distributed.destroy_process_group()

"""What happens to an optimizer on many machines, small enough to be seen in seconds on one.

Each function starts its own processes and returns numbers: communication in a step, the norm that
clips, a line search that asks for the loss, checkpoints, memory on more machines than there are.
"""

import tempfile
import warnings
from collections import Counter
from pathlib import Path

import torch
import torch.distributed as dist
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.state_dict import get_state_dict, set_state_dict
from torch.distributed.tensor import DTensor
from torch.distributed.tensor.debug import CommDebugMode

from descent.optim import LBFGS, Optimizer, stochastic
from descent.optim.private import pretended_group
from descent.parity.sharded import (
    _distance,
    batches,
    loss_of,
    network,
    optimizer_of,
    whole,
    wrapped,
)
from descent.processes import ranks
from descent.rules import adam

__all__ = ["bytes_on", "clipped", "collectives", "drifted", "resumed", "searched", "shaken",
           "trained"]

_ONE_LOOK = {"lr": 0.5, "max_iter": 1}  # L-BFGS asks once then, for what is there already


def collectives(*names, world=2):
    """Return how often ranks talk in a step under FSDP2: by name, part of it, and operation.

    The step is the second, on a network of three matrices; a name is a rule's or a torch class's.
    """
    return ranks(_all_collectives, world, names)[0]


def _all_collectives(rank, names):
    return {name: _collectives(rank, name) for name in names}


def _collectives(rank, name):
    model, looks = wrapped(network("even", "muon"), "FSDP2"), name.lower() == "lbfgs"
    optimizer = optimizer_of(name, list(model.parameters()), _ONE_LOOK if looks else {})
    before, (x, y) = batches("even", 2)
    loss = _looked(rank, model, *before)
    optimizer.step(*[lambda: loss] * looks)
    model.zero_grad()
    with warnings.catch_warnings():  # torch's, of the hooks with which its mode looks on
        warnings.filterwarnings("ignore", "FSDP2-wrapped module|Full backward hook", UserWarning)
        with CommDebugMode() as forward:
            loss = _loss(rank, model, x, y)
        with CommDebugMode() as backward:
            loss.backward()
        with CommDebugMode() as step:
            optimizer.step(*[lambda: loss] * looks)
    return {"forward": _counted(forward), "backward": _counted(backward), "step": _counted(step)}


def _counted(mode):
    """Return by operation how often it was called, whatever of torch's two sets it is of."""
    counts = Counter()
    for operation, count in mode.get_comm_counts().items():
        kind = next(kind for kind in ("all_gather", "all_reduce", "reduce_scatter", "broadcast",
                                      "all_to_all") if kind.replace("_", "") in
                    str(operation).replace("_", ""))
        counts[kind] += count
    return dict(counts)


def _loss(rank, model, x, y):
    world = dist.get_world_size()
    return loss_of(model, (x[rank::world], y[rank::world]))


def _looked(rank, model, x, y):
    model.zero_grad()
    loss = _loss(rank, model, x, y)
    loss.backward()
    return loss


def clipped(world=2):
    """Return the gradient's norm by `clip_grad_norm_` of FSDP2, on one process, and of each slice.
    """
    made = ranks(_clipped, world)
    return {"FSDP2": made[0][0], "one process": made[0][1], "slices": [one[2] for one in made]}


def _clipped(rank):
    alone, model = network("even"), wrapped(network("even"), "FSDP2")
    (x, y), = batches("even", 1)
    _looked(rank, model, x, y)
    world = dist.get_world_size()
    for k in range(world):
        (loss_of(alone, (x[k::world], y[k::world])) / world).backward()
    slices = [p.grad.to_local().clone() for p in model.parameters()]
    norm = nn.utils.clip_grad_norm_(model.parameters(), 0.1)
    return (norm.full_tensor().item(),
            nn.utils.clip_grad_norm_(alone.parameters(), 0.1).item(),
            torch.linalg.vector_norm(torch.cat([one.flatten() for one in slices])).item())


def searched(mended, wrapping="DDP", seconds=10):
    """Return the closure calls of each rank's L-BFGS with a line search, and whether all agree.

    Not `mended`, each rank's closure returns the loss of its own part of the batch, and the search
    ends elsewhere on each: they then wait for one another (TimeoutError), or the connection breaks
    (RuntimeError). Mended, the closure returns the mean over the ranks.
    """
    made = ranks(_searched, 2, mended, wrapping, seconds=seconds)
    return {"calls": [calls for calls, _ in made],
            "agree": all(torch.equal(made[0][1], end) for _, end in made)}


def _searched(rank, mended, wrapping):
    model, calls = wrapped(network("even"), wrapping), 0
    optimizer = LBFGS(model.parameters(), line_search_fn="strong_wolfe", max_iter=6)
    for x, y in batches("even", 3):
        def closure(x=x, y=y):
            nonlocal calls
            calls += 1
            loss = _looked(rank, model, x, y)
            if mended:
                loss = loss.detach().clone()
                dist.all_reduce(loss)
                loss /= dist.get_world_size()
            return loss
        optimizer.step(closure)
    return calls, torch.cat([whole(p).flatten() for p in model.parameters()])


def shaken(name, shards):
    """Return how far, relatively, a run on one process ends from itself with shaken gradients.

    Shaken: every entry is changed by chance in its last digit, as sums in another order do.
    """
    ends = []
    for size in (0.0, torch.finfo(torch.float64).eps):
        random, model = torch.Generator().manual_seed(0), network(shards, name)
        optimizer = optimizer_of(name, list(model.parameters()), {})
        for batch in batches(shards):
            model.zero_grad()
            loss_of(model, batch).backward()
            for p in model.parameters():
                p.grad *= 1 + size * torch.randn(p.shape, generator=random, dtype=torch.float64)
            optimizer.step()
        ends.append([p.detach() for p in model.parameters()])
    return _distance(ends[1], ends[0])


def trained(rank, name, steps, folder=None, every=None, before=None):
    """Train on this rank under FSDP2 up to a step; return the parameters' entries in one vector.

    With a `folder`, go on from the last checkpoint there and write one after `every` so many
    steps; `before(rank, step)` is called before each step. A function for `ranks`.
    """
    model = wrapped(network("uneven"), "FSDP2")
    optimizer = optimizer_of(name, list(model.parameters()), {"lr": 1e-2})
    start = _latest(folder)
    if start:
        state = _state(model, optimizer)
        dcp.load(state, checkpoint_id=folder / str(start))
        set_state_dict(model, optimizer, model_state_dict=state["model"],
                       optim_state_dict=state["optimizer"])
    for step, (x, y) in enumerate(batches("uneven", steps)):
        if step < start:
            continue
        if before:
            before(rank, step)
        _looked(rank, model, x, y)
        optimizer.step()
        if every and (step + 1) % every == 0:
            dcp.save(_state(model, optimizer), checkpoint_id=folder / str(step + 1))
    return torch.cat([whole(p).flatten() for p in model.parameters()])


def _state(model, optimizer):
    parameters, moments = get_state_dict(model, optimizer)
    return {"model": parameters, "optimizer": moments}


def _latest(folder):
    """Return the last step of which a checkpoint is whole: its metadata are written last."""
    return max((int(path.parent.name) for path in Path(folder).glob("*/.metadata")),
               default=0) if folder else 0


def resumed(name, saved, loaded, steps=10):
    """Return how far a run ends from one that was never cut, relatively, and whether to the bit.

    It is saved in the middle on `saved` ranks and goes on with `loaded` ranks. That which was never
    cut has as many ranks as the first half.
    """
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        ranks(trained, saved, name, steps // 2, folder, steps // 2)
        end = ranks(trained, loaded, name, steps, folder)[0]
    straight = ranks(trained, saved, name, steps)[0]
    return {"difference": ((end - straight).abs().max() / straight.abs().max()).item(),
            "bits": torch.equal(end, straight)}


def drifted(wrapping, own_seeds, world=2, steps=50):
    """Return how far ranks are apart that round by chance in bfloat16, at most, in any entry.

    Each draws from a seed of its own or all from the same. Under FSDP2 every entry has one owner,
    and each rank is asked for the whole; under DDP each rank rounds all entries for itself.
    """
    ends = ranks(_drifted, world, wrapping, own_seeds, steps)
    return max((end - ends[0]).abs().max().item() for end in ends)


def _drifted(rank, wrapping, own_seeds, steps):
    model = wrapped(network("even").to(torch.bfloat16), wrapping)
    optimizer = Optimizer(model.parameters(), stochastic(adam), lr=1e-2)
    torch.manual_seed(rank if own_seeds else 0)
    with warnings.catch_warnings():  # torch's: on CPUs each rank draws for its slices by itself
        warnings.filterwarnings("ignore", "DTensor random operators", UserWarning)
        for x, y in batches("even", steps):
            _looked(rank, model, x.bfloat16(), y.bfloat16())
            optimizer.step()
    return torch.cat([whole(p).flatten() for p in model.parameters()]).float()


def bytes_on(world, width=1024, layers=2):
    """Return the bytes a parameter that one of `world` machines holds under FSDP2 with Adam.

    There are no other machines: torch's "fake" backend answers for them, with garbage. What is
    held where is right all the same. Raises RuntimeError in a member of a real group.
    """
    with pretended_group(world):
        model = wrapped(nn.Sequential(*(nn.Linear(width, width, bias=False)
                                        for _ in range(layers))), "FSDP2")
        optimizer = Optimizer(model.parameters(), adam)
        model(torch.zeros(1, width)).sum().backward()
        optimizer.step()
        params = list(model.parameters())
        held = {"parameters": params, "gradients": [p.grad for p in params],
                "state": [x for p in params for x in optimizer.state[p].values()
                          if isinstance(x, DTensor)]}
        count = sum(p.numel() for p in params)
        return {name: _bytes(tensors) / count for name, tensors in held.items()}


def _bytes(tensors):
    """Return how much memory this process holds of them; one of two names counts once."""
    places = {one.untyped_storage().data_ptr(): one.numel() * one.element_size()
              for one in (tensor.to_local() for tensor in tensors) if one.numel()}
    return sum(places.values())

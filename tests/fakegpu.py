"""A fake accelerator, "fakegpu:0", for finding device bugs on a machine that has none.

Tensors on it are plain `torch.Tensor`s with the PrivateUse1 dispatch key and storages of that
device, whose memory is CPU memory. Every operator of the device goes through `_fallback`, which
makes CPU tensors of the same memory, runs the CPU's kernel and gives the results back as device
tensors. Autograd, functorch (vmap, grad, jvp), make_fx, inference mode, foreach and fused
optimizers, `Module.to`, deepcopy, save and load are torch's own. As on CUDA there raise:
  * a CPU tensor with a device tensor (0-dim ones pass where TensorIterator takes them, CPU indices
    pass in `x[i]`), an index on the device for a CPU tensor;
  * `.numpy()`, `np.asarray(t)`, `__array__` of a device tensor;
  * a CPU generator for a factory or a random operator of the device; the device has its own
    random stream, which the CPU's seed and state do not move (torch.manual_seed seeds both);
  * operators in CPU_ONLY.
`deterministic alert` operators are recorded in NONDETERMINISTIC, synchronizing ones in SYNCS.

Use, as `make gpu-check` does:
    python -m pytest -p fakegpu -m gpu tests        every test marked gpu, `tests` on PYTHONPATH
    python tests/fakegpu.py chapters/adam.ipynb     the cells of a notebook, and what they print
`take_over()` lets `descent.device()` return the fake one, and `torch._inductor.compile` the traced
program itself, as there is no code generator for this device. It shows that nothing lies on another
device than it should; how a GPU rounds, and what is compiled for it, it cannot show.

No sparse tensors; torch.linalg, FFT and the rest are the CPU's. Subprocesses must install it anew.
Not like a GPU: rounding is the CPU's (no TF32, no atomics), everything is synchronous, data_ptr()
is a host pointer, memory is the host's. One thread of Python runs every operator: it is slow.
Needs: torch 2.13 (private: torch._C._acc, redispatch).
"""

import collections
import configparser
import re
import sys
import types
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch._C import DispatchKey, DispatchKeySet
from torch.utils._pytree import tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

__all__ = ["CALLS", "CPU_ONLY", "DEVICE", "NONDETERMINISTIC", "SYNCS", "install",
           "interpret_inductor", "run", "take_over"]

NAME = "fakegpu"
DEVICE = None  # torch.device("fakegpu:0") once installed
CALLS, SYNCS, NONDETERMINISTIC = (collections.Counter() for _ in range(3))
CPU_ONLY = set()  # names such as "aten::foo" that shall fail
_aten = torch.ops.aten
_CPU = DispatchKeySet(DispatchKey.CPU)
_MAY_MIX = {"aten::_copy_from", "aten::_copy_from_and_resize", "aten::copy_", "aten::index.Tensor",
            "aten::index", "aten::index_put_", "aten::_index_put_impl_"}
# What CUDA alerts of under torch.use_deterministic_algorithms, or adds up by atomics.
_ATOMIC = ("bincount", "scatter_add", "scatter_reduce", "index_add", "index_reduce", "put_",
           "index_put", "embedding_dense_backward", "cumsum", "histc", "kthvalue", "median",
           "max_pool", "avg_pool", "upsample", "nll_loss2d", "ctc_loss", "grid_sampler",
           "convolution_backward")
_INSTEAD = {  # what to run on the CPU for operators that only a backend of one's own has
    "aten::convolution_overrideable": _aten.convolution,
    "aten::convolution_backward_overrideable": lambda grad, x, w, *others:
        _aten.convolution_backward(grad, x, w, [w.shape[0]], *others),
    "aten::_efficientzerotensor": torch.zeros,
    "aten::mse_loss": lambda *args, out=None: _aten.mse_loss(*args) if out is None else
        out.copy_(_aten.mse_loss(*args)),  # its CPU kernel warns of an out= of its own wrapper's
}
_backing = {}  # address: (CPU storage, device storage's weak reference)
_fresh = 0  # bytes laid out since the last sweep
_random = torch.Generator()


def _lay_out(cpu):
    """Return a device tensor over the memory of a CPU tensor, which is kept as long as it lives."""
    global _fresh
    storage = cpu.untyped_storage()
    if not storage.nbytes():
        storage = torch.UntypedStorage(64)
    size, place = storage.nbytes(), storage.data_ptr()
    held = torch._C._construct_storage_from_data_pointer(place, DEVICE, size)
    _backing[place] = storage, held._weak_ref()
    _fresh += size + 20_000
    made = _on(held, cpu)
    if _fresh > 2**28:
        _fresh = 0
        for address, (_, weak) in list(_backing.items()):
            if torch.UntypedStorage._expired(weak):
                torch.UntypedStorage._free_weak_ref(weak)
                del _backing[address]
    return made


def _on(storage, like):
    """Return a device tensor on a device storage, with the layout of a CPU tensor."""
    made = torch._C._acc.create_empty_tensor([0], like.dtype)
    return _aten.set_.source_Storage_storage_offset.redispatch(
        _CPU, made, storage, like.storage_offset(), like.size(), like.stride())


def _bare(tensor):
    """Return the CPU tensor over the memory of a device tensor."""
    address = tensor.untyped_storage().data_ptr()
    made = torch.empty(0, dtype=tensor.dtype)
    if address not in _backing:
        if tensor.numel():
            raise AssertionError("fakegpu: a device tensor without memory")
        return made.reshape(tensor.shape)
    made.set_(_backing[address][0], tensor.storage_offset(), tensor.size(), tensor.stride())
    return made.conj() if tensor.is_conj() else made


def _fallback(op, *args, **kwargs):
    name, bare_name = str(op), op._schema.name
    CALLS[name] += 1
    if bare_name in CPU_ONLY:
        raise NotImplementedError(f"{name} has no kernel on {NAME}")
    if op is _aten.as_strided.default or bare_name == "aten::set_":  # nothing but metadata
        return op.redispatch(_CPU, *args, **kwargs)
    if any(part in bare_name for part in _ATOMIC):
        NONDETERMINISTIC[name] += 1
    if bare_name in {"aten::_local_scalar_dense", "aten::nonzero", "aten::equal",
                     "aten::_copy_from"} and (len(args) < 2 or args[1].device.type == "cpu"
                                              or args[0].device.type == "cpu"):
        SYNCS[name] += 1
    owner, known = {}, []  # device storage by address; pairs (bare, device)

    def bare(x):
        if isinstance(x, torch.device):
            return torch.device("cpu") if x.type == NAME else x
        if isinstance(x, torch.Generator):
            if x.device.type == "cpu":
                raise RuntimeError(f"Expected a '{NAME}' device type for generator but found 'cpu'")
            return _random
        if not isinstance(x, torch.Tensor):
            return x
        if x.device.type == "cpu":
            pointwise = torch.Tag.pointwise in op.tags or "foreach" in bare_name
            if bare_name not in _MAY_MIX and (x.ndim or not pointwise):
                raise RuntimeError(f"Expected all tensors to be on the same device, but found at "
                                   f"least two devices, {DEVICE} and cpu! (when checking {name})")
            return x
        made = _bare(x)
        owner[x.untyped_storage().data_ptr()] = x.untyped_storage()
        known.append((made, x))
        return made

    if bare_name in {"aten::index", "aten::_index_put_impl_", "aten::index_put_"} and \
            args[0].device.type == "cpu":
        raise RuntimeError("indices should be either on cpu or on the same device as the indexed "
                           "tensor (cpu)")
    args, kwargs = tree_map(bare, args), tree_map(bare, kwargs)
    takes = {argument.name for argument in op._schema.arguments}
    if "generator" in takes and kwargs.get("generator") is None and \
            not any(x is _random for x in args):
        kwargs["generator"] = _random
    if bare_name == "aten::_copy_from":
        args[1].copy_(args[0])
        return next((x for made, x in known if made is args[1]), args[1])
    if kwargs.get("pin_memory"):
        kwargs["pin_memory"] = False
    found = _INSTEAD.get(bare_name, op)(*args, **kwargs)

    def dressed(x):
        if not isinstance(x, torch.Tensor):
            return x
        for made, device in known:
            if made is x:
                if made.shape != device.shape or made.stride() != device.stride():  # resized
                    new = _lay_out(made)
                    _aten.set_.source_Storage_storage_offset.redispatch(
                        _CPU, device, new.untyped_storage(), made.storage_offset(), made.size(),
                        made.stride())
                return device
        address = x.untyped_storage().data_ptr()
        return _on(owner[address], x) if address in owner and address else _lay_out(x)

    for made, device in known:  # out= arguments that were resized
        if made.shape != device.shape:
            dressed(made)
    return tree_map(dressed, found)


class _Module(types.ModuleType):
    """torch.fakegpu, as far as torch and the usual program call it."""

    def __init__(self):
        super().__init__(f"torch.{NAME}")
        for name, value in {"is_initialized": True, "is_available": True, "current_device": 0,
                            "_is_in_bad_fork": False, "device_count": 1, "synchronize": None,
                            "empty_cache": None, "set_device": None, "memory_allocated": 0,
                            "max_memory_allocated": 0, "get_amp_supported_dtype": [torch.float16],
                            "get_rng_state_all": [], "_lazy_init": None}.items():
            setattr(self, name, lambda *_, value=value, **__: value)

    def manual_seed_all(self, seed):
        _random.manual_seed(seed ^ 0x5EED)  # other numbers than those of the CPU

    manual_seed = manual_seed_all

    def get_rng_state(self, *_):
        return _random.get_state()

    def set_rng_state(self, state, *_):
        _random.set_state(state)


def _loaded(storage, location):
    """Give a loaded storage to the device, as torch.load asks."""
    if location.startswith(NAME):
        return _lay_out(torch.empty(0, dtype=torch.uint8).set_(storage)).untyped_storage()
    return None


def install():
    """Set the device up; call it once a process."""
    global DEVICE, _libraries
    if DEVICE is not None:
        return
    _setup_privateuseone_for_python_backend(NAME, _Module())
    sys.modules[f"torch.{NAME}"] = getattr(torch, NAME)
    DEVICE = torch.device(NAME, 0)
    _libraries = every, own = [torch.library.Library(name, "IMPL") for name in ("_", "aten")]
    every.fallback(_fallback, "PrivateUse1")
    for name in ("convolution_overrideable", "convolution_backward_overrideable"):
        own.impl(name, partial(_fallback, getattr(_aten, name).default), "PrivateUse1")
    torch.serialization.register_package(
        1, lambda storage: f"{NAME}:0" if storage.device.type == NAME else None, _loaded)
    deepcopy, cpu = torch.Tensor.__deepcopy__, torch.UntypedStorage.cpu

    def copied(self, memo):
        if self.device.type != NAME or id(self) in memo:
            return deepcopy(self, memo)
        with torch.no_grad():
            new = self.detach().clone()
            if type(self) is torch.nn.Parameter:
                new = torch.nn.Parameter(new, self.requires_grad)
            new.requires_grad_(self.requires_grad)
            new.grad = None if self.grad is None else copied(self.grad, memo)
        memo[id(self)] = new
        return new

    def resizable_there(self):
        return self.device.type == NAME or resizable(self)  # what lies there belongs to no array

    def to_cpu(self):
        return _backing[self.data_ptr()][0].clone() if self.device.type == NAME else cpu(self)

    torch.Tensor.__deepcopy__, torch.UntypedStorage.cpu = copied, to_cpu
    resizable, torch.UntypedStorage.resizable = torch.UntypedStorage.resizable, resizable_there


def interpret_inductor():
    """Let torch._inductor.compile return the traced program, and torch.compile stop at dynamo."""
    import torch._inductor

    torch._inductor.compile = lambda program, examples, options=None: program
    compile = torch.compile
    torch.compile = lambda *args, backend="eager", **kw: compile(*args, backend=backend, **kw)


def take_over(sets=slice(None)):
    """Put the device up and let the package choose it; of parity few steps and these `sets` run."""
    install()
    interpret_inductor()
    import descent
    from descent import parity
    from descent.parity import rules

    rules.STEPS = 4
    rules.ROWS = parity.ROWS = tuple(
        replace(row, stream=row.stream[sets], loop=row.loop[:len(row.stream[sets])],
                closure=row.closure[sets]) for row in rules.ROWS)
    chosen = descent.device
    for module in [m for name, m in sys.modules.items() if name.split(".")[0] == "descent"]:
        if getattr(module, "device", None) is chosen:
            module.device = _chosen


def _chosen():
    return DEVICE


def pytest_configure(config):
    """Take over, as a plugin of pytest: `-p fakegpu`."""
    take_over(slice(5, None, 8))


def run(path):
    """Run a notebook's code cells as Jupyter would; return what failed, or printed other text."""
    import nbformat
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell, wrong = InteractiveShell.instance(), []
    for k, cell in enumerate(nbformat.read(path, 4).cells):
        if cell.cell_type != "code":
            continue
        with capture_output() as got:
            ran = shell.run_cell(cell.source)
        if error := ran.error_before_exec or ran.error_in_exec:
            wrong.append(f"cell {k}: {type(error).__name__}: {error}")
        elif "nbval-ignore-output" not in cell.metadata.get("tags", []):
            mine = [got.stdout, *(o.data.get("text/plain", "") for o in got.outputs)]
            stored = [o.get("text", "") or o.get("data", {}).get("text/plain", "")
                      for o in cell.outputs]
            if _lines(mine) != _lines(stored):
                wrong.append(f"cell {k}: printed {_lines(mine)}, stored is {_lines(stored)}")
    return wrong


def _lines(texts):
    """Return the lines of outputs in any order, without what nbval does not compare either."""
    rules = configparser.ConfigParser()
    rules.read(Path(__file__).parents[1] / "sanitize.cfg")
    joined = "\n".join(texts)
    for rule in rules.values():
        if "regex" in rule:
            joined = re.sub(rule["regex"], rule["replace"], joined)
    lines = (line.removeprefix("Out[0]:").strip() for line in joined.splitlines())
    return sorted(filter(None, lines))


if __name__ == "__main__":
    import matplotlib

    matplotlib.use("agg")
    take_over()
    failed = False
    for path in sys.argv[1:]:
        for line in run(path):
            failed = True
            print(f"{path}, {line}")
        print(f"{path}: {sum(CALLS.values())} operators on {DEVICE}")
    sys.exit(failed)

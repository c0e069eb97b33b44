"""The card that opens a chapter: what torch calls the method, what it costs, when to use it."""

import inspect

from descent.book import plots
from descent.signature import state_names

__all__ = ["call", "card"]

# How torch computes, not what.
_IMPLEMENTATION = {"foreach", "fused", "capturable", "differentiable"}


def call(torch_class):
    """Return the call of torch's class, or a package's, with its defaults, read from itself."""
    parameters = inspect.signature(torch_class).parameters.values()
    shown = [str(p).split(":")[0].split("=")[0] + ("" if p.default is p.empty else f"={p.default}")
             for p in parameters if p.name not in _IMPLEMENTATION]
    package = torch_class.__module__.partition(".")[0]
    home = "torch.optim" if package == "torch" else package
    return f"{home}.{torch_class.__name__}({', '.join(shown)})"


def card(rule, torch_class, **lines):
    """Return the card as a table: the class's call and memory by themselves, then the lines given.

    A line `memory` replaces the count of the rule's states, where torch keeps some on demand only.
    """
    states = len(state_names(rule))
    memory = f"{states} number{'' if states == 1 else 's'} per parameter"
    shown = call(torch_class)
    rows = [["PyTorch" if shown.startswith("torch.optim.") else "package", shown],
            ["memory", lines.pop("memory", memory)],
            *([name.replace("_", " "), text] for name, text in lines.items())]
    return plots.table(rows, ["at a glance", torch_class.__name__])

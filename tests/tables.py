"""The tables that widgets carry, as their modules see them."""

import base64
import zlib

import numpy as np

from descent.widgets.settings import COARSE


def unpacked(table):
    """Return whole numbers by channel, each (rows, length): what `packed` packed."""
    apart = np.frombuffer(zlib.decompress(base64.b64decode(table["numbers"])), np.uint8)
    low, high = apart.reshape(2, -1).astype(np.uint16)
    numbers = (low | high << 8).astype(np.int16)
    numbers = numbers.reshape(len(table["channels"]), -1, table["length"])
    return {name: rows if name in table["plain"] else np.cumsum(rows, axis=-1, dtype=np.int16)
            for name, rows in zip(table["channels"], numbers, strict=True)}


def runs(widget):
    """Return each channel, (settings, steps + 1), as the module has it: pushes made whole."""
    found = unpacked(widget.content["table"])
    for axis in ("x", "y") if widget.content["memory"] else ():
        made = np.diff(found[axis].astype(int), axis=-1, prepend=found[axis][:, :1])
        found[f"push {axis}"] = found[f"push {axis}"] + made // COARSE
    return found

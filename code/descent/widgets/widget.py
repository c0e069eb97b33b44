"""What the widgets share: one module for two hosts, Jupyter and a page without a kernel."""

import base64
import hashlib
import html
import itertools
import json
import zlib
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from descent.widgets.settings import is_number

__all__ = ["FOLDER", "Widget", "deflated", "labels", "module", "packed"]

FOLDER = Path(__file__).parent

_PAGE = """<div class="descent-playground" id="{id}"><p>{alt}</p></div>
<script type="module">
const state = {state}, source = {source}, el = document.getElementById("{id}");
{mount}</script>"""

_numbers = itertools.count(1)


def module(name, folder=FOLDER):
    """Return the source of a widget's ES module: the shared part, and the file of that name."""
    return "\n".join((folder / f"{part}.js").read_text(encoding="utf8")
                     for part in ("widget", name))


def deflated(content, level=9):
    """Return bytes as the module's `inflated` takes them: deflated, as text."""
    return base64.b64encode(zlib.compress(content, level)).decode()


def packed(channels, plain=(), level=9):
    """Return whole numbers by channel, each (rows, length), as the module's `unpack` takes them.

    Each row becomes differences, but in the channels that `plain` names; then all is 16 bits, bytes
    apart, deflated, as text. Larger numbers wrap around, and unwrap where differences are summed.
    """
    numbers = np.stack([rows if name in plain else np.diff(rows, axis=1, prepend=0)
                        for name, rows in channels.items()])
    apart = np.ascontiguousarray(numbers).astype("<i2").reshape(-1, 1).view(np.uint8).T
    return {"channels": list(channels), "plain": list(plain), "length": numbers.shape[-1],
            "numbers": deflated(apart.tobytes(), level)}


def labels(values):
    """Return the values as short text, with as many digits as it takes to tell them apart."""
    for digits in range(3, 18):
        labels = [_label(value, digits) for value in values]
        if len(set(labels)) == len(set(map(repr, values))):
            break
    return labels


def _label(value, digits):
    if isinstance(value, bool):
        return "on" if value else "off"
    if not is_number(value):
        return str(value)
    return str(int(value)) if value == int(value) and abs(value) < 1e6 else f"{value:.{digits}g}"


class Widget(anywidget.AnyWidget):
    """A picture with controls: `choice` holds each control's index, `content` what is drawn.

    Subclasses set `_esm` by `module` and `__repr__`, and list in `shared` what a page needs.
    """

    shared = ("content", "choice")
    content = traitlets.Dict().tag(sync=True)
    choice = traitlets.List(traitlets.Int()).tag(sync=True)
    live = traitlets.Bool(True).tag(sync=True)

    def _repr_mimebundle_(self, **kwargs):
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle or {}, {})
        return {**data, "text/plain": repr(self), "text/html": self.page()}, metadata

    def page(self):
        """Return the widget as HTML that needs no kernel and no library."""
        text = _script({**{name: getattr(self, name) for name in self.shared}, "live": False})
        return _PAGE.format(
            id=f"descent-{hashlib.sha1(text.encode()).hexdigest()[:8]}-{next(_numbers)}",
            alt=html.escape(f"An interactive picture. It needs JavaScript, in a notebook that "
                            f"the cell be run: {self!r}."),
            state=text, source=_script(self._esm),
            mount=(FOLDER / "mount.js").read_text(encoding="utf8"))


def _script(value):
    """Return JSON that cannot end, or open, a script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")

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

__all__ = ["Widget", "module", "packed"]

_MOUNT = """<div class="descent-playground" id="{id}"><p>{alt}</p></div>
<script type="module">
const state = {state}, source = {source};
const modules = (globalThis.descentModules ??= new Map());
if (!modules.has(source)) modules.set(source, import(URL.createObjectURL(
  new Blob([source], {{type: "text/javascript"}}))));
const listeners = {{}};
const model = {{
  get: (key) => state[key],
  set: (key, value) => {{
    state[key] = value;
    (listeners["change:" + key] ?? []).forEach((f) => f());
  }},
  on: (event, f) => {{ (listeners[event] ??= []).push(f); }},
  off() {{}}, save_changes() {{}}, send() {{}},
}};
const el = document.getElementById("{id}");
try {{
  el.replaceChildren();
  await (await modules.get(source)).default.render({{ model, el }});
  el.dataset.ready = "1";
}} catch (error) {{
  el.textContent = "The playground could not be drawn: " + error.message;
  throw error;
}}
</script>"""

_numbers = itertools.count(1)


def module(name):
    """Return the source of a widget's ES module: the shared part, and the file of that name."""
    folder = Path(__file__).parent
    return "\n".join((folder / f"{part}.js").read_text(encoding="utf8")
                     for part in ("widget", name))


def packed(numbers, level=9):
    """Return whole numbers as text for the module's `unpack`: 16 bits, bytes apart, deflated.

    Larger numbers wrap around, and unwrap where they are differences that are summed.
    """
    apart = np.ascontiguousarray(numbers).astype("<i2").reshape(-1, 1).view(np.uint8).T
    return base64.b64encode(zlib.compress(apart.tobytes(), level)).decode()


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
        return _MOUNT.format(
            id=f"descent-{hashlib.sha1(text.encode()).hexdigest()[:8]}-{next(_numbers)}",
            alt=html.escape(f"An interactive picture. It needs JavaScript, in a notebook that "
                            f"the cell be run: {self!r}."),
            state=text, source=_script(self._esm))


def _script(value):
    """Return JSON that cannot end, or open, a script element."""
    return json.dumps(value, separators=(",", ":")).replace("<", "\\u003c")

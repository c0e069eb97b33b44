"""Sphinx extension: write as many pages at once as there are cores.

Jupyter Book has no option for it. Pages are read one by one: proofs and exercises are counted then.
"""

from descent.book.notebooks import cores

__all__ = ["setup"]


def setup(app):
    """Register the extension."""
    app.connect("env-updated", _at_once)  # when all pages are read
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _at_once(app, env):
    app.parallel = max(app.parallel, cores())

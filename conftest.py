"""What all tests share: nbval compares text, and the tests of a page stay together.

A notebook that nbval has run through, and found to print what it did, is kept for the book, which
need not run it again.
"""

import re
from copy import deepcopy
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

from descent.book import build

ROOT = Path(__file__).parent
_NOT_COMPARED = ("image/svg+xml", "text/html", "application/javascript")
_passed = pytest.StashKey()


def pytest_collectstart(collector):
    if getattr(collector, "skip_compare", None) is not None:  # nbval's notebook
        collector.skip_compare += _NOT_COMPARED


def pytest_sessionstart(session):
    if session.config.getoption("nbval", False) and not hasattr(session.config, "workerinput"):
        build.renew(ROOT)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and report.passed and hasattr(item, "test_outputs"):  # nbval's cell
        cells = item.parent.stash.setdefault(_passed, [])
        cells.append((item.test_outputs, call.duration))
        notebook = item.parent.nb
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        if len(cells) == len(code):
            _keep(Path(item.parent.fspath), deepcopy(notebook), cells)
    return report


def _keep(path, notebook, cells):
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, (cell, (outputs, _)) in enumerate(zip(code, cells, strict=True), start=1):
        cell.outputs, cell.execution_count = deepcopy(outputs), count
    build.keep(ROOT, path, notebook, sum(seconds for _, seconds in cells))


class _ByPage(LoadScopeScheduling):
    """One process takes all tests of a file, but where they name pages all those of a page."""

    def _split_scope(self, nodeid):
        page = re.search(r"\[([^][]+\.html)", nodeid)
        return page[1] if page else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return _ByPage(config, log) if config.getvalue("dist") == "loadscope" else None

"""What all tests share: nbval compares text, and the tests of a page stay together."""

import re

from xdist.scheduler import LoadScopeScheduling

_NOT_COMPARED = ("image/svg+xml", "text/html", "application/javascript")


def pytest_collectstart(collector):
    if getattr(collector, "skip_compare", None) is not None:  # nbval's notebook
        collector.skip_compare += _NOT_COMPARED


class _ByPage(LoadScopeScheduling):
    """One process takes all tests of a file, but where they name pages all those of a page."""

    def _split_scope(self, nodeid):
        page = re.search(r"\[([^][]+\.html)", nodeid)
        return page[1] if page else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return _ByPage(config, log) if config.getvalue("dist") == "loadscope" else None

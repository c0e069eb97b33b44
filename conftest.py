"""nbval compares text, never pictures or HTML."""

_NOT_COMPARED = ("image/svg+xml", "text/html", "application/javascript")


def pytest_collectstart(collector):
    if getattr(collector, "skip_compare", None) is not None:  # nbval's notebook
        collector.skip_compare += _NOT_COMPARED

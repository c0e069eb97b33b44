from pathlib import Path

import pytest

from descent.book import build

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def editions():
    """Return the study edition of every page, with the outputs of its run."""
    try:
        return build.editions(ROOT)
    except KeyError:
        pytest.fail("the book is not built as it now is: run `make book` first")

"""The chapters' parity tables: each holds every setting, and its bounds leave torch some room."""

import pytest
import torch
from bs4 import BeautifulSoup

from descent.parity import BEYOND, ROWS
from descent.parity import rules as room

pytestmark = pytest.mark.built
every_row = pytest.mark.parametrize("row", [*ROWS, *BEYOND], ids=lambda row: row.rule.__name__)


@pytest.fixture
def table(row, editions):
    """Return the table of a rule's chapter, as it was run: a list of dicts, from head to entry."""
    notebook = editions[row.chapter].notebook
    (cell,) = (one for one in notebook.cells if one.id == "parity")
    shown = [output.data["text/html"] for output in cell.outputs
             if "text/html" in output.get("data", {})]
    found = BeautifulSoup("".join(shown), "html.parser").find_all("table")
    heads, *lines = ([entry.get_text() for entry in line.find_all(["th", "td"])]
                     for line in found[row.chapter != row.rule.__name__].find_all("tr"))
    return [dict(zip(heads, line, strict=True)) for line in lines]


def differences(table, dtype, who):
    return [float(line[head]) for line in table for head in line
            if head.startswith(f"{dtype}: ") and who(head.removeprefix(f"{dtype}: "))]


@every_row
def test_every_setting_was_run_and_agrees(row, table):
    wanted = len(row.stream) + len(row.loop) + len(row.closure) * len(room._PROBLEMS)
    assert sum(int(line["runs"]) for line in table) == wanted
    for dtype, bound in row.bounds.items():
        found = differences(table, str(dtype).removeprefix("torch."), lambda who: who == "ours")
        assert found or row.chapter == "shampoo"  # whose float32 is not on the page
        assert max(found, default=0.0) <= bound


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule.__name__)
def test_bounds_leave_torch_room_but_not_much(row, table):
    own = differences(table, "float64", lambda who: row.closure or who != "ours")
    own = max([*own, torch.finfo(torch.float64).eps])  # foreach may be the for-loop, bit by bit
    assert own < row.bounds[torch.float64] < 1e4 * own

"""The proof wing: rules and schedules against torch's, as tables that a reader can read."""

from descent.parity.rules import (
    ROWS,
    Result,
    Row,
    claimed,
    compare,
    implementations,
    row_of,
    table,
)

__all__ = ["ROWS", "Result", "Row", "claimed", "compare", "implementations", "row_of", "table"]

"""The proof wing: rules and schedules against torch's, as tables that a reader can read."""

from descent.parity.rules import (
    ROWS,
    Result,
    Row,
    claimed,
    implementations,
    measure,
    report,
    row_of,
)

__all__ = ["ROWS", "Result", "Row", "claimed", "implementations", "measure", "report", "row_of"]

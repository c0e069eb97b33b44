"""The proof wing: rules and schedules against torch's, as tables that a reader can read."""

from descent.parity.rules import (
    BEYOND,
    ROWS,
    Result,
    Row,
    claimed,
    implementations,
    measure,
    report,
    row_of,
)

__all__ = ["BEYOND", "ROWS", "Result", "Row", "claimed", "implementations", "measure", "report",
           "row_of"]

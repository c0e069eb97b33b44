"""Compiled rules against torch: every rule, every keyword set of the parity table, in float64.

Each set that switches something on or off is a kernel of its own, which takes seconds to make.
"""

from dataclasses import replace

from descent import parity
from descent.lab.trial import Trial
from descent.optim.shapes import mixes

__all__ = ["TRIALS", "agreement", "fullest"]


def agreement(rule):
    """Run a rule's kernels on the streams of its parity row; return how they agree with torch."""
    (row,) = (row for row in parity.ROWS if row.rule.__name__ == rule)
    results = parity.measure(replace(row, loop=()), compiled=True)
    return {"runs": len(results), "within": sum(result.ok for result in results),
            "worst": max(result.differences["descent"] for result in results)}


def fullest(row):
    """Return the row with one keyword set alone: that with the most settings."""
    longest = max((one for one in row.stream if "gradient" not in one), key=len)
    return replace(row, stream=(longest,), loop=())


TRIALS = {row.rule.__name__: Trial(agreement, {"rule": row.rule.__name__})
          for row in parity.ROWS if not (row.closure or row.sparse or mixes(row.rule))}

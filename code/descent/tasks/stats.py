"""What differences between methods are worth: intervals over seeds."""

import numpy as np
from scipy import stats

__all__ = ["compare", "interval"]


def interval(values, level=0.95):
    """Return (mean, half-width) of Student's confidence interval over seeds.

    Raises ValueError for fewer than two values.
    """
    values = np.asarray(values, dtype=float)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError(f"values must be two or more numbers, got shape {values.shape}")
    half = stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values)
    return float(values.mean()), float(half)


def compare(a, b):
    """Return (mean, half-width) of the difference a - b, paired by seed, and what it says.

    `a`, `b` are one number a seed. The third value is "a lower", "b lower" or "no difference"
    (the 95 % interval holds zero).
    """
    mean, half = interval(np.asarray(a) - np.asarray(b))
    if abs(mean) <= half:
        return mean, half, "no difference"
    return mean, half, "a lower" if mean < 0 else "b lower"

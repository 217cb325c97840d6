"""Check accuracies and a confidence level; compute a mean and a standard deviation."""

import numpy as np
from numpy.typing import ArrayLike

from ..records import ResultError
from .arrays import FloatArray


def check_level(level: float) -> None:
    """Raise ResultError unless the confidence level is a fraction between 0 and 1."""
    if not 0 < level < 1:
        raise ResultError(
            f"confidence level: expected a fraction like 0.95, got {level}. Divide "
            f"percentages by 100"
        )


def mean_and_std(values: FloatArray, ddof: int = 1) -> tuple[float, float]:
    """Return the mean and the standard deviation, which is exactly 0 for equal values.

    values: float64 (n,)
    """
    # Deviations from the first value, since those from a rounded mean could be 1e-17.
    shifted = values - values[0]
    mean = float(values[0] + shifted.mean())
    std = float(shifted.std(ddof=ddof))
    return mean, std


def as_fractions(accuracies: ArrayLike, level: float) -> FloatArray:
    """Check the accuracies and the level, and return the accuracies: float64 (n,).

    Raises ResultError for fewer than two accuracies, for accuracies that are not
    fractions, or for a level that is not between 0 and 1.
    """
    values = np.asarray(accuracies, dtype=np.float64)
    check_level(level)
    if values.ndim != 1 or values.size < 2:
        raise ResultError(
            "cannot compute an interval: expected the accuracies of at least 2 "
            f"episodes, got an array of shape {values.shape}. Evaluate more: "
            "--episodes 1000"
        )
    in_range = (values >= 0) & (values <= 1)
    if not np.all(in_range):
        raise ResultError(
            "accuracies out of range: expected fractions from 0 to 1, got "
            f"{values.min()} to {values.max()}. Divide percentages by 100"
        )
    return values

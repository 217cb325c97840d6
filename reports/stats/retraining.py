"""Test whether newly trained runs are worse than reference runs of the same recipe.

Runs with other training seeds differ by chance. So a drop counts only beside the spread
of the reference runs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import nctdtr, stdtr, stdtrit

from ..records import ResultError
from .accuracies import as_fractions, mean_and_std

# The power for which the drop that would be seen is stated.
POWER = 0.8
FEWEST_REFERENCES = 3
_HALVINGS = 60
_MOST_ERRORS = 100.0


@dataclass(frozen=True)
class Retraining:
    """How new training runs stand beside reference runs.

    All numbers are fractions.

    drop: the mean of the reference runs minus the mean of the new runs
    alarm: the smallest drop that fails
    visible_drop: the true drop that fails in 8 of 10 cases
    p_value: one-sided p-value of the claim that nothing became worse
    spread: the standard deviation of the reference runs
    """

    drop: float
    alarm: float
    visible_drop: float
    p_value: float
    spread: float
    n_new: int
    n_reference: int

    @property
    def failed(self) -> bool:
        """Whether the new runs are worse than chance explains."""
        return self.drop > self.alarm


def worse_than(new: ArrayLike, reference: ArrayLike, alpha: float = 0.05) -> Retraining:
    """Test by a one-sided t-test whether new runs are worse than reference runs.

    The spread is that of the reference runs alone, since there may be a single new run.

    new: float64 (n_new,) the accuracies of the new runs, n_new at least 1
    reference: float64 (n_reference,) the accuracies of the reference runs, at least 3
    alpha: the risk of a false alarm
    Raises ResultError if there are too few runs or if values are not fractions.
    """
    references = as_fractions(reference, 1 - alpha)
    news = np.atleast_1d(np.asarray(new, np.float64))
    if references.size < FEWEST_REFERENCES or not news.size:
        raise ResultError(
            f"cannot tell a drop from chance: expected at least {FEWEST_REFERENCES} "
            f"reference runs and a new run, got {references.size} and {news.size}. Train "
            f"more reference runs"
        )
    mean, spread = mean_and_std(references)
    df = references.size - 1
    error = spread * float(np.sqrt(1 / news.size + 1 / references.size))
    drop = mean - float(news.mean())
    critical = -float(stdtrit(df, alpha))
    return Retraining(
        drop=drop,
        alarm=critical * error,
        visible_drop=_visible(critical, df) * error,
        p_value=_p_value(drop, error, df),
        spread=spread,
        n_new=news.size,
        n_reference=references.size,
    )


def _p_value(drop: float, error: float, df: int) -> float:
    if not error:
        return 0.0 if drop > 0 else 1.0
    return float(stdtr(df, -drop / error))


def _visible(critical: float, df: int) -> float:
    """Return the true drop, in standard errors, that passes `critical` with POWER.

    It is found by bisection in the noncentral t-distribution.
    """
    low, high = 0.0, _MOST_ERRORS
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if 1 - nctdtr(df, middle, critical) < POWER:
            low = middle
        else:
            high = middle
    return high

"""Test whether newly trained runs are worse than reference runs of the same recipe.

Runs with other training seeds differ by chance. So a drop counts only beside the spread
of the reference runs.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import nctdtr, stdtr, stdtrit

from ..records import ResultError
from .accuracies import as_fractions, mean_and_std

# The power for which the visible drop is stated.
POWER = 0.8
FEWEST_REFERENCES = 3
# With at least so many reference runs, little is gained by more.
ENOUGH_REFERENCES = 10
_HALVINGS = 60


@dataclass(frozen=True)
class Retraining:
    """How new training runs stand beside reference runs.

    All numbers are fractions.

    drop: the mean of the reference runs minus the mean of the new runs
    alarm: a drop larger than this fails
    visible_drop: the true drop that fails in 8 of 10 cases
    rise: a rise of the accuracy larger than this is more than chance explains
    p_value: one-sided p-value of the claim that nothing became worse
    spread: the standard deviation of the reference runs
    """

    drop: float
    alarm: float
    visible_drop: float
    rise: float
    p_value: float
    spread: float
    n_new: int
    n_reference: int

    @property
    def failed(self) -> bool:
        """Whether the new runs are worse than chance explains."""
        return self.drop > self.alarm

    @property
    def improved(self) -> bool:
        """Whether the new runs are better than chance explains."""
        return -self.drop > self.rise


def worse_than(
    new: ArrayLike,
    reference: ArrayLike,
    alpha: float = 0.05,
    allowed: float = 0.0,
) -> Retraining:
    """Test by a one-sided t-test whether new runs are worse than reference runs.

    The spread is that of the reference runs alone, since there may be a single new run.

    new: float64 (n_new,) the accuracies of the new runs, n_new at least 1
    reference: float64 (n_reference,) the accuracies of the reference runs, at least 3
    alpha: the risk of a false alarm
    allowed: a true drop of this size is allowed; only a surely larger one fails
    Raises ResultError if there are too few runs, if values are not fractions, or if all
    reference runs are equal.
    """
    news = np.atleast_1d(np.asarray(new, np.float64))
    references = _checked(news, reference, alpha)
    mean, spread = mean_and_std(references)
    df = references.size - 1
    share_of_news = 1 / news.size
    share_of_references = 1 / references.size
    error = spread * float(np.sqrt(share_of_news + share_of_references))
    drop = mean - float(news.mean())
    critical = -float(stdtrit(df, alpha))
    return Retraining(
        drop=drop,
        alarm=allowed + critical * error,
        visible_drop=allowed + _visible(critical, df) * error,
        rise=critical * error,
        p_value=float(stdtr(df, (allowed - drop) / error)),
        spread=spread,
        n_new=news.size,
        n_reference=references.size,
    )


def _checked(news: np.ndarray, reference: ArrayLike, alpha: float) -> np.ndarray:
    """Return the accuracies of the reference runs, or raise ResultError."""
    references = np.atleast_1d(np.asarray(reference, np.float64))
    if references.size < FEWEST_REFERENCES or not news.size:
        raise ResultError(
            f"cannot tell a drop from chance: expected at least {FEWEST_REFERENCES} "
            f"reference runs and a new run, got {references.size} and {news.size}. Train "
            f"more runs"
        )
    both = np.concatenate([references, news])
    as_fractions(both, 1 - alpha)
    if not np.ptp(references):
        raise ResultError(
            f"cannot tell a drop from chance: expected reference runs of different "
            f"accuracies, got {references.size} times {100 * references[0]:.2f} %. "
            f"Choose a harder protocol or more episodes"
        )
    return references


@cache
def _visible(critical: float, df: int) -> float:
    """Return the true drop, in standard errors, that passes `critical` with POWER.

    It is found by bisection in the noncentral t-distribution.
    """
    low = 0.0
    high = 1.0
    while 1 - nctdtr(df, high, critical) < POWER:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if 1 - nctdtr(df, middle, critical) < POWER:
            low = middle
        else:
            high = middle
    return high

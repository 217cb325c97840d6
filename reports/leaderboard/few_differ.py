"""P-values of pairs of entries with nearly the same difference in all episodes.

The spread of such differences tells little. So the t-test gets the allowance of
`stats.little_spread` for a kind of episode that was not drawn. This module does the same
for many pairs at a time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from ..stats.arrays import FloatArray, IntArray
from ..stats.little_spread import FEW
from .scores import Scores

# Number of episodes that are looked at together. If fewer than FEW of all episodes differ
# from the rest, then more than half of so many are alike.
_BLOCK = 256
# Bisection steps for the logarithm of a p-value. They leave a relative error of 1e-12.
_HALVINGS = 60
# The smallest tail. SciPy's quantiles of Student's t are wrong for some smaller ones.
_LEAST_TAIL = 1e-100


@dataclass(frozen=True, eq=False)
class Unseen:
    """What the tests of many pairs allow for values that were not drawn.

    weight: float64 (n_pairs,) from `stats.little_spread.unseen_weight`
    n: (n_pairs,) or a number: how many values were drawn
    room: float64 (n_pairs,) the distance from the mean to the worst possible value
    """

    weight: FloatArray
    n: IntArray | int
    room: FloatArray

    def width(self, log_tail: FloatArray) -> FloatArray:
        """Return how far a mean may be off: float64 (n_pairs,).

        log_tail: float64 (n_pairs,) logarithm of the accepted probability that it is
            farther off
        """
        share = -np.expm1(log_tail / self.n)
        return self.weight * share * self.room


def episodes_that_differ(scores: Scores) -> IntArray:
    """Count the episodes whose difference is not the most common one, for each pair.

    Returns int64 (n_pairs,) for the pairs (0, 1), (0, 2), ..., (1, 2), ... The count is
    the number of all episodes if FEW or more differ, which is enough for their spread to
    be trusted.
    """
    counts = []
    for i in range(scores.n_entries - 1):
        counts.append(_that_differ(scores, i))
    return np.concatenate([np.zeros(0, np.int64), *counts])


def _that_differ(scores: Scores, i: int) -> IntArray:
    """Return the counts of entry i and each later entry, block by block of episodes.

    A pair is left out of the next blocks as soon as FEW of its episodes differ.
    """
    rivals = np.arange(i + 1, scores.n_entries)
    counts = np.zeros(rivals.size, np.int64)
    common = np.zeros(rivals.size, np.int64)
    few = np.arange(rivals.size)
    for start in range(0, scores.n_episodes, _BLOCK):
        apart = _apart(scores, i, rivals[few], slice(start, start + _BLOCK))
        if start == 0:
            half = apart.shape[1] // 2
            common = np.partition(apart, half, axis=1)[:, half]
        other = apart != common[few, None]
        counts[few] += other.sum(axis=1)
        few = np.flatnonzero(counts < FEW)
        if not few.size:
            break
    counts[counts >= FEW] = scores.n_episodes
    return counts


def _apart(scores: Scores, i: int, rivals: IntArray, episodes: slice) -> IntArray:
    """Return whole numbers in proportion to the differences: int64 (n_rivals, n)."""
    own = scores.hits[i, episodes].astype(np.int64)
    others = scores.hits[rivals, episodes].astype(np.int64)
    return own * scores.n_seeds[rivals, None] - others * scores.n_seeds[i]


def p_values_with_allowance(
    distances: FloatArray,
    errors: FloatArray,
    df: FloatArray | int,
    unseen: Sequence[Unseen],
) -> FloatArray:
    """Return two-sided p-values of differences: float64 (n_pairs,).

    A p-value is twice the tail at which the quantile of Student's t times the standard
    error, plus all allowances, equals the difference. It is at least 2e-100.

    distances: float64 (n_pairs,) the differences without their signs
    errors: float64 (n_pairs,) their standard errors, 0 if there is no spread
    df: float64 (n_pairs,) or a number: degrees of freedom
    """
    low = np.full(distances.shape, np.log(_LEAST_TAIL))
    high = np.full(distances.shape, np.log(0.5))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        width = -stdtrit(df, np.exp(middle)) * errors
        for allowance in unseen:
            width += allowance.width(middle)
        too_wide = width > distances
        low = np.where(too_wide, middle, low)
        high = np.where(too_wide, high, middle)
    return 2 * np.exp(high)

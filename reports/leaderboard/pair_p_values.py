"""P-values of differences, for many pairs of entries at a time.

They are those of Student's t-test. Values that are nearly all alike get the allowance of
`stats.little_spread` for a kind of value that was not drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from ..stats.arrays import FloatArray, IntArray

# Bisection steps for the logarithm of a p-value. They leave a relative error of 1e-12.
_HALVINGS = 60
# The smallest tail. SciPy's quantiles of Student's t are wrong for some smaller ones.
_LEAST_TAIL = 1e-100


@dataclass(frozen=True, eq=False)
class Unseen:
    """What the tests of many pairs allow for values that were not drawn.

    weight: float64 (n_pairs,) from `stats.little_spread`; 0 allows for nothing
    n: int (n_pairs,) how many values were drawn
    room: float64 (n_pairs,) the distance from the mean to the worst possible value
    """

    weight: FloatArray
    n: IntArray
    room: FloatArray

    def width(self, log_tail: FloatArray) -> FloatArray:
        """Return how far a mean may be off: float64 (n_pairs,).

        log_tail: float64 (n_pairs,) logarithm of the accepted probability that it is
            farther off
        """
        share = -np.expm1(log_tail / self.n)
        return self.weight * share * self.room

    def of(self, pairs: IntArray) -> "Unseen":
        """Return the same for some of the pairs, given by their positions."""
        return Unseen(
            weight=self.weight[pairs],
            n=self.n[pairs],
            room=self.room[pairs],
        )


def two_sided(
    distances: FloatArray,
    errors: FloatArray,
    df: FloatArray | IntArray,
    unseen: Sequence[Unseen],
) -> FloatArray:
    """Return two-sided p-values of differences: float64 (n_pairs,).

    They are exact down to 1e-307, and at least 2e-100 if there is an allowance.

    distances: float64 (n_pairs,) the differences without their signs
    errors: float64 (n_pairs,) their standard errors. If one is infinite, the p-value is
        1. If one is 0, there must be an allowance.
    df: (n_pairs,) degrees of freedom
    unseen: what to allow for, one or more
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        t = distances / errors
    p_values = 2 * stdtr(df, -t)
    weights = np.zeros_like(distances)
    for one in unseen:
        weights += one.weight
    # Their p-value is 1 already; a search would only take time.
    weights[np.isinf(errors)] = 0
    alike = np.flatnonzero(weights)
    p_values[alike] = _with_allowance(
        distances[alike],
        errors[alike],
        df[alike],
        [one.of(alike) for one in unseen],
    )
    return p_values


def _with_allowance(
    distances: FloatArray,
    errors: FloatArray,
    df: FloatArray | IntArray,
    unseen: Sequence[Unseen],
) -> FloatArray:
    """Return the p-values of pairs that get an allowance: float64 (n_pairs,).

    A p-value is twice the tail at which the quantile of Student's t times the standard
    error, plus all allowances, equals the difference.
    """
    low = np.full_like(distances, np.log(_LEAST_TAIL))
    high = np.full_like(distances, np.log(0.5))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        quantiles = -stdtrit(df, np.exp(middle))
        width = quantiles * errors
        for one in unseen:
            width += one.width(middle)
        too_wide = width > distances
        low = np.where(too_wide, middle, low)
        high = np.where(too_wide, high, middle)
    return 2 * np.exp(high)

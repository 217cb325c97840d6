"""Tell which ranks each entry may have, from tests of all pairs of entries."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..stats.accuracies import check_level
from ..stats.arrays import FloatArray, IntArray
from ..stats.comparisons import holm


@dataclass(frozen=True, eq=False)
class PairTests:
    """Two-sided tests of all pairs of entries: (0, 1), (0, 2), ..., (1, 2), ...

    differences: float64 (n_pairs,) accuracy of the first entry minus that of the second,
        as a fraction
    errors: float64 (n_pairs,) the standard error of the difference, infinite if nothing
        is known about it
    p_values: float64 (n_pairs,) not corrected for the number of tests. A p-value below
        1e-307 can be 0.
    """

    n_entries: int
    differences: FloatArray
    errors: FloatArray
    p_values: FloatArray

    @cached_property
    def p_adjusted(self) -> FloatArray:
        """The p-values with Holm's correction for all pairs: float64 (n_pairs,)."""
        return holm(self.p_values)


@dataclass(frozen=True)
class Pair:
    """The test of one pair of entries.

    difference: accuracy of the first entry minus that of the second, as a fraction
    p_value: two-sided p-value of the claim that there is no difference
    p_adjusted: p_value with Holm's correction for all pairs on the protocol
    differs: whether the difference is significant
    """

    difference: float
    p_value: float
    p_adjusted: float
    differs: bool


@dataclass(frozen=True, eq=False)
class RankRanges:
    """The ranks that each entry may have.

    The best rank of an entry is 1 + the number of entries that are significantly better.
    Its worst rank is n_entries - the number of entries that are significantly worse. Two
    entries whose ranges overlap can still differ significantly: if A and B are tied, and
    B and C too, then A can be better than C.

    The chance that any two entries of equal true accuracy are told apart is at most
    1 - level.

    n_better: int64 (n_entries,) number of entries that are significantly better
    n_worse: int64 (n_entries,) number of entries that are significantly worse
    """

    tests: PairTests
    level: float
    n_better: IntArray
    n_worse: IntArray

    @property
    def best(self) -> IntArray:
        """The best rank of each entry: int64 (n_entries,), 1 for the first place."""
        return 1 + self.n_better

    @property
    def worst(self) -> IntArray:
        """The worst rank of each entry: int64 (n_entries,)."""
        return self.tests.n_entries - self.n_worse

    def pair(
        self,
        first: int,
        second: int,
    ) -> Pair:
        """Return the test of two different entries, given by their indices."""
        k = _pair_index(first, second, self.tests.n_entries)
        difference = float(self.tests.differences[k])
        p_adjusted = float(self.tests.p_adjusted[k])
        return Pair(
            difference=difference if first < second else -difference,
            p_value=float(self.tests.p_values[k]),
            p_adjusted=p_adjusted,
            differs=p_adjusted <= 1 - self.level,
        )


def rank_ranges(
    tests: PairTests,
    level: float = 0.95,
) -> RankRanges:
    """Return the ranks that each entry may have.

    level: 1 - the accepted chance that any two equal entries are told apart
    Raises ResultError if the level is not a fraction.
    """
    check_level(level)
    n = tests.n_entries
    firsts, seconds = np.triu_indices(n, 1)
    differs = tests.p_adjusted <= 1 - level
    first_wins = differs & (tests.differences > 0)
    second_wins = differs & (tests.differences < 0)
    winners = np.concatenate([firsts[first_wins], seconds[second_wins]])
    losers = np.concatenate([seconds[first_wins], firsts[second_wins]])
    return RankRanges(
        tests=tests,
        level=level,
        n_better=np.bincount(losers, minlength=n),
        n_worse=np.bincount(winners, minlength=n),
    )


def _pair_index(
    first: int,
    second: int,
    n: int,
) -> int:
    """Return the position of a pair among (0, 1), (0, 2), ..., (1, 2), ..."""
    low, high = sorted((first, second))
    if not 0 <= low < high < n:
        raise IndexError(f"expected two different entries below {n}, got {low}, {high}")
    before = low * (2 * n - low - 1) // 2
    return before + high - low - 1

"""Compare results with each other, and with a published number."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from ..reports.records import RunResult
from ..reports.stats.comparisons import Comparison, compare, compare_all
from ..reports.stats.equivalence import Equivalence, reproduced


@dataclass(frozen=True)
class PublishedMean:
    """A published accuracy and how far a result may be from it: fractions.

    half_width: the ± printed beside it
    """

    mean: float
    margin: float
    half_width: float | None = None


class ComparedPair(NamedTuple):
    """Two results, by their places among all, and their comparison."""

    first: int
    second: int
    comparison: Comparison


@dataclass(frozen=True)
class ComparedResults:
    """Results, the comparison of each pair, and each one's test against a published number.

    tests: one for each result, or none
    """

    results: Sequence[RunResult]
    pairs: list[ComparedPair]
    tests: list[Equivalence]
    level: float


def compare_results(
    results: Sequence[RunResult], level: float, published: PublishedMean | None = None
) -> ComparedResults:
    """Compare every pair of results, and test each result against the published number.

    A bootstrap is made only if there is a single pair.
    Raises ResultError for results on different episodes.
    """
    pairs = _compare_pairs(results, level)
    tests = []
    if published is not None:
        for result in results:
            test = reproduced(
                result,
                published.mean,
                published.margin,
                level,
                published.half_width,
            )
            tests.append(test)
    return ComparedResults(results, pairs, tests, level)


def _compare_pairs(results: Sequence[RunResult], level: float) -> list[ComparedPair]:
    if len(results) < 2:
        return []
    if len(results) == 2:
        return [ComparedPair(0, 1, compare(results[0], results[1], level))]
    places = combinations(range(len(results)), 2)
    comparisons = compare_all(results, level)
    pairs = []
    for (first, second), comparison in zip(places, comparisons, strict=True):
        pairs.append(ComparedPair(first, second, comparison))
    return pairs

"""Compare results with each other and with a published accuracy."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

from ..reports.records import ResultError, RunResult
from ..reports.stats.comparisons import Comparison, compare, compare_all
from ..reports.stats.equivalence import Equivalence, reproduced
from ..reports.stats.non_inferiority import Limits, NonInferiority, no_worse


@dataclass(frozen=True)
class PublishedMean:
    """A published accuracy, with which results are compared. All values are fractions.

    mean: the published accuracy
    margin: the largest difference that still counts as reproduced
    half_width: the published ±, or None if there is none
    """

    mean: float
    margin: float
    half_width: float | None = None


class ComparedPair(NamedTuple):
    """The comparison of two results.

    first, second: the positions of the two results in the list of results, from 0 on
    """

    first: int
    second: int
    comparison: Comparison


@dataclass(frozen=True)
class ComparedResults:
    """Results with all comparisons between them.

    pairs: a comparison for each pair of results
    tests: a test against the published accuracy for each result; empty if no published
        accuracy is given
    level: the confidence level, between 0 and 1
    gate: whether the first result is no worse than the second, or equivalent to it; None
        if no limits are given
    """

    results: Sequence[RunResult]
    pairs: list[ComparedPair]
    tests: list[Equivalence]
    level: float
    gate: NonInferiority | None = None

    def passes(self, *, strict: bool = False) -> bool:
        """Return whether the gate and all tests against a published accuracy pass.

        strict: whether "undecided" counts as a failure
        """
        outcomes: list[str] = [test.verdict for test in self.tests]
        if self.gate is not None:
            outcomes.append(self.gate.outcome)
        failures = {"fail", "not reproduced"}
        if strict:
            failures.add("undecided")
        return failures.isdisjoint(outcomes)


def compare_results(
    results: Sequence[RunResult],
    level: float,
    published: PublishedMean | None = None,
    limits: Limits | None = None,
) -> ComparedResults:
    """Compare every pair of results, and test each result against a published accuracy.

    A comparison includes a bootstrap only if there are exactly two results.

    limits: what counts as worse, to test whether the first of two results is no worse
        than the second; None for no such test
    Raises ResultError if the results were not scored on the same episodes, if a result
    has only one episode, or if a number is not a valid fraction.
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
    gate = None if limits is None else _gate(results, limits)
    return ComparedResults(results, pairs, tests, level, gate)


def _gate(results: Sequence[RunResult], limits: Limits) -> NonInferiority:
    if len(results) != 2:
        raise ResultError(
            f"--margin: expected two results, the new one first, got {len(results)}. "
            f"Type for example: fewbench compare NEW.json OLD.json --margin 0.5%"
        )
    return no_worse(results[0], results[1], limits)


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

"""Compare results on the same episodes, episode by episode.

A comparison is about two training runs, not about two methods. With another training
seed the difference may change its sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..groups import EPISODE_FIELDS
from ..records import ResultError, RunResult
from .accuracies import check_level
from .arrays import FloatArray, IntArray
from .churn import Churn, churn, other_probabilities
from .intervals import Interval
from .paired_tests import (
    Bootstrap,
    paired_bootstrap,
    paired_intervals,
    superiority_shares,
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """The difference in accuracy between two results on the same episodes.

    All values are fractions.

    difference: the accuracy of `a` minus the accuracy of `b`
    churn: how many predictions differ
    interval: the interval of the difference. Its kind is "paired-anytime" if a protocol
        has the interval "anytime", "little-spread" if nearly all episodes have the same
        difference, and "paired-t" otherwise. None if all predictions are equal.
    bootstrap: an interval of kind "paired-bootstrap", or None if none was asked for or
        nearly all episodes have the same difference
    p_value: two-sided p-value of the claim that there is no difference
    p_adjusted: p_value with Holm's correction for all comparisons in the same call
    superiority: fraction of the episodes in which `a` has more right answers than `b`;
        a tie counts half
    n: number of episodes
    """

    a: RunResult
    b: RunResult
    difference: float
    churn: Churn
    interval: Interval | None
    bootstrap: Interval | None
    p_value: float
    p_adjusted: float
    superiority: float
    n: int

    @property
    def equal(self) -> bool:
        """Whether all predictions of the two results are equal."""
        return not self.churn.n_changed

    def __str__(self) -> str:
        sentence = str(self.churn)
        if self.equal and other_probabilities(self.a, self.b):
            sentence += "; the probabilities differ"
        if self.interval is None:
            return sentence
        low = 100 * self.interval.low
        high = 100 * self.interval.high
        limits = f"[{low:+.2f}, {high:+.2f}] ({self.interval.kind})"
        return f"{100 * self.difference:+.2f} points {limits}; {sentence}"


def compare(
    a: RunResult,
    b: RunResult,
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two results with a paired t-test and a paired bootstrap over episodes.

    The comparison holds for these classes, images and training runs only. Results with
    equal predictions are equal, and have no interval.

    resamples: number of bootstrap resamples; 0 for no bootstrap
    Raises ResultError if the results were not scored on the same episodes, or if there
    are fewer than two episodes.
    """
    pair = np.array([[0, 1]])
    return _comparisons([a, b], pair, level, Bootstrap(resamples, seed))[0]


def compare_all(results: Sequence[RunResult], level: float = 0.95) -> list[Comparison]:
    """Compare every pair of results: (0, 1), (0, 2), ..., (1, 2), ...

    The p-values get Holm's correction for all pairs. There is no bootstrap. For two
    results, `compare` makes a bootstrap.
    Raises ResultError for fewer than two results, if the results were not scored on the
    same episodes, or if there are fewer than two episodes.
    """
    if len(results) < 2:
        raise ResultError(
            "too few results to compare: expected at least 2 results, got "
            f"{len(results)}. Evaluate another learner with the same --protocol"
        )
    pairs = np.stack(np.triu_indices(len(results), 1), axis=1)
    return _comparisons(results, pairs, level, Bootstrap())


def tied_with_best(results: Sequence[RunResult], level: float = 0.95) -> set[int]:
    """Return the indices of all results that are not significantly worse than the best.

    The best is the most accurate result, and its index is included. It is compared with
    each of the other results, with Holm's correction for these comparisons.
    Raises ResultError if the results were not scored on the same episodes, or if there
    are fewer than two episodes.
    """
    if len(results) < 2:
        return set(range(len(results)))
    best = max(range(len(results)), key=lambda i: results[i].mean)
    others = [i for i in range(len(results)) if i != best]
    pairs = np.array([[best, i] for i in others])
    found = _comparisons(results, pairs, level, Bootstrap())
    tied = {best}
    for i, comparison in zip(others, found, strict=True):
        if comparison.p_adjusted > 1 - level:
            tied.add(i)
    return tied


def holm(p_values: FloatArray) -> FloatArray:
    """Adjust p-values for the number of tests by Holm's method: float64 (n,).

    If each test rejects at an adjusted p-value below alpha, the chance of any false
    rejection is at most alpha.

    p_values: float64 (n,)
    Source: Holm, Scand. J. Statist. 6 (1979), 65-70.
    """
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(p_values.size, 0, -1)
    growing = np.maximum.accumulate(p_values[order] * factors)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(growing, 1)
    return adjusted


def _comparisons(
    results: Sequence[RunResult],
    pairs: IntArray,
    level: float,
    bootstrap: Bootstrap,
) -> list[Comparison]:
    """Compare pairs of results, with Holm's correction for all pairs.

    pairs: int (n_pairs, 2) indices into `results`
    """
    check_level(level)
    check_same_episodes(results)
    correct = np.stack([result.correct for result in results])
    intervals, p_values = paired_intervals(results, correct, pairs, level)
    adjusted = holm(p_values)
    superiority = superiority_shares(correct, pairs)
    comparisons = []
    for k, (i, j) in enumerate(pairs):
        changed = churn(results[i], results[j])
        comparison = Comparison(
            a=results[i],
            b=results[j],
            difference=intervals[k].mean,
            churn=changed,
            # Equal predictions leave nothing to estimate.
            interval=intervals[k] if changed.n_changed else None,
            bootstrap=paired_bootstrap(results[i], results[j], level, bootstrap),
            p_value=float(p_values[k]),
            p_adjusted=float(adjusted[k]),
            superiority=float(superiority[k]),
            n=correct.shape[1],
        )
        comparisons.append(comparison)
    return comparisons


def check_same_episodes(results: Sequence[RunResult]) -> None:
    """Raise ResultError if results are not on the same episodes, or on a single one."""
    for result in results[1:]:
        _refuse_other_episodes(results[0], result)
    if results[0].protocol.n_episodes < 2:
        raise ResultError(
            "cannot compare results on a single episode: expected at least 2 episodes, "
            "got 1. Evaluate more: --episodes 1000"
        )


def _refuse_other_episodes(first: RunResult, other: RunResult) -> None:
    for name in EPISODE_FIELDS:
        expected = getattr(first.protocol, name)
        got = getattr(other.protocol, name)
        _refuse_unequal(first, other, name, expected, got)
    for name in ("data_fingerprint", "episodes_fingerprint"):
        expected = getattr(first, name)
        got = getattr(other, name)
        _refuse_unequal(first, other, name, expected, got)


def _refuse_unequal(
    first: RunResult,
    other: RunResult,
    name: str,
    expected: object,
    got: object,
) -> None:
    if expected != got:
        raise ResultError(
            f"{first.file_stem} and {other.file_stem} were not scored on the same episodes: "
            f"expected {name} {expected} for both, got {got} for the second. Evaluate "
            "both on the same dataset folder with the same --protocol and --episodes"
        )

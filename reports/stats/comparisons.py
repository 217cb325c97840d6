"""Paired comparisons of results on the same episodes.

Two runs are compared, not two methods: another training seed of either may reverse the sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..groups import EPISODE_FIELDS
from ..records import ResultError, RunResult
from .arrays import FloatArray, IntArray
from .intervals import Interval, check_level
from .paired_tests import (
    Bootstrap,
    paired_bootstrap,
    paired_intervals,
    superiority_shares,
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """How much more accurate `a` is than `b` on the same episodes, as fractions.

    interval: of the difference, kind "paired-t"; "little-spread" where the difference is the
        same in all or all but a few episodes; "paired-anytime" where an evaluation stopped
        early
    bootstrap: kind "paired-bootstrap", if asked for and if there is a spread
    p_value: two-sided, of no difference
    p_adjusted: after Holm, over the comparisons that were made together
    superiority: share of the episodes in which a is right more often than b; ties count half
    """

    a: RunResult
    b: RunResult
    difference: float
    interval: Interval
    bootstrap: Interval | None
    p_value: float
    p_adjusted: float
    superiority: float
    n: int


def compare(
    a: RunResult,
    b: RunResult,
    level: float = 0.95,
    resamples: int = 10_000,
    seed: int = 0,
) -> Comparison:
    """Compare two results with a paired t-test and, beside it, a paired bootstrap of episodes.

    Conditional on these classes, images and training runs, like `episodes_t`.

    resamples: of the bootstrap; 0 leaves it out
    Raises ResultError when the episodes differ, saying in what.
    """
    pair = np.array([[0, 1]])
    return _comparisons([a, b], pair, level, Bootstrap(resamples, seed))[0]


def compare_all(results: Sequence[RunResult], level: float = 0.95) -> list[Comparison]:
    """Compare every pair in turn: (0, 1), (0, 2), ..., (1, 2), ..., with Holm over all.

    There is no bootstrap: `compare` gives that of one pair.
    Raises ResultError for fewer than two results or when the episodes differ, saying in what.
    """
    if len(results) < 2:
        raise ResultError(
            f"a comparison: expected at least 2 results, got {len(results)}"
        )
    pairs = np.stack(np.triu_indices(len(results), 1), axis=1)
    return _comparisons(results, pairs, level, Bootstrap())


def tied_with_best(results: Sequence[RunResult], level: float = 0.95) -> set[int]:
    """Indices of the most accurate result and of those not significantly worse than it.

    Each is paired with the most accurate, with Holm over these comparisons.
    Raises ResultError when the episodes differ, saying in what.
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
    """p-values adjusted so that the chance of any false find among them keeps its level.

    p_values: float64 (n,)
    Returns float64 (n,). Source: Holm, Scand. J. Statist. 6 (1979), 65-70.
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
    """Compare the pairs of indices, int (n_pairs, 2), all at once."""
    check_level(level)
    _check_episodes(results)
    correct = np.stack([result.correct for result in results])
    intervals, p_values = paired_intervals(results, correct, pairs, level)
    adjusted = holm(p_values)
    superiority = superiority_shares(correct, pairs)
    comparisons = []
    for k, (i, j) in enumerate(pairs):
        comparison = Comparison(
            a=results[i],
            b=results[j],
            difference=intervals[k].mean,
            interval=intervals[k],
            bootstrap=paired_bootstrap(results[i], results[j], level, bootstrap),
            p_value=float(p_values[k]),
            p_adjusted=float(adjusted[k]),
            superiority=float(superiority[k]),
            n=correct.shape[1],
        )
        comparisons.append(comparison)
    return comparisons


def _check_episodes(results: Sequence[RunResult]) -> None:
    for result in results[1:]:
        _refuse_other_episodes(results[0], result)
    if results[0].protocol.n_episodes < 2:
        raise ResultError(
            "no comparison without spread: expected at least 2 episodes, got 1. "
            "Evaluate more: --episodes 1000"
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
            f"expected {name} {expected} for both, got {got} for the second. Evaluate both "
            f"on one build with the same --protocol and --episodes"
        )

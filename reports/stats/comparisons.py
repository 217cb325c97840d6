"""Paired comparisons of results on the same episodes.

Two runs are compared, not two methods: another training seed of either may turn the sign."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from ..groups import EPISODE_FIELDS
from ..records import ResultError, RunResult
from .betting import betting_p_value, little_spread
from .bootstrap import bootstrap_mean
from .intervals import LITTLE_SPREAD, Interval, bounded, check_level


@dataclass(frozen=True, eq=False)
class Comparison:
    """How much more accurate `a` is than `b` on the same episodes: fractions.

    interval: of the difference, kind "paired-t"; "little-spread" where it is the same in all or
        all but a few episodes; "paired-anytime" for evaluations that stopped when it suited
    bootstrap: kind "paired-bootstrap", if asked for and if there is a spread
    p_value: two-sided, of no difference; p_adjusted: after Holm over the comparisons made together
    superiority: share of the episodes in which a is right more often than b, ties counted half
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
    """Compare two results with a paired t-test and, beside it, a paired bootstrap of the episodes.

    resamples: of the bootstrap; 0 leaves it out
    Conditional on these classes, images and training runs, like `episodes_t`.
    Raises ResultError when the episodes differ, saying in what.
    """
    return _comparisons([a, b], np.array([[0, 1]]), level, (resamples, seed))[0]


def compare_all(results: Sequence[RunResult], level: float = 0.95) -> list[Comparison]:
    """Compare every pair in turn (0, 1), (0, 2), ..., (1, 2), ...; Holm over all of them.

    No bootstrap: `compare` gives that of one pair.
    Raises ResultError for fewer than two results or when the episodes differ, saying in what.
    """
    if len(results) < 2:
        raise ResultError(f"a comparison needs at least 2 results; got {len(results)}")
    pairs = np.stack(np.triu_indices(len(results), 1), axis=1)
    return _comparisons(results, pairs, level)


def tied_with_best(results: Sequence[RunResult], level: float = 0.95) -> set[int]:
    """Indices of the results that are not significantly worse than the most accurate, itself
    included: each paired with it, Holm over these comparisons.

    Raises ResultError when the episodes differ, saying in what."""
    best = max(range(len(results)), key=lambda i: results[i].mean, default=-1)
    others = [i for i in range(len(results)) if i != best]
    if not others:
        return set(range(len(results)))
    found = _comparisons(results, np.array([[best, i] for i in others]), level)
    tied = {
        i for i, one in zip(others, found, strict=True) if one.p_adjusted > 1 - level
    }
    return tied | {best}


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """p-values adjusted so that the chance of any false find among them keeps its level.
    p_values: float64 (n,) -> float64 (n,). Source: Holm, Scand. J. Statist. 6 (1979), 65-70."""
    order = np.argsort(p_values, kind="stable")
    factors = np.arange(p_values.size, 0, -1)
    adjusted = np.empty_like(p_values)
    adjusted[order] = np.minimum(np.maximum.accumulate(p_values[order] * factors), 1)
    return adjusted


def _comparisons(
    results: Sequence[RunResult],
    pairs: NDArray[np.integer],
    level: float,
    bootstrap: tuple[int, int] = (0, 0),
) -> list[Comparison]:
    """Compare the pairs of indices, int (n_pairs, 2), all at once."""
    check_level(level)
    for result in results[1:]:
        _refuse_other_episodes(results[0], result)
    n = results[0].protocol.n_episodes
    if n < 2:
        raise ResultError(
            "no comparison without spread: expected at least 2 episodes; got 1. "
            "Evaluate more: --episodes 1000"
        )
    correct = np.stack([result.correct for result in results])
    stopped = any(result.protocol.interval == "anytime" for result in results)
    intervals, p_values = _by_t(
        correct, pairs, results[0].protocol.queries_per_episode, level
    )
    for k, (i, j) in enumerate(pairs):
        if stopped or little_spread(correct[i] - correct[j]):
            kind = "paired-anytime" if stopped else LITTLE_SPREAD
            apart = (correct[i] - correct[j]) / results[0].protocol.queries_per_episode
            intervals[k], p_values[k] = _by_bets(apart, level, kind)
    superiority = _superiority(correct, pairs)
    rows = zip(pairs, intervals, p_values, holm(p_values), superiority, strict=True)
    return [
        Comparison(
            a=results[i],
            b=results[j],
            difference=interval.mean,
            interval=interval,
            bootstrap=_bootstrap(results[i], results[j], level, *bootstrap),
            p_value=float(p),
            p_adjusted=float(adjusted),
            superiority=float(share),
            n=n,
        )
        for (i, j), interval, p, adjusted, share in rows
    ]


def _by_t(
    correct: NDArray[np.int32], pairs: NDArray[np.integer], queries: int, level: float
) -> tuple[list[Interval], NDArray[np.float64]]:
    """Limits and p-value of each pair by Student's t."""
    n = correct.shape[1]
    differences, errors = (
        moment / queries for moment in _paired_moments(correct, pairs)
    )
    halves = stdtrit(n - 1, (1 + level) / 2) * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = 2 * stdtr(n - 1, -np.abs(differences) / errors)
    limits = zip(differences, halves, strict=True)
    return [
        Interval(float(d), float(d - half), float(d + half), level, "paired-t", n)
        for d, half in limits
    ], p_values


def _paired_moments(
    correct: NDArray[np.int32], pairs: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean difference of right answers and its standard error for each pair: (n_pairs,) each.
    The sums are whole numbers that a float64 holds exactly: two equal results differ by 0."""
    n = correct.shape[1]
    counts = correct.astype(np.float64)
    products = counts @ counts.T
    sums, (i, j) = counts.sum(axis=1), pairs.T
    total = sums[i] - sums[j]
    squares = products[i, i] + products[j, j] - 2 * products[i, j]
    variance = np.maximum(squares - total**2 / n, 0) / (n - 1)
    return total / n, np.sqrt(variance / n)


def _by_bets(
    differences: NDArray[np.float64], level: float, kind: str
) -> tuple[Interval, float]:
    """Limits and p-value by betting. differences: float64 (n,) from -1 to 1, which become
    fractions once they are moved to [0, 1]."""
    found = bounded((1 + differences) / 2, level, kind)
    values, counts = np.unique((1 + differences) / 2, return_counts=True)
    one_sided = [betting_p_value(side, counts, 0.5) for side in (values, 1 - values)]
    mean, low, high = (2 * x - 1 for x in (found.mean, found.low, found.high))
    interval = Interval(mean, low, high, level, kind, found.n)
    return interval, min(2 * min(one_sided), 1.0)


def _superiority(
    correct: NDArray[np.int32], pairs: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Share of episodes that the first of each pair wins, ties half: float64 (n_pairs,)."""
    shares = np.empty(len(pairs))
    for i in np.unique(pairs[:, 0]):
        own = np.flatnonzero(pairs[:, 0] == i)
        signs = np.sign(correct[i] - correct[pairs[own, 1]])
        shares[own] = (1 + signs.mean(axis=1)) / 2
    return shares


def _bootstrap(
    a: RunResult, b: RunResult, level: float, resamples: int, seed: int
) -> Interval | None:
    if not resamples:
        return None
    queries, n = a.protocol.queries_per_episode, a.protocol.n_episodes
    if little_spread(a.correct - b.correct):
        return None
    values, counts = np.unique(a.correct - b.correct, return_counts=True)
    means = bootstrap_mean(counts, values / queries, resamples, seed)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    mean = float(values @ counts) / n / queries
    return Interval(mean, float(low), float(high), level, "paired-bootstrap", n)


def _refuse_other_episodes(first: RunResult, other: RunResult) -> None:
    same = [(name, first.protocol, other.protocol) for name in EPISODE_FIELDS]
    same += [
        (name, first, other) for name in ("data_fingerprint", "episodes_fingerprint")
    ]
    for name, one, two in same:
        expected, got = getattr(one, name), getattr(two, name)
        if expected != got:
            raise ResultError(
                f"{first.file_stem} and {other.file_stem} were not scored on the same episodes, so "
                f"they cannot be paired. Expected {name} {expected} for both; got {got}. Evaluate "
                "both on one build with the same --protocol and --episodes"
            )

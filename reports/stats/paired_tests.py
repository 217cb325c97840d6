"""Compare results episode by episode: intervals and p-values of their difference."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import stdtr, stdtrit

from ..records import RunResult
from .accuracies import mean_and_std
from .arrays import FloatArray, IntArray
from .betting import betting_p_value
from .bootstrap import bootstrap_mean
from .intervals import Interval, bounded, widened
from .little_spread import Allowance, MeanError, little_spread


@dataclass(frozen=True)
class Bootstrap:
    """The settings of a paired bootstrap. With 0 resamples there is no bootstrap."""

    resamples: int = 0
    seed: int = 0


def paired_intervals(
    results: Sequence[RunResult],
    correct: IntArray,
    pairs: IntArray,
    level: float,
) -> tuple[list[Interval], FloatArray]:
    """Return the interval and the p-value of the difference for each pair.

    They are computed by betting if the interval of a protocol is "anytime". Otherwise
    they are computed by Student's t, with an allowance if nearly all episodes have the
    same difference.

    correct: int (n_results, n_episodes) number of right answers
    pairs: int (n_pairs, 2) indices into `results`
    """
    queries = results[0].protocol.queries_per_episode
    stopped = any(result.protocol.interval == "anytime" for result in results)
    intervals, p_values = _by_t(correct, pairs, queries, level)
    for k, (i, j) in enumerate(pairs):
        apart = correct[i] - correct[j]
        if stopped:
            intervals[k], p_values[k] = _by_bets(apart / queries, level)
        elif little_spread(apart):
            intervals[k], p_values[k] = _with_allowance(apart / queries, level)
    return intervals, p_values


def _by_t(
    correct: IntArray,
    pairs: IntArray,
    queries: int,
    level: float,
) -> tuple[list[Interval], FloatArray]:
    """Return the interval and the p-value for each pair, by Student's t.

    queries: number of queries in an episode
    """
    n = correct.shape[1]
    means, standard_errors = _paired_moments(correct, pairs)
    differences = means / queries
    errors = standard_errors / queries
    halves = stdtrit(n - 1, (1 + level) / 2) * errors
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = 2 * stdtr(n - 1, -np.abs(differences) / errors)
    intervals = []
    for difference, half in zip(differences, halves, strict=True):
        interval = Interval(
            mean=float(difference),
            low=float(difference - half),
            high=float(difference + half),
            level=level,
            kind="paired-t",
            n=n,
        )
        intervals.append(interval)
    return intervals, p_values


def _paired_moments(
    correct: IntArray,
    pairs: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the mean difference in right answers, and its standard error: (n_pairs,) each.

    The sums are whole numbers, which float64 holds exactly. So the difference of two
    equal results is exactly 0.
    """
    n = correct.shape[1]
    counts = correct.astype(np.float64)
    products = counts @ counts.T
    sums = counts.sum(axis=1)
    i, j = pairs.T
    total = sums[i] - sums[j]
    squares = products[i, i] + products[j, j] - 2 * products[i, j]
    deviations = np.maximum(squares - total**2 / n, 0)
    variance = deviations / (n - 1)
    return total / n, np.sqrt(variance / n)


def _by_bets(differences: FloatArray, level: float) -> tuple[Interval, float]:
    """Return the interval and the p-value of the mean difference, by betting.

    differences: float64 (n,) from -1 to 1; the bets use (1 + differences) / 2
    """
    fractions = (1 + differences) / 2
    found = bounded(fractions, level, "paired-anytime")
    values, counts = np.unique(fractions, return_counts=True)
    above = betting_p_value(values, counts, 0.5)
    below = betting_p_value(1 - values, counts, 0.5)
    return _of_differences(found), min(2 * min(above, below), 1.0)


def _with_allowance(
    differences: FloatArray,
    level: float,
) -> tuple[Interval, float]:
    """Return the interval and the p-value of differences that are nearly all alike.

    differences: float64 (n,) from -1 to 1
    """
    fractions = (1 + differences) / 2
    mean, std = mean_and_std(fractions)
    n = fractions.size
    error = std / float(np.sqrt(n))
    known = MeanError(error, n - 1, Allowance.of(fractions))
    above = known.tail(mean - 0.5, mean)
    below = known.tail(0.5 - mean, 1 - mean)
    found = _of_differences(widened(fractions, level))
    return found, min(2 * min(above, below), 1.0)


def _of_differences(found: Interval) -> Interval:
    """Turn an interval of (1 + difference) / 2 into one of the difference."""
    return replace(
        found,
        mean=2 * found.mean - 1,
        low=2 * found.low - 1,
        high=2 * found.high - 1,
    )


def superiority_shares(
    correct: IntArray,
    pairs: IntArray,
) -> FloatArray:
    """Return the fraction of episodes that the first result of each pair wins.

    A tie counts half.
    correct: int (n_results, n_episodes) number of right answers
    pairs: int (n_pairs, 2) indices of results
    Returns float64 (n_pairs,).
    """
    shares = np.empty(len(pairs))
    firsts = pairs[:, 0]
    for i in np.unique(firsts):
        own = np.flatnonzero(firsts == i)
        rivals = pairs[own, 1]
        signs = np.sign(correct[i] - correct[rivals])
        shares[own] = (1 + signs.mean(axis=1)) / 2
    return shares


def paired_bootstrap(
    a: RunResult,
    b: RunResult,
    level: float,
    bootstrap: Bootstrap,
) -> Interval | None:
    """Return an interval of the difference by resampling episodes.

    Return None if there are 0 resamples, or if nearly all episodes have the same
    difference.
    """
    if not bootstrap.resamples:
        return None
    differences = a.correct - b.correct
    if little_spread(differences):
        return None
    queries = a.protocol.queries_per_episode
    n = a.protocol.n_episodes
    values, counts = np.unique(differences, return_counts=True)
    means = bootstrap_mean(
        counts,
        values / queries,
        bootstrap.resamples,
        bootstrap.seed,
    )
    ends = [(1 - level) / 2, (1 + level) / 2]
    low, high = np.quantile(means, ends)
    mean = float(values @ counts) / n / queries
    return Interval(
        mean=mean,
        low=float(low),
        high=float(high),
        level=level,
        kind="paired-bootstrap",
        n=n,
    )

"""Paired comparisons of results on the same episodes, and equivalence to a published number.

Two runs are compared, not two methods: another training seed of either may turn the sign."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from .intervals import Interval, check_level, episodes_t
from .records import EvalProtocol, ResultError, RunResult
from .resampling import bootstrap_mean

Verdict = Literal["reproduced", "not reproduced", "undecided"]
# The rest of a card says how a learner is run or shown, not which questions it was asked.
_NOT_EPISODES = {"name", "transductive", "adaptation_steps", "interval"}
EPISODE_FIELDS = [f.name for f in fields(EvalProtocol) if f.name not in _NOT_EPISODES]


@dataclass(frozen=True, eq=False)
class Comparison:
    """How much more accurate `a` is than `b` on the same episodes: fractions.

    interval: of the difference, kind "paired-t"; bootstrap: kind "paired-bootstrap", if asked for
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


@dataclass(frozen=True)
class Equivalence:
    """Whether a result lies within `margin` of a published mean: fractions.

    low, high: the interval of ours minus published at level 1 - 2 * alpha, with alpha the risk
        of either verdict: "reproduced" when it lies within the margin, "not reproduced" when it
        lies outside, "undecided" when it holds the border. p_value: of a difference beyond it
    """

    difference: float
    low: float
    high: float
    margin: float
    p_value: float
    verdict: Verdict

    def __str__(self) -> str:
        low, high = 100 * self.low, 100 * self.high
        margin = f"{100 * self.margin:g} point{'s' * (self.margin != 0.01)}"
        return (
            f"{self.verdict} within {margin}: ours minus published {100 * self.difference:+.2f} "
            f"[{low:+.2f}, {high:+.2f}], p of a difference beyond {margin} {self.p_value:.2g}"
        )


def compare(
    a: RunResult, b: RunResult, level: float = 0.95, resamples: int = 10_000, seed: int = 0
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
    tied = {i for i, one in zip(others, found, strict=True) if one.p_adjusted > 1 - level}
    return tied | {best}


def reproduced(
    result: RunResult,
    published_mean: float,
    margin: float,
    level: float = 0.95,
    published_half_width: float | None = None,
) -> Equivalence:
    """Test whether a result reproduces a published mean within `margin`: two one-sided t-tests.

    published_mean, margin: fractions; published_half_width: the ± printed beside it, taken as
        1.96 normal standard errors of an independent sample of episodes. None takes the published
        mean as exact. Neither says anything of training seeds: the margin has to allow for them.
    Source: Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987), 657-680; degrees of freedom by
    Welch and Satterthwaite. Raises ResultError for values that are not fractions.
    """
    check_level(level)
    _check_published(published_mean, margin, published_half_width)
    ours = episodes_t(result.accuracies, level)
    own = float(result.accuracies.var(ddof=1)) / ours.n
    variance = own + ((published_half_width or 0.0) / 1.96) ** 2
    # The published error is taken as known, so it adds degrees of freedom: infinitely many of its.
    df = (ours.n - 1) * (variance / own) ** 2 if own > 0 else 1e12
    difference, error = result.mean - published_mean, float(np.sqrt(variance))
    half = float(stdtrit(df, level)) * error
    beyond = float(_upper_tail(margin - abs(difference), error, df))
    verdict: Verdict = "undecided"
    if beyond <= 1 - level:
        verdict = "reproduced"
    elif abs(difference) - half > margin:
        verdict = "not reproduced"
    return Equivalence(difference, difference - half, difference + half, margin, beyond, verdict)


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
    differences, errors = _paired_moments(correct, pairs)
    differences = differences / results[0].protocol.queries_per_episode
    errors = errors / results[0].protocol.queries_per_episode
    p_values = np.minimum(2 * _upper_tail(np.abs(differences), errors, n - 1), 1)
    halves = stdtrit(n - 1, (1 + level) / 2) * errors
    superiority = _superiority(correct, pairs)
    rows = zip(pairs, differences, halves, p_values, holm(p_values), superiority, strict=True)
    return [
        Comparison(
            a=results[i],
            b=results[j],
            difference=float(d),
            interval=Interval(float(d), float(d - half), float(d + half), level, "paired-t", n),
            bootstrap=_bootstrap(results[i], results[j], level, *bootstrap),
            p_value=float(p),
            p_adjusted=float(adjusted),
            superiority=float(share),
            n=n,
        )
        for (i, j), d, half, p, adjusted, share in rows
    ]


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


def _superiority(correct: NDArray[np.int32], pairs: NDArray[np.integer]) -> NDArray[np.float64]:
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
    values, counts = np.unique(a.correct - b.correct, return_counts=True)
    means = bootstrap_mean(counts, values / queries, resamples, seed)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    mean = float(values @ counts) / n / queries
    return Interval(mean, float(low), float(high), level, "paired-bootstrap", n)


def _upper_tail(
    value: NDArray[np.float64] | float, error: NDArray[np.float64] | float, df: float
) -> NDArray[np.float64]:
    """P(T > value / error) for Student's T; without any error half for 0, else all or nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(np.asarray(value) == 0, 0.0, np.asarray(value) / np.asarray(error))
    return np.asarray(stdtr(df, -ratio))


def _refuse_other_episodes(first: RunResult, other: RunResult) -> None:
    same = [(name, first.protocol, other.protocol) for name in EPISODE_FIELDS]
    same += [(name, first, other) for name in ("data_fingerprint", "episodes_fingerprint")]
    for name, one, two in same:
        expected, got = getattr(one, name), getattr(two, name)
        if expected != got:
            raise ResultError(
                f"{first.file_stem} and {other.file_stem} were not scored on the same episodes, so "
                f"they cannot be paired. Expected {name} {expected} for both; got {got}. Evaluate "
                "both on one build with the same --protocol and --episodes"
            )


def _check_published(mean: float, margin: float, half_width: float | None) -> None:
    if not 0 <= mean <= 1:
        raise ResultError(
            f"published mean: expected a fraction from 0 to 1; got {mean}. "
            "Divide percentages by 100"
        )
    if not 0 < margin < 1:
        raise ResultError(
            f"margin: expected a fraction like 0.01 for 1 point; got {margin}. "
            "Divide percentages by 100"
        )
    if half_width is not None and not 0 <= half_width < 1:
        raise ResultError(
            f"published half-width: expected a fraction like 0.008; got {half_width}. "
            "Divide percentages by 100"
        )

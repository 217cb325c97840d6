"""Judge whether a result reproduces a published number."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from scipy.special import ndtri

from ..records import ResultError, RunResult
from .accuracies import check_level, mean_and_std
from .arrays import FloatArray
from .betting import betting_limits, betting_p_value
from .little_spread import Allowance, MeanError

Verdict = Literal["reproduced", "not reproduced", "undecided"]
_PERCENT = "Divide percentages by 100"
# The factor by which papers multiply a standard error for their ± at 95 %.
Z_OF_PAPERS = 1.96


@dataclass(frozen=True)
class Equivalence:
    """The verdict on whether a result lies within `margin` of a published mean.

    All numbers are fractions.

    difference: our mean minus the published mean
    low, high: the interval of the difference, at level 1 - 2 * alpha. alpha is the risk
        of a wrong "reproduced", and also the risk of a wrong "not reproduced".
    p_value: p-value of the claim that the true difference is beyond the margin
    verdict: "reproduced" if the interval lies within ± margin, "not reproduced" if it
        lies outside, "undecided" if it contains a border of the margin
    """

    difference: float
    low: float
    high: float
    margin: float
    p_value: float
    verdict: Verdict

    @classmethod
    def judged(
        cls,
        difference: float,
        limits: tuple[float, float],
        margin: float,
        p_value: float,
        risk: float,
    ) -> Self:
        """Return an `Equivalence` with the verdict that follows from these numbers.

        risk: the alpha of `Equivalence`
        """
        low, high = limits
        verdict: Verdict = "undecided"
        if p_value <= risk:
            verdict = "reproduced"
        elif low > margin or high < -margin:
            verdict = "not reproduced"
        return cls(
            difference=difference,
            low=low,
            high=high,
            margin=margin,
            p_value=p_value,
            verdict=verdict,
        )

    def __str__(self) -> str:
        unit = "point" if self.margin == 0.01 else "points"
        margin = f"{100 * self.margin:g} {unit}"
        limits = f"[{100 * self.low:+.2f}, {100 * self.high:+.2f}]"
        return (
            f"{self.verdict} within {margin}: ours minus published "
            f"{100 * self.difference:+.2f} {limits}, "
            f"p of a difference beyond {margin} {self.p_value:.2g}"
        )


def reproduced(
    result: RunResult,
    published_mean: float,
    margin: float,
    level: float = 0.95,
    published_half_width: float | None = None,
) -> Equivalence:
    """Judge by two one-sided t-tests whether a result reproduces a published mean.

    published_mean: a fraction
    margin: a fraction; the largest difference that counts as reproduced
    published_half_width: the ± printed beside the published mean. It is taken as 1.96
        standard errors of the mean of independent episodes. With None, the published
        mean counts as exact. The ± does not cover the spread between training seeds, so
        the margin must cover it.
    Source: Schuirmann, J. Pharmacokinet. Biopharm. 15 (1987), 657-680; degrees of
    freedom by Welch and Satterthwaite.
    Raises ResultError for values that are not fractions, or for a single episode.
    """
    check_level(level)
    _check_published(published_mean, margin, published_half_width)
    if result.accuracies.size < 2:
        raise ResultError(
            "cannot judge a result on a single episode: expected at least 2 episodes, "
            "got 1. Evaluate more: --episodes 1000"
        )
    if result.protocol.interval == "anytime":
        published_error = (published_half_width or 0.0) / Z_OF_PAPERS
        return _by_bets(result, published_mean, margin, level, published_error)
    return equivalent_mean(
        result.accuracies,
        published_mean,
        margin,
        level,
        published_half_width,
    )


def equivalent_mean(
    accuracies: FloatArray,
    published_mean: float,
    margin: float,
    level: float = 0.95,
    published_half_width: float | None = None,
) -> Equivalence:
    """Judge by two one-sided t-tests whether a mean is near a published mean.

    accuracies: float64 (n,) the averaged fractions, such as one for each episode, or one
        for each training run; n at least 2
    The other arguments and the source are those of `reproduced`.
    Raises ResultError for values that are not fractions.
    """
    check_level(level)
    _check_published(published_mean, margin, published_half_width)
    known = _mean_error(accuracies, (published_half_width or 0.0) / Z_OF_PAPERS)
    mean, _ = mean_and_std(accuracies)
    difference = mean - published_mean
    limits = (
        difference - known.width(1 - level, mean),
        difference + known.width(1 - level, 1 - mean),
    )
    too_low = known.tail(difference + margin, mean)
    too_high = known.tail(margin - difference, 1 - mean)
    return Equivalence.judged(
        difference=difference,
        limits=limits,
        margin=margin,
        p_value=max(too_low, too_high),
        risk=1 - level,
    )


def _mean_error(accuracies: FloatArray, published_error: float) -> MeanError:
    """Return how well the difference from a published mean is known.

    The published error is taken as known exactly, that is, with infinitely many degrees
    of freedom.
    """
    n = accuracies.size
    _, std = mean_and_std(accuracies)
    own_variance = std**2 / n
    variance = own_variance + published_error**2
    df = np.inf
    if own_variance:
        df = (n - 1) * (variance / own_variance) ** 2
    return MeanError(float(np.sqrt(variance)), df, Allowance.of(accuracies))


def _by_bets(
    result: RunResult,
    published: float,
    margin: float,
    level: float,
    published_error: float,
) -> Equivalence:
    """Judge by bets whether a result reproduces a published mean.

    Bets replace the t-test if the interval of the protocol is "anytime", which allows
    the evaluation to stop early.

    The risk of a wrong verdict is 1 - level. Half of this risk is allowed for the error
    of the published mean, and half for the error of our mean.
    """
    values, counts = np.unique(result.accuracies, return_counts=True)
    slack = float(ndtri((1 + level) / 2)) * published_error
    low, high = betting_limits(values, counts, 1 - level)
    lower_border = published - margin + slack
    upper_border = published + margin - slack
    # p-values of the claims that the mean is at most the lower border, and that it is
    # at least the upper border.
    too_low = betting_p_value(values, counts, lower_border)
    too_high = betting_p_value(1 - values, counts, 1 - upper_border)
    beyond = max(too_low, too_high)
    limits = (low - published - slack, high - published + slack)
    difference = result.mean - published
    p_value = min(2 * beyond, 1.0)
    return Equivalence.judged(
        difference=difference,
        limits=limits,
        margin=margin,
        p_value=p_value,
        risk=1 - level,
    )


def _check_published(mean: float, margin: float, half_width: float | None) -> None:
    if not 0 <= mean <= 1:
        raise ResultError(
            f"published mean: expected a fraction from 0 to 1, got {mean}. {_PERCENT}"
        )
    if not 0 < margin < 1:
        raise ResultError(
            "margin: expected a fraction above 0, like 0.01 for 1 percentage point, "
            f"got {margin}. {_PERCENT}"
        )
    if half_width is not None and not 0 <= half_width < 1:
        raise ResultError(
            f"published half-width: expected a fraction like 0.008, got {half_width}. "
            f"{_PERCENT}"
        )

"""Whether a result reproduces a published number."""

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtr, stdtrit

from ..records import ResultError, RunResult
from .betting import betting_limits, betting_p_value, little_spread
from .intervals import check_level

Verdict = Literal["reproduced", "not reproduced", "undecided"]


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

    @classmethod
    def judged(
        cls,
        difference: float,
        limits: tuple[float, float],
        margin: float,
        p_value: float,
        risk: float,
    ) -> Self:
        """With the verdict that the limits and the p-value allow at this risk."""
        verdict: Verdict = "undecided"
        if p_value <= risk:
            verdict = "reproduced"
        elif limits[0] > margin or limits[1] < -margin:
            verdict = "not reproduced"
        return cls(difference, *limits, margin, p_value, verdict)

    def __str__(self) -> str:
        low, high = 100 * self.low, 100 * self.high
        margin = f"{100 * self.margin:g} point{'s' * (self.margin != 0.01)}"
        return (
            f"{self.verdict} within {margin}: ours minus published {100 * self.difference:+.2f} "
            f"[{low:+.2f}, {high:+.2f}], p of a difference beyond {margin} {self.p_value:.2g}"
        )


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
    if result.accuracies.size < 2:
        raise ResultError("no verdict from one episode. Evaluate more: --episodes 1000")
    if result.protocol.interval == "anytime" or little_spread(result.accuracies):
        return _by_bets(result, published_mean, margin, level, published_half_width)
    own = float(result.accuracies.var(ddof=1)) / result.accuracies.size
    variance = own + _published_error(published_half_width) ** 2
    # The published error is taken as known, so it adds degrees of freedom: infinitely many of its.
    df = (result.accuracies.size - 1) * (variance / own) ** 2
    difference, error = result.mean - published_mean, float(np.sqrt(variance))
    half = float(stdtrit(df, level)) * error
    beyond = float(stdtr(df, (abs(difference) - margin) / error))
    limits = (difference - half, difference + half)
    return Equivalence.judged(difference, limits, margin, beyond, 1 - level)


def _by_bets(
    result: RunResult,
    published: float,
    margin: float,
    level: float,
    half_width: float | None,
) -> Equivalence:
    """Where episodes are too much alike for a t-test, or stopped when it suited. Half of the risk
    goes to what the published number may be off by."""
    counted: tuple[NDArray[np.float64], NDArray[np.integer]] = np.unique(
        result.accuracies, return_counts=True
    )
    slack = float(ndtri((1 + level) / 2)) * _published_error(half_width)
    low, high = betting_limits(*counted, 1 - level)
    values, counts = counted
    # That the mean is at most the lower border, or at least the upper one.
    beyond = max(
        betting_p_value(values, counts, published - margin + slack),
        betting_p_value(1 - values, counts, 1 - (published + margin - slack)),
    )
    limits = (low - published - slack, high - published + slack)
    difference = result.mean - published
    return Equivalence.judged(
        difference, limits, margin, min(2 * beyond, 1.0), 1 - level
    )


def _published_error(half_width: float | None) -> float:
    return (half_width or 0.0) / 1.96


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

"""Test whether a new result is no worse than a reference on the same episodes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..records import ResultError, RunResult
from .accuracies import check_level
from .churn import Churn, churn
from .comparisons import check_same_episodes
from .paired_tests import paired_intervals

Outcome = Literal["pass", "fail", "undecided"]


@dataclass(frozen=True)
class Limits:
    """What counts as worse.

    All numbers are fractions.

    margin: a drop of at most `margin` is of no interest
    drop: the check fails if the accuracy surely dropped by more than `drop`. With 0,
        every significant drop fails. With the margin, only drops beyond the margin fail.
    alpha: the risk that the check fails although the accuracy did not drop by more than
        `drop`. It is also the risk that the check passes in spite of a drop beyond the
        margin.
    """

    margin: float = 0.005
    drop: float = 0.0
    alpha: float = 0.05

    def __post_init__(self) -> None:
        check_level(self.alpha)
        if not 0 < self.margin < 1:
            raise ResultError(
                "margin: expected a fraction above 0, like 0.005 for half a percentage "
                f"point, got {self.margin}. Divide percentages by 100"
            )
        if not 0 <= self.drop <= self.margin:
            raise ResultError(
                f"drop: expected a fraction from 0 to the margin {self.margin}, got "
                f"{self.drop}. Choose a larger margin or a smaller drop"
            )


@dataclass(frozen=True)
class NonInferiority:
    """Whether a new result is worse than a reference on the same episodes.

    All numbers are fractions.

    difference: the new accuracy minus the accuracy of the reference
    low, high: one-sided limits of the difference, each with the risk alpha
    improved: whether the accuracy surely rose
    outcome: "fail" if the accuracy surely dropped by more than `limits.drop`, "pass" if it
        surely dropped by less than `limits.margin`, "undecided" otherwise
    more_episodes: about how many more episodes would decide; None if it is decided
        already, or if no number of episodes would help
    """

    difference: float
    low: float
    high: float
    improved: bool
    limits: Limits
    churn: Churn
    outcome: Outcome
    more_episodes: int | None = None


def no_worse(
    new: RunResult, reference: RunResult, limits: Limits | None = None
) -> NonInferiority:
    """Test with paired episodes whether a new result is no worse than a reference.

    The test is Student's paired t-test, or a bet if a protocol has the interval
    "anytime"; see `compare`. Equal predictions pass without a test.
    Raises ResultError if the results are not on the same episodes, or if there are fewer
    than two episodes.
    """
    limits = limits or Limits()
    check_same_episodes([new, reference])
    changed = churn(reference, new)
    if not changed.n_changed:
        return NonInferiority(0.0, 0.0, 0.0, False, limits, changed, "pass")
    correct = np.stack([new.correct, reference.correct])
    # A two-sided interval of this level has one-sided limits with the risk alpha each.
    level = 1 - 2 * limits.alpha
    [interval], _ = paired_intervals(
        [new, reference], correct, np.array([[0, 1]]), level
    )
    outcome = _outcome(interval.low, interval.high, limits)
    return NonInferiority(
        difference=interval.mean,
        low=interval.low,
        high=interval.high,
        improved=interval.low > 0,
        limits=limits,
        churn=changed,
        outcome=outcome,
        more_episodes=_more_episodes(interval.mean, interval.low, interval.n, limits)
        if outcome == "undecided"
        else None,
    )


def _outcome(low: float, high: float, limits: Limits) -> Outcome:
    if high < -limits.drop:
        return "fail"
    if low > -limits.margin:
        return "pass"
    return "undecided"


def _more_episodes(difference: float, low: float, n: int, limits: Limits) -> int | None:
    """Estimate how many more episodes decide, if the difference stays as it is.

    The half-width shrinks with the root of the number of episodes. It must become
    smaller than the distance of the difference from the nearest border that decides.
    """
    half_width = difference - low
    to_pass = difference + limits.margin
    to_fail = -limits.drop - difference
    distance = max(to_pass, to_fail)
    if distance <= 0:
        return None
    needed = n * (half_width / distance) ** 2
    return max(int(np.ceil(needed)) - n, 1)

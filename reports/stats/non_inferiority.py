"""Test whether a new result is no worse than a reference on the same episodes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..records import ResultError, RunResult
from .arrays import IntArray
from .churn import Churn, churn
from .comparisons import check_same_episodes
from .paired_tests import paired_intervals

Outcome = Literal["pass", "fail", "undecided"]


@dataclass(frozen=True)
class Limits:
    """What counts as worse. All numbers are fractions.

    margin: a drop of at most `margin` is of no interest
    drop: the test fails if the accuracy surely dropped by more than `drop`. With 0, every
        significant drop fails; with the margin, only drops beyond the margin fail.
    alpha: the risk that the test fails although the accuracy did not drop by more than
        `drop`. It is also the risk that it passes in spite of a drop beyond the margin.
    two_sided: whether a rise is judged like a drop, so that "pass" means equivalent
    Raises ResultError for numbers out of range.
    """

    margin: float = 0.005
    drop: float = 0.0
    alpha: float = 0.05
    two_sided: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 0.5:
            raise ResultError(
                f"alpha: expected a fraction above 0 and below 0.5, got {self.alpha}. "
                f"Divide percentages by 100"
            )
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
    n: number of episodes
    outcome: "fail" if the accuracy surely dropped by more than `limits.drop`, otherwise
        "pass" if it surely dropped by less than `limits.margin`, otherwise "undecided".
        If `limits.two_sided`, a rise counts like a drop.
    more_episodes: about how many more episodes would decide, if the difference stays as
        it is; None if it is decided, or if no number of episodes would help
    """

    difference: float
    low: float
    high: float
    n: int
    limits: Limits

    @property
    def improved(self) -> bool:
        """Whether the accuracy surely rose."""
        return self.low > 0

    @property
    def dropped(self) -> bool:
        """Whether the accuracy surely dropped by more than `limits.drop`."""
        return self.high < -self.limits.drop

    @property
    def outcome(self) -> Outcome:
        limits = self.limits
        rose = limits.two_sided and self.low > limits.drop
        if self.dropped or rose:
            return "fail"
        too_high = limits.two_sided and self.high >= limits.margin
        if self.low > -limits.margin and not too_high:
            return "pass"
        return "undecided"

    @property
    def more_episodes(self) -> int | None:
        if self.outcome != "undecided":
            return None
        distance = max(_room_to_pass(self), _room_to_fail(self))
        if distance <= 0:
            return None
        # The half-width shrinks with the root of the number of episodes.
        half_width = (self.high - self.low) / 2
        factor = (half_width / distance) ** 2
        needed = int(np.ceil(self.n * factor))
        return max(needed - self.n, 1)


def no_worse(
    new: RunResult, reference: RunResult, limits: Limits | None = None
) -> NonInferiority:
    """Test with paired episodes whether a new result is no worse than a reference.

    The test is Student's paired t-test, or a bet if a protocol has the interval
    "anytime"; see `compare`. Equal predictions pass without a test.
    Raises ResultError if the results are not on the same episodes, or if there are fewer
    than two episodes.
    """
    check_same_episodes([new, reference])
    return no_worse_than_counts(new, reference.correct, limits)


def no_worse_than_counts(
    new: RunResult, correct: IntArray, limits: Limits | None = None
) -> NonInferiority:
    """Test as `no_worse` does, if only the right answers of the reference are known.

    correct: int (n_episodes,) right answers of the reference in each episode of `new`
    """
    limits = limits or Limits()
    n = new.protocol.n_episodes
    if np.array_equal(new.correct, correct):
        return NonInferiority(0.0, 0.0, 0.0, n, limits)
    # A two-sided interval of this level has one-sided limits with the risk alpha each.
    level = 1 - 2 * limits.alpha
    both = np.stack([new.correct, correct])
    pair = np.array([[0, 1]])
    [interval], _ = paired_intervals([new, new], both, pair, level)
    return NonInferiority(interval.mean, interval.low, interval.high, n, limits)


def changed(new: RunResult, reference: RunResult) -> Churn:
    """Count the predictions that changed from a reference to a new result.

    "right to wrong" are the queries that only the reference answers right.
    Raises ResultError if the results are not on the same episodes.
    """
    check_same_episodes([new, reference])
    return churn(reference, new)


def _room_to_pass(found: NonInferiority) -> float:
    """Return how far the difference is inside the margin; negative if it is outside."""
    room = found.difference + found.limits.margin
    if found.limits.two_sided:
        room = min(room, found.limits.margin - found.difference)
    return room


def _room_to_fail(found: NonInferiority) -> float:
    """Return how far the difference is in the region that fails; negative if outside."""
    room = -found.limits.drop - found.difference
    if found.limits.two_sided:
        room = max(room, found.difference - found.limits.drop)
    return room

"""The rule by which an evaluation stops early: once its interval is narrow enough.

The result has an interval of the kind "anytime". This interval stays valid although its own
width decides when the evaluation stops.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..datasets.info import DataError
from ..reports.protocol import EvalProtocol
from .protocols.catalogue import check_episodes

MOST_EPISODES = 100_000
# A multiple of every `range_step`.
_STEP = 256
# The interval is checked after each range of episodes. A check costs little, but
# unnecessary episodes cost time too. So a range adds only a quarter to the episodes so
# far, or one step if that is more.
_GROWTH = 1.25


@dataclass(frozen=True)
class StopRule:
    """The rule by which an evaluation stops early.

    half_width: stop if the half-width of the 95 % interval is at most this fraction
    most_episodes: stop after this number of episodes in any case
    Raises DataError if `half_width` is not between 0 and 0.5, or if `most_episodes` is
    too large for a result.
    """

    half_width: float
    most_episodes: int = MOST_EPISODES

    def __post_init__(self) -> None:
        check_episodes(self.most_episodes)
        if not 0 < self.half_width < 0.5:
            raise DataError(
                f"--until-half-width: expected a half-width above 0 and below 50 %, "
                f"got {self.half_width:g}. For example: --until-half-width 0.1%"
            )

    def protocol(self, protocol: EvalProtocol) -> EvalProtocol:
        """Return the protocol of an evaluation that stops early by this rule.

        Its name ends in -until-0.1pct for a half-width of 0.1 %. Its `n_episodes` is the
        largest number of episodes that the rule allows.
        Raises DataError if the episodes of `protocol` are not drawn independently, since
        their number is then fixed.
        """
        if protocol.sampling != "independent":
            raise DataError(
                f"{protocol.name}: --until-half-width expected a protocol with "
                f"independent episodes, got {protocol.sampling} episodes, whose number "
                f"is fixed. Omit --until-half-width, or choose another protocol: "
                f"fewbench protocol list"
            )
        percent = f"{100 * self.half_width:.12f}".rstrip("0").rstrip(".")
        return replace(
            protocol,
            name=f"{protocol.name}-until-{percent}pct",
            n_episodes=self.most_episodes,
            interval="anytime",
        )

    def is_met(self, accuracies: np.ndarray) -> bool:
        """Tell whether the interval around the mean accuracy is narrow enough.

        accuracies: float64 (n_episodes,) in 0..1
        """
        from ..reports.stats.intervals import anytime  # it imports scipy

        return anytime(accuracies).half_width <= self.half_width


def growing_ranges(n_episodes: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of episodes: (start, end). The interval is checked after each range."""
    start = 0
    while start < n_episodes:
        grown = int(start * _GROWTH) // _STEP * _STEP
        end = min(max(start + _STEP, grown), n_episodes)
        yield start, end
        start = end

"""When an evaluation may stop before the end of its protocol."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..datasets.info import DataError
from ..reports.protocol import EvalProtocol
from .protocols.catalogue import check_episodes

MOST_EPISODES = 100_000
# A multiple of every `range_step`.
_STEP = 256
# Looking at the interval costs little, but episodes beyond the need cost too: each range makes
# the total grow by a quarter.
_GROWTH = 1.25


@dataclass(frozen=True)
class StopRule:
    """Stop once the 95 % interval has this half-width, or after `most_episodes`.

    half_width: a fraction
    Raises DataError for a half-width that no interval has, or for too many episodes.
    """

    half_width: float
    most_episodes: int = MOST_EPISODES

    def __post_init__(self) -> None:
        check_episodes(self.most_episodes)
        if not 0 < self.half_width < 0.5:
            raise DataError(
                f"--until-half-width: expected a half-width above 0 and below 50 %, got "
                f"{self.half_width:g}. For instance: --until-half-width 0.1%"
            )

    def protocol(self, protocol: EvalProtocol) -> EvalProtocol:
        """The protocol of an evaluation that stops by this rule.

        Its interval, of the kind "anytime", allows for the stopping. `n_episodes` is how
        many there are at most.
        Raises DataError for a protocol whose episodes are a fixed list.
        """
        if protocol.sampling != "independent":
            raise DataError(
                f"{protocol.name}: cannot stop by a half-width: expected a protocol of "
                f"independent episodes, got {protocol.sampling} ones, whose number is "
                f"fixed. Omit --until-half-width, or choose another protocol: fewbench "
                f"protocol list"
            )
        percent = f"{100 * self.half_width:.12f}".rstrip("0").rstrip(".")
        return replace(
            protocol,
            name=f"{protocol.name}-until-{percent}pct",
            n_episodes=self.most_episodes,
            interval="anytime",
        )

    def is_met(self, accuracies: np.ndarray) -> bool:
        """Whether the interval around the mean of the episodes so far is narrow enough.

        accuracies: float64 (n_episodes,) in 0..1
        """
        from ..reports.stats.intervals import anytime  # it imports scipy

        return anytime(accuracies).half_width <= self.half_width


def growing_ranges(n_episodes: int) -> Iterator[tuple[int, int]]:
    """Start and end of the ranges after which an evaluation looks at its interval."""
    start = 0
    while start < n_episodes:
        grown = int(start * _GROWTH) // _STEP * _STEP
        end = min(max(start + _STEP, grown), n_episodes)
        yield start, end
        start = end

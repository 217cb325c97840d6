"""Estimate how many episodes and queries a wanted precision needs.

The estimate comes from a pilot: a result that exists already.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..records import ResultError, RunResult
from .betting import betting_limits
from .comparisons import compare
from .little_spread import share_that_differs
from .precision_target import PrecisionTarget, fewest_episodes

QUERIES = (1, 5, 10, 15, 20, 30, 50)


@dataclass(frozen=True)
class Spread:
    """The variance of an episode's accuracy and its two components.

    Units are squared fractions.

    The variance is between + within / (n_way * n_query).

    between: variance of the accuracy that an episode would have with infinitely many
        queries; it comes from the draw of classes and support images
    within: variance of a single query's answer around the accuracy of the query's class
        in the same episode
    total: variance of an episode's accuracy in the pilot, with its n_way and n_query
    differing: fraction of the pilot's episodes that differ from the most common value
    room: distance from the mean to the worst possible value, a fraction
    """

    between: float
    within: float
    total: float
    n_way: int
    n_query: int
    differing: float
    room: float

    def variance(self, n_query: int) -> float:
        """Return the variance of an episode's accuracy with `n_query` queries per class."""
        if n_query == self.n_query:
            return self.total
        return self.between + self.within / (self.n_way * n_query)


@dataclass(frozen=True)
class PlanRow:
    """The number of episodes and seconds needed with `n_query` queries per class.

    Both numbers are None if more than a billion episodes would be needed.
    """

    n_query: int
    n_episodes: int | None
    seconds: float | None


def spread(pilot: RunResult, against: RunResult | None = None) -> Spread:
    """Split the variance of the pilot's accuracy over episodes into two components.

    If `against` is given, split the variance of the difference between the two results.

    `within` is estimated in each episode and class (unbiased, over n_query - 1).
    `between` is the rest, or 0 if the rest is negative. With one query per class the
    variance cannot be split, and `within` is 0.
    Raises ResultError for fewer than two episodes, if all episodes have the same value,
    or if the results were not scored on the same episodes.
    """
    protocol = pilot.protocol
    if protocol.n_episodes < 2:
        raise ResultError(
            "cannot plan from a single episode: expected a pilot with at least 2 "
            "episodes, got 1. Evaluate more: --episodes 200"
        )
    scores = pilot.hits.astype(np.float64)
    what = "score"
    rival = 0
    if against is not None:
        rival = against.correct
        compare(pilot, against, resamples=0)  # raises if the episodes differ
        scores = scores - against.hits
        what = "difference from the other result"
    per_episode = scores.mean(axis=(1, 2))
    total = float(per_episode.var(ddof=1))
    if total == 0:
        raise ResultError(
            f"cannot plan: expected episodes that differ, got the same {what} in every "
            f"episode of the pilot. Evaluate more: --episodes 1000"
        )
    within = 0.0
    if protocol.n_query > 1:
        within = float(scores.var(axis=2, ddof=1).mean())
    mean = float(per_episode.mean())
    lowest = 0.0 if against is None else -1.0
    return Spread(
        between=max(total - within / protocol.queries_per_episode, 0.0),
        within=within,
        total=total,
        n_way=protocol.n_way,
        n_query=protocol.n_query,
        differing=share_that_differs(pilot.correct - rival),
        room=max(mean - lowest, 1 - mean),
    )


def plan(
    pilot: RunResult,
    target: PrecisionTarget,
    against: RunResult | None = None,
) -> list[PlanRow]:
    """Return the needed episodes and seconds for each number of queries per class.

    Only numbers of queries are planned for which every class has enough images. If the
    pilot has one query per class, the only number is 1. The fraction of episodes that
    differ from the most common value is taken as the same for all numbers of queries.

    against: the second result for the difference. Without it, the results are assumed to
        be uncorrelated. But results on the same episodes are usually correlated, so
        fewer episodes will probably do.
    Raises ResultError in the same cases as `spread` and `PrecisionTarget.episodes`.
    """
    found = spread(pilot, against)
    factor = 1
    if target.difference is not None and against is None:
        factor = 2
    rows = []
    for n_query in _query_counts(pilot):
        variance = factor * found.variance(n_query)
        n = target.episodes(variance, found.differing, found.room)
        duration = None
        if n is not None:
            duration = seconds(pilot, n, n_query)
        row = PlanRow(
            n_query=n_query,
            n_episodes=n,
            seconds=duration,
        )
        rows.append(row)
    return rows


def anytime_episodes(
    pilot: RunResult,
    half_width: float,
    level: float = 0.95,
) -> int | None:
    """Return after how many episodes the interval "anytime" is narrow enough.

    It is computed for episodes with the same accuracies as those of the pilot. None if
    a billion episodes do not suffice.

    half_width: a fraction
    """
    values, counts = np.unique(pilot.accuracies, return_counts=True)
    shares = counts / counts.sum()
    mean = float(values @ shares)

    def reaches(n: int) -> bool:
        low, high = betting_limits(values, n * shares, 1 - level)
        return max(high - mean, mean - low) <= half_width

    return fewest_episodes(reaches)


def seconds(pilot: RunResult, n_episodes: int, n_query: int) -> float:
    """Estimate how long `n_episodes` episodes take on the pilot's machine.

    The time for embedding grows with the number of distinct images. The time for the
    probe (whether the learner is transductive) is constant. All other time grows with
    the number of images in all episodes.
    """
    protocol = pilot.protocol
    spent = pilot.seconds
    embed = spent.get("embed", 0.0)
    once = spent.get("probe", 0.0)
    total = spent.get("total", sum(spent.values()))
    rest = max(total - embed - once, 0.0)
    pilot_images = protocol.n_shot + protocol.n_query
    images = (protocol.n_shot + n_query) / pilot_images
    seen = _distinct_images(pilot, protocol.n_episodes, protocol.n_query)
    embed *= _distinct_images(pilot, n_episodes, n_query) / seen
    return embed + once + rest * images * n_episodes / protocol.n_episodes


def cheapest(rows: Sequence[PlanRow]) -> PlanRow | None:
    """Return the row with the fewest seconds, or None if no row reaches the target."""
    feasible = [row for row in rows if row.seconds is not None]
    return min(feasible, key=lambda row: (row.seconds, row.n_query), default=None)


def _query_counts(pilot: RunResult) -> list[int]:
    protocol = pilot.protocol
    if protocol.n_query == 1:
        return [1]
    room = int(pilot.class_sizes.min()) - protocol.n_shot
    counts = {n for n in QUERIES if n <= room}
    counts.add(protocol.n_query)
    return sorted(counts)


def _distinct_images(pilot: RunResult, n_episodes: int, n_query: int) -> float:
    """Return the expected number of distinct images in `n_episodes` episodes."""
    protocol = pilot.protocol
    sizes = pilot.class_sizes.astype(np.float64)
    share = np.minimum((protocol.n_shot + n_query) / sizes, 1)
    times = n_episodes * protocol.n_way / sizes.size
    seen = sizes * (1 - (1 - share) ** times)
    return float(seen.sum())

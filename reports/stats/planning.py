"""How many episodes and queries a wanted precision takes, from a pilot result."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from ..records import ResultError, RunResult
from .comparisons import compare

QUERIES = (1, 5, 10, 15, 20, 30, 50)
# Beyond these a plan is an arithmetic exercise.
_MOST_EPISODES = 10**9


@dataclass(frozen=True)
class Spread:
    """Variance of an episode's accuracy, in squared fractions: between + within / n_queries.

    between: of what an episode can score with endless queries of its classes (which classes,
        which support images); within: of a single query about the share of its class and episode
    n_way, n_query: of the pilot; total: as measured in the pilot
    """

    between: float
    within: float
    total: float
    n_way: int
    n_query: int

    def variance(self, n_query: int) -> float:
        """Of an episode with so many queries per class."""
        if n_query == self.n_query:
            return self.total
        return self.between + self.within / (self.n_way * n_query)


@dataclass(frozen=True)
class PlanRow:
    """What `n_query` queries per class take: episodes and seconds (None: more than a billion)."""

    n_query: int
    n_episodes: int | None
    seconds: float | None


@dataclass(frozen=True)
class Goal:
    """What is wanted, in fractions: a half-width, or else the power to detect a difference."""

    half_width: float | None = None
    difference: float | None = None
    power: float = 0.8
    level: float = 0.95

    def episodes(self, variance: float) -> int | None:
        """How many episodes of this variance it takes (that of the difference of two, for a
        difference): the smallest n with t quantiles of its own n - 1 degrees of freedom."""
        wanted = self.half_width if self.difference is None else self.difference
        if not wanted:
            raise ResultError("a plan needs a half-width or a difference above 0")

        def reaches(n: int) -> bool:
            factor = float(stdtrit(n - 1, (1 + self.level) / 2))
            if self.difference is not None:
                factor += float(stdtrit(n - 1, self.power))
            return factor * math.sqrt(variance / n) <= wanted

        return _first(reaches)


def spread(pilot: RunResult, against: RunResult | None = None) -> Spread:
    """Split the variance between episodes of a pilot's accuracy, or of its difference to another.

    The variance within an episode and class, unbiased (over n_query - 1), is that of single
    queries; what is left of the variance of episodes is between them. Sampling error may make
    that negative: then it is 0. With one query per class nothing can be split, and within is 0.
    Raises ResultError for fewer than two episodes, no spread, or two on different episodes.
    """
    protocol = pilot.protocol
    if protocol.n_episodes < 2:
        raise ResultError(
            "no plan from one episode: expected a pilot of at least 2; got 1. "
            "Evaluate more: --episodes 200"
        )
    scores = pilot.hits.astype(np.float64)
    if against is not None:
        compare(pilot, against, resamples=0)  # refuses other episodes
        scores = scores - against.hits
    total = float(scores.mean(axis=(1, 2)).var(ddof=1))
    if total == 0:
        raise ResultError(
            "no plan without spread: every episode of the pilot has the same "
            f"{'score' if against is None else 'difference'}. Evaluate more: --episodes 1000"
        )
    if protocol.n_query == 1:
        return Spread(total, 0.0, total, protocol.n_way, 1)
    within = float(scores.var(axis=2, ddof=1).mean())
    between = max(total - within / protocol.queries_per_episode, 0.0)
    return Spread(between, within, total, protocol.n_way, protocol.n_query)


def plan(
    pilot: RunResult, goal: Goal, against: RunResult | None = None
) -> list[PlanRow]:
    """For each number of queries per class: the episodes that reach the goal, and their seconds.

    A difference without `against` is planned as if the two results were uncorrelated, which
    results on the same episodes seldom are: it takes more episodes than are likely needed.
    Only as many queries as the smallest class holds beside the support; with a pilot of one query
    per class only that. Raises ResultError as `spread`.
    """
    found = spread(pilot, against)
    factor = 2 if goal.difference is not None and against is None else 1
    rows = []
    for n_query in _query_counts(pilot):
        n = goal.episodes(factor * found.variance(n_query))
        rows.append(
            PlanRow(n_query, n, None if n is None else seconds(pilot, n, n_query))
        )
    return rows


def seconds(pilot: RunResult, n_episodes: int, n_query: int) -> float:
    """Roughly what so many episodes take where the pilot ran: what was spent on embedding goes
    by the distinct images, the probe is made once, and all else goes by the images of episodes."""
    protocol, spent = pilot.protocol, pilot.seconds
    images = (protocol.n_shot + n_query) / (protocol.n_shot + protocol.n_query)
    embed, once = spent.get("embed", 0.0), spent.get("probe", 0.0)
    rest = max(spent.get("total", sum(spent.values())) - embed - once, 0.0)
    seen = _distinct_images(pilot, protocol.n_episodes, protocol.n_query)
    embed *= _distinct_images(pilot, n_episodes, n_query) / seen
    return embed + once + rest * images * n_episodes / protocol.n_episodes


def cheapest(rows: Sequence[PlanRow]) -> PlanRow | None:
    """The row that takes the fewest seconds, if any is feasible."""
    feasible = [row for row in rows if row.seconds is not None]
    return min(feasible, key=lambda row: (row.seconds, row.n_query), default=None)


def _query_counts(pilot: RunResult) -> list[int]:
    protocol = pilot.protocol
    if protocol.n_query == 1:
        return [1]
    room = int(pilot.class_sizes.min()) - protocol.n_shot
    return sorted({n for n in QUERIES if n <= room} | {protocol.n_query})


def _distinct_images(pilot: RunResult, n_episodes: int, n_query: int) -> float:
    """How many different images so many episodes are expected to hold."""
    sizes = pilot.class_sizes.astype(np.float64)
    share = np.minimum((pilot.protocol.n_shot + n_query) / sizes, 1)
    times = n_episodes * pilot.protocol.n_way / sizes.size
    return float((sizes * (1 - (1 - share) ** times)).sum())


def _first(reaches: Callable[[int], bool]) -> int | None:
    """The smallest n from 2 on for which `reaches(n)`, which more episodes never undo."""
    if not reaches(_MOST_EPISODES):
        return None
    low, high = 1, 2
    while not reaches(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reaches(middle) else (middle, high)
    return high

"""Estimate from a pilot result how many episodes and queries a given precision needs."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from ..records import ResultError, RunResult
from .comparisons import compare

QUERIES = (1, 5, 10, 15, 20, 30, 50)
# No plan goes beyond this.
_MOST_EPISODES = 10**9


@dataclass(frozen=True)
class Spread:
    """Variance of an episode's accuracy, in squared fractions: between + within / n_queries.

    between: variance of what an episode would score with endless queries of its classes. It
        comes from the classes and the support images that were drawn
    within: variance of a single query about the share of its class and episode
    total: as measured in the pilot, with its n_way and n_query
    """

    between: float
    within: float
    total: float
    n_way: int
    n_query: int

    def variance(self, n_query: int) -> float:
        """Variance of an episode with `n_query` queries per class."""
        if n_query == self.n_query:
            return self.total
        return self.between + self.within / (self.n_way * n_query)


@dataclass(frozen=True)
class PlanRow:
    """What `n_query` queries per class take: episodes and seconds.

    They are None where more than a billion episodes would be needed.
    """

    n_query: int
    n_episodes: int | None
    seconds: float | None


@dataclass(frozen=True)
class PrecisionTarget:
    """What is wanted, in fractions: a half-width, or else the power to find a difference."""

    half_width: float | None = None
    difference: float | None = None
    power: float = 0.8
    level: float = 0.95

    def episodes(self, variance: float) -> int | None:
        """The smallest number of episodes that reaches the target.

        It uses the t quantiles of its own n - 1 degrees of freedom.

        variance: of an episode's accuracy, or of its difference between two results
        """
        wanted = self.half_width
        if self.difference is not None:
            wanted = self.difference
        if not wanted:
            raise ResultError("a plan needs a half-width or a difference above 0")

        def reaches(n: int) -> bool:
            df = n - 1
            factor = float(stdtrit(df, (1 + self.level) / 2))
            if self.difference is not None:
                factor += float(stdtrit(df, self.power))
            error = math.sqrt(variance / n)
            return factor * error <= wanted

        return _first(reaches)


def spread(pilot: RunResult, against: RunResult | None = None) -> Spread:
    """Split the variance of a pilot's episodes, or of their difference to another result.

    The variance within an episode and class, unbiased (over n_query - 1), is that of single
    queries. What is left of the variance of episodes is between them; if sampling error
    makes that negative, it is 0. With one query per class nothing can be split, and within
    is 0.
    Raises ResultError for fewer than two episodes, no spread, or two results on different
    episodes.
    """
    protocol = pilot.protocol
    if protocol.n_episodes < 2:
        raise ResultError(
            "no plan from one episode: expected a pilot of at least 2, got 1. "
            "Evaluate more: --episodes 200"
        )
    scores = pilot.hits.astype(np.float64)
    what = "score"
    if against is not None:
        compare(pilot, against, resamples=0)  # which refuses other episodes
        scores = scores - against.hits
        what = "difference"
    total = float(scores.mean(axis=(1, 2)).var(ddof=1))
    if total == 0:
        raise ResultError(
            f"cannot plan: every episode of the pilot has the same {what}, so there is no spread. "
            f"Evaluate more: --episodes 1000"
        )
    if protocol.n_query == 1:
        return Spread(
            between=total,
            within=0.0,
            total=total,
            n_way=protocol.n_way,
            n_query=1,
        )
    within = float(scores.var(axis=2, ddof=1).mean())
    between = max(total - within / protocol.queries_per_episode, 0.0)
    return Spread(
        between=between,
        within=within,
        total=total,
        n_way=protocol.n_way,
        n_query=protocol.n_query,
    )


def plan(
    pilot: RunResult,
    target: PrecisionTarget,
    against: RunResult | None = None,
) -> list[PlanRow]:
    """For each number of queries per class: the episodes that reach the target, and seconds.

    A difference without `against` is planned as if the two results were uncorrelated. Results
    on the same episodes seldom are, so fewer episodes will probably do. There are only as
    many queries as the smallest class holds beside the support, and only one where the pilot
    has one. Raises ResultError as `spread` does.
    """
    found = spread(pilot, against)
    factor = 1
    if target.difference is not None and against is None:
        factor = 2
    rows = []
    for n_query in _query_counts(pilot):
        n = target.episodes(factor * found.variance(n_query))
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


def seconds(pilot: RunResult, n_episodes: int, n_query: int) -> float:
    """Roughly how long `n_episodes` take where the pilot ran.

    Embedding is counted by distinct images, the probe once, and all else by the images of
    episodes.
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
    """The row that takes the fewest seconds, if any is feasible."""
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
    """How many different images `n_episodes` are expected to hold."""
    protocol = pilot.protocol
    sizes = pilot.class_sizes.astype(np.float64)
    share = np.minimum((protocol.n_shot + n_query) / sizes, 1)
    times = n_episodes * protocol.n_way / sizes.size
    seen = sizes * (1 - (1 - share) ** times)
    return float(seen.sum())


def _first(reaches: Callable[[int], bool]) -> int | None:
    """The smallest n from 2 on that `reaches`; from there on, every n does."""
    if not reaches(_MOST_EPISODES):
        return None
    low, high = 1, 2
    while not reaches(high):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if reaches(middle):
            high = middle
        else:
            low = middle
    return high

"""Judge whether training runs with several seeds reproduce one published number.

Two kinds of chance are kept apart. Over episodes: other episodes would give these same
trained learners another mean. Over seeds: other training seeds would give another mean on
these same episodes. A verdict needs both, as far as there are at least two seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .published import PublishedNumber
from .records import ResultError, RunResult
from .stats.equivalence import Equivalence, Verdict, equivalent_mean
from .stats.intervals import Interval, episodes_t
from .stats.training_seeds import train_seeds

# How near, in points, to the mean of others' reruns counts as equal to every public rerun.
NEAR_RERUNS = 0.4
# Fewer reruns by others do not show where reruns land.
ENOUGH_RERUNS = 3


@dataclass(frozen=True)
class Reproduction:
    """The results of a reproduction beside the published number.

    All numbers are fractions, except those inside `published` and `reruns`.

    results: one for each training seed, on the same episodes
    published: the number of the paper
    tolerance: the largest difference that counts as reproduced
    reruns: accuracies of the same cell that others published
    over_episodes: the interval of the mean over episodes, for these training runs
    over_seeds: the interval of the mean over training seeds; None for a single seed
    by_episodes, by_seeds: the tests that belong to these intervals
    """

    results: tuple[RunResult, ...]
    published: PublishedNumber
    tolerance: float
    reruns: tuple[PublishedNumber, ...]
    over_episodes: Interval
    over_seeds: Interval | None
    by_episodes: Equivalence
    by_seeds: Equivalence | None

    @property
    def mean(self) -> float:
        """The mean accuracy over seeds and episodes."""
        return self.over_episodes.mean

    @property
    def difference(self) -> float:
        """Our mean minus the published accuracy."""
        return self.mean - self.published.accuracy / 100

    @property
    def verdict(self) -> Verdict:
        """ "reproduced" or "not reproduced" if all tests say so, else "undecided"."""
        verdict = self.by_episodes.verdict
        if self.by_seeds is None or self.by_seeds.verdict == verdict:
            return verdict
        return "undecided"

    @property
    def reruns_mean(self) -> float | None:
        """The mean of the reruns by others; None if there are too few of them."""
        if len(self.reruns) < ENOUGH_RERUNS:
            return None
        return float(np.mean([rerun.accuracy for rerun in self.reruns])) / 100

    @property
    def as_every_rerun(self) -> bool:
        """Whether our mean is within NEAR_RERUNS points of the mean of the reruns."""
        if self.reruns_mean is None:
            return False
        points = round(100 * abs(self.mean - self.reruns_mean), 9)
        return points <= NEAR_RERUNS


def judge_reproduction(
    results: Sequence[RunResult],
    published: PublishedNumber,
    tolerance: float,
    reruns: Sequence[PublishedNumber] = (),
) -> Reproduction:
    """Judge the results of several training seeds beside a published number.

    results: one for each training seed; they differ only in their seed
    tolerance: a fraction; the largest difference that counts as reproduced
    reruns: the accuracies that others reached with the same method
    Raises ResultError if there is no result, if the results differ in more than the
    seed, or if they have a single episode.
    """
    if not results:
        raise ResultError(
            "cannot judge a reproduction: expected a result for each training seed, got "
            "none. Give at least one result"
        )
    over_seeds = by_seeds = None
    number = published.accuracy / 100
    if len(results) > 1:
        over_seeds = train_seeds(results)
        means = np.array([result.mean for result in results])
        by_seeds = equivalent_mean(
            means, number, tolerance, published_half_width=published.error
        )
    accuracies = np.mean([result.accuracies for result in results], axis=0)
    return Reproduction(
        results=tuple(results),
        published=published,
        tolerance=tolerance,
        reruns=tuple(reruns),
        over_episodes=episodes_t(accuracies),
        over_seeds=over_seeds,
        by_episodes=equivalent_mean(
            accuracies, number, tolerance, published_half_width=published.error
        ),
        by_seeds=by_seeds,
    )

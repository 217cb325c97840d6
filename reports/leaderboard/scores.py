"""The right answers of all entries on one protocol."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from ..records import ResultError
from ..stats.arrays import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Scores:
    """The right answers of all entries in the same episodes.

    An entry's score in an episode is its accuracy there, averaged over its training
    seeds. It is kept as a whole number of right answers, so that equal scores are
    exactly equal.

    hits: int32 (n_entries, n_episodes) right answers in an episode, of all seeds together
    seed_hits: for each entry, int64 (n_seeds,) right answers of each seed in all episodes
    n_queries: number of queries in an episode
    """

    hits: IntArray
    seed_hits: tuple[IntArray, ...]
    n_queries: int

    @classmethod
    def of(
        cls,
        correct: Iterable[IntArray],
        n_queries: int,
    ) -> Self:
        """Collect the right answers of the entries, which may come one by one.

        correct: for each entry, int (n_seeds, n_episodes) right answers of each training
            seed in each episode; the episodes are the same for all entries
        n_queries: number of queries in an episode
        Raises ResultError if entries have different numbers of episodes, or fewer than
        two.
        """
        hits = []
        seed_hits = []
        for of_entry in correct:
            hits.append(of_entry.sum(axis=0, dtype=np.int32))
            seed_hits.append(of_entry.sum(axis=1, dtype=np.int64))
        _check_episodes({row.size for row in hits})
        rows = np.stack(hits) if hits else np.zeros((0, 2), np.int32)
        return cls(
            hits=rows,
            seed_hits=tuple(seed_hits),
            n_queries=n_queries,
        )

    @property
    def n_entries(self) -> int:
        """The number of entries."""
        return self.hits.shape[0]

    @property
    def n_episodes(self) -> int:
        """The number of episodes."""
        return self.hits.shape[1]

    @cached_property
    def n_seeds(self) -> IntArray:
        """The number of training seeds of each entry: int64 (n_entries,)."""
        return np.array([hits.size for hits in self.seed_hits], np.int64)

    @cached_property
    def means(self) -> FloatArray:
        """The accuracy of each entry: float64 (n_entries,) fractions."""
        right = self.hits.sum(axis=1, dtype=np.int64)
        return right / (self.n_seeds * self.n_queries * self.n_episodes)


def _check_episodes(found: set[int]) -> None:
    """Raise ResultError unless all entries have the same two episodes or more."""
    if len(found) > 1:
        raise ResultError(
            "cannot rank entries: expected the same episodes for all, got entries of "
            f"{min(found)} and of {max(found)} episodes. Rank them on separate pages"
        )
    if found and min(found) < 2:
        raise ResultError(
            "cannot rank entries on a single episode: expected at least 2 episodes, got "
            f"{min(found)}. Evaluate more: --episodes 1000"
        )

"""Find the pairs of entries with nearly the same difference in all episodes."""

import numpy as np

from ..stats.arrays import IntArray
from ..stats.little_spread import FEW
from .scores import Scores

# Number of episodes that are looked at together. If fewer than FEW of all episodes differ
# from the rest, then more than half of so many are alike.
_BLOCK = 256


def episodes_that_differ(scores: Scores) -> IntArray:
    """Count the episodes whose difference is not the most common one, for each pair.

    Returns int64 (n_pairs,) for the pairs (0, 1), (0, 2), ..., (1, 2), ... The count is
    the number of all episodes if FEW or more differ, which is enough for their spread to
    be trusted.
    """
    counts = []
    for i in range(scores.n_entries - 1):
        counts.append(_that_differ(scores, i))
    return np.concatenate([np.zeros(0, np.int64), *counts])


def _that_differ(scores: Scores, i: int) -> IntArray:
    """Return the counts of entry i and each later entry, block by block of episodes.

    A pair is left out of the next blocks as soon as FEW of its episodes differ.
    """
    rivals = np.arange(i + 1, scores.n_entries)
    counts = np.zeros(rivals.size, np.int64)
    common = np.zeros(rivals.size, np.int64)
    few = np.arange(rivals.size)
    for start in range(0, scores.n_episodes, _BLOCK):
        episodes = slice(start, start + _BLOCK)
        apart = _apart(
            scores,
            i,
            rivals[few],
            episodes,
        )
        if start == 0:
            half = apart.shape[1] // 2
            common = np.partition(apart, half, axis=1)[:, half]
        other = apart != common[few, None]
        counts[few] += other.sum(axis=1)
        few = np.flatnonzero(counts < FEW)
        if not few.size:
            break
    counts[counts >= FEW] = scores.n_episodes
    return counts


def _apart(
    scores: Scores,
    i: int,
    rivals: IntArray,
    episodes: slice,
) -> IntArray:
    """Return whole numbers in proportion to the differences: int64 (n_rivals, n)."""
    own = scores.hits[i, episodes].astype(np.int64)
    others = scores.hits[rivals, episodes].astype(np.int64)
    return own * scores.n_seeds[rivals, None] - others * scores.n_seeds[i]

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.reports.leaderboard.few_differ import episodes_that_differ
from fewbench.reports.leaderboard.scores import Scores
from fewbench.reports.stats.little_spread import (
    FEW,
    share_that_differs,
)


@settings(max_examples=50)
@given(
    n_episodes=st.sampled_from([2, 3, 20, 99, 100, 255, 256, 257, 700]),
    n_other=st.lists(st.integers(0, 60), min_size=2, max_size=4),
    seed=st.integers(0, 2**32),
)
def test_the_counts_agree_with_the_statistics_of_one_pair(n_episodes, n_other, seed):
    generator = np.random.default_rng(seed)
    entries = []
    for n in n_other:
        entry = np.full((1 + n % 2, n_episodes), 60)
        others = generator.permutation(n_episodes)[:n]
        entry[0, others] = generator.integers(0, 76, others.size)
        entries.append(entry)
    pairs = itertools.combinations(entries, 2)

    counts = episodes_that_differ(Scores.of(entries, 75))

    for count, (a, b) in zip(counts, pairs, strict=True):
        apart = a.sum(0) * len(b) - b.sum(0) * len(a)
        expected = round(n_episodes * share_that_differs(apart))
        assert count == (expected if expected < FEW else n_episodes)


def test_the_most_common_difference_may_come_late():
    best = np.full((1, 300), 75)
    other = np.full((1, 300), 70)
    other[0, :49] = 50

    assert episodes_that_differ(Scores.of([best, other], 75)).tolist() == [49]

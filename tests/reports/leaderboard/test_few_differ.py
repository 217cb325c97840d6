import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewbench.reports.leaderboard.few_differ import (
    Unseen,
    episodes_that_differ,
    p_values_with_allowance,
)
from fewbench.reports.leaderboard.scores import Scores
from fewbench.reports.stats.little_spread import (
    FEW,
    Allowance,
    MeanError,
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


@settings(max_examples=50)
@given(
    n=st.integers(2, 700),
    n_differ=st.integers(0, 49),
    distance=st.floats(0, 1),
    error=st.sampled_from([0.0, 1e-5, 0.003, 0.05]),
)
def test_p_values_are_those_of_one_mean(n, n_differ, distance, error):
    weight = 1 / (1 + n_differ)
    one = MeanError(error, n - 1, Allowance(weight, n))
    unseen = Unseen(np.array([weight]), n, np.array([1.5]))

    found = p_values_with_allowance(
        np.array([distance]), np.array([error]), n - 1, [unseen]
    )

    expected = min(2 * max(one.tail(distance, 1.5), 1e-100), 1)
    assert found == pytest.approx(expected, rel=1e-9, abs=0)


def test_two_allowances_add_up():
    # Half of 1 - tail^(1/3) from each: 1 - tail^(1/3) = 0.5, so the tail is 1/8.
    half = Unseen(np.array([1.0]), np.array([3]), np.array([0.5]))

    found = p_values_with_allowance(np.array([0.5]), np.array([0.0]), 1, [half, half])

    assert found == pytest.approx(2 / 8, rel=1e-9)


def test_tails_stop_where_the_quantiles_of_scipy_are_wrong():
    nothing = Unseen(np.zeros(1), 4, np.ones(1))

    # With 3 degrees of freedom, the tail beyond 1e60 is about 1e-180.
    found = p_values_with_allowance(np.ones(1), np.array([1e-60]), 3, [nothing])

    assert found == pytest.approx(2e-100, rel=1e-9, abs=0)

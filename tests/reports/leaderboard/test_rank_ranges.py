import itertools

import numpy as np
import pytest

from fewbench.reports.leaderboard.rank_ranges import PairTests, rank_ranges
from fewbench.reports.records import ResultError


def made_tests(differences, p_values):
    known = np.ones(len(differences))
    n = 1
    while n * (n - 1) // 2 < len(differences):
        n += 1
    return PairTests(n, np.array(differences), known, np.array(p_values))


def test_ranges_count_what_is_better_and_what_is_worse():
    # The pairs are 01 02 12. Holm: 0.01 * 3, 0.02 * 2, and 0.9.
    tests = made_tests([0.1, 0.3, 0.2], [0.9, 0.01, 0.02])

    ranges = rank_ranges(tests)

    assert tests.p_adjusted == pytest.approx([0.9, 0.03, 0.04])
    assert ranges.n_better.tolist() == [0, 0, 2]
    assert ranges.n_worse.tolist() == [1, 1, 0]
    assert ranges.best.tolist() == [1, 1, 3]
    assert ranges.worst.tolist() == [2, 2, 3]


def test_the_level_decides_what_differs():
    tests = made_tests([-0.1], [0.03])

    assert rank_ranges(tests, 0.95).best.tolist() == [2, 1]
    assert rank_ranges(tests, 0.99).best.tolist() == [1, 1]
    assert not rank_ranges(tests, 0.99).pair(0, 1).differs
    with pytest.raises(ResultError, match="Divide percentages by 100"):
        rank_ranges(tests, 95)


def test_pairs_are_found_in_either_order():
    pairs = list(itertools.combinations(range(6), 2))
    differences = np.arange(1, len(pairs) + 1) / 100
    p_values = np.linspace(0.1, 1, len(pairs))
    ranges = rank_ranges(made_tests(differences, p_values))

    for k, (i, j) in enumerate(pairs):
        assert ranges.pair(i, j).difference == differences[k]
        assert ranges.pair(j, i).difference == -differences[k]
        assert ranges.pair(j, i).p_value == p_values[k]


@pytest.mark.parametrize(("first", "second"), [(0, 0), (-1, 1), (1, 2)])
def test_other_pairs_do_not_exist(first, second):
    with pytest.raises(IndexError, match="two different entries below 2"):
        rank_ranges(made_tests([0.1], [0.5])).pair(first, second)

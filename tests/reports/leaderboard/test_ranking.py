import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from fewbench.reports.leaderboard.rank_ranges import rank_ranges
from fewbench.reports.leaderboard.ranking import episode_tests
from fewbench.reports.leaderboard.scores import Scores
from fewbench.reports.stats.little_spread import little_spread

# Right answers of 100 in three episodes. Ceres has two training seeds.
BOARD = {
    "Dione": [[51, 51, 55]],
    "Atlas": [[92, 87, 86]],
    "Ceres": [[60, 66, 61], [68, 64, 61]],  # the means are 64, 65, 61
    "Europa": [[53, 52, 49]],
    "Bianca": [[84, 86, 84]],
}
# With three episodes, t has 2 degrees of freedom, and its distribution has a closed form:
# p = 1 - t / sqrt(2 + t^2). With the sum S of the three differences and the sum Q of their
# squares, t^2 = (S/3)^2 / ((Q - S^2/3) / 2 / 3), and p becomes 1 - S / sqrt(3 Q).
# Holm multiplies the smallest of ten p-values by 10, the next by 9, and so on.
BY_HAND = [
    # pair, differences, S, Q, p, times, significant
    # 39 35 37: 1 - 111 / sqrt(3 * 4115) = 0.000973
    ("Atlas", "Europa", 111, 4115, 0.000973, 10, True),
    # 31 34 35: 1 - 100 / sqrt(3 * 3342) = 0.001297
    ("Bianca", "Europa", 100, 3342, 0.001297, 9, True),
    # 20 21 23: 1 - 64 / sqrt(3 * 1370) = 0.001705
    ("Bianca", "Ceres", 64, 1370, 0.001705, 8, True),
    # 11 13 12: 1 - 36 / sqrt(3 * 434) = 0.002307
    ("Ceres", "Europa", 36, 434, 0.002307, 7, True),
    # 33 35 29: 1 - 97 / sqrt(3 * 3155) = 0.002963
    ("Bianca", "Dione", 97, 3155, 0.002963, 6, True),
    # 28 22 25: 1 - 75 / sqrt(3 * 1893) = 0.004766
    ("Atlas", "Ceres", 75, 1893, 0.004766, 5, True),
    # 41 36 31: 1 - 108 / sqrt(3 * 3938) = 0.006369. Times 4 it is 0.0255; Bonferroni's
    # correction, times 10, would find nothing.
    ("Atlas", "Dione", 108, 3938, 0.006369, 4, True),
    # 13 14 6: 1 - 33 / sqrt(3 * 401) = 0.048561, which is significant only on its own.
    ("Ceres", "Dione", 33, 401, 0.048561, 3, False),
    # 8 1 2: 1 - 11 / sqrt(3 * 69) = 0.235447
    ("Atlas", "Bianca", 11, 69, 0.235447, 2, False),
    # -2 -1 6: 1 - 3 / sqrt(3 * 41) = 0.729499
    ("Dione", "Europa", 3, 41, 0.729499, 1, False),
]
# Atlas and Bianca are tied and beat the other three. Ceres beats Europa alone, and Dione is
# tied with both: 1 + the number that are better, 5 - the number that are worse.
RANKS = {
    "Atlas": (1, 2),
    "Bianca": (1, 2),
    "Ceres": (3, 4),
    "Dione": (3, 5),
    "Europa": (4, 5),
}


# P(|T| > 3 sqrt(149)) with 149 degrees of freedom, computed with 60 digits: the regularised
# incomplete beta function of 1 / 10 at (74.5, 0.5).
P_FAR = 2.173591882424127e-76


def ranges_of(entries, n_queries=100, level=0.95):
    scores = Scores.of([np.array(entry) for entry in entries], n_queries)
    return rank_ranges(episode_tests(scores), level)


@pytest.fixture(scope="module")
def ranges():
    return ranges_of(BOARD.values())


@pytest.mark.parametrize(
    ("a", "b", "total", "squares", "p", "times", "differs"), BY_HAND
)
def test_a_pair_agrees_with_a_hand_calculation(
    ranges, a, b, total, squares, p, times, differs
):
    names = list(BOARD)

    pair = ranges.pair(names.index(a), names.index(b))
    mirrored = ranges.pair(names.index(b), names.index(a))

    assert pair.difference == pytest.approx(total / 300, rel=1e-12)
    exact = 1 - total / math.sqrt(3 * squares)
    assert exact == pytest.approx(p, abs=5e-7)
    assert pair.p_value == pytest.approx(exact, rel=1e-9)
    assert pair.p_adjusted == pytest.approx(times * exact, rel=1e-9)
    assert pair.differs is differs
    assert mirrored.difference == -pair.difference
    assert mirrored.p_adjusted == pair.p_adjusted


def test_rank_ranges_agree_with_a_hand_calculation(ranges):
    found = zip(ranges.best.tolist(), ranges.worst.tolist(), strict=True)

    assert dict(zip(BOARD, found, strict=True)) == RANKS
    # Dione, Atlas, Ceres, Europa, Bianca
    assert ranges.n_better.tolist() == [2, 0, 2, 3, 0]
    assert ranges.n_worse.tolist() == [0, 3, 1, 0, 3]


def test_ties_need_not_be_transitive(ranges):
    ceres, dione, europa = (list(BOARD).index(x) for x in ("Ceres", "Dione", "Europa"))

    assert not ranges.pair(ceres, dione).differs
    assert not ranges.pair(dione, europa).differs
    assert ranges.pair(ceres, europa).differs


@st.composite
def boards(draw, most_entries=6, most_seeds=3):
    n_episodes = draw(st.integers(2, 30))
    queries = draw(st.sampled_from([1, 5, 75]))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    entries = []
    for _ in range(draw(st.integers(1, most_entries))):
        chance = draw(st.sampled_from([0.0, 0.2, 0.5, 0.6, 0.99, 1.0]))
        n_seeds = draw(st.integers(1, most_seeds))
        entry = generator.binomial(queries, chance, (n_seeds, n_episodes))
        entries.append(entry)
    if draw(st.booleans()):
        entries.append(np.repeat(entries[0], 2, axis=0))  # the same scores
    return entries, queries


def independent_holm(p_values):
    adjusted = {}
    largest = 0.0
    left = dict(p_values)
    while left:
        pair = min(left, key=left.__getitem__)
        largest = max(largest, min(1.0, left[pair] * len(left)))
        adjusted[pair] = largest
        del left[pair]
    return adjusted


@settings(max_examples=40)
@given(board=boards())
def test_pairs_agree_with_scipy_and_another_holm(board):
    entries, queries = board
    ranges = ranges_of(entries, queries)
    means = [entry.mean(axis=0) / queries for entry in entries]
    pairs = list(itertools.combinations(range(len(entries)), 2))

    p_values = {(i, j): ranges.pair(i, j).p_value for i, j in pairs}

    for (i, j), p_value in p_values.items():
        # Whole numbers, so that equal differences are equal.
        apart = entries[i].sum(0) * len(entries[j]) - entries[j].sum(0) * len(
            entries[i]
        )
        difference = means[i].mean() - means[j].mean()
        assert ranges.pair(i, j).difference == pytest.approx(difference, abs=1e-14)
        if not little_spread(apart):
            expected = stats.ttest_rel(means[i], means[j])
            assert p_value == pytest.approx(expected.pvalue, rel=1e-7, abs=0)
        if not apart.any():
            assert p_value == 1
    adjusted = independent_holm(p_values)
    better = [0] * len(entries)
    worse = [0] * len(entries)
    for (i, j), p_value in adjusted.items():
        assert ranges.pair(i, j).p_adjusted == p_value
        if p_value <= 0.05:
            loser = i if means[i].mean() < means[j].mean() else j
            better[loser] += 1
            worse[i + j - loser] += 1
    assert ranges.best.tolist() == [1 + n for n in better]
    assert ranges.worst.tolist() == [len(entries) - n for n in worse]
    assert np.all(ranges.best <= ranges.worst)


@settings(max_examples=40)
@given(board=boards(), seed=st.integers(0, 99))
def test_another_order_of_the_entries_permutes_the_ranks_and_no_bit(board, seed):
    entries, queries = board
    order = np.random.default_rng(seed).permutation(len(entries))

    ranges = ranges_of(entries, queries)
    other = ranges_of([entries[i] for i in order], queries)

    assert other.best.tolist() == ranges.best[order].tolist()
    assert other.worst.tolist() == ranges.worst[order].tolist()
    for a, b in itertools.combinations(range(len(entries)), 2):
        assert other.pair(a, b) == ranges.pair(int(order[a]), int(order[b]))


def test_another_order_of_summation_changes_no_bit():
    # So more threads, which add up in another order, change none either.
    generator = np.random.default_rng(5)
    entries = generator.binomial(75, 0.6, (20, 2, 3000))
    order = generator.permutation(3000)

    tests = episode_tests(Scores.of(entries, 75))
    other = episode_tests(Scores.of(entries[:, :, order], 75))

    assert other.p_values.tobytes() == tests.p_values.tobytes()
    assert other.errors.tobytes() == tests.errors.tobytes()


def test_one_entry_is_first():
    ranges = ranges_of([[[50, 60, 70]]])

    assert (ranges.best.tolist(), ranges.worst.tolist()) == ([1], [1])


def test_no_entry_has_no_rank():
    ranges = ranges_of([])

    assert (ranges.best.size, ranges.worst.size) == (0, 0)


def test_two_equal_entries_share_all_ranks():
    # The second has the same scores from two seeds.
    ranges = ranges_of([[[50, 60, 71]], [[49, 60, 72], [51, 60, 70]]])

    assert (ranges.best.tolist(), ranges.worst.tolist()) == ([1, 1], [2, 2])
    assert ranges.pair(0, 1).difference == 0
    assert ranges.pair(0, 1).p_value == 1


def test_without_a_significant_pair_all_ranks_are_possible():
    # Differences -1 0 4: 1 - 3 / sqrt(3 * 17) = 0.58
    ranges = ranges_of([[[50, 60, 74]], [[51, 60, 70]]])

    assert (ranges.best.tolist(), ranges.worst.tolist()) == ([1, 1], [2, 2])


@pytest.mark.parametrize(
    ("n_episodes", "hits", "differs"), [(3, 75, False), (600, 1, True), (100, 1, False)]
)
def test_the_same_difference_in_all_episodes_needs_many_episodes(
    n_episodes, hits, differs
):
    # No other difference was seen. So its share of all episodes can be 1 - tail^(1/n), and
    # there the first entry can be worse by 1: p = 2 * (1 + d) ** -n for the difference d.
    # 3 episodes, d = 1: 2 / 8 = 0.25. 600 episodes, d = 1/75: 0.0007; 100 episodes: 0.53.
    ranges = ranges_of([[[75] * n_episodes], [[75 - hits] * n_episodes]], 75)

    pair = ranges.pair(0, 1)

    assert pair.p_value == pytest.approx(2 * (1 + hits / 75) ** -n_episodes, rel=1e-9)
    assert pair.differs is differs
    assert ranges.tests.errors.tolist() == [0]


def test_the_same_difference_of_uneven_entries_has_no_spread():
    hard = np.random.default_rng(2).integers(0, 40, 2999)
    entries = [np.repeat([hard + 31], 97, axis=0), np.repeat([hard], 89, axis=0)]

    assert ranges_of(entries, 75).tests.errors.tolist() == [0]


def test_p_values_keep_their_digits_far_in_the_tail():
    # Differences of 1 and 2 in turn: mean 1.5, squared deviations 1/4, t = 3 sqrt(n - 1).
    ranges = ranges_of([[[12, 13] * 75], [[11, 11] * 75]], 25)

    assert ranges.pair(0, 1).p_value == pytest.approx(P_FAR, rel=1e-9, abs=0)
    assert stats.t.sf(3 * math.sqrt(149), 149) * 2 == pytest.approx(
        P_FAR, rel=1e-9, abs=0
    )


def test_false_alarms_of_whole_boards_are_rare():
    """On boards of equal entries, any pair is told apart with a chance of at most 5 %."""
    generator = np.random.default_rng(11)
    n_boards = 250
    alarms = 0
    for _ in range(n_boards):
        hard = generator.uniform(0.3, 0.8, 40)
        board = generator.binomial(75, hard, (5, 1, 40))
        alarms += ranges_of(board, 75).n_better.any()

    low, high = stats.binom.interval(0.999, n_boards, 0.05)
    assert low / 2 <= alarms <= high

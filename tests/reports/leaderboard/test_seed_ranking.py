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
from fewbench.reports.leaderboard.seed_ranking import seed_tests


def both_ranges(entries, n_queries=100):
    """The ranges about these training runs, and those that count training seeds."""
    scores = Scores.of([np.array(entry) for entry in entries], n_queries)
    tests = episode_tests(scores)
    return rank_ranges(tests), rank_ranges(seed_tests(scores, tests))


# The right answers of 100 in three episodes. Each row is a training seed.
VEGA = [[58, 58, 58], [60, 60, 60], [62, 62, 62]]
RIGEL = [[56, 54, 52], [58, 56, 54], [60, 58, 56]]
ALGOL = [[40, 38, 36], [42, 40, 38], [44, 42, 40]]


def closed_form_of_2_df(t):
    """P(|T| > t) with 2 degrees of freedom."""
    return 1 - t / math.sqrt(2 + t * t)


def test_a_pair_agrees_with_a_hand_calculation():
    # In right answers: the differences in the episodes are 2 4 6, and those between seeds
    # -2 0 2 for both. All three variances are 4, divided by 3 episodes or by 3 seeds. Their
    # sum is 3 * 4/3 = 4, and three values have 2 degrees of freedom.
    first, second = both_ranges([VEGA, RIGEL])

    # 1 - 12 / sqrt(3 * 56), as in test_ranking.py
    assert first.pair(0, 1).p_value == pytest.approx(0.074180, abs=5e-7)
    # t = 4 / sqrt(4) = 2: 1 - 2 / sqrt(6) = 0.183503
    assert second.pair(0, 1).p_value == pytest.approx(0.183503, abs=5e-7)
    assert second.pair(0, 1).p_value == pytest.approx(closed_form_of_2_df(2), rel=1e-9)
    assert second.pair(0, 1).difference == first.pair(0, 1).difference == 0.04
    assert second.tests.errors == pytest.approx([0.02], rel=1e-12)


def test_no_p_value_becomes_smaller():
    # 16 16 16: the first p-value is 2 * 1.16^-3 = 1.28, which counts as 1. The second has
    # t = 16 / sqrt(2 * 4/3) = 9.797959, which alone would be 1 - 9.797959 / sqrt(98).
    first, second = both_ranges([RIGEL, ALGOL])

    assert closed_form_of_2_df(9.797959) == pytest.approx(0.010257, abs=5e-7)
    assert first.pair(0, 1).p_value == second.pair(0, 1).p_value == 1


def test_a_board_agrees_with_a_hand_calculation():
    # Algol and Rigel have a p-value of 1, as above. Vega minus Algol is 18 20 22. In the
    # first test this is 1 - 60 / sqrt(3 * 1208) = 0.003317. In the second, t = 20 / 2 gives
    # 1 - 10 / sqrt(102) = 0.009852. Both are significant when multiplied by 3 pairs.
    first, second = both_ranges([ALGOL, VEGA, RIGEL])

    assert first.pair(0, 2).p_value == 1
    assert first.pair(0, 1).p_value == pytest.approx(0.003317, abs=5e-7)
    assert second.pair(0, 1).p_value == pytest.approx(0.009852, abs=5e-7)
    assert first.best.tolist() == second.best.tolist() == [2, 1, 1]
    assert first.worst.tolist() == second.worst.tolist() == [3, 2, 3]


@pytest.mark.parametrize("seeds", [1, 2])
def test_fewer_than_three_seeds_differ_from_nothing(seeds):
    # 0.003317 * 3 is significant for these runs, and says nothing about other seeds.
    first, second = both_ranges([VEGA, ALGOL[:seeds], VEGA])

    assert first.pair(0, 1).differs
    assert second.pair(0, 1).p_value == 1
    assert second.tests.errors[0] == np.inf
    assert second.best.tolist() == [1, 1, 1]
    assert second.worst.tolist() == [3, 3, 3]


def test_pairs_with_few_seeds_stay_in_the_family_of_all_pairs():
    _, second = both_ranges([VEGA, ALGOL, VEGA[:1]])

    assert second.pair(0, 1).p_adjusted == pytest.approx(3 * closed_form_of_2_df(10))


def noisy_entry(generator, chance, n_seeds, n_episodes, hard, spread):
    of_seed = generator.normal(0, spread, (n_seeds, 1))
    return generator.binomial(75, np.clip(chance + hard + of_seed, 0, 1))


@settings(max_examples=30)
@given(
    n_seeds=st.lists(st.integers(3, 6), min_size=2, max_size=2),
    spread=st.sampled_from([0.002, 0.02, 0.1]),
    seed=st.integers(0, 2**32),
)
def test_other_numbers_agree_with_another_calculation(n_seeds, spread, seed):
    generator = np.random.default_rng(seed)
    n = 200
    hard = generator.normal(0, 0.1, n)
    a, b = (noisy_entry(generator, 0.5, k, n, hard, spread) for k in n_seeds)
    first, second = both_ranges([a, b], 75)

    apart = a.mean(axis=0) - b.mean(axis=0)
    of_episodes = stats.sem(apart / 75) ** 2
    of_a, of_b = (stats.sem(x.mean(axis=1) / 75) ** 2 for x in (a, b))
    variance = of_a + of_b + of_episodes
    df = min(n_seeds) - 1
    t = abs(apart.mean() / 75) / math.sqrt(variance)
    expected = max(2 * stats.t.sf(t, df), first.pair(0, 1).p_value)
    if len({*a.sum(axis=1)}) == len(a) and len({*b.sum(axis=1)}) == len(b):
        assert second.pair(0, 1).p_value == pytest.approx(expected, rel=1e-7, abs=0)
        assert second.tests.errors == pytest.approx([math.sqrt(variance)], rel=1e-9)


def test_without_noise_of_episodes_it_is_the_statistic_of_welch():
    """The accuracies of the seeds decide if all episodes have the same difference."""
    of_a = np.array([60, 62, 67, 61])
    of_b = np.array([20, 31, 22])
    a, b = (np.repeat(x[:, None], 900, axis=1) for x in (of_a, of_b))
    _, second = both_ranges([a, b])

    welch = stats.ttest_ind(of_a, of_b, equal_var=False)
    t = welch.statistic  # pyright: ignore[reportAttributeAccessIssue]
    p_value = closed_form_of_2_df(t)
    assert second.pair(0, 1).p_value == pytest.approx(p_value, rel=1e-9, abs=0)


@st.composite
def boards(draw):
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    n_episodes = draw(st.sampled_from([2, 3, 10, 60]))
    spread = draw(st.sampled_from([0.0, 0.001, 0.03]))
    hard = generator.normal(0, draw(st.sampled_from([0.0, 0.1])), n_episodes)
    entries = []
    for _ in range(draw(st.integers(1, 6))):
        chance = draw(st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0]))
        n_seeds = draw(st.integers(1, 8))
        entry = noisy_entry(generator, chance, n_seeds, n_episodes, hard, spread)
        if draw(st.booleans()):
            entry = np.repeat(entry[:1], n_seeds, axis=0)  # no spread between seeds
        entries.append(entry)
    return entries


@settings(max_examples=30)
@given(board=boards(), order_seed=st.integers(0, 99))
def test_ranges_with_seeds_contain_the_first_ones_in_any_order(board, order_seed):
    first, second = both_ranges(board, 75)

    assert np.all(second.best <= first.best)
    assert np.all(second.worst >= first.worst)
    assert np.all(second.tests.p_values >= first.tests.p_values)
    assert np.all(second.tests.p_adjusted >= first.tests.p_adjusted)
    assert np.all(second.tests.errors >= first.tests.errors)
    order = np.random.default_rng(order_seed).permutation(len(board))
    _, other = both_ranges([board[i] for i in order], 75)
    assert other.best.tolist() == second.best[order].tolist()
    assert other.worst.tolist() == second.worst[order].tolist()
    for i in range(len(board)):
        for j in range(i):
            pair = second.pair(int(order[i]), int(order[j]))
            assert other.pair(i, j) == pair


def test_equal_seeds_say_little_about_other_seeds():
    # Both have three seeds without any spread, and the difference 0.6 in all episodes.
    # Other seeds may bring the first from 0.9 to 0, and the second from 0.3 to 1: the
    # allowances are (1 - tail^(1/3)) * (0.9 + 0.7). They equal 0.6 at tail^(1/3) = 0.625.
    # So p = 2 * 0.244140625.
    a = np.full((3, 900), 90)
    b = np.full((3, 900), 30)
    first, second = both_ranges([a, b])

    assert first.pair(0, 1).differs
    assert second.pair(0, 1).p_value == pytest.approx(0.48828125, rel=1e-9)


def test_equal_entries_are_tied():
    _, second = both_ranges([np.full((3, 20), 75), np.full((4, 20), 75)], 75)

    assert second.pair(0, 1).p_value == 1
    assert second.worst.tolist() == [2, 2]


def test_false_alarms_of_other_seeds_are_rare():
    """Entries of one method differ by their seeds, and are not told apart.

    The first test tells them apart often, since it is about these training runs.
    """
    generator = np.random.default_rng(17)
    n_boards = 120
    first_alarms = 0
    alarms = 0
    for _ in range(n_boards):
        hard = generator.normal(0, 0.1, 100)
        board = [noisy_entry(generator, 0.5, 4, 100, hard, 0.01) for _ in range(3)]
        first, second = both_ranges(board, 75)
        first_alarms += first.n_better.any()
        alarms += second.n_better.any()

    _, high = stats.binom.interval(0.999, n_boards, 0.05)
    assert alarms <= high
    assert first_alarms > 3 * high


@pytest.mark.parametrize("spreads", [(0.02,), (0.02, 0.001)])
def test_three_seeds_that_are_alike_by_chance_give_no_false_alarm(spreads):
    """Such seeds are found on every board of 30 entries.

    With the degrees of freedom of Welch and Satterthwaite, one board in six had a false
    alarm.
    """
    generator = np.random.default_rng(18)
    alarms = 0
    for _ in range(40):
        hard = generator.normal(0, 0.1, 600)
        board = []
        for spread in itertools.islice(itertools.cycle(spreads), 30):
            board.append(noisy_entry(generator, 0.5, 3, 600, hard, spread))
        _, second = both_ranges(board, 75)
        alarms += second.n_better.any()

    assert alarms <= 1

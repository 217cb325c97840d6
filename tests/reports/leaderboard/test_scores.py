import numpy as np
import pytest

from fewbench.reports.leaderboard.scores import Scores
from fewbench.reports.records import ResultError

TWO_SEEDS = np.array([[3, 4, 5], [1, 0, 2]], np.int16)
ONE_SEED = np.array([[2, 2, 5]], np.uint8)


def test_right_answers_are_added_over_seeds_and_over_episodes():
    scores = Scores.of(iter([TWO_SEEDS, ONE_SEED]), 5)

    assert scores.hits.tolist() == [[4, 4, 7], [2, 2, 5]]
    assert [hits.tolist() for hits in scores.seed_hits] == [[12, 3], [9]]
    assert (scores.n_entries, scores.n_episodes, scores.n_queries) == (2, 3, 5)
    assert scores.n_seeds.tolist() == [2, 1]
    assert scores.means == pytest.approx([15 / 30, 9 / 15])


def test_small_integers_do_not_overflow():
    scores = Scores.of([np.full((3, 400), 100, np.int8)], 100)

    assert scores.hits.tolist() == [[300] * 400]
    assert scores.seed_hits[0].tolist() == [40_000] * 3


def test_other_numbers_of_episodes_are_refused():
    with pytest.raises(ResultError, match="got entries of 2 and of 3 episodes"):
        Scores.of([TWO_SEEDS, ONE_SEED[:, :2]], 5)


def test_a_single_episode_is_refused():
    with pytest.raises(ResultError, match=r"at least 2 episodes, got 1\."):
        Scores.of([TWO_SEEDS[:, :1]], 5)

"""What an entry says of itself."""

import numpy as np

from fewbench_tests.made_boards import FIVE_SHOTS, PROTOCOL, make_board, make_entry


def test_means_are_over_all_queries() -> None:
    # 15 queries an episode; two runs of two episodes.
    correct = np.array([[15, 9], [12, 6]])
    entry = make_entry(train_seeds=(3, 4), correct=correct)

    assert entry.n_seeds == 2
    assert entry.seed_means.tolist() == [24 / 30, 18 / 30]
    assert entry.mean == 42 / 60


def test_a_board_knows_which_entries_answered_a_protocol() -> None:
    board = make_board()

    assert [one.id for one in board.on(FIVE_SHOTS)] == ["protonet"]
    assert len(board.on(PROTOCOL)) == 5

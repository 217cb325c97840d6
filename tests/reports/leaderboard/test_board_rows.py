"""The rows of a table: their order, their ranks, and what has none."""

import dataclasses

import numpy as np

from fewbench.reports.leaderboard.board_rows import Rank, Row, table_of
from fewbench.reports.leaderboard.entries import Board
from fewbench_tests.made_boards import (
    FIVE_SHOTS,
    PROTOCOL,
    make_board,
    make_entry,
    make_number,
)


def rows_of(board: Board) -> dict[str, Row]:
    return {row.entry: row for row in table_of(board, PROTOCOL).rows}


def test_rows_are_sorted_by_mean_whatever_their_standing() -> None:
    table = table_of(make_board(), PROTOCOL)

    means = [row.mean for row in table.rows]
    assert means == sorted(means, reverse=True)
    assert [row.standing for row in table.rows] == [
        "current", "replaced", "reported", "current", "current", "withdrawn",
    ]  # fmt: skip


def test_only_current_entries_that_were_re_scored_have_ranks() -> None:
    claimed = make_entry("claimed", 0.99, trust="reported")
    board = make_board(entries=(*make_board().entries, claimed))
    table = table_of(board, PROTOCOL)

    ranked = {row.entry for row in table.rows if row.rank}
    assert ranked == {"protonet", "maml", "maml-two"}
    assert table.n_ranked == 3
    assert table.n_pairs == 3


def test_ranks_are_ranges_and_seeds_never_make_them_narrower() -> None:
    rows = rows_of(make_board())

    # ProtoNet is far better than both others, which are tied.
    assert rows["protonet"].rank == Rank(1, 1)
    assert rows["maml"].rank == rows["maml-two"].rank == Rank(2, 3)
    # maml-two has one seed. So it cannot be worse than ProtoNet for certain.
    assert rows["protonet"].seed_rank == Rank(1, 2)
    assert rows["maml"].seed_rank == Rank(2, 3)
    assert rows["maml-two"].seed_rank is None
    assert str(Rank(2, 3)) == "2–3"
    assert str(Rank(4, 4)) == "4"


def test_entries_with_equal_answers_share_their_ranks() -> None:
    twins = [make_entry("a", 0.6), dataclasses.replace(make_entry("a", 0.6), id="b")]
    rows = rows_of(make_board(entries=tuple(reversed(twins)), reported={}))

    assert rows["a"].rank == rows["b"].rank == Rank(1, 2)
    assert list(rows) == ["a", "b"]


def test_a_row_holds_the_interval_and_the_spread_between_seeds() -> None:
    correct = np.array([[15, 12] * 30, [12, 9] * 30])
    entry = make_entry("two", train_seeds=(5, 6), correct=correct)
    row = rows_of(make_board(entries=(entry,)))["two"]

    assert row.mean == 0.8
    assert row.train_seeds == (5, 6)
    assert row.seed_means == (0.9, 0.7)
    assert row.seed_sd == round(0.02**0.5, 8)
    assert row.half_width_is == "95 %, episodes-t"
    assert row.value == "80.00 ± 2.61"


def test_a_published_number_keeps_what_its_source_says() -> None:
    number = make_number(half_width_is=None)
    board = make_board(reported={PROTOCOL.name: (number,)})
    row = rows_of(board)[""]

    assert row.standing == row.trust == "reported"
    assert row.method == "MAML (second order)"
    assert row.value == "61.50 ± 1.25"
    assert row.half_width_is == "as printed: unstated"
    assert row.transductive is None
    assert row.source == "Author et al. 2017, Table 1"


def test_numbers_that_are_left_out_of_tables_have_no_row() -> None:
    number = make_number(left_out="withdrawn")
    board = make_board(reported={PROTOCOL.name: (number,)})

    assert "" not in rows_of(board)


def test_a_protocol_without_entries_has_an_empty_table() -> None:
    table = table_of(make_board(entries=()), FIVE_SHOTS)

    assert table.rows == ()
    assert table.n_ranked == table.n_pairs == 0

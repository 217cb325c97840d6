"""The board that the repository carries as an example."""

import pytest

from fewbench.benchmark.board.folder import BoardFolder
from fewbench.benchmark.board.pages import load_board
from fewbench.benchmark.board.verify import Scope, verify_board
from fewbench.reports.leaderboard.board_rows import table_of
from fewbench_tests.paths import REPOSITORY

FOLDER = REPOSITORY / "reports" / "examples" / "leaderboard" / "board"
MOST_BYTES = 1 << 20


@pytest.fixture(scope="module")
def board() -> BoardFolder:
    return BoardFolder(FOLDER)


def test_every_submission_passes_all_checks(board) -> None:
    assert verify_board(board, Scope()) == []


def test_it_is_small() -> None:
    sizes = [path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(sizes) < MOST_BYTES


def test_its_ranks(board) -> None:
    found = {}
    loaded = load_board(board)
    assert loaded.missing == {}
    for protocol in loaded.protocols:
        for row in table_of(loaded, protocol).rows:
            if row.rank is not None:
                found[row.entry] = (row.rank.best, row.rank.worst, row.trust)
    assert found == {
        "protonet-omniglot": (1, 1, "re-run"),
        "anil-omniglot": (2, 2, "re-scored"),
        "maml-omniglot": (3, 3, "re-scored"),
        "pixels-elsewhere": (4, 4, "re-scored"),
        "protonet-miniimagenet": (1, 1, "re-run"),
        "anil-miniimagenet": (2, 2, "re-scored"),
        "maml-miniimagenet": (3, 3, "re-scored"),
    }

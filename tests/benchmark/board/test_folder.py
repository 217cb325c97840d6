import pytest

from fewbench.benchmark.board.folder import BoardFolder, make_board
from fewbench.errors import UserError


def test_a_new_board_has_rules_and_an_empty_log(tmp_path) -> None:
    board = make_board(tmp_path / "board", 'Say "hello" \\ A')
    assert board.settings().title == 'Say "hello" \\ A'
    assert board.settings().rules == "1"
    assert board.log.read_text() == ""
    assert "# Rules, version 1" in (board.path / "rules.md").read_text()
    assert board.bundles() == []


def test_a_board_is_not_made_twice(tmp_path) -> None:
    make_board(tmp_path, "A")
    with pytest.raises(UserError, match="is a leaderboard already"):
        make_board(tmp_path, "B")
    assert BoardFolder(tmp_path).settings().title == "A"


def test_another_folder_is_no_board(tmp_path) -> None:
    with pytest.raises(UserError, match="Make one: fewbench leaderboard init"):
        BoardFolder(tmp_path).settings()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("title = 3", "title"),
        ("title = 'A'", "rules is missing"),
        ("title =", "no TOML"),
        ("title = 'A'\nrules = '1'\nother = 1", "other"),
        ("title = 'A'\nrules = '1'\nprotocols = ['A B']", "protocols.0"),
    ],
)
def test_damaged_settings_are_refused(tmp_path, text, reason) -> None:
    (tmp_path / "board.toml").write_text(text)
    with pytest.raises(UserError, match=reason):
        BoardFolder(tmp_path).settings()

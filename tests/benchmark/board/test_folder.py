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


def test_a_log_without_settings_is_not_erased(tmp_path) -> None:
    board = make_board(tmp_path, "A")
    board.log.write_text("{}\n")
    (tmp_path / "board.toml").unlink()
    with pytest.raises(UserError, match="got one with log.jsonl"):
        make_board(tmp_path, "A")
    assert board.log.read_text() == "{}\n"


@pytest.mark.parametrize("n_written", range(5))
def test_a_new_board_whose_making_was_killed_goes_on(tmp_path, n_written) -> None:
    whole = make_board(tmp_path / "whole", "A").path
    # In the order in which they are written: the settings last.
    names = [".gitattributes", ".gitignore", "rules.md", "log.jsonl", "board.toml"]
    assert sorted(names) == sorted(path.name for path in whole.iterdir())
    left = tmp_path / "left"
    left.mkdir()
    for name in names[:n_written]:
        (left / name).write_bytes((whole / name).read_bytes())
    assert make_board(left, "A").settings().title == "A"
    for name in names:
        assert (left / name).read_bytes() == (whole / name).read_bytes()


def test_files_of_others_do_not_become_those_of_a_board(tmp_path) -> None:
    (tmp_path / ".gitignore").write_text("mine\n")
    with pytest.raises(UserError, match=r"got one with \.gitignore"):
        make_board(tmp_path, "A")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine\n"]


@pytest.mark.parametrize("title", ["", " ", "a\nb", "\x1b[31m"])
def test_a_title_is_a_line_of_text(tmp_path, title) -> None:
    with pytest.raises(UserError, match="expected a line of text"):
        make_board(tmp_path, title)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["rules.md", "log.jsonl", "bundles/a.fewbench.zip"])
def test_links_are_refused(tmp_path, name) -> None:
    board = make_board(tmp_path / "board", "A")
    (tmp_path / "secret").write_text("secret")
    link = board.path / name
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(tmp_path / "secret")
    with pytest.raises(UserError, match="is a link"):
        board.settings()

from fewbench.benchmark.board.log import Event, append_event
from fewbench.benchmark.board.pull_request import Base, check_kept, check_log
from fewbench_tests.boards import made_board


def test_a_board_that_the_base_does_not_have_is_new(tmp_path) -> None:
    board = made_board(tmp_path, {"first": 0.9})
    assert list(check_kept(board, Base())) == []
    assert list(check_log(board, Base())) == []


def test_a_line_of_the_base_is_not_checked_again(tmp_path) -> None:
    board = made_board(tmp_path, {"first": 0.9})
    event = Event(date="2026-01-01", action="withdrawn", entry="first", text="why")
    append_event(board.log, event)
    assert list(check_log(board, Base(log=board.log.read_bytes()))) == []
    first = board.log.read_bytes().splitlines(keepends=True)[0]
    codes = {one.code for one in check_log(board, Base(log=first))}
    assert codes == {"log-claimed", "log-date"}

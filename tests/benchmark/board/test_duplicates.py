from typing import Any

import pytest

from fewbench.benchmark.board.add import add_bundle, check_for
from fewbench.benchmark.board.duplicates import neighbours
from fewbench_tests.boards import made_board, made_bundle


@pytest.fixture
def board(tmp_path):
    return made_board(tmp_path, {"first": 0.9})


def codes(checked) -> list[tuple[str, str]]:
    return [(one.level, one.code) for one in checked.findings]


def test_a_board_takes_only_its_protocols(board, tmp_path) -> None:
    (board.path / "board.toml").write_text(
        "title = 'A'\nrules = '1'\nprotocols = ['omniglot-5w1s']\n"
    )
    bundle = made_bundle(tmp_path, "second")
    assert codes(check_for(board, bundle)) == [("error", "protocol")]
    assert codes(check_for(board, bundle, is_new=False)) == []


def test_a_frozen_protocol_takes_no_more_entries(board, tmp_path) -> None:
    (board.path / "board.toml").write_text(
        "title = 'A'\nrules = '1'\n[frozen]\n'glyphs-5w1s-40ep' = 'two classes swapped'\n"
    )
    checked = check_for(board, made_bundle(tmp_path, "second"))
    assert codes(checked) == [("error", "protocol")]
    assert "two classes swapped" in checked.findings[0].what


def test_the_same_method_is_noticed(board, tmp_path) -> None:
    bundle = made_bundle(tmp_path / "newer", "first", 0.8)
    renamed = bundle.rename(bundle.with_name("newer.fewbench.zip"))
    checked = check_for(board, renamed)
    assert codes(checked) == [("warning", "same-method")]
    assert "--replaces first" in checked.findings[0].advice
    assert codes(check_for(board, renamed, replaces="first")) == []


def test_other_images_than_those_of_the_board_are_refused(tmp_path) -> None:
    changes: dict[str, Any] = {
        "dataset": "miniimagenet",
        "name": "miniimagenet-5w1s",
    }
    board = made_board(tmp_path, {})
    first = made_bundle(tmp_path, "first", data_fingerprint="ab" * 32, **changes)
    second = made_bundle(tmp_path, "second", data_fingerprint="cd" * 32, **changes)
    add_bundle(board, first)
    checked = check_for(board, second)
    assert ("error", "other-data") in codes(checked)


def test_an_entry_without_a_verdict_is_passed_over(board) -> None:
    (verdict,) = board.verdicts.iterdir()
    verdict.write_text("{")
    assert neighbours(board) == []

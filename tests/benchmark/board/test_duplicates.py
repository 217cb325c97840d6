from typing import Any

import pytest

from fewbench.benchmark.board.add import add_bundle
from fewbench.benchmark.board.duplicates import (
    against_board,
    check_protocols,
    neighbours,
)
from fewbench.benchmark.submission.check import check_submission
from fewbench_tests.boards import made_board, made_bundle


@pytest.fixture
def board(tmp_path):
    return made_board(tmp_path, {"first": 0.9})


def found(board, bundle, replaces="") -> list:
    """All findings of a new bundle beside the entries of a board."""
    checked = check_submission(bundle)
    beside = against_board(checked, "new", neighbours(board), replaces)
    return [*check_protocols(board, checked), *beside]


def codes(findings) -> list[tuple[str, str]]:
    return [(one.level, one.code) for one in findings]


def test_a_board_takes_only_its_protocols(board, tmp_path) -> None:
    (board.path / "board.toml").write_text(
        "title = 'A'\nrules = '1'\nprotocols = ['omniglot-5w1s']\n"
    )
    bundle = made_bundle(tmp_path, "second")
    assert codes(found(board, bundle)) == [("error", "protocol")]


def test_a_frozen_protocol_takes_no_more_entries(board, tmp_path) -> None:
    (board.path / "board.toml").write_text(
        "title = 'A'\nrules = '1'\n[frozen]\n'glyphs-5w1s-40ep' = 'two classes swapped'\n"
    )
    findings = found(board, made_bundle(tmp_path, "second"))
    assert codes(findings) == [("error", "protocol")]
    assert "two classes swapped" in findings[0].what


def test_the_same_method_is_noticed(board, tmp_path) -> None:
    bundle = made_bundle(tmp_path / "newer", "first", 0.8)
    renamed = bundle.rename(bundle.with_name("newer.fewbench.zip"))
    findings = found(board, renamed)
    assert codes(findings) == [("warning", "same-method")]
    assert "--replaces first" in findings[0].advice
    assert codes(found(board, renamed, replaces="first")) == []


def test_other_images_than_those_of_the_board_are_refused(tmp_path) -> None:
    changes: dict[str, Any] = {
        "dataset": "miniimagenet",
        "name": "miniimagenet-5w1s",
    }
    board = made_board(tmp_path, {})
    first = made_bundle(tmp_path, "first", data_fingerprint="ab" * 32, **changes)
    second = made_bundle(tmp_path, "second", data_fingerprint="cd" * 32, **changes)
    add_bundle(board, first)
    assert ("error", "other-data") in codes(found(board, second))


def test_an_entry_without_a_verdict_is_passed_over(board) -> None:
    (verdict,) = board.verdicts.iterdir()
    verdict.write_text("{")
    assert neighbours(board) == []


def test_the_same_file_under_another_name_is_a_duplicate(board, tmp_path) -> None:
    copy = tmp_path / "copy.fewbench.zip"
    copy.write_bytes(board.bundle("first").read_bytes())
    assert ("error", "duplicate") in codes(found(board, copy))


def test_others_do_not_replace_an_entry_silently(board, tmp_path) -> None:
    findings = found(board, made_bundle(tmp_path, "second"), replaces="first")
    assert codes(findings) == [("warning", "replaces")]

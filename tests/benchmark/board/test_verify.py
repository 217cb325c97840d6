"""A board in a real repository, and what a pull request may change in it."""

import json
import subprocess
from dataclasses import replace
from typing import Any

import pytest

from fewbench.benchmark.board import verify
from fewbench.benchmark.board.add import add_bundle, record
from fewbench.benchmark.board.log import read_log
from fewbench.benchmark.board.verify import Scope, verify_board
from fewbench.benchmark.submission.check import check_submission
from fewbench.benchmark.submission.rerun_record import Rerun
from fewbench.benchmark.submission.verdict import (
    Verdict,
    load_verdict,
    save_verdict,
    verdict_on,
)
from fewbench.errors import UserError
from fewbench_tests.boards import made_board, made_bundle

BASE = Scope(base="main")


@pytest.fixture
def board(tmp_path):
    """A board on the branch main, with a branch for a pull request checked out."""
    made = made_board(tmp_path, {"first": 0.9, "second": 0.8})
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    git(tmp_path, "checkout", "-q", "-b", "change")
    return made


def git(folder, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True)


def commit(folder) -> None:
    git(folder, "add", "board")
    git(folder, "commit", "-q", "-m", "change")


def errors(board, scope: Scope = BASE) -> list[tuple[str, str]]:
    findings = verify_board(board, scope)
    return [(one.code, one.where) for one in findings if one.level == "error"]


def test_a_whole_board_is_checked_again(board) -> None:
    assert verify_board(board, Scope()) == []
    assert verify_board(board, BASE) == []


def test_an_added_entry_passes(board, tmp_path) -> None:
    newer = made_bundle(tmp_path / "new", "third", method="first")
    add_bundle(board, newer, replaces="first")
    commit(tmp_path)
    assert errors(board) == []


def test_an_entry_of_others_is_not_replaced(board, tmp_path) -> None:
    add_bundle(board, made_bundle(tmp_path / "new", "third"), replaces="first")
    assert errors(board) == [("replaces", "third.fewbench.zip: the card")]
    assert errors(board, Scope()) == []


def test_what_other_people_merged_meanwhile_does_not_matter(board, tmp_path) -> None:
    add_bundle(board, made_bundle(tmp_path / "new", "third"))
    commit(tmp_path)
    git(tmp_path, "checkout", "-q", "main")
    record(board, "withdrawn", "second", "its authors asked for it")
    commit(tmp_path)
    git(tmp_path, "checkout", "-q", "change")
    assert errors(board) == []


def test_a_dropped_entry_is_an_error(board) -> None:
    bundle = board.bundle("first")
    bundle.unlink()
    assert set(errors(board)) == {
        ("dropped", "bundles/first.fewbench.zip"),
        ("no-bundle", "first.fewbench.zip"),
    }


def test_a_changed_bundle_is_an_error(board, tmp_path) -> None:
    other = made_bundle(tmp_path / "new", "first", 0.99)
    board.bundle("first").write_bytes(other.read_bytes())
    found = errors(board)
    assert ("changed", "bundles/first.fewbench.zip") in found
    assert ("changed", "first.fewbench.zip") in found


def test_the_log_is_only_continued(board) -> None:
    first, second = board.log.read_text().splitlines()
    board.log.write_text(f"{second}\n{first}\n")
    assert ("log", "log.jsonl") in errors(board)


def test_a_bundle_that_the_log_does_not_have(board, tmp_path) -> None:
    bundle = made_bundle(tmp_path / "new", "third")
    board.bundle("third").write_bytes(bundle.read_bytes())
    assert errors(board) == [("not-in-log", "third.fewbench.zip")]


def test_an_edited_verdict_is_found_and_made_again(board) -> None:
    path = next(board.verdicts.iterdir())
    document = json.loads(path.read_bytes())
    document["results"][0]["mean"] = 0.99
    path.write_text(json.dumps(document))
    assert errors(board) == [("changed", f"verdicts/{path.name}")]
    ((code, name),) = errors(board, Scope())
    assert (code, name.endswith(".fewbench.zip")) == ("verdict", True)
    verify_board(board, Scope(update=True))
    assert errors(board) == []


@pytest.mark.parametrize(
    "changes",
    [{"trust": "re-run"}, {"agreement": {"a.json": 0.97}}, {"made_with": "fewbench 9"}],
)
def test_a_pull_request_claims_nothing_in_a_verdict(board, tmp_path, changes) -> None:
    verdict = add_bundle(board, made_bundle(tmp_path / "new", "third"))
    save_verdict(replace(verdict, **changes), board.verdicts)
    assert errors(board) == [("verdict", "third.fewbench.zip")]


def test_a_rerun_of_the_base_is_kept(board, tmp_path) -> None:
    rerun_of(board, "first")
    commit(tmp_path)
    git(tmp_path, "branch", "-f", "main", "HEAD")
    path = board.verdict(read_log(board.log)[0].bundle_sha256)
    save_verdict(
        replace(load_verdict(path), reruns=[], trust="re-scored"), board.verdicts
    )
    assert errors(board) == [("changed", f"verdicts/{path.name}")]


def test_a_rerun_survives_newer_checks(board) -> None:
    verdict = rerun_of(board, "first")
    save_verdict(replace(verdict, check_version=0), board.verdicts)
    verify_board(board, Scope(update=True))
    path = board.verdict(verdict.bundle_sha256)
    assert load_verdict(path) == verdict


@pytest.mark.parametrize(
    ("action", "entry", "text"),
    [
        ("withdrawn", "second", "I do not like it"),
        ("re-trained", "first", "https://example.org"),
        ("verdict", "first", "it stays"),
    ],
)
def test_a_pull_request_writes_no_line_of_a_maintainer(
    board, action, entry, text
) -> None:
    record(board, action, entry, text)
    assert errors(board) == [("log-claimed", "log.jsonl, line 3")]
    assert errors(board, Scope()) == []


@pytest.mark.parametrize("date", ["1999-01-01", "2999-01-01"])
def test_a_pull_request_dates_its_lines_honestly(board, tmp_path, date) -> None:
    add_bundle(board, made_bundle(tmp_path / "new", "third"))
    lines = board.log.read_text().splitlines()
    event = json.loads(lines[2]) | {"date": date}
    board.log.write_text("\n".join([*lines[:2], json.dumps(event)]) + "\n")
    assert errors(board) == [("log-date", "log.jsonl, line 3")]


def test_an_option_is_no_base(board) -> None:
    with pytest.raises(UserError, match="got an option"):
        verify_board(board, Scope(base="--octopus"))


def test_files_of_no_entry_are_pointed_out(board) -> None:
    (board.path / "bundles" / "z.exe").write_text("")
    (finding,) = verify_board(board, Scope())
    assert (finding.code, finding.where) == ("unknown", "bundles/z.exe")


def rerun_of(board, entry: str, **changes) -> Verdict:
    """Write a verdict that says that an entry was evaluated again."""
    events = {event.entry: event for event in read_log(board.log)}
    checked = check_submission(board.bundle(entry))
    fields: dict[str, Any] = {
        "file": checked.results[0].name, "n_predictions": 1, "n_differ": 0, "n_lost": 0,
        "n_gained": 0, "fresh_seed": 1, "n_fresh": 600, "fresh_mean": 0.9, "low": -0.1,
        "high": 0.1, "level": 0.999, "has_passed": True, "reason": "equal",
    }  # fmt: skip
    verdict = verdict_on(checked, [Rerun(**(fields | changes))])
    assert verdict.bundle_sha256 == events[entry].bundle_sha256
    save_verdict(verdict, board.verdicts)
    return verdict


def test_a_missing_verdict_is_made_again(board) -> None:
    for path in list(board.verdicts.iterdir()):
        path.unlink()
    codes = {code for code, _ in errors(board, Scope())}
    assert codes == {"verdict"}
    findings = verify_board(board, Scope(update=True))
    assert [one.level for one in findings] == ["note", "note"]
    assert errors(board, Scope()) == []


def test_a_pull_request_cannot_say_that_it_was_run_again(board, tmp_path) -> None:
    add_bundle(board, made_bundle(tmp_path / "new", "third"))
    rerun_of(board, "third")
    assert errors(board) == [("rerun-claimed", "third.fewbench.zip")]
    assert errors(board, Scope()) == []


def test_changed_rules_are_pointed_out(board) -> None:
    rules = board.path / "rules.md"
    rules.write_text(rules.read_text() + "13. A new rule.\n")
    (finding,) = verify_board(board, BASE)
    assert (finding.level, finding.where) == ("warning", "rules.md")


def test_an_unknown_base_is_a_mistake(board) -> None:
    with pytest.raises(UserError, match="fetch-depth: 0"):
        verify_board(board, Scope(base="nothing"))


def test_a_verdict_of_older_checks_is_an_error(board) -> None:
    path = next(board.verdicts.iterdir())
    verdict = load_verdict(path)
    save_verdict(replace(verdict, check_version=0), board.verdicts)
    assert [code for code, _ in errors(board, Scope())] == ["verdict"]


def test_no_verdict_is_kept_on_a_bundle_that_changed_meanwhile(
    board, tmp_path, monkeypatch
) -> None:
    other = made_bundle(tmp_path / "new", "first", 0.99).read_bytes()
    names = sorted(path.name for path in board.verdicts.iterdir())
    for path in board.verdicts.iterdir():
        path.unlink()

    def check_late(path):
        board.bundle("first").write_bytes(other)
        return check_submission(path)

    monkeypatch.setattr(verify, "check_submission", check_late)
    assert errors(board, Scope(update=True)) == [("changed", "first.fewbench.zip")]
    (left,) = board.verdicts.iterdir()
    assert left.name in names
    assert load_verdict(left).bundle == "second.fewbench.zip"


def test_a_missing_verdict_of_the_base_is_called_missing(board) -> None:
    path = next(board.verdicts.iterdir())
    path.unlink()
    said = {one.what for one in verify_board(board, BASE) if one.code == "verdict"}
    assert said == {"there is no verdict on it that can be read"}

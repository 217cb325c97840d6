"""A board in a real repository, and what a pull request may change in it."""

import json
import subprocess
from dataclasses import replace

import pytest

from fewbench.benchmark.board.add import add_bundle, record
from fewbench.benchmark.board.verify import Scope, verify_board
from fewbench.benchmark.submission.rerun_record import Rerun
from fewbench.benchmark.submission.verdict import load_verdict, save_verdict
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
    add_bundle(board, made_bundle(tmp_path / "new", "third"), replaces="first")
    commit(tmp_path)
    assert errors(board) == []


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
    ((code, name),) = errors(board)
    assert (code, name.endswith(".fewbench.zip")) == ("verdict", True)
    verify_board(board, Scope(update=True))
    assert errors(board) == []


def test_a_missing_verdict_is_made_again(board) -> None:
    for path in list(board.verdicts.iterdir()):
        path.unlink()
    codes = {code for code, _ in errors(board, Scope())}
    assert codes == {"verdict"}
    findings = verify_board(board, Scope(update=True))
    assert [one.level for one in findings] == ["note", "note"]
    assert errors(board, Scope()) == []


def test_a_pull_request_cannot_say_that_it_was_run_again(board, tmp_path) -> None:
    verdict = add_bundle(board, made_bundle(tmp_path / "new", "third"))
    claimed = Rerun(
        file=verdict.results[0].file, n_predictions=1, n_differ=0, n_lost=0, n_gained=0,
        fresh_seed=1, n_fresh=600, fresh_mean=0.9, low=-0.1, high=0.1, level=0.999,
        has_passed=True, reason="equal",
    )  # fmt: skip
    forged = replace(verdict, reruns=[claimed], trust="re-run")
    save_verdict(forged, board.verdicts)
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

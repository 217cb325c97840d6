import threading

import pytest

from fewbench.benchmark.board.add import add_bundle, entry_id, record
from fewbench.benchmark.board.entries import listed_entries
from fewbench.benchmark.board.log import Action, read_log
from fewbench.benchmark.submission.check import check_submission
from fewbench.benchmark.submission.pack import pack_submission
from fewbench.benchmark.submission.rerun_record import Rerun
from fewbench.benchmark.submission.verdict import (
    load_verdict,
    save_verdict,
    verdict_on,
)
from fewbench.errors import UserError
from fewbench_tests.boards import hash_of, made_board, made_bundle
from fewbench_tests.honest_results import build_honest
from fewbench_tests.made_bundles import write_card


@pytest.fixture
def board(tmp_path):
    return made_board(tmp_path, {"first": 0.9})


def test_an_entry_is_a_bundle_a_verdict_and_a_line(board, tmp_path) -> None:
    (event,) = read_log(board.log)
    assert (event.action, event.entry) == ("added", "first")
    packed = tmp_path / "packed" / "first.fewbench.zip"
    assert board.bundle("first").read_bytes() == packed.read_bytes()
    assert board.verdict(event.bundle_sha256).is_file()


def test_a_newer_version_replaces_the_older(board, tmp_path) -> None:
    newer = made_bundle(tmp_path, "second", 0.95)
    add_bundle(board, newer, replaces="first")
    entries = listed_entries(read_log(board.log))
    assert entries["first"].replaced_by == "second"
    assert board.bundle("first").is_file()


def test_answers_of_another_entry_are_refused(board, tmp_path) -> None:
    edits = [("A. Author", "B. Author"), ("seeds = [0, 1]", "seeds = [0]")]
    card = write_card(tmp_path, *edits)
    copy = tmp_path / "copy.fewbench.zip"
    results = [build_honest(0.9, rng_seed=hash_of("first"), learner="first")]
    assert pack_submission(results, card, copy).has_passed
    before = board.log.read_bytes()
    verdict = add_bundle(board, copy)
    assert verdict.trust == "refused"
    (finding,) = verdict.findings
    assert finding.code == "duplicate"
    assert "those of the entry first" in finding.what
    assert board.log.read_bytes() == before
    assert not board.bundle("copy").exists()


@pytest.mark.parametrize(
    "name",
    [
        "A.fewbench.zip",
        "a b.fewbench.zip",
        "a.zip",
        ".fewbench.zip",
        "con.fewbench.zip",
        "lpt1.x.fewbench.zip",
        "a..fewbench.zip",
    ],
)
def test_a_name_that_is_no_id_is_refused(name, tmp_path) -> None:
    with pytest.raises(UserError, match="Rename the file"):
        entry_id(tmp_path / name)


def test_mistakes_change_nothing(board, tmp_path) -> None:
    bundle = made_bundle(tmp_path, "second")
    before = board.log.read_bytes()
    with pytest.raises(UserError, match="is on the board already"):
        add_bundle(board, tmp_path / "packed" / "first.fewbench.zip")
    with pytest.raises(UserError, match="It has for example first"):
        add_bundle(board, bundle, replaces="frist")
    with pytest.raises(UserError, match="expected a reason"):
        record(board, "withdrawn", "first", " ")
    with pytest.raises(UserError, match="is not on the board"):
        record(board, "withdrawn", "second", "a reason")
    assert board.log.read_bytes() == before
    assert not board.bundle("second").exists()


def test_a_withdrawn_entry_is_not_replaced(board, tmp_path) -> None:
    record(board, "withdrawn", "first", "its authors asked for it")
    with pytest.raises(UserError, match="got one that was withdrawn"):
        add_bundle(board, made_bundle(tmp_path, "second"), replaces="first")
    before = board.log.read_bytes()
    with pytest.raises(UserError, match="is withdrawn already"):
        record(board, "withdrawn", "first", "its authors asked for it")
    assert board.log.read_bytes() == before


def test_a_note_that_is_typed_again_is_not_written_twice(board) -> None:
    notes: list[tuple[Action, str]] = [
        ("objection", "why?"),
        ("verdict", "it stays"),
        ("objection", "and the seeds?"),
        ("verdict", "it stays"),
    ]
    written = b""
    for action, text in notes:
        record(board, action, "first", text)
        written = board.log.read_bytes()
        with pytest.raises(UserError, match="the log says so already"):
            record(board, action, "first", text)
        assert board.log.read_bytes() == written
    assert written.count(b"it stays") == 2


def test_two_at_once_are_told_apart(board, tmp_path) -> None:
    bundle = made_bundle(tmp_path, "second")
    errors: list[UserError] = []
    with board.writing():
        thread = threading.Thread(target=lambda: errors.append(busy(board, bundle)))
        thread.start()
        thread.join()
    assert "changing" in str(errors[0])
    assert add_bundle(board, bundle).trust == "re-scored"


def busy(board, bundle) -> UserError:
    with pytest.raises(UserError) as refused:
        add_bundle(board, bundle)
    return refused.value


def test_a_failed_rerun_is_remembered(board, tmp_path) -> None:
    bundle = made_bundle(tmp_path, "second")
    checked = check_submission(bundle)
    failed = Rerun(
        file=checked.results[0].name, n_predictions=100, n_differ=40, n_lost=40,
        n_gained=0, fresh_seed=1, n_fresh=600, fresh_mean=0.5, low=0.3, high=0.4,
        level=0.999, has_passed=False, reason="40 of 100 predictions differ",
    )  # fmt: skip
    save_verdict(verdict_on(checked, [failed]), board.verdicts)
    before = board.log.read_bytes()
    verdict = add_bundle(board, bundle)
    assert verdict.trust == "refused"
    assert [one.code for one in verdict.findings] == ["rerun"]
    assert board.log.read_bytes() == before
    assert not board.bundle("second").exists()
    assert load_verdict(board.verdict(checked.sha256)).reruns == [failed]


@pytest.mark.parametrize(
    ("action", "text", "reason"),
    [
        ("objection", "x" * 2001, "text"),
        ("re-trained", "trust me", "expected an address"),
    ],
)
def test_what_cannot_be_logged_is_refused(board, action, text, reason) -> None:
    before = board.log.read_bytes()
    with pytest.raises(UserError, match=reason):
        record(board, action, "first", text)
    assert board.log.read_bytes() == before


def test_an_id_that_cannot_be_is_no_traceback(board, tmp_path) -> None:
    with pytest.raises(UserError, match="is not on the board"):
        record(board, "objection", "BAD ID", "why?")
    with pytest.raises(UserError, match="cannot write into the log: replaces"):
        add_bundle(board, made_bundle(tmp_path, "second"), replaces="Über")

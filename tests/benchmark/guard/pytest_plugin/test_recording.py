"""A record says what was found and what to type next."""

from pathlib import Path

from fewbench.benchmark.guard.pytest_plugin.check import Answer
from fewbench.benchmark.guard.pytest_plugin.place import Place
from fewbench.benchmark.guard.pytest_plugin.question import Asked, Question
from fewbench.benchmark.guard.pytest_plugin.recording import answer_record, error_record
from fewbench.benchmark.guard.verdict import Verdict
from fewbench.errors import UserError
from fewbench_tests.guard_policies import made_policy
from fewbench_tests.guarded import made, store

TEST = "test_models.py::test_mine"


def place(tmp_path: Path) -> Place:
    folder = str(tmp_path / "accuracy" / "reference")
    return Place(TEST, TEST, str(tmp_path / "test_models.py"), 3, folder, str(tmp_path))


def question(split: str = "val") -> Question:
    protocol = Asked("glyphs-5w1s", split, 20, None, {}).found_protocol()
    return Question("same", TEST, TEST, protocol, str, 1, {})


def test_a_missing_reference(tmp_path: Path) -> None:
    policy = made_policy(tmp_path)

    record = answer_record(place(tmp_path), question(), Answer("missing"), policy)

    assert not record.passed
    assert record.reason == "there is no reference in accuracy/reference"
    assert record.command == f"pytest {TEST} --accuracy-save"


def test_undecided_passes_unless_strict(tmp_path: Path) -> None:
    stored = store(tmp_path, made())
    verdict = Verdict("undecided", "no worse", "nobody knows", remarks=("look",))
    found = Answer("compared", [made()], stored, verdict)

    lenient = answer_record(place(tmp_path), question(), found, made_policy(tmp_path))
    strict = made_policy(tmp_path, strict=True)

    assert lenient.passed
    assert lenient.remarks == ("look",)
    assert lenient.command == ""
    assert not answer_record(place(tmp_path), question(), found, strict).passed


def test_an_improvement_says_once_how_to_accept_it(tmp_path: Path) -> None:
    stored = store(tmp_path, made(), test=TEST)
    remark = f"To accept it: {stored.update_command}"
    verdict = Verdict("improved", "no worse", "it rose", remarks=(remark,))
    found = Answer("compared", [made()], stored, verdict)

    record = answer_record(place(tmp_path), question(), found, made_policy(tmp_path))

    assert record.passed
    assert record.remarks == ()
    assert record.command.startswith(f"pytest {TEST} --accuracy-update")


def test_a_night_is_kept_for_the_history(tmp_path: Path) -> None:
    stored = store(tmp_path, made())
    found = Answer("compared", [made()], stored, Verdict("pass", "no worse", "equal"))
    policy = made_policy(tmp_path, tier="nightly", date="2026-11-26")

    record = answer_record(place(tmp_path), question("test"), found, policy)

    [night] = record.nights
    assert night["date"] == "2026-11-26"
    assert night["reference_sha256"] == stored.sha256
    assert night["accuracy"] == made().mean
    assert "measured on the split test" in record.remarks[0]


def test_an_error_is_recorded(tmp_path: Path) -> None:
    error = UserError(f"{tmp_path}/x.h5: missing")

    record = error_record(place(tmp_path), question(), error, made_policy(tmp_path))

    assert record.word == "error"
    assert record.reason == "x.h5: missing"
    assert not record.passed

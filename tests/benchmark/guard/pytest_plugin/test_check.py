"""A question is answered as the options say."""

from dataclasses import replace
from pathlib import Path

import pytest
from torch import nn

from fewbench.benchmark.guard.pytest_plugin.check import answer
from fewbench.benchmark.guard.pytest_plugin.question import Asked, Question
from fewbench.benchmark.guard.references.reference_folder import ReferenceFolder
from fewbench.benchmark.guard.verdict import Rules
from fewbench.errors import UserError
from fewbench_tests.guard_policies import made_policy


@pytest.fixture
def question(glyphs_root: Path) -> Question:
    asked = Asked("glyphs-5w1s", "val", 20, None, {"root": glyphs_root})

    def make(_seed: int) -> nn.Module:
        return nn.Flatten()

    protocol = asked.found_protocol()
    return Question("same", "mine", "t.py::t", protocol, make, 1, asked.how)


def test_a_missing_reference_is_not_measured_for(
    question: Question, tmp_path: Path
) -> None:
    found = answer(question, made_policy(tmp_path))

    assert found.done == "missing"
    assert not found.results


def test_a_reference_is_saved_and_then_compared_with(
    question: Question, tmp_path: Path
) -> None:
    saved = answer(question, made_policy(tmp_path, save=True))
    again = answer(question, made_policy(tmp_path, save=True))

    assert saved.done == "saved"
    assert again.done == "compared"
    assert again.verdict is not None
    assert again.verdict.outcome == "pass"


def test_another_process_saves_first(question: Question, tmp_path: Path) -> None:
    """It does so while this one measures. Its reference stays."""

    def make(seed: int) -> object:
        answer(question, made_policy(tmp_path, save=True))
        return question.make(seed)

    found = answer(replace(question, make=make), made_policy(tmp_path, save=True))

    assert found.done == "saved"
    assert found.remarks == ["another process saved this reference first"]
    assert len(ReferenceFolder(tmp_path / "accuracy" / "reference").all()) == 1


def test_a_reference_of_another_kind_is_not_comparable(
    question: Question, tmp_path: Path
) -> None:
    answer(question, made_policy(tmp_path, save=True))

    with pytest.raises(
        UserError, match="not comparable: expected a reference of accuracy"
    ):
        answer(replace(question, kind="retrained"), made_policy(tmp_path))


def test_an_update_needs_a_reference(question: Question, tmp_path: Path) -> None:
    found = answer(question, made_policy(tmp_path, update=True, reason="new data"))

    assert found.done == "missing"


def test_an_unwritable_place_is_an_error_with_advice(
    question: Question, tmp_path: Path
) -> None:
    """Ten trainings would be lost, so it is found out before the first one."""
    (tmp_path / "accuracy").write_text("a file")
    asked: list[int] = []
    unasked = replace(question, make=asked.append)

    with pytest.raises(UserError, match="cannot save the reference: expected a folder"):
        answer(unasked, made_policy(tmp_path, save=True))

    assert not asked


@pytest.mark.parametrize("is_readable", [True, False])
def test_an_edited_or_unreadable_reference_is_not_updated(
    question: Question, tmp_path: Path, is_readable: bool
) -> None:
    """This is found out before anything is measured."""
    answer(question, made_policy(tmp_path, save=True))
    [path] = tmp_path.glob("accuracy/reference/*/reference.json")
    text = path.read_text()
    edited = text.replace('"threads": ', '"threads": 1')
    path.write_text(edited if is_readable else f"<<<<<<< HEAD\n{text}")
    asked: list[int] = []
    unasked = replace(question, make=asked.append)

    for options in ({}, {"update": True, "reason": "a merge"}):
        with pytest.raises(UserError, match="git checkout -- "):
            answer(unasked, made_policy(tmp_path, **options))

    assert not asked
    path.write_text(text)
    found = answer(question, made_policy(tmp_path, update=True, reason="a merge"))
    assert found.stored is not None
    reasons = [one.reason for one in found.stored.reference.history]
    assert reasons == ["", "a merge"]


@pytest.mark.parametrize("saved_in", ["quick", "nightly"])
def test_without_ten_times_the_episodes_a_night_says_so(
    question: Question, tmp_path: Path, saved_in: str
) -> None:
    answer(question, made_policy(tmp_path, save=True, tier=saved_in))
    worse = replace(
        question, make=lambda _seed: nn.Sequential(nn.AvgPool2d(28), nn.Flatten())
    )

    nightly = made_policy(tmp_path, tier="nightly")
    found = answer(worse, replace(nightly, rules=Rules(fail="significant")))

    assert found.verdict is not None
    assert found.verdict.outcome == "fail"
    remark = "not measured again on ten times the episodes: the reference has none"
    has_remark = any(remark in one for one in found.remarks)
    assert has_remark == (saved_in == "quick")

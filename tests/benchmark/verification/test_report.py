from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.baselines.learner import BaselineError
from fewbench.benchmark.verification import report
from fewbench.benchmark.verification.load import with_standing
from fewbench.benchmark.verification.report import VerifiedResult, verify_result
from fewbench.reports.records import RunResult
from fewbench.reports.result_files import load_result, save_result
from fewbench_tests.forgeries import forge
from fewbench_tests.honest_results import build_honest

FILES = Path(__file__).parents[2] / "compatibility" / "files"
OLD = FILES / "results" / "glyphs-5w1s-50ep__protonet__seed0.json"


def outcomes(verified: VerifiedResult) -> dict[str, str]:
    return {check.what: check.outcome for check in verified.checks}


def test_a_result_of_an_old_version_is_checked_as_far_as_can_be(
    glyphs_root: Path,
) -> None:
    verified = verify_result(OLD, glyphs_root, str(FILES / "whole"))
    found = outcomes(verified)
    assert verified.has_passed
    assert found["the hash of the content"] == "not possible"
    for what in ("the episodes", "the images", "the images in your build"):
        assert found[what] == "passed"
    assert found["the learner"] == "passed"
    assert found["the predictions, replayed"] == "passed"


def test_without_learner_and_images_the_rest_is_checked(tmp_path: Path) -> None:
    verified = verify_result(OLD, tmp_path)
    found = outcomes(verified)
    assert verified.has_passed
    assert found["the episodes"] == "passed"
    for what in (
        "the images in your build",
        "the learner",
        "the predictions, replayed",
    ):
        assert found[what] == "not possible"
    assert not (tmp_path / "glyphs").exists()


def test_the_checkpoint_of_another_result_is_told(
    tmp_path: Path, glyphs_root: Path
) -> None:
    old = load_result(OLD)
    changed = replace(old, checkpoint_sha256="ab" * 32)
    path = save_result(changed, tmp_path)
    verified = verify_result(path, tmp_path, str(FILES / "whole"))
    assert outcomes(verified)["the learner"] == "failed"
    recipe = {**old.recipe, "lr": 0.5}
    path = save_result(replace(old, recipe=recipe), tmp_path / "other")
    verified = verify_result(path, glyphs_root, str(FILES / "whole"))
    assert outcomes(verified)["the learner"] == "failed"
    with pytest.raises(BaselineError, match="no such learner"):
        verify_result(path, glyphs_root, "nowhere")


@pytest.mark.parametrize(
    "change", ["class_names", "class_sizes"], ids=["names", "sizes"]
)
def test_classes_are_those_of_the_build(
    change: str, tmp_path: Path, glyphs_root: Path
) -> None:
    old: RunResult = load_result(OLD)
    values = getattr(old, change).copy()
    values[0], values[1] = values[1], values[0] + values[0]
    path = save_result(replace(old, **{change: values}), tmp_path)
    verified = verify_result(path, glyphs_root)
    assert outcomes(verified)["the images in your build"] == "failed"


def test_a_damaged_result_is_one_failed_check(tmp_path: Path) -> None:
    path = save_result(build_honest(), tmp_path)
    path.write_text(path.read_text().replace('"train_seed": 0', '"train_seed": 1'))
    (check,) = verify_result(path, tmp_path).checks
    assert check.outcome == "failed"
    assert "the document differs from what was saved" in check.detail


def test_all_that_does_not_fit_is_told_at_once(tmp_path: Path) -> None:
    path = save_result(build_honest(embedded="episodes"), tmp_path)

    def change(content):
        content["classification"]["protocol"]["seed"] = 3
        del content["classification"]["protocol_sha256"]

    forge(path, change)
    found = outcomes(verify_result(path, tmp_path))
    failed = [what for what, outcome in found.items() if outcome == "failed"]
    assert "the name of the protocol" in failed
    assert "the episodes" in failed


def test_all_checks_are_of_the_document_that_was_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_result(build_honest(n_episodes=6), tmp_path)
    expected = verify_result(path, tmp_path).checks

    def replaced_meanwhile(result: RunResult) -> RunResult:
        other = build_honest(0.5, n_episodes=6)
        save_result(other, tmp_path, overwrite=True)
        return with_standing(result)

    monkeypatch.setattr(report, "with_standing", replaced_meanwhile)
    assert verify_result(path, tmp_path).checks == expected
    assert load_result(path).mean < 0.8

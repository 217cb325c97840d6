from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.benchmark.verification.checks import Check
from fewbench.benchmark.verification.file_checks import check_document
from fewbench.reports.document_reader import read_document
from fewbench.reports.origin import Segment
from fewbench.reports.records import RunResult
from fewbench.reports.result_files import save_result
from fewbench_tests.forgeries import forge
from fewbench_tests.honest_results import build_honest

# 9 episodes with 80 images each use fewer than half of the 2,340 images.
HONEST = build_honest(n_episodes=9, embedded="episodes")


def checks_of(result: RunResult, folder: Path) -> dict[str, Check]:
    path = save_result(result, folder)
    return {check.what: check for check in check_document(read_document(path), result)}


def test_an_honest_document_passes(tmp_path: Path) -> None:
    checks = checks_of(HONEST, tmp_path)
    assert "failed" not in {check.outcome for check in checks.values()}
    assert checks["the interval in words"].outcome == "passed"
    assert checks["the embedded images"].outcome == "passed"
    assert checks["the circumstances"].outcome == "not possible"


def test_an_interval_that_is_not_computed_is_told(tmp_path: Path) -> None:
    path = save_result(HONEST, tmp_path)

    def narrow(content):
        content["classification"]["accuracy"]["interval"] = "89.9 to 90.1 %"

    forge(path, narrow)
    checks = {
        check.what: check for check in check_document(read_document(path), HONEST)
    }
    check = checks["the interval in words"]
    assert check.outcome == "not possible"
    assert "the document says 89.9 to 90.1 %" in check.detail


def test_which_images_were_embedded_follows_from_the_episodes(tmp_path: Path) -> None:
    wrong = replace(HONEST, embedded="split")
    check = checks_of(wrong, tmp_path)["the embedded images"]
    assert check.outcome == "failed"
    assert "expected episodes, because the episodes use" in check.detail
    many = build_honest(n_episodes=60, embedded="split")
    assert checks_of(many, tmp_path)["the embedded images"].outcome == "passed"


@pytest.mark.parametrize(
    ("ends", "outcome", "said"),
    [
        ([(0, 4), (4, 9)], "passed", "2 ranges join"),
        ([(4, 9), (0, 4)], "passed", "2 ranges join"),
        ([(0, 4), (5, 9)], "failed", "expected a range from episode 4 on, got 5"),
        ([(0, 4)], "failed", "expected ranges up to episode 9, got 4"),
    ],
)
def test_ranges_of_processes_join(ends, outcome, said, tmp_path: Path) -> None:
    segments = tuple(Segment(start, end) for start, end in ends)
    result = replace(HONEST, segments=segments)
    check = checks_of(result, tmp_path)["the ranges of episodes"]
    assert check.outcome == outcome
    assert said in check.detail

"""All results of a bundle are checked together."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.benchmark.submission.check_results import check_results, check_together
from fewbench.benchmark.submission.findings import Finding
from fewbench.benchmark.submission.one_result import SubmittedResult
from fewbench.reports.records import RunResult, count_correct
from fewbench.reports.result_files import save_result
from fewbench_tests.honest_results import build_honest
from fewbench_tests.made_bundles import lines, two_seeds

HONEST = build_honest(n_episodes=6, n_query=3)


def check(
    folder: Path, *results: RunResult
) -> tuple[list[SubmittedResult], list[Finding]]:
    for result in results:
        save_result(result, folder / "results")
    return check_results(folder, names_in(folder), None)


def names_in(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.relative_to(folder).as_posix() for path in files)


def of_protocol(**changes: Any) -> RunResult:
    return replace(HONEST, protocol=replace(HONEST.protocol, **changes))


def test_a_damaged_result_does_not_hide_the_others(tmp_path: Path) -> None:
    first, second = two_seeds()
    path = save_result(first, tmp_path / "results")
    path.write_text(path.read_text().replace("protonet", "maml"))

    [found], [finding] = check(tmp_path, second)

    assert found.result.train_seed == 1
    assert finding.where == f"results/{first.file_stem}.json"
    assert "the document differs from what was saved" in finding.what
    assert "evaluate again: fewbench" not in finding.what


def test_faults_of_each_and_of_all_are_found(tmp_path: Path) -> None:
    twice = [replace(HONEST, train_seed=seed, partial=True) for seed in (0, 1)]

    results, findings = check(tmp_path, *twice)

    assert len(results) == 2
    assert [finding.code for finding in findings] == ["data", "data", "copied"]


def test_no_result_is_a_fault(tmp_path: Path) -> None:
    _, [finding] = check(tmp_path)

    assert finding.code == "no-result"


def test_enclosed_files_need_a_result(tmp_path: Path) -> None:
    for name in ("results/x.npz", "training/seed7/train.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")

    _, findings = check(tmp_path, HONEST)

    assert lines(findings) == [
        "error enclosed: results/x.npz: there is no results/x.json, which says what "
        "these arrays are. Pack it again",
        "error enclosed: training/seed7/train.json: no result has the training seed 7. "
        "Leave it out, or add its results",
    ]


def test_a_checkpoint_of_another_result_is_found(tmp_path: Path) -> None:
    path = tmp_path / "checkpoints" / "seed0.safetensors"
    path.parent.mkdir()
    path.write_bytes(b"another")

    _, [finding] = check(tmp_path, HONEST)

    assert finding.code == "checkpoint"
    assert finding.where == "checkpoints/seed0.safetensors"


def submitted(*results: RunResult) -> list[SubmittedResult]:
    return [SubmittedResult(f"{i}.json", one, False) for i, one in enumerate(results)]


def test_results_that_go_together_have_no_findings() -> None:
    assert list(check_together(submitted(*two_seeds()))) == []


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: (HONEST, HONEST), "2 results are on glyphs-5w1s-3query-6ep"),
        (
            lambda: (HONEST, replace(HONEST, train_seed=1)),
            "error copied: 1.json: all predictions are those of 0.json",
        ),
        (
            lambda: (HONEST, of_protocol(name="glyphs-5w1s-3query-seed1-6ep", seed=1)),
            "error copied: 1.json: all predictions are those of 0.json",
        ),
        (
            lambda: (HONEST, replace(two_seeds()[1], learner="maml")),
            "expected one learner, got maml, protonet",
        ),
    ],
)
def test_results_that_do_not_go_together_are_found(
    make: Callable[[], tuple[RunResult, ...]], words: str
) -> None:
    assert words in "\n".join(lines(list(check_together(submitted(*make())))))


def test_two_perfect_runs_are_no_copies() -> None:
    right = np.tile(np.arange(5).repeat(3), (6, 1)).astype(np.uint8)
    correct = count_correct(right, 5)
    perfect = [replace(one, predictions=right, correct=correct) for one in two_seeds()]

    assert list(check_together(submitted(*perfect))) == []


def test_results_on_other_images_are_not_mixed() -> None:
    first, second = two_seeds()
    other = replace(second, data_fingerprint="ab" * 32)
    [finding] = check_together(submitted(first, other))
    assert (finding.code, finding.where) == ("other-data", "1.json")
    assert "those of 0.json have" in finding.what

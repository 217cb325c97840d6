"""Each result of a bundle is checked, and all together."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.benchmark.submission.check_results import (
    SubmittedResult,
    check_results,
    check_together,
)
from fewbench.benchmark.submission.findings import Finding
from fewbench.reports.records import RunResult, count_correct
from fewbench.reports.result_files import save_result
from fewbench_tests.honest_results import build_honest
from fewbench_tests.made_bundles import foreign_files, lines, two_seeds

HONEST = build_honest(n_episodes=6, n_query=3)


def check(
    folder: Path, *results: RunResult, foreign: bool = False
) -> tuple[list[SubmittedResult], list[Finding]]:
    for number, result in enumerate(results):
        place = folder / "results"
        if foreign:
            document, arrays = foreign_files(result)
            place.mkdir(exist_ok=True)
            (place / f"{number}.json").write_bytes(document)
            (place / f"{number}.npz").write_bytes(arrays)
        else:
            save_result(result, place)
    return check_results(folder, names_in(folder), None)


def names_in(folder: Path) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.relative_to(folder).as_posix() for path in files)


@pytest.mark.parametrize("foreign", [False, True])
@pytest.mark.parametrize(
    "card",
    [
        {},
        {"n_way": 20, "n_shot": 5},
        {"sampling": "disjoint", "interval": "open"},
        {"seed": 3},
        {"name": "omniglot-5w1s", "dataset": "omniglot", "rotations": True},
    ],
)
def test_honest_results_have_no_findings(
    foreign: bool, card: dict[str, Any], tmp_path: Path
) -> None:
    result = build_honest(**({"n_episodes": 6, "n_query": 3} | card))

    [found], findings = check(tmp_path, result, foreign=foreign)

    assert lines(findings) == []
    assert found.is_foreign is foreign
    assert found.result.mean == result.mean
    assert len(found.predictions_sha256) == 64


def test_without_a_reference_build_there_is_a_warning(tmp_path: Path) -> None:
    result = build_honest(
        name="miniimagenet-5w1s", dataset="miniimagenet", n_episodes=6
    )

    _, [finding] = check(tmp_path, result)

    assert finding.level == "warning"
    assert "no reference build of miniimagenet" in finding.what


def of_protocol(**changes: Any) -> RunResult:
    return replace(HONEST, protocol=replace(HONEST.protocol, **changes))


REFUSED: dict[str, tuple[Callable[[], RunResult], list[str]]] = {
    "an unknown protocol": (
        lambda: of_protocol(name="my-own-5w1s"),
        ["error protocol: results/", "my-own-5w1s is not in the catalogue"],
    ),
    "an unknown dataset": (
        lambda: of_protocol(name="mine-5w1s", dataset="mine"),
        ["error protocol:", "error dataset:", "has no dataset mine"],
    ),
    "fewer episodes, not in the name": (
        lambda: of_protocol(name="glyphs-5w1s-3query"),
        ["expected glyphs-5w1s-3query-6ep, which fits the settings"],
    ),
    "listed episodes": (
        lambda: of_protocol(sampling="listed"),
        ["error episodes:", "nobody can draw them again"],
    ),
    "other images": (
        lambda: replace(HONEST, data_fingerprint="ab" * 32),
        ["error data:", "expected the reference build of glyphs, got other images"],
    ),
    "incomplete data, and sizes that fill the memory": (
        lambda: replace(
            HONEST,
            partial=True,
            class_sizes=np.full(117, 2**31 - 1, np.int32),
        ),
        ["error data:", "the glyphs of this result was incomplete"],
    ),
    "another split": (
        lambda: of_protocol(name="glyphs-5w1s-val-3query-6ep", split="val"),
        ["the images: expected those of the split val of glyphs"],
    ),
    "no date": (
        lambda: replace(HONEST, created_utc="<b>now</b>"),
        ["error date:", "expected a day such as 2026-11-26, got '<b>now</b>'"],
    ),
    "a text for the interval": (
        lambda: replace(HONEST, embedded="split"),
        ["the embedded images: expected episodes, because"],
    ),
    "several faults at once": (
        lambda: replace(
            HONEST,
            classes=HONEST.classes[:, ::-1].copy(),
            episodes_fingerprint="ab" * 32,
            created_utc="",
        ),
        ["error date:", "the episodes: expected", "the classes of the episodes: exp"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_fault_is_found(name: str, tmp_path: Path) -> None:
    make, words = REFUSED[name]

    _, findings = check(tmp_path, make())

    said = "\n".join(lines(findings))
    for word in words:
        assert word in said
    assert str(tmp_path) not in said
    assert all(finding.where.startswith("results/") for finding in findings)


def test_a_damaged_result_does_not_hide_the_others(tmp_path: Path) -> None:
    first, second = two_seeds()
    path = save_result(first, tmp_path / "results")
    path.write_text(path.read_text().replace("protonet", "maml"))

    [found], [finding] = check(tmp_path, second)

    assert found.result.train_seed == 1
    assert finding.where == f"results/{first.file_stem}.json"
    assert "the document differs from what was saved" in finding.what
    assert "evaluate again: fewbench" not in finding.what


def test_damaged_arrays_are_named(tmp_path: Path) -> None:
    path = save_result(HONEST, tmp_path / "results")
    path.with_suffix(".npz").write_bytes(b"PK\3\4 no")

    _, [finding] = check(tmp_path)

    assert finding.where == f"results/{HONEST.file_stem}.npz"
    assert "cannot read the arrays" in finding.what


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

"""One result of a bundle: read, and checked by itself."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.benchmark.protocols.names import named_by_changes
from fewbench.benchmark.submission.findings import Finding
from fewbench.benchmark.submission.one_result import (
    SubmittedResult,
    check_one,
    read_submitted,
)
from fewbench.reports.records import RunResult
from fewbench.reports.result_files import save_result
from fewbench_tests.forgeries import forge
from fewbench_tests.honest_results import build_honest
from fewbench_tests.made_bundles import foreign_files, lines

HONEST = build_honest(n_episodes=6, n_query=3)


def save(folder: Path, result: RunResult, *, foreign: bool = False) -> str:
    """Save a result as in a bundle, and return the name of its document."""
    place = folder / "results"
    if not foreign:
        return save_result(result, place).relative_to(folder).as_posix()
    document, arrays = foreign_files(result)
    place.mkdir(parents=True)
    (place / "a.json").write_bytes(document)
    (place / "a.npz").write_bytes(arrays)
    return "results/a.json"


def check(folder: Path, result: RunResult, *, foreign: bool = False) -> list[Finding]:
    submitted = read_submitted(folder, save(folder, result, foreign=foreign), None)
    if isinstance(submitted, Finding):
        return [submitted]
    return list(check_one(folder, submitted))


def of_protocol(**changes: Any) -> RunResult:
    return replace(HONEST, protocol=replace(HONEST.protocol, **changes))


def with_class_name(name: str) -> RunResult:
    names = HONEST.class_names.tolist()
    return replace(HONEST, class_names=np.array([name, *names[1:]]))


def test_a_long_name_that_says_all_passes(tmp_path: Path) -> None:
    changes: dict[str, Any] = {"seed": 2**64 - 1, "dataset": "m" + 28 * "y"}
    protocol = replace(HONEST.protocol, **changes)
    name = named_by_changes(protocol).name
    assert len(name) == 80

    found = check(tmp_path, of_protocol(name=name, **changes), foreign=True)

    assert "error protocol" not in "\n".join(lines(found))


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

    name = save(tmp_path, result, foreign=foreign)
    found = read_submitted(tmp_path, name, None)

    assert isinstance(found, SubmittedResult)
    assert found.is_foreign is foreign
    assert found.result.mean == result.mean
    assert len(found.predictions_sha256) == 64
    assert lines(list(check_one(tmp_path, found))) == []


def test_without_a_reference_build_there_is_a_warning(tmp_path: Path) -> None:
    result = build_honest(
        name="miniimagenet-5w1s", dataset="miniimagenet", n_episodes=6
    )

    [finding] = check(tmp_path, result)

    assert finding.level == "warning"
    assert "no reference build of miniimagenet" in finding.what


REFUSED: dict[str, tuple[Callable[[], RunResult], list[str]]] = {
    "an unknown protocol": (
        lambda: of_protocol(name="my-own-5w1s"),
        ["error protocol: results/", "my-own-5w1s is not in the catalogue"],
    ),
    "a long name that says nothing": (
        lambda: of_protocol(name="glyphs-5w1s-".ljust(80, "x")),
        ["error protocol: results/", "expected glyphs-5w1s-3query-6ep, which fits"],
    ),
    "a class name that turns the text around": (
        lambda: with_class_name("<img>\u202e\x1b"),
        ["error class-name: results/", r"got '<img>\u202e\x1b'"],
    ),
    "a class name that is too long": (
        lambda: with_class_name("x" * 201),
        [
            "error class-name: results/",
            "expected at most 200 characters in a name, got 201",
        ],
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
    "a day of the calendar of weeks": (
        lambda: replace(HONEST, created_utc="2026-W01-1"),
        ["error date:"],
    ),
    "embedded images that the episodes do not need": (
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

    findings = check(tmp_path, make())

    said = "\n".join(lines(findings))
    for word in words:
        assert word in said
    assert str(tmp_path) not in said
    assert all(finding.where.startswith("results/") for finding in findings)


def test_damaged_arrays_are_named(tmp_path: Path) -> None:
    name = save(tmp_path, HONEST)
    (tmp_path / name).with_suffix(".npz").write_bytes(b"PK\3\4 no")

    finding = read_submitted(tmp_path, name, None)

    assert isinstance(finding, Finding)
    assert finding.where == f"results/{HONEST.file_stem}.npz"
    assert "cannot read the arrays" in finding.what


def test_an_interval_of_other_numbers_is_found(tmp_path: Path) -> None:
    name = save(tmp_path, HONEST)

    def narrow(content: dict[str, Any]) -> None:
        content["classification"]["accuracy"]["interval"] = "89 to 91 %"

    forge(tmp_path / name, narrow)
    submitted = read_submitted(tmp_path, name, None)

    assert isinstance(submitted, SubmittedResult)
    [finding] = check_one(tmp_path, submitted)
    assert finding.code == "interval"
    assert finding.what.endswith("as computed from the predictions, got 89 to 91 %")


def test_classes_that_nobody_published_give_a_warning(tmp_path: Path) -> None:
    result = build_honest(
        name="omniglot-5w1s", dataset="omniglot", rotations=True, n_episodes=6
    )
    names = [f"class {c}/rot{a:03d}" for a in (0, 90, 180, 270) for c in range(423)]

    [finding] = check(tmp_path, replace(result, class_names=np.array(names)))

    assert finding.level == "warning"
    assert "some are not in the published list of classes" in finding.what


def test_the_advice_fits_the_program(tmp_path: Path) -> None:
    wrong = replace(HONEST, episodes_fingerprint="ab" * 32)

    for foreign, words in ((False, "fewbench evaluate"), (True, "program that wrote")):
        [finding] = check(tmp_path / str(foreign), wrong, foreign=foreign)
        assert words in finding.advice

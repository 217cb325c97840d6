"""Pack writes a bundle that everybody can check, or nothing."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.benchmark.submission.bundle_bytes import bundle_sha256
from fewbench.benchmark.submission.check import check_submission
from fewbench.benchmark.submission.enclosed import EnclosedRun
from fewbench.benchmark.submission.pack import pack_submission
from fewbench.errors import UserError
from fewbench.reports.records import RunResult
from fewbench_tests.honest_results import build_honest
from fewbench_tests.made_bundles import (
    card_document,
    checkpoint_bytes,
    files_of,
    lines,
    pack,
    two_seeds,
    write_card,
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "mine.fewbench.zip"


def test_a_bundle_holds_the_card_and_the_results(tmp_path: Path, out: Path) -> None:
    results = two_seeds()

    checked = pack_submission(results, write_card(tmp_path), out)

    assert lines(checked) == []
    assert checked.sha256 == bundle_sha256(out)
    files = files_of(out)
    document = json.loads(files["submission.json"])
    assert document["card"] == card_document()
    assert set(document["files"]) == set(files) - {"submission.json"}
    assert sorted(files) == sorted(
        ["submission.json"]
        + [
            f"results/{one.file_stem}.{end}"
            for one in results
            for end in ("json", "npz")
        ]
    )
    again = check_submission(out)
    for one, result in zip(again.results, results, strict=True):
        assert (one.result.predictions == result.predictions).all()
        assert not one.is_foreign


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    first = pack(tmp_path, name="a")
    second = pack(tmp_path, two_seeds()[::-1], name="b")

    assert first.read_bytes() == second.read_bytes()


def test_several_protocols_go_into_one_bundle(tmp_path: Path) -> None:
    results = two_seeds() + two_seeds(2, n_shot=5) + two_seeds(4, sampling="disjoint")

    assert len(check_submission(pack(tmp_path, results)).results) == 6


def test_a_training_run_is_enclosed(tmp_path: Path, out: Path) -> None:
    runs = [EnclosedRun(0, {"lr": 0.1}, checkpoint_bytes()), EnclosedRun(1, {}, None)]
    results = [replace(one, checkpoint_sha256=None) for one in two_seeds()]

    checked = pack_submission(results, write_card(tmp_path), out, runs)

    assert lines(checked) == []
    files = files_of(out)
    assert files["checkpoints/seed0.safetensors"] == checkpoint_bytes()
    assert json.loads(files["training/seed0/train.json"]) == {"lr": 0.1}
    assert "training/seed1/train.json" in files


def test_a_checkpoint_with_a_private_path_is_not_packed(
    tmp_path: Path, out: Path
) -> None:
    checkpoint = checkpoint_bytes({"data": "/home/kim/data"})
    results = [replace(one, checkpoint_sha256=None) for one in two_seeds()]

    runs = [EnclosedRun(0, {}, checkpoint)]
    checked = pack_submission(results, write_card(tmp_path), out, runs)

    [line] = lines(checked)
    assert line.startswith(
        "error private: checkpoints/seed0.safetensors: __metadata__.data: it tells a path"
    )
    assert not out.exists()


def test_no_path_and_no_machine_travels_along(tmp_path: Path, out: Path) -> None:
    results = [
        replace(one, command="fewbench evaluate /home/kim/a", device="/Users/kim/gpu")
        for one in two_seeds()
    ]

    checked = pack_submission(results, write_card(tmp_path), out)

    assert lines(checked) == []
    for data in files_of(out).values():
        assert b"kim" not in data


FAULTS: list[tuple[list[RunResult], tuple[tuple[str, str], ...], list[str]]] = [
    (two_seeds()[:1], (), ["submission.toml: training.seeds: expected results of seeds 0, 1"]),
    (two_seeds() * 2, (), ["2 results are on glyphs-5w1s-3query-6ep with", "all predictions"]),
    (
        two_seeds(),
        (('"ProtoNet"', '""'), ("[0, 1]", '"0, 1"'), ("112000", "-5"), ('"MIT"', '"/home/kim/l"')),
        [
            "submission.toml: method.name: it is empty",
            "submission.toml: training.seeds: expected a list",
            "submission.toml: network.parameters",
            "submission.toml: method.licence: it tells a path of your machine: /home/kim/l",
        ],
    ),
    (
        two_seeds(partial=True),
        (),
        ["the glyphs of this result was incomplete"],
    ),
    (
        [*two_seeds(), build_honest(n_episodes=6, n_query=3, learner="maml")],
        (),
        ["expected one learner, got maml, protonet"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("results", "edits", "words"), FAULTS)
def test_all_faults_are_found_and_nothing_is_written(
    results: list[RunResult],
    edits: tuple[tuple[str, str], ...],
    words: list[str],
    tmp_path: Path,
    out: Path,
) -> None:
    out.write_bytes(b"an older bundle")

    checked = pack_submission(results, write_card(tmp_path, *edits), out)

    assert not checked.has_passed
    said = "\n".join(lines(checked))
    for word in words:
        assert word in said
    assert out.read_bytes() == b"an older bundle"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "mine.fewbench.zip",
        "submission.toml",
    ]


def test_results_of_one_seed_of_two_trainings_are_refused(
    tmp_path: Path, out: Path
) -> None:
    runs = [EnclosedRun(0, {}, None), EnclosedRun(0, {}, None)]

    with pytest.raises(UserError, match="two training runs have the seed 0"):
        pack_submission(two_seeds(), write_card(tmp_path), out, runs)


@pytest.mark.parametrize("name", ["mine.zip", ".fewbench.zip", "mine.fewbench.zip.txt"])
def test_another_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--out my-method\.fewbench\.zip"):
        pack_submission(two_seeds(), write_card(tmp_path), tmp_path / name)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "no such card.*fewbench submission init --out"),
        ("[method", "expected TOML, got it is no TOML"),
        ("a = nan", "expected finite numbers"),
        ("a = 1\na = 2", "expected TOML, got"),
    ],
)
def test_a_card_that_is_no_toml_is_refused(
    text: str | None, words: str, tmp_path: Path, out: Path
) -> None:
    card = tmp_path / "card.toml"
    if text is not None:
        card.write_text(text)

    with pytest.raises(UserError, match=words):
        pack_submission(two_seeds(), card, out)
    assert not out.exists()

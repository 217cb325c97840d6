"""Whatever a bundle holds, a check answers with findings, and nothing else happens."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from fewbench.benchmark.cli.describe_findings import verdict_document, verdict_text
from fewbench.benchmark.submission import bundle
from fewbench.benchmark.submission.bundle import write_bundle
from fewbench.benchmark.submission.check import CheckedSubmission, check_submission
from fewbench.benchmark.submission.verdict import (
    load_verdict,
    save_verdict,
    verdict_on,
)
from fewbench.benchmark.verification.protocol_checks import check_episodes
from fewbench_tests.fuzzed_bundles import fuzzed
from fewbench_tests.made_bundles import (
    Files,
    card_document,
    files_of,
    foreign_files,
    lines,
    pack,
    sealed,
    two_seeds,
)

SEED = 20261126


def answer(path: Path) -> CheckedSubmission:
    """Check a bundle, and do with it what the command does."""
    checked = check_submission(path)
    assert all(line.isprintable() for line in lines(checked))
    verdict = verdict_on(checked)
    assert verdict_text(verdict)
    json.dumps(verdict_document(verdict), allow_nan=False)
    saved = save_verdict(verdict, path.parent / "verdicts")
    assert load_verdict(saved) == verdict
    saved.unlink()
    return checked


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return files_of(pack(tmp_path_factory.mktemp("ours")))


@pytest.fixture(scope="module")
def theirs() -> Files:
    """The files of a bundle that another program made."""
    files = {}
    for result in two_seeds():
        name = f"results/seed{result.train_seed}"
        files[f"{name}.json"], files[f"{name}.npz"] = foreign_files(result)
    contents = {"format": "fewbench-submission", "schema_version": 1, "files": {}}
    contents |= {"card": card_document(), "made_with": "mine"}
    files["submission.json"] = json.dumps(contents).encode()
    return sealed(files)


@pytest.mark.parametrize("program", ["ours", "theirs"])
def test_damage_at_random_is_answered(
    program: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    files = request.getfixturevalue(program)
    path = tmp_path / "a.fewbench.zip"
    rng = Random(SEED)
    n_refused = 0
    for _ in range(150):
        path.write_bytes(fuzzed(rng, files))
        n_refused += not answer(path).has_passed
    # Some changes do no harm, such as those of a time in the zip.
    assert n_refused > 100


def bomb(n_bytes: int) -> bytes:
    """An .npz whose member `predictions` unpacks to so many bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("predictions.npy", bytes(n_bytes))
    return buffer.getvalue()


def test_a_bomb_in_the_arrays_is_not_unpacked(
    theirs: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The document asks for as many episodes as the bomb needs."""
    monkeypatch.setattr(bundle, "_MOST_ARRAYS", 1 << 20)
    files = dict(theirs)
    for name in ("results/seed0", "results/seed1"):
        document = json.loads(files[f"{name}.json"])
        document["protocol"]["n_episodes"] = 10**9
        files[f"{name}.json"] = json.dumps(document).encode()
        files[f"{name}.npz"] = bomb(2 << 20)
    path = tmp_path / "a.fewbench.zip"
    write_bundle(path, sealed(files))

    checked = answer(path)

    sizes = [one for one in checked.findings if one.code == "container-size"]
    assert [one.where for one in sizes] == ["results/seed0.npz", "results/seed1.npz"]


@pytest.mark.parametrize(
    ("n_shot", "size", "words"),
    [
        (1, 2**31 - 1, "a split of at most 20,000,000 images"),
        (2**31, 20, "at most 1,000,000,000 images in all episodes"),
        (10**6, 20, "class sizes that allow"),
    ],
)
def test_episodes_that_fill_the_memory_are_not_drawn(
    n_shot: int, size: int, words: str
) -> None:
    result = two_seeds()[0]
    hostile = replace(
        result,
        protocol=replace(result.protocol, n_shot=n_shot),
        class_sizes=np.full(117, size, np.int32),
    )

    [check] = check_episodes(hostile)

    assert check.outcome == "failed"
    assert words in check.detail


def test_a_large_document_is_not_parsed(ours: Files, tmp_path: Path) -> None:
    rng = np.random.default_rng(SEED)
    digits = rng.integers(48, 58, 5 << 20, np.uint8).tobytes()
    files = ours | {"training/seed0/train.json": b'["' + digits + b'"]'}
    path = tmp_path / "a.fewbench.zip"
    write_bundle(path, sealed(files))

    [finding] = answer(path).findings

    assert finding.code == "container-size"
    assert "at most 4,194,304 bytes" in finding.what

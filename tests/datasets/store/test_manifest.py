"""manifest.json describes a finished build."""

import json
from copy import copy
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.datasets.info import DataError, Listing
from fewbench.datasets.store.manifest import (
    MANIFEST,
    read_manifest,
    resampling_of,
    write_manifest,
)
from fewbench.datasets.store.split_store import SplitStore
from fewbench_tests.bars import BARS

LISTING = Listing((), ("counted",), "drawings", "lanczos")


@pytest.fixture
def folder(bars: dict[str, SplitStore], tmp_path: Path) -> Path:
    for split in ("train", "test"):
        data = bars[split].path.read_bytes()
        (tmp_path / f"{split}.h5").write_bytes(data)
    return tmp_path


def test_what_is_written_is_read_back(
    folder: Path, bars: dict[str, SplitStore]
) -> None:
    written = write_manifest(BARS, LISTING, folder, ["train", "test"])
    assert read_manifest(folder) == written
    assert written["form"] == "drawings"
    assert written["resampling"] == bars["test"].attributes["resampling"]
    assert written["checks"] == ["counted"]
    assert list(written["splits"]) == ["train", "test"]
    found = written["splits"]["test"]
    assert found["content_sha256"] == bars["test"].fingerprint
    assert (found["file"], found["n_classes"], found["n_images"]) == ("test.h5", 8, 160)


def test_splits_that_differ_are_each_named(bars: dict[str, SplitStore]) -> None:
    train, test = bars["train"], bars["test"]
    assert resampling_of([train, test]) == test.attributes["resampling"]
    changed = copy(train)
    changed.attributes = {**train.attributes, "resampling": "box"}
    assert resampling_of([changed, test]) == (
        f"train: box. test: {test.attributes['resampling']}"
    )


def test_the_file_is_indented_json_with_sorted_keys(folder: Path) -> None:
    written = write_manifest(BARS, LISTING, folder, ["test"])
    text = (folder / "manifest.json").read_text(encoding="utf-8")
    assert text == json.dumps(written, indent=2, sort_keys=True) + "\n"


@pytest.mark.parametrize("same", [True, False])
def test_the_content_is_compared_with_the_reference_build(
    folder: Path, bars: dict[str, SplitStore], same: bool
) -> None:
    reference = bars["test"].fingerprint if same else "0" * 64
    info = replace(BARS, reference_sha256={"test": reference})
    checks = write_manifest(info, LISTING, folder, ["train", "test"])["checks"]
    verdict = "is" if same else "differs from"
    assert checks == ["counted", f"test: content {verdict} the reference build"]


def test_a_missing_manifest_is_none(tmp_path: Path) -> None:
    assert read_manifest(tmp_path) is None
    (tmp_path / "file").touch()
    assert read_manifest(tmp_path / "file") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read: expected a JSON document.*data build bars --rebuild"),
        ("[]", "not a manifest.*data build bars --rebuild"),
        ('{"schema_version": 1}', "not a manifest"),
        (
            '{"schema_version": 2, "splits": {}}',
            "newer fewbench: expected schema version 1 or older, got 2.*pip install --upgrade",
        ),
    ],
)
def test_an_unreadable_manifest_gets_a_sentence(
    tmp_path: Path, text: str, message: str
) -> None:
    folder = tmp_path / "bars"
    folder.mkdir()
    (folder / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=message):
        read_manifest(folder)


@pytest.mark.parametrize("size", [None, "12", -1, 1.5])
def test_a_size_that_is_no_number_of_bytes_is_refused(
    bars: dict[str, SplitStore], tmp_path: Path, size: object
) -> None:
    manifest = json.loads((bars["test"].path.parent / MANIFEST).read_text())
    manifest["splits"]["test"]["bytes"] = size
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(DataError, match="not a manifest"):
        read_manifest(tmp_path)

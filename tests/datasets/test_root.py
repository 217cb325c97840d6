"""Where builds are kept, and how their splits are opened and verified."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from fewbench.datasets.build import build
from fewbench.datasets.info import DataError, Listing, Request, Source
from fewbench.datasets.root import built_splits, data_root, open_split, verify
from fewbench.datasets.store.manifest import MANIFEST, read_manifest
from fewbench.datasets.store.split_file import pixels_offset
from fewbench.datasets.store.split_store import SplitStore
from fewbench.files import write_json
from fewbench_tests.bars import BARS

EXTERNAL = replace(BARS, sources=(Source("bars.zip"),))


def test_verify_finds_a_split_exchanged_for_another(tmp_path: Path) -> None:
    built = build(BARS, tmp_path)
    (built.folder / "val.h5").write_bytes((built.folder / "test.h5").read_bytes())
    with pytest.raises(DataError, match="expected val, got test"):
        verify(BARS, tmp_path)


def test_verify_finds_a_split_of_another_build(tmp_path: Path) -> None:
    built = build(BARS, tmp_path)
    manifest = json.loads((built.folder / MANIFEST).read_bytes())
    manifest["splits"]["val"]["content_sha256"] = "0" * 64
    write_json(built.folder / MANIFEST, manifest)
    with pytest.raises(DataError, match="does not match manifest.json"):
        verify(BARS, tmp_path)


@pytest.mark.parametrize("left_out", [["val"], ["train", "val", "test"]])
@pytest.mark.parametrize("partial", [False, True])
def test_verify_misses_splits_that_the_manifest_does_not_list(
    tmp_path: Path, left_out: list[str], partial: bool
) -> None:
    built = build(BARS, tmp_path)
    manifest = json.loads((built.folder / MANIFEST).read_bytes())
    manifest["partial"] = partial
    for split in left_out:
        del manifest["splits"][split]
    write_json(built.folder / MANIFEST, manifest)
    with pytest.raises(DataError, match="fewbench data build bars --rebuild"):
        verify(BARS, tmp_path)


def test_a_quick_verify_finds_a_damaged_class(tmp_path: Path) -> None:
    path = build(BARS, tmp_path).folder / "val.h5"
    verify(BARS, tmp_path, quick=True)
    store = SplitStore(path)
    data = bytearray(path.read_bytes())
    for c in range(6):
        data[pixels_offset(path) + int(store.class_offsets[c]) * 28 * 28 + 7] ^= 1
    path.write_bytes(data)
    with pytest.raises(
        DataError, match=r"val\.h5: the content does not match.*class val-0"
    ):
        verify(BARS, tmp_path, quick=True)


def test_a_missing_build_names_the_command_that_builds_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="fewbench data build bars"):
        open_split(EXTERNAL, tmp_path, "test")


def test_an_embedded_dataset_is_built_on_first_use(tmp_path: Path) -> None:
    assert len(open_split(BARS, tmp_path, "test")) == 160
    assert read_manifest(tmp_path / "bars") is not None


def test_an_unknown_split_lists_the_known_ones(bars_root: Path) -> None:
    with pytest.raises(DataError, match="has no split 'dev'. It has: train, val, test"):
        open_split(BARS, bars_root, "dev")


def test_the_root_comes_from_the_option_then_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FEWBENCH_DATA", str(tmp_path))
    assert data_root() == tmp_path
    assert data_root("here") == Path("here")
    monkeypatch.delenv("FEWBENCH_DATA")
    assert data_root().name == "fewbench"
    assert os.environ.get("FEWBENCH_DATA") is None


def test_every_split_of_a_build_is_opened(bars_root: Path) -> None:
    stores = built_splits(BARS, bars_root)
    assert list(stores) == ["train", "val", "test"]
    assert [len(store) for store in stores.values()] == [240, 120, 160]


def test_a_partial_build_opens_the_splits_that_it_has(tmp_path: Path) -> None:
    def list_classes(request: Request) -> Listing:
        listing = BARS.list_classes(request)
        classes = [one for one in listing.classes if one.split != "val"]
        return replace(listing, classes=tuple(classes))

    info = replace(EXTERNAL, list_classes=list_classes)
    build(info, tmp_path, Request(tmp_path, allow_missing=True))
    assert list(built_splits(info, tmp_path)) == ["train", "test"]

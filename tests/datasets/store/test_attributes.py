"""The attributes of a split file, before and after they are filled in."""

from pathlib import Path

import h5py
import pytest

from fewbench.datasets.info import DataError
from fewbench.datasets.store.attributes import (
    fill_attributes,
    make_room_for_hashes,
    read_attributes,
    write_attributes,
)
from fewbench.datasets.store.digests import ContentDigest
from fewbench.datasets.store.split_store import SplitStore
from fewbench_tests.bars import BARS

ATTRIBUTES = {
    "dataset": "tiny",
    "split": "test",
    "partial": False,
    "resampling": "drawn",
    "polarity": "none",
}
CONTENT = ContentDigest((3, 2, 2, 1))


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A file whose attributes are not filled in yet."""
    path = tmp_path / "tiny.h5"
    with h5py.File(path, "w") as file:
        write_attributes(file, ATTRIBUTES)
        make_room_for_hashes(file)
    return path


def test_attributes_are_read_as_they_were_given(bars: dict[str, SplitStore]) -> None:
    path = bars["test"].path
    with h5py.File(path) as file:
        found = read_attributes(path, file)
    assert (found["dataset"], found["citation"]) == (BARS.name, BARS.citation)
    assert not found["partial"]


def test_a_newer_schema_asks_for_an_upgrade(copy: Path) -> None:
    with h5py.File(copy, "r+") as file:
        file.attrs["schema_version"] = 99
    with pytest.raises(DataError, match="newer.*pip install --upgrade"):
        SplitStore(copy)


def test_a_file_without_hashes_is_not_finished(empty: Path) -> None:
    with (
        h5py.File(empty) as file,
        pytest.raises(DataError, match="not a finished fewbench-split file"),
    ):
        read_attributes(empty, file)


def test_attributes_are_filled_in_where_there_is_room(empty: Path) -> None:
    size = empty.stat().st_size
    late = {
        "resampling": "r" * 200,
        "made_from": "\u00e4" * 500,
        "jpeg": "j" * 200,
        "spectrum": "cannot tell",
    }
    with h5py.File(empty, "r+") as file:
        fill_attributes(file, CONTENT, late)
    assert empty.stat().st_size == size
    with h5py.File(empty) as file:
        found = read_attributes(empty, file)
    assert found == {
        "format": "fewbench-split",
        "schema_version": 1,
        **ATTRIBUTES,
        **late,
        "pixels_sha256": CONTENT.pixels(),
        "content_sha256": CONTENT.hexdigest(),
    }


@pytest.mark.parametrize("made_from", ["short", "m" * 1001])
def test_attributes_without_room_are_created(empty: Path, made_from: str) -> None:
    with h5py.File(empty, "r+") as file:
        if made_from == "short":
            del file.attrs["made_from"]  # as in a file of an earlier version
        fill_attributes(file, CONTENT, {"made_from": made_from})
    with h5py.File(empty) as file:
        found = read_attributes(empty, file)
    assert (found["made_from"], found["resampling"]) == (made_from, "drawn")

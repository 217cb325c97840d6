import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from fewbench.datasets.info import ClassImages, DataError, Listing, Request
from fewbench.datasets.store.journal import Journal, plan_of
from fewbench.datasets.store.split_store import SplitStore
from fewbench.datasets.store.writer import write_split
from fewbench_tests.bars import BARS, IMAGES_PER_CLASS, draw_class


@pytest.fixture
def copy(bars: dict[str, SplitStore], tmp_path: Path) -> Path:
    path = tmp_path / "test.h5"
    path.write_bytes(bars["test"].path.read_bytes())
    return path


def test_a_store_holds_what_was_written(bars: dict[str, SplitStore]) -> None:
    store = bars["test"]
    assert store.class_names == tuple(f"test-{c:02d}" for c in range(8))
    assert store.image_names[:3] == ("00", "01", "02")
    assert store.class_offsets.tolist() == list(range(0, 161, 20))
    assert store.image_shape == (28, 28, 1)
    assert (store.dataset, store.split, store.partial) == ("bars", "test", False)
    assert store.attributes["licence"] == "MIT"
    for c in range(8):
        here = store.images[c * IMAGES_PER_CLASS : (c + 1) * IMAGES_PER_CLASS]
        np.testing.assert_array_equal(here, draw_class("test", c))


def test_h5py_alone_reads_the_same_pixels(bars: dict[str, SplitStore]) -> None:
    with h5py.File(bars["test"].path) as file:
        assert file["images"].chunks is None
        assert file["images"].compression is None
        np.testing.assert_array_equal(file["images"][:], bars["test"].images)


def write(path: Path, classes: list[ClassImages], **kwargs: Any) -> SplitStore:
    listing = Listing(tuple(classes), **kwargs)
    journal = Journal.resume(
        path.parent / f"{path.name}.journal", plan_of(BARS, listing)
    )
    list(write_split(path, BARS, "test", listing, journal))
    return SplitStore(path)


def test_the_fingerprint_is_of_the_content_and_not_of_the_file(tmp_path: Path) -> None:
    classes = BARS.list_classes(Request()).of("test")
    renamed = [replace(one, image_names=one.image_names[::-1]) for one in classes]
    a = write(tmp_path / "a", classes)
    b = write(tmp_path / "b", classes[::-1], form="another")
    c = write(tmp_path / "c", classes[1:], partial=True)
    d = write(tmp_path / "d", renamed)

    assert a.fingerprint == b.fingerprint
    assert len({a.fingerprint, c.fingerprint, d.fingerprint}) == 3
    assert a.pixels_sha256 == d.pixels_sha256 != c.pixels_sha256
    assert c.partial
    assert not a.partial


def test_categories_of_classes_are_kept(
    tmp_path: Path, bars: dict[str, SplitStore]
) -> None:
    classes = [
        replace(one, category=f"kind {c % 2}")
        for c, one in enumerate(BARS.list_classes(Request()).of("test"))
    ]
    assert write(tmp_path / "a", classes).class_categories == ("kind 0", "kind 1") * 4
    assert bars["test"].class_categories == ("",) * 8


@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("workers", [0, 2, 4])
@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker processes")
@pytest.mark.filterwarnings("ignore:.*use of fork\\(\\) may lead to deadlocks")
def test_workers_read_identical_bytes(
    bars: dict[str, SplitStore], workers: int, method: str
) -> None:
    store = bars["val"]
    assert store[0].shape == (
        28,
        28,
        1,
    )  # the parent's map is open before workers start
    loader = torch.utils.data.DataLoader(
        store,  # pyright: ignore[reportArgumentType]
        batch_size=7,
        num_workers=workers,
        multiprocessing_context=method if workers else None,
    )
    np.testing.assert_array_equal(torch.cat(list(loader)).numpy(), store.images)


def test_a_pickled_store_opens_its_file_anew(bars: dict[str, SplitStore]) -> None:
    again = pickle.loads(pickle.dumps(bars["test"]))
    np.testing.assert_array_equal(again.images, bars["test"].images)
    assert len(pickle.dumps(bars["test"])) < 1000


@pytest.mark.parametrize("place", [0.0, 0.31, 0.77, 1.0])
def test_verify_finds_one_flipped_bit_among_the_pixels(
    copy: Path, place: float
) -> None:
    store = SplitStore(copy)
    store.verify()
    data = bytearray(copy.read_bytes())
    data[store._offset + int(place * (store.images.size - 1))] ^= 1
    copy.write_bytes(data)

    with pytest.raises(DataError, match="does not match its recorded hash.*--rebuild"):
        SplitStore(copy).verify()


def test_verify_finds_a_changed_name(copy: Path) -> None:
    with h5py.File(copy, "r+") as file:
        file["class_names"][2] = "other"
    with pytest.raises(DataError, match="does not match"):
        SplitStore(copy).verify()


def test_a_truncated_file_is_refused(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[:-5000])
    with pytest.raises(DataError, match="damaged"):
        SplitStore(copy)


def test_any_flipped_byte_is_found_or_harmless(copy: Path) -> None:
    """The header of the file too: whatever is not refused has the content that was written."""
    data = copy.read_bytes()
    expected = SplitStore(copy).fingerprint
    rng = np.random.default_rng(0)
    header = rng.integers(0, SplitStore(copy)._offset, 150)
    rest = rng.integers(0, len(data), 50)
    refused = 0
    for position in [*header.tolist(), *rest.tolist()]:
        damaged = bytearray(data)
        damaged[position] ^= 1 << int(rng.integers(8))
        copy.write_bytes(damaged)
        try:
            store = SplitStore(copy)
            store.verify()
        except DataError:
            refused += 1
        else:
            assert store.fingerprint == expected
            assert store.class_names == tuple(f"test-{c:02d}" for c in range(8))
    assert refused > 50


def test_a_newer_schema_asks_for_an_upgrade(copy: Path) -> None:
    with h5py.File(copy, "r+") as file:
        file.attrs["schema_version"] = 99
    with pytest.raises(DataError, match="newer.*pip install --upgrade"):
        SplitStore(copy)


def test_pixels_outside_the_file_are_refused(copy: Path, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "elsewhere.h5", "w") as other:
        other["images"] = np.zeros((160, 28, 28, 1), np.uint8)
    with h5py.File(copy, "r+") as file:
        del file["images"]
        file["images"] = h5py.ExternalLink("elsewhere.h5", "/images")
    with pytest.raises(DataError, match="stored outside the file"):
        SplitStore(copy)

    with h5py.File(copy, "r+") as file:
        del file["images"]
        raw = [(str(tmp_path / "raw"), 0, 160 * 784)]
        file.create_dataset("images", (160, 28, 28, 1), np.uint8, external=raw)
    with pytest.raises(DataError, match="stored outside the file"):
        SplitStore(copy)


def test_a_missing_or_foreign_file_gets_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such split file"):
        SplitStore(tmp_path / "none.h5")
    (tmp_path / "page.h5").write_text("<html>")
    with pytest.raises(DataError, match="cannot be read as HDF5"):
        SplitStore(tmp_path / "page.h5")
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(DataError, match="not a finished fewbench-split"):
        SplitStore(tmp_path / "foreign.h5")

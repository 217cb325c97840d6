"""A SplitStore reads what was written, and finds damage."""

import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch

from fewbench.datasets.info import DataError
from fewbench.datasets.store.split_store import SplitStore
from fewbench_tests.bars import IMAGES_PER_CLASS, draw_class


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
        images = file["images"]
        assert isinstance(images, h5py.Dataset)
        assert images.chunks is None
        assert images.compression is None
        np.testing.assert_array_equal(images[:], bars["test"].images)


@pytest.mark.parametrize(
    ("workers", "method"), [(0, "fork"), (4, "fork"), (1, "spawn")]
)
@pytest.mark.filterwarnings("ignore:This DataLoader will create 4 worker processes")
@pytest.mark.filterwarnings("ignore:.*use of fork\\(\\) may lead to deadlocks")
def test_workers_read_identical_bytes(
    bars: dict[str, SplitStore], workers: int, method: str
) -> None:
    store = bars["val"]
    # Opens the parent's map before the workers start.
    assert store[0].shape == (28, 28, 1)
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
        names = file["class_names"]
        assert isinstance(names, h5py.Dataset)
        names[2] = "other"
    with pytest.raises(DataError, match="does not match"):
        SplitStore(copy).verify()


def test_a_truncated_file_is_refused(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[:-5000])
    with pytest.raises(DataError, match="damaged"):
        SplitStore(copy)


def test_any_flipped_byte_is_found_or_harmless(copy: Path) -> None:
    """In the header of the file too: what is not refused holds what was written."""
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

"""What a split file holds before and after it is sealed."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from fewbench.datasets.info import ClassImages, DataError
from fewbench.datasets.store.digests import ContentDigest
from fewbench.datasets.store.split_file import (
    frame_digest,
    lay_out,
    pixels_offset,
    seal,
)
from fewbench.datasets.store.split_store import SplitStore

ATTRIBUTES = {
    "dataset": "tiny",
    "split": "test",
    "partial": False,
    "resampling": "drawn",
    "polarity": "none",
}


def two_classes() -> list[ClassImages]:
    def unread() -> np.ndarray:
        raise AssertionError("read")

    return [
        ClassImages("test", "a", ("1", "2"), unread),
        ClassImages("test", "b", ("\u00e4\udcff",), unread),
    ]


@pytest.fixture
def laid_out(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.h5"
    lay_out(path, ATTRIBUTES, two_classes(), (2, 2, 1))
    return path


def test_a_file_that_is_laid_out_has_room_but_is_no_store_yet(laid_out: Path) -> None:
    size = laid_out.stat().st_size
    with pytest.raises(DataError, match="not a finished fewbench-split"):
        SplitStore(laid_out)
    seal(laid_out, ["0" * 64, "1" * 64], ContentDigest((3, 2, 2, 1)))
    assert laid_out.stat().st_size == size
    store = SplitStore(laid_out)
    assert store.class_names == ("a", "b")
    assert store.image_names == ("1", "2", "\u00e4\udcff")
    assert store.class_offsets.tolist() == [0, 2, 3]


def test_pixels_written_at_their_offset_are_the_images(laid_out: Path) -> None:
    with laid_out.open("r+b") as file:
        file.seek(pixels_offset(laid_out))
        file.write(bytes(range(12)))
    with h5py.File(laid_out) as file:
        images = file["images"]
        assert isinstance(images, h5py.Dataset)
        assert images[:].ravel().tolist() == list(range(12))


def test_the_frame_digest_does_not_cover_the_pixels(laid_out: Path) -> None:
    before = frame_digest(laid_out)
    with laid_out.open("r+b") as file:
        file.seek(pixels_offset(laid_out))
        file.write(b"pixels")
    assert frame_digest(laid_out) == before
    seal(laid_out, ["0" * 64, "1" * 64], ContentDigest((3, 2, 2, 1)))
    assert frame_digest(laid_out) != before


def test_what_is_no_split_file_has_no_frame(tmp_path: Path) -> None:
    (tmp_path / "page.h5").write_text("<html>")
    assert frame_digest(tmp_path / "page.h5") is None
    assert frame_digest(tmp_path / "none.h5") is None


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

"""Arrays in .npz files are read by rows, and damaged files are refused."""

import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewbench.datasets.archives.byte_ranges import SharedFile
from fewbench.datasets.info import DataError
from fewbench.datasets.layouts.npz import NpyArray, open_npz

ARRAY = np.arange(5000 * 6, dtype=np.int32).reshape(5000, 2, 3)


def load(path: Path) -> dict[str, NpyArray]:
    return open_npz(SharedFile(path).whole(path.name), None)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_rows_are_those_asked_for_in_this_order(
    tmp_path: Path, save: Callable[..., Any]
) -> None:
    save(tmp_path / "a.npz", images=ARRAY, labels=np.arange(3))
    arrays = load(tmp_path / "a.npz")
    assert arrays.keys() == {"images", "labels"}
    images = arrays["images"]
    assert (len(images), images.shape, images.dtype) == (5000, (5000, 2, 3), np.int32)
    for rows in ([0], [4999, 0, 1, 2, 7], list(range(1, 3000)), [3, 3], []):
        indices = np.array(rows, np.int64)
        np.testing.assert_array_equal(images.rows(indices), ARRAY[indices])


@pytest.mark.parametrize("row", [-1, 5000])
def test_a_row_outside_is_refused(tmp_path: Path, row: int) -> None:
    np.savez(tmp_path / "a.npz", images=ARRAY)
    images = load(tmp_path / "a.npz")["images"]
    with pytest.raises(DataError, match=f"row {row}: expected one of 5000 rows"):
        images.rows(np.array([row]))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.asfortranarray(ARRAY), "got Fortran order"),
        (np.array([{}], object), "got Python objects"),
        (np.float64(3), "got a single value"),
    ],
)
def test_an_array_that_has_no_plain_rows_is_refused(
    tmp_path: Path, array: Any, message: str
) -> None:
    np.savez(tmp_path / "a.npz", images=array)
    with pytest.raises(DataError, match=rf"a.npz, images.npy: .*{message}"):
        load(tmp_path / "a.npz")


def test_a_changed_byte_is_found_by_the_crc(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=ARRAY)
    data = bytearray((tmp_path / "a.npz").read_bytes())
    data[9000] ^= 1
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(DataError, match="a.npz: .*expected an .npz file, got Bad CRC"):
        load(tmp_path / "a.npz")


def test_another_compression_is_refused(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, ARRAY)
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_LZMA) as file:
        file.writestr("images.npy", buffer.getvalue())
    with pytest.raises(
        DataError, match="stored or deflated, got compression method 14"
    ):
        load(tmp_path / "a.npz")


def test_a_member_that_is_no_array_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as file:
        file.writestr("images.npy", b"hello")
    with pytest.raises(DataError, match="a.npz, images.npy: .*expected a .npy array"):
        load(tmp_path / "a.npz")


def test_two_arrays_of_one_name_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=ARRAY)
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr("images.npy", archive.read("images.npy"))
    with pytest.raises(DataError, match="got two arrays of one name"):
        load(tmp_path / "a.npz")


def test_thousands_of_arrays_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for number in range(2000):
            archive.writestr(f"{number}.npy", b"")
    with pytest.raises(DataError, match="at most 100 arrays.*got 2,000 arrays"):
        load(tmp_path / "a.npz")

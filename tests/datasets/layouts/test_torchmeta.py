"""torchmeta's HDF5: what is written is read again, and foreign files are told apart."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from fewbench.datasets.archives.byte_ranges import SharedFile
from fewbench.datasets.info import DataError
from fewbench.datasets.layouts.torchmeta import ClassGroup, read_groups, write_groups

PIXELS = np.arange(2 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 4, 5, 3)


def read(path: Path) -> dict[str, ClassGroup]:
    return read_groups(SharedFile(path).whole(str(path)))


def test_pixels_and_encoded_images_are_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "a.hdf5"
    write_groups(
        path, [("array", PIXELS, {"a": "1"}), ("list", [b"image 0", b"and 1"], {})]
    )
    groups = read(path)
    assert list(groups) == ["array", "list"]
    assert (groups["array"].encoded, groups["list"].encoded) == (False, True)
    assert groups["array"].shape == (2, 4, 5, 3)
    array = groups["array"].read()
    assert isinstance(array, np.ndarray)
    np.testing.assert_array_equal(array, PIXELS)
    assert [one.tobytes() for one in groups["list"].read()] == [b"image 0", b"and 1"]
    with h5py.File(path) as file:
        assert dict(file["datasets/array"].attrs) == {"a": "1"}


def test_any_other_hdf5_file_has_no_groups(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["images"] = PIXELS
    assert read(tmp_path / "a.h5") == {}


def test_what_is_no_hdf5_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(99))
    with pytest.raises(DataError, match=r"a\.h5: cannot be read as HDF5"):
        read(tmp_path / "a.h5")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"data": PIXELS.astype(float)},
            "expected bytes or encoded images, got float64",
        ),
        ({"data": PIXELS, "chunks": True}, "all bytes in one place, got chunks"),
        (
            {"shape": (4,), "dtype": "u1"},
            "all bytes in one place, got chunks or no data",
        ),
    ],
)
def test_a_class_that_is_not_one_stretch_of_bytes_is_refused(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("datasets/x\n", **options)
    with pytest.raises(DataError, match=rf"a\.h5, class x\\n: .*{message}"):
        read(tmp_path / "a.h5")


def test_the_group_of_classes_may_not_be_a_link(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["datasets"] = h5py.ExternalLink("elsewhere.h5", "/")
    with pytest.raises(DataError, match="expected a group in the file itself"):
        read(tmp_path / "a.h5")

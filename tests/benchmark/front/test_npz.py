"""An .npz is read only as far as its reader allows."""

import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from fewbench.npz import UNREADABLE, array_kind, read_arrays


def test_arrays_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.arange(6).reshape(2, 3), b=np.array(["x"]))

    arrays = read_arrays(path, {"a": 48, "b": 4})

    assert arrays["a"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert arrays["b"].tolist() == ["x"]


def test_the_kind_of_an_array_is_told_without_its_values(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.zeros((10**4, 10**3), np.uint8), b=np.array(["x"]))

    tracemalloc.start()
    kind = array_kind(path, "a")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kind == (np.dtype(np.uint8), (10**4, 10**3))
    assert peak < 10**6
    assert array_kind(path, "b") == (np.dtype("<U1"), (1,))
    assert array_kind(path, "c") is None


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_BZIP2])
def test_a_header_that_cannot_be_read_has_no_kind(packing: int, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", packing) as archive:
        archive.writestr("a.npy", b"\x93NUMPY\x01\x00\x04\x00{(:\n")

    assert array_kind(path, "a") is None


def test_an_array_above_its_limit_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, a=np.zeros(10**7, np.uint8))

    with pytest.raises(ValueError, match="at most"):
        read_arrays(path, {"a": 1000})


@pytest.mark.parametrize("limits", [{"a": 99, "b": 99}, {}])
def test_missing_and_unknown_arrays_are_refused(
    tmp_path: Path, limits: dict[str, int]
) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, a=np.zeros(3))

    with pytest.raises(ValueError, match=r"a\.npy"):
        read_arrays(path, limits)


def test_a_member_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, a=np.zeros(3))
    with zipfile.ZipFile(path) as archive:
        member = archive.read("a.npy")
    with (
        pytest.warns(UserWarning, match="Duplicate"),
        zipfile.ZipFile(path, "a") as archive,
    ):
        archive.writestr("a.npy", member)

    with pytest.raises(ValueError, match="it holds"):
        read_arrays(path, {"a": 99})


def test_pickles_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, a=np.array([{}], object))

    with pytest.raises(ValueError, match="allow_pickle"):
        read_arrays(path, {"a": 1000})


def test_damage_raises_what_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(b"PK\3\4 no zip")

    with pytest.raises(UNREADABLE):
        read_arrays(path, {"a": 1000})


def with_header(path: Path, header: bytes) -> Path:
    """An .npz with one array `a`, whose header is this."""
    header = header.ljust(117) + b"\n"
    size = len(header).to_bytes(2, "little")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY\1\0" + size + header + bytes(8))
    return path


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (-1, -8)}",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': (10000000000000,)}",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
        b"{'descr': (), 'fortran_order': False, 'shape': (1,)}",
        b"{'descr': [1], 'fortran_order': False, 'shape': (1,)}",
        b"{'descr': '|u1', 'fortran_order': False, 'shape': 8}",
        b"(((",
        b"'''",
        b"{'a': 1, \n \t b",
        b"__import__('os').abort()",
        b"[" * 3000,
        b"\xff",
    ],
)
def test_a_damaged_header_raises_what_is_listed(header: bytes, tmp_path: Path) -> None:
    with pytest.raises(UNREADABLE):
        read_arrays(with_header(tmp_path / "a.npz", header), {"a": 8})


def test_no_more_is_unpacked_than_the_directory_says(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(50 << 20))
    size = struct.pack("<I", 50 << 20)
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<I", 99)))

    tracemalloc.start()
    with pytest.raises(UNREADABLE):
        read_arrays(path, {"a": 100})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 5 << 20


def test_other_packings_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.npy", bytes(100))

    with pytest.raises(ValueError, match="packed by method 14"):
        read_arrays(path, {"a": 100})

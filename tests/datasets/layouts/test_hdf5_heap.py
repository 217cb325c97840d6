"""Values in the global heap of an HDF5 file: as h5py reads them, and refused when damaged."""

import struct
from pathlib import Path

import h5py
import numpy as np
import pytest

from fewbench.datasets.archives.byte_ranges import SharedFile
from fewbench.datasets.info import DataError
from fewbench.datasets.layouts.hdf5_heap import REFERENCE, HeapValues

VALUES = [b"one", b"", b"x" * 5000, b"12345678"]


def collection(*objects: tuple[int, bytes], signature: bytes = b"GCOL") -> bytes:
    """A heap collection as the specification has it: (index, value) of each object."""
    body = b""
    for index, value in objects:
        padding = bytes(-len(value) % 8)
        body += struct.pack("<H6xQ", index, len(value)) + value + padding
    return struct.pack("<4sB3xQ", signature, 1, 16 + len(body)) + body


def values(folder: Path, data: bytes, *references: tuple[int, int, int]) -> HeapValues:
    """references: (length, start of the collection, index)"""
    path = folder / "heap"
    path.write_bytes(data)
    data_range = SharedFile(path).whole("heap.h5")
    return HeapValues(
        data_range, np.array(list(references), REFERENCE), "heap.h5, class a"
    )


def test_values_are_those_that_h5py_wrote(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset("a", (len(VALUES),), h5py.vlen_dtype(np.uint8))
        for i, value in enumerate(VALUES):
            dataset[i] = np.frombuffer(value, np.uint8)
        file.flush()
        start = dataset.id.get_offset()
    data = path.read_bytes()
    references = np.frombuffer(data, REFERENCE, len(VALUES), start)
    found = HeapValues(SharedFile(path).whole("a.h5"), references, "a.h5")
    assert len(found) == 4
    for i in (0, 2, 3):  # HDF5 keeps nothing for an empty value
        assert found[i].tobytes() == VALUES[i]
        assert found[i].nbytes == len(VALUES[i])


def test_a_value_is_found_by_its_index(tmp_path: Path) -> None:
    data = bytes(8) + collection((1, b"first"), (7, b"12345678"), (2, b"second"))
    found = values(tmp_path, data, (6, 8, 2), (8, 8, 7), (5, 8, 1))
    assert [one.tobytes() for one in found] == [b"second", b"12345678", b"first"]


@pytest.mark.parametrize(
    ("data", "reference"),
    [
        (collection((1, b"first"), signature=b"GCOX"), (5, 0, 1)),
        (collection((1, b"first")), (5, 0, 2)),  # no such index
        (collection((1, b"first")), (4, 0, 1)),  # another length
        (collection((0, b"first")), (5, 0, 0)),  # index 0 is free space
        (collection((1, b"first"))[:-8] + b"\xff" * 8, (2**31, 0, 1)),
        (struct.pack("<4sB3xQ", b"GCOL", 1, 40_000) + bytes(40_000), (5, 0, 1)),
        (struct.pack("<4sB3xQ", b"GCOL", 1, 2**63), (5, 0, 1)),
        (collection((1, b"first")), (5, 2**40, 1)),
    ],
    ids=["signature", "index", "length", "free", "huge", "zeros", "beyond", "place"],
)
def test_damage_is_refused_without_looping(
    tmp_path: Path, data: bytes, reference: tuple[int, int, int]
) -> None:
    found = values(tmp_path, data, reference)
    with pytest.raises(
        DataError, match="value 0: expected .* in the heap|damaged or truncated"
    ):
        found[0]

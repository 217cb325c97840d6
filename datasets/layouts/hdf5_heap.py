"""Read values of variable length from the global heap of an HDF5 file.

torchmeta's tieredImageNet keeps its PNGs in this heap. This module reads the heap
itself and does not use h5py. On a damaged heap, the HDF5 library (at least up to
version 2.0) can loop for ever or crash the process, and Python cannot catch either.

Format: HDF5 File Format Specification 3.0, section III.E.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..archives.byte_ranges import ByteRange
from ..archives.refusals import refusal

# A reference to one value has its length, the byte at which its heap collection starts,
# and its index in this collection.
REFERENCE = np.dtype([("length", "<u4"), ("collection", "<u8"), ("index", "<u4")])
_SIGNATURE = b"GCOL"
_VERSION = 1
_COLLECTION_HEADER = struct.Struct("<4sB3xQ")  # signature, version, size in bytes
_OBJECT_HEADER = struct.Struct("<H6xQ")  # index, size of the value in bytes
_ALIGNMENT = 8  # each value is padded to a multiple of this


@dataclass(frozen=True)
class HeapValue:
    """One value in the heap. Only `tobytes` reads its bytes."""

    data: ByteRange

    @property
    def nbytes(self) -> int:
        """The number of bytes in the value."""
        return len(self.data)

    def tobytes(self) -> bytes:
        """Return all bytes of the value."""
        return self.data.read_at(0, len(self.data))


class HeapValues(Sequence[HeapValue]):
    """The values of one HDF5 dataset. `values[i]` finds value i in the heap.

    references: REFERENCE (n,) the place of each value in `file`
    label: the file and the class, for messages
    `values[i]` raises DataError if no value is at the place in its reference.
    """

    def __init__(self, file: ByteRange, references: np.ndarray, label: str) -> None:
        self._file = file
        self._references = references
        self._label = label

    def __len__(self) -> int:
        return len(self._references)

    def __getitem__(self, i: int) -> HeapValue:  # pyright: ignore[reportIncompatibleMethodOverride] - no slices
        length, start, index = self._references[i].tolist()
        collection = self._collection(start, f"{self._label}, value {i}")
        if collection is not None and index != 0:  # index 0 is free space
            for found, value in _objects(collection):
                if found == index and len(value) == length:
                    return HeapValue(value)
        raise refusal(
            self._label,
            f"value {i}",
            expected=f"{length:,} bytes in the heap",
            got="no such value at the place that the file states: the file is damaged",
        )

    def _collection(self, start: int, label: str) -> ByteRange | None:
        """Return the heap collection at byte `start`; None if other bytes are there."""
        header = self._file.read_at(start, _COLLECTION_HEADER.size)
        signature, version, size = _COLLECTION_HEADER.unpack(header)
        if signature != _SIGNATURE or version != _VERSION:
            return None
        return self._file.part(
            start,
            size,
            label,
        )


def _objects(collection: ByteRange) -> Iterator[tuple[int, ByteRange]]:
    """Yield the (index, value) of each object in a heap collection."""
    position = _COLLECTION_HEADER.size
    while position + _OBJECT_HEADER.size <= len(collection):
        header = collection.read_at(position, _OBJECT_HEADER.size)
        index, length = _OBJECT_HEADER.unpack(header)
        position += _OBJECT_HEADER.size
        if position + length > len(collection):
            return
        yield index, collection.part(position, length)
        position += _padded(length)


def _padded(length: int) -> int:
    """Return `length` rounded up to a multiple of the alignment."""
    return -(-length // _ALIGNMENT) * _ALIGNMENT

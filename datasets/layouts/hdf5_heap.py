"""Values of variable length in an HDF5 file: they lie in the file's global heap.

torchmeta's tieredImageNet keeps its PNGs there. The heap is read here byte by byte, not by
h5py: on a damaged heap the HDF5 library (up to 2.0 at least) can loop for ever or crash the
process, and neither can be caught as an exception. A file from a stranger may be damaged.

Format: HDF5 File Format Specification 3.0, section III.E.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..archives.byte_ranges import ByteRange
from ..archives.refusals import refusal

REFERENCE = np.dtype([("length", "<u4"), ("collection", "<u8"), ("index", "<u4")])
_SIGNATURE = b"GCOL"
_VERSION = 1
_COLLECTION_HEADER = struct.Struct("<4sB3xQ")  # signature, version, size in bytes
_OBJECT_HEADER = struct.Struct("<H6xQ")  # index, size of the value in bytes
_ALIGNMENT = 8  # each value is padded to a multiple of this


@dataclass(frozen=True)
class HeapValue:
    """The bytes of one value."""

    data: ByteRange

    @property
    def nbytes(self) -> int:
        """Their number."""
        return len(self.data)

    def tobytes(self) -> bytes:
        """All of them, read now."""
        return self.data.read_at(0, len(self.data))


class HeapValues(Sequence[HeapValue]):
    """The values of one dataset. Each is looked up when it is asked for.

    references: REFERENCE (n,), places in `file`
    Looking a value up raises DataError when it is not where its reference points.
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
            got="none at the place that the file gives: it is damaged",
        )

    def _collection(self, start: int, label: str) -> ByteRange | None:
        """The heap collection that starts at byte `start`, or None when there is none."""
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
    """(index, value) of each object in a collection."""
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
    """`length` rounded up to a multiple of the alignment."""
    return -(-length // _ALIGNMENT) * _ALIGNMENT

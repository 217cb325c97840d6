"""The global heap of an HDF5 file, where it keeps values of different lengths.

It is read here because the HDF5 library, up to 2.0 at least, runs for ever on some damaged heaps
and crashes on others. Layout: HDF5 File Format Specification 3.0, III.E.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..archives.byte_ranges import Span
from ..info import DataError

REFERENCE = np.dtype([("length", "<u4"), ("collection", "<u8"), ("index", "<u4")])
_COLLECTION = struct.Struct("<4sB3xQ")  # signature, version, bytes in all
_OBJECT = struct.Struct("<H6xQ")  # index, bytes that follow


@dataclass(frozen=True)
class HeapValue:
    """Bytes in a heap."""

    span: Span

    @property
    def nbytes(self) -> int:
        """How many there are."""
        return len(self.span)

    def tobytes(self) -> bytes:
        """All of them."""
        return self.span.read_at(0, len(self.span))


class HeapValues(Sequence[HeapValue]):
    """What a dataset of references stands for; each is looked up when it is asked for.

    references: REFERENCE (n,), pointing into `file`
    Looking one up raises DataError when nothing of that length lies where it points.
    """

    def __init__(self, file: Span, references: np.ndarray, label: str) -> None:
        self._file = file
        self._references = references
        self._label = label

    def __len__(self) -> int:
        return len(self._references)

    def __getitem__(self, i: int) -> HeapValue:  # pyright: ignore[reportIncompatibleMethodOverride] - no slices
        length, start, index = self._references[i].tolist()
        signature, version, size = _COLLECTION.unpack(
            self._file.read_at(start, _COLLECTION.size)
        )
        if (signature, version) == (b"GCOL", 1):
            collection = self._file.part(start, size, f"{self._label}, value {i}")
            position = _COLLECTION.size
            while position + _OBJECT.size <= size:
                found, n_bytes = _OBJECT.unpack(
                    collection.read_at(position, _OBJECT.size)
                )
                position += _OBJECT.size
                if found == index != 0 and n_bytes == length:
                    return HeapValue(collection.part(position, length))
                position += -(-n_bytes // 8) * 8
        raise DataError(
            f"{self._label}: value {i} is not where the file says. It is damaged: get it again"
        )

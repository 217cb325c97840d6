"""Arrays in a pickle, whose rows are read from the file when they are needed."""

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import cast

import numpy as np

from ..info import DataError
from .errors import Unexpected
from .payloads import CHUNK, Payload, PickleFile
from .strings import MOST_IN_MEMORY

_MOST_DIMENSIONS = 32
_MOST_ELEMENTS = 2**60
# Bytes that are read in one step. Reading makes a second copy of them.
_READ_BYTES = 16 * CHUNK


class StoredArray:
    """An array in a pickle. Its dtype and shape are in memory, its data in the file.

    Data of at most 256 bytes are in memory too. A pickle usually makes an empty array
    first and fills it later.
    Every method that reads raises DataError if the size of the data in the file is not
    the size of the array.
    """

    __slots__ = ("_data", "_fortran", "dtype", "file", "shape")
    dtype: np.dtype
    shape: tuple[int, ...]
    file: PickleFile

    def __init__(self) -> None:
        self._data: bytes | Payload | None = None

    def __len__(self) -> int:
        if not self.shape:
            raise self._refusal(
                expected="at least one dimension",
                got="none",
            )
        return self.shape[0]

    def __repr__(self) -> str:
        if not self.filled:
            return "StoredArray()"
        return f"StoredArray({self.dtype}, {self.shape})"

    @property
    def filled(self) -> bool:
        """True if the array has its data."""
        return self._data is not None

    @property
    def nbytes(self) -> int:
        """The size of the array in bytes."""
        n_elements = math.prod(self.shape)
        return n_elements * self.dtype.itemsize

    def fill(
        self, dtype: np.dtype, shape: tuple[object, ...], data: object, fortran: bool
    ) -> None:
        """Give the array its dtype, its shape and its data.

        data: bytes, or a Payload that decodes to bytes
        fortran: whether the data are in Fortran order
        Raises Unexpected if the shape is not valid, or if the data do not fit it.
        """
        self.dtype = dtype
        self.shape = _checked_shape(shape)
        self._fortran = fortran
        if isinstance(data, bytes):
            length = len(data)
            fits = length == self.nbytes
        elif isinstance(data, Payload) and not data.is_text:
            length = data.length
            fits = data.may_hold(self.nbytes)
        else:
            raise Unexpected(
                expected="the bytes of an array",
                got=type(data).__name__,
            )
        if not fits:
            raise Unexpected(
                expected=f"{self.nbytes:,} bytes for an array of {dtype} {self.shape}",
                got=f"{length:,} bytes",
            )
        self._data = data

    def read(self) -> np.ndarray:
        """Return the whole array, with the dtype and the shape of this object."""
        flat = np.empty(self.nbytes, np.uint8)
        self._read_into(flat, 0)
        elements = flat.view(self.dtype)
        order = "F" if self._fortran else "C"
        return elements.reshape(self.shape, order=order)

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Return the rows at `indices`, in this order: array (n, *shape[1:]) of `dtype`.

        Consecutive rows are read together.
        indices: int (n,) in 0..len-1
        Raises DataError if an index is outside this range.
        """
        rows = self._checked_rows(indices)
        if self._only_whole():
            return self.read()[rows]
        row_bytes = self.nbytes // max(len(self), 1)
        flat = np.empty(len(rows) * row_bytes, np.uint8)
        for start, end in _runs(rows):
            target = flat[start * row_bytes : end * row_bytes]
            first_row = int(rows[start])
            self._read_into(target, first_row * row_bytes)
        elements = flat.view(self.dtype)
        return elements.reshape(len(rows), *self.shape[1:])

    def tobytes(self) -> bytes:
        """Return the bytes of the array in C order."""
        if self._fortran:
            return self.read().tobytes()
        return self._piece(0, self.nbytes)

    def _piece(self, offset: int, length: int) -> bytes:
        if isinstance(self._data, Payload):
            return self._data.read_at(offset, length, self.nbytes)
        data = cast(bytes, self._data)
        return data[offset : offset + length]

    def _read_into(self, flat: np.ndarray, offset: int) -> None:
        """Fill `flat`, uint8 (n,), with the array bytes from `offset` on."""
        for start in range(0, len(flat), _READ_BYTES):
            count = min(_READ_BYTES, len(flat) - start)
            piece = self._piece(offset + start, count)
            end = start + count
            flat[start:end] = np.frombuffer(piece, np.uint8)

    def _only_whole(self) -> bool:
        """Return whether the whole array has to be read to get single rows.

        In Fortran order, the bytes of a row are scattered. A short encoded string is
        decoded completely each time it is read.
        Raises DataError if an array in Fortran order has more than 64 MiB.
        """
        if self._fortran:
            if self.nbytes > MOST_IN_MEMORY:
                raise self._refusal(
                    expected="C order, so that rows can be read",
                    got="Fortran order",
                )
            return True
        if not isinstance(self._data, Payload) or self._data.codec == "raw":
            return False
        return self._data.length <= CHUNK  # a longer string is decoded once, to disk

    def _checked_rows(self, indices: np.ndarray) -> np.ndarray:
        rows = np.asarray(indices)
        is_list = rows.ndim == 1 and bool(self.shape)
        is_whole = rows.size == 0 or rows.dtype.kind in "iu"
        if not is_list or not is_whole:
            raise self._refusal(
                expected="a list of row numbers",
                got=f"an array of {rows.dtype} {rows.shape}",
            )
        if rows.size:
            self._check_bounds(int(rows.min()), int(rows.max()))
        return rows.astype(np.int64)

    def _check_bounds(self, first: int, last: int) -> None:
        if first < 0 or last >= len(self):
            raise self._refusal(
                expected=f"rows 0 to {len(self) - 1:,}",
                got=f"{first:,} to {last:,}",
            )

    def _refusal(self, *, expected: str, got: str) -> DataError:
        return DataError(
            f"{self.file.data.label}: cannot read rows of its array "
            f"{self.dtype} {self.shape}: expected {expected}, got {got}. "
            f"{Unexpected.advice}"
        )


def _runs(rows: np.ndarray) -> Iterator[tuple[int, int]]:
    """Return the start and the end of each run of consecutive numbers in `rows`."""
    is_start = np.diff(rows, prepend=-2) != 1
    bounds = np.flatnonzero(is_start).tolist()
    bounds.append(len(rows))
    return pairwise(bounds)


def _checked_shape(shape: tuple[object, ...]) -> tuple[int, ...]:
    if len(shape) > _MOST_DIMENSIONS:
        raise _wrong_shape()
    sizes: list[int] = []
    n_elements = 1
    for size in shape:
        # isinstance would accept a bool.
        if type(size) is not int or size < 0:
            raise _wrong_shape()
        sizes.append(size)
        # Numpy limits this product even if another dimension is 0.
        n_elements *= max(size, 1)
    if n_elements >= _MOST_ELEMENTS:
        raise _wrong_shape()
    return tuple(sizes)


def _wrong_shape() -> Unexpected:
    return Unexpected(
        expected="the shape of an array",
        got="a shape with negative, too many or too large dimensions",
    )

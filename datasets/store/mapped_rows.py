"""Read rows of arrays in files, without holding large files in memory.

A page of a memory map that was read counts as memory of the process, and Linux maps many of
its neighbours as well: measured, 1 MB for an image of 21 kB. A thousand images of a large
file could so fill the memory. Rows of large files are therefore read without the map.
"""

import os
import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import IO

import numpy as np
from numpy.typing import DTypeLike

# All arrays together up to this size are read through their maps.
_LARGE_BYTES = 1 << 29

Opener = Callable[[], AbstractContextManager[IO[bytes]]]


class MappedRows:
    """The rows of several arrays, one after the other.

    parts: (n, ...) each, of one type and one width; they may be memory-mapped
    openers: functions that open the files of the memory-mapped parts; none to read through
        the maps in any case
    """

    def __init__(
        self,
        parts: Sequence[np.ndarray],
        openers: Sequence[Opener] = (),
    ) -> None:
        self._parts = tuple(parts)
        self._openers = tuple(openers)
        lengths = [len(part) for part in self._parts]
        self._ends = np.cumsum(lengths)
        n_bytes = sum(part.nbytes for part in self._parts)
        is_large = n_bytes > _LARGE_BYTES
        # Windows reads through the maps.
        can_read = bool(self._openers) and hasattr(os, "preadv")
        self._read_files = is_large and can_read

    @classmethod
    def of_file(
        cls,
        file: IO[bytes],
        dtype: DTypeLike,
        shape: tuple[int, ...],
        offset: int = 0,
    ) -> "MappedRows":
        """Map an array in an open file. It stays readable after the file was replaced.

        offset: the byte at which the array begins
        """
        array = np.memmap(file, dtype, mode="r", offset=offset, shape=shape)
        kept = os.fdopen(os.dup(file.fileno()), "rb")
        rows = cls([array], [partial(nullcontext, kept)])
        weakref.finalize(rows, kept.close)
        return rows

    @property
    def first_part(self) -> np.ndarray:
        """The first array, or its map: (n, ...)"""
        return self._parts[0]

    def __len__(self) -> int:
        return int(self._ends[-1])

    def at(self, rows: np.ndarray) -> np.ndarray:
        """Read some rows: (n, ...)

        rows: int64 (n,)
        Raises IndexError if there is no such row.
        Raises OSError if a file is shorter than it was.
        """
        if rows.size and (rows.min() < 0 or rows.max() >= len(self)):
            raise IndexError(f"expected rows 0 to {len(self) - 1}, got others")
        first = self.first_part
        if len(self._parts) == 1 and not self._read_files:
            return first[rows]
        row_shape = first.shape[1:]
        values = np.empty((len(rows), *row_shape), first.dtype)
        owners = np.searchsorted(self._ends, rows, side="right")
        for owner in np.unique(owners):
            here = np.flatnonzero(owners == owner)
            part = self._parts[owner]
            start = self._ends[owner] - len(part)
            within = rows[here] - start
            if self._read_files:
                self._read(owner, within, values, here)
            else:
                values[here] = part[within]
        return values

    def _read(
        self,
        owner: int,
        rows: np.ndarray,
        values: np.ndarray,
        places: np.ndarray,
    ) -> None:
        """Read rows of a file into these places of `values`."""
        part = self._parts[owner]
        assert isinstance(part, np.memmap), "it has an opener"
        row_bytes = part[0].nbytes
        as_bytes = values.reshape(len(values), -1).view(np.uint8)
        with self._openers[owner]() as file:
            number = file.fileno()
            for row, place in zip(rows.tolist(), places.tolist(), strict=True):
                offset = part.offset + row * row_bytes
                n_read = os.preadv(number, [as_bytes[place].data], offset)
                if n_read < row_bytes:
                    raise OSError(
                        "a file with images or features was cut while it was read"
                    )

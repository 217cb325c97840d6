"""Read rows of arrays in files, without holding large files in memory.

A page of a memory map that was read counts as memory of the process, and Linux maps many of
its neighbours as well: measured, 1 MB for an image of 21 kB. A thousand images of a large
file could so fill the memory. Rows of large files are therefore read without the map.

The system kills a process that reads behind the end of a file through a map. So each file is
looked at before it is read: whether it was written or cut meanwhile.
"""

import errno
import os
import weakref
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import IO

import numpy as np
from numpy.typing import DTypeLike

from fewbench.files import file_identity

# All arrays together up to this size are read through their maps.
_LARGE_BYTES = 1 << 29

Opener = Callable[[], AbstractContextManager[IO[bytes]]]


class MappedRows:
    """The rows of several arrays, one after the other.

    parts: (n, ...) each, of one type and one width; they may be memory-mapped
    openers: functions that open the files of the memory-mapped parts; none to read through
        the maps in any case
    may_change: whether somebody writes these files meanwhile
    """

    def __init__(
        self,
        parts: Sequence[np.ndarray],
        openers: Sequence[Opener] = (),
        *,
        may_change: bool = False,
    ) -> None:
        self._parts = tuple(parts)
        self._openers = tuple(openers)
        self._identities = [] if may_change else list(map(_identity_of, openers))
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
        *,
        may_change: bool = False,
    ) -> "MappedRows":
        """Map an array in an open file. It stays readable after the file was replaced.

        offset: the byte at which the array begins
        may_change: whether somebody writes the file meanwhile
        """
        array = np.memmap(file, dtype, mode="r", offset=offset, shape=shape)
        kept = os.fdopen(os.dup(file.fileno()), "rb", buffering=0)
        # Errors name the file.
        kept.name = file.name
        rows = cls([array], [partial(nullcontext, kept)], may_change=may_change)
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
        Raises OSError if a file is not as it was.
        """
        if rows.size and (rows.min() < 0 or rows.max() >= len(self)):
            raise IndexError(f"expected rows 0 to {len(self) - 1}, got others")
        first = self.first_part
        if len(self._parts) == 1 and not self._read_files:
            self._refuse_change(0)
            return first[rows]
        row_shape = first.shape[1:]
        values = np.empty((len(rows), *row_shape), first.dtype)
        owners = np.searchsorted(self._ends, rows, side="right")
        for owner in np.unique(owners):
            self._refuse_change(owner)
            here = np.flatnonzero(owners == owner)
            part = self._parts[owner]
            start = self._ends[owner] - len(part)
            within = rows[here] - start
            if self._read_files:
                self._read(owner, within, values, here)
            else:
                values[here] = part[within]
        return values

    def _refuse_change(self, owner: int) -> None:
        """Raise OSError if a file has changed since it was mapped."""
        if not self._identities:
            return
        opener = self._openers[owner]
        if _identity_of(opener) == self._identities[owner]:
            return
        with opener() as file:
            raise OSError(errno.ESTALE, "changed while it was read", str(file.name))

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
                        errno.ESTALE, "was cut while it was read", str(file.name)
                    )


def _identity_of(opener: Opener) -> tuple[int, ...] | None:
    with opener() as file:
        return file_identity(file.fileno())

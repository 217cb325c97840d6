"""Arrays in an .npz or .npy file, read row by row from where they lie."""

import io
import struct
import warnings
import zipfile
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np

from ..archives.byte_ranges import Span
from ..archives.limits import DAMAGE, Limits, in_words
from ..archives.unpacking import spooled
from ..info import DataError
from ..lookup import shown

_HEAD = 2**14
_CHUNK_ROWS = 1024


class NpyArray:
    """A C-ordered array inside a file, of which only the rows asked for are read."""

    def __init__(self, span: Span) -> None:
        head = io.BytesIO(span.read_at(0, min(_HEAD, len(span))))
        try:
            self.shape, fortran, self.dtype = _read_header(head)
        except Exception as error:
            # numpy parses it as Python: ValueError, KeyError, TokenError, RecursionError, ...
            raise DataError(
                f"{span.label}: no .npy array ({shown(str(error))}). Get the file again"
            ) from error
        if fortran or self.dtype.hasobject or not self.shape:
            raise DataError(
                f"{span.label}: only plain arrays in C order can be read by rows"
            )
        self._row_bytes = (
            int(np.prod(self.shape[1:], dtype=object)) * self.dtype.itemsize
        )
        self._data = span.part(head.tell(), self.shape[0] * self._row_bytes)

    def __len__(self) -> int:
        return self.shape[0]

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """The rows at `indices`; neighbours are read in one go.

        indices: int64 (n,)
        """
        rows = np.empty((len(indices), *self.shape[1:]), self.dtype)
        breaks = np.flatnonzero(np.diff(indices) != 1) + 1
        for run in np.split(np.arange(len(indices)), breaks):
            for start in range(0, len(run), _CHUNK_ROWS):
                part = run[start : start + _CHUNK_ROWS]
                rows[part] = self._read(int(indices[part[0]]), len(part))
        return rows

    def _read(self, first: int, count: int) -> np.ndarray:
        if not 0 <= first <= len(self) - count:
            raise DataError(
                f"{self._data.label}: has {len(self)} rows, not row {first + count - 1}"
            )
        data = self._data.read_at(first * self._row_bytes, count * self._row_bytes)
        return np.frombuffer(data, self.dtype).reshape(count, *self.shape[1:])


def _read_header(head: io.BytesIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    major, _ = np.lib.format.read_magic(head)
    reader = {
        1: np.lib.format.read_array_header_1_0,
        2: np.lib.format.read_array_header_2_0,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numbers as Python 2 wrote them
        return reader[major](head)


def open_npz(span: Span, scratch: Path | None) -> dict[str, NpyArray]:
    """The arrays of an .npz file by name. Raises DataError when it is damaged or no such file.

    scratch: folder for the unpacked copy that a compressed array needs
    """
    try:
        with zipfile.ZipFile(cast(BinaryIO, span.open())) as file:
            return {
                member.filename.removesuffix(".npy"): NpyArray(
                    _member(span, file, member, scratch)
                )
                for member in file.infolist()
            }
    except DataError:
        raise
    except DAMAGE as error:
        raise DataError(
            f"{span.label}: cannot be read as .npz ({shown(in_words(error))}). Get the file again"
        ) from error


def _member(
    span: Span, file: zipfile.ZipFile, member: zipfile.ZipInfo, scratch: Path | None
) -> Span:
    """The bytes of a member, once its CRC was compared."""
    label = f"{span.label}, {shown(member.filename)}"
    stored = (
        member.compress_type == zipfile.ZIP_STORED
        and member.compress_size == member.file_size
    )
    if not stored and member.compress_type != zipfile.ZIP_DEFLATED:
        raise DataError(
            f"{label}: is packed by method {member.compress_type}. Get the file again"
        )
    Limits().check_ratio(label, "any of it", member.file_size, member.compress_size)
    with file.open(member) as packed:
        chunks = iter(lambda: packed.read(2**20), b"")
        if not stored:
            return spooled(chunks, label, scratch)
        for _ in chunks:
            pass
    head = span.read_at(member.header_offset, 30)
    name_length, extra_length = struct.unpack("<HH", head[26:30])
    start = member.header_offset + 30 + name_length + extra_length
    return span.part(start, member.file_size, label)

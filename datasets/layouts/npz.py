"""Read rows of the arrays in an .npz file, without loading whole arrays."""

import io
import math
import struct
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, BinaryIO, cast

import numpy as np

from fewbench.documents import shown

from ..archives.byte_ranges import ByteRange
from ..archives.limits import Limits
from ..archives.refusals import DAMAGE, reason_of, refusal
from ..archives.temporary_file import write_temporary
from ..info import DataError

_HEADER_BYTES = 2**14  # more than any real .npy header has
_ROWS_AT_ONCE = 1024
_CHUNK_BYTES = 2**20
_MOST_ARRAYS = 100  # published sources have at most 3
_ZIP_HEADER_BYTES = 30  # in the header of a member, before its name


class NpyArray:
    """An array in a .npy file. Single rows of it can be read.

    Raises DataError if the bytes are not a .npy array. Also raises DataError if the
    array is in Fortran order, has no rows, or holds Python objects.
    """

    def __init__(self, data: ByteRange) -> None:
        header = io.BytesIO(data.read_at(0, min(_HEADER_BYTES, len(data))))
        try:
            self.shape, fortran_order, self.dtype = _read_header(header)
        except Exception as error:
            # numpy parses the header as Python, which raises ValueError, KeyError,
            # TokenError, RecursionError and others.
            raise refusal(
                data.label,
                "the array",
                expected="a .npy array",
                got=shown(str(error)),
            ) from error
        obstacle = ""
        if fortran_order:
            obstacle = "Fortran order"
        elif self.dtype.hasobject:
            obstacle = "Python objects"
        elif not self.shape:
            obstacle = "a single value"
        if obstacle:
            raise refusal(
                data.label,
                "rows of the array",
                expected="a plain array in C order",
                got=obstacle,
            )
        # math.prod cannot overflow, even if a damaged header states a huge shape.
        self._row_bytes = math.prod(self.shape[1:]) * self.dtype.itemsize
        self._data = data.part(header.tell(), self.shape[0] * self._row_bytes)

    def __len__(self) -> int:
        return self.shape[0]

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Return the rows at `indices`. Neighbouring rows are read together.

        indices: int64 (n,)
        Raises DataError if an index is outside the array.
        """
        shape = (len(indices), *self.shape[1:])
        rows = np.empty(shape, self.dtype)
        for start, stop in _runs(indices):
            first = int(indices[start])
            rows[start:stop] = self._read(first, count=stop - start)
        return rows

    def _read(self, first: int, count: int) -> np.ndarray:
        last = first + count - 1
        if first < 0 or last >= len(self):
            raise refusal(
                self._data.label,
                f"row {last}",
                expected=f"one of {len(self)} rows",
                got="a number outside the array",
            )
        data = self._data.read_at(
            offset=first * self._row_bytes,
            length=count * self._row_bytes,
        )
        rows = np.frombuffer(data, self.dtype)
        return rows.reshape(count, *self.shape[1:])


def _runs(indices: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) for each run `indices[start:stop]` of consecutive numbers.

    A run has at most _ROWS_AT_ONCE numbers.
    """
    breaks = np.flatnonzero(np.diff(indices) != 1) + 1
    starts = [0, *breaks.tolist()]
    stops = [*starts[1:], len(indices)]
    for run_start, run_stop in zip(starts, stops, strict=True):
        for start in range(run_start, run_stop, _ROWS_AT_ONCE):
            stop = min(start + _ROWS_AT_ONCE, run_stop)
            yield start, stop


def _read_header(header: io.BytesIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Return the shape of an array, its order (True for Fortran order) and its dtype."""
    major, _ = np.lib.format.read_magic(header)
    read = {
        1: np.lib.format.read_array_header_1_0,
        2: np.lib.format.read_array_header_2_0,
    }[major]
    with warnings.catch_warnings():
        # numpy warns if Python 2 wrote the header.
        warnings.simplefilter("ignore")
        return read(header)


def open_npz(data: ByteRange, scratch: Path | None) -> dict[str, NpyArray]:
    """Return name -> array for an .npz file.

    scratch: folder for the unpacked copies of compressed arrays; None for the system's
        folder
    Raises DataError if the file is damaged or is not an .npz file.
    """
    arrays = {}
    try:
        with zipfile.ZipFile(cast(BinaryIO, data.open())) as file:
            _check_members(data, file.namelist())
            for member in file.infolist():
                name = member.filename.removesuffix(".npy")
                arrays[name] = NpyArray(_member(data, file, member, scratch))
    except DataError:
        raise
    except DAMAGE as error:
        raise refusal(
            data.label,
            "the file",
            expected="an .npz file",
            got=shown(reason_of(error)),
        ) from error
    return arrays


def _check_members(data: ByteRange, names: list[str]) -> None:
    """Raise DataError if there are too many members, or two of one name."""
    got = ""
    if len(names) > _MOST_ARRAYS:
        got = f"{len(names):,} arrays"
    elif len(set(names)) < len(names):
        got = "two arrays of one name"
    if got:
        raise refusal(
            data.label,
            "the file",
            expected=f"at most {_MOST_ARRAYS} arrays of different names",
            got=got,
        )


def _member(
    data: ByteRange,
    file: zipfile.ZipFile,
    member: zipfile.ZipInfo,
    scratch: Path | None,
) -> ByteRange:
    """Return the bytes of a member of the zip, after a check of its CRC."""
    label = f"{data.label}, {shown(member.filename)}"
    is_plain = (
        member.compress_type == zipfile.ZIP_STORED
        and member.compress_size == member.file_size
    )
    if not is_plain and member.compress_type != zipfile.ZIP_DEFLATED:
        raise refusal(
            label,
            "the array",
            expected="an array that is stored or deflated",
            got=f"compression method {member.compress_type}",
        )
    Limits().check_ratio(label, "the array", member.file_size, member.compress_size)
    with file.open(member) as unpacked:
        chunks = _chunks(unpacked)
        if not is_plain:
            return write_temporary(chunks, label, scratch)
        for _ in chunks:
            pass
    start = member.header_offset + _header_length(data, member)
    return data.part(start, member.file_size, label)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


def _header_length(data: ByteRange, member: zipfile.ZipInfo) -> int:
    """Return the length in bytes of the header before the contents of a member."""
    header = data.read_at(member.header_offset, _ZIP_HEADER_BYTES)
    name_length, extra_length = struct.unpack_from("<HH", header, 26)
    return _ZIP_HEADER_BYTES + name_length + extra_length

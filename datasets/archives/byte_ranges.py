"""Ranges of bytes in an open file, which several threads may read at the same time."""

import errno
import io
import os
from typing import BinaryIO

from .refusals import CHECK_ACCESS, RUN_AGAIN, reason_of, refusal

_BUFFER_BYTES = 2**16


class ByteRange:
    """The `length` bytes in `file` that begin at byte `start`.

    Reading does not move the position of `file`, so threads need no lock. The file is
    closed when no range uses it any more.
    file: a regular file opened for binary reading
    label: the data, as error messages name them
    """

    def __init__(self, file: BinaryIO, start: int, length: int, label: str) -> None:
        self._file = file
        self._start = start
        self._length = length
        self.label = label

    def __len__(self) -> int:
        return self._length

    def read_at(self, offset: int, length: int) -> bytes:
        """Return exactly `length` bytes from byte `offset` of this range.

        Raises DataError if the file lacks these bytes or cannot be read.
        """
        self._check_inside(offset, length)
        parts = []
        missing = length
        while missing:  # the system returns at most 2 GiB in one call
            position = self._start + offset + length - missing
            part = self._read_some(position, missing)
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def part(self, offset: int, length: int, label: str | None = None) -> "ByteRange":
        """Return a smaller range inside this range.

        Raises DataError if the smaller range would extend beyond this range.
        """
        self._check_inside(offset, length)
        return ByteRange(self._file, self._start + offset, length, label or self.label)

    def open(self) -> io.BufferedReader:
        """Return a seekable file object for this range, with its own position."""
        return io.BufferedReader(_RangeReader(self), _BUFFER_BYTES)

    def _check_inside(self, offset: int, length: int) -> None:
        end = offset + length
        if offset < 0 or length < 0 or end > self._length:
            raise refusal(
                self.label,
                "it",
                expected=f"data at bytes {offset:,} to {end:,}",
                got=f"{self._length:,} bytes in all: the file is damaged or truncated",
            )

    def _read_some(self, position: int, length: int) -> bytes:
        """Read at least one and at most `length` bytes.

        Raises DataError if the file ends here or cannot be read.
        """
        try:
            data = os.pread(self._file.fileno(), length, position)
        except OSError as error:
            raise refusal(
                self.label,
                "it",
                expected="a readable file",
                got=reason_of(error),
                advice=CHECK_ACCESS,
            ) from error
        if not data:
            raise refusal(
                self.label,
                "it",
                expected=f"{length:,} more bytes",
                got="the end of the file: it probably changed while it was read",
                advice=RUN_AGAIN,
            )
        return data


class SharedFile(io.FileIO):
    """An open file that byte ranges share.

    The file is closed, without a ResourceWarning, when no range uses it any more.
    """

    def __del__(self) -> None:
        self.close()

    def whole(self, label: str) -> ByteRange:
        """Return the whole file as a byte range."""
        size = os.fstat(self.fileno()).st_size
        return ByteRange(self, 0, size, label)

    def stamp(self) -> str:
        """Return the size of the file and the time of its last change, as text."""
        return file_stamp(os.fstat(self.fileno()))


def file_stamp(status: os.stat_result) -> str:
    """Return the size of a file and the time of its last change, as text."""
    return f"{status.st_size} {status.st_mtime_ns}"


class _RangeReader(io.RawIOBase):
    """The unbuffered file object to which `ByteRange.open` adds a buffer."""

    def __init__(self, data: ByteRange) -> None:
        super().__init__()
        self._data = data
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        origins = {
            os.SEEK_SET: 0,
            os.SEEK_CUR: self._position,
            os.SEEK_END: len(self._data),
        }
        position = origins[whence] + offset
        if position < 0:
            raise OSError(errno.EINVAL, f"negative position {position}")
        self._position = position
        return position

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - Buffer needs Python 3.12
        rest = len(self._data) - self._position
        count = max(0, min(len(buffer), rest))
        buffer[:count] = self._data.read_at(self._position, count)
        self._position += count
        return count

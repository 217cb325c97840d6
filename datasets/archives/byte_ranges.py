"""A range of bytes in an open file, which any thread may read at any place."""

import errno
import io
import os
from typing import BinaryIO

from .refusals import CHECK_ACCESS, RUN_AGAIN, reason_of, refusal

_BUFFER_BYTES = 2**16


class ByteRange:
    """`length` bytes of `file` from byte `start` on.

    Reading does not move the position of `file`, so threads need no lock. The file is
    closed when its last range is gone.
    file: a regular file opened for binary reading
    """

    def __init__(self, file: BinaryIO, start: int, length: int, label: str) -> None:
        self._file = file
        self._start = start
        self._length = length
        self.label = label

    def __len__(self) -> int:
        return self._length

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes. Raises DataError when the file lacks them or is unreadable."""
        self._check_inside(offset, length)
        parts = []
        missing = length
        while missing:  # the system returns 2 GiB a call at most
            position = self._start + offset + length - missing
            part = self._read_some(position, missing)
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def part(self, offset: int, length: int, label: str | None = None) -> "ByteRange":
        """A range inside this one. Raises DataError when it does not lie inside."""
        self._check_inside(offset, length)
        return ByteRange(self._file, self._start + offset, length, label or self.label)

    def open(self) -> io.BufferedReader:
        """A seekable file object that has its own position."""
        return io.BufferedReader(_RangeReader(self), _BUFFER_BYTES)

    def _check_inside(self, offset: int, length: int) -> None:
        end = offset + length
        if offset < 0 or length < 0 or end > self._length:
            raise refusal(
                self.label,
                "it",
                expected=f"data at bytes {offset:,} to {end:,}",
                got=f"{self._length:,} bytes in all: it is damaged or truncated",
            )

    def _read_some(self, position: int, length: int) -> bytes:
        """At least one of `length` bytes."""
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
                got="the end of the file, which was probably changed meanwhile",
                advice=RUN_AGAIN,
            )
        return data


class SharedFile(io.FileIO):
    """An open file for byte ranges. It closes, without a warning, with the last of them."""

    def __del__(self) -> None:
        self.close()

    def whole(self, label: str) -> ByteRange:
        """The whole file as a byte range."""
        size = os.fstat(self.fileno()).st_size
        return ByteRange(self, 0, size, label)

    def stamp(self) -> str:
        """A text that changes when the file does."""
        return file_stamp(os.fstat(self.fileno()))


def file_stamp(status: os.stat_result) -> str:
    """Size and time of the last change of a file."""
    return f"{status.st_size} {status.st_mtime_ns}"


class _RangeReader(io.RawIOBase):
    """The file object behind `ByteRange.open`."""

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

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - the stub's Buffer is 3.12's
        rest = len(self._data) - self._position
        count = max(0, min(len(buffer), rest))
        buffer[:count] = self._data.read_at(self._position, count)
        self._position += count
        return count

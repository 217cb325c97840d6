"""A stretch of a file that any thread may read at any place; what big members are handed out as."""

import errno
import io
import os
from typing import BinaryIO

from ..info import DataError


class Span:
    """`length` bytes of `file` from `start` on. The file is closed when its last span is gone.

    file: a regular file opened for binary reading; only its descriptor is used, never its position
    """

    def __init__(self, file: BinaryIO, start: int, length: int, label: str) -> None:
        self._file = file
        self._start = start
        self._length = length
        self.label = label

    def __len__(self) -> int:
        return self._length

    def read_at(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes. Raises DataError when the file became shorter or unreadable."""
        if offset < 0 or length < 0 or offset + length > self._length:
            raise DataError(
                f"{self.label}: has {self._length:,} bytes; damaged or truncated."
            )
        parts, position, missing = [], self._start + offset, length
        while missing:  # one call returns 2 GiB at most
            try:
                part = os.pread(self._file.fileno(), missing, position)
            except OSError as error:
                raise DataError(
                    f"{self.label}: cannot be read ({error.strerror})."
                ) from error
            if not part:
                raise DataError(
                    f"{self.label}: ends {missing:,} bytes too early; was it changed?"
                )
            parts.append(part)
            position, missing = position + len(part), missing - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def part(self, offset: int, length: int, label: str | None = None) -> "Span":
        """A stretch of this stretch. Raises DataError when it does not lie inside."""
        if offset < 0 or length < 0 or offset + length > self._length:
            raise DataError(
                f"{self.label}: has {self._length:,} bytes; damaged or truncated."
            )
        return Span(self._file, self._start + offset, length, label or self.label)

    def open(self) -> io.BufferedReader:
        """A seekable file object with a position of its own."""
        return io.BufferedReader(_SpanReader(self), 2**16)


class _SpanReader(io.RawIOBase):
    def __init__(self, span: Span) -> None:
        super().__init__()
        self._span = span
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        origin = {
            os.SEEK_SET: 0,
            os.SEEK_CUR: self._position,
            os.SEEK_END: len(self._span),
        }[whence]
        if origin + offset < 0:
            raise OSError(errno.EINVAL, f"negative position {origin + offset}")
        self._position = origin + offset
        return self._position

    def readinto(self, buffer: "bytearray | memoryview", /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride] - the stub's Buffer is 3.12's
        count = max(0, min(len(buffer), len(self._span) - self._position))
        buffer[:count] = self._span.read_at(self._position, count)
        self._position += count
        return count

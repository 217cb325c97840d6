"""Long strings in a pickle, which stay in the file until they are needed."""

import codecs
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

from ..archives.byte_ranges import ByteRange
from ..archives.temporary_file import write_temporary
from ..info import DataError
from .errors import Unexpected
from .strings import decode, to_latin1

# Bytes that are decoded in one step.
CHUNK = 2**20
# Codec -> the largest number of bytes in the file for one byte of data.
_MOST_WRITTEN = {
    "raw": 1,
    "utf-8": 2,
    "raw-unicode-escape": 6,
    "string-escape": 4,
}


class PickleFile:
    """The bytes of a pickle, and the folder for temporary copies of encoded arrays."""

    def __init__(self, data: ByteRange, scratch: Path | None) -> None:
        self.data = data
        self.lock = threading.Lock()
        self._scratch = scratch

    def refusal(self, offset: int, error: Unexpected) -> DataError:
        """Return the DataError that names the file and the place of an error."""
        return DataError(
            f"{self.data.label}: cannot read the pickle at byte {offset:,}: "
            f"expected {error.expected}, got {error.got}. {error.advice}"
        )

    def copy(self, parts: Iterable[bytes]) -> ByteRange:
        """Write the parts to a temporary file, and return it as a byte range.

        Raises DataError if the file cannot be written.
        """
        return write_temporary(parts, self.data.label, self._scratch)


class Payload:
    """A long string in a pickle, which stays in the file until it is needed.

    offset, length: the position and size of the encoded string in the file, in bytes
    codec: the encoding of the string in the file, as `strings.decode` takes it
    is_text: True for a str, False for bytes
    """

    __slots__ = ("_copy", "codec", "file", "is_text", "length", "offset")

    def __init__(
        self, file: PickleFile, offset: int, length: int, codec: str, is_text: bool
    ) -> None:
        self.file = file
        self.offset = offset
        self.length = length
        self.codec = codec
        self.is_text = is_text
        self._copy: ByteRange | None = None

    def in_latin1(self) -> "Payload":
        """Return this text as a payload of bytes, encoded as Latin-1."""
        return Payload(
            self.file,
            self.offset,
            self.length,
            self.codec,
            is_text=False,
        )

    def may_hold(self, size: int) -> bool:
        """Return whether the string can decode to `size` bytes, judged by its length.

        For the codec "raw", True means that it does.
        """
        written = self.length
        if self.codec == "string-escape":
            written -= 2  # the quotes
        most_written = _MOST_WRITTEN[self.codec] * size
        return size <= written <= most_written

    def decoded(self) -> str | bytes:
        """Return the whole string.

        Raises DataError if the string is not valid in its codec.
        """
        data = self.file.data.read_at(self.offset, self.length)
        try:
            value = decode(data, self.codec)
            if isinstance(value, str) and not self.is_text:
                value = to_latin1(value)
        except Unexpected as error:
            raise self.file.refusal(self.offset, error) from None
        return value

    def read_at(self, offset: int, length: int, size: int) -> bytes:
        """Return `length` of the decoded bytes from `offset` on.

        size: the number of decoded bytes in all
        Raises DataError if the string does not decode to `size` bytes.
        """
        if self.codec == "raw":
            return self.file.data.read_at(self.offset + offset, length)
        if self.length > CHUNK:
            copy = self._decoded_copy(size)
            return copy.read_at(offset, length)
        data = cast(bytes, self.decoded())
        self._check(len(data), size)
        return data[offset : offset + length]

    def _decoded_copy(self, size: int) -> ByteRange:
        """Return the decoded bytes in a temporary file, which is written only once."""
        with self.file.lock:
            if self._copy is None:
                self._copy = self.file.copy(self._parts())
        self._check(len(self._copy), size)
        return self._copy

    def _parts(self) -> Iterator[bytes]:
        if self.codec != "utf-8":
            yield cast(bytes, self.decoded())
            return
        try:
            yield from self._parts_of_utf8()
        except Unexpected as error:
            raise self.file.refusal(self.offset, error) from None
        except UnicodeError as error:
            trouble = Unexpected(
                expected="text in UTF-8",
                got=str(error),
            )
            raise self.file.refusal(self.offset, trouble) from None

    def _parts_of_utf8(self) -> Iterator[bytes]:
        decoder = codecs.getincrementaldecoder("utf-8")()
        for start in range(0, self.length, CHUNK):
            count = min(CHUNK, self.length - start)
            data = self.file.data.read_at(self.offset + start, count)
            is_last = start + count == self.length
            part = decoder.decode(data, final=is_last)
            yield to_latin1(part)

    def _check(self, got: int, size: int) -> None:
        if got != size:
            error = Unexpected(
                expected=f"{size:,} bytes of array data",
                got=f"{got:,} bytes",
            )
            raise self.file.refusal(self.offset, error)

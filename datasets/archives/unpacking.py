"""Unpack gzip, bzip2, xz and deflate streams in bounded memory, chunk by chunk."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from ..info import DataError
from .byte_ranges import ByteRange
from .limits import Limits
from .refusals import DAMAGE, damage_refusal

# Packed bytes in one step. The number is small, since thousands of streams may start
# within one step, and each stream copies the remaining bytes of the step.
_PIECE = 2**16
# Unpacked bytes in one step.
_CHUNK = 2**18
# Bytes of memory that a .xz file may demand: four times the demand of `xz -9`.
_XZ_MEMORY = 2**28


class Decoder(Protocol):
    """A decoder for one stream of packed data, such as `bz2.BZ2Decompressor`."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Inflater:
    """A Decoder for a zlib stream.

    If a call reaches its `max_length`, the next call continues with the unused input.
    """

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not (self._zlib.eof or self._zlib.unconsumed_tail)

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._zlib.decompress(self._zlib.unconsumed_tail + data, max_length)


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "gzip": lambda: Inflater(16 + zlib.MAX_WBITS),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY),
}
PACKINGS = frozenset(_DECODERS)


def unpacked(data: ByteRange, packing: str, limits: Limits) -> Iterator[bytes]:
    """Yield the unpacked content of a file with one or more streams, chunk by chunk.

    packing: one of PACKINGS
    Raises DataError if the file is damaged or truncated, or if its content is larger
    than `limits` allow.
    """
    total = 0
    try:
        for chunk in _streams(data, _DECODERS[packing]):
            total += len(chunk)
            limits.check_ratio(data.label, "it", total, len(data))
            limits.check_disk(data.label, "it", total)
            yield chunk
    except DataError:
        raise
    except DAMAGE as error:
        expected = f"an intact {packing} file"
        raise damage_refusal(data.label, "it", expected, error) from error


def _streams(packed: ByteRange, make: Callable[[], Decoder]) -> Iterator[bytes]:
    source = pieces(packed)
    data = next(source, b"")
    while data:
        decoder = make()
        yield from stream(decoder, data, source)
        # Zeros may pad the last block. Any other bytes have to be another stream.
        data = decoder.unused_data.lstrip(b"\0")
        while not data and (piece := next(source, b"")):
            data = piece.lstrip(b"\0")


def stream(decoder: Decoder, data: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the unpacked content of one stream, chunk by chunk.

    data: the first packed bytes
    source: an iterator over the packed bytes that follow
    Raises EOFError if the stream is cut off, and passes on the errors of the decoder.
    """
    while not decoder.eof:
        chunk = decoder.decompress(data, _CHUNK)
        if not chunk and not data and decoder.needs_input:
            raise EOFError("data that ends too early")
        yield chunk
        data = next(source, b"") if decoder.needs_input else b""


def pieces(data: ByteRange) -> Iterator[bytes]:
    """Yield the bytes of a range in pieces of 64 KiB."""
    for start in range(0, len(data), _PIECE):
        count = min(_PIECE, len(data) - start)
        yield data.read_at(start, count)

"""gzip, bzip2, xz and deflate streams, unpacked chunk by chunk in bounded memory."""

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

from ..info import DataError
from .byte_ranges import ByteRange
from .limits import Limits
from .refusals import DAMAGE, damage_refusal

# Packed bytes a step. Small, since thousands of streams may start in one step, and each
# copies what is left of it.
_PIECE = 2**16
# Unpacked bytes a step.
_CHUNK = 2**18
# Memory that a .xz file may ask for: four times what `xz -9` asks for.
_XZ_MEMORY = 2**28


class Decoder(Protocol):
    """One stream of packed data, as bz2 and lzma offer it."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = -1) -> bytes: ...


class Inflater:
    """A zlib stream as a Decoder: it keeps the input that a bounded call left over."""

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
    """Unpacks a file that holds one stream or several, chunk by chunk.

    packing: one of PACKINGS
    Raises DataError when it is damaged or truncated, or holds more than `limits` allow.
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
        # Zeros may fill up a last block; anything else has to be another stream.
        data = decoder.unused_data.lstrip(b"\0")
        while not data and (piece := next(source, b"")):
            data = piece.lstrip(b"\0")


def stream(decoder: Decoder, data: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    """Unpacks one stream, chunk by chunk.

    data: the first packed bytes; `source` yields those that follow
    Raises EOFError when the stream is cut off, and what the decoder raises.
    """
    while not decoder.eof:
        chunk = decoder.decompress(data, _CHUNK)
        if not chunk and not data and decoder.needs_input:
            raise EOFError("an end that comes too early")
        yield chunk
        data = next(source, b"") if decoder.needs_input else b""


def pieces(data: ByteRange) -> Iterator[bytes]:
    """The bytes of a range, in pieces."""
    for start in range(0, len(data), _PIECE):
        count = min(_PIECE, len(data) - start)
        yield data.read_at(start, count)

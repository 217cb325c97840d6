"""Open files for spans, and packed data inflated into files that have no name."""

import bz2
import io
import lzma
import os
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Protocol

from ..info import DataError
from .byte_ranges import Span
from .limits import DAMAGE, Limits, in_words, refusal

# Small pieces: thousands of streams may start in one, and each copies what is left of it.
_PIECE = 2**16
_CHUNK = 2**18
_XZ_MEMORY = 2**28  # four times what `xz -9` asks for


class SourceFile(io.FileIO):
    """A file for spans; it is closed, without a warning, when the last of them is gone."""

    def __del__(self) -> None:
        self.close()

    def span(self, label: str) -> Span:
        """The whole file."""
        return Span(self, 0, os.fstat(self.fileno()).st_size, label)

    def stamp(self) -> str:
        """What changes when the file does."""
        return file_stamp(os.fstat(self.fileno()))


def file_stamp(status: os.stat_result) -> str:
    """Size and time of the last change of a file."""
    return f"{status.st_size} {status.st_mtime_ns}"


def spooled(chunks: Iterable[bytes], label: str, scratch: Path | None) -> Span:
    """The chunks in a temporary file without a name, so that it is gone when the span is.

    Raises DataError when `scratch` (None: the system's choice) has no room or cannot be written.
    """
    try:
        with tempfile.TemporaryFile(dir=scratch) as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            return SourceFile(os.dup(file.fileno())).span(label)
    except OSError as error:
        where = scratch or "the system's folder for temporary files (see $TMPDIR)"
        raise DataError(
            f"{label}: cannot be unpacked: expected room in {where}, got: {in_words(error)}. Make "
            f"room, or unpack it by hand and pass the folder: fewbench data build NAME --source DIR"
        ) from error


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
    """A zlib stream with the manners of a Decoder, so that what one call returns is bounded."""

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


def unpacked(span: Span, packing: str, limits: Limits) -> Iterator[bytes]:
    """What a file holds that was packed with one of PACKINGS, be it in one stream or in many.

    Raises DataError when it is damaged or truncated, or holds more than `limits` allow.
    """
    total = 0
    try:
        for chunk in _streams(span, _DECODERS[packing]):
            total += len(chunk)
            limits.check_ratio(span.label, "any of it", total, len(span))
            limits.check_span(span.label, "any of it", total)
            yield chunk
    except DataError:
        raise
    except DAMAGE as error:
        intact = f"an intact {packing} file"
        raise refusal(span.label, "any of it", intact, in_words(error)) from error


def _streams(span: Span, make: Callable[[], Decoder]) -> Iterator[bytes]:
    source = pieces(span)
    data = next(source, b"")
    while data:
        decoder = make()
        yield from stream(decoder, data, source)
        # Zeros may fill up a last block; anything else has to be another stream.
        data = decoder.unused_data.lstrip(b"\0")
        while not data and (piece := next(source, b"")):
            data = piece.lstrip(b"\0")


def stream(decoder: Decoder, data: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    """What one stream holds, in chunks: `data` begins it, `source` goes on.

    Raises EOFError when it is cut off, and what the decoder raises.
    """
    while not decoder.eof:
        chunk = decoder.decompress(data, _CHUNK)
        if not chunk and not data and decoder.needs_input:
            raise EOFError("an end that comes too early")
        yield chunk
        data = next(source, b"") if decoder.needs_input else b""


def pieces(span: Span) -> Iterator[bytes]:
    """The bytes of a span, little by little."""
    for start in range(0, len(span), _PIECE):
        yield span.read_at(start, min(_PIECE, len(span) - start))

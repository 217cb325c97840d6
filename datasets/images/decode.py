"""Decode and resize to uint8. The resampling filter is always named, never implied."""

import io
import os
import re
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator

from PIL import Image

from ..info import DataError

MAX_PIXELS = 64 * 2**20
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_SCAN = b"\xff\xda"
_MOST_SCANS = 100  # a progressive JPEG has ten or so
_EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK")
_HEADER_LOCK = threading.Lock()


def decode(data: bytes, name: str, mode: str) -> Image.Image:
    """The picture in PNG or JPEG bytes, as mode "L" or "RGB"; transparency is dropped.

    Raises DataError naming the image when it is damaged, of another format or too large.
    """
    if mode not in ("L", "RGB"):
        raise ValueError(f'mode is "L" or "RGB", not {mode!r}')
    try:
        with _open_header(data) as image:
            _check_header(image)
            image.load()
            return (
                image if image.mode == mode else image.convert(mode)
            )  # which would copy
    except Exception as error:
        # On hostile bytes Pillow raises nearly everything: OSError, SyntaxError, KeyError, ...
        reason = (
            re.sub(r" ?<_io\.BytesIO [^>]*>", "", str(error)) or type(error).__name__
        )
        raise DataError(
            f"image {name}: cannot decode: expected an intact PNG or JPEG, got {len(data):,} bytes "
            f"that start with {data[:8]!r} ({reason}). Get the file that "
            f"holds it again, or replace the image, and type the same command"
        ) from error


if hasattr(os, "register_at_fork"):
    # A forked child would wait for a lock that a thread of its parent holds.
    os.register_at_fork(
        before=_HEADER_LOCK.acquire,
        after_in_parent=_HEADER_LOCK.release,
        after_in_child=_HEADER_LOCK.release,
    )


def _open_header(data: bytes) -> Image.Image:
    if data.startswith(_PNG_SIGNATURE):
        data = _PNG_SIGNATURE + b"".join(_critical_chunks(data))
    elif data.count(_JPEG_SCAN) > _MOST_SCANS:  # each takes as long as the first
        raise ValueError(f"more than {_MOST_SCANS} scans in one JPEG")
    # Pillow warns of broken EXIF and of large pictures; the pixels of the first are fine, the
    # second are refused below. Warning filters belong to the process: one thread at a time.
    with _HEADER_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Image.open(io.BytesIO(data), formats=("PNG", "JPEG"))


def _critical_chunks(data: bytes) -> Iterator[bytes]:
    """The chunks of a PNG that make its pixels. Pillow itself does not check the CRC of IDAT."""
    position, kind = len(_PNG_SIGNATURE), b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, position)
        end = position + 12 + length
        if end > len(data):
            raise ValueError("truncated PNG")
        if zlib.crc32(data[position + 4 : end - 4]) != int.from_bytes(
            data[end - 4 : end]
        ):
            raise ValueError(f"wrong CRC in PNG chunk {kind!r}")
        if kind[:1].isupper():
            yield data[position:end]
        position = end


def _check_header(image: Image.Image) -> None:
    """Before a pixel is decoded."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise ValueError(f"{width} x {height} pixels, more than {MAX_PIXELS:,}")
    if image.mode not in _EIGHT_BIT_MODES:
        raise ValueError(f"mode {image.mode!r}, not 8 bits a channel")

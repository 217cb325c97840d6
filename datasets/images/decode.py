"""Decodes PNG and JPEG bytes, and refuses everything that could harm.

The bytes may be damaged or hostile: headers that promise huge images, endless scans,
compressed text. What is not an intact image raises DataError.
"""

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
_MOST_SCANS = 100  # a progressive JPEG has about ten
_EIGHT_BIT_MODES = (
    "1",
    "L",
    "LA",
    "P",
    "PA",
    "RGB",
    "RGBA",
    "CMYK",
)
_HEADER_LOCK = threading.Lock()


def decode(data: bytes, name: str, mode: str) -> Image.Image:
    """The image in PNG or JPEG bytes, as mode "L" or "RGB". Transparency is dropped.

    Raises DataError naming the image when it is damaged, of another format or too large.
    """
    if mode not in ("L", "RGB"):
        raise ValueError(f'mode is "L" or "RGB", not {mode!r}')
    try:
        with _open_header(data) as image:
            _check_header(image)
            image.load()
            if image.mode == mode:
                # Converting would copy it.
                return image
            return image.convert(mode)
    except Exception as error:
        # On hostile bytes Pillow raises nearly everything: OSError, SyntaxError, KeyError
        # and others.
        raise _refusal(data, name, error) from error


if hasattr(os, "register_at_fork"):
    # Without this, a forked child could wait forever for a lock that another thread of
    # its parent holds.
    os.register_at_fork(
        before=_HEADER_LOCK.acquire,
        after_in_parent=_HEADER_LOCK.release,
        after_in_child=_HEADER_LOCK.release,
    )


def _refusal(data: bytes, name: str, error: Exception) -> DataError:
    # Pillow's texts may contain an address in memory.
    reason = re.sub(r" ?<_io\.BytesIO [^>]*>", "", str(error))
    if not reason:
        reason = type(error).__name__
    size = f"{len(data):,} bytes"
    start = data[:8]
    return DataError(
        f"image {name}: cannot decode: expected an intact PNG or JPEG, got {size} that "
        f"start with {start!r} ({reason}). Get the file that holds it again or replace "
        f"the image, then run the same command."
    )


def _open_header(data: bytes) -> Image.Image:
    if data.startswith(_PNG_SIGNATURE):
        data = _without_extras(data)
    elif data.count(_JPEG_SCAN) > _MOST_SCANS:
        # Each scan takes as long to decode as the first.
        raise ValueError(f"more than {_MOST_SCANS} scans in one JPEG")
    file = io.BytesIO(data)
    # Pillow warns of broken EXIF data, which leaves the pixels intact, and of large
    # images, which `_check_header` refuses. Warning filters belong to the whole process,
    # so only one thread at a time may change them.
    with _HEADER_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Image.open(file, formats=("PNG", "JPEG"))


def _without_extras(data: bytes) -> bytes:
    """A PNG without the chunks that do not affect its pixels, such as text and profiles."""
    chunks = b"".join(_critical_chunks(data))
    return _PNG_SIGNATURE + chunks


def _critical_chunks(data: bytes) -> Iterator[bytes]:
    """The chunks that make the pixels of a PNG, with their CRC checked.

    Pillow does not check the CRC of IDAT chunks.
    Raises ValueError or struct.error when the PNG is damaged.
    """
    position = len(_PNG_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        # A chunk: its length, its kind, the data, and a CRC of kind and data.
        length, kind = struct.unpack_from(">I4s", data, position)
        kind_place = position + 4
        crc_place = position + 8 + length
        end = crc_place + 4
        if end > len(data):
            raise ValueError("truncated PNG")
        checked = data[kind_place:crc_place]
        expected = data[crc_place:end]
        crc = zlib.crc32(checked)
        if crc != int.from_bytes(expected):
            raise ValueError(f"wrong CRC in PNG chunk {kind!r}")
        first_letter = kind[:1]
        if first_letter.isupper():
            yield data[position:end]
        position = end


def _check_header(image: Image.Image) -> None:
    """Refuse an image by its header, before any pixel is decoded. Raises ValueError."""
    width, height = image.size
    n_pixels = width * height
    if n_pixels > MAX_PIXELS:
        raise ValueError(f"{width} x {height} pixels, more than {MAX_PIXELS:,}")
    if image.mode not in _EIGHT_BIT_MODES:
        raise ValueError(f"mode {image.mode!r}, not 8 bits a channel")

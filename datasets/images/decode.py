"""Decode PNG and JPEG bytes safely.

The bytes may be damaged or hostile. Hostile files have headers with huge sizes,
thousands of scans or compressed text. Bytes that are not an intact image raise
DataError.
"""

import io
import os
import re
import struct
import threading
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress

from PIL import Image

from fewbench.documents import shown

from ..info import DataError
from .as_shown import as_shown
from .jpeg_history import earlier_quality
from .jpeg_tables import jpeg_setting
from .origins import NO_JPEG, Origin, size_text

MAX_PIXELS = 64 * 2**20
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_JPEG_SCAN = b"\xff\xda"
_ORIENTATION = 0x0112  # the EXIF tag; 1 is upright, 2 to 8 are not
_UPRIGHT = 1
# The optional chunks of a PNG that change how it is shown: transparency and EXIF data.
_SHOWN_CHUNKS = (b"tRNS", b"eXIf")
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
    """Decode an image from its PNG or JPEG bytes. Transparency is dropped.

    name: the name of the image, for messages
    mode: "L" or "RGB", the mode of the returned image
    Raises DataError if the image is damaged, has another format or is too large.
    """
    image, _ = decode_with_origin(data, name, mode)
    return image


def decode_with_origin(
    data: bytes,
    name: str,
    mode: str,
    *,
    examine: bool = False,
    shown: bool = False,
) -> tuple[Image.Image, Origin]:
    """Decode an image as `decode` does, and say what its file was like.

    examine: whether to look for an earlier saving as JPEG, which takes a few ms
    shown: whether to decode it as a viewer shows it: rotated as its EXIF data ask, and
        with transparent parts on white
    """
    if mode not in ("L", "RGB"):
        raise ValueError(f'mode must be "L" or "RGB", not {mode!r}')
    kept = _SHOWN_CHUNKS if shown else ()
    try:
        with _open_header(data, kept) as image:
            _check_header(image)
            image.load()
            origin = _origin(image, mode, examine)
            if shown:
                image, origin = as_shown(image, origin, _orientation(image))
            if image.mode == mode:
                # convert would copy the image.
                return image, origin
            return image.convert(mode), origin
    except Exception as error:
        # On hostile bytes Pillow raises OSError, SyntaxError, KeyError and many others.
        raise _refusal(data, name, error) from error


def read_size(data: bytes, name: str) -> str:
    """Return the size in the header of an image, such as "500 x 375" (width x height).

    No pixel is decoded. Raises DataError if the header is damaged.
    """
    return read_header(data, name).size


def read_header(data: bytes, name: str) -> Origin:
    """Return what the header of an image says about its file.

    No pixel is decoded. Raises DataError if the header is damaged.
    """
    try:
        with _open_header(data) as image:
            _check_header(image)
            return Origin(size_text(*image.size), jpeg=jpeg_setting(image) or NO_JPEG)
    except Exception as error:
        raise _refusal(data, name, error) from error


if hasattr(os, "register_at_fork"):
    # Another thread of the parent process may hold the lock during a fork. Then the
    # child would wait for the lock forever.
    os.register_at_fork(
        before=_HEADER_LOCK.acquire,
        after_in_parent=_HEADER_LOCK.release,
        after_in_child=_HEADER_LOCK.release,
    )


def _origin(image: Image.Image, mode: str, examine: bool) -> Origin:
    jpeg = jpeg_setting(image)
    earlier = None
    if examine and jpeg and image.mode in ("L", "RGB"):
        earlier = earlier_quality(image) or 0
    return Origin(
        size_text(*image.size),
        converted="" if image.mode == mode else image.mode,
        asks_to_be_turned=_asks_to_be_turned(image),
        jpeg=jpeg or NO_JPEG,
        earlier=earlier,
    )


def _asks_to_be_turned(image: Image.Image) -> bool:
    return _orientation(image) != _UPRIGHT


def _orientation(image: Image.Image) -> int:
    """Return how the EXIF data of an image say that it lies: 1 (upright) to 8."""
    if "exif" not in image.info:
        return _UPRIGHT
    # The pixels of an image with broken EXIF data are intact.
    with suppress(Exception), _HEADER_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = image.getexif().get(_ORIENTATION, _UPRIGHT)
        return found if found in range(2, 9) else _UPRIGHT
    return _UPRIGHT


def _refusal(data: bytes, name: str, error: Exception) -> DataError:
    # Pillow's messages may contain an address in memory.
    reason = re.sub(r" ?<_io\.BytesIO [^>]*>", "", str(error))
    if not reason:
        reason = type(error).__name__
    size = f"{len(data):,} bytes"
    start = data[:8]
    return DataError(
        f"image {shown(name, 200)}: cannot decode: expected an intact PNG or JPEG, got {size} that "
        f"start with {start!r} ({reason}). Get the file with this image again or "
        f"replace the image, then run the same command."
    )


def _open_header(data: bytes, kept: Sequence[bytes] = ()) -> Image.Image:
    if data.startswith(_PNG_SIGNATURE):
        data = _without_extras(data, kept)
    elif data.count(_JPEG_SCAN) > _MOST_SCANS:
        # Each scan takes about as long to decode as a whole image.
        raise ValueError(f"more than {_MOST_SCANS} scans in one JPEG")
    file = io.BytesIO(data)
    # Pillow warns about broken EXIF data, but then the pixels are intact. It also warns
    # about large images, but `_check_header` refuses those. Warning filters belong to
    # the whole process, so only one thread at a time may change them.
    with _HEADER_LOCK, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Image.open(file, formats=("PNG", "JPEG"))


def _without_extras(data: bytes, kept: Sequence[bytes]) -> bytes:
    """Return a PNG without optional chunks, such as text, profiles or transparency.

    kept: the kinds of optional chunks to keep
    """
    chunks = b"".join(_needed_chunks(data, kept))
    return _PNG_SIGNATURE + chunks


def _needed_chunks(data: bytes, kept: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the chunks of a PNG that are needed to decode its pixels, and those to keep.

    The CRC of every chunk is checked, because Pillow does not check it for IDAT chunks.
    Raises ValueError or struct.error if the PNG is damaged.
    """
    position = len(_PNG_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        # A chunk has a length, a kind, the data, and a CRC of the kind and the data.
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
        if first_letter.isupper() or kind in kept:
            yield data[position:end]
        position = end


def _check_header(image: Image.Image) -> None:
    """Raise ValueError if an image is too large or does not have 8 bits per channel.

    The check happens before any pixel is decoded.
    """
    width, height = image.size
    n_pixels = width * height
    if n_pixels > MAX_PIXELS:
        raise ValueError(f"{width} x {height} pixels, more than {MAX_PIXELS:,}")
    if image.mode not in _EIGHT_BIT_MODES:
        raise ValueError(f"mode {image.mode!r}, without 8 bits a channel")

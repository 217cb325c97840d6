"""Images to encode, and PNG bytes made by hand."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def encode(image: Image.Image, file_format: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG with the right length and CRC."""
    length = struct.pack(">I", len(data))
    crc = struct.pack(">I", zlib.crc32(kind + data))
    return length + kind + data + crc


def png(
    width: int, height: int, *, before: bytes = b"", pixels: bytes = b"\0\0"
) -> bytes:
    """A grey PNG that declares any size, whatever its pixel data holds."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(pixels))
    return SIGNATURE + body + chunk(b"IEND", b"")


def smooth(width: int, height: int, seed: int = 0) -> Image.Image:
    """An RGB image without fine detail."""
    generator = np.random.default_rng(seed)
    rough = Image.fromarray(generator.integers(0, 256, (6, 5, 3), dtype=np.uint8))
    return rough.resize((width, height), Image.Resampling.BICUBIC)


def pattern(height: int, width: int, channels: int) -> np.ndarray:
    """Rough pixels that depend on no random generator: uint8 (height, width, channels)"""
    index = np.arange(height * width * channels, dtype=np.uint64)
    mixed = (
        index * index * np.uint64(40_503) + index * np.uint64(2_654_435_761)
    ) >> np.uint64(13)
    return (mixed % 256).astype(np.uint8).reshape(height, width, channels)


def several_files(n: int) -> dict[str, bytes]:
    """Name -> PNG and JPEG files in turn, of several sizes."""
    files: dict[str, bytes] = {}
    for i in range(n):
        image = smooth(30 + i % 7, 25 + i % 5, seed=i)
        files[f"{i:03d}"] = encode(image, ("PNG", "JPEG")[i % 2])
    return files

"""Say with which quality a JPEG file was saved, from its quantisation tables.

libjpeg scales two standard tables by a number, the quality from 1 to 100 (its jcparam.c;
the tables are K.1 and K.2 of ITU-T T.81). Pillow, OpenCV (grfmt_jpeg.cpp) and ImageMagick
(coders/jpeg.c) set only this number. So the number can be read off their files exactly.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from PIL import Image
from PIL.JpegPresets import presets

BEST = 100
_LUMA = (
    "16 11 10 16 24 40 51 61 "
    "12 12 14 19 26 58 60 55 "
    "14 13 16 24 40 57 69 56 "
    "14 17 22 29 51 87 80 62 "
    "18 22 37 56 68 109 103 77 "
    "24 35 55 64 81 104 113 92 "
    "49 64 78 87 103 121 120 101 "
    "72 92 95 98 112 100 103 99"
)
_CHROMA = (
    "17 18 24 47 99 99 99 99 "
    "18 21 26 66 99 99 99 99 "
    "24 26 56 99 99 99 99 99 "
    "47 66 99 99 99 99 99 99 "
    "99 99 99 99 99 99 99 99 "
    "99 99 99 99 99 99 99 99 "
    "99 99 99 99 99 99 99 99 "
    "99 99 99 99 99 99 99 99"
)
# Sampling factors of Y, horizontal and vertical, where Cb and Cr have (1, 1).
_SUBSAMPLING = {
    (1, 1): "4:4:4",
    (1, 2): "4:4:0",
    (2, 1): "4:2:2",
    (2, 2): "4:2:0",
    (4, 1): "4:1:1",
}
_Tables = tuple[tuple[int, ...], ...]
# The tables and channels of the last file, and the words for them.
_LAST: list[tuple[object, str]] = [(None, "")]


def jpeg_setting(image: Image.Image) -> str:
    """Return how a JPEG file was saved, such as "quality 95, 4:2:0"; "" if it is no JPEG.

    A quality is exact for libjpeg's tables. For others it is the nearest one, and the
    words say whose tables they are, if that is known.
    """
    quantization = getattr(image, "quantization", None)
    layers = getattr(image, "layer", None)
    if not quantization:
        return ""
    found = (quantization, layers)
    # Most files are saved as the file before. This comparison is cheap.
    last, setting = _LAST[0]
    if found != last:
        tables = _tables(image)
        quality = _quality_words(tables)
        subsampling = _subsampling(image)
        setting = f"{quality}, {subsampling}"
        _LAST[0] = found, setting
    return setting


def luma_table(image: Image.Image) -> np.ndarray | None:
    """Return the quantisation table of the brightness: int64 (8, 8)

    None if the image is no JPEG.
    """
    tables = _tables(image)
    if not tables:
        return None
    luma = np.array(tables[0])
    return luma.reshape(8, 8)


@cache
def standard_luma(quality: int) -> np.ndarray:
    """Return libjpeg's table of the brightness at a quality: int64 (8, 8)"""
    scaled = _scaled(_LUMA, quality)
    luma = np.array(scaled)
    return luma.reshape(8, 8)


def _tables(image: Image.Image) -> _Tables:
    by_number = getattr(image, "quantization", {})
    tables: list[tuple[int, ...]] = []
    for number in sorted(by_number):
        table = by_number[number]
        tables.append(tuple(table))
    return tuple(tables)


@cache
def _quality_words(tables: _Tables) -> str:
    quality = _libjpeg().get(tables)
    if quality is not None:
        return f"quality {quality}"
    nearest = _nearest_quality(tables[0])
    author = _photoshop().get(tables, "tables other than libjpeg's")
    return f"about quality {nearest} ({author})"


@cache
def _libjpeg() -> dict[_Tables, int]:
    """Return libjpeg's tables -> quality, for colour files and grey files."""
    known: dict[_Tables, int] = {}
    for quality in range(1, BEST + 1):
        luma = _scaled(_LUMA, quality)
        chroma = _scaled(_CHROMA, quality)
        known[luma,] = quality
        known[luma, chroma] = quality
    return known


@cache
def _photoshop() -> dict[_Tables, str]:
    """Return tables -> words, for Photoshop's settings as Pillow's JpegPresets lists them."""
    known: dict[_Tables, str] = {}
    for name, preset in presets.items():
        tables = preset["quantization"]
        luma, chroma = map(tuple, tables)
        known[luma, chroma] = f"Photoshop's tables {name}"
    return known


def _scaled(base: str, quality: int) -> tuple[int, ...]:
    """Return a table at a quality, as the functions of libjpeg's jcparam.c scale it."""
    percent = 200 - 2 * quality
    if quality < 50:
        percent = 5000 // quality
    steps = []
    for number in base.split():
        scaled = int(number) * percent
        rounded = (scaled + 50) // 100
        at_least_1 = max(rounded, 1)
        step = min(at_least_1, 255)
        steps.append(step)
    return tuple(steps)


def _nearest_quality(luma: Sequence[int]) -> int:
    """Return the quality whose table has the nearest steps, by their mean ratio."""
    found = np.log(luma)
    distances = {}
    for quality in range(1, BEST + 1):
        table = _scaled(_LUMA, quality)
        standard = np.log(table)
        difference = np.abs(found - standard)
        distances[quality] = float(difference.mean())
    return min(distances, key=distances.__getitem__)


def _subsampling(image: Image.Image) -> str:
    layers = getattr(image, "layer", ())
    if len(layers) == 1:
        return "grey"
    factors = [(across, down) for _, across, down, _ in layers]
    of_chroma = set(factors[1:])
    if of_chroma != {(1, 1)}:
        return "unusual subsampling"
    of_luma = factors[0]
    return _SUBSAMPLING.get(of_luma, "unusual subsampling")

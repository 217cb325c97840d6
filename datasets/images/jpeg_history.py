"""Find out whether the pixels in a JPEG file were saved as JPEG once before.

A JPEG stores multiples of its quantisation steps. Decoded and saved again with finer
steps, the coefficients still lie close to the multiples of the first steps. This comb
shows the first quality (Popescu and Farid 2004, "Statistical tools for digital
forensics"). It is lost if the image was resized in between, or shifted by other than 8
pixels.
"""

from functools import cache

import numpy as np
from PIL import Image

from .jpeg_tables import luma_table, standard_luma
from .luma import LUMA

# The mean cosine of a comb. For 100 photos at 84 px that were saved once, the largest is
# below this; see tests/datasets/images/test_jpeg_history.py.
_LEAST_COMB = 0.5
_LEAST_COEFFICIENTS = 60
_QUALITIES = np.arange(30, 99)
_SIDE = 128  # px of the middle of a large image, which is enough
# The low frequencies, whose steps are small: (vertical, horizontal).
_FREQUENCIES = [(v, h) for v in range(6) for h in range(6) if 0 < v + h < 6]
_LOW = tuple(np.array(_FREQUENCIES).T)


def earlier_quality(image: Image.Image) -> int | None:
    """Return about which JPEG quality an image was saved with before its last saving.

    image: a decoded JPEG file of mode "L" or "RGB"
    None if no earlier saving shows. It shows when its steps were at least 1.5 times as
    coarse as those of the last one: quality 75 before 95 does, quality 95 before 75 not.
    """
    last = luma_table(image)
    if last is None or min(image.size) < 8:
        return None
    steps = last[_LOW].astype(np.float32)
    coefficients = _coefficients(image)
    # The decoded pixels were rounded. This restores the multiples that the file holds.
    coefficients = np.rint(coefficients / steps) * steps
    first = _steps_by_quality()
    is_coarser = first >= np.maximum(1.5 * steps, 3)
    phases = coefficients[:, None] / first
    # Near 0, coefficients are multiples of any step.
    counts = is_coarser & (np.abs(phases) > 0.5)
    n_counted = counts.sum((0, 2))
    combs = (np.cos(2 * np.pi * phases) * counts).sum((0, 2))
    means = combs / np.maximum(n_counted, 1)
    clearness = means * np.sqrt(n_counted)
    best = int(clearness.argmax())
    if n_counted[best] < _LEAST_COEFFICIENTS or means[best] < _LEAST_COMB:
        return None
    return int(_QUALITIES[best])


@cache
def _steps_by_quality() -> np.ndarray:
    """Return libjpeg's steps at the low frequencies: float32 (n_qualities, n_frequencies)"""
    steps = [standard_luma(int(quality))[_LOW] for quality in _QUALITIES]
    return np.array(steps, np.float32)


def _coefficients(image: Image.Image) -> np.ndarray:
    """Return the low DCT coefficients of the brightness: float32 (n_blocks, n_frequencies)

    Blocks with black or white pixels are left out, since values were cut off there.
    """
    luma = _middle(image) @ _weights(image)
    height, width = luma.shape
    blocks = (
        luma.reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2).reshape(-1, 8, 8)
    )
    darkest = blocks.min((1, 2))
    lightest = blocks.max((1, 2))
    blocks = blocks[(darkest > 1) & (lightest < 254)]
    dct = _dct_matrix()
    transformed = dct @ blocks @ dct.T
    return transformed[:, *_LOW]


def _middle(image: Image.Image) -> np.ndarray:
    """Return the middle of an image, in whole blocks of 8 px: uint8 (h, w, C)"""
    edges = []
    for length in image.size:
        n_pixels = min(length, _SIDE) // 8 * 8
        start = (length - n_pixels) // 16 * 8
        edges.append((start, start + n_pixels))
    (left, right), (top, bottom) = edges
    part = np.asarray(image.crop((left, top, right, bottom)))
    return part.reshape(bottom - top, right - left, -1)


def _weights(image: Image.Image) -> np.ndarray:
    if image.mode == "RGB":
        return LUMA
    return np.ones(1, np.float32)


@cache
def _dct_matrix() -> np.ndarray:
    """Return the matrix of the 8-point DCT-II: float32 (8, 8)"""
    frequencies = np.arange(8)[:, None]
    positions = 2 * np.arange(8) + 1
    waves = np.cos(frequencies * positions * np.pi / 16) / 2
    waves[0] /= np.sqrt(2)
    return waves.astype(np.float32)

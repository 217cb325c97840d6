"""Find out whether the pixels in a JPEG file were saved as JPEG once before.

A JPEG stores multiples of its quantisation steps. Decoded and saved again with finer
steps, the coefficients still lie close to the multiples of the first steps. This comb
shows the first quality. It is lost if the image was resized in between, or shifted by
other than 8 pixels. Thai and Cogranne (IEEE Access 7, 2019, 76203-76216) estimate first
steps more finely, by a model of the coefficients.
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
# The low frequencies, whose steps are small: vertical and horizontal indices.
_VERTICAL, _HORIZONTAL = np.indices((6, 6))
_SUMS = _VERTICAL + _HORIZONTAL
_IS_LOW = (_SUMS > 0) & (_SUMS < 6)
_LOW = np.nonzero(_IS_LOW)


def earlier_quality(image: Image.Image) -> int | None:
    """Return about which JPEG quality an image was saved with before its last saving.

    image: a decoded JPEG file of mode "L" or "RGB"
    None if no earlier saving shows. It shows when its steps were at least 1.5 times as
    coarse as those of the last one: quality 75 before 95 does, quality 95 before 75 not.
    """
    last = luma_table(image)
    if last is None or min(image.size) < 8:
        return None
    low_steps = last[_LOW]
    steps = low_steps.astype(np.float32)
    coefficients = _coefficients(image)
    # The decoded pixels were rounded. This restores the multiples that the file holds.
    multiples = np.rint(coefficients / steps)
    stored = multiples * steps
    n_counted, means = _combs(stored, steps)
    root = np.sqrt(n_counted)
    clearness = means * root
    best = int(clearness.argmax())
    has_few = n_counted[best] < _LEAST_COEFFICIENTS
    is_unclear = means[best] < _LEAST_COMB
    if has_few or is_unclear:
        return None
    return int(_QUALITIES[best])


def _combs(
    coefficients: np.ndarray, steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how closely coefficients lie to the multiples of each quality's steps.

    coefficients: float32 (n_blocks, n_frequencies)
    steps: float32 (n_frequencies,), those of the last saving
    Returns the number of coefficients that tell, int64 (n_qualities,), and the mean
    cosine of their comb, float64 (n_qualities,).
    """
    first = _steps_by_quality()
    clearly_coarser = 1.5 * steps
    least = np.maximum(clearly_coarser, 3)
    is_coarser = first >= least
    for_each_quality = coefficients[:, None]
    phases = for_each_quality / first
    # Near 0, coefficients are multiples of any step.
    distances = np.abs(phases)
    is_far_from_0 = distances > 0.5
    is_counted = is_coarser & is_far_from_0
    n_counted = is_counted.sum((0, 2))
    angles = 2 * np.pi * phases
    cosines = np.cos(angles)
    counted_cosines = cosines * is_counted
    combs = counted_cosines.sum((0, 2))
    at_least_1 = np.maximum(n_counted, 1)
    return n_counted, combs / at_least_1


@cache
def _steps_by_quality() -> np.ndarray:
    """Return libjpeg's steps at the low frequencies: float32 (n_qualities, n_frequencies)"""
    steps: list[np.ndarray] = []
    for quality in _QUALITIES.tolist():
        table = standard_luma(quality)
        steps.append(table[_LOW])
    return np.array(steps, np.float32)


def _coefficients(image: Image.Image) -> np.ndarray:
    """Return the low DCT coefficients of the brightness: float32 (n_blocks, n_frequencies)

    Blocks with black or white pixels are left out, since values were cut off there.
    """
    pixels = _middle(image)
    weights = _weights(image)
    luma = pixels @ weights
    height, width = luma.shape
    n_down = height // 8
    n_across = width // 8
    grid = luma.reshape(n_down, 8, n_across, 8)
    block_by_block = grid.swapaxes(1, 2)
    blocks = block_by_block.reshape(-1, 8, 8)
    darkest = blocks.min((1, 2))
    lightest = blocks.max((1, 2))
    has_no_black = darkest > 1
    has_no_white = lightest < 254
    complete = blocks[has_no_black & has_no_white]
    dct = _dct_matrix()
    transformed = dct @ complete @ dct.T
    return transformed[:, *_LOW]


def _middle(image: Image.Image) -> np.ndarray:
    """Return the middle of an image, in whole blocks of 8 px: uint8 (h, w, C)"""
    left, right = _middle_of(image.width)
    top, bottom = _middle_of(image.height)
    middle = image.crop((left, top, right, bottom))
    pixels = np.asarray(middle)
    height = bottom - top
    width = right - left
    return pixels.reshape(height, width, -1)


def _middle_of(length: int) -> tuple[int, int]:
    """Return where the middle of an edge starts and ends, in whole blocks of 8 px."""
    longest = min(length, _SIDE)
    n_blocks = longest // 8
    n_pixels = 8 * n_blocks
    n_left_out = length - n_pixels
    start = n_left_out // 16 * 8
    return start, start + n_pixels


def _weights(image: Image.Image) -> np.ndarray:
    if image.mode == "RGB":
        return LUMA
    return np.ones(1, np.float32)


@cache
def _dct_matrix() -> np.ndarray:
    """Return the matrix of the 8-point DCT-II: float32 (8, 8)"""
    frequencies = np.arange(8)[:, None]
    positions = 2 * np.arange(8) + 1
    angles = frequencies * positions * np.pi / 16
    waves = np.cos(angles) / 2
    waves[0] /= np.sqrt(2)
    return waves.astype(np.float32)

"""OpenCV's resize filters for 8-bit images, in numpy and to the bit.

Published few-shot data were made with cv2.resize. Its linear and cubic filters look at 2 x 2 and
4 x 4 pixels however much the image shrinks, so they alias where Pillow's filters of the same name
do not; its area filter weighs pixels by the part of them that is covered, Pillow's box does not.

`linear` and `area` give the bytes of the OpenCV wheels 3.4 to 5.0 on x86-64. `cubic` gives those
of OpenCV's own code (cv2.ipp.setUseIPP(False)); where Intel's IPP library computes instead, as it
does by default in the wheels for x86-64, about 3 % of the values differ, by 1.
"""

from collections.abc import Callable, Mapping

import numpy as np

_ONE = 2048  # linear and cubic weights are whole numbers of 1/2048
_LANES = 8  # values that OpenCV's vector code handles at a time
_SLIVER = 1e-3  # covering less than this of a pixel counts as not covering it
_Size = tuple[int, int]
_Grid = Callable[[int, int], tuple[np.ndarray, np.ndarray]]


def linear(image: np.ndarray, size: _Size) -> np.ndarray:
    """cv2.resize(..., INTER_LINEAR) to `size` = (height, width).

    image: uint8 (H, W, C), C = 1 or 3; returns uint8 (height, width, C)
    """
    return _bilinear(image, size, _centres)


def cubic(image: np.ndarray, size: _Size) -> np.ndarray:
    """cv2.resize(..., INTER_CUBIC) without IPP, to `size` = (height, width).

    image: uint8 (H, W, C), C = 1 or 3; returns uint8 (height, width, C)
    """
    height, width, channels = image.shape
    if (height, width) == size:
        return image.copy()
    (top, down), (left, right) = _centres(height, size[0]), _centres(width, size[1])
    sums = _sums_across(image, top, left, _keys_weights(right))
    return _cubic_down(sums, _keys_weights(down)).reshape(*size, channels)


def area(image: np.ndarray, size: _Size) -> np.ndarray:
    """cv2.resize(..., INTER_AREA) to `size` = (height, width): means of the covered pixels.

    A side that grows makes it a kind of linear filter, as in OpenCV.
    image: uint8 (H, W, C), C = 1 or 3; returns uint8 (height, width, C)
    """
    scales = [_scale(old, new) for old, new in zip(image.shape, size, strict=False)]
    if min(scales) < 1:
        return _bilinear(image, size, _cells)
    if all(abs(scale - round(scale)) < np.finfo(float).eps for scale in scales):
        return _whole_cells(image, size)
    return _covered(image, size)


FILTERS: Mapping[str, Callable[[np.ndarray, _Size], np.ndarray]] = {
    "cv2-linear": linear,
    "cv2-cubic": cubic,
    "cv2-area": area,
}


def _scale(old: int, new: int) -> float:
    """Old pixels a new pixel. Divided twice, as in OpenCV: it can be a bit off old / new."""
    return 1 / (new / old)


def _centres(old: int, new: int) -> tuple[np.ndarray, np.ndarray]:
    """The old pixel before each new pixel's centre, and how far beyond it that lies."""
    centre = ((np.arange(new) + 0.5) * _scale(old, new) - 0.5).astype(np.float32)
    first = np.floor(centre)
    return first.astype(np.int64), centre - first


def _cells(old: int, new: int) -> tuple[np.ndarray, np.ndarray]:
    """The old pixel that each new pixel begins in, and how much of it lies in the next one."""
    index = np.arange(new)
    first = np.floor(index * _scale(old, new))
    beyond = ((index + 1) - (first + 1) * (new / old)).astype(np.float32)
    return first.astype(np.int64), np.where(beyond <= 0, 0, beyond - np.floor(beyond))


def _bilinear(image: np.ndarray, size: _Size, grid: _Grid) -> np.ndarray:
    height, width, channels = image.shape
    if (height, width) == size:
        return image.copy()
    (top, down), (left, right) = grid(height, size[0]), grid(width, size[1])
    sums = _sums_across(image, top, left, _linear_weights(right))
    upper, lower = (sums >> 4) * _linear_weights(down)[:, :, None] >> 16
    return (upper + lower + 2 >> 2).astype(np.uint8).reshape(*size, channels)


def _sums_across(
    image: np.ndarray, top: np.ndarray, left: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """int32 (k, new rows, new values): for each of the k rows around a new one, k pixels added."""
    height, width, channels = image.shape
    around = np.arange(len(weights))[:, None] - (len(weights) // 2 - 1)
    rows = _flat(image).take((top + around).clip(0, height - 1), axis=0)
    columns = (left + around).clip(0, width - 1)
    sums = np.zeros((*rows.shape[:2], len(left) * channels), np.int32)
    for column, weight in zip(columns, weights, strict=True):
        sums += rows.take(_values(column, channels), axis=2) * weight.repeat(channels)
    return sums


def _linear_weights(fraction: np.ndarray) -> np.ndarray:
    """int32 (2, n) in 1/2048"""
    return np.rint(np.stack([1 - fraction, fraction]) * np.float32(_ONE)).astype(
        np.int32
    )


def _keys_weights(x: np.ndarray) -> np.ndarray:
    """int32 (4, n) in 1/2048: Keys' kernel with a = -0.75, in float32 and OpenCV's order."""
    a = np.float32(-0.75)

    def near(distance: np.ndarray) -> np.ndarray:
        return ((a + 2) * distance - (a + 3)) * distance * distance + 1

    far = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a
    weights = np.stack([far, near(x), near(1 - x), 1 - far - near(x) - near(1 - x)])
    return np.rint(weights * np.float32(_ONE)).astype(np.int32)


def _cubic_down(sums: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """uint8 (height, values) from int32 (4, height, values): four rows into one.

    OpenCV does so in float32, except for the last values of a row, which fill no vector.
    """
    factors = (weights / np.float32(_ONE**2)).astype(np.float32)[:, :, None]
    s0, s1, s2, s3 = sums.astype(np.float32) * factors
    rounded = np.rint(s0 + (s1 + (s2 + s3))).astype(np.int32)
    rest = slice(sums.shape[2] // _LANES * _LANES, None)
    exact = (sums[:, :, rest] * weights[:, :, None]).sum(0, dtype=np.int32)
    rounded[:, rest] = (exact + _ONE**2 // 2) >> 22
    return rounded.clip(0, 255).astype(np.uint8)


def _whole_cells(image: np.ndarray, size: _Size) -> np.ndarray:
    """Means of cells of whole pixels: halves round up in cells of 2 x 2, to even in others."""
    (height, width), channels = size, image.shape[2]
    cells = image.reshape(height, image.shape[0] // height, width, -1, channels)
    sums, n_pixels = cells.sum((1, 3)), cells.shape[1] * cells.shape[3]
    if cells.shape[1] == cells.shape[3] == 2:
        return (sums + 2 >> 2).astype(np.uint8)
    return np.rint(sums.astype(np.float32) * np.float32(1 / n_pixels)).astype(np.uint8)


def _covered(image: np.ndarray, size: _Size) -> np.ndarray:
    """float32 sums, pixel after pixel as in OpenCV: another order would round otherwise."""
    height, width, channels = image.shape
    lines = _flat(image)
    left, across = _coverage(width, size[1])
    narrow = np.zeros((height, size[1] * channels), np.float32)
    for k, weight in enumerate(across):
        columns = _values((left + k).clip(0, width - 1), channels)
        narrow += lines.take(columns, axis=1) * weight.repeat(channels)
    top, down = _coverage(height, size[0])
    small = np.zeros((size[0], narrow.shape[1]), np.float32)
    for k, weight in enumerate(down):
        small += narrow.take((top + k).clip(0, height - 1), axis=0) * weight[:, None]
    return np.rint(small).astype(np.uint8).reshape(*size, channels)


def _coverage(old: int, new: int) -> tuple[np.ndarray, np.ndarray]:
    """First covered pixel of each new one, int (new,), and weights from it on, float32 (k, new)."""
    scale = _scale(old, new)
    begin = np.arange(new) * scale
    end = begin + scale
    whole, last = np.ceil(begin), np.floor(end)
    before, after = whole - begin, end - last
    first = whole - (before > _SLIVER)
    pixel = first + np.arange(int((last - first).max()) + 1)[:, None]
    covered = np.where(pixel < whole, before, pixel < last)
    covered = np.where((pixel == last) & (after > _SLIVER), after, covered)
    return first.astype(np.int64), (covered / scale).astype(np.float32)


def _flat(image: np.ndarray) -> np.ndarray:
    return image.reshape(len(image), -1)


def _values(columns: np.ndarray, channels: int) -> np.ndarray:
    """Where the values of these columns are in a row of interleaved channels."""
    return (columns[:, None] * channels + np.arange(channels)).ravel()

"""OpenCV's linear and cubic filters: weighted sums of the 2 x 2 or 4 x 4 nearest pixels.

The weights are whole numbers of 1/2048, so that most of the work is done in integers.
"""

from collections.abc import Callable

import numpy as np

from .opencv_grid import Grid, Size, as_rows, grid_of_centres, value_places

# The weight 1, in units of 1/2048.
_ONE = 2048
_ONE_SQUARED = _ONE**2
# OpenCV's vector code handles this many values at a time.
_LANES = 8


def interpolate_linear(
    image: np.ndarray,
    size: Size,
    grid: Callable[[int, int], Grid],
) -> np.ndarray:
    """Resize by weighting the two nearest pixels in each direction.

    grid: tells which pixels they are, see `opencv_grid`
    """
    old_height, old_width, channels = image.shape
    height, width = size
    if (old_height, old_width) == size:
        return image.copy()
    top, down = grid(old_height, height)
    left, right = grid(old_width, width)
    weights_across = _linear_weights(right)
    weights_down = _linear_weights(down)
    sums = _sums_across(
        image,
        top,
        left,
        weights_across,
    )
    # OpenCV drops four bits before and sixteen after. In place, which is faster.
    sums >>= 4
    sums *= weights_down[:, :, None]
    sums >>= 16
    upper, lower = sums
    values = (upper + lower + 2) >> 2
    values = values.astype(np.uint8)
    return values.reshape(height, width, channels)


def interpolate_cubic(
    image: np.ndarray,
    size: Size,
) -> np.ndarray:
    """Resize by weighting the four nearest pixels in each direction."""
    old_height, old_width, channels = image.shape
    height, width = size
    if (old_height, old_width) == size:
        return image.copy()
    top, down = grid_of_centres(old_height, height)
    left, right = grid_of_centres(old_width, width)
    weights_across = _cubic_weights(right)
    weights_down = _cubic_weights(down)
    sums = _sums_across(
        image,
        top,
        left,
        weights_across,
    )
    values = _cubic_down(sums, weights_down)
    return values.reshape(height, width, channels)


def _sums_across(
    image: np.ndarray,
    top: np.ndarray,
    left: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """The weighted sums of k pixels side by side, in each of the k rows of a new row.

    top, left: int64 (new_height,) and (new_width,) the pixel before the new one
    weights: int32 (k, new_width) in 1/2048
    Returns int32 (k, new_height, new_width * C).
    """
    height, width, channels = image.shape
    k = len(weights)
    n_before = k // 2 - 1
    around = np.arange(k)[:, None] - n_before
    # Beyond the edge of the image, the pixels of the edge are repeated.
    row_indices = top + around
    row_indices = row_indices.clip(0, height - 1)
    columns = left + around
    columns = columns.clip(0, width - 1)
    rows = as_rows(image).take(row_indices, axis=0)
    shape = (
        k,
        len(top),
        len(left) * channels,
    )
    sums = np.zeros(shape, np.int32)
    for column, weight in zip(columns, weights, strict=True):
        places = value_places(column, channels)
        values = rows.take(places, axis=2)
        factors = weight.repeat(channels)
        sums += values * factors
    return sums


def _linear_weights(distance: np.ndarray) -> np.ndarray:
    """Weights of the pixel before and the one after: int32 (2, n) in 1/2048"""
    weights = np.stack([1 - distance, distance])
    return _in_units(weights)


def _cubic_weights(x: np.ndarray) -> np.ndarray:
    """Weights of four pixels at the distance x from the second: int32 (4, n) in 1/2048

    Keys' kernel with a = -0.75, in float32 and in OpenCV's order.
    """
    a = np.float32(-0.75)
    distance = x + 1
    first = a * distance - 5 * a
    first = first * distance + 8 * a
    first = first * distance - 4 * a
    second = _cubic_weight_near(x, a)
    third = _cubic_weight_near(1 - x, a)
    weights = np.stack(
        [
            first,
            second,
            third,
            1 - first - second - third,
        ]
    )
    return _in_units(weights)


def _cubic_weight_near(
    distance: np.ndarray,
    a: np.float32,
) -> np.ndarray:
    """Keys' kernel at distances below 1."""
    value = (a + 2) * distance - (a + 3)
    return value * distance * distance + 1


def _in_units(weights: np.ndarray) -> np.ndarray:
    scaled = weights * np.float32(_ONE)
    rounded = np.rint(scaled)
    return rounded.astype(np.int32)


def _cubic_down(
    sums: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """Four rows weighted into one.

    OpenCV computes in float32, except for the last values of a row, which do not fill a
    vector.

    sums: int32 (4, height, n_values)
    weights: int32 (4, height) in 1/2048
    Returns uint8 (height, n_values).
    """
    weights = weights[:, :, None]
    factors = weights / np.float32(_ONE_SQUARED)
    factors = factors.astype(np.float32)
    products = sums.astype(np.float32) * factors
    s0, s1, s2, s3 = products
    # Another order of adding would round differently.
    total = s2 + s3
    total = s1 + total
    total = s0 + total
    rounded = np.rint(total)
    rounded = rounded.astype(np.int32)

    n_values = sums.shape[2]
    n_vectors = n_values // _LANES
    n_in_vectors = n_vectors * _LANES
    rest = sums[:, :, n_in_vectors:]
    products = rest * weights
    exact = products.sum(0, dtype=np.int32)
    half = _ONE_SQUARED // 2
    exact = (exact + half) >> 22
    rounded[:, n_in_vectors:] = exact
    values = rounded.clip(0, 255)
    return values.astype(np.uint8)

"""OpenCV's linear and cubic filters.

Each new pixel is the weighted sum of the nearest old pixels: 2 x 2 for the linear
filter, 4 x 4 for the cubic filter. The weights are multiples of 1/2048, so most sums
are computed with integers.
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
    """Resize an image with the weighted sum of the 2 x 2 nearest pixels.

    image: uint8 (H, W, C)
    size: (height, width) of the new image
    grid: a function from `opencv_grid` that returns the first of the two nearest pixels
        along a side, and the weight of the second
    Returns uint8 (height, width, C).
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
    # OpenCV drops 4 bits before the multiplication and 16 bits after it. Operations in
    # place are faster.
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
    """Resize an image with the weighted sum of the 4 x 4 nearest pixels.

    image: uint8 (H, W, C)
    size: (height, width) of the new image
    Returns uint8 (height, width, C).
    """
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
    """Return weighted sums over k neighbouring pixels in a row.

    Each new row depends on k neighbouring old rows. The sums of each of these old rows
    are returned separately.
    image: uint8 (H, W, C)
    top, left: int64 (new_height,) and (new_width,) the old pixel before each new pixel
    weights: int32 (k, new_width) in units of 1/2048
    Returns int32 (k, new_height, new_width * C) in units of 1/2048.
    """
    height, width, channels = image.shape
    k = len(weights)
    n_before = k // 2 - 1
    around = np.arange(k)[:, None] - n_before
    # Outside the image, the pixels at its edge are repeated.
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
    """Return the weights of two neighbouring pixels: int32 (2, n) in units of 1/2048.

    distance: float32 (n,) from the first pixel to the new pixel, in pixels
    """
    weights = np.stack([1 - distance, distance])
    return _in_units(weights)


def _cubic_weights(x: np.ndarray) -> np.ndarray:
    """Return the weights of four neighbouring pixels: int32 (4, n) in units of 1/2048.

    The weights are Keys' kernel with a = -0.75, in float32 and in OpenCV's order of
    operations.
    x: float32 (n,) distance from the second pixel to the new pixel, in pixels
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
    """Return Keys' cubic kernel at distances below 1."""
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
    """Return the weighted sum of four rows, as pixels.

    OpenCV uses float32 for groups of 8 values. It uses integers for the last values of
    a row, if they are fewer than 8.

    sums: int32 (4, height, n_values) in units of 1/2048
    weights: int32 (4, height) in units of 1/2048
    Returns uint8 (height, n_values).
    """
    weights = weights[:, :, None]
    factors = weights / np.float32(_ONE_SQUARED)
    factors = factors.astype(np.float32)
    products = sums.astype(np.float32) * factors
    s0, s1, s2, s3 = products
    # Additions in another order would round differently.
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

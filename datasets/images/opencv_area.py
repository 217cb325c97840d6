"""OpenCV's area filter for images that shrink.

Each new pixel is the mean of the old pixels that it covers.
"""

import numpy as np

from .opencv_grid import Size, as_rows, scale_of, value_places

# If a new pixel covers less than this fraction of an old pixel, the old pixel is
# ignored.
_SLIVER = 1e-3
_EPSILON = np.finfo(float).eps


def shrinks_by_whole_factors(
    image: np.ndarray,
    size: Size,
) -> bool:
    """Return whether each new pixel covers only whole old pixels.

    image: uint8 (H, W, C)
    size: (height, width) of the new image
    """
    old_height, old_width, _ = image.shape
    height, width = size
    scales = (
        scale_of(old_height, height),
        scale_of(old_width, width),
    )
    for scale in scales:
        nearest = round(scale)
        distance = abs(scale - nearest)
        if distance >= _EPSILON:
            return False
    return True


def mean_of_whole(
    image: np.ndarray,
    size: Size,
) -> np.ndarray:
    """Resize an image if each new pixel covers only whole old pixels.

    Each new pixel covers a rectangle of old pixels (a cell). OpenCV rounds halves up if
    the cell has 2 x 2 pixels. For all other cells it rounds halves to even.
    image: uint8 (H, W, C)
    size: (height, width) of the new image
    Returns uint8 (height, width, C).
    """
    old_height, old_width, channels = image.shape
    height, width = size
    cell_height = old_height // height
    cell_width = old_width // width
    cells = image.reshape(
        height,
        cell_height,
        width,
        cell_width,
        channels,
    )
    sums = cells.sum((1, 3))
    if cell_height == cell_width == 2:
        means = (sums + 2) >> 2
    else:
        n_pixels = cell_height * cell_width
        share = np.float32(1 / n_pixels)
        sums = sums.astype(np.float32)
        means = np.rint(sums * share)
    return means.astype(np.uint8)


def mean_of_covered(
    image: np.ndarray,
    size: Size,
) -> np.ndarray:
    """Resize an image if new pixels can cover fractions of old pixels.

    image: uint8 (H, W, C)
    size: (height, width) of the new image
    Returns uint8 (height, width, C).
    """
    channels = image.shape[2]
    height, width = size
    rows = as_rows(image)
    narrow = _narrowed(rows, width, channels)
    small = _lowered(narrow, height)
    rounded = np.rint(small)
    values = rounded.astype(np.uint8)
    return values.reshape(height, width, channels)


# The float32 values are added one pixel after another, as in OpenCV. Additions in
# another order would round differently.


def _narrowed(
    rows: np.ndarray,
    width: int,
    channels: int,
) -> np.ndarray:
    """Return the rows, resized to a new width.

    Each new value is the mean of the old values that it covers.
    rows: uint8 (H, W * C)
    Returns float32 (H, width * C).
    """
    old_height, n_values = rows.shape
    old_width = n_values // channels
    left, weights = _coverage(old_width, width)
    narrow = np.zeros((old_height, width * channels), np.float32)
    for k, weight in enumerate(weights):
        columns = left + k
        columns = columns.clip(0, old_width - 1)
        places = value_places(columns, channels)
        values = rows.take(places, axis=1)
        factors = weight.repeat(channels)
        narrow += values * factors
    return narrow


def _lowered(
    rows: np.ndarray,
    height: int,
) -> np.ndarray:
    """Return the rows, resized to a new height.

    Each new row is the mean of the old rows that it covers.
    rows: float32 (H, n_values)
    Returns float32 (height, n_values).
    """
    old_height, n_values = rows.shape
    top, weights = _coverage(old_height, height)
    small = np.zeros((height, n_values), np.float32)
    for k, weight in enumerate(weights):
        indices = top + k
        indices = indices.clip(0, old_height - 1)
        values = rows.take(indices, axis=0)
        factors = weight[:, None]
        small += values * factors
    return small


def _coverage(
    old: int,
    new: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the old pixels that each new pixel covers along one side of the image.

    old, new: number of pixels along this side of the old and the new image
    Returns the index of the first covered old pixel, int64 (new,), and the weights of
    this pixel and the next k - 1 pixels, float32 (k, new).
    """
    scale = scale_of(old, new)
    start = np.arange(new) * scale
    end = start + scale
    # Old pixels from first_whole to before_end - 1 are covered completely. The pixels
    # at first_whole - 1 and at before_end may be covered partly.
    first_whole = np.ceil(start)
    before_end = np.floor(end)
    part_before = first_whole - start
    part_after = end - before_end
    has_part_before = part_before > _SLIVER
    has_part_after = part_after > _SLIVER
    first = first_whole - has_part_before
    n_beyond = before_end - first
    most_pixels = int(n_beyond.max()) + 1
    index = np.arange(most_pixels)
    pixel = first + index[:, None]
    covered = np.where(
        pixel < first_whole,
        part_before,
        pixel < before_end,
    )
    is_after = pixel == before_end
    covered = np.where(
        is_after & has_part_after,
        part_after,
        covered,
    )
    weights = covered / scale
    first = first.astype(np.int64)
    weights = weights.astype(np.float32)
    return first, weights

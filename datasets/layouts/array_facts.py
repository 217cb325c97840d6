"""Say what an array of images tells by itself: its channel order and its spectrum."""

from typing import cast

import numpy as np

from ..images.spectrum import tell_spectrum

# The channel order is measured only for images of this shape.
_IMAGENET_SHAPE = (84, 84, 3)
_MEASURED_ROWS = 500
_JUDGED_ROWS = 200
# If red and blue differ by at least this many grey levels, the channel order is clear.
# In ImageNet, red is brighter than blue by 20 on average.
_CLEAR = 5.0


def channel_order(array: object) -> str:
    """Return the channel order and the channel means as text.

    Returns "" if the order is not clear. In ImageNet, red is brighter than blue on
    average.
    array: a RowArray of uint8 (N, 84, 84, 3); for anything else, "" is returned
    """
    means = _channel_means(array)
    if means is None:
        return ""
    difference = float(means[0] - means[2])
    if difference >= _CLEAR:
        order = "RGB"
    elif difference <= -_CLEAR:
        order = "BGR"
    else:
        return ""
    all_means = ", ".join(f"{mean:.0f}" for mean in means)
    return f"{order} (channel means {all_means})"


def spectrum_text(array: object) -> str:
    """Return whether the images of many classes are smooth or aliased, in words.

    array: a RowArray of uint8 (N, 84, 84, 3); for anything else, "" is returned
    """
    images = _some_images(array, _JUDGED_ROWS)
    if images is None or images.dtype != np.uint8:
        return ""
    spectrum = tell_spectrum(images)
    return "" if spectrum is None else spectrum.text


def _channel_means(array: object) -> np.ndarray | None:
    """Return the mean of each channel over evenly spaced images: float (3,).

    Returns None if the images do not have the shape (84, 84, 3), or if there are none.
    """
    images = _some_images(array, _MEASURED_ROWS)
    return None if images is None else images.mean((0, 1, 2))


def _some_images(array: object, most: int) -> np.ndarray | None:
    """Return up to `most` evenly spaced images of a RowArray: (n, 84, 84, 3)

    Returns None if the images do not have this shape, or if there are none.
    """
    read = getattr(array, "rows", None)
    shape = cast(tuple[int, ...], getattr(array, "shape", ()))
    if read is None or shape[1:] != _IMAGENET_SHAPE:
        return None
    n_rows = shape[0]
    if n_rows == 0:
        return None
    positions = np.linspace(0, n_rows - 1, min(n_rows, most))
    indices = np.unique(positions.astype(int))
    return read(indices)

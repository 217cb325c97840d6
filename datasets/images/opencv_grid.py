"""Which old pixels lie where a resized image has its pixels, computed as OpenCV does."""

import numpy as np

# Height and width.
Size = tuple[int, int]
# For each new pixel along a side: an old pixel, and a fraction.
Grid = tuple[np.ndarray, np.ndarray]


def scale_of(
    old: int,
    new: int,
) -> float:
    """Old pixels for each new one.

    OpenCV divides twice, and the result can differ from old / new in the last bit.
    """
    factor = new / old
    return 1 / factor


def grid_of_centres(
    old: int,
    new: int,
) -> Grid:
    """The old pixel before the centre of each new one, and the distance to that centre.

    int64 (new,) and float32 (new,), the distance in old pixels
    """
    scale = scale_of(old, new)
    middle = np.arange(new) + 0.5
    centre = middle * scale - 0.5
    centre = centre.astype(np.float32)
    before = np.floor(centre)
    distance = centre - before
    before = before.astype(np.int64)
    return before, distance


def grid_of_starts(
    old: int,
    new: int,
) -> Grid:
    """The old pixel in which each new one starts, and how much of it lies in the next one.

    int64 (new,) and float32 (new,), a fraction of the new pixel
    """
    scale = scale_of(old, new)
    factor = new / old
    index = np.arange(new)
    first = np.floor(index * scale)
    end_of_first = (first + 1) * factor
    beyond = (index + 1) - end_of_first
    beyond = beyond.astype(np.float32)
    in_next = np.where(
        beyond <= 0,
        0,
        beyond - np.floor(beyond),
    )
    first = first.astype(np.int64)
    return first, in_next


def as_rows(image: np.ndarray) -> np.ndarray:
    """The image with the channels of a row side by side: uint8 (H, W * C)"""
    height = len(image)
    return image.reshape(height, -1)


def value_places(
    columns: np.ndarray,
    channels: int,
) -> np.ndarray:
    """Where the values of some columns lie in a row of `as_rows`: int64 (n * channels,)"""
    first = columns[:, None] * channels
    channel = np.arange(channels)
    places = first + channel
    return places.ravel()

"""Find where each pixel of a resized image lies in the old image, as OpenCV does."""

import numpy as np

# Height and width.
Size = tuple[int, int]
# The index of an old pixel, int64 (new,), and a fraction, float32 (new,), for each new
# pixel along one side of the image.
Grid = tuple[np.ndarray, np.ndarray]


def scale_of(
    old: int,
    new: int,
) -> float:
    """Return the length of a new pixel, in old pixels.

    old, new: number of pixels along one side of the old and the new image
    OpenCV divides twice, so the result can differ from old / new in the last bit.
    """
    factor = new / old
    return 1 / factor


def grid_of_centres(
    old: int,
    new: int,
) -> Grid:
    """Find the last old pixel whose centre is at or before the centre of a new pixel.

    old, new: number of pixels along one side of the old and the new image
    Returns two arrays with an entry for each new pixel. The first is the index of the
    old pixel, int64 (new,); it is -1 if there is none. The second is the distance
    between the two centres, float32 (new,) in old pixels.
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
    """Find the old pixel in which each new pixel starts.

    old, new: number of pixels along one side of the old and the new image
    Returns two arrays with an entry for each new pixel. The first is the index of the
    old pixel, int64 (new,). The second is the fraction of the new pixel that lies in
    the next old pixel, float32 (new,).
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
    """Return an image with all values of a row in one axis: uint8 (H, W * C)."""
    height = len(image)
    return image.reshape(height, -1)


def value_places(
    columns: np.ndarray,
    channels: int,
) -> np.ndarray:
    """Return the indices of the values of some columns in a row from `as_rows`.

    columns: int64 (n,) columns of pixels
    Returns int64 (n * channels,).
    """
    first = columns[:, None] * channels
    channel = np.arange(channels)
    places = first + channel
    return places.ravel()

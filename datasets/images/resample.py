"""Resize images with a named filter, and find the filter that made a small image."""

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from ..lookup import pick
from .luma import LUMA
from .opencv import FILTERS
from .opencv_grid import Size

# `tell_resampling` adds this suffix to a filter's name if the channels are in OpenCV's
# order.
BGR = "-bgr"


def resize(
    image: Image.Image,
    size: Size,
    resampling: str,
) -> np.ndarray:
    """Return a resized image. The aspect ratio can change.

    image: has mode "1", "L" or "RGB"
    size: (height, width) of the new image
    resampling: a name in RESAMPLING
    Returns uint8 (height, width, C), with C = 3 for mode "RGB" and 1 otherwise.
    Raises DataError if the filter is unknown, and ValueError for another mode.
    """
    # For images of mode "1" and "P", Pillow silently uses NEAREST in place of the given
    # filter. Omniglot's files have mode "1", so several published pipelines name
    # LANCZOS but used NEAREST. For this reason, bits become grey levels first.
    if image.mode == "1":
        image = image.convert("L")
    if image.mode not in ("L", "RGB"):
        raise ValueError(f'image mode must be "1", "L" or "RGB", not {image.mode!r}')
    filter_image = pick("resampling filter", resampling, RESAMPLING)
    return filter_image(image, size)


def _by_pillow(
    resampling: Resampling,
    image: Image.Image,
    size: Size,
) -> np.ndarray:
    height, width = size
    small = image.resize((width, height), resampling)
    pixels = np.array(small)
    return pixels.reshape(height, width, -1)


def _as_opencv(
    name: str,
    image: Image.Image,
    size: Size,
) -> np.ndarray:
    height = image.height
    width = image.width
    pixels = np.asarray(image)
    pixels = pixels.reshape(height, width, -1)
    filter_pixels = FILTERS[name]
    return filter_pixels(pixels, size)


_Filter = Callable[[Image.Image, Size], np.ndarray]

RESAMPLING: dict[str, _Filter] = {
    "nearest": partial(_by_pillow, Resampling.NEAREST),
    "box": partial(_by_pillow, Resampling.BOX),
    "bilinear": partial(_by_pillow, Resampling.BILINEAR),
    "hamming": partial(_by_pillow, Resampling.HAMMING),
    "bicubic": partial(_by_pillow, Resampling.BICUBIC),
    "lanczos": partial(_by_pillow, Resampling.LANCZOS),
    "cv2-linear": partial(_as_opencv, "cv2-linear"),
    "cv2-cubic": partial(_as_opencv, "cv2-cubic"),
    "cv2-area": partial(_as_opencv, "cv2-area"),
}


def tell_resampling(
    small: np.ndarray,
    original: np.ndarray,
) -> dict[str, float]:
    """Resize the original with each filter, and compare it with `small`.

    Returns filter -> distance, the smallest distance first. A distance is the mean
    absolute difference of luma (brightness), from 0 to 255. Each filter has a second
    entry, its name + BGR, for which the channels of `small` are taken as BGR. Equal
    distances keep the order of RESAMPLING. Several filters give equal images at some
    sizes, and grey images are equal in both channel orders.

    For an 84 px photo saved as JPEG, the filter can be found at quality 95. At quality
    75, similar filters such as bicubic and lanczos cannot be distinguished.

    small: uint8 (H, W, 3)
    original: uint8 (h, w, 3) RGB
    """
    image = Image.fromarray(original)
    height, width, _ = small.shape
    distances: dict[str, float] = {}
    for name in RESAMPLING:
        resized = resize(image, (height, width), name)
        expected = resized.astype(np.float32)
        expected_bgr = expected[:, :, ::-1]
        distances[name] = _luma_distance(expected, small)
        distances[name + BGR] = _luma_distance(expected_bgr, small)
    nearest_first = sorted(distances, key=distances.__getitem__)
    return {name: distances[name] for name in nearest_first}


def _luma_distance(image: np.ndarray, other: np.ndarray) -> float:
    # Most JPEG files store colours at half the resolution. So a comparison of colours
    # would favour smooth filters.
    difference = image - other
    luma = difference @ LUMA
    distance = np.abs(luma).mean()
    return float(distance)

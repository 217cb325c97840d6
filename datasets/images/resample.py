"""Resizes images by a named filter, and tells which filter made an image."""

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image
from PIL.Image import Resampling

from ..lookup import pick
from .opencv import FILTERS
from .opencv_grid import Size

# `tell_resampling` adds this to a filter's name for channels in OpenCV's order.
BGR = "-bgr"
# How JPEG weights red, green and blue.
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def resize(
    image: Image.Image,
    size: Size,
    resampling: str,
) -> np.ndarray:
    """The image at `size` = (height, width). The aspect ratio is not kept.

    image: of mode "1", "L" or "RGB"
    resampling: a name in RESAMPLING
    Returns uint8 (height, width, C), with C = 3 for mode "RGB" and 1 otherwise.
    Raises DataError for an unknown filter.
    """
    # Pillow silently uses NEAREST for images of mode "1" and "P", whatever filter is asked
    # for. Omniglot's files are of mode "1": several published pipelines say LANCZOS and
    # used NEAREST. So bits become grey levels first.
    if image.mode == "1":
        image = image.convert("L")
    if image.mode not in ("L", "RGB"):
        raise ValueError(f'can resize mode "L" or "RGB", not {image.mode!r}')
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
    """How far `small` is from `original` resized by each filter, smallest first.

    The distance is the mean absolute difference of luma, 0 to 255. Each filter has a
    second entry, its name + BGR, for the case that the channels of `small` are in that
    order. Equal distances keep the order of RESAMPLING: several filters agree at some
    sizes, and both channel orders agree on grey images.

    A photo at 84 px that was saved as JPEG can still be told at quality 95. At 75, filters
    as similar as bicubic and lanczos can no longer be told apart.

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
    # Most JPEG files hold the colours at half the resolution, so colour differences would
    # favour smooth filters.
    difference = image - other
    luma = difference @ _LUMA
    distance = np.abs(luma).mean()
    return float(distance)

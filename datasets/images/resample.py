"""TODO docstring of fewbench.datasets.images.resample."""

from collections.abc import Callable
from functools import partial

import numpy as np
from PIL import Image

from ..lookup import pick
from .opencv import FILTERS

BGR = "-bgr"  # how tell_resampling marks pixels whose channels are in OpenCV's order


def resize(image: Image.Image, size: tuple[int, int], resampling: str) -> np.ndarray:
    """The picture at `size` = (height, width) by a filter of RESAMPLING, aspect ratio not kept.

    Returns uint8 (H, W, C), C = 1 for mode "L" and 3 for "RGB". Raises DataError for an unknown
    filter.
    """
    # Pillow silently takes NEAREST for images of mode "1" and "P", whatever filter one asks for.
    # Omniglot's files are of mode "1": several published pipelines say LANCZOS and used NEAREST.
    # So bits become grey levels first.
    if image.mode == "1":
        image = image.convert("L")
    if image.mode not in ("L", "RGB"):
        raise ValueError(f'can resize mode "L" or "RGB", not {image.mode!r}')
    return pick("resampling filter", resampling, RESAMPLING)(image, size)


def _by_pillow(
    resampling: Image.Resampling, image: Image.Image, size: tuple[int, int]
) -> np.ndarray:
    height, width = size
    return np.array(image.resize((width, height), resampling)).reshape(
        height, width, -1
    )


def _as_opencv(name: str, image: Image.Image, size: tuple[int, int]) -> np.ndarray:
    return FILTERS[name](np.asarray(image).reshape(image.height, image.width, -1), size)


RESAMPLING: dict[str, Callable[[Image.Image, tuple[int, int]], np.ndarray]] = {
    "nearest": partial(_by_pillow, Image.Resampling.NEAREST),
    "box": partial(_by_pillow, Image.Resampling.BOX),
    "bilinear": partial(_by_pillow, Image.Resampling.BILINEAR),
    "hamming": partial(_by_pillow, Image.Resampling.HAMMING),
    "bicubic": partial(_by_pillow, Image.Resampling.BICUBIC),
    "lanczos": partial(_by_pillow, Image.Resampling.LANCZOS),
    **{name: partial(_as_opencv, name) for name in FILTERS},
}


def tell_resampling(small: np.ndarray, original: np.ndarray) -> dict[str, float]:
    """Mean absolute luma difference of `small` to `original` by each filter, smallest first.

    small: uint8 (H, W, 3); original: uint8 (h, w, 3) RGB; returns filter -> 0 to 255
    Each filter has a second entry, its name + BGR: the difference if `small` is BGR. Equal ones
    stay in the order of RESAMPLING: several filters agree at some sizes, both channel orders on
    grey. A photo at 84 px that went through JPEG still tells at quality 95; at 75 it is too late
    for filters as near as bicubic and lanczos.
    """
    picture = Image.fromarray(original)
    differences = {}
    for name in RESAMPLING:
        expected = resize(picture, small.shape[:2], name).astype(np.float32)
        differences[name] = _luma_distance(expected, small)
        differences[name + BGR] = _luma_distance(expected[:, :, ::-1], small)
    return dict(sorted(differences.items(), key=lambda entry: entry[1]))


def _luma_distance(image: np.ndarray, other: np.ndarray) -> float:
    # Luma as JPEG has it: JPEG files mostly hold the colours at half the resolution, and a filter
    # as smooth as that would seem to fit.
    luma = np.array([0.299, 0.587, 0.114], np.float32)
    return float(np.abs((image - other) @ luma).mean())

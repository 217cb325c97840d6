"""The ways in which images at full size are made into small square ones."""

from functools import partial

import numpy as np
from PIL import Image

from ..images.resample import resize

# torchvision and others resize to 8/7 of the final side, and cut out the centre: 96 px
# for images of 84 px, 256 px for images of 224 px.
_MARGIN = 8 / 7


def small_image(
    image: Image.Image, side: int, geometry: str, resampling: str
) -> np.ndarray:
    """Return a small square image: uint8 (side, side, 3)

    image: has mode "RGB"
    geometry: a name in GEOMETRIES
    resampling: a name in RESAMPLING
    """
    return GEOMETRIES[geometry](image, side, resampling)


def _squashed(
    image: Image.Image, side: int, resampling: str, *, margin: float = 1
) -> np.ndarray:
    larger = round(side * margin)
    pixels = resize(image, (larger, larger), resampling)
    return _centre(pixels, side)


def _by_shorter_side(
    image: Image.Image, side: int, resampling: str, *, margin: float = 1
) -> np.ndarray:
    larger = round(side * margin)
    shorter = min(image.size)
    # As torchvision rounds them.
    height = int(larger * image.height / shorter)
    width = int(larger * image.width / shorter)
    pixels = resize(image, (height, width), resampling)
    return _centre(pixels, side)


def _centre(pixels: np.ndarray, side: int) -> np.ndarray:
    height, width, _ = pixels.shape
    top = round((height - side) / 2)
    left = round((width - side) / 2)
    return pixels[top : top + side, left : left + side]


GEOMETRIES = {
    "squashed": _squashed,
    "squashed-and-cut": partial(_squashed, margin=_MARGIN),
    "shorter-side": _by_shorter_side,
    "shorter-side-and-cut": partial(_by_shorter_side, margin=_MARGIN),
}


def describe_geometry(name: str, side: int) -> str:
    """Return a geometry in words."""
    larger = round(side * _MARGIN)
    centre = f"then the centre of {side} x {side}"
    words = {
        "squashed": f"the whole image squashed to {side} x {side}",
        "squashed-and-cut": f"squashed to {larger} x {larger}, {centre}",
        "shorter-side": f"shorter side to {side}, {centre}",
        "shorter-side-and-cut": f"shorter side to {larger}, {centre}",
    }
    return words[name]

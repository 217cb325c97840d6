"""OpenCV's resize filters for 8-bit images, in numpy and exact to the bit.

Published few-shot datasets were made with cv2.resize. Its linear and cubic filters
always use 2 x 2 and 4 x 4 pixels, even if the image shrinks much. So they cause
aliasing, unlike Pillow's filters with the same names. The area filter of cv2.resize
weights each old pixel by the part of it that the new pixel covers. Pillow's box filter
does not.

`linear` and `area` give the same bytes as the OpenCV wheels 3.4 to 5.0 on x86-64.
`cubic` gives the same bytes as OpenCV's own code (cv2.ipp.setUseIPP(False)). By
default, the wheels for x86-64 use Intel's IPP library instead. Then about 3 % of the
values differ by 1.
"""

from collections.abc import Callable, Mapping

import numpy as np

from .opencv_area import (
    mean_of_covered,
    mean_of_whole,
    shrinks_by_whole_factors,
)
from .opencv_grid import Size, grid_of_centres, grid_of_starts, scale_of
from .opencv_interpolation import interpolate_cubic, interpolate_linear


def linear(
    image: np.ndarray,
    size: Size,
) -> np.ndarray:
    """Resize an image as cv2.resize with INTER_LINEAR does.

    image: uint8 (H, W, C), C = 1 or 3
    size: (height, width) of the new image
    Returns uint8 (height, width, C).
    """
    return interpolate_linear(image, size, grid_of_centres)


def cubic(
    image: np.ndarray,
    size: Size,
) -> np.ndarray:
    """Resize an image as cv2.resize with INTER_CUBIC does without Intel's IPP library.

    image: uint8 (H, W, C), C = 1 or 3
    size: (height, width) of the new image
    Returns uint8 (height, width, C).
    """
    return interpolate_cubic(image, size)


def area(
    image: np.ndarray,
    size: Size,
) -> np.ndarray:
    """Resize an image as cv2.resize with INTER_AREA does.

    Each new pixel is the mean of the old pixels that it covers. If the height or the
    width grows, OpenCV uses a kind of linear filter instead.

    image: uint8 (H, W, C), C = 1 or 3
    size: (height, width) of the new image
    Returns uint8 (height, width, C).
    """
    old_height, old_width, _ = image.shape
    height, width = size
    scale_down = scale_of(old_height, height)
    scale_across = scale_of(old_width, width)
    if scale_down < 1 or scale_across < 1:
        return interpolate_linear(image, size, grid_of_starts)
    if shrinks_by_whole_factors(image, size):
        return mean_of_whole(image, size)
    return mean_of_covered(image, size)


FILTERS: Mapping[str, Callable[[np.ndarray, Size], np.ndarray]] = {
    "cv2-linear": linear,
    "cv2-cubic": cubic,
    "cv2-area": area,
}

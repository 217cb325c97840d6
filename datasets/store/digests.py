"""Compute hashes of the names and pixels of a split.

The hashes do not depend on the layout of the file or on library versions.
"""

import hashlib
import json
from collections.abc import Sequence

import numpy as np


def class_digest(
    name: str,
    image_names: Sequence[str],
    images: np.ndarray,
) -> str:
    """Return the sha256 of a class: of its name, image names and pixels.

    images: uint8 (n, H, W, C)
    """
    names = _json_line([name, *image_names])
    pixels = _pixel_bytes(images)
    digest = hashlib.sha256(names)
    digest.update(pixels)
    return digest.hexdigest()


class ContentDigest:
    """Two sha256 hashes of a split, computed class by class.

    Both hashes cover the shape, class names and pixels. `hexdigest` also covers the
    image names. `pixels` leaves the image names out, because copies of the same dataset
    may name the images differently, and some archives have no image names.

    shape: (n_images, H, W, C) of the images of the split
    """

    def __init__(self, shape: Sequence[int]) -> None:
        head = _json_line([int(n) for n in shape])
        self._content = hashlib.sha256(head)
        self._pixels = hashlib.sha256(head)

    def add(
        self,
        name: str,
        image_names: Sequence[str],
        images: np.ndarray,
    ) -> None:
        """Add a class to both hashes. Add the classes in the order of the split file.

        images: uint8 (n, H, W, C)
        """
        names = _json_line([name, *image_names])
        count = _json_line([name, len(image_names)])
        pixels = _pixel_bytes(images)
        self._content.update(names)
        self._content.update(pixels)
        self._pixels.update(count)
        self._pixels.update(pixels)

    def hexdigest(self) -> str:
        """Return the sha256 of all class names, image names and pixels added so far."""
        return self._content.hexdigest()

    def pixels(self) -> str:
        """Return the sha256 of the class names and pixels added so far."""
        return self._pixels.hexdigest()


def _json_line(values: Sequence[str | int]) -> bytes:
    line = json.dumps(values) + "\n"
    return line.encode()


def _pixel_bytes(images: np.ndarray) -> memoryview:
    contiguous = np.ascontiguousarray(images, dtype=np.uint8)
    return contiguous.data

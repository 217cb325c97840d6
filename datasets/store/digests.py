"""Hashes of the names and pixels of a split.

They do not depend on how the file is laid out or on versions of libraries.
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
    """sha256 of one class: its name, image names and pixels.

    images: uint8 (n, H, W, C)
    """
    names = _json_line([name, *image_names])
    pixels = _pixel_bytes(images)
    digest = hashlib.sha256(names)
    digest.update(pixels)
    return digest.hexdigest()


class ContentDigest:
    """Two sha256 hashes over the shape, class names and pixels of a split.

    `hexdigest` also covers the image names. `pixels` does not: copies of the same pixels
    may name their images differently, and some archives have no image names.

    shape: of the images of the split, (n_images, H, W, C)
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
        """Add one class. Classes must come in the order of the split file.

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
        """The hash of all names and pixels so far."""
        return self._content.hexdigest()

    def pixels(self) -> str:
        """The hash of class names and pixels so far."""
        return self._pixels.hexdigest()


def _json_line(values: Sequence[str | int]) -> bytes:
    line = json.dumps(values) + "\n"
    return line.encode()


def _pixel_bytes(images: np.ndarray) -> memoryview:
    contiguous = np.ascontiguousarray(images, dtype=np.uint8)
    return contiguous.data

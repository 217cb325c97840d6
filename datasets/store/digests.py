"""Hashes of what a split holds: of its names and pixels, never of file layout or versions."""

import hashlib
import json
from collections.abc import Sequence

import numpy as np


def class_digest(name: str, image_names: Sequence[str], images: np.ndarray) -> str:
    """sha256 of one class: its name, image names and pixels.

    images: uint8 (n, H, W, C)
    """
    digest = hashlib.sha256(json.dumps([name, *image_names]).encode() + b"\n")
    digest.update(np.ascontiguousarray(images, dtype=np.uint8).data)
    return digest.hexdigest()


class ContentDigest:
    """sha256 over shape, class names, image names and pixels; `pixels` leaves image names out.

    Image names differ between copies of the same pixels: some archives never had any.
    """

    def __init__(self, shape: Sequence[int]) -> None:
        head = json.dumps([int(n) for n in shape]).encode() + b"\n"
        self._content, self._pixels = hashlib.sha256(head), hashlib.sha256(head)

    def add(self, name: str, image_names: Sequence[str], images: np.ndarray) -> None:
        """Take in one class; classes come in store order."""
        self._content.update(json.dumps([name, *image_names]).encode() + b"\n")
        self._pixels.update(json.dumps([name, len(image_names)]).encode() + b"\n")
        data = np.ascontiguousarray(images, dtype=np.uint8).data
        self._content.update(data)
        self._pixels.update(data)

    def hexdigest(self) -> str:
        """The hash of names and pixels so far."""
        return self._content.hexdigest()

    def pixels(self) -> str:
        """The hash of class names and pixels so far."""
        return self._pixels.hexdigest()

"""Decode Omniglot's images once, and keep them as bits until they are resized."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from ..archives.tree import Tree
from ..images.decode import decode_with_origin
from ..images.load import for_each
from ..images.origins import Origin, count
from ..images.resample import resize
from ..info import ClassImages

OFFICIAL_SIDE = 105

# The pixels of an image, eight to a byte, and what its file was like.
Packed = tuple[np.ndarray, Origin]
# Class name -> its images. All of Omniglot takes 45 MB.
PackedImages = Mapping[str, Sequence[Packed]]


def read_packed(
    tree: Tree,
    images: Mapping[str, Sequence[str]],
) -> tuple[PackedImages, str]:
    """Decode all images of a set.

    images: class name -> its files
    Returns the images, and the sha256 over the class, file name, size and pixels of all
    of them.
    """
    packed: dict[str, list[Packed]] = {}
    digest = hashlib.sha256()
    for class_name in sorted(images):
        packed[class_name] = []
        for member in images[class_name]:
            file_name = Path(member).name
            image, origin = decode_with_origin(tree.read(member), member, "L")
            pixels = np.asarray(image)
            bits = np.packbits(pixels > 127)
            head = f"{class_name}/{file_name} {pixels.shape}\n"
            digest.update(head.encode())
            digest.update(bits.data)
            packed[class_name].append((bits, origin))
    return packed, digest.hexdigest()


def resized_classes(
    images: Mapping[str, Sequence[str]],
    packed: PackedImages,
    split_of: Mapping[str, str],
    resampling: str,
    side: int,
) -> list[ClassImages]:
    """Return the classes of a set, whose images are resized when they are read.

    images: class name -> its files
    split_of: class name -> split
    side: the height and width of the images
    """
    classes: list[ClassImages] = []
    for class_name, members in images.items():
        image_names = tuple(Path(member).stem for member in members)
        one = ClassImages(
            split=split_of[class_name],
            name=class_name,
            image_names=image_names,
            read=partial(resized_class, packed[class_name], resampling, side),
        )
        classes.append(one)
    return classes


def resized_class(packed: Sequence[Packed], resampling: str, side: int) -> np.ndarray:
    """Unpack and resize the images of a class: uint8 (n, side, side, 1) ink 255 on 0"""
    images = np.empty((len(packed), side, side, 1), np.uint8)

    def load(i: int) -> None:
        bits, _ = packed[i]
        images[i] = _resized(bits, resampling, side)

    for_each(len(packed), load)
    count(origin for _, origin in packed)
    return 255 - images


def _resized(bits: np.ndarray, resampling: str, side: int) -> np.ndarray:
    is_paper = np.unpackbits(bits, count=OFFICIAL_SIDE**2)
    grey = 255 * is_paper.reshape(OFFICIAL_SIDE, OFFICIAL_SIDE)
    return resize(Image.fromarray(grey), (side, side), resampling)

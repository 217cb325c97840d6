"""Say what image files tell about their pixels: how they were saved, and how shrunk."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..archives.tree import Tree
from ..images.decode import decode_with_origin, read_header
from ..images.origins import Origins
from ..images.spectrum import tell_spectrum
from .evenly_spread import evenly_spread

_MOST_HEADERS = 2_000
_MOST_DECODED = 200
_ByShape = dict[tuple[int, ...], list[np.ndarray]]  # (H, W, C) -> pixels of images
_LIBJPEG = "libjpeg's tables, as Pillow, OpenCV and ImageMagick write them"


class PixelFacts(NamedTuple):
    """What image files tell about their pixels, in words; "" for nothing."""

    jpeg: str
    spectrum: str


def pixel_facts(tree: Tree, names: Sequence[str]) -> PixelFacts:
    """Return what images tell about their pixels.

    The headers of up to 2,000 images are read, and up to 200 images are decoded. Both
    are spread evenly over all. The words say how many were looked at.
    Raises DataError if an image is damaged.
    """
    names = [name for name in names if not name.endswith(".tar")]
    files = _origins_in_headers(tree, names)
    decoded = Origins()
    by_shape: _ByShape = {}
    for name in evenly_spread(names, _MOST_DECODED):
        data = tree.read(name)
        image, origin = decode_with_origin(data, name, "RGB", examine=True)
        decoded.add([origin])
        if not origin.converted:
            pixels = np.asarray(image)
            of_shape = by_shape.setdefault(pixels.shape, [])
            of_shape.append(pixels)
    files.earlier = decoded.earlier
    n_names = len(names)
    jpeg = _jpeg_text(files, n_names)
    spectrum = _spectrum_text(by_shape)
    return PixelFacts(jpeg, spectrum)


def _origins_in_headers(tree: Tree, names: Sequence[str]) -> Origins:
    """Return what the headers of up to 2,000 images tell."""
    files = Origins()
    for name in evenly_spread(names, _MOST_HEADERS):
        data = tree.read(name)
        origin = read_header(data, name)
        files.add([origin])
    return files


def _jpeg_text(files: Origins, n_all: int) -> str:
    said = files.jpeg()
    if not said:
        return ""
    is_libjpeg = all(setting.startswith("quality") for setting in files.jpegs)
    if is_libjpeg:
        said += f"; {_LIBJPEG}"
    if files.n_images < n_all:
        said += f"; {files.n_images:,} of {n_all:,} files looked at"
    return said


def _spectrum_text(by_shape: _ByShape) -> str:
    """Return the verdict about the images with the most frequent shape, and its basis."""
    if not by_shape:
        return ""
    most = max(by_shape.values(), key=len)
    images = np.stack(most)
    spectrum = tell_spectrum(images)
    if spectrum is None:
        return ""
    return spectrum.text

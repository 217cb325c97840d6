"""Find images in two splits that look alike, such as one photo saved twice.

Few-shot results look too good if a test image was trained on, even as a smaller copy.
"""

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from fewbench.documents import counted, shown

from ..images.resample import resize
from ..store.split_store import SplitStore
from .found import SPLITS

_SIDE = 16  # of the grey thumbnails that are compared, in pixels
_BLOCK = 256  # images that are compared at once with all images of another split
# Root mean squares of differences, in grey levels; see docs/data.md.
_MOST_OF_THUMBNAILS = 5.0
_MOST_OF_IMAGES = 20.0
_NAMED = 5  # pairs in a sentence


@dataclass(frozen=True)
class _Thumbnails:
    """A split and a grey thumbnail of each image: float32 (n, 256) grey levels"""

    store: SplitStore
    pixels: np.ndarray


def near_equal_images(folder: Path) -> list[str]:
    """Compare the images of each two splits in a folder. Return a sentence for each two.

    The sentence says how many images of the first split look like one of the second, and
    names a few of them.
    """
    splits: list[_Thumbnails] = []
    for split in SPLITS:
        path = folder / f"{split}.h5"
        if path.exists():
            store = SplitStore(path)
            thumbnails = _thumbnails(store)
            splits.append(_Thumbnails(store, thumbnails))
    sentences: list[str] = []
    for first, second in combinations(splits, 2):
        sentences.append(_sentence(first, second))
    return sentences


def _sentence(
    first: _Thumbnails,
    second: _Thumbnails,
) -> str:
    pairs = _alike(first, second)
    both = f"{first.store.split} and {second.store.split}"
    if not pairs:
        return f"no image looks the same in {both}"
    named: list[str] = []
    for i, j in pairs[:_NAMED]:
        key = _key(first.store, i)
        other_key = _key(second.store, j)
        named.append(f"{key} = {other_key}")
    n_others = len(pairs) - _NAMED
    if n_others > 0:
        named.append(f"{n_others:,} more")
    images = counted(len(pairs), "image looks", "images look")
    return f"NEAR-EQUAL: {images} the same in {both}: {', '.join(named)}"


def _alike(
    first: _Thumbnails,
    second: _Thumbnails,
) -> list[tuple[int, int]]:
    """Return pairs (image of first, image of second): the nearest one, if it is alike."""
    pairs: list[tuple[int, int]] = []
    thumbnails = second.pixels
    squares = (thumbnails**2).sum(axis=1)
    for start in range(0, len(first.pixels), _BLOCK):
        block = first.pixels[start : start + _BLOCK]
        # |a - b|² = |a|² - 2ab + |b|². The first term does not change which b is nearest.
        products = block @ thumbnails.T
        distances = squares - 2 * products
        nearest = distances.argmin(axis=1)
        differences = block - thumbnails[nearest]
        is_alike = _rms(differences) <= _MOST_OF_THUMBNAILS
        for place in np.flatnonzero(is_alike):
            i = start + int(place)
            j = int(nearest[place])
            image = first.store[i]
            other = second.store[j]
            if _look_alike(image, other):
                pairs.append((i, j))
    return pairs


def _look_alike(image: np.ndarray, other: np.ndarray) -> bool:
    """Compare two images in full: uint8 (H, W, C) each."""
    difference = image.astype(np.float32) - other
    row = difference.reshape(1, -1)
    (rms,) = _rms(row)
    return bool(rms <= _MOST_OF_IMAGES)


def _rms(differences: np.ndarray) -> np.ndarray:
    """Return the root mean square of each row: float32 (n,)"""
    squares = differences**2
    means = squares.mean(axis=1)
    return np.sqrt(means)


def _thumbnails(store: SplitStore) -> np.ndarray:
    """Return a grey thumbnail of each image of a split: float32 (n, 256) -128 to 127"""
    n_pixels = _SIDE * _SIDE
    thumbnails = np.empty((len(store), n_pixels), np.float32)
    for i in range(len(store)):
        thumbnails[i] = _thumbnail(store[i])
    # Products of small numbers lose fewer digits.
    return thumbnails - 128


def _thumbnail(pixels: np.ndarray) -> np.ndarray:
    """Return a grey thumbnail of an image, row by row: uint8 (256,)"""
    image = Image.fromarray(pixels.squeeze())
    grey = image.convert("L")
    small = resize(
        grey,
        size=(_SIDE, _SIDE),
        resampling="box",
    )
    return small.reshape(-1)


def _key(store: SplitStore, index: int) -> str:
    n_started = np.searchsorted(
        store.class_offsets,
        index,
        side="right",
    )
    class_name = store.class_names[int(n_started) - 1]
    image_name = store.image_names[index]
    return shown(f"{class_name}/{image_name}")

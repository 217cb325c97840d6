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
_BLOCK = 2048  # images that are compared at once with all images of another split
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
            splits.append(_Thumbnails(store, _thumbnails(store)))
    return [_sentence(first, second) for first, second in combinations(splits, 2)]


def _sentence(first: _Thumbnails, second: _Thumbnails) -> str:
    pairs = _alike(first, second)
    both = f"{first.store.split} and {second.store.split}"
    if not pairs:
        return f"no image looks the same in {both}"
    named = [
        f"{_key(first.store, i)} = {_key(second.store, j)}" for i, j in pairs[:_NAMED]
    ]
    if len(pairs) > _NAMED:
        named.append(f"{len(pairs) - _NAMED:,} more")
    images = counted(len(pairs), "image looks", "images look")
    return f"NEAR-EQUAL: {images} the same in {both}: {', '.join(named)}"


def _alike(first: _Thumbnails, second: _Thumbnails) -> list[tuple[int, int]]:
    """Return pairs (image of first, image of second): the nearest one, if it is alike."""
    pairs: list[tuple[int, int]] = []
    of_second = second.pixels
    squares = (of_second**2).sum(axis=1)
    for start in range(0, len(first.pixels), _BLOCK):
        block = first.pixels[start : start + _BLOCK]
        # |a - b|² = |a|² - 2ab + |b|². The first term does not change which b is nearest.
        distances = squares - 2 * block @ of_second.T
        nearest = distances.argmin(axis=1)
        differences = block - of_second[nearest]
        is_alike = _rms(differences) <= _MOST_OF_THUMBNAILS
        for i in np.flatnonzero(is_alike):
            pair = (start + int(i), int(nearest[i]))
            if _look_alike(first.store, second.store, pair):
                pairs.append(pair)
    return pairs


def _look_alike(first: SplitStore, second: SplitStore, pair: tuple[int, int]) -> bool:
    """Compare two images of splits in full."""
    i, j = pair
    difference = first.images[i].astype(np.float32) - second.images[j]
    return bool(_rms(difference.reshape(1, -1))[0] <= _MOST_OF_IMAGES)


def _rms(differences: np.ndarray) -> np.ndarray:
    """Return the root mean square of each row: float32 (n,)"""
    return np.sqrt((differences**2).mean(axis=1))


def _thumbnails(store: SplitStore) -> np.ndarray:
    """Return a grey thumbnail of each image of a split: float32 (n, 256) -128 to 127"""
    thumbnails = np.empty((len(store), _SIDE * _SIDE), np.float32)
    for i, pixels in enumerate(store.images):
        image = Image.fromarray(pixels.squeeze()).convert("L")
        thumbnails[i] = resize(image, (_SIDE, _SIDE), "box").reshape(-1)
    # Products of small numbers lose fewer digits.
    return thumbnails - 128


def _key(store: SplitStore, index: int) -> str:
    place = int(np.searchsorted(store.class_offsets, index, side="right")) - 1
    return shown(f"{store.class_names[place]}/{store.image_names[index]}")

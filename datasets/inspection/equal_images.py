"""Find images with equal pixels in several splits."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fewbench.progress import Progress

from ..store.split_store import SplitStore

# The first half of a sha256 is enough to avoid equal digests by accident. The digests
# of 800,000 images then take 13 MB.
_DIGEST_BYTES = 16


@dataclass(frozen=True)
class Duplicates:
    """The images in split `second` that equal an image of another class in `first`.

    first, second: the splits, written as dataset/split; they can be the same split
    count: number of these images; if both splits are the same, the first of several
        equal images is not counted
    pairs: some pairs of equal images, as (key in `first`, key in `second`); a key is
        dataset/split/class/image
    """

    first: str
    second: str
    count: int
    pairs: tuple[tuple[str, str], ...]


class EqualImages:
    """The groups of images with the same pixels in several splits.

    Raises DataError if a split cannot be read.
    """

    def __init__(self, stores: Sequence[SplitStore], progress: Progress | None) -> None:
        self._stores = stores
        # Images and classes are numbered consecutively through all splits.
        self._split_starts = _split_starts(stores)
        class_starts = _class_starts(stores, self._split_starts)
        digests = _read_digests(stores, progress)
        # For the n images that equal another image, int64 (n,) each: the number of the
        # image, a number that equal images share, the split, and the class.
        self._position, self._run = _find_equal(digests)
        self._split = _owners(self._split_starts, self._position)
        self._class = _owners(class_starts, self._position)

    def duplicates(self, a: int, b: int, n_pairs: int) -> Duplicates:
        """Find the images in split b that equal an image of another class in split a.

        a, b: indices of the splits
        n_pairs: name at most this many pairs of equal images
        """
        partner, second = self._pairs(a, b)
        is_other_class = self._class[partner] != self._class[second]
        partner = partner[is_other_class]
        second = second[is_other_class]
        named: list[tuple[str, str]] = []
        for i in range(min(n_pairs, len(second))):
            key_in_a = self._key(a, partner[i])
            key_in_b = self._key(b, second[i])
            named.append((key_in_a, key_in_b))
        return Duplicates(
            first=split_key(self._stores[a]),
            second=split_key(self._stores[b]),
            count=len(second),
            pairs=tuple(named),
        )

    def _pairs(self, a: int, b: int) -> tuple[np.ndarray, np.ndarray]:
        """Pair each image in split b with the first equal image in split a.

        There could be billions of pairs, so later equal images in a are left out.
        Returns two arrays, int64 (n,) each: the images in a, and the images in b. Both
        are indices into the array self._position.
        """
        first = np.flatnonzero(self._split == a)
        second = np.flatnonzero(self._split == b)
        runs_of_first = self._run[first]
        runs_of_second = self._run[second]
        is_in_both = np.isin(runs_of_second, runs_of_first)
        second = second[is_in_both]
        runs_of_second = runs_of_second[is_in_both]
        runs, places = np.unique(runs_of_first, return_index=True)
        first_of_run = first[places]
        which_run = np.searchsorted(runs, runs_of_second)
        partner = first_of_run[which_run]
        return partner, second

    def _key(self, split: int, place: int) -> str:
        """Return the key of an image, dataset/split/class/image.

        split: index of the split
        place: the image is number self._position[place] among all images
        """
        store = self._stores[split]
        position = self._position[place]
        index = int(position - self._split_starts[split])
        class_index = int(_owners(store.class_offsets, index))
        names = [
            split_key(store),
            store.class_names[class_index],
            store.image_names[index],
        ]
        return "/".join(names)


def split_key(store: SplitStore) -> str:
    """Return the key of a split, dataset/split."""
    return f"{store.dataset}/{store.split}"


def _split_starts(stores: Sequence[SplitStore]) -> np.ndarray:
    """Return the index of the first image in each split: int64 (len(stores),)"""
    starts: list[int] = []
    n_images = 0
    for store in stores:
        starts.append(n_images)
        n_images += len(store)
    return np.array(starts)


def _class_starts(stores: Sequence[SplitStore], split_starts: np.ndarray) -> np.ndarray:
    """Return the index of the first image in each class: int64 (n_classes,)"""
    starts: list[np.ndarray] = []
    for store, split_start in zip(stores, split_starts, strict=True):
        starts_in_split = store.class_offsets[:-1]
        in_all_splits = split_start + starts_in_split
        starts.append(in_all_splits)
    return np.concatenate(starts)


def _owners(starts: np.ndarray, positions: np.ndarray | int) -> np.ndarray:
    """Return the index of the split or class to which each image belongs: int64 (n,)

    starts: int64, the index of the first image in each split or class
    positions: int64 (n,) indices of images
    """
    n_started = np.searchsorted(starts, positions, side="right")
    return n_started - 1


def _read_digests(
    stores: Sequence[SplitStore], progress: Progress | None
) -> np.ndarray:
    """Return the first half of the sha256 of each image: uint64 (n_images, 2)"""
    total = sum(len(store) for store in stores)
    digests = np.empty((total, 2), np.uint64)
    done = 0
    for store in stores:
        n_classes = len(store.class_names)
        for class_index in range(n_classes):
            images = store.read_class(class_index)
            start = done
            done += len(images)
            digests[start:done] = _digests_of(images)
            if progress:
                progress("read images", done, total)
    return digests


def _digests_of(images: np.ndarray) -> np.ndarray:
    """Return the first half of the sha256 of the pixels of each image: uint64 (n, 2)"""
    joined = bytearray()
    for image in images:
        digest = hashlib.sha256(image.data).digest()
        joined += digest[:_DIGEST_BYTES]
    words = np.frombuffer(joined, np.uint64)
    return words.reshape(-1, 2)


def _find_equal(digests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Find the digests that occur more than once.

    digests: uint64 (n, 2)
    Returns two arrays, int64 (n_found,) each: the ascending indices of these digests,
    and a group number for each. Equal digests have the same group number.
    """
    order = np.lexsort(digests.T)
    earlier = digests[order[:-1]]
    later = digests[order[1:]]
    differs = np.any(earlier != later, axis=1)
    # Whether each sorted digest differs from the previous one, and from the next one.
    is_first = np.concatenate([[True], differs])
    is_last = np.concatenate([differs, [True]])
    is_single = is_first & is_last
    all_runs = np.cumsum(is_first)
    runs = all_runs[~is_single]
    positions = order[~is_single]
    by_position = np.argsort(positions)
    return positions[by_position], runs[by_position]

"""Find the images of several splits that have the same pixels."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fewbench.progress import Progress

from ..store.split_store import SplitStore

# Of sha256: 800,000 images take 13 MB, and no two are the same by accident.
_DIGEST_BYTES = 16


@dataclass(frozen=True)
class Duplicates:
    """Images of the split `second` with the pixels of another class's image in `first`.

    count: how many images; where both are the same split, the first of some equal images
        does not count
    pairs: some of them, (key in `first`, key in `second`); a key is
        dataset/split/class/image
    """

    first: str
    second: str
    count: int
    pairs: tuple[tuple[str, str], ...]


class EqualImages:
    """The images of some splits that have the pixels of another one.

    Raises DataError when a split cannot be read.
    """

    def __init__(self, stores: Sequence[SplitStore], progress: Progress | None) -> None:
        self._stores = stores
        # The images, and the classes, are numbered through all splits.
        self._split_starts = _split_starts(stores)
        class_starts = _class_starts(stores, self._split_starts)
        digests = _read_digests(stores, progress)
        # int64 (n,) each, about the n images that equal another one: number of the image,
        # number that equal images share, and numbers of split and class.
        self._position, self._run = _find_equal(digests)
        self._split = _owners(self._split_starts, self._position)
        self._class = _owners(class_starts, self._position)

    def duplicates(self, a: int, b: int, n_pairs: int) -> Duplicates:
        """Images of split b that equal one of another class in split a.

        n_pairs: how many pairs are named
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
        """int64 (n,) each: images of split a, and of split b with the same pixels.

        Each image of b is paired with the first that it equals: all pairs could be
        billions.
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
        """The name of an image among those of several splits."""
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
    """The name of a split among those of several datasets."""
    return f"{store.dataset}/{store.split}"


def _split_starts(stores: Sequence[SplitStore]) -> np.ndarray:
    """int64 (len(stores),) number of the first image of every split."""
    starts: list[int] = []
    n_images = 0
    for store in stores:
        starts.append(n_images)
        n_images += len(store)
    return np.array(starts)


def _class_starts(stores: Sequence[SplitStore], split_starts: np.ndarray) -> np.ndarray:
    """int64 (n_classes,) number of the first image of every class of every split."""
    starts: list[np.ndarray] = []
    for store, split_start in zip(stores, split_starts, strict=True):
        starts_in_split = store.class_offsets[:-1]
        in_all_splits = split_start + starts_in_split
        starts.append(in_all_splits)
    return np.concatenate(starts)


def _owners(starts: np.ndarray, positions: np.ndarray | int) -> np.ndarray:
    """int64 (n,) index of the stretch that each position is in.

    starts: int64, the first position of every stretch
    """
    n_started = np.searchsorted(starts, positions, side="right")
    return n_started - 1


def _read_digests(
    stores: Sequence[SplitStore], progress: Progress | None
) -> np.ndarray:
    """uint64 (n_images, 2): the first half of the sha256 of each image's pixels."""
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
    """uint64 (n, 2)."""
    joined = bytearray()
    for image in images:
        digest = hashlib.sha256(image.data).digest()
        joined += digest[:_DIGEST_BYTES]
    words = np.frombuffer(joined, np.uint64)
    return words.reshape(-1, 2)


def _find_equal(digests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(positions, runs) of the digests that occur more than once, sorted by position.

    digests: uint64 (n, 2)
    """
    order = np.lexsort(digests.T)
    earlier = digests[order[:-1]]
    later = digests[order[1:]]
    differs = np.any(earlier != later, axis=1)
    # In sorted order: whether a digest differs from the one before, and the one after.
    is_first = np.concatenate([[True], differs])
    is_last = np.concatenate([differs, [True]])
    is_single = is_first & is_last
    all_runs = np.cumsum(is_first)
    runs = all_runs[~is_single]
    positions = order[~is_single]
    by_position = np.argsort(positions)
    return positions[by_position], runs[by_position]

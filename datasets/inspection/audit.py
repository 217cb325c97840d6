"""What splits share that they should not: classes of the same name, and images of the same pixels.

A class that is trained on in one dataset and tested on in another makes few-shot results look
better than they are; so does a picture that is in both.
"""

import hashlib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement

import numpy as np

from ..build import Progress
from ..info import DataError
from ..miniimagenet import ravi_split
from ..store.split_store import SplitStore
from ..tieredimagenet import ren_split

_DIGEST_BYTES = (
    16  # of sha256: 800,000 images take 13 MB, and none are the same by accident
)
# Numbers of classes that a source did not name: they mean another class in each split.
_NUMBERED = re.compile(r"label-\d+")


@dataclass(frozen=True)
class Overlap:
    """The class names, sorted, that are in two splits; a split is called dataset/split."""

    first: str
    second: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Duplicates:
    """Images of the split `second` whose pixels are also in `first`, or in another class of it.

    count: how many; where both are the same split, the first of some equal images does not count
    pairs: some of them, (key in `first`, key in `second`); a key is dataset/split/class/image
    """

    first: str
    second: str
    count: int
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Audit:
    """What splits share, for each pair of splits that shares anything."""

    n_images: int
    overlaps: tuple[Overlap, ...]
    duplicates: tuple[Duplicates, ...]

    @property
    def n_duplicates(self) -> int:
        """The sum over all pairs of splits."""
        return sum(one.count for one in self.duplicates)


def audit(
    stores: Sequence[SplitStore], n_pairs: int = 20, progress: Progress | None = None
) -> Audit:
    """What built splits of one or more datasets share.

    n_pairs: how many equal images are named for each pair of splits
    progress: called with (what is under way, images done, of how many)
    Raises DataError when no split is given, or one twice.
    """
    keys = [_key(store) for store in stores]
    if not keys or len(set(keys)) != len(keys):
        raise DataError("no split is named, or one twice. Name each split once")
    names = {key: store.class_names for key, store in zip(keys, stores, strict=True)}
    images = _Images(stores, _digests(stores, progress))
    found = (
        images.duplicates(a, b, n_pairs)
        for a, b in combinations_with_replacement(range(len(stores)), 2)
    )
    duplicates = tuple(one for one in found if one.count)
    return Audit(sum(map(len, stores)), tuple(_overlaps(names)), duplicates)


def audit_lists() -> list[Overlap]:
    """The classes that splits of miniImageNet and tieredImageNet share, from the published lists"""
    names: dict[str, list[str]] = {}
    for wnid, (split, _) in ravi_split().numbers.items():
        names.setdefault(f"miniimagenet/{split}", []).append(wnid)
    for wnid, (split, *_) in ren_split().classes.items():
        names.setdefault(f"tieredimagenet/{split}", []).append(wnid)
    return _overlaps(names)


def _overlaps(names: Mapping[str, Collection[str]]) -> list[Overlap]:
    """names: split -> names of its classes."""
    known = {
        split: {name for name in of if not _NUMBERED.fullmatch(name)}
        for split, of in names.items()
    }
    every = (
        Overlap(a, b, tuple(sorted(known[a] & known[b])))
        for a, b in combinations(known, 2)
    )
    return [one for one in every if one.names]


def _key(store: SplitStore) -> str:
    return f"{store.dataset}/{store.split}"


def _digests(stores: Sequence[SplitStore], progress: Progress | None) -> np.ndarray:
    """uint64 (n_images, 2): the first half of the sha256 of each image's pixels."""
    total, done = sum(map(len, stores)), 0
    digests = np.empty((total, 2), np.uint64)
    for store in stores:
        for c in range(len(store.class_names)):
            images = store.read_class(c)
            of_class = [
                hashlib.sha256(image.data).digest()[:_DIGEST_BYTES] for image in images
            ]
            here = np.frombuffer(b"".join(of_class), np.uint64).reshape(-1, 2)
            digests[done : done + len(here)] = here
            done += len(here)
            if progress:
                progress("read images", done, total)
    return digests


class _Images:
    """The images, numbered through all splits, that have the pixels of another one.

    position: int64 (n,) numbers, in their order; run: int64 (n,) the same for equal pixels
    owner: int64 (n,) class, numbered through all splits; split: int64 (n,) place in `stores`
    """

    def __init__(self, stores: Sequence[SplitStore], digests: np.ndarray) -> None:
        self._stores = stores
        self._starts = np.cumsum([0, *map(len, stores)])
        self._position, self._run = _equal(digests)
        starts = zip(stores, self._starts[:-1], strict=True)
        offsets = [store.class_offsets[:-1] + start for store, start in starts]
        self._owner = np.searchsorted(np.concatenate(offsets), self._position, "right")
        self._split = np.searchsorted(self._starts, self._position, "right") - 1

    def duplicates(self, a: int, b: int, n_pairs: int) -> Duplicates:
        """Images of split b that equal one of another class in split a."""
        first, second = (
            np.flatnonzero(self._split == a),
            np.flatnonzero(self._split == b),
        )
        runs, places = np.unique(self._run[first], return_index=True)
        second = second[np.isin(self._run[second], runs)]
        # Each is paired with the first that it equals: pairs of all with all could be billions.
        partner = first[places[np.searchsorted(runs, self._run[second])]]
        differ = self._owner[partner] != self._owner[second]
        pairs = zip(partner[differ][:n_pairs], second[differ][:n_pairs], strict=True)
        named = tuple(
            (self._name(a, one), self._name(b, other)) for one, other in pairs
        )
        return Duplicates(
            _key(self._stores[a]), _key(self._stores[b]), int(differ.sum()), named
        )

    def _name(self, split: int, place: int) -> str:
        store = self._stores[split]
        index = int(self._position[place] - self._starts[split])
        c = int(np.searchsorted(store.class_offsets, index, "right")) - 1
        return f"{_key(store)}/{store.class_names[c]}/{store.image_names[index]}"


def _equal(digests: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(positions, runs) of the digests that occur more than once, in the order of positions."""
    order = np.lexsort(digests.T)
    new = np.empty(len(order) + 1, bool)
    new[[0, -1]] = True
    new[1:-1] = (digests[order[1:]] != digests[order[:-1]]).any(axis=1)
    repeated = ~(new[:-1] & new[1:])
    run = np.cumsum(new[:-1])[repeated]
    back = np.argsort(order[repeated])
    return order[repeated][back], run[back]

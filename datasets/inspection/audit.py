"""Find classes with equal names and images with equal pixels in several splits.

Few-shot results look too good if a model is tested on a class or an image that it was
trained on, even if these are in two datasets.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement

from fewbench.progress import Progress

from .. import BUILDERS
from ..info import DataError
from ..store.split_store import SplitStore
from .equal_images import Duplicates, EqualImages, split_key

# The names of classes in a source without class names. The same number means another
# class in each split.
_NUMBERED = re.compile(r"label-\d+")


@dataclass(frozen=True)
class Overlap:
    """The classes that are in both of two splits.

    first, second: the splits, written as dataset/split
    names: the sorted names of the shared classes
    """

    first: str
    second: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class Audit:
    """The classes and images that several splits share.

    n_images: number of images in all splits
    overlaps: an entry for each pair of splits that shares classes
    duplicates: an entry for each pair of splits that shares images; a split is also
        paired with itself
    """

    n_images: int
    overlaps: tuple[Overlap, ...]
    duplicates: tuple[Duplicates, ...]

    @property
    def n_duplicates(self) -> int:
        """The number of duplicate images, summed over all pairs of splits."""
        return sum(one.count for one in self.duplicates)


def audit(
    stores: Sequence[SplitStore], n_pairs: int = 20, progress: Progress | None = None
) -> Audit:
    """Find the classes and images that built splits of one or more datasets share.

    n_pairs: for each pair of splits, name at most this many pairs of equal images
    progress: called with the stage, and the images read so far and in total
    Raises DataError if no split is given, or if a split is given twice.
    """
    class_names: dict[str, Sequence[str]] = {}
    for store in stores:
        key = split_key(store)
        class_names[key] = store.class_names
    is_repeated = len(class_names) < len(stores)
    if not stores or is_repeated:
        named = ", ".join(split_key(store) for store in stores) or "no split"
        raise DataError(
            f"cannot look for shared images: expected at least one split, and no split "
            f"twice, got {named}. Name at least one split, each only once."
        )
    equal_images = EqualImages(stores, progress)
    duplicates: list[Duplicates] = []
    for a, b in combinations_with_replacement(range(len(stores)), 2):
        found = equal_images.duplicates(a, b, n_pairs)
        if found.count:
            duplicates.append(found)
    overlaps = _overlaps(class_names)
    return Audit(
        n_images=sum(len(store) for store in stores),
        overlaps=tuple(overlaps),
        duplicates=tuple(duplicates),
    )


def audit_lists() -> list[Overlap]:
    """Find the classes that the published class lists of two datasets share."""
    class_names: dict[str, list[str]] = {}
    for info in BUILDERS.values():
        if info.class_list is None or info.variant_of:
            continue
        for class_name, split in info.class_list().items():
            of_split = class_names.setdefault(f"{info.name}/{split}", [])
            of_split.append(class_name)
    return _overlaps(class_names)


def _overlaps(class_names: Mapping[str, Sequence[str]]) -> list[Overlap]:
    """Find the classes that each pair of splits shares.

    class_names: split -> names of its classes
    """
    overlaps: list[Overlap] = []
    for first, second in combinations(class_names, 2):
        in_first = _named(class_names[first])
        in_second = _named(class_names[second])
        shared = sorted(in_first & in_second)
        if shared:
            overlap = Overlap(
                first=first,
                second=second,
                names=tuple(shared),
            )
            overlaps.append(overlap)
    return overlaps


def _named(class_names: Iterable[str]) -> set[str]:
    """Return the class names except those that only number a class ("label-007")."""
    named: set[str] = set()
    for name in class_names:
        if not _NUMBERED.fullmatch(name):
            named.add(name)
    return named

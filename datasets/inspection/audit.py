"""Find what splits share but should not: classes with one name, images with equal pixels.

Few-shot results look better than they are when a class is trained on in one dataset and
tested on in another, or when an image is in both.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement

from fewbench.progress import Progress

from ..info import DataError
from ..miniimagenet import ravi_split
from ..store.split_store import SplitStore
from ..tieredimagenet import ren_split
from .equal_images import Duplicates, EqualImages, split_key

# The numbers of classes that a source did not name: in each split another class.
_NUMBERED = re.compile(r"label-\d+")


@dataclass(frozen=True)
class Overlap:
    """The sorted names of classes that are in two splits; a split is called dataset/split."""

    first: str
    second: str
    names: tuple[str, ...]


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
    progress: called with the stage, and the images read so far and in all
    Raises DataError when no split is given, or one twice.
    """
    class_names: dict[str, Sequence[str]] = {}
    for store in stores:
        key = split_key(store)
        class_names[key] = store.class_names
    is_repeated = len(class_names) < len(stores)
    if not stores or is_repeated:
        raise DataError("no split is named, or one twice. Name each split once")
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
    """The classes that the published splits of mini- and tieredImageNet share."""
    class_names: dict[str, list[str]] = {}
    ravi = ravi_split()
    for wnid in ravi.numbers:
        key = f"miniimagenet/{ravi.split(wnid)}"
        of_split = class_names.setdefault(key, [])
        of_split.append(wnid)
    for wnid, facts in ren_split().classes.items():
        split = facts[0]
        key = f"tieredimagenet/{split}"
        of_split = class_names.setdefault(key, [])
        of_split.append(wnid)
    return _overlaps(class_names)


def _overlaps(class_names: Mapping[str, Sequence[str]]) -> list[Overlap]:
    """class_names: split -> names of its classes."""
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
    """Without the classes that only have a number."""
    named: set[str] = set()
    for name in class_names:
        if not _NUMBERED.fullmatch(name):
            named.add(name)
    return named

"""Give each class of a user's own images a split, and check that each split is enough."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from fewbench.documents import counted, shown

from ..info import DataError
from .found import SPLITS, FoundClass

RATIO = {"train": 0.6, "val": 0.2, "test": 0.2}
_LEAST_CLASSES = 2
# One image for the support set, and one for the query set.
_LEAST_IMAGES = 2


def split_of_name(class_name: str) -> str:
    """Return the split of a class by a hash of its name: 60 % train, 20 % val, 20 % test.

    So a class stays in its split when other classes are added or removed.
    """
    digest = hashlib.sha256(class_name.encode()).digest()
    place = int.from_bytes(digest[:8]) / 2**64
    end = 0.0
    for split, share in RATIO.items():
        end += share
        if place < end:
            return split
    return SPLITS[-1]


def split_by_ratio(classes: Sequence[FoundClass]) -> list[FoundClass]:
    """Return the classes with the splits of `split_of_name`."""
    return [replace(one, split=split_of_name(one.name)) for one in classes]


def check_splits(label: str, classes: Sequence[FoundClass], split_by: str) -> None:
    """Check that each split has enough classes, and each class enough images.

    label: the source, for messages
    split_by: "ratio", or how the source states the split of each class
    Raises DataError with the numbers if there are too few, or if a class has no split.
    """
    numbers: dict[str, int] = dict.fromkeys(SPLITS, 0)
    for one in classes:
        if not one.split:
            raise DataError(
                f"{label}: class {shown(one.name)}: expected a split (train, val or "
                f"test), got none. Fill the column split; or, to split the classes by "
                f"their names: --split-by ratio"
            )
        numbers[one.split] += 1
        if len(one.images) < _LEAST_IMAGES:
            raise DataError(
                f"{label}: class {shown(one.name)}: expected at least {_LEAST_IMAGES} "
                f"images, one for the support set and one for the query set, got "
                f"{counted(len(one.images), 'image')}. Add images, or remove the class"
            )
    # Without a validation split, a learner can be evaluated but not trained.
    needed = SPLITS if split_by == "ratio" else ("test",)
    for split, number in numbers.items():
        is_enough = number >= _LEAST_CLASSES
        if not is_enough and (number or split in needed):
            raise _too_few(label, numbers, split_by)


def _too_few(label: str, numbers: dict[str, int], split_by: str) -> DataError:
    got = ", ".join(f"{split} {number}" for split, number in numbers.items())
    advice = "Move classes to another split, or add classes"
    if split_by == "ratio":
        advice = (
            "Add classes; or choose the split of each class yourself, in folders train/, "
            "val/ and test/ (--split-by folder) or in the column split of a CSV "
            "(--split-by csv)"
        )
    return DataError(
        f"{label}: too few classes: expected at least {_LEAST_CLASSES} in each split, "
        f"got {got}. {advice}"
    )

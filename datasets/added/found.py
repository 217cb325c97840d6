"""The classes that are found in a source of a user's own images."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from fewbench.documents import printable, shown

from ..info import DataError
from ..layouts.source_file import IMAGE_SUFFIXES

SPLITS = ("train", "val", "test")
# Names of folders and of values in CSVs -> the split that they mean.
SPLIT_NAMES = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_LONGEST_NAME = 80
# Images of these kinds are refused by name, so that none is left out silently.
_OTHER_SUFFIXES = (".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".avif")


@dataclass(frozen=True)
class FoundClass:
    """A class in a source.

    images: image name -> path of the file in the source
    split: the split that the source states; "" if it states none
    """

    name: str
    images: Mapping[str, str]
    split: str = ""


def split_named(name: str) -> str:
    """Return the split that a name means, such as "val" for "Validation"; "" for none."""
    return SPLIT_NAMES.get(name.strip().lower(), "")


def image_paths(label: str, names: Iterable[str]) -> list[str]:
    """Return the paths of the PNG and JPEG files in a source.

    label: the source, for messages
    Raises DataError if there is none, or if there are images of other kinds.
    """
    paths: list[str] = []
    others: list[str] = []
    for name in names:
        suffix = PurePosixPath(name).suffix.lower()
        if suffix in IMAGE_SUFFIXES:
            paths.append(name)
        elif suffix in _OTHER_SUFFIXES:
            others.append(name)
    if others:
        raise DataError(
            f"{label}: expected JPEG and PNG images, got {len(others):,} of other "
            f"kinds, such as {shown(others[0])}. Convert them to PNG first"
        )
    if not paths:
        raise DataError(
            f"{label}: expected JPEG and PNG images in class folders, or with a CSV, "
            f"found no image. Name the folder or the zip that has them"
        )
    return paths


def check_class_name(label: str, name: str) -> str:
    """Return the name of a class. Raises DataError if it cannot be shown on one line."""
    if name and len(name) <= _LONGEST_NAME and printable(name) == name:
        return name
    raise DataError(
        f"{label}: class {shown(name)!r}: expected a name of 1 to {_LONGEST_NAME} "
        f"characters that can be shown on one line, got {len(name):,} characters. "
        f"Rename it"
    )

"""Refuse a source whose images have equal names, or that changes while it is read."""

from collections import Counter
from pathlib import PurePosixPath

from fewbench.documents import shown

from .info import DataError, DatasetInfo, Listing
from .layouts.source_file import IMAGE_SUFFIXES


def refuse_equal_names(info: DatasetInfo, listing: Listing) -> None:
    """Raise DataError if two images of a class have one name, such as 0.jpg beside 0.png."""
    for one in listing.classes:
        counts = Counter(map(_without_suffix, one.image_names))
        if len(counts) == len(one.image_names):
            continue
        [(name, count)] = counts.most_common(1)
        raise DataError(
            f"{info.name}, class {shown(one.name)}: expected a name for each image, got "
            f"{shown(name)!r} {count} times, such as in x.jpg beside x.png. Remove all but "
            f"one"
        )


def refuse_changed_source(info: DatasetInfo, listing: Listing) -> None:
    """Raise DataError if the source has changed since it was checked."""
    if listing.stamp_now is None or listing.stamp_now() == listing.stamp:
        return
    raise DataError(
        f"{info.name}: cannot trust the build: expected a source that stays as it is, got "
        f"one whose files changed while they were read. Type the same command again: it "
        f"begins anew"
    )


def _without_suffix(image_name: str) -> str:
    path = PurePosixPath(image_name)
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return str(path.with_suffix(""))
    return image_name

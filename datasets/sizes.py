"""Datasets at another size than the usual one: `miniimagenet@224` beside `miniimagenet`.

A dataset of the usual size has the plain name. At another size, its name says the height
and width of the images, so that builds of several sizes lie beside each other.
"""

import re
from dataclasses import replace
from functools import partial

from .info import DataError, DatasetInfo

SMALLEST = 8  # the least height and width of a build
_SIZED = re.compile(r"(.+)@([1-9]\d{0,5})")


def sized_name(name: str, side: int) -> str:
    """Return the name of a dataset at another size than the usual one."""
    return f"{name}@{side}"


def split_name(name: str) -> tuple[str, int | None]:
    """Return the name of a dataset without its size, and the size.

    The size is None if the name says none.
    """
    match = _SIZED.fullmatch(name)
    if match is None:
        return name, None
    return match[1], int(match[2])


def wanted_size(name: str, size: int | None) -> int | None:
    """Return the size that a name and an option ask for; None for the usual one.

    size: the value of --size; None if it is not given
    Raises DataError if the two contradict each other.
    """
    plain, stated = split_name(name)
    if size is None or stated is None or size == stated:
        return size or stated
    raise DataError(
        f"{name}: contradicts --size {size}: expected one size, got two. Leave out "
        f"--size {size}, or give the name without a size: {plain}"
    )


def at_size(info: DatasetInfo, side: int) -> DatasetInfo:
    """Return a dataset with images of another size, made from the original images.

    side: the height and width of the images in pixels
    Raises DataError if it has no larger originals, or if the size is out of range.
    """
    usual, _, channels = info.image_shape
    if side == usual:
        return info
    originals = info.originals
    if originals is None:
        raise _no_originals(info, side)
    if not SMALLEST <= side <= originals.largest:
        raise DataError(
            f"{info.name}: cannot be built at {side} x {side} pixels: expected a size of "
            f"{SMALLEST} to {originals.largest} ({originals.why}), got {side}. Type for "
            f"example: fewbench data build {info.name} --size {originals.largest}"
        )
    return replace(
        info,
        name=sized_name(info.name, side),
        title=info.title.replace(f"{usual} px", f"{side} px"),
        image_shape=(side, side, channels),
        list_classes=partial(info.list_classes, side=side),
        sources=originals.sources,
        layouts=originals.layouts,
        reference_sha256={},
        variant_of=info.base,
        export=replace(info.export, cache=""),
        originals=None,
    )


def _no_originals(info: DatasetInfo, side: int) -> DataError:
    usual = info.image_shape[0]
    advice = f"Build it as it is: fewbench data build {info.name}"
    if info.added:
        name, _ = split_name(info.name)
        advice = f"Add your images again: fewbench data add {name} FOLDER --size {side}"
    return DataError(
        f"{info.name}: cannot be built at {side} x {side} pixels: expected a dataset with "
        f"original images of other sizes, got one that has its images at {usual} x "
        f"{usual} pixels alone. {advice}"
    )

"""Define a split file: an HDF5 file with the names, hashes and pixels of a split.

`lay_out` writes all names and reserves space for the pixels. The writer fills in the
pixels later. `seal` then records the hashes, which mark the file as finished.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..info import ClassImages, DataError
from .advice import build_again
from .attributes import fill_attributes, make_room_for_hashes, write_attributes
from .digests import ContentDigest
from .hdf5 import fixed_length, open_for_reading, open_for_writing, own_dataset


def lay_out(
    path: Path,
    attributes: Mapping[str, Any],
    classes: Sequence[ClassImages],
    image_shape: tuple[int, int, int],
) -> None:
    """Write a split file with all names, and with space for pixels and hashes.

    The pixels will be in the order of `classes`. `SplitStore` refuses the file until
    `seal` has written the hashes.
    """
    with open_for_writing(path, "w") as file:
        write_attributes(file, attributes)
        n_images = _write_names(file, classes)
        make_room_for_hashes(file)
        n_classes = len(classes)
        _make_room(file, "class_sha256", (n_classes,), np.dtype("S64"))
        _make_room(file, "images", (n_images, *image_shape), np.dtype("u1"))


def _write_names(file: h5py.File, classes: Sequence[ClassImages]) -> int:
    """Write the names and the offsets of the classes. Return the number of images."""
    offsets = [0]
    class_names: list[str] = []
    image_names: list[str] = []
    categories: list[str] = []
    for one in classes:
        class_names.append(one.name)
        categories.append(one.category)
        image_names += one.image_names
        offsets.append(len(image_names))
    file["class_offsets"] = np.array(offsets, np.int64)
    file["class_names"] = fixed_length(class_names)
    file["image_names"] = fixed_length(image_names)
    if any(categories):
        file["class_categories"] = fixed_length(categories)
    return len(image_names)


def pixels_offset(path: Path) -> int:
    """Return the byte offset at which the pixels of a split file begin.

    Raises DataError if the file is not a split file.
    """
    with open_for_reading(path) as file:
        offset, _ = locate_images(path, file)
    return offset


def seal(
    path: Path,
    class_sha256: Sequence[str],
    content: ContentDigest,
    attributes: Mapping[str, str] | None = None,
) -> None:
    """Write the hashes of its content into a split file. `SplitStore` then accepts it.

    `lay_out` has reserved the space for the hashes and the attributes. The file does not
    grow, so a full disk cannot interrupt `seal`.

    class_sha256: the hash of each class, in the order of the file
    content: the hashes of the whole split
    attributes: "resampling", "made_from", "jpeg" and "spectrum", where they are known
        only now
    """
    advice = build_again(path)
    with open_for_writing(path, "r+") as file:
        room = own_dataset(path, file, "class_sha256", advice=advice)
        room[...] = np.array(class_sha256, "S64")
        fill_attributes(file, content, attributes or {})


def frame_digest(path: Path) -> str | None:
    """Return the sha256 of everything in a split file except the pixels.

    None if the file is not a split file.
    """
    try:
        with open_for_reading(path) as file:
            start, shape = locate_images(path, file)
    except DataError:
        return None
    end = start + math.prod(shape)
    with path.open("rb") as file:
        before_pixels = file.read(start)
        file.seek(end)
        after_pixels = file.read()
    digest = hashlib.sha256(before_pixels)
    digest.update(after_pixels)
    return digest.hexdigest()


def locate_images(path: Path, file: h5py.File) -> tuple[int, tuple[int, int, int, int]]:
    """Return the byte offset of the pixels, and their shape (n_images, H, W, C).

    Raises DataError if the pixels are not contiguous or not completely inside the file.
    """
    advice = build_again(path)
    images = own_dataset(path, file, "images", advice=advice)
    is_pixels = images.dtype == np.uint8 and images.ndim == 4
    is_contiguous = not images.chunks
    # None if the file has no space for the images yet.
    offset = images.id.get_offset()
    if is_pixels and is_contiguous and offset is not None:
        end = offset + images.size
        file_size = path.stat().st_size
        if end <= file_size:
            return int(offset), images.shape
    raise DataError(
        f"{path}: cannot memory-map the images: expected contiguous, complete uint8 "
        f"(n_images, H, W, C), got {images.dtype} {images.shape}, which is "
        f"scattered, is cut off or has another type. {advice}"
    )


def _make_room(
    file: h5py.File,
    name: str,
    shape: tuple[int, ...],
    dtype: np.dtype,
) -> None:
    """Create an HDF5 dataset and reserve its space in the file, without values."""
    room = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    room.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    room.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    h5py.h5d.create(
        file.id,
        name.encode(),
        h5py.h5t.py_create(dtype),
        h5py.h5s.create_simple(shape),
        dcpl=room,
    )


def check_offsets(
    path: Path,
    offsets: np.ndarray,
    n_classes: int,
    n_images: int,
) -> None:
    """Raise DataError unless the offsets divide the images into classes.

    offsets: int64 (n_classes + 1,) the image at which each class begins, and the end
    """
    well_formed = (
        len(offsets) == n_classes + 1
        and offsets[0] == 0
        and offsets[-1] == n_images
        and (np.diff(offsets) > 0).all()
    )
    if not well_formed:
        raise DataError(
            f"{path}: class_offsets does not fit the names and images: expected "
            f"{n_classes + 1} offsets that increase from 0 to {n_images}, got "
            f"{len(offsets)} other offsets. {build_again(path)}"
        )

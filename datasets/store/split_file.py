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
from .digests import ContentDigest
from .hdf5 import (
    fixed_length,
    open_for_reading,
    open_for_writing,
    own_dataset,
    refuse_heap,
)

FORMAT = "fewbench-split"
SCHEMA_VERSION = 1
# Room for attributes that are known only when all images were read: name -> bytes.
_ROOM = {"resampling": 200, "made_from": 1000}
_PIXELS_HASH = "pixels_sha256"
_CONTENT_HASH = "content_sha256"
_REQUIRED = {
    "schema_version",
    "dataset",
    "split",
    "partial",
    "resampling",
    "polarity",
}
_TYPES: dict[str, type] = {
    "schema_version": int,
    "dataset": str,
    "split": str,
    "partial": int,  # a bool is an int
    "resampling": str,
    "polarity": str,
    _PIXELS_HASH: str,
    _CONTENT_HASH: str,
}


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
    head = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        **attributes,
    }
    with open_for_writing(path, "w") as file:
        _write_attributes(file, head)
        for name, n_bytes in _ROOM.items():
            text = str(head.get(name, "")).encode()
            file.attrs.create(name, text, dtype=f"S{n_bytes}")
        n_images = _write_names(file, classes)
        for name in (_PIXELS_HASH, _CONTENT_HASH):
            file.attrs.create(name, b"", dtype="S64")
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
    attributes: "resampling" and "made_from", where they are known only now
    """
    texts = {
        **(attributes or {}),
        _PIXELS_HASH: content.pixels(),
        _CONTENT_HASH: content.hexdigest(),
    }
    advice = build_again(path)
    with open_for_writing(path, "r+") as file:
        room = own_dataset(path, file, "class_sha256", advice=advice)
        room[...] = np.array(class_sha256, "S64")
        for name, text in texts.items():
            value = np.bytes_(text.encode())
            if _has_room(file, name, value):
                file.attrs.modify(name, value)
            else:
                # An earlier version laid out the file.
                file.attrs.create(name, value)


def _has_room(file: h5py.File, name: str, value: np.bytes_) -> bool:
    if name not in file.attrs:
        return False
    return file.attrs.get_id(name).dtype.itemsize >= len(value)


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


def read_attributes(path: Path, file: h5py.File) -> dict[str, Any]:
    """Read the HDF5 attributes of a finished split file.

    Raises DataError if the file is unfinished, not a split file, or has a newer schema.
    """
    attributes: dict[str, Any] = {}
    for key in file.attrs:
        refuse_heap(path, key, file.attrs.get_id(key).dtype)
        value = file.attrs[key]
        attributes[key] = _plain(value)
    is_split_file = (
        attributes.get("format") == FORMAT
        # Empty until the file is sealed.
        and attributes.get(_PIXELS_HASH)
        and attributes.get(_CONTENT_HASH)
        and attributes.keys() >= _REQUIRED
        and _has_good_types(attributes)
    )
    if not is_split_file:
        raise DataError(
            f"{path}: not a finished {FORMAT} file: expected all attributes and "
            f"hashes, got a file without some of them. {build_again(path)}"
        )
    schema = attributes["schema_version"]
    if schema > SCHEMA_VERSION:
        raise DataError(
            f"{path}: written by a newer fewbench: expected schema version "
            f"{SCHEMA_VERSION} or older, got {schema}. To upgrade, type: "
            f"pip install --upgrade fewbench"
        )
    return attributes


def _plain(value: Any) -> Any:
    """Return an attribute as text, a number or a list. Text is stored as bytes."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value


def _has_good_types(attributes: Mapping[str, Any]) -> bool:
    for key, value in attributes.items():
        kind = _TYPES.get(key, object)
        if not isinstance(value, kind):
            return False
    return True


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


def _write_attributes(file: h5py.File, attributes: Mapping[str, Any]) -> None:
    for key, value in attributes.items():
        if isinstance(value, str):
            # Bytes have a fixed length. HDF5 keeps text of varying length in a heap.
            text = value.encode()
            file.attrs[key] = np.bytes_(text)
        else:
            file.attrs[key] = value

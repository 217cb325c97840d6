"""TODO docstring of fewbench.datasets.store.split_file."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ..info import ClassImages, DataError
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


_HASHES = "pixels_sha256", "content_sha256"


_FACTS = {"schema_version", "dataset", "split", "partial", "resampling", "polarity"}


def lay_out(
    path: Path,
    attributes: Mapping[str, Any],
    classes: Sequence[ClassImages],
    image_shape: tuple[int, int, int],
) -> None:
    """Write a split file with all names and room for the pixels of `classes`, in their order.

    Until `seal` writes the hashes it is no store: SplitStore refuses it.
    """
    sizes = [len(one.image_names) for one in classes]
    with open_for_writing(path, "w") as file:
        _write_attributes(
            file, {"format": FORMAT, "schema_version": SCHEMA_VERSION, **attributes}
        )
        file["class_offsets"] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        file["class_names"] = fixed_length([one.name for one in classes])
        file["image_names"] = fixed_length(
            [name for one in classes for name in one.image_names]
        )
        if any(one.category for one in classes):
            file["class_categories"] = fixed_length([one.category for one in classes])
        for name in _HASHES:
            file.attrs.create(name, b"", dtype="S64")
        _make_room(file, "class_sha256", (len(classes),), np.dtype("S64"))
        _make_room(file, "images", (sum(sizes), *image_shape), np.dtype("u1"))


def pixels_offset(path: Path) -> int:
    """Where in a laid out file the pixels begin. Raises DataError when it is no such file."""
    with open_for_reading(path) as file:
        return locate_images(path, file)[0]


def seal(path: Path, class_sha256: Sequence[str], content: ContentDigest) -> None:
    """Record the hashes of what a laid out file holds, which makes it a store.

    They go where room was made for them: a file that grew could meet a full disk.
    """
    with open_for_writing(path, "r+") as file:
        own_dataset(path, file, "class_sha256")[...] = np.array(class_sha256, "S64")
        for name, digest in zip(
            _HASHES, (content.pixels(), content.hexdigest()), strict=True
        ):
            file.attrs.modify(name, np.bytes_(digest))


def frame_digest(path: Path) -> str | None:
    """sha256 of all but the pixels of a laid out file; None when it is none."""
    try:
        with open_for_reading(path) as file:
            start, shape = locate_images(path, file)
    except DataError:
        return None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(start))
        file.seek(start + math.prod(shape))
        digest.update(file.read())
    return digest.hexdigest()


def _make_room(
    file: h5py.File, name: str, shape: tuple[int, ...], dtype: np.dtype
) -> None:
    """A dataset whose bytes have their place in the file before they are written."""
    room = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    room.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    room.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    kind, space = h5py.h5t.py_create(dtype), h5py.h5s.create_simple(shape)
    h5py.h5d.create(file.id, name.encode(), kind, space, dcpl=room)


def _write_attributes(file: h5py.File, attributes: Mapping[str, Any]) -> None:
    for key, value in attributes.items():
        file.attrs[key] = np.bytes_(value.encode()) if isinstance(value, str) else value


def read_attributes(path: Path, file: h5py.File) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for key in file.attrs:
        refuse_heap(path, key, file.attrs.get_id(key).dtype)
        value = file.attrs[key]
        attributes[key] = value.decode() if isinstance(value, bytes) else value
    sealed = all(map(attributes.get, _HASHES))
    if (
        attributes.get("format") != FORMAT
        or not sealed
        or not attributes.keys() >= _FACTS
    ):
        raise DataError(
            f"{path}: not a finished {FORMAT} file. Build it again with --rebuild."
        )
    if int(attributes["schema_version"]) > SCHEMA_VERSION:
        raise DataError(
            f"{path}: schema version {attributes['schema_version']} is newer than this fewbench "
            f"reads ({SCHEMA_VERSION}). Upgrade: pip install --upgrade fewbench"
        )
    return attributes


def locate_images(path: Path, file: h5py.File) -> tuple[int, tuple[int, int, int, int]]:
    images = own_dataset(path, file, "images")
    offset = images.id.get_offset()
    inside = offset is not None and offset + images.size <= path.stat().st_size
    if images.dtype != np.uint8 or images.ndim != 4 or images.chunks or not inside:
        raise DataError(
            f"{path}: images must be contiguous uint8 (N, H, W, C) inside the file, got "
            f"{images.dtype} {images.shape}. Build it again with --rebuild."
        )
    return int(offset or 0), images.shape

"""SplitStore: one split of a dataset as one HDF5 file, read through a memory map.

`images` is contiguous and uncompressed, so a worker needs no HDF5 handle to read pixels: it maps
the file at the dataset's offset. Nothing that is open crosses a fork or a pickle.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from .info import ClassImages, DataError, DatasetInfo

FORMAT = "fewbench-split"
SCHEMA_VERSION = 1


class SplitStore:
    """One split, read-only: names, offsets and a memory map of the images.

    images: uint8 (n_images, H, W, C), sorted by class
    class_offsets: int64 (n_classes + 1,) class c owns images[class_offsets[c]:class_offsets[c+1]]
    Raises DataError when the file is missing, damaged, unsafe or of a newer schema.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        with _opened(self.path) as file:
            self.attributes = _read_attributes(self.path, file)
            self._offset, self._shape = _locate_images(self.path, file)
            self.class_offsets = _dataset(self.path, file, "class_offsets")[:]
            self.class_names = _read_names(self.path, file, "class_names")
        _check_offsets(self)
        self._map: np.ndarray | None = None
        self._map_owner = -1

    @property
    def dataset(self) -> str:
        """Name of the dataset."""
        return self.attributes["dataset"]

    @property
    def split(self) -> str:
        """train, val or test."""
        return self.attributes["split"]

    @property
    def fingerprint(self) -> str:
        """sha256 of names and pixels as recorded when the store was written."""
        return self.attributes["content_sha256"]

    @property
    def partial(self) -> bool:
        """Whether the store was built from incomplete data."""
        return bool(self.attributes["partial"])

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) in pixels."""
        return self._shape[1], self._shape[2], self._shape[3]

    @cached_property
    def image_names(self) -> tuple[str, ...]:
        """Name of every image, in the order of `images`."""
        with _opened(self.path) as file:
            return _read_names(self.path, file, "image_names")

    @property
    def images(self) -> np.ndarray:
        """The memory map, opened anew in each process."""
        if self._map is None or self._map_owner != os.getpid():
            self._map = np.memmap(self.path, np.uint8, "r", self._offset, self._shape)
            self._map_owner = os.getpid()
        return self._map

    def __len__(self) -> int:
        return self._shape[0]

    def __getitem__(self, index: int) -> np.ndarray:
        return np.array(self.images[index])

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["path"])

    def verify(self) -> None:
        """Read every byte again. Raises DataError when content and recorded hash differ."""
        digest = ContentDigest(self._shape)
        for c, name in enumerate(self.class_names):
            here = slice(*self.class_offsets[c : c + 2])
            digest.add(name, self.image_names[here], self.images[here])
        if digest.hexdigest() != self.fingerprint:
            raise DataError(
                f"{self.path}: the content does not match its recorded hash: expected sha256 "
                f"{self.fingerprint}, got {digest.hexdigest()}. The file was damaged or edited; "
                f"build it again: fewbench data build {self.dataset} --rebuild"
            )


class ContentDigest:
    """sha256 over shape, class names, image names and pixels; not over file layout or versions."""

    def __init__(self, shape: Sequence[int]) -> None:
        self._digest = hashlib.sha256(json.dumps([int(n) for n in shape]).encode() + b"\n")

    def add(self, name: str, image_names: Sequence[str], images: np.ndarray) -> None:
        """Take in one class; classes come in store order."""
        self._digest.update(json.dumps([name, *image_names]).encode() + b"\n")
        self._digest.update(np.ascontiguousarray(images, dtype=np.uint8).data)

    def hexdigest(self) -> str:
        """The hash so far."""
        return self._digest.hexdigest()


def write_split(
    path: Path, info: DatasetInfo, split: str, classes: Sequence[ClassImages], *, partial: bool
) -> Iterator[int]:
    """Write `classes` in name order to `path`; yields the number of images after each class.

    The attribute content_sha256 is written last: a file without it is not a store.
    """
    classes = sorted(classes, key=lambda one: one.name)
    sizes = [len(one.image_names) for one in classes]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    shape = (int(offsets[-1]), *info.image_shape)
    digest = ContentDigest(shape)
    with _created(path) as file:
        _write_head(file, info, split, partial)
        file["class_offsets"] = offsets
        file["class_names"] = [one.name for one in classes]
        file["image_names"] = [name for one in classes for name in one.image_names]
        target = file.create_dataset("images", shape, np.uint8)
        for c, one in enumerate(classes):
            pixels = _checked_pixels(one, info)
            target[offsets[c] : offsets[c + 1]] = pixels
            digest.add(one.name, one.image_names, pixels)
            yield sizes[c]
        file.attrs["content_sha256"] = digest.hexdigest()


@contextmanager
def _created(path: Path) -> Iterator[h5py.File]:
    try:
        with h5py.File(path, "w") as file:
            yield file
    except (OSError, RuntimeError) as error:
        reason = re.search(r"error message = '([^']*)'", str(error))
        raise OSError(reason[1] if reason else str(error)) from error


def _write_head(file: h5py.File, info: DatasetInfo, split: str, partial: bool) -> None:
    file.attrs.update(
        format=FORMAT,
        schema_version=SCHEMA_VERSION,
        dataset=info.name,
        split=split,
        split_scheme=info.split_scheme,
        resampling=info.resampling,
        polarity=info.polarity,
        partial=partial,
        licence=info.licence,
        citation=info.citation,
        source=[source.filename for source in info.sources] or ["embedded in fewbench"],
        fewbench_version=version("fewbench"),
    )


def _checked_pixels(one: ClassImages, info: DatasetInfo) -> np.ndarray:
    pixels = one.read()
    expected = (len(one.image_names), *info.image_shape)
    if pixels.dtype != np.uint8 or pixels.shape != expected:
        raise DataError(
            f"{info.name}, class {one.name}: expected uint8 {expected}, "
            f"got {pixels.dtype} {pixels.shape}."
        )
    return pixels


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    if not path.is_file():
        raise DataError(f"{path}: there is no such split file. List builds: fewbench data list")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except DataError:
        raise
    except Exception as error:
        # On damaged bytes h5py raises nearly everything: OSError, KeyError, UnicodeDecodeError, ...
        raise DataError(
            f"{path}: cannot be read as HDF5 ({error}); the file is damaged or of another kind. "
            f"Build it again with --rebuild."
        ) from error


def _read_attributes(path: Path, file: h5py.File) -> dict[str, Any]:
    attributes: dict[str, Any] = dict(file.attrs)
    if attributes.get("format") != FORMAT or "content_sha256" not in attributes:
        raise DataError(f"{path}: not a finished {FORMAT} file. Build it again with --rebuild.")
    if int(attributes["schema_version"]) > SCHEMA_VERSION:
        raise DataError(
            f"{path}: schema version {attributes['schema_version']} is newer than this fewbench "
            f"reads ({SCHEMA_VERSION}). Upgrade: pip install --upgrade fewbench"
        )
    return attributes


def _dataset(path: Path, file: h5py.File, name: str) -> h5py.Dataset:
    """A dataset that lies in this very file; links and storage elsewhere are refused."""
    linked = not isinstance(file.get(name, getlink=True), h5py.HardLink)
    found = None if linked else file[name]
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise DataError(f"{path}: '{name}' is missing or stored outside the file; refused.")
    return found


def _locate_images(path: Path, file: h5py.File) -> tuple[int, tuple[int, int, int, int]]:
    images = _dataset(path, file, "images")
    offset = images.id.get_offset()
    inside = offset is not None and offset + images.size <= path.stat().st_size
    if images.dtype != np.uint8 or images.ndim != 4 or images.chunks or not inside:
        raise DataError(
            f"{path}: images must be contiguous uint8 (N, H, W, C) inside the file, got "
            f"{images.dtype} {images.shape}. Build it again with --rebuild."
        )
    return int(offset or 0), images.shape


def _read_names(path: Path, file: h5py.File, name: str) -> tuple[str, ...]:
    return tuple(_dataset(path, file, name).asstr()[:].tolist())  # pyright: ignore[reportAttributeAccessIssue] - slicing gives an array


def _check_offsets(store: SplitStore) -> None:
    offsets = store.class_offsets
    well_formed = (
        len(offsets) == len(store.class_names) + 1
        and offsets[0] == 0
        and offsets[-1] == len(store)
        and (np.diff(offsets) > 0).all()
    )
    if not well_formed:
        raise DataError(f"{store.path}: class offsets and names disagree. Use --rebuild.")

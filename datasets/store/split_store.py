"""SplitStore: one split of a dataset, read from its HDF5 file through a memory map.

The images are contiguous and uncompressed. A worker needs no HDF5 handle to read them: it
maps the part of the file that holds them. Nothing open is passed through a fork or pickle.
"""

import math
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from ..info import DataError
from .advice import build_again
from .digests import ContentDigest, class_digest
from .hdf5 import open_for_reading, read_names, read_values
from .split_file import locate_images, read_attributes


class SplitStore:
    """One split, read-only: names, offsets and a memory map of the images.

    class_offsets: int64 (n_classes + 1,) the images of class c lie between offsets c and
        c + 1
    Raises DataError when the file is missing, damaged, unsafe or of a newer schema, and
    when another build has replaced the file since it was opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._identity = _identity(self.path)
        # The memory map, and the process that opened it.
        self._map: np.ndarray | None = None
        self._map_owner = -1
        with open_for_reading(self.path) as file:
            self.attributes = read_attributes(self.path, file)
            offset, shape = locate_images(self.path, file)
            self.class_offsets = read_values(self.path, file, "class_offsets")
            self.class_names = read_names(self.path, file, "class_names")
        self._offset = offset
        self._shape = shape
        _check_offsets(self)

    def __len__(self) -> int:
        return self._shape[0]

    def __getitem__(self, index: int) -> np.ndarray:
        return np.array(self.images[index])

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        path = state["path"]
        self.__init__(path)

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
        """sha256 of names and pixels, as recorded when the split was written."""
        return self.attributes["content_sha256"]

    @property
    def pixels_sha256(self) -> str:
        """sha256 of class names and pixels, without the image names."""
        return self.attributes["pixels_sha256"]

    @property
    def partial(self) -> bool:
        """Whether the split was built from incomplete data."""
        return bool(self.attributes["partial"])

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(H, W, C) in pixels."""
        _, height, width, channels = self._shape
        return height, width, channels

    @cached_property
    def image_names(self) -> tuple[str, ...]:
        """Name of every image, in the order of `images`."""
        with self._as_hdf5() as file:
            return read_names(self.path, file, "image_names")

    @cached_property
    def class_categories(self) -> tuple[str, ...]:
        """Category of every class; empty text where the dataset has none."""
        with self._as_hdf5() as file:
            if "class_categories" in file:
                return read_names(self.path, file, "class_categories")
        return tuple("" for _ in self.class_names)

    @property
    def images(self) -> np.ndarray:
        """The images, sorted by class: a memory map, opened anew in each process.

        uint8 (n_images, H, W, C)
        """
        process = os.getpid()
        if self._map is None or self._map_owner != process:
            with self._unchanged() as file:
                self._map = np.memmap(
                    file,
                    dtype=np.uint8,
                    mode="r",
                    offset=self._offset,
                    shape=self._shape,
                )
            self._map_owner = process
        return self._map

    def read_class(self, c: int) -> np.ndarray:
        """The images of class c, read from the file: uint8 (n, H, W, C)

        The pages of a memory map count as memory of the process, so a pass over a whole
        split should read, not map.
        """
        first = int(self.class_offsets[c])
        end = int(self.class_offsets[c + 1])
        n_images = end - first
        image_bytes = math.prod(self.image_shape)
        with self._unchanged() as file:
            pixels = np.fromfile(
                file,
                dtype=np.uint8,
                count=n_images * image_bytes,
                offset=self._offset + first * image_bytes,
            )
        return pixels.reshape(n_images, *self.image_shape)

    def verify(self) -> None:
        """Read every byte again. Raises DataError when it does not match the hashes."""
        digest = ContentDigest(self._shape)
        for c, name in enumerate(self.class_names):
            image_names = self._image_names_of(c)
            images = self.read_class(c)
            digest.add(name, image_names, images)
        self._compare("sha256", self.fingerprint, digest.hexdigest())
        self._compare("pixels sha256", self.pixels_sha256, digest.pixels())

    def verify_classes(self, classes: Sequence[int]) -> None:
        """Read the images of some classes again.

        Raises DataError naming the first class that does not match its hash.
        """
        with self._as_hdf5() as file:
            recorded = read_names(self.path, file, "class_sha256")
        for c in classes:
            name = self.class_names[c]
            image_names = self._image_names_of(c)
            images = self.read_class(c)
            found = class_digest(name, image_names, images)
            self._compare(f"class {name}: sha256", recorded[c], found)

    def _image_names_of(self, c: int) -> tuple[str, ...]:
        first = self.class_offsets[c]
        end = self.class_offsets[c + 1]
        return self.image_names[first:end]

    @contextmanager
    def _unchanged(self) -> Iterator[BinaryIO]:
        """The file opened again. Raises DataError if it is no longer the same file."""
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            found = _identity(file.fileno())
            if found == self._identity:
                yield file
                return
        raise DataError(
            f"{self.path}: was replaced or changed: expected the file that was opened "
            f"first, got another one. Run the command again."
        )

    @contextmanager
    def _as_hdf5(self) -> Iterator[h5py.File]:
        """As `_unchanged`, opened as HDF5."""
        with self._unchanged(), open_for_reading(self.path) as file:
            yield file

    def _compare(self, what: str, expected: str, got: str) -> None:
        if got != expected:
            raise DataError(
                f"{self.path}: the content does not match its recorded hash: {what}: "
                f"expected {expected}, got {got}. The file was damaged or edited. "
                f"Build it again: fewbench data build {self.dataset} --rebuild"
            )


def _identity(file: Path | int) -> tuple[int, ...] | None:
    """Numbers that tell two files apart, even if they had the same path in turn."""
    with suppress(FileNotFoundError, NotADirectoryError):
        status = os.stat(file)
        return (
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
        )
    return None


def _check_offsets(store: SplitStore) -> None:
    n_classes = len(store.class_names)
    n_images = len(store)
    offsets = store.class_offsets
    well_formed = (
        len(offsets) == n_classes + 1
        and offsets[0] == 0
        and offsets[-1] == n_images
        and (np.diff(offsets) > 0).all()
    )
    if not well_formed:
        raise DataError(
            f"{store.path}: class offsets and names disagree: expected the offsets of "
            f"{n_classes} classes with {n_images} images, got {len(offsets)} others. "
            f"{build_again(store.path)}"
        )

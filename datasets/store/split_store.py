"""Read a split of a dataset from its HDF5 file through a memory map.

The images are contiguous and uncompressed. A worker process reads them without an HDF5
handle, because it maps their bytes directly. After a fork or unpickling, each process
opens the file itself.
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

from fewbench.files import file_identity

from ..info import DataError
from .advice import build_again
from .attributes import read_attributes
from .digests import ContentDigest, class_digest
from .hdf5 import open_for_reading, read_names, read_values, was_replaced
from .mapped_rows import MappedRows
from .split_file import check_offsets, locate_images


class SplitStore:
    """A read-only split of a dataset: its names and a memory map of its images.

    class_offsets: int64 (n_classes + 1,) indices of images; the images of class c are
        `images[class_offsets[c]:class_offsets[c + 1]]`
    class_names: the name of each class
    attributes: the HDF5 attributes of the file
    Raises DataError if the file is missing, damaged, unsafe or has a newer schema.
    Later reads raise DataError if the file was replaced after it was opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._identity = file_identity(self.path)
        # The memory map, and the process that opened it.
        self._map: MappedRows | None = None
        self._map_owner = -1
        with open_for_reading(self.path) as file:
            self.attributes = read_attributes(self.path, file)
            offset, shape = locate_images(self.path, file)
            self.class_offsets = read_values(self.path, file, "class_offsets")
            self.class_names = read_names(self.path, file, "class_names")
        self._offset = offset
        self._shape = shape
        check_offsets(self.path, self.class_offsets, len(self.class_names), len(self))

    def __len__(self) -> int:
        return self._shape[0]

    def __getitem__(self, index: int) -> np.ndarray:
        place = range(len(self))[index]
        return self.at(np.array([place]))[0]

    def __getstate__(self) -> dict[str, Any]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Any]) -> None:
        path = state["path"]
        self.__init__(path)

    @property
    def dataset(self) -> str:
        """The name of the dataset."""
        return self.attributes["dataset"]

    @property
    def split(self) -> str:
        """The name of the split: train, val or test."""
        return self.attributes["split"]

    @property
    def fingerprint(self) -> str:
        """The recorded sha256 of class names, image names and pixels."""
        return self.attributes["content_sha256"]

    @property
    def pixels_sha256(self) -> str:
        """The recorded sha256 of class names and pixels, without image names."""
        return self.attributes["pixels_sha256"]

    @property
    def partial(self) -> bool:
        """Whether the split was built from incomplete data."""
        return bool(self.attributes["partial"])

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """The shape (H, W, C) of each image, in pixels."""
        _, height, width, channels = self._shape
        return height, width, channels

    @cached_property
    def image_names(self) -> tuple[str, ...]:
        """The name of each image, in the order of `images`."""
        with self._as_hdf5() as file:
            return read_names(self.path, file, "image_names")

    @cached_property
    def class_categories(self) -> tuple[str, ...]:
        """The category of each class; empty text if the dataset has no categories."""
        with self._as_hdf5() as file:
            if "class_categories" in file:
                return read_names(self.path, file, "class_categories")
        return tuple("" for _ in self.class_names)

    @property
    def images(self) -> np.ndarray:
        """The images in the order of the classes, as a memory map.

        Each process opens its own memory map: uint8 (n_images, H, W, C)
        Raises DataError if the file was replaced after it was opened.
        """
        return self._mapped().first_part

    def at(self, rows: np.ndarray) -> np.ndarray:
        """Read some images: uint8 (n, H, W, C)

        rows: int64 (n,) indices of images
        """
        return self._mapped().at(rows)

    def read_class(self, c: int) -> np.ndarray:
        """Read the images of class c into memory: uint8 (n, H, W, C)

        Use this to go through a whole split. With the memory map `images`, all pages
        that were read would count as memory of the process.
        Raises DataError if the file was replaced after it was opened.
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
        """Read all names and pixels and compare them with the recorded hashes.

        Raises DataError if a hash differs.
        """
        digest = ContentDigest(self._shape)
        for c, name in enumerate(self.class_names):
            image_names = self._image_names_of(c)
            images = self.read_class(c)
            digest.add(name, image_names, images)
        self._compare("sha256", self.fingerprint, digest.hexdigest())
        self._compare("sha256 of pixels", self.pixels_sha256, digest.pixels())

    def verify_classes(self, classes: Sequence[int]) -> None:
        """Read some classes and compare them with their recorded hashes.

        classes: the indices of the classes
        Raises DataError with the name of the first class whose hash differs.
        """
        with self._as_hdf5() as file:
            recorded = read_names(self.path, file, "class_sha256")
        for c in classes:
            name = self.class_names[c]
            image_names = self._image_names_of(c)
            images = self.read_class(c)
            found = class_digest(name, image_names, images)
            self._compare(f"sha256 of class {name}", recorded[c], found)

    def _mapped(self) -> MappedRows:
        process = os.getpid()
        if self._map is None or self._map_owner != process:
            with self._unchanged() as file:
                self._map = MappedRows.of_file(
                    file, np.uint8, self._shape, self._offset
                )
            self._map_owner = process
        return self._map

    def _image_names_of(self, c: int) -> tuple[str, ...]:
        first = self.class_offsets[c]
        end = self.class_offsets[c + 1]
        return self.image_names[first:end]

    @contextmanager
    def _unchanged(self) -> Iterator[BinaryIO]:
        """Yield the file, opened again.

        Raises DataError if it was replaced or changed after it was opened first.
        """
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            found = file_identity(file.fileno())
            if found == self._identity:
                yield file
                return
        raise was_replaced(self.path)

    @contextmanager
    def _as_hdf5(self) -> Iterator[h5py.File]:
        """Yield the file, opened again as HDF5. Raises what `_unchanged` raises."""
        with self._unchanged(), open_for_reading(self.path) as file:
            yield file

    def _compare(self, what: str, expected: str, got: str) -> None:
        if got != expected:
            raise DataError(
                f"{self.path}: the content does not match its recorded hash: expected "
                f"{what} {expected}, got {got}. The file was damaged or edited. "
                f"{build_again(self.path)}"
            )

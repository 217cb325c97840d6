"""SplitStore: one split of a dataset as one HDF5 file, read through a memory map.

`images` is contiguous and uncompressed, so a worker needs no HDF5 handle to read pixels: it maps
the file at the dataset's offset. Nothing that is open crosses a fork or a pickle.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ..info import DataError
from .digests import ContentDigest, class_digest
from .hdf5 import open_for_reading, read_names, read_values
from .split_file import locate_images, read_attributes


class SplitStore:
    """One split, read-only: names, offsets and a memory map of the images.

    images: uint8 (n_images, H, W, C), sorted by class
    class_offsets: int64 (n_classes + 1,) class c owns images[class_offsets[c]:class_offsets[c+1]]
    Raises DataError when the file is missing, damaged, unsafe or of a newer schema, and when it is
    asked for more after another build took its place.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._identity = _identity(self.path)
        with open_for_reading(self.path) as file:
            self.attributes = read_attributes(self.path, file)
            self._offset, self._shape = locate_images(self.path, file)
            self.class_offsets = read_values(self.path, file, "class_offsets")
            self.class_names = read_names(self.path, file, "class_names")
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
    def pixels_sha256(self) -> str:
        """sha256 of class names and pixels alone: equal for copies that name images otherwise."""
        return self.attributes["pixels_sha256"]

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
        with self._unchanged(), open_for_reading(self.path) as file:
            return read_names(self.path, file, "image_names")

    @property
    def images(self) -> np.ndarray:
        """The memory map, opened anew in each process."""
        if self._map is None or self._map_owner != os.getpid():
            with self._unchanged() as file:
                self._map = np.memmap(file, np.uint8, "r", self._offset, self._shape)
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

    @cached_property
    def class_categories(self) -> tuple[str, ...]:
        """Category of every class; empty where the dataset has none."""
        with self._unchanged(), open_for_reading(self.path) as file:
            if "class_categories" not in file:
                return ("",) * len(self.class_names)
            return read_names(self.path, file, "class_categories")

    def read_class(self, c: int) -> np.ndarray:
        """uint8 (n, H, W, C) of class c, read from the file and not through the map.

        Pages of a map count as memory of the process; whoever goes through a whole split reads.
        """
        first, end = map(int, self.class_offsets[c : c + 2])
        n_bytes = int(np.prod(self.image_shape))
        place = self._offset + first * n_bytes
        with self._unchanged() as file:
            pixels = np.fromfile(file, np.uint8, (end - first) * n_bytes, offset=place)
        return pixels.reshape(end - first, *self.image_shape)

    def verify(self) -> None:
        """Read every byte again. Raises DataError when content and recorded hash differ."""
        digest = ContentDigest(self._shape)
        for c, name in enumerate(self.class_names):
            here = slice(*self.class_offsets[c : c + 2])
            digest.add(name, self.image_names[here], self.read_class(c))
        if digest.hexdigest() != self.fingerprint:
            raise self._damaged(f"sha256 {self.fingerprint}", digest.hexdigest())
        if digest.pixels() != self.pixels_sha256:
            raise self._damaged(f"pixels sha256 {self.pixels_sha256}", digest.pixels())

    def verify_classes(self, classes: Sequence[int]) -> None:
        """Read the images of these classes again. Raises DataError naming the damaged class."""
        with self._unchanged(), open_for_reading(self.path) as file:
            recorded = read_names(self.path, file, "class_sha256")
        for c in classes:
            here = slice(*self.class_offsets[c : c + 2])
            got = class_digest(
                self.class_names[c], self.image_names[here], self.read_class(c)
            )
            if got != recorded[c]:
                raise self._damaged(
                    f"sha256 {recorded[c]} of class {self.class_names[c]}", got
                )

    @contextmanager
    def _unchanged(self) -> Iterator[BinaryIO]:
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            if _identity(file.fileno()) == self._identity:
                yield file
                return
        raise DataError(
            f"{self.path}: was replaced or changed since it was opened. Open it again."
        )

    def _damaged(self, expected: str, got: str) -> DataError:
        return DataError(
            f"{self.path}: the content does not match its recorded hash: expected {expected}, "
            f"got {got}. The file was damaged or edited; "
            f"build it again: fewbench data build {self.dataset} --rebuild"
        )


def _identity(file: Path | int) -> tuple[int, ...] | None:
    """What two files never share: not those of two builds that had the same path either."""
    with suppress(FileNotFoundError, NotADirectoryError):
        status = os.stat(file)
        return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
    return None


def _check_offsets(store: SplitStore) -> None:
    offsets = store.class_offsets
    well_formed = (
        len(offsets) == len(store.class_names) + 1
        and offsets[0] == 0
        and offsets[-1] == len(store)
        and (np.diff(offsets) > 0).all()
    )
    if not well_formed:
        raise DataError(
            f"{store.path}: class offsets and names disagree. Use --rebuild."
        )

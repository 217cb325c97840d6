"""Write one split class by class, in any number of runs, and seal it when all was read back."""

import os
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ..info import ClassImages, DataError, DatasetInfo, Listing
from .digests import ContentDigest, class_digest
from .journal import Journal
from .split_file import frame_digest, lay_out, pixels_offset, seal
from .split_store import SplitStore


def write_split(
    path: Path, info: DatasetInfo, split: str, listing: Listing, journal: Journal
) -> Iterator[int]:
    """Write the classes of a split to `path`; yields the number of images after each class.

    Classes that the journal knows are not read from the source again. Pixels are written beside
    HDF5, which leaves a file damaged when it is killed: the frame is closed before they come.
    """
    classes = listing.of(split)
    frame = frame_digest(path)
    if frame is None or frame != journal.frames.get(split):
        journal.forget(split)
        lay_out(path, _attributes(info, split, listing), classes, info.image_shape)
        _note_frame(path, split, journal)
    writer = _Writer(path, info, classes)
    for c, one in enumerate(classes):
        if (split, one.name) not in journal.finished:
            journal.add(split, one.name, writer.write(c))
        yield len(one.image_names)
    digests = [journal.finished[split, one.name] for one in classes]
    seal(path, *writer.read_back(digests))
    _note_frame(path, split, journal)
    SplitStore(path)


class _Writer:
    """Where the pixels of each class go, and what is there."""

    def __init__(
        self, path: Path, info: DatasetInfo, classes: Sequence[ClassImages]
    ) -> None:
        self._path = path
        self._info = info
        self._classes = classes
        sizes = [len(one.image_names) for one in classes]
        self._starts = np.concatenate([[0], np.cumsum(sizes)])
        self._offset = pixels_offset(path)

    def write(self, c: int) -> str:
        """Read class c from its source and write it; its digest."""
        one = self._classes[c]
        pixels = _checked_pixels(one, self._info)
        with self._path.open("r+b", buffering=0) as file:
            file.seek(self._place(c))
            data = np.ascontiguousarray(pixels).data.cast("B")
            while data:  # one call may write less than all
                data = data[file.write(data) :]
        return class_digest(one.name, one.image_names, pixels)

    def read_back(self, digests: Sequence[str]) -> tuple[list[str], ContentDigest]:
        """The digests of what is on disk; a class that differs is written once more."""
        with self._path.open("r+b") as file:
            os.fsync(file.fileno())
        content, found = ContentDigest((self._starts[-1], *self._info.image_shape)), []
        for c, one in enumerate(self._classes):
            expected, pixels = digests[c], self._read(c)
            if class_digest(one.name, one.image_names, pixels) != expected:
                expected, pixels = self.write(c), self._read(c)
                if class_digest(one.name, one.image_names, pixels) != expected:
                    raise OSError(
                        f"class {one.name} reads back otherwise than it was written"
                    )
            content.add(one.name, one.image_names, pixels)
            found.append(expected)
        return found, content

    def _read(self, c: int) -> np.ndarray:
        n_images = int(self._starts[c + 1] - self._starts[c])
        n_bytes = n_images * int(np.prod(self._info.image_shape))
        pixels = np.fromfile(self._path, np.uint8, n_bytes, offset=self._place(c))
        return pixels.reshape(n_images, *self._info.image_shape)

    def _place(self, c: int) -> int:
        return self._offset + int(self._starts[c]) * int(
            np.prod(self._info.image_shape)
        )


def _checked_pixels(one: ClassImages, info: DatasetInfo) -> np.ndarray:
    pixels = one.read()
    expected = (len(one.image_names), *info.image_shape)
    if pixels.dtype != np.uint8 or pixels.shape != expected:
        raise DataError(
            f"{info.name}, class {one.name}: expected uint8 {expected}, "
            f"got {pixels.dtype} {pixels.shape}. The source holds other images; see what it is: "
            f"fewbench data identify PATH"
        )
    return pixels


def _note_frame(path: Path, split: str, journal: Journal) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())
    journal.frame(split, frame_digest(path) or "")


def _attributes(info: DatasetInfo, split: str, listing: Listing) -> dict[str, Any]:
    return {
        "dataset": info.name,
        "split": split,
        "split_scheme": info.split_scheme,
        "resampling": listing.resampling or info.resampling,
        "polarity": info.polarity,
        "partial": listing.partial,
        "licence": info.licence,
        "citation": info.citation,
        "source": listing.form,
        "fewbench_version": version("fewbench"),
    }

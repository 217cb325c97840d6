"""Writes a split class by class, resuming an earlier run, and seals it at the end.

Before it is sealed, everything is read back from the disk and compared.
"""

import math
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
    path: Path,
    info: DatasetInfo,
    split: str,
    listing: Listing,
    journal: Journal,
) -> Iterator[int]:
    """Write the classes of a split to `path`; yields the number of images of each class.

    Classes that the journal records are not read from the source again. HDF5 leaves its
    file damaged when the process is killed. The HDF5 file is therefore closed first, and
    the pixels are written into it as plain bytes.
    Raises DataError for images of another shape, or OSError.
    """
    classes = listing.of(split)
    recorded = journal.frames.get(split)
    frame = frame_digest(path)
    if frame is None or frame != recorded:
        journal.forget(split)
        attributes = _attributes(info, split, listing)
        lay_out(path, attributes, classes, info.image_shape)
        _record_frame(path, split, journal)
    writer = _Writer(path, info, classes)
    for c, one in enumerate(classes):
        if (split, one.name) not in journal.finished:
            digest = writer.write(c)
            journal.add(split, one.name, digest)
        yield len(one.image_names)
    digests: list[str] = []
    for one in classes:
        digest = journal.finished[split, one.name]
        digests.append(digest)
    class_sha256, content = writer.read_back(digests)
    seal(path, class_sha256, content)
    _record_frame(path, split, journal)
    # Raises DataError if the file cannot be opened.
    SplitStore(path)


class _Writer:
    """Writes the pixels of each class to their place in the split file, and reads them."""

    def __init__(
        self,
        path: Path,
        info: DatasetInfo,
        classes: Sequence[ClassImages],
    ) -> None:
        self._path = path
        self._info = info
        self._classes = classes
        image_bytes = math.prod(info.image_shape)
        place = pixels_offset(path)
        # The byte at which the pixels of each class begin.
        self._places: list[int] = []
        self._n_images = 0
        for one in classes:
            self._places.append(place)
            n_images = len(one.image_names)
            place += n_images * image_bytes
            self._n_images += n_images

    def write(self, c: int) -> str:
        """Read class c from its source and write it; returns its digest."""
        one = self._classes[c]
        pixels = _read_source(one, self._info)
        contiguous = np.ascontiguousarray(pixels)
        data = contiguous.data.cast("B")
        with self._path.open("r+b", buffering=0) as file:
            file.seek(self._places[c])
            while data:
                # One call may write less than all.
                n_written = file.write(data)
                data = data[n_written:]
        return _digest(one, pixels)

    def read_back(self, digests: Sequence[str]) -> tuple[list[str], ContentDigest]:
        """Read every class from the disk; its digests, and that of the whole split.

        A class that does not match its digest is written once more.
        Raises OSError when it still differs from what was written.
        """
        _flush_to_disk(self._path)
        shape = (self._n_images, *self._info.image_shape)
        content = ContentDigest(shape)
        class_sha256: list[str] = []
        for c, one in enumerate(self._classes):
            expected = digests[c]
            pixels = self._read(c)
            found = _digest(one, pixels)
            if found != expected:
                expected = self.write(c)
                pixels = self._read(c)
                found = _digest(one, pixels)
            if found != expected:
                raise OSError(
                    f"class {one.name} reads back differently from what was written"
                )
            content.add(one.name, one.image_names, pixels)
            class_sha256.append(expected)
        return class_sha256, content

    def _read(self, c: int) -> np.ndarray:
        """The pixels of class c that are in the split file."""
        one = self._classes[c]
        shape = (len(one.image_names), *self._info.image_shape)
        pixels = np.fromfile(
            self._path,
            dtype=np.uint8,
            count=math.prod(shape),
            offset=self._places[c],
        )
        return pixels.reshape(shape)


def _digest(one: ClassImages, pixels: np.ndarray) -> str:
    return class_digest(one.name, one.image_names, pixels)


def _read_source(one: ClassImages, info: DatasetInfo) -> np.ndarray:
    """The images of one class. Raises DataError when the source has other ones."""
    pixels = one.read()
    expected = (len(one.image_names), *info.image_shape)
    if pixels.dtype == np.uint8 and pixels.shape == expected:
        return pixels
    raise DataError(
        f"{info.name}, class {one.name}: cannot use the images of the source: expected "
        f"uint8 {expected}, got {pixels.dtype} {pixels.shape}. See what the source "
        f"holds: fewbench data identify PATH"
    )


def _record_frame(path: Path, split: str, journal: Journal) -> None:
    """Record in the journal what the split file is now, without its pixels."""
    _flush_to_disk(path)
    digest = frame_digest(path) or ""
    journal.frame(split, digest)


def _flush_to_disk(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _attributes(
    info: DatasetInfo,
    split: str,
    listing: Listing,
) -> dict[str, Any]:
    return {
        "dataset": info.name,
        "split": split,
        "split_scheme": info.split_scheme,
        "resampling": listing.resampling or info.resampling,
        "polarity": info.polarity,
        "partial": listing.partial,
        "licence": info.licence,
        "citation": info.citation,
        "source": listing.layout,
        "fewbench_version": version("fewbench"),
    }

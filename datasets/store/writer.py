"""Write a split file class by class, and resume an interrupted run.

Before the file is marked as finished, all pixels are read back and compared.
"""

import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..images.origins import Origins, counting
from ..images.spectrum import tell_spectrum
from ..info import ClassImages, DataError, DatasetInfo, Listing
from ..sizes import split_name
from .digests import ContentDigest, class_digest
from .journal import Journal
from .split_file import frame_digest, lay_out, pixels_offset, seal
from .split_store import SplitStore
from .versions import installed_version

# Images of a split whose spectrum is looked at.
_MOST_SAMPLED = 100


def write_split(
    path: Path,
    info: DatasetInfo,
    split: str,
    listing: Listing,
    journal: Journal,
) -> Iterator[int]:
    """Write a split file to `path`. Yield the number of images in each finished class.

    Classes that are recorded in the journal are not read from the source again.
    Killing a process damages its open HDF5 files. Therefore the file is laid out and
    closed first, and the pixels are written into it as plain bytes.
    Raises DataError if the images of the source are not uint8 or have a wrong shape.
    Raises OSError if the disk is full, read-only or unreliable.
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
            with counting() as origins:
                digest = writer.write(c)
            journal.add(split, one.name, digest, origins)
        yield len(one.image_names)
    digests: list[str] = []
    for one in classes:
        digest = journal.finished[split, one.name]
        digests.append(digest)
    class_sha256, content = writer.read_back(digests)
    attributes = _late_attributes(info, journal.origins_of(split), writer)
    seal(path, class_sha256, content, attributes)
    _record_frame(path, split, journal)
    # Opening the finished file checks it: this raises DataError if it is damaged.
    SplitStore(path)


class _Writer:
    """A writer of the pixels in a split file that `lay_out` has prepared."""

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
        """Copy the pixels of class c from the source. Return the class digest."""
        one = self._classes[c]
        pixels = _read_source(one, self._info)
        contiguous = np.ascontiguousarray(pixels)
        data = contiguous.data.cast("B")
        with self._path.open("r+b", buffering=0) as file:
            file.seek(self._places[c])
            while data:
                # A single call may write fewer bytes than it was given.
                n_written = file.write(data)
                data = data[n_written:]
        return _digest(one, pixels)

    def read_back(self, digests: Sequence[str]) -> tuple[list[str], ContentDigest]:
        """Read all classes back from the disk and compare them with their digests.

        A class with a wrong digest is written once more.
        digests: the expected digest of each class
        Returns the digest of each class, and the hashes of the whole split.
        Raises OSError if a class still differs after it was written again.
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
                    f"the pixels of class {one.name} in {self._path.name} differ from "
                    f"the pixels that were written"
                )
            content.add(one.name, one.image_names, pixels)
            class_sha256.append(expected)
        return class_sha256, content

    def sample(self) -> np.ndarray:
        """Read images that are spread evenly over the split: uint8 (n, H, W, C)"""
        shape = (self._n_images, *self._info.image_shape)
        pixels = np.memmap(
            self._path, np.uint8, mode="r", offset=self._places[0], shape=shape
        )
        n_read = min(_MOST_SAMPLED, self._n_images)
        return pixels[np.arange(n_read) * self._n_images // n_read]

    def _read(self, c: int) -> np.ndarray:
        """Read the pixels of class c from the split file."""
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
    """Read the images of a class from its source.

    Raises DataError if the images are not uint8 or have a wrong number or shape.
    """
    pixels = one.read()
    expected = (len(one.image_names), *info.image_shape)
    if pixels.dtype == np.uint8 and pixels.shape == expected:
        return pixels
    raise DataError(
        f"{info.name}, class {one.name}: cannot use the images from the source: "
        f"expected uint8 {expected}, got {pixels.dtype} {pixels.shape}. To see what "
        f"the source contains, type: fewbench data identify PATH"
    )


def _record_frame(path: Path, split: str, journal: Journal) -> None:
    """Record in the journal the digest of everything in a split file but the pixels."""
    _flush_to_disk(path)
    digest = frame_digest(path) or ""
    journal.frame(split, digest)


def _flush_to_disk(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _late_attributes(
    info: DatasetInfo, origins: Origins, writer: _Writer
) -> dict[str, str]:
    """Return the attributes that are known only when all images were read."""
    attributes = {"made_from": _made_from(info, origins)}
    height, width, _ = info.image_shape
    n_resized = origins.n_resized(height, width)
    if n_resized == 0:
        # Somebody else made the final pixels. What can be told about them is recorded.
        attributes["jpeg"] = origins.jpeg()
        spectrum = tell_spectrum(writer.sample())
        if spectrum is not None:
            attributes["spectrum"] = spectrum.verdict
    elif n_resized < origins.n_images:
        attributes["resampling"] = (
            f"{info.resampling} for {n_resized:,} of {origins.n_images:,} images; the "
            f"others had the final size already"
        )
    return attributes


def _made_from(info: DatasetInfo, origins: Origins) -> str:
    """Return what the image files of a split were like, in sentences."""
    said = origins.sentences()
    _, side = split_name(info.name)
    if side is not None:
        # Images of the usual size are as published, whatever they were made from.
        n_enlarged = origins.n_enlarged(side)
        if n_enlarged:
            said.append(f"{n_enlarged:,} enlarged in height or width")
    return ". ".join(said)


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
        "fewbench_version": installed_version("fewbench"),
    }

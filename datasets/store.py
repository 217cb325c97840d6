"""SplitStore: one split of a dataset as one HDF5 file, read through a memory map.

`images` is contiguous and uncompressed, so a worker needs no HDF5 handle to read pixels: it maps
the file at the dataset's offset. Nothing that is open crosses a fork or a pickle.
"""

import hashlib
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from .digests import ContentDigest, class_digest
from .heap import REFERENCE, HeapValues
from .info import ClassImages, DataError
from .names import shown
from .spans import Span

FORMAT = "fewbench-split"
SCHEMA_VERSION = 1
_HASHES = "pixels_sha256", "content_sha256"
_FACTS = {"schema_version", "dataset", "split", "partial", "resampling", "polarity"}


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
        with _opened(self.path) as file:
            self.attributes = _read_attributes(self.path, file)
            self._offset, self._shape = _locate_images(self.path, file)
            self.class_offsets = _values(self.path, file, "class_offsets")
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
        with self._unchanged(), _opened(self.path) as file:
            return _read_names(self.path, file, "image_names")

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
        with self._unchanged(), _opened(self.path) as file:
            if "class_categories" not in file:
                return ("",) * len(self.class_names)
            return _read_names(self.path, file, "class_categories")

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
        with self._unchanged(), _opened(self.path) as file:
            recorded = _read_names(self.path, file, "class_sha256")
        for c in classes:
            here = slice(*self.class_offsets[c : c + 2])
            got = class_digest(self.class_names[c], self.image_names[here], self.read_class(c))
            if got != recorded[c]:
                raise self._damaged(f"sha256 {recorded[c]} of class {self.class_names[c]}", got)

    @contextmanager
    def _unchanged(self) -> Iterator[BinaryIO]:
        with suppress(FileNotFoundError), self.path.open("rb") as file:
            if _identity(file.fileno()) == self._identity:
                yield file
                return
        raise DataError(f"{self.path}: was replaced or changed since it was opened. Open it again.")

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
    with _writing(path, "w") as file:
        _write_attributes(file, {"format": FORMAT, "schema_version": SCHEMA_VERSION, **attributes})
        file["class_offsets"] = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        file["class_names"] = _fixed([one.name for one in classes])
        file["image_names"] = _fixed([name for one in classes for name in one.image_names])
        if any(one.category for one in classes):
            file["class_categories"] = _fixed([one.category for one in classes])
        for name in _HASHES:
            file.attrs.create(name, b"", dtype="S64")
        _make_room(file, "class_sha256", (len(classes),), np.dtype("S64"))
        _make_room(file, "images", (sum(sizes), *image_shape), np.dtype("u1"))


def pixels_offset(path: Path) -> int:
    """Where in a laid out file the pixels begin. Raises DataError when it is no such file."""
    with _opened(path) as file:
        return _locate_images(path, file)[0]


def seal(path: Path, class_sha256: Sequence[str], content: ContentDigest) -> None:
    """Record the hashes of what a laid out file holds, which makes it a store.

    They go where room was made for them: a file that grew could meet a full disk.
    """
    with _writing(path, "r+") as file:
        _dataset(path, file, "class_sha256")[...] = np.array(class_sha256, "S64")
        for name, digest in zip(_HASHES, (content.pixels(), content.hexdigest()), strict=True):
            file.attrs.modify(name, np.bytes_(digest))


def frame_digest(path: Path) -> str | None:
    """sha256 of all but the pixels of a laid out file; None when it is none."""
    try:
        with _opened(path) as file:
            start, shape = _locate_images(path, file)
    except DataError:
        return None
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(start))
        file.seek(start + math.prod(shape))
        digest.update(file.read())
    return digest.hexdigest()


def _make_room(file: h5py.File, name: str, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """A dataset whose bytes have their place in the file before they are written."""
    room = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    room.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    room.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
    kind, space = h5py.h5t.py_create(dtype), h5py.h5s.create_simple(shape)
    h5py.h5d.create(file.id, name.encode(), kind, space, dcpl=room)


@contextmanager
def _writing(path: Path, mode: str) -> Iterator[h5py.File]:
    try:
        with h5py.File(path, mode) as file:
            yield file
    except (OSError, RuntimeError) as error:
        reason = re.search(r"error message = '([^']*)'", str(error))
        raise OSError(reason[1] if reason else str(error)) from error


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
            f"{path}: cannot be read as HDF5 ({shown(str(error), 300)}); the file is damaged or of "
            f"another kind. Build it again with --rebuild."
        ) from error


def _fixed(values: Sequence[str]) -> np.ndarray:
    """Strings in room of one length; in the heap, where HDF5 puts others, damage makes it hang."""
    encoded = [value.encode("utf-8", "surrogateescape") for value in values]
    longest = max(map(len, encoded), default=0) or 1
    return np.array(encoded, h5py.string_dtype("utf-8", longest))


def _write_attributes(file: h5py.File, attributes: Mapping[str, Any]) -> None:
    for key, value in attributes.items():
        file.attrs[key] = np.bytes_(value.encode()) if isinstance(value, str) else value


def _read_attributes(path: Path, file: h5py.File) -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    for key in file.attrs:
        _refuse_heap(path, key, file.attrs.get_id(key).dtype)
        value = file.attrs[key]
        attributes[key] = value.decode() if isinstance(value, bytes) else value
    sealed = all(map(attributes.get, _HASHES))
    if attributes.get("format") != FORMAT or not sealed or not attributes.keys() >= _FACTS:
        raise DataError(f"{path}: not a finished {FORMAT} file. Build it again with --rebuild.")
    if int(attributes["schema_version"]) > SCHEMA_VERSION:
        raise DataError(
            f"{path}: schema version {attributes['schema_version']} is newer than this fewbench "
            f"reads ({SCHEMA_VERSION}). Upgrade: pip install --upgrade fewbench"
        )
    return attributes


def _dataset(path: Path, file: h5py.Group, name: str) -> h5py.Dataset:
    """A dataset that lies in this very file; links and storage elsewhere are refused."""
    linked = not isinstance(file.get(name, getlink=True), h5py.HardLink)
    found = None if linked else file[name]
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise DataError(f"{path}: '{shown(name)}' is missing or stored outside the file; refused.")
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


def _values(path: Path, file: h5py.File, name: str) -> np.ndarray:
    found = _dataset(path, file, name)
    _refuse_heap(path, name, found.dtype)
    return found[:]


def _read_names(path: Path, file: h5py.File, name: str) -> tuple[str, ...]:
    encoded = _values(path, file, name).tolist()
    return tuple(one.decode("utf-8", "surrogateescape") for one in encoded)


def _refuse_heap(path: Path, name: str, dtype: np.dtype) -> None:
    if dtype.hasobject:
        raise DataError(
            f"{path}: '{name}' has values of different lengths, as an older fewbench wrote them or "
            f"damage makes them. Build it again with --rebuild."
        )


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


class ClassGroup:
    """The images of one class in torchmeta's HDF5: an array, or a list of encoded pictures.

    Raises DataError when they are neither, or are not simply the bytes of a stretch of the file.
    """

    def __init__(self, label: str, found: h5py.Dataset, file: Span) -> None:
        self.label = label
        self.shape: tuple[int, ...] = found.shape
        self.dtype: np.dtype = found.dtype
        self.encoded = h5py.check_vlen_dtype(found.dtype) == np.uint8 and found.ndim == 1
        if not self.encoded and (found.dtype != np.uint8 or not found.shape):
            raise DataError(f"{label}: expected bytes or encoded pictures, got {found.dtype}")
        start = found.id.get_offset()
        if start is None:
            raise DataError(f"{label}: has chunks or nothing in place of one stretch of bytes")
        width = REFERENCE.itemsize if self.encoded else 1
        self._data = file.part(start, math.prod(self.shape) * width, label)
        self._file = file

    def read(self) -> np.ndarray | HeapValues:
        """uint8 (n, H, W, C), or n encoded pictures."""
        data = self._data.read_at(0, len(self._data))
        if not self.encoded:
            return np.frombuffer(data, np.uint8).reshape(self.shape)
        return HeapValues(self._file, np.frombuffer(data, REFERENCE), self.label)


def read_groups(span: Span) -> dict[str, ClassGroup]:
    """Class -> images of a torchmeta HDF5 file, one dataset a class in the group `datasets`.

    Empty for an HDF5 file without that group. Raises DataError when it is damaged, or has links or
    storage outside itself.
    """
    try:
        with h5py.File(span.open(), "r") as file:
            return _class_groups(span, file)
    except DataError:
        raise
    except Exception as error:
        # On damaged bytes h5py raises nearly everything: OSError, KeyError, RuntimeError, ...
        reason = shown(str(error), 300)
        raise DataError(f"{span.label}: cannot be read as HDF5 ({reason}); damaged") from error


def _class_groups(span: Span, file: h5py.File) -> dict[str, ClassGroup]:
    if "datasets" not in file.keys():  # noqa: SIM118 - `in file` would follow a link
        return {}
    linked = not isinstance(file.get("datasets", getlink=True), h5py.HardLink)
    group = None if linked else file["datasets"]
    if not isinstance(group, h5py.Group):
        raise DataError(f"{span.label}: `datasets` is no group of this file; refused.")
    layout = file.id.get_create_plist()
    if (layout.get_userblock(), *layout.get_sizes()) != (0, 8, 8):
        raise DataError(f"{span.label}: has addresses of an unusual kind: no torchmeta HDF5 file.")
    names, path = [str(name) for name in group], Path(span.label)
    return {
        name: ClassGroup(f"{path}, class {shown(name)}", _dataset(path, group, name), span)
        for name in names
    }


def write_groups(
    path: Path, classes: Iterable[tuple[str, np.ndarray | list[bytes], Mapping[str, str]]]
) -> None:
    """Write torchmeta's HDF5 from (class, images or encoded pictures, attributes) of each class."""
    with _writing(path, "w") as file:
        group = file.create_group("datasets")
        for name, images, attributes in classes:
            if isinstance(images, np.ndarray):
                found = group.create_dataset(name, data=images)
            else:
                found = group.create_dataset(name, (len(images),), h5py.vlen_dtype(np.uint8))
                for i, picture in enumerate(images):
                    found[i] = np.frombuffer(picture, np.uint8)
            found.attrs.update(attributes)

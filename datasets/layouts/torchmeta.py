"""TODO docstring of fewbench.datasets.layouts.torchmeta."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import h5py
import numpy as np

from ..archives.byte_ranges import Span
from ..info import DataError
from ..lookup import shown
from ..store.hdf5 import open_for_writing, own_dataset
from .hdf5_heap import REFERENCE, HeapValues


class ClassGroup:
    """The images of one class in torchmeta's HDF5: an array, or a list of encoded pictures.

    Raises DataError when they are neither, or are not simply the bytes of a stretch of the file.
    """

    def __init__(self, label: str, found: h5py.Dataset, file: Span) -> None:
        self.label = label
        self.shape: tuple[int, ...] = found.shape
        self.dtype: np.dtype = found.dtype
        self.encoded = (
            h5py.check_vlen_dtype(found.dtype) == np.uint8 and found.ndim == 1
        )
        if not self.encoded and (found.dtype != np.uint8 or not found.shape):
            raise DataError(
                f"{label}: expected bytes or encoded pictures, got {found.dtype}"
            )
        start = found.id.get_offset()
        if start is None:
            raise DataError(
                f"{label}: has chunks or nothing in place of one stretch of bytes"
            )
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
        raise DataError(
            f"{span.label}: cannot be read as HDF5 ({reason}); damaged"
        ) from error


def _class_groups(span: Span, file: h5py.File) -> dict[str, ClassGroup]:
    if "datasets" not in file.keys():  # noqa: SIM118 - `in file` would follow a link
        return {}
    linked = not isinstance(file.get("datasets", getlink=True), h5py.HardLink)
    group = None if linked else file["datasets"]
    if not isinstance(group, h5py.Group):
        raise DataError(f"{span.label}: `datasets` is no group of this file; refused.")
    layout = file.id.get_create_plist()
    if (layout.get_userblock(), *layout.get_sizes()) != (0, 8, 8):
        raise DataError(
            f"{span.label}: has addresses of an unusual kind: no torchmeta HDF5 file."
        )
    names, path = [str(name) for name in group], Path(span.label)
    return {
        name: ClassGroup(
            f"{path}, class {shown(name)}", own_dataset(path, group, name), span
        )
        for name in names
    }


def write_groups(
    path: Path,
    classes: Iterable[tuple[str, np.ndarray | list[bytes], Mapping[str, str]]],
) -> None:
    """Write torchmeta's HDF5 from (class, images or encoded pictures, attributes) of each class."""
    with open_for_writing(path, "w") as file:
        group = file.create_group("datasets")
        for name, images, attributes in classes:
            if isinstance(images, np.ndarray):
                found = group.create_dataset(name, data=images)
            else:
                found = group.create_dataset(
                    name, (len(images),), h5py.vlen_dtype(np.uint8)
                )
                for i, picture in enumerate(images):
                    found[i] = np.frombuffer(picture, np.uint8)
            found.attrs.update(attributes)

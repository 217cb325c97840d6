"""Read and write torchmeta's HDF5 files.

The HDF5 group `datasets` in such a file has one HDF5 dataset for each class. The class
is an array of pixels (miniImageNet) or a list of PNGs (tieredImageNet). h5py is used
only to locate the bytes of a class. This module reads these bytes from the file itself.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import h5py
import numpy as np

from fewbench.documents import shown

from ..archives.byte_ranges import ByteRange
from ..archives.refusals import DOWNLOAD_AGAIN, refusal
from ..info import DataError
from ..store.hdf5 import open_for_writing, own_dataset
from .hdf5_heap import REFERENCE, HeapValues

GROUP = "datasets"
# torchmeta writes no user block, and addresses and lengths of 8 bytes.
_ADDRESSING = (0, 8, 8)


class ClassGroup:
    """The images of one class: an array of pixels, or a list of encoded images.

    Raises DataError if the HDF5 dataset holds anything else, or if its bytes are not
    stored together in one place.
    """

    def __init__(self, label: str, found: h5py.Dataset, file: ByteRange) -> None:
        self.label = label
        self.shape: tuple[int, ...] = found.shape
        self.dtype: np.dtype = found.dtype
        holds_byte_lists = h5py.check_vlen_dtype(found.dtype) == np.uint8
        self.encoded = holds_byte_lists and found.ndim == 1
        is_pixels = found.dtype == np.uint8 and bool(found.shape)
        if not (self.encoded or is_pixels):
            raise refusal(
                label,
                "the images",
                expected="bytes or encoded images",
                got=str(found.dtype),
            )
        start = found.id.get_offset()
        if start is None:
            raise refusal(
                label,
                "the images",
                expected="all bytes in one place",
                got="chunks or no data",
            )
        item_bytes = REFERENCE.itemsize if self.encoded else 1
        n_bytes = math.prod(self.shape) * item_bytes
        self._data = file.part(start, n_bytes, label)
        self._file = file

    def read(self) -> np.ndarray | HeapValues:
        """Return the pixels as uint8 (n, H, W, C), or the n encoded images."""
        data = self._data.read_at(0, len(self._data))
        if self.encoded:
            references = np.frombuffer(data, REFERENCE)
            return HeapValues(self._file, references, self.label)
        pixels = np.frombuffer(data, np.uint8)
        return pixels.reshape(self.shape)


def read_groups(data: ByteRange) -> dict[str, ClassGroup]:
    """Return class name -> images for a torchmeta file, or {} for another HDF5 file.

    Raises DataError if the file is damaged, or if its data are links or lie in another
    file.
    """
    try:
        with h5py.File(data.open(), "r") as file:
            return _class_groups(data, file)
    except DataError:
        raise
    except Exception as error:
        # On damaged bytes h5py raises OSError, KeyError, RuntimeError and many others.
        reason = shown(str(error), 300)
        raise DataError(
            f"{data.label}: cannot be read as HDF5 ({reason}). The file is damaged. "
            f"{DOWNLOAD_AGAIN}"
        ) from error


def _class_groups(data: ByteRange, file: h5py.File) -> dict[str, ClassGroup]:
    if GROUP not in file.keys():  # noqa: SIM118 - `in file` would follow a link
        return {}
    group = _own_group(data, file)
    properties = file.id.get_create_plist()
    user_block = properties.get_userblock()
    addresses, lengths = properties.get_sizes()
    if (user_block, addresses, lengths) != _ADDRESSING:
        raise refusal(
            data.label,
            "the file",
            expected="no user block, and addresses and lengths of 8 bytes",
            got=f"a user block of {user_block}, addresses of {addresses} and lengths "
            f"of {lengths} bytes",
        )
    path = Path(data.label)
    groups = {}
    for key in group:
        name = str(key)
        label = f"{path}, class {shown(name)}"
        found = own_dataset(path, group, name, advice=DOWNLOAD_AGAIN)
        groups[name] = ClassGroup(label, found, data)
    return groups


def _own_group(data: ByteRange, file: h5py.File) -> h5py.Group:
    """Return the HDF5 group `datasets`, which holds the classes.

    Raises DataError if the group is a link, because a link can lead to another file.
    """
    link = file.get(GROUP, getlink=True)
    group = file[GROUP] if isinstance(link, h5py.HardLink) else None
    if not isinstance(group, h5py.Group):
        raise refusal(
            data.label,
            f"`{GROUP}`",
            expected="a group in the file itself",
            got="a link or an HDF5 dataset",
        )
    return group


def write_groups(
    path: Path,
    classes: Iterable[tuple[str, np.ndarray | list[bytes], Mapping[str, str]]],
) -> None:
    """Write a torchmeta HDF5 file.

    classes: (name, images, HDF5 attributes) of each class; the images are pixels, uint8
        (n, H, W, C), or a list of encoded images
    """
    with open_for_writing(path, "w") as file:
        group = file.create_group(GROUP)
        for name, images, attributes in classes:
            found = _write_class(group, name, images)
            found.attrs.update(attributes)


def _write_class(
    group: h5py.Group, name: str, images: np.ndarray | list[bytes]
) -> h5py.Dataset:
    if isinstance(images, np.ndarray):
        return group.create_dataset(name, data=images)
    found = group.create_dataset(name, (len(images),), h5py.vlen_dtype(np.uint8))
    for i, image in enumerate(images):
        found[i] = np.frombuffer(image, np.uint8)
    return found

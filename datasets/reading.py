"""How the pixels of one class are read: rows of an array, encoded pictures, or files of a tree."""

import struct
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from .archives import Tree
from .images import decode, load_images
from .info import DataError
from .store import ClassGroup

Shape = tuple[int, int, int]
_MOST_BYTES = 2**20
_PNG_HEAD = struct.Struct(">8s4x4sII")


class RowArray(Protocol):
    """An array in a file, of which rows are read."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """The rows at `indices`: int64 (n,)."""
        ...


class Record(Protocol):
    """A pickled array whose bytes are an encoded picture."""

    @property
    def nbytes(self) -> int: ...

    def tobytes(self) -> bytes:
        """The encoded picture."""
        ...


def check_images(label: str, array: "RowArray | ClassGroup", shape: Shape) -> None:
    """Raises DataError unless `array` is uint8 (N, *shape)."""
    if array.shape[1:] != shape or array.dtype != np.uint8:
        raise DataError(
            f"{label}: expected uint8 images of shape {shape}, got {array.dtype} of shape "
            f"{array.shape[1:]}. See what it is: fewbench data identify PATH"
        )


def read_rows(array: RowArray, indices: np.ndarray, bgr: bool = False) -> np.ndarray:
    """uint8 (n, H, W, C) of the rows at `indices`; bgr: channels stand in OpenCV's order."""
    images = array.rows(indices)
    return np.ascontiguousarray(images[..., ::-1]) if bgr else images


def read_records(label: str, records: "Sequence[Record] | np.ndarray", shape: Shape) -> np.ndarray:
    """uint8 (n, H, W, C) of PNGs that are kept as arrays of bytes.

    Raises DataError for a picture of another size: such archives hold finished pixels.
    """

    def read(place: str) -> bytes:
        record = records[int(place)]
        if record.nbytes > _MOST_BYTES:
            raise DataError(f"{label}, image {place}: {record.nbytes:,} bytes are no small PNG")
        data = record.tobytes()
        _check_png(f"{label}, image {place}", data, shape)
        return data

    names = [str(i) for i in range(len(records))]
    return load_images(read, names, shape, "nearest", f"{label}, image ")


def read_group(group: ClassGroup, shape: Shape) -> np.ndarray:
    """uint8 (n, H, W, C) of one class of torchmeta's HDF5."""
    images = group.read()
    return read_records(group.label, images, shape) if group.encoded else images


def already_small(firsts: Mapping[str, tuple[Tree, str]], shape: Shape) -> bool:
    """Whether the first picture of every class has the wanted size: somebody has resized them."""
    size = (shape[1], shape[0])
    return all(
        decode(tree.read(member), member, "RGB").size == size for tree, member in firsts.values()
    )


def _check_png(label: str, data: bytes, shape: Shape) -> None:
    if len(data) < _PNG_HEAD.size:
        raise DataError(f"{label}: no PNG, only {len(data)} bytes. Get the archive again")
    signature, kind, width, height = _PNG_HEAD.unpack_from(data)
    if (signature, kind) != (b"\x89PNG\r\n\x1a\n", b"IHDR"):
        raise DataError(f"{label}: expected a PNG, got {data[:8]!r}. Get the archive again")
    if (height, width) != shape[:2]:
        raise DataError(
            f"{label}: expected {shape[1]} x {shape[0]} pixels, got {width} x {height}. This is "
            f"another dataset, see which: fewbench data identify PATH"
        )

"""How the pixels of one class are read: rows of an array, encoded pictures, or files of a tree."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from ..archives.tree import Tree
from ..images.decode import decode
from ..images.load import load_images
from ..info import DataError
from ..pickles.arrays import StoredArray
from .torchmeta import ClassGroup

Shape = tuple[int, int, int]
_CHANNEL_ROWS = 500
_CLEAR = 5.0  # grey levels; in ImageNet red is brighter than blue by 20 on average
_MOST_BYTES = 2**20
_MOST_INTEGERS = 2**24
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


def check_images(label: str, array: object, shape: Shape) -> None:
    """Raises DataError unless `array` is a RowArray or ClassGroup of uint8 (N, *shape)."""
    dtype = getattr(array, "dtype", type(array).__name__)
    found = getattr(array, "shape", ())[1:]
    if found != shape or dtype != np.uint8:
        raise DataError(
            f"{label}: expected uint8 images of shape {shape}, got {dtype} of shape {found}. "
            f"See what it is: fewbench data identify PATH"
        )


def read_integers(label: str, value: object) -> np.ndarray:
    """int64 (n,) of a pickled list or array. Raises DataError when it holds anything else."""
    if isinstance(value, StoredArray):
        if value.dtype.kind in "iu" and value.nbytes <= 8 * _MOST_INTEGERS:
            return value.read().astype(np.int64).reshape(-1)
        kind = f"{value.dtype} {value.shape}"
    elif isinstance(value, list | tuple):
        if all(type(item) is int and abs(item) < 2**63 for item in value):
            return np.array(value, np.int64)
        kind = "a list of something else"
    else:
        kind = type(value).__name__
    raise DataError(
        f"{label}: expected a list of whole numbers, got {kind}. Get the file again"
    )


def channel_order(array: Any) -> str:
    """RGB or BGR by the mean of the outer channels, as in ImageNet; "" when it is not clear."""
    if (
        not hasattr(array, "rows")
        or array.shape[1:] != (84, 84, 3)
        or not array.shape[0]
    ):
        return ""
    n_rows = array.shape[0]
    rows = np.unique(np.linspace(0, n_rows - 1, min(n_rows, _CHANNEL_ROWS)).astype(int))
    means = array.rows(rows).mean((0, 1, 2))
    difference = float(means[0] - means[2])
    if abs(difference) < _CLEAR:
        return ""
    order = "RGB" if difference > 0 else "BGR"
    return f"{order} (channel means {means[0]:.0f}, {means[1]:.0f}, {means[2]:.0f})"


def read_rows(array: RowArray, indices: np.ndarray, bgr: bool = False) -> np.ndarray:
    """uint8 (n, H, W, C) of the rows at `indices`; bgr: channels stand in OpenCV's order."""
    images = array.rows(indices)
    return np.ascontiguousarray(images[..., ::-1]) if bgr else images


def read_records(label: str, records: Sequence[Record], shape: Shape) -> np.ndarray:
    """uint8 (n, H, W, C) of PNGs that are kept as arrays of bytes.

    Raises DataError for a picture of another size: such archives hold finished pixels.
    """

    def read(place: str) -> bytes:
        record = records[int(place)]
        if record.nbytes > _MOST_BYTES:
            raise DataError(
                f"{label}, image {place}: {record.nbytes:,} bytes are no small PNG"
            )
        data = record.tobytes()
        _check_png(f"{label}, image {place}", data, shape)
        return data

    names = [str(i) for i in range(len(records))]
    return load_images(read, names, shape, "nearest", f"{label}, image ")


def read_group(group: ClassGroup, shape: Shape) -> np.ndarray:
    """uint8 (n, H, W, C) of one class of torchmeta's HDF5."""
    images = group.read()
    if isinstance(images, np.ndarray):
        return images
    return read_records(group.label, images, shape)


def already_small(firsts: Mapping[str, tuple[Tree, str]], shape: Shape) -> bool:
    """Whether the first picture of every class has the wanted size: somebody has resized them."""
    size = (shape[1], shape[0])
    return all(
        decode(tree.read(member), member, "RGB").size == size
        for tree, member in firsts.values()
    )


def _check_png(label: str, data: bytes, shape: Shape) -> None:
    if len(data) < _PNG_HEAD.size:
        raise DataError(
            f"{label}: no PNG, only {len(data)} bytes. Get the archive again"
        )
    signature, kind, width, height = _PNG_HEAD.unpack_from(data)
    if (signature, kind) != (b"\x89PNG\r\n\x1a\n", b"IHDR"):
        raise DataError(
            f"{label}: expected a PNG, got {data[:8]!r}. Get the archive again"
        )
    if (height, width) != shape[:2]:
        raise DataError(
            f"{label}: expected {shape[1]} x {shape[0]} pixels, got {width} x {height}. This is "
            f"another dataset, see which: fewbench data identify PATH"
        )

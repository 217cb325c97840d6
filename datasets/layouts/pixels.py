"""Read the images of one class from an array or from encoded images."""

import struct
from collections.abc import Iterable, Sequence
from typing import Protocol

import numpy as np

from ..archives.refusals import refusal
from ..archives.tree import Tree
from ..images.decode import decode
from ..images.load import load_images
from ..pickles.arrays import StoredArray
from .torchmeta import ClassGroup

Shape = tuple[int, int, int]
_MOST_BYTES = 2**20  # in one encoded image
_MOST_INTEGERS = 2**24
_PNG_START = struct.Struct(">8s4x4sII")  # signature, first chunk, width, height
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_IDENTIFY = "See what it is: fewbench data identify PATH"


class RowArray(Protocol):
    """An array in a file. Single rows of it can be read."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Return the rows at `indices`, int64 (n,)."""
        ...


class Record(Protocol):
    """An encoded image in a file."""

    @property
    def nbytes(self) -> int: ...

    def tobytes(self) -> bytes:
        """Return the bytes of the encoded image."""
        ...


def check_images(label: str, array: object, shape: Shape) -> None:
    """Raise DataError unless `array` is a RowArray or ClassGroup of uint8 (N, *shape).

    label: the file or class, for messages
    """
    dtype = getattr(array, "dtype", type(array).__name__)
    array_shape = getattr(array, "shape", ())
    image_shape = array_shape[1:]
    if image_shape == shape and dtype == np.uint8:
        return
    raise refusal(
        label,
        "the images",
        expected=f"uint8 images of shape {shape}",
        got=f"{dtype} of shape {image_shape}",
        advice=_IDENTIFY,
    )


def read_integers(label: str, value: object) -> np.ndarray:
    """Return the whole numbers in a pickled list or array as int64 (n,).

    label: the file or class, for messages
    Raises DataError if `value` is anything else, or an array of more than 128 MiB.
    """
    if isinstance(value, StoredArray):
        is_integers = value.dtype.kind in "iu"
        is_small = value.nbytes <= 8 * _MOST_INTEGERS
        if is_integers and is_small:
            integers = value.read().astype(np.int64)
            return integers.reshape(-1)
        got = f"{value.dtype} {value.shape}"
    elif isinstance(value, list | tuple):
        if all(_fits_int64(item) for item in value):
            return np.array(value, np.int64)
        got = "a list with other values"
    else:
        got = type(value).__name__
    raise refusal(
        label,
        "the numbers",
        expected="a list of whole numbers",
        got=got,
    )


def _fits_int64(item: object) -> bool:
    # bool is a subclass of int, but True and False are not labels.
    return type(item) is int and abs(item) < 2**63


def read_rows(array: RowArray, indices: np.ndarray, bgr: bool = False) -> np.ndarray:
    """Return the images in the rows at `indices`: uint8 (n, H, W, C).

    bgr: whether the channels of the array are in OpenCV's order; if so, they are
        reversed to RGB
    """
    images = array.rows(indices)
    if bgr:
        return np.ascontiguousarray(images[..., ::-1])
    return images


def read_records(label: str, records: Sequence[Record], shape: Shape) -> np.ndarray:
    """Return decoded PNGs: uint8 (n, H, W, C).

    label: the file or class, for messages
    Raises DataError if an image is damaged, or is not a PNG with the height and width
    in `shape`.
    """

    def read(position: str) -> bytes:
        image_label = f"{label}, image {position}"
        record = records[int(position)]
        if record.nbytes > _MOST_BYTES:
            raise refusal(
                image_label,
                "the image",
                expected=f"a PNG of at most {_MOST_BYTES:,} bytes",
                got=f"{record.nbytes:,} bytes",
            )
        data = record.tobytes()
        _check_png(image_label, data, shape)
        return data

    positions = [str(i) for i in range(len(records))]
    # _check_png accepts only images of the final size, so the filter has no effect.
    return load_images(
        read,
        positions,
        shape,
        "nearest",
        prefix=f"{label}, image ",
    )


def read_group(group: ClassGroup, shape: Shape) -> np.ndarray:
    """Return the images of one class in a torchmeta HDF5 file: uint8 (n, H, W, C)."""
    images = group.read()
    if isinstance(images, np.ndarray):
        return images
    return read_records(group.label, images, shape)


def already_small(images: Iterable[tuple[Tree, str]], shape: Shape) -> bool:
    """Return whether all image files already have the height and width in `shape`.

    images: (tree, name of the file in the tree) of each image
    Raises DataError if an image is damaged.
    """
    height, width, _ = shape
    for tree, member in images:
        image = decode(tree.read(member), member, "RGB")
        if image.size != (width, height):
            return False
    return True


def image_sizes(images: Iterable[tuple[Tree, str]]) -> list[tuple[int, int]]:
    """Return (width, height) of each image file in pixels.

    images: (tree, name of the file in the tree) of each image
    Raises DataError if an image is damaged.
    """
    sizes: list[tuple[int, int]] = []
    for tree, member in images:
        image = decode(tree.read(member), member, "RGB")
        sizes.append(image.size)
    return sizes


def _check_png(label: str, data: bytes, shape: Shape) -> None:
    """Raise DataError unless `data` starts like a PNG with the size in `shape`."""
    if len(data) < _PNG_START.size:
        raise refusal(
            label,
            "the image",
            expected="a PNG",
            got=f"only {len(data)} bytes",
        )
    signature, chunk, width, height = _PNG_START.unpack_from(data)
    if signature != _PNG_SIGNATURE or chunk != b"IHDR":
        raise refusal(
            label,
            "the image",
            expected="a PNG",
            got=f"{data[:8]!r}",
        )
    expected_height, expected_width, _ = shape
    if height != expected_height or width != expected_width:
        raise refusal(
            label,
            "the image",
            expected=f"{expected_width} x {expected_height} pixels",
            got=f"{width} x {height}, so this is another dataset",
            advice=_IDENTIFY,
        )

"""Pickles for tests, and what read_pickle makes of them in a form that `==` compares."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from fewbench.datasets.archives.byte_ranges import ByteRange
from fewbench.datasets.pickles.arrays import StoredArray
from fewbench.datasets.pickles.reader import read_pickle

PROTOCOLS = range(6)
# The start of an array as Python 2 writes it. Its version, shape, dtype, order and bytes follow.
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
UINT8 = (
    b"cnumpy\ndtype\n(U\x02u1K\x00K\x01tR"
    b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
)


@contextmanager
def ranged(data: bytes) -> Iterator[ByteRange]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        yield ByteRange(file, 0, len(data), "cache.pkl")


def loaded(data: bytes) -> object:
    """What read_pickle makes of the data, with its arrays read."""
    with ranged(data) as byte_range:
        return plain(read_pickle(byte_range))


def plain(value: object) -> object:
    """A value whose `==` and repr compare all of it, arrays and types too."""
    if isinstance(value, StoredArray):
        array = value.read()
        assert (array.dtype, array.shape) == (value.dtype, value.shape)
        assert array.tobytes() == value.tobytes()
        value = array
    if isinstance(value, np.ndarray):
        return "array", value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple):
        return type(value)(plain(item) for item in value)
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    return value


def pixels(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def array_state(
    shape: bytes, data: bytes, dtype: bytes = UINT8, order: bytes = b"\x89"
) -> bytes:
    return ARRAY + b"(K\x01" + shape + dtype + order + data + b"tb."

"""Read .npz files safely: the size of each array is limited before it is unpacked."""

import io
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .files import open_file

# The exceptions that numpy and zipfile raise for damaged, pickled or hostile files.
UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    MemoryError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)
_HEADER_BYTES = 4096  # a generous limit for the header of an .npy member
# zipfile unpacks data of other kinds as a whole, however large it is.
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What numpy raises, besides ValueError, when it parses a damaged header.
_NO_HEADER = (SyntaxError, TypeError, LookupError, tokenize.TokenError)

_HEADER_READERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_arrays(path: Path, limits: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Read the arrays of an .npz file, as name -> array. Pickled arrays are refused.

    limits: array name -> the largest number of bytes that its values may take; the file
        must contain exactly these arrays. A zip of a few kilobytes can unpack to
        terabytes.
    Raises FileNotFoundError if the file is missing.
    Raises ValueError if an array is missing, unexpected, pickled or too large.
    Raises one of the other exceptions in the tuple UNREADABLE if the file is damaged.
    """
    with open_file(path) as file:
        return parse_arrays(file, limits)


def parse_arrays(file: BinaryIO, limits: Mapping[str, int]) -> dict[str, np.ndarray]:
    """Read the arrays of an .npz that is open already, as `read_arrays` does."""
    with zipfile.ZipFile(file) as archive:
        _check_members(archive, limits)
        return {name: _read_array(archive, name) for name in limits}


def array_kind(path: Path, name: str) -> tuple[np.dtype, tuple[int, ...]] | None:
    """Return the type and the shape of an array in an .npz, without unpacking its values.

    None if there is no such array, or if its header cannot be read.
    """
    try:
        with open_file(path) as file, zipfile.ZipFile(file) as archive:
            member = archive.getinfo(f"{name}.npy")
            if member.compress_type not in _PACKINGS:
                return None
            with archive.open(member) as packed:
                start = io.BytesIO(packed.read(_HEADER_BYTES))
        read_header = _HEADER_READERS[np.lib.format.read_magic(start)]
        shape, _, dtype = read_header(start)
    except (*UNREADABLE, *_NO_HEADER):
        return None
    return dtype, shape


def _check_members(archive: zipfile.ZipFile, limits: Mapping[str, int]) -> None:
    found = [member.filename for member in archive.infolist()]
    expected = [f"{name}.npy" for name in limits]
    if sorted(found) != sorted(expected):
        raise ValueError(f"it holds {sorted(found)!r:.200}, not {sorted(expected)}")
    for member in archive.infolist():
        limit = limits[member.filename.removesuffix(".npy")] + _HEADER_BYTES
        if member.file_size > limit:
            raise ValueError(
                f"{member.filename} unpacks to {member.file_size:,} bytes, and at most "
                f"{limit:,} bytes are allowed"
            )
        if member.compress_type not in _PACKINGS:
            raise ValueError(
                f"{member.filename} is packed by method {member.compress_type}, and only "
                f"stored or deflated data is read"
            )


def _read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    # Unpacking all bytes at once is faster than the many small reads of numpy.load. Without
    # a size, zipfile would unpack more bytes than the directory of the zip says.
    size = archive.getinfo(f"{name}.npy").file_size
    with archive.open(f"{name}.npy") as packed:
        member = io.BytesIO(packed.read(size))
    try:
        return np.lib.format.read_array(member, allow_pickle=False)
    except _NO_HEADER as damage:
        raise ValueError(f"{name}.npy has a damaged header") from damage

"""Read the few arrays of an .npz of our own without believing what it says of its size."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

# What numpy and zipfile raise for damaged, pickled or hostile files.
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
_HEADER_BYTES = 4096  # of an .npy member, generously


def read_arrays(path: Path, limits: Mapping[str, int]) -> dict[str, np.ndarray]:
    """The arrays of an .npz file by name, none of them pickled.

    limits: for each array that the file must hold, how many bytes its values may take
    Raises FileNotFoundError, ValueError when a member is missing, unknown or too large
    (a few kilobytes of zip can claim to be terabytes), or another of UNREADABLE.
    """
    with zipfile.ZipFile(path) as archive:
        _check_members(archive, limits)
        return {name: _read_array(archive, name) for name in limits}


def _check_members(archive: zipfile.ZipFile, limits: Mapping[str, int]) -> None:
    found = [member.filename for member in archive.infolist()]
    expected = [f"{name}.npy" for name in limits]
    if sorted(found) != sorted(expected):
        raise ValueError(f"it holds {sorted(found)!r:.200}, not {sorted(expected)}")
    for member in archive.infolist():
        limit = limits[member.filename.removesuffix(".npy")] + _HEADER_BYTES
        if member.file_size > limit:
            raise ValueError(
                f"{member.filename} takes {member.file_size:,} bytes unpacked, and at most "
                f"{limit:,} are allowed"
            )


def _read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    # Unpacked in one piece, which is faster than numpy.load's many.
    member = io.BytesIO(archive.read(f"{name}.npy"))
    return np.lib.format.read_array(member, allow_pickle=False)

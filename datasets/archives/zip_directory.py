"""Read the directory of a zip file, which lists its entries, in bounded memory."""

import io
import zipfile

from .limits import Limits
from .refusals import DAMAGE


class _CappedReader(io.BufferedReader):
    """A file that raises BadZipFile if one call reads more than `cap` bytes.

    zipfile reads the whole directory in one call, before its entries can be counted.
    """

    def __init__(self, file: io.FileIO, cap: int) -> None:
        super().__init__(file)
        self._cap = cap

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self._cap:
            raise zipfile.BadZipFile(
                f"a list of entries with {size:,} bytes, which is too long"
            )
        return super().read(size)


def directory(file: io.FileIO, limits: Limits) -> list[zipfile.ZipInfo]:
    """Return the entries of a zip.

    Raises one of `refusals.DAMAGE` if the file is not a zip, or if its directory is far
    larger than `limits` allow.
    """
    reader = _CappedReader(file, limits.members * 128 + 4096)
    try:
        with zipfile.ZipFile(reader) as archive:
            return archive.infolist()
    finally:
        reader.detach()  # the file stays open


def describe_zip(file: io.FileIO, limits: Limits) -> str:
    """Describe a file that starts like a zip, in words for an error message."""
    try:
        entries = directory(file, limits)
    except DAMAGE:
        return _describe_damaged(file)
    for entry in entries:
        if not entry.filename.endswith(".npy"):
            return "a zip file"
    return "a NumPy .npz file" if entries else "a zip file"


def _describe_damaged(file: io.FileIO) -> str:
    try:
        has_end = zipfile.is_zipfile(file)
    except DAMAGE:
        has_end = True  # the file ends like one part of a zip with several parts
    if has_end:
        return "a damaged zip file"
    return "a truncated zip file: its end is missing"

"""Open a file that is a zip or a tar."""

from pathlib import Path

from ..info import DataError
from .archive import Members
from .byte_ranges import SharedFile
from .limits import Limits
from .refusals import (
    CHECK_ACCESS,
    DAMAGE,
    DOWNLOAD_AGAIN,
    is_system_error,
    reason_of,
)
from .signatures import HEAD_BYTES, describe_content, kind_of
from .tar_headers import starts_tar
from .tars import TarMembers
from .temporary_file import write_temporary
from .unpacking import PACKINGS, unpacked
from .zips import ZipMembers


def open_archive(path: Path, limits: Limits, scratch: Path | None) -> Members:
    """Return the files in a zip or a tar.

    The first bytes of the file decide whether it is a zip or a tar, not its name. A tar
    may be compressed with gzip, bzip2 or xz.
    scratch: folder for temporary files with unpacked data; None for the system's
        default
    Raises DataError if the file is unsafe, damaged or of another kind.
    """
    try:
        return _members(path, limits, scratch)
    except DataError:
        raise
    except DAMAGE as error:
        raise not_opened(path, limits, error) from error


def not_opened(path: Path, limits: Limits, error: Exception) -> DataError:
    """Return the error for a source that raised one of DAMAGE when it was opened."""
    expected = "a zip file or a tar file"
    if is_system_error(error):
        return cannot_open(path, expected, reason_of(error), CHECK_ACCESS)
    got = describe_content(path, limits)
    return cannot_open(path, expected, got, DOWNLOAD_AGAIN)


def cannot_open(path: Path, expected: str, got: str, advice: str) -> DataError:
    """Return the error for a source that is something else than expected."""
    return DataError(
        f"{path}: cannot open it: expected {expected}, got {got}. {advice}"
    )


def _members(path: Path, limits: Limits, scratch: Path | None) -> Members:
    file = SharedFile(path)
    data = file.whole(str(path))
    head = data.read_at(0, min(HEAD_BYTES, len(data)))
    packing = kind_of(head)
    if packing in PACKINGS:
        chunks = unpacked(data, packing, limits)
        data = write_temporary(chunks, str(path), scratch)
    elif not starts_tar(head):
        return ZipMembers(file, str(path), limits, scratch)
    return TarMembers(lambda: data, file.stamp, limits)

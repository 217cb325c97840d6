"""One read-only view of a source: a folder, a zip or a tar.

No file is unpacked to a path that its name could choose.
"""

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from ..info import DataError
from .archive import Members
from .byte_ranges import ByteRange, SharedFile
from .folders import FolderMembers
from .limits import Limits
from .refusals import (
    CHECK_ACCESS,
    DAMAGE,
    DOWNLOAD_AGAIN,
    UNPACK_YOURSELF,
    damage_refusal,
    is_system_error,
    reason_of,
    refusal,
)
from .signatures import HEAD_BYTES, describe_content, kind_of
from .tar_headers import starts_tar
from .tars import TarMembers
from .temporary_file import write_temporary
from .unpacking import PACKINGS, unpacked
from .zips import ZipMembers


class Tree(AbstractContextManager["Tree"]):
    """The regular files of one source. Any thread may use it; close it, or use a `with` block.

    `close` releases the source. Its file is closed once no byte range and no nested tree
    needs it either. All methods but `close` raise DataError for what is missing, damaged or
    too large, and on a closed tree.
    """

    def __init__(self, members: Members, *, is_nested: bool = False) -> None:
        self.label = members.label
        self._members: Members | None = members
        self._is_nested = is_nested

    def names(self) -> list[str]:
        """Relative POSIX paths, sorted, without hidden files."""
        return self._opened().names.copy()

    def read(self, name: str) -> bytes:
        """The bytes of one file, at most `Limits.member_bytes`."""
        with self._find(name) as (members, index):
            return members.read(index)

    def size(self, name: str) -> int:
        """The size of one file in bytes."""
        with self._find(name) as (members, index):
            return members.size(index)

    def byte_range(self, name: str) -> ByteRange:
        """One file of any size, which can be read at any place.

        A file in a zip is read once here to compare its CRC; a compressed one is unpacked to
        a temporary file.
        """
        with self._find(name) as (members, index):
            members.limits.check_disk(members.label, repr(name), members.size(index))
            return members.byte_range(index)

    def nested(self, name: str) -> "Tree":
        """The files of a plain tar that lies in this source, read in place."""
        if self._is_nested:
            raise refusal(
                self.label,
                repr(name),
                expected="at most a tar within an archive",
                got="one three levels deep",
                advice=UNPACK_YOURSELF,
            )
        with self._find(name) as (members, index):
            members.limits.check_disk(members.label, repr(name), members.size(index))
            opener = members.opener(index)
            inner = TarMembers(opener, members.member_stamp(index), members.limits)
            return Tree(inner, is_nested=True)

    def stamp(self) -> str:
        """A text that changes when the source does; made of sizes and times, not of contents."""
        members = self._opened()
        with _refusing(members, "it"):
            return members.stamp()

    def close(self) -> None:
        """Release the source."""
        self._members = None

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> Members:
        if self._members is None:
            raise refusal(
                self.label,
                "it",
                expected="an open archive",
                got="one that was closed",
                advice="Open it again.",
            )
        return self._members

    @contextmanager
    def _find(self, name: str) -> Iterator[tuple[Members, int]]:
        """The members and the index of `name` among them; turns damage into DataError."""
        members = self._opened()
        index = bisect_left(members.names, name)
        is_there = index < len(members.names) and members.names[index] == name
        if not is_there:
            raise refusal(
                self.label,
                repr(name),
                expected="one of the files there",
                got="a name that is not among them",
            )
        with _refusing(members, repr(name)):
            yield members, index


@contextmanager
def _refusing(members: Members, what: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except DAMAGE as error:
        raise damage_refusal(members.label, what, "an intact file", error) from error


def open_tree(
    path: Path, limits: Limits | None = None, scratch: Path | None = None
) -> Tree:
    """The files of a folder, a zip or a tar, which are told apart by their bytes.

    scratch: folder for temporary files with unpacked data; None: the system's choice
    Raises DataError when the source is missing, unsafe, damaged or no archive.
    """
    limits = limits or Limits()
    try:
        if path.is_dir():
            return Tree(FolderMembers(path, limits))
        if path.is_file():  # opening a pipe would wait for ever
            return Tree(_open_archive(path, limits, scratch))
    except DataError:
        raise
    except DAMAGE as error:
        raise _not_opened(path, limits, error) from error
    expected = "a folder, a zip file or a tar file"
    raise _cannot_open(path, expected, _what_is_there(path), "Check the path.")


def _open_archive(path: Path, limits: Limits, scratch: Path | None) -> Members:
    file = SharedFile(path)
    data = file.whole(str(path))
    stamp = file.stamp()
    head = data.read_at(0, min(HEAD_BYTES, len(data)))
    packing = kind_of(head)
    if packing in PACKINGS:
        chunks = unpacked(data, packing, limits)
        data = write_temporary(chunks, str(path), scratch)
    elif not starts_tar(head):
        return ZipMembers(file, str(path), limits, scratch)
    return TarMembers(lambda: data, stamp, limits)


def _not_opened(path: Path, limits: Limits, error: Exception) -> DataError:
    """The refusal of a source that raised one of DAMAGE."""
    expected = "a zip file or a tar file"
    if is_system_error(error):
        return _cannot_open(path, expected, reason_of(error), CHECK_ACCESS)
    got = describe_content(path, limits)
    return _cannot_open(path, expected, got, DOWNLOAD_AGAIN)


def _what_is_there(path: Path) -> str:
    if path.exists():
        return "a device or a pipe"
    for parent in path.absolute().parents:
        if parent.exists():
            return f"nothing (the nearest folder that exists is {parent})"
    return "nothing"


def _cannot_open(path: Path, expected: str, got: str, advice: str) -> DataError:
    return DataError(
        f"{path}: cannot open it: expected {expected}, got {got}. {advice}"
    )

"""A read-only view of a source, which is a folder, a zip or a tar.

No file is ever written to a path that comes from its name in an archive.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from ..info import DataError
from .archive import Members
from .byte_ranges import ByteRange
from .limits import Limits
from .packed_file import cannot_open, not_opened, open_archive
from .refusals import DAMAGE, UNPACK_YOURSELF, damage_refusal, refusal
from .side_by_side import open_side_by_side
from .tars import TarMembers


class Tree(AbstractContextManager["Tree"]):
    """The regular files in one source (a folder, a zip or a tar).

    Several threads may use one tree at the same time. Close the tree, or use it in a
    `with` block. The open file of an archive is closed when the tree is closed and no
    byte range or nested tree uses the file any more.
    All methods except `close` raise DataError if the tree is closed, or if a file is
    missing, damaged or too large.
    """

    def __init__(self, members: Members, *, is_nested: bool = False) -> None:
        self.label = members.label
        self._members: Members | None = members
        self._is_nested = is_nested

    def names(self) -> list[str]:
        """Return the relative POSIX paths of all files except hidden ones, sorted."""
        return self._opened().names.copy()

    def read(self, name: str) -> bytes:
        """Return the bytes of one file of at most `Limits.member_bytes`."""
        with self._find(name) as (members, index):
            return members.read(index)

    def size(self, name: str) -> int:
        """Return the size of one file in bytes."""
        with self._find(name) as (members, index):
            return members.size(index)

    def byte_range(self, name: str) -> ByteRange:
        """Return one file as a byte range, which can be read from any position.

        The file may have at most `Limits.disk_bytes`. A file in a zip is read once here
        to compare its checksum. A compressed file is unpacked to a temporary file.
        """
        with self._find(name) as (members, index):
            _check_disk(members, index)
            return members.byte_range(index)

    def nested(self, name: str) -> "Tree":
        """Return the files of an uncompressed tar in this source, without unpacking."""
        if self._is_nested:
            raise refusal(
                self.label,
                repr(name),
                expected="at most one level of tars inside the source",
                got="a tar on the second level",
                advice=UNPACK_YOURSELF,
            )
        with self._find(name) as (members, index):
            _check_disk(members, index)
            opener = members.opener(index)
            stamp = partial(members.member_stamp, index)
            inner = TarMembers(opener, stamp, members.limits)
            return Tree(inner, is_nested=True)

    def stamp(self) -> str:
        """Return a text that changes when a file of the source changes.

        It depends on the sizes and times of files, not on their contents.
        """
        members = self._opened()
        with _refusing(members, "it"):
            return members.stamp()

    def close(self) -> None:
        """Close the tree."""
        self._members = None

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> Members:
        if self._members is None:
            raise refusal(
                self.label,
                "it",
                expected="an open source",
                got="a source that was closed",
                advice="Open it again.",
            )
        return self._members

    @contextmanager
    def _find(self, name: str) -> Iterator[tuple[Members, int]]:
        """Find a file, for a `with` block that reads it.

        Yields the members of the folder or archive with the file, and the index of the
        file in them.
        Raises DataError if `name` is missing, or if the block raises one of DAMAGE.
        """
        members = self._opened()
        index = bisect_left(members.names, name)
        is_there = index < len(members.names) and members.names[index] == name
        if not is_there:
            raise refusal(
                self.label,
                repr(name),
                expected="the name of a file in this source",
                got="a name that no file in it has",
                advice="Check the name.",
            )
        owner, own_index = members.locate(index)
        with _refusing(owner, repr(owner.names[own_index])):
            yield owner, own_index


def _check_disk(members: Members, index: int) -> None:
    what = repr(members.names[index])
    members.limits.check_disk(members.label, what, members.size(index))


@contextmanager
def _refusing(members: Members, what: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except DAMAGE as error:
        raise damage_refusal(members.label, what, "an intact file", error) from error


def open_tree(
    path: Path,
    limits: Limits | None = None,
    scratch: Path | None = None,
    *,
    is_archive: Callable[[str], bool] | None = None,
    refused: dict[str, DataError] | None = None,
) -> Tree:
    """Return the files of a folder, a zip or a tar.

    The first bytes of a file decide whether it is a zip or a tar, not its name. A tar
    may be compressed with gzip, bzip2 or xz.
    scratch: folder for temporary files with unpacked data; None for the system's
        default
    is_archive: whether a name in a folder is that of an archive which is read as if it
        were unpacked there; None to leave all archives as they are
    refused: where the error of each such archive that cannot be read is put, by the
        name of the archive; None to raise the first
    Raises DataError if the source is missing, unsafe, damaged or of another kind.
    """
    limits = limits or Limits()
    try:
        if path.is_dir():
            looks_like_archive = is_archive or _never
            members = open_side_by_side(
                path, limits, scratch, looks_like_archive, refused
            )
            return Tree(members)
        if path.is_file():  # opening a pipe would wait for ever
            return Tree(open_archive(path, limits, scratch))
    except DataError:
        raise
    except DAMAGE as error:
        raise not_opened(path, limits, error) from error
    expected = "a folder, a zip file or a tar file"
    if path.exists():
        raise cannot_open(path, expected, "a device or a pipe", "Check the path.")
    raise DataError(
        f"{path}: cannot open it, because it is missing: expected {expected}, got "
        f"nothing ({_nearest_folder(path)}). Check the path."
    )


def _never(_: str) -> bool:
    return False


def _nearest_folder(path: Path) -> str:
    for parent in path.absolute().parents:
        if parent.exists():
            return f"the nearest folder that exists is {parent}"
    return "there is no folder of this path"

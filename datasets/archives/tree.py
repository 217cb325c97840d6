"""One read-only view of a source: a folder, a zip or a tar; nothing is unpacked under a name."""

from bisect import bisect_left
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from ..files import file_digest
from ..info import DataError
from .archive import Members
from .byte_ranges import Span
from .folders import FolderMembers
from .limits import DAMAGE, NEXT, Limits, in_words, refusal
from .signatures import (
    HEAD_BYTES,
    describe_content,
    describe_head,
    kind_of,
    looks_like_page,
)
from .tar_headers import starts_tar
from .tars import TarMembers
from .unpacking import PACKINGS, SourceFile, spooled, unpacked
from .zips import ZipMembers

__all__ = [
    "Limits",
    "Tree",
    "describe_content",
    "describe_head",
    "file_digest",
    "looks_like_page",
    "open_tree",
]


class Tree(AbstractContextManager["Tree"]):
    """The regular files of one source; any thread may ask. Close it, or use it in a `with` block.

    A file behind it is let go of by `close`, and closed when the last span and the last nested
    tree are gone too. All but `label` and `close` raise DataError: what is missing, damaged or
    too large, and on a tree that was closed.
    """

    def __init__(self, members: Members, *, is_nested: bool = False) -> None:
        self.label = members.label
        self._members: Members | None = members
        self._is_nested = is_nested

    def names(self) -> list[str]:
        """Relative POSIX paths, sorted; hidden files are left out."""
        return self._opened().names.copy()

    def read(self, name: str) -> bytes:
        """The bytes of one file, at most `Limits.member_bytes`."""
        with self._find(name) as (members, index):
            return members.read(index)

    def size(self, name: str) -> int:
        """How many bytes one file has."""
        with self._find(name) as (members, index):
            return members.size(index)

    def span(self, name: str) -> Span:
        """One file of any size, to be read at any place.

        In a zip this reads the file once to compare its CRC, and inflates it to disk if need be.
        """
        with self._find(name) as (members, index):
            members.limits.check_span(members.label, repr(name), members.size(index))
            return members.span(index)

    def nested(self, name: str) -> "Tree":
        """The files of a plain tar that lies in this source, read where they lie."""
        if self._is_nested:
            got = "one three levels deep"
            raise refusal(
                self.label, repr(name), "at most a tar within an archive", got
            )
        with self._find(name) as (members, index):
            members.limits.check_span(members.label, repr(name), members.size(index))
            stamp = members.member_stamp(index)
            inner = TarMembers(members.opener(index), stamp, members.limits)
            return Tree(inner, is_nested=True)

    def stamp(self) -> str:
        """What changes when the source does: of sizes and times, not of contents."""
        with _refusing(self._opened(), "any of it"):
            return self._opened().stamp()

    def close(self) -> None:
        """Let go of the file behind the view."""
        self._members = None

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> Members:
        members = self._members
        if members is None:
            raise refusal(
                self.label, "any of it", "an open archive", "one that was closed"
            )
        return members

    @contextmanager
    def _find(self, name: str) -> Iterator[tuple[Members, int]]:
        members = self._opened()
        index = bisect_left(members.names, name)
        if members.names[index : index + 1] != [name]:
            got = "a name that is not among them"
            raise refusal(self.label, repr(name), "one of the files there", got)
        with _refusing(members, repr(name)):
            yield members, index


@contextmanager
def _refusing(members: Members, what: str) -> Iterator[None]:
    try:
        yield
    except DataError:
        raise
    except DAMAGE as error:
        raise refusal(members.label, what, "an intact file", in_words(error)) from error


def open_tree(
    path: Path, limits: Limits | None = None, scratch: Path | None = None
) -> Tree:
    """The files of a folder, a zip or a tar, told apart by their bytes.

    scratch: where what is packed is unpacked to files without a name; None: the system's choice.
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
        is_system = isinstance(error, OSError)
        got = in_words(error) if is_system else describe_content(path, limits)
        expected = "a zip file or a tar file"
        raise DataError(
            f"{path}: cannot open: expected {expected}, got {got}. {NEXT}"
        ) from error
    nearest = next(parent for parent in path.absolute().parents if parent.exists())
    missing = f"nothing (the nearest folder that exists is {nearest})"
    got = "a device or a pipe" if path.exists() else missing
    expected = "a folder, a zip file or a tar file"
    raise DataError(f"{path}: cannot open: expected {expected}, got {got}. {NEXT}")


def _open_archive(path: Path, limits: Limits, scratch: Path | None) -> Members:
    file = SourceFile(path)
    span, stamp = file.span(str(path)), file.stamp()
    head = span.read_at(0, min(HEAD_BYTES, len(span)))
    packing = kind_of(head)
    if packing in PACKINGS:
        span = spooled(unpacked(span, packing, limits), str(path), scratch)
    elif not starts_tar(head):
        return ZipMembers(file, str(path), limits, scratch)
    return TarMembers(lambda: span, stamp, limits)

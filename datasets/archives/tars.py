"""The files in an uncompressed tar, read in place."""

import re
from array import array
from collections.abc import Callable, Iterator
from itertools import pairwise

from .archive import Members
from .byte_ranges import ByteRange
from .limits import Limits
from .refusals import refusal
from .safe_names import hidden, unsafe
from .tar_headers import FILES, FOLDER, TarEntry, read_entries

_NAME_BYTES = 256  # largest allowed mean length of a name
_REFUSED = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a named pipe",
    b"S": "a sparse file",
}
_DOTS = re.compile(r"\A(?:\./)+")


class TarMembers(Members):
    """The files in an uncompressed tar archive.

    opener: a function that returns the archive as a byte range
    stamp: returns a text that changes when the archive changes
    Raises DataError if the archive is not a tar, or is unsafe, damaged or truncated.
    """

    def __init__(
        self,
        opener: Callable[[], ByteRange],
        stamp: Callable[[], str],
        limits: Limits,
    ) -> None:
        archive = opener()
        super().__init__(archive.label, limits)
        self._opener = opener
        self._stamp = stamp
        found = sorted(self._files(archive))
        # Arrays need little memory. A thousand tars of a thousand files may be open.
        self._starts = array("q")
        self._sizes = array("q")
        for name, start, size in found:
            self.names.append(name)
            self._starts.append(start)
            self._sizes.append(size)
        self._check_distinct()

    def size(self, index: int) -> int:
        return self._sizes[index]

    def byte_range(self, index: int) -> ByteRange:
        name = self.names[index]
        start = self._starts[index]
        size = self._sizes[index]
        archive = self._opener()
        return archive.part(start, size, f"{self.label}: {name!r}")

    def stamp(self) -> str:
        return self._stamp()

    def _check_distinct(self) -> None:
        for name, following in pairwise(self.names):
            if name == following:
                raise refusal(
                    self.label,
                    repr(name),
                    expected="distinct names",
                    got="the same name twice",
                )

    def _files(self, archive: ByteRange) -> Iterator[tuple[str, int, int]]:
        """Yield (name, position in the tar, size) of each file that is not hidden.

        Raises DataError if any member is unsafe or unreadable.
        """
        room = _NAME_BYTES * self.limits.members
        for count, entry in enumerate(read_entries(archive), 1):
            self.limits.check_count(self.label, count)
            room -= len(entry.name)
            if room < 0:
                raise refusal(
                    self.label,
                    "it",
                    expected=f"names of at most {_NAME_BYTES} bytes on average",
                    got="longer names",
                )
            name = _decoded(entry.name)
            if self._is_file(name, entry) and not hidden(name):
                yield name, entry.start, entry.size

    def _is_file(self, name: str, entry: TarEntry) -> bool:
        """Return True for a file and False for a folder.

        Raises DataError if the name is unsafe, or if the member is of another kind.
        """
        # Old programs store a folder as an empty file whose name ends with a slash.
        is_old_folder = name.endswith("/") and entry.size == 0
        is_folder = entry.kind == FOLDER or is_old_folder
        is_top_folder = is_folder and name in ("", ".")
        path = name.removesuffix("/") if is_folder else name
        if unsafe(path) and not is_top_folder:
            raise refusal(
                self.label,
                repr(name),
                expected="a relative path of plain names",
                got="a path that could lead outside the source",
            )
        if entry.kind not in (FOLDER, *FILES):
            other = f"a member of type {entry.kind!r}"
            raise refusal(
                self.label,
                repr(name),
                expected="a file or a folder",
                got=_REFUSED.get(entry.kind, other),
            )
        return not is_folder


def _decoded(raw: bytes) -> str:
    """Return a name as text, without a `./` at its start.

    A name that is not UTF-8 is read as Latin-1.
    """
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        name = raw.decode("latin-1")
    return _DOTS.sub("", name)

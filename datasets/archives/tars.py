"""The files of a plain tar, read where they lie."""

import re
from array import array
from collections.abc import Callable, Iterator
from itertools import pairwise

from .archive import Members
from .byte_ranges import Span
from .limits import Limits, refusal
from .safe_names import hidden, unsafe
from .tar_headers import FILES, FOLDER, Entry, read_entries

_NAME_BYTES = 256  # of a member, on average
_REFUSED = {
    b"1": "a hard link",
    b"2": "a symbolic link",
    b"3": "a device",
    b"4": "a device",
    b"6": "a named pipe",
    b"S": "a sparse file",
}


class TarMembers(Members):
    """The files of a tar. Raises DataError when it is none, unsafe, damaged or truncated.

    opener() -> the archive, always the same; stamp: what changes when it does
    """

    def __init__(self, opener: Callable[[], Span], stamp: str, limits: Limits) -> None:
        span = opener()
        super().__init__(span.label, limits)
        self._opener = opener
        self._stamp = stamp
        found = sorted(self._files(span))
        self.names = [name for name, _, _ in found]
        # Arrays: a thousand archives of a thousand files each may be open at once.
        self._starts = array("q", (start for _, start, _ in found))
        self._sizes = array("q", (size for _, _, size in found))
        for name, following in pairwise(self.names):
            if name == following:
                raise refusal(
                    self.label, repr(name), "distinct names", "the same name twice"
                )

    def size(self, index: int) -> int:
        return self._sizes[index]

    def span(self, index: int) -> Span:
        label = f"{self.label}: {self.names[index]!r}"
        return self._opener().part(self._starts[index], self._sizes[index], label)

    def stamp(self) -> str:
        return self._stamp

    def _files(self, span: Span) -> Iterator[tuple[str, int, int]]:
        """(name, start, size) of each file that is not hidden."""
        room = _NAME_BYTES * self.limits.members
        for count, entry in enumerate(read_entries(span), 1):
            self.limits.check_count(self.label, count)
            room -= len(entry.name)
            if room < 0:
                bound = f"names of at most {_NAME_BYTES} bytes on average"
                raise refusal(self.label, "any of it", bound, "longer ones")
            name = _decoded(entry.name)
            if self._is_file(name, entry) and not hidden(name):
                yield name, entry.start, entry.size

    def _is_file(self, name: str, entry: Entry) -> bool:
        """Whether it is a file, else it is a folder. Raises DataError when neither or unsafe."""
        # Old writers note folders as empty files whose name ends so.
        is_folder = entry.kind == FOLDER or (name.endswith("/") and not entry.size)
        path = name.removesuffix("/") if is_folder else name
        if unsafe(path) and not (is_folder and name in ("", ".")):
            got = "one that could lead elsewhere"
            raise refusal(self.label, repr(name), "a relative path of plain names", got)
        if entry.kind not in (FOLDER, *FILES):
            got = _REFUSED.get(entry.kind, f"a member of type {entry.kind!r}")
            raise refusal(self.label, repr(name), "a file or a folder", got)
        return not is_folder


def _decoded(raw: bytes) -> str:
    """A name without the harmless `./` in front."""
    try:
        name = raw.decode()
    except UnicodeDecodeError:
        name = raw.decode("latin-1")
    return re.sub(r"\A(?:\./)+", "", name)

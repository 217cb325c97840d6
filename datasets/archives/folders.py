"""The files of a folder and of the folders in it."""

import hashlib
import os
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from .archive import Members
from .byte_ranges import Span
from .limits import Limits, refusal
from .safe_names import hidden
from .unpacking import SourceFile, file_stamp


class FolderMembers(Members):
    """The files below `path`. Raises DataError when there are too many, or links lead outside."""

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__(str(path), limits)
        self._path = path
        self.names = sorted(islice(self._walk(path, ""), limits.members + 1))
        limits.check_count(self.label, len(self.names))

    def size(self, index: int) -> int:
        return (self._path / self.names[index]).stat().st_size

    def span(self, index: int) -> Span:
        path = self._path / self.names[index]
        return SourceFile(path).span(str(path))

    def opener(self, index: int) -> Callable[[], Span]:
        """Opens the file anew: a folder of a thousand tars would need a thousand open files."""
        name, stamp = self.names[index], self.member_stamp(index)

        def reopened() -> Span:
            file = SourceFile(self._path / name)
            if file.stamp() != stamp:
                got = "one that was changed"
                raise refusal(
                    self.label, repr(name), "the file that was opened first", got
                )
            return file.span(str(self._path / name))

        return reopened

    def stamp(self) -> str:
        digest = hashlib.sha256()
        for index, name in enumerate(self.names):
            digest.update(
                os.fsencode(name) + f"\0{self.member_stamp(index)}\n".encode()
            )
        return digest.hexdigest()

    def member_stamp(self, index: int) -> str:
        return file_stamp((self._path / self.names[index]).stat())

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if hidden(entry.name):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    yield from self._walk(folder / entry.name, name + "/")
                elif not entry.is_file():
                    # A linked folder could loop, or count its images twice.
                    got = "a link to a folder or to nothing, a device or a pipe"
                    raise refusal(self.label, repr(name), "a file or a folder", got)
                elif entry.is_symlink() and not self._holds(folder / entry.name):
                    got = "a link that leads outside"
                    raise refusal(self.label, repr(name), "a file of this folder", got)
                else:
                    yield name

    def _holds(self, link: Path) -> bool:
        return link.resolve().is_relative_to(self._path.resolve())

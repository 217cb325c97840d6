"""The files of a folder and of all folders in it."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from .archive import Members
from .byte_ranges import ByteRange, SharedFile, file_stamp
from .limits import Limits
from .refusals import RUN_AGAIN, refusal
from .safe_names import hidden

_TOO_MANY = "Give a folder that holds nothing but the data."
_LINK = "Replace it by a file, or remove it."


class FolderMembers(Members):
    """The files below `path`.

    only: names of the files to show; None: all
    Raises DataError when there are too many, or when a link leads outside.
    """

    def __init__(
        self, path: Path, limits: Limits, only: Iterable[str] | None = None
    ) -> None:
        super().__init__(str(path), limits)
        self._path = path
        names = self._walk(path, "") if only is None else only
        # One more than allowed, so that the check below sees that there are too many.
        first_names = islice(names, limits.members + 1)
        self.names = sorted(first_names)
        limits.check_count(self.label, len(self.names), _TOO_MANY)

    def size(self, index: int) -> int:
        path = self._file_path(index)
        return path.stat().st_size

    def byte_range(self, index: int) -> ByteRange:
        path = self._file_path(index)
        return SharedFile(path).whole(str(path))

    def opener(self, index: int) -> Callable[[], ByteRange]:
        """Opens the file at each call: a thousand tars would need a thousand open files."""
        path = self._file_path(index)
        name = self.names[index]
        stamp = self.member_stamp(index)

        def reopened() -> ByteRange:
            file = SharedFile(path)
            if file.stamp() != stamp:
                raise refusal(
                    self.label,
                    repr(name),
                    expected="the file that was opened first",
                    got="one that was changed",
                    advice=RUN_AGAIN,
                )
            return file.whole(str(path))

        return reopened

    def stamp(self) -> str:
        digest = hashlib.sha256()
        for index, name in enumerate(self.names):
            stamp = self.member_stamp(index)
            digest.update(os.fsencode(name))
            digest.update(f"\0{stamp}\n".encode())
        return digest.hexdigest()

    def member_stamp(self, index: int) -> str:
        path = self._file_path(index)
        return file_stamp(path.stat())

    def _file_path(self, index: int) -> Path:
        return self._path / self.names[index]

    def _walk(self, folder: Path, prefix: str) -> Iterator[str]:
        """The names of all files in a folder, with `prefix` in front. Links are checked."""
        with os.scandir(folder) as children:
            for child in children:
                if hidden(child.name):
                    continue
                name = prefix + child.name
                if child.is_dir(follow_symlinks=False):
                    yield from self._walk(folder / child.name, name + "/")
                else:
                    self._check_file(child, name)
                    yield name

    def _check_file(self, child: "os.DirEntry[str]", name: str) -> None:
        if not child.is_file():
            # A link to a folder could loop, or count its images twice.
            raise refusal(
                self.label,
                repr(name),
                expected="a file or a folder",
                got="a link to a folder or to nothing, a device or a pipe",
                advice=_LINK,
            )
        if child.is_symlink() and not self._holds(Path(child.path)):
            raise refusal(
                self.label,
                repr(name),
                expected="a file of this folder",
                got="a link that leads outside",
                advice=_LINK,
            )

    def _holds(self, link: Path) -> bool:
        folder = self._path.resolve()
        return link.resolve().is_relative_to(folder)

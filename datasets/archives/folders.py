"""The files in a folder and in all its subfolders."""

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
_LINK = "Replace it with a file, or remove it."


class FolderMembers(Members):
    """The files in the folder `path` and in all its subfolders.

    only: the names of the files to show; None for all files except hidden ones
    Raises DataError if there are too many files, if a link leads outside the folder, or
    if an entry is neither a file nor a folder.
    """

    def __init__(
        self, path: Path, limits: Limits, only: Iterable[str] | None = None
    ) -> None:
        super().__init__(str(path), limits)
        self._path = path
        names = self._walk(path, "") if only is None else only
        # Take one file more than allowed, so that the check below can see an excess.
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
        """Return a function that opens one file anew at each call.

        The file does not stay open, because a folder can have a thousand tars.
        The function raises DataError if the file has changed since `opener` was called.
        """
        path = self._file_path(index)
        name = self.names[index]
        stamp = self.member_stamp(index)

        def reopened() -> ByteRange:
            file = SharedFile(path)
            if file.stamp() != stamp:
                raise refusal(
                    self.label,
                    repr(name),
                    expected="the file as it was when it was first opened",
                    got="a file that has changed since",
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
        """Yield the name of each file in a folder, with `prefix` in front.

        Hidden files are left out. Raises DataError as `_check_file` does.
        """
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
            # A link to a folder could form a loop, or add the same images twice.
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
                expected="a file in this folder",
                got="a link that leads outside the folder",
                advice=_LINK,
            )

    def _holds(self, link: Path) -> bool:
        folder = self._path.resolve()
        return link.resolve().is_relative_to(folder)

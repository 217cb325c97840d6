"""The files in a folder and in all its subfolders."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from .archive import Members
from .byte_ranges import ByteRange, SharedFile, file_stamp
from .limits import Limits
from .links import Links
from .refusals import RUN_AGAIN, refusal
from .safe_names import hidden

_TOO_MANY = "Give a folder that holds nothing but the data."


class FolderMembers(Members):
    """The files in the folder `path` and in all its subfolders.

    A folder to which a link in this folder leads is shown in the place of the link.
    only: the names of the files to show; None for all files except hidden ones
    Raises DataError if there are too many files, if a link is not one that `Links`
    follows, or if an entry is neither a file nor a folder.
    """

    def __init__(
        self, path: Path, limits: Limits, only: Iterable[str] | None = None
    ) -> None:
        super().__init__(str(path), limits)
        self._path = path
        self._links = Links(path, self.label)
        names = self._walk(path, "", (path.resolve(),)) if only is None else only
        # Take one file more than allowed, so that the check below can see an excess.
        first_names = islice(names, limits.members + 1)
        self.names = sorted(first_names)
        limits.check_count(self.label, len(self.names), _TOO_MANY)
        if self._links.behind:
            self._hide_what_links_show()

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

    def _walk(
        self, folder: Path, prefix: str, real_paths: tuple[Path, ...]
    ) -> Iterator[str]:
        """Yield the name of each file in a folder, with `prefix` in front.

        Hidden files are left out. Raises DataError as `Links` does.
        real_paths: those of this folder and of the folders that hold it
        """
        with os.scandir(folder) as children:
            for child in children:
                if hidden(child.name):
                    continue
                name = prefix + child.name
                path = folder / child.name
                if not child.is_dir():
                    self._links.check_file(child, name)
                    yield name
                    continue
                real_path = real_paths[-1] / child.name
                if child.is_symlink():
                    real_path = self._links.follow(path, name, real_paths)
                yield from self._walk(path, name + "/", (*real_paths, real_path))

    def _hide_what_links_show(self) -> None:
        """Remove the files of folders in this folder that links show elsewhere."""
        root = self._path.resolve()
        hidden_folders: list[str] = []
        for target in self._links.behind:
            if target.is_relative_to(root):
                inner = target.relative_to(root).as_posix()
                hidden_folders.append(f"{inner}/")
        starts = tuple(hidden_folders)
        self.names = [name for name in self.names if not name.startswith(starts)]

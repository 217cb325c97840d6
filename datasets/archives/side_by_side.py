"""A folder that holds archives, read as if each of them were unpacked there."""

from array import array
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from ..info import DataError
from .archive import Members
from .byte_ranges import ByteRange
from .folders import FolderMembers
from .limits import Limits
from .packed_file import open_archive
from .refusals import refusal

ARCHIVE_SUFFIXES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")
# Every open archive keeps a file open, and a process may open about a thousand.
_MOST_ARCHIVES = 200
_TOO_MANY = "Unpack them, or give a folder that holds nothing but the data."
_NOT_DATA = "If it is no part of the data, move it to another folder."
_ONE_OF_THEM = "Move one of the two to another folder."


class SideBySide(Members):
    """The files in a folder, and those in its archives as if they were unpacked.

    The archive `train.zip` fills the folder `train/` beside it, whether or not the
    names in it begin with `train/`. If a file of an archive also lies in the folder,
    unpacked and of the same size, only that one is shown.
    archives: name of an archive in the folder -> the files in it
    Raises DataError if two files have the same path, or if there are too many files.
    """

    def __init__(self, folder: Members, archives: Mapping[str, Members]) -> None:
        super().__init__(folder.label, folder.limits)
        self._parts = [folder, *archives.values()]
        self._place_in_folder: dict[str, int] = {}
        found: list[tuple[str, int, int]] = []
        for index, name in enumerate(folder.names):
            if name not in archives:
                self._place_in_folder[name] = index
                found.append((name, 0, index))
        for part, (name, members) in enumerate(archives.items(), 1):
            for path, index in self._unpacked(name, members):
                found.append((path, part, index))
            n_found = len(found)
            self.limits.check_count(self.label, n_found, _TOO_MANY)
        found.sort()
        self.names = [path for path, _, _ in found]
        parts = [part for _, part, _ in found]
        indices = [index for _, _, index in found]
        self._part_of = array("H", parts)
        self._index_of = array("q", indices)
        self._check_distinct()

    def locate(self, index: int) -> tuple[Members, int]:
        part = self._part_of[index]
        own_index = self._index_of[index]
        return self._parts[part], own_index

    def size(self, index: int) -> int:
        part, own_index = self.locate(index)
        return part.size(own_index)

    def byte_range(self, index: int) -> ByteRange:
        part, own_index = self.locate(index)
        return part.byte_range(own_index)

    def stamp(self) -> str:
        # The archives are files of the folder, so its stamp covers them.
        folder = self._parts[0]
        return folder.stamp()

    def _unpacked(self, name: str, members: Members) -> Iterator[tuple[str, int]]:
        """Yield the path of each file of an archive, and its index in the archive.

        Files that lie unpacked in the folder are left out.
        """
        beside = PurePosixPath(name).parent
        folder = f"{unpacked_name(name)}/"
        prefix = PurePosixPath(folder).name + "/"
        for index, member in enumerate(members.names):
            path = folder + member.removeprefix(prefix)
            in_place = beside / member
            size = members.size(index)
            is_in_own_folder = self._lies_there(path, size)
            is_beside = self._lies_there(in_place.as_posix(), size)
            if not is_in_own_folder and not is_beside:
                yield path, index

    def _lies_there(self, path: str, size: int) -> bool:
        """Return whether the folder itself has a file of this path and size."""
        index = self._place_in_folder.get(path)
        if index is None:
            return False
        folder = self._parts[0]
        return folder.size(index) == size

    def _check_distinct(self) -> None:
        for index in range(1, len(self.names)):
            name = self.names[index]
            if name == self.names[index - 1]:
                first, _ = self.locate(index - 1)
                second, _ = self.locate(index)
                raise refusal(
                    self.label,
                    repr(name),
                    expected="one file of this path",
                    got=f"two that differ: one in {first.label} and one in "
                    f"{second.label}",
                    advice=_ONE_OF_THEM,
                )


def unpacked_name(name: str) -> str:
    """Return the path of an archive without its ending: that of the folder it fills."""
    for suffix in ARCHIVE_SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return name


def open_side_by_side(
    path: Path,
    limits: Limits,
    scratch: Path | None,
    is_archive: Callable[[str], bool],
    refused: dict[str, DataError] | None = None,
) -> Members:
    """Return the files in a folder and in its archives.

    is_archive: whether a name in the folder is that of an archive to look into
    refused: where the error of each archive that cannot be read is put, by the name of
        the archive; None to raise the first
    Raises DataError if the folder or an archive in it is unsafe, damaged or too large.
    """
    folder = FolderMembers(path, limits)
    names = [name for name in folder.names if is_archive(name)]
    if not names:
        return folder
    if len(names) > _MOST_ARCHIVES:
        raise refusal(
            folder.label,
            "it",
            expected=f"at most {_MOST_ARCHIVES} archives",
            got=f"{len(names):,}",
            advice=_TOO_MANY,
        )
    archives = {}
    for name in names:
        try:
            archives[name] = open_archive(path / name, limits, scratch)
        except DataError as error:
            if refused is None:
                raise DataError(f"{error} {_NOT_DATA}") from error
            refused[name] = error
    return SideBySide(folder, archives)

"""The base class of FolderMembers, ZipMembers, TarMembers and SideBySide."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from .byte_ranges import ByteRange
from .limits import Limits


class Members(ABC):
    """The regular files in one source (a folder, a zip or a tar), sorted by name.

    Several threads may use one object at the same time. The `index` of a file is its
    position in `names`.
    label: the source, as error messages name it
    """

    def __init__(self, label: str, limits: Limits) -> None:
        self.label = label
        self.limits = limits
        self.names: list[str] = []

    def locate(self, index: int) -> tuple["Members", int]:
        """Return the one folder or archive that holds a file, and its index there."""
        return self, index

    @abstractmethod
    def size(self, index: int) -> int:
        """Return the size of one file in bytes."""

    @abstractmethod
    def byte_range(self, index: int) -> ByteRange:
        """Return one file as a byte range, which can be read from any position."""

    def opener(self, index: int) -> Callable[[], ByteRange]:
        """Return a function that returns one file as a byte range.

        Here each call returns the same byte range. A subclass may open the file anew.
        """
        data = self.byte_range(index)
        return lambda: data

    @abstractmethod
    def stamp(self) -> str:
        """Return a text that changes when a file of the source changes."""

    def member_stamp(self, index: int) -> str:
        """Return a text that changes when the file changes."""
        return f"{self.stamp()} {self.names[index]}"

    def read(self, index: int) -> bytes:
        """Return the bytes of one file.

        Raises DataError if the file has more than `Limits.member_bytes`.
        """
        data = self.byte_range(index)
        self.limits.check_read(self.label, self.names[index], len(data))
        return data.read_at(0, len(data))

"""The base class of what holds files: a folder, a zip or a tar."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from .byte_ranges import ByteRange
from .limits import Limits


class Members(ABC):
    """The regular files of one source, sorted by name. Any thread may use it.

    A file is asked for by its index in `names`.
    """

    def __init__(self, label: str, limits: Limits) -> None:
        self.label = label
        self.limits = limits
        self.names: list[str] = []

    @abstractmethod
    def size(self, index: int) -> int:
        """The size of one file in bytes."""

    @abstractmethod
    def byte_range(self, index: int) -> ByteRange:
        """One file, which can be read at any place."""

    def opener(self, index: int) -> Callable[[], ByteRange]:
        """A function that returns one file each time it is called.

        The function itself keeps no additional file open.
        """
        data = self.byte_range(index)
        return lambda: data

    @abstractmethod
    def stamp(self) -> str:
        """A text that changes when the source does."""

    def member_stamp(self, index: int) -> str:
        """A text that changes when one file does."""
        return f"{self.stamp()} {self.names[index]}"

    def read(self, index: int) -> bytes:
        """The bytes of one file. Raises DataError when they are too many for memory."""
        data = self.byte_range(index)
        self.limits.check_read(self.label, self.names[index], len(data))
        return data.read_at(0, len(data))

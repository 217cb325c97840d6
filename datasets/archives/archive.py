"""TODO docstring of fewbench.datasets.archives.archive."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from .byte_ranges import Span
from .limits import Limits


class Members(ABC):
    """The regular files of one source, in the order of their names; any thread may ask."""

    def __init__(self, label: str, limits: Limits) -> None:
        self.label = label
        self.limits = limits
        self.names: list[str] = []  # sorted; the index below is a place in it

    @abstractmethod
    def size(self, index: int) -> int:
        """Bytes of one file."""

    @abstractmethod
    def span(self, index: int) -> Span:
        """One file, to be read at any place."""

    def opener(self, index: int) -> Callable[[], Span]:
        """Gives the span of one file as often as wanted; it does not keep a file of its own."""
        span = self.span(index)
        return lambda: span

    @abstractmethod
    def stamp(self) -> str:
        """What changes when the source does."""

    def member_stamp(self, index: int) -> str:
        """What changes when one file does."""
        return f"{self.stamp()} {self.names[index]}"

    def read(self, index: int) -> bytes:
        """The bytes of one file. Raises DataError when they are too many for memory."""
        span = self.span(index)
        self.limits.check_read(self.label, self.names[index], len(span))
        return span.read_at(0, len(span))

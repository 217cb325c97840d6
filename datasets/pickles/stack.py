"""The stack on which a pickle builds its values, with the marks between them."""

from .errors import Unexpected

_MOST_MARKS = 2**10


class Stack:
    """A stack of values with marks between them.

    A mark is the place where the items of a list, tuple or dict begin. Methods raise
    Unexpected if the stack lacks the value or mark that they need, or has too many
    marks.
    """

    def __init__(self) -> None:
        self.values: list[object] = []
        self._marks: list[int] = []

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.values.append(value)

    def top(self) -> object:
        """Return the topmost value without removing it."""
        if not self.values:
            raise Unexpected(
                expected="a value on the stack",
                got="none",
            )
        return self.values[-1]

    def take(self) -> object:
        """Remove and return the topmost value."""
        (value,) = self.take_many(1)
        return value

    def take_many(self, count: int) -> list[object]:
        """Remove and return the topmost `count` values, first pushed first."""
        if len(self.values) < count:
            raise Unexpected(
                expected=f"{count} or more values on the stack",
                got=f"{len(self.values)}",
            )
        items = self.values[-count:]
        del self.values[-count:]
        return items

    def take_to_mark(self) -> list[object]:
        """Remove the topmost mark and all values above it, and return the values."""
        if not self._marks or self._marks[-1] > len(self.values):
            raise Unexpected(
                expected="a mark on the stack",
                got="none",
            )
        start = self._marks.pop()
        items = self.values[start:]
        del self.values[start:]
        return items

    def mark(self) -> None:
        """Put a mark on the stack."""
        self._marks.append(len(self.values))
        if len(self._marks) > _MOST_MARKS:
            raise Unexpected(
                expected=f"at most {_MOST_MARKS:,} marks at once",
                got="more",
            )

    def pop(self) -> None:
        """Remove the topmost value, or the topmost mark if it is above all values."""
        if self._marks and self._marks[-1] == len(self.values):
            self._marks.pop()
        else:
            self.take_many(1)

    def pop_mark(self) -> None:
        """Remove the topmost mark and all values above it."""
        self.take_to_mark()

    def duplicate(self) -> None:
        """Push the topmost value once more."""
        self.push(self.top())

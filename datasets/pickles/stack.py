"""The stack of values that a pickle builds on, with the marks in it."""

from .errors import Unexpected

_MOST_MARKS = 2**10


class Stack:
    """Values and marks. Every method raises Unexpected when the pickle asks for too much."""

    def __init__(self) -> None:
        self.values: list[object] = []
        self._marks: list[int] = []

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.values.append(value)

    def top(self) -> object:
        """The topmost value, which stays."""
        if not self.values:
            raise Unexpected(
                expected="a value on the stack",
                got="none",
            )
        return self.values[-1]

    def take(self) -> object:
        """Remove the topmost value."""
        (value,) = self.take_many(1)
        return value

    def take_many(self, count: int) -> list[object]:
        """Remove the topmost `count` values, in the order in which they were pushed."""
        if len(self.values) < count:
            raise Unexpected(
                expected="enough values on the stack",
                got=f"{len(self.values)}",
            )
        items = self.values[-count:]
        del self.values[-count:]
        return items

    def take_to_mark(self) -> list[object]:
        """Remove the topmost mark and all values above it."""
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
        """Remove what is topmost: a value, or a mark as Python does."""
        if self._marks and self._marks[-1] == len(self.values):
            self._marks.pop()
        else:
            self.take_many(1)

    def pop_mark(self) -> None:
        """Forget the topmost mark and all values above it."""
        self.take_to_mark()

    def duplicate(self) -> None:
        """Push the topmost value once more."""
        self.push(self.top())

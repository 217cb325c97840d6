"""Finish the values that the pickle machine built, and reject incomplete values."""

from .arrays import StoredArray
from .errors import Unexpected
from .numpy_calls import AllowedName, PickledDtype
from .payloads import Payload
from .strings import MOST_IN_MEMORY

_DEEPEST = 64
_ATOMS = frozenset((str, bytes, int, float, bool, type(None)))
_HALF_MADE = {
    StoredArray: "an array without data",
    PickledDtype: "a dtype without an array",
    AllowedName: "the name of a function or type",
}


class Finisher:
    """Reads the long strings in a value from the file, and rejects incomplete values.

    A value is incomplete if it is, for example, an array without data.
    """

    def __init__(self) -> None:
        # id -> (value, replacement). Keeping the value prevents the reuse of its id.
        self._seen: dict[int, tuple[object, object]] = {}
        self._room = MOST_IN_MEMORY

    def finished(self, value: object, depth: int = 0) -> object:
        """Return the finished value. Lists and dicts are changed in place.

        Raises Unexpected if a value is incomplete, if it is nested more than 64 levels
        deep, or if its long strings have more than 64 MiB in all.
        Raises DataError if a long string is not valid.
        """
        if type(value) in _ATOMS:
            return value
        if isinstance(value, StoredArray) and value.filled:
            return value
        key = id(value)
        if key not in self._seen:
            if isinstance(value, list | dict):
                self._seen[key] = (value, value)  # the value may contain itself
            self._seen[key] = (value, self._finish(value, depth))
        _, replacement = self._seen[key]
        return replacement

    def _finish(self, value: object, depth: int) -> object:
        if depth > _DEEPEST:
            raise Unexpected(
                expected=f"at most {_DEEPEST} levels of nesting",
                got="more",
            )
        deeper = depth + 1
        if isinstance(value, Payload):
            return self._string(value)
        if isinstance(value, list):
            for index, item in enumerate(value):
                value[index] = self.finished(item, deeper)
            return value
        if isinstance(value, dict):
            for key, item in value.items():
                value[key] = self.finished(item, deeper)
            return value
        if isinstance(value, tuple):
            items = [self.finished(item, deeper) for item in value]
            return tuple(items)
        other = f"a value of type {type(value).__name__}"
        raise Unexpected(
            expected="plain values and arrays",
            got=_HALF_MADE.get(type(value), other),
        )

    def _string(self, payload: Payload) -> str | bytes:
        self._room -= payload.length
        if self._room < 0:
            raise Unexpected(
                expected=f"at most {MOST_IN_MEMORY:,} bytes of long strings",
                got="more",
            )
        return payload.decoded()

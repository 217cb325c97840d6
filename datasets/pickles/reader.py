"""Reads pickles that hold plain values and arrays, without running anything they name."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..archives.byte_ranges import Span
from ..archives.signatures import looks_like_page
from ..info import DataError
from .arrays import (
    LONGEST,
    Name,
    Payload,
    PickledDtype,
    PickleFile,
    StoredArray,
    Unexpected,
    call,
    text,
)
from .opcodes import VALUES, Opcodes, integer, shared_ids, unsigned

__all__ = ["StoredArray", "read_pickle", "text"]

# Bounds that honest files keep by far.
_MOST_ITEMS = 2**24
_MOST_STACKED = 2**20
_MOST_MARKS = 2**10
_DEEPEST = 64
_ATOMS = frozenset((str, bytes, int, float, bool, type(None)))

# What a pickle may name. None of it is imported: `call` says what it would have made.
_ALLOWED = {
    "numpy": ("ndarray", "dtype"),
    "numpy.core.multiarray": ("_reconstruct", "scalar"),
    "numpy._core.multiarray": ("_reconstruct", "scalar"),
    "numpy.core.numeric": ("_frombuffer",),
    "numpy._core.numeric": ("_frombuffer",),
    "builtins": ("bytes",),
    "__builtin__": ("bytes",),
    "_codecs": ("encode",),
    "collections": ("OrderedDict",),
}


class _Refused(Unexpected):
    advice = (
        "A pickle may run code when it is loaded, and fewbench refuses to do that: "
        "get the file again from its authors."
    )


def read_pickle(span: Span, scratch: Path | None = None) -> object:
    """The dict, list, tuple, str, bytes, number or None in a pickle; arrays are StoredArray.

    Strings of Python 2 come as bytes (see `text`); keys are short strings and small integers.
    scratch: folder for temporary copies of arrays that the pickle writes as text
    Raises DataError when the file is damaged, or names anything but numpy's arrays.
    """
    if looks_like_page(span.read_at(0, min(512, len(span)))):
        raise DataError(
            f"{span.label}: cannot read the pickle: expected binary data, got a web page: the "
            "download was probably a sign-in, quota or error page. Get the file again."
        )
    file = PickleFile(span, scratch)
    opcodes = Opcodes(file)
    try:
        return _Machine(file, shared_ids(opcodes)).run(opcodes)
    except Unexpected as error:
        raise file.complaint(opcodes.at, error) from None


class _Machine:
    """A stack, marks on it, and a memo of those values that are `shared`."""

    def __init__(self, file: PickleFile, shared: set[int]) -> None:
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.n_stored = 0
        self._file = file
        self._shared = shared
        self._memo: dict[int, object] = {}
        self._room = _MOST_ITEMS

    def run(self, opcodes: Opcodes) -> object:
        stack, values = self.stack, VALUES
        for name, argument in opcodes:
            if name in values:
                stack.append(values[name](argument))
            elif name in _ACTIONS:
                _ACTIONS[name](self, argument)
            elif name != "STOP":
                raise _Refused("plain values and arrays", f"the opcode {name}")
            if len(stack) > _MOST_STACKED:
                raise Unexpected(f"at most {_MOST_STACKED:,} values at once", "more")
        return _Finish().plain(self.take(1)[0])

    def top(self) -> Any:
        if not self.stack:
            raise Unexpected("a value on the stack", "none")
        return self.stack[-1]

    def take(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise Unexpected("enough values on the stack", f"{len(self.stack)}")
        items = self.stack[-count:]
        del self.stack[-count:]
        return items

    def since_mark(self) -> list[Any]:
        if not self.marks or self.marks[-1] > len(self.stack):
            raise Unexpected("a mark on the stack", "none")
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def pop(self) -> None:
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()  # as Python does: popping a mark is popping too
        else:
            self.take(1)

    def mark(self) -> None:
        self.marks.append(len(self.stack))
        if len(self.marks) > _MOST_MARKS:
            raise Unexpected(f"at most {_MOST_MARKS:,} marks at once", "more")

    def push(self, container: Any) -> None:
        # An empty list weighs as much as several items.
        self._charge(
            len(container) if isinstance(container, tuple) else len(container) + 4
        )
        self.stack.append(container)

    def push_dict(self, items: list[Any]) -> None:
        self.push({})
        self.update(items)

    def extend(self, items: list[Any]) -> None:
        self._charge(len(items))
        if type(self.top()) is not list:
            raise Unexpected("a list to append to", type(self.top()).__name__)
        self.top().extend(items)

    def update(self, items: list[Any]) -> None:
        self._charge(2 * len(items))
        if type(self.top()) is not dict or len(items) % 2:
            raise Unexpected(
                "a dict and pairs to put into it", type(self.top()).__name__
            )
        self.top().update(zip(map(_key, items[::2]), items[1::2], strict=True))

    def put(self, key: int) -> None:
        self.n_stored += 1
        if key in self._shared:
            self._memo[key] = self.top()

    def get(self, key: int) -> None:
        if key not in self._memo:
            raise Unexpected("the number of a value stored before", f"{key}")
        self.stack.append(self._memo[key])

    def name(self, module: Any, name: Any) -> None:
        if not (isinstance(module, str) and name in _ALLOWED.get(module, ())):
            got = f"the name {_shown(module)}.{_shown(name)}"
            raise _Refused("plain values and numpy arrays", got)
        self.stack.append(Name(name))

    def reduce(self) -> None:
        function, args = self.take(2)
        if not isinstance(function, Name) or not isinstance(args, tuple):
            raise _Refused(
                "a function of numpy and its arguments", type(function).__name__
            )
        made = call(function, args)
        if isinstance(made, StoredArray):
            made.file = self._file
        self.stack.append(made)

    def build(self) -> None:
        state = self.take(1)[0]
        match self.top(), state:
            case PickledDtype() as dtype, tuple():
                dtype.build(state)
            case (
                StoredArray(filled=False) as array,
                (
                    int(),
                    tuple() as shape,
                    PickledDtype(dtype=dtype),
                    int() as fortran,
                    data,
                ),
            ):
                array.fill(dtype, shape, data, bool(fortran))
            case StoredArray() | PickledDtype(), _:
                raise Unexpected("the state of an array or a dtype", "something else")
            case target, _:
                raise _Refused(
                    "the state of an array", f"one for {type(target).__name__}"
                )

    def _charge(self, count: int) -> None:
        self._room -= count
        if self._room < 0:
            raise Unexpected(f"at most {_MOST_ITEMS:,} items", "more")


# Opcodes that act on the machine; those in neither table are refused.
_ACTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "PROTO": lambda _, version: _check_protocol(version[0]),
    "FRAME": lambda *_: None,
    "MARK": lambda m, _: m.mark(),
    "POP": lambda m, _: m.pop(),
    "POP_MARK": lambda m, _: m.since_mark().clear(),
    "DUP": lambda m, _: m.stack.append(m.top()),
    "EMPTY_LIST": lambda m, _: m.push([]),
    "LIST": lambda m, _: m.push(m.since_mark()),
    "APPEND": lambda m, _: m.extend(m.take(1)),
    "APPENDS": lambda m, _: m.extend(m.since_mark()),
    "EMPTY_DICT": lambda m, _: m.push({}),
    "DICT": lambda m, _: m.push_dict(m.since_mark()),
    "SETITEM": lambda m, _: m.update(m.take(2)),
    "SETITEMS": lambda m, _: m.update(m.since_mark()),
    "TUPLE": lambda m, _: m.push(tuple(m.since_mark())),
    "TUPLE1": lambda m, _: m.push(tuple(m.take(1))),
    "TUPLE2": lambda m, _: m.push(tuple(m.take(2))),
    "TUPLE3": lambda m, _: m.push(tuple(m.take(3))),
    "PUT": lambda m, line: m.put(integer(line)),
    "BINPUT": lambda m, key: m.put(unsigned(key)),
    "LONG_BINPUT": lambda m, key: m.put(unsigned(key)),
    "MEMOIZE": lambda m, _: m.put(m.n_stored),
    "GET": lambda m, line: m.get(integer(line)),
    "BINGET": lambda m, key: m.get(unsigned(key)),
    "LONG_BINGET": lambda m, key: m.get(unsigned(key)),
    "GLOBAL": lambda m, lines: m.name(*map(text, lines)),
    "STACK_GLOBAL": lambda m, _: m.name(*m.take(2)),
    "REDUCE": lambda m, _: m.reduce(),
    "BUILD": lambda m, _: m.build(),
}


class _Finish:
    """Reads the long strings of a value and makes sure that nothing half-made is left in it."""

    def __init__(self) -> None:
        self._seen: dict[
            int, tuple[object, object]
        ] = {}  # id -> (what has it, what replaces it)
        self._room = LONGEST

    def plain(self, value: object, depth: int = 0) -> Any:
        if type(value) in _ATOMS or (isinstance(value, StoredArray) and value.filled):
            return value
        if id(value) not in self._seen:
            if isinstance(value, list | dict):
                self._seen[id(value)] = value, value  # in case it holds itself
            self._seen[id(value)] = value, self._resolved(value, depth)
        return self._seen[id(value)][1]

    def _resolved(self, value: object, depth: int) -> object:
        if depth > _DEEPEST:
            raise Unexpected(f"at most {_DEEPEST} levels of nesting", "more")
        match value:
            case Payload():
                return self._string(value)
            case list():
                value[:] = [self.plain(item, depth + 1) for item in value]
            case dict():
                value.update(
                    {key: self.plain(item, depth + 1) for key, item in value.items()}
                )
            case tuple():
                return tuple([self.plain(item, depth + 1) for item in value])
            case _:
                raise Unexpected(
                    "plain values and arrays", f"a bare {type(value).__name__}"
                )
        return value

    def _string(self, payload: Payload) -> str | bytes:
        self._room -= payload.length
        if self._room < 0:
            raise Unexpected(f"at most {LONGEST:,} bytes of long strings", "more")
        return payload.decoded()


def _check_protocol(version: int) -> None:
    if version > 5:
        raise Unexpected("a pickle of protocol 0 to 5", f"protocol {version}")


def _key(value: object) -> object:
    # Short strings and small integers: hashes of others can be made to collide by the million.
    if isinstance(value, str | bytes | None) or (
        isinstance(value, int) and abs(value) < 2**32
    ):
        return value
    raise Unexpected("a short string or a small integer as key", type(value).__name__)


def _shown(name: object) -> str:
    # Escaped: it goes to a terminal.
    return (
        ascii(name[:80])[1:-1] if isinstance(name, str) else f"<{type(name).__name__}>"
    )

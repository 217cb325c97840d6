"""The machine that builds lists, dicts, tuples and arrays as the opcodes of a pickle say."""

from .arrays import StoredArray
from .errors import Forbidden, Unexpected
from .numpy_calls import AllowedName, PickledDtype, call
from .payloads import PickleFile
from .stack import Stack

_MOST_ITEMS = 2**24  # an honest file has far fewer
_CONTAINER = 4  # an empty list or dict weighs as much as several items
_LARGEST_KEY = 2**32

# What a pickle may name. Nothing is imported: `call` says what it would have made.
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


class Machine:
    """A stack, and a memo of the values that the pickle fetches again.

    shared: ids of those values, see `shared_ids`
    Every method raises Unexpected when the pickle is damaged, asks for too much, or could
    run code.
    """

    def __init__(self, file: PickleFile, shared: set[int]) -> None:
        self.stack = Stack()
        self._file = file
        self._shared = shared
        self._memo: dict[int, object] = {}
        self._n_stored = 0
        self._room = _MOST_ITEMS

    # Containers

    def push_list(self, items: list[object]) -> None:
        """Push a list of the items."""
        self._charge(len(items) + _CONTAINER)
        self.stack.push(items)

    def push_tuple(self, items: list[object]) -> None:
        """Push a tuple of the items."""
        self._charge(len(items))
        self.stack.push(tuple(items))

    def push_dict(self, items: list[object]) -> None:
        """Push a dict of the items, which are keys and values in turn."""
        self._charge(_CONTAINER)
        self.stack.push({})
        self.update(items)

    def extend(self, items: list[object]) -> None:
        """Append to the list on top of the stack."""
        self._charge(len(items))
        target = self.stack.top()
        if not isinstance(target, list):
            raise Unexpected(
                expected="a list to append to",
                got=type(target).__name__,
            )
        target.extend(items)

    def update(self, items: list[object]) -> None:
        """Put keys and values, which come in turn, into the dict on top of the stack."""
        self._charge(2 * len(items))
        target = self.stack.top()
        if not isinstance(target, dict) or len(items) % 2:
            raise Unexpected(
                expected="a dict and pairs to put into it",
                got=type(target).__name__,
            )
        keys = items[::2]
        values = items[1::2]
        for key in keys:
            _check_key(key)
        target.update(zip(keys, values, strict=True))

    # Memo

    def store(self, key: int) -> None:
        """Keep the topmost value for later, if the pickle ever fetches it."""
        self._n_stored += 1
        if key in self._shared:
            self._memo[key] = self.stack.top()

    def store_next(self) -> None:
        """Keep the topmost value under the next free id."""
        self.store(self._n_stored)

    def fetch(self, key: int) -> None:
        """Push a value that was stored."""
        if key not in self._memo:
            raise Unexpected(
                expected="the number of a value stored before",
                got=f"{key}",
            )
        self.stack.push(self._memo[key])

    # Functions and what they make

    def push_name(self, module: object, name: object) -> None:
        """Push a function or type that a pickle of arrays may name; refuse all others."""
        allowed = _ALLOWED.get(module, ()) if isinstance(module, str) else ()
        if not isinstance(name, str) or name not in allowed:
            raise Forbidden(
                expected="plain values and numpy arrays",
                got=f"the name {_shown(module)}.{_shown(name)}",
            )
        self.stack.push(AllowedName(name))

    def reduce(self) -> None:
        """Replace a function and its arguments by what the function would have made."""
        function, args = self.stack.take_many(2)
        if not isinstance(function, AllowedName) or not isinstance(args, tuple):
            raise Forbidden(
                expected="a function of numpy and its arguments",
                got=type(function).__name__,
            )
        made = call(function, args)
        if isinstance(made, StoredArray):
            made.file = self._file
        self.stack.push(made)

    def build(self) -> None:
        """Give the topmost array or dtype its state."""
        state = self.stack.take()
        target = self.stack.top()
        if isinstance(target, StoredArray):
            _fill(target, state)
        elif isinstance(target, PickledDtype):
            if not isinstance(state, tuple):
                raise _wrong_state()
            target.build(state)
        else:
            raise Forbidden(
                expected="the state of an array",
                got=f"one for {type(target).__name__}",
            )

    def _charge(self, count: int) -> None:
        self._room -= count
        if self._room < 0:
            raise Unexpected(
                expected=f"at most {_MOST_ITEMS:,} items",
                got="more",
            )


def _fill(array: StoredArray, state: object) -> None:
    if array.filled:
        raise _wrong_state()
    match state:
        case (
            int(),
            tuple() as shape,
            PickledDtype() as pickled,
            int() as fortran,
            data,
        ):
            array.fill(pickled.dtype, shape, data, bool(fortran))
        case _:
            raise _wrong_state()


def _wrong_state() -> Unexpected:
    return Unexpected(
        expected="the state of an array or a dtype",
        got="something else",
    )


def _check_key(value: object) -> None:
    """Only short strings and small integers: others can be made to collide by the million."""
    if isinstance(value, str | bytes | None):
        return
    if isinstance(value, int) and abs(value) < _LARGEST_KEY:
        return
    raise Unexpected(
        expected="a short string or a small integer as key",
        got=type(value).__name__,
    )


def _shown(name: object) -> str:
    """A name for a message: escaped, since it goes to a terminal."""
    if not isinstance(name, str):
        return f"<{type(name).__name__}>"
    escaped = ascii(name[:80])
    return escaped[1:-1]

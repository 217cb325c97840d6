"""The pickle machine, which builds lists, dicts, tuples and arrays from opcodes."""

from fewbench.documents import shown

from .arrays import StoredArray
from .errors import Forbidden, Unexpected
from .numpy_calls import AllowedName, PickledDtype, call
from .payloads import PickleFile
from .stack import Stack

_MOST_ITEMS = 2**24  # an honest file has far fewer
_CONTAINER = 4  # an empty list or dict needs the memory of several items
_LARGEST_KEY = 2**32

# Module -> the functions and types in it that a pickle may name. Nothing is imported:
# `call` makes what the function would have made.
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
    """A stack of values, and a memo of the values that the pickle fetches again.

    shared: the memo ids of the values that are fetched again, from `shared_ids`
    Every method raises Unexpected if the pickle is damaged, demands too much memory, or
    could run code.
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
        """Push a list with the items."""
        self._charge(len(items) + _CONTAINER)
        self.stack.push(items)

    def push_tuple(self, items: list[object]) -> None:
        """Push a tuple with the items."""
        self._charge(len(items))
        self.stack.push(tuple(items))

    def push_dict(self, items: list[object]) -> None:
        """Push a dict made from the items [key, value, key, value, ...]."""
        self._charge(_CONTAINER)
        self.stack.push({})
        self.update(items)

    def extend(self, items: list[object]) -> None:
        """Append the items to the list on top of the stack."""
        self._charge(len(items))
        target = self.stack.top()
        if not isinstance(target, list):
            raise Unexpected(
                expected="a list to append to",
                got=type(target).__name__,
            )
        target.extend(items)

    def update(self, items: list[object]) -> None:
        """Put the items [key, value, key, value, ...] into the topmost dict."""
        self._charge(2 * len(items))
        target = self.stack.top()
        if not isinstance(target, dict) or len(items) % 2:
            raise Unexpected(
                expected="a dict and pairs of keys and values for it",
                got=f"{type(target).__name__} and {len(items)} keys and values",
            )
        keys = items[::2]
        values = items[1::2]
        for key in keys:
            _check_key(key)
        target.update(zip(keys, values, strict=True))

    # Memo

    def store(self, key: int) -> None:
        """Keep the topmost value under memo id `key` if the pickle fetches it later."""
        self._n_stored += 1
        if key in self._shared:
            self._memo[key] = self.stack.top()

    def store_next(self) -> None:
        """Keep the topmost value under the next free memo id."""
        self.store(self._n_stored)

    def fetch(self, key: int) -> None:
        """Push the value that was stored under the memo id `key`."""
        if key not in self._memo:
            raise Unexpected(
                expected="the memo id of a value that was stored before",
                got=f"{key}",
            )
        self.stack.push(self._memo[key])

    # Functions and what they make

    def push_name(self, module: object, name: object) -> None:
        """Push the name of an allowed function or type.

        Raises Forbidden for any other name.
        """
        allowed = _ALLOWED.get(module, ()) if isinstance(module, str) else ()
        if not isinstance(name, str) or name not in allowed:
            raise Forbidden(
                expected="plain values and numpy arrays",
                got=f"the name {_shown(module)}.{_shown(name)}",
            )
        self.stack.push(AllowedName(name))

    def reduce(self) -> None:
        """Replace a function and its arguments on the stack with its result."""
        function, args = self.stack.take_many(2)
        if not isinstance(function, AllowedName) or not isinstance(args, tuple):
            raise Forbidden(
                expected="the name of a function and a tuple of its arguments",
                got=f"{type(function).__name__} and {type(args).__name__}",
            )
        made = call(function, args)
        if isinstance(made, StoredArray):
            made.file = self._file
        self.stack.push(made)

    def build(self) -> None:
        """Give the topmost array or dtype its state, such as shape and data."""
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
                got=f"the state of a value of type {type(target).__name__}",
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
        got="a value of another form",
    )


def _check_key(value: object) -> None:
    """Raise Unexpected if a dict key is not a short string, a small integer or None.

    A hostile pickle could contain millions of other keys with the same hash.
    """
    if isinstance(value, str | bytes | None):
        return
    if isinstance(value, int) and abs(value) < _LARGEST_KEY:
        return
    raise Unexpected(
        expected="a short string or a small integer as key",
        got=type(value).__name__,
    )


def _shown(name: object) -> str:
    """Return a name with its control characters escaped, to be shown in an error message."""
    if not isinstance(name, str):
        return f"<{type(name).__name__}>"
    return shown(name)

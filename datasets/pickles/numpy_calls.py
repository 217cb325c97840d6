"""Make the results of the functions that a pickle may name.

No named function is called and nothing is imported. Code in this module makes a value
that stands for the result.
"""

from collections.abc import Callable

import numpy as np

from .arrays import StoredArray
from .errors import Unexpected
from .payloads import Payload
from .strings import text, to_latin1

Arguments = tuple[object, ...]

_DTYPES = frozenset(
    ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]
)
_BYTE_ORDERS = ("<", ">", "|", "=")
# The state after the byte order, for a dtype without fields, subarrays and alignment.
_PLAIN_STATE = [None, None, None, -1, -1, 0]


class AllowedName:
    """The name of a function or type in a pickle, without its module."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class PickledDtype:
    """A dtype in a pickle. Its byte order is set later, by `build`.

    code: the type code, such as "f4"
    Raises Unexpected if the dtype is not a dtype of integers, floats or booleans.
    """

    __slots__ = ("dtype",)

    def __init__(self, code: str | bytes) -> None:
        name = text(code)
        if name not in _DTYPES:
            raise Unexpected(
                expected="a dtype of integers, floats or booleans",
                got=f"{name[:40]!r}",
            )
        self.dtype = np.dtype(name)

    def build(self, state: tuple[object, ...]) -> None:
        """Take the byte order from the state.

        Raises Unexpected if the state has fields or subarrays, or is not valid.
        """
        match state:
            case (3, str() | bytes() as order, *rest) if rest == _PLAIN_STATE:
                order = text(order)
                if order in _BYTE_ORDERS:
                    code = self.dtype.str[1:]
                    self.dtype = np.dtype(order + code)
                    return
        raise Unexpected(
            expected="the state of a plain dtype",
            got="a state with fields, with subarrays or of another form",
        )


def call(function: AllowedName, args: Arguments) -> object:
    """Return what `function` would have made from `args`.

    Raises Unexpected if numpy or Python does not write such arguments.
    """
    make = _MAKERS.get(function.name)
    made = make(args) if make else None
    if made is None:
        kinds = ", ".join(type(arg).__name__ for arg in args[:6])
        raise Unexpected(
            expected=f"the usual arguments of {function.name}",
            got=f"arguments of the types ({kinds})",
        )
    return made


# Each function below returns None for arguments that numpy and Python do not write.


def _empty_array(args: Arguments) -> StoredArray | None:
    match args:
        case (AllowedName(name="ndarray"), tuple(), str() | bytes()):
            return StoredArray()
    return None


def _array_of_buffer(args: Arguments) -> StoredArray | None:
    match args:
        case (data, PickledDtype() as pickled, tuple() as shape, "C" | "F" as order):
            array = StoredArray()
            array.fill(pickled.dtype, shape, data, order == "F")
            return array
    return None


def _number(args: Arguments) -> int | float | bool | None:
    match args:
        case (PickledDtype() as pickled, bytes() as data):
            if len(data) == pickled.dtype.itemsize:
                numbers = np.frombuffer(data, pickled.dtype)
                return numbers[0].item()
    return None


def _dtype(args: Arguments) -> PickledDtype | None:
    match args:
        case (str() | bytes() as code, int(), int()):
            return PickledDtype(code)
    return None


def _encoded(args: Arguments) -> bytes | Payload | None:
    match args:
        case (str() as value, "latin1" | "latin-1"):
            return to_latin1(value)
        case (Payload(is_text=True) as payload, "latin1" | "latin-1"):
            return payload.in_latin1()
    return None


def _empty_bytes(args: Arguments) -> bytes | None:
    return None if args else b""


def _empty_dict(args: Arguments) -> dict | None:
    return None if args else {}


_MAKERS: dict[str, Callable[[Arguments], object]] = {
    "_reconstruct": _empty_array,
    "_frombuffer": _array_of_buffer,
    "scalar": _number,
    "dtype": _dtype,
    "encode": _encoded,
    "bytes": _empty_bytes,
    "OrderedDict": _empty_dict,
}

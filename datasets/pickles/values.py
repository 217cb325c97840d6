"""Turn the arguments of opcodes, which are bytes, into values."""

import re
import struct
from collections.abc import Callable
from typing import Any

from .errors import Unexpected
from .payloads import Payload
from .strings import decode

# Longest string that is read into memory, in bytes. A longer one stays in the file, and
# a Payload takes its place.
INLINE = 256
# Opcode for text -> the encoding that it uses.
CODECS = {
    "BINUNICODE": "utf-8",
    "SHORT_BINUNICODE": "utf-8",
    "BINUNICODE8": "utf-8",
    "STRING": "string-escape",
    "UNICODE": "raw-unicode-escape",
}


def unsigned(data: bytes) -> int:
    """Return the unsigned number in little-endian bytes."""
    return int.from_bytes(data, "little")


def integer(line: bytes) -> int:
    """Return the number in a line of decimal digits.

    The line may have a sign, and an `L` at its end as Python 2 writes it.
    Raises Unexpected for any other line.
    """
    if not re.fullmatch(rb"[+-]?[0-9]{1,1000}L?", line):
        raise Unexpected(
            expected="a decimal number",
            got=repr(line[:40]),
        )
    digits = line.rstrip(b"L")
    return int(digits)


def _signed(data: bytes | Payload) -> int:
    if isinstance(data, Payload):
        raise Unexpected(
            expected=f"an integer of at most {INLINE} bytes",
            got=f"{data.length:,} bytes",
        )
    return int.from_bytes(data, "little", signed=True)


def _integer_or_bool(line: bytes) -> int:
    if line == b"00":
        return False
    if line == b"01":
        return True
    return integer(line)


def _float(line: bytes) -> float:
    try:
        return float(line)
    except ValueError:
        raise Unexpected(
            expected="a decimal number",
            got=repr(line[:40]),
        ) from None


def _binary_float(data: bytes) -> float:
    (value,) = struct.unpack(">d", data)
    return value


def _string(codec: str) -> Callable[[bytes | Payload], object]:
    def value(data: bytes | Payload) -> object:
        if isinstance(data, Payload):
            return data
        return decode(data, codec)

    return value


def _always(value: object) -> Callable[[bytes], object]:
    return lambda _: value


# Opcode that fetches a value from the memo -> function from argument to memo id.
GETS: dict[str, Callable[[Any], int]] = {
    "GET": integer,
    "BINGET": unsigned,
    "LONG_BINGET": unsigned,
}
# Opcode that pushes a value -> function from argument to value.
VALUES: dict[str, Callable[[Any], object]] = {
    "NONE": _always(None),
    "NEWTRUE": _always(True),
    "NEWFALSE": _always(False),
    "EMPTY_TUPLE": _always(()),
    "INT": _integer_or_bool,
    "LONG": integer,
    "FLOAT": _float,
    "BINFLOAT": _binary_float,
    "BININT1": unsigned,
    "BININT2": unsigned,
    "BININT": _signed,
    "LONG1": _signed,
    "LONG4": _signed,
    "SHORT_BINSTRING": _string("raw"),
    "BINSTRING": _string("raw"),
    "SHORT_BINBYTES": _string("raw"),
    "BINBYTES": _string("raw"),
    "BINBYTES8": _string("raw"),
    "BYTEARRAY8": _string("raw"),
}
for _name, _codec in CODECS.items():
    VALUES[_name] = _string(_codec)

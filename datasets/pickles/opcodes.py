"""The opcodes of a pickle, one after the other, with what their arguments stand for."""

import io
import pickletools
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from .arrays import LONGEST, Payload, PickleFile, Unexpected, decode

# Bounds that honest files keep by far: 450,000 arrays in a list take 15 million opcodes.
_MOST_OPCODES = 2**25
_MOST_SHARED = 2**20
_INLINE = 256  # bytes; longer strings stay in the file

_OPCODES = {  # byte -> name, size of the argument; a negative size is a kind of pickletools
    op.code.encode("latin-1"): (op.name, op.arg.n if op.arg else 0)
    for op in pickletools.opcodes
}
_LENGTHS = {
    -2: (1, False),
    -3: (4, True),
    -4: (4, False),
    -5: (8, False),
}  # bytes, signed
_CODECS = {
    "BINUNICODE": "utf-8",
    "SHORT_BINUNICODE": "utf-8",
    "BINUNICODE8": "utf-8",
    "STRING": "string-escape",
    "UNICODE": "raw-unicode-escape",
}


class Opcodes:
    """Iterates (name of the opcode, its argument); `at` is where the current one starts."""

    def __init__(self, file: PickleFile) -> None:
        self.at = 0
        self._file = file

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        # A small buffer: records of a few KiB are passed over instead of read.
        stream = io.BufferedReader(self._file.span.open().detach(), 2**12)
        read, position, name = stream.read, 0, ""
        while name != "STOP":
            self.at = position
            code = read(1)
            if code not in _OPCODES:
                raise Unexpected(
                    "an opcode", repr(code) if code else "the end of the file"
                )
            name, size = _OPCODES[code]
            if size >= 0:
                argument, length = read(size) if size else b"", size
                if len(argument) < size:
                    raise _cut_off(size, argument)
            elif size == -1:
                argument, length = self._lines(stream, name)
            else:
                argument, length = self._string(stream, name, *_LENGTHS[size])
            position += 1 + length
            yield name, argument

    def _string(
        self, stream: BinaryIO, name: str, width: int, signed: bool
    ) -> tuple[Any, int]:
        length = int.from_bytes(_exactly(stream, width), "little", signed=signed)
        start = self.at + 1 + width
        if not 0 <= length <= len(self._file.span) - start:
            raise Unexpected("a length inside the file", f"{length:,} bytes")
        if length <= _INLINE:
            return _exactly(stream, length), width + length
        stream.seek(start + length)
        return self._payload(name, start, length), width + length

    def _lines(self, stream: BinaryIO, name: str) -> tuple[Any, int]:
        if name in ("GLOBAL", "INST"):
            lines = _line(stream, 2**12), _line(stream, 2**12)
            return lines, len(lines[0]) + len(lines[1]) + 2
        line = _line(stream, LONGEST if name in _CODECS else 2**12)
        inline = len(line) <= _INLINE or name not in _CODECS
        return line if inline else self._payload(name, self.at + 1, len(line)), len(
            line
        ) + 1

    def _payload(self, name: str, start: int, length: int) -> Payload:
        return Payload(
            self._file, start, length, _CODECS.get(name, "raw"), "UNICODE" in name
        )


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise _cut_off(size, data)
    return data


def _cut_off(size: int, data: bytes) -> Unexpected:
    return Unexpected(f"{size} more bytes", f"the end of the file after {len(data)}")


def _line(stream: BinaryIO, longest: int) -> bytes:
    line = stream.readline(longest + 1)
    if not line.endswith(b"\n"):
        raise Unexpected(
            f"a line of at most {longest:,} bytes", "a longer or unfinished one"
        )
    return line[:-1]


def shared_ids(opcodes: Opcodes) -> set[int]:
    """The memo ids that the pickle ever fetches: a few of the millions that it stores."""
    ids: set[int] = set()
    for count, (name, argument) in enumerate(opcodes):
        if name in GETS:
            ids.add(GETS[name](argument))
            if len(ids) > _MOST_SHARED:
                raise Unexpected(f"at most {_MOST_SHARED:,} shared values", "more")
        if count >= _MOST_OPCODES:
            raise Unexpected(f"at most {_MOST_OPCODES:,} opcodes", "more")
    return ids


def unsigned(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _signed(data: bytes | Payload) -> int:
    if isinstance(data, Payload):
        raise Unexpected(
            f"an integer of at most {_INLINE} bytes", f"{data.length:,} bytes"
        )
    return int.from_bytes(data, "little", signed=True)


def integer(line: bytes) -> int:
    if not re.fullmatch(rb"[+-]?[0-9]{1,1000}L?", line):
        raise Unexpected("a decimal number", repr(line[:40]))
    return int(line.rstrip(b"L"))


def _integer_or_bool(line: bytes) -> int:
    return line == b"01" if line in (b"00", b"01") else integer(line)


def _float(line: bytes) -> float:
    try:
        return float(line)
    except ValueError:
        raise Unexpected("a decimal number", repr(line[:40])) from None


def _string(codec: str) -> Callable[[Any], object]:
    return lambda data: data if isinstance(data, Payload) else decode(data, codec)


GETS = {"GET": integer, "BINGET": unsigned, "LONG_BINGET": unsigned}
# Opcodes that push the value which their argument stands for.
VALUES: dict[str, Callable[[Any], object]] = {
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    "EMPTY_TUPLE": lambda _: (),
    "INT": _integer_or_bool,
    "LONG": integer,
    "FLOAT": _float,
    "BINFLOAT": lambda data: struct.unpack(">d", data)[0],
    **dict.fromkeys(("BININT1", "BININT2"), unsigned),
    **dict.fromkeys(("BININT", "LONG1", "LONG4"), _signed),
    **dict.fromkeys(("SHORT_BINSTRING", "BINSTRING", "SHORT_BINBYTES"), _string("raw")),
    **dict.fromkeys(("BINBYTES", "BINBYTES8", "BYTEARRAY8"), _string("raw")),
    **{name: _string(codec) for name, codec in _CODECS.items()},
}

"""Read the opcodes of a pickle one after another."""

import io
import pickletools
from collections.abc import Iterator
from typing import Any, BinaryIO

from .errors import Unexpected
from .payloads import Payload, PickleFile
from .strings import MOST_IN_MEMORY
from .values import CODECS, GETS, INLINE

# Bytes, a long string that stays in the file, or the names of a module and of an object
# in the module.
Argument = bytes | Payload | tuple[bytes, bytes]

# Honest files stay far below these bounds. A list of 450,000 arrays needs 15 million
# opcodes.
_MOST_OPCODES = 2**25
_MOST_SHARED = 2**20
_LONGEST_LINE = 2**12  # bytes in a line that is not text
_BUFFER_BYTES = 2**12  # small, so that strings of a few KiB are skipped, not read

# pickletools gives the size of an argument in bytes, or one of these negative kinds.
_LINES = -1
# Kind -> (width in bytes, has a sign) of the length that stands before the argument.
_LENGTHS = {
    -2: (1, False),
    -3: (4, True),
    -4: (4, False),
    -5: (8, False),
}


def _sizes() -> dict[bytes, tuple[str, int]]:
    """Return opcode byte -> (name, size or kind of the argument) for all opcodes."""
    sizes: dict[bytes, tuple[str, int]] = {}
    for op in pickletools.opcodes:
        code = op.code.encode("latin-1")
        size = op.arg.n if op.arg else 0
        sizes[code] = (op.name, size)
    return sizes


_OPCODES = _sizes()


class Opcodes:
    """An iterable over (name, argument) of all opcodes in a pickle.

    at: the position of the current opcode in the file, in bytes
    Iterating raises Unexpected if an opcode is unknown, cut off or too long.
    """

    def __init__(self, file: PickleFile) -> None:
        self.at = 0
        self._file = file

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        unbuffered = self._file.data.open().detach()
        stream = io.BufferedReader(unbuffered, _BUFFER_BYTES)
        read = stream.read
        position = 0
        name = ""
        while name != "STOP":
            self.at = position
            code = read(1)
            if code not in _OPCODES:
                raise Unexpected(
                    expected="an opcode",
                    got=repr(code) if code else "the end of the file",
                )
            name, size = _OPCODES[code]
            if size >= 0:
                argument = read(size) if size else b""
                length = size
                if len(argument) < size:
                    raise _cut_off(size, argument)
            elif size == _LINES:
                argument, length = self._lines(stream, name)
            else:
                argument, length = self._string(stream, name, size)
            position += 1 + length
            yield name, argument

    def _string(self, stream: BinaryIO, name: str, kind: int) -> tuple[Argument, int]:
        """Read the length of an argument, then the argument.

        Returns the argument, and the number of bytes of the length and the argument.
        """
        width, signed = _LENGTHS[kind]
        prefix = _exactly(stream, width)
        length = int.from_bytes(prefix, "little", signed=signed)
        start = self.at + 1 + width
        rest = len(self._file.data) - start
        if not 0 <= length <= rest:
            raise Unexpected(
                expected="a string that ends inside the file",
                got=f"a string of {length:,} bytes",
            )
        if length <= INLINE:
            argument: Argument = _exactly(stream, length)
        else:
            argument = self._payload(name, start, length)
            stream.seek(start + length)
        return argument, width + length

    def _lines(self, stream: BinaryIO, name: str) -> tuple[Argument, int]:
        """Read an argument that ends with a newline.

        Returns the argument and its number of bytes in the file.
        """
        if name in ("GLOBAL", "INST"):
            module = _line(stream, _LONGEST_LINE)
            attribute = _line(stream, _LONGEST_LINE)
            length = len(module) + len(attribute) + 2
            return (module, attribute), length
        is_text = name in CODECS
        longest = MOST_IN_MEMORY if is_text else _LONGEST_LINE
        line = _line(stream, longest)
        length = len(line) + 1
        if is_text and len(line) > INLINE:
            start = self.at + 1
            payload = self._payload(name, start, len(line))
            return payload, length
        return line, length

    def _payload(self, name: str, start: int, length: int) -> Payload:
        return Payload(
            self._file,
            start,
            length,
            codec=CODECS.get(name, "raw"),
            is_text="UNICODE" in name,
        )


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise _cut_off(size, data)
    return data


def _cut_off(size: int, data: bytes) -> Unexpected:
    return Unexpected(
        expected=f"{size} more bytes",
        got=f"the end of the file after {len(data)} bytes",
    )


def _line(stream: BinaryIO, longest: int) -> bytes:
    line = stream.readline(longest + 1)
    if not line.endswith(b"\n"):
        raise Unexpected(
            expected=f"a line of at most {longest:,} bytes",
            got="a longer or unfinished line",
        )
    return line[:-1]


def shared_ids(opcodes: Opcodes) -> set[int]:
    """Return the memo ids of the values that the pickle fetches.

    A pickle may store millions of values in its memo, but fetches only a few of them.
    Raises Unexpected if there are too many ids or opcodes, or if an opcode is damaged.
    """
    ids: set[int] = set()
    for count, (name, argument) in enumerate(opcodes):
        if name in GETS:
            ids.add(GETS[name](argument))
            if len(ids) > _MOST_SHARED:
                raise Unexpected(
                    expected=f"at most {_MOST_SHARED:,} shared values",
                    got="more",
                )
        if count >= _MOST_OPCODES:
            raise Unexpected(
                expected=f"at most {_MOST_OPCODES:,} opcodes",
                got="more",
            )
    return ids

"""Arrays of a pickle: described now, read from the file when their rows are asked for."""

import codecs
import math
import re
import threading
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import cast

import numpy as np

from ..archives.byte_ranges import Span
from ..archives.unpacking import spooled
from ..info import DataError

LONGEST = 64 * 2**20  # bytes of a text, or of an array that is only readable whole
_CHUNK = 2**20
_DTYPES = frozenset(
    ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"]
)
# The most bytes that the file spends on one byte of data, by the way it writes them.
_WORST = {"raw": 1, "utf-8": 2, "raw-unicode-escape": 6, "string-escape": 4}
# What Python 2 writes for a byte string; other escapes would only earn a warning.
_ESCAPED = re.compile(rb"""(?:[^\\]++|\\(?:x[0-9a-f]{2}|[\\'"tnr]))*+""")


class Unexpected(Exception):
    """What a pickle should hold at some place, and what it holds instead."""

    advice = "The file is damaged or incomplete: get the file again."

    def __init__(self, expected: str, got: str) -> None:
        super().__init__(expected, got)
        self.expected = expected
        self.got = got


class PickleFile:
    """Where a pickle lies, and the folder for temporary copies of its encoded arrays."""

    def __init__(self, span: Span, scratch: Path | None) -> None:
        self.span = span
        self.lock = threading.Lock()
        self._scratch = scratch

    def complaint(self, offset: int, error: Unexpected) -> DataError:
        return DataError(
            f"{self.span.label}: cannot read the pickle at byte {offset:,}: "
            f"expected {error.expected}, got {error.got}. {error.advice}"
        )

    def copy(self, parts: Iterable[bytes]) -> Span:
        """The parts in a file without a name, which goes when the span goes."""
        return spooled(parts, self.span.label, self._scratch)


class Payload:
    """A long string of a pickle, left in the file.

    codec: how the file writes it, a key of `_WORST`; is_text: whether it stands for a str
    """

    __slots__ = ("_copy", "codec", "file", "is_text", "length", "offset")

    def __init__(
        self, file: PickleFile, offset: int, length: int, codec: str, is_text: bool
    ) -> None:
        self.file = file
        self.offset = offset
        self.length = length
        self.codec = codec
        self.is_text = is_text
        self._copy: Span | None = None

    def in_latin1(self) -> "Payload":
        """The bytes that this text stands for."""
        return Payload(self.file, self.offset, self.length, self.codec, is_text=False)

    def may_hold(self, size: int) -> bool:
        """Whether `size` bytes can be written like this; certain when they are raw."""
        quotes = 2 if self.codec == "string-escape" else 0
        return size <= self.length - quotes <= _WORST[self.codec] * size

    def decoded(self) -> str | bytes:
        """All of it in memory. Raises DataError when it is not what its opcode says."""
        data = self.file.span.read_at(self.offset, self.length)
        try:
            value = decode(data, self.codec)
            return (
                value if self.is_text or isinstance(value, bytes) else to_latin1(value)
            )
        except Unexpected as error:
            raise self.file.complaint(self.offset, error) from None

    def read_at(self, offset: int, length: int, size: int) -> bytes:
        """`length` of the `size` bytes. Raises DataError when it holds another number of them."""
        if self.codec == "raw":
            return self.file.span.read_at(self.offset + offset, length)
        if self.length > _CHUNK:
            return self._copied(size).read_at(offset, length)
        data = cast(bytes, self.decoded())
        self._check(len(data), size)
        return data[offset : offset + length]

    def _copied(self, size: int) -> Span:
        with self.file.lock:
            if self._copy is None:
                self._copy = self.file.copy(self._parts())
        self._check(len(self._copy), size)
        return self._copy

    def _parts(self) -> Iterator[bytes]:
        if self.codec != "utf-8":
            yield cast(bytes, self.decoded())
            return
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            for start in range(0, self.length, _CHUNK):
                count = min(_CHUNK, self.length - start)
                data = self.file.span.read_at(self.offset + start, count)
                yield to_latin1(
                    decoder.decode(data, final=start + count == self.length)
                )
        except (Unexpected, UnicodeError) as error:
            trouble = (
                error
                if isinstance(error, Unexpected)
                else Unexpected("UTF-8", str(error))
            )
            raise self.file.complaint(self.offset, trouble) from None

    def _check(self, got: int, size: int) -> None:
        if got != size:
            error = Unexpected(f"{size:,} bytes of array data", f"{got:,}")
            raise self.file.complaint(self.offset, error)


class Name:
    """One of numpy's functions or types that a pickle names; nothing is imported for it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class PickledDtype:
    """A dtype as pickles write it: its code first, then a state that tells the byte order."""

    __slots__ = ("dtype",)

    def __init__(self, code: str | bytes) -> None:
        if text(code) not in _DTYPES:
            raise Unexpected(
                "a dtype of integers, floats or booleans", f"{text(code)[:40]!r}"
            )
        self.dtype = np.dtype(text(code))

    def build(self, state: object) -> None:
        match state:
            case (3, "<" | ">" | "|" | "=" | b"<" | b">" | b"|" | b"=" as order, *rest):
                if rest == [None, None, None, -1, -1, 0]:
                    self.dtype = np.dtype(text(order) + self.dtype.str[1:])
                    return
        raise Unexpected(
            "the state of a plain dtype", "fields, subarrays or something else"
        )


class StoredArray:
    """An array that lies in a pickle; nothing of it is in memory but its dtype and shape.

    Every reading method raises DataError when the file does not hold what it promised.
    """

    __slots__ = ("_data", "_fortran", "dtype", "file", "shape")
    dtype: np.dtype
    shape: tuple[int, ...]
    file: PickleFile

    def __init__(self) -> None:
        self._data: bytes | Payload | None = (
            None  # pickles make an array first and fill it later
        )

    def __len__(self) -> int:
        if not self.shape:
            raise self._refusal("at least one dimension", "none")
        return self.shape[0]

    def __repr__(self) -> str:
        return (
            f"StoredArray({self.dtype}, {self.shape})"
            if self.filled
            else "StoredArray()"
        )

    @property
    def filled(self) -> bool:
        return self._data is not None

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def fill(self, dtype: np.dtype, shape: tuple, data: object, fortran: bool) -> None:
        """Say what the array is. Raises Unexpected when the data have another size."""
        self.dtype = dtype
        self.shape = _checked_shape(shape)
        self._fortran = fortran
        match data:
            case bytes():
                fits, got = len(data) == self.nbytes, len(data)
            case Payload(is_text=False):
                fits, got = data.may_hold(self.nbytes), data.length
            case _:
                raise Unexpected("the bytes of an array", type(data).__name__)
        if not fits:
            wanted = f"{self.nbytes:,} bytes for an array of {dtype} {self.shape}"
            raise Unexpected(wanted, f"{got:,} bytes")
        self._data = data

    def read(self) -> np.ndarray:
        """The whole array: `dtype` `shape`."""
        flat = np.empty(self.nbytes, np.uint8)
        self._read_into(flat, 0)
        return flat.view(self.dtype).reshape(
            self.shape, order="F" if self._fortran else "C"
        )

    def rows(self, indices: np.ndarray) -> np.ndarray:
        """Some rows, in the given order; neighbours are read together.

        indices: int (n,) in 0..len-1 -> `dtype` (n, *shape[1:])
        """
        rows = self._checked_rows(indices)
        if self._only_whole():
            return self.read()[rows]
        width = self.nbytes // max(len(self), 1)
        flat = np.empty(len(rows) * width, np.uint8)
        starts = np.flatnonzero(np.diff(rows, prepend=-2) != 1)
        for start, end in pairwise([*starts.tolist(), len(rows)]):
            self._read_into(flat[start * width : end * width], int(rows[start]) * width)
        return flat.view(self.dtype).reshape(len(rows), *self.shape[1:])

    def tobytes(self) -> bytes:
        """The bytes of the array in C order."""
        return self.read().tobytes() if self._fortran else self._piece(0, self.nbytes)

    def _piece(self, offset: int, length: int) -> bytes:
        if isinstance(self._data, Payload):
            return self._data.read_at(offset, length, self.nbytes)
        return cast(bytes, self._data)[offset : offset + length]

    def _read_into(self, flat: np.ndarray, offset: int) -> None:
        step = 16 * _CHUNK  # reading makes a second copy of each piece
        for start in range(0, len(flat), step):
            piece = self._piece(offset + start, min(step, len(flat) - start))
            flat[start : start + step] = np.frombuffer(piece, np.uint8)

    def _only_whole(self) -> bool:
        """Whether rows cannot be addressed: scattered, or decoded anew by each reading."""
        if self._fortran and self.nbytes > LONGEST:
            raise self._refusal("C order, so that rows can be read", "Fortran order")
        data = self._data
        encoded = (
            isinstance(data, Payload) and data.codec != "raw" and data.length <= _CHUNK
        )
        return self._fortran or encoded

    def _checked_rows(self, indices: np.ndarray) -> np.ndarray:
        rows = np.asarray(indices)
        if (
            rows.ndim != 1
            or (rows.size and rows.dtype.kind not in "iu")
            or not self.shape
        ):
            raise self._refusal("a list of row numbers", f"{rows.dtype} {rows.shape}")
        if rows.size and not 0 <= int(rows.min()) <= int(rows.max()) < len(self):
            raise self._refusal(
                f"rows 0 to {len(self) - 1:,}", f"{rows.min():,}..{rows.max():,}"
            )
        return rows.astype(np.int64)

    def _refusal(self, expected: str, got: str) -> DataError:
        return DataError(
            f"{self.file.span.label}: cannot take rows of its array {self.dtype} {self.shape}: "
            f"expected {expected}, got {got}. {Unexpected.advice}"
        )


def call(function: Name, args: tuple) -> object:
    """What a function would have made of its arguments, described instead of done."""
    match function.name, *args:
        case "_reconstruct", Name(name="ndarray"), tuple(), str() | bytes():
            return StoredArray()
        case "_frombuffer", data, PickledDtype(
            dtype=dtype
        ), tuple() as shape, "C" | "F" as order:
            array = StoredArray()
            array.fill(dtype, shape, data, order == "F")
            return array
        case "scalar", PickledDtype(dtype=dtype), bytes() as data if (
            len(data) == dtype.itemsize
        ):
            return np.frombuffer(data, dtype)[0].item()
        case "dtype", str() | bytes() as code, int(), int():
            return PickledDtype(code)
        case "encode", str() as value, "latin1" | "latin-1":
            return to_latin1(value)
        case "encode", Payload(is_text=True) as value, "latin1" | "latin-1":
            return value.in_latin1()
        case ("bytes",):
            return b""
        case ("OrderedDict",):
            return {}
    got = f"({', '.join(type(arg).__name__ for arg in args[:6])})"
    raise Unexpected(f"the usual arguments of {function.name}", got)


def text(value: str | bytes) -> str:
    """A string of a pickle as str, be it written by Python 2 (ASCII or Latin-1) or 3."""
    return value.decode("latin-1") if isinstance(value, bytes) else value


def decode(data: bytes, codec: str) -> str | bytes:
    """A string as a pickle writes it. Raises Unexpected when that is not its form."""
    if codec == "raw":
        return data
    if codec == "string-escape":
        body = data[1:-1]
        if data not in (b"'%b'" % body, b'"%b"' % body) or not _ESCAPED.fullmatch(body):
            raise Unexpected("a quoted string", "something else")
        return codecs.escape_decode(body)[0]
    try:
        return data.decode(codec, "surrogatepass" if codec == "utf-8" else "strict")
    except UnicodeError as error:
        raise Unexpected(f"{codec} text", str(error)) from None


def to_latin1(value: str) -> bytes:
    """Bytes that a pickle holds as text. Raises Unexpected when they do not fit in bytes."""
    try:
        return value.encode("latin-1")
    except UnicodeError as error:
        raise Unexpected("bytes written as text", str(error)) from None


def _checked_shape(shape: tuple) -> tuple[int, ...]:
    sizes = [n for n in shape if type(n) is int and n >= 0]
    # Numpy bounds the product of the dimensions even when one of them is empty.
    if (
        len(sizes) < len(shape)
        or len(shape) > 32
        or math.prod(n or 1 for n in sizes) >= 2**60
    ):
        raise Unexpected(
            "the shape of an array", "negative, too many or too large dimensions"
        )
    return tuple(sizes)

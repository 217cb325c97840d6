"""The headers of a plain tar, one after the other.

Not by tarfile: it takes a damaged header for the end of the archive and shows fewer files without
a word, and it takes three times as long.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from .byte_ranges import Span
from .limits import refusal
from .signatures import describe_head, kind_of

FOLDER = b"5"
FILES = (b"0", b"\0", b"7")
_BLOCK = 512
_PADDING_BYTES = 2**20  # writers fill up their last record, which may be this large
_EXTENSION_BYTES = 2**20  # of one long name or one set of pax records
_EXTENSIONS_IN_A_ROW = 8
_LONG_NAME, _LONG_LINK, _SHARED_PAX = b"L", b"K", b"g"
_EXTENSIONS = (_LONG_NAME, _LONG_LINK, _SHARED_PAX, b"x", b"X")
_PAX_RECORD = re.compile(rb"(\d{1,7}) ([^=\n]+)=")


class Entry(NamedTuple):
    """A member of a tar: its name, what it is, and where its data are."""

    name: bytes
    kind: bytes
    start: int
    size: int


def read_entries(span: Span) -> Iterator[Entry]:
    """All members in the order of the archive, as the extensions before them correct them.

    Raises DataError when it is no tar, damaged or truncated.
    """
    shared: dict[bytes, bytes] = {}
    own: dict[bytes, bytes] = {}
    position = in_a_row = 0
    while (entry := _header(span, position)) is not None:
        if entry.kind in _EXTENSIONS:
            in_a_row += 1
            records = shared if entry.kind == _SHARED_PAX else own
            records.update(_extension(span, entry, in_a_row))
        else:
            records = shared | own
            name, size = (
                records.get(b"path", entry.name),
                records.get(b"size", entry.size),
            )
            entry = Entry(name, entry.kind, entry.start, int(size))
            if entry.kind in FILES:
                _check_inside(span, repr(name), entry)
            yield entry
            own, in_a_row = {}, 0
        size = (
            0 if entry.kind == FOLDER else entry.size
        )  # a folder's is no size of data
        position = entry.start + -(-size // _BLOCK) * _BLOCK
    _check_end(span, position)


def starts_tar(head: bytes) -> bool:
    """Whether the first 512 bytes of a file are a tar's, be it one from before `ustar`."""
    if kind_of(head) == "tar":
        return True
    try:
        return bool(_parsed(head))
    except ValueError:
        return False


def _header(span: Span, position: int) -> Entry | None:
    """What stands at `position`: None when it is the end."""
    position = min(position, len(span))
    block = span.read_at(position, min(_BLOCK, len(span) - position))
    if position == 0 and not starts_tar(block):
        raise refusal(span.label, "any of it", "a tar file", describe_head(block))
    if not block.strip(b"\0"):
        return None
    try:
        name, kind, size = _parsed(block)
    except ValueError as error:
        what = f"the header at byte {position:,}"
        raise refusal(span.label, what, "an intact tar header", str(error)) from error
    return Entry(name, kind, position + _BLOCK, size)


def _parsed(block: bytes) -> tuple[bytes, bytes, int]:
    """Name, kind and size. Raises ValueError when the block is no intact header."""
    if len(block) < _BLOCK:
        raise ValueError("the end of the file: the archive is truncated")
    stored = block[148:156]
    if _number(stored) != sum(block) - sum(stored) + len(stored) * ord(" "):
        raise ValueError("one with another checksum: the archive is damaged")
    name = _text(block[:100])
    if (
        block[257:263] == b"ustar\0" and block[345]
    ):  # GNU keeps times where POSIX has the prefix
        name = _text(block[345:500]) + b"/" + name
    return name, block[156:157], _number(block[124:136])


def _number(field: bytes) -> int:
    """Octal digits, or a binary number as GNU and star write it; never negative."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = _text(field).strip(b" ")
    if digits.strip(b"01234567"):
        raise ValueError(f"{field!r} in place of a number")
    return int(digits or b"0", 8)


def _text(field: bytes) -> bytes:
    return field.split(b"\0", 1)[0]


def _extension(span: Span, entry: Entry, in_a_row: int) -> dict[bytes, bytes]:
    """What an extension says of the next member, or of all that follow."""
    what = f"the extension at byte {entry.start:,}"
    if entry.size > _EXTENSION_BYTES or in_a_row > _EXTENSIONS_IN_A_ROW:
        bound = f"at most {_EXTENSIONS_IN_A_ROW} of {_EXTENSION_BYTES:,} bytes each"
        raise refusal(
            span.label, what, bound, f"{in_a_row}, the last of {entry.size:,}"
        )
    _check_inside(span, what, entry)
    data = span.read_at(entry.start, entry.size)
    if entry.kind in (_LONG_NAME, _LONG_LINK):
        return {b"path": _text(data)} if entry.kind == _LONG_NAME else {}
    try:
        return _pax_records(data)
    except ValueError as error:
        raise refusal(span.label, what, "intact pax records", str(error)) from error


def _pax_records(data: bytes) -> dict[bytes, bytes]:
    """`path` and `size` of a pax extension; the rest says nothing about where the data are."""
    records, position, data = {}, 0, data.rstrip(b"\0")
    while position < len(data):
        match = _PAX_RECORD.match(data, position)
        end = position + int(match[1]) if match else 0
        if (
            match is None
            or not match.end() < end <= len(data)
            or data[end - 1] != ord("\n")
        ):
            raise ValueError("damaged ones")
        key, value = match[2], data[match.end() : end - 1]
        if key.startswith(b"GNU.sparse"):
            raise ValueError("those of a sparse file")
        if key == b"size" and not (value.isdigit() and len(value) < 20):
            raise ValueError(f"a size of {value[:20]!r}")
        if key in (b"path", b"size"):
            records[key] = value
        position = end
    return records


def _check_inside(span: Span, what: str, entry: Entry) -> None:
    rest = len(span) - entry.start
    if entry.size > rest:
        got = f"{rest:,}: the archive is truncated or damaged"
        raise refusal(span.label, what, f"{entry.size:,} bytes", got)


def _check_end(span: Span, position: int) -> None:
    """An archive may be cut between two members; only what closes it tells that all are there.

    Data after that are members too: of an archive with a hole, or of two that were joined.
    """
    rest = len(span) - position
    if rest < _BLOCK:
        got = "the end of the file: the archive is truncated"
        raise refusal(span.label, "the end", "the empty block that closes a tar", got)
    if rest > _PADDING_BYTES or span.read_at(position, rest).strip(b"\0"):
        got = f"{rest:,} bytes that are not all zeros"
        raise refusal(
            span.label, f"what follows byte {position:,}", "zeros to the end", got
        )

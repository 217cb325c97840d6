"""Read the headers of an uncompressed tar.

The standard library's tarfile is not used. It treats a damaged header as the end of the
archive, and then silently shows fewer files. It also takes three times as long.
"""

from collections.abc import Iterator
from typing import NamedTuple

from .byte_ranges import ByteRange
from .refusals import refusal
from .signatures import describe_head, kind_of
from .tar_extensions import LONG_LINK, LONG_NAME, SHARED_PAX, pax_records

FOLDER = b"5"
FILES = (b"0", b"\0", b"7")
_EXTENSIONS = (LONG_NAME, LONG_LINK, SHARED_PAX, b"x", b"X")
_EXTENSION_BYTES = 2**20  # at most, for one long name or one set of pax records
_EXTENSIONS_IN_A_ROW = 8
_BLOCK = 512
_PADDING_BYTES = 2**20  # programs pad a tar with zeros, by at most this many bytes


class TarEntry(NamedTuple):
    """The name, the kind and the position of one member of a tar.

    kind: the type flag in the header, such as FOLDER or one of FILES
    start: the position of the data in the tar, in bytes
    size: the size of the data in bytes
    """

    name: bytes
    kind: bytes
    start: int
    size: int


def read_entries(archive: ByteRange) -> Iterator[TarEntry]:
    """Yield all members of a tar, in the order in which the tar stores them.

    An extension header may replace the name or the size of the member after it.
    Raises DataError if the archive is not a tar, or is damaged or truncated.
    """
    shared: dict[bytes, bytes] = {}
    own: dict[bytes, bytes] = {}
    in_a_row = 0
    position = 0
    while (entry := _header(archive, position)) is not None:
        if entry.kind in _EXTENSIONS:
            in_a_row += 1
            records = shared if entry.kind == SHARED_PAX else own
            records.update(_extension(archive, entry, in_a_row))
        else:
            entry = _corrected(entry, shared | own)
            if entry.kind in FILES:
                _check_inside(archive, repr(entry.name), entry)
            yield entry
            own = {}
            in_a_row = 0
        position = _end_of(entry)
    _check_end(archive, position)


def starts_tar(head: bytes) -> bool:
    """Return whether the first 512 bytes of a file are those of a tar.

    Tars that are older than the `ustar` format are recognised too.
    """
    if kind_of(head) == "tar":
        return True
    try:
        _parsed(head)
    except ValueError:
        return False
    return True


def _corrected(entry: TarEntry, records: dict[bytes, bytes]) -> TarEntry:
    """Return an entry with the name and the size that its extensions give."""
    if not records:
        return entry
    name = records.get(b"path", entry.name)
    size = records.get(b"size", entry.size)
    return TarEntry(name, entry.kind, entry.start, int(size))


def _end_of(entry: TarEntry) -> int:
    """Return the position of the header after an entry."""
    if entry.kind == FOLDER:
        return entry.start  # a folder has no data, even if its header gives a size
    end = entry.start + entry.size
    padding = -entry.size % _BLOCK  # zeros fill the last block of the data
    return end + padding


def _header(archive: ByteRange, position: int) -> TarEntry | None:
    """Return the entry whose header is at `position`, or None at the end of the tar.

    Raises DataError if the header is damaged, or if the archive is not a tar.
    """
    position = min(position, len(archive))
    length = min(_BLOCK, len(archive) - position)
    block = archive.read_at(position, length)
    if position == 0 and not starts_tar(block):
        raise refusal(
            archive.label,
            "it",
            expected="a tar file",
            got=describe_head(block),
        )
    if not block.strip(b"\0"):
        return None
    try:
        name, kind, size = _parsed(block)
    except ValueError as error:
        raise refusal(
            archive.label,
            f"the header at byte {position:,}",
            expected="an intact tar header",
            got=str(error),
        ) from error
    return TarEntry(name, kind, position + _BLOCK, size)


def _parsed(block: bytes) -> tuple[bytes, bytes, int]:
    """Return the name, the kind and the size from a header.

    Raises ValueError if the block is not an intact header.
    """
    if len(block) < _BLOCK:
        raise ValueError("a header that is cut off: the archive is truncated")
    if _number(block[148:156]) != _checksum(block):
        raise ValueError("a header with a wrong checksum: the archive is damaged")
    name = _text(block[:100])
    is_posix = block[257:263] == b"ustar\0"
    if is_posix and block[345]:  # in GNU headers, times take the place of the prefix
        prefix = _text(block[345:500])
        name = prefix + b"/" + name
    kind = block[156:157]
    size = _number(block[124:136])
    return name, kind, size


def _checksum(block: bytes) -> int:
    """Return the sum of all bytes in a header, with its checksum replaced by spaces."""
    others = sum(block) - sum(block[148:156])
    return others + 8 * ord(" ")


def _number(field: bytes) -> int:
    """Return the number in a header field, which is never negative.

    It is written as octal digits, or as the binary number that GNU tar and star write.
    Raises ValueError for anything else.
    """
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = _text(field).strip(b" ")
    if digits.strip(b"01234567"):
        raise ValueError(f"{field!r}, which is not a number")
    return int(digits or b"0", 8)


def _text(field: bytes) -> bytes:
    return field.split(b"\0", 1)[0]


def _extension(
    archive: ByteRange, entry: TarEntry, in_a_row: int
) -> dict[bytes, bytes]:
    """Return the records in an extension header: key -> value.

    in_a_row: number of extension headers since the last member, including this one
    Raises DataError if the extension is too large or damaged.
    """
    what = f"the extension at byte {entry.start:,}"
    if entry.size > _EXTENSION_BYTES or in_a_row > _EXTENSIONS_IN_A_ROW:
        raise refusal(
            archive.label,
            what,
            expected=(
                f"at most {_EXTENSIONS_IN_A_ROW} extensions in a row, "
                f"of at most {_EXTENSION_BYTES:,} bytes each"
            ),
            got=f"{in_a_row} in a row, the last of {entry.size:,} bytes",
        )
    _check_inside(archive, what, entry)
    data = archive.read_at(entry.start, entry.size)
    if entry.kind == LONG_NAME:
        return {b"path": _text(data)}
    if entry.kind == LONG_LINK:
        return {}
    try:
        return pax_records(data)
    except ValueError as error:
        raise refusal(
            archive.label,
            what,
            expected="intact pax records",
            got=str(error),
        ) from error


def _check_inside(archive: ByteRange, what: str, entry: TarEntry) -> None:
    """Raise DataError if the data of an entry extend beyond the end of the file."""
    rest = len(archive) - entry.start
    if entry.size > rest:
        raise refusal(
            archive.label,
            what,
            expected=f"{entry.size:,} bytes",
            got=f"{rest:,} bytes: the archive is truncated or damaged",
        )


def _check_end(archive: ByteRange, position: int) -> None:
    """Raise DataError if the empty block at the end is missing, or if data follow it.

    If the block is missing, the archive may have lost its last members. Data after the
    block mean that the archive has a hole, or that two archives were joined.
    """
    rest = len(archive) - position
    if rest < _BLOCK:
        raise refusal(
            archive.label,
            "the end",
            expected="the empty block that closes a tar",
            got="the end of the file: the archive is truncated",
        )
    if rest > _PADDING_BYTES or archive.read_at(position, rest).strip(b"\0"):
        raise refusal(
            archive.label,
            f"what follows byte {position:,}",
            expected=f"only zeros, at most {_PADDING_BYTES:,} bytes",
            got=f"{rest:,} bytes, which are too many or not all zero",
        )

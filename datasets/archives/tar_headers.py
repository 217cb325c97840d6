"""Reads the headers of a plain tar one after the other.

tarfile is not used: it takes a damaged header for the end of the archive and silently shows
fewer files, and it takes three times as long.
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
_EXTENSION_BYTES = 2**20  # of one long name or one set of pax records
_EXTENSIONS_IN_A_ROW = 8
_BLOCK = 512
_PADDING_BYTES = 2**20  # writers fill up their last record, which may be this large


class TarEntry(NamedTuple):
    """A member of a tar: its name, what it is, and where its data are.

    kind: the type flag of the header, such as FOLDER or one of FILES
    """

    name: bytes
    kind: bytes
    start: int
    size: int


def read_entries(archive: ByteRange) -> Iterator[TarEntry]:
    """All members in the order of the archive, corrected by the extensions before them.

    Raises DataError when it is no tar, damaged or truncated.
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
    """Whether these are the first 512 bytes of a tar, even of one older than `ustar`."""
    if kind_of(head) == "tar":
        return True
    try:
        _parsed(head)
    except ValueError:
        return False
    return True


def _corrected(entry: TarEntry, records: dict[bytes, bytes]) -> TarEntry:
    """An entry with the name and the size that its extensions state."""
    if not records:
        return entry
    name = records.get(b"path", entry.name)
    size = records.get(b"size", entry.size)
    return TarEntry(name, entry.kind, entry.start, int(size))


def _end_of(entry: TarEntry) -> int:
    """Where the next header is."""
    if entry.kind == FOLDER:
        return entry.start  # whatever size a folder states, it has no data
    end = entry.start + entry.size
    padding = -entry.size % _BLOCK  # the data fill up whole blocks
    return end + padding


def _header(archive: ByteRange, position: int) -> TarEntry | None:
    """The entry whose header is at `position`; None at the end of the archive."""
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
    """Name, kind and size. Raises ValueError when the block is no intact header."""
    if len(block) < _BLOCK:
        raise ValueError("the end of the file: the archive is truncated")
    if _number(block[148:156]) != _checksum(block):
        raise ValueError("one with another checksum: the archive is damaged")
    name = _text(block[:100])
    is_posix = block[257:263] == b"ustar\0"
    if is_posix and block[345]:  # GNU keeps times where POSIX has the prefix
        prefix = _text(block[345:500])
        name = prefix + b"/" + name
    kind = block[156:157]
    size = _number(block[124:136])
    return name, kind, size


def _checksum(block: bytes) -> int:
    """The sum of all bytes, in which the stored checksum counts as spaces."""
    others = sum(block) - sum(block[148:156])
    return others + 8 * ord(" ")


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


def _extension(
    archive: ByteRange, entry: TarEntry, in_a_row: int
) -> dict[bytes, bytes]:
    """What an extension says about the next member, or about all that follow."""
    what = f"the extension at byte {entry.start:,}"
    if entry.size > _EXTENSION_BYTES or in_a_row > _EXTENSIONS_IN_A_ROW:
        raise refusal(
            archive.label,
            what,
            expected=f"at most {_EXTENSIONS_IN_A_ROW} of {_EXTENSION_BYTES:,} bytes each",
            got=f"{in_a_row}, the last of {entry.size:,}",
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
    """Raises DataError when the data of an entry go beyond the end of the file."""
    rest = len(archive) - entry.start
    if entry.size > rest:
        raise refusal(
            archive.label,
            what,
            expected=f"{entry.size:,} bytes",
            got=f"{rest:,}: the archive is truncated or damaged",
        )


def _check_end(archive: ByteRange, position: int) -> None:
    """Raises DataError when the archive is cut between two members, or has more after its end.

    Only the closing block tells that no member is missing. Data after it belong to an archive
    with a hole, or to two archives that were joined.
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
            expected="zeros to the end",
            got=f"{rest:,} bytes that are not all zeros",
        )

"""The extended headers of a tar: long names, and the records of the pax format."""

import re

# Type flags of a header.
LONG_NAME = b"L"
LONG_LINK = b"K"
SHARED_PAX = b"g"

_RECORD = re.compile(rb"(\d{1,7}) ([^=\n]+)=")
_SIZE_DIGITS = 19


def pax_records(data: bytes) -> dict[bytes, bytes]:
    """The records `path` and `size`; the others say nothing about where the data are.

    Raises ValueError when the records are damaged or those of a sparse file.
    """
    records: dict[bytes, bytes] = {}
    data = data.rstrip(b"\0")
    position = 0
    while position < len(data):
        key, value, position = _record(data, position)
        if key.startswith(b"GNU.sparse"):
            raise ValueError("those of a sparse file")
        if key == b"size":
            _check_size(value)
            records[key] = value
        elif key == b"path":
            records[key] = value
    return records


def _record(data: bytes, position: int) -> tuple[bytes, bytes, int]:
    """Key, value and end of the record at `position`, which is `LENGTH KEY=VALUE` and a newline."""
    match = _RECORD.match(data, position)
    if match is None:
        raise ValueError("damaged ones")
    length = int(match[1])
    end = position + length
    is_inside = match.end() < end <= len(data)
    if not is_inside or data[end - 1] != ord("\n"):
        raise ValueError("damaged ones")
    key = match[2]
    value = data[match.end() : end - 1]
    return key, value, end


def _check_size(value: bytes) -> None:
    if not value.isdigit() or len(value) > _SIZE_DIGITS:
        shown = value[:20]
        raise ValueError(f"a size of {shown!r}")

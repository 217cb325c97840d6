"""Read the extension headers of a tar: long names, and records of the pax format."""

import re

# Type flags in a header.
LONG_NAME = b"L"
LONG_LINK = b"K"
SHARED_PAX = b"g"

_RECORD = re.compile(rb"(\d{1,7}) ([^=\n]+)=")
_SIZE_DIGITS = 19


def pax_records(data: bytes) -> dict[bytes, bytes]:
    """Return the pax records `path` and `size` in the data of an extension header.

    All other records are dropped, since they do not affect the position of the data.
    Raises ValueError if a record is damaged or belongs to a sparse file.
    """
    records: dict[bytes, bytes] = {}
    data = data.rstrip(b"\0")
    position = 0
    while position < len(data):
        key, value, position = _record(data, position)
        if key.startswith(b"GNU.sparse"):
            raise ValueError("records of a sparse file")
        if key == b"size":
            _check_size(value)
            records[key] = value
        elif key == b"path":
            records[key] = value
    return records


def _record(data: bytes, position: int) -> tuple[bytes, bytes, int]:
    """Return the key, the value and the end of the record at `position`.

    A record is `LENGTH KEY=VALUE` and a newline.
    Raises ValueError if the record is damaged.
    """
    match = _RECORD.match(data, position)
    if match is None:
        raise ValueError("damaged records")
    length = int(match[1])
    end = position + length
    is_inside = match.end() < end <= len(data)
    if not is_inside or data[end - 1] != ord("\n"):
        raise ValueError("damaged records")
    key = match[2]
    value = data[match.end() : end - 1]
    return key, value, end


def _check_size(value: bytes) -> None:
    if not value.isdigit() or len(value) > _SIZE_DIGITS:
        shown = value[:20]
        raise ValueError(f"the size {shown!r}, which is not a valid number")

"""Read the size, position and version of a file from HTTP response headers."""

import re
from dataclasses import dataclass

import requests

_BYTE_COUNT = re.compile("[0-9]{1,18}")
_PIECE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")
_PRINTABLE = re.compile("[ -~]*")


@dataclass(frozen=True)
class Piece:
    """The piece of a file that an HTTP response contains.

    start: offset of the first byte of the piece in the whole file
    total: size of the whole file in bytes; None if unknown
    """

    start: int
    total: int | None


def header(response: requests.Response, name: str) -> str:
    """Return the value of a response header; empty if the header is missing."""
    return response.headers.get(name, "")


def body_length(response: requests.Response) -> int | None:
    """Return the number of bytes in the body; None if the server does not say."""
    is_chunked = "Transfer-Encoding" in response.headers
    if is_chunked:  # Transfer-Encoding overrules Content-Length.
        return None
    return _byte_count(header(response, "Content-Length"))


def served_piece(response: requests.Response) -> Piece | None:
    """Return which piece of the file a response has; None if no header says it."""
    content_range = header(response, "Content-Range")
    match = _PIECE.fullmatch(content_range)
    if match is None:
        return None
    start = int(match[1])
    return Piece(start, _byte_count(match[2]))


def total_beyond_end(response: requests.Response) -> int | None:
    """Return the size of the whole file from a response with status 416.

    Status 416 means: no bytes at the requested offset.
    None if the server does not say the size.
    """
    content_range = header(response, "Content-Range")
    return _byte_count(content_range.removeprefix("bytes */"))


def validator(response: requests.Response) -> str:
    """Return the header value that identifies the version of a file.

    This is the strong ETag, or else the Last-Modified date; empty if both are missing.
    A weak ETag does not count: it only promises an equivalent file, not equal bytes.
    """
    found = header(response, "ETag")
    is_strong = found.startswith('"')
    if not is_strong:
        found = header(response, "Last-Modified")
    # The value is sent back to the server in a header: only printable ASCII is allowed.
    return found if _PRINTABLE.fullmatch(found) else ""


def is_other_version(response: requests.Response, earlier: str) -> bool:
    """Return whether a response comes from another version of the file.

    Returns False if the two cannot be compared: if `earlier` is empty, or if the
    response lacks the same header (ETag or Last-Modified).
    earlier: the `validator` of an earlier response
    """
    is_etag = earlier.startswith('"')
    name = "ETag" if is_etag else "Last-Modified"
    served = header(response, name)
    if not earlier or not served:
        return False
    return served != earlier


def _byte_count(text: str) -> int | None:
    is_count = _BYTE_COUNT.fullmatch(text)
    return int(text) if is_count else None

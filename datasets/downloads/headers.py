"""What the headers of an answer say about the bytes that follow them."""

import re
from dataclasses import dataclass

import requests

_BYTE_COUNT = re.compile("[0-9]{1,18}")
_PIECE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")
_PRINTABLE = re.compile("[ -~]*")


@dataclass(frozen=True)
class Piece:
    """A piece of a file: its first byte, and the bytes of the whole file if known."""

    start: int
    total: int | None


def header(response: requests.Response, name: str) -> str:
    """A header, empty if it is missing."""
    return response.headers.get(name, "")


def body_length(response: requests.Response) -> int | None:
    """Bytes of the body, None if the server does not say."""
    is_chunked = "Transfer-Encoding" in response.headers
    if is_chunked:  # which overrules a length
        return None
    return _byte_count(header(response, "Content-Length"))


def served_piece(response: requests.Response) -> Piece | None:
    """The piece that a server sends, None if it does not say."""
    content_range = header(response, "Content-Range")
    match = _PIECE.fullmatch(content_range)
    if match is None:
        return None
    start = int(match[1])
    return Piece(start, _byte_count(match[2]))


def total_beyond_end(response: requests.Response) -> int | None:
    """Bytes of the whole file in an answer of status 416, None if it does not say."""
    content_range = header(response, "Content-Range")
    return _byte_count(content_range.removeprefix("bytes */"))


def validator(response: requests.Response) -> str:
    """The strong ETag or Last-Modified of a file, empty if there is none.

    A weak ETag does not count: it only promises something similar.
    """
    found = header(response, "ETag")
    is_strong = found.startswith('"')
    if not is_strong:
        found = header(response, "Last-Modified")
    # It is sent back in a header, which must not hold anything else.
    return found if _PRINTABLE.fullmatch(found) else ""


def is_other_version(response: requests.Response, earlier: str) -> bool:
    """Whether the validator of an answer differs from an earlier one of the same kind."""
    is_etag = earlier.startswith('"')
    name = "ETag" if is_etag else "Last-Modified"
    served = header(response, name)
    if not earlier or not served:
        return False
    return served != earlier


def _byte_count(text: str) -> int | None:
    is_count = _BYTE_COUNT.fullmatch(text)
    return int(text) if is_count else None

"""Read the body of an answer as it comes, and give up a server that is too slow."""

import time
from collections.abc import Iterator

import requests
from urllib3.exceptions import HTTPError

from .web import Broken, Refused, keep_trying, opened

_CHUNK_BYTES = 2**16
_LOWEST_SPEED = 1000  # bytes a second
_WATCHED_SECONDS = 30.0


def read_body(response: requests.Response) -> Iterator[bytes]:
    """Yield a response body in chunks, without decompression.

    Raises Broken if the server sends less than 1,000 bytes a second for half a minute: a
    byte now and then is no answer.
    """
    chunk = bytearray()
    watch = _Watch()
    try:
        while piece := _next_piece(response, _CHUNK_BYTES - len(chunk)):
            watch.count(len(piece))
            chunk += piece
            if len(chunk) == _CHUNK_BYTES:
                yield bytes(chunk)
                chunk.clear()
    except (HTTPError, Broken):
        if chunk:
            yield bytes(chunk)
        raise
    if chunk:
        yield bytes(chunk)


def read_document(url: str, timeout: float, limit: int = 2**22) -> bytes:
    """Download a small document into memory.

    Raises Refused if the address does not serve it or if it exceeds `limit` bytes.
    """

    def attempt() -> bytes:
        document = b""
        with opened(url, timeout) as response:
            for chunk in read_body(response):
                document += chunk
                if len(document) > limit:
                    raise Refused(f"the document has more than {limit:,} bytes")
        return document

    return keep_trying(url, attempt, timeout)


def _next_piece(response: requests.Response, most: int) -> bytes:
    """Return the bytes that have come, as soon as there are any; at most `most`."""
    return response.raw.read1(most, decode_content=False)


class _Watch:
    """Measures the speed of a server."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._n_bytes = 0

    def count(self, n_bytes: int) -> None:
        """Count bytes. Raises Broken if too few came in the interval that ends."""
        self._n_bytes += n_bytes
        seconds = time.monotonic() - self._start
        if seconds < _WATCHED_SECONDS:
            return
        if self._n_bytes < _LOWEST_SPEED * seconds:
            raise Broken(f"only {self._n_bytes:,} bytes came in {seconds:.0f} seconds")
        self._start += seconds
        self._n_bytes = 0

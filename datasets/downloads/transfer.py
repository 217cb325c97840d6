"""Download from one address and continue the partial file of an earlier connection."""

import errno
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from shutil import disk_usage
from typing import NoReturn

import requests

from fewbench.progress import Progress
from fewbench.space import require_space

from ..archives.signatures import looks_like_answer
from .body import read_body
from .headers import (
    Piece,
    body_length,
    is_other_version,
    served_piece,
    total_beyond_end,
    validator,
)
from .partial_file import Origin, PartialFile
from .web import Broken, Refused, keep_trying, opened
from .words import describe_page

_PARTIAL_CONTENT = 206
_NOTHING_BEYOND = 416


@dataclass(frozen=True)
class Transfer:
    """A download from one address into a partial file.

    Resuming is written by hand, because neither requests nor urllib3 can do it.

    url: the address
    part: the partial file
    size: size of the whole file in bytes; None if unknown
    most: the largest size that the file can have, in bytes
    checked: whether a checksum of the whole file will be compared. If so, bytes from
        any address may be continued. If not, only bytes from this address may be
        continued, and only if the server confirms that the file has not changed.
    progress: called with `stage`, the bytes so far and the total bytes (0 if unknown)
    stage: the name of the download for `progress`
    timeout: the longest time that the server may stay silent, in seconds
    """

    url: str
    part: PartialFile
    size: int | None
    most: int
    checked: bool
    progress: Progress | None
    stage: str
    timeout: float

    def run(self) -> bool:
        """Complete the partial file. Return whether a download was resumed.

        Resumed means that some of the bytes came from an earlier connection.
        Raises Refused if the address does not serve the file.
        Raises OSError if the disk is full or read-only.
        """
        return keep_trying(self.url, self._attempt, self.timeout)

    def _attempt(self) -> bool:
        done = self._usable_bytes()
        if done and done == self._total():
            self._report(done, done)
            return True
        headers = self._headers(done)
        with opened(self.url, self.timeout, headers) as response:
            if response.status_code == _NOTHING_BEYOND:
                self._check_end(response, done)
                return True
            chunks = read_body(response)
            if response.status_code == _PARTIAL_CONTENT:
                start = self._continue(response, done)
            else:
                start = 0
                chunks = self._begin(response, chunks)
            self._receive(chunks, start)
        return start > 0

    def _usable_bytes(self) -> int:
        """Return how many bytes of the partial file need no new download."""
        origin = self.part.origin()
        is_from_here = origin.url == self.url
        can_ask_for_same = is_from_here and bool(origin.validator)
        if self.checked or can_ask_for_same:
            return self.part.size
        return 0

    def _total(self) -> int | None:
        """Return the number of bytes in the whole file; None if unknown."""
        if self.size is not None:
            return self.size
        origin = self.part.origin()
        return origin.total

    def _headers(self, done: int) -> dict[str, str]:
        """Return the request headers that ask for the bytes from offset `done` onwards.

        The header If-Range asks for the whole file if the server has another version.
        """
        if not done:
            return {}
        headers = {"Range": f"bytes={done}-"}
        origin = self.part.origin()
        if origin.validator and origin.url == self.url:
            headers["If-Range"] = origin.validator
        return headers

    def _begin(
        self, response: requests.Response, chunks: Iterator[bytes]
    ) -> Iterator[bytes]:
        """Empty the partial file. Return the chunks of the response, to fill it again.

        Raises Refused if the response is a web page or has the wrong size.
        """
        first = next(chunks, b"")
        # Web pages and files both arrive with status 200. Only the bytes differ.
        if looks_like_answer(first):
            raise Refused(describe_page(first))
        total = body_length(response)
        self._check_total(total)
        origin = Origin(
            url=self.url,
            validator=validator(response),
            total=total,
        )
        self.part.begin(origin)
        return chain((first,), chunks)

    def _continue(self, response: requests.Response, done: int) -> int:
        """Return the offset at which the served piece of the file begins.

        A server may begin earlier than requested. Raises Broken if it begins later.
        """
        piece = served_piece(response)
        if not done or piece is None or piece.start > done:
            self.part.clear()
            raise Broken("the server did not send the requested piece of the file")
        self._check_total(piece.total)
        origin = self._continued_origin(response, piece)
        self.part.record(origin)
        return piece.start

    def _continued_origin(self, response: requests.Response, piece: Piece) -> Origin:
        """Return the origin record of the partial file with the new piece.

        Raises Broken if the piece belongs to another version of the file.
        """
        earlier = self.part.origin()
        if piece.total is None:
            total = earlier.total
        elif earlier.total in (None, piece.total):
            total = piece.total
        else:
            self._start_over()
        if earlier.url != self.url:
            return Origin(self.url, total=total)
        if is_other_version(response, earlier.validator):
            self._start_over()
        return Origin(
            url=self.url,
            validator=earlier.validator,
            total=total,
        )

    def _check_end(self, response: requests.Response, done: int) -> None:
        """Check that the file is complete after the server sent status 416.

        Status 416 means that the server has no bytes from offset `done` onwards.
        Raises Broken if bytes are missing or left over.
        """
        total = total_beyond_end(response)
        self._check_total(total)
        if not done or done != total:
            self._start_over()
        self._report(done, done)

    def _check_total(self, total: int | None) -> None:
        if total is None:
            return
        if total > self.most or self.size not in (None, total):
            raise Refused(f"the server has a file of {total:,} bytes")

    def _start_over(self) -> NoReturn:
        self.part.clear()
        raise Broken("the file on the server changed between two connections")

    def _receive(self, chunks: Iterable[bytes], start: int) -> None:
        """Write the chunks to the partial file from offset `start` onwards.

        Raises Broken if the connection ends too early.
        """
        total = self._total()
        if total is not None:
            self._require_space(total - start)
        self._report(start, total)
        with self.part.path.open("r+b") as file:
            file.seek(start)
            file.truncate()
            for chunk in chunks:
                file.write(chunk)
                done = file.tell()
                self._report(done, total)
                # A response without end must not fill the disk.
                if total is not None and done > total:
                    break
                if done > self.most:
                    self._refuse_endless()
        got = self.part.size
        if total is not None and got < total:
            raise Broken(f"the connection ended after {got:,} of {total:,} bytes")

    def _refuse_endless(self) -> NoReturn:
        self.part.clear()
        raise Refused(f"it sent more than the {self.most:,} bytes that it can have")

    def _require_space(self, needed: int) -> None:
        folder = self.part.path.parent
        try:
            # Reserving can be slow, and this check runs again on every connection.
            require_space(folder, max(needed, 0), reserve=False)
        except OSError as error:
            free = disk_usage(folder).free
            raise OSError(
                error.errno or errno.ENOSPC,
                f"{needed:,} bytes are still to be downloaded from {self.url}, but "
                f"only {free:,} bytes are free",
            ) from error

    def _report(self, done: int, total: int | None) -> None:
        if self.progress is None:
            return
        self.progress(self.stage, done, total or 0)

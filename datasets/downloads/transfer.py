"""Bring the bytes of one address into a partial file, from where it ends."""

import errno
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from shutil import disk_usage
from typing import NoReturn

import requests

from fewbench.files import require_space
from fewbench.progress import Progress

from ..archives.signatures import looks_like_page
from .headers import (
    Piece,
    body_length,
    is_other_version,
    served_piece,
    total_beyond_end,
    validator,
)
from .partial_file import Origin, PartialFile
from .web import Broken, Refused, describe_page, keep_trying, opened, read_body

_PARTIAL_CONTENT = 206
_NOTHING_BEYOND = 416


@dataclass(frozen=True)
class Transfer:
    """One address, and the partial file that its bytes go to.

    Resuming is written by hand: neither requests nor urllib3 can do it.
    size: bytes of the whole file, None if unknown
    checked: whether a checksum is going to be compared. Then any bytes may be continued;
        otherwise only those that this address served and has not changed since.
    progress, stage: called with this stage, bytes so far, and bytes in all or 0
    timeout: longest silence of the server, in seconds
    """

    url: str
    part: PartialFile
    size: int | None
    checked: bool
    progress: Progress | None
    stage: str
    timeout: float

    def run(self) -> bool:
        """Complete the part; whether it holds bytes of an earlier connection.

        Raises Refused with the reason, OSError when the disk is full or read-only.
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
        """How many bytes of the part can be continued."""
        origin = self.part.origin()
        is_from_here = origin.url == self.url
        can_ask_for_same = is_from_here and bool(origin.validator)
        if self.checked or can_ask_for_same:
            return self.part.size
        return 0

    def _total(self) -> int | None:
        """Bytes of the whole file, None if unknown."""
        if self.size is not None:
            return self.size
        origin = self.part.origin()
        return origin.total

    def _headers(self, done: int) -> dict[str, str]:
        """What asks for the bytes that are missing, if they still are of the same file."""
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
        """Start from zero, unless the first bytes show that this is another file."""
        first = next(chunks, b"")
        # A page arrives with status 200 as a file does: only its bytes tell.
        if looks_like_page(first):
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
        """Where the piece begins: a server may begin earlier than it was asked to."""
        piece = served_piece(response)
        if not done or piece is None or piece.start > done:
            self.part.clear()
            raise Broken("it sent another piece of the file than the one asked for")
        self._check_total(piece.total)
        origin = self._continued_origin(response, piece)
        self.part.record(origin)
        return piece.start

    def _continued_origin(self, response: requests.Response, piece: Piece) -> Origin:
        """The origin of the part with the piece. Raises Broken if they are of two files."""
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
        """The server has nothing left to send: check that all of the file is here."""
        total = total_beyond_end(response)
        self._check_total(total)
        if not done or done != total:
            self._start_over()
        self._report(done, done)

    def _check_total(self, total: int | None) -> None:
        if self.size is None or total is None:
            return
        if total != self.size:
            raise Refused(f"a file of {total:,} bytes")

    def _start_over(self) -> NoReturn:
        self.part.clear()
        raise Broken("the file changed between two connections")

    def _receive(self, chunks: Iterable[bytes], start: int) -> None:
        """Write the bytes that arrive, from `start` on."""
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
                # An endless body must not fill the disk.
                if total is not None and done > total:
                    break
        got = self.part.size
        if total is not None and got < total:
            raise Broken(f"the connection ended after {got:,} of {total:,} bytes")

    def _require_space(self, needed: int) -> None:
        folder = self.part.path.parent
        try:
            # Not reserved: this is checked again on every connection.
            require_space(folder, max(needed, 0), reserve=False)
        except OSError as error:
            free = disk_usage(folder).free
            raise OSError(
                error.errno or errno.ENOSPC,
                f"{needed:,} bytes are to come from {self.url}, {free:,} bytes are free",
            ) from error

    def _report(self, done: int, total: int | None) -> None:
        if self.progress is None:
            return
        self.progress(self.stage, done, total or 0)

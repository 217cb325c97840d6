"""Bring the bytes of one address into a Part, going on where an earlier connection ended."""

import errno
import re
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import NoReturn

import requests

from ..archives.signatures import looks_like_page
from .partial_file import Origin, Part
from .web import Broken, Refused, body, describe_page, number, opened, persist

Progress = Callable[[int, int], None]
_PIECE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")


@dataclass(frozen=True)
class Transfer:
    """One address and the part that its bytes go to.

    size: bytes of the whole file, None if nobody told
    checked: whether a checksum is going to be compared; then any bytes may be continued, else only
        those that this very address served and has not changed since
    timeout: longest silence of the server, in seconds
    """

    url: str
    part: Part
    size: int | None
    checked: bool
    progress: Progress | None
    timeout: float

    def run(self) -> bool:
        """Complete the part; whether bytes of an earlier connection are among it.

        Raises Refused with the reason, OSError when the disk is full or not to be written to.
        """
        return persist(self.url, self._attempt, self.timeout)

    def _attempt(self) -> bool:
        done = self._usable()
        if done and done == self._total():
            self._tell(done, done)
            return True
        with opened(self.url, self.timeout, self._headers(done)) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable:
                return self._beyond_the_end(response, done)
            chunks = body(response)
            if response.status_code == requests.codes.partial_content:
                start = self._continue(response, done)
            else:
                start, first = 0, next(chunks, b"")
                self._begin(response, first)
                chunks = chain((first,), chunks)
            self._receive(chunks, start, self._total())
        return start > 0

    def _usable(self) -> int:
        """How many bytes of the part can be kept."""
        origin = self.part.origin()
        known = origin.url == self.url and bool(origin.validator)
        return self.part.size if self.checked or known else 0

    def _total(self) -> int | None:
        return self.size if self.size is not None else self.part.origin().total

    def _headers(self, done: int) -> dict[str, str]:
        origin = self.part.origin()
        headers = {"Range": f"bytes={done}-"} if done else {}
        if done and origin.validator and origin.url == self.url:
            headers["If-Range"] = origin.validator
        return headers

    def _begin(self, response: requests.Response, first: bytes) -> None:
        """Start from zero, unless it shows at once that this is another file."""
        if looks_like_page(first):
            raise Refused(describe_page(first))
        chunked = "Transfer-Encoding" in response.headers  # which overrules a length
        total = None if chunked else number(_header(response, "Content-Length"))
        self._check_total(total)
        self.part.begin(Origin(self.url, _validator(response), total))

    def _continue(self, response: requests.Response, done: int) -> int:
        """Where the served piece begins; a server may begin earlier than it was asked to."""
        origin, piece = (
            self.part.origin(),
            _PIECE.fullmatch(_header(response, "Content-Range")),
        )
        if not done or piece is None or int(piece[1]) > done:
            self.part.clear()
            raise Broken("it sent another piece of the file than the one asked for")
        total = number(piece[2])
        self._check_total(total)
        same = origin.url == self.url
        if None not in (total, origin.total) and total != origin.total:
            self._start_over()
        if same and _changed(response, origin.validator):
            self._start_over()
        self.part.note(
            Origin(self.url, origin.validator if same else "", total or origin.total)
        )
        return int(piece[1])

    def _beyond_the_end(self, response: requests.Response, done: int) -> bool:
        """Nothing is left to send: fine if that is because all of it is here."""
        total = number(_header(response, "Content-Range").removeprefix("bytes */"))
        self._check_total(total)
        if not done or done != total:
            self._start_over()
        self._tell(done, done)
        return True

    def _check_total(self, total: int | None) -> None:
        if self.size is not None and total not in (None, self.size):
            raise Refused(f"a file of {total:,} bytes")

    def _start_over(self) -> NoReturn:
        self.part.clear()
        raise Broken("the file changed between two connections")

    def _receive(self, chunks: Iterable[bytes], start: int, total: int | None) -> None:
        self._check_space((total or 0) - start)
        self._tell(start, total)
        with self.part.path.open("r+b") as file:
            file.seek(start)
            file.truncate()
            for chunk in chunks:
                file.write(chunk)
                self._tell(file.tell(), total)
                if total is not None and file.tell() > total:
                    break  # an endless body must not fill the disk
        got = self.part.size
        if total is not None and got < total:
            raise Broken(f"the connection ended after {got:,} of {total:,} bytes")

    def _check_space(self, needed: int) -> None:
        free = shutil.disk_usage(self.part.path.parent).free
        if needed > free:
            words = (
                f"{needed:,} bytes are to come from {self.url}, {free:,} bytes are free"
            )
            raise OSError(errno.ENOSPC, words)

    def _tell(self, done: int, total: int | None) -> None:
        if self.progress is not None:
            self.progress(done, total or 0)


def _header(response: requests.Response, name: str) -> str:
    return response.headers.get(name, "")


def _validator(response: requests.Response) -> str:
    """What identifies the bytes: a weak ETag only promises something similar."""
    etag = _header(response, "ETag")
    found = etag if etag.startswith('"') else _header(response, "Last-Modified")
    return found if re.fullmatch("[ -~]*", found) else ""


def _changed(response: requests.Response, validator: str) -> bool:
    """Whether a server that overlooked If-Range names another version than `validator`."""
    told = _header(response, "ETag" if validator.startswith('"') else "Last-Modified")
    return bool(validator and told) and told != validator

"""Ask a web server, and tell what may pass when asked again from what will not."""

import html
import logging
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from importlib.metadata import version
from typing import TypeVar
from urllib.parse import urljoin

import requests
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

CHUNK_BYTES = 2**16
_log = logging.getLogger(__name__)
_RETRIES = 5
_RETRIES_UNREACHABLE = 1  # many machines have no way out: do not let them wait for long
_REDIRECTS = 10
_LONGEST_PAUSE = 60.0  # seconds that a server may ask for
_CONNECT_SECONDS = 10.0
_PASSING = {408, 425, 429}
_MEANING = {
    401: "a sign-in is needed",
    403: "access refused",
    404: "nothing at this address",
    407: "the proxy wants a sign-in",
    408: "the server waited too long",
    410: "no longer at this address",
    429: "too many downloads, try again later",
}
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
T = TypeVar("T")


class Refused(Exception):
    """Why an address does not serve what it should, in words."""


class Broken(Exception):
    """What went wrong but may pass: `pause` seconds later, and `retries` times at most."""

    def __init__(
        self, reason: str, retries: int = _RETRIES, pause: float = 0.0
    ) -> None:
        super().__init__(reason)
        self.retries = retries
        self.pause = pause


def persist(url: str, attempt: Callable[[], T], timeout: float) -> T:
    """What `attempt` returns, made again after pauses that double while it raises Broken.

    The first pause is a sixtieth of `timeout`, half a second of the usual 30.
    Raises Refused when no attempt is left.
    """
    n = 1
    while True:
        try:
            return attempt()
        except Broken as broken:
            if n > broken.retries:
                raise Refused(f"{broken} ({n} attempts)") from broken
            pause = max(broken.pause, timeout / 60 * 2 ** (n - 1))
            level = (
                logging.WARNING if pause >= 5 else logging.INFO
            )  # explain a long wait
            _log.log(level, "%s: %s; trying again in %.1f seconds", url, broken, pause)
        time.sleep(pause)
        n += 1


@contextmanager
def opened(
    url: str, timeout: float, headers: dict[str, str] | None = None
) -> Iterator[requests.Response]:
    """The answer of an address (200, 206 or 416), its body unread.

    Raises Broken or Refused, also for what happens while the body is read.
    """
    named = {
        "User-Agent": f"fewbench/{version('fewbench')}",  # Zenodo blocks clients without a name
        # Else a server may compress on the way, and sizes and ranges mean something else.
        "Accept-Encoding": "identity",
    }
    try:
        with (
            requests.Session() as session,
            _follow(session, url, timeout, named | (headers or {})) as response,
        ):
            _check_status(response)
            yield response
    except (requests.RequestException, HTTPError) as error:
        raise _in_words(error, timeout) from error


def body(response: requests.Response) -> Iterator[bytes]:
    """The body in chunks, as it came over the wire: a .gz is not unpacked on the way."""
    return response.raw.stream(CHUNK_BYTES, decode_content=False)


def read_document(url: str, timeout: float, limit: int = 2**22) -> bytes:
    """A small document. Raises Refused when it cannot be had or is larger than `limit` bytes."""

    def attempt() -> bytes:
        document = b""
        with opened(url, timeout) as response:
            for chunk in body(response):
                document += chunk
                if len(document) > limit:
                    raise Refused(f"more than {limit:,} bytes")
        return document

    return persist(url, attempt, timeout)


def describe_page(head: bytes) -> str:
    """That this is a web page, with its title, which often tells what is wrong."""
    title = re.search(rb"<title[^>]*>([^<]{1,300})", head, re.IGNORECASE)
    words = html.unescape(title[1].decode("utf-8", "replace")).split() if title else []
    shown = "".join(c for c in " ".join(words) if c.isprintable())[:80]
    titled = f', titled "{shown}"' if shown else ""
    return f"a web page in place of the archive{titled}: probably a sign-in, quota or error page"


def number(text: str | None) -> int | None:
    """A count of bytes as headers give it, None when it is not one."""
    return int(text) if text and re.fullmatch("[0-9]{1,18}", text) else None


def _follow(
    session: requests.Session, url: str, timeout: float, headers: dict[str, str]
) -> requests.Response:
    """The answer at the end of the redirects. requests would read their bodies, however long."""
    limits = (min(timeout, _CONNECT_SECONDS), timeout)
    for _ in range(_REDIRECTS):
        try:
            response = session.get(
                url, headers=headers, stream=True, timeout=limits, allow_redirects=False
            )
            target = session.get_redirect_target(response)
            if target is None:
                return response
            response.close()
            url = urljoin(response.url, target)
        except ValueError as error:
            raise Refused(f"not an address to download from: {error}") from error
    raise Refused(f"redirected more than {_REDIRECTS} times")


def _check_status(response: requests.Response) -> None:
    code = response.status_code
    if code in (200, 206, 416):
        return
    usual = (
        "the server fails" if code >= 500 else "refused" if code >= 400 else "no file"
    )
    # The phrase that the server itself sends could be anything.
    reason = f"HTTP {code} {_PHRASES.get(code, '')} ({_MEANING.get(code, usual)})"
    if code not in _PASSING and code < 500:
        raise Refused(reason)
    pause = _asked_pause(response.headers.get("Retry-After", ""))
    if pause > _LONGEST_PAUSE:
        raise Refused(f"{reason}; it asks to come back in {pause:,.0f} seconds")
    raise Broken(reason, pause=pause)


def _asked_pause(text: str) -> float:
    """Seconds that a Retry-After header asks for, which gives them or a date."""
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        wait = (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return max(wait, 0.0) if math.isfinite(wait) else 0.0


def _in_words(error: Exception, timeout: float) -> Broken:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    unreachable = isinstance(reason, NewConnectionError | ConnectTimeoutError)
    cause: BaseException = error
    # requests wraps urllib3, which wraps what really happened.
    while cause.__context__ and type(cause).__module__.startswith(
        ("requests", "urllib3")
    ):
        cause = cause.__context__
    by_proxy = isinstance(error, requests.exceptions.ProxyError)
    what = "the proxy that the environment names" if by_proxy else "the connection"
    words = f"{what} failed: {cause}"
    if isinstance(cause, TimeoutError):
        seconds = min(timeout, _CONNECT_SECONDS) if unreachable else timeout
        words = f"no answer within {seconds:g} seconds"
    return Broken(words, _RETRIES_UNREACHABLE if unreachable else _RETRIES)

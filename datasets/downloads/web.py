"""Ask a web server, and tell what may work when asked again from what will not."""

import html
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from importlib.metadata import version
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, Retry
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    InvalidHeader,
    NewConnectionError,
)

_log = logging.getLogger(__name__)
_CHUNK_BYTES = 2**16
_RETRIES = 5
# Many machines cannot reach the internet, and should not wait long to find out.
_RETRIES_UNREACHABLE = 1
_REDIRECTS = 10
_LONGEST_PAUSE = 60.0  # seconds that a server may ask for
_LONG_PAUSE = 5.0  # seconds after which the user is told why nothing happens
_CONNECT_SECONDS = 10.0
_MAY_PASS = frozenset({408, 425, 429, *range(500, 600)})
_GOOD = (200, 206, 416)
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
    """A connection broke, which may pass: try again at most `retries` times."""

    def __init__(self, reason: str, retries: int = _RETRIES) -> None:
        super().__init__(reason)
        self.retries = retries


def keep_trying(url: str, attempt: Callable[[], T], timeout: float) -> T:
    """Call `attempt` again while it raises Broken, and return what it returns.

    urllib3 cannot do this: its retries end where the body begins, and most connections
    break in the middle of one. The first pause is a sixtieth of `timeout`, which is half
    a second of the usual 30, and each further one is twice as long.
    Raises Refused when no attempt is left.
    """
    n_attempts = 1
    while True:
        try:
            return attempt()
        except Broken as broken:
            if n_attempts > broken.retries:
                raise Refused(f"{broken} ({n_attempts} attempts)") from broken
            reason = str(broken)
        pause = timeout / 60 * 2 ** (n_attempts - 1)
        _tell_pause(url, reason, pause)
        time.sleep(pause)
        n_attempts += 1


@contextmanager
def opened(
    url: str, timeout: float, headers: dict[str, str] | None = None
) -> Iterator[requests.Response]:
    """The answer of an address (status 200, 206 or 416), with its body still to be read.

    Raises Refused, or Broken, which can also happen while the body is read.
    """
    try:
        with _session(timeout) as session:
            session.headers.update(headers or {})
            with _get(session, url, timeout) as response:
                _check_status(response)
                yield response
    except (requests.RequestException, HTTPError) as error:
        raise _broken(error, timeout) from error


def read_body(response: requests.Response) -> Iterator[bytes]:
    """The body in chunks as it came over the wire: a .gz is not unpacked on the way."""
    return response.raw.stream(_CHUNK_BYTES, decode_content=False)


def read_document(url: str, timeout: float, limit: int = 2**22) -> bytes:
    """A small document. Raises Refused, also when it is larger than `limit` bytes."""

    def attempt() -> bytes:
        document = b""
        with opened(url, timeout) as response:
            for chunk in read_body(response):
                document += chunk
                if len(document) > limit:
                    raise Refused(f"more than {limit:,} bytes")
        return document

    return keep_trying(url, attempt, timeout)


def describe_page(head: bytes) -> str:
    """Say that this is a web page, with its title, which often tells what is wrong."""
    what = "a web page in place of the archive"
    title = re.search(rb"<title[^>]*>([^<]{1,300})", head, re.IGNORECASE)
    if title:
        text = title[1].decode("utf-8", "replace")
        words = html.unescape(text).split()
        one_line = " ".join(words)
        shown = "".join(filter(str.isprintable, one_line))
        what += f', titled "{shown[:80]}"'
    return f"{what}: probably a sign-in, quota or error page"


class _StatusRetry(Retry):
    """urllib3's retries after a bad status, but never a wait of more than a minute."""

    def increment(self, *args: Any, **kwargs: Any) -> Retry:
        """Count an attempt. The body of the answer is dropped, however long it is."""
        response = kwargs.get("response")
        if response is not None:
            response.close()
        return super().increment(*args, **kwargs)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Seconds that the server asks to wait, None if it asks for none or for nonsense."""
        text = response.headers.get("Retry-After", "")
        try:
            seconds = self.parse_retry_after(text)
        except (ValueError, TypeError, OverflowError, InvalidHeader):
            return None
        reason = _status_reason(response.status)
        if seconds > _LONGEST_PAUSE:
            raise Refused(f"{reason}; it asks to come back in {seconds:,.0f} seconds")
        url = response.url or "the server"
        _tell_pause(url, reason, seconds)
        return seconds

    def parse_retry_after(self, retry_after: str) -> float:
        """Seconds in a header; urllib3 fails on a count of thousands of digits."""
        is_count = retry_after.isascii() and retry_after.isdigit()
        if is_count:
            return float(retry_after)
        return super().parse_retry_after(retry_after)


def _session(timeout: float) -> requests.Session:
    # Connections are tried again by `keep_trying`, statuses by urllib3.
    retry = _StatusRetry(
        total=None,
        connect=0,
        read=False,
        other=0,
        status=_RETRIES,
        status_forcelist=_MAY_PASS,
        backoff_factor=timeout / 60,
        raise_on_status=False,
    )
    session = requests.Session()
    session.max_redirects = _REDIRECTS
    session.hooks["response"] = [_drop_redirect_body]
    adapter = HTTPAdapter(max_retries=retry)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    # Zenodo blocks clients without a name.
    session.headers["User-Agent"] = f"fewbench/{version('fewbench')}"
    # A server that compressed on the way would change what sizes and ranges mean.
    session.headers["Accept-Encoding"] = "identity"
    return session


def _drop_redirect_body(response: requests.Response, **_: Any) -> None:
    """Keep requests from reading the body of a redirect, however long it is."""
    if response.is_redirect:
        response.close()


def _get(session: requests.Session, url: str, timeout: float) -> requests.Response:
    connect_timeout = min(timeout, _CONNECT_SECONDS)
    try:
        return session.get(url, stream=True, timeout=(connect_timeout, timeout))
    except requests.TooManyRedirects as error:
        raise Refused(f"redirected more than {_REDIRECTS} times") from error
    except ValueError as error:
        raise Refused(f"not an address to download from: {error}") from error


def _check_status(response: requests.Response) -> None:
    if response.status_code in _GOOD:
        return
    reason = _status_reason(response.status_code)
    earlier_attempts = response.raw.retries.history
    n_attempts = len(earlier_attempts) + 1
    if n_attempts > 1:
        reason += f" ({n_attempts} attempts)"
    raise Refused(reason)


def _status_reason(code: int) -> str:
    meaning = "no file"
    if code >= 400:
        meaning = "refused"
    if code >= 500:
        meaning = "the server fails"
    # The phrase that the server itself sends could be anything.
    phrase = _PHRASES.get(code, "")
    return f"HTTP {code} {phrase} ({_MEANING.get(code, meaning)})"


def _broken(error: Exception, timeout: float) -> Broken:
    """The reason of an exception that the library `requests` raised, in words."""
    retries = _RETRIES
    longest_silence = timeout
    if _is_unreachable(error):
        retries = _RETRIES_UNREACHABLE
        longest_silence = min(timeout, _CONNECT_SECONDS)
    cause = _root_cause(error)
    if isinstance(cause, TimeoutError):
        return Broken(f"no answer within {longest_silence:g} seconds", retries)
    what = "the connection"
    if isinstance(error, requests.exceptions.ProxyError):
        what = "the proxy that the environment names"
    return Broken(f"{what} failed: {cause}", retries)


def _is_unreachable(error: Exception) -> bool:
    if not error.args:
        return False
    reason = getattr(error.args[0], "reason", None)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _root_cause(error: BaseException) -> BaseException:
    """What really happened: requests wraps urllib3, which wraps that."""
    while error.__context__ is not None:
        module = type(error).__module__
        if not module.startswith(("requests", "urllib3")):
            break
        error = error.__context__
    return error


def _tell_pause(url: str, reason: str, pause: float) -> None:
    level = logging.INFO
    if pause >= _LONG_PAUSE:
        level = logging.WARNING
    _log.log(
        level,
        "%s: %s; trying again in %.1f seconds",
        url,
        reason,
        pause,
    )

"""Send requests to a web server, and repeat a request after a temporary failure."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

from .deadline import within
from .words import status_reason

_log = logging.getLogger(__name__)
_RETRIES = 5
# On a machine without internet access, the failure should be reported soon.
_RETRIES_UNREACHABLE = 1
_REDIRECTS = 10
_LONGEST_PAUSE = 60.0  # the longest wait that a server may ask for, in seconds
_LONG_PAUSE = 5.0  # pauses from this length on, in seconds, are logged as warnings
_CONNECT_SECONDS = 10.0
# An answer may come after redirects and other attempts, and after pauses that a server asks
# for. So many times the longest silence, beside these pauses, are enough for all of them.
_WAITS = 20
_MAY_PASS = frozenset({408, 425, 429, *range(500, 600)})
_GOOD = (200, 206, 416)
T = TypeVar("T")


class Refused(Exception):
    """An address does not serve the expected file. The text gives the reason."""


class Broken(Exception):
    """A connection failed, and a new attempt may succeed.

    retries: the largest number of further attempts
    """

    def __init__(self, reason: str, retries: int = _RETRIES) -> None:
        super().__init__(reason)
        self.retries = retries


def keep_trying(url: str, attempt: Callable[[], T], timeout: float) -> T:
    """Call `attempt` until it no longer raises Broken. Return its result.

    urllib3 cannot do this: it does not retry once the response body has begun, and most
    connections break within the body. The first pause is a sixtieth of `timeout`: half
    a second for the usual 30 seconds. Each further pause is twice as long.
    Raises Refused if the last attempt fails too.
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
    """Yield the response of an address, with its body still unread.

    Its status is 200 (OK), 206 (partial content) or 416 (no bytes at that offset).
    Raises Refused for any other status, for too many redirects and for a bad address.
    Raises Broken if the connection fails, also while the body is read.
    """
    try:
        with _session(timeout) as session:
            session.headers.update(headers or {})
            with _answer(session, url, timeout) as response:
                _check_status(response)
                yield response
    except (requests.RequestException, HTTPError) as error:
        raise _broken(error, timeout) from error


class _StatusRetry(Retry):
    """The retries of urllib3 after a bad status, with waits of at most one minute."""

    def increment(self, *args: Any, **kwargs: Any) -> Retry:
        """Count an attempt and close its response without reading the body."""
        response = kwargs.get("response")
        if response is not None:
            response.close()
        return super().increment(*args, **kwargs)

    def get_retry_after(self, response: BaseHTTPResponse) -> float | None:
        """Return the seconds in the Retry-After header; None if it is unusable.

        Raises Refused if the server asks for more than 60 seconds.
        """
        text = response.headers.get("Retry-After", "")
        try:
            seconds = self.parse_retry_after(text)
        except (ValueError, TypeError, OverflowError, InvalidHeader):
            return None
        reason = status_reason(response.status)
        if seconds > _LONGEST_PAUSE:
            raise Refused(f"{reason}; the server asks to wait {seconds:,.0f} seconds")
        url = response.url or "the server"
        _tell_pause(url, reason, seconds)
        return seconds

    def parse_retry_after(self, retry_after: str) -> float:
        """Return the seconds in a Retry-After header. The number can have any length.

        The method of urllib3 fails on numbers with thousands of digits.
        """
        is_count = retry_after.isascii() and retry_after.isdigit()
        if is_count:
            return float(retry_after)
        return super().parse_retry_after(retry_after)


def _session(timeout: float) -> requests.Session:
    # `keep_trying` retries failed connections. urllib3 retries bad statuses.
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
    # Zenodo blocks clients that do not name themselves.
    session.headers["User-Agent"] = f"fewbench/{version('fewbench')}"
    # With a compressed body, sizes and ranges would not be those of the file.
    session.headers["Accept-Encoding"] = "identity"
    return session


def _drop_redirect_body(response: requests.Response, **_: Any) -> None:
    """Close a redirect response, so that requests does not read its body."""
    if response.is_redirect:
        response.close()


def _answer(session: requests.Session, url: str, timeout: float) -> requests.Response:
    """Wait for the head of an answer, also of one that comes byte by byte."""
    longest = _WAITS * timeout + _RETRIES * _LONGEST_PAUSE
    try:
        return within(longest, lambda: _get(session, url, timeout))
    except TimeoutError as error:
        raise Broken(f"no whole answer within {longest:g} seconds") from error


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
    reason = status_reason(response.status_code)
    earlier_attempts = response.raw.retries.history
    n_attempts = len(earlier_attempts) + 1
    if n_attempts > 1:
        reason += f" ({n_attempts} attempts)"
    raise Refused(reason)


def _broken(error: Exception, timeout: float) -> Broken:
    """Return a Broken error with the reason of a requests or urllib3 exception."""
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
        what = "the proxy that is set in the environment"
    return Broken(f"{what} failed: {cause}", retries)


def _is_unreachable(error: Exception) -> bool:
    if not error.args:
        return False
    reason = getattr(error.args[0], "reason", None)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _root_cause(error: BaseException) -> BaseException:
    """Return the first exception, which requests and urllib3 wrap in others."""
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

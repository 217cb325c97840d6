"""Describe what a server answered, in words for a message."""

import html
import re
from http import HTTPStatus

from ..archives.signatures import describe_head, looks_like_page

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


def describe_page(head: bytes) -> str:
    """Describe an answer that came in place of a file, in words for a message.

    The title of a web page is included, because it often names the problem.
    head: the first bytes of the answer
    """
    if not looks_like_page(head):
        return f"{describe_head(head)}: probably an error message"
    what = "a web page in place of the archive"
    title = re.search(rb"<title[^>]*>([^<]{1,300})", head, re.IGNORECASE)
    if title:
        text = title[1].decode("utf-8", "replace")
        words = html.unescape(text).split()
        one_line = " ".join(words)
        shown = "".join(filter(str.isprintable, one_line))
        what += f', titled "{shown[:80]}"'
    return f"{what}: probably a sign-in, quota or error page"


def status_reason(code: int) -> str:
    """Say what the status code of an answer means."""
    meaning = "no file"
    if code >= 400:
        meaning = "refused"
    if code >= 500:
        meaning = "the server fails"
    # The standard phrase is used, because the server could send any text as its own.
    phrase = _PHRASES.get(code, "")
    return f"HTTP {code} {phrase} ({_MEANING.get(code, meaning)})"

"""Decode the strings in pickles."""

import codecs
import re
from collections.abc import Iterable

from .errors import Unexpected

# Most bytes in a line with a string, in all long strings together, and in an array that
# can only be read as a whole.
MOST_IN_MEMORY = 64 * 2**20
# The escapes that Python 2 writes in a byte string. Python only warns about others.
_ESCAPED = re.compile(rb"""(?:[^\\]++|\\(?:x[0-9a-f]{2}|[\\'"tnr]))*+""")


def text(value: str | bytes) -> str:
    """Return a string from a pickle as str.

    Python 2 wrote strings as bytes. These are decoded as Latin-1, which includes ASCII.
    """
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value


def texts(values: object) -> list[str]:
    """Return only the texts. A hostile pickle may have other values in their place."""
    if not isinstance(values, Iterable):
        return []
    found: list[str] = []
    for value in values:
        if isinstance(value, str | bytes):
            found.append(text(value))
    return found


def decode(data: bytes, codec: str) -> str | bytes:
    """Decode the bytes of a string in a pickle.

    codec: "raw" for plain bytes, "string-escape" for a quoted byte string of Python 2,
        or the name of a text encoding
    Raises Unexpected if `data` is not valid in this codec.
    """
    if codec == "raw":
        return data
    if codec == "string-escape":
        return _unescaped(data)
    errors = "surrogatepass" if codec == "utf-8" else "strict"
    try:
        return data.decode(codec, errors)
    except UnicodeError as error:
        raise Unexpected(
            expected=f"{codec} text",
            got=str(error),
        ) from None


def _unescaped(data: bytes) -> bytes:
    body = data[1:-1]
    is_quoted = data in (b"'%b'" % body, b'"%b"' % body)
    if not is_quoted or not _ESCAPED.fullmatch(body):
        raise Unexpected(
            expected="a quoted string of Python 2",
            got="a string without quotes or with other escapes",
        )
    unescaped, _ = codecs.escape_decode(body)
    return unescaped


def to_latin1(value: str) -> bytes:
    """Return the Latin-1 bytes of a text. Some pickles write bytes as such a text.

    Raises Unexpected if the text has other characters.
    """
    try:
        return value.encode("latin-1")
    except UnicodeError as error:
        raise Unexpected(
            expected="bytes written as text",
            got=str(error),
        ) from None

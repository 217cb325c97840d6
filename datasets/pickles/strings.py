"""Strings as pickles write them."""

import codecs
import re

from .errors import Unexpected

# Bytes of one string, of all long strings together, or of an array that is only read whole.
MOST_IN_MEMORY = 64 * 2**20
# What Python 2 writes for a byte string. Other escapes would only cause a warning.
_ESCAPED = re.compile(rb"""(?:[^\\]++|\\(?:x[0-9a-f]{2}|[\\'"tnr]))*+""")


def text(value: str | bytes) -> str:
    """A string of a pickle as str; Python 2 wrote it as bytes (ASCII or Latin-1)."""
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value


def decode(data: bytes, codec: str) -> str | bytes:
    """The string that a pickle writes as `data`. Raises Unexpected when it is not valid.

    codec: "raw", "string-escape", or an encoding
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
            expected="a quoted string",
            got="something else",
        )
    unescaped, _ = codecs.escape_decode(body)
    return unescaped


def to_latin1(value: str) -> bytes:
    """The bytes that a pickle holds as text. Raises Unexpected when it is other text."""
    try:
        return value.encode("latin-1")
    except UnicodeError as error:
        raise Unexpected(
            expected="bytes written as text",
            got=str(error),
        ) from None

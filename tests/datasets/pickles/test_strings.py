"""Strings as pickles of both Pythons write them."""

import pytest

from fewbench.datasets.pickles.errors import Unexpected
from fewbench.datasets.pickles.strings import decode, text, texts, to_latin1


def test_text_makes_one_key_of_both_pythons_strings() -> None:
    assert text(b"image_data") == text("image_data") == "image_data"
    assert text(b"maill\xf4t") == "maill\u00f4t"


def test_values_that_are_no_text_are_left_out() -> None:
    assert texts({"a": 0, b"b": 1, 7: 2}) == ["a", "b"]
    assert texts(7) == []


@pytest.mark.parametrize(
    ("data", "codec", "value"),
    [
        (b"\xff\0", "raw", b"\xff\0"),
        (b"'a\\x00\\n\\\\'", "string-escape", b"a\0\n\\"),
        (b'"it\'s"', "string-escape", b"it's"),
        (b"\xed\xa0\x80", "utf-8", "\ud800"),
        (rb"\u4e00", "raw-unicode-escape", "\u4e00"),
    ],
)
def test_decode(data: bytes, codec: str, value: str | bytes) -> None:
    assert decode(data, codec) == value


@pytest.mark.parametrize(
    ("data", "codec"),
    [
        (b"'open", "string-escape"),
        (b"'a\"", "string-escape"),
        (rb"'\q'", "string-escape"),
        (b"", "string-escape"),
        (b"\xff", "utf-8"),
        (rb"\u00", "raw-unicode-escape"),
    ],
)
def test_what_is_not_written_like_that_is_refused(data: bytes, codec: str) -> None:
    with pytest.raises(Unexpected):
        decode(data, codec)


def test_bytes_written_as_text() -> None:
    assert to_latin1("\0\xff") == b"\0\xff"
    with pytest.raises(Unexpected) as caught:
        to_latin1("\u0100")
    assert caught.value.expected == "bytes written as text"

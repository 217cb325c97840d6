"""What headers say about the bytes of an answer, and what of it is believed."""

import pytest
import requests

from fewbench.datasets.downloads.headers import (
    Piece,
    body_length,
    is_other_version,
    served_piece,
    total_beyond_end,
    validator,
)


def answer(**headers: str) -> requests.Response:
    response = requests.Response()
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        ("0", 0),
        ("1000", 1000),
        ("", None),
        ("-1", None),
        ("1e3", None),
        ("9" * 19, None),
    ],
)
def test_length_is_a_plain_count(length: str, expected: int | None) -> None:
    assert body_length(answer(Content_Length=length)) == expected


def test_length_beside_chunks_is_overruled() -> None:
    assert body_length(answer(Content_Length="5", Transfer_Encoding="chunked")) is None


def test_piece_has_a_start_and_perhaps_a_total() -> None:
    assert served_piece(answer(Content_Range="bytes 5-9/10")) == Piece(5, 10)
    assert served_piece(answer(Content_Range="bytes 5-9/*")) == Piece(5, None)
    for nonsense in ("", "bytes */*", "5-9/10", "bytes 5-9/10 or so"):
        assert served_piece(answer(Content_Range=nonsense)) is None
    assert total_beyond_end(answer(Content_Range="bytes */10")) == 10
    assert total_beyond_end(answer()) is None


def test_only_what_identifies_the_bytes_is_a_validator() -> None:
    date = "Mon, 01 Jan 2024 00:00:00 GMT"
    assert validator(answer(ETag='"one"', Last_Modified=date)) == '"one"'
    assert validator(answer(ETag='W/"weak"', Last_Modified=date)) == date
    assert validator(answer(ETag='W/"weak"')) == ""
    assert validator(answer(ETag='"\x01"')) == ""


def test_version_differs_only_where_both_sides_name_one() -> None:
    assert is_other_version(answer(ETag='"two"'), '"one"')
    assert not is_other_version(answer(ETag='"one"'), '"one"')
    assert not is_other_version(answer(Last_Modified="now"), '"one"')
    assert not is_other_version(answer(ETag='"two"'), "")

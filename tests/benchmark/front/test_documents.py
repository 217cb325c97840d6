import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter

from fewbench.documents import (
    DocumentError,
    counted,
    fit,
    newer_version,
    parse_json,
    parse_toml,
    printable,
    read_bytes,
    shown,
)
from fewbench.plain_words import kind_of

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**38), 10**38)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(plain)
def test_any_plain_document_is_read(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=60))
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b"1e999")
@example(b"-Infinity")
@example(b"\xef\xbb\xbf{}")
@example(b'"\\udc80"')
@example(b'{"\\ud800": 1}')
def test_any_bytes_are_read_or_refused_with_a_sentence(data: bytes) -> None:
    for parse in (parse_json, parse_toml):
        said = ""
        try:
            json.dumps(parse(data), allow_nan=False).encode()
        except DocumentError as error:
            said = str(error)
        assert "\n" not in said


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a": 1, "a": 2}', "the key 'a' is there twice"),
        (b"[NaN]", "expected finite numbers, got NaN"),
        (b"[1e999]", "expected finite numbers, got inf"),
        (b"9" * 41, "at most 40 digits"),
        (b"[" * 40 + b"]" * 40, "nested too deeply"),
        (b"[" * 10**6, "nested too deeply"),
        (b'["\\ud800"]', "half a surrogate pair"),
        (b'["\xff"]', "expected text in UTF-8"),
        (b"<html>", "it is no JSON"),
    ],
)
def test_what_json_allows_and_we_do_not_gets_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        parse_json(data)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a = 1\na = 2", "it is no TOML"),
        (b"a = nan", "expected finite numbers, got nan"),
        (b"a = " + b"[" * 5000, "nested too deeply"),
        (b"a = " + b"9" * 5000, "it is no TOML"),
    ],
)
def test_toml_is_held_to_the_same(data: bytes, said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        parse_toml(data)
    assert parse_toml(b"a = 1") == {"a": 1}


def test_a_file_is_read_within_bounds(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(b"12345")
    assert read_bytes(file, 5) == b"12345"
    with pytest.raises(DocumentError, match="at most 4 bytes"):
        read_bytes(file, 4)
    with pytest.raises(FileNotFoundError):
        read_bytes(tmp_path / "b.json")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DocumentError, match="it is a pipe, not a file"):
        read_bytes(tmp_path / "pipe")
    with pytest.raises(DocumentError, match="it is a folder, not a file"):
        read_bytes(tmp_path)


def test_what_lies_at_a_path_has_a_name(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("nowhere")
    assert kind_of(tmp_path / "link") == "a broken link"
    assert kind_of(tmp_path / "x") == "nothing"
    assert kind_of(Path(__file__)) == "a file"
    assert kind_of(Path("/dev/null")) == "a device"


class Point(BaseModel):
    x: int
    tags: tuple[str, ...] = ()


def test_a_value_fits_its_schema_or_the_fault_is_named() -> None:
    schema = TypeAdapter(Point)
    assert fit({"x": 1, "tags": ["a"]}, schema) == Point(x=1, tags=("a",))
    with pytest.raises(DocumentError, match="x is missing"):
        fit({}, schema)
    with pytest.raises(DocumentError, match=r"tags\.0: .*got 3"):
        fit({"x": 1, "tags": [3]}, schema)
    with pytest.raises(DocumentError, match="got 'a\\\\x1b"):
        fit({"x": "a\x1b[31m" * 40}, schema)


def test_a_single_thing_has_no_plural() -> None:
    assert counted(1, "image") == "1 image"
    assert counted(0, "image") == "0 images"
    assert counted(2_000, "class", "classes") == "2,000 classes"


def test_text_from_outside_is_shown_on_one_line() -> None:
    assert shown("plain") == "plain"
    assert shown("x" * 100, 5) == "xxxxx"
    assert shown("a\nb\x1b[31m") == r"a\nb\x1b[31m"
    assert shown(ValueError("é" * 100)) == "é" * 80
    assert shown("") == ""


@given(st.text())
@example("\u202egpj.exe \u2066\u200f\u2028\x9b31m\x00\r\x7f\ud800")
def test_only_what_prints_is_left(text: str) -> None:
    safe = printable(text, keep="\n")
    for line in safe.split("\n"):
        assert "".join(line.split()).isprintable()
    safe.encode()
    assert printable(safe, keep="\n") == safe


def test_spaces_of_every_width_stay() -> None:
    assert printable("1\u2009%\xa0é中") == "1\u2009%\xa0é中"


@pytest.mark.parametrize(
    ("document", "version"),
    [
        ({"schema_version": 3}, 3),
        ({"schema_version": 2}, None),
        ({"schema_version": "3"}, None),
        ({}, None),
        ([3], None),
    ],
)
def test_a_newer_schema_version_is_found(document: object, version: int | None) -> None:
    assert newer_version(document, 2) == version


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 0x" + 6000 * "f", "at most 40 digits"),
        ("a = [0b" + 200 * "1" + "]", "at most 40 digits"),
        (".".join(5000 * "a") + " = 1", "more than 32 parts"),
        ("[" + " . ".join(5000 * "a") + "]", "more than 32 parts"),
    ],
)
def test_toml_that_would_take_long_is_refused_at_once(text: str, said: str) -> None:
    began = time.process_time()
    with pytest.raises(DocumentError, match=said):
        parse_toml(text.encode())
    assert time.process_time() - began < 1


def test_usual_keys_and_sentences_of_toml_are_read() -> None:
    text = 'a.b.c = 0xff\nnote = "one. two. three. and so on"'
    assert parse_toml(text.encode())["a"] == {"b": {"c": 255}}

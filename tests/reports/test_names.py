import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from fewbench.reports.names import (
    NAME_PATTERN,
    Name,
    ShownName,
    check_shown_name,
    is_visible,
    key_of,
    without_size,
)

SHOWN = TypeAdapter(ShownName)
NAME = TypeAdapter(Name)


def test_names_of_datasets_and_protocols_may_say_a_size() -> None:
    for name in ("a", "a@224", "a-5w1s-on-b-c@224-val"):
        assert NAME.validate_python(name) == name
    for name in ("@224", "a@", "a@b", "a@0", "a__b", "A@224"):
        with pytest.raises(ValidationError):
            NAME.validate_python(name)
    assert [without_size(name) for name in ("a-b@224", "a-b")] == ["a-b", "a-b"]
    # Folders of a site are named after protocols, and stay plain.
    assert re.fullmatch(NAME_PATTERN, key_of("a@224"))


@pytest.mark.parametrize(
    "name", ["centroid", "protonet-learn2learn", "a.b_c", "x" * 80]
)
def test_a_plain_name_is_its_own_key(name: str) -> None:
    assert key_of(name) == name


@given(st.text(min_size=1, max_size=90))
@example("方法")
@example("con")
def test_any_name_has_a_key_that_a_file_can_have(name: str) -> None:
    key = key_of(name)
    assert re.fullmatch(NAME_PATTERN, key)
    assert len(key) <= 80
    assert "__" not in key


@given(st.text(max_size=9), st.text(max_size=9))
@example("My net", "my-net")
@example("my net", "my  net")
@example("É", "E")
@example("метод А", "метод Б")
@example("ResNet", "resnet")
@example("ResNet++", "ResNet")
@example("caf\u00e9", "cafe\u0301")
def test_two_names_never_have_the_same_key(one: str, other: str) -> None:
    composed = {unicodedata.normalize("NFC", name) for name in (one, other)}
    keys = {key_of(name) for name in (one, other)}
    assert len(keys) == len(composed)


def test_an_accent_of_its_own_joins_its_letter() -> None:
    assert SHOWN.validate_python("cafe\u0301") == "caf\u00e9"


def test_nobody_can_take_the_key_of_another_name() -> None:
    key = key_of("My net")
    assert key.startswith("my-net-")
    assert key_of(key) != key


@pytest.mark.parametrize("name", ["Μέθοδος 1", "方法", "naïve (v2)", "a*b"])
def test_names_in_any_script_are_shown(name: str) -> None:
    assert SHOWN.validate_python(name) == check_shown_name(name) == name


@pytest.mark.parametrize(
    "name", ["", " a", "a  b", "a\nb", "a\x1b[31m", "a\u202eb", "\ud800", "x" * 81]
)
def test_names_that_would_not_show_as_they_are_are_refused(name: str) -> None:
    with pytest.raises((ValidationError, ValueError)):
        SHOWN.validate_python(name)


@pytest.mark.parametrize("text", ["a", "7", "+", "€", "名", "\u3164a", " a"])
def test_a_visible_text_has_a_character_that_is_drawn(text: str) -> None:
    assert is_visible(text)


@pytest.mark.parametrize("text", ["", " \t", "\u3164", "\u200b", "\u2800", "\u0301"])
def test_blanks_are_not_visible_and_no_name(text: str) -> None:
    assert not is_visible(text)
    with pytest.raises(ValueError):
        check_shown_name(text)

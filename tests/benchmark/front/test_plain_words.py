import pytest
from pydantic import TypeAdapter, ValidationError

from fewbench.plain_words import plain


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (int, "x", "expected a whole number"),
        (float, "x", "expected a number"),
        (bool, "x", "expected true or false"),
        (str, 3, "expected a text"),
        (list, 3, "expected a list"),
        (dict, 3, "expected a table"),
    ],
)
def test_kinds_of_values_have_the_words_of_a_user(
    kind: type, value: object, words: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    assert plain(caught.value.errors()[0]["msg"]) == words


def test_bounds_are_said_and_other_messages_stay() -> None:
    assert plain("Input should be greater than 1") == "expected a number greater than 1"
    assert plain("Value error, too many") == "too many"
    assert plain("another message") == "another message"

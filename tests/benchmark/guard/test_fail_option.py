import pytest

from fewbench.benchmark.guard.fail_option import parse_fail
from fewbench.errors import UserError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, ("auto", 0.0)),
        ("significant", ("significant", 0.0)),
        ("identical", ("identical", 0.0)),
        ("drop:0.5%", ("drop", 0.005)),
        ("drop: .5 %", ("drop", 0.005)),
        ("drop:0.005", ("drop", 0.005)),
    ],
)
def test_rules_are_read(text, expected) -> None:
    assert parse_fail("--fail", text) == expected


@pytest.mark.parametrize("text", ["", "drop", "same"])
def test_other_words_are_refused_with_an_example(text) -> None:
    with pytest.raises(UserError, match=r"Type for example --fail=drop:0\.5%"):
        parse_fail("--fail", text)


@pytest.mark.parametrize("text", ["drop:", "drop:0%", "drop:-1%", "drop:0.5", "drop:2"])
def test_a_drop_that_is_no_small_percentage_is_refused(text) -> None:
    with pytest.raises(UserError, match="--fail=drop: expected a percentage above 0"):
        parse_fail("--fail", text)

"""Percentages are read as people write them, and refused where they are ambiguous."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.benchmark.guard.percentages import fraction
from fewbench.errors import UserError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0.5%", 0.005),
        ("5 %", 0.05),
        (" .5% ", 0.005),
        ("2.%", 0.02),
        ("0.005", 0.005),
        (0.005, 0.005),
    ],
)
def test_percentages_and_fractions(value: object, expected: float) -> None:
    assert fraction(value, "margin") == pytest.approx(expected)


@pytest.mark.parametrize(
    "value",
    ["0.5", "50%", "-1%", "0%", "0.05", "", "%", "nan%", "٥%", 0, 1, 5.0, -0.1, 0.05],
)
def test_what_is_no_percentage_is_refused(value: object) -> None:
    with pytest.raises(UserError, match="margin: expected a percentage"):
        fraction(value, "margin")


@pytest.mark.parametrize("value", [True, None, float("nan"), float("inf"), [0.1]])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(UserError, match=r"Write for example '0.5%'"):
        fraction(value, "margin")


@given(st.one_of(st.text(), st.floats(), st.integers()))
def test_anything_gives_a_fraction_or_an_error(value: object) -> None:
    try:
        found = fraction(value, "margin")
    except UserError:
        return
    assert 0 < found < 0.5

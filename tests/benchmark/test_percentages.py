import math

import pytest

from fewbench.benchmark.percentages import parse_percentage


@pytest.mark.parametrize(
    ("text", "fraction", "has_sign"),
    [
        ("5%", 0.05, True),
        (" +.5 % ", 0.005, True),
        ("0.05", 0.05, False),
        ("1e-3", 0.001, False),
        ("98.8", 98.8, False),
    ],
)
def test_numbers_with_and_without_a_sign(text, fraction, has_sign) -> None:
    assert parse_percentage(text) == (pytest.approx(fraction), has_sign)


@pytest.mark.parametrize("text", ["", "%", "-1%", "five", "1,5", "nan", "٥%", "5%%"])
def test_what_is_no_number_is_nan(text) -> None:
    found, has_sign = parse_percentage(text)
    assert math.isnan(found)
    assert not has_sign

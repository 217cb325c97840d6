"""Read the number in a percentage."""

import math
import re
from typing import NamedTuple

_NUMBER = re.compile(
    r"\+?(?P<number>\d+\.?\d*(e[+-]?\d+)?|\.\d+)\s*(?P<sign>%?)",
    re.IGNORECASE | re.ASCII,
)


class Percentage(NamedTuple):
    """A percentage as a fraction, and whether it was written with a % sign."""

    fraction: float
    has_sign: bool


def parse_percentage(text: str) -> Percentage:
    """Read a text such as "5%" or "0.05"; the fraction is NaN if it is no number."""
    match = _NUMBER.fullmatch(text.strip())
    if match is None:
        return Percentage(math.nan, False)
    number = float(match["number"])
    has_sign = match["sign"] == "%"
    return Percentage(number / 100 if has_sign else number, has_sign)

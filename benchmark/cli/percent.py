"""Read percentages from the command line, and return them as fractions."""

import math
import re

import typer

# A number of at least this size without a % sign is probably in percentage points.
_AMBIGUOUS = 0.05
_NUMBER = re.compile(
    r"\+?(?P<number>\d+\.?\d*(e[+-]?\d+)?|\.\d+)\s*(?P<sign>%?)",
    re.IGNORECASE | re.ASCII,
)


def points(text: str) -> float:
    """Return a half-width, margin or difference as a fraction.

    For example, "0.1%" and "0.001" both give 0.001.
    Raises typer.BadParameter if the text is not a number above 0 and below 100 %. Also
    raises it for a number of at least 0.05 without a % sign, because a user who types
    0.1 probably means 0.1 points and not 10 points.
    """
    value = accuracy(text)
    number = text.strip()
    if value >= _AMBIGUOUS and not number.endswith("%"):
        in_points = digits(100 * value)
        raise typer.BadParameter(
            f"expected a number with a % sign, or a fraction below {_AMBIGUOUS}, got "
            f"{number}: {number} without a % sign would be {in_points} points. "
            f"Type {number}% for {number} points, or {in_points}% for {in_points} "
            f"points"
        )
    return value


def accuracy(text: str) -> float:
    """Return an accuracy or a confidence level as a fraction.

    For example, "98.8%" and "0.988" both give 0.988.
    Raises typer.BadParameter if the text is not a number above 0 and below 100 %.
    """
    number = text.strip()
    value = _fraction(number)
    if 1 <= value < 100 and not number.endswith("%"):
        raise typer.BadParameter(
            f"expected less than 100 %, got {number}, which without a % sign means "
            f"{digits(100 * value)} %. Type {number}% if you meant percent"
        )
    if not 0 < value < 1:
        raise typer.BadParameter(
            f"expected a percentage above 0 and below 100 %, got {text!r:.40}. Type "
            f"for example 0.1%, or the same as a fraction: 0.001"
        )
    return value


def digits(value: float) -> str:
    """Return a number as text with at most four significant digits."""
    return f"{value:.4g}"


def _fraction(number: str) -> float:
    """Return a text such as "5%" or "0.05" as a fraction; NaN if it is not a number."""
    match = _NUMBER.fullmatch(number)
    if match is None:
        return math.nan
    value = float(match["number"])
    if match["sign"]:
        return value / 100
    return value

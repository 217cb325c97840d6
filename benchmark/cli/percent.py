"""Percentages on the command line: users think in points, the code in fractions."""

import math
import re

import typer

# From this number on, a user who types no % sign more likely means points than a fraction.
_AMBIGUOUS = 0.05
_NUMBER = re.compile(
    r"\+?(?P<number>\d+\.?\d*(e[+-]?\d+)?|\.\d+)\s*(?P<sign>%?)",
    re.IGNORECASE | re.ASCII,
)


def points(text: str) -> float:
    """A half-width, a margin or a difference: "0.1%" or "0.001" -> 0.001.

    Raises typer.BadParameter for anything that is not above 0 and below 100 %, and for a
    number from 0.05 on without a % sign: a user who types 0.1 means 0.1 points and not 10.
    """
    value = accuracy(text)
    number = text.strip()
    if value >= _AMBIGUOUS and not number.endswith("%"):
        in_points = digits(100 * value)
        raise typer.BadParameter(
            f"{number} without a % sign would be {in_points} points. "
            f"Type {number}% for {number} points, or {in_points}%"
        )
    return value


def accuracy(text: str) -> float:
    """An accuracy or a confidence level: "98.8%" or "0.988" -> 0.988.

    Raises typer.BadParameter for anything that is not above 0 and below 100 %.
    """
    number = text.strip()
    value = _fraction(number)
    if 1 <= value < 100 and not number.endswith("%"):
        raise typer.BadParameter(
            f"expected less than 100 %, got {number}, which without a % means "
            f"{digits(100 * value)} %. Type {number}% if you meant percent"
        )
    if not 0 < value < 1:
        raise typer.BadParameter(
            f"expected a percentage above 0 and below 100 %, got {text!r:.40}. For example, "
            f"0.1% or 0.001"
        )
    return value


def digits(value: float) -> str:
    """A number with at most four significant digits."""
    return f"{value:.4g}"


def _fraction(number: str) -> float:
    """The fraction that a text stands for; NaN for any other text."""
    match = _NUMBER.fullmatch(number)
    if match is None:
        return math.nan
    value = float(match["number"])
    if match["sign"]:
        return value / 100
    return value

"""Shares on the command line: users think in percent points, code in fractions."""

import math
import re

import typer

# From here on a plain number is more likely meant in points than as a fraction.
_AMBIGUOUS = 0.05


def points(text: str) -> float:
    """A share as users write it: "0.1%" or "0.001" -> 0.001. Above 0 and below 100 %.

    Raises typer.BadParameter for anything else, and for a plain number from 0.05 on: whoever
    types 0.1 for a half-width means 0.1 points and not 10.
    """
    value = _share(text)
    if not text.strip().endswith("%") and value >= _AMBIGUOUS:
        number = text.strip()
        raise typer.BadParameter(
            f"{number} without a % sign would be {digits(100 * value)} points. "
            f"Type {number}% for {number} points, or {digits(100 * value)}%"
        )
    return value


def accuracy(text: str) -> float:
    """An accuracy, half-width or level in either form: "98.8%" or "0.988" -> 0.988.
    Raises typer.BadParameter."""
    return _share(text)


def _share(text: str) -> float:
    match = re.fullmatch(
        r"\s*\+?(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)\s*(%?)\s*", text, re.I | re.A
    )
    value = float(match[1]) / (100 if match[2] else 1) if match else math.nan
    if 1 <= value < 100:
        raise typer.BadParameter(
            f"{text.strip()} is more than everything. Type {text.strip()}%"
        )
    if not 0 < value < 1:
        raise typer.BadParameter(
            f"expected a share above 0 and below 100 %, like 0.1% or 0.001; got {text!r:.40}"
        )
    return value


def digits(value: float) -> str:
    """A number with as many digits as a reader wants."""
    return f"{value:.4g}"

"""Read percentages from the command line, and return them as fractions."""

import typer

from ..percentages import parse_percentage

# A number of at least this size without a % sign is probably in percentage points.
_AMBIGUOUS = 0.05
_LEAST_RISK = 1e-6
_LARGEST_RISK = 0.5
_LEAST_LEVEL = 0.01
_LARGEST_LEVEL = 0.999999


def points(text: str) -> float:
    """Return a half-width, margin or difference as a fraction.

    For example, "0.1%" and "0.001" both give 0.001.
    Raises typer.BadParameter if the text is not a number above 0 and below 100 %. Also
    raises it for a number of at least 0.05 without a % sign, because a user who types
    0.1 probably means 0.1 points and not 10 points.
    """
    value = accuracy(text, example=0.001)
    number = text.strip()
    if value >= _AMBIGUOUS and not parse_percentage(text).has_sign:
        in_points = digits(100 * value)
        raise typer.BadParameter(
            f"expected a number with a % sign, or a fraction below {_AMBIGUOUS}, got "
            f"{number}: {number} without a % sign would be {in_points} points. "
            f"Type {number}% for {number} points, or {in_points}% for {in_points} "
            f"points"
        )
    return value


def level(text: str) -> float:
    """Return a confidence level as a fraction.

    For example, "95%" and "0.95" both give 0.95.
    Raises typer.BadParameter if the text is not a number from 1 % to 99.9999 %. Beyond,
    the quantiles of the t distribution are not computed reliably.
    """
    value = accuracy(text, example=0.95)
    if not _LEAST_LEVEL <= value <= _LARGEST_LEVEL:
        raise typer.BadParameter(
            f"expected a level of 1% to 99.9999%, got {text.strip():.40}. Type for "
            f"example 95%"
        )
    return value


def accuracy(text: str, example: float = 0.8) -> float:
    """Return an accuracy or a probability as a fraction.

    For example, "98.8%" and "0.988" both give 0.988.
    example: a usual value, for the error
    Raises typer.BadParameter if the text is not a number above 0 and below 100 %.
    """
    number = text.strip()
    value, has_sign = parse_percentage(text)
    if 1 <= value < 100 and not has_sign:
        raise typer.BadParameter(
            f"expected less than 100 %, got {number}, which without a % sign means "
            f"{digits(100 * value)} %. Type {number}% if you meant percent"
        )
    if not 0 < value < 1:
        raise typer.BadParameter(
            f"expected a percentage above 0 and below 100 %, got {text!r:.40}. Type "
            f"for example {digits(100 * example)}%, or the same as a fraction: {example}"
        )
    return value


def risk(text: str) -> float:
    """Return the risk of an error as a fraction.

    For example, "5%" and "0.05" both give 0.05.
    Raises typer.BadParameter if the text is not a number from 0.0001 % to less than 50 %.
    """
    value = accuracy(text, example=0.05)
    if not _LEAST_RISK <= value < _LARGEST_RISK:
        raise typer.BadParameter(
            f"expected a risk of at least 0.0001% and below 50 %, got "
            f"{text.strip():.40}. Type for example 5%"
        )
    return value


def digits(value: float) -> str:
    """Return a number as text with at most four significant digits."""
    return f"{value:.4g}"

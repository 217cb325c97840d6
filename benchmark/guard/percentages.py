"""Read the percentages of the guard's options and of the marker."""

import math

from fewbench.errors import UserError

from ..percentages import parse_percentage

_LARGEST = 0.5
# A number of at least this size without a % sign is probably in percentage points.
_AMBIGUOUS = 0.05


def fraction(value: object, name: str, ambiguous: float = _AMBIGUOUS) -> float:
    """Return a percentage as a fraction: "0.5%", "0.005" and 0.005 give 0.005.

    name: what the percentage is, for the error
    ambiguous: a number of at least this size needs a % sign, because 0.3 may also mean 0.3
        points
    Raises UserError if the value is not a percentage above 0 and below 50 %.
    """
    number, has_sign = math.nan, False
    if isinstance(value, str):
        number, has_sign = parse_percentage(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    largest = _LARGEST if has_sign else ambiguous
    if not 0 < number < largest:
        raise UserError(
            f"{name}: expected a percentage above 0 and below 50 %, with a % sign from "
            f"{ambiguous:g} on, got {value!r:.40}. Write for example '0.5%', or the same "
            f"as a fraction: 0.005"
        )
    return number

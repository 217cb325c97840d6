"""Read the percentages of the guard's options and of the marker."""

import math
import re

from fewbench.errors import UserError

_PERCENT = re.compile(r"(?P<number>\d+\.?\d*|\.\d+)\s*%", re.ASCII)
_LARGEST = 0.5
# A number of at least this size without a % sign is probably in percentage points.
_AMBIGUOUS = 0.05


def fraction(value: object, name: str, ambiguous: float = _AMBIGUOUS) -> float:
    """Return a percentage as a fraction: "0.5%" and 0.005 both give 0.005.

    name: what the percentage is, for the error
    ambiguous: a number of at least this size needs a % sign, because 0.3 may also mean 0.3
        points
    Raises UserError if the value is not a percentage above 0 and below 50 %.
    """
    largest = ambiguous
    number = math.nan
    if isinstance(value, str):
        match = _PERCENT.fullmatch(value.strip())
        if match:
            number = float(match["number"]) / 100
            largest = _LARGEST
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    if not 0 < number < largest:
        raise UserError(
            f"{name}: expected a percentage above 0 and below 50 %, with a % sign from "
            f"{ambiguous:g} on, got {value!r:.40}. Write for example '0.5%', or the same "
            f"as a fraction: 0.005"
        )
    return number

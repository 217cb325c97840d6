"""Read the percentages of the guard's options and markers."""

import math
import re

from fewbench.errors import UserError

_PERCENT = re.compile(r"(?P<number>\d+\.?\d*|\.\d+)\s*%", re.ASCII)
# A number of at least this size without a % sign is probably in percentage points.
_AMBIGUOUS = 0.5


def fraction(value: object, name: str) -> float:
    """Return a percentage as a fraction: "0.5%" and 0.005 both give 0.005.

    name: what the percentage is, for the error
    Raises UserError if the value is not a percentage above 0 and below 50 %.
    """
    number = math.nan
    if isinstance(value, str):
        match = _PERCENT.fullmatch(value.strip())
        if match:
            number = float(match["number"]) / 100
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
    if not 0 < number < _AMBIGUOUS:
        raise UserError(
            f"{name}: expected a percentage above 0 and below 50 %, got {value!r:.40}. "
            f'Write for example "0.5%", or the same as a fraction: 0.005'
        )
    return number

"""Read the date of a night."""

import datetime
import re

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# No night is outside these years, and a plot reaches at most to the year 9999.
_FIRST_YEAR = 2000
_LAST_YEAR = 2999


def read_date(text: str) -> datetime.date:
    """Read a date such as "2026-11-26".

    Raises ValueError if there is no such day, or if it is not in the years 2000 to 2999.
    """
    if _DATE.fullmatch(text):
        year, month, day = map(int, text.split("-"))
        if _FIRST_YEAR <= year <= _LAST_YEAR:
            return datetime.date(year, month, day)
    raise ValueError("expected a day such as 2026-11-26")

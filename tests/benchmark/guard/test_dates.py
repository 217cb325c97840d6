import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewbench.benchmark.guard.dates import read_date

FIRST = datetime.date(2000, 1, 1)
LAST = datetime.date(2999, 12, 31)


@given(st.dates(FIRST, LAST))
def test_dates_are_read(date: datetime.date) -> None:
    assert read_date(date.isoformat()) == date


@pytest.mark.parametrize(
    "text",
    [
        "2026-02-31",
        "9999-99-99",
        "2026-00-01",
        "1999-12-31",
        "3000-01-01",
        "0000-01-01",
        "20261126",
        "2026-W48-4",
        " 2026-11-26",
        "2026-11-26\n",
        "\uff12026-11-26",
        "",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a day|must be in|out of range"):
        read_date(text)

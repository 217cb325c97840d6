"""Derive the training seeds of a night from its date."""

import datetime
import hashlib

# References are usually trained with the seeds 0 to 9. No night repeats one of these.
_FIRST = 10
_END = 2**31


def seeds_of(date: datetime.date, n: int, first: int = 0) -> list[int]:
    """Return training seeds for a date: from 10 to 2**31 - 1, the same on each machine.

    n: the number of seeds
    first: how many seeds of this date to leave out, for instance because they were used
    """
    return [_seed(date, number) for number in range(first, first + n)]


def _seed(date: datetime.date, number: int) -> int:
    text = f"fewbench accuracy {date.isoformat()} run {number}"
    digest = hashlib.sha256(text.encode()).digest()
    value = int.from_bytes(digest[:8], "big")
    return _FIRST + value % (_END - _FIRST)

"""Compute an interval, or return None if a result allows none."""

from collections.abc import Callable

from ..records import ResultError, RunResult
from .intervals import Interval, result_interval


def available_interval(
    result: RunResult,
    formula: Callable[[RunResult], Interval] = result_interval,
) -> Interval | None:
    """Return the interval of a result, or None if its episodes do not allow one.

    formula: a function that computes the interval and raises ResultError if it cannot
    """
    try:
        return formula(result)
    except ResultError:
        return None

"""An interval where one can be computed, and None where it cannot."""

from collections.abc import Callable

from ..records import ResultError, RunResult
from .intervals import Interval, result_interval


def available_interval(
    result: RunResult,
    formula: Callable[[RunResult], Interval] = result_interval,
) -> Interval | None:
    """The interval of a result, or None if its episodes do not allow one.

    formula: computes the interval, and raises ResultError when it cannot.
    """
    try:
        return formula(result)
    except ResultError:
        return None

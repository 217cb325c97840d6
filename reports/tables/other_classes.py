"""What each accuracy says about other classes than those of the test split."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple

import pandas as pd

from ..groups import ResultGroup
from ..records import RunResult
from ..stats.available import available_interval
from ..stats.class_bootstrap import class_bootstrap
from ..stats.intervals import Interval
from .frames import naming_columns
from .printed_table import PrintedCell, PrintedTable

OTHER_CLASSES_NOTE = (
    "± of these classes: as in the accuracy table; limits for other classes: 95 % open-bootstrap, "
    "which draws the n classes again. Neither says anything about other training runs"
)
_HEADER = ["result", "these classes", "other classes", "n"]


class ForOtherClasses(NamedTuple):
    """One result of a group, and the interval of its accuracy on other classes."""

    group: ResultGroup
    result: RunResult
    interval: Interval


def other_classes_interval(result: RunResult) -> Interval | None:
    """The class bootstrap of a result, or None if its episodes do not allow one."""
    return available_interval(result, class_bootstrap)


def for_other_classes(groups: Iterable[ResultGroup]) -> list[ForOtherClasses]:
    """Every result of these groups that has a class bootstrap."""
    found = []
    for group in groups:
        for result in group.results:
            interval = other_classes_interval(result)
            if interval is not None:
                found.append(ForOtherClasses(group, result, interval))
    return found


def other_classes_frame(found: Iterable[ForOtherClasses]) -> pd.DataFrame:
    """One row per result: fractions, nothing rounded."""
    rows = []
    for one in found:
        columns = naming_columns(one.result)
        columns |= asdict(one.interval)
        rows.append(columns)
    return pd.DataFrame(rows)


def other_classes_grid(
    found: Sequence[ForOtherClasses],
    names: Mapping[RunResult, str],
) -> PrintedTable:
    """The limits of each accuracy for these classes and for others, ready to be printed.

    names: what to call each result
    """
    rows = []
    for group, result, interval in found:
        these_classes = available_interval(result)
        rows.append(
            [
                PrintedCell(f"{names[result]} on {group.label}"),
                PrintedCell(_limits(these_classes), result=result),
                PrintedCell(_limits(interval)),
                PrintedCell(f"{interval.n:,}"),
            ]
        )
    return PrintedTable(
        title="Limits of the accuracy (%)",
        align="prrr",
        header=_HEADER,
        rows=rows,
        notes=[OTHER_CLASSES_NOTE],
    )


def _limits(interval: Interval | None) -> str:
    if interval is None:
        return "–"
    low = 100 * _fraction(interval.low)
    high = 100 * _fraction(interval.high)
    return f"{low:.2f} to {high:.2f}"


def _fraction(limit: float) -> float:
    return min(max(limit, 0.0), 1.0)

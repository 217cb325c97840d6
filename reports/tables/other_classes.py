"""Make tables of the accuracy to expect on classes outside the test split."""

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
    "these classes: the interval of the accuracy table; other classes: 95 % open-bootstrap, which "
    "draws the n classes again, each on its own. Where classes come in families, such as breeds of "
    "dogs, its limits are too narrow: use class_bootstrap(groups=...). Neither says anything about "
    "other training runs"
)
_HEADER = ["result", "these classes", "other classes", "n"]


class ForOtherClasses(NamedTuple):
    """A result with the interval of its accuracy on classes outside the test split."""

    group: ResultGroup
    result: RunResult
    interval: Interval


def other_classes_interval(result: RunResult) -> Interval | None:
    """Return an interval for the accuracy to expect on new classes.

    New classes are classes outside the test split. The interval is estimated by a bootstrap
    over the classes of the test split. Return None if the episodes do not allow this.
    """
    return available_interval(result, class_bootstrap)


def for_other_classes(groups: Iterable[ResultGroup]) -> list[ForOtherClasses]:
    """Return the results in these groups that have an interval for other classes.

    These are the results for which `other_classes_interval` does not return None.
    """
    found = []
    for group in groups:
        for result in group.results:
            interval = other_classes_interval(result)
            if interval is not None:
                found.append(ForOtherClasses(group, result, interval))
    return found


def other_classes_frame(found: Iterable[ForOtherClasses]) -> pd.DataFrame:
    """Make a data frame with one row per result and unrounded fractions."""
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
    """Make a table of confidence limits for the accuracy, with a row for each result.

    One column has the limits for the test classes. Another column has the limits for
    classes outside the test split.

    names: result -> its name in the table
    """
    rows = []
    notes = [OTHER_CLASSES_NOTE]
    for group, result, interval in found:
        these_classes = available_interval(result)
        label = f"{names[result]} on {group.label}"
        if interval.caution:
            notes.append(f"{label}: {interval.caution}")
        rows.append(
            [
                PrintedCell(label),
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
        notes=notes,
    )


def _limits(interval: Interval | None) -> str:
    if interval is None:
        return "–"
    low = 100 * _fraction(interval.low)
    high = 100 * _fraction(interval.high)
    return f"{low:.2f} to {high:.2f}"


def _fraction(limit: float) -> float:
    return min(max(limit, 0.0), 1.0)

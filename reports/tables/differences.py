"""Make the table of paired differences between results."""

from collections.abc import Mapping, Sequence

from ..records import RunResult
from ..stats.comparisons import Comparison
from .footnotes import LITTLE_SPREAD_NOTE
from .printed_table import PrintedCell, PrintedTable
from .run_names import shortest_names

PAIRS_NOTE = (
    "difference in points: the first minus the second on the same episodes, ± of a 95 % paired "
    "t-interval; p: two-sided, Holm-corrected over these pairs; wins: share of the episodes that "
    "go better for the first, ties half"
)
_HEADER = ["result", "compared with", "difference", "p", "wins"]


def comparisons_grid(label: str, comparisons: Sequence[Comparison]) -> PrintedTable:
    """Make the table of paired differences in a group of results: a row for each pair.

    label: the name of the group in the title
    """
    compared: list[RunResult] = []
    for pair in comparisons:
        compared += [pair.a, pair.b]
    names = shortest_names(compared)
    rows = []
    notes = [PAIRS_NOTE]
    for pair in comparisons:
        rows.append(_row(pair, names))
        if pair.interval.of_little_spread and LITTLE_SPREAD_NOTE not in notes:
            notes.append(LITTLE_SPREAD_NOTE)
    title = f"{label}: paired differences (points)"
    return PrintedTable(
        title=title,
        align="pprrr",
        header=_HEADER,
        rows=rows,
        notes=notes,
    )


def _row(pair: Comparison, names: Mapping[RunResult, str]) -> list[PrintedCell]:
    interval = pair.interval
    points = 100 * pair.difference
    half_width = 100 * interval.half_width
    marks = "°" if interval.of_little_spread else ""
    return [
        PrintedCell(names[pair.a], result=pair.a),
        PrintedCell(names[pair.b], result=pair.b),
        PrintedCell(f"{points:+.2f} ± {half_width:.2f}", marks),
        PrintedCell(_p_value(pair)),
        PrintedCell(f"{pair.superiority:.2f}"),
    ]


def _p_value(pair: Comparison) -> str:
    if pair.p_adjusted < 0.001:
        return "< 0.001"
    return f"{pair.p_adjusted:.3f}"

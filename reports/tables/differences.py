"""Make the table of paired differences between results."""

from collections.abc import Mapping, Sequence

from ..records import RunResult
from ..stats.churn import percent
from ..stats.comparisons import Comparison
from .footnotes import LITTLE_SPREAD_NOTE
from .printed_table import PrintedCell, PrintedTable
from .run_names import shortest_names

PAIRS_NOTE = (
    "difference in points: the first minus the second on the same episodes, ± of a 95 % paired "
    "t-interval; p: two-sided, Holm-corrected over these pairs; wins: share of the episodes that "
    "go better for the first, ties half; churn: share of the predictions that differ; flips: right "
    "in the first and wrong in the second / wrong in the first and right in the second"
)
EQUAL_NOTE = "equal: all predictions of the two results are the same"
_HEADER = ["result", "compared with", "difference", "p", "wins", "churn %", "flips"]


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
    if any(pair.equal for pair in comparisons):
        notes.append(EQUAL_NOTE)
    if any(map(_of_little_spread, comparisons)):
        notes.append(LITTLE_SPREAD_NOTE)
    title = f"{label}: paired differences (points)"
    return PrintedTable(
        title=title,
        align="pprrrrp",
        header=_HEADER,
        rows=rows,
        notes=notes,
    )


def _row(pair: Comparison, names: Mapping[RunResult, str]) -> list[PrintedCell]:
    results = [
        PrintedCell(names[pair.a], result=pair.a),
        PrintedCell(names[pair.b], result=pair.b),
    ]
    interval = pair.interval
    if interval is None:
        none = PrintedCell("–")
        share = PrintedCell(_churn(pair))
        return [*results, PrintedCell("equal"), none, none, share, none]
    points = 100 * pair.difference
    half_width = 100 * interval.half_width
    marks = "°" if interval.of_little_spread else ""
    changed = pair.churn
    flips = f"{changed.right_to_wrong:,} / {changed.wrong_to_right:,}"
    return [
        *results,
        PrintedCell(f"{points:+.2f} ± {half_width:.2f}", marks),
        PrintedCell(_p_value(pair)),
        PrintedCell(f"{pair.superiority:.2f}"),
        PrintedCell(_churn(pair)),
        PrintedCell(flips),
    ]


def _churn(pair: Comparison) -> str:
    return percent(pair.churn).removesuffix(" %")


def _of_little_spread(pair: Comparison) -> bool:
    return pair.interval is not None and pair.interval.of_little_spread


def _p_value(pair: Comparison) -> str:
    if pair.p_adjusted < 0.001:
        return "< 0.001"
    return f"{pair.p_adjusted:.3f}"

"""Draw plots with rows: a name, an interval below it, and a value at the right."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from ..groups import ResultGroup
from ..tables.cells import Cell
from ..tables.run_names import shortened
from .style import BAND, INK, LONGEST, TEXT_SIZE, Style

HALF_BAND = 0.36  # half the height of a heading's band; a row has height 1
GAP = 4.5  # points from an interval to its name


def write(ax: Axes, x: float, row: float, text: str, **style: Any) -> None:
    """Write text on a row.

    x: 0 is the left edge and 1 is the right edge of the axes
    style: options of `Axes.text`
    """
    options = {"va": "center", "fontsize": TEXT_SIZE, "color": INK}
    options |= style
    ax.text(
        x,
        row,
        text,
        transform=ax.get_yaxis_transform(),
        parse_math=False,
        **options,
    )


def write_row(ax: Axes, row: float, name: str, value: str) -> None:
    """Write a name above the middle of a row, and a value to the right of the axes.

    name: one line or several; a long line is shortened
    """
    lines = [shortened(line, LONGEST) for line in name.split("\n")]
    written = ax.annotate(
        "\n".join(lines),
        (0, row),
        (0, GAP),
        xycoords=ax.get_yaxis_transform(),
        textcoords="offset points",
        va="bottom",
        fontsize=TEXT_SIZE,
        color=INK,
        linespacing=1.1,
        parse_math=False,
        # No line of the grid crosses a name, and a name hides no marker.
        bbox={"facecolor": "white", "linewidth": 0, "pad": 0.5},
        zorder=1,
    )
    # A name may run over the column of values, which starts lower.
    written.set_in_layout(False)
    write(ax, 1.015, row, value, linespacing=1.1)


def plot_heading(ax: Axes, row: float, text: str) -> None:
    """Plot a grey band with a bold heading in a row."""
    ax.axhspan(
        row - HALF_BAND,
        row + HALF_BAND,
        color=BAND,
        linewidth=0,
        zorder=0.6,
    )
    write(ax, 0.012, row, text, fontweight="bold")


def plot_interval(
    ax: Axes,
    row: float,
    values: tuple[float, float, float],
    style: Style,
    marker_fill: str | None = None,
) -> None:
    """Plot a marker at the mean, and a bar from the lower limit to the upper limit.

    values: low, mean and high, in the unit of the axis
    marker_fill: the colour inside the marker; None takes the colour of the style
    """
    color, marker = style
    low, mean, high = values
    if low < high:
        _plot_bar(ax, row, (low, high), color)
    ax.plot(
        [mean],
        [row],
        color=color,
        marker=marker,
        markersize=5,
        markerfacecolor=marker_fill,
        linestyle="none",
    )


def percents(cell: Cell) -> tuple[float, float, float]:
    """Return the lower limit, the mean and the upper limit of a cell in percent.

    If the cell has no interval, both limits are the mean.
    """
    mean = 100 * cell.mean
    interval = cell.interval
    if interval is None:
        return mean, mean, mean
    low = 100 * interval.low
    high = 100 * interval.high
    return low, mean, high


def most_accurate_first(group: ResultGroup) -> list[Cell]:
    """Return the cells with the results of a group, the highest mean first."""
    best_first = group.most_accurate(len(group.results))
    return list(map(Cell.of, best_first.results))


def heading(group: ResultGroup) -> str:
    """Return the name of a group, with ": 5 best of 9" if only 5 of 9 are shown."""
    if group.left_out == 0:
        return shortened(group.label, LONGEST - 6)
    shown = len(group.results)
    of_all = shown + group.left_out
    ending = f": {shown} best of {of_all}"
    label = shortened(group.label, LONGEST - 6 - len(ending))
    return label + ending


def axis_label(quantity: str, cells: Sequence[Cell]) -> str:
    """Return the label of an axis, with lines that explain the ± and the marks."""
    lines = [quantity, *_meanings_of_intervals(cells)]
    marks: set[str] = set()
    for cell in cells:
        marks.update(cell.marks)
    meanings = []
    if "†" in marks:
        meanings.append("† transductive")
    if "‡" in marks:
        meanings.append("‡ partial data")
    if "¶" in marks:
        meanings.append("¶ not repeatable")
    if "§" in marks:
        meanings.append("§ not the reference build")
    if "°" in marks:
        meanings.append("° little spread")
    for start in range(0, len(meanings), 2):
        lines.append(", ".join(meanings[start : start + 2]))
    return "\n".join(lines)


def _plot_bar(ax: Axes, row: float, limits: tuple[float, float], color: str) -> None:
    rows = (row, row)
    ax.plot(
        limits,
        rows,
        color=color,
        linewidth=1.6,
        solid_capstyle="butt",
    )
    ax.plot(
        limits,
        rows,
        color=color,
        marker="|",
        markersize=9,
        linestyle="none",
    )


def _meanings_of_intervals(cells: Sequence[Cell]) -> list[str]:
    kinds: set[tuple[float, str]] = set()
    for cell in cells:
        interval = cell.interval
        if interval is not None:
            kinds.add((interval.level, interval.kind))
    lines = []
    for level, kind in sorted(kinds):
        lines.append(f"±: {100 * level:g} % interval ({kind})")
    if lines:
        lines[-1] += ",\ngiven these test classes and images"
    return lines

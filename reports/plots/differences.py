"""Make a forest plot of the paired differences between results on the same episodes."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..records import ResultError, RunResult
from ..stats.comparisons import Comparison
from ..tables.run_names import plot_names, shortened
from .rows import plot_interval, write_row
from .style import INK, ROW, clean_rows, new_figure, write_title

_LONGEST = 32  # characters of a name, which stands beside the value


def plot_differences(comparisons: Sequence[Comparison], ax: Axes) -> Axes:
    """Plot paired differences of accuracy with their intervals, in percentage points.

    Each comparison has a row. The marker is filled if the difference is significant
    after Holm's correction. A pair with equal predictions has a line at 0 as its marker.
    Raises ResultError if there are no comparisons.
    """
    if not comparisons:
        raise ResultError(
            "forest plot: expected at least one comparison, got none. "
            "Compare at least two results"
        )
    compared: list[RunResult] = []
    for pair in comparisons:
        compared += [pair.a, pair.b]
    names = plot_names(compared)
    level = _level(comparisons)
    alpha = 1 - level
    for row, pair in enumerate(comparisons):
        is_significant = pair.p_adjusted < alpha
        _plot_difference(ax, row, pair, is_filled=is_significant)
        first = shortened(names[pair.a], _LONGEST)
        second = shortened(names[pair.b], _LONGEST)
        write_row(ax, row, f"{first}\nminus {second}", _value(pair))
    ax.axvline(0, color=INK, linewidth=0.9, zorder=0.9)
    clean_rows(ax, lowest=len(comparisons) - 0.4, highest=-0.6)
    ax.margins(x=0.06)
    ax.set_xlabel(
        f"difference of accuracies (points)\n±: {100 * level:g} % paired t-interval\n"
        f"filled: p < {alpha:.2g}, Holm-corrected over these pairs",
        loc="left",
    )
    return ax


def differences_figure(comparisons: Sequence[Comparison]) -> Figure:
    """Make a figure of suitable size with `plot_differences`."""
    figure = new_figure(1.5 * ROW * len(comparisons) + 1.1)
    ax = plot_differences(comparisons, figure.subplots())
    protocol = shortened(comparisons[0].a.protocol.name, 24)
    write_title(ax, f"{protocol}: paired differences")
    return figure


def _level(comparisons: Sequence[Comparison]) -> float:
    """Return the confidence level of the intervals; 0.95 if there is none."""
    for pair in comparisons:
        if pair.interval is not None:
            return pair.interval.level
    return 0.95


def _plot_difference(
    ax: Axes,
    row: int,
    pair: Comparison,
    *,
    is_filled: bool,
) -> None:
    color = INK  # two learners share the row
    if pair.interval is None:
        plot_interval(ax, row, (0, 0, 0), (color, "|"))
        return
    low = 100 * pair.interval.low
    high = 100 * pair.interval.high
    plot_interval(
        ax,
        row,
        (low, 100 * pair.difference, high),
        (color, "o"),
        marker_fill=color if is_filled else "white",
    )


def _value(pair: Comparison) -> str:
    """Return two lines: the difference with its ± in points, and the p-value."""
    if pair.interval is None:
        return "equal in all\npredictions"
    points = 100 * pair.difference
    width = pair.interval.high - pair.interval.low
    half_width = 100 * width / 2
    p_value = f"p = {pair.p_adjusted:.3f}"
    if pair.p_adjusted < 0.001:
        p_value = "p < 0.001"
    return f"{points:+.2f} ± {half_width:.2f}\n{p_value}"

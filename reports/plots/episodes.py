"""Plot histograms of the accuracies of single episodes."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..groups import ResultGroup, result_groups
from ..records import ResultError, RunResult
from ..tables.cells import Cell
from ..tables.run_names import plot_names
from .rows import axis_label, heading, most_accurate_first, write, write_row
from .style import (
    FAINT,
    INK,
    ROW,
    Styles,
    clean_rows,
    learner_styles,
    new_figure,
    write_title,
)

MOST_BINS = 48
# The heights of the tallest bar and of the dark line at the mean. A row has height 1.
TALLEST, MEAN_LINE = 0.6, 0.66

Floats = NDArray[np.float64]


def plot_episode_histogram(
    results: Sequence[RunResult],
    ax: Axes,
    styles: Styles | None = None,
) -> Axes:
    """Plot a histogram of the accuracies of single episodes for each result.

    The most accurate result is at the top. A dark line marks the mean of each result.
    Raises ResultError if the results were not all scored on the same episodes, or if
    there are no results.
    """
    groups = result_groups(results)
    if len(groups) != 1:
        labels = [group.label for group in groups]
        got = ", ".join(labels) or "none"
        raise ResultError(
            "episode histogram: expected results that were all scored on the same "
            f"episodes, got {got}. Plot one group of results at a time"
        )
    styles = styles or learner_styles(results)
    return _plot_histograms(groups[0], ax, styles)


def histogram_figure(group: ResultGroup, styles: Styles) -> Figure:
    """Make a figure of suitable size with `plot_episode_histogram`."""
    figure = new_figure(1.8 * ROW * len(group.results) + 1.1)
    _plot_histograms(group, figure.subplots(), styles)
    return figure


def _plot_histograms(group: ResultGroup, ax: Axes, styles: Styles) -> Axes:
    cells = most_accurate_first(group)
    names = plot_names(group.results)
    edges = _bins(group.results)
    shares = [_shares(cell.result, edges) for cell in cells]
    tallest = float(np.max(shares))
    for row, cell in enumerate(cells, start=1):
        result = cell.result
        color, _ = styles[result.learner]
        heights = TALLEST * shares[row - 1] / tallest
        _plot_bars(ax, row, heights, edges, color)
        _plot_mean(ax, row, cell)
        write_row(ax, row - MEAN_LINE, names[result], "")
        write(ax, 1.015, row - 0.25, str(cell))
    clean_rows(ax, lowest=len(cells), highest=0)
    write_title(ax, heading(group))
    quantity = (
        "accuracy of one episode (%)\n"
        f"dark line: mean; tallest bar: {100 * tallest:.0f} % of the episodes"
    )
    ax.set_xlabel(axis_label(quantity, cells), loc="left")
    return ax


def _plot_bars(
    ax: Axes,
    row: int,
    heights: Floats,
    edges: Floats,
    color: str,
) -> None:
    """Plot one histogram. The bars stand on the line at height `row`."""
    ax.stairs(
        row - heights,  # the vertical axis points down
        100 * edges,
        baseline=row,
        fill=True,
        color=color,
        alpha=0.75,
    )
    ax.axhline(row, color=FAINT, linewidth=0.6)


def _plot_mean(ax: Axes, row: int, cell: Cell) -> None:
    ax.vlines(
        100 * cell.mean,
        row - MEAN_LINE,
        row,
        color=INK,
        linewidth=1.3,
    )


def _shares(result: RunResult, edges: Floats) -> Floats:
    """Return the fraction of the episodes in each bin: float64 (n_bins,)."""
    counts, _ = np.histogram(result.accuracies, edges)
    return counts / result.protocol.n_episodes


def _bins(results: Sequence[RunResult]) -> Floats:
    """Return the edges of the bins, as fractions: float64 (n_bins + 1,).

    The accuracy of an episode is a multiple of 1 / (number of queries in the episode).
    The edges lie halfway between these multiples, and all bins contain the same number
    of multiples. Otherwise the histogram would look like a comb.
    """
    queries = results[0].protocol.queries_per_episode
    correct = np.concatenate([result.correct for result in results])
    lowest = int(correct.min())
    highest = int(correct.max())
    possible = highest - lowest + 1
    step = -(-possible // MOST_BINS)  # rounded up
    possible_counts = np.arange(lowest, highest + step + 1, step)
    return (possible_counts - 0.5) / queries

"""Plot the mean accuracy of each result with its confidence interval."""

from collections import defaultdict
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..groups import ResultGroup, result_groups
from ..records import RunResult
from ..tables.cells import Cell
from ..tables.run_names import plot_names
from .rows import (
    axis_label,
    heading,
    most_accurate_first,
    percents,
    plot_heading,
    plot_interval,
    write_row,
)
from .style import ROW, Styles, bound_percent, clean_rows, learner_styles, new_figure


def plot_accuracy(
    results: Sequence[RunResult],
    ax: Axes,
    styles: Styles | None = None,
) -> Axes:
    """Plot the mean accuracy of each result with its confidence interval.

    Results on the same episodes form a group. A grey band names each group. The rows
    below the band show its results, the most accurate first. Each row also shows the
    accuracy as a number, since the interval is often narrower than its marker.
    """
    groups = result_groups(results)
    styles = styles or learner_styles(results)
    return _plot_groups(groups, ax, styles)


def accuracy_figure(groups: Sequence[ResultGroup], styles: Styles) -> Figure:
    """Make a figure of suitable size with one `plot_accuracy` for each dataset."""
    panels = _by_dataset(groups)
    heights = list(map(_n_rows, panels))
    n_panels = len(panels)
    height = ROW * sum(heights) + 0.4 * n_panels
    figure = new_figure(height + 0.6)
    grid = figure.subplots(
        n_panels,
        1,
        height_ratios=heights,
        squeeze=False,
    )
    axes = grid[:, 0]
    cells: list[Cell] = []
    for panel, ax in zip(panels, axes, strict=True):
        _plot_groups(panel, ax, styles)
        ax.set_xlabel("")
    for group in groups:
        cells += most_accurate_first(group)
    axes[-1].set_xlabel(axis_label("accuracy (%)", cells), loc="left")
    return figure


def _by_dataset(groups: Sequence[ResultGroup]) -> list[list[ResultGroup]]:
    datasets = defaultdict(list)
    for group in groups:
        dataset = group.protocol.dataset
        datasets[dataset].append(group)
    return [datasets[name] for name in sorted(datasets)]


def _n_rows(groups: Sequence[ResultGroup]) -> int:
    """Return the number of rows: one for each group heading and one for each result."""
    n_rows = 0
    for group in groups:
        n_rows += 1 + len(group.results)
    return n_rows


def _plot_groups(groups: Sequence[ResultGroup], ax: Axes, styles: Styles) -> Axes:
    results: list[RunResult] = []
    for group in groups:
        results += group.results
    names = plot_names(results)
    shown: list[Cell] = []
    row = 0
    for group in groups:
        plot_heading(ax, row, heading(group))
        row += 1
        for cell in most_accurate_first(group):
            result = cell.result
            style = styles[result.learner]
            plot_interval(ax, row, percents(cell), style)
            write_row(ax, row, names[result], str(cell))
            shown.append(cell)
            row += 1
    clean_rows(ax, lowest=row - 0.4, highest=-0.42)
    bound_percent(ax)
    ax.set_xlabel(axis_label("accuracy (%)", shown), loc="left")
    return ax

"""Plot accuracy against the number of shots or ways."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from ..records import ResultError, RunResult
from ..tables.cells import Cell
from ..tables.run_names import plot_names, shortened
from .curves import MOST_CURVES, add_legend
from .rows import percents
from .style import (
    INK,
    LONGEST,
    TEXT_SIZE,
    CurveStyle,
    Styles,
    clean_curve,
    curve_styles,
    learner_styles,
    new_figure,
)

_AXIS_LABELS = {"n_shot": "shots a class", "n_way": "ways (classes an episode)"}


def plot_along(
    results: Sequence[RunResult],
    ax: Axes,
    field: str,
    styles: Styles | None = None,
) -> Axes:
    """Plot accuracy with its interval against the number of shots or ways.

    A curve joins results that differ only in this number. Results with only one value
    of the number are not shown.

    field: "n_shot" or "n_way"
    Raises ResultError if no results differ only in this number.
    """
    curves = _curves(results, field)
    if not curves:
        raise ResultError(
            f"accuracy against {field}: expected results of one learner at two values "
            f"of {field} or more, got none. Evaluate the learner on more protocols. To "
            "list them: fewbench protocol list"
        )
    values: set[int] = set()
    learners = [cells[0].result.learner for cells in curves.values()]
    chosen = curve_styles(learners, styles or learner_styles(results))
    for (label, cells), style in zip(curves.items(), chosen, strict=True):
        protocols = [cell.result.protocol for cell in cells]
        x = [getattr(protocol, field) for protocol in protocols]
        _plot_curve(ax, x, cells, label, style)
        values.update(x)
    _label_values(ax, sorted(values))
    ax.set_xlabel(_AXIS_LABELS[field], fontsize=TEXT_SIZE, color=INK)
    clean_curve(ax, "accuracy (%)")
    return ax


def along_figure(
    results: Sequence[RunResult],
    field: str,
    styles: Styles | None = None,
) -> Figure | None:
    """Make a figure of suitable size with `plot_along`.

    field: "n_shot" or "n_way"
    Return None if no results differ only in this number.
    """
    curves = _curves(results, field)
    if not curves:
        return None
    lines = sum(1 + label.count("\n") for label in curves)
    figure = new_figure(2.3 + 0.15 * lines)
    ax = plot_along(results, figure.subplots(), field, styles)
    add_legend(figure, ax)
    return figure


def _plot_curve(
    ax: Axes,
    x: Sequence[int],
    cells: Sequence[Cell],
    label: str,
    style: CurveStyle,
) -> None:
    color, marker, line = style
    limits = list(map(percents, cells))
    low, mean, high = np.array(limits).T
    ax.errorbar(
        x,
        mean,
        yerr=[mean - low, high - mean],
        color=color,
        marker=marker,
        linestyle=line,
        markersize=4,
        capsize=2.5,
        linewidth=1.2,
        label=label,
    )


def _label_values(ax: Axes, values: Sequence[int]) -> None:
    """Make the horizontal axis logarithmic, with ticks at exactly these values."""
    ax.set_xscale("log")
    axis = ax.xaxis
    axis.set_major_locator(FixedLocator(values))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(StrMethodFormatter("{x:.0f}"))


def _curves(results: Iterable[RunResult], field: str) -> dict[str, list[Cell]]:
    """Return the curves that reach the highest accuracies, at most MOST_CURVES of them.

    Returns label -> the cells of a curve, in ascending order of `field`.
    """
    several: list[list[RunResult]] = []
    for by_value in _alike_but_for(field, results):
        if len(by_value) > 1:
            in_order = sorted(by_value.items())
            several.append([result for _, result in in_order])
    several.sort(key=_highest_mean, reverse=True)
    shown = several[:MOST_CURVES]
    names = plot_names(curve[0] for curve in shown)
    curves: dict[str, list[Cell]] = {}
    for curve in shown:
        first = curve[0]
        label = _label(first, names[first], field)
        if label in curves:
            number = len(curves) + 1
            label += f" ({number})"
        curves[label] = list(map(Cell.of, curve))
    return curves


def _alike_but_for(
    field: str,
    results: Iterable[RunResult],
) -> list[dict[int, RunResult]]:
    """Group the results that differ only in the protocol field `field`.

    Each group maps a value of the field to the first result with this value.
    """
    groups: dict[tuple, dict[int, RunResult]] = {}
    for result in results:
        # Shots and ways are part of a protocol's name, so names differ along a curve.
        protocol = replace(result.protocol, name="x", **{field: 2})
        key = (
            result.learner,
            result.backbone,
            result.precision,
            result.train_seed,
            result.transductive,
            result.data_fingerprint,
            *vars(protocol).values(),
        )
        value = getattr(result.protocol, field)
        by_value = groups.setdefault(key, {})
        by_value.setdefault(value, result)
    return list(groups.values())


def _highest_mean(results: Iterable[RunResult]) -> float:
    return max(result.mean for result in results)


def _label(result: RunResult, name: str, field: str) -> str:
    """Return the label of a curve, such as "protonet conv4, omniglot 5-way".

    name: the name of the learner in the plot
    """
    protocol = result.protocol
    fixed = f"{protocol.n_way}-way"
    if field == "n_way":
        fixed = f"{protocol.n_shot}-shot"
    where = f"{protocol.dataset} {fixed}"
    one_line = f"{name}, {where}"
    if len(one_line) < LONGEST - 4:
        return one_line
    return f"{shortened(name, LONGEST - 6)},\n{shortened(where, LONGEST - 6)}"

"""Accuracy against the number of shots or ways."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

from ..records import ResultError, RunResult
from ..tables.cells import Cell
from ..tables.run_names import plot_names
from .curves import MOST_CURVES, add_legend
from .rows import percents
from .style import INK, STYLES, Style, clean_curve, new_figure

_AXIS_LABELS = {"n_shot": "shots a class", "n_way": "ways (classes an episode)"}


def plot_along(results: Sequence[RunResult], ax: Axes, field: str) -> Axes:
    """Accuracy with its interval against `field`, which is "n_shot" or "n_way": a curve for each
    learner and protocol that was scored at two values or more of it.

    Raises ResultError when none was.
    """
    curves = _curves(results, field)
    if not curves:
        raise ResultError(
            f"accuracy against {field}: expected results of one learner at two values or "
            "more, got one value. Evaluate on more protocols: fewbench protocol list"
        )
    values: set[int] = set()
    for (label, cells), style in zip(curves.items(), STYLES, strict=False):
        protocols = [cell.result.protocol for cell in cells]
        x = [getattr(protocol, field) for protocol in protocols]
        _plot_curve(ax, x, cells, label, style)
        values.update(x)
    _label_values(ax, sorted(values))
    ax.set_xlabel(_AXIS_LABELS[field], fontsize=9, color=INK)
    clean_curve(ax, "accuracy (%)")
    return ax


def along_figure(results: Sequence[RunResult], field: str) -> Figure | None:
    """`plot_along` at its proper size, or None when nothing was scored at two values."""
    curves = _curves(results, field)
    if not curves:
        return None
    figure = new_figure(3.1 + 0.2 * len(curves))
    ax = plot_along(results, figure.subplots(), field)
    add_legend(figure, ax)
    return figure


def _plot_curve(
    ax: Axes,
    x: Sequence[int],
    cells: Sequence[Cell],
    label: str,
    style: Style,
) -> None:
    color, marker = style
    limits = list(map(percents, cells))
    low, mean, high = np.array(limits).T
    ax.errorbar(
        x,
        mean,
        yerr=[mean - low, high - mean],
        color=color,
        marker=marker,
        markersize=5,
        capsize=3,
        linewidth=1.2,
        label=label,
    )


def _label_values(ax: Axes, values: Sequence[int]) -> None:
    """Label exactly these values on a logarithmic axis."""
    ax.set_xscale("log")
    axis = ax.xaxis
    axis.set_major_locator(FixedLocator(values))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(StrMethodFormatter("{x:.0f}"))


def _curves(results: Iterable[RunResult], field: str) -> dict[str, list[Cell]]:
    """The MOST_CURVES curves with the highest accuracy, by label."""
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
    """Results by their value of `field`, grouped by everything else. The first of each value
    counts."""
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
    """The name of a learner with what its protocols have in common."""
    protocol = result.protocol
    fixed = f"{protocol.n_way}-way"
    if field == "n_way":
        fixed = f"{protocol.n_shot}-shot"
    return f"{name}, {protocol.dataset} {fixed}"

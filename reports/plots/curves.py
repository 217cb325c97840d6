"""Curves: over training steps, and over the number of shots or ways."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter
from numpy.typing import NDArray

from ..records import ResultError, RunResult
from ..tables.accuracy import Cell
from .style import INK, STYLES, WIDTH, clean_curve, percents, run_names, shortened

History = Sequence[Mapping[str, Any]]
CURVES = len(STYLES)  # more would share a colour
# What one curve has in common besides the learner; the name tells shots and ways.
_VARYING = {"n_shot": "shots a class", "n_way": "ways (classes an episode)"}


def has_values(history: History) -> bool:
    """Whether there is anything to draw."""
    return any(_series(history, key).size for key in ("loss", "val_accuracy"))


def plot_learning_curve(history: History, ax: Axes) -> Axes:
    """Validation accuracy (left, points) and training loss (right, line) over training steps.
    history: rows with `step`, `seconds`, `loss`, `val_accuracy` (a fraction); values may be
    None or missing. Raises ResultError for a history without values."""
    loss, accuracy = _series(history, "loss"), _series(history, "val_accuracy")
    if loss.size + accuracy.size == 0:
        raise ResultError(
            "learning curve: expected rows with loss or val_accuracy; got none"
        )
    (blue, _), (red, _) = STYLES[:2]
    clean_curve(ax, "validation accuracy (%)", blue)
    if not accuracy.size:
        ax.set_yticks([], [])
        ax.set_ylabel("no validation accuracy")
    ax.plot(
        accuracy[0], 100 * accuracy[1], color=blue, marker="o", markersize=3.5, zorder=3
    )
    if loss.size:
        right = ax.twinx()
        clean_curve(right, "training loss", red)
        right.spines["right"].set_visible(True)
        right.plot(loss[0], loss[1], color=red, linewidth=1)
        right.set_ylim(bottom=min(0, loss[1].min()))
        ax.set_zorder(
            right.get_zorder() + 1
        )  # points over the line, the line still visible
        ax.patch.set_visible(False)
    _label_steps(ax)
    ax.set_title(_curve_title(history, accuracy), loc="left", fontsize=9, color=INK)
    return ax


def plot_learning_curves(histories: Mapping[str, History], ax: Axes, key: str) -> Axes:
    """One quantity, `val_accuracy` or `loss`, over the training steps of several runs."""
    is_loss = key == "loss"
    scale, label = (1, "training loss") if is_loss else (100, "validation accuracy (%)")
    for (name, history), (color, marker) in zip(
        histories.items(), STYLES, strict=False
    ):
        steps, values = _series(history, key)
        every = max(1, len(steps) // 12)
        ax.plot(
            steps, scale * values, color=color, linewidth=1.2, label=shortened(name, 40),
            marker=marker, markersize=4, markevery=every,
        )  # fmt: skip
    clean_curve(ax, label)
    _label_steps(ax)
    return ax


def plot_along(results: Sequence[RunResult], ax: Axes, field: str) -> Axes:
    """Accuracy with its interval against `n_shot` or `n_way`: a curve per learner and otherwise
    equal protocol that was scored at two values or more. Raises ResultError when none was."""
    curves = _curves(results, field)
    if not curves:
        raise ResultError(
            f"accuracy against {field}: expected results of two values; got one"
        )
    for (label, cells), (color, marker) in zip(curves.items(), STYLES, strict=False):
        x = [getattr(cell.result.protocol, field) for cell in cells]
        low, mean, high = np.array([percents(cell) for cell in cells]).T
        ax.errorbar(
            x, mean, yerr=[mean - low, high - mean], color=color, marker=marker, markersize=5,
            capsize=3, linewidth=1.2, label=label,
        )  # fmt: skip
    values = {
        getattr(c.result.protocol, field) for cells in curves.values() for c in cells
    }
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(FixedLocator(sorted(values)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:.0f}"))
    ax.set_xlabel(_VARYING[field], fontsize=9, color=INK)
    clean_curve(ax, "accuracy (%)")
    return ax


def learning_curve_figure(history: History) -> Figure:
    """`plot_learning_curve` at its proper size."""
    figure = Figure((WIDTH, 3.2), layout="constrained")
    plot_learning_curve(history, figure.subplots())
    return figure


def learning_curves_figure(histories: Mapping[str, History]) -> Figure:
    """`plot_learning_curves` of accuracy above loss, for at most CURVES runs."""
    shown = dict(list(histories.items())[:CURVES])
    figure = Figure((WIDTH, 4.6 + 0.2 * len(shown)), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True)
    plot_learning_curves(shown, upper, "val_accuracy")
    plot_learning_curves(shown, lower, "loss")
    upper.set_xlabel("")
    _legend(figure, upper)
    return figure


def along_figure(results: Sequence[RunResult], field: str) -> Figure | None:
    """`plot_along` at its proper size; None where nothing was scored at two values."""
    curves = _curves(results, field)
    if not curves:
        return None
    figure = Figure((WIDTH, 3.1 + 0.2 * len(curves)), layout="constrained")
    ax = plot_along(results, figure.subplots(), field)
    _legend(figure, ax)
    return figure


def _curves(results: Iterable[RunResult], field: str) -> dict[str, list[Cell]]:
    """At most CURVES curves by label, those with the highest accuracy first."""
    groups: dict[tuple, dict[int, RunResult]] = {}
    for result in results:
        alike = replace(result.protocol, name="x", **{field: 2})
        key = (result.learner, result.backbone, result.precision, result.train_seed)
        value = getattr(result.protocol, field)
        key = (
            *key,
            result.transductive,
            result.data_fingerprint,
            *vars(alike).values(),
        )
        groups.setdefault(key, {}).setdefault(value, result)
    several = [
        [group[x] for x in sorted(group)] for group in groups.values() if len(group) > 1
    ]
    several.sort(key=lambda group: -max(result.mean for result in group))
    shown = several[:CURVES]
    names = run_names(group[0] for group in shown)
    curves: dict[str, list[Cell]] = {}
    for group in shown:
        card = group[0].protocol
        fixed = f"{card.n_way}-way" if field == "n_shot" else f"{card.n_shot}-shot"
        label = f"{names[group[0]]}, {card.dataset} {fixed}"
        label += f" ({len(curves) + 1})" * (label in curves)
        curves[label] = [Cell.of(result) for result in group]
    return curves


def _legend(figure: Figure, ax: Axes) -> None:
    """Below the plot, where it covers nothing."""
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower left", fontsize=9, frameon=False, ncols=1
    )


def _label_steps(ax: Axes) -> None:
    ax.set_xlabel("training step", fontsize=9, color=INK)
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _series(history: History, key: str) -> NDArray[np.float64]:
    """The values of one column where it has any: float64 (2, n) step and value."""
    rows = [(row["step"], row[key]) for row in history if row.get(key) is not None]
    series = np.array(rows, dtype=np.float64).reshape(-1, 2).T
    # A loss that diverged would flatten the rest, and axes cannot reach the largest floats.
    return series[:, np.abs(np.nan_to_num(series[1], nan=np.inf)) < 1e12]


def _curve_title(history: History, accuracy: NDArray[np.float64]) -> str:
    seconds = [row["seconds"] for row in history if row.get("seconds") is not None]
    parts = [f"{max(seconds) / 60:.1f} minutes"] if seconds else []
    if accuracy.size:
        step, best = accuracy[:, accuracy[1].argmax()]
        parts.append(f"best validation accuracy {100 * best:.2f} % at step {step:,.0f}")
    return ", ".join(parts)

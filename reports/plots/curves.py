"""Plot learning curves: validation accuracy and loss over training steps."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import StrMethodFormatter
from numpy.typing import NDArray

from ..records import ResultError
from ..tables.run_names import shortened
from .style import (
    FAINT,
    INK,
    STYLES,
    TEXT_SIZE,
    Styles,
    clean_curve,
    curve_styles,
    new_figure,
    styles_of,
)

# The log of a training run: rows with `step`, `seconds`, `loss` and `val_accuracy` (a
# fraction). All values except `step` may be None or missing. A row may also name the
# `learner`, which chooses the colour.
History = Sequence[Mapping[str, Any]]
MOST_CURVES = len(STYLES)  # with more curves, some would share a colour
MARKERS = 12  # the approximate number of markers on each curve
# Larger values are not plotted: they would flatten all other values, and matplotlib
# cannot draw axes up to the largest floats.
LARGEST = 1e12


def has_values(history: History) -> bool:
    """Return whether the log of a training run has any value that can be plotted."""
    loss = _series(history, "loss")
    accuracy = _series(history, "val_accuracy")
    n_values = loss.size + accuracy.size
    return n_values > 0


def curve_learners(histories: Mapping[str, History]) -> dict[str, str]:
    """Return the learner of each training run, or the run's name if that is unknown.

    histories: name of a run -> the rows of its log
    """
    learners = {}
    for name, history in histories.items():
        named = [row["learner"] for row in history if row.get("learner")]
        learners[name] = str(named[0]) if named else name
    return learners


def plot_learning_curve(history: History, ax: Axes, color: str = STYLES[0][0]) -> Axes:
    """Plot the validation accuracy and the training loss of one training run.

    The accuracy has markers and uses the left axis. The loss is a grey dashed line and
    uses the right axis.
    color: the colour of the accuracy
    Raises ResultError if the log has no value that can be plotted.
    """
    loss = _series(history, "loss")
    accuracy = _series(history, "val_accuracy")
    if loss.size + accuracy.size == 0:
        raise ResultError(
            "learning curve: expected rows with a finite loss or val_accuracy in the "
            "log of the training run, got none. Train for more steps"
        )
    _plot_validation(ax, accuracy, color)
    if loss.size:
        _plot_loss(ax, loss)
    _label_steps(ax)
    title = _title(history, accuracy)
    ax.set_title(title, loc="left", fontsize=TEXT_SIZE, color=INK)
    return ax


def plot_learning_curves(
    histories: Mapping[str, History],
    ax: Axes,
    key: str,
    styles: Styles | None = None,
) -> Axes:
    """Plot one quantity of several training runs.

    histories: name of a run -> the rows of its log; only the first MOST_CURVES are
        shown
    key: "val_accuracy" or "loss"
    styles: learner -> its colour and marker; see `curve_learners`
    """
    scale = 100
    label = "validation accuracy (%)"
    if key == "loss":
        scale = 1
        label = "training loss"
    shown = dict(islice(histories.items(), MOST_CURVES))
    learners = curve_learners(shown).values()
    chosen = curve_styles(learners, styles or styles_of(learners))
    for (name, history), style in zip(shown.items(), chosen, strict=True):
        color, marker, line = style
        steps, values = _series(history, key)
        every = max(1, len(steps) // MARKERS)
        ax.plot(
            steps,
            scale * values,
            color=color,
            linewidth=1.2,
            linestyle=line,
            label=shortened(name, 40),
            marker=marker,
            markersize=3.5,
            markevery=every,
        )
    clean_curve(ax, label)
    _label_steps(ax)
    return ax


def learning_curve_figure(history: History, color: str = STYLES[0][0]) -> Figure:
    """Make a figure of suitable size with `plot_learning_curve`."""
    figure = new_figure(2.4)
    plot_learning_curve(history, figure.subplots(), color)
    return figure


def learning_curves_figure(
    histories: Mapping[str, History],
    styles: Styles | None = None,
) -> Figure:
    """Make a figure of the first MOST_CURVES runs: accuracy above, loss below."""
    shown = dict(islice(histories.items(), MOST_CURVES))
    figure = new_figure(3.6 + 0.15 * len(shown))
    upper, lower = figure.subplots(2, 1, sharex=True)
    plot_learning_curves(shown, upper, "val_accuracy", styles)
    plot_learning_curves(shown, lower, "loss", styles)
    upper.set_xlabel("")
    add_legend(figure, upper)
    return figure


def add_legend(figure: Figure, ax: Axes) -> None:
    """Add a legend below the plot, where it covers no curve."""
    handles, labels = ax.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower left",
        fontsize=TEXT_SIZE,
        frameon=False,
        ncols=1,
    )


def _plot_validation(ax: Axes, accuracy: NDArray[np.float64], color: str) -> None:
    clean_curve(ax, "validation accuracy (%)", color)
    if not accuracy.size:
        ax.set_yticks([], [])
        ax.set_ylabel("no validation accuracy")
    steps, values = accuracy
    ax.plot(
        steps,
        100 * values,
        color=color,
        marker="o",
        markersize=3.5,
        zorder=3,
    )


def _plot_loss(ax: Axes, loss: NDArray[np.float64]) -> None:
    right = ax.twinx()
    clean_curve(right, "training loss")
    right.spines["right"].set_visible(True)
    steps, values = loss
    right.plot(steps, values, "--", color=FAINT, linewidth=1)
    lowest = min(0, values.min())
    right.set_ylim(bottom=lowest)
    # Draw the accuracy over the loss, without a background that would hide the loss.
    ax.set_zorder(right.get_zorder() + 1)
    ax.patch.set_visible(False)


def _label_steps(ax: Axes) -> None:
    ax.set_xlabel("training step", fontsize=TEXT_SIZE, color=INK)
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def _series(history: History, key: str) -> NDArray[np.float64]:
    """Return the steps and values of one quantity: float64 (2, n).

    Rows without a value are left out, and so are NaN and values of LARGEST and above.
    """
    points = []
    for row in history:
        value = row.get(key)
        if value is not None:
            points.append((row["step"], value))
    series = np.array(points, dtype=np.float64).reshape(-1, 2).T
    values = np.nan_to_num(series[1], nan=np.inf)
    is_shown = np.abs(values) < LARGEST
    return series[:, is_shown]


def _title(history: History, accuracy: NDArray[np.float64]) -> str:
    parts = []
    seconds = [row.get("seconds") for row in history]
    known = [value for value in seconds if value is not None]
    if known:
        minutes = max(known) / 60
        parts.append(f"{minutes:.1f} minutes")
    if accuracy.size:
        steps, values = accuracy
        best = values.argmax()
        step = f"{steps[best]:,.0f}"
        percent = f"{100 * values[best]:.2f} %"
        parts.append(f"best validation accuracy {percent} at step {step}")
    return ",\n".join(parts)

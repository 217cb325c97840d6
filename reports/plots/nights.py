"""The accuracy of each night beside the accepted reference, and what all nights say."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..records import ResultError
from ..stats.accuracies import mean_and_std
from ..stats.nightly import watch
from .style import BAND, FAINT, INK, PAGE_WIDTH, STYLES, clean_curve, new_figure

# Less than this, in points, would make rounding look like a trend.
_LEAST_SPAN = 0.2
_FEWEST_DAYS = 6


@dataclass(frozen=True)
class Trend:
    """The runs since a reference was accepted. Accuracies are fractions.

    name: the name of the check, for the title
    reference: the accuracy of each reference run, at least one
    dates: the date of each run, in order; a night may have several runs
    accuracies: the accuracy of each run
    alpha: the risk of ever giving a false alarm
    Raises ResultError if there is no run or no reference run, or if there is not one
    date for each accuracy.
    """

    name: str
    reference: Sequence[float]
    dates: Sequence[datetime.date]
    accuracies: Sequence[float]
    alpha: float = 0.05

    def __post_init__(self) -> None:
        if not self.reference or not self.accuracies:
            raise ResultError(
                f"{self.name}: expected at least one reference run and one night to plot, "
                f"got {len(self.reference)} and {len(self.accuracies)}. Run a night first"
            )
        if len(self.dates) != len(self.accuracies):
            raise ResultError(
                f"{self.name}: expected a date for each run, got {len(self.dates)} dates "
                f"and {len(self.accuracies)} runs. Give one date for each accuracy"
            )

    @property
    def is_watched(self) -> bool:
        """Whether the reference has the spread that an e-value needs."""
        different = set(self.reference)
        return len(self.reference) >= 3 and len(different) > 1


def plot_nights(trend: Trend, ax: Axes) -> Axes:
    """Plot the accuracy of each run, with the reference's mean and standard deviation.

    A single reference run has no standard deviation, so only its accuracy is drawn.
    """
    references = np.array(trend.reference)
    mean, spread = mean_and_std(references, ddof=min(1, references.size - 1))
    low = 100 * (mean - spread)
    high = 100 * (mean + spread)
    if references.size > 1:
        ax.axhspan(low, high, color=BAND, zorder=0)
    ax.axhline(100 * mean, color=FAINT, linewidth=1, zorder=1)
    color, marker = STYLES[0]
    percents = 100 * np.array(trend.accuracies)
    dates = np.array(trend.dates, dtype="datetime64[D]")
    ax.plot(
        dates,
        percents,
        color=color,
        marker=marker,
        markersize=4,
        linewidth=0.8,
    )
    title = _title(trend, mean, spread)
    ax.set_title(title, loc="left", fontsize=9, color=INK)
    clean_curve(ax, "accuracy (%)")
    lowest = min(low, percents.min())
    highest = max(high, percents.max())
    ax.set_ylim(_widened(lowest, highest, _LEAST_SPAN))
    _label_dates(ax, dates)
    return ax


def plot_evidence(trend: Trend, ax: Axes) -> Axes:
    """Plot the e-value after each run, and where it alarms.

    Raises ResultError if the reference has fewer than 3 runs, or if these are all equal.
    """
    watched = watch(trend.reference, trend.accuracies, trend.alpha)
    limit = 1 / trend.alpha
    color, marker = STYLES[1]
    dates = np.array(trend.dates, dtype="datetime64[D]")
    ax.axhline(limit, color=FAINT, linewidth=1, linestyle="--")
    ax.annotate(
        f"alarm at {limit:.4g}",
        (0, limit),
        xycoords=("axes fraction", "data"),
        xytext=(2, 2),
        textcoords="offset points",
        fontsize=8,
        color=INK,
    )
    ax.plot(
        dates,
        watched.e_values,
        color=color,
        marker=marker,
        markersize=4,
        linewidth=0.8,
    )
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    lowest = min(low, 0.1)
    highest = max(high, 3 * limit)
    ax.set_ylim(lowest, highest)
    clean_curve(ax, "e-value of a drop")
    _label_dates(ax, dates)
    return ax


def nights_figure(trend: Trend) -> Figure:
    """Make a figure of suitable size: the accuracies, and the e-values if there are any."""
    if not trend.is_watched:
        figure = new_figure(2.6, PAGE_WIDTH)
        plot_nights(trend, figure.subplots())
        return figure
    figure = new_figure(4.4, PAGE_WIDTH)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    plot_nights(trend, upper)
    plot_evidence(trend, lower)
    return figure


def _title(trend: Trend, mean: float, spread: float) -> str:
    reference = f"reference {100 * mean:.2f} %"
    if len(trend.reference) > 1:
        reference += f" ± {100 * spread:.2f}, one standard deviation"
    return f"{trend.name}\n{reference}"


def _label_dates(ax: Axes, dates: NDArray[np.datetime64]) -> None:
    days = dates.astype(np.int64)
    first = days.min()
    last = days.max()
    ax.set_xlim(_widened(first, last, _FEWEST_DAYS))
    locator = AutoDateLocator(minticks=2, maxticks=7)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(ConciseDateFormatter(locator))


def _widened(low: float, high: float, least: float) -> tuple[float, float]:
    """Return limits of an axis that leave some space at both sides, and show enough."""
    span = high - low
    space = max(0.05 * span, (least - span) / 2)
    return low - space, high + space

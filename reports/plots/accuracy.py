"""Plots of accuracies: each result with its interval, and how single episodes spread."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ..groups import Card, result_cards
from ..records import ResultError, RunResult
from .style import (
    BAND,
    FAINT,
    INK,
    LINE,
    WIDTH,
    Styles,
    bound_percent,
    clean,
    draw_interval,
    heading,
    labelled,
    learner_styles,
    most_accurate_first,
    percents,
    run_names,
    write,
    write_row,
)


def plot_accuracy(
    results: Sequence[RunResult], ax: Axes, styles: Styles | None = None
) -> Axes:
    """Mean accuracy with its interval: a grey band per protocol card and below it a line per
    result, the most accurate first. The numbers are written out, since an interval is often
    narrower than its marker."""
    return _plot_cards(result_cards(results), ax, styles or learner_styles(results))


def plot_episode_histogram(
    results: Sequence[RunResult], ax: Axes, styles: Styles | None = None
) -> Axes:
    """How the accuracies of single episodes spread: a histogram per result, the most accurate on
    top, each with its mean as a dark line. Raises ResultError unless all results were scored on
    the same episodes."""
    cards = result_cards(results)
    if len(cards) != 1:
        labels = ", ".join(card.label for card in cards) or "none"
        raise ResultError(
            f"episode histogram: expected one protocol card; got {labels}"
        )
    return _plot_histograms(cards[0], ax, styles or learner_styles(results))


def accuracy_figure(cards: Sequence[Card], styles: Styles) -> Figure:
    """`plot_accuracy` at its proper size, one panel per dataset with its own axis."""
    datasets = sorted({card.protocol.dataset for card in cards})
    panels = [
        [card for card in cards if card.protocol.dataset == name] for name in datasets
    ]
    lines = [sum(1 + len(card.results) for card in panel) for panel in panels]
    figure = Figure(
        (WIDTH, LINE * sum(lines) + 0.55 * len(panels) + 0.35), layout="constrained"
    )
    axes = figure.subplots(len(panels), 1, height_ratios=lines, squeeze=False)[:, 0]
    for panel, ax in zip(panels, axes, strict=True):
        _plot_cards(panel, ax, styles)
    for ax in axes[:-1]:
        ax.set_xlabel("")
    cells = [cell for card in cards for cell in most_accurate_first(card)]
    axes[-1].set_xlabel(labelled("accuracy (%)", cells))
    return figure


def histogram_figure(card: Card, styles: Styles) -> Figure:
    """`plot_episode_histogram` at its proper size."""
    figure = Figure((WIDTH, 2 * LINE * len(card.results) + 1.05), layout="constrained")
    _plot_histograms(card, figure.subplots(), styles)
    return figure


def _plot_cards(cards: Sequence[Card], ax: Axes, styles: Styles) -> Axes:
    names, line, shown = (
        run_names(result for card in cards for result in card.results),
        0,
        [],
    )
    for card in cards:
        ax.axhspan(line - 0.42, line + 0.42, color=BAND, linewidth=0, zorder=0.6)
        write(ax, 0.012, line, heading(card), fontweight="bold")
        for cell in most_accurate_first(card):
            line += 1
            draw_interval(ax, line, percents(cell), styles[cell.result.learner])
            write_row(ax, line, names[cell.result], str(cell))
            shown.append(cell)
        line += 1
    clean(ax, lowest=line - 0.4, highest=-0.42)
    bound_percent(ax)
    ax.set_xlabel(labelled("accuracy (%)", shown))
    return ax


def _plot_histograms(card: Card, ax: Axes, styles: Styles) -> Axes:
    names, cells = run_names(card.results), most_accurate_first(card)
    edges = _episode_bins([cell.result for cell in cells])
    n = card.protocol.n_episodes
    shares = [np.histogram(cell.result.accuracies, edges)[0] / n for cell in cells]
    tallest = max(float(share.max()) for share in shares)
    for line, (cell, share) in enumerate(zip(cells, shares, strict=True), start=1):
        heights = line - 0.82 * share / tallest
        color = styles[cell.result.learner][0]
        ax.stairs(
            heights, 100 * edges, baseline=line, fill=True, color=color, alpha=0.75
        )
        ax.axhline(line, color=FAINT, linewidth=0.6)
        ax.vlines(100 * cell.mean, line - 0.92, line, color=INK, linewidth=1.3)
        write_row(ax, line - 0.25, names[cell.result], str(cell))
    clean(ax, lowest=len(cells), highest=0)
    ax.set_title(heading(card), loc="left", fontsize=9, fontweight="bold", color=INK)
    scale = f"dark line: mean; tallest bar: {100 * tallest:.0f} % of the episodes"
    ax.set_xlabel(labelled(f"accuracy of one episode (%)\n{scale}", cells))
    return ax


def _episode_bins(results: Sequence[RunResult]) -> NDArray[np.float64]:
    """Edges halfway between possible accuracies, which are multiples of 1 / queries: other edges
    would give some bins more of them than others and draw a comb."""
    queries = results[0].protocol.queries_per_episode
    lowest = min(int(result.correct.min()) for result in results)
    highest = max(int(result.correct.max()) for result in results)
    step = -(-(highest - lowest + 1) // 48)
    return (np.arange(lowest, highest + step + 1, step) - 0.5) / queries

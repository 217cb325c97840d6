"""Plots of results. Each `plot_*` draws into the axes it is given and returns them."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import NDArray

from .atomic import write_bytes
from .cards import Card, result_cards
from .intervals import result_interval
from .layout import Cell
from .records import ResultError, RunResult

# Okabe and Ito's colours without yellow, too pale on white. The markers tell learners apart in
# grey print as well; the first pairs differ most.
STYLES = (
    ("#0072B2", "o"),
    ("#D55E00", "s"),
    ("#009E73", "D"),
    ("#CC79A7", "^"),
    ("#56B4E9", "v"),
    ("#E69F00", "P"),
    ("#000000", "X"),
)
INK, FAINT, BAND = "#222222", "#8A8A8A", "#EFEFEF"
WIDTH = 6.4  # inches: the text width of a page, where 9 points stay 9 points
LINE = 0.27  # inches from one line of text to the next

Styles = Mapping[str, tuple[str, str]]


def learner_styles(results: Sequence[RunResult]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each learner; hand it to several plots to have them agree."""
    learners = sorted({result.learner for result in results})
    return {learner: STYLES[i % len(STYLES)] for i, learner in enumerate(learners)}


def plot_accuracy(results: Sequence[RunResult], ax: Axes, styles: Styles | None = None) -> Axes:
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
        raise ResultError(f"episode histogram: expected one protocol card; got {labels}")
    return _plot_histograms(cards[0], ax, styles or learner_styles(results))


def plot_learning_curve(history: Sequence[Mapping[str, Any]], ax: Axes) -> Axes:
    """Validation accuracy (left, points) and training loss (right, line) over training steps.
    history: rows with `step`, `seconds`, `loss`, `val_accuracy` (a fraction); values may be
    None or missing. Raises ResultError for a history without values."""
    loss, accuracy = _series(history, "loss"), _series(history, "val_accuracy")
    if loss.size + accuracy.size == 0:
        raise ResultError("learning curve: expected rows with loss or val_accuracy; got none")
    (blue, _), (red, _) = STYLES[:2]
    _clean_curve(ax, "validation accuracy (%)", blue)
    if not accuracy.size:
        ax.set_yticks([], [])
        ax.set_ylabel("no validation accuracy")
    ax.plot(accuracy[0], 100 * accuracy[1], color=blue, marker="o", markersize=3.5, zorder=3)
    if loss.size:
        right = ax.twinx()
        _clean_curve(right, "training loss", red)
        right.plot(loss[0], loss[1], color=red, linewidth=1)
        right.set_ylim(bottom=min(0, loss[1].min()))
        ax.set_zorder(right.get_zorder() + 1)  # points over the line, the line still visible
        ax.patch.set_visible(False)
    ax.set_xlabel("training step", fontsize=9, color=INK)
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    ax.set_title(_curve_title(history, accuracy), loc="left", fontsize=9, color=INK)
    return ax


def accuracy_figure(cards: Sequence[Card], styles: Styles) -> Figure:
    """`plot_accuracy` at its proper size, one panel per dataset with its own axis."""
    datasets = sorted({card.protocol.dataset for card in cards})
    panels = [[card for card in cards if card.protocol.dataset == name] for name in datasets]
    lines = [sum(1 + len(card.results) for card in panel) for panel in panels]
    figure = Figure((WIDTH, LINE * sum(lines) + 0.55 * len(panels) + 0.35), layout="constrained")
    axes = figure.subplots(len(panels), 1, height_ratios=lines, squeeze=False)[:, 0]
    for panel, ax in zip(panels, axes, strict=True):
        _plot_cards(panel, ax, styles)
    for ax in axes[:-1]:
        ax.set_xlabel("")
    axes[-1].set_xlabel(_labelled("accuracy (%)", cards))
    return figure


def histogram_figure(card: Card, styles: Styles) -> Figure:
    """`plot_episode_histogram` at its proper size."""
    figure = Figure((WIDTH, 2 * LINE * len(card.results) + 1.05), layout="constrained")
    _plot_histograms(card, figure.subplots(), styles)
    return figure


def learning_curve_figure(history: Sequence[Mapping[str, Any]]) -> Figure:
    """`plot_learning_curve` at its proper size."""
    figure = Figure((WIDTH, 3.2), layout="constrained")
    plot_learning_curve(history, figure.subplots())
    return figure


def save_figure(figure: Figure, path_stem: Path) -> list[Path]:
    """Write `<path_stem>.png` and `<path_stem>.svg`; the same figure gives the same bytes."""
    png, svg = io.BytesIO(), io.BytesIO()
    figure.savefig(png, format="png", dpi=200, metadata={"Software": None})
    # Without the salt element ids are random; with text as paths no font need be installed.
    with mpl.rc_context({"svg.hashsalt": "fewbench", "svg.fonttype": "path"}):
        figure.savefig(svg, format="svg", metadata={"Date": None})
    stem = Path(path_stem)
    return [
        write_bytes(stem.with_name(f"{stem.name}.png"), png.getvalue()),
        write_bytes(stem.with_name(f"{stem.name}.svg"), svg.getvalue()),
    ]


def _plot_cards(cards: Sequence[Card], ax: Axes, styles: Styles) -> Axes:
    names, line = _names(cards), 0
    for card in cards:
        ax.axhspan(line - 0.42, line + 0.42, color=BAND, linewidth=0, zorder=0.6)
        _write(ax, 0.012, line, _heading(card), fontweight="bold")
        for cell in _most_accurate_first(card):
            line += 1
            _draw_interval(ax, line, cell, styles[cell.result.learner])
            _write_row(ax, line, names[cell.result], cell)
        line += 1
    _clean(ax, lowest=line - 0.4, highest=-0.42)
    _bound_percent(ax)
    ax.set_xlabel(_labelled("accuracy (%)", cards))
    return ax


def _plot_histograms(card: Card, ax: Axes, styles: Styles) -> Axes:
    names, cells = _names([card]), _most_accurate_first(card)
    edges = _episode_bins([cell.result for cell in cells])
    shares = [np.histogram(c.result.accuracies, edges)[0] / c.interval.n for c in cells]
    tallest = max(float(share.max()) for share in shares)
    for line, (cell, share) in enumerate(zip(cells, shares, strict=True), start=1):
        heights = line - 0.82 * share / tallest
        color = styles[cell.result.learner][0]
        ax.stairs(heights, 100 * edges, baseline=line, fill=True, color=color, alpha=0.75)
        ax.axhline(line, color=FAINT, linewidth=0.6)
        ax.vlines(100 * cell.interval.mean, line - 0.92, line, color=INK, linewidth=1.3)
        _write_row(ax, line - 0.25, names[cell.result], cell)
    _clean(ax, lowest=len(cells), highest=0)
    ax.set_title(_heading(card), loc="left", fontsize=9, fontweight="bold", color=INK)
    scale = f"dark line: mean; tallest bar: {100 * tallest:.0f} % of the episodes"
    ax.set_xlabel(_labelled(f"accuracy of one episode (%)\n{scale}", [card]))
    return ax


def _heading(card: Card) -> str:
    label, shown = _shortened(card.label, 60), len(card.results)
    return f"{label}: {shown} best of {shown + card.left_out}" if card.left_out else label


def _names(cards: Sequence[Card]) -> dict[RunResult, str]:
    """Learner and backbone; precision and training seed only where they tell results apart."""
    results = [result for card in cards for result in card.results]
    several_precisions = len({result.precision for result in results}) > 1
    several_seeds = len({result.train_seed for result in results}) > 1
    names = {}
    for result in results:
        parts = [_shortened(result.learner, 24), _shortened(result.backbone, 18)]
        parts += [result.precision] * several_precisions
        parts += [f"seed {result.train_seed}"] * several_seeds
        names[result] = " ".join(part for part in parts if part)
    return names


def _shortened(text: str, limit: int) -> str:
    """Cut out the middle: names differ at their ends."""
    text = "".join(c for c in " ".join(text.split()) if c.isprintable())
    half = limit // 2
    return text if len(text) <= limit else f"{text[: half - 1]}…{text[-half:]}"


def _most_accurate_first(card: Card) -> list[Cell]:
    best = card.most_accurate(len(card.results)).results
    return [Cell(result, result_interval(result)) for result in best]


def _episode_bins(results: Sequence[RunResult]) -> NDArray[np.float64]:
    """Edges halfway between possible accuracies, which are multiples of 1 / queries: other edges
    would give some bins more of them than others and draw a comb."""
    queries = results[0].protocol.queries_per_episode
    lowest = min(int(result.correct.min()) for result in results)
    highest = max(int(result.correct.max()) for result in results)
    step = -(-(highest - lowest + 1) // 48)
    return (np.arange(lowest, highest + step + 1, step) - 0.5) / queries


def _draw_interval(ax: Axes, line: int, cell: Cell, style: tuple[str, str]) -> None:
    color, marker = style
    low, mean, high = (100 * x for x in (cell.interval.low, cell.interval.mean, cell.interval.high))
    ax.plot([low, high], [line, line], color=color, linewidth=1.6, solid_capstyle="butt")
    ax.plot([low, high], [line, line], color=color, marker="|", markersize=9, linestyle="none")
    ax.plot([mean], [line], color=color, marker=marker, markersize=5, linestyle="none")


def _write_row(ax: Axes, line: float, name: str, cell: Cell) -> None:
    _write(ax, -0.015, line, name, ha="right")
    _write(ax, 1.015, line, str(cell))


def _write(ax: Axes, x: float, line: float, text: str, **style: Any) -> None:
    place = ax.get_yaxis_transform()  # x in shares of the axes, y in lines
    ax.text(
        x,
        line,
        text,
        transform=place,
        va="center",
        fontsize=9,
        color=INK,
        parse_math=False,
        **style,
    )


def _labelled(quantity: str, cards: Sequence[Card]) -> str:
    """The label of the axis, with what the ± and the marks mean on lines of their own."""
    results = [result for card in cards for result in card.results]
    interval = result_interval(results[0])
    meaning = f"±: {100 * interval.level:g} % interval ({interval.kind})"
    marks = ["† transductive"] * any(result.transductive for result in results)
    marks += ["‡ partial data"] * any(result.partial for result in results)
    lines = [quantity, f"{meaning}, given these test classes and images", ", ".join(marks)]
    return "\n".join(line for line in lines if line)


def _clean(ax: Axes, lowest: float, highest: float) -> None:
    ax.set_ylim(lowest, highest)
    ax.set_yticks([])
    ax.spines[["left", "right", "top"]].set_visible(False)
    ax.spines["bottom"].set_color(FAINT)
    ax.tick_params(axis="x", labelsize=9, color=FAINT, labelcolor=INK)
    ax.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    ax.xaxis.label.set(fontsize=8, color=INK)
    ax.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    ax.set_axisbelow(True)


def _bound_percent(ax: Axes) -> None:
    """Leave air at both sides, but show no accuracies that cannot be."""
    ax.margins(x=0.05)
    low, high = ax.dataLim.intervalx
    left, right = ax.get_xlim()
    air = 0.01 * (right - left)
    ax.set_xlim(max(left, min(low, 0) - air), min(right, max(high, 100) + air))


def _clean_curve(ax: Axes, label: str, color: str) -> None:
    ax.set_ylabel(label, color=color, fontsize=9)
    ax.tick_params(axis="both", labelsize=9, color=FAINT, labelcolor=INK)
    ax.tick_params(axis="y", labelcolor=color)
    ax.spines["top"].set_visible(False)
    ax.spines[["left", "right", "bottom"]].set_color(FAINT)


def _series(history: Sequence[Mapping[str, Any]], key: str) -> NDArray[np.float64]:
    """The values of one column where it has any: float64 (2, n) episode and value."""
    rows = [(row["step"], row[key]) for row in history if row.get(key) is not None]
    series = np.array(rows, dtype=np.float64).reshape(-1, 2).T
    return series[:, np.isfinite(series[1])]  # a diverged loss would flatten the rest


def _curve_title(history: Sequence[Mapping[str, Any]], accuracy: NDArray[np.float64]) -> str:
    seconds = [row["seconds"] for row in history if row.get("seconds") is not None]
    parts = [f"{max(seconds) / 60:.1f} minutes"] if seconds else []
    if accuracy.size:
        step, best = accuracy[:, accuracy[1].argmax()]
        parts.append(f"best validation accuracy {100 * best:.2f} % at step {step:,.0f}")
    return ", ".join(parts)

"""What the plots share: colours, text, and how a figure becomes files."""

import io
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import Normal
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from fewbench.files import write_bytes

from ..groups import Card
from ..records import RunResult
from ..tables.accuracy import Cell

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


def learner_styles(results: Iterable[RunResult]) -> dict[str, tuple[str, str]]:
    """Colour and marker of each learner; hand it to several plots to have them agree."""
    learners = sorted({result.learner for result in results})
    return {learner: STYLES[i % len(STYLES)] for i, learner in enumerate(learners)}


def save_figure(figure: Figure, path_stem: Path) -> list[Path]:
    """Write `<path_stem>.png`, `.svg` and `.pdf`; the same figure gives the same bytes."""
    with warnings.catch_warnings():
        # A name in a script that the font lacks shows boxes; the tables have it in full.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing from font")
        return _save(figure, Path(path_stem))


def _save(figure: Figure, stem: Path) -> list[Path]:
    figure.draw_without_rendering()
    figure.set_layout_engine(None)  # laid out once: each format would do it again
    png = _saved(
        figure,
        "png",
        dpi=200,
        metadata={"Software": None},
        pil_kwargs={"compress_level": 4},
    )
    # Text as paths needs no font where it is read, and embedding fonts takes most of the time.
    svg = _saved(figure, "svg", metadata={"Date": None})
    for text in figure.findobj(Text):
        text.set_path_effects([Normal()])
    pdf = _saved(figure, "pdf", metadata={"CreationDate": None})
    return [
        write_bytes(stem.with_name(f"{stem.name}.{kind}"), data)
        for kind, data in {"png": png, "svg": svg, "pdf": pdf}.items()
    ]


def _saved(figure: Figure, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    # Without the salt the ids of elements are random.
    with mpl.rc_context({"svg.hashsalt": "fewbench", "svg.fonttype": "path"}):
        figure.savefig(buffer, format=kind, **options)
    return buffer.getvalue()


def shortened(text: str, limit: int) -> str:
    """Cut out the middle: names differ at their ends."""
    text = "".join(c for c in " ".join(text.split()) if c.isprintable())
    half = limit // 2
    return text if len(text) <= limit else f"{text[: half - 1]}…{text[-half:]}"


def run_names(results: Iterable[RunResult]) -> dict[RunResult, str]:
    """Learner and backbone; precision and training seed only where they tell results apart, and
    a number where nothing does."""
    results = list(dict.fromkeys(results))
    several_precisions = len({result.precision for result in results}) > 1
    several_seeds = len({result.train_seed for result in results}) > 1
    names: dict[RunResult, str] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for result in results:
        parts = [shortened(result.learner, 24), shortened(result.backbone, 18)]
        parts += [result.precision] * several_precisions
        parts += [f"seed {result.train_seed}"] * several_seeds
        name = " ".join(part for part in parts if part)
        seen[name, result.protocol.name] += 1
        repeat = seen[name, result.protocol.name]
        names[result] = f"{name} ({repeat})" if repeat > 1 else name
    return names


def write(ax: Axes, x: float, line: float, text: str, **style: Any) -> None:
    """Text at x, in shares of the axes, on a line of them."""
    style = {"va": "center", "fontsize": 9, "color": INK} | style
    ax.text(
        x, line, text, transform=ax.get_yaxis_transform(), parse_math=False, **style
    )


def write_row(ax: Axes, line: float, name: str, value: str) -> None:
    """A name to the left of the axes and a value to their right."""
    write(ax, -0.015, line, name, ha="right", linespacing=1.1)
    write(ax, 1.015, line, value, linespacing=1.1)


def draw_interval(
    ax: Axes,
    line: float,
    values: tuple[float, float, float],
    style: tuple[str, str],
    **more: Any,
) -> None:
    """A marker at the middle of (low, mean, high) in percent, and a bar with ends."""
    color, marker = style
    low, mean, high = values
    if low < high:
        ax.plot(
            [low, high], [line, line], color=color, linewidth=1.6, solid_capstyle="butt"
        )
        ax.plot(
            [low, high],
            [line, line],
            color=color,
            marker="|",
            markersize=9,
            linestyle="none",
        )
    ax.plot(
        [mean],
        [line],
        color=color,
        marker=marker,
        markersize=5,
        linestyle="none",
        **more,
    )


def percents(cell: Cell) -> tuple[float, float, float]:
    """Low, mean and high in percent; three times the mean where there is no interval."""
    interval = cell.interval
    low, high = (interval.low, interval.high) if interval else (cell.mean, cell.mean)
    return 100 * low, 100 * cell.mean, 100 * high


def most_accurate_first(card: Card) -> list[Cell]:
    """The cells of a card, best first."""
    return [Cell.of(result) for result in card.most_accurate(len(card.results)).results]


def heading(card: Card) -> str:
    """The card's name, and how many of its results are shown."""
    label, shown = shortened(card.label, 60), len(card.results)
    return (
        f"{label}: {shown} best of {shown + card.left_out}" if card.left_out else label
    )


def labelled(quantity: str, cells: Sequence[Cell]) -> str:
    """The label of an axis, with what the ± and the marks mean on lines of their own."""
    kinds = sorted({(c.interval.level, c.interval.kind) for c in cells if c.interval})
    named = [f"±: {100 * level:g} % interval ({kind})" for level, kind in kinds]
    named[-1:] = [f"{last}, given these test classes and images" for last in named[-1:]]
    marks = ["† transductive"] * any("†" in cell.marks for cell in cells)
    marks += ["‡ partial data"] * any("‡" in cell.marks for cell in cells)
    return "\n".join(line for line in (quantity, *named, ", ".join(marks)) if line)


def clean(ax: Axes, lowest: float, highest: float) -> None:
    """Axes of lines from top to bottom: nothing but a scale below and faint lines up from it."""
    ax.set_ylim(lowest, highest)
    ax.set_yticks([])
    ax.spines[["left", "right", "top"]].set_visible(False)
    ax.spines["bottom"].set_color(FAINT)
    ax.tick_params(axis="x", labelsize=9, color=FAINT, labelcolor=INK)
    ax.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 5, 10]))
    ax.xaxis.label.set(fontsize=8, color=INK)
    ax.grid(axis="x", color="#DDDDDD", linewidth=0.6)
    ax.set_axisbelow(True)


def clean_curve(ax: Axes, label: str, color: str = INK) -> None:
    """Axes of a curve."""
    ax.set_ylabel(label, color=color, fontsize=9)
    ax.tick_params(axis="both", labelsize=9, color=FAINT, labelcolor=INK)
    ax.tick_params(axis="y", labelcolor=color)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "right", "bottom"]].set_color(FAINT)


def bound_percent(ax: Axes) -> None:
    """Leave air at both sides, but show no accuracies that cannot be."""
    ax.margins(x=0.05)
    low, high = ax.dataLim.intervalx
    left, right = ax.get_xlim()
    air = 0.01 * (right - left)
    ax.set_xlim(max(left, min(low, 0) - air), min(right, max(high, 100) + air))

"""The sizes, the colours and the style of axes that all plots have in common."""

from collections.abc import Iterable, Mapping
from itertools import cycle

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ..records import RunResult

# A colour and a marker. The colours are Okabe and Ito's, without yellow, which is too
# pale on white. The markers distinguish learners in greyscale print as well. The first
# pairs of colour and marker are the easiest to distinguish.
Style = tuple[str, str]
STYLES: tuple[Style, ...] = (
    ("#0072B2", "o"),
    ("#D55E00", "s"),
    ("#009E73", "D"),
    ("#CC79A7", "^"),
    ("#56B4E9", "v"),
    ("#E69F00", "P"),
    ("#000000", "X"),
)
PALE_BLUE = "#56B4E9"
INK = "#222222"
FAINT = "#8A8A8A"
BAND = "#EFEFEF"
GRID = "#DDDDDD"
WIDTH = 6.4  # inches: the text width of a page, so that text is not rescaled in print
LINE = 0.27  # inches from one line of text to the next

Styles = Mapping[str, Style]


def new_figure(height: float) -> Figure:
    """Return an empty figure as wide as the text of a page, and `height` inches high."""
    return Figure((WIDTH, height), layout="constrained")


def learner_styles(results: Iterable[RunResult]) -> dict[str, Style]:
    """Return a colour and a marker for each learner: learner -> (colour, marker).

    Pass the returned dict to several plots, so that a learner has the same style in all plots.
    """
    learners = sorted({result.learner for result in results})
    # With more learners than styles, the styles repeat.
    return dict(zip(learners, cycle(STYLES), strict=False))


def write_title(ax: Axes, title: str) -> None:
    """Write a bold title at the left, above axes with rows."""
    ax.set_title(
        title,
        loc="left",
        fontsize=9,
        fontweight="bold",
        color=INK,
        parse_math=False,
    )


def clean_rows(ax: Axes, lowest: float, highest: float) -> None:
    """Style axes with rows: a scale at the bottom and faint vertical lines, no frame.

    lowest, highest: the positions of the bottom and the top edge, in rows from the top
    """
    ax.set_ylim(lowest, highest)
    ax.set_yticks([])
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ax.spines["bottom"].set_color(FAINT)
    ax.tick_params(
        axis="x",
        labelsize=9,
        color=FAINT,
        labelcolor=INK,
    )
    locator = MaxNLocator(7, steps=[1, 2, 5, 10])
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.label.set(fontsize=8, color=INK)
    ax.grid(axis="x", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)


def clean_curve(ax: Axes, label: str, color: str = INK) -> None:
    """Label the vertical axis of a curve, and remove the frame at the top and right."""
    ax.set_ylabel(label, color=color, fontsize=9)
    ax.tick_params(
        axis="both",
        labelsize=9,
        color=FAINT,
        labelcolor=INK,
    )
    ax.tick_params(axis="y", labelcolor=color)
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    for side in ("left", "right", "bottom"):
        ax.spines[side].set_color(FAINT)


def bound_percent(ax: Axes) -> None:
    """Leave space at both sides of the data, but hardly any beyond 0 and 100 %."""
    ax.margins(x=0.05)
    left, right = ax.get_xlim()
    space = 0.01 * (right - left)
    low, high = ax.dataLim.intervalx
    lowest = min(low, 0) - space
    highest = max(high, 100) + space
    left = max(left, lowest)
    right = min(right, highest)
    ax.set_xlim(left, right)

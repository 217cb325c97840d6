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
# The width of a column in a two-column paper, so that text is not rescaled in print, and
# of a whole page, in inches.
COLUMN_WIDTH = 3.25
PAGE_WIDTH = 6.4
ROW = 0.36  # inches from one row to the next: a name with an interval below it
TEXT_SIZE = 7.5  # points
LABEL_SIZE = 7  # points, for the labels of axes
LONGEST = 46  # characters that fit into the width of a column
LINES = ("-", "--", ":", "-.")

Styles = Mapping[str, Style]
# A colour, a marker and a kind of line.
CurveStyle = tuple[str, str, str]


def new_figure(height: float, width: float = COLUMN_WIDTH) -> Figure:
    """Return an empty figure of this size in inches. It is as wide as a column."""
    figure = Figure((width, height))
    # Space at the sides, since formats differ a little in the widths of texts.
    figure.set_layout_engine("constrained", w_pad=0.08)
    return figure


def learner_styles(results: Iterable[RunResult]) -> dict[str, Style]:
    """Return a colour and a marker for each learner: learner -> (colour, marker).

    Pass the returned dict to several plots, so that a learner has the same style in all plots.
    """
    return styles_of(result.learner for result in results)


def styles_of(learners: Iterable[str]) -> dict[str, Style]:
    """Return a colour and a marker for each learner: learner -> (colour, marker)."""
    in_order = sorted(set(learners))
    # With more learners than styles, the styles repeat.
    return dict(zip(in_order, cycle(STYLES), strict=False))


def curve_styles(learners: Iterable[str], styles: Styles) -> list[CurveStyle]:
    """Return the style of each curve, in the order of the curves.

    A curve has the colour of its learner. The first curve of a learner has its marker
    too. Further curves of the learner have other kinds of lines and other markers.

    learners: the learner of each curve
    styles: learner -> its colour and marker
    """
    seen: dict[str, int] = {}
    markers = [marker for _, marker in STYLES]
    chosen = []
    for learner in learners:
        color, marker = styles[learner]
        number = seen.get(learner, 0)
        seen[learner] = number + 1
        place = markers.index(marker) + number
        line = LINES[number % len(LINES)]
        chosen.append((color, markers[place % len(markers)], line))
    return chosen


def write_title(ax: Axes, title: str) -> None:
    """Write a bold title at the left, above axes with rows."""
    ax.set_title(
        title,
        loc="left",
        fontsize=TEXT_SIZE,
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
        labelsize=TEXT_SIZE,
        color=FAINT,
        labelcolor=INK,
    )
    locator = MaxNLocator(4, steps=[1, 2, 5, 10])
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.label.set(fontsize=LABEL_SIZE, color=INK)
    ax.grid(axis="x", color=GRID, linewidth=0.6)
    ax.set_axisbelow(True)


def clean_curve(ax: Axes, label: str, color: str = INK) -> None:
    """Label the vertical axis of a curve, and remove the frame at the top and right."""
    ax.set_ylabel(label, color=color, fontsize=TEXT_SIZE)
    ax.tick_params(
        axis="both",
        labelsize=TEXT_SIZE,
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

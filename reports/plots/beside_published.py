"""Plot our results beside published numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..published import Beside, PublishedNumber, method_of
from ..records import ResultError
from ..tables.cells import Cell
from ..tables.run_names import plot_names, shortened
from .rows import (
    HALF_BAND,
    axis_label,
    percents,
    plot_heading,
    plot_interval,
    write_row,
)
from .style import (
    INK,
    LONGEST,
    PALE_BLUE,
    ROW,
    Styles,
    bound_percent,
    clean_rows,
    learner_styles,
    new_figure,
)

# The largest numbers of rows for one protocol and method. If there are more published
# numbers than rows, the reference numbers are shown first.
OURS_ROWS = 4
PUBLISHED_ROWS = 6


@dataclass
class _Panel:
    """The rows for one protocol and method.

    ours: name of a result -> the result and its interval
    theirs: the published numbers, each paired with one of our results
    """

    ours: dict[str, Cell] = field(default_factory=dict)
    theirs: list[Beside] = field(default_factory=list)

    @property
    def n_rows(self) -> int:
        return len(self.ours) + len(self.theirs)


def plot_published(
    pairs: Sequence[Beside],
    ax: Axes,
    margin: float,
    styles: Styles | None = None,
) -> Axes:
    """Plot our results and published numbers of one method, dataset, way and shot.

    A grey band names each protocol and method. The rows below it show our results with
    filled markers, then the published numbers with hollow markers. A pale blue band
    marks the margin around our best result.

    margin: the largest difference, as a fraction, that still counts as reproduced
    Raises ResultError if there are no pairs.
    """
    if not pairs:
        raise ResultError(
            "plot of published numbers: expected at least one result that is paired with a "
            "published number, got none. Evaluate on a protocol that follows a paper. To "
            "list them: fewbench protocol list --kind legacy"
        )
    styles = styles or learner_styles(pair.result for pair in pairs)
    shown: list[Cell] = []
    row = 0
    for title, panel in _panels(pairs).items():
        plot_heading(ax, row, title)
        _plot_panel(ax, row + 1, panel, margin, styles)
        shown += panel.ours.values()
        row += 1 + panel.n_rows
    clean_rows(ax, lowest=row - 0.4, highest=-0.42)
    bound_percent(ax)
    legend = (
        f"accuracy (%)\nblue band: ±{100 * margin:g} around the best of ours\n"
        "hollow: published, ≠: the table says what differs"
    )
    ax.set_xlabel(axis_label(legend, shown), loc="left")
    return ax


def published_figure(
    pairs: Sequence[Beside],
    margin: float,
    styles: Styles | None = None,
) -> Figure:
    """Make a figure of suitable size with `plot_published`."""
    rows = 0
    for panel in _panels(pairs).values():
        rows += 1 + panel.n_rows
    figure = new_figure(ROW * rows + 1.2)
    plot_published(pairs, figure.subplots(), margin, styles)
    return figure


def _panels(pairs: Sequence[Beside]) -> Mapping[str, _Panel]:
    """Return the rows of each protocol and method: title -> panel.

    A panel has at most OURS_ROWS results and PUBLISHED_ROWS published numbers.
    """
    names = plot_names(pair.result for pair in pairs)
    panels: dict[str, _Panel] = {}
    for pair in pairs:
        result = pair.result
        protocol = shortened(result.protocol.name, 40)
        title = shortened(f"{protocol}: {method_of(result)}", LONGEST - 6)
        panel = panels.setdefault(title, _Panel())
        _add_ours(panel, names[result], pair)
        _add_theirs(panel, pair)
    return panels


def _add_ours(panel: _Panel, name: str, pair: Beside) -> None:
    has_room = len(panel.ours) < OURS_ROWS
    if has_room and name not in panel.ours:
        results = (pair.result,)
        panel.ours[name] = Cell(results, pair.interval)


def _add_theirs(panel: _Panel, pair: Beside) -> None:
    has_room = len(panel.theirs) < PUBLISHED_ROWS
    known = [other.published for other in panel.theirs]
    if has_room and pair.published not in known:
        panel.theirs.append(pair)


def _plot_panel(
    ax: Axes,
    first_row: int,
    panel: _Panel,
    margin: float,
    styles: Styles,
) -> None:
    row = first_row
    for name, cell in panel.ours.items():
        plot_interval(ax, row, percents(cell), styles[cell.result.learner])
        write_row(ax, row, name, str(cell))
        row += 1
    means = [cell.mean for cell in panel.ours.values()]
    best = 100 * max(means)
    tolerance = 100 * margin
    last_row = first_row + panel.n_rows - 1
    ax.fill_betweenx(
        [first_row - HALF_BAND, last_row + HALF_BAND],
        max(0, best - tolerance),
        min(100, best + tolerance),
        color=PALE_BLUE,
        alpha=0.18,
        linewidth=0,
    )
    for pair in panel.theirs:
        _plot_theirs(ax, row, pair)
        row += 1


def _plot_theirs(ax: Axes, row: int, pair: Beside) -> None:
    published = pair.published
    mean = published.accuracy
    half_width = published.half_width or 0
    plot_interval(
        ax,
        row,
        (mean - half_width, mean, mean + half_width),
        style=(INK, "D"),
        marker_fill="white",
    )
    source = f"{_authors(published)}: {published.variant}"
    name = shortened(source, 36)
    write_row(ax, row, name, _value(pair))


def _value(pair: Beside) -> str:
    """Return the published accuracy with its ± in percent.

    The mark "≠" means that the conditions differ from ours.
    """
    published = pair.published
    value = f"{published.accuracy:.2f}"
    if published.half_width is not None:
        value += f" ± {published.half_width:.2f}"
    return f"{value} ≠" if pair.differs_in else value


def _authors(published: PublishedNumber) -> str:
    """Return the start of the source, such as "Snell" for "Snell et al. 2017"."""
    parts = re.split(r" et al|,| README| reproduce", published.source)
    return parts[0]

"""Plots of differences: between results on the same episodes, and from published numbers."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..published import Beside, Published, method_of
from ..records import ResultError
from ..stats.comparisons import Comparison
from ..tables.accuracy import Cell
from .style import (
    BAND,
    INK,
    LINE,
    STYLES,
    WIDTH,
    bound_percent,
    clean,
    draw_interval,
    labelled,
    percents,
    run_names,
    shortened,
    write,
    write_row,
)

# Of one protocol and method; the references come first.
OURS_LINES, PUBLISHED_LINES = 4, 6
Group = tuple[dict[str, Cell], list[tuple[Published, str]]]


def plot_differences(comparisons: Sequence[Comparison], ax: Axes) -> Axes:
    """Paired differences in points with their intervals, one below the other (a forest plot);
    filled where significant after Holm's correction. Raises ResultError for none."""
    if not comparisons:
        raise ResultError("forest plot: expected at least one comparison; got none")
    names = run_names(
        dict.fromkeys(chain.from_iterable((c.a, c.b) for c in comparisons))
    )
    level = comparisons[0].interval.level
    for line, pair in enumerate(comparisons):
        fill = STYLES[0][0] if pair.p_adjusted < 1 - level else "white"
        low, mean, high = (
            100 * x for x in (pair.interval.low, pair.difference, pair.interval.high)
        )
        draw_interval(ax, line, (low, mean, high), STYLES[0], markerfacecolor=fill)
        p = "p < 0.001" if pair.p_adjusted < 0.001 else f"p = {pair.p_adjusted:.3f}"
        value = f"{mean:+.2f} ± {(high - low) / 2:.2f}\n{p}"
        write_row(ax, line, f"{names[pair.a]}\nminus {names[pair.b]}", value)
    ax.axvline(0, color=INK, linewidth=0.9, zorder=0.9)
    clean(ax, lowest=len(comparisons) - 0.4, highest=-0.6)
    ax.margins(x=0.06)
    ax.set_xlabel(
        f"difference of accuracies (points), ±: {100 * level:g} % paired t-interval\n"
        f"filled: p < {1 - level:.2g}, Holm-corrected over these pairs"
    )
    return ax


def plot_published(pairs: Sequence[Beside], ax: Axes, margin: float) -> Axes:
    """Ours and published numbers of the same method, dataset, way and shot: a grey band per
    protocol and method, ours below it (filled), then published (hollow) within or without the
    margin around the best of ours. Raises ResultError for none."""
    if not pairs:
        raise ResultError(
            "ours against published: expected at least one pair; got none"
        )
    line, shown = 0, []
    for title, (ours, theirs) in _groups(pairs).items():
        ax.axhspan(line - 0.42, line + 0.42, color=BAND, linewidth=0, zorder=0.6)
        write(ax, 0.012, line, title, fontweight="bold")
        for name, cell in ours.items():
            line += 1
            draw_interval(ax, line, percents(cell), STYLES[0])
            write_row(ax, line, name, str(cell))
            shown.append(cell)
        centre = 100 * max(cell.mean for cell in ours.values())
        ax.fill_betweenx(
            [line - len(ours) + 0.58, line + len(theirs) + 0.42],
            *(max(0, centre - 100 * margin), min(100, centre + 100 * margin)),
            color=STYLES[4][0],
            alpha=0.18,
            linewidth=0,
        )
        for published, verdict in theirs:
            line += 1
            _draw_published(ax, line, published, verdict)
        line += 1
    clean(ax, lowest=line - 0.4, highest=-0.42)
    bound_percent(ax)
    legend = (
        f"accuracy (%), blue band: ±{100 * margin:g} around the best of ours",
        "hollow: published, *: as recalled, ≠: see in the table what differs",
    )
    ax.set_xlabel(labelled("\n".join(legend), shown))
    return ax


def differences_figure(comparisons: Sequence[Comparison]) -> Figure:
    """`plot_differences` at its proper size."""
    figure = Figure((WIDTH, 1.7 * LINE * len(comparisons) + 0.95), layout="constrained")
    plot_differences(comparisons, figure.subplots())
    return figure


def published_figure(pairs: Sequence[Beside], margin: float) -> Figure:
    """`plot_published` at its proper size."""
    lines = sum(1 + len(ours) + len(theirs) for ours, theirs in _groups(pairs).values())
    figure = Figure((WIDTH, LINE * lines + 1.1), layout="constrained")
    plot_published(pairs, figure.subplots(), margin)
    return figure


def _groups(pairs: Sequence[Beside]) -> Mapping[str, Group]:
    """By protocol and method: our cells by name, and published numbers with their verdict."""
    groups: dict[str, Group] = {}
    names = run_names(dict.fromkeys(pair.result for pair in pairs))
    for pair in pairs:
        title = f"{shortened(pair.result.protocol.name, 40)}: {method_of(pair.result)}"
        ours, theirs = groups.setdefault(title, ({}, []))
        name = names[pair.result]
        if name not in ours and len(ours) < OURS_LINES:
            ours[name] = Cell((pair.result,), pair.interval)
        if (
            pair.published not in [one for one, _ in theirs]
            and len(theirs) < PUBLISHED_LINES
        ):
            theirs.append((pair.published, "≠" if pair.differs_in else ""))
    return groups


def _draw_published(ax: Axes, line: int, published: Published, mark: str) -> None:
    half = published.half_width or 0
    middle = published.accuracy
    style = (INK, "D")
    draw_interval(
        ax, line, (middle - half, middle, middle + half), style, markerfacecolor="white"
    )
    spread = "" if published.half_width is None else f" ± {half:.2f}"
    source = re.split(r" et al|,| README| reproduce", published.source)[0]
    marks = f"{'*' * published.recalled}{mark}"
    name = shortened(f"{source}: {published.variant}", 36)
    write_row(ax, line, name, f"{middle:.2f}{spread} {marks}".rstrip())

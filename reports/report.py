"""Everything a set of results can be read from: tables, plots and one page."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .atomic import write_text
from .cards import Card, result_cards
from .html import write_page
from .plots import (
    Figure,
    accuracy_figure,
    histogram_figure,
    learner_styles,
    learning_curve_figure,
    save_figure,
)
from .records import NAME_PATTERN, ResultError, RunResult
from .tables import to_latex, to_markdown, write_csv

# Beyond these a plot is no longer read but searched, and searching is what the tables are for.
PLOTTED_CARDS = 20
PLOTTED_LINES = 72


def write_report(
    results: Sequence[RunResult],
    out: Path,
    samples: Mapping[str, bytes],
    histories: Mapping[str, list[dict[str, Any]]],
) -> list[Path]:
    """Write results.csv, .md and .tex, the plots as PNG and SVG, and index.html into `out`, and
    return their paths. The tables hold every result; the plots the most accurate of each
    protocol, and say how many they leave out.

    samples: caption -> PNG bytes, shown on the page. histories: name -> rows as
    `plot_learning_curve` takes them. Raises ResultError for no results or a name that cannot be
    a file's.
    """
    results, out = list(results), Path(out)
    _check(results, histories)
    paths = [
        write_csv(results, out / "results.csv"),
        write_text(out / "results.md", to_markdown(results)),
        write_text(out / "results.tex", to_latex(results)),
    ]
    figures: dict[str, str] = {}
    for stem, title, figure in _figures(results, histories):
        png, svg = save_figure(figure, out / stem)
        paths += [png, svg]
        figures[title] = svg.read_text(encoding="utf-8")
    return [*paths, write_page(results, figures, samples, out / "index.html")]


def _check(results: Sequence[RunResult], histories: Mapping[str, Any]) -> None:
    if not results:
        raise ResultError(
            "nothing to report: expected at least one result; got none. "
            "Make one: fewbench evaluate LEARNER --protocol NAME --out DIR"
        )
    for name in histories:
        if not re.fullmatch(NAME_PATTERN, name):
            raise ResultError(
                f"learning curve {name!r}: its name becomes a file name. Expected small letters, "
                f"digits, '.', '-' and single '_'; got {name!r}. Rename it"
            )


def _figures(
    results: Sequence[RunResult], histories: Mapping[str, list[dict[str, Any]]]
) -> Iterator[tuple[str, str, Figure]]:
    """File stem, title and figure of each plot."""
    every_card, styles = result_cards(results), learner_styles(results)
    cards = _readable(every_card)
    some = f" (the first {len(cards)} of {len(every_card)})" if len(cards) < len(every_card) else ""
    yield "accuracy", f"Accuracy by protocol{some} and learner", accuracy_figure(cards, styles)
    for card in cards:
        title = f"Accuracy of single episodes, {card.label}"
        yield f"episodes_{card.file_name}", title, histogram_figure(card, styles)
    for name, history in sorted(histories.items()):
        title = f"Learning curve of {name}"
        yield f"learning_curve_{name}", title, learning_curve_figure(history)


def _readable(cards: Sequence[Card]) -> list[Card]:
    """As many results as a figure can show: fewer of each protocol when there are many."""
    shown = cards[:PLOTTED_CARDS]
    limit = min(max(PLOTTED_LINES // len(shown) - 1, 3), 12)
    return [card.most_accurate(limit) for card in shown]

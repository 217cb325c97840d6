"""Everything a set of results can be read from: tables, plots and one page."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from fewbench.files import write_text
from fewbench.folders import whole_folder

from .groups import Card, result_cards
from .page.html import Page, write_page
from .plots.accuracy import accuracy_figure, histogram_figure
from .plots.classes import ClassSamples, class_figure, no_samples
from .plots.curves import (
    along_figure,
    has_values,
    learning_curve_figure,
    learning_curves_figure,
)
from .plots.pairs import differences_figure, published_figure
from .plots.style import Figure, learner_styles, save_figure
from .published import MARGIN, Beside, Published, beside_frame, pairs_beside
from .records import NAME_PATTERN, ResultError, RunResult
from .stats.comparisons import Comparison, compare_all
from .tables.accuracy import Table, accuracy_tables
from .tables.frames import comparisons_frame, seeds_frame, tables_frame, write_csv
from .tables.hardest import lost_frames, lost_grids
from .tables.other_classes import Beyond, beyond_cards, beyond_frame, beyond_grid
from .tables.printed import (
    accuracy_grids,
    beside_grid,
    comparisons_grid,
    latex,
    markdown,
    pair_names,
    seed_grids,
)
from .tables.rendering import Grid
from .tables.train_seeds import seed_tables

# Beyond these a plot is no longer read but searched, and searching is what the tables are for.
PLOTTED_CARDS = 20
PLOTTED_LINES = 72
PLOTTED_BESIDE = 60
CARDS_IN_DETAIL = 6  # with histograms, differences and classes of their own
MANY = 100  # results, beyond which fewer are drawn: figures take the time
FEW_IN_DETAIL, FEW_CARDS, FEW_LINES, FEW_BESIDE = 1, 8, 32, 20
COMPARED = 5  # best results of a card that are compared with each other: 10 pairs
LISTED_BESIDE = 100  # pairs with published numbers that tables show; the CSV has all

PUBLISHED, LOST = "Published numbers", "Where accuracy is lost"

History = list[dict[str, Any]]


@dataclass(frozen=True)
class Findings:
    """What is worked out once and shown in every format. `every` is each card with all results;
    `cards` are those with room in plots, with their most accurate results, and `detailed` those
    with plots of their own; `compared` holds the paired comparisons of a card, `beyond` what
    holds for other classes."""

    results: list[RunResult]
    tables: list[Table]
    seeds: list[Table]
    every: list[Card]
    cards: list[Card]
    detailed: list[Card]
    compared: list[tuple[Card, list[Comparison]]]
    beside: list[Beside]
    beyond: list[Beyond]

    @cached_property
    def grids(self) -> dict[str, list[Grid]]:
        """The tables beside that of accuracies, by their heading."""
        found = {
            "Training seeds": seed_grids(self.seeds),
            "Paired differences": [
                comparisons_grid(c.label, pairs) for c, pairs in self.compared
            ],
            PUBLISHED: [beside_grid(self.beside[:LISTED_BESIDE], MARGIN)]
            if self.beside
            else [],
            "Other classes": [beyond_grid(self.beyond, _names(self.detailed))],
            LOST: [g for card in self.detailed for g in lost_grids(card)],
        }
        shown = {
            name: [grid for grid in grids if grid.rows] for name, grids in found.items()
        }
        return {heading: grids for heading, grids in shown.items() if grids}


def write_report(
    results: Sequence[RunResult],
    out: Path,
    samples: Mapping[str, bytes],
    histories: Mapping[str, History],
    class_samples: ClassSamples = no_samples,
    published: Sequence[Published] = (),
) -> list[Path]:
    """Write results.csv, .md and .tex, further CSV files, the plots as PNG, SVG and PDF, and
    index.html into `out`, and return their paths. The tables hold every result; the plots the
    most accurate of each protocol, and say how many they leave out. All files appear together, and
    replace those of an earlier report.

    samples: caption -> PNG bytes, shown on the page. histories: name -> rows as
    `plot_learning_curve` takes them. class_samples: images of the hardest classes. published:
    numbers to lay ours beside. Raises ResultError for no results or a name that cannot be a file's.
    """
    _check(results, histories)
    findings = find(results, published)
    with whole_folder(out) as folder:
        paths = _write_tables(findings, folder)
        figures: dict[str, str] = {}
        for stem, title, figure in _figures(findings, histories, class_samples):
            png, svg, pdf = save_figure(figure, folder / stem)
            paths += [png, svg, pdf]
            figures[title] = svg.read_text(encoding="utf-8")
        page = Page(findings.tables, findings.grids, figures, samples)
        paths.append(write_page(page, folder / "index.html"))
    return [Path(out) / path.name for path in paths]


def find(results: Sequence[RunResult], published: Sequence[Published] = ()) -> Findings:
    """Lay the results out, compare them with each other and with published numbers."""
    every = result_cards(results)
    ordered = [result for card in every for result in card.results]
    cards = _readable(every)
    detailed = cards[: CARDS_IN_DETAIL if len(ordered) <= MANY else FEW_IN_DETAIL]
    return Findings(
        results=ordered,
        tables=accuracy_tables(ordered),
        seeds=seed_tables(ordered),
        every=every,
        cards=cards,
        detailed=detailed,
        compared=list(_compared(cards)),
        beside=pairs_beside(ordered, published),
        beyond=beyond_cards(detailed),
    )


def _names(cards: Sequence[Card]) -> dict[int, str]:
    return {
        key: name for card in cards for key, name in pair_names(card.results).items()
    }


def _compared(cards: Sequence[Card]) -> Iterator[tuple[Card, list[Comparison]]]:
    for card in cards[:PLOTTED_CARDS]:
        best = card.most_accurate(COMPARED).results
        if len(best) > 1 and card.protocol.n_episodes > 1:
            yield card, compare_all(best)


def _write_tables(findings: Findings, out: Path) -> list[Path]:
    tables = {"": accuracy_grids(findings.tables), **findings.grids}
    # A paper has room for what others claim of their own method, not for every reproduction.
    own = [pair for pair in findings.beside if pair.published.reference]
    short = {
        PUBLISHED: [beside_grid(own[:LISTED_BESIDE], MARGIN)] if own else [],
        LOST: [],
    }
    compared = [pair for _, pairs in findings.compared for pair in pairs]
    frames = {
        "results": tables_frame(findings.tables),
        "train_seeds": seeds_frame(findings.seeds),
        "comparisons": comparisons_frame(compared),
        "published": beside_frame(findings.beside, MARGIN),
        "other_classes": beyond_frame(findings.beyond),
        **lost_frames([card.most_accurate(1).results[0] for card in findings.every]),
    }
    return [
        *(
            write_csv(f, out / f"{name}.csv")
            for name, f in frames.items()
            if not f.empty
        ),
        write_text(out / "results.md", markdown(chain(*tables.values()))),
        write_text(out / "results.tex", latex(chain(*(tables | short).values()))),
    ]


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
    findings: Findings, histories: Mapping[str, History], class_samples: ClassSamples
) -> Iterator[tuple[str, str, Figure]]:
    """File stem, title and figure of each plot."""
    cards, styles = findings.cards, learner_styles(findings.results)
    n_cards = sum(len(table.cards) for table in findings.tables)
    some = f" (the first {len(cards)} of {n_cards})" if len(cards) < n_cards else ""
    yield (
        "accuracy",
        f"Accuracy by protocol{some} and learner",
        accuracy_figure(cards, styles),
    )
    for field, name in (("n_shot", "shots"), ("n_way", "ways")):
        if figure := along_figure(findings.results, field):
            yield f"accuracy_by_{name}", f"Accuracy against {name}", figure
    if findings.beside:
        most = PLOTTED_BESIDE if len(findings.results) <= MANY else FEW_BESIDE
        figure = published_figure(findings.beside[:most], MARGIN)
        yield "published", "Ours against published numbers", figure
    for card, pairs in findings.compared[: len(findings.detailed)]:
        title = f"Paired differences, {card.label}"
        yield f"differences_{card.file_name}", title, differences_figure(pairs)
    for card in findings.detailed:
        title = f"Accuracy of single episodes, {card.label}"
        yield f"episodes_{card.file_name}", title, histogram_figure(card, styles)
        title = f"Hardest classes of the most accurate result, {card.label}"
        yield (
            f"classes_{card.file_name}",
            title,
            class_figure(card.results[0], class_samples),
        )
    drawn = {
        name: history for name, history in histories.items() if has_values(history)
    }
    yield from _curves(dict(sorted(drawn.items())))


def _curves(histories: Mapping[str, History]) -> Iterator[tuple[str, str, Figure]]:
    if len(histories) > 1:
        title = "Learning curves of several runs"
        yield "learning_curves", title, learning_curves_figure(histories)
    for name, history in list(histories.items())[:PLOTTED_CARDS]:
        title = f"Learning curve of {name}"
        yield f"learning_curve_{name}", title, learning_curve_figure(history)


def _readable(cards: Sequence[Card]) -> list[Card]:
    """As many results as a figure can show: fewer of each protocol when there are many."""
    few = sum(len(card.results) for card in cards) <= MANY
    most, lines = (PLOTTED_CARDS, PLOTTED_LINES) if few else (FEW_CARDS, FEW_LINES)
    shown = cards[:most]
    limit = min(max(lines // len(shown) - 1, 3), 12)
    return [card.most_accurate(limit) for card in shown]

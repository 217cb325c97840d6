"""Make the table of our results beside published numbers."""

from collections.abc import Sequence
from dataclasses import replace

from ..published import Beside, PublishedNumber
from ..references import key_of_paper
from .cells import Cell
from .printed_table import PrintedCell, PrintedTable

BESIDE_NOTE = (
    "difference in points: ours minus published; verdict of two one-sided t-tests (5 %) on whether "
    "they are less than {:g} points apart. A published ± counts where it is an interval over "
    "episodes; without one the published number counts as exact. The spread over training seeds "
    "is ignored"
)
OTHERS_NOTE = (
    "{:,} more comparisons, with reproductions of the same method and network by others, are on "
    "the page and in published.csv"
)
_TITLE = "Ours beside published numbers: accuracy (%)"
_HEADER = [
    "ours",
    "accuracy",
    "published",
    "difference",
    "verdict",
    "source",
    "differs in",
]


def beside_grids(
    pairs: Sequence[Beside],
    margin: float,
    most_rows: int,
) -> list[PrintedTable]:
    """Make the table of our results beside reference numbers, and a folded one of others.

    Without any reference number, the others are not folded.

    margin: the largest difference, as a fraction, that still counts as reproduced
    most_rows: the most rows of each table; further pairs are left out
    """
    references = [pair for pair in pairs if pair.published.reference]
    others = [pair for pair in pairs if not pair.published.reference]
    if not (references and others):
        return [beside_grid(pairs[:most_rows], margin)] if pairs else []
    main = beside_grid(references[:most_rows], margin)
    folded = beside_grid(others[:most_rows], margin)
    main = replace(main, notes=[*main.notes, OTHERS_NOTE.format(len(others))])
    title = f"Reproductions by others, {len(folded.rows):,} rows: accuracy (%)"
    return [main, replace(folded, title=title, folded=True)]


def beside_grid(pairs: Sequence[Beside], margin: float) -> PrintedTable:
    """Make the table of our results beside published numbers: a row for each pair.

    margin: the largest difference, as a fraction, that still counts as reproduced
    """
    return PrintedTable(
        title=_TITLE,
        align="prrrppp",
        header=_HEADER,
        rows=list(map(_row, pairs)),
        notes=[BESIDE_NOTE.format(100 * margin)],
    )


def _row(pair: Beside) -> list[PrintedCell]:
    result = pair.result
    learner = f"{result.learner} seed {result.train_seed}"
    accuracy = Cell((result,), pair.interval)
    differs_in = "; ".join(pair.differs_in) or "nothing stated"
    return [
        PrintedCell(f"{learner} on {result.protocol.name}"),
        accuracy.printed,
        PrintedCell(_published_accuracy(pair.published)),
        PrintedCell(f"{100 * pair.difference:+.2f}"),
        PrintedCell(pair.verdict),
        _source_cell(pair.published),
        PrintedCell(differs_in),
    ]


def _published_accuracy(published: PublishedNumber) -> str:
    accuracy = f"{published.accuracy:.2f}"
    if published.half_width is None:
        return accuracy
    return f"{accuracy} ± {published.half_width:.2f}"


def _source_cell(published: PublishedNumber) -> PrintedCell:
    method = f"{published.method}, {published.variant}"
    source = f"{method}: {published.named_source}"
    return PrintedCell(
        source,
        url=published.url,
        cites=key_of_paper(published.source),
    )

"""Make the table of our results beside published numbers."""

from collections.abc import Sequence

from ..published import Beside, PublishedNumber
from .cells import Cell
from .printed_table import PrintedCell, PrintedTable

BESIDE_NOTE = (
    "difference in points: ours minus published; verdict of two one-sided t-tests (5 %) on whether "
    "they are less than {:g} points apart. A published ± counts where it is an interval over "
    "episodes; without one the published number counts as exact. The spread over training seeds "
    "is ignored"
)
RECALLED_NOTE = "(recalled): written down from memory, not looked up"
_HEADER = [
    "ours",
    "accuracy",
    "published",
    "difference",
    "verdict",
    "source",
    "differs in",
]


def beside_grid(pairs: Sequence[Beside], margin: float) -> PrintedTable:
    """Make the table of our results beside published numbers: a row for each pair.

    margin: the largest difference, as a fraction, that still counts as reproduced
    """
    notes = [BESIDE_NOTE.format(100 * margin)]
    if any(pair.published.recalled for pair in pairs):
        notes.append(RECALLED_NOTE)
    rows = list(map(_row, pairs))
    return PrintedTable(
        title="Ours beside published numbers: accuracy (%)",
        align="prrrppp",
        header=_HEADER,
        rows=rows,
        notes=notes,
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
    source = f"{method}: {_source(published)}"
    marks = " (recalled)" if published.recalled else ""
    return PrintedCell(source, marks, url=published.url)


def _source(published: PublishedNumber) -> str:
    """Return the source of a published number: a paper's name or the URL of an issue.

    A GitHub issue is shown by its URL, since an issue's name does not identify it.
    """
    if published.source.startswith("GitHub issue"):
        return published.url.removeprefix("https://")
    return published.source

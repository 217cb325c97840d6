"""Where each result stands in a table: a row per trained learner, a column per protocol card."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..groups import Card, conflicts, result_cards
from ..records import ResultError, RunResult
from ..stats.comparisons import tied_with_best
from ..stats.intervals import Interval, result_interval
from .footnotes import (
    ALONE_NOTE,
    LITTLE_SPREAD_NOTE,
    PARTIAL_NOTE,
    REPEAT_NOTE,
    STANDING_NOTE,
    TRANSDUCTIVE_NOTE,
    interval_note,
)

# Four protocols and the four columns that name a learner still fit the text width of a page.
COLUMNS_PER_TABLE = 4


@dataclass(frozen=True, eq=False)
class Cell:
    """One number of a table: "98.41 ± 0.14" in percent, and its marks. Several results share a
    cell only where it is about training seeds. `standing`: "best", "tied" with it, or ""."""

    results: tuple[RunResult, ...]
    interval: Interval | None
    standing: str = ""

    @classmethod
    def of(cls, result: RunResult, standing: str = "") -> "Cell":
        """The cell of one result; without an interval where its episodes allow none."""
        try:
            return cls((result,), result_interval(result), standing)
        except ResultError:
            return cls((result,), None, standing)

    @property
    def result(self) -> RunResult:
        return self.results[0]

    @property
    def mean(self) -> float:
        return self.interval.mean if self.interval else self.result.mean

    @property
    def value(self) -> str:
        if self.interval is None:
            return f"{100 * self.mean:.2f}"
        return f"{100 * self.mean:.2f} ± {100 * self.interval.half_width:.2f}"

    @property
    def marks(self) -> str:
        transductive = any(result.transductive for result in self.results)
        partial = any(result.partial for result in self.results)
        alike = self.interval is not None and self.interval.of_little_spread
        marks = "≈" * (self.standing == "tied") + "†" * transductive + "‡" * partial
        return marks + "°" * alike

    def __str__(self) -> str:
        return f"{self.value} {'*' * (self.standing == 'best')}{self.marks}".rstrip()


class Label(NamedTuple):
    """What names a row. `repeat` counts results that share everything else."""

    learner: str
    backbone: str
    precision: str
    seeds: tuple[int, ...]
    repeat: int = 1

    @property
    def texts(self) -> list[str]:
        repeat = f" ({self.repeat})" if self.repeat > 1 else ""
        seeds = ", ".join(map(str, self.seeds[:6])) + ", …" * (len(self.seeds) > 6)
        return [self.learner + repeat, self.backbone or "–", self.precision, seeds]


@dataclass(frozen=True)
class Row:
    """What one trained learner reached on each protocol of a table."""

    label: Label
    cells: tuple[Cell | None, ...]

    @property
    def texts(self) -> list[str]:
        return [
            *self.label.texts,
            *("–" if cell is None else str(cell) for cell in self.cells),
        ]


@dataclass(frozen=True)
class Table:
    """One data set: a row per learner and training seed, a column per protocol card."""

    title: str
    cards: tuple[Card, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def cells(self) -> list[Cell]:
        return [cell for row in self.rows for cell in row.cells if cell is not None]

    @property
    def columns(self) -> list[str]:
        """What the number columns are called: with the kind of ± where they differ in it."""
        kinds = [card.protocol.interval for card in self.cards]
        mixed = len(set(kinds)) > 1
        return [
            f"{card.label} [{kind}]" if mixed else card.label
            for card, kind in zip(self.cards, kinds, strict=True)
        ]

    @property
    def header(self) -> list[str]:
        several = any(len(row.label.seeds) > 1 for row in self.rows)
        return [
            "learner",
            "backbone",
            "precision",
            "train seed" + "s" * several,
            *self.columns,
        ]


def accuracy_tables(results: Iterable[RunResult]) -> list[Table]:
    """The tables that every format shows: rows and columns sorted, whatever the order of results.
    Training seeds keep their own rows: their spread is another question than that over episodes."""
    cards = result_cards(results)
    return tables_of(cards, dict(zip(map(id, cards), _columns(cards), strict=True)))


def standings(card: Card) -> list[str]:
    """ "best", "tied" or "" for each result of a card; nothing stands out where one is alone,
    or where a single episode tells nothing."""
    if len(card.results) < 2 or card.protocol.n_episodes < 2:
        return [""] * len(card.results)
    best = max(range(len(card.results)), key=lambda i: card.results[i].mean)
    try:
        tied = tied_with_best(card.results)
    except ResultError:
        tied = set()
    return [
        "best" if i == best else "tied" * (i in tied) for i in range(len(card.results))
    ]


def tables_of(
    cards: Sequence[Card], columns: Mapping[int, Mapping[Label, Cell]]
) -> list[Table]:
    """Tables of these cards, whose columns are given by the id of the card."""
    warnings = conflicts(cards)
    tables = []
    for dataset in sorted({card.protocol.dataset for card in cards}):
        own = [card for card in cards if card.protocol.dataset == dataset]
        for i in range(0, len(own), COLUMNS_PER_TABLE):
            part = own[i : i + COLUMNS_PER_TABLE]
            tables.append(_table(part, [columns[id(card)] for card in part], warnings))
    return tables


def _table(
    cards: Sequence[Card],
    columns: Sequence[Mapping[Label, Cell]],
    warnings: Mapping[str, str],
) -> Table:
    rows = tuple(
        Row(label, tuple(column.get(label) for column in columns))
        for label in sorted({label for column in columns for label in column})
    )
    notes = tuple(_notes(cards, rows, warnings))
    return Table(cards[0].protocol.dataset, tuple(cards), rows, notes)


def _columns(cards: Sequence[Card]) -> list[dict[Label, Cell]]:
    """Runs that look alike are numbered by their checkpoint over all columns of a data set: a row
    is one run."""
    runs: dict[tuple[str, Label], list[tuple[str | None, int]]] = {}
    columns: list[dict[Label, Cell]] = []
    for card in cards:
        seen: Counter[tuple[Label, str | None]] = Counter()
        columns.append({})
        for result, standing in zip(card.results, standings(card), strict=True):
            label = row_label(result)
            seen[label, result.checkpoint_sha256] += 1
            run = result.checkpoint_sha256, seen[label, result.checkpoint_sha256]
            known = runs.setdefault((card.protocol.dataset, label), [])
            if run not in known:
                known.append(run)
            columns[-1][label._replace(repeat=known.index(run) + 1)] = Cell.of(
                result, standing
            )
    return columns


def row_label(result: RunResult) -> Label:
    """The label of a result that is alone in looking like this."""
    return Label(
        result.learner, result.backbone, result.precision, (result.train_seed,)
    )


def _notes(
    cards: Sequence[Card], rows: Sequence[Row], warnings: Mapping[str, str]
) -> Iterator[str]:
    cells = [cell for row in rows for cell in row.cells if cell is not None]
    yield from dict.fromkeys(
        interval_note(cell.interval) for cell in cells if cell.interval
    )
    if any(cell.interval is None for cell in cells):
        yield ALONE_NOTE
    yield from map(str, cards)
    yield from (
        warnings[name]
        for name in sorted({c.protocol.name for c in cards} & set(warnings))
    )
    if any("°" in cell.marks for cell in cells):
        yield LITTLE_SPREAD_NOTE
    if any(cell.standing for cell in cells):
        yield STANDING_NOTE
    if any(cell.result.transductive for cell in cells):
        yield TRANSDUCTIVE_NOTE
    if any(cell.result.partial for cell in cells):
        yield PARTIAL_NOTE
    if any(row.label.repeat > 1 for row in rows):
        yield REPEAT_NOTE

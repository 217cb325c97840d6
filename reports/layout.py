"""Where each result stands in a table: a row per trained learner, a column per protocol card."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .cards import Card, conflicts, result_cards
from .intervals import Interval, result_interval
from .records import RunResult

# Four protocols and the four columns that name a learner still fit the text width of a page.
COLUMNS_PER_TABLE = 4

TRANSDUCTIVE_NOTE = "† transductive: the queries of an episode were answered together"
PARTIAL_NOTE = "‡ partial: built from incomplete data, so not comparable with full builds"
REPEAT_NOTE = (
    "(2): another result with the same learner, backbone, precision and training seed; "
    "results.csv tells them apart"
)


@dataclass(frozen=True, eq=False)
class Cell:
    """The accuracy of one result: "98.41 ± 0.14" in percent, and its marks."""

    result: RunResult
    interval: Interval

    @property
    def value(self) -> str:
        return str(self.interval).removesuffix(" %")

    @property
    def marks(self) -> str:
        return "†" * self.result.transductive + "‡" * self.result.partial

    def __str__(self) -> str:
        return f"{self.value} {self.marks}".rstrip()


class Label(NamedTuple):
    """What names a row. `repeat` counts results that share everything else."""

    learner: str
    backbone: str
    precision: str
    seed: int
    repeat: int = 1

    @property
    def texts(self) -> list[str]:
        repeat = f" ({self.repeat})" if self.repeat > 1 else ""
        return [self.learner + repeat, self.backbone or "–", self.precision, str(self.seed)]


@dataclass(frozen=True)
class Row:
    """What one trained learner (one training seed) reached on each protocol of a table."""

    label: Label
    cells: tuple[Cell | None, ...]

    @property
    def texts(self) -> list[str]:
        return [*self.label.texts, *("–" if cell is None else str(cell) for cell in self.cells)]


@dataclass(frozen=True)
class Table:
    """One data set: a row per learner and training seed, a column per protocol card."""

    title: str
    cards: tuple[Card, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def header(self) -> list[str]:
        names = ["learner", "backbone", "precision", "train seed"]
        return [*names, *(card.label for card in self.cards)]


def interval_note(interval: Interval) -> str:
    """What the ± of these tables means, in one sentence."""
    return (
        f"± is half the width of a {100 * interval.level:g} % interval ({interval.kind}: Student's "
        "t over n episodes), conditional on these test classes and images: it says nothing about "
        "other classes or other training runs"
    )


def accuracy_tables(results: Iterable[RunResult]) -> list[Table]:
    """The tables that every format shows: rows and columns sorted, whatever the order of results.
    Training seeds keep their own rows: their spread is another question than that over episodes."""
    cards = result_cards(results)
    warnings = conflicts(cards)
    tables = []
    for dataset in sorted({card.protocol.dataset for card in cards}):
        own = [card for card in cards if card.protocol.dataset == dataset]
        columns = _columns(own)
        for i in range(0, len(own), COLUMNS_PER_TABLE):
            part = slice(i, i + COLUMNS_PER_TABLE)
            tables.append(_table(own[part], columns[part], warnings))
    return tables


def _table(
    cards: Sequence[Card], columns: Sequence[Mapping[Label, Cell]], warnings: Mapping[str, str]
) -> Table:
    rows = tuple(
        Row(label, tuple(column.get(label) for column in columns))
        for label in sorted({label for column in columns for label in column})
    )
    notes = tuple(_notes(cards, rows, warnings))
    return Table(cards[0].protocol.dataset, tuple(cards), rows, notes)


def _columns(cards: Sequence[Card]) -> list[dict[Label, Cell]]:
    """Runs that look alike are numbered by their checkpoint over all columns: a row is one run."""
    runs: dict[Label, list[tuple[str | None, int]]] = {}
    columns: list[dict[Label, Cell]] = []
    for card in cards:
        seen: Counter[tuple[Label, str | None]] = Counter()
        columns.append({})
        for result in card.results:
            label = Label(result.learner, result.backbone, result.precision, result.train_seed)
            seen[label, result.checkpoint_sha256] += 1
            run = result.checkpoint_sha256, seen[label, result.checkpoint_sha256]
            known = runs.setdefault(label, [])
            if run not in known:
                known.append(run)
            repeat = known.index(run) + 1
            columns[-1][label._replace(repeat=repeat)] = Cell(result, result_interval(result))
    return columns


def _notes(
    cards: Sequence[Card], rows: Sequence[Row], warnings: Mapping[str, str]
) -> Iterator[str]:
    cells = [cell for row in rows for cell in row.cells if cell is not None]
    yield interval_note(cells[0].interval)
    yield from map(str, cards)
    yield from (warnings[name] for name in sorted({c.protocol.name for c in cards} & set(warnings)))
    if any(cell.result.transductive for cell in cells):
        yield TRANSDUCTIVE_NOTE
    if any(cell.result.partial for cell in cells):
        yield PARTIAL_NOTE
    if any(row.label.repeat > 1 for row in rows):
        yield REPEAT_NOTE

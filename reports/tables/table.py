"""An accuracy table before it is printed: rows of cells under one header."""

from dataclasses import dataclass
from typing import NamedTuple

from ..groups import ResultGroup
from .cells import Cell

MOST_SEEDS = 6  # a label shows no more


class Label(NamedTuple):
    """What names a row. `repeat` numbers results that have everything else in common."""

    learner: str
    backbone: str
    precision: str
    seeds: tuple[int, ...]
    repeat: int = 1

    @property
    def texts(self) -> list[str]:
        """Learner, backbone, precision and training seeds as they are printed."""
        learner = self.learner
        if self.repeat > 1:
            learner += f" ({self.repeat})"
        shown = map(str, self.seeds[:MOST_SEEDS])
        seeds = ", ".join(shown)
        if len(self.seeds) > MOST_SEEDS:
            seeds += ", …"
        return [learner, self.backbone or "–", self.precision, seeds]


@dataclass(frozen=True)
class Row:
    """What one trained learner reached on each protocol of a table. A cell is None where it was
    not scored."""

    label: Label
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Table:
    """One dataset: a row per learner and training seed, a column per group of results."""

    title: str
    groups: tuple[ResultGroup, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def cells(self) -> list[Cell]:
        """All cells, row by row, without the empty ones."""
        cells: list[Cell] = []
        for row in self.rows:
            cells.extend(filter(None, row.cells))
        return cells

    @property
    def column_names(self) -> list[str]:
        """The names of the number columns, with the kind of ± if they differ in it."""
        kinds = {group.protocol.interval for group in self.groups}
        names = []
        for group in self.groups:
            name = group.label
            if len(kinds) > 1:
                name += f" [{group.protocol.interval}]"
            names.append(name)
        return names

    @property
    def header(self) -> list[str]:
        """The names of all columns of the printed table."""
        most_seeds = max((len(row.label.seeds) for row in self.rows), default=1)
        return [
            "learner",
            "backbone",
            "precision",
            "train seeds" if most_seeds > 1 else "train seed",
            *self.column_names,
        ]

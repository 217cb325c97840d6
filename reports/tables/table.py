"""The classes of an accuracy table, which contains the results themselves."""

from dataclasses import dataclass
from typing import NamedTuple

from ..groups import ResultGroup
from .cells import Cell

MOST_SEEDS = 6  # the most training seeds that a row label shows


class Label(NamedTuple):
    """The label of a row.

    images: what was done to the stored images for this learner; "" if nothing
    repeat: 1, or 2, 3, ... for further results with the same label otherwise
    """

    learner: str
    backbone: str
    precision: str
    seeds: tuple[int, ...]
    repeat: int = 1
    images: str = ""

    @property
    def texts(self) -> list[str]:
        """The printed texts of the learner, backbone, precision and training seeds."""
        learner = self.learner
        if self.images:
            learner += f", {self.images}"
        if self.repeat > 1:
            learner += f" ({self.repeat})"
        shown = map(str, self.seeds[:MOST_SEEDS])
        seeds = ", ".join(shown)
        if len(self.seeds) > MOST_SEEDS:
            seeds += ", …"
        return [learner, self.backbone or "–", self.precision, seeds]


@dataclass(frozen=True)
class Row:
    """The row of one trained learner.

    cells: a cell for each column; None if the learner was not scored on the episodes of
        the column
    """

    label: Label
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Table:
    """An accuracy table about one dataset.

    groups: the groups of results, one for each column of accuracies
    rows: the rows, one for each trained learner
    notes: the footnotes
    """

    title: str
    groups: tuple[ResultGroup, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]

    @property
    def cells(self) -> list[Cell]:
        """All cells with a result, row by row."""
        cells: list[Cell] = []
        for row in self.rows:
            cells.extend(filter(None, row.cells))
        return cells

    @property
    def column_names(self) -> list[str]:
        """The names of the accuracy columns.

        If the columns have different kinds of intervals, a name includes the kind.
        """
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
        """The names of all columns in the printed table."""
        most_seeds = max((len(row.label.seeds) for row in self.rows), default=1)
        return [
            "learner",
            "backbone",
            "precision",
            "train seeds" if most_seeds > 1 else "train seed",
            *self.column_names,
        ]

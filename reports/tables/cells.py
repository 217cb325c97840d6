"""The cells of accuracy tables: results with their interval."""

from dataclasses import dataclass

from ..records import RunResult
from ..remarks import is_unsteady
from ..stats.available import available_interval
from ..stats.intervals import Interval
from .printed_table import PrintedCell


@dataclass(frozen=True, eq=False)
class Cell:
    """One result, or results that differ in their training seed, with an interval.

    `PrintedCell` is the text that is printed for a cell.

    interval: None if no interval can be computed from the episodes
    standing: "best" (the best cell of the column), "tied" (not significantly worse than
        the best), or ""
    """

    results: tuple[RunResult, ...]
    interval: Interval | None
    standing: str = ""

    @classmethod
    def of(cls, result: RunResult, standing: str = "") -> "Cell":
        """Make the cell of a result, with the interval that its protocol asks for."""
        return cls((result,), available_interval(result), standing)

    @property
    def result(self) -> RunResult:
        """The first of the results."""
        return self.results[0]

    @property
    def mean(self) -> float:
        """The mean accuracy as a fraction, averaged over all training seeds of the cell."""
        return self.interval.mean if self.interval else self.result.mean

    @property
    def value(self) -> str:
        """The mean and its ± in percent, such as "98.41 ± 0.14"."""
        mean = f"{100 * self.mean:.2f}"
        if self.interval is None:
            return mean
        return f"{mean} ± {100 * self.interval.half_width:.2f}"

    @property
    def marks(self) -> str:
        """The footnote marks after the value. The module `footnotes` explains them."""
        marks = ""
        if self.standing == "tied":
            marks += "≈"
        if any(result.transductive for result in self.results):
            marks += "†"
        if any(result.partial for result in self.results):
            marks += "‡"
        if any(map(is_unsteady, self.results)):
            marks += "¶"
        if any(result.data_standing == "other" for result in self.results):
            marks += "§"
        if self.interval is not None and self.interval.of_little_spread:
            marks += "°"
        return marks

    @property
    def printed(self) -> PrintedCell:
        """The printed text of this cell, with a link to its first result."""
        is_best = self.standing == "best"
        return PrintedCell(self.value, self.marks, is_best, self.result)

    def __str__(self) -> str:
        return str(self.printed)

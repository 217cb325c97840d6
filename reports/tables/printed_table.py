"""Tables that contain only text, ready to be written in any format."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..records import RunResult


class PrintedCell(NamedTuple):
    """The text of one cell in a printed table.

    marks: the footnote marks after the value
    strong: whether to print the value in bold, or with a "*" in plain text
    result: the result that the text links to, if any
    url: the web address that the text links to, if any
    cites: the key in references.bib of the paper that the text names, if any
    """

    value: str
    marks: str = ""
    strong: bool = False
    result: RunResult | None = None
    url: str = ""
    cites: str = ""

    def __str__(self) -> str:
        return marked(self.value, self.marks, strong=self.strong)


@dataclass(frozen=True)
class PrintedTable:
    """A table with a title, a header, rows of printed cells, and footnotes.

    align: one letter per column: "l" for left, "r" for right, or "p" for prose that may
        be broken into several lines
    folded: whether the page shows the table only on a click; text tables leave it out
    """

    title: str
    align: str
    header: Sequence[str]
    rows: Sequence[Sequence[PrintedCell]]
    notes: Sequence[str] = ()
    folded: bool = False


def marked(value: str, marks: str, *, strong: bool) -> str:
    """Return a value and its marks in plain text, with a "*" if the value is strong."""
    if strong:
        marks = f"*{marks}"
    return f"{value} {marks}".rstrip()

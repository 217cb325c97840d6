"""A table that is ready to be printed: texts in rows, whatever the format."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..records import RunResult


class PrintedCell(NamedTuple):
    """The text of one place in a printed table. (A `Cell` holds results and their interval; a
    `PrintedCell` is only what is printed, for that or for anything else.)

    marks: footnote marks behind the value. strong: printed in bold, or with a "*" in plain text
    result, url: what the text links to, if anything
    """

    value: str
    marks: str = ""
    strong: bool = False
    result: RunResult | None = None
    url: str = ""

    def __str__(self) -> str:
        return marked(self.value, self.marks, strong=self.strong)


@dataclass(frozen=True)
class PrintedTable:
    """Rows of printed cells under a header, with footnotes.

    align: one letter per column, "l" or "r" for left or right, "p" for prose that may be broken
        into lines
    """

    title: str
    align: str
    header: Sequence[str]
    rows: Sequence[Sequence[PrintedCell]]
    notes: Sequence[str] = ()


def marked(value: str, marks: str, *, strong: bool) -> str:
    """A value and its marks in plain text, where a "*" stands for bold."""
    if strong:
        marks = f"*{marks}"
    return f"{value} {marks}".rstrip()

"""Tables in plain characters, for a console. This module imports nothing heavy."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .printed_table import PrintedTable

# Characters that may follow the last digit of a number. They hang over to the right, so that
# the digits of a column line up.
_MARKS = " *≈†‡°"

Texts = Sequence[str]


def text_table(header: Texts, rows: Sequence[Texts], align: str = "") -> str:
    """Aligned columns of plain text, which survives pipes and narrow terminals.

    align: one letter per column, "r" for right and any other for left. Empty: all left.
    """
    lines = _lines([header, *rows], align)
    return "\n".join(lines)


def text_grid(grid: "PrintedTable") -> str:
    """A table with its title, rules and footnotes, in plain characters."""
    texts = [grid.header]
    for row in grid.rows:
        texts.append(list(map(str, row)))
    lines = _lines(texts, grid.align)
    width = max(map(len, lines))
    rule = "".ljust(width, "─")
    header = lines[0]
    body = lines[1:]
    table = [header, rule, *body, rule]
    return "\n".join([grid.title, *table, *grid.notes, ""])


def aligned(lines: Sequence[Texts], align: str = "") -> list[Texts]:
    """The same lines, with every text padded to the width of its column.

    lines: the header first. align: as in `text_table`.
    """
    columns = list(zip(*lines, strict=True))
    letters = align.ljust(len(columns), "l")
    padded = []
    for column, letter in zip(columns, letters, strict=True):
        if letter == "r":
            padded.append(_to_the_right(column))
        else:
            padded.append(_to_the_left(column))
    return list(zip(*padded, strict=True))


def _lines(texts: Sequence[Texts], align: str) -> list[str]:
    lines = []
    for line in aligned(texts, align):
        joined = "  ".join(line)
        lines.append(joined.rstrip())
    return lines


def _to_the_left(column: Texts) -> list[str]:
    width = max(map(len, column))
    return [text.ljust(width) for text in column]


def _to_the_right(column: Texts) -> list[str]:
    header, *cells = column
    texts = [header]
    room = max(map(_length_of_marks, cells), default=0)
    for cell in cells:
        # All cells get equal room for marks after the last digit.
        missing = room - _length_of_marks(cell)
        texts.append(cell + "".ljust(missing))
    width = max(map(len, texts))
    return [text.rjust(width) for text in texts]


def _length_of_marks(cell: str) -> int:
    without = cell.rstrip(_MARKS)
    return len(cell) - len(without)

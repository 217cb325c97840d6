"""Write tables in plain text, for a console. This module imports no large library."""

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fewbench.documents import printable

if TYPE_CHECKING:
    from .printed_table import PrintedTable

# Characters that may follow the last digit of a number. In a column that is aligned to
# the right, room is left for them, so that the digits of all rows line up.
_MARKS = " *≈†‡§¶°"

Texts = Sequence[str]


def text_table(header: Texts, rows: Sequence[Texts], align: str = "") -> str:
    """Return a table in plain text with aligned columns.

    align: one letter per column: "r" for right, any other letter for left. Columns
        beyond the last letter are aligned to the left.
    """
    lines = _lines([header, *rows], align)
    return "\n".join(lines)


def text_grid(grid: "PrintedTable") -> str:
    """Return a printed table in plain text, with its title, rules and footnotes."""
    texts = [grid.header]
    for row in grid.rows:
        texts.append(list(map(str, row)))
    lines = _lines(texts, grid.align)
    width = max(map(len, lines))
    rule = "".ljust(width, "─")
    header = lines[0]
    body = lines[1:]
    table = [header, rule, *body, rule]
    title = printable(grid.title)
    notes = map(printable, grid.notes)
    return "\n".join([title, *table, *notes, ""])


def aligned(lines: Sequence[Texts], align: str = "") -> list[Texts]:
    """Pad every text in a table with spaces to the width of its column.

    lines: the texts of each row, with the header as the first row; characters that
        cannot be printed are escaped
    align: see `text_table`
    """
    safe_lines = [list(map(printable, line)) for line in lines]
    columns = list(zip(*safe_lines, strict=True))
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
    width = max(map(shown_width, column))
    padded = []
    for text in column:
        space = _spaces(width - shown_width(text))
        padded.append(text + space)
    return padded


def _to_the_right(column: Texts) -> list[str]:
    header, *cells = column
    texts = [header]
    room = max(map(_length_of_marks, cells), default=0)
    for cell in cells:
        # Every cell gets the same room for marks after the last digit.
        missing = room - _length_of_marks(cell)
        texts.append(cell + "".ljust(missing))
    width = max(map(shown_width, texts))
    padded = []
    for text in texts:
        space = _spaces(width - shown_width(text))
        padded.append(space + text)
    return padded


def _spaces(n: int) -> str:
    return "".ljust(n)


def shown_width(text: str) -> int:
    """Return the number of columns that a text takes in a terminal.

    Chinese, Japanese and Korean characters take two columns. Combining marks take none.
    """
    width = 0
    for character in text:
        if unicodedata.combining(character):
            continue
        is_wide = unicodedata.east_asian_width(character) in ("W", "F")
        width += 2 if is_wide else 1
    return width


def _length_of_marks(cell: str) -> int:
    without = cell.rstrip(_MARKS)
    return len(cell) - len(without)

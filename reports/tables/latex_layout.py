"""Choose how a LaTeX table is set, by the width of its texts in Computer Modern.

A table that fits one column of a two-column page becomes a `table`, in small or smaller
letters. Any other becomes a `table*`, which spans both columns, and its columns of prose
share the width that the others leave. Texts in Times are narrower, so they fit too.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from .printed_table import PrintedCell, PrintedTable

# Points. A column of the article class with the option twocolumn; the columns of most
# conferences are wider.
COLUMN_WIDTH = 229.0
# Points. The text of the article class in one column, the narrowest page.
PAGE_WIDTH = 345.0
# The widths of characters, as fractions of a quad. Any other takes WIDEST.
_WIDTHS = {
    "ijl.,:;!|'": 0.28,
    "frst-()[]/ ": 0.39,
    "cez": 0.44,
    "0123456789ago": 0.5,
    "bdhknpquvxy_+<>=": 0.56,
}
WIDEST = 0.83
BOLD = 1.15  # bold letters are wider by this factor


@dataclass(frozen=True)
class Size:
    """The letters of a table and the space between its columns, in points."""

    command: str
    quad: float
    gap: float

    @property
    def commands(self) -> str:
        """The LaTeX commands that choose this size."""
        return rf"\{self.command}\setlength{{\tabcolsep}}{{{self.gap / 2:g}pt}}\sloppy"


SMALL = Size("footnotesize", quad=8.5, gap=6)
SMALLER = Size("scriptsize", quad=8, gap=4)


@dataclass(frozen=True)
class Layout:
    """How a table is set.

    environment: "table" or "table*"
    columns: the columns of the tabular, such as "lrp{...}"
    lines: the number of lines that each row takes on the narrowest page
    has_prose: whether some columns break their texts into lines
    """

    environment: str
    size: Size
    columns: str
    lines: tuple[int, ...]
    has_prose: bool = False


def layout_of(grid: PrintedTable) -> Layout:
    """Return the narrowest layout with the largest letters in which a table fits."""
    plain = grid.align.replace("p", "l")
    lines = tuple(1 for _ in grid.rows)
    for environment, limit in (("table", COLUMN_WIDTH), ("table*", PAGE_WIDTH)):
        for size in (SMALL, SMALLER):
            if _natural_width(grid, size) <= limit:
                return Layout(environment, size, plain, lines)
    if "p" not in grid.align:
        return Layout("table*", SMALLER, plain, lines)
    return _with_prose(grid)


def stacked_lines(name: str) -> list[str]:
    """Break the name of a column of numbers into lines, which keeps the column narrow.

    Lines break at spaces and after the name of the dataset.
    """
    return re.split(r"(?<=\w{2}-)(?=\w{3})| (?!\d)", name)


def text_width(text: str, size: Size) -> float:
    """Return the approximate width of a text in points."""
    quads = 0.0
    for character in text:
        quads += _width_of(character)
    return size.quad * quads


def _width_of(character: str) -> float:
    for characters, width in _WIDTHS.items():
        if character in characters:
            return width
    return WIDEST


def _natural_width(grid: PrintedTable, size: Size) -> float:
    """Return the width of a table in points if no text is broken into lines."""
    columns = _column_widths(grid, size)
    return sum(columns) + size.gap * (len(columns) - 1)


def _column_widths(grid: PrintedTable, size: Size) -> list[float]:
    widths = []
    for index, name in enumerate(grid.header):
        header = [name]
        if grid.align[index] == "r":
            header = stacked_lines(name)
        width = _widest(header, size)
        for row in grid.rows:
            cell = row[index]
            factor = BOLD if cell.strong else 1
            width = max(width, factor * text_width(cell.value, size))
        widths.append(width)
    return widths


def _with_prose(grid: PrintedTable) -> Layout:
    """Return the layout of a table whose columns of prose share the width that is left."""
    natural = _column_widths(grid, SMALLER)
    fixed = SMALLER.gap * (len(natural) - 1)
    for letter, width in zip(grid.align, natural, strict=True):
        if letter != "p":
            fixed += width
    prose = _prose_widths(grid, natural, PAGE_WIDTH - fixed)
    total = sum(prose.values())
    columns = []
    for index, letter in enumerate(grid.align):
        if letter != "p":
            columns.append(letter)
            continue
        share = int(1000 * prose[index] / total)
        left = rf"\linewidth-{ceil(fixed)}pt"
        columns.append(rf"p{{\dimexpr({left})*{share}/1000\relax}}")
    lines = tuple(_n_lines(row, prose) for row in grid.rows)
    return Layout("table*", SMALLER, "".join(columns), lines, has_prose=True)


def _n_lines(row: Sequence[PrintedCell], widths: Mapping[int, float]) -> int:
    """Return about how many lines a row takes: as many as its longest column of prose.

    widths: the index of each column of prose -> its width in points
    """
    most = 1
    for index, width in widths.items():
        # Lines are not full, since words are not broken.
        full_lines = text_width(row[index].value, SMALLER) / width
        most = max(most, ceil(1.3 * full_lines))
    return most


def _prose_widths(
    grid: PrintedTable, natural: Sequence[float], available: float
) -> dict[int, float]:
    """Return the width of each column of prose: its index -> points.

    Each has at least the width of its longest word. The longer the texts of a column,
    the more of the remaining width it gets.
    """
    widths: dict[int, float] = {}
    for index, letter in enumerate(grid.align):
        if letter == "p":
            widths[index] = _longest_word(grid, index)
    rest = max(available - sum(widths.values()), 0)
    roots = {index: natural[index] ** 0.5 for index in widths}
    total = sum(roots.values())
    for index, root in roots.items():
        widths[index] += rest * root / total
    return widths


def _longest_word(grid: PrintedTable, index: int) -> float:
    """Return the width of the longest word in a column. Words break after - and /."""
    words: list[str] = [grid.header[index]]
    for row in grid.rows:
        words += re.split(r"(?<=[-/_])|\s", row[index].value)
    return _widest(words, SMALLER)


def _widest(texts: Iterable[str], size: Size) -> float:
    return max(text_width(text, size) for text in texts)

"""Write printed tables in LaTeX."""

import re
from collections.abc import Sequence

from .printed_table import PrintedCell, PrintedTable

ROWS_PER_PAGE = 40  # a LaTeX float cannot continue on the next page
# The total width of all columns with prose. With it, a table fills the text width of an
# article.
PROSE_CM = 7.2
WIDE = 7  # a table with more columns than this is set in smaller letters
_NARROW_STYLE = r"\footnotesize\setlength{\tabcolsep}{3pt}"
_WIDE_STYLE = r"\scriptsize\setlength{\tabcolsep}{2pt}\sloppy"

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",  # after a line break, LaTeX would read "[" as an argument
    "±": r"$\pm$",
    "≈": r"$\approx$",
    "√": r"$\surd$",
    "×": r"$\times$",
    "†": r"\dag{}",
    "‡": r"\ddag{}",
    "¶": r"\P{}",
    "§": r"\S{}",
    "°": r"$\circ$",
    "/": r"/\allowbreak{}",
    "–": "--",
    "−": "$-$",
    "…": r"\ldots{}",
    "·": r"$\cdot$",
    "_": r"\_\allowbreak{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "{": r"\{",
    "}": r"\}",
}


def latex_grid(grid: PrintedTable) -> str:
    """Return a table as a LaTeX float, or as several floats if it does not fit on a page.

    The document needs the package booktabs.
    """
    rows_per_float = _rows_per_float(grid.align)
    n_rows = max(len(grid.rows), 1)
    floats = []
    for start in range(0, n_rows, rows_per_float):
        part = slice(start, start + rows_per_float)
        floats.append(_float(grid, part))
    return "\n".join(floats)


def latex_escape(text: str) -> str:
    """Return LaTeX code with which pdflatex prints this text on one line.

    A character that the fonts of pdflatex lack is replaced by its code, such as U+4E2D.
    """
    on_one_line = " ".join(text.split())
    return "".join(map(_escaped_character, on_one_line))


def _escaped_character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isascii() and character.isprintable():
        return character
    return f"U+{ord(character):04X}"


def _rows_per_float(align: str) -> int:
    """Return the number of rows that fit on a page.

    The more columns with prose there are, the narrower they are, and the more lines a row
    takes.
    """
    prose = align.count("p")
    if prose == 0:
        return ROWS_PER_PAGE
    return ROWS_PER_PAGE // (3 + prose)


def _float(grid: PrintedTable, part: slice) -> str:
    is_first = part.start == 0
    is_last = part.stop >= len(grid.rows)
    style = _style(grid.align)
    columns = _column_types(grid.align)
    caption = latex_escape(grid.title)
    if not is_first:
        caption += " (continued)"
    begin = r"\begin{table}"
    if not (is_first and is_last):
        begin += "[p]"  # each part of a long table is put on its own page
    lines = [
        begin,
        rf"  \centering{style}",
        rf"  \caption{{{caption}.}}\smallskip",
        rf"  \begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"  \toprule",
        _header(grid),
        r"  \midrule",
    ]
    for row in grid.rows[part]:
        lines.append(_row(row, grid.align))
    lines.append(r"  \bottomrule")
    lines.append(r"  \end{tabular}")
    if is_last:
        lines += _notes(grid.notes)
    lines.append(r"\end{table}")
    lines.append("")
    return "\n".join(lines)


def _style(align: str) -> str:
    has_prose = "p" in align
    is_wide = len(align) > WIDE
    return _WIDE_STYLE if has_prose or is_wide else _NARROW_STYLE


def _column_types(align: str) -> str:
    prose = align.count("p")
    width = PROSE_CM / max(prose, 1)
    return align.replace("p", f"p{{{width:.2f}cm}}")


def _header(grid: PrintedTable) -> str:
    names = []
    for name, letter in zip(grid.header, grid.align, strict=True):
        escaped = latex_escape(name)
        names.append(_stacked(escaped) if letter == "r" else escaped)
    return f"  {' & '.join(names)} \\\\"


def _stacked(name: str) -> str:
    """Return a column name on several lines, which keeps a column of numbers narrow.

    Lines break at spaces and after the name of the dataset.
    """
    lines = re.sub(r"(?<=\w{2}-)(?=\w{3})| (?!\d)", r"\\\\", name)
    return rf"\shortstack[r]{{{lines}}}"


def _row(row: Sequence[PrintedCell], align: str) -> str:
    cells = map(_cell, row, align)
    return rf"  {' & '.join(cells)} \\"


def _cell(cell: PrintedCell, letter: str) -> str:
    value = latex_escape(cell.value).replace(r" $\pm$ ", r"\,$\pm$\,")
    if letter == "p":
        return rf"{{\raggedright {value}\par}}"
    if cell.strong:
        value = rf"\textbf{{\boldmath {value}}}"
    if cell.marks:
        marks = latex_escape(cell.marks)
        value += rf"\rlap{{\textsuperscript{{{marks}}}}}"
    return value


def _notes(notes: Sequence[str]) -> list[str]:
    if not notes:
        return []
    lines = [r"  \par\medskip\raggedright\scriptsize"]
    for note in notes:
        lines.append(f"  {latex_escape(note)}.\\par")
    return lines

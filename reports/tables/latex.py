"""Write printed tables in LaTeX."""

import re
from collections.abc import Iterable, Iterator, Sequence

from ..references import citations
from .latex_layout import Layout, layout_of, stacked_lines
from .printed_table import PrintedCell, PrintedTable

LINES_PER_PAGE = 40  # a LaTeX float cannot continue on the next page

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
    "†": r"$\dagger$",
    "‡": r"$\ddagger$",
    "¶": r"$\mathparagraph$",
    "§": r"$\mathsection$",
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


def latex_grids(grids: Iterable[PrintedTable]) -> Iterator[tuple[str, str]]:
    """Yield the name and the LaTeX floats of each table.

    The name is made of the title. `\\ref{tab:NAME}` refers to the table. Tables with equal
    titles are numbered.
    """
    taken: set[str] = set()
    for grid in grids:
        name = _free_name(grid.title, taken)
        taken.add(name)
        yield name, latex_grid(grid, name)


def latex_grid(grid: PrintedTable, name: str) -> str:
    """Return a table as a LaTeX float, or as several floats if it does not fit on a page.

    The document needs the package booktabs.

    name: the name of the label, without "tab:"
    """
    layout = layout_of(grid)
    floats = []
    for part in _parts(layout):
        floats.append(_float(grid, layout, name, part))
    return "\n".join(floats)


def latex_escape(text: str) -> str:
    """Return LaTeX code with which pdflatex prints this text on one line.

    A character that the fonts of pdflatex lack is replaced by its code, such as U+4E2D.
    """
    on_one_line = " ".join(text.split())
    escaped = []
    for part in on_one_line.split("--"):
        escaped.append("".join(map(_escaped_character, part)))
    return "-{}-".join(escaped)  # two hyphens in a row would become a dash


def _escaped_character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isascii() and character.isprintable():
        return character
    return f"U+{ord(character):04X}"


def _free_name(title: str, taken: set[str]) -> str:
    """Return a name of letters, digits and hyphens that no other table has."""
    without_unit = re.sub(r"\((%|points)\)", "", title.lower())
    stem = re.sub(r"[^a-z0-9]+", "-", without_unit).strip("-") or "table"
    name = stem
    number = 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return name


def _parts(layout: Layout) -> Iterator[slice]:
    """Yield the rows of each float, which fit on a page together."""
    start = 0
    n_lines = 0
    for row, lines in enumerate(layout.lines):
        n_lines += lines
        if n_lines > LINES_PER_PAGE and row > start:
            yield slice(start, row)
            start = row
            n_lines = lines
    yield slice(start, len(layout.lines))


def _float(grid: PrintedTable, layout: Layout, name: str, part: slice) -> str:
    is_first = part.start == 0
    is_last = part.stop >= len(grid.rows)
    caption = _caption(grid)
    label = rf"\label{{tab:{name}}}"
    if not is_first:
        caption = rf"{latex_escape(grid.title)} (continued)."
        label = ""
    begin = rf"\begin{{{layout.environment}}}"
    if not (is_first and is_last):
        begin += "[p]"  # each part of a long table is put on its own page
    lines = [
        begin,
        rf"  \centering{layout.size.commands}",
        rf"  \caption{{{caption}}}{label}\smallskip",
        rf"  \begin{{tabular}}{{@{{}}{layout.columns}@{{}}}}",
        r"  \toprule",
        _header(grid),
        r"  \midrule",
    ]
    for row in grid.rows[part]:
        lines.append(_row(row, grid.align, layout))
    lines.append(r"  \bottomrule")
    lines.append(r"  \end{tabular}")
    if is_last:
        lines += _notes(grid.notes)
    lines.append(rf"\end{{{layout.environment}}}")
    lines.append("")
    return "\n".join(lines)


def _caption(grid: PrintedTable) -> str:
    """Return the title of a table and the papers about its data, protocol and learners."""
    results = [cell.result for row in grid.rows for cell in row if cell.result]
    caption = f"{latex_escape(grid.title)}."
    for kind, keys in citations(results).items():
        caption += rf" {kind.capitalize()}:~\cite{{{','.join(keys)}}}."
    return caption


def _header(grid: PrintedTable) -> str:
    names = []
    for name, letter in zip(grid.header, grid.align, strict=True):
        if letter == "r":
            lines = map(latex_escape, stacked_lines(name))
            stacked = r"\\".join(lines)
            names.append(rf"\shortstack[r]{{{stacked}}}")
        else:
            names.append(latex_escape(name))
    return f"  {' & '.join(names)} \\\\"


def _row(row: Sequence[PrintedCell], align: str, layout: Layout) -> str:
    if not layout.has_prose:
        cells = map(_cell, row)
        return rf"  {' & '.join(cells)} \\"
    texts = []
    for cell, letter in zip(row, align, strict=True):
        text = _cell(cell)
        if letter == "p":
            text = rf"\raggedright {text}"
        texts.append(text)
    # After \raggedright, two backslashes would end a line of the cell and not the row.
    return rf"  {' & '.join(texts)} \tabularnewline"


def _cell(cell: PrintedCell) -> str:
    value = latex_escape(cell.value).replace(r" $\pm$ ", r"\,$\pm$\,")
    if cell.strong:
        value = rf"\textbf{{\boldmath {value}}}"
    if cell.marks:
        marks = latex_escape(cell.marks)
        value += rf"\rlap{{\textsuperscript{{{marks}}}}}"
    if cell.cites:
        value += rf"~\cite{{{cell.cites}}}"
    return value


def _notes(notes: Sequence[str]) -> list[str]:
    if not notes:
        return []
    lines = [r"  \par\medskip\raggedright\scriptsize"]
    for note in notes:
        lines.append(f"  {latex_escape(note)}.\\par")
    return lines

"""A table as it is printed: in plain text, in Markdown and in LaTeX."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..records import RunResult

ROWS_PER_PAGE = 40  # a LaTeX float does not break over pages
PROSE_CM = 7.2  # that prose columns share: with them a table fills the text width of an article
WIDE = 7  # columns, beyond which a table needs smaller letters
# Marks hang over, so that digits stay below each other.
_MARKS = " *≈†‡°"


class Entry(NamedTuple):
    """The text of one place in a table, the marks behind it, whether it stands out, and what it
    leads to: the result that it is of, or an address."""

    value: str
    marks: str = ""
    strong: bool = False
    result: RunResult | None = None
    url: str = ""

    def __str__(self) -> str:
        return f"{self.value} {'*' * self.strong}{self.marks}".rstrip()


@dataclass(frozen=True)
class Grid:
    """Rows of entries under a header, with notes. `align` has a letter for each column: l and r
    for left and right, p for prose that may be broken into lines."""

    title: str
    align: str
    header: Sequence[str]
    rows: Sequence[Sequence[Entry]]
    notes: Sequence[str] = ()


def text_table(grid: Grid) -> str:
    """In plain characters, for a console."""
    texts = [grid.header, *([str(entry) for entry in row] for row in grid.rows)]
    lines = ["  ".join(line).rstrip() for line in _aligned(texts, grid.align)]
    rule = "─" * max(map(len, lines))
    return "\n".join([grid.title, lines[0], rule, *lines[1:], rule, *grid.notes, ""])


def markdown_table(grid: Grid) -> str:
    """In GitHub's Markdown."""
    header = [_markdown_escape(name) for name in grid.header]
    texts = [header, *([_markdown_entry(entry) for entry in row] for row in grid.rows)]
    lines = _aligned(texts, grid.align)
    widths = zip(grid.align, map(len, lines[0]), strict=True)
    rule = [
        "-" * (w - 1) + ":" if letter == "r" else ":" + "-" * (w - 1)
        for letter, w in widths
    ]
    body = [f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]]]
    notes = [f"- {_markdown_escape(note)}" for note in grid.notes]
    return "\n".join([f"### {_markdown_escape(grid.title)}", "", *body, "", *notes, ""])


def latex_table(grid: Grid) -> str:
    """As LaTeX floats, several where one would not fit a page; they need booktabs."""
    # The more prose columns, the narrower they are and the more lines a row has.
    rows = (
        ROWS_PER_PAGE // (3 + grid.align.count("p"))
        if "p" in grid.align
        else ROWS_PER_PAGE
    )
    parts = [
        slice(start, start + rows) for start in range(0, max(len(grid.rows), 1), rows)
    ]
    return "\n".join(_latex_float(grid, part) for part in parts)


def _aligned(lines: Sequence[Sequence[str]], align: str) -> list[list[str]]:
    columns = map(_padded, zip(*lines, strict=True), align)
    return [list(line) for line in zip(*columns, strict=True)]


def _padded(column: Sequence[str], letter: str) -> list[str]:
    header, *cells = column
    if letter == "r":
        marks = [len(cell) - len(cell.rstrip(_MARKS)) for cell in cells]
        most = max(marks, default=0)
        cells = [
            cell + " " * (most - own) for cell, own in zip(cells, marks, strict=True)
        ]
    width = max(len(header), *map(len, cells)) if cells else len(header)
    return [
        c.rjust(width) if letter == "r" else c.ljust(width) for c in (header, *cells)
    ]


def _markdown_entry(entry: Entry) -> str:
    value = _markdown_escape(entry.value)
    value = f"[{value}](<{entry.url}>)" if entry.url else value
    return f"{f'**{value}**' if entry.strong else value} {entry.marks}".rstrip()


def _markdown_escape(text: str) -> str:
    # An underscore inside a word (maml_higher) is no emphasis and reads better bare.
    special = r"[\\`*\[\]<>|~&]|(?<!\w)_|_(?!\w)"
    return re.sub(special, r"\\\g<0>", " ".join(text.split()))


_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",  # after a line break it would be an argument
    "±": r"$\pm$",
    "≈": r"$\approx$",
    "√": r"$\surd$",
    "×": r"$\times$",
    "†": r"\dag{}",
    "‡": r"\ddag{}",
    "°": r"$\circ$",
    "/": r"/\allowbreak{}",
    "–": "--",
    "−": "$-$",
    "…": r"\ldots{}",
    "·": r"$\cdot$",
    "_": r"\_\allowbreak{}",
    **{character: f"\\{character}" for character in "&%$#{}"},
}


def latex_escape(text: str) -> str:
    """Text that pdflatex sets as it is; a character that it has not is named by its code."""
    return "".join(map(_latex_character, " ".join(text.split())))


def _latex_character(character: str) -> str:
    known = _LATEX.get(character)
    if known is None and not (character.isascii() and character.isprintable()):
        return f"U+{ord(character):04X}"
    return known or character


def _latex_float(grid: Grid, part: slice) -> str:
    prose = grid.align.count("p")
    columns = grid.align.replace("p", f"p{{{PROSE_CM / max(prose, 1):.2f}cm}}")
    size = r"\scriptsize\setlength{\tabcolsep}{2pt}\sloppy"
    if not prose and len(grid.align) <= WIDE:
        size = r"\footnotesize\setlength{\tabcolsep}{3pt}"
    going_on = " (continued)" * (part.start > 0)
    last = part.stop >= len(grid.rows)
    return "\n".join(
        [
            r"\begin{table}[p]" if part.start or not last else r"\begin{table}",
            rf"  \centering{size}",
            rf"  \caption{{{latex_escape(grid.title)}{going_on}.}}\smallskip",
            rf"  \begin{{tabular}}{{@{{}}{columns}@{{}}}}",
            r"  \toprule",
            _latex_header(grid),
            r"  \midrule",
            *(_latex_row(row, grid.align) for row in grid.rows[part]),
            r"  \bottomrule",
            r"  \end{tabular}",
            *(_latex_notes(grid) if last else ()),
            r"\end{table}",
            "",
        ]
    )


def _latex_header(grid: Grid) -> str:
    """Names on lines of their own, broken at spaces or after the dataset, keep columns narrow."""
    names = [latex_escape(name) for name in grid.header]
    lines = [re.sub(r"(?<=\w{2}-)(?=\w{3})| (?!\d)", r"\\\\", name) for name in names]
    stacked = [
        rf"\shortstack[r]{{{broken}}}" if letter == "r" else name
        for name, broken, letter in zip(names, lines, grid.align, strict=True)
    ]
    return f"  {' & '.join(stacked)} \\\\"


def _latex_row(row: Sequence[Entry], align: str) -> str:
    return rf"  {' & '.join(map(_latex_entry, row, align))} \\"


def _latex_entry(entry: Entry, letter: str) -> str:
    value = latex_escape(entry.value).replace(r" $\pm$ ", r"\,$\pm$\,")
    if letter == "p":
        return rf"{{\raggedright {value}\par}}"
    value = rf"\textbf{{\boldmath {value}}}" if entry.strong else value
    marks = latex_escape(entry.marks)
    return rf"{value}\rlap{{\textsuperscript{{{marks}}}}}" if marks else value


def _latex_notes(grid: Grid) -> Iterator[str]:
    if grid.notes:
        yield r"  \par\medskip\raggedright\scriptsize"
    yield from (f"  {latex_escape(note)}.\\par" for note in grid.notes)

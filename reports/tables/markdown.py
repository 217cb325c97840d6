"""Write printed tables in GitHub's Markdown."""

import re
from collections.abc import Sequence

from fewbench.documents import printable

from .printed_table import PrintedCell, PrintedTable
from .text import aligned

# An underscore inside a word (maml_higher) does not start emphasis in GitHub's
# Markdown, so it is not escaped.
_SPECIAL = re.compile(r"[\\`*\[\]<>|~&]|(?<!\w)_|_(?!\w)")


def markdown_grid(grid: PrintedTable) -> str:
    """Return a table in Markdown: a heading, the table, and a list of its footnotes."""
    texts = [list(map(_escape, grid.header))]
    for row in grid.rows:
        texts.append(list(map(_cell, row)))
    header, *body = aligned(texts, grid.align)
    rule = list(map(_rule, header, grid.align))
    lines = [f"### {_escape(grid.title)}", ""]
    lines += map(_line, [header, rule, *body])
    lines.append("")
    for note in grid.notes:
        lines.append(f"- {_escape(note)}")
    lines.append("")
    return "\n".join(lines)


def _line(texts: Sequence[str]) -> str:
    joined = " | ".join(texts)
    return f"| {joined} |"


def _rule(name: str, letter: str) -> str:
    """Return the dashes below the name of a column.

    A colon at the left or right end aligns the column to this side.
    """
    width = len(name)
    if letter == "r":
        return ":".rjust(width, "-")
    return ":".ljust(width, "-")


def _cell(cell: PrintedCell) -> str:
    value = _escape(cell.value)
    if cell.url:
        value = f"[{value}](<{cell.url}>)"
    if cell.strong:
        value = f"**{value}**"
    with_marks = f"{value} {cell.marks}"
    return with_marks.rstrip()


def _escape(text: str) -> str:
    on_one_line = printable(" ".join(text.split()))
    return _SPECIAL.sub(r"\\\g<0>", on_one_line)

"""Tables in GitHub's Markdown."""

import re
from collections.abc import Sequence

from .printed_table import PrintedCell, PrintedTable
from .text import aligned

# An underscore inside a word (maml_higher) is no emphasis, so it needs no backslash.
_SPECIAL = re.compile(r"[\\`*\[\]<>|~&]|(?<!\w)_|_(?!\w)")


def markdown_grid(grid: PrintedTable) -> str:
    """A table with its title as a heading and its footnotes as a list."""
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
    """The line below a column's name. Its colon says to which side the column is aligned."""
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
    on_one_line = " ".join(text.split())
    return _SPECIAL.sub(r"\\\g<0>", on_one_line)

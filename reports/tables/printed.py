"""Write the tables of results in plain text, in Markdown and in LaTeX."""

from collections.abc import Iterable

from ..records import RunResult
from .accuracy import accuracy_tables
from .latex import latex_grids
from .markdown import markdown_grid
from .printed_table import PrintedCell, PrintedTable
from .table import Row, Table
from .text import text_grid
from .train_seeds import seed_tables

LATEX_NEEDS = "% Needs \\usepackage{booktabs}. What \\cite names is in references.bib."


def to_markdown(results: Iterable[RunResult]) -> str:
    """Return the accuracy tables of results in GitHub's Markdown.

    If a learner was trained with several seeds, a table over the seeds is added.
    """
    return markdown(result_grids(results))


def to_latex(results: Iterable[RunResult]) -> str:
    """Return the accuracy tables of results as LaTeX floats.

    If a learner was trained with several seeds, a table over the seeds is added. The
    document needs \\usepackage{booktabs}.
    """
    return latex(result_grids(results))


def to_text(results: Iterable[RunResult]) -> str:
    """Return the accuracy tables of results in plain text, for a console.

    If a learner was trained with several seeds, a table over the seeds is added.
    """
    grids = result_grids(results)
    return "\n".join(map(text_grid, grids))


def markdown(grids: Iterable[PrintedTable]) -> str:
    """Return printed tables in Markdown, one below the other."""
    return "\n".join(map(markdown_grid, grids))


def latex(grids: Iterable[PrintedTable]) -> str:
    """Return printed tables as the text of a LaTeX file, for use with \\input."""
    floats = [text for _, text in latex_grids(grids)]
    return "\n".join([LATEX_NEEDS, *floats])


def result_grids(results: Iterable[RunResult]) -> list[PrintedTable]:
    """Make the printed tables of accuracies, and of accuracies over training seeds.

    The tables over training seeds exist only if a learner was trained with several
    seeds.
    """
    results = list(results)
    accuracies = accuracy_tables(results)
    over_seeds = seed_tables(results)
    return accuracy_grids(accuracies) + seed_grids(over_seeds)


def accuracy_grids(tables: Iterable[Table]) -> list[PrintedTable]:
    """Convert the tables from `accuracy_tables` into printed tables."""
    return [_grid(table, "accuracy (%)") for table in tables]


def seed_grids(tables: Iterable[Table]) -> list[PrintedTable]:
    """Convert the tables from `seed_tables` into printed tables."""
    return [_grid(table, "accuracy (%) over training seeds") for table in tables]


def _grid(table: Table, what: str) -> PrintedTable:
    title = f"{table.title}: {what}"
    # Align learner, backbone and precision to the left, all other columns to the right.
    align = "lll".ljust(len(table.header), "r")
    rows = list(map(_printed_row, table.rows))
    return PrintedTable(
        title=title,
        align=align,
        header=table.header,
        rows=rows,
        notes=table.notes,
    )


def _printed_row(row: Row) -> list[PrintedCell]:
    printed = list(map(PrintedCell, row.label.texts))
    for cell in row.cells:
        if cell is None:
            printed.append(PrintedCell("–"))
        else:
            printed.append(cell.printed)
    return printed

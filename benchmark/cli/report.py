"""The command `fewbench report`."""

from pathlib import Path
from typing import Annotated

import typer

from fewbench.documents import counted

from .console import emit, say
from .options import Json, Out, Root


def report(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER...",
            help="Folders with results and training runs. Subfolders are read too.",
        ),
    ],
    out: Out,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Write a report about results: an HTML page, tables and plots.

    A damaged result or log is named and left out. The exit code is then 1.

    The tables are in CSV, Markdown and LaTeX. The plots are in PNG, SVG and PDF.
    The page needs no other file.
    """
    from ..report_folders import report_folders

    report = report_folders(folders, out, root)
    if report.n_copies:
        say(
            f"{report.n_copies} of the {report.n_results} results are copies of "
            f"others. The report shows each result once."
        )
    paths = list(map(str, report.paths))
    page = out / "index.html"
    text = f"wrote {page} and {counted(len(paths) - 1, 'other file')} beside it"
    for error in report.left_out.values():
        say(f"left out: {error}")
    left_out = sorted(map(str, report.left_out))
    emit({"paths": paths, "left_out": left_out}, text, as_json)
    if left_out:
        raise typer.Exit(1)

"""fewbench report."""

from pathlib import Path
from typing import Annotated

import typer

from .console import emit, say
from .options import Json, Out, Root


def report(
    folders: Annotated[
        list[Path],
        typer.Argument(
            metavar="FOLDER...", help="Folders of results and training runs."
        ),
    ],
    out: Out,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Write tables (CSV, Markdown, LaTeX), plots (PNG, SVG, PDF) and one self-contained page."""
    from ..report_folders import report_folders

    report = report_folders(folders, out, root)
    if report.n_copies:
        say(
            f"{report.n_copies} of the {report.n_results} results are copies of others: each "
            f"counts once"
        )
    paths = list(map(str, report.paths))
    text = "\n".join(f"wrote {path}" for path in paths)
    emit({"paths": paths}, text, as_json)

"""TODO docstring of fewbench.benchmark.cli.report."""

from pathlib import Path
from typing import Annotated

import typer

from .console import Json, emit
from .options import Out, Root


def report(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders of results and training runs.")
    ],
    out: Out,
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Tables (CSV, Markdown, LaTeX), plots (PNG, SVG, PDF) and one self-contained page."""
    from ..report_folders import report_folders

    paths = report_folders(folders, out, root)
    text = "\n".join(f"wrote {path}" for path in paths)
    emit({"paths": [str(path) for path in paths]}, text, as_json)

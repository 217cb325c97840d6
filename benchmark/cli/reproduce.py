"""The command `fewbench reproduce`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from fewbench.documents import printable
from fewbench.errors import UserError
from fewbench.signals import Interrupted

from .console import duration_text, emit, progress_bars, say
from .going_on import going_on
from .options import Device, Json, Root

if TYPE_CHECKING:
    from ..reproduce.job import Job

NOT_REPRODUCED = 1  # the exit code for the verdict "not reproduced"
# A job that takes longer than this many seconds asks first.
LONG = 3600.0


def reproduce(
    cell: Annotated[
        str | None,
        typer.Argument(
            metavar="CELL",
            help="One number of a paper's table. `fewbench reproduce --list` shows all.",
        ),
    ] = None,
    list_cells: Annotated[
        bool, typer.Option("--list", help="List all cells, and do nothing else.")
    ] = False,
    learner: Annotated[
        str | None, typer.Option(help="With --list: only cells of this learner.")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(help="With --list: only cells on this dataset.")
    ] = None,
    budget: Annotated[
        Literal["short", "full"] | None,
        typer.Option(
            help="full: the recipe of the paper, with a verdict. short: a shorter recipe "
            "of ours, without a verdict. Default: full."
        ),
    ] = None,
    rehearse: Annotated[
        bool,
        typer.Option(
            "--rehearse",
            help="Try every stage in about a minute, on the dataset that comes with fewbench.",
        ),
    ] = False,
    seeds: Annotated[
        int, typer.Option(min=1, max=100, help="Number of training runs.")
    ] = 1,
    source: Annotated[
        Path | None,
        typer.Option(
            help="Folder or archive with the images, as for `fewbench data build`. Only "
            "needed if the dataset is not built."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for training runs and results. Default: reproduced/CELL."
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Refuse to begin anew if the folder holds nothing to continue. "
            "Unfinished work in the folder is continued in any case.",
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask before more than an hour of work.")
    ] = False,
    device: Device = "auto",
    root: Root = None,
    as_json: Json = False,
) -> None:
    """Reproduce one number of a paper: train, evaluate, and compare.

    The recipe and the protocol are the paper's own. The answer is our accuracy
    beside the published number, and a verdict: reproduced, not reproduced or
    undecided. The exit code is 1 for "not reproduced".

    The same command continues after an interruption.
    """
    from ..reproduce.cells import find_cell
    from ..reproduce.job import Job

    if list_cells:
        if cell is not None:
            raise UserError(
                f"--list shows all cells: expected no cell, got {cell}. Omit one of them"
            )
        _list(learner, dataset, as_json)
        return
    if cell is None:
        raise UserError(
            "expected the name of a cell, got none. To list all cells, type: fewbench "
            "reproduce --list"
        )
    if learner or dataset:
        raise UserError(
            "--learner and --dataset choose the cells of --list: expected --list, got a "
            "cell. Omit them, or omit the cell and add --list"
        )
    if rehearse and budget:
        raise UserError(
            f"--rehearse has its own tiny recipe: expected no --budget, got {budget}. "
            f"Omit one of them"
        )
    kind = "rehearsal" if rehearse else budget or "full"
    found = find_cell(cell)
    folder = out or _default_folder(found.id, kind)
    job = Job(found, kind, seeds, folder, root, device)
    if resume and not any(folder.rglob("last.safetensors")):
        raise UserError(
            f"{folder}: nothing to continue: expected a training run of an earlier call, "
            f"got none. Omit --resume to begin, or type its folder: --out DIR"
        )
    _run(job, source, yes, as_json)


def _run(job: "Job", source: Path | None, yes: bool, as_json: bool) -> None:
    from fewbench.files import write_json

    from ..reproduce.estimate import estimate_job
    from ..reproduce.run import SUMMARY, only_process, prepare_data
    from ..reproduce.run import reproduce as run_job
    from ..reproduce.take_over import take_over
    from .describe_reproduction import (
        plan_lines,
        reproduction_document,
        reproduction_text,
    )

    with going_on(), only_process(job):
        with progress_bars() as progress:
            prepare_data(job, source, progress)
        for sentence in take_over(job):
            say(sentence)
        estimate = estimate_job(job)
        if estimate is not None:
            say(*plan_lines(job, estimate))
            _ask_if_long(estimate.seconds, yes)
        with progress_bars() as progress:
            made = run_job(job, progress)
        document = reproduction_document(job, made)
        path = write_json(job.out / SUMMARY, document)
    wrote = printable(f"wrote {path}")
    text = f"{reproduction_text(job, made)}\n{wrote}"
    emit(document, text, as_json)
    if job.budget == "full" and made.verdict == "not reproduced":
        raise typer.Exit(NOT_REPRODUCED)


def _ask_if_long(seconds: float, yes: bool) -> None:
    """Ask before more than an hour of work. Raise UserError if nobody can answer."""

    if yes or seconds <= LONG:
        return
    if not sys.stdin.isatty():
        raise UserError(
            f"this takes about {duration_text(seconds)}, and nobody can be asked here. To "
            f"start it, add --yes. For less work: --budget short or --rehearse"
        )
    try:
        agreed = typer.confirm("Start?", err=True)
    except typer.Abort:
        raise Interrupted from None
    if not agreed:
        raise UserError("not started. For less work: --budget short or --rehearse")


def _default_folder(cell: str, budget: str) -> Path:
    name = cell if budget == "full" else f"{cell}-{budget}"
    return Path("reproduced") / name


def _list(learner: str | None, dataset: str | None, as_json: bool) -> None:
    from ...datasets.lookup import pick
    from ..reproduce.cells import cells, filtered
    from .describe_cells import cell_document, cells_text

    numbers = [cell.published for cell in cells().values()]
    if learner is not None:
        pick("learner", learner, {number.learner: number for number in numbers})
    if dataset is not None:
        pick("dataset", dataset, {number.dataset: number for number in numbers})
    found = filtered(learner, dataset)
    document = {cell.id: cell_document(cell) for cell in found}
    emit({"cells": document}, cells_text(found), as_json)
